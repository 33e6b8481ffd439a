"""Fetching: what a server may do, what an archive may hold, and that nothing is left half done."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import ssl
import stat
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from medspan.core import InputError
from medspan.read import load_splits, split_of
from medspan.read.public import download as download_module
from medspan.read.public.catalogue import DATASETS, Archive, Dataset, DatasetFile, FileSet, dataset_named
from medspan.read.public.download import Limits, download
from medspan.read.public.fetch import RECORD, Fetched, Request, get
from medspan.read.public.unpack import Bounds, Tree

CONTENT = bytes(range(256)) * 1000
OTHER = CONTENT[::-1]
QUICK = Limits(silence=0.3, pauses=(0.0, 0.0))
TRAIN = b"1|t|Aspirin.\n1|a|It caused rash.\n1\t0\t7\tAspirin\tChemical\tD1\n\n"
TEST = TRAIN.replace(b"1|", b"2|").replace(b"1\t0", b"2\t0")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class Server:
    """What the server does at each request in turn; the last act is repeated. `ranges` are those asked."""

    acts: list[Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)
    ranges: list[str | None] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.ranges.append(self.headers.get("Range"))
            act = state.acts.pop(0) if len(state.acts) > 1 else state.acts[0]
            act(self)

        def log_message(self, *_: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.url = f"http://127.0.0.1:{listening.server_port}/corpus.zip"
    yield state
    listening.shutdown()
    thread.join()
    listening.server_close()


def gives(
    content: bytes, *, tag: str = '"one"', cut: int | None = None, ranges: bool = True, heeds: bool = True
) -> Callable[[BaseHTTPRequestHandler], None]:
    def act(handler: BaseHTTPRequestHandler) -> None:
        asked, start = handler.headers.get("Range"), 0
        if ranges and asked and (not heeds or handler.headers.get("If-Range") in (None, tag)):
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            handler.send_response(206)
            handler.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            handler.send_response(200)
        handler.send_header("Content-Length", str(len(content) - start))
        if tag:
            handler.send_header("ETag", tag)
        handler.end_headers()
        handler.wfile.write(content[start : cut or len(content)])

    return act


def answers(code: int, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def act(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return act


def fetched(server: Server, path: Path, limits: Limits = QUICK) -> bytes:
    download(server.url, path, lambda done, total: None, limits)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    return path.read_bytes()


def test_download_tells_how_far_it_is(server: Server, tmp_path: Path) -> None:
    server.acts = [gives(CONTENT)]
    heard: list[tuple[int, int | None]] = []
    download(server.url, tmp_path / "f", lambda done, total: heard.append((done, total)), QUICK)
    assert heard[-1] == (len(CONTENT), len(CONTENT))
    assert sorted(heard) == heard


def test_cut_connection_is_gone_on_with(server: Server, tmp_path: Path) -> None:
    server.acts = [gives(CONTENT, cut=100_000), gives(CONTENT)]
    assert fetched(server, tmp_path / "f") == CONTENT
    assert server.ranges == [None, "bytes=100000-"]


def test_a_later_call_goes_on_too(server: Server, tmp_path: Path) -> None:
    server.acts = [gives(CONTENT, cut=1000)]
    once = replace(QUICK, pauses=())
    with pytest.raises(InputError, match=r"in 1 tries: .*cut after 1,000 of 256,000 bytes.*--from"):
        fetched(server, tmp_path / "f", once)
    assert not (tmp_path / "f").exists()
    server.acts = [gives(CONTENT)]
    assert fetched(server, tmp_path / "f", once) == CONTENT
    assert server.ranges == [None, "bytes=1000-"]


def test_part_of_another_address_is_not_gone_on_with(server: Server, tmp_path: Path) -> None:
    (tmp_path / "f.part").write_bytes(b"abc")
    (tmp_path / "f.part.json").write_text(json.dumps({"url": "https://else.where/", "version": '"one"'}))
    server.acts = [gives(CONTENT)]
    assert fetched(server, tmp_path / "f") == CONTENT
    assert server.ranges == [None]


@pytest.mark.parametrize("about", ["{", "[]", "[" * 100_000, '{"url": 1}', '{"version": "a\\r\\nb"}', "\x00"])
def test_damaged_note_of_the_version_means_to_begin_anew(server: Server, tmp_path: Path, about: str) -> None:
    (tmp_path / "f.part").write_bytes(b"abc")
    (tmp_path / "f.part.json").write_text(about.replace('"version"', f'"url": "{server.url}", "version"'))
    server.acts = [gives(CONTENT)]
    assert fetched(server, tmp_path / "f") == CONTENT
    assert server.ranges == [None]


def test_server_without_ranges_is_begun_anew(server: Server, tmp_path: Path) -> None:
    server.acts = [gives(CONTENT, cut=100_000), gives(CONTENT, ranges=False)]
    assert fetched(server, tmp_path / "f") == CONTENT
    assert server.ranges == [None, "bytes=100000-"]


def test_file_that_changed_between_two_tries_is_begun_anew(server: Server, tmp_path: Path) -> None:
    server.acts = [gives(CONTENT, cut=100_000), gives(OTHER, tag='"two"')]
    assert fetched(server, tmp_path / "f") == OTHER


def test_changed_file_is_noticed_where_the_server_does_not_heed_if_range(
    server: Server, tmp_path: Path
) -> None:
    server.acts = [gives(CONTENT, cut=100_000), gives(OTHER, tag='"two"', heeds=False)]
    assert fetched(server, tmp_path / "f") == OTHER
    assert server.ranges == [None, "bytes=100000-", None]


@pytest.mark.parametrize("tag", ["", 'W/"weak"'])
def test_without_a_strong_version_nothing_is_gone_on_with(server: Server, tmp_path: Path, tag: str) -> None:
    server.acts = [gives(CONTENT, tag=tag, cut=1000), gives(OTHER, tag=tag)]
    assert fetched(server, tmp_path / "f") == OTHER
    assert server.ranges == [None, None]


def test_another_piece_than_asked_for_is_thrown_away(server: Server, tmp_path: Path) -> None:
    wrong = answers(206, **{"Content-Range": "bytes 5-9/10"})
    server.acts = [gives(CONTENT, cut=1000), wrong, gives(CONTENT)]
    assert fetched(server, tmp_path / "f") == CONTENT
    assert server.ranges == [None, "bytes=1000-", None]


def test_range_beyond_the_end_is_begun_anew(server: Server, tmp_path: Path) -> None:
    server.acts = [gives(CONTENT, cut=1000), answers(416), gives(CONTENT)]
    assert fetched(server, tmp_path / "f") == CONTENT


def test_missing_file_is_not_tried_again(server: Server, tmp_path: Path) -> None:
    server.acts = [answers(404)]
    with pytest.raises(InputError, match=r"the server answers 404 .*moved or withdrawn.*--from"):
        fetched(server, tmp_path / "f")
    assert len(server.ranges) == 1
    assert list(tmp_path.iterdir()) == []


def test_busy_server_is_tried_three_times_with_pauses(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(download_module.time, "sleep", pauses.append)
    server.acts = [answers(503)]
    with pytest.raises(InputError, match=r"in 3 tries: the server answers 503"):
        fetched(server, tmp_path / "f", Limits())
    assert len(server.ranges) == 3
    assert pauses == sorted(pauses) == [1.0, 5.0]


def test_silent_server_is_given_up(server: Server, tmp_path: Path) -> None:
    over = threading.Event()
    server.acts = [lambda handler: (over.wait(5), None)[1]]
    try:
        with pytest.raises(InputError, match="silent for too long"):
            fetched(server, tmp_path / "f", Limits(silence=0.05, pauses=(0.0, 0.0)))
    finally:
        over.set()
    assert len(server.ranges) == 3


def test_trickling_server_is_given_up(server: Server, tmp_path: Path) -> None:
    server.acts = [gives(CONTENT)]
    with pytest.raises(InputError, match="took longer than 0 seconds"):
        fetched(server, tmp_path / "f", Limits(duration=0.0, pauses=()))


def test_redirect_to_http_is_refused(server: Server, tmp_path: Path) -> None:
    server.acts = [answers(302, Location=server.url + "2"), gives(CONTENT)]
    with pytest.raises(InputError, match=r"leads on to http://.*zip2, which is not https"):
        fetched(server, tmp_path / "f")
    assert len(server.ranges) == 1


def secure(folder: Path) -> ssl.SSLContext:
    """The context of a server on 127.0.0.1 whose certificate nobody signed; it stands in `folder`."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: no certificate can be made")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    words += ["-subj", "/CN=127.0.0.1"]
    words += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(words, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def test_certificates_are_verified_and_https_may_be_led_to(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    keys, target = tmp_path / "keys", tmp_path / "data" / "f"
    keys.mkdir()
    target.parent.mkdir()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            gives(CONTENT)(self)

        def log_message(self, *_: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.socket = secure(keys).wrap_socket(listening.socket, server_side=True)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server.acts = [answers(302, Location=f"https://127.0.0.1:{listening.server_port}/")]
    try:
        with pytest.raises(InputError, match=r"certificate is not valid .*SSL_CERT_FILE"):
            fetched(server, target, Limits(silence=5))
        assert len(server.ranges) == 1
        monkeypatch.setenv("SSL_CERT_FILE", str(keys / "certificate.pem"))
        assert fetched(server, target, Limits(silence=5)) == CONTENT
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


@pytest.mark.parametrize("announced", [True, False])
def test_size_is_bounded(server: Server, tmp_path: Path, announced: bool) -> None:
    def unannounced(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(CONTENT)

    server.acts = [gives(CONTENT) if announced else unannounced]
    with pytest.raises(InputError, match="more than the 100,000 bytes"):
        fetched(server, tmp_path / "f", replace(QUICK, size=100_000))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://a/b", "data:,x"])
def test_only_web_addresses_are_opened(url: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no address of the web"):
        download(url, tmp_path / "f", lambda done, total: None, QUICK)


# --- archives ---


def zipped(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


def taken(path: Path, name: str, target: Path, bounds: Bounds = Bounds()) -> bytes:  # noqa: B008
    with Tree(path, bounds) as tree:
        found = tree.find(name)
        assert found is not None
        tree.copy(found, target)
    return target.read_bytes()


def test_links_rubbish_and_ways_out_are_passed_over(tmp_path: Path) -> None:
    names = ["a/good.txt", "../evil.txt", "/a/../../evil.txt", "__MACOSX/a/._good.txt", "a/.DS_Store"]
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(dict.fromkeys(names, b"x")))
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("a/link.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with Tree(path) as tree:
        assert tree.names == ["a/good.txt"]
    tar = tmp_path / "a.tar.gz"
    with tarfile.open(tar, "w:gz") as archive:
        for name in ("./a/good.txt", "../evil.txt"):
            info = tarfile.TarInfo(name)
            info.size = 1
            archive.addfile(info, io.BytesIO(b"y"))
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
            info = tarfile.TarInfo(f"a/special{kind!r}.txt")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    with Tree(tar) as tree:
        assert tree.names == ["a/good.txt"]
    assert taken(tar, "good.txt", tmp_path / "out") == b"y"


def test_path_decides_between_files_of_one_name(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"x/new/a.txt": b"new", "x/old/a.txt": b"old"}))
    assert taken(path, "new/a.txt", tmp_path / "out") == b"new"
    with pytest.raises(InputError, match=r"holds a.txt 2 times \(x/new/a.txt, x/old/a.txt\)"):
        taken(path, "a.txt", tmp_path / "out")


def test_bombs_are_refused(tmp_path: Path) -> None:
    zipped_bomb, packed_bomb = tmp_path / "a.zip", tmp_path / "a.tgz"
    zipped_bomb.write_bytes(zipped({"a.txt": bytes(3_000_000)}))
    with tarfile.open(packed_bomb, "w:gz") as archive:
        info = tarfile.TarInfo("a.txt")
        info.size = 3_000_000
        archive.addfile(info, io.BytesIO(bytes(3_000_000)))
    for path in (zipped_bomb, packed_bomb):
        with pytest.raises(InputError, match="more than 2,000,000 bytes"):
            taken(path, "a.txt", tmp_path / "out", Bounds(2_000_000, 2_000_000))
        (tmp_path / "out").unlink(missing_ok=True)
    # A tar archive is unpacked in being listed: it is refused before that.
    with (
        pytest.raises(InputError, match="more than 2,000,000 bytes"),
        Tree(packed_bomb, Bounds(9, 2_000_000)),
    ):
        pass


@pytest.mark.parametrize("name", ["whole", "cut", "noise", "empty", "tar"])
def test_damaged_archive_is_told(tmp_path: Path, name: str) -> None:
    whole = zipped({"a.txt": CONTENT})
    flipped = whole[:60] + bytes([whole[60] ^ 255]) + whole[61:]
    path = tmp_path / "a.zip"
    path.write_bytes(
        {"whole": flipped, "cut": whole[:-40], "noise": CONTENT, "empty": b"", "tar": b"\x1f\x8b\x08" * 9}[
            name
        ]
    )
    with pytest.raises(InputError, match=r"cannot be unpacked .*What to do: fetch it again"):
        taken(path, "a.txt", tmp_path / "out")


# --- datasets ---


def toy(url: str = "https://example.org/toy.zip", test: str | None = None) -> Dataset:
    files = (
        DatasetFile("toy/train.txt", "train.txt", sha256(TRAIN), "train"),
        DatasetFile("toy/test.txt", "test.txt", test, "test"),
    )
    archive = Archive(url, "toy.zip", files)
    return Dataset("toy", "A toy", "2", "CC0 1.0", "the tests", "nobody", "https://example.org", (archive,))


TOY_ZIP = zipped({"x/toy/train.txt": TRAIN, "x/toy/test.txt": TEST, "__MACOSX/x/toy/._train.txt": b"?"})


def run(dataset: Dataset, out: Path, source: Path | None = None, **expected: str) -> Fetched:
    named = {name.replace("_", "."): value for name, value in expected.items()}
    return get(Request(dataset, out, lambda: None, source, named, limits=QUICK))


def listing(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_dataset_is_fetched_once_and_found_by_its_splits(server: Server, tmp_path: Path) -> None:
    server.acts = [gives(TOY_ZIP)]
    out = tmp_path / "data" / "toy"
    result = run(toy(server.url), out)
    assert (result.already, result.unverified) == (False, {"test.txt": sha256(TEST)})
    assert [path.name for path in out.parent.iterdir()] == ["toy"]
    assert set(listing(out)) == {"train.txt", "test.txt", RECORD}
    assert {name: len(corpus) for name, corpus in load_splits(out).items()} == {"train": 1, "test": 1}
    record = json.loads((out / RECORD).read_text())
    assert record == result.record
    assert record["files"]["train.txt"] == {
        "sha256": sha256(TRAIN),
        "bytes": len(TRAIN),
        "checked": "catalogue",
        "split": "train",
    }
    assert record["files"]["test.txt"]["checked"] == "nothing"
    assert (record["from"], record["missing"], record["licence"]) == ([server.url], [], "CC0 1.0")
    before = listing(out)

    def never() -> None:
        raise AssertionError("nobody is asked where nothing is fetched")

    assert get(Request(toy(server.url), out, never)).already
    assert len(server.ranges) == 1
    assert listing(out) == before


def test_what_is_lost_is_fetched_again(server: Server, tmp_path: Path) -> None:
    server.acts = [gives(TOY_ZIP)]
    run(toy(server.url), tmp_path / "toy")
    before = listing(tmp_path / "toy")
    (tmp_path / "toy" / "test.txt").unlink()
    (tmp_path / "toy" / "parts").mkdir()  # what other verbs wrote beside is no hindrance
    assert not run(toy(server.url), tmp_path / "toy").already
    (tmp_path / "toy" / "parts").rmdir()
    assert listing(tmp_path / "toy") == before


def test_changed_file_is_neither_taken_nor_written_over(server: Server, tmp_path: Path) -> None:
    server.acts = [gives(TOY_ZIP)]
    run(toy(server.url), tmp_path / "toy")
    (tmp_path / "toy" / "test.txt").write_bytes(b"mine")
    with pytest.raises(InputError, match=r"test.txt has the sha256 \w+, and \w+ was expected.*move the file"):
        run(toy(server.url), tmp_path / "toy")
    assert (tmp_path / "toy" / "test.txt").read_bytes() == b"mine"
    assert len(server.ranges) == 1


def test_file_of_the_same_name_that_was_put_there_is_not_written_over(tmp_path: Path) -> None:
    train = tmp_path / "train.txt"
    train.write_bytes(TRAIN)
    run(toy(), tmp_path / "toy", train)
    (tmp_path / "toy" / "test.txt").write_bytes(b"mine")
    copy = tmp_path / "toy.zip"
    copy.write_bytes(TOY_ZIP)
    with pytest.raises(InputError, match=r"test.txt is there already, and is another file"):
        run(toy(), tmp_path / "toy", copy)
    assert (tmp_path / "toy" / "test.txt").read_bytes() == b"mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["toy", "toy.zip", "train.txt"]


def test_wrong_checksum_leaves_nothing(server: Server, tmp_path: Path) -> None:
    server.acts = [gives(zipped({"train.txt": TRAIN + b"x", "test.txt": TEST}))]
    with pytest.raises(InputError, match=rf"train.txt .*{sha256(TRAIN)} was expected.*Nothing was kept"):
        run(toy(server.url), tmp_path / "toy")
    assert list(tmp_path.iterdir()) == []


def test_expected_checksum_pins_a_file(server: Server, tmp_path: Path) -> None:
    server.acts = [gives(TOY_ZIP)]
    with pytest.raises(InputError, match=f"test.txt .*{'0' * 64} was expected"):
        run(toy(server.url), tmp_path / "toy", test_txt="0" * 64)
    assert list(tmp_path.iterdir()) == []
    result = run(toy(server.url), tmp_path / "toy", test_txt=sha256(TEST).upper())
    assert (result.unverified, result.record["files"]["test.txt"]["checked"]) == ({}, "expected")
    for name, value, why in (("other_txt", "0" * 64, "no file of toy"), ("test_txt", "0x", "no sha256")):
        with pytest.raises(InputError, match=why):
            run(toy(server.url), tmp_path / "toy", **{name: value})
    with pytest.raises(InputError, match="was expected"):
        run(toy(server.url), tmp_path / "toy", test_txt="0" * 64)


def test_archive_that_lacks_a_file_is_refused(server: Server, tmp_path: Path) -> None:
    server.acts = [gives(zipped({"train.txt": TRAIN}))]
    with pytest.raises(InputError, match=r"holds no test.txt.*another version"):
        run(toy(server.url), tmp_path / "toy")
    assert list(tmp_path.iterdir()) == []


def test_page_in_place_of_an_archive_or_file_is_refused(server: Server, tmp_path: Path) -> None:
    server.acts = [gives(b"\n<!DOCTYPE html><p>log in")]
    with pytest.raises(InputError, match="cannot be unpacked"):
        run(toy(server.url), tmp_path / "toy")
    single = Archive(server.url, "test.txt", (DatasetFile("test.txt", "test.txt", None, "test"),))
    with pytest.raises(InputError, match=r"a web page came in place of test.txt"):
        run(replace(toy(), archives=(single,)), tmp_path / "toy")
    assert list(tmp_path.iterdir()) == []
    server.acts = [gives(TEST)]
    assert run(replace(toy(), archives=(single,)), tmp_path / "toy").unverified == {"test.txt": sha256(TEST)}
    assert (tmp_path / "toy" / "test.txt").read_bytes() == TEST


def test_cut_download_is_gone_on_with_by_the_next_call(server: Server, tmp_path: Path) -> None:
    server.acts = [gives(TOY_ZIP, cut=100), answers(404)]
    with pytest.raises(InputError, match="404"):
        run(toy(server.url), tmp_path / "toy")
    assert not (tmp_path / "toy").exists()
    server.acts = [gives(TOY_ZIP)]
    run(toy(server.url), tmp_path / "toy")
    assert server.ranges == [None, "bytes=100-", "bytes=100-"]
    assert [path.name for path in tmp_path.iterdir()] == ["toy"]


@pytest.mark.parametrize("form", ["archive", "folder", "folder with archive", "tar"])
def test_copy_gives_the_same_as_the_network(server: Server, tmp_path: Path, form: str) -> None:
    server.acts = [gives(TOY_ZIP)]
    run(toy(server.url), tmp_path / "net")
    copy = tmp_path / "copy"
    if form == "archive":
        copy.write_bytes(TOY_ZIP)
    elif form == "tar":
        with tarfile.open(copy, "w:xz") as archive:
            for name, content in (("t/train.txt", TRAIN), ("t/test.txt", TEST)):
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    else:
        (copy / "deep").mkdir(parents=True)
        if form == "folder":
            (copy / "deep" / "train.txt").write_bytes(TRAIN)
            (copy / "deep" / "test.txt").write_bytes(TEST)
        else:
            (copy / "deep" / "toy.zip").write_bytes(TOY_ZIP)
    result = run(toy(server.url), tmp_path / "out", copy)
    assert len(server.ranges) == 1
    network, copied = listing(tmp_path / "net"), listing(tmp_path / "out")
    assert result.record["from"] == [str(copy)]
    assert json.loads(network.pop(RECORD))["files"] == json.loads(copied.pop(RECORD))["files"]
    assert network == copied


def test_single_copies_are_added_one_after_another(tmp_path: Path) -> None:
    renamed, test = tmp_path / "renamed", tmp_path / "test.txt"
    renamed.write_bytes(TRAIN)  # known by its checksum
    test.write_bytes(TEST)
    first = run(toy(), tmp_path / "toy", renamed)
    assert (set(first.record["files"]), first.record["missing"]) == ({"train.txt"}, ["test.txt"])
    again = run(toy(), tmp_path / "toy", renamed)
    assert (again.already, again.record["missing"]) == (True, ["test.txt"])
    second = run(toy(), tmp_path / "toy", test)
    assert (set(second.record["files"]), second.record["missing"]) == ({"train.txt", "test.txt"}, [])
    assert second.record["from"] == [str(renamed), str(test)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["renamed", "test.txt", "toy"]


def test_wrong_copies_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    other, wrong = tmp_path / "other.txt", tmp_path / "train.txt"
    other.write_bytes(b"something else")
    wrong.write_bytes(TRAIN[:-5])
    with pytest.raises(InputError, match=r"holds nothing of toy.*train.txt, test.txt, toy.zip"):
        run(toy(), tmp_path / "toy", other)
    with pytest.raises(InputError, match="was expected"):
        run(toy(), tmp_path / "toy", wrong)
    with pytest.raises(InputError, match="does not exist"):
        run(toy(), tmp_path / "toy", tmp_path / "absent")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.txt", "train.txt"]


def test_empty_folder_is_filled_also_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, out = tmp_path / "toy.zip", tmp_path / "toy"
    copy.write_bytes(TOY_ZIP)
    out.mkdir()
    monkeypatch.chdir(out)
    assert run(toy(), Path("."), copy).record["missing"] == []
    assert set(listing(out)) == {"train.txt", "test.txt", RECORD}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["toy", "toy.zip"]


@pytest.mark.parametrize("record", [None, "{", "[]", '{"name": "bc5cdr"}', "[" * 100_000, '{"name": "toy"}'])
def test_folder_in_use_is_left_alone(tmp_path: Path, record: str | None) -> None:
    out = tmp_path / "toy"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    if record:
        (out / RECORD).write_text(record)
    before = listing(out)
    with pytest.raises(InputError, match=r"holds something else than toy.*--out"):
        run(toy(), out)
    assert listing(out) == before
    with pytest.raises(InputError, match=r"notes.txt is a file"):
        run(toy(), out / "notes.txt")


def test_file_set_takes_pairs_and_has_one_checksum(tmp_path: Path) -> None:
    pairs = {"b.txt": b"2", "b.ann": b"", "a.ann": b"", "a.txt": b"1"}
    lines = "".join(f"{sha256(pairs[name])}  {name}\n" for name in sorted(pairs))
    copy = tmp_path / "set.zip"
    copy.write_bytes(zipped({**{f"x/{n}": c for n, c in pairs.items()}, "README.txt": b"r", "x/c.ann": b""}))

    def of(checksum: str | None) -> Dataset:
        group = FileSet("pairs", (".ann", ".txt"), checksum)
        return replace(toy(), archives=(Archive("https://example.org/set.zip", "set.zip", (), group),))

    with pytest.raises(InputError, match=r"pairs of .* was expected"):
        run(of("0" * 64), tmp_path / "toy", copy)
    result = run(of(sha256(lines.encode())), tmp_path / "toy", copy)
    assert result.record["sets"] == {
        "pairs": {"sha256": sha256(lines.encode()), "count": 4, "checked": "catalogue"}
    }
    assert {name: content for name, content in listing(tmp_path / "toy").items() if name != RECORD} == pairs
    (tmp_path / "toy" / "a.ann").unlink()
    assert not run(of(None), tmp_path / "toy", copy).already
    assert (tmp_path / "toy" / "a.ann").exists()
    copy.write_bytes(zipped({"x/a.txt": b"", "x/a.ann": b"", "y/a.txt": b""}))
    with pytest.raises(InputError, match="stands twice"):
        run(of(None), tmp_path / "new", copy)


# --- the catalogue ---


def test_catalogue_is_sound() -> None:
    assert [dataset.name for dataset in DATASETS] == sorted({dataset.name for dataset in DATASETS})
    for dataset in DATASETS:
        names = [file.name for file in dataset.files]
        assert len(names) == len(set(names))
        assert all(file.split == split_of(file.name) for file in dataset.files)
        assert all((dataset.licence, dataset.licence_source, dataset.citation, dataset.documents))
        for archive in dataset.archives:
            assert urlsplit(archive.url).scheme == urlsplit(dataset.homepage).scheme == "https"
            assert bool(archive.files) != bool(archive.file_set)
    checksums = [file.sha256 for dataset in DATASETS for file in dataset.files if file.sha256]
    assert len(checksums) == len(set(checksums)) == 6
    assert {len(checksum) for checksum in checksums} == {64}


def test_unknown_dataset_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"'BC5-CDR' .*Likely cause: 'bc5cdr' was meant"):
        dataset_named("BC5-CDR")


@pytest.mark.parametrize(
    ("name", "files", "missing"),
    [
        ("bc5cdr", 2, ["CDR_TestSet.PubTator.txt"]),
        ("biored", 2, ["Test.PubTator"]),
        ("ncbi_disease", 2, ["NCBItestset_corpus.txt"]),
        ("maccrobat", 400, []),
    ],
)
def test_published_files_have_the_stated_checksums(
    corpora: Path, tmp_path: Path, name: str, files: int, missing: list[str]
) -> None:
    result = run(dataset_named(name), tmp_path / name, corpora / name)
    assert (len(result.record["files"]), result.record["missing"]) == (files, missing)
    assert result.unverified == {}
    if name != "maccrobat":
        assert list(load_splits(tmp_path / name)) == ["train", "validation"]

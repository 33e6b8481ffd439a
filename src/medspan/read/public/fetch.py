"""Bring a corpus of the catalogue into a folder, from its address or a copy: verified, and whole."""

from __future__ import annotations

import datetime
import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import medspan
from medspan.core import InputError
from medspan.core.errors import missing_file
from medspan.read.public.catalogue import Archive, Dataset, DatasetFile, FileSet
from medspan.read.public.download import DEFAULT_LIMITS, Limits, Tell, download
from medspan.read.public.unpack import Tree, digest, is_archive

RECORD = "SOURCE.json"
_SHA256_DIGITS = 64


@dataclass(frozen=True, slots=True)
class Request:
    """What to bring where. `agree` is called before anything is fetched and raises to stop it.

    `source`: a copy of an archive, a file or a folder in place of the network. `expected`: checksums
    by the name of a file or file set, for those that the catalogue states none of.
    """

    dataset: Dataset
    out: Path
    agree: Callable[[], None]
    source: Path | None = None
    expected: Mapping[str, str] = field(default_factory=dict)
    tell: Tell = lambda done, total: None
    limits: Limits = DEFAULT_LIMITS


@dataclass(frozen=True, slots=True)
class Fetched:
    """What is there now: the record as written to `SOURCE.json`, and whether it all was there before."""

    record: dict[str, Any]
    already: bool

    @property
    def unverified(self) -> dict[str, str]:
        """Checksums that nobody stated, by the name of the file or file set."""
        entries = {**self.record["files"], **self.record["sets"]}
        return {name: entry["sha256"] for name, entry in entries.items() if entry.get("checked") == "nothing"}


def get(request: Request) -> Fetched:
    """Make `request.out` hold the dataset's files and `SOURCE.json`. What is there and right stays.

    From a copy, what the copy lacks is listed in the record under `missing`. InputError, with nothing
    changed, where a file is not the one that it should be, cannot be had, or would be written over.
    """
    expected = _expected(request)
    record = _present(request, expected)
    wanted = [archive for archive in request.dataset.archives if _lacking(archive, record)]
    if not wanted:
        return Fetched({**record, "missing": []}, already=True)
    if request.source is not None and not request.source.exists():
        raise missing_file(request.source, "the copy")
    request.agree()
    home = request.out.resolve()
    staging = home.with_name(f".{home.name}.fetch")
    new = staging / "files"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        _gather(request, wanted, record, staging)
        added = _verified(request, wanted, new, expected)
        came = bool(added["files"])
        record = _record(request, record, added)
        if came:
            _install(request.out, new, record)
    except _Unfinished as stopped:
        # What was downloaded so far stays, for the next call to go on with.
        shutil.rmtree(new, ignore_errors=True)
        if not any(staging.iterdir()):
            staging.rmdir()
        raise stopped.error from None
    except BaseException as error:
        shutil.rmtree(new if isinstance(error, KeyboardInterrupt) else staging, ignore_errors=True)
        raise
    shutil.rmtree(staging, ignore_errors=True)
    return Fetched(record, already=not came)


class _Unfinished(Exception):
    def __init__(self, error: InputError):
        self.error = error


def _expected(request: Request) -> dict[str, str]:
    known = {name: sha256 for name, sha256, _ in _items(request.dataset.archives)}
    for name, sha256 in request.expected.items():
        if name not in known:
            raise InputError(
                f"a checksum is expected of {name!r}, which is no file of {request.dataset.name}",
                cause="it is misspelt",
                remedy=f"name one of {', '.join(known)}",
            )
        if len(sha256) != _SHA256_DIGITS or set(sha256.lower()) - set("0123456789abcdef"):
            raise InputError(f"{sha256!r} is no sha256", cause="it has 64 hexadecimal digits")
    return {name: sha256.lower() for name, sha256 in request.expected.items()}


def _items(archives: Iterable[Archive]) -> list[tuple[str, str | None, str | None]]:
    """Name, checksum and split of each file and file set."""
    items: list[tuple[str, str | None, str | None]] = []
    for archive in archives:
        items += [(file.name, file.sha256, file.split) for file in archive.files]
        items += [(archive.file_set.name, archive.file_set.sha256, None)] if archive.file_set else []
    return items


def _lacking(archive: Archive, record: Mapping[str, Any]) -> list[str]:
    there = {*record["files"], *record["sets"]}
    return [name for name, _, _ in _items([archive]) if name not in there]


def _present(request: Request, expected: Mapping[str, str]) -> dict[str, Any]:
    """The record of what an earlier call brought and is still there and right."""
    out, name = request.out, request.dataset.name
    record: dict[str, Any] = {"files": {}, "sets": {}, "from": []}
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return record
    told: Any = None
    if (out / RECORD).is_file():
        try:
            told = json.loads((out / RECORD).read_text(encoding="utf-8"))
        except (ValueError, RecursionError):
            told = None
    if not _is_record(told, name):
        what = "is a file" if out.is_file() else f"holds something else than {name} as it was fetched"
        raise InputError(
            f"{out} {what}",
            cause=f"the folder is in use, or its {RECORD} was changed",
            remedy="name another folder with --out",
        )
    stated = {file: sha256 for file, sha256, _ in _items(request.dataset.archives)}
    lost_sets = set()
    for file, entry in told["files"].items():
        if not (out / file).is_file():
            lost_sets.add(entry.get("set"))
            continue
        found = digest(out / file)
        for wanted in (entry["sha256"], stated.get(file), expected.get(file)):
            if wanted and wanted != found:
                raise _differs(out / file, wanted, found, "move the file away and get it again")
        record["files"][file] = entry
    for group, entry in told["sets"].items():
        for wanted in (stated.get(group), expected.get(group)):
            if wanted and wanted != entry["sha256"]:
                raise _differs(out, wanted, entry["sha256"], "name another folder with --out")
        if group not in lost_sets:
            record["sets"][group] = entry
    return {**told, "files": record["files"], "sets": record["sets"]}


def _is_record(told: Any, name: str) -> bool:
    if not isinstance(told, dict) or told.get("name") != name or not isinstance(told.get("from"), list):
        return False
    groups = [told.get("files"), told.get("sets")]
    return all(
        isinstance(group, dict)
        and all(isinstance(entry, dict) and isinstance(entry.get("sha256"), str) for entry in group.values())
        and all(PurePosixPath(file).name == file for file in group)
        for group in groups
    )


def _gather(request: Request, wanted: Iterable[Archive], record: Mapping[str, Any], staging: Path) -> None:
    """Put the wanted files into `staging/files`, from the copy or from their addresses."""
    new = staging / "files"
    for archive in wanted:
        lacking = set(_lacking(archive, record))
        if request.source is not None:
            _from_copy(request, archive, lacking, new)
            continue
        path = staging / archive.name
        if not path.exists():
            try:
                download(archive.url, path, request.tell, request.limits)
            except InputError as error:
                raise _Unfinished(error) from None
        if missing := _take(path, archive, lacking, new):
            raise InputError(
                f"{archive.url} holds no {', '.join(missing)}",
                cause="the source has published another version",
                remedy=f"look at {request.dataset.homepage}, and name a copy of the older one with --from",
            )
    if request.source is not None and not any(new.iterdir()) and not record["files"]:
        names = [name for name, _, _ in _items(wanted)]
        names += [archive.name for archive in wanted if archive.name not in names]
        raise InputError(
            f"{request.source} holds nothing of {request.dataset.name}",
            cause="it is a copy of something else, or its files were renamed",
            remedy=f"name a file or folder with {', '.join(names)}",
        )


def _from_copy(request: Request, archive: Archive, lacking: set[str], new: Path) -> None:
    source = request.source
    assert source is not None
    if source.is_file():
        if is_archive(source):
            _take(source, archive, lacking, new)
            return
        for file in archive.files:
            names = (file.name, PurePosixPath(file.path).name)
            known = source.name in names or (file.sha256 and digest(source) == file.sha256)
            if file.name in lacking and known:
                _take_file(source, file, new)
        return
    missing = _take(source, archive, lacking, new)
    with Tree(source) as tree:
        packed = tree.find(archive.name) if missing else None
    if packed and is_archive(source / packed):
        _take(source / packed, archive, set(missing), new)


def _take(path: Path, archive: Archive, lacking: set[str], new: Path) -> list[str]:
    """Bring the files that are lacking out of an archive or folder; the names that are not there."""
    if path.is_file() and [file.path for file in archive.files] == [archive.name]:
        _take_file(path, archive.files[0], new)
        return []
    missing = []
    with Tree(path) as tree:
        for file in archive.files:
            if file.name in lacking:
                found = tree.find(file.path) or tree.find(file.name)
                if found is None:
                    missing.append(file.name)
                else:
                    tree.copy(found, new / file.name)
        group = archive.file_set
        if group is not None and group.name in lacking and not _take_set(tree, group, new):
            missing.append(group.name)
    return missing


def _take_file(path: Path, file: DatasetFile, new: Path) -> None:
    with path.open("rb") as opened:
        if opened.read(200).lstrip().lower().startswith((b"<!doctype html", b"<html")):
            raise InputError(
                f"a web page came in place of {file.name}",
                cause="the server, or a portal on the way, gave a page with a message",
                remedy="open the address in a browser, and name the file that you got with --from",
            )
    shutil.copyfile(path, new / file.name)


def _take_set(tree: Tree, group: FileSet, new: Path) -> bool:
    paths: dict[str, dict[str, str]] = {}
    for name in tree.names:
        path = PurePosixPath(name)
        if path.suffix in group.suffixes:
            others = paths.setdefault(path.stem, {})
            if path.suffix in others or ":" in path.name or not path.name.isprintable():
                raise InputError(
                    f"{path.name} stands twice among the files, or has a name that no folder can take",
                    cause="several releases of the corpus stand in it, or it was made to do harm",
                    remedy="name one release with --from",
                )
            others[path.suffix] = name
    whole = [named for named in paths.values() if len(named) == len(group.suffixes)]
    for name in (name for named in whole for name in named.values()):
        tree.copy(name, new / PurePosixPath(name).name)
    return bool(whole)


def _verified(
    request: Request, archives: Iterable[Archive], new: Path, expected: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """The entries of the files that came. InputError where one differs from its checksum."""
    found: dict[str, Any] = {
        path.name: {"sha256": digest(path), "bytes": path.stat().st_size} for path in new.iterdir()
    }
    sets: dict[str, Any] = {}
    single = {file.name for archive in archives for file in archive.files}
    members = sorted(set(found) - single, key=lambda name: name.encode())
    for name, stated, split in _items(archives):
        entry = found.get(name) if name in single else None
        if name not in single and members:
            lines = "".join(f"{found[member]['sha256']}  {member}\n" for member in members)
            entry = sets[name] = {"sha256": hashlib.sha256(lines.encode()).hexdigest(), "count": len(members)}
            for member in members:
                found[member]["set"] = name
        if entry is None:
            continue
        for wanted in (stated, expected.get(name)):
            if wanted and wanted != entry["sha256"]:
                where = f"{name} of {request.source or request.dataset.name}"
                raise _differs(
                    where,
                    wanted,
                    entry["sha256"],
                    f"get it again; if it stays so, ask at {request.dataset.homepage}. Nothing was kept",
                )
        entry["checked"] = "catalogue" if stated else "expected" if name in expected else "nothing"
        if split:
            entry["split"] = split
    return {"files": {name: found[name] for name in sorted(found)}, "sets": sets}


def _differs(what: Path | str, wanted: str, found: str, remedy: str) -> InputError:
    return InputError(
        f"{what} has the sha256 {found}, and {wanted} was expected",
        cause="it was changed, damaged in copying, or is of another version",
        remedy=remedy,
    )


def _record(request: Request, before: Mapping[str, Any], added: Mapping[str, Any]) -> dict[str, Any]:
    dataset = request.dataset
    files, sets = {**before["files"], **added["files"]}, {**before["sets"], **added["sets"]}
    there = {*files, *sets}
    came = [str(request.source)] if request.source else [archive.url for archive in dataset.archives]
    return {
        **dataset.to_json(),
        "from": list(dict.fromkeys([*before["from"], *came])),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "medspan": medspan.__version__,
        "files": dict(sorted(files.items())),
        "sets": sets,
        "missing": [name for name, _, _ in _items(dataset.archives) if name not in there],
    }


def _install(out: Path, new: Path, record: Mapping[str, Any]) -> None:
    known = json.loads((out / RECORD).read_text("utf-8"))["files"] if (out / RECORD).is_file() else {}
    for path in new.iterdir():
        if (out / path.name).exists() and digest(out / path.name) != digest(path):
            raise InputError(
                f"{out / path.name} is there already, and is another file",
                cause="it was changed" if path.name in known else f"it is not named in {out / RECORD}",
                remedy="move it away, or name another folder with --out",
            )
    text = json.dumps(record, ensure_ascii=False, indent=1) + "\n"
    (new / RECORD).write_text(text, encoding="utf-8")
    if not out.exists():
        new.replace(out)
        return
    # The record comes last: without it, what came of the files is not taken for a corpus.
    for path in sorted(new.iterdir(), key=lambda path: path.name == RECORD):
        shutil.move(path, out / path.name)

"""Packed files, tables and pipes give the same rows as the plain file, and damage is told."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import sys
from pathlib import Path

import pytest
import zstandard

from medspan.core import Annotation, Document, Example, InputError, Mention, Relation
from medspan.read import Stream, load, load_splits, write
from medspan.read.source import standard_input_as_file

TEXT = "Aspirin caused fever, and no rash."
HEAD, TAIL = Mention.at(TEXT, 0, 7, "Drug"), Mention.at(TEXT, 15, 20, "Symptom")
ROWS = [
    Example(Document(str(n), TEXT), Annotation((HEAD, TAIL), relations=(Relation(HEAD, TAIL, "causes"),)))
    for n in range(40)
]
PACKERS = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}


def same(path: Path) -> bool:
    return [(e.document, e.reference) for e in load(path)] == [(e.document, e.reference) for e in ROWS]


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize("format_", ["medspan", "sections", "pubtator"])
def test_packed_files_are_read_whatever_their_name(tmp_path: Path, suffix: str, format_: str) -> None:
    plain = tmp_path / "plain"
    write(plain, ROWS, format_)
    packed = tmp_path / "corpus.dat"
    packed.write_bytes(PACKERS[suffix](plain.read_bytes()))
    found, wanted = load(packed), load(plain)
    assert found.format == wanted.format == format_
    assert [e.reference for e in found] == [e.reference for e in wanted]
    damaged = tmp_path / "cut"
    damaged.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(InputError, match="the archive cannot be unpacked beyond"):
        load(damaged, on_error="skip")


@pytest.mark.parametrize("suffix", PACKERS)
def test_the_suffix_says_how_to_pack(tmp_path: Path, suffix: str) -> None:
    for name in ("a", "b"):
        write(tmp_path / f"{name}.jsonl{suffix}", ROWS, "medspan")
        assert same(tmp_path / f"{name}.jsonl{suffix}")
    assert (tmp_path / f"a.jsonl{suffix}").read_bytes() == (tmp_path / f"b.jsonl{suffix}").read_bytes()
    lines = tmp_path / f"s.jsonl{suffix}"
    write(lines, ROWS, "sections")
    assert len(load(lines)) == len(ROWS)
    assert (tmp_path / f"a.jsonl{suffix}").stat().st_size < 2_000


def test_a_table_holds_what_the_lines_hold(tmp_path: Path) -> None:
    for format_ in ("medspan", "sections", "compact"):
        table = tmp_path / f"{format_}.parquet"
        write(table, ROWS, format_)
        assert table.read_bytes()[:4] == b"PAR1"
        found = load(table)
        assert found.format == format_
        assert [e.document.text for e in found] == [TEXT] * len(ROWS)
        assert {r.type for e in found for r in e.reference.relations} == {"causes"}  # type: ignore[union-attr]
    assert same(tmp_path / "medspan.parquet")
    with pytest.raises(InputError, match="pubtator cannot be written as a Parquet file"):
        write(tmp_path / "p.parquet", ROWS, "pubtator")
    cut = tmp_path / "cut.parquet"
    cut.write_bytes((tmp_path / "medspan.parquet").read_bytes()[:-300])
    with pytest.raises(InputError, match="the table cannot be read beyond row 0"):
        load(cut)


def test_a_folder_saved_by_datasets_is_read(tmp_path: Path) -> None:
    import datasets

    write(tmp_path / "rows.jsonl", ROWS, "sections")
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text("utf-8").splitlines()]
    datasets.Dataset.from_list(rows).save_to_disk(str(tmp_path / "saved"))
    found = load(tmp_path / "saved")
    assert (found.format, len(found)) == ("sections", len(ROWS))
    assert found.examples[0].place is not None
    assert found.examples[0].place.row == 1


def test_splits_may_be_folders_and_pieces_of_tables(tmp_path: Path) -> None:
    import datasets

    write(tmp_path / "rows.jsonl", ROWS, "sections")
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text("utf-8").splitlines()]
    saved = tmp_path / "saved"
    parts = {"train": datasets.Dataset.from_list(rows[:30]), "test": datasets.Dataset.from_list(rows[30:])}
    datasets.DatasetDict(parts).save_to_disk(str(saved))
    assert {name: len(part) for name, part in load_splits(saved).items()} == {"train": 30, "test": 10}
    assert {name: len(part) for name, part in load_splits(saved / "train").items()} == {"train": 30}
    pieces = tmp_path / "pieces"
    for number, part in enumerate((ROWS[:7], ROWS[7:20])):
        write(pieces / f"train-0000{number}-of-00002.parquet", part, "medspan")
    write(pieces / "validation-00000-of-00001.parquet", ROWS[20:], "medspan")
    found = load_splits(pieces)
    assert [e.id for e in found["train"]] == [str(n) for n in range(20)]
    assert len(found["validation"]) == 20


def test_a_pipe_is_kept_in_a_file_while_it_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "rows.jsonl.gz", ROWS, "medspan")

    class Pipe:
        buffer = io.BytesIO((tmp_path / "rows.jsonl.gz").read_bytes())

        @staticmethod
        def isatty() -> bool:
            return False

    monkeypatch.setattr(sys, "stdin", Pipe())
    with standard_input_as_file(Path("-")) as path:
        assert same(path)
    assert not path.exists()
    monkeypatch.setattr(Pipe, "isatty", staticmethod(lambda: True))
    with pytest.raises(InputError, match="nothing is piped in"), standard_input_as_file(Path("-")):
        pass
    with standard_input_as_file(tmp_path / "x") as path:
        assert path == tmp_path / "x"


def test_a_stream_is_read_anew_and_tells_each_rejected_row_once(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    write(path, ROWS[:3], "medspan")
    path.write_text(path.read_text("utf-8") + '{"id": "x"}\nnot json\n', "utf-8")
    heard: list[int | None] = []
    stream = Stream(path, on_error="skip", heard=lambda row: heard.append(row.place.row))
    assert [e.id for e in stream] == [e.id for e in stream] == ["0", "1", "2"]
    assert heard == [4, 5]
    assert [e.id for e in Stream(path, limit=2)] == ["0", "1"]

"""A format is one class under `@register`: read, written, recognised and offered on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from medspan.core import Annotation, Document, Example, InputError, Mention
from medspan.read import base, detect, load, write
from medspan.read.base import BadRow, Format, Row, Sample, register
from medspan.read.lines import read_lines
from medspan.read.losses import Losses


@pytest.fixture
def angle() -> Iterator[str]:
    """`He took <Drug aspirin>.`, one document a line, as a newcomer would write it."""

    @register
    class AngleFormat(Format):
        name: ClassVar[str] = "angle"
        suffix: ClassVar[str] = ".angle"
        looks_like: ClassVar[str] = "lines with '<TYPE words>'"

        def rows(self, path: Path, max_line_bytes: int) -> Iterator[Row | BadRow]:
            for line in read_lines(path, max_line_bytes):
                if isinstance(line, BadRow):
                    yield line
                else:
                    yield Row(base.Place(str(path), line.number), line.text, line.text)

        def example(self, row: Row) -> Example:
            before, mark, rest = row.value.partition("<")
            words, closed, after = rest.partition(">")
            type_, blank, string = words.partition(" ")
            if not (mark and closed and blank):
                raise InputError("no '<TYPE words>'", remedy="add one", place=row.place)
            text = before + string + after
            mention = Mention.at(text, len(before), len(before) + len(string), type_)
            return Example(Document(str(row.place.row), text), Annotation((mention,)), source=self.name)

        def sniff(self, sample: Sample) -> bool:
            return any("<Drug " in line for line in sample.lines)

        def render(self, examples: Iterable[Example], lost: Losses, suffix: str) -> Iterator[str]:
            for example in examples:
                assert example.reference is not None
                first, *others = example.reference.mentions
                for other in others:
                    lost.add("mention: second of a line", example.document, other.text)
                text = example.document.text
                yield f"{text[: first.start]}<{first.type} {first.text}>{text[first.end :]}\n"

    yield "angle"
    del base._FORMATS["angle"]


def test_one_class_is_all(angle: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from medspan.cli.app import main

    path = tmp_path / "notes.txt"
    path.write_text("He took <Drug aspirin>.\nnothing here\n", "utf-8")
    assert detect(path) == angle
    found = load(path, on_error="skip")
    assert [example.document.text for example in found] == ["He took aspirin."]
    assert [row.reason for row in found.rejected] == ["no '<TYPE words>'"]
    twice = Example(
        Document("1", "aspirin, lithium"),
        Annotation(
            (Mention.at("aspirin, lithium", 0, 7, "Drug"), Mention.at("aspirin, lithium", 9, 16, "Drug"))
        ),
    )
    assert write(tmp_path / "b.angle", [twice], angle) == {"mention: second of a line": 1}
    assert (tmp_path / "b.angle").read_text("utf-8") == "<Drug aspirin>, lithium\n"
    with pytest.raises(SystemExit) as stop:
        main(["convert", str(tmp_path / "b.angle"), str(tmp_path / "c.jsonl.gz"), "--to", "medspan"])
    assert not stop.value.code
    assert "1 documents from angle to medspan" in capsys.readouterr().out
    assert (
        load(tmp_path / "c.jsonl.gz").examples[0].reference
        == load(tmp_path / "b.angle").examples[0].reference
    )


def test_a_name_is_taken_once(angle: str) -> None:
    with pytest.raises(ValueError, match="'angle' is registered twice"):

        @register
        class Again(type(base.formats()[angle])):  # type: ignore[misc]
            pass

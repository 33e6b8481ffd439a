"""A corpus is written again with some rows changed or gone, and everything else byte for byte."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from medspan.core import Concept, Document, Example, Mention, Relation
from medspan.read import load
from medspan.read.attached import attached, with_attached
from medspan.read.base import format_named
from medspan.read.patch import patch

BOM = b"\xef\xbb\xbf"


def row(text: str) -> dict[str, object]:
    return {"id": text, "text": text, "reference": {"mentions": []}, "more": 1}


def renamed(example: Example) -> Example:
    return replace(example, document=Document("new", example.document.text))


def patched(source: Path, changes: dict[int, Example | None], format: str = "medspan") -> bytes | None:
    target = source.with_name("patched" + source.suffix)
    written = patch(source, target, format_named(format), {str(source): {**changes}})
    return target.read_bytes() if written else None


def test_lines_keep_their_ends_marks_and_gaps(tmp_path: Path) -> None:
    lines = [BOM + json.dumps(row("a")).encode(), b"", json.dumps(row("b")).encode(), b'{"id": "c"  }', b""]
    source = tmp_path / "rows.jsonl"
    source.write_bytes(b"\r\n".join(lines))
    second = load(source, on_error="skip").examples[1]
    assert patched(source, {}) == source.read_bytes()
    assert patched(source, {4: None}) == b"\r\n".join([*lines[:3], b""])
    found = patched(source, {3: renamed(second)})
    assert found is not None
    before, after, rest = found.split(b"\r\n")[:2], found.split(b"\r\n")[2], found.split(b"\r\n")[3:]
    assert (before, rest) == (lines[:2], lines[3:])
    # The keys that the row had come first, in their order.
    assert list(json.loads(after))[:3] == ["id", "text", "reference"]
    assert json.loads(after)["id"] == "new"


@pytest.mark.parametrize(
    ("gone", "left"),
    [
        ({1}, '[\n  {"id": 2},\n  {"id": 3}\n]\n'),
        ({2}, '[\n  {"id": 1},\n  {"id": 3}\n]\n'),
        ({3}, '[\n  {"id": 1},{"id": 2}\n]\n'),
        ({1, 2}, '[\n  {"id": 3}\n]\n'),
        ({1, 2, 3}, "[\n]\n"),
    ],
)
def test_items_of_a_list_go_with_what_divides_them(gone: set[int], left: str, tmp_path: Path) -> None:
    source = tmp_path / "rows.json"
    source.write_text('[\n  {"id": 1},{"id": 2},\n  {"id": 3}\n]\n', "utf-8")
    found = patched(source, dict.fromkeys(gone))
    assert found is not None
    assert json.loads(found) == json.loads(left)
    assert found.decode("utf-8").replace("\n  ", "") == left.replace("\n  ", "")


def test_a_broken_list_and_other_formats_are_left_to_their_writers(tmp_path: Path) -> None:
    broken = tmp_path / "rows.json"
    broken.write_text('[{"id": 1}, {"id": 2}', "utf-8")
    assert patched(broken, {1: None}) is None
    tokens = tmp_path / "rows.conll"
    tokens.write_text("Gold B-Drug\n", "utf-8")
    assert patched(tokens, {1: None}, "conll") is None
    assert patched(tokens, {}, "conll") == tokens.read_bytes()


def test_a_row_is_named_by_any_line_of_an_article(tmp_path: Path) -> None:
    """A row that cannot be read is named by its bad line."""
    source = tmp_path / "rows.txt"
    one, two = "1|t|Gold.\n1|a|\n1\tx\n\n", "2|t|Zinc.\n2|a|\n\n"
    source.write_text(one + two, "utf-8")
    (rejected,) = load(source, format="pubtator", on_error="skip").rejected
    assert rejected.place.row == 3
    assert patched(source, {3: None}, "pubtator") == two.encode()
    assert patched(source, {5: None}, "pubtator") == one.encode()


def test_an_article_without_a_readable_title_goes_from_its_title_on(tmp_path: Path) -> None:
    source = tmp_path / "rows.txt"
    one, two, three = b"1|t|Gold.\n1|a|\n\n", b"2|t|Z\xffnc.\n2|a|\n\n", b"3|t|Lead.\n3|a|\n\n"
    source.write_bytes(one + two + three)
    (rejected,) = load(source, format="pubtator", on_error="skip").rejected
    assert patched(source, {rejected.place.row or 0: None}, "pubtator") == one + three


def test_further_columns_follow_their_items() -> None:
    text = "Gold and zinc."
    gold, zinc = Mention.at(text, 0, 4, "chemical"), Mention.at(text, 9, 13, "chemical")
    joined = Relation(Concept("D1"), Concept("D2"), "CID")
    metadata = {
        "pubtator.mention 0 4 chemical": "seven",
        "pubtator.concepts 9 13 chemical": "-",
        "pubtator.relation CID D1 D2": "Novel",
        "other": "kept",
    }
    document = Document("1", text, metadata=metadata)
    assert attached(document, gold) == ("seven",)
    moved = with_attached(
        document,
        [
            (gold, replace(gold, type="Chemical")),
            (zinc, None),
            (joined, replace(joined, head=joined.tail, tail=joined.head)),
        ],
    )
    assert dict(moved.metadata) == {
        "pubtator.mention 0 4 Chemical": "seven",
        "pubtator.relation CID D2 D1": "Novel",
        "other": "kept",
    }
    # Of two items with one key one may go.
    assert with_attached(document, [(gold, gold), (gold, None), (zinc, zinc), (joined, joined)]) == document

"""Every kind of broken file gives one error with its place, or is listed as rejected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medspan.core import Document, InputError, Place
from medspan.format.tasks import TasksCodec
from medspan.read import load

GOOD = {
    "prompt": TasksCodec().prompt(Document("a", "Aspirin helps.", task="chemicals")),
    "completion": "- Aspirin",
}
LINE = json.dumps(GOOD).encode() + b"\n"
SECTION = {"instruction": "Extract.", "input": "Aspirin.", "output": "### Entities:\n1. [Drug] Aspirin"}
ARTICLE = b"1|t|Aspirin\n1|a|It helps.\n1\t0\t7\tAspirin\tChemical\tD001241\n"


def written(tmp_path: Path, content: bytes, name: str = "rows.jsonl") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def stopped(path: Path, **options: object) -> InputError:
    with pytest.raises(InputError) as caught:
        load(path, **options)  # type: ignore[arg-type]
    return caught.value


BAD_LINES = {
    "broken JSON": (LINE[:-5] + b"\n", "column", "no JSON"),
    "missing key": (
        json.dumps({"prompt": GOOD["prompt"], "completions": ""}).encode(),
        "'completion'",
        "written for",
    ),
    "wrong type": (
        json.dumps({**GOOD, "completion": ["a"]}).encode(),
        "a list, not a string",
        "'completion'",
    ),
    "null": (json.dumps({**GOOD, "completion": None}).encode(), "null, not a string", "'completion'"),
    "no object": (b"[1, 2]", "a list, not an object", "the row"),
    "foreign prompt": (json.dumps({**GOOD, "prompt": "Say hello."}).encode(), "Say hello.", "tasks"),
    "latin-1": ("é".join(LINE.decode().split("Aspirin", 1)).encode("latin-1"), "byte 0xE9", "iconv"),
    "NUL": (LINE.replace(b"helps", b"hel\0s"), "NUL byte", "damaged"),
    "deep nesting": (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply", "remove"),
    "half surrogate": (LINE.replace(b"helps", b"\\ud83d"), "U+D83D", "surrogate"),
    "endless number": (b'{"prompt": ' + b"1" * 5000 + b"}", "no usable JSON", "repair"),
    "over-long line": (LINE.replace(b"helps", b"x" * 3000), "longer than the limit of 2,000", "raise"),
}


@pytest.mark.parametrize("kind", BAD_LINES)
def test_bad_line_stops_with_its_place(tmp_path: Path, kind: str) -> None:
    bad, *parts = BAD_LINES[kind]
    limit = 2000 if kind == "over-long line" else 1 << 26
    path = written(tmp_path, LINE + b"\n" + bad.rstrip(b"\n") + b"\n" + LINE)
    error = stopped(path, max_line_bytes=limit)
    assert error.place == Place(str(path), 3)
    for part in parts:
        assert part in str(error)


@pytest.mark.parametrize("kind", BAD_LINES)
def test_bad_line_is_listed_and_the_others_read_when_skipping(tmp_path: Path, kind: str) -> None:
    bad, part, *_ = BAD_LINES[kind]
    limit = 2000 if kind == "over-long line" else 1 << 26
    path = written(tmp_path, LINE + bad.rstrip(b"\n") + b"\n" + LINE + LINE)
    listing = tmp_path / "out" / "rejected.jsonl"
    corpus = load(path, on_error="skip", rejected=listing, max_line_bytes=limit)
    assert [example.id for example in corpus] == ["rows:1", "rows:3", "rows:4"]
    assert [row.place for row in corpus.rejected] == [Place(str(path), 2)]
    assert part in corpus.rejected[0].reason
    (data,) = map(json.loads, listing.read_text("utf-8").splitlines())
    assert (data["file"], data["row"], data["reason"]) == (str(path), 2, corpus.rejected[0].reason)
    assert 0 < len(data["text"]) <= 2000


def test_latin1_error_names_the_byte_offset_in_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, b"\xef\xbb\xbf" + LINE + b'{"prompt": "\xe9"}\n')
    assert f"byte offset {3 + len(LINE) + 12} of the file" in stopped(path).what


def test_missing_key_names_the_keys_found(tmp_path: Path) -> None:
    path = written(tmp_path, LINE + json.dumps({"prompt": "x", "Completion": "y", "id": 3}).encode())
    error = stopped(path)
    assert "'prompt', 'Completion', 'id'" in error.what
    assert error.cause == "'Completion' was written for 'completion'"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_refused_with_the_command_that_converts(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, LINE.decode().encode(encoding))
    for on_error in ("stop", "skip"):
        error = stopped(path, on_error=on_error)
        assert error.place == Place(str(path), 1)
        assert "byte offset 0" in error.what
        assert f"iconv -f UTF-16 -t UTF-8 {path}" in error.remedy


def test_byte_order_mark_crlf_and_blank_lines_are_tolerated(tmp_path: Path) -> None:
    path = written(tmp_path, b"\xef\xbb\xbf" + LINE.replace(b"\n", b"\r\n") + b"\r\n" + LINE.rstrip())
    corpus = load(path)
    assert [example.place for example in corpus] == [Place(str(path), 1), Place(str(path), 3)]
    assert corpus.examples[0].document.text == "Aspirin helps."


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "nothing but white space"),
        (b"[]", "JSON"),
        (b"\x1f\x8b\x08\x00" + bytes(range(40)), "the archive cannot be unpacked beyond 0 bytes"),
        (b"\x01\x02\x03\x04\x05\x06 \x07\x08\x0e\x0f" * 30, "binary"),
        (b"<?xml version='1.0'?><collection/>", "XML"),
        (b"T1\tAge 18 29\t34-yr-old\n", "T1"),
        (b'{"prompt": "Who?", "answer": "I"}\n', "'prompt', 'answer'"),
    ],
)
def test_file_of_something_else_is_refused(tmp_path: Path, content: bytes, part: str) -> None:
    path = written(tmp_path, content)
    error = stopped(path)
    assert part in str(error)
    assert error.place == Place(str(path))
    assert error.remedy


def test_named_format_with_no_rows_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, b"\n\n")
    for format_ in ("tasks", "sections", "pubtator", "medspan", "compact"):
        assert "no rows" in stopped(path, format=format_).what


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    assert "does not exist" in stopped(tmp_path / "no.jsonl").what
    assert "is an empty folder" in stopped(tmp_path).what


def test_file_without_one_readable_row_is_an_error_even_when_skipping(tmp_path: Path) -> None:
    path = written(tmp_path, b"{}\n" * 3)
    listing = tmp_path / "rejected.jsonl"
    error = stopped(path, format="tasks", on_error="skip", rejected=listing)
    assert "none of the 3 rows" in error.what
    assert error.place == Place(str(path), 1)
    assert len(listing.read_text("utf-8").splitlines()) == 3


def test_first_row_that_is_broken_does_not_hide_the_format(tmp_path: Path) -> None:
    path = written(tmp_path, b'{"prompt"\n' + LINE)
    assert stopped(path).place == Place(str(path), 1)
    assert len(load(path, on_error="skip")) == 1


def test_list_items_are_counted_from_one(tmp_path: Path) -> None:
    path = written(
        tmp_path, json.dumps([SECTION, {**SECTION, "output": 7}, SECTION], indent=1).encode(), "a.json"
    )
    error = stopped(path)
    assert error.place == Place(str(path), 2)
    assert "a whole number, not a string" in error.what
    corpus = load(path, on_error="skip")
    assert [example.id for example in corpus] == ["a:1", "a:3"]
    assert corpus.rejected[0].row == json.dumps({**SECTION, "output": 7}, indent=1).replace("\n", "\n ")


@pytest.mark.parametrize(
    ("damage", "line", "column", "part"),
    [
        (lambda text: text[: text.rindex("]")], 7, 1, "ends within the list"),
        (lambda text: text.replace('"input"', "input", 1), 2, 29, "Expecting property name"),
        (lambda text: text[: text.index("Drug")], 2, 60, "Unterminated string"),
        (lambda text: text.replace("},", "}", 1), 3, 1, "expected ',' or ']'"),
        (lambda text: text + "[]", 7, 2, "follows the end"),
    ],
)
def test_broken_list_says_line_and_column(tmp_path: Path, damage, line: int, column: int, part: str) -> None:
    item = json.dumps(SECTION)
    text = f"[\n{item},\n{item},\n{item},\n{item},\n{item}\n]"
    path = written(tmp_path, damage(text).encode(), "a.json")
    error = stopped(path, format="sections")
    assert error.place == Place(str(path), line)
    assert f"line {line} column {column}:" in error.what
    assert part in error.what


def test_broken_list_keeps_what_came_before_and_lists_the_rest_when_skipping(tmp_path: Path) -> None:
    item = json.dumps(SECTION)
    path = written(tmp_path, f"[{item},\n{item},\n{{,{item}]".encode(), "a.json")
    corpus = load(path, on_error="skip")
    assert len(corpus) == 2
    assert "nothing from item 3 on was read" in corpus.rejected[0].reason
    assert corpus.rejected[0].place == Place(str(path), 3)


def test_long_list_is_read_through_a_window_with_places_beyond_it(tmp_path: Path) -> None:
    item = {**SECTION, "input": "Aspirin " + "x" * 400_000}
    body = ",\n".join(json.dumps(item) for _ in range(8))
    corpus = load(written(tmp_path, f"[{body}]".encode(), "a.json"))
    assert [example.id for example in corpus] == [f"a:{number}" for number in range(1, 9)]
    broken = written(tmp_path, f"[{body},\n  oops]".encode(), "b.json")
    error = stopped(broken)
    assert error.place == Place(str(broken), 9)
    assert "line 9 column 3:" in error.what
    one_line = written(tmp_path, f"[{body}, oops]".replace("\n", "").encode(), "c.json")
    assert f"line 1 column {len(body) - 7 + 4}:" in stopped(one_line).what


def test_list_item_over_the_limit_is_refused(tmp_path: Path) -> None:
    item = {**SECTION, "input": "x" * 3_000_000}
    path = written(tmp_path, json.dumps([SECTION, item]).encode(), "a.json")
    assert "longer than the limit of 1,000,000" in stopped(path, max_line_bytes=1_000_000).what


def test_list_in_latin1_says_line_and_byte(tmp_path: Path) -> None:
    path = written(tmp_path, b'[\n{"input": "\xe9"}]', "a.json")
    error = stopped(path, format="sections")
    assert error.place == Place(str(path), 2)
    assert "byte 0xE9 at byte offset 13" in error.what


BAD_ARTICLES = {
    "offset past the end": (
        b"1\t10\t99\thelps\tDisease\tD1\n",
        4,
        "ends at 99, past the end of the text (17",
    ),
    "start behind end": (b"1\t7\t7\tx\tDisease\tD1\n", 4, "[7, 7), which is no place"),
    "negative start": (b"1\t-3\t7\tx\tDisease\tD1\n", 4, "[-3, 7), which is no place"),
    "start is no number": (b"1\tx\t7\tAspirin\tDisease\tD1\n", 4, "the start is 'x'"),
    "end is no number": (b"1\t0\t7.5\tAspirin\tDisease\tD1\n", 4, "the end is '7.5'"),
    "too few columns": (b"1\t0\t7\n", 4, "3 columns"),
    "blanks for tabs": (b"1 0 7 Aspirin Chemical D1\n", 4, "the PMID is"),
    "foreign PMID": (b"2\t0\t7\tAspirin\tChemical\tD1\n", 4, "the PMID is '2' within the article '1'"),
    "no type": (b"1\t0\t7\tAspirin\t\tD1\n", 4, "has no type"),
    "NUL": (b"1\t0\t7\tAsp\0rin\tChemical\tD1\n", 4, "NUL byte at column 10"),
    "latin-1": (b"1\t0\t7\tAsp\xefrin\tChemical\tD1\n", 4, "byte 0xEF"),
}


@pytest.mark.parametrize("kind", BAD_ARTICLES)
def test_bad_pubtator_line_is_named_and_its_article_rejected(tmp_path: Path, kind: str) -> None:
    bad, line, part = BAD_ARTICLES[kind]
    path = written(
        tmp_path, ARTICLE + bad + b"\n" + ARTICLE.replace(b"1|", b"5|").replace(b"1\t", b"5\t"), "a.txt"
    )
    error = stopped(path)
    assert error.place == Place(str(path), line)
    assert part in error.what
    corpus = load(path, on_error="skip")
    assert [example.id for example in corpus] == ["5"]
    assert [row.place for row in corpus.rejected] == [Place(str(path), line)]
    assert corpus.rejected[0].row.startswith("1|t|Aspirin\n1|a|It helps.")


def test_lines_that_belong_to_no_article_are_named(tmp_path: Path) -> None:
    path = written(tmp_path, ARTICLE + b"\n1\t0\t7\tAspirin\tChemical\tD1\n", "a.txt")
    error = stopped(path)
    assert error.place == Place(str(path), 5)
    assert "not 'PMID|t|title'" in error.what


def test_unknown_options_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, LINE)
    assert "'sections' was meant" in str(stopped(path, format="section"))
    assert "on_error is 'ignore'" in stopped(path, on_error="ignore").what
    assert "limit is 0" in stopped(path, limit=0).what


def test_medspan_row_with_shifted_offsets_is_refused(tmp_path: Path) -> None:
    mention = {"segments": [[1, 8]], "type": "Drug", "text": "Aspirin"}
    row = {"id": "a", "text": "Aspirin helps.", "reference": {"mentions": [mention]}}
    path = written(tmp_path, json.dumps(row).encode())
    error = stopped(path)
    assert error.place == Place(str(path), 1)
    assert "the text has 'spirin '" in error.what


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"id": ""}, "needs an id"),
        ({"metadata": {"a": 1}}, "the metadata 'a' is a whole number"),
        ({"truncated": "yes"}, "a string, not true or false"),
        ({"reference": {"scope": "all"}}, "'all'"),
        (
            {"reference": {"mentions": [{"segments": [[0, True]], "type": "D", "text": "A"}]}},
            "an offset is true",
        ),
        ({"reference": {"mentions": [{"segments": [[0]], "type": "D", "text": "A"}]}}, "not [start, end]"),
        ({"reference": {"mentions": [{"segments": [], "type": "D", "text": "A"}]}}, "no segment"),
        ({"reference": {"relations": [{"type": "r", "head": {}, "tail": {}}]}}, "'concept' is missing"),
        ({"reference": {"unaligned": [{"type": "r", "text": "x", "reason": "lost"}]}}, "reason is 'lost'"),
    ],
)
def test_medspan_row_that_breaks_the_shape_is_refused(
    tmp_path: Path, change: dict[str, object], part: str
) -> None:
    row = {"id": "a", "text": "Aspirin helps.", "reference": None, **change}
    error = stopped(written(tmp_path, json.dumps(row).encode()))
    assert part in error.what
    assert error.place is not None
    assert error.place.row == 1

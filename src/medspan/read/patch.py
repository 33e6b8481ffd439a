"""Write a corpus again with some rows changed or left out, and everything else byte for byte."""

from __future__ import annotations

import json
import re
import shutil
from bisect import bisect_right
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from medspan.core import Example
from medspan.read.base import MAX_LINE_BYTES, Format
from medspan.read.brat import BratFormat, document_of
from medspan.read.losses import Losses
from medspan.read.pubtator import PubTatorFormat, blocks
from medspan.read.source import open_bytes
from medspan.read.tables import is_table
from medspan.read.write import write_whole

NewRows = Mapping[str, Mapping[int | None, Example | None]]
"""By file and row what to write instead of a row, None where it is left out."""

_COLLECTIONS = ("bioc-json",)
"""Formats in JSON whose rows stand within a larger object."""


def patch(source: Path, target: Path, chosen: Format, rows: NewRows) -> bool:
    """Write `source` to `target` with other rows in place of those named; False where this cannot be done.

    It can where a format keeps its rows apart: lines or a list of JSON, articles of PubTator, files of
    brat. Rows that are not named are not even read. Without any named, every format can be copied.
    """
    if not any(rows.values()):
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, target)
        return True
    if isinstance(chosen, BratFormat):
        _patch_folder(source, target, chosen, rows)
        return True
    here = rows.get(str(source), {})
    numbered = {row: example for row, example in here.items() if row is not None}
    text = _patched(source, chosen, numbered) if len(numbered) == len(here) else None
    if text is None:
        return False
    write_whole(target, [text])
    return True


def _patched(source: Path, chosen: Format, rows: Mapping[int, Example | None]) -> str | None:
    in_json = chosen.suffix in (".json", ".jsonl") and chosen.name not in _COLLECTIONS
    if is_table(source) or not (in_json or isinstance(chosen, PubTatorFormat)):
        return None
    with open_bytes(source) as file:
        content = file.read()
    if isinstance(chosen, PubTatorFormat):
        return _articles(source, content, chosen, rows)
    if content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"[":
        return _items(content.decode("utf-8"), chosen, rows)
    return _lines(content, chosen, rows)


def _lines(content: bytes, chosen: Format, rows: Mapping[int, Example | None]) -> str:
    kept: list[bytes] = []
    for number, line in enumerate(content.split(b"\n"), 1):
        if number not in rows:
            kept.append(line)
            continue
        example = rows[number]
        if example is not None:
            end = b"\r" if line.endswith(b"\r") else b""
            kept.append(_json(example, chosen, line.decode("utf-8"), None).encode("utf-8") + end)
    return b"\n".join(kept).decode("utf-8")


def _items(text: str, chosen: Format, rows: Mapping[int, Example | None]) -> str | None:
    spans = _spans(text)
    if spans is None:
        return None
    pieces: list[str] = []
    end = text.index("[") + 1
    for number, (start, after) in enumerate(spans, 1):
        gap, item, end = text[end:start], text[start:after], after
        example = rows.get(number)
        if number in rows and example is None:
            continue
        if not pieces:
            # What stands before the first item stands before whichever is the first now.
            gap = text[text.index("[") + 1 : spans[0][0]]
        margin = re.search(r"\n([ \t]*)$", gap)
        if example is not None:
            item = _json(example, chosen, item, margin[1] if margin and "\n" in item else None)
        pieces += [gap, item]
    return text[: text.index("[") + 1] + "".join(pieces) + text[end:]


def _spans(text: str) -> list[tuple[int, int]] | None:
    """Where the items of a JSON list stand; None where it is not one to its end."""
    decoder, space = json.JSONDecoder(), re.compile(r"[ \t\r\n]*")
    at = text.index("[") + 1
    spans: list[tuple[int, int]] = []
    try:
        while True:
            start = _after(space, text, at)
            if not spans and text[start : start + 1] == "]":
                return spans
            _, end = decoder.raw_decode(text, start)
            spans.append((start, end))
            at = _after(space, text, end)
            if text[at : at + 1] != ",":
                return spans if text[at : at + 1] == "]" else None
            at += 1
    except (ValueError, RecursionError):
        return None


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _json(example: Example, chosen: Format, before: str, margin: str | None) -> str:
    """The row in the layout of the one that it replaces: its order of keys, on one line or indented."""
    value: dict[str, Any] = json.loads("".join(chosen.render([example], Losses(), ".jsonl")))
    was = json.loads(before.removeprefix("\ufeff"))
    ordered = {**{key: value[key] for key in was if key in value}, **value}
    inner = re.match(r"\{\s*\n([ \t]*)", before) if margin is not None else None
    indent = inner[1].removeprefix(margin or "") if inner else None
    compact = indent is None and '": ' not in before
    written = json.dumps(
        ordered,
        ensure_ascii=before.isascii(),
        indent=indent,
        separators=(",", ":") if compact else None,
    )
    return written.replace("\n", f"\n{margin or ''}")


def _articles(source: Path, content: bytes, chosen: Format, rows: Mapping[int, Example | None]) -> str | None:
    starts = []
    for lines, bad in blocks(source, MAX_LINE_BYTES):
        numbers = [line.number for line in lines[:1]]
        if bad is not None and bad.error.place is not None and bad.error.place.row is not None:
            numbers.append(bad.error.place.row)
        starts.append(min(numbers))
    by_block: dict[int, Example | None] = {}
    for row, example in rows.items():
        # A row that cannot be read is named by its bad line, which may be any of its own.
        by_block[starts[bisect_right(starts, row) - 1]] = example
    lines_ = content.split(b"\n")
    kept = lines_[: starts[0] - 1]
    for start, after in zip(starts, [*starts[1:], len(lines_) + 1], strict=True):
        example = by_block.get(start)
        if start not in by_block:
            kept += lines_[start - 1 : after - 1]
        elif example is not None:
            written = "".join(chosen.render([example], Losses(), chosen.suffix)).encode("utf-8")
            kept += written.removesuffix(b"\n").split(b"\n")
    if kept and starts[-1] in by_block and content.endswith(b"\n"):
        kept.append(b"")
    return b"\n".join(kept).decode("utf-8")


def _patch_folder(source: Path, target: Path, chosen: BratFormat, rows: NewRows) -> None:
    shutil.copytree(source, target)
    for file, numbered in rows.items():
        name = document_of(Path(file).name)
        for path in target.iterdir():
            if path.is_file() and document_of(path.name) == name:
                path.unlink()
        for example in numbered.values():
            for written, text in chosen.render_files([example] if example else [], Losses()):
                (target / written).write_bytes(text.encode("utf-8"))

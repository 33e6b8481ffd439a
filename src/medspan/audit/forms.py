"""The form that a target is written in: its layout, its markers, how it joins the ends of a relation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from medspan.audit.data import Row
from medspan.audit.ends import name_of
from medspan.core import Relation
from medspan.format.compact import CompactCodec

_MARKER = re.compile(r"\s*(?:([-*\u2022])|(\d+)([.)]))(?:\s+|$)")
_HEADING = re.compile(r"\s*#+\s*(\w+)")
_NOTHING = re.compile(r"\s*(?:\W\s*)?none(?: found)?\W*\s*$", re.IGNORECASE)
_BAR = re.compile(r"\s*\|\s*")
_TYPED = re.compile(r"\[[^\]]+\]")


@dataclass(frozen=True, slots=True)
class Form:
    """One aspect of a target and the form that it has there; `line` is where it is seen."""

    aspect: str
    form: str
    line: str


def forms(row: Row) -> Iterator[Form]:
    """Every form that a row's target shows, line by line; none for rows without a target."""
    target = row.written.target if row.written else ""
    if not target.strip():
        return
    layout = _layout(target)
    first = target.strip().splitlines()[0]
    yield Form("layout", layout, first)
    if layout != "lines":
        return
    if row.example.source.partition("-")[0] == CompactCodec.name:
        yield from _of_compact(target, {line.strip() for line in row.reference.unparsed})
        return
    relations = list(row.reference.relations)
    unread = {line.strip() for line in row.reference.unparsed}
    types = {f"[{item.type}]" for item in row.listed}
    for line in target.splitlines():
        if heading := _HEADING.match(line):
            yield Form(f"heading of {heading.group(1).lower()}", line.strip(), line)
        elif _NOTHING.match(line):
            yield Form("nothing found", line.strip(), line)
        elif line.strip() in unread:
            yield Form("lines", "a line that cannot be read", line)
        else:
            yield from _of_item(line, relations, types)


def _of_compact(target: str, unread: set[str]) -> Iterator[Form]:
    """The forms of lines that hold all items of a type each: of every item, however many a line has."""
    for line in filter(str.strip, target.splitlines()):
        if line.strip() in unread:
            yield Form("lines", "a line that cannot be read", line)
            continue
        yield Form("lines", "a line that can be read", line)
        items = line.partition(":")[2].strip()
        if items:
            yield Form("end of a list", "';'" if items.endswith(";") else "nothing", line)
        for item in filter(str.strip, items.split(";")):
            if bar := _BAR.search(item):
                yield Form("relation", f"x{bar.group()}y", line)


def _layout(target: str) -> str:
    try:
        return "JSON" if isinstance(json.loads(target), (list, dict)) else "lines"
    except (ValueError, RecursionError):
        return "lines"


def _of_item(line: str, relations: list[Relation], types: set[str]) -> Iterator[Form]:
    """The forms of a line with an item; takes the line's relation from the front of the list."""
    marker = _MARKER.match(line)
    body = line[marker.end() :].strip() if marker else line.strip()
    if not body:
        return
    yield Form("lines", "a line that can be read", line)
    yield Form("marker", _marker(marker), line)
    bracket = _TYPED.match(body)
    if bracket and bracket.group() in types:
        yield Form("item", "[type] x", line)
    elif relations and (pattern := _pattern(body, relations[0])):
        relations.pop(0)
        yield Form("relation", pattern, line)
    else:
        yield Form("item", "x", line)


def _marker(marker: re.Match[str] | None) -> str:
    if marker is None:
        return "no marker"
    return f"{marker.group(1)!r} before each line" if marker.group(1) else f"numbers '1{marker.group(3)}'"


def _pattern(body: str, relation: Relation) -> str | None:
    """The line with x and y in place of head and tail; None where it does not hold both in this order."""
    head, tail = name_of(relation.head).strip(), name_of(relation.tail).strip()
    start = body.find(head)
    end = body.rfind(tail)
    if not head or not tail or start < 0 or end < start + len(head):
        return None
    between = _TYPED.sub("[type]", body[start + len(head) : end])
    return " ".join(f"{body[:start]}x{between}y{body[end + len(tail) :]}".split())

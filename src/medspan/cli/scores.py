"""Scores for a terminal."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from medspan.cli.console import say, shown, table

HEADERS = ("", "P", "R", "F1", "95% interval", "support")
MATCHES = ("text", "strict", "span", "type", "overlap", "relaxed", "concept")
BY_TYPE = ("text", "strict")
KINDS = ("entities", "relations")
_RELATION = re.compile(r"(.*?)( --\[[^\]]*\]--> )(.*)", re.DOTALL)
MOST_ERROR_KINDS = 6
FEWEST_OF_END = 12
MOST_EXAMPLE = 56
"""Characters of each of the two strings of an example."""


def print_scores(evaluation: Mapping[str, Any]) -> None:
    """Print the result of an evaluation, given as its JSON: overall, by type, by task, and health."""
    match = evaluation["match"]
    say(f"{evaluation['documents']} documents")
    rows = [
        _row(f"{kind}, {how}", match[how][kind]["micro"])
        for kind in KINDS
        for how in MATCHES
        if _any(match, how, kind)
    ]
    _print("micro", rows)
    rows = [
        _row(f"{type_}, {how}", score)
        for kind in KINDS
        for how in BY_TYPE
        for type_, score in match[how][kind]["by_type"].items()
    ]
    _print("by type", rows)
    rows = [
        _row(f"{kind}, {how}, {part}", found[how][kind]["micro"])
        for kind in KINDS
        for how in BY_TYPE
        for part, found in (evaluation["seen"] or {}).items()
        if _any(found, how, kind)
    ]
    _print("strings seen in training, and unseen", rows)
    rows = [
        _row(f"{task}: {kind}", task_scores["match"]["text"][kind]["micro"])
        for task, task_scores in evaluation["tasks"].items()
        for kind in KINDS
        if _any(task_scores["match"], "text", kind)
    ]
    _print("by task (text match)", rows)
    if "errors" in evaluation:
        _print_errors(evaluation["errors"])
    rates = [
        f"{name.removesuffix('_rate').replace('_', ' ')} {'-' if rate is None else f'{rate:.1%}'}"
        for name, rate in evaluation["health"].items()
    ]
    say()
    say("health: " + ", ".join(rates))
    errors = [f"{kind} {found['calibration_error']:.1%}" for kind, found in evaluation["confidence"].items()]
    if errors:
        say("calibration error: " + ", ".join(errors))


def _print_errors(errors: Mapping[str, Any]) -> None:
    """The kinds of errors that weigh most; the others by name."""
    rows, further = [], []
    for kind in KINDS:
        there = [pair for pair in errors[kind]["kinds"].items() if pair[1]["share"]]
        weighed = sorted(there, key=lambda pair: -pair[1]["share"])
        for name, found in weighed[:MOST_ERROR_KINDS]:
            rows.append([f"{kind}: {name}", *_error_cells(found)])
        names = [name for name, _ in weighed[MOST_ERROR_KINDS:]]
        if names:
            kinds = "kind" if len(names) == 1 else "kinds"
            further.append(
                f"and {len(names)} further {kinds} of errors in {kind}: {', '.join(names)} (all in --json)"
            )
    if rows:
        say()
        heads = (
            f"errors ({errors['match']} match)",
            "share",
            "missed",
            "spurious",
            "F1 if mended",
            "example",
        )
        for line in (*table(heads, rows), *further):
            say(line)


def _error_cells(found: Mapping[str, Any]) -> list[str]:
    example = found["examples"][0] if found["examples"] else None
    told = "" if example is None else f"{example['side']}: {_pair(example['item'], example['other'])}"
    return [
        f"{found['share']:.0%}",
        str(found["false_negatives"]),
        str(found["false_positives"]),
        shown(found["mended_f1"]),
        told,
    ]


def _pair(item: str, other: str | None) -> str:
    """An item and what it stands against; in quotes where they would look the same."""
    if not other:
        return _clipped(item)
    if item != other and _looks(item) == _looks(other):
        # Spaces other than the plain one look like it.
        item, other = (
            json.dumps(text, ensure_ascii=any(one.isspace() and one != " " for one in text))
            for text in (item, other)
        )
    return f"{_clipped(item)} / {_clipped(other)}"


def _looks(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _clipped(text: str) -> str:
    """A string of at most `MOST_EXAMPLE` characters, cut in its middle; a relation in each of its ends."""
    if len(text) <= MOST_EXAMPLE:
        return text
    relation = _RELATION.fullmatch(text)
    if relation is None:
        return _cut(text, MOST_EXAMPLE)
    head, joint, tail = relation.groups()
    room = max(2 * FEWEST_OF_END, MOST_EXAMPLE - len(joint))
    # What a short end leaves goes to the long one.
    of_head = max(room // 2, room - len(tail))
    of_tail = max(room - of_head, room - len(head))
    return f"{_cut(head, of_head)}{joint}{_cut(tail, of_tail)}"


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    last = (most - 1) // 2
    return f"{text[: most - 1 - last]}\u2026{text[len(text) - last :]}"


def _any(match: Mapping[str, Any], how: str, kind: str) -> bool:
    return bool(match[how].get(kind, {}).get("by_type"))


def _row(name: str, score: Mapping[str, Any]) -> list[str]:
    interval = score["f1_interval"]
    return [
        name,
        *(shown(score[key]) for key in ("precision", "recall", "f1")),
        "-" if interval is None else f"{shown(interval[0])} to {shown(interval[1])}",
        str(round(score["true_positives"] + score["false_negatives"])),
    ]


def _print(title: str, rows: Iterable[list[str]]) -> None:
    listed = list(rows)
    if not listed:
        return
    say()
    for line in table((title, *HEADERS[1:]), listed):
        say(line)

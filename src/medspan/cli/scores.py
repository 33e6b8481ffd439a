"""Scores for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from medspan.cli.console import say, shown, table

HEADERS = ("", "P", "R", "F1", "95% interval", "support")
MATCHES = ("text", "strict")
KINDS = ("entities", "relations")


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
        for how in MATCHES
        for type_, score in match[how][kind]["by_type"].items()
    ]
    _print("by type", rows)
    rows = [
        _row(f"{task}: {kind}", task_scores["match"]["text"][kind]["micro"])
        for task, task_scores in evaluation["tasks"].items()
        for kind in KINDS
        if _any(task_scores["match"], "text", kind)
    ]
    _print("by task (text match)", rows)
    rates = [
        f"{name.removesuffix('_rate').replace('_', ' ')} {'-' if rate is None else f'{rate:.1%}'}"
        for name, rate in evaluation["health"].items()
    ]
    say()
    say("health: " + ", ".join(rates))
    errors = [f"{kind} {found['calibration_error']:.1%}" for kind, found in evaluation["confidence"].items()]
    if errors:
        say("calibration error: " + ", ".join(errors))


def _any(match: Mapping[str, Any], how: str, kind: str) -> bool:
    return bool(match[how][kind]["by_type"])


def _row(name: str, score: Mapping[str, Any]) -> list[str]:
    interval = score["f1_interval"]
    return [
        name,
        *(shown(score[key]) for key in ("precision", "recall", "f1")),
        "-" if interval is None else f"{shown(interval[0])} to {shown(interval[1])}",
        str(score["true_positives"] + score["false_negatives"]),
    ]


def _print(title: str, rows: Iterable[list[str]]) -> None:
    listed = list(rows)
    if not listed:
        return
    say()
    for line in table((title, *HEADERS[1:]), listed):
        say(line)

"""Scores for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from medspan.cli.console import say, shown, table

HEADERS = ("", "P", "R", "F1", "95% interval", "support")
MATCHES = ("text", "strict", "span", "type", "overlap", "relaxed", "concept")
BY_TYPE = ("text", "strict")
KINDS = ("entities", "relations")
MOST_ERROR_KINDS = 6
MOST_EXAMPLE = 60


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
    """The kinds of errors that weigh most."""
    rows = []
    for kind in KINDS:
        of_kinds = errors[kind]["kinds"].items()
        weighed = sorted(of_kinds, key=lambda pair: -(pair[1]["share"] or 0))
        for name, found in weighed[:MOST_ERROR_KINDS]:
            if found["share"]:
                rows.append([f"{kind}: {name}", *_error_cells(found)])
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
        for line in table(heads, rows):
            say(line)


def _error_cells(found: Mapping[str, Any]) -> list[str]:
    example = found["examples"][0] if found["examples"] else None
    told = ""
    if example is not None:
        other = f" / {example['other']}" if example["other"] else ""
        told = f"{example['side']}: {example['item']}{other}"
    return [
        f"{found['share']:.0%}",
        str(found["false_negatives"]),
        str(found["false_positives"]),
        shown(found["mended_f1"]),
        told[:MOST_EXAMPLE],
    ]


def _any(match: Mapping[str, Any], how: str, kind: str) -> bool:
    return bool(match[how].get(kind, {}).get("by_type"))


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

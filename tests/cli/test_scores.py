"""The table of errors of `medspan evaluate`: what it leaves out is named, examples are told apart."""

from __future__ import annotations

from typing import Any

import pytest

from medspan.cli.scores import MOST_EXAMPLE, _clipped, _pair, _print_errors


def errors(entities: dict[str, float], example: dict[str, str] | None = None) -> dict[str, Any]:
    kinds = {
        name: {
            "share": share,
            "false_negatives": 1,
            "false_positives": 0,
            "mended_f1": 0.5,
            "examples": [example] if example else [],
        }
        for name, share in entities.items()
    }
    return {"match": "strict", "entities": {"kinds": kinds}, "relations": {"kinds": {}}}


def test_kinds_that_are_not_shown_are_counted_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    shares = {f"kind-{place}": (9 - place) / 36 for place in range(9)}
    _print_errors(errors({**shares, "none-there": 0.0}))
    out = capsys.readouterr().out
    assert "entities: kind-5" in out
    assert "and 2 further kinds of errors in entities: kind-6, kind-7, kind-8" not in out
    assert "and 3 further kinds of errors in entities: kind-6, kind-7, kind-8 (all in --json)" in out
    assert "none-there" not in out


def test_all_kinds_shown_need_no_further_line(capsys: pytest.CaptureFixture[str]) -> None:
    _print_errors(errors({f"kind-{place}": 1 / 6 for place in range(6)}))
    out = capsys.readouterr().out
    assert "entities: kind-5" in out
    assert "further" not in out


def test_an_example_stands_in_its_row(capsys: pytest.CaptureFixture[str]) -> None:
    _print_errors(errors({"boundary": 1.0}, {"side": "spurious", "item": "aura ", "other": "aura"}))
    assert 'spurious: "aura " / "aura"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("item", "other", "told"),
    [
        ("aura", None, "aura"),
        ("aura", "severe aura", "aura / severe aura"),
        ("aura ", "aura", '"aura " / "aura"'),
        ("with\u00a0aura", "with aura", '"with\\u00a0aura" / "with aura"'),
        ("aura", "aura", "aura / aura"),
    ],
)
def test_strings_that_look_alike_are_quoted(item: str, other: str | None, told: str) -> None:
    assert _pair(item, other) == told


def test_a_long_relation_keeps_its_type_and_both_its_ends() -> None:
    head, tail = "a" + "b" * 60 + "c", "x" + "y" * 60 + "z"
    cut = _clipped(f"{head} --[meets]--> {tail}")
    assert len(cut) <= MOST_EXAMPLE
    left, right = cut.split(" --[meets]--> ")
    assert (left[0], left[-1], right[0], right[-1]) == ("a", "c", "x", "z")
    assert "\u2026" in left
    assert "\u2026" in right


def test_a_short_end_is_whole_and_its_room_is_the_other_s() -> None:
    cut = _clipped(f"{'a' * 90} --[meets]--> heparin")
    assert cut.endswith(" --[meets]--> heparin")
    assert len(cut) == MOST_EXAMPLE
    cut = _clipped(f"heparin --[meets]--> {'a' * 90}")
    assert cut.startswith("heparin --[meets]--> a")
    assert len(cut) == MOST_EXAMPLE


def test_a_long_mention_keeps_both_its_ends() -> None:
    cut = _clipped("start " + "x" * 90 + " end")
    assert len(cut) == MOST_EXAMPLE
    assert cut.startswith("start ")
    assert cut.endswith(" end")

"""Scores on some of the documents: intervals of sides that cannot be paired, and where data stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medspan.diagnose.base import Effect
from medspan.diagnose.case import Case
from medspan.diagnose.rescoring import counts_of, data_path, f1, interval_in_words, summed, without

from .probes.planted_cases import notes, right, wrong


@settings(max_examples=25)
@given(st.lists(st.booleans(), min_size=4, max_size=12), st.lists(st.booleans(), min_size=4, max_size=12))
def test_before_is_the_score_on_all_and_after_that_on_the_kept(kept: list[bool], out: list[bool]) -> None:
    def side(prefix: str, marks: list[bool]) -> list[object]:
        return [
            (right if mark else wrong)([one])[0]
            for one, mark in zip(notes(prefix, len(marks)), marks, strict=True)
        ]

    clean, leaked = side("k", kept), side("o", out)
    effect = without(clean, leaked, "entities")  # type: ignore[arg-type]
    assert effect.before == f1(counts_of([*clean, *leaked], "entities"))  # type: ignore[list-item]
    assert effect.after == f1(counts_of(clean, "entities"))  # type: ignore[arg-type]
    assert effect.interval is not None
    low, high = effect.interval
    assert low - 1e-9 <= effect.difference <= high + 1e-9  # type: ignore[operator]
    turned = without(clean[::-1], leaked[::-1], "entities")  # type: ignore[arg-type]
    assert turned.interval == effect.interval


def test_documents_of_one_article_are_no_independent_evidence() -> None:
    clean = [*right(notes("a", 10)), *wrong(notes("b", 10))]
    leaked = right(notes("c", 20))
    apart = without(clean, leaked, "entities").interval
    grouped = [*right(notes("a", 10, group="one")), *wrong(notes("b", 10, group="two"))]
    together = without(grouped, leaked, "entities").interval
    assert apart is not None
    assert together is not None
    assert together[1] - together[0] > 2 * (apart[1] - apart[0])


def test_too_few_documents_have_no_interval() -> None:
    assert without(right(notes("a", 1)), right(notes("b", 9)), "entities").interval is None
    assert without([], right(notes("b", 9)), "entities").after is None


def test_types_and_all_others_make_the_whole() -> None:
    examples = [*right(notes("a", 3)), *wrong(notes("b", 3))]
    drugs = counts_of(examples, "entities", ("Drug",))
    rest = counts_of(examples, "entities", ("Drug",), others=True)
    assert [summed(pair) for pair in zip(drugs, rest, strict=True)] == counts_of(examples, "entities")
    assert (f1(drugs), f1(rest)) == (1.0, pytest.approx(6 / 9))
    assert f1([]) is None


def test_an_interval_in_words() -> None:
    assert interval_in_words(Effect("F1", 0.5, 0.7, (0.1, 0.3))) == (
        "difference +0.200, 95% interval +0.100 to +0.300"
    )
    assert interval_in_words(Effect("F1", 0.5, 0.7)) == (
        "difference +0.200, too few documents for an interval"
    )
    assert interval_in_words(Effect("F1", 0.5, None)) == "difference undefined"


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({}, "DATA"),
        ({"data.train": "d/train.jsonl", "data.test": "d/test.jsonl"}, "d"),
        ({"data.train": "d/train.jsonl", "data.test": "e/test.jsonl"}, "d/train.jsonl e/test.jsonl"),
        ({"data.train": "corpus", "data.test": None}, "corpus"),
        ({"data.train": "d/train.jsonl", "data.test": None}, "d"),
        ({"data.train": "my d/train.jsonl", "data.test": "my d/test.jsonl"}, "'my d'"),
        ({"data.train": "my d/a.jsonl", "data.test": "e/b.jsonl"}, "'my d/a.jsonl' e/b.jsonl"),
        ({"data.train": "my corpus", "data.test": None}, "'my corpus'"),
    ],
)
def test_where_the_data_stands(config: dict[str, str | None], path: str) -> None:
    assert data_path(Case(Path("run"), config=config)) == path

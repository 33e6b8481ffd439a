"""Stored answers as tokens, and whether they were decoded under the grammar."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from medspan.core import Annotation, Document, Example, Schema
from medspan.diagnose.case import Case
from medspan.diagnose.conditions import Conditions
from medspan.diagnose.cuts import CUTS
from medspan.diagnose.lab import Lab
from medspan.diagnose.reading import Reading
from medspan.diagnose.written import MOST_TOKENS, Written
from medspan.extract import FORCED, DecodingOptions
from medspan.format import FormatCard, Template, make_codec
from medspan.models import load_tokenizer

pytestmark = pytest.mark.model  # its tokenizer

SCHEMA = Schema(("Drug", "Symptom"))
TEMPLATE = Template("plain", (1,), (2,), 2)
CARD = FormatCard("compact", SCHEMA, TEMPLATE, "mentions", "base", "", "")
FREE = Conditions(TEMPLATE, make_codec("compact", SCHEMA), DecodingOptions(grammar=False), "base", Path("a"))
BOUND = FREE.decoding(grammar=True)
RIGHT = "Drug: lithium;\nSymptom: tremor;\n"


def stored(raw: str | None = RIGHT, *, truncated: bool = False, n: int = 0) -> Example:
    return Example(
        Document(f"d{n}", "Her tremor began after lithium."), raw=raw, truncated=truncated,
        reference=Annotation(), predicted=Annotation(),
    )  # fmt: skip


class Merging:
    """A tokenizer of letters, with one token for a semicolon and a line break."""

    def __call__(self, text: str, **_: Any) -> Any:
        pieces = re.findall(";\n|.", text, re.DOTALL)
        return SimpleNamespace(input_ids=[0 if one == ";\n" else ord(one) for one in pieces])


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return load_tokenizer("default")


def lab_of(tokenizer: Any, *answers: Example, **more: Any) -> Any:
    given = {"card": CARD, "adapter": Path("a"), **more}
    case = Case(Path("run"), parts={"test": answers}, predictions=answers, **given)
    lab = Lab(case)
    lab.tokenizer = lambda conditions: tokenizer  # type: ignore[method-assign]
    return lab


def written(tokenizer: Any, *answers: Example, **more: Any) -> Written:
    return cast(Written, lab_of(tokenizer, *answers, **more).written)


@pytest.mark.parametrize("stated", [True, False])
def test_what_files_state_of_the_grammar_is_believed(tokenizer: Any, stated: bool) -> None:
    told = written(
        tokenizer, stored(RIGHT if not stated else "rubbish"), made={"decoding": {"grammar": stated}}
    )
    assert told.under_grammar(FREE) is stated


def test_answers_that_all_keep_to_the_grammar_were_decoded_under_it(tokenizer: Any) -> None:
    answers = stored(n=0), stored("Drug:\nSymptom:\n", n=1), stored("Drug: lith", truncated=True, n=2)
    assert written(tokenizer, *answers).under_grammar(FREE)
    assert not written(tokenizer, *answers, stored("Drug: aspirin;\nSymptom:\n", n=3)).under_grammar(FREE)


def test_foreign_answers_and_none_were_not(tokenizer: Any) -> None:
    assert not written(tokenizer, stored(), card=None).under_grammar(FREE)
    assert not written(tokenizer, stored(None)).under_grammar(FREE)


def test_medspan_cuts_answers_chunk_by_chunk_and_other_trainers_as_a_whole() -> None:
    ours, others = (written(Merging(), stored(), card=card).tokens(FREE, stored()) for card in (CARD, None))
    assert list(ours.ids) == [*map(ord, RIGHT), TEMPLATE.stop]
    assert 0 in others.ids


def test_an_answer_that_was_cut_off_has_no_stop_token(tokenizer: Any) -> None:
    cut = stored("Drug: lith", truncated=True)
    assert written(tokenizer, cut).tokens(FREE, cut).ids[-1] != TEMPLATE.stop
    long = stored("lithium " * 100)
    assert len(written(tokenizer, long).tokens(FREE, long).ids) == MOST_TOKENS


def test_under_the_grammar_what_was_legal_is_told(tokenizer: Any) -> None:
    told = written(tokenizer, stored())
    free, bound = (told.tokens(conditions, stored()) for conditions in (FREE, BOUND))
    assert free.choices == ()
    assert FORCED in bound.choices
    assert set(free.ids[:-1]) == set(bound.ids)


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        ({"made": {"decoding": {"max_new_tokens": 7}}, "record": {"decoding": {"max_new_tokens": 9}}}, 7),
        ({"record": {"decoding": {"max_new_tokens": 9}}}, 9),
        ({"rules": {"max_new_tokens": 11}}, 11),
        ({}, DecodingOptions().max_new_tokens),
    ],
)
def test_the_limit_is_that_of_the_answers_then_of_the_run(
    tokenizer: Any, files: dict[str, Any], limit: int
) -> None:
    assert written(tokenizer, stored(), **files).limit == limit


def test_choices_are_alike_up_to_where_answers_part(tokenizer: Any) -> None:
    told = written(tokenizer, stored())
    every = sum(choice != FORCED for choice in told.tokens(BOUND, stored()).choices)
    assert told.choices_alike(BOUND, stored(), RIGHT) == every
    parted = [
        told.choices_alike(BOUND, stored(), other)
        for other in ("", "Drug:\nSymptom: tremor;\n", "Drug: lithium;\nSymptom:\n")
    ]
    assert parted[0] == parted[1] == 0
    assert 0 < parted[2] < every


def test_choices_are_told_in_the_tokens_of_a_tokenizer_that_numbers_them_otherwise(tokenizer: Any) -> None:
    lab = lab_of(tokenizer, stored())
    moved = FREE.but(cut="tokens numbered one further")
    further = CUTS["tokens numbered one further"].make(tokenizer)
    lab.tokenizer = lambda conditions: tokenizer if conditions.cut is None else further
    every = len(lab.written.tokens(moved, stored()).ids)
    assert lab.written.choices_alike(moved, stored(), RIGHT) == every
    assert 0 < lab.written.choices_alike(moved, stored(), "Drug: lithium;\nSymptom:\n") < every


def test_answers_that_come_out_again_are_explained_though_reading_does_not_tell(
    tokenizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = tuple(stored(n=n) for n in range(3))
    lab = lab_of(tokenizer, *answers, made={"decoding": {"max_new_tokens": 33}})
    every = 6
    again = {"d1": RIGHT, "d2": "Drug: lithium;\nSymptom:\n"}
    asked: list[tuple[int, list[str]]] = []

    def read(conditions: Any, reading: Any) -> None:
        for one in conditions:
            lab._hits.setdefault(one, [[True] * every, [False] * every, [True, *[False] * (every - 1)]])

    def decoded(conditions: Conditions, examples: Any) -> list[Example]:
        asked.append((conditions.options.max_new_tokens, [one.id for one in examples]))
        return [replace(one, raw=again[one.id]) for one in examples]

    monkeypatch.setattr(lab, "_read", read)
    monkeypatch.setattr(lab, "answers", decoded)
    lab.__dict__["answer_lengths"] = [every] * 3
    told = lab.written.choices_alike
    assert [told(BOUND, answers[2], other) for other in (RIGHT, again["d2"])] == [every, 3]
    assert lab.fit_again(BOUND, Reading(100, 3)) == pytest.approx((6 + 6 + 3) / (6 + 6 + 4))
    assert asked == [(33, ["d1", "d2"])]
    # What files state may be more than the model has room for.
    lab.fit_again(BOUND.decoding(max_new_tokens=20), Reading(100, 3))
    assert asked[-1][0] == 20

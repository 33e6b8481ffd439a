"""Faults of decoding that files state, where there is no model to measure them."""

from __future__ import annotations

from typing import Any

import pytest

from medspan.diagnose.base import Probe
from medspan.diagnose.case import Case
from medspan.diagnose.probes.decoding_blocks_copying import DecodingBlocksCopying
from medspan.diagnose.probes.decoding_samples import DecodingSamples
from medspan.diagnose.probes.undertrained import Undertrained
from medspan.extract import DecodingOptions

from .planted_cases import answered, case, notes, right, suspected, untold
from .planted_models import curves, without_model

BLOCKS, SAMPLES = DecodingBlocksCopying(), DecodingSamples()
TESTED = notes("c", 12)
BLANK = [answered(one, {}) for one in TESTED]


def made(where: str = "made", predictions: Any = BLANK, **options: Any) -> Case:
    """A run whose stored answers were decoded with these options, as one of its files states."""
    stated = {"decoding": DecodingOptions().to_json() | options}
    return case(parts={"test": TESTED}, predictions=predictions, **{where: stated})


@pytest.mark.parametrize("where", ["made", "record"])
def test_a_stated_penalty_is_named_without_a_model(where: str) -> None:
    known = made(where, repetition_penalty=1.5, no_repeat_ngram_size=3)
    found = suspected(BLOCKS, known, without_model())
    assert (found.confidence, found.confirmed, found.effect) == (0.6, False, None)
    assert found.evidence == (
        "files state repetition_penalty=1.5, no_repeat_ngram_size=3; without a model (no model) its effect "
        "is not measured",
    )


@pytest.mark.parametrize(
    ("probe", "options", "confidence"),
    [
        (BLOCKS, {"repetition_penalty": 1.1}, 0.6),
        (BLOCKS, {"no_repeat_ngram_size": 8}, 0.6),
        (BLOCKS, {"no_repeat_ngram_size": 30}, 0.4),
        (SAMPLES, {"do_sample": True}, 0.5),
        (SAMPLES, {"do_sample": True, "temperature": 1.3}, 0.5),
        (SAMPLES, {"do_sample": True, "temperature": 0.7}, 0.4),
    ],
)
def test_how_sure_stated_options_are(probe: Probe, options: dict[str, Any], confidence: float) -> None:
    assert suspected(probe, made(**options), without_model()).confidence == confidence
    # Answers that score well cannot have suffered much.
    well = suspected(probe, made(predictions=right(TESTED), **options), without_model())
    assert well.confidence == 0.4
    assert "entity F1 of 0.75 or more" in well.evidence[1]


@pytest.mark.parametrize(
    "options",
    [{}, {"repetition_penalty": 1.05}, {"repetition_penalty": 1.0, "temperature": 2.0}, {"unknown": 3}],
)
def test_harmless_options_are_not_told_of(options: dict[str, Any]) -> None:
    for probe in (BLOCKS, SAMPLES):
        assert untold(probe, made(**options), without_model()).missing == "no model"
    assert untold(BLOCKS, case(parts={"test": TESTED}), without_model()).missing == "no model"


def test_rules_for_new_answers_say_nothing_of_stored_ones() -> None:
    known = case(
        parts={"test": TESTED}, predictions=BLANK, rules={"repetition_penalty": 1.5, "do_sample": True}
    )
    for probe in (BLOCKS, SAMPLES):
        assert untold(probe, known, without_model()).missing == "no model"


def test_a_score_that_no_model_checked_is_told_as_that_of_stored_answers() -> None:
    log = curves([1.6, 1.3, 1.1, 0.9], every=1, epochs=0.2)
    known = case(parts={"test": TESTED}, predictions=BLANK, curves=log)
    found = suspected(Undertrained(), known, without_model())
    assert found.evidence[0] == (
        "entity F1 of the stored answers is 0.000; no model has checked how they were decoded"
    )

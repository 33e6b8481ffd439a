"""Decoding options of other programs in medspan's names, with nothing lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.diagnose.foreign.generation import read_generation
from medspan.extract import DecodingOptions

VALUES: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 9), st.floats(-1, 3), st.text(max_size=3), st.just([1, 2])
)
NAMES = st.sampled_from(
    [
        "do_sample",
        "temperature",
        "top_p",
        "top_k",
        "repetition_penalty",
        "no_repeat_ngram_size",
        "max_new_tokens",
        "max_tokens",
        "max_length",
        "encoder_repetition_penalty",
        "frequency_penalty",
        "presence_penalty",
        "num_beams",
        "batch_size",
        "seed",
        "grammar",
    ]
)


def test_options_that_medspan_knows_keep_their_names_and_others_are_kept_apart() -> None:
    found = read_generation(
        {
            "repetition_penalty": 1.15,
            "no_repeat_ngram_size": 3,
            "do_sample": False,
            "encoder_repetition_penalty": 1.2,
            "frequency_penalty": 0.5,
            "max_length": 2048,
            "top_k": None,
            "transformers_version": "4.51.3",
        },
        "generation_config.json",
    )
    assert found.options == {"repetition_penalty": 1.15, "no_repeat_ngram_size": 3, "do_sample": False}
    assert found.further == {"encoder_repetition_penalty": 1.2, "frequency_penalty": 0.5, "max_length": 2048}
    assert found.version == "4.51.3"


def test_a_temperature_of_zero_is_greedy_decoding() -> None:
    found = read_generation({"temperature": 0, "max_tokens": 64}, "sampling.json")
    assert found.options == {"do_sample": False, "max_new_tokens": 64}
    assert found.further == {"temperature": 0}


@pytest.mark.parametrize("value", ["1.5", -1.0, 0, True], ids=["text", "negative", "zero", "truth value"])
def test_a_value_that_no_decoding_takes_is_kept_and_not_used(value: object) -> None:
    found = read_generation({"repetition_penalty": value}, "f")
    assert found.options == {}
    assert found.further == {"repetition_penalty": value}


@given(values=st.dictionaries(NAMES, VALUES), defaults=st.dictionaries(NAMES, VALUES.filter(bool)))
def test_every_option_is_valid_and_none_is_lost(values: dict[str, Any], defaults: dict[str, Any]) -> None:
    found = read_generation(values, "f", defaults)
    DecodingOptions().changed(found.options)
    stated = {name for name, value in values.items() if value is not None}
    named = {"max_new_tokens" if name == "max_tokens" else name for name in stated}
    assert named <= set(found.options) | set(found.further)
    assert not set(found.defaults) & named
    assert not set(found.options) & set(found.further) - {"do_sample"}

from __future__ import annotations

import pytest

from medspan.core import ConfigError
from medspan.extract import DecodingOptions


def test_the_defaults_are_greedy_under_the_grammar_and_let_copying_be() -> None:
    assert DecodingOptions().to_json() == {
        "grammar": True,
        "max_new_tokens": 512,
        "batch_size": 32,
        "do_sample": False,
        "temperature": 1.0,
        "top_p": 1.0,
        "repetition_penalty": 1.0,
        "no_repeat_ngram_size": 0,
        "seed": 0,
    }


def test_options_are_changed_by_name() -> None:
    changed = DecodingOptions().changed({"grammar": False, "repetition_penalty": 2, "max_new_tokens": 7})
    assert (changed.grammar, changed.repetition_penalty, changed.max_new_tokens) == (False, 2, 7)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"repetition_penalti": 1.1}, "decoding.repetition_penalti: no such option.*mean repetition_penalty"),
        ({"zzz": 1}, "decoding.zzz: no such option.*choose among grammar, max_new_tokens"),
        ({"grammar": 1}, "decoding.grammar: 1.*a bool is wanted"),
        ({"max_new_tokens": True}, "decoding.max_new_tokens: True.*a int is wanted.*max_new_tokens=512"),
        ({"max_new_tokens": 1.5}, "decoding.max_new_tokens: 1.5"),
        ({"temperature": "hot"}, "decoding.temperature: 'hot'.*a float is wanted"),
        ({"temperature": 0.0}, "decoding.temperature: 0.0.*out of range.*its default, 1.0"),
        ({"top_p": 1.5}, "decoding.top_p: 1.5"),
        ({"repetition_penalty": 0.0}, "decoding.repetition_penalty: 0.0"),
        ({"no_repeat_ngram_size": -1}, "decoding.no_repeat_ngram_size: -1"),
        ({"batch_size": 0}, "decoding.batch_size: 0"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_path(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        DecodingOptions().changed(values)

"""Decoding options in the names of transformers, vLLM and LLaMA-Factory, brought to those of medspan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from medspan.core import ConfigError
from medspan.extract import DecodingOptions

SHARED = ("do_sample", "temperature", "top_p", "repetition_penalty", "no_repeat_ngram_size", "max_new_tokens")
"""Options that medspan has under the same name and meaning; grammar, batch_size and seed are its own."""

ALIASES = {"max_tokens": "max_new_tokens"}
"""vLLM's `SamplingParams.max_tokens` counts new tokens."""

_ABOUT_THE_FILE = ("_from_model_config", "transformers_version", "_commit_hash", "_from_pretrained")


@dataclass(frozen=True, slots=True)
class Generation:
    """Options as a file states them.

    `options`: by medspan's names, valid for `DecodingOptions.changed`. `further`: what medspan has no name
    for, or takes no such value of, by its own name (`top_k`, `num_beams`, `max_length`, penalties ...).
    `source`: the file. `defaults`: which of the options are the trainer's defaults and not in the file.
    """

    options: Mapping[str, Any]
    further: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    defaults: tuple[str, ...] = ()
    version: str | None = None


def read_generation(
    values: Mapping[str, Any], source: str, defaults: Mapping[str, Any] | None = None
) -> Generation:
    """The options among `values`; null is unset, as in transformers.

    `defaults`: what the trainer takes for an option that is unset. A temperature of 0 means greedy
    decoding to vLLM, and goes to `further` beside `do_sample: false`.
    """
    given = {ALIASES.get(name, name): value for name, value in values.items() if value is not None}
    added = {name: value for name, value in (defaults or {}).items() if name not in given}
    options: dict[str, Any] = {}
    further: dict[str, Any] = {}
    for name, value in {**given, **added}.items():
        if name in _ABOUT_THE_FILE:
            continue
        if name in SHARED and _valid(name, value):
            options[name] = value
        else:
            further[name] = value
    if given.get("temperature") == 0 and not isinstance(given["temperature"], bool):
        options.setdefault("do_sample", False)
    version = values.get("transformers_version")
    return Generation(options, further, source, tuple(added), version if isinstance(version, str) else None)


def _valid(name: str, value: Any) -> bool:
    try:
        DecodingOptions().changed({name: value})
    except ConfigError:
        return False
    return True

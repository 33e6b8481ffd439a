"""How answers are decoded: explicit and recorded; a model's generation_config.json is not read."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from medspan.core import ConfigError


@dataclass(frozen=True, slots=True)
class DecodingOptions:
    """Greedy decoding under the grammar by default.

    `grammar`: false decodes freely, as other tools do. `max_new_tokens`: under the grammar, no further
    item is begun past it and the answer is closed properly; in free decoding it cuts.
    `repetition_penalty` and `no_repeat_ngram_size` count the prompt as well, as in transformers, and so
    forbid the copying that extraction consists of: their neutral values are 1.0 and 0.
    """

    grammar: bool = True
    max_new_tokens: int = 512
    batch_size: int = 32
    do_sample: bool = False
    temperature: float = 1.0
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    no_repeat_ngram_size: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, valid in (
            ("max_new_tokens", self.max_new_tokens >= 1),
            ("batch_size", self.batch_size >= 1),
            ("temperature", self.temperature > 0),
            ("top_p", 0 < self.top_p <= 1),
            ("repetition_penalty", self.repetition_penalty > 0),
            ("no_repeat_ngram_size", self.no_repeat_ngram_size >= 0),
        ):
            if not valid:
                raise ConfigError(
                    f"decoding.{name}: {getattr(self, name)}",
                    cause="the value is out of range",
                    remedy=f"leave it at its default, {_default(name)}",
                )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def changed(self, values: Mapping[str, Any]) -> DecodingOptions:
        """These options with `values` set; ConfigError for an unknown name or a value of another type."""
        known = {field.name: field for field in fields(self)}
        for name, value in values.items():
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                raise ConfigError(
                    f"decoding.{name}: no such option",
                    cause=f"did you mean {near[0]}?" if near else "it is not a decoding option of medspan",
                    remedy="choose among " + ", ".join(known),
                )
            kind = type(getattr(self, name))
            if not _fits(value, kind):
                raise ConfigError(
                    f"decoding.{name}: {value!r}",
                    cause=f"a {kind.__name__} is wanted",
                    remedy=f"for instance {name}={_default(name)}",
                )
        return replace(self, **values)


def _default(name: str) -> object:
    return next(field.default for field in fields(DecodingOptions) if field.name == name)


def _fits(value: object, kind: type) -> bool:
    if kind is bool or isinstance(value, bool):
        return kind is bool and isinstance(value, bool)
    return isinstance(value, (int, float) if kind is float else kind)

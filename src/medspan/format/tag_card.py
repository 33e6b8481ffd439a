"""The card of a tagging adapter: what it was trained to mark. `format.json` beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from medspan.core import Schema
from medspan.format.card import FILE, check_tokenizer
from medspan.format.spans import MOST_INSET
from medspan.format.tags import Level, TagScheme
from medspan.models.shape import HeadShape

Attention = Literal["both", "causal"]
CALIBRATED = ("mention", "relation")


@dataclass(frozen=True, slots=True)
class Calibration:
    """How raw probabilities of one kind of item become calibrated ones, and from where on items are kept.

    The log odds are taken along the line of `slope` and `shift`, fitted to `items` of validation;
    `threshold` is the least calibrated probability that is kept. `ece_before` and `ece_after` are the
    expected calibration errors on validation, the latter with lines fitted to other documents.
    """

    slope: float = 1.0
    shift: float = 0.0
    threshold: float = 0.5
    items: int = 0
    ece_before: float | None = None
    ece_after: float | None = None


@dataclass(frozen=True, slots=True)
class TagCard:
    """Schema, level of relations, attention, windows, base model and tokenizer of a tagging adapter.

    `prefix` and `suffix` are token ids around every window; `window` and `overlap` count tokens.
    `insets`: whether mentions may begin or end within a token. `num_hidden_layers`: how many of the base
    model's first layers are used, None for all. `calibration` by kind of item, `mention` and `relation`.
    """

    schema: Schema
    level: Level
    attention: Attention
    window: int
    overlap: int
    prefix: tuple[int, ...]
    suffix: tuple[int, ...]
    insets: bool
    base_model: str
    base_model_hash: str
    tokenizer_hash: str
    num_hidden_layers: int | None = None
    calibration: Mapping[str, Calibration] = field(default_factory=dict)
    method: str = "tag"
    schema_version: int = 1

    @property
    def least(self) -> dict[str, float]:
        """By kind, the least calibrated probability that is kept."""
        return {kind: self.calibration.get(kind, Calibration()).threshold for kind in CALIBRATED}

    def tag_scheme(self) -> TagScheme:
        return TagScheme(self.schema, self.level)

    def head_shape(self, width: int) -> HeadShape:
        """The shape of the heads on hidden states of `width` numbers."""
        scheme = self.tag_scheme()
        insets = MOST_INSET if self.insets else 0
        return HeadShape(width, len(scheme.types), len(scheme.relations), insets)

    def check_tokenizer(self, tokenizer: Any) -> None:
        """ModelError where the tokenizer is not the one of training."""
        check_tokenizer(tokenizer, self.tokenizer_hash, self.base_model)

    def to_json(self) -> dict[str, Any]:
        plain = {key: value for key, value in asdict(self).items() if key != "schema"}
        return {**plain, "schema": self.schema.to_json()}

    def save(self, folder: Path) -> None:
        (folder / FILE).write_text(json.dumps(self.to_json(), indent=1, ensure_ascii=False) + "\n", "utf-8")

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> TagCard:
        return cls(
            **{
                **data,
                "schema": Schema.from_json(data["schema"]),
                "prefix": tuple(data["prefix"]),
                "suffix": tuple(data["suffix"]),
                "calibration": {kind: Calibration(**line) for kind, line in data["calibration"].items()},
            }
        )

"""The format card: what an adapter was trained to be asked and to answer. `format.json` beside it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from medspan.core import ModelError, Schema
from medspan.format.codec import Codec, Endpoints
from medspan.format.codecs import OPTIONS, make_codec
from medspan.format.template import Renderer, Template
from medspan.models.hashes import tokenizer_hash

FILE = "format.json"


def check_tokenizer(tokenizer: Any, wanted: str, base_model: str) -> None:
    """ModelError where a tokenizer's hash is not the wanted one, that of training."""
    if tokenizer_hash(tokenizer) != wanted:
        raise ModelError(
            "the tokenizer is not the one that the adapter was trained with",
            cause="the base model was replaced or updated, or its chat template was edited",
            remedy=f"use the base model {base_model} as recorded in record.json, or train again",
        )


@dataclass(frozen=True, slots=True)
class FormatCard:
    """Method, format, schema, template, base model and tokenizer of an adapter."""

    format: str
    schema: Schema
    template: Template
    endpoints: Endpoints
    base_model: str
    base_model_hash: str
    tokenizer_hash: str
    instruction: str | None = None
    read_twice: bool = False
    method: str = "generate"
    schema_version: int = 1

    def codec(self) -> Codec:
        own = {name: getattr(self, name) for name, owner in OPTIONS.items() if owner == self.format}
        return make_codec(self.format, self.schema, self.endpoints, **own)

    def renderer(self, tokenizer: Any) -> Renderer:
        """The renderer for this card; ModelError where the tokenizer is not the one of training."""
        check_tokenizer(tokenizer, self.tokenizer_hash, self.base_model)
        return Renderer(tokenizer, self.codec(), self.template)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "schema": self.schema.to_json(), "template": self.template.to_json()}

    def save(self, folder: Path) -> None:
        (folder / FILE).write_text(json.dumps(self.to_json(), indent=1, ensure_ascii=False) + "\n", "utf-8")

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> FormatCard:
        return cls(
            **{
                **data,
                "schema": Schema.from_json(data["schema"]),
                "template": Template.from_json(data["template"]),
            }
        )

"""The instruction formats by name. A further format: its file, and a line here."""

from __future__ import annotations

from typing import Any

from medspan.core import ConfigError, Schema
from medspan.format.codec import Codec, Endpoints
from medspan.format.compact import CompactCodec
from medspan.format.sections import SectionsCodec
from medspan.format.tasks import TasksCodec

CODECS: dict[str, type[Codec]] = {codec.name: codec for codec in (TasksCodec, SectionsCodec, CompactCodec)}


OPTIONS: dict[str, str] = {"instruction": "sections", "read_twice": "compact"}
"""Settings of a single format: their names, in a config and in the format card, and whose they are."""


def make_codec(
    name: str, schema: Schema | None = None, endpoints: Endpoints | None = None, **options: Any
) -> Codec:
    """The codec of this name; `options` as its constructor takes them. ConfigError for an unknown name."""
    if name not in CODECS:
        raise ConfigError(
            f"format: {name!r} is no instruction format",
            cause="it is misspelt, or it is a corpus format that no model can be asked in",
            remedy="choose one of " + ", ".join(CODECS),
        )
    return CODECS[name](schema, endpoints=endpoints, **options)

"""The chat template of a run and its tokenizer's folder.

`tokenizer.save_pretrained` of transformers 5 writes the template to chat_template.jinja; transformers 4 wrote
it into tokenizer_config.json, as a string or as a list of named ones, of which `default` is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from medspan.diagnose.foreign.folder import Folder
from medspan.diagnose.foreign.run import Stated

TOKENIZER_CONFIG = "tokenizer_config.json"
TOKENIZER = (TOKENIZER_CONFIG, "tokenizer.json", "tokenizer.model")
JINJA = "chat_template.jinja"


def tokenizer_folder(places: Sequence[Path]) -> Path | None:
    """The first place with a tokenizer's own files: a config and a vocabulary."""
    for place in places:
        present = [name for name in TOKENIZER if (place / name).is_file()]
        if TOKENIZER_CONFIG in present and len(present) > 1:
            return place
    return None


def chat_template_of(
    folder: Folder, own: Iterator[Stated], tokenizer: Path | None, base: Path | None
) -> Stated | None:
    """The template beside the tokenizer, else the trainer's `own`, else that of a base model at hand."""
    places = [place for place in (tokenizer, folder.path) if place is not None]
    for place in dict.fromkeys(places):
        found = _in_place(folder, place)
        if found is not None:
            return found
    stated = next(own, None)
    if stated is not None:
        return stated
    return _in_place(folder, base) if base is not None else None


def _in_place(folder: Folder, place: Path) -> Stated | None:
    written = folder.text(place / JINJA)
    if written:
        return Stated(written, folder.name(place / JINJA))
    for name in (TOKENIZER_CONFIG, "chat_template.json"):
        values = folder.mapping(place / name)
        text = _text((values or {}).get("chat_template"))
        if text:
            return Stated(text, folder.name(place / name))
    return None


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        named = {one.get("name"): one.get("template") for one in value if isinstance(one, dict)}
        chosen = named.get("default") or (next(iter(named.values()), None) if len(named) == 1 else None)
        return chosen if isinstance(chosen, str) else None
    return None

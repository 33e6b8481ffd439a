"""Positional words of a call: which are files, and which are `key=value` settings of the decoding."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from medspan.core import ConfigError, InputError

if TYPE_CHECKING:
    from medspan.extract import DecodingOptions


def sort_words(words: Sequence[str] | None) -> tuple[list[str], list[str]]:
    """(files, settings): a word with `=` is a setting unless a file of that name exists."""
    files: list[str] = []
    settings: list[str] = []
    for word in words or ():
        (settings if "=" in word and not Path(word).exists() else files).append(word)
    return files, settings


def decoding(run: Path, settings: Sequence[str], *, free: bool) -> DecodingOptions:
    """The options recorded in a run, with `settings` and `free` applied; the defaults for a bare adapter."""
    from medspan.extract import DecodingOptions
    from medspan.train.config import read_value

    options = DecodingOptions().changed(_recorded(run))
    values = {}
    for setting in settings:
        key, _, value = setting.partition("=")
        if not key:
            raise ConfigError(
                f"{setting!r} is no setting", cause="key=value is wanted", remedy="for instance batch_size=8"
            )
        values[key.removeprefix("decoding.")] = read_value(value)
    if free:
        values["grammar"] = False
    return options.changed(values)


def _recorded(run: Path) -> dict[str, object]:
    path = run / "record.json"
    if not path.is_file():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8"))["decoding"])
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"{path} does not say how the run decodes",
            cause="the file was cut off or edited by hand",
            remedy=f"restore it, or name the adapter itself: {run / 'adapter'}",
        ) from None

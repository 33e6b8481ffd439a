"""Reading the card beside an adapter, whichever method made it."""

from __future__ import annotations

import json
from pathlib import Path

from medspan.core import ModelError
from medspan.format.card import FILE, FormatCard
from medspan.format.tag_card import TagCard


def load_card(folder: Path) -> FormatCard | TagCard:
    """The card beside an adapter; ModelError where there is none: a format is never guessed."""
    path = folder / FILE
    if not path.is_file():
        raise ModelError(
            f"{folder} has no {FILE}",
            cause="the adapter was trained elsewhere, or only its weights were copied",
            remedy=f"copy {FILE} from the run that made it, "
            "or write one (docs/architecture.md shows the fields)",
        )
    try:
        data = json.loads(path.read_text("utf-8"))
        return TagCard.from_json(data) if data.get("method") == "tag" else FormatCard.from_json(data)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{path} cannot be read: {error}",
            cause="it was edited by hand or cut off",
            remedy="restore it from the run's checkpoints",
        ) from error

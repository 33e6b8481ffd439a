"""Rows that ask or answer nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from medspan.audit.draft import Draft
from medspan.audit.remedies import Remedy, open_drafts, register
from medspan.core import Schema

SPOKEN = ("sections", "compact")
"""Formats whose answers are never blank."""


@register
class EmptyRow(Remedy):
    """An honest negative is not empty: it teaches a model to stay silent.

    A blank target is one where the format has no other way to say that there is nothing (`tasks`: a list
    without items). Where it has (`None found.` in `sections`, the names of the types in `compact`), a
    blank target is an answer that was lost, and teaches a model to break the format.
    """

    id: ClassVar[str] = "empty-row"
    does: ClassVar[str] = (
        "Rows without a text are removed, and rows with a blank target where the format has words for "
        "nothing found; rows that say that there is nothing stay."
    )
    turn: ClassVar[int] = 6
    of_rows: ClassVar[bool] = True

    def mend(self, drafts: Sequence[Draft], schema: Schema | None) -> None:
        for draft in drafts:
            if not (draft.gone or draft.row.text.strip()):
                draft.drop(self.id, "it has no text")
        for draft in open_drafts(drafts):
            if _lacks_an_answer(draft):
                draft.drop(self.id, "its target is blank, and the format has words for nothing found")


def _lacks_an_answer(draft: Draft) -> bool:
    written = draft.row.written
    if written is None or written.target.strip():
        return False
    codec = draft.codec
    return codec is not None and codec.name in SPOKEN

"""What a safe remedy is, and the register of remedies.

To add one, put a file into `fixes/` that holds a `Remedy` under `@register`: `medspan audit --fix` then
applies it.
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar, TypeVar

from medspan.audit.draft import Draft
from medspan.core import Schema


class Remedy(ABC):
    """Repairs one fault wherever there is only one way to do it; `id` names it in the list of changes.

    `does` says in a sentence what becomes of what, and `turn` after which others it comes. Remedies are
    applied in turns until none finds anything: what one leaves must be nothing that another undoes.
    """

    id: ClassVar[str]
    does: ClassVar[str]
    turn: ClassVar[int]
    of_rows: ClassVar[bool] = False
    """Whether it removes whole rows, which it judges by what they will say after all changes of items."""

    @abstractmethod
    def mend(self, drafts: Sequence[Draft], schema: Schema | None) -> None:
        """Change the drafts, all of the data. `schema` is what the user states, not what is inferred.

        Those that are `gone` are none of the data any more; items of a `frozen` one stay as they are.
        """


_REMEDIES: dict[str, Remedy] = {}
RemedyClass = TypeVar("RemedyClass", bound=type[Remedy])


def register(remedy_class: RemedyClass) -> RemedyClass:
    """Class decorator: make a remedy known by its id."""
    if remedy_class.id in _REMEDIES:
        raise ValueError(f"the remedy {remedy_class.id!r} is registered twice")
    _REMEDIES[remedy_class.id] = remedy_class()
    return remedy_class


@lru_cache(maxsize=1)
def _import_all() -> None:
    import medspan.audit.fixes as room

    for module in pkgutil.iter_modules(room.__path__):
        importlib.import_module(f"{room.__name__}.{module.name}")


def remedies() -> dict[str, Remedy]:
    """Every registered remedy by id, in turn."""
    _import_all()
    return dict(sorted(_REMEDIES.items(), key=lambda pair: (pair[1].turn, pair[0])))


def open_drafts(drafts: Sequence[Draft]) -> list[Draft]:
    """Those that may be changed: not gone, not frozen, and with a reference."""
    return [
        draft
        for draft in drafts
        if not (draft.gone or draft.frozen) and draft.row.example.reference is not None
    ]

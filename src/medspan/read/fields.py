"""Typed access to the keys of a JSON row, with errors that name the key, the keys found and the nearest."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, TypeVar

from medspan.core import InputError, Place

Kind = TypeVar("Kind")
_NAMES = {
    "str": "a string",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "NoneType": "null",
    "list": "a list",
    "dict": "an object",
}


def as_object(value: Any, place: Place, what: str = "the row") -> dict[str, Any]:
    """`value` as a JSON object. InputError otherwise."""
    return of_kind(value, dict, place, what)


def required(row: dict[str, Any], key: str, kind: type[Kind], place: Place) -> Kind:
    """The value of a key that must be there and of this kind. InputError otherwise."""
    if key not in row:
        raise InputError(
            f"the key {key!r} is missing; the row has {_listed(row)}",
            cause=_cause(row, key),
            remedy=f"rename or add the key {key!r}, or name another format with --format",
            place=place,
        )
    return of_kind(row[key], kind, place, f"the value of {key!r}")


def optional(row: dict[str, Any], key: str, kind: type[Kind], place: Place) -> Kind | None:
    """The value of a key that may be missing or null. InputError where it is of another kind."""
    value = row.get(key)
    return None if value is None else of_kind(value, kind, place, f"the value of {key!r}")


def of_kind(value: Any, kind: type[Kind], place: Place, what: str) -> Kind:
    """`value` where it is of this kind; true and false are no numbers."""
    if isinstance(value, kind) and not (isinstance(value, bool) and kind is not bool):
        return value
    found = _NAMES.get(type(value).__name__, type(value).__name__)
    shown = repr(value)
    raise InputError(
        f"{what} is {found}, not {_NAMES.get(kind.__name__, kind.__name__)}: "
        f"{shown if len(shown) <= 80 else shown[:80] + '...'}",
        cause="the file is of another format, or the program that wrote it changed",
        remedy="repair the row, or name another format with --format",
        place=place,
    )


def _listed(row: dict[str, Any]) -> str:
    return "the keys " + ", ".join(repr(key) for key in list(row)[:12]) if row else "no keys"


def _cause(row: dict[str, Any], key: str) -> str:
    lower = {found.lower(): found for found in row}
    nearest = get_close_matches(key.lower(), lower, n=1)
    if nearest:
        return f"{lower[nearest[0]]!r} was written for {key!r}"
    return "the file is of another format"

"""Examples that are sent to a part by the caller."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from medspan.core import ConfigError, Example, InputError

Pin = Callable[[Example], str | None]


def pinned_part(
    members: Iterable[int],
    rows: Sequence[Example],
    shares: Mapping[str, float],
    pinned: Pin,
    pins: Counter[str],
) -> str | None:
    """The part that rows which stay together are pinned to, if any; `pins` counts those that were.

    ConfigError where that is no part; InputError where two of them are pinned to different parts.
    """
    found: tuple[str, Example] | None = None
    for row in members:
        part = pinned(rows[row])
        if part is None:
            continue
        if part not in shares:
            raise ConfigError(
                f"{rows[row].id} is pinned to {part!r}, which is no part",
                cause=f"the parts are {', '.join(shares)}",
                remedy="pin to one of the parts, or give the part a share",
            )
        if found is not None and found[0] != part:
            raise InputError(
                f"{found[1].id} is pinned to {found[0]} and {rows[row].id} to {part}",
                cause="the two belong to one document group, or their texts are equal or nearly so",
                remedy="pin both to one part, or drop one of them",
                place=rows[row].place,
            )
        found = found or (part, rows[row])
        pins[part] += 1
    return found[0] if found else None

"""Which ways of writing a relation say the same: symmetric types and inverse types of a schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from medspan.core import Schema

End = TypeVar("End")


@dataclass(frozen=True, slots=True)
class Directions:
    """What a schema says of directions; without one, every relation counts as it is written.

    `symmetric`: types whose ends may change places. `inverses`: of two types that say the same
    backwards, the second in order of name, brought to the first.
    """

    symmetric: frozenset[str] = frozenset()
    inverses: Mapping[str, str] = field(default_factory=dict, hash=False)

    @classmethod
    def of(cls, schema: Schema | None) -> Directions:
        if schema is None:
            return NO_DIRECTIONS
        pairs = {
            frozenset((one.name, one.inverse))
            for one in schema.relation_types
            if one.inverse is not None and one.inverse != one.name
        }
        return cls(
            frozenset(one.name for one in schema.relation_types if one.symmetric or one.inverse == one.name),
            {max(pair): min(pair) for pair in pairs},
        )

    def written(self, head: End, type: str, tail: End) -> tuple[End, str, End]:
        """A relation under the one of its two inverse types that stands for both."""
        first = self.inverses.get(type)
        return (head, type, tail) if first is None else (tail, first, head)


NO_DIRECTIONS = Directions()

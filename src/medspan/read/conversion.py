"""From one format to another, in a stream: what arrived, what became of it, what could not be held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from medspan.core import Annotation, Endpoint, Example, InputError, Mention, Relation, UnalignedMention
from medspan.read.corpus import Counts, Rejected
from medspan.read.endpoints import LEVELS, AtLevel, Level
from medspan.read.losses import Listener
from medspan.read.stream import OnError, Stream
from medspan.read.write import write

End = TypeVar("End", bound=Endpoint)
Item = TypeVar("Item", Mention, Relation)
Which = Literal["as-read", "predicted"]
WHICH: tuple[Which, ...] = ("as-read", "predicted")
TELL_EVERY = 100
"""After how many documents the running count is told."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """What is asked of a conversion.

    `relations`: `as-read`, or the level that all are brought to (see `AtLevel`). `annotation`: `as-read`
    keeps the reference and the predicted annotation, `predicted` the latter alone. `renames`: new names
    of entity and relation types by their old ones. InputError where a value is unknown.
    """

    to: str
    format: str = "auto"
    relations: Level = "as-read"
    annotation: Which = "as-read"
    renames: Mapping[str, str] = field(default_factory=dict)
    on_error: OnError = "stop"

    def __post_init__(self) -> None:
        for option, value, known in (
            ("relations", self.relations, LEVELS),
            ("annotation", self.annotation, WHICH),
        ):
            if value not in known:
                raise InputError(f"--{option} is {value!r}", remedy=f"use {', '.join(known)}")


@dataclass
class Converted:
    """What a conversion did, added up over its files.

    `renamed` counts items by their old type; `merged` says how many were the same as another then.
    """

    formats: list[str] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    brought: Counter[str] = field(default_factory=Counter)
    renamed: Counter[str] = field(default_factory=Counter)
    merged: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    rejected: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            **self.counts.to_json(),
            "from": ", ".join(dict.fromkeys(self.formats)),
            "brought": dict(sorted(self.brought.items())),
            "renamed": dict(sorted(self.renamed.items())),
            "merged": self.merged,
            "lost": dict(sorted(self.lost.items())),
            "rejected": self.rejected,
        }

    def add(self, other: Converted) -> None:
        """Add what was done for a further file."""
        self.formats += other.formats
        self.counts.join(other.counts)
        self.brought += other.brought
        self.renamed.update(other.renamed)  # + would drop the names that occur nowhere
        self.merged += other.merged
        self.lost += other.lost
        self.rejected += other.rejected


def convert(
    sources: Sequence[Path],
    target: Path,
    asked: Conversion,
    *,
    tell_lost: Listener | None = None,
    tell_rejected: Callable[[Rejected], None] = lambda row: None,
    tell: Callable[[int], None] = lambda documents: None,
) -> Converted:
    """Write the examples of `sources`, one file after another, to `target`.

    `tell_lost` and `tell_rejected` hear what is left out, `tell` every hundred documents how many
    there are. InputError where a source or the target cannot be used.
    """
    done = Converted()

    def refuse(row: Rejected) -> None:
        done.rejected += 1
        tell_rejected(row)

    streams = [
        Stream(source, format=asked.format, on_error=asked.on_error, heard=refuse) for source in sources
    ]
    renamed = _Renamed(_Together(streams), asked, done)
    brought = AtLevel(renamed, asked.relations)
    done.lost = write(target, _Counted(brought, done, tell), asked.to, tell_lost)
    done.brought = brought.counts
    done.formats = [stream.format.name for stream in streams]
    return done


# Writers may go through the examples twice: what is counted on the way is counted anew each time.


class _Together:
    def __init__(self, streams: Sequence[Stream]):
        self._streams = streams

    def __iter__(self) -> Iterator[Example]:
        for stream in self._streams:
            yield from stream


class _Counted:
    def __init__(self, examples: Iterable[Example], done: Converted, tell: Callable[[int], None]):
        self._examples, self._done, self._tell = examples, done, tell

    def __iter__(self) -> Iterator[Example]:
        counts = self._done.counts = Counts()
        for example in self._examples:
            counts.add(example)
            if counts.documents % TELL_EVERY == 0:
                self._tell(counts.documents)
            yield example


class _Renamed:
    """The annotations that are asked for, their types under the names that are asked for."""

    def __init__(self, examples: Iterable[Example], asked: Conversion, done: Converted):
        self._examples, self._asked, self._done = examples, asked, done

    def __iter__(self) -> Iterator[Example]:
        self._done.renamed, self._done.merged = Counter(dict.fromkeys(self._asked.renames, 0)), 0
        for example in self._examples:
            reference = None if self._asked.annotation == "predicted" else example.reference
            if self._asked.renames:
                yield replace(example, reference=self._of(reference), predicted=self._of(example.predicted))
            else:
                yield example if reference is example.reference else replace(example, reference=None)

    def _of(self, annotation: Annotation | None) -> Annotation | None:
        if annotation is None:
            return None
        found: tuple[Mention | UnalignedMention | Relation, ...]
        found = (*annotation.mentions, *annotation.unaligned, *annotation.relations)
        self._done.renamed.update(item.type for item in found if item.type in self._asked.renames)
        return replace(
            annotation,
            mentions=self._once(annotation.mentions, self._end),
            unaligned=tuple(map(self._end, annotation.unaligned)),
            relations=self._once(annotation.relations, self._relation),
        )

    def _once(self, items: Iterable[Item], named: Callable[[Item], Item]) -> tuple[Item, ...]:
        """The items under their new names, once where that alone has made two of them the same."""
        found: list[Item] = []
        was: dict[Item, Item] = {}
        for item in items:
            new = named(item)
            if was.setdefault(new, item) != item:
                self._done.merged += 1
            else:
                found.append(new)
        return tuple(found)

    def _end(self, end: End) -> End:
        return replace(end, type=self._name(end.type)) if end.type else end

    def _relation(self, relation: Relation) -> Relation:
        head, tail = self._end(relation.head), self._end(relation.tail)
        return replace(relation, head=head, tail=tail, type=self._name(relation.type))

    def _name(self, type_: str) -> str:
        return self._asked.renames.get(type_, type_)

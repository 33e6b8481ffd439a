"""What the report shows of each document, in the compact form that the page's script reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from medspan.core import Annotation, Concept, Endpoint, Example, Mention, Relation, Segment, UnalignedMention
from medspan.evaluate.highlight import Mark, Verdict, cuts, in_order, lanes_of, utf16
from medspan.evaluate.match import (
    NO_DIRECTIONS,
    Directions,
    How,
    both_sides,
    links_concepts,
    match_mentions,
    match_relations,
)
from medspan.text import fold

VERDICTS: tuple[Verdict, ...] = ("found", "missed", "spurious")

_Item = Mention | UnalignedMention | Relation
_Keys = dict[tuple[str, str], int]


class KnownError(Protocol):
    """A missed or spurious item of the document at this index, with the kind of error it is."""

    @property
    def document(self) -> int: ...
    @property
    def side(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def item(self) -> Any: ...


@dataclass(slots=True)
class Views:
    """Makes the rows; `types` and `kinds` number the (group, name) pairs in the order of their first use.

    Mentions are shown by place (strict match), relations by the match `relations`, which is the one that
    `errors` were counted under, if there are any.
    """

    examples: Sequence[Example]
    errors: Sequence[KnownError] = ()
    relations: How = "text"
    directions: Directions = NO_DIRECTIONS
    types: _Keys = field(default_factory=dict)
    kinds: _Keys = field(default_factory=dict)

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row for each document, in order. Fields that would be empty are left out.

        `i` id, `q` task, `p` file and row, `t` text. Each item begins with [type, verdict, kind or -1],
        of which `types`, VERDICTS and `kinds` give the names. `m` mentions: [..., lane, end]. `c` the cut
        text: [end, mention, ...], outermost lane first. `u` mentions without a place: [..., text, reason].
        `r` relations: [..., head, tail, place of head, place of tail], a place being the first and the
        last of the cuts, or null. Ends are in UTF-16 units. `x` unread output, `o` the output as
        generated, `z` 1 where it was cut off.
        """
        by_document: dict[int, list[KnownError]] = {}
        for error in self.errors:
            by_document.setdefault(error.document, []).append(error)
        linked = links_concepts(self.examples)
        for place, example in enumerate(self.examples):
            yield self._row(example, linked[place], by_document.get(place, ()))

    def _row(self, example: Example, linked: bool, errors: Sequence[KnownError]) -> dict[str, Any]:
        both_sides(example)
        named = _Kinds(errors, by_string=self.relations == "text")
        mentions: list[tuple[Mark, list[int]]] = []
        unplaced: list[list[Any]] = []
        outcome = match_mentions(example, "strict")
        for verdict in VERDICTS:
            for item in getattr(outcome, verdict):
                head = self._head("entities", item, verdict, named)
                if isinstance(item, Mention):
                    mentions.append((Mark(item.segments, item.type, verdict), head))
                else:
                    unplaced.append([*head, item.text, item.reason])
        relations = match_relations(example, self.relations, linked=linked, directions=self.directions)
        joined = [
            (self._head("relations", one, verdict, named), one)
            for verdict in VERDICTS
            for one in getattr(relations, verdict)
        ]
        for error in named.left():
            # Items of another match than the one shown: said beside it, for nothing may go missing.
            head = self._head(error.group, error.item, _verdict(error), named, error)
            if isinstance(error.item, Relation):
                joined.append((head, error.item))
            elif isinstance(error.item, Mention):
                mentions.append((Mark(error.item.segments, error.item.type, _verdict(error)), head))
            else:
                unplaced.append([*head, error.item.text, error.item.reason])
        return _filled(example, mentions, unplaced, joined)

    def _head(
        self, group: str, item: _Item, verdict: Verdict, named: _Kinds, error: KnownError | None = None
    ) -> list[int]:
        kind = error.kind if error else named.take(group, verdict, item)
        type = self.types.setdefault((group, item.type), len(self.types))
        number = -1 if kind is None else self.kinds.setdefault((group, kind), len(self.kinds))
        return [type, VERDICTS.index(verdict), number]


class _Kinds:
    """The kinds of one document's errors, by item.

    An error of the text match, which is one for all occurrences of a string, is that of each occurrence.
    """

    def __init__(self, errors: Sequence[KnownError], by_string: bool) -> None:
        self._by_string = by_string
        self._errors = {self._key(one.group, one.side, one.item): one for one in errors}
        self._used: set[Any] = set()

    def _key(self, group: str, side: str, item: _Item) -> Any:
        if self._by_string and not isinstance(item, Relation):
            return group, side, item.type, fold(item.text)
        return group, side, item

    def take(self, group: str, verdict: str, item: _Item) -> str | None:
        key = self._key(group, verdict, item)
        error = self._errors.get(key)
        self._used.add(key)
        return error.kind if error else None

    def left(self) -> list[KnownError]:
        return [error for key, error in self._errors.items() if key not in self._used]


def _verdict(error: KnownError) -> Verdict:
    return "missed" if error.side == "missed" else "spurious"


def _filled(
    example: Example,
    mentions: Sequence[tuple[Mark, list[int]]],
    unplaced: Sequence[list[Any]],
    joined: Sequence[tuple[list[int], Relation]],
) -> dict[str, Any]:
    """The row of a document with its items, as `Views.rows` says."""
    reference, predicted = both_sides(example)
    text = example.document.text
    heads = {id(mark): head for mark, head in mentions}
    marks = in_order(mark for mark, _ in mentions)
    lanes = lanes_of(marks)
    first = _first_mentions(reference)
    spots = [[_spot(end, first) for end in (one.head, one.tail)] for _, one in joined]
    bounds = {bound for pair in spots for spot in pair if spot for bound in spot}
    cut = cuts(len(text), marks, lanes, bounds)
    unit = utf16(text)
    starts = {run.start: place for place, run in enumerate(cut)}
    ends = {run.end: place for place, run in enumerate(cut)}
    row = {
        "i": example.id,
        "q": example.task,
        "p": str(example.place) if example.place else None,
        "t": text,
        "c": [[unit(run.end), *run.marks] for run in cut],
        "m": [
            [*heads[id(mark)], lane, unit(mark.segments[-1][1])]
            for mark, lane in zip(marks, lanes, strict=True)
        ],
        "u": list(unplaced),
        "r": [
            [
                *head,
                end_name(one.head, first),
                end_name(one.tail, first),
                *([starts[spot[0]], ends[spot[1]]] if spot else None for spot in pair),
            ]
            for (head, one), pair in zip(joined, spots, strict=True)
        ],
        "x": [piece for piece in predicted.unparsed if piece.strip()],
        "o": example.raw,
        "z": int(example.truncated),
    }
    # An empty output as generated is worth telling, so only None is left out of it.
    return {name: value for name, value in row.items() if value or (name == "o" and value is not None)}


def _first_mentions(annotation: Annotation) -> dict[str, Mention]:
    """The first mention of each concept."""
    found: dict[str, Mention] = {}
    for mention in annotation.mentions:
        for concept in mention.concepts:
            found.setdefault(concept, mention)
    return found


def _spot(end: Endpoint, first: Mapping[str, Mention]) -> Segment | None:
    """Where an arc begins or ends: the mention's first segment."""
    if isinstance(end, Concept):
        known = first.get(end.id)
        return known.segments[0] if known else None
    return end.segments[0] if isinstance(end, Mention) else None


def end_name(end: Endpoint, first: Mapping[str, Mention]) -> str:
    """How an endpoint is written in the report: its text, or a concept's first mention with its id."""
    if not isinstance(end, Concept):
        return end.text or "(blank)"
    known = first.get(end.id)
    return end.id if known is None else f"{known.text} ({end.id})"

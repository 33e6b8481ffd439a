"""The errors of a set by kind: shares, what mending each would gain, and examples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from medspan.core import Concept, Endpoint, Example, Mention, Relation, Schema, Segment, UnalignedMention
from medspan.evaluate.errors.classify import classified
from medspan.evaluate.errors.kinds import GROUPS, KIND_MEANINGS, ErrorSide, Group, ItemError
from medspan.evaluate.match import NO_DIRECTIONS, Directions, How, listed
from medspan.evaluate.sides import concept_ids

EXAMPLES = 5
"""How many errors of a kind are shown."""

AROUND = 60
"""How many characters of the text are shown before and after an error, at most; whole words of them."""

WIDEST = 400
"""How much of the text is shown at most: of a relation across a long text, what is around its first end."""


@dataclass(frozen=True, slots=True)
class ErrorExample:
    """An error to show: what it says, its counterpart, and the text around it.

    `window` is a piece of the document's text, `marks` the places of the item in it (and of the
    counterpart, where that stands in it too); without a place both are empty.
    """

    document: str
    task: str | None
    side: ErrorSide
    item: str
    type: str
    other: str | None
    other_type: str | None
    window: str
    marks: tuple[Segment, ...]
    other_marks: tuple[Segment, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "document": self.document,
            "task": self.task,
            "side": self.side,
            "item": self.item,
            "type": self.type,
            "other": self.other,
            "other_type": self.other_type,
            "window": self.window,
            "marks": [list(mark) for mark in self.marks],
            "other_marks": [list(mark) for mark in self.other_marks],
        }


@dataclass(frozen=True, slots=True)
class KindErrors:
    """One kind of a group: its errors, their share of all errors of the group, and what mending gains.

    `share` is None where the group has no errors. `mended_f1` is the F1 if the kind's missed items were
    found and its spurious ones gone; None where nothing would be left to score.
    """

    false_positives: int
    false_negatives: int
    share: float | None
    mended_f1: float | None
    gain: float | None
    examples: tuple[ErrorExample, ...]

    @property
    def errors(self) -> int:
        return self.false_positives + self.false_negatives


@dataclass(frozen=True, slots=True)
class GroupErrors:
    """All kinds of a group in order of precedence, and the counts they add up to."""

    true_positives: int
    false_positives: int
    false_negatives: int
    kinds: Mapping[str, KindErrors]

    @property
    def f1(self) -> float | None:
        """Micro F1 as it is; None where it is undefined."""
        return _f1(self.true_positives, self.false_positives, self.false_negatives)


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """The errors of a set by group and kind, under the match `how`.

    `errors`: one by one, as `classify` gives them; they are not part of the JSON.
    """

    how: How
    documents: int
    groups: Mapping[Group, GroupErrors]
    errors: Sequence[ItemError] = field(default=(), repr=False)

    def to_json(self) -> dict[str, Any]:
        """The counts, shares and gains of every kind, those without errors too, with the examples."""
        return {
            "schema_version": 1,
            "match": self.how,
            "documents": self.documents,
            **{
                group: {
                    "true_positives": found.true_positives,
                    "false_positives": found.false_positives,
                    "false_negatives": found.false_negatives,
                    "f1": found.f1,
                    "kinds": {
                        kind: {
                            "meaning": KIND_MEANINGS[group][kind],
                            "false_positives": one.false_positives,
                            "false_negatives": one.false_negatives,
                            "share": one.share,
                            "mended_f1": one.mended_f1,
                            "gain": one.gain,
                            "examples": [example.to_json() for example in one.examples],
                        }
                        for kind, one in found.kinds.items()
                    },
                }
                for group, found in self.groups.items()
            },
        }


def taxonomy(
    examples: Sequence[Example],
    how: How | None = None,
    *,
    schema: Schema | None = None,
    training: Sequence[Example] = (),
    directions: Directions = NO_DIRECTIONS,
) -> Taxonomy:
    """The errors of `examples` by kind; parameters and errors as `classify`."""
    result = classified(examples, how, schema=schema, training=training, directions=directions)
    by_kind: dict[tuple[Group, str], list[ItemError]] = {}
    for error in result.errors:
        by_kind.setdefault((error.group, error.kind), []).append(error)
    ranks = _ranks(examples)
    groups: dict[Group, GroupErrors] = {}
    for group in GROUPS:
        of_kinds = {kind: by_kind.get((group, kind), []) for kind in KIND_MEANINGS[group]}
        groups[group] = _group(examples, of_kinds, result.found[group], ranks)
    return Taxonomy(result.how, len(examples), groups, result.errors)


def _group(
    examples: Sequence[Example], of_kinds: Mapping[str, Sequence[ItemError]], found: int, ranks: Sequence[int]
) -> GroupErrors:
    counts = {kind: _sides(errors) for kind, errors in of_kinds.items()}
    spurious = sum(count for count, _ in counts.values())
    missed = sum(count for _, count in counts.values())
    now = _f1(found, spurious, missed)
    kinds = {}
    for kind, (extra, lost) in counts.items():
        mended = _f1(found + lost, spurious - extra, missed - lost)
        kinds[kind] = KindErrors(
            false_positives=extra,
            false_negatives=lost,
            share=(extra + lost) / (spurious + missed) if spurious + missed else None,
            mended_f1=mended,
            gain=None if now is None or mended is None else mended - now,
            examples=tuple(_shown(examples[one.document], one) for one in _chosen(of_kinds[kind], ranks)),
        )
    return GroupErrors(found, spurious, missed, kinds)


def _sides(errors: Iterable[ItemError]) -> tuple[int, int]:
    sides = [error.side for error in errors]
    return sides.count("spurious"), sides.count("missed")


def _f1(true_positives: int, false_positives: int, false_negatives: int) -> float | None:
    of = 2 * true_positives + false_positives + false_negatives
    return 2 * true_positives / of if of else None


def _ranks(examples: Sequence[Example]) -> list[int]:
    """For each document its place in an order that does not hang on the order of the rows."""
    order = sorted(
        range(len(examples)),
        key=lambda number: (
            examples[number].id,
            examples[number].task or "",
            examples[number].document.text,
        ),
    )
    ranks = [0] * len(examples)
    for rank, number in enumerate(order):
        ranks[number] = rank
    return ranks


def _chosen(errors: Sequence[ItemError], ranks: Sequence[int]) -> list[ItemError]:
    """The first errors that say something new, then the first of the others."""
    ordered = sorted(errors, key=lambda error: ranks[error.document])
    new: list[ItemError] = []
    rest: list[ItemError] = []
    seen = set()
    for error in ordered:
        said = error.side, item_name(error.item).lower()
        (rest if said in seen else new).append(error)
        seen.add(said)
        if len(new) == EXAMPLES:
            return new
    return (new + rest)[:EXAMPLES]


def _shown(example: Example, error: ItemError) -> ErrorExample:
    text = example.document.text
    mine = _segments(error.item)
    its = _segments(error.other) if error.other is not None else ()
    start = end = 0
    if mine or its:
        bounds = mine or its
        first, last = min(bounds)[0], max(bound for _, bound in bounds)
        start, end = _window(text, first, last if last - first <= WIDEST else bounds[0][1])
    return ErrorExample(
        document=example.id,
        task=example.task,
        side=error.side,
        item=_named(error.item, example),
        type=error.item.type,
        other=None if error.other is None else _named(error.other, example),
        other_type=None if error.other is None else error.other.type,
        window=text[start:end],
        marks=_within(mine, start, end),
        other_marks=_within(its, start, end),
    )


def item_name(item: Mention | UnalignedMention | Relation) -> str:
    """How an item is written: a mention's text, a relation as `head --[type]--> tail`."""
    if isinstance(item, Relation):
        return f"{_end_name(item.head)} --[{item.type}]--> {_end_name(item.tail)}"
    return item.text


def _end_name(end: Endpoint) -> str:
    return end.id if isinstance(end, Concept) else end.text


def _named(item: Mention | UnalignedMention | Relation, example: Example) -> str:
    """As `item_name`; a concept that the document mentions as `name (id)`."""
    if not isinstance(item, Relation):
        return item.text
    head, tail = (
        f"{name} ({end.id})"
        if isinstance(end, Concept) and (name := _mentioned(end, example))
        else _end_name(end)
        for end in (item.head, item.tail)
    )
    return f"{head} --[{item.type}]--> {tail}"


def _mentioned(concept: Concept, example: Example) -> str | None:
    """The first string of a concept in the document, the reference before the prediction."""
    wanted = set(concept_ids(concept))
    for annotation in (example.reference, example.predicted):
        its = [one for one in listed(annotation) if wanted & set(concept_ids(one))] if annotation else []
        if its:
            return " ".join(min(its, key=_place_and_text).text.split())
    return None


def _place_and_text(item: Mention | UnalignedMention) -> tuple[bool, tuple[Segment, ...], str]:
    """Placed items in order of the text, then the others."""
    return (False, item.segments, item.text) if isinstance(item, Mention) else (True, (), item.text)


def _segments(item: Mention | UnalignedMention | Relation) -> tuple[Segment, ...]:
    ends = (item.head, item.tail) if isinstance(item, Relation) else (item,)
    return tuple(sorted({one for end in ends if isinstance(end, Mention) for one in end.segments}))


def _window(text: str, first: int, last: int) -> tuple[int, int]:
    """The characters around `[first, last)`, cut between words where there is a space to cut at."""
    start, end = max(0, first - AROUND), min(len(text), last + AROUND)
    if start:
        space = text.find(" ", start - 1, first)
        start = space + 1 if space >= 0 else start
    if end < len(text):
        space = text.rfind(" ", last, end + 1)
        end = space if space >= 0 else end
    return start, end


def _within(segments: Iterable[Segment], start: int, end: int) -> tuple[Segment, ...]:
    return tuple((first - start, last - start) for first, last in segments if start <= first and last <= end)

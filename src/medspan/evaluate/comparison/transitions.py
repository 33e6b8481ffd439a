"""What became of each item and each document from one system to another: fixed, broken, changed, same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from medspan.core import Concept, Endpoint, Example, Mention, Relation, UnalignedMention
from medspan.evaluate.match import Kind, Outcome
from medspan.text import fold

State = Literal["fixed", "broken", "changed", "same"]
STATES: tuple[State, ...] = get_args(State)

Item = Mention | UnalignedMention | Relation
Outcomes = dict[Kind, Outcome[Any]]
"""The outcome of one document: mentions by their places (strict), relations by their strings (text)."""


@dataclass(frozen=True, slots=True)
class Change:
    """An item that is right in one system and wrong in the other, or wrong in both but otherwise.

    `was` and `now` say what it is in the first and the second: `found`, `missed`, `spurious`, or `absent`.
    `other` is the second's item where a spurious one changed.
    """

    kind: Kind
    state: State
    item: Item
    was: str
    now: str
    other: Item | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "state": self.state,
            "was": self.was,
            "now": self.now,
            "item": item_json(self.item),
            "other": None if self.other is None else item_json(self.other),
        }


@dataclass(frozen=True, slots=True)
class Transition:
    """What became of one document; `errors` are missed and spurious items in the first and the second.

    `fixed`: errors before and none now. `broken`: none before and some now. `changed`: errors in both,
    but not the same ones. `same`: nothing changed, right or wrong.
    """

    document: int
    id: str
    task: str | None
    errors: tuple[int, int]
    changes: tuple[Change, ...]

    @property
    def state(self) -> State:
        if not self.changes:
            return "same"
        if not self.errors[1]:
            return "fixed"
        return "changed" if self.errors[0] else "broken"

    @property
    def size(self) -> int:
        """How many items changed."""
        return len(self.changes)

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "task": self.task,
            "state": self.state,
            "size": self.size,
            "errors": list(self.errors),
            "changes": [change.to_json() for change in self.changes],
        }


@dataclass(frozen=True, slots=True)
class Transitions:
    """All documents from the one with the largest change on, and how many items came to which state."""

    documents: tuple[Transition, ...]
    items: dict[Kind, dict[State, int]]

    @property
    def examples(self) -> dict[State, int]:
        states = Counter(one.state for one in self.documents)
        return {state: states[state] for state in STATES}

    def to_json(self) -> dict[str, Any]:
        """Counts, and every document that is not the same."""
        return {
            "match": {"entities": "strict", "relations": "text"},
            "examples": self.examples,
            "items": {kind: dict(states) for kind, states in self.items.items()},
            "documents": [one.to_json() for one in self.documents if one.changes],
        }


def transitions(
    examples: Sequence[Example], first: Sequence[Outcomes], second: Sequence[Outcomes]
) -> Transitions:
    """What became of `examples` from the outcomes of the first system to those of the second."""
    items: dict[Kind, Counter[State]] = {"entities": Counter(), "relations": Counter()}
    documents = []
    for place, (example, one, two) in enumerate(zip(examples, first, second, strict=True)):
        changes: list[Change] = []
        for kind in items:
            found, same = item_changes(kind, one[kind], two[kind])
            changes += found
            items[kind].update(change.state for change in found)
            items[kind]["same"] += same
        errors = (_errors(one), _errors(two))
        documents.append(Transition(place, example.id, example.task, errors, tuple(changes)))
    documents.sort(
        key=lambda one: (
            -one.size,
            -abs(one.errors[0] - one.errors[1]),
            one.id,
            one.task or "",
            examples[one.document].document.text,
        )
    )
    counts = {kind: {state: found[state] for state in STATES} for kind, found in items.items()}
    return Transitions(tuple(documents), counts)


def item_changes(kind: Kind, first: Outcome[Any], second: Outcome[Any]) -> tuple[list[Change], int]:
    """The items that changed from one outcome to the other, and how many did not.

    Items of the reference are fixed where only the second system finds them, broken where only the first
    does. A spurious item that the second no longer has is fixed, one that it has anew broken; two that
    speak of the same thing (overlapping mentions, relations between the same two ends) are one changed
    item.
    """
    then, now = set(first.found), set(second.found)
    changes = [Change(kind, "fixed", item, "missed", "found") for item in second.found if item not in then]
    changes += [Change(kind, "broken", item, "found", "missed") for item in first.found if item not in now]
    same = len(first.found) + len(first.missed) - len(changes)
    before, after = _by_claim(first.spurious), _by_claim(second.spurious)
    gone = [item for key, item in before.items() if key not in after]
    new = [item for key, item in after.items() if key not in before]
    same += len(before) - len(gone)
    for item in gone:
        partner = next((other for other in new if _alike(item, other)), None)
        if partner is None:
            changes.append(Change(kind, "fixed", item, "spurious", "absent"))
        else:
            new.remove(partner)
            changes.append(Change(kind, "changed", item, "spurious", "spurious", partner))
    changes += [Change(kind, "broken", item, "absent", "spurious") for item in new]
    return changes, same


def item_json(item: Item) -> dict[str, Any]:
    """A mention or relation in short: type, text or ends, and the place of a mention."""
    if isinstance(item, Relation):
        return {"type": item.type, "head": end_text(item.head), "tail": end_text(item.tail)}
    segments = [list(segment) for segment in item.segments] if isinstance(item, Mention) else None
    return {"type": item.type, "text": item.text, "segments": segments}


def end_text(end: Endpoint) -> str:
    """How an end is written: its text, or a concept's id."""
    return end.id if isinstance(end, Concept) else end.text


def _errors(outcomes: Outcomes) -> int:
    return sum(len(outcome.missed) + len(outcome.spurious) for outcome in outcomes.values())


def _by_claim(items: Iterable[Item]) -> dict[Hashable, Item]:
    found: dict[Hashable, Item] = {}
    for item in items:
        found.setdefault(_claim(item), item)
    return found


def _claim(item: Item) -> Hashable:
    """What a spurious item says: two systems that say the same make the same error."""
    if isinstance(item, Relation):
        return fold(end_text(item.head)), item.type, fold(end_text(item.tail))
    return (item.segments if isinstance(item, Mention) else fold(item.text)), item.type


def _alike(one: Item, other: Item) -> bool:
    if isinstance(one, Relation) and isinstance(other, Relation):
        return {fold(end_text(one.head)), fold(end_text(one.tail))} == {
            fold(end_text(other.head)),
            fold(end_text(other.tail)),
        }
    if isinstance(one, Mention) and isinstance(other, Mention):
        return any(a < d and c < b for a, b in one.segments for c, d in other.segments)
    if isinstance(one, UnalignedMention) and isinstance(other, UnalignedMention):
        return fold(one.text) == fold(other.text)
    return False

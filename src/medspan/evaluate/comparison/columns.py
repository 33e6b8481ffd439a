"""Outputs side by side, in the compact form that the page's script reads."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from medspan.core import Annotation, Concept, Endpoint, Example, Mention, Relation, UnalignedMention
from medspan.evaluate.comparison.result import Comparison
from medspan.evaluate.comparison.transitions import STATES, Item, Outcomes
from medspan.evaluate.highlight import utf16
from medspan.evaluate.match import listed, places
from medspan.text import fold

VERDICTS = ("found", "missed", "spurious")
"""In the columns of a text without a reference, `found` stands for what all systems give."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the systems find in one text that has no reference: for each, its answered examples."""

    text: str
    names: tuple[str, ...]
    found: tuple[tuple[Example, ...], ...]

    def claims(self) -> tuple[dict[Hashable, Item], ...]:
        """For each system what it says, by what makes two items the same: type, and place or strings."""
        return tuple(_claims(examples) for examples in self.found)

    def shared(self) -> set[Hashable]:
        """What all systems say."""
        return set.intersection(*(set(found) for found in self.claims()))

    def to_json(self) -> dict[str, Any]:
        """Every item that any system gives, with the systems that give it."""
        claims = self.claims()
        items = []
        for key, item in {key: item for found in claims for key, item in found.items()}.items():
            kind = "relations" if isinstance(item, Relation) else "entities"
            given = [name for name, found in zip(self.names, claims, strict=True) if key in found]
            items.append({"kind": kind, **item_facts(item), "given_by": given})
        return {"text": self.text, "items": items}


def item_facts(item: Item) -> dict[str, Any]:
    """An item of an answer as JSON."""
    if isinstance(item, Relation):
        return {"type": item.type, "head": _end(item.head), "tail": _end(item.tail)}
    segments = [list(segment) for segment in item.segments] if isinstance(item, Mention) else None
    return {"type": item.type, "text": item.text, "segments": segments}


@dataclass(slots=True)
class Columns:
    """Makes the rows of the page; `types` numbers the types in the order of their first use.

    A row: `i` id, `q` task, `t` text, `s` for each system but the first the state (of STATES), `z` how
    many items changed, `e` for each system its errors, `v` for each system a column. A column: `m`
    mentions [type, verdict, start, end, ...] in UTF-16 units, `u` mentions without a place [type, verdict,
    text], `r` relations [type, verdict, head, tail], `x` pieces of output that no format could read, `o`
    the output as generated, `c` 1 where it was cut off. Types and verdicts are numbers.
    """

    types: dict[str, int] = field(default_factory=dict)

    def rows(self, found: Comparison) -> Iterator[dict[str, Any]]:
        """One row for each document, those with the largest change first (against any system)."""
        states = [{one.document: one for one in against.transitions.documents} for against in found.against]

        def rank(place: int) -> tuple[Any, ...]:
            by_system = [state[place] for state in states]
            return (
                -max(one.size for one in by_system),
                -max(abs(one.errors[0] - one.errors[1]) for one in by_system),
                by_system[0].id,
                by_system[0].task or "",
                found.systems[0].examples[place].document.text,
            )

        for place in sorted(range(found.documents), key=rank):
            example = found.systems[0].examples[place]
            at = utf16(example.document.text)
            by_system = [state[place] for state in states]
            yield {
                "i": example.id,
                **({"q": example.task} if example.task else {}),
                "t": example.document.text,
                "s": [STATES.index(one.state) for one in by_system],
                "z": [one.size for one in by_system],
                "e": [by_system[0].errors[0], *(one.errors[1] for one in by_system)],
                "v": [
                    self._column(system.examples[place], outcomes[place], at)
                    for system, outcomes in zip(found.systems, found.outcomes, strict=True)
                ],
            }

    def answers(self, answers: Answers) -> dict[str, Any]:
        """The row of a text without a reference."""
        shared = answers.shared()
        at = utf16(answers.text)
        columns = []
        for examples, claims in zip(answers.found, answers.claims(), strict=True):
            column: dict[str, Any] = {"m": [], "u": [], "r": []}
            for key, item in claims.items():
                self._put(column, item, VERDICTS[0 if key in shared else 2], at)
            _add_output(column, examples)
            columns.append(column)
        return {"i": "", "t": answers.text, "v": columns}

    def _column(self, example: Example, outcomes: Outcomes, at: Callable[[int], int]) -> dict[str, Any]:
        column: dict[str, Any] = {"m": [], "u": [], "r": []}
        for kind in ("entities", "relations"):
            for verdict in VERDICTS:
                side = example.predicted if verdict == "spurious" else example.reference
                for item in getattr(outcomes[kind], verdict):
                    self._put(column, item, verdict, at, side)
        _add_output(column, (example,))
        return column

    def _put(
        self,
        column: dict[str, Any],
        item: Item,
        verdict: str,
        at: Callable[[int], int],
        side: Annotation | None = None,
    ) -> None:
        head: list[Any] = [self.types.setdefault(item.type, len(self.types)), VERDICTS.index(verdict)]
        if isinstance(item, Relation):
            column["r"].append([*head, _end(item.head, side), _end(item.tail, side)])
        elif isinstance(item, UnalignedMention):
            column["u"].append([*head, item.text])
        else:
            bounds = [bound for segment in item.segments for bound in segment]
            column["m"].append([*head, *map(at, bounds)])


def _add_output(column: dict[str, Any], examples: Sequence[Example]) -> None:
    unread = [piece for one in examples if one.predicted for piece in one.predicted.unparsed if piece.strip()]
    raw = [one.raw for one in examples if one.raw is not None]
    column.update({"x": unread} if unread else {})
    column.update({"o": "\n".join(raw)} if raw else {})
    column.update({"c": 1} if any(one.truncated for one in examples) else {})


def _claims(examples: Sequence[Example]) -> dict[Hashable, Item]:
    found: dict[Hashable, Item] = {}
    for example in examples:
        annotation = example.predicted
        if annotation is None:
            continue
        text = example.document.text
        for item in listed(annotation):
            if isinstance(item, UnalignedMention):
                found.setdefault(("unaligned", item.type, fold(item.text)), item)
                continue
            for segments in places(item, text, annotation.scope):
                words = " ".join(text[start:end] for start, end in segments)
                found.setdefault((segments, item.type), Mention(segments, item.type, words))
        for relation in annotation.relations:
            key = ("relation", fold(_end(relation.head)), relation.type, fold(_end(relation.tail)))
            found.setdefault(key, relation)
    return found


def _end(end: Endpoint, side: Annotation | None = None) -> str:
    """An endpoint's text; a concept's id, after its first mention's text where `side` has one."""
    if not isinstance(end, Concept):
        return end.text
    named = (one.text for one in (side.mentions if side else ()) if end.id in one.concepts)
    first = next(named, None)
    return end.id if first is None else f"{first} ({end.id})"

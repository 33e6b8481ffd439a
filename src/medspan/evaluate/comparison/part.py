"""Bring several systems' predictions to the same documents, or refuse: the one part they are scored on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from medspan.core import Annotation, Endpoint, Example, InputError, Mention, Relation, UnalignedMention
from medspan.evaluate.match import listed
from medspan.evaluate.pairing import Key, left_over, some_of


@dataclass(frozen=True, slots=True)
class System:
    """Predictions under the name that a user gave them: examples with a reference and a prediction."""

    name: str
    examples: Sequence[Example]


def same_part(systems: Sequence[System]) -> list[System]:
    """The systems with their examples in the order of the first one's, and with its references.

    Documents are paired by id, task and text; where ids differ throughout, by task and text. Raises
    InputError where the systems were not scored on the same documents with the same references; it names
    the documents that differ.
    """
    first, *others = systems
    return [first, *(System(other.name, _paired(first, other)) for other in others)]


def _paired(first: System, other: System) -> list[Example]:
    keys: tuple[Key, ...] = (_whole, _question)
    for key in keys:
        if Counter(map(key, first.examples)) == Counter(map(key, other.examples)):
            pairs = _pairs(first.examples, other.examples, key)
            changed = [one.id for one, two in pairs if _said(one.reference) != _said(two.reference)]
            if changed:
                raise _refusal(first, other, [_having(changed, "another reference")])
            return [replace(two, document=one.document, reference=one.reference) for one, two in pairs]
    raise _refusal(first, other, _differences(first, other))


def _whole(example: Example) -> Hashable:
    return example.id, example.task, example.document.text


def _question(example: Example) -> Hashable:
    return example.task, example.document.text


def _name(example: Example) -> Hashable:
    return example.id, example.task


def _pairs(first: Sequence[Example], other: Sequence[Example], key: Key) -> list[tuple[Example, Example]]:
    """Documents of one key are paired by their references, so that the order of the rows says nothing."""
    waiting: dict[Hashable, list[Example]] = defaultdict(list)
    for example in reversed(other):
        waiting[key(example)].append(example)
    pairs = []
    for example in first:
        partners = waiting[key(example)]
        alike = [two for two in partners if _said(two.reference) == _said(example.reference)]
        chosen = alike[-1] if alike else partners[-1]
        partners.remove(chosen)
        pairs.append((example, chosen))
    return pairs


def _differences(first: System, other: System) -> list[str]:
    """What differs between two sets of documents, in words."""
    by_name = not {_name(one) for one in first.examples}.isdisjoint(_name(one) for one in other.examples)
    key: Key = _name if by_name else _question
    parts = []
    for here, there in ((first, other), (other, first)):
        lacking = left_over(here.examples, there.examples, key)
        if lacking:
            parts.append(
                f"{len(lacking)} of {len(here.examples)} documents of {here.name} are not in {there.name} "
                f"({some_of(lacking)})"
            )
    if by_name:
        texts: dict[Hashable, set[str]] = defaultdict(set)
        answers: dict[Hashable, list[Hashable]] = defaultdict(list)
        for one in other.examples:
            texts[_name(one)].add(one.document.text)
            answers[_whole(one)].append(_said(one.reference))
        shared = [one for one in first.examples if _name(one) in texts]
        other_text = [one.id for one in shared if one.document.text not in texts[_name(one)]]
        if other_text:
            parts.append(_having(other_text, "another text"))
        other_reference = [
            one.id
            for one in shared
            if answers[_whole(one)] and _said(one.reference) not in answers[_whole(one)]
        ]
        if other_reference:
            parts.append(_having(other_reference, "another reference"))
    return parts or ["ids repeat, and the texts under them differ"]


def _refusal(first: System, other: System, parts: Sequence[str]) -> InputError:
    return InputError(
        f"{first.name} and {other.name} are not scored on the same test part: {'; '.join(parts)}",
        cause="the data was changed or split anew between the two, so that their scores say nothing of "
        "each other",
        remedy="choose one part as FILE, predict it by each run (medspan extract RUN FILE --out P.jsonl), "
        "and give medspan compare the predictions with --reference FILE; --no-scores tells only what differs",
    )


def _having(names: Sequence[str], what: str) -> str:
    return f"{len(names)} {'document has' if len(names) == 1 else 'documents have'} {what} ({some_of(names)})"


def _said(annotation: Annotation | None) -> Hashable:
    """What an annotation claims, whatever the order, and however its mentions were placed."""
    if annotation is None:
        return None
    items: Counter[Hashable] = Counter(_item(one) for one in listed(annotation))
    items.update(_relation(relation) for relation in annotation.relations)
    return annotation.scope, frozenset(items.items())


def _item(item: Endpoint) -> Hashable:
    if isinstance(item, Mention):
        return item.segments, item.type, item.text, item.concepts
    if isinstance(item, UnalignedMention):
        return "unaligned", item.type, item.text, item.concepts
    return "concept", item.id, item.type


def _relation(relation: Relation) -> Hashable:
    return _item(relation.head), relation.type, _item(relation.tail)

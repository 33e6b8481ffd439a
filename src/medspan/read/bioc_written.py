"""The BioC values of an example: its source's own, as far as they still fit, and new ones for the rest."""

from __future__ import annotations

import json
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from typing import Any

from medspan.core import Annotation, Concept, Example, InputError, Mention, Place, Relation, UnalignedMention
from medspan.core.document import Endpoint
from medspan.read.bioc_infons import OWN, ids_of
from medspan.read.bioc_values import (
    Item,
    Link,
    Reading,
    Values,
    completed,
    containers,
    error,
    name_of,
    offset_of,
    read,
    segment,
    text_of,
)
from medspan.read.fields import as_object, optional

LAYOUT_KEY = "bioc.document"
"""Metadata: the document as it stood in the source, each text that is the document's own as its length."""
COLLECTION_KEY = "bioc.collection"
INDIVIDUAL_KEY = "bioc.individual_mentions"
"""Metadata: the parts of composite mentions, which are no mentions of their own."""

Value = Mention | UnalignedMention
Lose = Callable[[str, str], None]
_NOWHERE = Place(LAYOUT_KEY)


class Written:
    """Makes one document's values; `lose` hears the kind of what does not fit, and what it is."""

    def __init__(self, example: Example, id: str, lose: Lose, derived: frozenset[str] = frozenset()):
        self._example, self._id, self._lose = example, id, lose
        self._derived = {LAYOUT_KEY, INDIVIDUAL_KEY, *derived}
        self._annotation = example.reference or example.predicted or Annotation()
        self._ids: dict[Value, str] = {}
        self._taken: Counter[str] = Counter()
        self._next = {"": 0, "R": 0}

    def document(self) -> Values:
        """The values with every key that a reader of BioC may ask for."""
        if self._example.reference is not None and self._example.predicted is not None:
            self._lose("document: predicted annotation", "")
        if self._example.raw is not None or self._example.truncated:
            self._lose("document: raw output", (self._example.raw or "")[:200])
        data = self._layout()
        reading = read(data, _NOWHERE)
        self._taken.update(name_of(item.raw) for item in reading.items)
        self._taken.update(name_of(link.raw) for link in reading.links)
        self._write_mentions(data, reading)
        self._write_relations(data, reading)
        data["id"] = self._id
        data["infons"].pop(OWN, None)
        own = self._own()
        if own:
            data["infons"][OWN] = as_json(own)
        return data

    def _layout(self) -> Values:
        text = self._example.document.text
        stored = self._example.document.metadata.get(LAYOUT_KEY)
        if stored is not None:
            try:
                return unlaid(json.loads(stored), text)
            except (InputError, ValueError, RecursionError):
                self._lose("document: stored layout of another text", "")
        title, _, abstract = text.partition("\n")
        passages = [_passage(0, text, {})]
        if title and abstract and "\n" not in abstract:
            passages = [
                _passage(0, title, {"type": "title"}),
                _passage(len(title) + 1, abstract, {"type": "abstract"}),
            ]
        return {"id": self._id, "infons": {}, "passages": passages, "annotations": [], "relations": []}

    def _own(self) -> Values:
        example, annotation, document = self._example, self._annotation, self._example.document
        holds = "reference" if example.reference is not None else "predicted"
        if example.reference is None and example.predicted is None:
            holds = "nothing"
        own: Values = {"group": document.group} if document.group != self._id else {}
        metadata = {key: item for key, item in document.metadata.items() if key not in self._derived}
        for key, value, usual in (
            ("task", document.task, None),
            ("split", example.split, None),
            ("holds", holds, "reference"),
            ("scope", annotation.scope, "mention"),
            ("made_by", annotation.made_by, "reference"),
            ("unparsed", list(annotation.unparsed), []),
            ("metadata", metadata, {}),
        ):
            if value != usual:
                own[key] = value
        return own

    def _write_mentions(self, data: Values, reading: Reading) -> None:
        wanted: list[tuple[Value, bool]] = [
            *((mention, True) for mention in self._annotation.mentions),
            *((missing, True) for missing in self._annotation.unaligned),
        ]
        listed = {value for value, _ in wanted}
        ends = (end for relation in self._annotation.relations for end in (relation.head, relation.tail))
        unlisted = (end for end in ends if not isinstance(end, Concept) and end not in listed)
        wanted += [(end, False) for end in dict.fromkeys(unlisted)]
        waiting: defaultdict[object, deque[int]] = defaultdict(deque)
        for number, (value, is_listed) in enumerate(wanted):
            waiting[_key(value, is_listed)].append(number)
        done: set[int] = set()
        for item in [item for item in reading.items if not item.individual]:
            numbers = waiting.get(_key(item.value, item.listed))
            if numbers:
                done.add(numbers.popleft())
                self._remember(item)
            else:
                _remove(item.container["annotations"], item.raw)
        self._write_individual([item for item in reading.items if item.individual])
        fresh = [
            (*item, _container(data, item[0])) for number, item in enumerate(wanted) if number not in done
        ]
        # Ids count in the order of reading, so that writing again gives the same ones.
        for container in (*data["passages"], data):
            for value, is_listed, place in fresh:
                if place is container:
                    raw = self._annotation_of(value, is_listed)
                    container["annotations"].append(raw)
                    self._ids.setdefault(value, raw["id"])

    def _remember(self, item: Item) -> None:
        identity = name_of(item.raw)
        # An id that occurs twice, or none at all, cannot be referred to.
        if identity and self._taken[identity] == 1:
            self._ids.setdefault(item.value, identity)

    def _write_individual(self, items: list[Item]) -> None:
        """Parts of composite mentions stay where a mention of their type still covers them."""
        kept = [(mention.start, mention.end, mention.type) for mention in self._annotation.mentions]
        for item in items:
            places = [segment(location, _NOWHERE) for location in item.raw["locations"]]
            start = min((place[0] for place in places), default=0)
            end = max((place[1] for place in places), default=0)
            if not any(
                first <= start and end <= last for first, last, type_ in kept if type_ == item.value.type
            ):
                _remove(item.container["annotations"], item.raw)
                self._lose("mention: part of a composite mention", f"{item.value.type} {item.value.text}")

    def _annotation_of(self, value: Value, listed: bool) -> Values:
        infons: Values = {"type": value.type}
        own: Values = {} if listed else {"listed": False}
        if value.concepts:
            column = next((c for c in map(_joined(value.concepts), "|,") if ids_of(c) == value.concepts), "")
            if column:
                infons["identifier"] = column
            else:
                own["concepts"] = list(value.concepts)
        locations = []
        if isinstance(value, Mention):
            for key, item, usual in (
                ("aligned_by", value.aligned_by, "given"),
                ("source_text", value.source_text, None),
                ("confidence", value.confidence, None),
            ):
                if item != usual:
                    own[key] = item
            locations = [{"offset": start, "length": end - start} for start, end in value.segments]
        else:
            own["unaligned"] = value.reason
        if own:
            infons[OWN] = as_json(own)
        return {"id": self._new_id(""), "infons": infons, "text": value.text, "locations": locations}

    def _new_id(self, prefix: str) -> str:
        number = self._next[prefix]
        while self._taken[f"{prefix}{number}"]:
            number += 1
        self._next[prefix] = number + 1
        self._taken[f"{prefix}{number}"] += 1
        return f"{prefix}{number}"

    def _write_relations(self, data: Values, reading: Reading) -> None:
        relations = self._annotation.relations
        waiting: defaultdict[object, deque[int]] = defaultdict(deque)
        for number, relation in enumerate(relations):
            waiting[relation, relation.confidence].append(number)
        before = {name_of(link.raw) for link in reading.links} | {name_of(item.raw) for item in reading.items}
        there = {name_of(raw) for container in containers(data) for raw in container["annotations"]}
        there |= {name_of(link.raw) for link in reading.links}
        done: set[int] = set()
        for link in reading.links:
            if link.value is None:
                continue
            numbers = waiting.get((link.value, link.value.confidence))
            if numbers and _refids(link.raw) & before <= there:
                done.add(numbers.popleft())
            else:
                _remove(link.container["relations"], link.raw)
                there.discard(name_of(link.raw))
        self._keep_others([link for link in reading.links if link.value is None], before, there)
        for number, relation in enumerate(relations):
            if number not in done:
                data["relations"].append(self._relation_of(relation))

    def _keep_others(self, links: list[Link], before: set[str], there: set[str]) -> None:
        """Relations that the carrier cannot hold stay while everything is there that they refer to."""
        gone = True
        while gone:
            gone = False
            for link in list(links):
                if not _refids(link.raw) & before <= there:
                    _remove(link.container["relations"], link.raw)
                    there.discard(name_of(link.raw))
                    links.remove(link)
                    gone = True
                    self._lose("relation: of other than two mentions", name_of(link.raw))

    def _relation_of(self, relation: Relation) -> Values:
        ends: tuple[tuple[str, Endpoint], ...] = (("head", relation.head), ("tail", relation.tail))
        infons: Values = {"type": relation.type}
        own: Values = {} if relation.confidence is None else {"confidence": relation.confidence}
        concepts = [end for _, end in ends if isinstance(end, Concept)]
        if len(concepts) == 2:
            infons["entity1"], infons["entity2"] = (end.id for end in concepts)
            if any(end.type is not None for end in concepts):
                own["types"] = [end.type for end in concepts]
        nodes = []
        for role, end in ends:
            if not isinstance(end, Concept):
                nodes.append({"refid": self._ids[end], "role": role})
            elif len(concepts) == 1:
                own[role] = {"id": end.id, "type": end.type}
        if own:
            infons[OWN] = as_json(own)
        return {"id": self._new_id("R"), "infons": infons, "nodes": nodes}


def unlaid(layout: Any, text: str) -> Values:
    """The values of a stored layout, with the texts of this document. InputError where they do not fit."""
    data = as_object(layout, _NOWHERE)
    for passage in optional(data, "passages", list, _NOWHERE) or ():
        sentences = optional(as_object(passage, _NOWHERE), "sentences", list, _NOWHERE) or ()
        for values in (passage, *sentences):
            length = as_object(values, _NOWHERE).get("text")
            if isinstance(length, int):
                start = offset_of(values, _NOWHERE)
                values["text"] = text[start : start + offset_of(values, _NOWHERE, "text")]
    data = completed(data, _NOWHERE)
    if text_of(data, _NOWHERE) != text:
        raise error(_NOWHERE, "the passages are not those of the text")
    return data


def as_json(value: Any) -> str:
    """JSON in plain ASCII, which every format can hold."""
    return json.dumps(value, separators=(",", ":"))


def _passage(offset: int, text: str, infons: Values) -> Values:
    return {
        "infons": infons,
        "offset": offset,
        "text": text,
        "sentences": [],
        "annotations": [],
        "relations": [],
    }


def _key(value: Value, listed: bool) -> object:
    # The confidence takes no part in comparisons, and what was stored may have another.
    return value, listed, value.confidence if isinstance(value, Mention) else None


def _joined(concepts: tuple[str, ...]) -> Callable[[str], str]:
    return lambda mark: mark.join(concepts)


def _remove(items: list[Values], raw: Values) -> None:
    items[:] = [item for item in items if item is not raw]


def _refids(raw: Values) -> set[str]:
    return {name_of(node, "refid") for node in raw["nodes"]}


def _container(data: Values, value: Value) -> Values:
    """The last passage that begins before the mention, or the document."""
    before = [
        passage
        for passage in data["passages"]
        if isinstance(value, Mention) and offset_of(passage, _NOWHERE) <= value.start
    ]
    return max(before, key=lambda passage: offset_of(passage, _NOWHERE), default=data)

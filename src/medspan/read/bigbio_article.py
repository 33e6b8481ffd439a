"""The parts of one row in the BigBio KB schema, each as written beside what it is read as."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from medspan.core import (
    NO_CONCEPT,
    UNKNOWN_TYPE,
    Annotation,
    Concept,
    Endpoint,
    InputError,
    Mention,
    Place,
    Relation,
    UnalignedMention,
)
from medspan.format.items import place as aligned
from medspan.read.fields import as_object, of_kind, optional, required

MAX_FILLED = 1_000_000
"""How many characters between passages are filled in a document at most."""

Item = Mention | UnalignedMention


def name_of(value: object) -> str:
    """An id as a string: they are numbers in some files, strings in the schema. Empty where it is neither."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def checked_name(data: dict[str, Any], key: str, place: Place) -> str:
    """The id under a key, empty where it is missing or null. InputError where it is no id."""
    value = data.get(key)
    return name_of(value) or (
        of_kind(value, str, place, f"the value of {key!r}") if value is not None else ""
    )


def source_id_of(data: Any) -> str:
    """The id that the source gives to the document, empty where it gives none."""
    return (name_of(data.get("document_id")) or name_of(data.get("id"))) if isinstance(data, dict) else ""


def objects(data: dict[str, Any], key: str, place: Place) -> list[dict[str, Any]]:
    """The objects of a list that may be missing or null."""
    return [
        as_object(value, place, f"item {n} of {key!r}")
        for n, value in enumerate(optional(data, key, list, place) or (), 1)
    ]


def _texts(data: dict[str, Any], place: Place, what: str) -> list[str]:
    value = data.get("text")
    texts = [value] if isinstance(value, str) else required(data, "text", list, place)
    return [of_kind(text, str, place, f"a text of {what}") for text in texts]


def _offsets(data: dict[str, Any], place: Place, what: str) -> list[tuple[int, int]]:
    found = []
    for pair in required(data, "offsets", list, place):
        if not (isinstance(pair, list) and len(pair) == 2):
            raise InputError(
                f"an offset of {what} is {str(pair)[:80]}, not [start, end]",
                remedy="write offsets as a list of pairs: [[0, 7]]",
                place=place,
            )
        start, end = (of_kind(number, int, place, f"an offset of {what}") for number in pair)
        found.append((start, end))
    return found


def _text_of(data: dict[str, Any], place: Place) -> str:
    """The passages' texts where they begin, with blanks between them, as the schema joins them."""
    required(data, "passages", list, place)
    pieces: list[str] = []
    at = filled = 0
    for number, passage in enumerate(objects(data, "passages", place), 1):
        what = f"passage {number}"
        texts, offsets = _texts(passage, place, what), _offsets(passage, place, what)
        if len(texts) != len(offsets):
            raise InputError(
                f"{what} has {len(texts)} texts and {len(offsets)} offsets",
                cause="the program that wrote the file left one out",
                remedy="give each text its [start, end]",
                place=place,
            )
        for text, (start, _) in zip(texts, offsets, strict=True):
            filled += start - at
            if start < at or filled > MAX_FILLED:
                problem = f"before the {at} where" if start < at else f"more than {MAX_FILLED:,} beyond where"
                raise InputError(
                    f"{what} begins at {str(start)[:40]}, {problem} the text before it ends",
                    cause="the passages overlap or are out of order, or their offsets count bytes or begin "
                    "anew in each passage",
                    remedy="order the passages; offsets count the characters of all, one blank between",
                    place=place,
                )
            pieces += [" " * (start - at), text]
            at = start + len(text)
    return "".join(pieces)


def _concept(entry: dict[str, Any], place: Place) -> str:
    """`db_name:db_id`, or what there is of it; empty where the entry says that there is no concept."""
    name, value = optional(entry, "db_name", str, place) or "", checked_name(entry, "db_id", place)
    if value in ("", NO_CONCEPT):
        return ""
    return value if not name or value.startswith(f"{name}:") else f"{name}:{value}"


def normalized(concept: str, place: Place) -> dict[str, str] | None:
    """The entry that is read as this concept; None where there is none."""
    name, _, value = concept.partition(":")
    for entry in ({"db_name": name, "db_id": value}, {"db_name": "", "db_id": concept}):
        if _concept(entry, place) == concept:
            return entry
    return None


def item_of(raw: dict[str, Any], text: str, place: Place, what: str) -> Item:
    """An entity or trigger where it stands; one without offsets is aligned."""
    type_ = required(raw, "type", str, place)
    if not type_:
        raise InputError(f"{what} has no type", remedy="give it one, or remove it", place=place)
    written, segments = " ".join(_texts(raw, place, what)), _offsets(raw, place, what)
    found = (_concept(entry, place) for entry in objects(raw, "normalized", place))
    concepts = tuple(concept for concept in found if concept)
    if not segments:
        return replace(aligned(text, type_, written), concepts=concepts)
    # Some corpora list the parts of a discontinuous entity in another order than that of the text.
    ordered, at = sorted(segments), 0
    for start, end in ordered:
        if not at <= start < end <= len(text):
            return UnalignedMention(type_, written, "offset-mismatch", concepts, tuple(ordered))
        at = end
    there = " ".join(text[start:end] for start, end in ordered)
    as_listed = " ".join(text[start:end] for start, end in segments)
    if written.split() not in (there.split(), as_listed.split()):
        return UnalignedMention(type_, written, "offset-mismatch", concepts, tuple(ordered))
    source_text = None if written == there else written
    return Mention(tuple(ordered), type_, there, concepts, source_text=source_text)


class Ids:
    """What the ids of a document stand for: its entities, the triggers of its events, its concepts."""

    def __init__(self, entities: Iterable[tuple[str, Item]], events: Iterable[tuple[str, Item]]):
        self._entities: dict[str, list[Endpoint]] = {}
        self._events: dict[str, list[Endpoint]] = {}
        self._concepts: dict[str, list[Endpoint]] = {}
        for name, item in entities:
            self._entities.setdefault(name, []).append(item)
            for concept in item.concepts:
                for form in {concept, concept.partition(":")[2] or concept}:
                    self._concepts.setdefault(form, []).append(Concept(concept))
        for name, item in events:
            self._events.setdefault(name, []).append(item)

    def of(self, name: str) -> list[Endpoint]:
        """Every different thing that an id may stand for.

        An id of nothing is an endpoint that cannot be placed: the rest of the document can be used.
        """
        for known in (self._entities, self._events, self._concepts):
            if name and name in known:
                return list(dict.fromkeys(known[name]))
        return [UnalignedMention(UNKNOWN_TYPE, name, "not-in-text")]


class Article:
    """A row's parts: each as written beside what it is read as. InputError where one cannot be read."""

    def __init__(self, data: dict[str, Any], place: Place):
        self.text = _text_of(data, place)
        self.entities = self._items(data, "entities", place)
        self.events = self._items(data, "events", place)
        self.coreferences = objects(data, "coreferences", place)
        for coreference in self.coreferences:
            optional(coreference, "entity_ids", list, place)
        self.ids = Ids(
            [(name_of(raw.get("id")), item) for raw, item in self.entities],
            [(name_of(raw.get("id")), item) for raw, item in self.events],
        )
        self.relations = [(raw, self._relation(raw, place)) for raw in objects(data, "relations", place)]

    def _items(self, data: dict[str, Any], key: str, place: Place) -> list[tuple[dict[str, Any], Item]]:
        found = []
        for number, raw in enumerate(objects(data, key, place), 1):
            checked_name(raw, "id", place)
            what = f"item {number} of {key!r}"
            stated = raw
            if key == "events":
                objects(raw, "arguments", place)
                trigger = optional(raw, "trigger", dict, place) or {"text": [], "offsets": []}
                stated = {**trigger, "type": required(raw, "type", str, place)}
            found.append((raw, item_of(stated, self.text, place, what)))
        return found

    def _relation(self, raw: dict[str, Any], place: Place) -> Relation:
        type_ = required(raw, "type", str, place)
        names = [name_of(raw.get(key)) or required(raw, key, str, place) for key in ("arg1_id", "arg2_id")]
        if not (type_ and all(names)):
            raise InputError(
                f"a relation has {'an empty id' if type_ else 'no type'}",
                cause="it was written without it",
                remedy="complete or remove the relation",
                place=place,
            )
        head, tail = (self._endpoint(name, place) for name in names)
        return Relation(head, tail, type_)

    def _endpoint(self, name: str, place: Place) -> Endpoint:
        found = self.ids.of(name)
        if len(found) > 1:
            raise InputError(
                f"a relation refers to {name!r}, which {len(found)} different items of the document are",
                cause="ids were not made unique",
                remedy="give every item of the document an id of its own",
                place=place,
            )
        return found[0]

    def annotation(self) -> Annotation:
        items = [item for _, item in self.entities]
        return Annotation(
            tuple(item for item in items if isinstance(item, Mention)),
            tuple(item for item in items if isinstance(item, UnalignedMention)),
            tuple(relation for _, relation in self.relations),
        )

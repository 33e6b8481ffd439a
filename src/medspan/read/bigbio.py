"""The BigBio KB schema: passages, entities, events, coreferences and relations of a document as JSON."""

from __future__ import annotations

import json
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from medspan.core import (
    Annotation,
    Concept,
    Document,
    Endpoint,
    Example,
    InputError,
    Mention,
    Place,
    Relation,
    UnalignedMention,
)
from medspan.read.base import BadRow, Format, Row, Sample, register
from medspan.read.bigbio_article import (
    Article,
    Ids,
    Item,
    checked_name,
    item_of,
    name_of,
    normalized,
    source_id_of,
)
from medspan.read.fields import as_object
from medspan.read.identity import Occurrences
from medspan.read.instruction_rows import json_line, row_id
from medspan.read.json_rows import json_rows
from medspan.read.losses import Losses

_LISTS = ("passages", "entities", "events", "coreferences", "relations")
_NAMES = ("id", "document_id")
_IDS, _FURTHER = "bigbio.ids", "bigbio.further"
_NOWHERE = Place("")


@register
class BigBioFormat(Format):
    """Metadata of its documents: the lists and ids of the row as written, `bigbio.further` its other keys."""

    name: ClassVar[str] = "bigbio"
    suffix: ClassVar[str] = ".json"
    looks_like: ClassVar[str] = (
        "a JSON list or JSON lines with the keys 'passages' (with 'text' and 'offsets'), 'entities', "
        "'events', 'coreferences' and 'relations'"
    )
    keeps: ClassVar[tuple[str, ...]] = ("bigbio.",)

    def rows(self, path: Path, max_line_bytes: int) -> Iterator[Row | BadRow]:
        seen = Occurrences()
        for row in json_rows(path, max_line_bytes):
            if isinstance(row, Row):
                source_id = source_id_of(row.value)
                yield replace(row, value=(row.value, seen.count(source_id) if source_id else 1))
            else:
                yield row

    def example(self, row: Row) -> Example:
        value, occurrence = row.value
        data = as_object(value, row.place)
        for key in _NAMES:
            checked_name(data, key, row.place)
        source_id = source_id_of(data) or row_id(row)
        identity = source_id if occurrence < 2 else f"{source_id}#{occurrence}"
        article = Article(data, row.place)
        metadata = {f"bigbio.{key}": _json(data[key]) for key in _LISTS if data.get(key)}
        metadata[_IDS] = _json({key: data[key] for key in _NAMES if key in data})
        further = {key: value for key, value in data.items() if key not in (*_NAMES, *_LISTS)}
        if further:
            metadata[_FURTHER] = _json(further)
        document = Document(identity, article.text, source_id, metadata=metadata)
        return Example(document, article.annotation(), source=self.name, place=row.place)

    def sniff(self, sample: Sample) -> bool:
        return any(_is_kb(data) for data in sample.objects)

    def render(self, examples: Iterable[Example], lost: Losses, suffix: str) -> Iterator[str]:
        """JSON lines for a name that ends in `.jsonl`, otherwise one list."""
        lines = (json_line(_Written(example, lost).data()) for example in examples)
        if suffix == ".jsonl":
            yield from lines
            return
        first = True
        for line in lines:
            yield ("[\n" if first else ",\n") + line.removesuffix("\n")
            first = False
        yield "[]\n" if first else "\n]\n"


def _is_kb(data: dict[str, Any]) -> bool:
    passages = data.get("passages")
    if not (isinstance(passages, list) and isinstance(data.get("entities"), list)):
        return False
    if not passages:
        return all(isinstance(data.get(key), list) for key in ("events", "relations"))
    return isinstance(passages[0], dict) and {"text", "offsets"} <= set(passages[0])


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _loaded(document: Document, key: str, kind: type) -> Any:
    try:
        value = json.loads(document.metadata.get(key, "null"))
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, kind) else kind()


class _Written:
    """Writes one example as a row: parts as they were read where they still fit, others made anew."""

    def __init__(self, example: Example, lost: Losses):
        self._example, self._document, self._lost = example, example.document, lost
        self._annotation = example.reference or example.predicted or Annotation()
        self._passages, self._article = self._as_read()
        parts = (*self._article.entities, *self._article.events, *self._article.relations)
        raws = (*(raw for raw, _ in parts), *self._article.coreferences)
        self._taken = {name_of(raw.get("id")) for raw in raws}
        self._numbers: Counter[str] = Counter()
        self._entities: list[tuple[dict[str, Any], Item]] = []
        self._name_of: dict[Endpoint | tuple[object, str], str] = {}

    def _as_read(self) -> tuple[list[Any] | None, Article]:
        """The passages and parts of the row that the document was read from, where its text is the same."""
        row = {key: _loaded(self._document, f"bigbio.{key}", list) for key in _LISTS}
        try:
            article = Article(row, _NOWHERE)
            if article.text == self._document.text:
                return row["passages"] or None, article
        except (InputError, ValueError, RecursionError):
            pass
        for kind in ("event", "coreference"):
            for raw in row[f"{kind}s"]:
                self._lose(f"{kind}: no longer fits", _json(raw))
        return None, Article({"passages": []}, _NOWHERE)

    def data(self) -> dict[str, Any]:
        """The row."""
        self._count()
        for raw, item in self._chosen_entities():
            self._add(item, raw)
        written = {name_of(raw.get("id")) for raw, _ in self._entities}
        gone = {name_of(raw.get("id")) for raw, _ in self._article.entities} - written - {""}
        events, coreferences = self._fitting(gone)
        relations = self._relations(events, gone)
        further = _loaded(self._document, _FURTHER, dict)
        return {
            **self._ids(),
            "passages": self._passages or [self._passage()],
            "entities": [raw for raw, _ in self._entities],
            "events": [raw for raw, _ in events],
            "coreferences": coreferences,
            "relations": relations,
            **{key: value for key, value in further.items() if key not in (*_LISTS, *_NAMES)},
        }

    def _lose(self, kind: str, what: str = "") -> None:
        self._lost.add(kind, self._document, what)

    def _count(self) -> None:
        example, annotation = self._example, self._annotation
        for kind, there in (
            (
                "document: predicted annotation",
                example.reference is not None and example.predicted is not None,
            ),
            ("document: no annotation", example.reference is None and example.predicted is None),
            ("document: task", self._document.task is not None),
            ("document: mentions standing for every occurrence", annotation.scope == "string"),
        ):
            if there:
                self._lose(kind)
        for piece in annotation.unparsed:
            self._lose("unparsed piece", piece)

    def _ids(self) -> dict[str, Any]:
        document, group = self._document, self._document.group
        numbered = group and re.fullmatch(re.escape(group) + r"(#\d+)?", document.id)
        source_id = group if group and numbered else document.id
        if group not in (None, source_id):
            self._lose("document: group", group or "")
        ids = _loaded(document, _IDS, dict)
        if source_id_of(ids) == source_id:
            return {key: ids[key] for key in _NAMES if key in ids}
        return {"id": document.id, "document_id": source_id}

    def _passage(self) -> dict[str, Any]:
        text = self._document.text
        return {"id": self._new("P"), "type": "document", "text": [text], "offsets": [[0, len(text)]]}

    def _new(self, letter: str) -> str:
        while True:
            self._numbers[letter] += 1
            name = f"{self._document.id}_{letter}{self._numbers[letter]}"
            if name not in self._taken:
                return name

    def _chosen_entities(self) -> list[tuple[dict[str, Any] | None, Item]]:
        """What is listed, each with the entity it was read from; in the order of the source if unchanged."""
        annotation, stored = self._annotation, self._article.entities
        as_read = self._article.annotation()
        if (as_read.mentions, as_read.unaligned) == (annotation.mentions, annotation.unaligned):
            return list(stored)
        pool: dict[Item, deque[dict[str, Any]]] = {}
        for raw, item in stored:
            pool.setdefault(item, deque()).append(raw)
        items: tuple[Item, ...] = (*annotation.mentions, *annotation.unaligned)
        return [(pool[item].popleft() if pool.get(item) else None, item) for item in items]

    def _add(self, item: Item, raw: dict[str, Any] | None) -> bool:
        """Write an entity; False, and counted, where there is no way."""
        raw = raw or self._entity(item)
        if raw is None:
            kind = item.reason if isinstance(item, UnalignedMention) else "unwritable"
            self._lose(f"mention: {kind}", f"{item.type} {item.text}")
            return False
        if not name_of(raw.get("id")):
            raw = {**raw, "id": self._new("T")}
        self._entities.append((raw, item))
        self._name_of.setdefault(item, name_of(raw["id"]))
        if isinstance(item, Mention):
            self._name_of.setdefault((item.segments, item.type), name_of(raw["id"]))
        return True

    def _entity(self, item: Item) -> dict[str, Any] | None:
        """A new entity that is read as this item; None where none is."""
        text = self._document.text
        entries = {concept: normalized(concept, _NOWHERE) for concept in item.concepts}
        segments = item.segments if isinstance(item, Mention) else ()
        raw = {
            "id": None,
            "type": item.type,
            "text": [text[start:end] for start, end in segments] or [item.text],
            "offsets": [[start, end] for start, end in segments],
            "normalized": [entries[concept] for concept in item.concepts if entries[concept]],
        }
        if not item.type:
            return None
        if isinstance(item, UnalignedMention):
            return raw if item_of(raw, text, _NOWHERE, "") == item else None
        for concept in item.concepts:
            if entries[concept] is None:
                self._lose("concept: unwritable", concept)
        return raw

    def _fitting(self, gone: set[str]) -> tuple[list[tuple[dict[str, Any], Item]], list[dict[str, Any]]]:
        """Events and coreferences none of whose parts went missing; `gone` grows by events that did."""
        events = list(self._article.events)
        while True:
            kept = [(raw, item) for raw, item in events if not gone.intersection(_arguments(raw))]
            if len(kept) == len(events):
                break
            for raw, _ in events:
                if not any(raw is other for other, _ in kept):
                    self._lose("event: no longer fits", _json(raw))
                    gone.add(name_of(raw.get("id")))
            events = kept
        coreferences = []
        for raw in self._article.coreferences:
            if gone.intersection(map(name_of, raw.get("entity_ids") or ())):
                self._lose("coreference: no longer fits", _json(raw))
            else:
                coreferences.append(raw)
        return events, coreferences

    def _relations(self, events: list[tuple[dict[str, Any], Item]], gone: set[str]) -> list[dict[str, Any]]:
        pool: dict[Relation, deque[dict[str, Any]]] = {}
        for raw, relation in self._article.relations:
            if not gone.intersection((name_of(raw["arg1_id"]), name_of(raw["arg2_id"]))):
                pool.setdefault(relation, deque()).append(raw)
        triggers = [(name_of(raw.get("id")), item) for raw, item in events if name_of(raw.get("id"))]
        for name, item in triggers:
            self._name_of.setdefault(item, name)
        pairs = [
            (relation, pool[relation].popleft() if pool.get(relation) else None)
            for relation in self._annotation.relations
        ]
        for relation, stored in pairs:
            for end in (relation.head, relation.tail) if stored is None else ():
                self._list_endpoint(end)
        ids = Ids([(name_of(raw["id"]), item) for raw, item in self._entities], triggers)
        rows = (self._relation(relation, stored, ids) for relation, stored in pairs)
        return [row for row in rows if row is not None]

    def _list_endpoint(self, end: Endpoint) -> None:
        """An endpoint that is listed nowhere becomes an entity: a relation joins ids."""
        if isinstance(end, Concept) or end in self._name_of:
            return
        if isinstance(end, Mention) and (end.segments, end.type) in self._name_of:
            return
        if self._add(end, None):
            self._lose("mention: listed for being an endpoint only", f"{end.type} {end.text}")

    def _relation(self, relation: Relation, stored: dict[str, Any] | None, ids: Ids) -> dict[str, Any] | None:
        ends = (relation.head, relation.tail)
        if stored is not None:
            names = (name_of(stored["arg1_id"]), name_of(stored["arg2_id"]))
            if [ids.of(name) for name in names] == [[end] for end in ends]:
                return stored
        found = [self._reference(end, ids) for end in ends]
        for end, name in zip(ends, found, strict=True):
            if name is None:
                kind = "concept of no mention" if isinstance(end, Concept) else "unaligned endpoint"
                self._lose(f"relation: {kind}", relation.type)
                return None
        for end in ends:
            if isinstance(end, Concept) and end.type is not None:
                self._lose("concept: type of an endpoint", end.type)
        return {
            "id": self._new("R"),
            "type": relation.type,
            "arg1_id": found[0],
            "arg2_id": found[1],
            "normalized": [],
        }

    def _reference(self, end: Endpoint, ids: Ids) -> str | None:
        """The id to write for an endpoint; None where none is read as it."""
        if isinstance(end, Concept):
            forms = (end.id.partition(":")[2] or end.id, end.id)
            return next((form for form in forms if ids.of(form) == [Concept(end.id)]), None)
        if isinstance(end, Mention) and end not in self._name_of:
            return self._name_of.get((end.segments, end.type))
        return self._name_of.get(end)


def _arguments(event: dict[str, Any]) -> set[str]:
    return {name_of(argument.get("ref_id")) for argument in event.get("arguments") or ()}

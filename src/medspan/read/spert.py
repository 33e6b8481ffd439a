"""SpERT's JSON: tokens, entities as ranges of them, relations of entities; and that of SciERC and DyGIE++."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from medspan.core import (
    Annotation,
    Document,
    Example,
    InputError,
    Mention,
    Place,
    Relation,
    UnalignedMention,
)
from medspan.core.document import UNKNOWN_TYPE
from medspan.read.base import BadRow, Format, Row, Sample, register
from medspan.read.fields import as_object, of_kind, optional, required
from medspan.read.identity import Occurrences
from medspan.read.instruction_rows import chosen, group_of, json_line, row_id
from medspan.read.json_rows import json_rows
from medspan.read.losses import Losses
from medspan.read.tokens import (
    Tokens,
    count_concepts,
    holdable,
    joined,
    located,
    mention_at,
    spans_of,
    stored_json,
    tokenise,
)

_KEYS = ("tokens", "entities", "relations", "orig_id", "group", "text", "spans")
_DYGIE_KEYS = ("doc_key", "sentences", "ner", "relations", "group")
_TOKENS, _ID, _KEY = "spert.tokens", "spert.orig_id", "spert.key "
Item = Mention | UnalignedMention


@dataclass(frozen=True, slots=True)
class Numbered:
    """A row's value; `occurrence` counts the rows of the same source id, from 1."""

    value: Any
    occurrence: int


@register
class SpertFormat(Format):
    """Its text is the tokens joined by blanks, unless the further keys `text` and `spans` fit them.

    The DyGIE++ form (`sentences`, `ner`, tokens counted over the document, ends included) is read as
    well, its sentences joined by line breaks, and written as SpERT's. Further keys of rows, entities
    and relations are kept in the metadata under `spert.` and written back; so are tokens that are not
    those which the writer would make, tokens that hold blanks among them.
    """

    name: ClassVar[str] = "spert"
    suffix: ClassVar[str] = ".json"
    looks_like: ClassVar[str] = (
        "JSON with the keys 'tokens' and 'entities', or 'sentences' and 'ner' (SciERC, DyGIE++)"
    )
    keeps: ClassVar[tuple[str, ...]] = ("spert.",)

    def rows(self, path: Path, max_line_bytes: int) -> Iterator[Row | BadRow]:
        seen = Occurrences()
        for row in json_rows(path, max_line_bytes):
            if isinstance(row, BadRow):
                yield row
                continue
            source = _source_id(row.value) if isinstance(row.value, dict) else None
            occurrence = seen.count(str(source)) if source is not None else 1
            yield Row(row.place, Numbered(row.value, occurrence), row.text)

    def example(self, row: Row) -> Example:
        data = as_object(row.value.value, row.place)
        reader = _Dygie(data, row.place) if _is_dygie(data) else _Spert(data, row.place)
        source, group = _source_id(data), group_of(data, row.place)
        if source is None:
            identity = row_id(row)
        else:
            repeated = row.value.occurrence > 1
            identity = f"{source}#{row.value.occurrence}" if repeated else str(source)
            if repeated or not reader.own:
                group = group or str(source)
            if identity != source:
                reader.metadata[_ID] = json.dumps(source, ensure_ascii=False)
        document = Document(identity, reader.text, group, metadata=reader.metadata)
        return Example(document, reader.annotation(), source=self.name, place=row.place)

    def sniff(self, sample: Sample) -> bool:
        return any(_is_spert(data) or _is_dygie(data) for data in sample.objects)

    def render(self, examples: Iterable[Example], lost: Losses, suffix: str) -> Iterator[str]:
        as_lines = suffix == ".jsonl"
        first = True
        for example in examples:
            annotation = chosen(example, lost)
            if annotation is None:
                continue
            line = json_line(_written(example.document, annotation, lost))
            yield line if as_lines else f"{'[' if first else ','}\n{line[:-1]}"
            first = False
        if not as_lines:
            yield "[]\n" if first else "\n]\n"


def _is_spert(data: dict[str, Any]) -> bool:
    return all(isinstance(data.get(key), list) for key in ("tokens", "entities"))


def _is_dygie(data: dict[str, Any]) -> bool:
    if "tokens" in data or not isinstance(data.get("sentences"), list):
        return False
    by_sentence = "ner" if "ner" in data else "relations" if "doc_key" in data else ""
    return isinstance(data.get(by_sentence), list)


def _source_id(data: dict[str, Any]) -> str | int | None:
    found = data.get("doc_key" if _is_dygie(data) else "orig_id")
    return found if type(found) in (str, int) and found != "" else None


class _Spert:
    """Reads one SpERT row; every error names the row and the item."""

    known: ClassVar[tuple[str, ...]] = _KEYS

    def __init__(self, data: dict[str, Any], place: Place):
        self._data, self._place = data, place
        self.metadata: dict[str, str] = {}
        self._items: list[Item] = []
        self._relations: list[Relation] = []
        self.own = False
        self.text, self._tokens = self._laid_out()
        self._read_items()
        used = ("text", "spans") if self.own else ("text",) if data.get("text") == self.text else ()
        ours = {"text", "spans"}.difference(used)
        kept = [key for key in data if key not in self.known or key in ours]
        for key in kept:
            self.metadata[_KEY + key] = json.dumps(data[key], ensure_ascii=False)
        mentions = [item for item in self._items if isinstance(item, Mention)]
        # A further list with one item a token (tags of parts of speech) is of use with these tokens only.
        lists = [data[key] for key in kept if key not in ours and isinstance(data[key], list)]
        by_token = any(len(one) == len(self._spans) for one in lists)
        if by_token or tokenise(self.text, mentions, sentences=False).spans != self._spans:
            self.metadata[_TOKENS] = Tokens(self._spans).to_json()

    @property
    def _spans(self) -> tuple[tuple[int, int], ...]:
        return self._tokens.spans

    def annotation(self) -> Annotation:
        return Annotation(
            tuple(item for item in self._items if isinstance(item, Mention)),
            tuple(item for item in self._items if isinstance(item, UnalignedMention)),
            tuple(self._relations),
        )

    def _laid_out(self) -> tuple[str, Tokens]:
        data = self._data
        given = required(data, "tokens", list, self._place)
        tokens = [of_kind(one, str, self._place, f"token {at}") for at, one in enumerate(given)]
        text = data.get("text")
        if isinstance(text, str):
            spans = spans_of(data.get("spans"), text)
            if spans is not None and [text[start:end] for start, end in spans] == tokens:
                self.own = True
                return text, Tokens(spans)
            found = located(text, tokens)
            if found is not None and "spans" not in data:
                return text, Tokens(found)
        return joined([tokens])

    def _read_items(self) -> None:
        for at, value in enumerate(required(self._data, "entities", list, self._place)):
            entity = as_object(value, self._place, f"entity {at}")
            start, end = (required(entity, key, int, self._place) for key in ("start", "end"))
            item = self._item(f"entity {at}", start, end, required(entity, "type", str, self._place))
            self._items.append(item)
            self._keep(entity_key(item), entity, ("type", "start", "end"))
        for at, value in enumerate(optional(self._data, "relations", list, self._place) or ()):
            relation = as_object(value, self._place, f"relation {at}")
            ends = []
            for key in ("head", "tail"):
                number = required(relation, key, int, self._place)
                if not 0 <= number < len(self._items):
                    raise self._error(
                        f"the {key} of relation {at} is entity {str(number)[:20]}, and there are "
                        f"{len(self._items)}, counted from 0"
                    )
                ends.append(self._items[number])
            self._relate(at, ends, required(relation, "type", str, self._place), relation)

    def _relate(self, at: int, ends: list[Item], type_: str, further: dict[str, Any]) -> None:
        if not type_:
            raise self._error(f"relation {at} has no type")
        relation = Relation(ends[0], ends[1], type_)
        self._relations.append(relation)
        self._keep(relation_key(relation), further, ("type", "head", "tail"))

    def _item(self, what: str, start: int, end: int, type_: str) -> Item:
        if not 0 <= start < end <= len(self._spans):
            raise self._error(
                f"{what} stands at the tokens [{str(start)[:20]}, {str(end)[:20]}), of {len(self._spans)}"
            )
        if not type_:
            raise self._error(f"{what} has no type")
        return mention_at(self.text, self._spans[start][0], self._spans[end - 1][1], type_)

    def _keep(self, key: str | None, data: dict[str, Any], known: tuple[str, ...]) -> None:
        further = {name: value for name, value in data.items() if name not in known}
        if further and key is not None:
            self.metadata[key] = json.dumps(further, ensure_ascii=False)

    def _error(self, what: str) -> InputError:
        return InputError(
            what,
            cause="indices count characters or sub-words, count from 1, or belong to other tokens",
            remedy="repair the row; an entity's indices count tokens from 0 and its end is not included",
            place=self._place,
        )


class _Dygie(_Spert):
    """Reads one SciERC or DyGIE++ row: tokens are counted over the document, ends are included."""

    known: ClassVar[tuple[str, ...]] = _DYGIE_KEYS

    def _laid_out(self) -> tuple[str, Tokens]:
        sentences = []
        for at, value in enumerate(self._data["sentences"]):
            sentence = of_kind(value, list, self._place, f"sentence {at}")
            where = f"a token of sentence {at}"
            sentences.append([of_kind(one, str, self._place, where) for one in sentence])
        return joined(sentences)

    def _read_items(self) -> None:
        listed: dict[tuple[int, int], Item] = {}
        for at, found in enumerate(self._entries("ner", 2)):
            start, end, type_ = found[:3]
            item = self._item(f"entity {at}", start, end + 1, type_)
            self._items.append(item)
            listed.setdefault((start, end), item)
            self._keep(entity_key(item), {"further": found[3:]} if found[3:] else {}, ())
        for at, found in enumerate(self._entries("relations", 4)):
            ends: list[Item] = []
            for start, end in (found[:2], found[2:4]):
                item = self._item(f"an end of relation {at}", start, end + 1, UNKNOWN_TYPE)
                ends.append(listed.get((start, end), item))
            self._relate(at, ends, found[4], {"further": found[5:]} if found[5:] else {})

    def _entries(self, key: str, numbers: int) -> Iterator[list[Any]]:
        """The items of every sentence: so many whole numbers, a type, and what else there is."""
        for at, sentence in enumerate(optional(self._data, key, list, self._place) or ()):
            for value in of_kind(sentence, list, self._place, f"{key!r} of sentence {at}"):
                entry = of_kind(value, list, self._place, f"an item of {key!r} of sentence {at}")
                if len(entry) <= numbers:
                    raise self._error(f"an item of {key!r} of sentence {at} has {len(entry)} parts")
                for part in entry[:numbers]:
                    of_kind(part, int, self._place, f"an index of {key!r} of sentence {at}")
                of_kind(entry[numbers], str, self._place, f"a type of {key!r} of sentence {at}")
                yield entry


def entity_key(item: Item) -> str | None:
    return f"spert.entity {item.start} {item.end} {item.type}" if isinstance(item, Mention) else None


def relation_key(relation: Relation) -> str | None:
    head, tail = relation.head, relation.tail
    if not (isinstance(head, Mention) and isinstance(tail, Mention)):
        return None
    return f"spert.relation {head.start} {head.end} {tail.start} {tail.end} {relation.type}"


def _written(document: Document, annotation: Annotation, lost: Losses) -> dict[str, Any]:
    """The row of one document; what it cannot hold is counted."""
    metadata, text = document.metadata, document.text
    mentions = holdable(document, annotation, lost)
    count_concepts(document, mentions, lost)
    tokens = stored = Tokens.from_json(metadata.get(_TOKENS), text)
    if tokens is None or tokens.ranges(mentions) is None:
        tokens = tokenise(text, mentions, sentences=False)
    entities = []
    for mention, (start, end) in zip(mentions, tokens.ranges(mentions) or (), strict=True):
        further = _further(metadata.get(entity_key(mention) or ""))
        entities.append({"type": mention.type, "start": start, "end": end, **further})
    gone = None if stored is None or stored == tokens else len(stored.spans)
    return {
        "tokens": [text[start:end] for start, end in tokens.spans],
        "entities": entities,
        "relations": list(_written_relations(document, annotation, mentions, lost)),
        "orig_id": _orig_id(document),
        **({} if document.group is None else {"group": document.group}),
        **_further_keys(document, gone),
        "text": text,
        "spans": [list(span) for span in tokens.spans],
    }


def _written_relations(
    document: Document, annotation: Annotation, mentions: list[Mention], lost: Losses
) -> Iterator[dict[str, Any]]:
    index: dict[Any, int] = {}
    for number, mention in enumerate(mentions):
        index.setdefault((mention.segments, mention.type), number)
    for relation in annotation.relations:
        ends = (relation.head, relation.tail)
        if any(isinstance(end, UnalignedMention) for end in ends):
            lost.add("relation: with an unaligned mention", document, relation.type)
        elif not all(isinstance(end, Mention) for end in ends):
            lost.add("relation: between concepts", document, relation.type)
        else:
            head, tail = (
                index.get((end.segments, end.type)) if isinstance(end, Mention) else None for end in ends
            )
            if head is None or tail is None:
                lost.add("relation: of a mention that is not listed", document, relation.type)
                continue
            further = _further(document.metadata.get(relation_key(relation) or ""))
            yield {"type": relation.type, "head": head, "tail": tail, **further}


def _further(stored: str | None) -> dict[str, Any]:
    known = ("type", "start", "end", "head", "tail")
    return {key: item for key, item in stored_json(stored, dict).items() if key not in known}


def _further_keys(document: Document, gone: int | None) -> dict[str, Any]:
    """The further keys of the row; lists by token, `gone` of them, only with the tokens of the row."""
    found: dict[str, Any] = {}
    for key, stored in document.metadata.items():
        name = key.removeprefix(_KEY)
        if name == key or name in _KEYS:
            continue
        try:
            value = json.loads(stored)
        except (ValueError, RecursionError):
            continue
        if not (isinstance(value, list) and len(value) == gone):
            found[name] = value
    return found


def _orig_id(document: Document) -> str | int:
    try:
        source = json.loads(document.metadata.get(_ID, "null"))
    except (ValueError, RecursionError):
        return document.id
    fits = type(source) in (str, int) and re.fullmatch(re.escape(str(source)) + r"(#\d+)?", document.id)
    return source if fits and source != "" else document.id

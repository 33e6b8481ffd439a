"""What BioC XML and BioC JSON share: the example of a document's values, and the values of examples."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace

from medspan.core import Annotation, Document, Example, InputError, Mention, Place, UnalignedMention
from medspan.read.bioc_infons import OWN, own_of
from medspan.read.bioc_values import Values, error, offset_of, read, segment
from medspan.read.bioc_written import COLLECTION_KEY, INDIVIDUAL_KEY, LAYOUT_KEY, Written, as_json
from medspan.read.fields import of_kind, optional
from medspan.read.identity import Occurrences
from medspan.read.json_rows import DOCUMENT_LISTS
from medspan.read.losses import Losses

EMPTY_COLLECTION: Values = {"source": "", "date": "", "key": "", "infons": {}}
DEFAULT_COLLECTION: Values = {"source": "medspan", "date": "", "key": "", "infons": {}}


@dataclass(frozen=True, slots=True)
class BioCRow:
    """A document's values with the id it gets here (`ID#2` for a second one) and its collection's values."""

    data: Values
    id: str
    source_id: str
    collection: Values


class Identities:
    """Gives each document an id of its own; `ID#2` where one occurs again."""

    def __init__(self) -> None:
        self._seen = Occurrences()

    def of(self, data: Values, collection: Values, place: Place) -> BioCRow:
        """The row of a document's values. InputError where it has no id."""
        source_id = data.get("id")
        if source_id is None:
            source_id = data.get("pmid")
        if isinstance(source_id, bool) or not isinstance(source_id, (str, int)) or source_id == "":
            raise InputError(
                f"a document's id is {str(source_id)[:40]!r}",
                cause="the document is damaged, or of another format",
                remedy="give each document an id",
                place=place,
            )
        plain = str(source_id)
        return BioCRow(data, self._seen.unique(plain), plain, collection)


def example_of(row: BioCRow, source: str, place: Place) -> Example:
    """The example of a BioC document.

    InputError at `place` where passages overlap, offsets count bytes, or an annotation has no type.
    """
    reading = read(row.data, place)
    own = own_of(row.data["infons"], place)
    items = [item for item in reading.items if item.listed and not item.individual]
    annotation = Annotation(
        tuple(item.value for item in items if isinstance(item.value, Mention)),
        tuple(item.value for item in items if isinstance(item.value, UnalignedMention)),
        tuple(link.value for link in reading.links if link.value is not None),
        scope=optional(own, "scope", str, place) or "mention",  # type: ignore[arg-type]
        made_by=own["made_by"] if isinstance(own.get("made_by"), str) else "reference",
        unparsed=tuple(
            of_kind(x, str, place, "a piece") for x in optional(own, "unparsed", list, place) or ()
        ),
    )
    if annotation.scope not in ("mention", "string"):
        raise error(place, f"the scope is {annotation.scope!r}, not 'mention' or 'string'")
    holds = "reference" if own.get("holds") not in ("predicted", "nothing") else own["holds"]
    if holds == "nothing" and annotation != Annotation():
        holds = "reference"
    group = optional(own, "group", str, place) if "group" in own else row.source_id
    example = Example(
        Document(row.id, reading.text, group, optional(own, "task", str, place)),
        annotation if holds == "reference" else None,
        annotation if holds == "predicted" else None,
        split=optional(own, "split", str, place),
        source=source,
        place=place,
    )
    plain = Written(example, row.source_id, lambda kind, what: None).document()
    # Order counts: infons are written back in theirs.
    same = as_json(_without_own(plain)) == as_json(_without_own(row.data))
    metadata = {} if same else {LAYOUT_KEY: as_json(_layout(_without_own(row.data), reading.text))}
    individual = [_as_values(item.raw, item.value, place) for item in reading.items if item.individual]
    if individual:
        metadata[INDIVIDUAL_KEY] = as_json(individual)
    if row.collection != DEFAULT_COLLECTION:
        metadata[COLLECTION_KEY] = as_json(row.collection)
    for key, value in (optional(own, "metadata", dict, place) or {}).items():
        metadata[key] = of_kind(value, str, place, f"the metadata {key[:40]!r}")
    return replace(example, document=replace(example.document, metadata=metadata))


def _as_values(raw: Values, value: Mention | UnalignedMention, place: Place) -> Values:
    segments = sorted(segment(location, place) for location in raw["locations"])
    return {
        "segments": [list(place_) for place_ in segments],
        "type": value.type,
        "text": value.text,
        "concepts": list(value.concepts),
    }


def _without_own(data: Values) -> Values:
    return {**data, "infons": {key: value for key, value in data["infons"].items() if key != OWN}}


def _layout(data: Values, text: str) -> Values:
    def short(values: Values) -> Values:
        found = values.get("text")
        start = offset_of(values, Place(LAYOUT_KEY))
        if isinstance(found, str) and found and text[start : start + len(found)] == found:
            return {**values, "text": len(found)}
        return values

    passages = [
        {**short(passage), "sentences": [short(item) for item in passage["sentences"]]}
        for passage in data["passages"]
    ]
    return {**data, "passages": passages}


class Layouts:
    """The values to write for each example in turn.

    `collection` of the first example heads the file; that of another goes with its document.
    """

    def __init__(self, lost: Losses, headless: bool = False):
        self._lost, self._headless = lost, headless
        self._seen: Counter[str] = Counter()

    def collection(self, example: Example | None) -> Values:
        """The values that head a file whose first example this is."""
        self._head = example.document.metadata.get(COLLECTION_KEY) if example else None
        try:
            found = json.loads(self._head) if self._head else None
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            return DEFAULT_COLLECTION
        # What stands there may have been edited, and must not bring a second list of documents.
        head = {key: value for key, value in found.items() if key not in DOCUMENT_LISTS}
        if not isinstance(head.get("infons", {}), dict):
            del head["infons"]
        return {**EMPTY_COLLECTION, **head}

    def document(self, example: Example) -> Values:
        """The values of an example."""
        document = example.document
        same = not self._headless and document.metadata.get(COLLECTION_KEY) == self._head
        return Written(
            example,
            self._id(document),
            lambda kind, what: self._lost.add(kind, document, what),
            frozenset({COLLECTION_KEY} if same else ()),
        ).document()

    def _id(self, document: Document) -> str:
        """The source's id where reading gives this document its own again."""
        group = document.group
        if group is None:
            return document.id
        self._seen[group] += 1
        number = self._seen[group]
        again = document.id == (group if number == 1 else f"{group}#{number}")
        return group if again else document.id

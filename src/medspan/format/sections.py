"""The `sections` format: instruction, input, output with entities and relations under headings."""

from __future__ import annotations

import re
from typing import ClassVar

from medspan.core import Annotation, Document, Schema
from medspan.format.codec import Codec, Endpoints, Projection, Walk, refuse_in_labels
from medspan.format.grammar import SPACE, lines_of, quoted
from medspan.format.items import Item, Triple, Writable, annotation_of, writable
from medspan.format.lists import Listed, MentionShape

INSTRUCTION = (
    "Extract all medical entities and their relations from the following clinical text. Identify diseases, "
    "symptoms, drugs, procedures, and lab tests, along with their relationships."
)
ENTITIES = "### Entities:\n"
RELATIONS = "\n### Relations:\n"
NONE = "None found.\n"

_HEADING = re.compile(r"^#+\s*(entities|relations)\s*:?\s*$", re.IGNORECASE)
_NUMBER = r"^\s*(?:\d+[.)]\s*|[-*]\s+)?"
_ENTITY = re.compile(_NUMBER + r"\[([^\]]+)\]\s?(.*)$")
_RELATION = re.compile(_NUMBER + r"(.*?)\s*--\[([^\]]+)\]-->\s*(.*)$")
_NOTHING = re.compile(r"^\s*none(?: found)?\.?\s*$", re.IGNORECASE)
_SHAPE = MentionShape(
    rf"/[^{SPACE}]([^\n\r]*[^{SPACE}])?/ & ~/(?s:.*(--\[|\]-->).*)/",
    lambda string: bool(re.search(r"[\n\r]|--\[|\]-->", string)),
)


class SectionsCodec(Codec):
    """`1. [Type] mention` under `### Entities:`, `1. head --[type]--> tail` under `### Relations:`."""

    name: ClassVar[str] = "sections"

    def __init__(
        self,
        schema: Schema | None = None,
        *,
        endpoints: Endpoints | None = None,
        instruction: str | None = None,
    ):
        super().__init__(schema, endpoints=endpoints)
        refuse_in_labels(self.schema, "]\n\r", self.name)
        self.instruction = instruction or INSTRUCTION

    def prompt(self, document: Document) -> str:
        return f"### Instruction:\n{self.instruction}\n\n### Input:\n{document.text}\n\n### Output:\n"

    def target(self, document: Document, annotation: Annotation) -> list[str]:
        found = self._writable(document, annotation)
        entities = [f"{n}. [{type_}] {string}\n" for n, (type_, string) in enumerate(found.items, 1)]
        relations = [
            f"{n}. {head} --[{name}]--> {tail}\n" for n, (head, name, tail) in enumerate(found.triples, 1)
        ]
        return [ENTITIES, *(entities or [NONE]), RELATIONS, *(relations or [NONE])]

    def project(self, document: Document, annotation: Annotation) -> Projection:
        found = self._writable(document, annotation)
        return Projection(annotation_of(document, found.items, found.triples, self.schema), found.lost)

    def parse(self, document: Document, output: str) -> Annotation:
        items: list[Item] = []
        triples: list[Triple] = []
        unparsed = []
        section = None
        for line in lines_of(output):
            heading = _HEADING.match(line)
            if heading:
                section = heading.group(1).lower()
                continue
            if not line.strip() or _NOTHING.match(line):
                continue
            # The marker decides, not the heading: a relation under "Entities" is still a relation.
            relation = _RELATION.match(line)
            entity = _ENTITY.match(line)
            if relation and not (entity and section == "entities"):
                triples.append((relation.group(1), relation.group(2), relation.group(3)))
            elif entity:
                items.append((entity.group(1), entity.group(2)))
            else:
                unparsed.append(line)
        return annotation_of(document, items, triples, self.schema, unparsed)

    def walk(self, document: Document) -> Walk:
        return _SectionsWalk(self, document)

    def _writable(self, document: Document, annotation: Annotation) -> Writable:
        return writable(
            document,
            annotation,
            self.schema.labels(),
            self.schema,
            forbidden=_SHAPE.forbidden,
            endpoints=self.endpoints,
        )


class _SectionsWalk(Walk):
    """Heading, entity lines or "None found.", heading, relation lines or "None found."."""

    def __init__(self, codec: SectionsCodec, document: Document):
        self._schema = codec.schema
        self._listed = Listed(document, _SHAPE, codec.endpoints)
        self._section = "start"
        self._lines = 0
        self._nothing = False

    @property
    def may_end(self) -> bool:  # type: ignore[override]
        return self._section == "relations" and (self._lines > 0 or self._nothing)

    def grammar(self, *, closing: bool) -> str | None:
        if self._section == "start":
            return f"start: {quoted(ENTITIES)}\n"
        lines = [] if closing or self._nothing else self._items()
        rules = [f"L{n}: {line} {quoted(chr(10))}" for n, line in enumerate(lines)]
        choices = [f"L{n}" for n in range(len(lines))]
        if self._lines == 0 and not self._nothing:
            choices.append(quoted(NONE))
        elif self._section == "entities":
            choices.append(quoted(RELATIONS))
        if not choices:
            return None
        return "\n".join(
            [f"start: {' | '.join(choices)}", self._listed.terminals if rules else "", *rules, ""]
        )

    def _items(self) -> list[str]:
        number = f"{self._lines + 1}. "
        if self._section == "entities":
            found = ((type_, self._listed.mention(type_)) for type_ in self._schema.entity_types)
            return [f"{quoted(f'{number}[{type_}] ')} {item}" for type_, item in found if item]
        pairs = (
            (relation, self._listed.relation(relation, f" --[{relation.name}]--> "))
            for relation in self._schema.relation_types
        )
        return [f"{quoted(number)} {item}" for _, item in pairs if item]

    def advance(self, chunk: str) -> None:
        if chunk == ENTITIES:
            self._section = "entities"
        elif chunk == RELATIONS:
            self._section, self._lines, self._nothing = "relations", 0, False
        elif chunk == NONE:
            self._nothing = True
        else:
            self._lines += 1
            line = chunk.removesuffix("\n").split(". ", 1)[1]
            if self._section == "entities":
                type_, _, string = line.removeprefix("[").partition("] ")
                self._listed.mentions.setdefault(type_, []).append(string)
            else:
                name = line.split(" --[", 1)[1].split("]--> ", 1)[0]
                self._listed.relations.setdefault(name, []).append(line)

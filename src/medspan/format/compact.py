"""The `compact` format: fewest tokens, and the text first, so that questions about it share its prefix."""

from __future__ import annotations

import re
from typing import ClassVar

from medspan.core import Annotation, Document, InputError, Schema
from medspan.format.codec import Codec, Endpoints, Projection, Walk, refuse_in_labels
from medspan.format.grammar import SPACE, lines_of, quoted
from medspan.format.items import Item, Triple, Writable, annotation_of, writable
from medspan.format.lists import Listed, MentionShape

CUE = "\n\nExtract: "
_AGAIN = "\n\n"
_PIPE = " | "
_SHAPE = MentionShape(
    rf"/[^{SPACE};|]([^;|\n\r]*[^{SPACE};|])?/", lambda string: bool(re.search(r"[;|\n\r]", string))
)


class CompactCodec(Codec):
    """One line per type in the order of the question: `Drug: a; b;`, `causes: a | c;`.

    Items keep the space before them, so that they are mostly the same tokens as in the text. With
    `read_twice` the text stands twice in the prompt: a causal model sees only what is to the left, and
    in the second copy that is the whole text.
    """

    name: ClassVar[str] = "compact"

    def __init__(
        self,
        schema: Schema | None = None,
        *,
        endpoints: Endpoints | None = None,
        read_twice: bool = False,
    ):
        super().__init__(schema, endpoints=endpoints)
        self.read_twice = read_twice
        refuse_in_labels(self.schema, ":;|\n\r", self.name)

    def prompt(self, document: Document) -> str:
        text = f"{document.text}{_AGAIN}{document.text}" if self.read_twice else document.text
        return f"{text}{CUE}{'; '.join(self.schema.labels(document.task))}\n"

    def split_prompt(self, prompt: str) -> tuple[str, tuple[str, ...]]:
        """The text and the labels of a prompt; InputError where it is not one of this format."""
        text, cue, labels = prompt.rpartition(CUE)
        if self.read_twice:
            once = text[: (len(text) - len(_AGAIN)) // 2]
            cue = cue if text == f"{once}{_AGAIN}{once}" else ""
            text = once
        if not cue:
            raise InputError(
                f"the prompt ends with {prompt[-60:]!r}",
                cause=f"prompts of the format `compact` end with {CUE.strip()!r} and the types asked for",
                remedy="name the format of the file with --format",
            )
        return text, tuple(label.strip() for label in labels.split(";"))

    def target(self, document: Document, annotation: Annotation) -> list[str]:
        found = self._writable(document, annotation)
        by_label: dict[str, list[str]] = {}
        for type_, string in found.items:
            by_label.setdefault(type_, []).append(string)
        for head, name, tail in found.triples:
            by_label.setdefault(name, []).append(f"{head}{_PIPE}{tail}")
        chunks = []
        for index, label in enumerate(self.schema.labels(document.task)):
            chunks.append(f"{label}:" if index == 0 else f"\n{label}:")
            chunks += [f" {item};" for item in by_label.get(label, [])]
        return [*chunks, "\n"]

    def project(self, document: Document, annotation: Annotation) -> Projection:
        found = self._writable(document, annotation)
        order = {label: n for n, label in enumerate(self.schema.labels(document.task))}
        items = sorted(found.items, key=lambda item: order[item[0]])
        triples = sorted(found.triples, key=lambda triple: order[triple[1]])
        return Projection(annotation_of(document, items, triples, self.schema), found.lost)

    def parse(self, document: Document, output: str) -> Annotation:
        items: list[Item] = []
        triples: list[Triple] = []
        unparsed = []
        relations = {relation.name for relation in self.schema.relation_types}
        entities = set(self.schema.entity_types)
        for line in lines_of(output):
            if not line.strip():
                continue
            label, colon, rest = line.partition(":")
            label = label.strip()
            known = label in relations or label in entities or not (relations or entities)
            if not colon or not known:
                unparsed.append(line)
                continue
            for item in rest.strip().removesuffix(";").split(";") if rest.strip() else []:
                head, bar, tail = item.partition("|")
                if bool(bar) == (label in relations) or (not relations and not entities):
                    if bar:
                        triples.append((head.strip(), label, tail.strip()))
                    else:
                        items.append((label, item.strip()))
                else:
                    unparsed.append(f"{label}: {item.strip()};")
        return annotation_of(document, items, triples, self.schema, unparsed)

    def walk(self, document: Document) -> Walk:
        return _CompactWalk(self, document)

    def endpoints_for(self, document: Document) -> Endpoints:
        """Endpoints are substrings of the text where the question lists no entities to take them from."""
        asked = self.schema.labels(document.task)
        return self.endpoints if any(type_ in asked for type_ in self.schema.entity_types) else "document"

    def _writable(self, document: Document, annotation: Annotation) -> Writable:
        return writable(
            document,
            annotation,
            self.schema.labels(document.task),
            self.schema,
            forbidden=_SHAPE.forbidden,
            endpoints=self.endpoints_for(document),
        )


class _CompactWalk(Walk):
    """For each label in order: its heading, then items; a last line break ends the answer."""

    def __init__(self, codec: CompactCodec, document: Document):
        self._relations = {relation.name: relation for relation in codec.schema.relation_types}
        self._labels = codec.schema.labels(document.task)
        self._listed = Listed(document, _SHAPE, codec.endpoints_for(document))
        self._at = -1
        self._ended = False

    @property
    def may_end(self) -> bool:  # type: ignore[override]
        return self._ended

    def grammar(self, *, closing: bool) -> str | None:
        if self._ended:
            return None
        onward = quoted(self._heading(self._at + 1))
        item = None if closing or self._at < 0 else self._item(self._labels[self._at])
        if item is None:
            return f"start: {onward}\n"
        return f"start: ITEM | {onward}\n{self._listed.terminals}ITEM: {quoted(' ')} {item} {quoted(';')}\n"

    def _heading(self, index: int) -> str:
        if index == len(self._labels):
            return "\n"
        return f"{self._labels[index]}:" if index == 0 else f"\n{self._labels[index]}:"

    def _item(self, label: str) -> str | None:
        if label in self._relations:
            return self._listed.relation(self._relations[label], _PIPE)
        return self._listed.mention(label)

    def advance(self, chunk: str) -> None:
        if chunk.endswith(";"):
            label = self._labels[self._at]
            kind = self._listed.relations if label in self._relations else self._listed.mentions
            kind.setdefault(label, []).append(chunk[1:-1])
        elif chunk == "\n":
            self._ended = True
        else:
            self._at += 1

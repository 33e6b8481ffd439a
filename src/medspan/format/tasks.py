"""The `tasks` format: three questions per article, answered by lists (an ancestor's own format)."""

from __future__ import annotations

import re
from typing import ClassVar

from medspan.core import Annotation, ConfigError, Document, InputError, RelationType, Schema
from medspan.format.codec import Codec, Endpoints, Projection, Walk
from medspan.format.grammar import SPACE, lines_of, quoted
from medspan.format.items import Item, Triple, Writable, annotation_of, writable
from medspan.format.lists import Listed, MentionShape

LEAD = "The following article contains technical terms including diseases, drugs and chemicals. "
QUESTIONS = {
    "chemicals": "Create a list only of the chemicals mentioned.",
    "diseases": "Create a list only of the diseases mentioned.",
    "influences": "Create a list only of the influences between the chemicals and diseases mentioned.",
}
CUE = "List of extracted {task}:\n"
ENTITY_TYPES = {"chemicals": "chemical", "diseases": "disease"}
RELATION = RelationType("influences", (("chemical", "disease"),))
SCHEMA = Schema(
    ("chemical", "disease"),
    (RELATION,),
    (("chemicals", ("chemical",)), ("diseases", ("disease",)), ("influences", ("influences",))),
)

_PIPE = " | "
_SENTENCE = re.compile(r"^(?:chemical\s+)?(.+?)\s+influences\s+disease\s+(.+)$", re.IGNORECASE)
_BULLET = re.compile(r"^\s*[-*\u2022](?:\s+|$)(.*)$")
_CUE = re.compile(r"\s*List of extracted (?:chemicals|diseases|influences):\s*$")
_SHAPE = MentionShape(
    rf"/[^{SPACE}|]([^|\n\r]*[^{SPACE}|])?/", lambda string: bool(re.search(r"[|\n\r]", string))
)


class TasksCodec(Codec):
    """Lists `- item`, and `- chemical | disease` for influences; both older sentence forms are read too."""

    name: ClassVar[str] = "tasks"
    default_endpoints: ClassVar[Endpoints] = "document"

    def __init__(self, schema: Schema | None = None, *, endpoints: Endpoints | None = None):
        super().__init__(SCHEMA, endpoints=endpoints)
        if self.endpoints != "document":
            raise ConfigError(
                "endpoints: mentions",
                cause="the influences question of `tasks` lists no entities to take endpoints from",
                remedy="leave `endpoints` out, or train with format: compact",
            )

    def split_prompt(self, prompt: str) -> tuple[str, str]:
        """The task and the article of a prompt; a missing closing cue is tolerated. InputError otherwise."""
        for task, question in QUESTIONS.items():
            head = LEAD + question
            if prompt.startswith(head):
                return task, _CUE.sub("", prompt[len(head) :]).strip("\n")
        raise InputError(
            f"the prompt begins with {prompt[:60]!r}",
            cause="it is not one of the three questions of the format `tasks`",
            remedy="name the format of the file with --format",
        )

    def prompt(self, document: Document) -> str:
        task = self._task(document)
        return f"{LEAD}{QUESTIONS[task]}\n\n{document.text}\n\n{CUE.format(task=task)}"

    def target(self, document: Document, annotation: Annotation) -> list[str]:
        found = self._writable(document, annotation)
        lines = [string for _, string in found.items]
        lines += [f"{head}{_PIPE}{tail}" for head, _, tail in found.triples]
        return [f"- {line}\n" for line in lines]

    def project(self, document: Document, annotation: Annotation) -> Projection:
        found = self._writable(document, annotation)
        return Projection(annotation_of(document, found.items, found.triples, self.schema), found.lost)

    def parse(self, document: Document, output: str) -> Annotation:
        task = self._task(document)
        items: list[Item] = []
        triples: list[Triple] = []
        unparsed = []
        for line in lines_of(output):
            if not line.strip():
                continue
            bullet = _BULLET.match(line)
            if bullet is None:
                unparsed.append(line)
            elif task != "influences":
                items.append((ENTITY_TYPES[task], bullet.group(1)))
            elif not bullet.group(1).strip():
                triples.append(("", RELATION.name, ""))
            elif pair := _pair(bullet.group(1)):
                triples.append((pair[0], RELATION.name, pair[1]))
            else:
                unparsed.append(line)
        return annotation_of(document, items, triples, self.schema, unparsed)

    def walk(self, document: Document) -> Walk:
        return _TasksWalk(self._task(document), document)

    def _task(self, document: Document) -> str:
        if document.task not in QUESTIONS:
            raise ConfigError(
                f"document {document.id} has the task {document.task!r}",
                cause="the format `tasks` asks one of three questions: " + ", ".join(QUESTIONS),
                remedy="train this data with format: compact or sections",
            )
        return document.task

    def _writable(self, document: Document, annotation: Annotation) -> Writable:
        return writable(
            document,
            annotation,
            self.schema.labels(self._task(document)),
            self.schema,
            forbidden=_SHAPE.forbidden,
            endpoints="document",
        )


def _pair(line: str) -> tuple[str, str] | None:
    head, bar, tail = line.partition("|")
    if bar:
        return head.strip(), tail.strip()
    sentence = _SENTENCE.match(line.strip())
    return (sentence.group(1), sentence.group(2)) if sentence else None


class _TasksWalk(Walk):
    may_end = True

    def __init__(self, task: str, document: Document):
        self._task = task
        self._listed = Listed(document, _SHAPE, "document")

    def grammar(self, *, closing: bool) -> str | None:
        if closing:
            return None
        if self._task == "influences":
            item = self._listed.relation(RELATION, _PIPE)
        else:
            item = self._listed.mention(ENTITY_TYPES[self._task])
        if item is None:
            return None
        return f"start: LINE\n{self._listed.terminals}LINE: {quoted('- ')} {item} {quoted(chr(10))}\n"

    def advance(self, chunk: str) -> None:
        line = chunk.removeprefix("- ").removesuffix("\n")
        kind = self._listed.relations if self._task == "influences" else self._listed.mentions
        kind.setdefault(ENTITY_TYPES.get(self._task, RELATION.name), []).append(line)

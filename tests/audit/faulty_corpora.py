"""Corpora in files, written letter by letter with whatever faults a script may leave in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from medspan.core import Annotation, Concept, Document, Example, Mention, Relation
from medspan.format.tasks import TasksCodec
from medspan.read import write

TEXTS = (
    "Lithium and aspirin caused tremor; lithium toxicity too.",
    "Aspirin was stopped for NAUSEA | none of it | and nausea.",
    "No drug was given.",
    "  ",
)
STRINGS = ("Lithium", "lithium", "LITHIUM", "aspirin", "Aspirin", "nausea", "tremor", "none", "", "-")
TYPES = ("Drug", "drug", "Drugs", "Side_Effect", "side effect")
NAMES = ("causes", "Causes", "interacts_with")
PARTS = ("train", "validation", "test")

Rows = list[dict[str, Any]]

items = st.tuples(st.sampled_from(TYPES), st.sampled_from(STRINGS))
triples = st.tuples(st.sampled_from(STRINGS), st.sampled_from(NAMES), st.sampled_from(STRINGS))


@st.composite
def sections_rows(draw: st.DrawFn) -> dict[str, Any]:
    """A row of `sections` whose target may be numbered or not, unreadable in part, or blank."""
    listed = draw(st.lists(items, max_size=4))
    joined = draw(st.lists(triples, max_size=3))
    numbered = draw(st.booleans())
    entities = [f"[{type_}] {string}" for type_, string in listed]
    relations = [f"{head} --[{name}]--> {tail}" for head, name, tail in joined]
    lines = ["### Entities:", *_counted(entities, numbered), "", "### Relations:"]
    lines += _counted(relations, numbered)
    if draw(st.integers(0, 5)) == 0:
        lines.insert(draw(st.integers(0, len(lines))), "nothing that can be read")
    output = "\n".join(lines) + draw(st.sampled_from(["", "\n"]))
    if draw(st.integers(0, 9)) == 0:
        output = " "
    return {"instruction": "Extract.", "input": draw(st.sampled_from(TEXTS)), "output": output}


def _counted(lines: Sequence[str], numbered: bool) -> list[str]:
    if not lines:
        return ["None found."]
    return [f"{number}. {line}" if numbered else f"- {line}" for number, line in enumerate(lines, 1)]


@st.composite
def tasks_rows(draw: st.DrawFn) -> dict[str, Any]:
    """A row of `tasks`: a list of strings, or of pairs in one of two forms."""
    task = draw(st.sampled_from(["chemicals", "diseases", "influences"]))
    if task == "influences":
        pairs = draw(st.lists(st.tuples(st.sampled_from(STRINGS), st.sampled_from(STRINGS)), max_size=3))
        form = draw(st.sampled_from(["{} | {}", "chemical {} influences disease {}"]))
        lines = [form.format(*pair) for pair in pairs]
    else:
        lines = draw(st.lists(st.sampled_from(STRINGS), max_size=4))
    document = Document("-", draw(st.sampled_from(TEXTS)), task=task)
    completion = "".join(f"- {line}\n" for line in lines)
    return {"prompt": TasksCodec().prompt(document), "completion": completion}


@st.composite
def compact_rows(draw: st.DrawFn) -> dict[str, Any]:
    """A row of `compact`, whose prompt names types that may be one."""
    labels = draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=3, unique=True))
    names = draw(st.lists(st.sampled_from(NAMES), max_size=2, unique=True))
    lines = [
        f"{label}:" + "".join(f" {one};" for one in draw(st.lists(st.sampled_from(STRINGS), max_size=3)))
        for label in labels
    ]
    for name in names:
        pairs = draw(st.lists(st.tuples(st.sampled_from(STRINGS), st.sampled_from(STRINGS)), max_size=2))
        lines.append(f"{name}:" + "".join(f" {head} | {tail};" for head, tail in pairs))
    text = draw(st.sampled_from(TEXTS))
    prompt = f"{text}\n\nExtract: {'; '.join([*labels, *names])}\n"
    return {"prompt": prompt, "completion": "\n".join(lines) + "\n"}


def as_messages(row: dict[str, Any]) -> dict[str, Any]:
    """A row of `sections` as a conversation."""
    turns = [("system", row["instruction"]), ("user", row["input"]), ("assistant", row["output"])]
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


PLACED = "Lithium and aspirin caused tremor; lithium toxicity too."


@st.composite
def placed_examples(draw: st.DrawFn, *, concepts: bool) -> Example:
    """A document whose items have places, and may be listed twice or under other spellings of their type."""
    places = ((0, 7), (12, 19), (27, 33), (35, 42))
    chosen = draw(st.lists(st.tuples(st.sampled_from(places), st.sampled_from(TYPES)), max_size=5))
    ids = st.lists(st.sampled_from(["D000001", "D000002", "D000003"]), min_size=1, max_size=2, unique=True)
    mentions = tuple(
        Mention.at(PLACED, start, end, type_, concepts=tuple(draw(ids)) if concepts else ())
        for (start, end), type_ in chosen
    )
    relations: tuple[Relation, ...] = ()
    if mentions and concepts:
        ends = st.sampled_from([concept for mention in mentions for concept in mention.concepts])
        pairs = draw(st.lists(st.tuples(ends, st.sampled_from(NAMES), ends), max_size=3))
        relations = tuple(Relation(Concept(head), Concept(tail), name) for head, name, tail in pairs)
    elif mentions:
        joined = st.tuples(st.sampled_from(mentions), st.sampled_from(NAMES), st.sampled_from(mentions))
        found = draw(st.lists(joined, max_size=3))
        # Of two ends at one place neither comes first.
        found = [(head, name, tail) for head, name, tail in found if head == tail or head.start != tail.start]
        relations = tuple(Relation(head, tail, name) for head, name, tail in found)
    identity = str(draw(st.integers(100, 104)))
    return Example(Document(identity, PLACED, identity), Annotation(mentions, (), relations))


def in_lines(rows: Rows) -> str:
    """JSON lines as another program would write them, with a blank line and no break at the end."""
    return "\n\n".join(json.dumps(row, ensure_ascii=True) for row in rows)


def in_a_list(rows: Rows) -> str:
    """A JSON list with an indent of three."""
    return json.dumps(rows, ensure_ascii=False, indent=3) + "\n"


def in_a_dense_list(rows: Rows) -> str:
    """A JSON list without a blank."""
    return json.dumps(rows, separators=(",", ":"))


@dataclass(frozen=True)
class Corpus:
    """Files of splits in a format: as text, or as examples to be written."""

    format: str
    texts: dict[str, str] = field(default_factory=dict)
    examples: dict[str, list[Example]] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        for name, text in self.texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        for name, examples in self.examples.items():
            write(folder / name, examples, self.format)


@st.composite
def row_corpora(draw: st.DrawFn) -> Corpus:
    """Up to three splits of rows with a written target, in one of four formats and three layouts."""
    kind = draw(st.sampled_from([sections_rows, tasks_rows, compact_rows]))
    suffix, writer = draw(
        st.sampled_from([(".jsonl", in_lines), (".json", in_a_list), (".json", in_a_dense_list)])
    )
    messages = kind is sections_rows and draw(st.booleans())
    format = kind.__name__.removesuffix("_rows") + ("-messages" if messages else "")
    texts = {}
    for part in PARTS[: draw(st.integers(1, 3))]:
        # Of few rows many are alike; one of its own keeps the split from being emptied.
        rows = [_own(draw(kind()), part), *draw(st.lists(kind(), max_size=4))]
        texts[f"{part}{suffix}"] = writer([as_messages(row) for row in rows] if messages else rows)
    return Corpus(format, texts)


def _own(row: dict[str, Any], part: str) -> dict[str, Any]:
    """The row with a text that no other split has, and some target."""
    own = {key: value.replace("Lithium and", f"{part} and") for key, value in row.items()}
    for text in TEXTS[1:]:
        own = {
            key: value.replace(text, f"Lithium in {part}.") if key in ("input", "prompt") else value
            for key, value in own.items()
        }
    if "output" in own and not own["output"].strip():
        own["output"] = "### Entities:\nNone found.\n\n### Relations:\nNone found."
    return own


PLACED_FORMATS = {
    "pubtator": (".txt", True),
    "medspan": (".jsonl", True),
    "bioc-json": (".json", True),
    "bioc-xml": (".xml", True),
    "bigbio": (".json", True),
    "spert": (".json", False),
    "conll": (".conll", False),
    "brat": ("", False),
}
"""Formats with places: the suffix, and whether relations join concepts there."""


@st.composite
def placed_corpora(draw: st.DrawFn, format: str) -> Corpus:
    """One or two splits of documents with places in a format."""
    suffix, concepts = PLACED_FORMATS[format]
    own = Example(Document("7", "Nothing of note.", "7"), Annotation())
    splits = {
        f"{part}{suffix}": [*draw(st.lists(placed_examples(concepts=concepts), max_size=4)), _in(own, part)]
        for part in PARTS[: draw(st.integers(1, 2))]
    }
    return Corpus(format, {}, splits)


def _in(example: Example, part: str) -> Example:
    text = f"{example.document.text} {part}"
    return Example(Document(f"{example.id}{part}", text, f"7{part}"), Annotation())

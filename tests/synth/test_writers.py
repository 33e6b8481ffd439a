"""Notes in every format that medspan writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from medspan.core import Concept, Example, Mention
from medspan.read import load, write
from medspan.read.base import format_named, formats
from medspan.read.endpoints import AtLevel
from medspan.synth import Mix, compose, load_recipe, sayings
from medspan.text import fold

NOTES = compose(40, seed=5, mix=Mix(misspelt=0.1, abbreviated=0.8))
TASKS = """
entity_types: [chemical, disease]
lexicons: {chemical: drugs, disease: diseases}
relation_types:
  - name: influences
    pairs: [[chemical, disease]]
    verb: influence
"""


def related(example: Example) -> set[tuple[str, str, str]]:
    """The relations by the strings of their ends, or by their concepts."""
    assert example.reference is not None
    ends = {
        end: fold(end.text) if isinstance(end, Mention) else end.id
        for relation in example.reference.relations
        for end in (relation.head, relation.tail)
        if isinstance(end, Mention | Concept)
    }
    return {(ends[one.head], one.type, ends[one.tail]) for one in example.reference.relations}  # type: ignore[index]


def words(example: Example) -> list[str]:
    return example.document.text.split()


def mentioned(example: Example) -> set[tuple[str, str]]:
    assert example.reference is not None
    return {(mention.type, fold(mention.text)) for mention in example.reference.mentions}


@pytest.mark.parametrize("name", [name for name in formats() if not name.startswith("tasks")])
def test_notes_come_back_from_every_format(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"notes{format_named(name).suffix}"
    level = "concept" if name == "pubtator" else "as-read"
    wanted = list(AtLevel(NOTES, level))  # type: ignore[arg-type]
    lost = write(path, wanted, name)
    # Some formats keep no ids, and folders an order of their own.
    back = sorted(load(path, format=name), key=words)
    assert len(back) == len(NOTES)
    for before, after in zip(sorted(wanted, key=words), back, strict=True):
        flat = name == "pubtator"
        assert words(after) == words(before)
        assert flat or after.document.text == before.document.text
        assert mentioned(after) == mentioned(before)
        assert related(after) == (set() if name == "conll" else related(before))
    unexpected = set(lost) - {
        "mention: further-occurrence",
        "mention: concepts",
        "document: line breaks and control characters of the text",
        "relation: unwritable",
    }
    assert unexpected == set()
    assert ("relation: unwritable" in lost) == (name == "conll")


@pytest.mark.parametrize("name", [name for name in formats() if name.startswith("tasks")])
def test_notes_of_their_types_come_back_from_the_three_questions(name: str, tmp_path: Path) -> None:
    (tmp_path / "tasks.yaml").write_text(TASKS)
    notes = compose(30, load_recipe(tmp_path / "tasks.yaml"), seed=2)
    path = tmp_path / f"notes{format_named(name).suffix}"
    assert set(write(path, notes, name)) <= {"mention: further-occurrence"}
    found: dict[str, tuple[set[tuple[str, str]], set[tuple[str, str, str]]]] = {}
    for example in load(path, format=name):
        mentions, relations = found.setdefault(example.document.text, (set(), set()))
        mentions |= mentioned(example)
        relations |= related(example)
    assert found == {note.document.text: (mentioned(note), related(note)) for note in notes}


def test_the_ledger_is_kept_by_the_format_that_keeps_everything(tmp_path: Path) -> None:
    write(tmp_path / "notes.jsonl", NOTES, "medspan")
    back = list(load(tmp_path / "notes.jsonl"))
    assert [sayings(example) for example in back] == [sayings(example) for example in NOTES]
    assert all(sayings(example) for example in back)

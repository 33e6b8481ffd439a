"""The checks of single items together: what holds for all of them."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medspan.audit import Data
from medspan.core import Example, Place
from medspan.read import load, write
from medspan.synth import generate

from ..conftest import found
from ..listed_rows import asked, corpus, figures, rebuilt, renamed, sections

CHECKS = (
    "annotation-gap",
    "blank-item",
    "duplicate-item",
    "empty-target",
    "endpoint-not-an-entity",
    "id-not-resolved",
    "lost-characters",
    "offset-mismatch",
    "self-relation",
    "ungrounded-reference",
    "unreachable-endpoint",
)
TEXTS = ("Lithium caused a trem\ufffdr.", "Gold and aspirin: a rash.", "Nothing  happened to Gold", "")
STRINGS = st.sampled_from(["lithium", "Lithium", "rash", "gold", "trem\ufffdr", "absent", "none", "", "rsh"])


@st.composite
def faulty(draw: st.DrawFn) -> list[Example]:
    rows: list[Example] = []
    for at in range(draw(st.integers(1, 8))):
        text = draw(st.sampled_from(TEXTS))
        items = draw(st.lists(STRINGS, max_size=4))
        pairs = draw(st.lists(st.tuples(STRINGS, STRINGS), max_size=3))
        kind = draw(st.sampled_from(["sections", "chemicals", "diseases", "influences"]))
        if kind == "sections":
            relations = [(head, "causes", tail) for head, tail in pairs]
            row = sections(str(at), text, *(("Drug", one) for one in items), relations=relations)
        elif kind == "influences":
            row = asked(str(at), kind, text, *(f"{head} | {tail}" for head, tail in pairs))
        else:
            row = asked(str(at), kind, text, *items)
        rows.append(replace(row, place=Place("rows.jsonl", at + 1)))
    return rows


@settings(max_examples=60)
@given(faulty(), faulty(), st.integers(0, 9))
def test_figures_do_not_depend_on_the_order_of_rows_or_on_names(
    train: list[Example], test: list[Example], seed: int
) -> None:
    data = Data.of({"train": train, "test": test})
    for check in CHECKS:
        first = figures(check, data)
        assert figures(check, rebuilt(data, renamed, seed)) == first
        again, other = found(check, data), found(check, rebuilt(data, lambda one: one, seed))
        assert again == found(check, data)
        assert [one.message for one in again] == [one.message for one in other]


@pytest.mark.parametrize("format", ["medspan", "sections", "tasks", "compact", "pubtator"])
def test_a_sound_corpus_of_any_format_is_quiet(tmp_path: Path, format: str) -> None:
    notes = [note for note in generate(60, seed=4) if note.reference and note.reference.mentions]
    path = tmp_path / ("train.txt" if format == "pubtator" else "train.jsonl")
    if format == "tasks":
        notes = [
            asked("1", "chemicals", "Gold.", "gold"),
            asked("2", "diseases", "Gold and zinc: a rash, an itch.", "rash"),
            asked("3", "influences", "Gold: rash.", "gold | rash"),
        ]
    write(path, notes, format)
    data = Data.of({"train": load(path)})
    grave = [one.message for check in CHECKS for one in found(check, data) if one.severity != "info"]
    assert grave == []
    # A term at the beginning of a sentence and within one are two strings of a list.
    assert {one.check for check in CHECKS for one in found(check, data)} <= {"duplicate-item"}


@settings(max_examples=10)
@given(st.integers(0, 10_000))
def test_sound_corpora_of_any_seed_have_no_finding_but_their_negatives(seed: int) -> None:
    data = Data.of({"train": generate(20, seed=seed)})
    assert {finding.check for check in CHECKS for finding in found(check, data)} <= {"empty-target"}


def test_all_that_is_found_in_the_official_parts_of_bc5cdr(corpora: Path) -> None:
    data = corpus(corpora / "bc5cdr")
    told = [(one.check, one.severity, one.split, one.count) for check in CHECKS for one in found(check, data)]
    assert told == [
        ("lost-characters", "warning", "train", 5),
        ("lost-characters", "info", "validation", 4),
    ]


def test_nothing_depends_on_the_hash_seed(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    rows = [
        asked("1", "chemicals", "Gold and zinc: a rash, an itch.", "gold", "Gold", "tin", "zinc?x", ""),
        asked("2", "diseases", "Gold and zinc: a rash, an itch.", "rash"),
        asked(
            "3", "influences", "Gold and zinc: a rash, an itch.", "zinc | pain", "none | itch", "tin | tin"
        ),
    ]
    write(path, rows, "tasks")
    script = (
        "import sys; from medspan.audit import Data, all_checks; from medspan.read import load; "
        "data = Data.of({'train': load(sys.argv[1])}); "
        "print([one for name in sys.argv[2:] for one in all_checks()[name].run(data)])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script, str(path), *CHECKS],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in (1, 2, 3)
    }
    assert len(outputs) == 1
    assert "endpoint-not-an-entity" in outputs.pop()

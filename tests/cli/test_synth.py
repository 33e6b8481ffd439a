"""medspan synth: from the call to the files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from medspan.read import load, load_splits
from medspan.synth import HARD_NEGATIVES, generate, sayings

from .conftest import Cli


def result(path: Path) -> dict[str, Any]:
    data = json.loads(path.read_text())
    assert isinstance(data, dict)
    return data


def test_the_notes_of_the_demo_are_written_when_asked_for(cli: Cli, tmp_path: Path) -> None:
    assert cli("synth", "--out", tmp_path, "--notes", "demo", "--count", 20, "--seed", 3).code == 0
    texts = [example.document.text for example in load(tmp_path / "notes.jsonl")]
    assert texts == [example.document.text for example in generate(20, seed=3)]


def test_clinic_notes_come_with_what_they_say_and_the_baseline(cli: Cli, tmp_path: Path) -> None:
    done = cli("synth", "--out", tmp_path, "--count", 60, "--json", tmp_path / "r.json")
    assert done.code == 0
    written = result(tmp_path / "r.json")
    corpus = load(tmp_path / "notes.jsonl")
    kinds = [saying.kind for example in corpus for saying in sayings(example)]
    assert written["said"] == {kind: kinds.count(kind) for kind in ("statement", *HARD_NEGATIVES)}
    assert written["documents"] == len(corpus) == 60
    assert written["notes"] == "clinic"
    assert 0 < written["baseline"]["all_legal_pairs"]["f1"] < 0.5
    assert written["files"] == {
        "notes": str(tmp_path / "notes.jsonl"),
        "schema": str(tmp_path / "schema.json"),
    }
    assert f"statement {kinds.count('statement')}" in done.out
    assert f"medspan split {tmp_path / 'notes.jsonl'}" in done.out


def test_held_out_terms_stand_in_the_test_part_only(cli: Cli, tmp_path: Path) -> None:
    done = cli(
        "synth", "--out", tmp_path, "--hold-out", 1, "--count", 60, "--json", tmp_path / "r" / "r.json"
    )
    assert done.code == 0
    assert result(tmp_path / "r" / "r.json")["parts"] == {"train": 48, "validation": 6, "test": 6}
    corpora = load_splits(tmp_path)
    terms = {
        part: {m.concepts for e in corpus if e.reference for m in e.reference.mentions}
        for part, corpus in corpora.items()
    }
    assert set(terms) == {"train", "validation", "test"}
    assert not terms["test"] & (terms["train"] | terms["validation"])
    assert f"medspan audit {tmp_path}" in done.out
    assert cli("audit", tmp_path).code == 0


def test_shares_alone_write_parts_with_terms_in_common(cli: Cli, tmp_path: Path) -> None:
    assert cli("synth", "--out", tmp_path, "--shares", "0.5,0,0.5", "--count", 40).code == 0
    assert {part: len(corpus) for part, corpus in load_splits(tmp_path).items()} == {"train": 20, "test": 20}


def test_styles_and_the_mix_are_followed(cli: Cli, tmp_path: Path) -> None:
    options = ("--style", "ward", "--style", "list", "--mix", "negatives=0", "--mix", "misspelt=0")
    assert cli("synth", "--out", tmp_path, "--count", 30, *options).code == 0
    corpus = load(tmp_path / "notes.jsonl")
    assert {example.document.metadata["style"] for example in corpus} == {"ward", "list"}
    assert {saying.kind for example in corpus for saying in sayings(example)} == {"statement"}


def test_a_schema_and_a_lexicon_of_ones_own(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "foods.txt").write_text("\n".join(f"food {at}" for at in range(20)))
    (tmp_path / "own.yaml").write_text(
        "entity_types: [Food, Reaction]\n"
        "lexicons: {Food: foods.txt, Reaction: symptoms}\n"
        "relation_types:\n"
        "  - {name: triggers, pairs: [[Food, Reaction]]}\n"
    )
    out = tmp_path / "out"
    done = cli("synth", "--out", out, "--schema", tmp_path / "own.yaml", "--count", 20)
    assert done.code == 0
    assert json.loads((out / "schema.json").read_text())["entity_types"] == ["Food", "Reaction"]
    (tmp_path / "other.txt").write_text("\n".join(f"dish {at}" for at in range(20)))
    options = ("--schema", tmp_path / "own.yaml", "--lexicon", f"Food={tmp_path / 'other.txt'}")
    assert cli("synth", "--out", out, *options, "--count", 20).code == 0
    text = " ".join(example.document.text.lower() for example in load(out / "notes.jsonl"))
    assert "dish " in text
    assert "food " not in text


def test_the_schema_that_is_read_is_not_written_over(
    refused: Callable[..., str], cli: Cli, tmp_path: Path
) -> None:
    assert cli("synth", "--out", tmp_path, "--count", 5).code == 0
    own = tmp_path / "schema.json"
    assert "schema.json is a file that is read" in refused("synth", "--out", tmp_path, "--schema", own)


def test_sentences_left_out_are_told(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "drugs.txt").write_text("\n".join(["blood", *(f"drug {at}" for at in range(20))]))
    done = cli("synth", "--out", tmp_path / "o", "--lexicon", f"Drug={tmp_path / 'drugs.txt'}", "--count", 20)
    assert done.code == 0
    assert "left out, since 'blood' is a term: blood tests were requested" in done.err


def test_pubtator_gets_relations_between_concepts(cli: Cli, tmp_path: Path) -> None:
    options = ("--notes", "clinic", "--count", 30, "--to", "pubtator")
    done = cli("synth", "--out", tmp_path / "a", *options)
    assert "--relations concept writes the relations between the terms' ids" in done.err
    assert cli("synth", "--out", tmp_path / "b", *options, "--relations", "concept").code == 0
    counts = [sum(load(tmp_path / name / "notes.txt").counts()["relations"].values()) for name in "ab"]
    assert counts[0] == 0
    assert counts[1] > 30


def test_a_folder_format_is_written_a_folder_a_part(cli: Cli, tmp_path: Path) -> None:
    assert cli("synth", "--out", tmp_path, "--hold-out", 0.5, "--count", 30, "--to", "brat").code == 0
    assert {part: len(corpus) for part, corpus in load_splits(tmp_path).items()} == {
        "train": 24,
        "validation": 3,
        "test": 3,
    }


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--notes", "clinics"), "--notes is 'clinics'"),
        (("--notes", "demo", "--hold-out", "1"), "--notes is demo, and another option"),
        (("--hold-out", "50"), "hold_out is 50"),
        (("--style", "letters"), "'letters' is no style"),
        (("--mix", "negative=1"), "--mix names 'negative'"),
        (("--mix", "negatives"), "--mix is 'negatives'"),
        (("--mix", "negatives=half"), "--mix negatives is 'half'"),
        (("--mix", "negatives=1"), "negatives is 1"),
        (("--lexicon", "drugs.txt"), "--lexicon is 'drugs.txt'"),
        (("--lexicon", "Drug=absent.txt"), "absent.txt does not exist"),
        (("--schema", "absent.yaml"), "absent.yaml does not exist"),
        (("--notes", "clinic", "--relations", "some"), "--relations is 'some'"),
        (("--shares", "0.9,0.1"), "--shares is '0.9,0.1'"),
        (("--hold-out", "1", "--count", "3"), "would get 0 notes"),
        (("--to", "jsonlines"), "'jsonlines' is no corpus format"),
    ],
)
def test_what_is_wrong_with_the_call_is_named(
    refused: Callable[..., str], tmp_path: Path, options: tuple[str, ...], named: str
) -> None:
    assert named in refused("synth", "--out", tmp_path / "o", *options)
    assert not (tmp_path / "o" / "notes.jsonl").exists()


def test_notes_of_another_call_do_not_stand_beside_the_new_ones(
    cli: Cli, refused: Callable[..., str], tmp_path: Path
) -> None:
    few = ("--count", 30)
    assert cli("synth", "--out", tmp_path, *few, "--hold-out", 1).code == 0
    assert "test.jsonl would stand beside the new notes" in refused("synth", "--out", tmp_path, *few)
    assert cli("synth", "--out", tmp_path, *few, "--hold-out", 1, "--seed", 2).code == 0
    other = tmp_path / "other"
    assert cli("synth", "--out", other, *few).code == 0
    assert "notes.jsonl would" in refused("synth", "--out", other, *few, "--hold-out", 1)
    assert "notes.jsonl would" in refused("synth", "--out", other, *few, "--to", "pubtator")
    assert cli("synth", "--out", other, *few, "--seed", 2).code == 0

from __future__ import annotations

import os
import random
import subprocess
import sys
from dataclasses import replace

import pytest

from medspan.core import ConfigError, Document, Example, InputError
from medspan.split import DEFAULT_SHARES, assign
from medspan.synth import generate


def row(id: str, text: str, group: str | None = None) -> Example:
    return Example(Document(id, text, group=group))


def words(first: int, last: int) -> str:
    return " ".join(f"w{number}" for number in range(first, last))


def distinct(count: int) -> list[Example]:
    return [row(f"r{n}", words(100 * n, 100 * n + 20)) for n in range(count)]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_share_is_within_one_point_on_300_notes(seed: int) -> None:
    result = assign(generate(300, seed=seed), seed=seed)
    assert {part: len(its) for part, its in result.parts.items()} == {
        "train": 240,
        "validation": 30,
        "test": 30,
    }
    assert {share.stratum for share in result.report.shares} == {
        "examples",
        "entity:Disease",
        "entity:Drug",
        "entity:Symptom",
        "relation:causes",
        "relation:treats",
    }
    assert max(abs(share.deviation) for share in result.report.shares) <= 0.01
    assert result.report.deviating == ()


def test_examples_come_back_whole_with_their_split_set() -> None:
    examples = generate(40, seed=1)
    result = assign(examples)
    back = [example for its in result.parts.values() for example in its]
    assert {part: {e.split for e in its} for part, its in result.parts.items()} == {
        part: {part} for part in DEFAULT_SHARES
    }
    assert sorted((replace(example, split=None) for example in back), key=lambda e: e.id) == examples


def test_the_order_of_the_rows_does_not_matter_and_the_seed_does() -> None:
    examples = [*generate(80, seed=2), row("x", "one text twice"), row("y", "one text twice")]
    shuffled = random.Random(5).sample(examples, len(examples))
    assert assign(shuffled, seed=3) == assign(examples, seed=3)
    assert assign(examples, seed=4).parts["test"] != assign(examples, seed=3).parts["test"]


def test_rows_come_back_shuffled() -> None:
    ids = [example.id for example in assign(generate(100, seed=2)).parts["train"]]
    assert ids != sorted(ids)


def test_planted_duplicates_stay_together() -> None:
    originals = generate(100, seed=6)
    exact = [
        Example(Document(f"exact-{n}", f" {e.document.text.upper()}\n")) for n, e in enumerate(originals[:30])
    ]
    near = [
        Example(Document(f"near-{n}", f"{e.document.text} Signed.")) for n, e in enumerate(originals[:30])
    ]
    result = assign([*exact, *originals, *near])
    part_of = {example.id: part for part, its in result.parts.items() for example in its}
    for n in range(30):
        assert part_of[f"exact-{n}"] == part_of[f"near-{n}"] == part_of[originals[n].id]
    assert len({part_of[f"exact-{n}"] for n in range(30)}) > 1
    assert dict(result.report.joins) == {"group": 0, "id": 0, "text": 30, "near-duplicate": 30}
    assert result.report.groups == 100


def test_the_split_does_not_hang_on_the_hash_seed() -> None:
    program = """
from medspan.split import assign, folds
from medspan.synth import generate
notes = generate(60, seed=1)
cuts = [assign(notes), assign(notes, unseen=0.95)]
held = {"train": notes[:15], "test": notes[15:20]}
cuts.append(assign(notes[20:], held=held, shares={"train": 0.7, "test": 0.3}))
print([[e.id for e in its] for cut in cuts for its in cut.parts.values()])
print([[e.id for e in parts["test"]] for parts in folds(notes, 4).parts.values()])
"""
    outcomes = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("0", "1", "2")
    }
    assert len(outcomes) == 1


def test_a_pin_takes_the_whole_group_along() -> None:
    examples = [*distinct(20), row("a", words(5000, 5030), "7"), row("b", words(6000, 6030), "7")]
    result = assign(examples, pinned=lambda example: "test" if example.id == "a" else None)
    assert {"a", "b"} <= {example.id for example in result.parts["test"]}
    assert result.report.pinned == 1


def test_pinning_the_held_out_notes_leaves_the_rest_to_the_other_parts() -> None:
    result = assign(
        generate(100, seed=3),
        shares={"train": 0.7, "validation": 0.1, "test": 0.2},
        pinned=lambda example: "test" if example.document.metadata["vocabulary"] == "held-out" else None,
    )
    assert {part: len(its) for part, its in result.parts.items()} == {
        "train": 70,
        "validation": 10,
        "test": 20,
    }
    assert {e.document.metadata["vocabulary"] for e in result.parts["test"]} == {"held-out"}


def test_pins_that_disagree_name_both_examples() -> None:
    examples = [*distinct(5), row("a", "one text twice"), row("b", "one text twice")]
    with pytest.raises(InputError, match=r"a is pinned to train and b to test"):
        assign(examples, pinned=lambda example: {"a": "train", "b": "test"}.get(example.id))


def test_a_pin_to_no_part_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"r0 is pinned to 'dev'.*train, validation, test"):
        assign(distinct(5), pinned=lambda example: "dev" if example.id == "r0" else None)


@pytest.mark.parametrize(
    ("shares", "named"),
    [
        ({"train": 80, "test": 20}, "shares sum to 100"),
        ({"train": 0.8, "test": 0.1}, "shares sum to 0.9"),
        ({"train": 1.0, "test": 0.0}, r"shares.test is 0.0"),
        ({"train": 1.2, "test": -0.2}, r"shares.test is -0.2"),
        ({"train": float("nan"), "test": 0.5}, r"shares.train is nan"),
        ({}, "names no part"),
    ],
)
def test_unusable_shares_are_named(shares: dict[str, float], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        assign(distinct(5), shares=shares)


def test_shares_in_binary_fractions_that_sum_to_nearly_one_are_taken() -> None:
    result = assign(distinct(9), shares={"a": 1 / 3, "b": 1 / 3, "c": 1 / 3})
    assert [len(its) for its in result.parts.values()] == [3, 3, 3]


def test_fewer_groups_than_parts_is_refused_with_both_numbers() -> None:
    rows = [row(f"r{n}", words(100 * n, 100 * n + 20), group=str(n % 2)) for n in range(6)]
    with pytest.raises(InputError, match=r"6 examples form 2 inseparable groups, for 3 parts"):
        assign(rows)
    with pytest.raises(InputError, match=r"0 examples"):
        assign([])


def test_a_share_that_groups_do_not_allow_is_reported() -> None:
    examples = distinct(4) + [row(f"g{n}", words(9000 + 50 * n, 9020 + 50 * n), "big") for n in range(6)]
    report = assign(examples, shares={"train": 0.5, "test": 0.5}).report
    off = {share.part: (share.count, share.total) for share in report.deviating}
    assert sorted(off.values()) == [(4, 10), (6, 10)]
    assert sorted(share.deviation for share in report.deviating) == pytest.approx([-0.1, 0.1])
    assert any("6 of 10 examples (60.0%, wanted 50.0%)" in line for line in report.deviations(5))
    off = len(report.deviating)
    assert f"{len(report.shares) - off} of {len(report.shares)} shares" in report.lines()[-1]
    assert report.deviations(0) == [f"{off} further shares are off by less (--json FILE lists them all)."]
    assert report.to_json()["joins"] == {"group": 5, "id": 0, "text": 0, "near-duplicate": 0}

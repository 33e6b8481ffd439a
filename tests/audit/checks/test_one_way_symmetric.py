"""one-way-symmetric: relations without a direction that stand one way only, at random."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from medspan.audit import Data
from medspan.core import Concept, Example, Relation, RelationType, Schema

from ..conftest import found, row
from ..listed_rows import corpus, figures, rebuilt, recased, renamed, sections

CHECK = "one-way-symmetric"
DRUGS = ["aspirin", "digoxin", "lithium", "warfarin", "codeine", "heparin"]


def pair(number: int, name: str = "interacts_with", *, forwards: bool, both: bool = False) -> Example:
    """Two drugs in a text; the first is the head if `forwards`."""
    first, second = random.Random(number).sample(DRUGS, 2)
    text = f"Note {number}: {first} with {second}."
    ends = (first, second) if forwards else (second, first)
    relations = [(ends[0], name, ends[1])]
    if both:
        relations.append((ends[1], name, ends[0]))
    return row(str(number), text, (first, "Drug"), (second, "Drug"), relations=relations)


def at_random(count: int, name: str = "interacts_with", start: int = 0) -> list[Example]:
    """Each number's pair in the text's order or not, for even and odd numbers."""
    return [pair(number, name, forwards=number % 2 == 0) for number in range(start, start + count)]


def test_the_relations_that_stand_one_way_are_counted() -> None:
    train = [*at_random(20), *(pair(number, forwards=True, both=True) for number in range(90, 95))]
    test = at_random(3, start=20)
    first, second = found(CHECK, Data.of({"train": train, "test": test}))
    assert (first.count, first.of, first.split, first.severity) == (20, 30, "train", "warning")
    assert first.message == (
        "20 of 30 relations of types without a direction in train (67%) stand one way only: interacts_with "
        "(other rows hold both directions); in 50% of them the head comes first in the text"
    )
    place, text = first.cases[1].place, first.cases[1].text
    head, tail = (text[start:end] for start, end in reversed(first.cases[1].marks))
    assert (place, first.cases[1].what) == ("1", f"{head} --[interacts_with]--> {tail} without its reverse")
    assert (second.count, second.of, second.split) == (3, 3, "test")


def test_a_name_says_that_there_is_no_direction() -> None:
    (finding,) = found(CHECK, Data.of({"train": at_random(20, "Association")}))
    assert (finding.count, finding.of, finding.severity) == (20, 20, "warning")
    assert "Association (by its name)" in finding.message
    (other,) = found(CHECK, Data.of({"train": at_random(20, "precedes")}))
    assert (other.severity, "by its name" in other.message) == ("info", False)


def test_the_schema_decides_where_there_is_one() -> None:
    for symmetric, expected in ((True, {"train": (20, 20)}), (False, {})):
        schema = Schema(("Drug",), (RelationType("with", symmetric=symmetric),))
        data = Data.of({"train": at_random(20, "with")}, stated_schema=schema)
        assert figures(CHECK, data) == expected
    schema = Schema(("Drug",), (RelationType("interacts_with"),))
    assert found(CHECK, Data.of({"train": at_random(20)}, stated_schema=schema)) == []


def test_an_order_that_can_be_learnt_is_no_fault() -> None:
    by_text = [pair(number, forwards=True) for number in range(40)]
    assert found(CHECK, Data.of({"train": by_text})) == []
    backwards = [pair(number, forwards=number == 7) for number in range(40)]
    assert found(CHECK, Data.of({"train": backwards})) == []
    by_alphabet = [
        pair(number, forwards=first < second)
        for number in range(40)
        for first, second in [random.Random(number).sample(DRUGS, 2)]
    ]
    assert found(CHECK, Data.of({"train": by_alphabet})) == []
    by_type = [
        row(
            str(number),
            f"{number}: {' and '.join(words)}.",
            ("beer", "Food"),
            (drug, "Drug"),
            relations=[(drug, "interacts_with", "beer")],
        )
        for number in range(40)
        for drug in [DRUGS[number % 6]]
        for words in [(drug, "beer") if number % 3 else ("beer", drug)]
    ]
    assert found(CHECK, Data.of({"train": by_type})) == []


def test_rows_with_both_directions_make_a_rule_that_the_others_break() -> None:
    both = [pair(number, "goes_with", forwards=True, both=True) for number in range(20)]
    assert found(CHECK, Data.of({"train": both})) == []
    one_way = [pair(number, "goes_with", forwards=True) for number in range(50, 60)]
    assert figures(CHECK, Data.of({"train": [*both, *one_way]})) == {"train": (10, 50)}


def test_documents_that_contradict_each_other_are_a_suspicion() -> None:
    contradicting = [
        pair(seed, "goes_with", forwards=True) if again else replaced(seed)
        for seed in range(12)
        for again in (True, False)
    ]
    (finding,) = found(CHECK, Data.of({"train": contradicting}))
    assert (finding.severity, finding.count, finding.of) == ("info", 24, 24)
    assert "goes_with (perhaps: documents contradict each other" in finding.message
    once = [pair(seed, "goes_with", forwards=seed % 2 == 0) for seed in range(6)]
    assert found(CHECK, Data.of({"train": once})) == []


def replaced(seed: int) -> Example:
    """The pair of this number backwards, in another document."""
    first, second = random.Random(seed).sample(DRUGS, 2)
    text = f"Other note {seed}: {first} with {second}."
    return row(f"r{seed}", text, (first, "Drug"), (second, "Drug"), relations=[(second, "goes_with", first)])


def test_several_pairs_of_two_documents_are_one_piece_of_evidence() -> None:
    names = [(f"drug {letter}", f"food {letter}") for letter in "abcdefgh"]
    rows = [
        row(
            str(turned),
            f"{turned}: " + ", ".join(string for ends in names for string in ends),
            *((string, "X") for ends in names for string in ends),
            relations=[(ends[turned], "goes_with", ends[1 - turned]) for ends in names],
        )
        for turned in (0, 1)
    ]
    assert found(CHECK, Data.of({"train": rows})) == []


def test_self_relations_and_repeated_ones_do_not_count() -> None:
    rows = [
        replace(one, reference=replace(one.reference, relations=one.reference.relations * 2))
        for one in at_random(20)
        if one.reference
    ]
    itself = sections(
        "s", "aspirin", ("Drug", "aspirin"), relations=[("aspirin", "interacts_with", "Aspirin")]
    )
    assert figures(CHECK, Data.of({"train": [*rows, itself]})) == {"train": (20, 20)}


def test_concepts_stand_where_their_first_mention_does() -> None:
    def of_concepts(example: Example) -> Example:
        assert example.reference
        mentions = tuple(
            replace(mention, concepts=(f"MESH:{mention.text}",)) for mention in example.reference.mentions
        )
        relations = tuple(
            Relation(Concept(one.head.text), Concept(f"MESH:{one.tail.text}"), one.type)
            for one in example.reference.relations
            if not isinstance(one.head, Concept) and not isinstance(one.tail, Concept)
        )
        return replace(example, reference=replace(example.reference, mentions=mentions, relations=relations))

    faulty = Data.of({"train": [of_concepts(one) for one in at_random(20)]})
    assert figures(CHECK, faulty) == {"train": (20, 20)}
    in_order = [of_concepts(pair(number, forwards=True)) for number in range(40)]
    assert found(CHECK, Data.of({"train": in_order})) == []


def test_interactions_of_synthetic_2026_stand_at_random(corpora: Path) -> None:
    data = corpus(corpora / "synthetic_2026")
    wanted = {"train": (765, 1375), "validation": (97, 171), "test": (82, 148)}
    for shown in (data, rebuilt(data, lambda example: renamed(recased(example)), seed=1)):
        assert figures(CHECK, shown) == wanted


@pytest.mark.parametrize("name", ["bc5cdr", "maccrobat", "ade", "ncbi_disease"])
def test_corpora_with_a_direction_are_quiet(corpora: Path, name: str) -> None:
    assert found(CHECK, corpus(corpora / name)) == []


def test_relations_of_biored_have_no_direction(corpora: Path) -> None:
    """Its guidelines annotate associations and correlations of unordered pairs."""
    findings = found(CHECK, corpus(corpora / "biored"))
    assert [one.split for one in findings] == ["train", "validation"]
    assert all("Association (by its name)" in one.message for one in findings)
    assert all(one.severity == "warning" for one in findings)

"""inverse-ambiguity: two relation types that say the same backwards."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from medspan.audit import Data
from medspan.core import Example, RelationType, Schema

from ..conftest import found, row
from ..listed_rows import corpus, figures, rebuilt, recased, renamed

CHECK = "inverse-ambiguity"
DISEASES = ["asthma", "gout", "flu", "sepsis", "stroke"]
SIGNS = ["fever", "cough", "pain", "rash", "oedema"]


def note(number: int, *names: str, disease_first: bool | None = None) -> Example:
    """A disease and a sign; `causes` and `brings` run from the disease, every other type to it."""
    chance = random.Random(number)
    disease, sign = chance.choice(DISEASES), chance.choice(SIGNS)
    first = chance.random() < 0.5 if disease_first is None else disease_first
    text = f"Note {number}: {disease}, {sign}." if first else f"Note {number}: {sign}, {disease}."
    relations = [
        (disease, name, sign) if name in ("causes", "brings") else (sign, name, disease) for name in names
    ]
    return row(str(number), text, (disease, "Disease"), (sign, "Sign"), relations=relations)


def either(count: int, one: str = "causes", other: str = "indicates", start: int = 0) -> list[Example]:
    return [note(number, (one, other)[number % 2]) for number in range(start, start + count)]


def test_types_that_join_the_same_strings_backwards_are_found() -> None:
    train = [*either(200), note(900, "causes", "indicates"), note(901)]
    test = either(5, start=300)
    first, second = found(CHECK, Data.of({"train": train, "test": test}))
    assert (first.count, first.of, first.split, first.severity) == (200, 202, "train", "warning")
    assert first.message == (
        "200 of 202 relations of inverse types in train (99%) stand without their inverse: causes and "
        "indicates (they join the same strings in opposite directions); causes stands alone in 100, "
        "indicates stands alone in 100"
    )
    case = first.cases[0]
    assert case.place == "0"
    strings = {case.text[start:end] for start, end in case.marks}
    assert len(strings) == 2
    assert all(string in case.what for string in strings)
    assert case.what.endswith("might as well be written the other way round")
    assert (second.count, second.of, second.split) == (5, 5, "test")


def test_the_schema_decides_where_there_is_one() -> None:
    rows = either(40)
    stated = (RelationType("causes", inverse="indicates"), RelationType("indicates"))
    data = Data.of({"train": rows}, stated_schema=Schema(("Disease", "Sign"), stated))
    (finding,) = found(CHECK, data)
    assert (finding.count, finding.of) == (40, 40)
    assert "causes and indicates (the schema says so)" in finding.message
    unstated = Schema(("Disease", "Sign"), (RelationType("causes"), RelationType("indicates")))
    assert found(CHECK, Data.of({"train": either(200)}, stated_schema=unstated)) == []


def test_names_may_say_it() -> None:
    (finding,) = found(CHECK, Data.of({"train": either(40, "causes", "caused_by")}))
    assert (finding.count, finding.of) == (40, 40)
    assert "caused_by and causes (by their names)" in finding.message
    # So few that no string comes up often enough: nothing but a name could tell.
    assert found(CHECK, Data.of({"train": either(40, "causes", "treated_by")})) == []


def test_rows_with_both_are_the_rule_that_single_ones_break() -> None:
    both = [note(number, "causes", "indicates") for number in range(200)]
    assert found(CHECK, Data.of({"train": both})) == []
    assert figures(CHECK, Data.of({"train": [*both, *either(10, start=500)]})) == {"train": (10, 410)}


def test_an_order_that_decides_is_no_fault() -> None:
    by_text = [
        note(number, "causes" if first else "indicates", disease_first=first)
        for number in range(200)
        for first in [number % 3 == 0]
    ]
    assert found(CHECK, Data.of({"train": by_text})) == []


def of_one_type(number: int, *names: str) -> Example:
    """Two diseases in any order, under one of these relation types in any direction."""
    chance = random.Random(number)
    one, other = chance.sample(DISEASES, 2)
    text = f"Note {number}: {' and '.join(chance.sample((one, other), 2))}."
    relation = (one, chance.choice(names), other)
    return row(str(number), text, (one, "Disease"), (other, "Disease"), relations=[relation])


def test_one_of_the_two_nearly_always_is_no_fault() -> None:
    often = [of_one_type(number, "causes") for number in range(200)]
    assert found(CHECK, Data.of({"train": [*often, of_one_type(900, "caused_by")]})) == []
    as_often = [of_one_type(number, "caused_by") for number in range(500, 600)]
    assert figures(CHECK, Data.of({"train": [*often, *as_often]})) == {"train": (300, 300)}


@pytest.mark.parametrize("shared", [0, 2])
def test_types_with_strings_of_their_own_are_no_inverses(shared: int) -> None:
    """Of twelve drugs for each type they have some in common."""
    rows = [
        row(
            f"d{number}",
            f"Drug note {number}: {drug} for {disease}.",
            (drug, "Drug"),
            (disease, "Disease"),
            relations=[(disease, "needs", drug)] if number % 2 else [(drug, "worsens", disease)],
        )
        for number in range(400)
        for place in [random.Random(number).randrange(12)]
        for drug in [f"drug{place if place < shared or number % 2 else place + 12}"]
        for disease in [DISEASES[place % 5]]
    ]
    assert found(CHECK, Data.of({"train": rows})) == []


def test_labels_at_random_in_both_directions_are_no_inverses() -> None:
    rows = [of_one_type(number, "precedes", "worsens") for number in range(300)]
    assert found(CHECK, Data.of({"train": rows})) == []


def test_causes_and_indicates_of_synthetic_2026(corpora: Path) -> None:
    data = corpus(corpora / "synthetic_2026")
    wanted = {"train": (1832, 3066), "validation": (227, 381), "test": (245, 443)}
    for shown in (data, rebuilt(data, lambda example: renamed(recased(example)), seed=1)):
        assert figures(CHECK, shown) == wanted
        assert all("causes and indicates" in one.message for one in found(CHECK, shown))


@pytest.mark.parametrize("name", ["bc5cdr", "biored", "maccrobat", "ade", "combined_2026"])
def test_corpora_without_inverse_types_are_quiet(corpora: Path, name: str) -> None:
    assert found(CHECK, corpus(corpora / name)) == []

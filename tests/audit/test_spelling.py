"""Names of types that are the same but for the spelling."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from medspan.audit.spelling import groups_of_spellings, respellings


def test_case_joints_and_the_plural_make_no_other_name() -> None:
    counts = {
        "Lab_Test": 5,
        "lab test": 5,
        "LabTests": 9,
        "Drug": 3,
        "drug": 1,
        "Diagnosis": 1,
        "diagnoses": 2,
    }
    assert groups_of_spellings(counts) == [
        ("Drug", "drug"),
        ("LabTests", "Lab_Test", "lab test"),
        ("diagnoses", "Diagnosis"),
    ]
    assert groups_of_spellings({"Body": 1, "bodies": 1, "cause": 2, "causes": 1}) == [
        ("Body", "bodies"),
        ("cause", "causes"),
    ]


def test_other_names_stay_apart() -> None:
    names = [
        "Drug",
        "Medication",
        "M",
        "MS",
        "CD4+",
        "CD4",
        "-",
        "_",
        "Disease",
        "Symptom",
        "causes",
        "caused_by",
    ]
    assert groups_of_spellings(dict.fromkeys(names, 1)) == []


def test_what_the_schema_states_is_right_and_what_it_states_twice_is_two() -> None:
    counts = {"Lab_test": 90, "lab test": 1}
    assert respellings(counts) == {"lab test": "Lab_test"}
    assert respellings(counts, ["Lab_Test"]) == dict.fromkeys(counts, "Lab_Test")
    assert respellings(counts, ["Lab_test", "lab test"]) == {}
    assert respellings({"Drug": 1}, ["Disease"]) == {}


def test_a_plural_of_two_words_goes_with_the_same_one_in_any_order() -> None:
    names = ["Base", "Bases", "Basis"]
    assert groups_of_spellings(dict.fromkeys(names, 1)) == [("Bases", "Basis")]
    assert groups_of_spellings(dict.fromkeys(reversed(names), 1)) == [("Bases", "Basis")]


names = st.text(alphabet="abs_- AB", min_size=1, max_size=8)


@given(st.dictionaries(names, st.integers(1, 5), max_size=8), st.randoms(use_true_random=False))
def test_groups_do_not_depend_on_the_order(counts: dict[str, int], order: random.Random) -> None:
    groups = groups_of_spellings(counts)
    shuffled = list(counts.items())
    order.shuffle(shuffled)
    assert groups_of_spellings(dict(shuffled)) == groups
    grouped = [name for group in groups for name in group]
    assert len(set(grouped)) == len(grouped)
    for first, *others in groups:
        assert others
        assert all(counts[first] >= counts[name] for name in others)


@given(names, st.integers(1, 5))
def test_a_name_in_capitals_is_the_same_name(name: str, count: int) -> None:
    expected = [] if name.upper() == name else [tuple(sorted((name, name.upper())))]
    assert groups_of_spellings({name: count, name.upper(): count}) == expected

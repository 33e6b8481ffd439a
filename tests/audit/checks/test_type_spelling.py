"""type-spelling: one type under several spellings, or perhaps under several names."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from medspan.audit import Data
from medspan.core import Example, RelationType, Schema

from ..conftest import found, row
from ..listed_rows import corpus, figures, rebuilt, renamed, sections

TEXT = "Troponin rose and lithium caused tremor."


def drifting(identity: str, lab: str, relation: str = "causes") -> Example:
    return sections(
        identity,
        TEXT,
        (lab, "Troponin"),
        ("Drug", "lithium"),
        ("Symptom", "tremor"),
        relations=[("lithium", relation, "tremor")],
    )


def test_items_of_the_rarer_spelling_are_counted() -> None:
    data = Data.of(
        {
            "train": [
                drifting("a", "Lab_Test"),
                drifting("b", "Lab_Test"),
                drifting("c", "lab test", "Cause"),
            ],
            "test": [drifting("d", "Lab_tests")],
        }
    )
    train, test = found("type-spelling", data)
    assert (train.count, train.of, train.split, train.severity) == (2, 12, "train", "error")
    assert train.message == (
        "2 of 12 items of train have a type that is spelt otherwise elsewhere: Cause for causes (1), "
        "lab test for Lab_Test (1)"
    )
    assert [(case.place, case.what) for case in train.cases] == [
        ("c", "'Troponin' has the type lab test, not Lab_Test"),
        ("c", "a relation has the type Cause, not causes"),
    ]
    assert (test.count, test.of, test.split) == (1, 4, "test")
    assert "Lab_tests for Lab_Test (1)" in test.message


def test_entity_and_relation_types_may_have_one_name() -> None:
    example = sections(
        "a", TEXT, ("Drug", "lithium"), ("Cause", "tremor"), relations=[("lithium", "cause", "tremor")]
    )
    assert found("type-spelling", Data.of({"train": [example]})) == []


def test_the_schema_knows_how_a_type_is_spelt() -> None:
    rows = [drifting("a", "Lab_test"), drifting("b", "Lab_test"), drifting("c", "Lab_Test")]
    types = ("Lab_Test", "Drug", "Symptom")
    stated = Data.of({"train": rows}, stated_schema=Schema(types, (RelationType("causes"),)))
    assert figures("type-spelling", stated) == {"train": (2, 12)}
    both = Data.of({"train": rows}, stated_schema=Schema((*types, "Lab_test"), (RelationType("causes"),)))
    assert found("type-spelling", both) == []


def drugs(number: int, *types: str) -> Example:
    """A document with up to three drugs, common ones more often; each of one of the types, by chance."""
    chance = random.Random(number)
    strings = chance.choices([f"drug{place}" for place in range(60)], [1 / (n + 1) for n in range(60)], k=3)
    text = f"Patient {number} took {' and '.join(strings)} without a rash."
    return row(str(number), text, *((string, chance.choice(types)) for string in dict.fromkeys(strings)))


def test_two_names_of_one_type_are_perhaps_the_same() -> None:
    rows = [drugs(number, "Medication" if number % 3 else "Drug") for number in range(150)]
    (finding,) = found("type-spelling", Data.of({"train": rows[:100], "test": rows[100:]}))
    assert (finding.severity, finding.split) == ("info", None)
    assert finding.message.startswith(
        "perhaps the same: Drug and Medication hardly ever stand in one document"
    )
    # Told again from the rows: mentions of strings that have both types.
    items = [
        (mention.text, mention.type) for one in rows if one.reference for mention in one.reference.mentions
    ]
    both = {text for text, type_ in items if type_ == "Drug"} & {
        text for text, type_ in items if type_ != "Drug"
    }
    assert (finding.count, finding.of) == (sum(text in both for text, _ in items), len(items))
    assert len(finding.cases) == len(both)
    assert " is a Drug here and a Medication in " in finding.cases[0].what
    named = Data.of({"train": rows}, stated_schema=Schema(("Drug", "Medication")))
    assert found("type-spelling", named) == []


def test_types_that_share_documents_or_no_strings_are_two() -> None:
    together = [drugs(number, "Modifier", "Drug") for number in range(300)]
    assert found("type-spelling", Data.of({"train": together})) == []
    other = [
        drugs(number, "Drug")
        if number % 2
        else row(
            str(number), f"Here sign{number % 12} came {number} times.", (f"sign{number % 12}", "Symptom")
        )
        for number in range(150)
    ]
    assert found("type-spelling", Data.of({"train": other})) == []


@pytest.mark.parametrize("name", ["bc5cdr", "biored", "ncbi_disease", "maccrobat", "ade", "synthetic_2026"])
def test_corpora_with_one_spelling_are_quiet(corpora: Path, name: str) -> None:
    assert found("type-spelling", corpus(corpora / name)) == []


def test_types_of_synthetic_2026_that_drifted_are_found(corpora: Path) -> None:
    """Half of the lab tests of the training rows spelt as an earlier version did."""
    data = corpus(corpora / "synthetic_2026")
    renamed_items = 0

    def drift(example: Example) -> Example:
        nonlocal renamed_items
        if example.reference is None or int(example.id.rpartition(":")[2]) % 2 or "train" not in example.id:
            return example
        mentions = tuple(
            replace(mention, type="Lab_test") if mention.type == "Lab_Test" else mention
            for mention in example.reference.mentions
        )
        renamed_items += sum(mention.type == "Lab_test" for mention in mentions)
        return replace(example, reference=replace(example.reference, mentions=mentions))

    drifted = rebuilt(data, drift, seed=3)
    of = sum(len(row.listed) + len(row.reference.relations) for row in data.parts[0].rows)
    assert figures("type-spelling", drifted) == {"train": (renamed_items, of)}
    assert 1500 < renamed_items < 2700


def test_symptoms_of_one_source_are_perhaps_diseases_of_another(corpora: Path) -> None:
    """In `combined_2026` no text has both: the ADE rows call symptoms what the others call diseases."""
    data = corpus(corpora / "combined_2026")
    for shown in (data, rebuilt(data, renamed, seed=1)):
        (finding,) = found("type-spelling", shown)
        assert (finding.severity, finding.count, finding.of) == ("info", 4462, 10547)
        assert "Disease and Symptom" in finding.message

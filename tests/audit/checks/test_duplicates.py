"""duplicate-example and conflicting-labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from medspan.audit import Data
from medspan.core import Annotation, UnalignedMention

from ..conftest import found, row
from ..listed_rows import corpus

TEXT = "Aspirin caused fever."
WHOLE = row("a", TEXT, ("Aspirin", "Drug"), ("fever", "Sign"), relations=[("Aspirin", "causes", "fever")])
TURNED = row("b", TEXT, ("fever", "Sign"), ("Aspirin", "Drug"), relations=[("Aspirin", "causes", "fever")])
LESS = row("c", TEXT.upper(), ("ASPIRIN", "Drug"))
OTHER = row("d", "Lithium.", ("Lithium", "Drug"))


def test_repeated_rows_are_counted_within_their_split() -> None:
    data = Data.of({"train": [WHOLE, OTHER, TURNED, LESS], "test": [WHOLE]})
    (finding,) = found("duplicate-example", data)
    assert (finding.count, finding.of, finding.split) == (2, 4, "train")
    assert [(case.place, case.other_place) for case in finding.cases] == [("b", "a"), ("c", "a")]
    assert "(1 with the same target)" in finding.message


def test_another_task_about_the_text_is_no_duplicate() -> None:
    rows = [replace(WHOLE, document=replace(WHOLE.document, task=task)) for task in ("chemicals", "diseases")]
    for check in ("duplicate-example", "conflicting-labels"):
        assert found(check, Data.of({"train": rows})) == []


LONG = " ".join(f"w{number}" for number in range(60))


def test_rows_of_nearly_one_text_are_told_for_information() -> None:
    near = [row("n", f"{LONG} x"), row("o", LONG), row("p", f"y {LONG}")]
    apart = [row("far", " ".join(reversed(LONG.split()))), row("task", f"{LONG} z", task="other"), OTHER]
    data = Data.of({"train": [*near, *apart], "test": [row("t", f"{LONG} t")]})
    (finding,) = found("duplicate-example", data)
    assert (finding.count, finding.of, finding.split, finding.severity) == (3, 6, "train", "info")
    assert finding.message == (
        "3 of 6 rows of train have nearly the text of another row of their task; none has the very same"
    )
    assert [(case.place, case.other_place) for case in finding.cases] == [("n", "o"), ("o", "n"), ("p", "o")]
    ((start, end),) = finding.cases[0].marks
    assert finding.cases[0].text[start:end] == "x"


def test_beside_rows_that_repeat_others_near_texts_are_told_in_the_message() -> None:
    rows = [row("n", f"{LONG} x"), row("o", LONG), row("again", LONG.upper()), OTHER]
    (finding,) = found("duplicate-example", Data.of({"train": rows}))
    assert (finding.count, finding.severity, [case.place for case in finding.cases]) == (
        1,
        "warning",
        ["again"],
    )
    assert finding.message.endswith("(1 with the same target); 2 more have nearly the text of another row")
    (plain,) = found("duplicate-example", Data.of({"train": [OTHER, *rows[1:3]]}))
    assert plain.message.endswith("(1 with the same target)")


def test_answers_conflict_whatever_their_order_and_across_splits() -> None:
    assert found("conflicting-labels", Data.of({"train": [WHOLE, TURNED], "test": [WHOLE]})) == []
    data = Data.of({"train": [WHOLE, OTHER, OTHER], "test": [LESS]})
    (finding,) = found("conflicting-labels", data)
    assert (finding.count, finding.of, finding.split) == (1, 2, None)
    assert "[Sign] fever" in finding.cases[0].what
    assert "Aspirin --[causes]--> fever".lower() in finding.cases[0].what
    assert finding.cases[0].what.endswith("there nothing more")
    assert (finding.cases[0].place, finding.cases[0].other_place) == ("a", "c")


def test_an_item_without_a_place_makes_a_conflict() -> None:
    missing = replace(
        OTHER,
        reference=replace(OTHER.reference, unaligned=(UnalignedMention("Drug", "salt", "not-in-text"),)),
    )
    (finding,) = found("conflicting-labels", Data.of({"train": [OTHER, missing]}))
    assert "[Drug] salt" in finding.cases[0].what


def test_rows_of_different_texts_are_quiet() -> None:
    data = Data.of(
        {
            "train": [WHOLE, OTHER],
            "test": [
                row(
                    "x",
                    "",
                ),
                replace(OTHER, reference=Annotation()),
            ],
        }
    )
    assert found("duplicate-example", data) == []
    (only,) = found("conflicting-labels", data)  # the same text, once with a drug and once without
    assert (only.count, only.of) == (1, 1)


def test_merged_corpora_contradict_each_other(corpora: Path) -> None:
    data = corpus(corpora / "combined_2026")
    (finding,) = found("conflicting-labels", data)
    assert (finding.count, finding.of) == (65, 70)
    doubled = {one.split: (one.count, one.of) for one in found("duplicate-example", data)}
    assert doubled == {"train": (27, 4062), "validation": (3, 950)}


def test_official_parts_repeat_no_text(corpora: Path) -> None:
    data = corpus(corpora / "bc5cdr", "pubtator")
    assert len(data.rows) == 1000
    for check in ("duplicate-example", "conflicting-labels"):
        assert found(check, data) == []

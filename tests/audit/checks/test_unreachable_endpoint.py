"""unreachable-endpoint: ends of relations that are nowhere in the text, and what they cost."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.audit import Data
from medspan.core import Annotation, Concept, Document, Example, Mention, Relation

from ..conftest import found, row
from ..listed_rows import asked, corpus, figures, rebuilt, recased, renamed, sections

TEXT = "Lithium caused tremor and nausea."


def test_lost_endpoints_cap_recall_of_the_split_and_of_all() -> None:
    data = Data.of(
        {
            "train": [
                asked("a", "influences", TEXT, "lithium | tremor", "lithium | seizures"),
                asked("b", "influences", TEXT, "aspirin | rash", "lithium | none"),
            ],
            "test": [asked("c", "influences", TEXT, "lithium | nausea", "lithium | tremor", "gold | tremor")],
            "validation": [asked("d", "influences", TEXT, "lithium | nausea")],
        }
    )
    train, test = found("unreachable-endpoint", data)
    assert (train.count, train.of, train.split, train.severity) == (3, 8, "train", "error")
    assert "3 of 8 relation endpoints of train" in train.message
    assert "nowhere 3" in train.message
    assert "capped at 50.0%" in train.message
    assert (test.count, test.of, test.split) == (1, 6, "test")
    assert "capped at 66.7%" in test.message
    assert all("(over all splits: 4 of 16 endpoints, 62.5%)" in one.message for one in (train, test))
    assert [(case.place, case.what) for case in train.cases] == [
        ("a", "'seizures' is nowhere in the text"),
        ("b", "'aspirin' is nowhere in the text"),
        ("b", "'rash' is nowhere in the text"),
    ]


def test_one_split_alone_has_no_second_figure() -> None:
    (finding,) = found(
        "unreachable-endpoint", Data.of({"train": [asked("a", "influences", TEXT, "gold | tremor")]})
    )
    assert "over all" not in finding.message
    assert "capped at 0.0%" in finding.message


@pytest.mark.parametrize(("lost", "severity"), [(1, "warning"), (2, "error")])
def test_less_than_a_point_of_recall_is_a_warning(lost: int, severity: str) -> None:
    lines = ["gold | tremor"] * lost + ["lithium | tremor"] * (199 - lost)
    (finding,) = found("unreachable-endpoint", Data.of({"train": [asked("a", "influences", TEXT, *lines)]}))
    assert (finding.count, finding.of, finding.severity) == (lost, 398, severity)


def test_text_concepts_and_discontinuous_mentions_are_quiet() -> None:
    text = "atonic and absence seizures by valproate"
    apart = Mention(((0, 6), (19, 27)), "Disease", "atonic seizures")
    relations = (
        Relation(Mention.at(text, 31, 40, "Drug"), apart, "causes"),
        Relation(Concept("D1"), Concept("D2"), "CID"),
    )
    example = Example(Document("a", text), Annotation((apart,), (), relations))
    listed = sections("b", TEXT, relations=[("LITHIUM", "causes", "tremor")])
    data = Data.of({"train": [example, listed, row("c", "Gold.", ("Gold", "Drug"))]})
    assert found("unreachable-endpoint", data) == []


def test_relations_of_concepts_do_not_lift_the_cap() -> None:
    concepts = Example(
        Document("b", TEXT), Annotation(relations=(Relation(Concept("D1"), Concept("D2"), "CID"),))
    )
    listed = asked("a", "influences", TEXT, "gold | tremor", "lithium | tremor")
    (finding,) = found("unreachable-endpoint", Data.of({"train": [listed, concepts]}))
    assert (finding.count, finding.of) == (1, 4)
    assert "capped at 50.0%" in finding.message


ENDS = st.sampled_from(["lithium", "Tremor", "nausea", "xxx", "yyy zzz", "none", ""])


@given(st.lists(st.tuples(ENDS, ENDS), min_size=1, max_size=8))
def test_endpoints_and_ceiling_are_those_counted_by_hand(pairs: list[tuple[str, str]]) -> None:
    lost = [sum(end[:1] in ("x", "y") for end in pair) for pair in pairs]
    example = sections("a", TEXT, relations=[(head, "causes", tail) for head, tail in pairs])
    findings = found("unreachable-endpoint", Data.of({"train": [example]}))
    if not sum(lost):
        assert findings == []
        return
    (finding,) = findings
    assert (finding.count, finding.of) == (sum(lost), 2 * len(pairs))
    assert f"capped at {sum(not one for one in lost) / len(pairs):.1%}" in finding.message


def test_the_figures_of_20251111_in_any_order_file_and_case(corpora: Path) -> None:
    data = corpus(corpora / "chemical_disease_tasks" / "splits_20251111")
    expected = {"train": (153, 3308), "validation": (25, 390), "test": (17, 400)}
    assert figures("unreachable-endpoint", data) == expected
    assert (153 + 25 + 17, 3308 + 390 + 400) == (195, 4098)
    findings = {finding.split: finding for finding in found("unreachable-endpoint", data)}
    assert "capped at 91.5%" in findings["test"].message
    assert all("195 of 4,098 endpoints, 90.7%" in finding.message for finding in findings.values())
    assert figures("unreachable-endpoint", rebuilt(data, renamed, seed=3)) == expected
    assert figures("unreachable-endpoint", rebuilt(data, recased)) == expected


def test_corpora_whose_ends_are_in_their_text_are_quiet(corpora: Path) -> None:
    for name in ("ade", "combined_2026", "bc5cdr", "maccrobat"):
        assert found("unreachable-endpoint", corpus(corpora / name)) == []

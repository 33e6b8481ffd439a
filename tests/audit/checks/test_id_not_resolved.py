"""id-not-resolved: relations of concepts that no mention carries."""

from __future__ import annotations

from pathlib import Path

import pytest

from medspan.audit import Data
from medspan.core import Annotation, Concept, Document, Example, Mention, Relation

from ..conftest import found, row
from ..listed_rows import corpus, figures

TEXT = "Aspirin caused fibrillation and tachycardia."
MENTIONS = (
    Mention.at(TEXT, 0, 7, "Chemical", concepts=("MESH:D1",)),
    Mention.at(TEXT, 15, 27, "Disease", concepts=("D2", "D3")),
)


def example(identity: str, *pairs: tuple[str, str]) -> Example:
    relations = tuple(Relation(Concept(head), Concept(tail), "CID") for head, tail in pairs)
    return Example(Document(identity, TEXT), Annotation(MENTIONS, (), relations))


def test_absent_and_composite_ids_are_told_apart() -> None:
    data = Data.of(
        {
            "train": [
                example("a", ("D1", "D2"), ("D1", "MESH:D3")),
                example("b", ("D1", "D2|D3"), ("D9", "D9"), ("-1", "D2")),
                example("c", ("D9", "D2|D3"), ("D1", "D2,D4")),
            ],
            "test": [example("d", ("D1", "D3"))],
        }
    )
    (finding,) = found("id-not-resolved", data)
    assert (finding.count, finding.of, finding.split, finding.severity) == (5, 7, "train", "error")
    assert "5 of 7 relations of train (71.4%)" in finding.message
    assert "ids that no mention carries 4, composite ids whose parts are carried 1" in finding.message
    assert [(case.place, case.what) for case in finding.cases] == [
        ("b", "D9 in D9 --[CID]--> D9: carried by no mention"),
        ("b", "-1 in -1 --[CID]--> D2: carried by no mention"),
        ("c", "D9 and D2|D3 in D9 --[CID]--> D2|D3: carried by no mention"),
        ("c", "D2,D4 in D1 --[CID]--> D2,D4: carried by no mention"),
        ("b", "D2|D3 in D1 --[CID]--> D2|D3: a composite id that no mention carries as a whole"),
    ]


def test_ids_of_other_documents_do_not_resolve() -> None:
    other = Example(
        Document("b", "Gold."), Annotation((), (), (Relation(Concept("D1"), Concept("D2"), "CID"),))
    )
    assert figures("id-not-resolved", Data.of({"train": [example("a", ("D1", "D2")), other]})) == {
        "train": (1, 2)
    }


@pytest.mark.parametrize(("good", "severity"), [(99, "error"), (100, "warning")])
def test_less_than_one_in_a_hundred_is_a_warning(good: int, severity: str) -> None:
    rows = [example("a", *[("D1", "D2")] * good, ("D1", "D9"))]
    (finding,) = found("id-not-resolved", Data.of({"train": rows}))
    assert (finding.count, finding.of, finding.severity) == (1, good + 1, severity)


def test_relations_of_mentions_are_not_meant() -> None:
    joined = row(
        "a", TEXT, ("Aspirin", "C"), ("fibrillation", "D"), relations=[("Aspirin", "r", "fibrillation")]
    )
    assert found("id-not-resolved", Data.of({"train": [joined, example("b", ("D1", "D2"))]})) == []
    both = Data.of({"train": [joined, example("b", ("D1", "D2"), ("D1", "D9"))]})
    assert figures("id-not-resolved", both) == {"train": (1, 2)}


def test_biored_has_four_of_composite_ids_and_the_others_none(corpora: Path) -> None:
    (finding,) = found("id-not-resolved", corpus(corpora / "biored"))
    assert (finding.split, finding.count, finding.of, finding.severity) == ("train", 4, 4178, "warning")
    assert finding.message.endswith(": composite ids whose parts are carried 4")
    for name in ("bc5cdr", "ncbi_disease", "maccrobat", "combined_2026"):
        assert found("id-not-resolved", corpus(corpora / name)) == []

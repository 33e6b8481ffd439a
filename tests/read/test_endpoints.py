"""Relations between concepts and between mentions are turned into each other only when asked, and counted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from medspan.core import Annotation, Concept, Document, Example, Mention, Relation, UnalignedMention
from medspan.read import load
from medspan.read.endpoints import AtLevel

TEXT = "Lithium caused tremor. Lithium (Li) was stopped; tremor and nausea went."
LITHIUM = [
    Mention.at(TEXT, 0, 7, "Chemical", concepts=("MESH:D008094",)),
    Mention.at(TEXT, 23, 30, "Chemical", concepts=("D008094",)),
    Mention.at(TEXT, 32, 34, "Chemical", concepts=("D008094", "D016651")),
]
TREMOR = [
    Mention.at(TEXT, 15, 21, "Disease", concepts=("D014202",)),
    Mention.at(TEXT, 49, 55, "Disease", concepts=("D014202",)),
]
NAUSEA = Mention.at(TEXT, 60, 66, "Disease")


def example(*relations: Relation) -> Example:
    mentions = (*LITHIUM, *TREMOR, NAUSEA)
    return Example(Document("1", TEXT), Annotation(mentions, relations=relations))


def relations_of(found: AtLevel) -> list[Relation]:
    (one,) = found
    assert one.reference is not None
    return list(one.reference.relations)


def test_a_concept_pair_becomes_every_pair_of_mentions() -> None:
    stated = Relation(Concept("D008094"), Concept("D014202"), "CID")
    lost = Relation(Concept("D008094"), Concept("D999999"), "CID")
    found = AtLevel([example(stated, lost)], "mention")
    for _ in range(2):  # gone through twice, counted once
        assert relations_of(found) == [
            *(Relation(head, tail, "CID") for head in LITHIUM for tail in TREMOR),
            lost,
        ]
        assert found.counts == {"concept relations": 1, "mention relations": 6, "id-not-resolved": 1}


def test_a_concepts_type_keeps_mentions_of_other_types_out() -> None:
    other = Relation(Concept("D008094", "Disease"), Concept("D014202"), "CID")
    found = AtLevel([example(other)], "mention")
    assert relations_of(found) == [other]
    assert found.counts == {"id-not-resolved": 1}


def test_mention_pairs_become_each_concept_pair_once() -> None:
    relations = [Relation(head, tail, "CID") for head in LITHIUM[1:] for tail in TREMOR]
    nowhere = Relation(UnalignedMention("Chemical", "salt", "not-in-text", ("D1",)), TREMOR[0], "CID")
    loose = Relation(LITHIUM[0], NAUSEA, "CID")
    found = AtLevel([example(*relations, nowhere, loose)], "concept")
    assert relations_of(found) == [
        Relation(Concept("D008094"), Concept("D014202"), "CID"),
        Relation(Concept("D016651"), Concept("D014202"), "CID"),
        Relation(Concept("D1"), Concept("D014202"), "CID"),
        loose,
    ]
    assert found.counts == {"mention relations": 5, "concept relations": 3, "mention-without-id": 1}


def test_as_read_changes_nothing() -> None:
    stated = example(Relation(Concept("D008094"), Concept("D014202"), "CID"))
    found = AtLevel([stated], "as-read")
    assert list(found) == [stated]
    assert not found.counts


@pytest.mark.skipif("MEDSPAN_CORPORA" not in os.environ, reason="needs the corpora")
def test_bc5cdr_there_and_back() -> None:
    corpus = load(Path(os.environ["MEDSPAN_CORPORA"]) / "bc5cdr" / "CDR_DevelopmentSet.PubTator.txt")
    spread = AtLevel(corpus.examples, "mention")
    mentions = list(spread)
    assert spread.counts["concept relations"] + spread.counts["id-not-resolved"] == 1012
    assert spread.counts["mention relations"] > 5000
    back = AtLevel(mentions, "concept")
    for one, other in zip(corpus.examples, back, strict=True):
        assert one.reference is not None
        assert other.reference is not None
        # Mentions with several ids bring further pairs; none of the stated ones is missing.
        stated = {(r.head.id, r.tail.id) for r in one.reference.relations}  # type: ignore[union-attr]
        assert stated <= {
            (r.head.id, r.tail.id) for r in other.reference.relations if isinstance(r.head, Concept)
        }  # type: ignore[union-attr]

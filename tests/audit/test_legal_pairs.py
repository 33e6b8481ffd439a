"""The pairs that relation types may join, and which of them are labelled."""

from __future__ import annotations

from dataclasses import replace

from medspan.audit import Data
from medspan.audit.legal_pairs import Counts, PairedDocument, Stratum, paired_documents
from medspan.core import Annotation, Concept, Document, Example, Mention, Relation, RelationType, Schema

from .conftest import row

TEXT = "aspirin and heparin, fever and pain; Aspirin again"
NAMED = (("aspirin", "Drug"), ("heparin", "Drug"), ("fever", "Symptom"), ("pain", "Symptom"))


def paired(*examples: Example, schema: Schema | None = None) -> list[PairedDocument]:
    return paired_documents(Data.of({"train": examples}, stated_schema=schema))


def named(document: PairedDocument, stratum: Stratum) -> dict[tuple[str, str], bool]:
    return {
        (document.entities[head].name, document.entities[tail].name): labelled
        for (head, tail), labelled in zip(stratum.pairs, stratum.labelled, strict=True)
    }


def test_every_pair_of_legal_types_is_labelled_or_not() -> None:
    (document,) = paired(row("1", TEXT, *NAMED, relations=[("aspirin", "causes", "pain")]))
    (stratum,) = document.strata
    assert (stratum.relation, stratum.types, stratum.both_ways) == ("causes", ("Drug", "Symptom"), False)
    assert named(document, stratum) == {
        ("aspirin", "fever"): False,
        ("aspirin", "pain"): True,
        ("heparin", "fever"): False,
        ("heparin", "pain"): False,
    }
    assert (stratum.legal, stratum.labels, stratum.tells) == (4, 1, True)
    assert document.counts == {"causes": Counts(4, 1, 1)}


def test_pairs_that_are_legal_both_ways_count_once() -> None:
    one = row("1", TEXT, *NAMED, relations=[("heparin", "interacts", "aspirin")])
    (document,) = paired(one)
    (stratum,) = document.strata
    assert stratum.both_ways
    assert list(named(document, stratum).values()) == [True]
    assert document.counts["interacts"] == Counts(2, 1, 1)
    mixed = RelationType("with", (("Drug", "Symptom"), ("Symptom", "Drug")))
    other = row("1", TEXT, *NAMED, relations=[("fever", "with", "aspirin"), ("aspirin", "with", "fever")])
    (document,) = paired(other, schema=Schema(("Drug", "Symptom"), (mixed,)))
    (stratum,) = document.strata
    assert (stratum.types, stratum.legal, stratum.labels) == (("Drug", "Symptom"), 4, 1)
    assert document.counts["with"] == Counts(8, 2, 2)


def test_illegal_relations_are_labels_of_no_pair() -> None:
    causes = Schema((), (RelationType("causes", (("Drug", "Symptom"),)),))
    backwards = row("1", TEXT, *NAMED, relations=[("pain", "causes", "aspirin")])
    (document,) = paired(backwards, schema=causes)
    assert document.counts == {"causes": Counts(4, 0, 1)}
    assert document.strata[0].pairs == ()
    assert not document.strata[0].tells


def test_a_string_is_one_entity_at_all_its_places() -> None:
    everywhere = row("1", TEXT, *NAMED, relations=[("aspirin", "causes", "pain")])
    assert everywhere.reference is not None
    listed = replace(everywhere, reference=replace(everywhere.reference, scope="string"))
    for example, places in ((everywhere, ((0, 7),)), (listed, ((0, 7), (37, 44)))):
        (document,) = paired(example)
        (aspirin,) = [entity for entity in document.entities if entity.name == "aspirin"]
        assert aspirin.places == places


def test_concepts_are_joined_with_all_their_mentions() -> None:
    mentions = (
        Mention.at(TEXT, 0, 7, "Drug", concepts=("D1",)),
        Mention.at(TEXT, 37, 44, "Drug", concepts=("MESH:D1",)),
        Mention.at(TEXT, 12, 19, "Drug", concepts=("-1",)),
        Mention.at(TEXT, 21, 26, "Symptom", concepts=("D2", "D3")),
    )
    reference = Annotation(mentions, (), (Relation(Concept("MESH:D1"), Concept("D3"), "CID"),))
    (document,) = paired(Example(Document("1", TEXT), reference))
    assert [(entity.type, entity.places) for entity in document.entities] == [
        ("Drug", ((0, 7), (37, 44))),
        ("Symptom", ((21, 26),)),
        ("Symptom", ((21, 26),)),
    ]
    assert [one.labelled for one in document.strata] == [(False, True)]


def test_rows_of_one_text_are_one_document_under_whatever_task() -> None:
    entities = row("1", TEXT, *NAMED, task="entities")
    relations = row("2", TEXT, *NAMED[:1], NAMED[3], relations=[("aspirin", "causes", "pain")], task="causes")
    (document,) = paired(entities, relations)
    assert document.counts == {"causes": Counts(4, 1, 1)}
    assert document.row.example is relations
    assert len(paired(entities, row("3", f"{TEXT}.", *NAMED))) == 2


def test_of_many_pairs_some_are_drawn_beside_the_labelled_ones() -> None:
    drugs = [f"drug{at:02}" for at in range(30)]
    aches = [f"ache{at:02}" for at in range(20)]
    text = " ".join((*drugs, *aches))
    one = row(
        "1",
        text,
        *((name, "Drug") for name in drugs),
        *((name, "Symptom") for name in aches),
        relations=[(drugs[at], "causes", aches[at]) for at in range(5)],
    )
    (document,) = paired(one)
    (stratum,) = document.strata
    assert (stratum.legal, stratum.labels, len(stratum.pairs), sum(stratum.labelled)) == (600, 5, 55, 5)
    assert len(set(stratum.pairs)) == 55
    assert {head for head, _ in stratum.pairs} != {tail for _, tail in stratum.pairs}
    # Drawn by chance: pairs come from all over the list, and the same ones every time.
    assert len({head for head, _ in stratum.pairs}) > 20
    assert paired(one)[0].strata[0].pairs == stratum.pairs


def test_documents_of_one_group_share_their_cluster() -> None:
    one, other = row("1", TEXT, *NAMED, group="7"), row("2", f"{TEXT}!", *NAMED, group="7")
    alone = row("3", f"{TEXT}?", *NAMED)
    clusters = [document.cluster for document in paired(one, other, alone)]
    assert len(set(clusters)) == 2

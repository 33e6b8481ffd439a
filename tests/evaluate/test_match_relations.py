"""Planted counts for the comparison of relations, between mentions and between concepts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from medspan.core import Concept, Mention, Relation, RelationType, Schema, UnalignedMention
from medspan.evaluate.match import Directions, links_concepts, match_relations

TEXT = "Ibuprofen, also called Brufen, causes renal failure, renal and hepatic failure and rash."


def counts(example: Any, how: Any) -> dict[str, tuple[int, int, int]]:
    return match_relations(example, how, linked=links_concepts([example])[0]).counts()


def test_text_match_folds_both_endpoints_and_keeps_the_direction(make: Any) -> None:
    drug, ulcers = make.mention("Aspirin"), make.mention("ulcers", "Disease")
    reference = make.annotation(relations=[Relation(drug, ulcers, "causes")])
    repeated = [Relation(make.mention("aspirin"), ulcers, "causes"), Relation(drug, ulcers, "causes")]
    turned = [Relation(ulcers, drug, "causes"), Relation(drug, ulcers, "treats")]
    pair = make.example(reference, make.annotation(relations=repeated + turned))
    assert counts(pair, "text") == {"causes": (1, 1, 0), "treats": (0, 1, 0)}


def test_strict_match_needs_places_and_types_of_both_endpoints(make: Any) -> None:
    drug, ulcers = make.mention("Aspirin"), make.mention("ulcers", "Disease")
    reference = make.annotation(relations=[Relation(drug, ulcers, "causes")])
    other_place = Relation(make.mention("aspirin"), ulcers, "causes")
    other_type = Relation(drug, make.mention("ulcers", "Symptom"), "causes")
    pair = make.example(reference, make.annotation(relations=[other_place, other_type]))
    assert counts(pair, "strict") == {"causes": (0, 2, 1)}
    assert counts(pair, "text") == {"causes": (1, 0, 0)}


def test_a_string_endpoint_meets_a_mention_at_any_of_its_occurrences(make: Any) -> None:
    drug = make.mention("Aspirin")
    second = make.annotation(relations=[Relation(drug, make.mention("ulcers", "Disease", nth=1), "causes")])
    string = make.annotation(
        relations=[Relation(drug, make.mention("ulcers", "Disease"), "causes")], scope="string"
    )
    assert counts(make.example(second, string), "strict") == {"causes": (1, 0, 0)}
    assert counts(make.example(string, second), "strict") == {"causes": (1, 0, 0)}


def test_one_string_relation_finds_each_mention_relation_it_reaches(make: Any) -> None:
    drug = make.mention("Aspirin")
    ends = [make.mention("ulcers", "Disease", nth=nth) for nth in (0, 1)]
    both = make.annotation(relations=[Relation(drug, end, "causes") for end in ends])
    string = make.annotation(relations=[Relation(drug, ends[0], "causes")], scope="string")
    assert counts(make.example(both, string), "strict") == {"causes": (2, 0, 0)}
    assert counts(make.example(string, both), "strict") == {"causes": (1, 0, 0)}


def test_unaligned_endpoints_match_by_text_only(make: Any) -> None:
    lost = Relation(
        UnalignedMention("Drug", "codeine", "not-in-text"), make.mention("rash", "Disease"), "causes"
    )
    pair = make.example(make.annotation(relations=[lost]), make.annotation(relations=[lost]))
    assert counts(pair, "text") == {"causes": (1, 0, 0)}
    assert counts(pair, "strict") == {"causes": (0, 1, 1)}


def linked_reference(make: Any, *pairs: tuple[str, str]) -> Any:
    mentions = [
        make.mention("Ibuprofen", "Chemical", text=TEXT, concepts=("D1",)),
        make.mention("Brufen", "Chemical", text=TEXT, concepts=("D1",)),
        make.mention("renal failure", "Disease", text=TEXT, concepts=("R",)),
        make.mention("renal and hepatic failure", "Disease", text=TEXT, concepts=("R", "H")),
        make.mention("rash", "Disease", text=TEXT, concepts=("-1",)),
    ]
    relations = [Relation(Concept(head), Concept(tail), "CID") for head, tail in pairs]
    return make.annotation(*mentions, relations=relations)


def said(make: Any, *pairs: tuple[str, str], tail_type: str = "Disease") -> Any:
    relations = [
        Relation(make.mention(head, "Chemical", text=TEXT), make.mention(tail, tail_type, text=TEXT), "CID")
        for head, tail in pairs
    ]
    return make.annotation(relations=relations, scope="string")


def test_two_names_of_one_concept_pair_count_once(make: Any) -> None:
    predicted = said(make, ("Ibuprofen", "renal failure"), ("Brufen", "renal failure"))
    pair = make.example(linked_reference(make, ("D1", "R"), ("D1", "H")), predicted, text=TEXT)
    assert counts(pair, "text") == {"CID": (1, 0, 1)}
    assert counts(pair, "strict") == {"CID": (1, 0, 1)}


def test_two_names_of_one_wrong_concept_pair_are_one_false_positive(make: Any) -> None:
    predicted = said(make, ("Ibuprofen", "renal failure"), ("Brufen", "renal failure"))
    pair = make.example(linked_reference(make, ("D1", "X")), predicted, text=TEXT)
    assert counts(pair, "text") == {"CID": (0, 1, 1)}


def test_a_composite_finds_each_pair_it_reaches(make: Any) -> None:
    predicted = said(make, ("Brufen", "renal and hepatic failure"))
    both = make.example(linked_reference(make, ("D1", "R"), ("D1", "H")), predicted, text=TEXT)
    assert counts(both, "text") == {"CID": (2, 0, 0)}
    none = make.example(linked_reference(make, ("D1", "X")), predicted, text=TEXT)
    assert counts(none, "text") == {"CID": (0, 1, 1)}


def test_what_links_to_nothing_is_a_false_positive_under_its_own_strings(make: Any) -> None:
    lost = Mention.at(TEXT, TEXT.index("called"), TEXT.index("called") + 6, "Disease")
    relations = [Relation(make.mention("Brufen", "Chemical", text=TEXT), lost, "CID")]
    predicted = make.annotation(relations=[*relations, *said(make, ("Brufen", "rash")).relations])
    pair = make.example(linked_reference(make, ("D1", "R")), predicted, text=TEXT)
    assert counts(pair, "text") == {"CID": (0, 2, 1)}


def test_strict_needs_the_type_of_the_concept_and_unknown_fits_any(make: Any) -> None:
    reference = linked_reference(make, ("D1", "R"))
    wrong = make.example(reference, said(make, ("Brufen", "renal failure"), tail_type="Chemical"), text=TEXT)
    assert counts(wrong, "text") == {"CID": (1, 0, 0)}
    assert counts(wrong, "strict") == {"CID": (0, 1, 1)}
    unknown = make.example(reference, said(make, ("Brufen", "renal failure"), tail_type="unknown"), text=TEXT)
    assert counts(unknown, "strict") == {"CID": (1, 0, 0)}


def test_predicted_concepts_are_compared_by_id_with_an_optional_mesh_prefix(make: Any) -> None:
    given = [Relation(Concept("MESH:D1"), Concept(tail), "CID") for tail in ("R", "MESH:H")]
    pair = make.example(linked_reference(make, ("D1", "R")), make.annotation(relations=given), text=TEXT)
    assert counts(pair, "text") == {"CID": (1, 1, 0)}
    assert counts(pair, "strict") == {"CID": (1, 1, 0)}


def test_documents_without_relations_are_linked_where_the_others_are(make: Any) -> None:
    concept = make.example(linked_reference(make, ("D1", "R")), make.annotation(), text=TEXT)
    empty = make.example(linked_reference(make), said(make, ("Brufen", "rash")), text=TEXT)
    drug = Relation(make.mention("Aspirin"), make.mention("rash", "Disease"), "causes")
    plain = make.example(make.annotation(relations=[drug]), make.annotation())
    assert links_concepts([concept, empty, plain]) == [True, True, False]
    assert links_concepts([empty, plain]) == [False, False]


def test_span_leaves_the_types_of_the_ends_out(make: Any) -> None:
    drug, rash = make.mention("Aspirin"), make.mention("rash", "Disease")
    reference = make.annotation(relations=[Relation(drug, rash, "causes")])
    other = make.annotation(relations=[Relation(drug, make.mention("rash", "Symptom"), "causes")])
    pair = make.example(reference, other)
    assert counts(pair, "strict") == {"causes": (0, 1, 1)}
    assert counts(pair, "span") == {"causes": (1, 0, 0)}


def test_relaxed_needs_a_shared_character_at_both_ends_the_type_and_the_direction(make: Any) -> None:
    drug, rash = make.mention("Aspirin"), make.mention("rash", "Disease")
    longer, far = make.mention("ulcers and rash", "Disease"), make.mention("Later", "Disease")
    reference = make.annotation(relations=[Relation(drug, rash, "causes")])

    def relaxed(*relations: Relation) -> Any:
        return counts(make.example(reference, make.annotation(relations=relations)), "relaxed")

    assert relaxed(Relation(drug, longer, "causes")) == {"causes": (1, 0, 0)}
    assert relaxed(Relation(longer, drug, "causes")) == {"causes": (0, 1, 1)}
    assert relaxed(Relation(drug, far, "causes")) == {"causes": (0, 1, 1)}
    assert relaxed(Relation(drug, longer, "treats")) == {"causes": (0, 0, 1), "treats": (0, 1, 0)}
    # One relation meets one: a second that overlaps is spurious.
    twice = relaxed(Relation(drug, longer, "causes"), Relation(drug, rash, "causes"))
    assert twice == {"causes": (1, 1, 0)}


def test_relaxed_meets_a_concept_where_its_mentions_stand(make: Any) -> None:
    predicted = said(make, ("Brufen, causes", "hepatic failure"))
    pair = make.example(linked_reference(make, ("D1", "H")), predicted, text=TEXT)
    assert counts(pair, "span") == {"CID": (0, 1, 1)}
    assert counts(pair, "relaxed") == {"CID": (1, 0, 0)}


def test_ends_are_compared_by_concept_where_mentions_have_ids(make: Any) -> None:
    ends = [
        make.mention(string, "Drug", concepts=("D1",), nth=nth)
        for string, nth in (("spirin", 0), ("spirin", 1))
    ]
    rash = make.mention("rash", "Disease", concepts=("MESH:D9",))
    reference = make.annotation(relations=[Relation(ends[0], rash, "causes")])
    predicted = make.annotation(relations=[Relation(ends[1], rash, "causes")])
    pair = make.example(reference, predicted)
    assert counts(pair, "strict") == {"causes": (0, 1, 1)}
    assert counts(pair, "concept") == {"causes": (1, 0, 0)}


SYMMETRIC = Directions.of(
    Schema(
        (),
        (
            RelationType("interacts", symmetric=True),
            RelationType("causes", inverse="caused_by"),
            RelationType("caused_by", inverse="causes"),
        ),
    )
)


@pytest.mark.parametrize("how", ["text", "strict", "span", "relaxed"])
def test_symmetric_and_inverse_types_count_as_the_schema_says(make: Any, how: Any) -> None:
    drug, rash = make.mention("Aspirin"), make.mention("rash", "Disease")
    reference = make.annotation(relations=[Relation(drug, rash, "interacts"), Relation(drug, rash, "causes")])
    turned = [Relation(rash, drug, "interacts"), Relation(rash, drug, "caused_by")]
    pair = make.example(reference, make.annotation(relations=turned))
    told = match_relations(pair, how, linked=False, directions=SYMMETRIC)
    assert told.counts() == {"causes": (1, 0, 0), "interacts": (1, 0, 0)}
    untold = match_relations(pair, how, linked=False)
    assert untold.counts() == {"caused_by": (0, 1, 0), "causes": (0, 0, 1), "interacts": (0, 1, 1)}
    # Written both ways it is still one relation.
    both = make.annotation(relations=[*turned, *reference.relations])
    again = match_relations(make.example(reference, both), how, linked=False, directions=SYMMETRIC)
    assert again.counts() == {"causes": (1, 0, 0), "interacts": (1, 0, 0)}
    wrong = make.annotation(relations=[Relation(rash, drug, "causes")])
    back = match_relations(make.example(reference, wrong), how, linked=False, directions=SYMMETRIC)
    assert back.counts() == {"causes": (0, 1, 1), "interacts": (0, 0, 1)}


def test_relaxed_finds_no_less_than_strict_where_one_place_has_two_types(make: Any) -> None:
    drug = make.mention("Aspirin")
    rashes = [make.mention("rash", type) for type in ("Disease", "Symptom")]
    relations = [Relation(drug, rash, "causes") for rash in rashes]
    wrong = Relation(make.mention("Later"), rashes[0], "causes")
    pair = make.example(make.annotation(relations=relations), make.annotation(relations=[*relations, wrong]))
    assert counts(pair, "strict") == {"causes": (2, 1, 0)}
    assert counts(pair, "relaxed") == {"causes": (2, 1, 0)}
    # SpERT compares sets without the types of the ends, in which the two are one.
    assert counts(pair, "span") == {"causes": (1, 1, 0)}


def test_a_concept_whose_type_nothing_tells_fits_any(make: Any) -> None:
    untyped = [Relation(Concept("D1"), Concept("D2"), "CID")]
    typed = [Relation(Concept("D1", "Chemical"), Concept("D2", "Disease"), "CID")]
    for sides in ((untyped, typed), (typed, untyped)):
        pair = make.example(*(make.annotation(relations=side) for side in sides))
        assert match_relations(pair, "strict", linked=True).counts() == {"CID": (1, 0, 0)}
    other = [Relation(Concept("D1", "Gene"), Concept("D2", "Disease"), "CID")]
    pair = make.example(make.annotation(relations=typed), make.annotation(relations=other))
    assert match_relations(pair, "strict", linked=True).counts() == {"CID": (0, 1, 1)}


def test_relations_with_a_blank_end_are_on_neither_side(make: Any) -> None:
    blank = UnalignedMention("Disease", " ", "blank")
    relation = Relation(make.mention("Aspirin"), blank, "causes")
    pair = make.example(make.annotation(relations=[relation]), make.annotation(relations=[relation]))
    for how in ("text", "strict", "span", "relaxed", "concept"):
        assert counts(pair, how) == {}


def test_which_of_equal_spurious_relations_stands_for_them_hangs_on_no_order(make: Any) -> None:
    predicted = said(make, ("Ibuprofen", "renal failure"), ("Brufen", "renal failure")).relations
    chosen = []
    for order in (predicted, predicted[::-1]):
        pair = make.example(
            linked_reference(make, ("D1", "X")), make.annotation(relations=order, scope="string"), text=TEXT
        )
        chosen.append([one.head.text for one in match_relations(pair, "text", linked=True).spurious])
    assert chosen == [["Brufen"], ["Brufen"]]


def test_an_end_that_was_not_copied_is_wrong(make: Any) -> None:
    drug, rash = make.mention("Aspirin"), make.mention("rash", "Disease")
    nearly = replace(drug, aligned_by="fuzzy", source_text="Aspirine")
    reference = make.annotation(relations=[Relation(drug, rash, "causes")])
    predicted = make.annotation(relations=[Relation(nearly, rash, "causes")])
    for how in ("text", "strict", "span", "relaxed"):
        assert counts(make.example(reference, predicted), how) == {"causes": (0, 1, 1)}


def test_an_end_of_unknown_type_meets_a_concept_that_only_an_end_names(make: Any) -> None:
    drug = make.mention("Aspirin", concepts=("D3",))
    rash = make.mention("rash", "Disease", concepts=("D4",))
    reference = make.annotation(
        relations=[Relation(drug, rash, "causes"), Relation(Concept("D3"), Concept("D4"), "CID")]
    )
    unknown = Relation(make.mention("Aspirin", "unknown"), make.mention("rash", "unknown"), "CID")
    pair = make.example(reference, make.annotation(relations=[unknown]))
    assert match_relations(pair, "strict", linked=True).counts() == {"CID": (1, 0, 0), "causes": (0, 0, 1)}

"""Counts, shares, what mending gains, and the examples shown."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from medspan.core import Annotation, Concept, Document, Example, Mention, Relation, UnalignedMention
from medspan.evaluate.errors import MENTION_KINDS, RELATION_KINDS, Taxonomy, classify, taxonomy
from medspan.evaluate.errors.taxonomy import AROUND, EXAMPLES, WIDEST
from medspan.evaluate.match import match_mentions

from .generated_examples import SCHEMA, corpora

TEXT = "aspirin and renal failure, later skin rash"
ASPIRIN = Mention.at(TEXT, 0, 7, "Drug")
FAILURE = Mention.at(TEXT, 12, 25, "Disease")
RASH = Mention.at(TEXT, 33, 42, "Disease")


def planted(id: str = "d", task: str | None = None) -> Example:
    """One right, a boundary on both sides, a type on both sides: TP 1, FP 2, FN 2; a relation turned."""
    turned = Relation(FAILURE, ASPIRIN, "causes")
    return Example(
        Document(id, TEXT, task=task),
        Annotation((ASPIRIN, FAILURE, RASH), relations=(Relation(ASPIRIN, FAILURE, "causes"),)),
        Annotation(
            (ASPIRIN, Mention.at(TEXT, 18, 25, "Disease"), Mention.at(TEXT, 33, 42, "Drug")),
            relations=(turned,),
        ),
    )


def test_counts_shares_and_gains() -> None:
    found = taxonomy([planted()])
    entities = found.groups["entities"]
    assert found.errors == classify([planted()])
    assert (found.how, found.documents) == ("strict", 1)
    assert (entities.true_positives, entities.false_positives, entities.false_negatives) == (1, 2, 2)
    assert entities.f1 == pytest.approx(1 / 3)
    boundary = entities.kinds["boundary-partial"]
    assert (boundary.false_positives, boundary.false_negatives, boundary.errors) == (1, 1, 2)
    assert boundary.share == pytest.approx(1 / 2)
    # 2 right, 1 false positive, 1 false negative are left.
    assert boundary.mended_f1 == pytest.approx(2 / 3)
    assert boundary.gain == pytest.approx(1 / 3)
    nothing = entities.kinds["letter-case"]
    assert (nothing.errors, nothing.share, nothing.gain, nothing.examples) == (0, 0, 0, ())
    turned = found.groups["relations"].kinds["direction-reversed"]
    assert (turned.share, turned.mended_f1, turned.gain) == (1, 1, 1)


def test_kinds_stand_in_order_of_precedence() -> None:
    found = taxonomy([planted()])
    assert tuple(found.groups["entities"].kinds) == MENTION_KINDS
    assert tuple(found.groups["relations"].kinds) == RELATION_KINDS


def test_without_items_or_errors_nothing_is_defined() -> None:
    empty = taxonomy([Example(Document("d", TEXT), Annotation(), Annotation())]).groups["entities"]
    assert empty.f1 is None
    missed = empty.kinds["missed"]
    assert (missed.share, missed.mended_f1, missed.gain) == (None, None, None)
    right = Annotation((ASPIRIN,))
    perfect = taxonomy([Example(Document("d", TEXT), right, right)]).groups["entities"]
    assert perfect.f1 == 1
    assert (perfect.kinds["missed"].share, perfect.kinds["missed"].gain) == (None, 0)


def test_where_mending_leaves_nothing_to_score_the_gain_is_undefined() -> None:
    spurious = Example(Document("d", TEXT), Annotation(), Annotation((ASPIRIN,)))
    kind = taxonomy([spurious]).groups["entities"].kinds["spurious-grounded"]
    assert (kind.share, kind.mended_f1, kind.gain) == (1, None, None)


@settings(max_examples=40)
@given(examples=corpora())
def test_mending_a_kind_in_the_predictions_themselves_gives_the_f1_that_is_stated(
    examples: list[Example],
) -> None:
    placed = [
        replace(
            example,
            **{
                side: replace(getattr(example, side), scope="mention", relations=(), unaligned=())
                for side in ("reference", "predicted")
            },
        )
        for example in examples
    ]
    errors = classify(placed, "strict")
    for kind, found in taxonomy(placed, "strict").groups["entities"].kinds.items():
        counts = [0, 0, 0]
        for number, example in enumerate(placed):
            mine = [error for error in errors if (error.document, error.kind) == (number, kind)]
            gone = {
                (one.item.segments, one.item.type)  # type: ignore[union-attr]
                for one in mine
                if one.side == "spurious"
            }
            kept = [
                mention
                for mention in example.predicted.mentions  # type: ignore[union-attr]
                if (mention.segments, mention.type) not in gone
            ]
            kept += [one.item for one in mine if one.side == "missed"]  # type: ignore[misc]
            outcome = match_mentions(replace(example, predicted=Annotation(tuple(kept))), "strict")
            for column, items in enumerate((outcome.found, outcome.spurious, outcome.missed)):
                counts[column] += len(items)
        of = 2 * counts[0] + counts[1] + counts[2]
        assert found.mended_f1 == (2 * counts[0] / of if of else None)


@settings(max_examples=40)
@given(examples=corpora())
def test_kinds_add_up_and_the_order_of_rows_does_not_matter(examples: list[Example]) -> None:
    found = taxonomy(examples, schema=SCHEMA)
    for group in found.groups.values():
        assert sum(one.false_positives for one in group.kinds.values()) == group.false_positives
        assert sum(one.false_negatives for one in group.kinds.values()) == group.false_negatives
        if group.false_positives + group.false_negatives:
            assert sum(one.share or 0 for one in group.kinds.values()) == pytest.approx(1)
    turned = taxonomy(examples[::-1], schema=SCHEMA)
    assert json.dumps(turned.to_json()) == json.dumps(found.to_json())


def shown(found: Taxonomy, group: Any, kind: str) -> Any:
    return found.groups[group].kinds[kind].examples


def test_examples_name_the_document_the_strings_and_the_text_around_them() -> None:
    found = taxonomy([planted(task="t")])
    missed, spurious = shown(found, "entities", "boundary-partial")
    assert (missed.document, missed.task, missed.side) == ("d", "t", "missed")
    assert (missed.item, missed.type, missed.other, missed.other_type) == (
        "renal failure",
        "Disease",
        "failure",
        "Disease",
    )
    assert [missed.window[start:end] for start, end in missed.marks] == ["renal failure"]
    assert [missed.window[start:end] for start, end in missed.other_marks] == ["failure"]
    assert (spurious.item, spurious.other) == ("failure", "renal failure")
    relation = shown(found, "relations", "direction-reversed")[0]
    assert relation.item == "aspirin --[causes]--> renal failure"
    assert relation.other == "renal failure --[causes]--> aspirin"
    assert [relation.window[start:end] for start, end in relation.marks] == ["aspirin", "renal failure"]


def test_at_most_five_examples_that_say_something_new_first() -> None:
    text = "a1 a2 a3 a4 a5 a6 a7"
    mentions = [Mention.at(text, start, start + 2, "Drug") for start in range(0, 20, 3)]
    rows = [
        Example(Document(f"d{number:02}", text), Annotation((mentions[number // 2],)), Annotation())
        for number in range(14)
    ]
    random.Random(0).shuffle(rows)
    cases = shown(taxonomy(rows, "text"), "entities", "annotation-inconsistency")
    assert [case.document for case in cases] == ["d00", "d02", "d04", "d06", "d08"]
    assert len(cases) == EXAMPLES
    same = [
        Example(Document(f"d{number}", text), Annotation((mentions[0],)), Annotation()) for number in (1, 0)
    ]
    assert [case.document for case in shown(taxonomy(same), "entities", "missed")] == ["d0", "d1"]


def test_windows_end_between_words_and_stay_short() -> None:
    text = "word " * 100 + "aspirin " + "more " * 100 + "rash"
    drug = Mention.at(text, 500, 507, "Drug")
    rash = Mention.at(text, len(text) - 4, len(text), "Disease")
    both = Annotation((drug, rash), relations=(Relation(drug, rash, "causes"),))
    found = taxonomy([Example(Document("d", text), both, Annotation((rash,)))])
    (case,) = shown(found, "entities", "missed")
    assert case.window.split() == ["word"] * 12 + ["aspirin"] + ["more"] * 12
    assert len(case.window) <= 7 + 2 * AROUND
    (relation,) = shown(found, "relations", "endpoint-missing")
    assert len(text) > WIDEST > len(relation.window)
    assert [relation.window[start:end] for start, end in relation.marks] == ["aspirin"]


def test_what_has_no_place_has_no_window_of_its_own() -> None:
    lost = UnalignedMention("Drug", "gout", "not-in-text")
    (case,) = shown(
        taxonomy([Example(Document("d", TEXT), Annotation(), Annotation(unaligned=(lost,)))], "text"),
        "entities",
        "ungrounded",
    )
    assert (case.window, case.marks) == ("", ())
    near = UnalignedMention("Drug", "aspirine", "not-in-text")
    pair = Example(Document("d", TEXT), Annotation((ASPIRIN,)), Annotation(unaligned=(near,)))
    case = shown(taxonomy([pair]), "entities", "near-miss-copy")[1]
    assert (case.item, case.marks, case.other_marks) == ("aspirine", (), ((0, 7),))


def test_relations_between_concepts_are_named_by_their_first_mention_of_the_reference() -> None:
    relation = Relation(Concept("MESH:D1"), Concept("D2"), "CID")
    again = Mention.at(TEXT, 12, 17, "Drug", concepts=("D1",))
    drug = Mention.at(TEXT, 0, 7, "Drug", concepts=("D9", "D1"))
    early = Mention.at(TEXT, 0, 3, "Disease", concepts=("D2",))
    rash = Mention.at(TEXT, 33, 42, "Disease", concepts=("MESH:D2",))

    def item_of(reference: tuple[Mention, ...], predicted: tuple[Mention, ...] = ()) -> str:
        pair = Example(
            Document("d", TEXT), Annotation(reference, relations=(relation,)), Annotation(predicted)
        )
        cases = [
            case for kind in taxonomy([pair]).groups["relations"].kinds.values() for case in kind.examples
        ]
        return cases[0].item

    assert item_of(()) == "MESH:D1 --[CID]--> D2"
    assert item_of((again, drug, rash)) == "aspirin (MESH:D1) --[CID]--> skin rash (D2)"
    assert item_of((drug, rash), (early,)) == "aspirin (MESH:D1) --[CID]--> skin rash (D2)"
    assert item_of((drug,), (rash, early)) == "aspirin (MESH:D1) --[CID]--> asp (D2)"


def test_the_counterpart_of_a_relation_between_concepts_is_named_too() -> None:
    drug = Mention.at(TEXT, 0, 7, "Drug", concepts=("D1",))
    rash = Mention.at(TEXT, 33, 42, "Disease", concepts=("D2",))
    pair = Example(
        Document("d", TEXT),
        Annotation((drug, rash), relations=(Relation(Concept("D1"), Concept("D2"), "CID"),)),
        Annotation((drug, rash), relations=(Relation(rash, drug, "CID"),)),
    )
    missed, spurious = shown(taxonomy([pair]), "relations", "direction-reversed")
    assert missed.item == spurious.other == "aspirin (D1) --[CID]--> skin rash (D2)"
    assert spurious.item == missed.other == "skin rash --[CID]--> aspirin"


def test_json_holds_everything_under_stable_names() -> None:
    told = json.loads(json.dumps(taxonomy([planted()]).to_json()))
    assert list(told) == ["schema_version", "match", "documents", "entities", "relations"]
    assert (told["schema_version"], told["match"], told["documents"]) == (1, "strict", 1)
    assert list(told["entities"]["kinds"]) == list(MENTION_KINDS)
    kind = told["entities"]["kinds"]["type-confusion"]
    assert set(kind) == {
        "meaning",
        "false_positives",
        "false_negatives",
        "share",
        "mended_f1",
        "gain",
        "examples",
    }
    assert kind["examples"][0] == {
        "document": "d",
        "task": None,
        "side": "missed",
        "item": "skin rash",
        "type": "Disease",
        "other": "skin rash",
        "other_type": "Drug",
        "window": TEXT,
        "marks": [[33, 42]],
        "other_marks": [[33, 42]],
    }

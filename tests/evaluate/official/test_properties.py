"""Over generated files: the counts of planted sets, whatever the order, the repeats and the spelling."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from medspan.evaluate.official import scorer_named

from .conftest import Counts, counts_of

PMIDS = ("11", "22", "33")
Fact = tuple[Any, ...]

pmids = st.sampled_from(PMIDS)
types = st.sampled_from(["Disease", "Chemical", "Gene"])
ids = st.frozensets(st.sampled_from(["D001000", "D002000", "C003000", "OMIM:4000"]), max_size=2)
mention_facts = st.tuples(pmids, types, st.integers(0, 3), st.integers(4, 6), ids)
pair = st.sampled_from(["D001000", "D002000", "C003000"])
relation_facts = st.tuples(pmids, st.sampled_from(["CID", "treats"]), pair, pair)
sides = st.tuples(
    st.frozensets(pmids, min_size=1),
    st.frozensets(mention_facts, max_size=8),
    st.frozensets(relation_facts, max_size=6),
)
Side = tuple[frozenset[str], frozenset[Fact], frozenset[Fact]]


def text_of(side: Side, draw: random.Random) -> str:
    """The side as PubTator in an order, with repeats and spellings, that `draw` chooses."""
    documents, mentions, relations = side

    def spelt(id_: str) -> str:
        return draw.choice(["", "MESH:"]) + id_ if ":" not in id_ else id_

    rows: list[tuple[str, str]] = []
    for pmid, type, start, end, concepts in mentions:
        for _ in range(draw.randint(1, 2)):
            column = "|".join(draw.sample([spelt(id_) for id_ in sorted(concepts)], len(concepts))) or "-1"
            rows.append((pmid, f"{pmid}\t{start}\t{end}\t{draw.choice('ab')}\t{type}\t{column}"))
    for pmid, type, head, tail in relations:
        for _ in range(draw.randint(1, 2)):
            rows.append((pmid, f"{pmid}\t{type}\t{spelt(head)}\t{spelt(tail)}"))
    draw.shuffle(rows)
    order = draw.sample(sorted(documents), len(documents))
    return "".join(
        f"{pmid}|t|Title\n{pmid}|a|Text\n" + "".join(row + "\n" for of, row in rows if of == pmid) + "\n"
        for pmid in order
    )


def planted(gold: Side, predicted: Side) -> dict[str, Counts]:
    """The counts from the sets themselves."""

    def facts(side: Side, within: frozenset[str]) -> dict[str, set[Fact]]:
        documents, mentions, relations = side
        known = documents & within
        found: dict[str, set[Fact]] = {"relation CID": set()}
        for type in ("Disease", "Chemical"):
            mine = [fact for fact in mentions if fact[1] == type and fact[0] in known]
            found[f"mention {type}"] = {(pmid, start, end) for pmid, _, start, end, _ in mine}
            found[f"id {type}"] = {(fact[0], id_) for fact in mine for id_ in fact[4]}
        found["relation CID"] = {fact for fact in relations if fact[1] == "CID" and fact[0] in known}
        return found

    wanted, given = facts(gold, gold[0]), facts(predicted, gold[0])
    return {
        key: (len(wanted[key] & given[key]), len(given[key] - wanted[key]), len(wanted[key] - given[key]))
        for key in wanted
    }


def scored(gold: str, predicted: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / "gold.txt", Path(folder) / "predicted.txt"]
        for path, text in zip(paths, (gold, predicted), strict=True):
            path.write_text(text, encoding="utf-8")
        return scorer_named("bc5cdr").score(*paths, allow_empty=True).to_json()


def has_facts(side: Side) -> bool:
    """Whether the side can be a reference."""
    return any(sum(counts) for counts in planted(side, side).values())


@given(sides.filter(has_facts), sides, st.integers(0, 100))
@settings(max_examples=150)
def test_counts_are_those_of_the_planted_sets(gold: Side, predicted: Side, seed: int) -> None:
    draw = random.Random(seed)
    found = scored(text_of(gold, draw), text_of(predicted, draw))
    assert counts_of(found) == planted(gold, predicted)
    documents = {
        "reference": len(gold[0]),
        "predicted": len(predicted[0]),
        "missing": len(gold[0] - predicted[0]),
        "unknown": len(predicted[0] - gold[0]),
    }
    assert found["documents"] == documents


@given(sides.filter(has_facts), sides.filter(has_facts), st.integers(0, 100))
@settings(max_examples=75)
def test_precision_and_recall_change_places_with_the_files(gold: Side, predicted: Side, seed: int) -> None:
    # Documents that one side lacks count on one way only.
    documents = gold[0] | predicted[0]
    first, second = (documents, *gold[1:]), (documents, *predicted[1:])
    draw = random.Random(seed)
    texts = text_of(first, draw), text_of(second, draw)
    there, back = scored(*texts), scored(*texts[::-1])
    for level in ("mention", "id", "relation"):
        for type, score in there[level].items():
            turned = back[level][type]
            assert (score["precision"], score["recall"]) == (turned["recall"], turned["precision"])
            assert score["f1"] == turned["f1"]


@given(sides.filter(has_facts), st.integers(0, 100))
@settings(max_examples=75)
def test_a_file_is_perfect_on_itself(side: Side, seed: int) -> None:
    text = text_of(side, random.Random(seed))
    for level in ("mention", "id", "relation"):
        for score in scored(text, text)[level].values():
            assert (score["false_positives"], score["false_negatives"]) == (0, 0)
            assert score["f1"] == (1 if score["true_positives"] else None)

"""Against other evaluators: nervaluate on generated cases, the official BC5CDR evaluator on its files."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from medspan.core import Annotation, Document, Example, Mention, Relation
from medspan.evaluate.counts import count_documents
from medspan.evaluate.score import score_documents
from medspan.read import load

TEXT = "".join(chr(ord("a") + number % 26) for number in range(60))
TYPES = ("Drug", "Disease")
MODES = {"strict": "strict", "span": "exact", "type": "ent_type", "overlap": "partial"}


def flat(draw: random.Random) -> Annotation:
    """Mentions that do not overlap each other, in order, of at most 6 characters."""
    mentions, at = [], 0
    while at <= len(TEXT) - 12:
        start = at + draw.randint(0, 6)
        at = start + draw.randint(1, 6)
        mentions.append(Mention.at(TEXT, start, at, draw.choice(TYPES)))
    return Annotation(tuple(draw.sample(mentions, draw.randint(0, len(mentions)))))


def crossings(example: Example) -> int:
    """How many mentions overlap more than one of the other side."""
    assert example.reference is not None
    assert example.predicted is not None
    sides = [one.mentions for one in (example.reference, example.predicted)]
    return sum(
        sum(one.start < other.end and other.start < one.end for other in theirs) > 1
        for mine, theirs in (sides, sides[::-1])
        for one in mine
    )


def generated(seed: int, *, one_to_one: bool) -> list[Example]:
    draw = random.Random(seed)
    examples: list[Example] = []
    while len(examples) < 30:
        made = Example(Document(str(len(examples)), TEXT), flat(draw), flat(draw))
        if not (one_to_one and crossings(made)):
            examples.append(made)
    return examples


def nervaluate_scores(examples: list[Example]) -> Any:
    nervaluate = pytest.importorskip("nervaluate")

    def spans(annotation: Annotation | None) -> list[dict[str, Any]]:
        assert annotation is not None
        ordered = sorted(annotation.mentions, key=lambda one: one.start)
        # Its ends are the last character.
        return [{"label": one.type, "start": one.start, "end": one.end - 1} for one in ordered]

    return nervaluate.Evaluator(
        [spans(one.reference) for one in examples],
        [spans(one.predicted) for one in examples],
        tags=list(TYPES),
        loader="dict",
    ).evaluate()


def our_scores(examples: list[Example]) -> Any:
    return score_documents(count_documents(examples), bootstrap_samples=0, seed=0)


@pytest.mark.parametrize("seed", range(40))
def test_all_modes_agree_with_nervaluate_where_each_mention_meets_one(seed: int) -> None:
    examples = generated(seed, one_to_one=True)
    theirs, ours = nervaluate_scores(examples), our_scores(examples)
    for how, mode in MODES.items():
        mine, its = ours[how]["entities"].micro, theirs["overall"][mode]
        assert mine.true_positives == its.correct + its.partial / 2
        assert mine.true_positives + mine.false_positives == its.actual
        assert mine.support == its.possible
        assert (mine.precision or 0) == pytest.approx(its.precision)
        assert (mine.recall or 0) == pytest.approx(its.recall)
        assert (mine.f1 or 0) == pytest.approx(its.f1)
    for type in TYPES:
        for how in ("strict", "type"):
            mine, its = ours[how]["entities"].by_type[type], theirs["entities"][type][MODES[how]]
            assert (mine.true_positives, mine.support) == (its.correct, its.possible)


@pytest.mark.parametrize("seed", range(40, 80))
def test_other_than_nervaluate_a_wrong_type_takes_no_partner_from_a_right_one(seed: int) -> None:
    examples = generated(seed, one_to_one=False)
    theirs, ours = nervaluate_scores(examples), our_scores(examples)
    for how in ("strict", "span", "overlap"):
        its = theirs["overall"][MODES[how]]
        assert ours[how]["entities"].micro.true_positives == its.correct + its.partial / 2
    # Its `ent_type` goes from left to right, and gives a mention away to one of another type.
    assert ours["type"]["entities"].micro.true_positives >= theirs["overall"]["ent_type"].correct


def spert(examples: list[Example], *, typed: bool) -> tuple[int, int, int]:
    """The counts of SpERT's relation evaluation, written down from its paper (Eberts and Ulges 2020)."""
    counts = [0, 0, 0]
    for example in examples:
        sides = []
        for annotation in (example.reference, example.predicted):
            assert annotation is not None
            sides.append(
                {
                    (
                        *(
                            (end.start, end.end, end.type if typed else None)  # type: ignore[union-attr]
                            for end in (one.head, one.tail)
                        ),
                        one.type,
                    )
                    for one in annotation.relations
                }
            )
        counts[0] += len(sides[0] & sides[1])
        counts[1] += len(sides[1] - sides[0])
        counts[2] += len(sides[0] - sides[1])
    return counts[0], counts[1], counts[2]


@pytest.mark.parametrize("seed", range(10))
def test_both_settings_of_spert(seed: int) -> None:
    draw = random.Random(seed)

    def joined(annotation: Annotation | None) -> Annotation:
        assert annotation is not None
        few = annotation.mentions[:4]
        ends = [(one, other) for one in few for other in few if one is not other and draw.random() < 0.3]
        made = tuple(Relation(*pair, draw.choice(["causes", "treats"])) for pair in ends)
        return replace(annotation, relations=made)

    def retyped(annotation: Annotation) -> Annotation:
        swapped = {
            one: replace(one, type=draw.choice(TYPES)) if draw.random() < 0.3 else one
            for one in annotation.mentions
        }
        relations = tuple(
            Relation(swapped[one.head], swapped[one.tail], one.type)  # type: ignore[index]
            for one in annotation.relations
            if draw.random() < 0.8
        )
        return replace(annotation, mentions=tuple(swapped.values()), relations=relations)

    references = [joined(one.reference) for one in generated(seed, one_to_one=False)]
    examples = [
        Example(Document(str(number), TEXT), one, retyped(one)) for number, one in enumerate(references)
    ]
    ours = our_scores(examples)
    for how, typed in (("strict", True), ("span", False)):
        micro = ours[how]["relations"].micro
        wanted = spert(examples, typed=typed)
        assert (micro.true_positives, micro.false_positives, micro.false_negatives) == wanted
    assert spert(examples, typed=True) != spert(examples, typed=False)


@pytest.mark.parametrize("number", range(6))
def test_mentions_and_relations_agree_with_the_official_bc5cdr_evaluator(corpora: Path, number: int) -> None:
    folder = corpora.parent / "parity" / "bc5cdr_evaluator"
    if not folder.is_dir():
        pytest.skip("the parity files of the BC5CDR evaluator do not stand beside the corpora")
    name = f"predicted_{number:02d}.PubTator.txt"
    predicted = {one.id: one.reference or one.predicted for one in load(folder / name).examples}
    gold = load(folder / "gold.PubTator.txt").examples
    # The official evaluator takes a document that the prediction lacks for an empty prediction.
    examples = [replace(one, predicted=predicted.get(one.id) or Annotation()) for one in gold]
    scores = score_documents(count_documents(examples), bootstrap_samples=0, seed=0)
    ours = {
        "mention": scores["strict"]["entities"].by_type,
        "relation": scores["text"]["relations"].by_type,
    }
    for row in json.loads((folder / "expected.json").read_text(encoding="utf-8")):
        if row["predicted"] == name and row["level"] in ours:
            score = ours[row["level"]][row["type"]]
            for field in ("true_positives", "false_positives", "false_negatives"):
                assert getattr(score, field) == int(row[field]), (row["level"], row["type"], field)

"""Against other evaluators: nervaluate on generated cases, the official BC5CDR evaluator on its files."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from medspan.core import Annotation, Document, Example, Mention
from medspan.evaluate.score import count_documents, score_documents
from medspan.read import load

WORDS = " ".join(f"w{number}" for number in range(40))
TYPES = ("Drug", "Disease")


def generated(seed: int) -> list[Example]:
    """Mentions of one word each, so that neither evaluator has overlaps to choose between."""
    draw = random.Random(seed)
    examples = []
    for number in range(12):
        sides: list[Annotation] = []
        spans = [
            (WORDS.index(word), WORDS.index(word) + len(word)) for word in WORDS.split() if len(word) == 3
        ]
        for _ in range(2):
            chosen = sorted(draw.sample(spans, draw.randint(1, 12)))
            sides.append(Annotation(tuple(Mention.at(WORDS, *span, draw.choice(TYPES)) for span in chosen)))
        examples.append(Example(Document(str(number), WORDS), *sides))
    return examples


@pytest.mark.parametrize("seed", range(5))
def test_strict_counts_agree_with_nervaluate(seed: int) -> None:
    nervaluate = pytest.importorskip("nervaluate")
    examples = generated(seed)

    def spans(annotation: Annotation | None) -> list[dict[str, Any]]:
        assert annotation is not None
        return [{"label": one.type, "start": one.start, "end": one.end} for one in annotation.mentions]

    theirs = nervaluate.Evaluator(
        [spans(one.reference) for one in examples],
        [spans(one.predicted) for one in examples],
        tags=list(TYPES),
        loader="dict",
    ).evaluate()
    ours = score_documents(count_documents(examples), bootstrap_samples=0, seed=0)["strict"]["entities"]
    strict = theirs["overall"]["strict"]
    assert ours.micro.true_positives == strict.correct
    assert ours.micro.true_positives + ours.micro.false_positives == strict.actual
    assert ours.micro.support == strict.possible
    assert ours.micro.f1 == pytest.approx(strict.f1)
    for type in TYPES:
        assert ours.by_type[type].true_positives == theirs["entities"][type]["strict"].correct
        assert ours.by_type[type].support == theirs["entities"][type]["strict"].possible


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

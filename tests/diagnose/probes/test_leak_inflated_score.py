"""Scored documents that stand in training: found, counted, and taken out of the score."""

from __future__ import annotations

from pathlib import Path

import pytest

from medspan.core import Example
from medspan.diagnose.probes.leak_inflated_score import LeakInflatedScore
from medspan.read import load_splits
from medspan.read.row_hash import row_hash

from .planted_cases import case, cleared, note, notes, right, row, suspected, untold, wrong

PROBE = LeakInflatedScore()


def test_leaked_rows_that_score_better_are_confirmed() -> None:
    train, clean = notes("t", 40), notes("c", 30)
    leaked = train[:20]
    found = suspected(
        PROBE,
        case(parts={"train": train, "test": [*leaked, *clean]}, predictions=[*right(leaked), *wrong(clean)]),
    )
    assert (found.cause, found.confidence, found.confirmed) == ("leak-inflated-score", 0.95, True)
    effect = found.effect
    assert effect is not None
    # Relations: 20 of 20 leaked and 0 of 30 clean ones; 2*20 / (2*20 + 30) on all.
    assert effect.metric == "relation F1 (text match)"
    assert effect.before == pytest.approx(40 / 70)
    assert effect.after == 0.0
    assert effect.sure
    assert found.evidence[0] == (
        "20 of 50 scored documents (40.0% of test) stand in training: 20 with the same answer"
    )
    # Entities: 2 of 2 in each leaked note, 1 of 2 in each clean one.
    assert found.evidence[1].startswith(
        "entity F1: 0.824 on all, 1.000 on leaked, 0.667 on clean documents (clean"
    )
    assert "leaked and clean documents are not the same ones, so part of a difference" in found.evidence[3]
    assert found.evidence[4].startswith("t0: the same row as t0")
    assert len(found.evidence) == 7
    assert "medspan split DATA --out NEW" in found.remedy


def test_a_leak_that_moves_nothing_is_told_by_its_share() -> None:
    train, clean = notes("t", 40), notes("c", 90)
    parts = {"train": train, "test": [*train[:10], *clean]}
    found = suspected(PROBE, case(parts=parts, predictions=right(parts["test"])))
    assert (found.confidence, found.confirmed) == (pytest.approx(0.6 + 0.28 * 0.2), False)
    assert found.effect is not None
    assert (found.effect.before, found.effect.after) == (1.0, 1.0)


def test_without_a_clean_document_there_is_no_score() -> None:
    train = notes("t", 10)
    found = suspected(PROBE, case(parts={"train": train, "test": train}, predictions=right(train)))
    assert found.effect is not None
    assert (found.effect.before, found.effect.after, found.effect.interval) == (1.0, None, None)
    assert found.confidence == pytest.approx(0.88)
    assert (
        "no clean document is left: what the model would score on unseen ones is not known" in found.evidence
    )
    assert "undefined on clean documents (clean against all: difference undefined)" in found.evidence[1]


def test_the_same_text_under_another_task_and_a_changed_word_are_leaks() -> None:
    train = [note(f"t{number}", task="drugs") for number in range(20)]
    other = [note(f"t{number}", task="symptoms") for number in range(4)]
    near = [edited(one) for one in train[4:8]]
    tested = [*other, *near, *[note(f"c{number}", task="drugs") for number in range(12)]]
    found = suspected(PROBE, case(parts={"train": train, "test": tested}, predictions=right(tested)))
    assert found.evidence[0].endswith(
        "8 of 20 scored documents (40.0% of test) stand in training: 4 under another task or answer, "
        "4 but for a few words"
    )
    assert "t0: the same text as t0 under the task drugs" in found.evidence


def edited(example: Example) -> Example:
    """The same document but for its first word."""
    text = example.document.text.replace("Mr ", "Mrs ", 1)
    assert example.reference is not None
    return row(
        f"near-{example.id}",
        text,
        {one.text: one.type for one in example.reference.mentions},
        task=example.task,
    )


@pytest.mark.parametrize(("leaks", "of"), [(1, 8), (2, 20), (3, 100)])
def test_few_leaks_are_a_note(leaks: int, of: int) -> None:
    train, clean = notes("t", 30), notes("c", of - leaks)
    tested = [*train[:leaks], *clean]
    predictions = [*right(train[:leaks]), *wrong(clean)]
    assert (
        suspected(PROBE, case(parts={"train": train, "test": tested}, predictions=predictions)).confidence
        == 0.3
    )


def test_other_passages_of_an_article_are_named_where_they_score_better() -> None:
    train = [note(f"t{number}", group=f"article{number}") for number in range(30)]
    seen = [note(f"s{number}", group=f"article{number}") for number in range(20)]
    fresh = notes("c", 20)
    parts = {"train": train, "test": [*seen, *fresh]}
    even = suspected(PROBE, case(parts=parts, predictions=right(parts["test"])))
    assert (even.confidence, even.confirmed) == (0.45, False)
    assert "20 of which another passage stands there" in even.evidence[0]
    assert "s0: of the same article (article0) as t0" in even.evidence
    better = suspected(PROBE, case(parts=parts, predictions=[*right(seen), *wrong(fresh)]))
    assert (better.confidence, better.confirmed) == (0.7, True)


def test_rows_that_came_into_the_file_after_the_run_are_no_leak() -> None:
    train, tested = notes("t", 20), notes("c", 10)
    parts = {"train": [*train, *tested], "test": tested}
    then = {"train": tuple(map(row_hash, train))}
    said = cleared(PROBE, case(parts=parts, predictions=right(tested), row_hashes=then))
    assert said.evidence[0].endswith("stands among the 20 rows of training")
    leaking = {"train": tuple(map(row_hash, [*train, *tested]))}
    suspected(PROBE, case(parts=parts, predictions=right(tested), row_hashes=leaking))


def test_a_clean_split_is_cleared() -> None:
    train, tested = notes("t", 20), notes("c", 10)
    said = cleared(PROBE, case(parts={"train": train, "test": tested}, predictions=right(tested)))
    assert said.evidence == (
        "none of the 10 scored documents, nor one nearly like it, stands among the 20 rows of training",
    )


def test_the_training_part_itself_is_no_test() -> None:
    train = notes("t", 10)
    found = suspected(PROBE, case(parts={"train": train}, scored="train", predictions=right(train)))
    assert found.confidence == pytest.approx(0.88)
    assert (
        found.evidence[0] == "the scored part is the training part itself: all 10 documents were trained on"
    )
    assert found.remedy == "score a part that was not trained on: medspan evaluate run --split test"


def test_without_training_data_nothing_is_told() -> None:
    tested = notes("c", 5)
    of = case(parts={"test": tested}, predictions=right(tested))
    assert untold(PROBE, of).missing == "no training data (--data)"
    bare = [Example(one.document, None, one.reference) for one in tested]
    of = case(parts={"train": notes("t", 5), "test": tested}, predictions=bare)
    assert untold(PROBE, of).missing == "the stored predictions stand beside no reference"


def test_the_order_of_documents_says_nothing() -> None:
    train, clean = notes("t", 40), notes("c", 25)
    leaked = train[:15]
    predictions = [*right(leaked), *wrong(clean[:15]), *right(clean[15:])]
    one = suspected(PROBE, case(parts={"train": train, "test": [*leaked, *clean]}, predictions=predictions))
    turned = suspected(
        PROBE, case(parts={"train": train[::-1], "test": [*leaked, *clean]}, predictions=predictions[::-1])
    )
    assert one.effect == turned.effect
    assert one.confidence == turned.confidence


def test_the_remedy_names_the_data_of_the_run() -> None:
    train = notes("t", 5)
    config = {"data.train": "corpus/train.jsonl", "data.test": "corpus/test.jsonl"}
    found = suspected(
        PROBE, case(parts={"train": train, "test": train}, predictions=right(train), config=config)
    )
    assert "medspan split corpus --out NEW" in found.remedy


@pytest.mark.parametrize(
    ("folder", "told"),
    [
        (
            "splits_20251106",
            "296 of 300 scored documents (98.7% of test) stand in training: 239 with the same",
        ),
        (
            "splits_20251108",
            "288 of 300 scored documents (96.0% of test) stand in training: 288 under another",
        ),
        (
            "splits_20251111",
            "294 of 300 scored documents (98.0% of test) stand in training: 294 under another",
        ),
        (
            "splits_cleaned_20251113",
            "293 of 299 scored documents (98.0% of test) stand in training: 290 under",
        ),
    ],
)
def test_real_splits_by_rows_leak(corpora: Path, folder: str, told: str) -> None:
    parts = {
        name: list(corpus)
        for name, corpus in load_splits(corpora / "chemical_disease_tasks" / folder).items()
    }
    found = suspected(PROBE, case(parts=parts, predictions=right(parts["test"])))
    assert found.evidence[0].startswith(told)
    assert found.confidence == pytest.approx(0.88)

"""The hash of a row hangs on what is asked and answered, and on nothing else."""

from __future__ import annotations

from dataclasses import replace

from medspan.core import Annotation, Document, Example, Mention, Place
from medspan.read.row_hash import row_hash

TEXT = "He took aspirin."
ROW = Example(Document("a", TEXT, task="drugs"), Annotation((Mention.at(TEXT, 8, 15, "Drug"),)))


def test_place_id_and_prediction_do_not_count() -> None:
    elsewhere = replace(
        ROW,
        document=replace(ROW.document, id="b"),
        predicted=Annotation(),
        split="test",
        place=Place("other.jsonl", 7),
    )
    assert row_hash(elsewhere) == row_hash(ROW)
    assert len(row_hash(ROW)) == 16


def test_task_text_and_reference_count() -> None:
    changed = [
        replace(ROW, document=replace(ROW.document, task=None)),
        replace(ROW, document=replace(ROW.document, text=f"{TEXT} Twice.")),
        replace(ROW, reference=Annotation((Mention.at(TEXT, 8, 15, "Chemical"),))),
        replace(ROW, reference=None),
    ]
    assert len({row_hash(one) for one in (ROW, *changed)}) == 5

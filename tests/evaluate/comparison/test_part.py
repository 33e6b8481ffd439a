"""Only what stands on the same documents with the same references is compared."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from medspan.core import Annotation, Document, Example, InputError, Mention
from medspan.evaluate.comparison import System
from medspan.evaluate.comparison.part import same_part


def example(
    id: str, string: str = "aspirin", *, text: str = "{} took aspirin for pain", **more: Any
) -> Example:
    text = text.format(id)
    start = text.index(string)
    mention = Mention.at(text, start, start + len(string), "Drug")
    return Example(
        Document(id, text, task=more.pop("task", None)), Annotation((mention,)), Annotation(), **more
    )


def refusal(first: list[Example], second: list[Example]) -> InputError:
    with pytest.raises(InputError) as stop:
        same_part([System("A", first), System("B", second)])
    return stop.value


def test_the_order_of_rows_does_not_matter() -> None:
    first = [example(f"d{number}") for number in range(20)]
    second = [replace(one, predicted=Annotation(made_by=one.id)) for one in first]
    random.Random(1).shuffle(second)
    _, placed = same_part([System("A", first), System("B", second)])
    assert [one.id for one in placed.examples] == [one.id for one in first]
    assert all(one.predicted == Annotation(made_by=one.id) for one in placed.examples)


def test_other_ids_are_paired_by_their_texts() -> None:
    first = [example("d1"), example("d2")]
    second = [replace(one, document=replace(one.document, id=f"new {one.id}")) for one in reversed(first)]
    _, placed = same_part([System("A", first), System("B", second)])
    assert [one.id for one in placed.examples] == ["d1", "d2"]


def test_other_documents_are_refused_by_name() -> None:
    error = refusal([example(f"d{n}") for n in range(8)], [example(f"d{n}") for n in range(7, 9)])
    assert error.what == (
        "A and B are not scored on the same test part: 7 of 8 documents of A are not in B "
        "(d0, d1, d2, d3, d4, ...); 1 of 2 documents of B are not in A (d8)"
    )
    assert "split anew" in error.cause
    assert "medspan extract RUN FILE --out P.jsonl" in error.remedy
    assert "--reference FILE" in error.remedy


def test_another_reference_is_refused_by_name() -> None:
    first = [example("d1"), example("d2"), example("d3")]
    error = refusal(first, [first[0], example("d2", "pain"), first[2]])
    assert error.what.endswith("same test part: 1 document has another reference (d2)")
    types = replace(first[1].reference, mentions=(replace(first[1].reference.mentions[0], type="Sign"),))  # type: ignore[union-attr]
    error = refusal(first, [first[0], replace(first[1], reference=types), first[2]])
    assert "1 document has another reference (d2)" in error.what


def test_another_text_is_refused_by_name() -> None:
    first = [example("d1"), example("d2")]
    second = [example(one.id, text="{} took much aspirin") for one in first]
    assert "2 documents have another text (d1, d2)" in refusal(first, second).what


def test_texts_and_references_and_documents_are_told_together() -> None:
    first = [example("d1"), example("d2"), example("d3")]
    second = [example("d1", text="{} took much aspirin"), example("d2", "pain"), example("d4")]
    what = refusal(first, second).what
    for part in (
        "1 of 3 documents of A are not in B (d3)",
        "1 of 3 documents of B are not in A (d4)",
        "1 document has another text (d1)",
        "1 document has another reference (d2)",
    ):
        assert part in what


def test_rows_that_repeat_are_paired_by_their_references() -> None:
    one, other = example("d1"), example("d1", "pain")
    _, placed = same_part([System("A", [one, other]), System("B", [other, one])])
    assert [row.reference for row in placed.examples] == [one.reference, other.reference]
    assert "another reference" in refusal([one, one], [one, other]).what


def test_how_a_reference_was_aligned_does_not_matter() -> None:
    one = example("d1")
    mention = replace(one.reference.mentions[0], aligned_by="fuzzy", source_text="asprin")  # type: ignore[union-attr]
    other = replace(one, reference=Annotation((mention,), made_by="somebody else"))
    _, placed = same_part([System("A", [one]), System("B", [other])])
    assert placed.examples[0].reference == one.reference

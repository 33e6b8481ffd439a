"""Where the references of a set label a string, and where they leave it unlabelled."""

from __future__ import annotations

from typing import Any

import pytest

from medspan.core import Annotation, Document, Example, Mention, UnalignedMention
from medspan.evaluate.errors import classify
from medspan.evaluate.errors.labels import Labels
from medspan.evaluate.errors.standing import lowered


def example(
    text: str, *strings: str, task: str | None = None, scope: Any = "mention", id: str = "d"
) -> Example:
    """The reference labels the first occurrence of each string as a Drug."""
    mentions = [Mention.at(text, text.index(one), text.index(one) + len(one), "Drug") for one in strings]
    return Example(Document(id, text, task=task), Annotation(tuple(mentions), scope=scope), Annotation())


@pytest.mark.parametrize(
    ("text", "labelled", "free"),
    [
        ("aspirin again", (), True),
        ("ASPIRIN\nagain", (), True),
        ("aspirin again", ("aspirin",), False),
        ("aspirin, later aspirin", ("aspirin",), True),
        ("low-dose aspirin again", ("low-dose aspirin",), False),
        ("aspirins again", (), False),
        ("rash again", (), False),
    ],
)
def test_a_string_is_unlabelled_where_no_label_touches_it(
    text: str, labelled: tuple[str, ...], free: bool
) -> None:
    labels = Labels([example(text, *labelled)], (), "strict")
    assert labels.unlabelled([(None, "aspirin")]) == ({(None, "aspirin")} if free else set())


def test_of_scope_string_a_listed_string_is_labelled_everywhere() -> None:
    labels = Labels([example("aspirin, later Aspirin", "aspirin", scope="string")], (), "text")
    assert labels.unlabelled([(None, "aspirin")]) == set()


def test_strings_of_several_words_are_found_across_line_breaks() -> None:
    labels = Labels([example("renal\nfailure, renal")], (), "strict")
    wanted = [(None, "renal failure"), (None, "failure renal"), (None, "renal")]
    assert labels.unlabelled(wanted) == {(None, "renal failure"), (None, "renal")}


def test_a_string_within_longer_words_does_not_stand_there() -> None:
    labels = Labels([example("renal failures, a failure, renal")], (), "strict")
    assert labels.unlabelled([(None, "renal failure")]) == set()


def test_tasks_are_kept_apart() -> None:
    chemicals = example("aspirin", "aspirin", task="chemicals", id="a")
    diseases = example("aspirin", task="diseases", id="b")
    labels = Labels([chemicals, diseases], (), "strict")
    assert labels.unlabelled([("chemicals", "aspirin")]) == set()
    assert labels.unlabelled([("diseases", "aspirin")]) == {("diseases", "aspirin")}
    keys = {("chemicals", "Drug", "aspirin"), ("diseases", "Drug", "aspirin")}
    assert labels.labelled(keys) == {("chemicals", "Drug", "aspirin")}


def test_an_unaligned_reference_labels_its_string_but_no_place() -> None:
    listed = Annotation(unaligned=(UnalignedMention("Drug", "aspirin", "offset-mismatch"),))
    only = Example(Document("d", "aspirin"), listed, Annotation())
    key = (None, "Drug", "aspirin")
    assert Labels([only], (), "text").labelled({key}) == {key}
    assert Labels([only], (), "strict").labelled({key}) == set()
    assert Labels([only], (), "strict").unlabelled([(None, "aspirin")]) == set()


def test_the_training_part_tells_of_inconsistencies_too() -> None:
    missed = example("aspirin helped", "aspirin")
    unlabelled = example("aspirin did not help", id="train")
    assert [one.kind for one in classify([missed])] == ["missed"]
    assert [one.kind for one in classify([missed], training=[unlabelled])] == ["annotation-inconsistency"]
    spurious = Example(missed.document, Annotation(), missed.reference)
    assert [one.kind for one in classify([spurious])] == ["spurious-grounded"]
    assert [one.kind for one in classify([spurious], training=[missed])] == ["annotation-inconsistency"]


def test_a_label_of_another_type_is_no_inconsistency_of_a_spurious_one() -> None:
    text = "aspirin helped"
    predicted = Annotation((Mention.at(text, 0, 7, "Disease"),))
    spurious = Example(Document("d", text), Annotation(), predicted)
    assert [one.kind for one in classify([spurious], training=[example(text, "aspirin")])] == [
        "spurious-grounded"
    ]


def test_lower_case_keeps_every_character_in_its_place() -> None:
    text = "İnsulin\tA\u00a0B"
    assert len(lowered(text)) == len(text)
    assert lowered(text).endswith("nsulin a b")

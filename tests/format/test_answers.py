"""Answers are changed item by item, and stay as they were written otherwise."""

from __future__ import annotations

import pytest

from medspan.core import Document
from medspan.format import Codec
from medspan.format.answers import Key, Said, amended, renamed_question
from medspan.format.compact import CompactCodec
from medspan.format.sections import SectionsCodec
from medspan.format.tasks import TasksCodec

TEXT = "Lithium and aspirin caused tremor."
ANSWER = (
    "### Entities:\r\n1. [Drug] Lithium \r\n2. [Drug] Gold\r\nsee above\r\n3. [Sign] tremor\r\n\r\n"
    "### Relations:\r\n1.  Lithium --[causes]-->  tremor \r\n"
)


def changed(
    codec: Codec, answer: str, changes: dict[Key, Said | None], task: str | None = None
) -> str | None:
    return amended(codec, Document("1", TEXT, task=task), answer, changes, {})


@pytest.mark.parametrize(
    ("changes", "old", "new"),
    [
        ({("mention", 0): ("Metal", "Lithium")}, "[Drug] Lithium", "[Metal] Lithium"),
        ({("unaligned", 0): None}, "2. [Drug] Gold\r\nsee above\r\n3.", "see above\r\n2."),
        ({("relation", 0): ("aspirin", "led_to", "tremor")}, "Lithium --[causes]", "aspirin --[led_to]"),
        ({("relation", 0): None}, "1.  Lithium --[causes]-->  tremor \r\n", "None found.\r\n"),
    ],
)
def test_one_item_is_changed_and_the_rest_stays(changes: dict[Key, Said | None], old: str, new: str) -> None:
    assert old in ANSWER
    assert changed(SectionsCodec(), ANSWER, changes) == ANSWER.replace(old, new)


def test_without_a_change_the_answer_is_the_same() -> None:
    for answer in (ANSWER, ANSWER.removesuffix("\r\n"), "", "\n", "nothing\n\n"):
        assert changed(SectionsCodec(), answer, {}) == answer


def test_the_end_of_an_answer_stays_as_it_was() -> None:
    assert changed(TasksCodec(), "- Lithium\n- aspirin", {("mention", 1): None}, "chemicals") == "- Lithium"
    assert (
        changed(TasksCodec(), "- Lithium\n- aspirin\n", {("mention", 1): None}, "chemicals") == "- Lithium\n"
    )
    assert changed(TasksCodec(), "- Lithium", {("mention", 0): None}, "chemicals") == ""


def test_pairs_are_changed_in_each_form() -> None:
    for before, after in (
        ("- Lithium | tremor", "- aspirin | Lithium"),
        ("- chemical Lithium influences disease tremor", "- chemical aspirin influences disease Lithium"),
    ):
        change: dict[Key, Said | None] = {("relation", 0): ("aspirin", "influences", "Lithium")}
        assert changed(TasksCodec(), before, change, "influences") == after


def test_a_head_that_is_also_the_number_of_its_line() -> None:
    answer = "### Relations:\n1. 1 --[1]--> 1 mg"
    change: dict[Key, Said | None] = {("relation", 0): ("1 mg", "1", "1")}
    assert changed(SectionsCodec(), answer, change) == "### Relations:\n1. 1 mg --[1]--> 1"


def test_numbers_that_were_not_in_order_stay() -> None:
    answer = "### Entities:\n5. [Drug] Lithium\n5. [Drug] Gold\n5. [Sign] tremor"
    assert changed(SectionsCodec(), answer, {("unaligned", 0): None}) == answer.replace(
        "5. [Drug] Gold\n", ""
    )


def test_the_text_of_a_mention_is_not_reworded() -> None:
    assert changed(SectionsCodec(), ANSWER, {("mention", 0): ("Drug", "lithium")}) is None


def test_labels_of_compact_are_joined() -> None:
    answer = "Drug: Lithium;\ndrugs: Gold; aspirin;\nfree text\ncauses: Lithium | tremor;"
    renames = {"drugs": "Drug"}
    changes: dict[Key, Said | None] = {
        ("unaligned", 0): None,
        ("mention", 1): ("Drug", "aspirin"),
        ("relation", 0): ("tremor", "causes", "Lithium"),
    }
    found = amended(CompactCodec(), Document("1", TEXT), answer, changes, renames)
    assert found == "Drug: Lithium; aspirin;\nfree text\ncauses: tremor | Lithium;"
    untouched = "Drug:Lithium ;Gold\n"
    assert amended(CompactCodec(), Document("1", TEXT), untouched, {}, renames) == untouched


def test_a_question_asks_for_each_type_once() -> None:
    asked = f"{TEXT}\n\nExtract: Drug; drugs; causes\n"
    assert renamed_question(asked, {"drugs": "Drug"}) == f"{TEXT}\n\nExtract: Drug; causes\n"
    assert renamed_question(asked, {"x": "y"}) == asked
    assert renamed_question("no question: drugs", {"drugs": "Drug"}) == "no question: drugs"

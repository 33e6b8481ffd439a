from __future__ import annotations

from dataclasses import replace

from medspan.core import Annotation, UnalignedMention
from medspan.train.facts import Forced

from .conftest import at_evaluation, example, look

FREE = {"grammar": False}
BLIND = Forced(documents=8, loss=1.0, exchanged_loss=1.05, stop_probability=0.98, known=0.9)


def test_a_loss_that_does_not_mind_other_texts_is_said() -> None:
    (raised,) = at_evaluation("input-ignored", look(forced=BLIND, step=40), look(forced=BLIND))
    assert raised.id == "input-ignored"
    assert raised.figures["rise"] == 0.050000000000000044
    assert "1.000 after their own texts and 1.050 after other documents' texts" in raised.message
    assert len(at_evaluation("input-ignored", look(forced=BLIND, step=100))) == 1


def test_a_model_that_is_early_or_knows_no_format_is_let_pass() -> None:
    early = [look(forced=BLIND, step=step) for step in (20, 30, 40, 49)]
    assert at_evaluation("input-ignored", *early) == []
    assert [each.training.method.asked for each in early] == [0, 0, 1, 1]
    # About to learn reading, and then it does.
    assert at_evaluation("input-ignored", look(forced=BLIND), look(), look(step=100)) == []
    for unsure in (replace(BLIND, known=0.2), replace(BLIND, exchanged_loss=None)):
        assert at_evaluation("input-ignored", look(forced=unsure), look(forced=unsure, step=100)) == []


def test_a_model_that_has_read_is_not_looked_at_again() -> None:
    looks = [look(step=step) for step in (40, 60, 80, 100)]
    assert at_evaluation("input-ignored", *looks) == []
    assert [each.training.method.asked for each in looks] == [1, 0, 0, 0]


def test_one_free_answer_for_all_documents_is_said() -> None:
    one = Annotation((), (UnalignedMention("T", "aspirin", "not-in-text"),))
    same = [example(n).with_prediction(one, "x", False) for n in range(8)]
    blocked = {**FREE, "repetition_penalty": 1.5}
    (raised,) = at_evaluation("input-ignored", look(same, decoding=blocked))
    assert (raised.figures["same_answers"], raised.figures["same_references"]) == (8, 1)
    # Under the grammar no string can come from elsewhere: there an answer is what the document allows.
    assert at_evaluation("input-ignored", look(same)) == []


def test_one_answer_is_right_where_the_references_are_one() -> None:
    same = [replace(example(0), predicted=example(0).reference) for _ in range(8)]
    assert at_evaluation("input-ignored", look(same, decoding=FREE)) == []


def test_invented_strings_are_said_unless_copying_is_forbidden() -> None:
    found = []
    for number in range(8):
        invented = Annotation((), (UnalignedMention("T", f"made up {number}", "not-in-text"),))
        found.append(example(number).with_prediction(invented, "x", False))
    (raised,) = at_evaluation("input-ignored", look(found, decoding=FREE))
    assert raised.figures["ungrounded"] == 1.0
    blocked = {**FREE, "repetition_penalty": 1.5}
    assert at_evaluation("input-ignored", look(found, decoding=blocked)) == []

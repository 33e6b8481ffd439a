"""Zero against zero is an error that names its likely cause."""

from __future__ import annotations

from typing import Any

import pytest

from medspan.core import InputError, Relation
from medspan.evaluate import evaluate


def raised(examples: list[Any], **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        evaluate(examples, bootstrap_samples=0, **options)
    return str(caught.value)


def test_no_documents() -> None:
    assert "no documents" in raised([])


def test_missing_sides_are_counted_and_named(make: Any) -> None:
    full = make.annotation(make.mention("rash", "Disease"))
    message = raised([make.example(full, full), make.example(full, None, id="d7")])
    assert "1 of 2 documents have no predicted annotation (d7)" in message
    assert "have no reference annotation" in raised([make.example(None, full)])


def test_an_empty_reference_names_the_parser_and_the_option(make: Any) -> None:
    examples = [make.example(make.annotation(), make.annotation(make.mention("rash", "Disease")))]
    message = raised(examples)
    assert "reference has neither entities nor relations in 1 documents" in message
    assert "parser-mismatch" in message
    assert "--format" in message
    assert raised(examples, allow_empty=True) == message


def test_list_items_that_nobody_understood_are_quoted(make: Any) -> None:
    unread = make.annotation(unparsed=("- aspirin causes rash",))
    message = raised([make.example(unread, unread)])
    assert "list items stand in the targets" in message
    assert "- aspirin causes rash" in message


def test_one_task_whose_targets_nobody_understood_is_named(make: Any) -> None:
    drug = make.annotation(make.mention("Aspirin"))
    unread = make.annotation(unparsed=("- aspirin / rash",))
    examples = [
        make.example(drug, drug, task="chemicals"),
        make.example(unread, make.annotation(), id="d2", task="influences"),
    ]
    assert "of task 'influences' has neither" in raised(examples)


def test_relations_in_another_form_than_the_format_reads(make: Any) -> None:
    drug = make.annotation(make.mention("Aspirin"), unparsed=("aspirin -[causes]-> rash",))
    assert "no relation in 1 documents" in raised([make.example(drug, drug)])


def test_answers_that_nobody_understood_are_a_parser_mismatch(make: Any) -> None:
    drug = make.annotation(make.mention("Aspirin"))
    examples = [make.example(drug, make.annotation(), raw="Drugs: Aspirin")]
    message = raised(examples)
    assert "parser-mismatch" in message
    assert "--format" in message
    assert "Drugs: Aspirin" in message
    assert evaluate(examples, allow_empty=True).match["text"]["entities"].micro.recall == 0.0


@pytest.mark.parametrize("raw", [None, " \n"])
def test_nothing_predicted_can_be_allowed(make: Any, raw: str | None) -> None:
    drug = make.annotation(make.mention("Aspirin"))
    examples = [make.example(drug, make.annotation(), raw=raw)]
    message = raised(examples)
    assert "nothing was predicted" in message
    assert "--allow-empty" in message
    assert "parser-mismatch" not in message
    assert evaluate(examples, allow_empty=True).match["text"]["entities"].micro.f1 == 0.0


def test_a_set_of_relations_only_is_scored(make: Any) -> None:
    relation = Relation(make.mention("Aspirin"), make.mention("rash", "Disease"), "causes")
    full = make.annotation(relations=[relation])
    assert evaluate([make.example(full, full)]).match["text"]["relations"].micro.f1 == 1.0


def test_the_format_that_does_read_the_output_is_named(make: Any) -> None:
    drug = make.annotation(make.mention("Aspirin"))
    raw = "### Entities:\n1. [Drug] Aspirin\n\n### Relations:\nNone"
    message = raised([make.example(drug, make.annotation(), raw=raw)])
    assert "the text is in the format `sections` (100% of it is read whole as that)" in message
    assert "read it with --format sections" in message


def test_the_format_that_does_read_the_reference_is_named(make: Any) -> None:
    unread = make.annotation(unparsed=("### Entities:\n1. [Drug] Aspirin\n\n### Relations:\nNone",))
    message = raised([make.example(unread, unread)])
    assert "the text is in the format `sections`" in message


def test_zero_predicted_relations_where_the_output_holds_some_are_refused(make: Any) -> None:
    """The ancestors' 0 of 0: an evaluator that reads no relation must not report a score for them."""
    drug, rash = make.mention("Aspirin"), make.mention("rash", "Disease")
    reference = make.annotation(drug, rash, relations=[Relation(drug, rash, "causes")])
    deaf = make.annotation(drug, rash, unparsed=("aspirin influences rash",))
    message = raised([make.example(reference, deaf)])
    assert "the predictions have no relation in 1 documents" in message
    assert "'aspirin influences rash'" in message
    assert "parser-mismatch" in message
    found = evaluate([make.example(reference, deaf)], allow_empty=True)
    assert found.match["text"]["relations"].micro.recall == 0.0
    # Where some relation was read, the rest is bad output and not another format.
    heard = make.annotation(drug, rash, relations=[Relation(drug, rash, "causes")])
    evaluate([make.example(reference, deaf), make.example(reference, heard, id="d2")])

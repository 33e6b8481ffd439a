"""Zero against zero is an error that names its likely cause."""

from __future__ import annotations

from typing import Any

import pytest

from medspan.core import InputError, Relation, Schema, UnalignedMention
from medspan.evaluate import evaluate
from medspan.format import make_codec


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


SECTIONS = "### Entities:\n1. [Drug] Aspirin\n2. [Disease] ulcers\n\n### Relations:\n"


def answered(make: Any, format: str, raw: str, *, related: bool = True, **more: Any) -> Any:
    """A document with a drug, a disease and a relation of them, and what `format` reads in `raw`."""
    drug, disease = make.mention("Aspirin"), make.mention("ulcers", "Disease")
    relations = [Relation(drug, disease, "causes")] if related else []
    reference = make.annotation(drug, disease, relations=relations)
    document = make.example(None, None, **more).document
    schema = Schema.infer([(None, reference)])
    predicted = make_codec(format, schema).parse(document, raw)
    return make.example(reference, predicted, raw=raw, **more)


@pytest.mark.parametrize(
    "line",
    [
        "1. (Aspirin, causes, ulcers)",
        "Aspirin -> ulcers",
        "Aspirin causes ulcers",
        "Aspirin --causes--> ulcers",
        "Aspirin \u2192 ulcers",
    ],
)
def test_relations_in_a_form_that_nobody_knows_are_no_zero(make: Any, line: str) -> None:
    unread = [answered(make, "sections", SECTIONS + line, id=f"u{n}") for n in range(5)]
    silent = [answered(make, "sections", SECTIONS + "None found.", id=f"s{n}") for n in range(5)]
    unasked = [answered(make, "sections", SECTIONS, related=False, id=f"n{n}") for n in range(20)]
    message = raised([*unread, *silent, *unasked])
    assert "no relation in 30 documents" in message
    assert "in 5 of the 10 documents whose reference has relations" in message
    assert line in message
    assert "--allow-empty" in message
    # It was read with this format: reading it so again is no remedy.
    assert "--format sections" not in message


def test_unread_text_in_few_documents_is_no_other_format(make: Any) -> None:
    def examples(line: str, unread: int) -> list[Any]:
        lines = [line] * unread + ["None found."] * (10 * 4 - unread)
        return [answered(make, "sections", SECTIONS + line, id=f"d{n}") for n, line in enumerate(lines)]

    # Text of any kind in half of the documents, and what looks like relations in a tenth.
    assert "'Aspirin causes ulcers'" in raised(examples("Aspirin causes ulcers", 20))
    evaluate(examples("Aspirin causes ulcers", 19), bootstrap_samples=0)
    assert "'fever influences sleep'" in raised(examples("fever influences sleep", 4))
    found = evaluate(examples("fever influences sleep", 3), bootstrap_samples=0)
    assert found.match["text"]["entities"].micro.f1 == 1.0


def test_the_format_that_reads_the_missing_relations_is_named(make: Any) -> None:
    raw = SECTIONS + "1. Aspirin --[causes]--> ulcers"
    deaf = answered(make, "sections", SECTIONS + "1. (Aspirin, causes, ulcers)")
    message = raised([make.example(deaf.reference, deaf.predicted, raw=raw)])
    assert "read it with --format sections" in message


def tasks(make: Any, diseases: list[str]) -> list[Any]:
    drug, disease = make.mention("Aspirin"), make.mention("ulcers", "Disease")
    examples = []
    for number, raw in enumerate(diseases):
        for task, mention, text in (("chemicals", drug, "- Aspirin"), ("diseases", disease, raw)):
            id = f"{task}{number}"
            document = make.example(None, None, id=id, task=task).document
            predicted = make_codec("tasks").parse(document, text)
            reference = make.annotation(mention)
            examples.append(make.example(reference, predicted, id=id, task=task, raw=text))
    return examples


@pytest.mark.parametrize("raw", ["Diseases: ulcers, rash", "- \n- \n"])
def test_a_task_whose_answers_nobody_understood_is_named(make: Any, raw: str) -> None:
    message = raised(tasks(make, [raw] * 3))
    assert "the predictions of task 'diseases' have neither entities nor relations" in message
    assert "for 3 of 3 documents" in message
    assert "parser-mismatch" in message
    assert evaluate(tasks(make, [raw] * 3), allow_empty=True, bootstrap_samples=0).tasks.keys() == {
        "chemicals",
        "diseases",
    }
    # A task in which the model wrote nothing, or in which something was read, is scored.
    evaluate(tasks(make, [""] * 3), bootstrap_samples=0)
    evaluate(tasks(make, [raw, raw, "- ulcers"]), bootstrap_samples=0)


@pytest.mark.parametrize(
    ("format", "raw"),
    [
        ("compact", "Disease: ;;\nDrug: ;"),
        ("sections", "### Entities:\n1. [Drug] \n2. [Disease] \n\n### Relations:\n"),
    ],
)
def test_answers_of_blank_items_are_no_predictions(make: Any, format: str, raw: str) -> None:
    message = raised([answered(make, format, raw)])
    assert "neither entities nor relations" in message


def test_a_reference_of_blank_items_is_empty(make: Any) -> None:
    blank = make.annotation(UnalignedMention("Drug", " ", "blank"))
    full = make.annotation(make.mention("Aspirin"))
    assert "the reference has neither entities nor relations" in raised([make.example(blank, full)])


def test_labels_in_other_words_do_not_name_the_format_that_was_read(make: Any) -> None:
    message = raised([answered(make, "compact", "Drugs: Aspirin;")])
    assert "neither entities nor relations" in message
    assert "--format compact" not in message


def test_relations_of_one_task_that_nobody_understood(make: Any) -> None:
    heard = [answered(make, "sections", SECTIONS + "1. Aspirin --[causes]--> ulcers", id="h", task="a")]
    deaf = [answered(make, "sections", SECTIONS + "1. (Aspirin, causes, ulcers)", id="d", task="b")]
    message = raised([*heard, *deaf])
    assert "the predictions of task 'b' have no relation in 1 documents" in message


def test_a_task_in_which_the_model_finds_nothing_is_scored(make: Any) -> None:
    full = answered(make, "sections", SECTIONS + "1. Aspirin --[causes]--> ulcers", id="f", task="a")
    none = "### Entities:\nNone found.\n\n### Relations:\nNone found."
    silent = [answered(make, "sections", none, id=f"s{n}", task="b", related=False) for n in range(4)]
    slip = answered(make, "sections", none + "\nThat is all.", id="p", task="b", related=False)
    assert evaluate([full, *silent, slip], bootstrap_samples=0).tasks["b"].documents == 5
    # Nor is there anything to be misunderstood where the reference has nothing either.
    talk = make.example(make.annotation(), make.annotation(unparsed=("Nothing here.",)), id="t", task="c")
    assert evaluate([full, talk], bootstrap_samples=0).tasks["c"].documents == 1


def test_a_blank_relation_is_no_relation(make: Any) -> None:
    drug, disease = make.mention("Aspirin"), make.mention("ulcers", "Disease")
    blank = UnalignedMention("Drug", "", "blank")
    reference = make.annotation(drug, disease, relations=[Relation(drug, disease, "causes")])
    predicted = make.annotation(
        drug, disease, relations=[Relation(blank, blank, "causes")], unparsed=("Aspirin causes ulcers",)
    )
    assert "no relation in 1 documents" in raised([make.example(reference, predicted)])


def test_answers_that_there_is_nothing_are_not_sent_to_their_own_format(make: Any) -> None:
    none = "### Entities:\nNone found.\n\n### Relations:\nNone found."
    message = raised([answered(make, "sections", none)])
    assert "neither entities nor relations" in message
    assert "--format sections" not in message
    assert "--allow-empty" in message

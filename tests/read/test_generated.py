"""Generated text of other trainers, paired with its documents and read as the format that it is in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from medspan.core import Annotation, ConfigError, Document, Example, InputError, Mention, Relation
from medspan.read.generated import is_generated, load_generated

TEXTS = ("Aspirin caused ulcers.", "Codeine caused rash.")
ANSWERS = (
    "### Entities:\n1. [Drug] Aspirin\n2. [Disease] ulcers\n\n### Relations:\n"
    "1. Aspirin --[causes]--> ulcers",
    "### Entities:\n1. [Drug] Codeine\n\n### Relations:\nNone",
)


@pytest.fixture
def references() -> list[Example]:
    examples = []
    for number, text in enumerate(TEXTS):
        drug = Mention.at(text, 0, 7, "Drug")
        tail = text.split()[-1].rstrip(".")
        disease = Mention.at(text, text.index(tail), text.index(tail) + len(tail), "Disease")
        relation = Relation(drug, disease, "causes")
        examples.append(Example(Document(f"d{number}", text), Annotation((drug, disease), (), (relation,))))
    return examples


def rows(path: Path, *values: Any) -> Path:
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")
    return path


def said(examples: list[Example]) -> list[tuple[list[str], int]]:
    return [
        ([one.text for one in example.predicted.mentions], len(example.predicted.relations))
        for example in examples
        if example.predicted is not None
    ]


WANTED = [(["Aspirin", "ulcers"], 1), (["Codeine"], 0)]


@pytest.mark.parametrize(
    "row",
    [
        lambda number, text, answer: {"prompt": f"<|user|>\n{text}\n<|assistant|>", "predict": answer},
        lambda number, text, answer: {"generated_text": answer, "label": "?"},
        lambda number, text, answer: answer,
        lambda number, text, answer: {"id": f"d{number}", "response": answer},
    ],
)
@pytest.mark.parametrize("format", ["auto", "sections"])
def test_rows_of_other_trainers_are_read(
    tmp_path: Path, references: list[Example], row: Any, format: str
) -> None:
    made = [row(number, *pair) for number, pair in enumerate(zip(TEXTS, ANSWERS, strict=True))]
    path = rows(tmp_path / "generated.jsonl", *made)
    assert is_generated(path)
    found = load_generated(path, references, format=format)
    assert (said(found.examples), found.format) == (WANTED, "sections")
    assert [one.raw for one in found.examples] == list(ANSWERS)


def test_ids_pair_rows_in_any_order(tmp_path: Path, references: list[Example]) -> None:
    made = [{"id": f"d{number}", "output": ANSWERS[number]} for number in (1, 0)]
    found = load_generated(rows(tmp_path / "g.jsonl", *made), references)
    assert (said(found.examples), found.paired_by) == (WANTED, "by `id`")


def test_a_prompt_that_was_cut_short_is_no_matter_where_ids_decide(
    tmp_path: Path, references: list[Example]
) -> None:
    made = [{"id": f"d{n}", "prompt": TEXTS[n][:5], "output": ANSWERS[n]} for n in (1, 0)]
    assert said(load_generated(rows(tmp_path / "g.jsonl", *made), references).examples) == WANTED


def test_an_answer_that_was_cut_off_is_marked(tmp_path: Path, references: list[Example]) -> None:
    made = [{"text": ANSWERS[0], "finish_reason": "length"}, {"text": ANSWERS[1], "finish_reason": "stop"}]
    examples = load_generated(rows(tmp_path / "g.jsonl", *made), references).examples
    assert [one.truncated for one in examples] == [True, False]


def test_another_order_than_the_reference_is_refused(tmp_path: Path, references: list[Example]) -> None:
    made = [{"prompt": TEXTS[number], "predict": ANSWERS[number]} for number in (1, 0)]
    with pytest.raises(InputError, match="does not hold the text of document 'd0'") as raised:
        load_generated(rows(tmp_path / "g.jsonl", *made), references)
    assert raised.value.place is not None
    assert raised.value.place.row == 1


def test_another_number_of_rows_is_refused(tmp_path: Path, references: list[Example]) -> None:
    path = rows(tmp_path / "g.jsonl", {"predict": ANSWERS[0], "id": "x"})
    with pytest.raises(InputError, match="1 answers, and the reference has 2 documents") as raised:
        load_generated(path, references)
    assert "ids are not those of the reference" in str(raised.value)


def test_a_row_without_an_answer_is_named(tmp_path: Path, references: list[Example]) -> None:
    path = rows(tmp_path / "g.jsonl", {"predict": ANSWERS[0]}, {"said": ANSWERS[1]})
    with pytest.raises(InputError, match="a row without an answer: it has said"):
        load_generated(path, references)


def test_text_that_no_format_reads_is_a_parser_mismatch(tmp_path: Path, references: list[Example]) -> None:
    path = rows(tmp_path / "g.jsonl", "The drug is aspirin!", "I see codeine here.")
    with pytest.raises(InputError, match="parser-mismatch: no instruction format reads") as raised:
        load_generated(path, references)
    assert "The drug is aspirin!" in str(raised.value)
    examples = load_generated(path, references, format="sections").examples
    assert said(examples) == [([], 0), ([], 0)]


def test_a_format_of_annotated_files_is_refused(tmp_path: Path, references: list[Example]) -> None:
    with pytest.raises(ConfigError, match="cannot be read as pubtator"):
        load_generated(rows(tmp_path / "g.jsonl", *ANSWERS), references, format="pubtator")


def test_other_files_are_not_taken_for_generated_text(tmp_path: Path) -> None:
    assert not is_generated(rows(tmp_path / "a.jsonl", {"id": "1", "text": ["x"]}))
    assert not is_generated(tmp_path / "missing.jsonl")
    (tmp_path / "plain.txt").write_text("Aspirin caused ulcers.\n", encoding="utf-8")
    assert not is_generated(tmp_path / "plain.txt")


def asked(references: list[Example], *tasks: str) -> list[Example]:
    """The same documents with a task each, and the id of the first."""
    return [
        Example(Document("d0", one.document.text, task=task), one.reference)
        for one, task in zip(references, tasks, strict=True)
    ]


@pytest.mark.parametrize("others", [("d0", "dX"), ("d0", None), ("d0", "d0"), ("d1", "d2")])
def test_ids_of_which_some_are_the_references_must_pair(
    tmp_path: Path, references: list[Example], others: tuple[str | None, ...]
) -> None:
    made = [{"id": id, "predict": answer} for id, answer in zip(others, ANSWERS, strict=True)]
    with pytest.raises(
        InputError, match=r"the `id` of the rows in .* are not those of the reference"
    ) as raised:
        load_generated(rows(tmp_path / "g.jsonl", *made), references)
    assert "1 of 2 rows have an id that the reference lacks" in str(raised.value)
    assert "1 of 2 documents have an id that the answers lack" in str(raised.value)


def test_ids_that_are_none_of_the_references_are_told(tmp_path: Path, references: list[Example]) -> None:
    made = [{"id": number, "predict": answer} for number, answer in enumerate(ANSWERS)]
    found = load_generated(rows(tmp_path / "g.jsonl", *made), references)
    assert (said(found.examples), found.paired_by) == (
        WANTED,
        "by order (the rows' `id` is none of the reference's)",
    )
    plain = load_generated(rows(tmp_path / "g.jsonl", *ANSWERS), references)
    assert plain.paired_by == "by order (the rows have no ids)"


def test_ids_in_the_rows_of_the_reference_pair_too(tmp_path: Path, references: list[Example]) -> None:
    """Documents read from instruction rows are named by their place; their rows' own ids are metadata."""
    named = [
        Example(Document(f"test:{n}", one.document.text, metadata={"row.id": f'"n{n}"'}), one.reference)
        for n, one in enumerate(references)
    ]
    made = [{"id": f"n{number}", "predict": ANSWERS[number]} for number in (1, 0)]
    found = load_generated(rows(tmp_path / "g.jsonl", *made), named)
    assert (said(found.examples), found.paired_by) == (WANTED, "by `id`")


def test_ids_of_groups_pair_where_each_has_as_many_rows(tmp_path: Path, references: list[Example]) -> None:
    grouped = [
        Example(Document(f"test:{n}", one.document.text, group=f"pm{n}"), one.reference)
        for n, one in enumerate(references)
    ]
    made = [{"id": number, "doc_id": f"pm{number}", "predict": ANSWERS[number]} for number in (1, 0)]
    found = load_generated(rows(tmp_path / "g.jsonl", *made), grouped)
    assert (said(found.examples), found.paired_by) == (WANTED, "by `doc_id`")


def test_equal_ids_pair_by_task_else_in_order(tmp_path: Path, references: list[Example]) -> None:
    both = asked(references, "diseases", "chemicals")
    made = [{"id": "d0", "predict": answer} for answer in ANSWERS]
    assert said(load_generated(rows(tmp_path / "g.jsonl", *made), both, format="sections").examples) == WANTED
    turned = [{**made[1], "task": "chemicals"}, {**made[0], "task": "diseases"}]
    found = load_generated(rows(tmp_path / "g.jsonl", *turned), both, format="sections")
    assert said(found.examples) == WANTED


def test_a_prompt_that_asks_another_question_is_refused(tmp_path: Path, references: list[Example]) -> None:
    both = asked(references, "diseases", "chemicals")
    question = "Create a list only of the chemicals mentioned."
    made = [
        {"id": "d0", "prompt": f"{question}\n{text}", "predict": answer}
        for text, answer in zip(TEXTS, ANSWERS, strict=True)
    ]
    with pytest.raises(InputError, match="asks for chemicals, and its document 'd0' is asked for diseases"):
        load_generated(rows(tmp_path / "g.jsonl", *made), both, format="sections")


@pytest.mark.parametrize("content", [str, lambda text: [{"type": "text", "text": text}]])
def test_a_prompt_of_messages_is_joined(tmp_path: Path, content: Any) -> None:
    text = 'He said "aspirin"\nto all.'
    one = Example(Document("q", text), Annotation((Mention.at(text, 9, 16, "Drug"),)))
    prompt = [{"role": "system", "content": "Extract."}, {"role": "user", "content": content(text)}]
    row = {"prompt": prompt, "predict": "### Entities:\n1. [Drug] aspirin"}
    assert said(load_generated(rows(tmp_path / "g.jsonl", row), [one]).examples) == [(["aspirin"], 0)]
    row["prompt"] = [{"role": "user", "content": content("He said nothing.")}]
    with pytest.raises(InputError, match="does not hold the text of document 'q'"):
        load_generated(rows(tmp_path / "g.jsonl", row), [one])


def test_a_text_of_another_document_is_refused(tmp_path: Path, references: list[Example]) -> None:
    made = [{"text": TEXTS[1 - number], "predict": ANSWERS[number]} for number in (0, 1)]
    with pytest.raises(InputError, match="the text of this row does not hold the text of document 'd0'"):
        load_generated(rows(tmp_path / "g.jsonl", *made), references)


COMPACT = (
    "Disease: ulcers;\nDrug: Aspirin;\nGene: caused; zzz;\ncauses: Aspirin | ulcers;\n"
    "treats: Aspirin | ulcers;",
    "Disease:\nDrug: Codeine;\ncauses:\ntreats:",
)


@pytest.mark.parametrize("format", ["auto", "compact"])
def test_types_that_the_reference_lacks_are_predictions(
    tmp_path: Path, references: list[Example], format: str
) -> None:
    found = load_generated(rows(tmp_path / "g.jsonl", *COMPACT), references, format=format)
    first, second = (one.predicted for one in found.examples)
    assert first is not None
    assert second is not None
    assert [(one.type, one.text) for one in first.mentions] == [
        ("Disease", "ulcers"),
        ("Drug", "Aspirin"),
        ("Gene", "caused"),
    ]
    assert [(one.type, one.text) for one in first.unaligned] == [("Gene", "zzz")]
    assert [one.type for one in first.relations] == ["causes", "treats"]
    assert (first.unparsed, second.unparsed, second.relations) == ((), (), ())
    assert found.format == "compact"


def test_types_with_a_separator_of_one_format_do_not_stop_the_others(tmp_path: Path) -> None:
    one = Example(Document("c", TEXTS[0]), Annotation((Mention.at(TEXTS[0], 0, 7, "CPR:4"),)))
    row = {"predict": "### Entities:\n1. [CPR:4] Aspirin"}
    assert load_generated(rows(tmp_path / "g.jsonl", row), [one]).format == "sections"

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
    examples, read_as = load_generated(path, references, format=format)
    assert (said(examples), read_as) == (WANTED, "sections")
    assert [one.raw for one in examples] == list(ANSWERS)


def test_ids_pair_rows_in_any_order(tmp_path: Path, references: list[Example]) -> None:
    made = [{"id": f"d{number}", "output": ANSWERS[number]} for number in (1, 0)]
    examples, _ = load_generated(rows(tmp_path / "g.jsonl", *made), references)
    assert said(examples) == WANTED


def test_an_answer_that_was_cut_off_is_marked(tmp_path: Path, references: list[Example]) -> None:
    made = [{"text": ANSWERS[0], "finish_reason": "length"}, {"text": ANSWERS[1], "finish_reason": "stop"}]
    examples, _ = load_generated(rows(tmp_path / "g.jsonl", *made), references)
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
    examples, _ = load_generated(path, references, format="sections")
    assert said(examples) == [([], 0), ([], 0)]


def test_a_format_of_annotated_files_is_refused(tmp_path: Path, references: list[Example]) -> None:
    with pytest.raises(ConfigError, match="cannot be read as pubtator"):
        load_generated(rows(tmp_path / "g.jsonl", *ANSWERS), references, format="pubtator")


def test_other_files_are_not_taken_for_generated_text(tmp_path: Path) -> None:
    assert not is_generated(rows(tmp_path / "a.jsonl", {"id": "1", "text": ["x"]}))
    assert not is_generated(tmp_path / "missing.jsonl")
    (tmp_path / "plain.txt").write_text("Aspirin caused ulcers.\n", encoding="utf-8")
    assert not is_generated(tmp_path / "plain.txt")

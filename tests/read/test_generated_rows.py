"""Where a row has its answer: under which key, in which wrapping; and which files hold answers at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from medspan.core import Annotation, Document, Example, InputError, Mention, Place
from medspan.read.generated import load_generated
from medspan.read.generated_rows import GeneratedRow, is_generated

TEXTS = ("Aspirin caused ulcers.", "Codeine caused rash.")
GOLD = tuple(f"### Entities:\n1. [Drug] {text.split()[0]}\n\n### Relations:\nNone found." for text in TEXTS)
SAID = tuple(f"### Entities:\n1. [Drug] {text.split()[2][:-1]}\n" for text in TEXTS)
WRONG = [["ulcers"], ["rash"]]


def reference(number: int, *, stored: bool = True) -> Example:
    text = TEXTS[number]
    document = Document(f"d{number}", text, metadata={"output": GOLD[number]} if stored else {})
    return Example(document, Annotation((Mention.at(text, 0, 7, "Drug"),)))


def rows(path: Path, values: list[Any]) -> Path:
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")
    return path


def read(tmp_path: Path, values: list[Any], *, stored: bool = True) -> tuple[str, list[list[str]]]:
    path = rows(tmp_path / "g.jsonl", values)
    found = load_generated(path, [reference(number, stored=stored) for number in (0, 1)], format="sections")
    predictions = [one.predicted for one in found.examples if one.predicted is not None]
    return found.key, [[mention.text for mention in one.mentions] for one in predictions]


def refused(tmp_path: Path, values: list[Any], *, stored: bool = True) -> str:
    with pytest.raises(InputError) as caught:
        read(tmp_path, values, stored=stored)
    return str(caught.value)


def each(**columns: Any) -> list[dict[str, Any]]:
    return [{key: value(number) for key, value in columns.items()} for number in (0, 1)]


def said(number: int) -> str:
    return SAID[number]


def gold(number: int) -> str:
    return GOLD[number]


def text(number: int) -> str:
    return TEXTS[number]


@pytest.mark.parametrize(
    ("columns", "key"),
    [
        ({"output": gold, "prediction": said}, "prediction"),
        ({"output": gold, "predict": said}, "predict"),
        ({"completion": gold, "generated_text": said, "text": text}, "generated_text"),
        # Of plain keys: not the documents, and not what repeats the reference's own answers.
        ({"output": gold, "completion": said}, "completion"),
        ({"output": said, "answer": gold}, "output"),
        ({"output": gold, "response": said}, "response"),
        ({"text": text, "answer": said}, "answer"),
        ({"text": lambda n: f"{TEXTS[n]}\n{SAID[n]}", "output": said}, "output"),
        ({"text": said}, "text"),
        # The same twice is no conflict.
        ({"output": said, "answer": lambda n: f"{SAID[n]}\n"}, "output"),
    ],
)
def test_one_key_is_chosen_for_the_whole_file(tmp_path: Path, columns: dict[str, Any], key: str) -> None:
    assert read(tmp_path, each(**columns)) == (key, WRONG)


@pytest.mark.parametrize(
    "columns", [{"output": gold, "completion": said}, {"response": gold, "output": said}]
)
def test_keys_of_which_any_may_be_the_gold_are_refused(tmp_path: Path, columns: dict[str, Any]) -> None:
    message = refused(tmp_path, each(**columns), stored=False)
    assert "different answers under " + " and ".join(f"`{key}`" for key in columns) in message
    assert "give the model's answer under `prediction`" in message


def test_two_explicit_keys_that_differ_are_refused(tmp_path: Path) -> None:
    message = refused(tmp_path, each(predict=said, prediction=gold))
    assert "`predict` and `prediction`" in message
    assert "leave only one of these keys" in message


def test_a_null_is_no_answer_and_no_other_key_takes_its_place(tmp_path: Path) -> None:
    values = each(predict=said, text=text)
    values[1]["predict"] = None
    message = refused(tmp_path, values)
    assert "g.jsonl:2: the answer under `predict` is null" in message
    assert 'write ""' in message
    assert "`predict` is null" in refused(tmp_path, each(predict=lambda n: None, output=gold))
    # A column that is null throughout beside one with strings is none of answers.
    assert read(tmp_path, each(response=lambda n: None, output=said)) == ("output", WRONG)
    assert read(tmp_path, each(prediction=lambda n: None, generated=said)) == ("generated", WRONG)
    own = each(reference=lambda n: {"mentions": []}, predicted=lambda n: None, output=said)
    assert read(tmp_path, own) == ("output", WRONG)
    values[1] = {"text": TEXTS[1]}
    assert "g.jsonl:2: a row without an answer: it has text" in refused(tmp_path, values)
    values[1] = {"predict": {"items": 3}}
    assert "it has predict, and no text under `predict`" in refused(tmp_path, values)


@pytest.mark.parametrize(
    "row",
    [
        lambda answer: {"predict": [answer]},
        lambda answer: {"outputs": [{"text": answer}]},
        lambda answer: [{"generated_text": answer}],
        lambda answer: [answer],
        lambda answer: {
            "generated_text": [{"role": "user", "content": "?"}, {"role": "assistant", "content": answer}]
        },
    ],
)
@pytest.mark.parametrize("as_list", [False, True])
def test_an_answer_in_wrapping_is_taken_out(tmp_path: Path, row: Any, as_list: bool) -> None:
    values = [row(answer) for answer in SAID]
    path = tmp_path / "one.json"
    path.write_text(json.dumps(values), encoding="utf-8")
    if not as_list:
        rows(path, values)
    assert is_generated(path)
    found = load_generated(path, [reference(0), reference(1)], format="sections")
    assert [one.raw for one in found.examples] == list(SAID)


@pytest.mark.parametrize(
    "row",
    [
        {"predict": ["a", "b"]},
        {"outputs": [{"text": "a"}, {"text": "b"}]},
        ["a", "b"],
        [{"generated_text": "a"}, {"generated_text": "b"}],
    ],
)
def test_several_answers_in_a_row_are_refused(tmp_path: Path, row: Any) -> None:
    assert is_generated(rows(tmp_path / "g.jsonl", [row, row]))
    listed = tmp_path / "list.json"
    listed.write_text(json.dumps([row, row]), encoding="utf-8")
    assert is_generated(listed)
    message = refused(tmp_path, [row, row])
    assert "g.jsonl:1: the row holds 2 answers" in message
    assert "best-of-n" in message


def test_lines_that_are_lists_of_something_else_are_not_called_damaged(tmp_path: Path) -> None:
    message = refused(tmp_path, [[1, 2], [3]])
    assert is_generated(tmp_path / "g.jsonl")
    assert "g.jsonl:1: a row without an answer: it is [1, 2]" in message
    assert "repair" not in message
    # A list that is the file stays one.
    path = tmp_path / "list.json"
    path.write_text("[\n" + ",\n".join(json.dumps(answer) for answer in SAID) + "\n]\n", encoding="utf-8")
    assert [
        one.raw for one in load_generated(path, [reference(0), reference(1)], format="sections").examples
    ] == [*SAID]


def test_an_output_that_vllm_cut_off_is_marked(tmp_path: Path) -> None:
    values = [{"outputs": [{"text": SAID[0], "finish_reason": "length"}]}, {"outputs": [{"text": SAID[1]}]}]
    path = rows(tmp_path / "g.jsonl", values)
    found = load_generated(path, [reference(0), reference(1)], format="sections")
    assert [one.truncated for one in found.examples] == [True, False]


def turns(question: str, answer: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


@pytest.mark.parametrize(
    ("row", "surely"),
    [
        ({"instruction": "Extract.", "input": TEXTS[0], "output": GOLD[0]}, False),
        ({"instruction": "Extract.", "input": TEXTS[0], "output": GOLD[0], "prediction": SAID[0]}, True),
        ({"instruction": "Extract.", "input": TEXTS[0], "output": GOLD[0], "response": SAID[0]}, True),
        ({"prompt": TEXTS[0], "completion": GOLD[0]}, False),
        ({"prompt": TEXTS[0], "completion": GOLD[0], "predict": SAID[0]}, True),
        ({"prompt": TEXTS[0], "output": SAID[0]}, True),
        ({"messages": turns(TEXTS[0], GOLD[0])}, False),
        ({"messages": turns(TEXTS[0], GOLD[0]), "generated": SAID[0]}, True),
        ({"id": "1", "text": TEXTS[0], "reference": None, "predicted": None}, False),
        ({"id": "1", "text": TEXTS[0], "predicted": {"mentions": []}, "output": SAID[0]}, False),
        ({"id": "1", "text": TEXTS[0], "reference": {"mentions": []}, "predicted": SAID[0]}, True),
    ],
)
def test_answers_beside_the_gold_make_a_file_no_corpus(tmp_path: Path, row: Any, surely: bool) -> None:
    assert is_generated(rows(tmp_path / "g.jsonl", [row, row]), surely=True) is surely


def test_messages_that_end_in_the_answer_are_read(tmp_path: Path) -> None:
    rendered = [{"messages": turns(TEXTS[n], SAID[n]), "text": f"{TEXTS[n]} {SAID[n]}"} for n in (0, 1)]
    assert read(tmp_path, rendered) == ("messages", WRONG)
    asked = [{"messages": turns(TEXTS[n], SAID[n])[:1], "text": SAID[n]} for n in (0, 1)]
    assert read(tmp_path, asked) == ("text", WRONG)
    beside = [{"messages": turns(TEXTS[n], GOLD[n]), "text": SAID[n]} for n in (0, 1)]
    assert read(tmp_path, beside) == ("text", WRONG)


def test_a_conversation_that_ends_with_the_question_holds_no_answer() -> None:
    row = GeneratedRow(Place("f", 1), {"messages": turns("What?", "That.")[:1]})
    assert row.answers("messages") is None

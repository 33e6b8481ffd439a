"""The runs made with plain TRL hold the faults that their switches name, and no others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from medspan.core import Mention
from medspan.models import load_tokenizer
from medspan.models.embedded import embedded_model
from medspan.read import load_splits
from medspan.synth import generate

from .plain_trl import Training, short_notes, training_rows, write_data

TINY = Training(notes=20, test_notes=5)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return load_tokenizer(str(embedded_model()))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_data(tmp_path, TINY)
    return tmp_path


def test_short_notes_are_single_sentences_with_their_annotation() -> None:
    notes = generate(60, seed=3)
    for note, short in zip(notes, short_notes(notes), strict=True):
        assert note.reference is not None
        assert short.reference is not None
        start = note.document.text.index(short.document.text)
        end = start + len(short.document.text)
        inside = [
            (one.start - start, one.end - start, one.type)
            for one in note.reference.mentions
            if start <= one.start and one.end <= end
        ]
        assert [(one.start, one.end, one.type) for one in short.reference.mentions] == inside
        for relation in short.reference.relations:
            assert isinstance(relation.head, Mention)
            assert relation.head in short.reference.mentions
            assert relation.tail in short.reference.mentions


def test_the_parts_are_read_as_a_corpus_of_chat_messages(data: Path) -> None:
    parts = load_splits(data / "data")
    assert {name: (part.format, len(part.examples)) for name, part in parts.items()} == {
        "train": ("compact-messages", 10),
        "validation": ("compact-messages", 10),
        "test": ("compact-messages", 5),
    }


def test_a_healthy_training_is_left_to_trl(data: Path) -> None:
    rows = training_rows(data, None, TINY)
    written = [json.loads(line) for line in (data / "data" / "train.jsonl").read_text("utf-8").splitlines()]
    assert [[*row["prompt"], *row["completion"]] for row in rows] == [row["messages"] for row in written]
    assert all([part["role"] for part in row["completion"]] == ["assistant"] for row in rows)


@pytest.mark.model
def test_a_masked_stop_token_is_in_the_rows_and_in_no_label(data: Path, tokenizer: Any) -> None:
    for row in training_rows(data, tokenizer, Training(stop="masked")):
        assert row["input_ids"][-1] == tokenizer.eos_token_id
        assert tokenizer.eos_token_id not in row["labels"]
        learnt = [label for label in row["labels"] if label != -100]
        assert tokenizer.decode(learnt).startswith("Disease:")


@pytest.mark.model
@pytest.mark.parametrize("chat", [True, False])
def test_an_absent_stop_token_ends_no_answer(data: Path, tokenizer: Any, chat: bool) -> None:
    rows = training_rows(data, tokenizer, Training(stop="absent", chat=chat))
    for row, written in zip(rows, training_rows(data, None, Training(chat=False)), strict=True):
        text = tokenizer.decode(row["input_ids"])
        assert text.endswith(
            written["prompt"]
            + ("<|im_end|>\n<|im_start|>assistant\n" if chat else "")
            + written["completion"]
        )
        assert text.startswith("<|im_start|>") == chat


@pytest.mark.model
def test_a_loss_on_the_prompt_gives_prompts_labels(data: Path, tokenizer: Any) -> None:
    for on_prompt in (False, True):
        row = training_rows(data, tokenizer, Training(stop="masked", loss_on_prompt=on_prompt))[0]
        learnt = tokenizer.decode([label for label in row["labels"] if label != -100])
        assert ("Extract: Disease" in learnt) == on_prompt

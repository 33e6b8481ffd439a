"""One document under the grammar: random legal tokens, without a model."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medspan.core import Document, RelationType, Schema
from medspan.extract.engines import row
from medspan.format import make_codec
from medspan.read import load
from medspan.text import has_word

pytestmark = pytest.mark.model  # its tokenizer

SCHEMA = Schema((), (RelationType("influences"),), (("influences", ("influences",)),))


@cache
def tokenizer_and_vocabulary() -> tuple[Any, Any]:
    import llguidance.hf

    from medspan.models import load_tokenizer

    tokenizer = load_tokenizer("default")
    return tokenizer, llguidance.hf.from_tokenizer(tokenizer)


def long_text(words: int) -> str:
    """Words that share beginnings and ends, with numbers and hyphens between, as abstracts have them."""
    chance = random.Random(0)
    syllables = ["in", "pa", "ti", "ent", "cli", "ni", "cal", "de", "li", "ri", "um", "co", "as", "so"]
    known = ["".join(chance.choices(syllables, k=chance.randint(1, 5))) for _ in range(words // 2)]
    pieces = []
    for _ in range(words):
        number = f" ({chance.randint(1, 99)}.{chance.randint(1, 9)} %)" if chance.random() < 0.1 else ""
        pieces.append(chance.choice(known) + chance.choice(["", "", "", ",", ".", "-"]) + number)
    return " ".join(pieces)


def random_answer(document: Document, tokens: int, seed: int) -> str:
    """An answer of random legal tokens; past `tokens`, no further item is begun."""
    tokenizer, vocabulary = tokenizer_and_vocabulary()
    walk = make_codec("tasks", SCHEMA, None).walk(document)
    found = row.GrammarRow([1], tokenizer.eos_token_id, tokens, walk, vocabulary)
    chance = random.Random(seed)
    while not found.finished:
        mask = found.mask()
        assert mask is not None
        legal = np.unpackbits(np.frombuffer(mask, dtype=np.uint8), bitorder="little").nonzero()[0]
        go_on = [int(token) for token in legal if token != found.stop]
        found.take(chance.choice(go_on or [found.stop]))
    return found.text(tokenizer)


def pairs_of(answer: str) -> list[list[str]]:
    return [line.removeprefix("- ").split(" | ") for line in answer.splitlines()]


def test_pairs_of_any_two_spans_of_a_long_text_are_legal() -> None:
    document = Document("long", long_text(1500), task="influences")
    pairs = pairs_of(random_answer(document, 40, seed=1))
    assert pairs
    assert all(has_word(end) and end in document.text for pair in pairs for end in pair)


def test_an_abstract_on_which_the_lexer_met_its_own_limit_is_extracted_from(
    corpora: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = corpora / "chemical_disease_tasks" / "splits_20251111"
    document = load(folder / "test.jsonl").examples[132].document
    assert document.id == "test:133"

    def all_seeds() -> list[str]:
        return [random_answer(document, 40, seed) for seed in range(8)]

    for answer in all_seeds():
        assert all(end in document.text for pair in pairs_of(answer) for end in pair)
    monkeypatch.setattr(row, "_LEXER_FUEL", 200_000)  # llguidance's own limit of a step
    with pytest.raises(RuntimeError, match="too many expressions"):
        all_seeds()

"""Where the loss falls, and what a model expects, with a tokenizer of bytes and planted probabilities."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from medspan.core import Annotation, Document, Example, Mention, Schema
from medspan.format import Renderer, Template, make_codec
from medspan.train.facts import Forced
from medspan.train.forcing import forced, supervision
from medspan.train.methods.generate import Answer, encode, padded

STOP = 7
SIZE = 300


class Bytes:
    """A tokenizer of bytes, from 10 on."""

    def __call__(self, text: str, **options: Any) -> Any:
        return SimpleNamespace(input_ids=[10 + byte for byte in text.encode()])


RENDERER = Renderer(Bytes(), make_codec("compact", Schema(("Drug",))), Template("chat", (1, 2), (3, 4), STOP))


def example(id: str, text: str) -> Example:
    return Example(Document(id, text), Annotation((Mention.at(text, 0, len(text), "Drug"),)))


EXAMPLES = [example("a", "aspirin"), example("b", "lithium carbonate")]
ANSWERS = list(encode(EXAMPLES, RENDERER, 1000).examples)


def told(answers: list[Answer]) -> Any:
    return supervision(RENDERER, EXAMPLES, answers, padded(answers, "cpu")[1])


def test_a_healthy_batch_has_its_loss_on_whole_answers() -> None:
    for one, answer in zip(told(ANSWERS), ANSWERS, strict=True):
        assert one.learnt == one.wanted == len(answer.ids) - answer.target_start
        assert (one.elsewhere, one.answer_start, one.stops) == (0, answer.target_start, True)


def test_the_prompt_is_known_although_the_encoding_forgot_it() -> None:
    (one,) = told([replace(ANSWERS[0], target_start=0)])
    assert one.answer_start == ANSWERS[0].target_start
    assert one.elsewhere == one.answer_start
    (one,) = told([replace(ANSWERS[0], target_start=len(ANSWERS[0].ids))])
    assert (one.learnt, one.elsewhere, one.stops) == (0, 0, False)


def test_a_loss_on_padding_is_elsewhere() -> None:
    marks = padded(ANSWERS, "cpu")[1]
    marks[0, len(ANSWERS[0].ids) :] = True
    one, _ = supervision(RENDERER, EXAMPLES, ANSWERS, marks)
    assert one.elsewhere == len(ANSWERS[1].ids) - len(ANSWERS[0].ids) > 0


def test_an_answer_without_the_stop_token_does_not_stop() -> None:
    (one,) = told([replace(ANSWERS[0], ids=ANSWERS[0].ids[:-1])])
    assert one.stops is False


class Planted:
    """A model that gives the token `next_of(what stands before)` a planted probability."""

    def __init__(self, chance: Any):
        self.chance = chance
        self.device = "cpu"
        self.training = True
        self.config = SimpleNamespace(get_text_config=lambda: SimpleNamespace(max_position_embeddings=200))

    def eval(self) -> None:
        self.training = False

    def train(self) -> None:
        self.training = True

    def __call__(self, *, input_ids: Any, logits_to_keep: int, **options: Any) -> Any:
        import torch

        assert not self.training
        ids = input_ids[0].tolist()
        logits = torch.full((1, len(ids), SIZE), -1e4)
        for place in range(len(ids) - 1):
            chance = self.chance(ids, place + 1)
            logits[0, place, ids[place + 1]] = math.log(chance)
            logits[0, place, 0] = math.log(1 - chance)
        return SimpleNamespace(logits=logits[:, -logits_to_keep:])


def read(chance: Any, examples: list[Example] = EXAMPLES) -> Forced:
    found = forced(RENDERER, Planted(chance), examples)
    assert found is not None
    return found


def test_planted_probabilities_are_read_back() -> None:
    model = Planted(lambda ids, place: 0.25 if ids[place] == STOP else 0.8)
    found = forced(RENDERER, model, EXAMPLES)
    assert found is not None
    assert model.training
    assert found.stop_probability == pytest.approx(0.25, rel=1e-4)
    lengths = [len(one.ids) - one.target_start for one in ANSWERS]
    expected = [-(math.log(0.8) * (size - 1) + math.log(0.25)) / size for size in lengths]
    assert found.loss == pytest.approx(sum(expected) / 2, rel=1e-4)
    assert found.known == pytest.approx(1 - 2 / sum(lengths))
    # A model that does not look at the text loses nothing by another one.
    assert found.rise == pytest.approx(0, abs=1e-6)


def test_a_model_that_reads_its_text_loses_by_another() -> None:
    def copies(ids: list[int], place: int) -> float:
        start = ids.index(4) + 1  # the end of the prompt
        return 0.9 if place < start or ids[place] in (*ids[:start], STOP) else 0.1

    found = read(copies)
    assert found.rise is not None
    assert found.rise > 1


def test_what_cannot_be_known_is_none() -> None:
    alone = read(lambda ids, place: 0.5, EXAMPLES[:1])
    assert (alone.documents, alone.exchanged_loss, alone.rise) == (1, None, None)
    assert forced(RENDERER, Planted(lambda ids, place: 0.5), [example("c", "x" * 250)]) is None

"""What decoding would have chosen, of planted logits: penalties, the grammar, drawing by lot."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from medspan.diagnose import drawing, teacher
from medspan.diagnose.drawing import likeliest_temperature, most_recurring
from medspan.diagnose.teacher import Forced, explained
from medspan.extract import FORCED, Choice, DecodingOptions

WIDTH = 16
PLAIN = DecodingOptions(grammar=False)


def choice(legal: Sequence[int], alike: Sequence[int]) -> Choice:
    bits = np.zeros(WIDTH, dtype=bool)
    bits[list(legal)] = True
    return Choice(np.packbits(bits, bitorder="little").tobytes(), tuple(alike))


def planted(monkeypatch: pytest.MonkeyPatch, logits: Sequence[Sequence[float]]) -> None:
    """Every row has these logits at the places of its answer."""
    import torch

    def read(model: Any, rows: Sequence[Forced], first: Any) -> Any:
        for index in range(len(rows)):
            yield index, torch.tensor(logits, dtype=torch.float32)

    for module in (teacher, drawing):
        monkeypatch.setattr(module, "logits_of", read)


def scores(**by_token: float) -> list[float]:
    return [by_token.get(f"t{token}", 0.0) for token in range(WIDTH)]


PROMPT = (1, 2)


def test_an_illegal_token_is_no_rival(monkeypatch: pytest.MonkeyPatch) -> None:
    planted(monkeypatch, [scores(t5=9.0, t3=4.0)])
    free = Forced((*PROMPT, 3), 2)
    bound = Forced((*PROMPT, 3), 2, (choice([3, 4], [3]),))
    assert explained(None, [free, bound], [PLAIN]) == [[[False], [True]]]


def test_what_was_forced_is_no_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    planted(monkeypatch, [scores(t5=9.0), scores(t4=9.0)])
    row = Forced((*PROMPT, 3, 4), 2, (FORCED, choice([3, 4], [4])))
    assert row.choices == [1]
    assert explained(None, [row], [PLAIN]) == [[[True]]]


def test_a_token_that_goes_on_with_the_same_text_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    planted(monkeypatch, [scores(t6=9.0, t3=4.0)])
    told = [Forced((*PROMPT, 3), 2, (choice([3, 4, 6], alike),)) for alike in ([3], [3, 6])]
    assert explained(None, told, [PLAIN]) == [[[False], [True]]]


def test_a_penalty_counts_for_tokens_alike_that_were_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    planted(monkeypatch, [scores(t1=6.0, t4=5.0, t3=1.0)])
    row = Forced((*PROMPT, 1), 2, (choice([1, 3, 4], [1, 3]),))
    ways = [PLAIN, DecodingOptions(grammar=True, repetition_penalty=1.5)]
    assert explained(None, [row], ways) == [[[True]], [[False]]]


def test_where_all_that_is_legal_is_banned_the_grammar_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    planted(monkeypatch, [scores(t5=9.0, t1=4.0), scores(t5=9.0, t2=4.0)])
    seen = (1, 2, 3)
    rows = [Forced((*seen, 1, 2), 3, (FORCED, choice(legal, [2]))) for legal in ([2], [2, 5])]
    banned = DecodingOptions(no_repeat_ngram_size=2)
    assert explained(None, rows, [banned]) == [[[True], [False]]]


def drawn_rows(temperature: float, legal: Sequence[int], count: int) -> tuple[list[list[float]], Forced]:
    """Logits, and an answer drawn of what is legal at a temperature."""
    chance = random.Random(3)
    logits, answer, choices = [], [], []
    for _ in range(count):
        row = [chance.gauss(0, 3) for _ in range(WIDTH)]
        weights = [math.exp(row[token] / temperature) for token in legal]
        answer.append(chance.choices(list(legal), weights)[0])
        logits.append(row)
        choices.append(choice(legal, [answer[-1]]))
    return logits, Forced((*PROMPT, *answer), 2, tuple(choices))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_the_temperature_is_found_among_what_was_legal(
    monkeypatch: pytest.MonkeyPatch, temperature: float
) -> None:
    legal = range(4)
    logits, row = drawn_rows(temperature, legal, 3000)
    planted(monkeypatch, logits)
    found = likeliest_temperature(None, [row])
    assert found.temperature == pytest.approx(temperature, rel=0.2)
    assert found.observed == pytest.approx(found.expected, abs=0.03)
    assert found.misfit < 13.3
    assert found.others == pytest.approx(len(legal) - 1)


@pytest.mark.parametrize("temperature", [0.7, 1.0, 2.0])
def test_no_unlikely_token_recurs_where_answers_were_drawn(
    monkeypatch: pytest.MonkeyPatch, temperature: float
) -> None:
    logits, row = drawn_rows(temperature, range(WIDTH), 3000)
    planted(monkeypatch, logits)
    found = most_recurring(None, [row], temperature)
    assert found is not None
    assert found.chance > 1e-3


def test_an_unlikely_token_that_recurs_was_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 200 tokens 20 are the third, at a probability of 0.01 each: by lot 2 would be."""
    rest = math.log(0.99 / (WIDTH - 1)) - math.log(0.01)
    planted(monkeypatch, [[0.0 if token == 3 else rest for token in range(WIDTH)]] * 200)
    row = Forced((*PROMPT, *[3 if place % 10 == 0 else 5 for place in range(200)]), 2)
    found = most_recurring(None, [row], 1.0)
    assert found is not None
    assert (found.token, found.seen) == (3, 20)
    assert found.expected == pytest.approx(2.0, abs=1e-3)
    assert found.chance == pytest.approx(math.exp(18 + 20 * math.log(0.1)), rel=0.01)


def test_tokens_alike_are_one_when_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two ways to cut the same text, equally likely: its probability is that of both."""
    planted(monkeypatch, [scores(t3=2.0, t4=2.0, t5=2.0)] * 8)
    row = Forced((*PROMPT, *[3] * 8), 2, (choice([3, 4, 5], [3, 4]),) * 8)
    found = likeliest_temperature(None, [row])
    assert found.likelihood == pytest.approx(math.log(2 / 3), abs=1e-4)
    assert found.observed == 1.0


def test_without_a_grammar_everything_is_legal(monkeypatch: pytest.MonkeyPatch) -> None:
    planted(monkeypatch, [scores(t3=9.0), scores(t5=9.0)])
    row = Forced((*PROMPT, 3, 3), 2)
    assert row.choices == [0, 1]
    assert explained(None, [row], [PLAIN]) == [[[True, False]]]
    assert likeliest_temperature(None, [row]).others == pytest.approx(WIDTH - 1)

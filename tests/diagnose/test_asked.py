"""Which of several ways of asking is that of training: by losses, and by how answers begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from medspan.core import Example
from medspan.diagnose.asked import AS_STATED, _chosen, _tried, known_codecs
from medspan.diagnose.conditions import Conditions
from medspan.diagnose.teacher import Losses
from medspan.format import FormatCard

from .probes.planted_lab import CONDITIONS, SCHEMA, a_case, documents


class Costs:
    """A lab in which ways of asking, told by stop tokens, cost so much: the first token, and the others."""

    def __init__(self, *costs: tuple[float, float]):
        self.costs = costs

    def targets(self, conditions: Conditions, examples: Sequence[Example]) -> list[Losses]:
        first, rest = self.costs[conditions.template.stop]
        answer = (first, *[rest] * 8, 9.0)
        return [Losses(answer, (True,) * 10, (0.1,) * 10)] * len(examples)


def chosen(*costs: tuple[float, float], stated: bool = False) -> str:
    lab: Any = Costs(*costs)
    ways = {
        str(number): CONDITIONS.but(template=replace(CONDITIONS.template, stop=number))
        for number in range(len(costs))
    }
    losses, among = _tried(lab, ways, list(documents(10)))
    return _chosen(losses, among, "0", stated)


@pytest.mark.parametrize("stated", [False, True])
def test_a_frame_in_which_answers_cost_less_and_begin_unlearnt_is_not_that_of_training(stated: bool) -> None:
    """As of rows without stop token, which the base model's own frame makes likelier."""
    assert chosen((0.0, 0.08), (0.5, 0.01), stated=stated) == "0"


@pytest.mark.parametrize("stated", [False, True])
def test_the_frame_in_which_answers_begin_and_go_on_as_learnt_is_that_of_training(stated: bool) -> None:
    assert chosen((2.0, 0.3), (0.01, 0.02), (0.0, 0.05), stated=stated) == "1"


def test_frames_in_which_answers_begin_unlearnt_take_no_place_among_the_finalists() -> None:
    assert chosen((2.0, 0.5), *[(1.0, 0.01 * n) for n in range(1, 6)], (0.0, 0.2)) == "6"


def test_where_no_beginning_is_learnt_the_losses_decide() -> None:
    assert chosen((4.0, 0.9), (3.5, 0.2)) == "1"


CARD = FormatCard("compact", SCHEMA, CONDITIONS.template, "mentions", "base", "weights", "tokens")


@pytest.mark.parametrize(
    ("recorded", "configured", "first"),
    [(True, True, "as record.json states"), (True, False, AS_STATED), (False, False, AS_STATED)],
    ids=["the card was edited", "config.yaml is with the card", "all the same"],
)
def test_two_files_of_the_training_go_before_a_card_that_is_another(
    recorded: bool, configured: bool, first: str
) -> None:
    case = a_case(
        card=CARD,
        record={"format": replace(CARD, read_twice=recorded).to_json()},
        config={"format": "compact", "read_twice": configured},
    )
    found = known_codecs(case)
    assert next(iter(found)) == first
    assert (len(found) == 2) is recorded
    document = documents(1)[0].document
    assert found[AS_STATED].prompt(document) == CARD.codec().prompt(document)

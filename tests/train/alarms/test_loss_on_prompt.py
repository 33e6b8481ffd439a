from __future__ import annotations

from dataclasses import replace

from .conftest import HEALTHY, before


def test_a_loss_on_prompts_is_said_with_its_share() -> None:
    (raised,) = before("loss-on-prompt", supervision=[replace(HEALTHY, elsewhere=4)] * 10)
    assert raised.id == "loss-on-prompt"
    assert raised.figures["prompt_tokens_with_loss"] == 40
    assert raised.figures["prompt_tokens"] == 50
    assert "50% of the loss is not about the answers" in raised.message
    assert "mask the prompt" in raised.remedy


def test_a_token_at_the_border_is_let_pass() -> None:
    assert before("loss-on-prompt", supervision=[replace(HEALTHY, elsewhere=1)] + [HEALTHY] * 10) == []

"""The heads of the tagging method: pooling of evidence."""

from __future__ import annotations

import math

import pytest

pytestmark = pytest.mark.model


def test_evidence_is_pooled_by_group_and_none_is_a_firm_no() -> None:
    import torch

    from medspan.models.heads import pooled

    evidence = torch.tensor([[1.0, -2.0], [3.0, 0.0], [0.5, 0.5]], requires_grad=True)
    found = pooled(evidence, torch.tensor([0, 0, 2]), 3)
    wanted = [
        [math.log(math.exp(1) + math.exp(3)), math.log(math.exp(-2) + 1)],
        [-20.0, -20.0],
        [0.5, 0.5],
    ]
    assert torch.allclose(found, torch.tensor(wanted), atol=1e-6)
    torch.nn.functional.binary_cross_entropy_with_logits(found, torch.ones_like(found)).backward()
    assert evidence.grad is not None
    assert torch.isfinite(evidence.grad).all()
    # The greater part of a pair's gradient goes to the mention that says it most clearly.
    assert abs(evidence.grad[1, 0]) > abs(evidence.grad[0, 0])


def test_great_evidence_does_not_overflow() -> None:
    import torch

    from medspan.models.heads import pooled

    found = pooled(torch.tensor([[200.0], [-200.0]]), torch.tensor([0, 0]), 1)
    assert float(found) == pytest.approx(200.0)


def test_greatest_values_between_are_those_of_every_token_there() -> None:
    import torch

    from medspan.models.heads import Pairs, TagHeads

    torch.manual_seed(0)
    states = torch.randn(90, 4, requires_grad=True)
    places = [(start, end) for start in (0, 3, 40) for end in (start, start + 1, start + 2, start + 7, 90)]
    start, end = (torch.tensor(side) for side in zip(*places, strict=True))
    none = torch.zeros(len(places), dtype=torch.long)
    pairs = Pairs(none[:, None], none, none, start, end, none, 1)
    found = TagHeads._greatest(states, pairs)
    for row, (first, last) in enumerate(places):
        wanted = states[first:last].amax(0) if last > first else torch.zeros(4)
        assert torch.equal(found[row], wanted)
    found.sum().backward()
    # Each greatest value is one number of one token: its gradient counts the gaps it is greatest in.
    assert float(states.grad.sum()) == pytest.approx(4 * sum(last > first for first, last in places))  # type: ignore[union-attr]

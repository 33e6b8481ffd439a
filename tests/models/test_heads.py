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

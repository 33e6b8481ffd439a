"""Rounded weights: levels, blocks, and the adapter on top of a rounded base."""

from __future__ import annotations

from typing import Any

import pytest

from medspan.diagnose.conditions import Rounding
from medspan.diagnose.rounding import LEVELS, round_weights, rounded

pytestmark = pytest.mark.model


def weights(rows: int = 4, columns: int = 128) -> Any:
    import torch

    return torch.randn((rows, columns), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("levels", ["even", *LEVELS])
def test_what_lies_on_the_levels_stays(levels: str) -> None:
    import torch

    steps = [level / 7 for level in range(-7, 8)] if levels == "even" else LEVELS[levels]
    row = torch.tensor([*steps, *[0.0] * (64 - len(steps))]) * 0.3
    matrix = torch.stack([row, -0.5 * row if levels != "nf4" else 2 * row])
    assert rounded(matrix, Rounding(4, 64, levels)).allclose(matrix, atol=1e-6)


@pytest.mark.parametrize("levels", LEVELS)
def test_every_weight_takes_the_nearest_level_of_its_block(levels: str) -> None:
    import torch

    matrix = weights()
    blocks = matrix.view(-1, 64)
    grid = torch.tensor(LEVELS[levels]) * blocks.abs().amax(dim=1)[:, None]
    nearest = (blocks[:, :, None] - grid[:, None, :]).abs().amin(dim=-1)
    found = rounded(matrix, Rounding(4, 64, levels)).view(-1, 64)
    assert (found - blocks).abs().allclose(nearest, atol=1e-6)
    assert len(LEVELS[levels]) in (15, 16)
    assert sorted(LEVELS[levels]) == list(LEVELS[levels])


@pytest.mark.parametrize("levels", LEVELS)
def test_bounds_between_levels_are_met_to_the_last_bit(levels: str) -> None:
    """Against a search of the bounds, with the values next to each bound on both sides."""
    import torch

    told = torch.tensor(LEVELS[levels])
    bounds = (told[1:] + told[:-1]) / 2
    beside = [bounds.nextafter(torch.full_like(bounds, to)) for to in (-2.0, 2.0)]
    values = torch.cat([bounds, *beside, told, torch.linspace(-1, 1, 100_001)])
    # A block whose greatest weight is one is not scaled.
    blocks = torch.zeros((len(values) // 63 + 1, 63))
    blocks.view(-1)[: len(values)] = values
    matrix = torch.cat([torch.ones(len(blocks), 1), blocks], dim=1)
    found = rounded(matrix, Rounding(4, 64, levels))
    assert torch.equal(found, told[torch.bucketize(matrix, bounds)])


def model(*layers: Any) -> Any:
    import torch

    made = torch.nn.Sequential(*layers)
    made.get_output_embeddings = lambda: layers[-1]
    return made


def linear(weight: Any) -> Any:
    import torch

    layer = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=False)
    layer.weight.data = weight.clone()
    return layer


def test_the_output_layer_and_an_adapter_beside_the_weights_stay() -> None:
    import torch

    whole = model(linear(weights()), torch.nn.ModuleDict({"lora_A": linear(weights())}), linear(weights()))
    round_weights(whole, Rounding(4, 64, "nf4"))
    assert whole[0].weight.equal(rounded(weights(), Rounding(4, 64, "nf4")))
    assert whole[1]["lora_A"].weight.equal(weights())
    assert whole[2].weight.equal(weights())


def test_layers_that_do_not_divide_into_blocks_stay() -> None:
    odd = weights(columns=100)
    whole = model(linear(odd), linear(weights()))
    round_weights(whole, Rounding(4, 64))
    assert whole[0].weight.equal(odd)
    round_weights(whole, Rounding(4, None))
    assert not whole[0].weight.equal(odd)


def test_a_rounding_says_what_it_is() -> None:
    assert str(Rounding(4, 64, "nf4", under=True)) == (
        "4 bits (nf4), a scale for 64 weights, under the adapter"
    )
    assert str(Rounding(4, None)) == "4 bits, a scale for a row"

"""Linear layers on bytes: near the exact product, each token by itself, whole numbers never out of range."""

from __future__ import annotations

import pytest

from medspan.core import ConfigError

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.model


@pytest.fixture
def bytes_can_be_multiplied() -> None:
    from medspan.models.eight_bit import has_byte_products

    if not has_byte_products():
        pytest.skip("this processor has no exact product of bytes")


def pair(width: int, outputs: int, dtype: object, bias: bool = True) -> tuple[object, object]:
    from medspan.models.eight_bit import use_eight_bits

    torch.manual_seed(5)
    plain = torch.nn.Linear(width, outputs, bias=bias).to(dtype)
    body = torch.nn.Sequential(torch.nn.Linear(width, outputs, bias=bias).to(dtype))
    body[0].load_state_dict(plain.state_dict())
    body.device = torch.device("cpu")
    use_eight_bits(body)
    assert type(body[0]).__name__ == "EightBitLinear"
    return plain, body


@pytest.mark.usefixtures("bytes_can_be_multiplied")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("bias", [True, False])
def test_it_is_near_the_exact_product(dtype: object, bias: bool) -> None:
    plain, eight = pair(192, 80, dtype, bias)
    torch.manual_seed(6)
    states = torch.randn(3, 7, 192).to(dtype)
    states[0, 0] *= 1000  # one token of large activations costs the others nothing
    states[2, 3] = 0
    with torch.inference_mode():
        wanted, found = plain(states).float(), eight(states)
    assert found.dtype == dtype
    assert found.shape == wanted.shape
    off = (found.float() - wanted).norm(dim=-1) / wanted.norm(dim=-1).clamp_min(1e-3)
    assert float(off.max()) < 0.02


@pytest.mark.usefixtures("bytes_can_be_multiplied")
def test_a_token_does_not_depend_on_its_neighbours() -> None:
    _, eight = pair(64, 32, torch.bfloat16)
    torch.manual_seed(7)
    states = torch.randn(40, 64).bfloat16() * torch.logspace(-3, 3, 40)[:, None].bfloat16()
    with torch.inference_mode():
        together = eight(states)
        for row in range(len(states)):
            assert torch.equal(eight(states[row : row + 1])[0], together[row])


@pytest.mark.usefixtures("bytes_can_be_multiplied")
def test_the_largest_number_of_a_token_never_leaves_the_range() -> None:
    """Rounded scales once took the largest activation to 128, and as a byte to 0."""
    _, eight = pair(64, 64, torch.bfloat16, bias=False)
    every = torch.arange(1, 2**15 - 2**7, dtype=torch.int32).to(torch.int16).view(torch.bfloat16)
    large = every[every.float() > 1e-6]
    for sign in (1, -1):
        whole, sizes = eight[0].inputs.whole((sign * large[:, None]).expand(-1, 64))
        back = (whole.float() - 128) * sizes.float()
        assert float(((back[:, 0] - sign * large.float()) / large.float()).abs().max()) < 0.01


def test_a_machine_without_the_products_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from medspan.models import eight_bit

    body = torch.nn.Sequential(torch.nn.Linear(4, 4))
    body.device = torch.device("meta")
    with pytest.raises(ConfigError, match="--int8 on meta"):
        eight_bit.use_eight_bits(body)
    body.device = torch.device("cpu")
    eight_bit.has_byte_products.cache_clear()
    # Sums that saturate in 16 bits, as without VNNI.
    monkeypatch.setattr(eight_bit, "_product", lambda *_: torch.full((4, 16), 2.0**15 - 1))
    with pytest.raises(ConfigError, match="does not multiply bytes exactly"):
        eight_bit.use_eight_bits(body)
    eight_bit.has_byte_products.cache_clear()
    assert type(body[0]) is torch.nn.Linear

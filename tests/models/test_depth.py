"""The first layers of a model give what the whole model had at that depth."""

from __future__ import annotations

from typing import Any

import pytest

from medspan.core import ConfigError

torch = pytest.importorskip("torch")

pytestmark = [pytest.mark.model, pytest.mark.usefixtures("one_thread")]


def tiny(kind: str) -> Any:
    import transformers

    shape = {
        "vocab_size": 50,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 4,
        "num_attention_heads": 2,
        "initializer_range": 0.3,
        "pad_token_id": 0,
    }
    if kind != "Bert":
        shape |= {"num_key_value_heads": 1}
    if kind in ("Qwen3", "Gemma3"):
        shape |= {"head_dim": 16}
    torch.manual_seed(0)
    config = getattr(transformers, "Gemma3TextConfig" if kind == "Gemma3" else f"{kind}Config")(**shape)
    if kind == "Bert":
        return transformers.BertModel(config, add_pooling_layer=False).eval()
    return getattr(transformers, f"{kind}ForCausalLM")(config).eval()


@pytest.mark.parametrize("kind", ["Llama", "Mistral", "Qwen3", "Gemma3", "Bert"])
@pytest.mark.parametrize("count", [1, 3, 4])
def test_the_first_layers_are_those_of_the_whole_model(kind: str, count: int) -> None:
    from medspan.models.depth import keep_first_layers

    model = tiny(kind)
    body = model if kind == "Bert" else model.get_decoder()
    layers = body.encoder.layer if kind == "Bert" else body.layers
    seen: list[Any] = []
    hook = layers[count - 1].register_forward_hook(lambda _, __, made: seen.append(made))
    ids = torch.tensor([[3, 9, 4, 27, 8]])
    with torch.inference_mode():
        body(input_ids=ids)
        hook.remove()
        states = seen[0][0] if isinstance(seen[0], tuple) else seen[0]
        wanted = states if kind == "Bert" else body.norm(states)
        keep_first_layers(model, count)
        found = body(input_ids=ids).last_hidden_state
    assert len(body.encoder.layer if kind == "Bert" else body.layers) == count
    assert torch.allclose(found, wanted, atol=1e-5)


def test_more_layers_than_there_are_is_refused() -> None:
    from medspan.models.depth import keep_first_layers

    with pytest.raises(ConfigError, match="num_hidden_layers: 5") as error:
        keep_first_layers(tiny("Llama"), 5)
    assert "has 4 layers" in str(error.value.cause)

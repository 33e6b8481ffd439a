"""A Llama small enough to be made anew in every test."""

from __future__ import annotations

from typing import Any


def tiny_llama(vocabulary: int, **more: Any) -> Any:
    """A random two-layer Llama in float32, in evaluation mode; `more` goes into its configuration."""
    import transformers

    config = transformers.LlamaConfig(
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        pad_token_id=0,
        vocab_size=vocabulary,
        **more,
    )
    return transformers.LlamaForCausalLM(config).float().eval()

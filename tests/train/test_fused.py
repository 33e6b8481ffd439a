"""The fused operations compute what peft and torch compute, values and gradients."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.model


def test_loss_and_gradient_are_those_of_cross_entropy() -> None:
    import torch

    from medspan.train.fused import linear_cross_entropy

    torch.manual_seed(0)
    hidden, weight = torch.randn(300, 16), torch.randn(50, 16)
    wanted = torch.randint(0, 50, (300,))
    ours, theirs = hidden.clone().requires_grad_(), hidden.clone().requires_grad_()
    loss = linear_cross_entropy(ours, weight, wanted)
    expected = torch.nn.functional.cross_entropy(theirs @ weight.t(), wanted, reduction="sum")
    (loss * 3).backward()
    (expected * 3).backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    assert torch.allclose(ours.grad, theirs.grad, atol=1e-5)


def tiny(**more: Any) -> Any:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    shape = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "vocab_size": 90}
    return LlamaForCausalLM(
        LlamaConfig(**shape, num_attention_heads=4, num_key_value_heads=2, initializer_range=0.3, **more)
    )


def adapted(model: Any, dropout: float = 0.0) -> Any:
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(1)
    found = get_peft_model(
        model, LoraConfig(r=4, target_modules="all-linear", lora_dropout=dropout, task_type="CAUSAL_LM")
    )
    for name, parameter in found.named_parameters():
        if "lora_B" in name:  # zero at the start, which would hide an error in A
            torch.nn.init.normal_(parameter, std=0.3)
    return found.train()


def loss_and_gradients(model: Any) -> tuple[float, Any]:
    import torch

    torch.manual_seed(2)
    ids = torch.randint(0, 90, (3, 20))
    loss = model(input_ids=ids, labels=ids, use_cache=False).loss
    loss.backward()
    grads = torch.cat([p.grad.flatten() for p in model.parameters() if p.requires_grad])
    model.zero_grad()
    return loss.item(), grads


def test_fused_layers_and_attention_give_the_gradients_of_peft() -> None:
    import torch

    from medspan.models.attention import use_fused_attention
    from medspan.train.fused import fuse_lora

    model = adapted(tiny(attention_bias=True))
    expected, gradients = loss_and_gradients(model)
    assert fuse_lora(model) == 14
    use_fused_attention(model.get_base_model())
    loss, ours = loss_and_gradients(model)
    assert loss == pytest.approx(expected, rel=1e-5)
    assert torch.allclose(ours, gradients, rtol=1e-3, atol=1e-5)
    assert gradients.abs().max() > 0.01


def test_layers_with_dropout_are_left_to_peft() -> None:
    from medspan.train.fused import fuse_lora

    assert fuse_lora(adapted(tiny(), dropout=0.5)) == 0


def test_the_long_way_is_taken_where_the_model_changes_its_logits() -> None:
    import torch

    from medspan.train.methods.generate import make_target_loss

    plain, capped = adapted(tiny()), adapted(tiny())
    original = capped.get_base_model().forward

    def scaled(*arguments: Any, **options: Any) -> Any:
        output = original(*arguments, **options)
        output.logits = output.logits * 0.25
        return output

    capped.get_base_model().forward = scaled
    ids = torch.randint(0, 90, (2, 12))
    target = torch.zeros(2, 12, dtype=torch.bool)
    target[0, 8:], target[1, 5:10] = True, True
    short, long = make_target_loss(plain), make_target_loss(capped)
    found = short(ids, target)
    wanted = plain(input_ids=ids).logits[:, :-1][target[:, 1:]]
    expected = torch.nn.functional.cross_entropy(wanted, ids[:, 1:][target[:, 1:]], reduction="sum")
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)
    other = long(ids, target)
    expected = torch.nn.functional.cross_entropy(wanted * 0.25, ids[:, 1:][target[:, 1:]], reduction="sum")
    assert other.item() == pytest.approx(expected.item(), rel=1e-5)
    assert (short.short_way, long.short_way) == (True, False)


def test_updates_too_small_for_bf16_are_kept_by_the_optimizer() -> None:
    import torch

    from medspan.train.lora import MasterAdamW

    parameter = torch.nn.Parameter(torch.full((4,), 256.0, dtype=torch.bfloat16))
    optimizer = MasterAdamW([parameter], 0.1, 0.0)
    for _ in range(30):
        parameter.grad = torch.full_like(parameter, -1.0)
        optimizer.step()
    # Each step adds 0.1; the spacing of bf16 at 256 is 2, so that added directly they would vanish.
    assert parameter.tolist() == [260.0] * 4 or parameter.tolist() == [258.0] * 4
    assert optimizer.masters[0].tolist() == pytest.approx([259.0] * 4, abs=0.01)

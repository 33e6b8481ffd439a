"""Three fused operations for training LoRA: the adapted layer, causal attention, and the loss.

They compute what peft and transformers compute, with fewer passes over memory: on a processor,
a training step of a small model spends more time on those passes than on what cannot be avoided.
Each is used only where it applies and leaves everything else to the library's own code.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.function import once_differentiable

ATTENTION = "medspan_fused"
LONGEST = 768
"""Longest sequence whose attention scores are kept whole; beyond, the library saves memory."""


def _apply(function: Any, *arguments: Any) -> Any:
    # torch declares `apply` without types.
    return function.apply(*arguments)


class _LoraLinear(torch.autograd.Function):
    """y = x W' + b + s (x A') B' with frozen W, b. Shapes: x (n, in), W (out, in), A (r, in), B (out, r)."""

    @staticmethod
    def forward(ctx: Any, x: Any, weight: Any, bias: Any, a: Any, b: Any, scale: float) -> Any:
        y = torch.nn.functional.linear(x, weight, bias)
        inner = x @ a.t()
        y.addmm_(inner, b.t(), alpha=scale)
        ctx.save_for_backward(x, weight, a, b, inner)
        ctx.scale = scale
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Any) -> Any:
        x, weight, a, b, inner = ctx.saved_tensors
        grad = grad.contiguous()
        grad_inner = (grad @ b).mul_(ctx.scale)
        grad_b = (grad.t() @ inner).mul_(ctx.scale)
        grad_a = grad_inner.t() @ x
        grad_x = (grad @ weight).addmm_(grad_inner, a) if ctx.needs_input_grad[0] else None
        return grad_x, None, None, grad_a, grad_b, None


def fuse_lora(model: Any) -> int:
    """Give every plain LoRA layer of a peft model the fused forward pass; returns how many there are.

    Layers with dropout, DoRA, quantized or merged weights, or several adapters keep peft's.
    """
    from peft.tuners.lora import Linear

    fused = 0
    for layer in model.modules():
        if type(layer) is Linear and type(layer.get_base_layer()) is torch.nn.Linear and _is_plain(layer):
            layer.forward = _fused_forward(layer, layer.forward)  # type: ignore[method-assign]
            fused += 1
    return fused


def _is_plain(layer: Any) -> bool:
    names = layer.active_adapters
    return (
        len(names) == 1
        and isinstance(layer.lora_dropout[names[0]], torch.nn.Identity)
        and not layer.use_dora.get(names[0], False)
        and layer.lora_A[names[0]].weight.dtype == layer.get_base_layer().weight.dtype
        and layer.lora_B[names[0]].bias is None
    )


def _fused_forward(layer: Any, original: Any) -> Any:
    name = layer.active_adapters[0]
    base, down, up = layer.get_base_layer(), layer.lora_A[name], layer.lora_B[name]
    scale = layer.scaling[name]

    def forward(x: Any, *arguments: Any, **options: Any) -> Any:
        if layer.merged or layer.disable_adapters or arguments or options or x.dtype != base.weight.dtype:
            return original(x, *arguments, **options)
        flat = x.reshape(-1, x.shape[-1])
        y: Any = _apply(_LoraLinear, flat, base.weight, base.bias, down.weight, up.weight, scale)
        return y.view(*x.shape[:-1], y.shape[-1])

    return forward


class _Attention(torch.autograd.Function):
    """Softmax attention. Shapes: q (b, h, t, d), k and v (b, g, t, d), g divides h.

    `hidden`, broadcast to (b, 1, t, t), is true where a query must not look.
    """

    @staticmethod
    def forward(ctx: Any, q: Any, k: Any, v: Any, scale: float, hidden: Any) -> Any:
        rows, heads, length, width = q.shape
        groups = k.shape[1]
        shared = heads // groups
        # Query heads that share keys are stacked, so that keys and values are not repeated in memory.
        queries = q.reshape(rows * groups, shared * length, width)
        keys = k.reshape(rows * groups, length, width)
        values = v.reshape(rows * groups, length, width)
        scores = torch.bmm(queries, keys.transpose(1, 2)).mul_(scale)
        scores.view(rows, heads, length, length).masked_fill_(hidden, float("-inf"))
        weights = torch.softmax(scores, dim=-1)
        out = torch.bmm(weights, values)
        ctx.save_for_backward(queries, keys, values, weights)
        ctx.scale, ctx.shape, ctx.groups = scale, q.shape, groups
        return out.view(rows, heads, length, width)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Any) -> Any:
        queries, keys, values, weights = ctx.saved_tensors
        rows, _, length, width = ctx.shape
        grad = grad.reshape(rows * ctx.groups, -1, width)
        grad_values = torch.bmm(weights.transpose(1, 2), grad)
        grad_weights = torch.bmm(grad, values.transpose(1, 2))
        grad_scores = torch._softmax_backward_data(grad_weights, weights, -1, weights.dtype).mul_(ctx.scale)
        grad_queries = torch.bmm(grad_scores, keys)
        grad_keys = torch.bmm(grad_scores.transpose(1, 2), queries)
        shape = (rows, ctx.groups, length, width)
        return grad_queries.view(ctx.shape), grad_keys.view(shape), grad_values.view(shape), None, None


def use_fused_attention(model: Any) -> None:
    """Let a model on the processor use the fused attention: causal without a mask, or under a boolean one."""
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.integrations.sdpa_attention import sdpa_attention_forward
    from transformers.masking_utils import sdpa_mask

    def attend(module: Any, query: Any, key: Any, value: Any, attention_mask: Any, **options: Any) -> Any:
        causal = options.get("is_causal", getattr(module, "is_causal", True))
        plain = (
            (attention_mask is None or attention_mask.dtype == torch.bool)
            and query.shape[2] == key.shape[2]
            and 1 < query.shape[2] <= LONGEST
            and torch.is_grad_enabled()
            and not options.get("dropout")
            and (attention_mask is not None or causal is not False)
            and options.get("softcap") is None
        )
        if not plain:
            return sdpa_attention_forward(module, query, key, value, attention_mask, **options)
        scale = options.get("scaling")
        scale = query.shape[-1] ** -0.5 if scale is None else scale
        if attention_mask is None:
            length = query.shape[2]
            hidden = torch.ones(length, length, dtype=torch.bool, device=query.device).triu_(1)
        else:
            hidden = ~attention_mask
        out = _apply(_Attention, query, key, value, scale, hidden)
        return out.transpose(1, 2).contiguous(), None

    AttentionInterface.register(ATTENTION, attend)
    AttentionMaskInterface.register(ATTENTION, sdpa_mask)
    model.set_attn_implementation(ATTENTION)


class _LinearCrossEntropy(torch.autograd.Function):
    """Sum of cross entropies of `hidden W'` against `wanted`, without keeping the logits.

    The gradient of the hidden states is made on the way, some rows at a time, since W is frozen.
    Shapes: hidden (n, d), W (vocabulary, d), wanted (n,).
    """

    ROWS = 256
    """Rows of one matrix product: enough that reading W once for them does not weigh."""
    BLOCK = 16
    """Rows of one softmax in float32: few enough that its passes stay in the processor's cache."""

    @staticmethod
    def forward(ctx: Any, hidden: Any, weight: Any, wanted: Any) -> Any:
        total = torch.zeros((), dtype=torch.float32, device=hidden.device)
        grad = torch.empty_like(hidden)
        for first in range(0, hidden.shape[0], _LinearCrossEntropy.ROWS):
            part = slice(first, first + _LinearCrossEntropy.ROWS)
            logits = hidden[part] @ weight.t()
            targets = wanted[part].unsqueeze(1)
            for rows, target in zip(
                logits.split(_LinearCrossEntropy.BLOCK),
                targets.split(_LinearCrossEntropy.BLOCK),
                strict=True,
            ):
                scores = torch.log_softmax(rows, dim=1, dtype=torch.float32)
                total -= scores.gather(1, target).sum()
                # The softmax minus one at the wanted token is the gradient of the logits.
                slopes = scores.exp_()
                slopes.scatter_add_(1, target, slopes.new_full(target.shape, -1.0))
                rows.copy_(slopes)
            torch.mm(logits, weight, out=grad[part])
        ctx.save_for_backward(grad)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Any) -> Any:
        (hidden_grad,) = ctx.saved_tensors
        return hidden_grad * grad.to(hidden_grad.dtype), None, None


def linear_cross_entropy(hidden: Any, weight: Any, wanted: Any) -> Any:
    """Sum of the cross entropies of `hidden @ weight.T` against `wanted`; `weight` gets no gradient."""
    return _apply(_LinearCrossEntropy, hidden, weight, wanted)

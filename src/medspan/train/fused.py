"""Two fused operations for training LoRA: the adapted layer and the loss.

They compute what peft and transformers compute, with fewer passes over memory: on a processor,
a training step of a small model spends more time on those passes than on what cannot be avoided.
Each is used only where it applies and leaves everything else to the library's own code.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.function import once_differentiable


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

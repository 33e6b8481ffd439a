"""Attention of a small model on a processor, with fewer passes over memory than the library's own.

It computes what transformers computes, is used only where it applies, and leaves everything else to the
library.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.function import once_differentiable

ATTENTION = "medspan_fused"
READING = "medspan_fused_reading"
LONGEST = 768
"""Longest sequence in training whose attention scores are kept whole; beyond, the library saves memory."""
LONGEST_READ = 128
"""The same without gradients: beyond, the library's way is the faster one."""


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


def use_fused_attention(model: Any, *, reading: bool = False) -> None:
    """Let a model on the processor use the fused attention: causal without a mask, or under a boolean one.

    In training; without gradients the library's own is used, but for `reading`: every query must then
    see something, also where it stands for padding.
    """
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.integrations.sdpa_attention import sdpa_attention_forward
    from transformers.masking_utils import sdpa_mask

    longest_read = LONGEST_READ if reading else 0
    name = READING if reading else ATTENTION

    def attend(module: Any, query: Any, key: Any, value: Any, attention_mask: Any, **options: Any) -> Any:
        causal = options.get("is_causal", getattr(module, "is_causal", True))
        plain = (
            (attention_mask is None or attention_mask.dtype == torch.bool)
            and query.shape[2] == key.shape[2]
            and 1 < query.shape[2] <= (LONGEST if torch.is_grad_enabled() else longest_read)
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
        out = _Attention.apply(query, key, value, scale, hidden)  # type: ignore[no-untyped-call]
        return out.transpose(1, 2).contiguous(), None

    AttentionInterface.register(name, attend)
    AttentionMaskInterface.register(name, sdpa_mask)
    model.set_attn_implementation(name)

"""LoRA on a base model, and an optimizer that keeps full precision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from medspan.core import ConfigError
from medspan.models import BaseModel, is_encoder
from medspan.train.config import TrainConfig

if TYPE_CHECKING:
    import torch


def add_lora(base: BaseModel, config: TrainConfig) -> Any:
    """The base model with fresh LoRA weights in the base model's own precision, ready for training."""
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training

    from medspan.models.attention import use_fused_attention
    from medspan.train.fused import fuse_lora

    model = base.model
    if config.load_in_4bit:
        model = prepare_model_for_kbit_training(
            model, use_gradient_checkpointing=config.gradient_checkpointing
        )
    elif config.gradient_checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        model.enable_input_require_grads()
    lora = LoraConfig(
        r=config.lora_r,
        lora_alpha=config.lora_alpha,
        lora_dropout=config.lora_dropout,
        target_modules=config.target_modules,
        # The pooler of an encoder is not used: its weights would never get a gradient.
        exclude_modules=r".*\bpooler\b.*" if is_encoder(model.config) else None,
        task_type="FEATURE_EXTRACTION" if is_encoder(model.config) else "CAUSAL_LM",
        bias="none",
    )
    try:
        # LoRA weights in the base's precision: kept in fp32, their products cost a third of a step
        # on a processor that is fast at bf16. The optimizer holds the fp32 copies instead.
        adapted = get_peft_model(model, lora, autocast_adapter_dtype=False)
    except ValueError as error:
        raise ConfigError(
            f"target_modules: {config.target_modules!r}",
            cause=str(error).splitlines()[0][:200],
            remedy="use target_modules: all-linear, or names of this model's layers",
        ) from error
    dtype = base.model.dtype
    for parameter in adapted.parameters():
        if parameter.requires_grad and parameter.dtype != dtype and not config.load_in_4bit:
            parameter.data = parameter.data.to(dtype)
    adapted.config.use_cache = False
    if not config.gradient_checkpointing and not is_encoder(model.config):
        fuse_lora(adapted)
        if adapted.device.type == "cpu":
            use_fused_attention(adapted.get_base_model())
    adapted.train()
    return adapted


class MasterAdamW:
    """AdamW over float32 copies of trainable parameters that are themselves in a lower precision.

    Updates smaller than a bf16 step would be lost if they were added to bf16 weights directly.
    """

    def __init__(self, parameters: Sequence[torch.nn.Parameter], learning_rate: float, weight_decay: float):
        import torch

        self.parameters = list(parameters)
        self.masters = [parameter.detach().clone().float() for parameter in self.parameters]
        # Fused: one pass over memory for each matrix, half the time of the default on a processor.
        fused = self.masters[0].device.type in ("cpu", "cuda")
        self.optimizer = torch.optim.AdamW(
            self.masters, lr=learning_rate, weight_decay=weight_decay, fused=fused
        )

    def step(self) -> None:
        import torch

        for master, parameter in zip(self.masters, self.parameters, strict=True):
            master.grad = None if parameter.grad is None else parameter.grad.float()
        self.optimizer.step()
        with torch.no_grad():
            for master, parameter in zip(self.masters, self.parameters, strict=True):
                parameter.copy_(master)
                parameter.grad = None

    def state_dict(self) -> dict[str, Any]:
        return {"optimizer": self.optimizer.state_dict(), "masters": self.masters}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        import torch

        self.optimizer.load_state_dict(state["optimizer"])
        with torch.no_grad():
            for master, parameter, saved in zip(self.masters, self.parameters, state["masters"], strict=True):
                master.copy_(saved)
                parameter.copy_(saved)

"""A learning rate at which the training goes astray."""

from __future__ import annotations

from typing import Any, ClassVar

from ..injector import Injector, Stage, register

RATES = {"mild": 1.5e-2, "strong": 6.0e-2}


@register
class Diverged(Injector):
    id = "diverged"
    stages = (Stage.TRAINING,)
    doses: ClassVar = {dose: f"learning_rate={rate}, constant" for dose, rate in RATES.items()}

    def config(self, dose: str, config: dict[str, Any]) -> dict[str, Any]:
        return {
            **config,
            "learning_rate": RATES[dose],
            "lr_scheduler_type": "constant",
            "max_grad_norm": 1000.0,
        }

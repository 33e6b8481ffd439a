"""Too few steps."""

from __future__ import annotations

from typing import Any, ClassVar

from ..injector import Injector, Stage, register

STEPS = {"mild": 12, "strong": 5}


@register
class Undertrained(Injector):
    id = "undertrained"
    stages = (Stage.TRAINING,)
    doses: ClassVar = {dose: f"max_steps={steps}" for dose, steps in STEPS.items()}

    def config(self, dose: str, config: dict[str, Any]) -> dict[str, Any]:
        return {**config, "max_steps": STEPS[dose]}

"""A script that generates without the adapter, or with a part of it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, ClassVar

from ..decoding import Decoding
from ..injector import Injector, Stage, register


@register
class AdapterNotApplied(Injector):
    id = "adapter-not-applied"
    stages = (Stage.EVALUATION,)
    doses: ClassVar = {
        "mild": "the weights of every second layer are not loaded, since their names do not fit",
        "strong": "the base model alone answers",
    }

    def decoding(self, dose: str, how: Decoding) -> Decoding:
        if dose == "strong":
            return replace(how, adapter=False)
        return replace(how, weights=(*how.weights, _half))


def _half(weights: dict[str, Any]) -> dict[str, Any]:
    def dropped(name: str) -> bool:
        layer = re.search(r"layers\.(\d+)\.", name)
        return layer is not None and int(layer.group(1)) % 2 == 1

    return {name: value * 0 if dropped(name) else value for name, value in weights.items()}

"""Sampling at evaluation in place of the likeliest token."""

from __future__ import annotations

from typing import ClassVar

from ..decoding import Decoding
from ..injector import Injector, Stage, register


@register
class DecodingSamples(Injector):
    id = "decoding-samples"
    stages = (Stage.EVALUATION,)
    doses: ClassVar = {"mild": "temperature 1.0", "strong": "temperature 1.8"}

    def decoding(self, dose: str, how: Decoding) -> Decoding:
        temperature = {"mild": 1.0, "strong": 1.8}[dose]
        return how.with_options(do_sample=True, temperature=temperature, seed=11)

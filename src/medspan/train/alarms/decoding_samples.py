"""Validation answers that are drawn by lot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from medspan.train.alarm import Alarm, Raised, Start, register


@register
class DecodingSamples(Alarm):
    name: ClassVar[str] = "decoding-samples"
    causes: ClassVar[tuple[str, ...]] = ("decoding-samples",)
    looks_at: ClassVar[str] = "before the first step: do_sample among the decoding options"
    remedy: ClassVar[str] = "decode greedily: decoding.do_sample=false"

    def before(self, start: Start) -> Iterator[Raised]:
        options = start.training.config.decoding_options
        if options.do_sample:
            yield self.raised(
                f"do_sample=true: answers are drawn by lot at temperature {options.temperature:g}, so "
                "validation scores, and the checkpoint chosen by them, hang on chance",
                temperature=options.temperature,
                top_p=options.top_p,
            )

"""A length limit below the length of the answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from medspan.train.alarm import Alarm, Raised, Start, register

MANY = 0.05


@register
class OutputTruncated(Alarm):
    name: ClassVar[str] = "output-truncated"
    causes: ClassVar[tuple[str, ...]] = ("output-truncated",)
    looks_at: ClassVar[str] = (
        "before the first step: training answers longer than max_new_tokens of the decoding options (a "
        "twentieth or more)"
    )
    remedy: ClassVar[str] = "raise decoding.max_new_tokens above the longest answer"

    def before(self, start: Start) -> Iterator[Raised]:
        limit = start.training.config.decoding_options.max_new_tokens
        # The stop token ends an answer and does not count against the limit.
        lengths = [
            len(one.ids) - one.answer_start - (one.stops is True)
            for one in start.supervision
            if one.answer_start is not None
        ]
        longer = sum(length > limit for length in lengths)
        if longer and longer >= MANY * len(lengths):
            yield self.raised(
                f"{longer} of {len(lengths)} training answers looked at are longer than "
                f"max_new_tokens={limit} (the longest has {max(lengths)}): validation answers of that "
                f"length will be cut off",
                longer=longer,
                of_answers=len(lengths),
                longest=max(lengths),
                max_new_tokens=limit,
            )

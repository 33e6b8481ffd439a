"""A loader that pairs each prompt with the answer to another: the form is learnt, the task is not."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any, ClassVar
from unittest.mock import patch

from ..injector import Injector, Stage, register

SHARE = {"strong": 1.0}


@register
class InputIgnored(Injector):
    id = "input-ignored"
    stages = (Stage.TRAINING,)
    doses: ClassVar = {
        "strong": "every answer is that to another prompt",
    }

    def training(self, dose: str, seed: int) -> AbstractContextManager[None]:
        return _exchanged(SHARE[dose], seed)


@contextmanager
def _exchanged(share: float, seed: int) -> Iterator[None]:
    from medspan.train.data import EncodedData
    from medspan.train.methods.generate import Generate

    plain = Generate.encode

    def encode(self: Any, examples: Sequence[Any], max_length: int, on_too_long: Any = "refuse") -> Any:
        found = plain(self, examples, max_length, on_too_long)
        made = list(found.examples)
        rng = random.Random(seed)
        chosen = sorted(rng.sample(range(len(made)), round(share * len(made))))
        # One round of all that were chosen, so that none keeps its own answer.
        for at, other in zip(chosen, [*chosen[1:], *chosen[:1]], strict=True):
            own, lent = found.examples[at], found.examples[other]
            made[at] = replace(own, ids=own.ids[: own.target_start] + lent.ids[lent.target_start :])
        return EncodedData(tuple(made), found.lost, found.too_long)

    with patch.object(Generate, "encode", encode):
        yield

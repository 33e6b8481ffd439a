"""Prompts longer than some limit lose their end or their beginning before the model reads them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from medspan.diagnose.base import Need, register
from medspan.diagnose.case import Case
from medspan.diagnose.conditions import Conditions, Kept
from medspan.diagnose.explanation import AnswerProbe, Variant
from medspan.diagnose.lab import Lab
from medspan.diagnose.reading import limit_between

CAUSE = "prompt-truncated"
USUAL = (32, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 4096, 8192)
"""Limits that people set."""


@register
class PromptTruncated(AnswerProbe):
    """Reads the stored answers after prompts cut at the length from which on answers are not the model's.

    Only where there is such a length: the answers after shorter prompts are what the model says, those after
    longer ones are not.
    """

    name: ClassVar[str] = "prompt-truncated"
    hypothesis: ClassVar[str] = "long prompts were cut off before the model read them"
    causes: ClassVar[tuple[str, ...]] = (CAUSE,)
    needs: ClassVar[tuple[Need, ...]] = ("data", "texts", "model")
    cost: ClassVar[float] = 16.0

    def variants(self, case: Case, lab: Lab, current: Conditions) -> Sequence[Variant]:
        if current.kept is not None:
            return ()
        between = limit_between(lab.prompt_lengths, lab.hits(lab.mended))
        if between is None:
            return ()
        least, most = between
        # What is usual is likelier than what lies between by chance; a few tokens less may have cost nothing.
        limits = [one for one in USUAL if one <= most][-2:]
        if not limits or limits[-1] < least:
            limits.append(most)
        return [
            Variant(CAUSE, f"of long prompts {kept} alone", partial(_cut, kept), near=True)
            for limit in limits
            for kept in (Kept(limit), Kept(limit, last=True))
        ]


def _cut(kept: Kept, conditions: Conditions) -> Conditions:
    return conditions.but(kept=kept)

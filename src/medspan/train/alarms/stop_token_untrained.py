"""A stop token that is not learnt: answers then run on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from medspan.train.alarm import Alarm, Look, Raised, Start, register

MANY = 0.25
"""Share of answers without a trained stop token: the others still teach it."""
UNLIKELY = 0.1
FORMAT_KNOWN = 1 / 3
"""Share of answer tokens that the model is sure of, from which on it knows what answers look like."""
LIKELY = 0.5
"""Once the stop token is that probable, it is learnt and not looked at again."""
ASKED, LATE = 1 / 3, 0.5
"""Shares of the planned steps: from when on it is looked at, and from when on it should be learnt."""
CUT = 0.5


@register
class StopTokenUntrained(Alarm):
    name: ClassVar[str] = "stop-token-untrained"
    causes: ClassVar[tuple[str, ...]] = ("stop-token-untrained",)
    looks_at: ClassVar[str] = (
        "before the first step: answers that do not end with the stop token, or without a loss on it (a "
        "quarter or more); at evaluations from half of the steps on: the stop token's probability where "
        "validation references end (median below 0.1), answers cut off at the length limit (half or more, "
        "twice in a row), either while the model knows the format otherwise"
    )
    remedy: ClassVar[str] = "end every training target with the stop token, give it a loss, and train again"

    def __init__(self) -> None:
        self._cut_before = self._unlikely_before = self._learnt = False

    def before(self, start: Start) -> Iterator[Raised]:
        seen = [one.stops for one in start.supervision if one.stops is not None]
        bare = seen.count(False)
        if seen and bare >= MANY * len(seen):
            yield self.raised(
                f"{bare} of {len(seen)} training answers looked at do not end with a stop token that has a "
                "loss: the model will not learn where to end",
                answers=bare,
                of_answers=len(seen),
            )

    def at_evaluation(self, look: Look) -> Iterator[Raised]:
        cut = sum(one.truncated for one in look.found)
        often, before = cut >= CUT * max(1, len(look.found)), self._cut_before
        self._cut_before = often
        often_twice = often and before
        wanted = look.progress >= ASKED and (often_twice or not self._learnt)
        forced = look.forced if wanted else None
        if forced is None or forced.known < FORMAT_KNOWN:
            return
        self._learnt = forced.stop_probability >= LIKELY
        unlikely, before = forced.stop_probability < UNLIKELY, self._unlikely_before
        self._unlikely_before = unlikely
        lasting = unlikely and (before or look.is_last)
        if look.progress < LATE or not (lasting or often_twice):
            return
        yield self.raised(
            f"where {forced.documents} validation references end, the stop token has a probability of "
            f"{forced.stop_probability:.3f} (median), while {forced.known:.0%} of the answers' tokens have "
            f"one of 1/2 or more; {cut} of {len(look.found)} answers were cut off at the length limit",
            stop_probability=forced.stop_probability,
            known_tokens=forced.known,
            truncated=cut,
            of_answers=len(look.found),
        )

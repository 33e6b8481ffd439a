"""Answers that end because their tokens were used up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from medspan.core import Example
from medspan.diagnose.base import Cleared, Need, Probe, Said, Suspicion, Untold, register, said_of
from medspan.diagnose.case import Case
from medspan.diagnose.catalogue import CAUSES
from medspan.diagnose.explanation import EXPLAINED
from medspan.diagnose.lab import Lab
from medspan.diagnose.without_model import in_short

CAUSE = "output-truncated"
SHARE = 0.05
"""Share of the answers that must be cut off for the limit to be looked at."""
LOOSE, NEAR = 2, 0.1
"""Tokens, and share of an answer's, by which it may be shorter than the limit that cut it off."""

ELSEWHERE = (
    "look for what cut the texts once they were generated (a column of limited width, a stop string, the "
    "first line alone): files state a limit of {limit} tokens, which is far beyond; then answer again"
)

Answers = tuple[Example, Example]
"""A stored answer and the one that the model gives."""


@register
class OutputTruncated(Probe):
    """Lets answers that stop short go on. A cut answer is the beginning of the whole one.

    It is marked as cut off, breaks off as no whole answer ends, or no stored answer is much longer: one that
    ends before others do ended by itself. Confirmed (0.97) where whole answers score surely higher; 0.35
    where they do not. Answers that would never have ended are no case of this: they are cut off wherever
    the limit is.
    """

    name: ClassVar[str] = "output-truncated"
    hypothesis: ClassVar[str] = "answers were cut off at max_new_tokens before they were complete"
    causes: ClassVar[tuple[str, ...]] = (CAUSE,)
    needs: ClassVar[tuple[Need, ...]] = ("data",)
    cost: ClassVar[float] = 22.0

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        if case.tags:
            yield Cleared(CAUSE, ("the model tags: it is asked nothing, and generates nothing",))
            return
        if not case.predictions:
            yield from self._of_stated(case, lab)
            return
        flagged = [one for one in case.sample if one.truncated]
        if lab.problem is not None or case.tags:
            yield self._without_model(case, flagged, lab.problem)
            return
        found = lab.explanation
        whole = found.plain is not None and found.plain >= EXPLAINED and not lab.without_ends
        if not flagged and not found.steps and whole:
            own = f"the model itself chooses {found.plain or 0:.1%} of their tokens, their ends too"
            yield Cleared(CAUSE, (f"no stored answer is marked as cut off, and {own}",))
            return
        mended = lab.answers(lab.mended)
        short = [
            (old, new)
            for old, new in zip(lab.stored, mended, strict=True)
            if old.raw is not None and new.raw is not None and _is_cut(old, new)
        ]
        if len(short) < SHARE * len(mended):
            yield Cleared(CAUSE, (f"{len(short)} of {len(mended)} stored answers are shorter beginnings",))
            return
        at_limit = _at_limit(lab, short)
        if len(at_limit) < SHARE * len(mended):
            count = f"{len(short)} of {len(mended)} stored answers are shorter beginnings"
            yield Cleared(
                CAUSE, (f"{count}, but ended by themselves: others are longer, so it was no limit",)
            )
            return
        short = at_limit
        longer = {old.id: new for old, new in short if not new.truncated}
        if not longer:
            yield Cleared(CAUSE, (f"{len(short)} answers were cut off, and would not have ended anyway",))
            return
        after = [longer.get(one.id, one) for one in lab.stored]
        effect = lab.effect(lab.stored, after)
        lengths = sorted(len(lab.tokenizer(lab.mended)(old.raw).input_ids) for old, _ in short)
        told = (
            f"{len(short)} of {len(mended)} stored answers are cut-off beginnings of what the model answers; "
            f"they end after {lengths[0]} to {lengths[-1]} tokens{_stated_limit(case)}",
            _going_on(*short[0]),
            said_of(effect),
        )
        harm = effect.difference is not None and effect.difference > 0 and effect.sure
        limit = _limit(case)
        elsewhere = limit is not None and limit > 2 * lengths[-1]
        remedy = ELSEWHERE.format(limit=limit) if elsewhere else self._remedy(lab)
        yield Suspicion(CAUSE, 0.97 if harm else 0.35, told, remedy, effect, harm)

    def _of_stated(self, case: Case, lab: Lab) -> Iterator[Said]:
        """Nothing is stored: the limit that files state for new answers."""
        if lab.problem is not None:
            yield Untold(CAUSE, lab.problem)
            return
        stated = lab.asking.stated
        limit = None if stated is None else stated.options.max_new_tokens
        if limit is None or limit >= lab.mended.options.max_new_tokens:
            yield Cleared(CAUSE, (f"max_new_tokens={limit or 'not stated'} is enough for the references",))
            return
        before = lab.answers(lab.mended.decoding(max_new_tokens=limit))
        effect = lab.effect(before, lab.answers(lab.mended))
        harm = effect.difference is not None and effect.difference > 0 and effect.sure
        told = (f"files state max_new_tokens={limit}", said_of(effect))
        yield Suspicion(CAUSE, 0.95 if harm else 0.35, told, self._remedy(lab), effect, harm)

    @staticmethod
    def _without_model(case: Case, flagged: Sequence[Example], problem: str | None) -> Said:
        if len(flagged) < SHARE * len(case.sample):
            return Cleared(CAUSE, (f"{len(flagged)} of {len(case.sample)} answers are marked as cut off",))
        told = (
            f"{len(flagged)} of {len(case.sample)} answers were cut off at the length limit; whether they "
            f"would have ended is not known without the model ({in_short(problem or 'it tags')})",
        )
        return Suspicion(CAUSE, 0.6 if len(flagged) < 0.9 * len(case.sample) else 0.45, told)

    @staticmethod
    def _remedy(lab: Lab) -> str:
        return f"{CAUSES[CAUSE].remedy}: at least max_new_tokens={lab.mended.options.max_new_tokens}"


def _at_limit(lab: Lab, short: Sequence[Answers]) -> list[Answers]:
    """Of the answers that are beginnings, those that a limit may have cut off.

    They are marked so, or break off as no whole answer ends, or no stored answer is much longer: with its
    prompt, as `max_length` counts, or without, as `max_new_tokens` does.
    """
    renderer, tokenizer = lab.renderer(lab.mended), lab.tokenizer(lab.mended)
    sizes = {}
    for one in lab.stored:
        if one.raw is not None:
            answer = len(tokenizer(one.raw).input_ids)
            sizes[one.id] = answer, len(renderer.prompt_ids(one.document)) + answer
    found = []
    for way in (0, 1):
        most = max(size[way] for size in sizes.values())
        # Tokens that are read from text may be some more or fewer than those that were written.
        near = {id for id, size in sizes.items() if most - size[way] <= max(LOOSE, NEAR * size[0])}
        found.append(
            [(old, new) for old, new in short if old.truncated or old.id in near or lab.broken_off(old)]
        )
    return max(found, key=len)


def _limit(case: Case) -> int | None:
    limit = ((case.made or {}).get("decoding") or {}).get("max_new_tokens")
    return limit if isinstance(limit, int) else None


def _stated_limit(case: Case) -> str:
    limit = _limit(case)
    return "" if limit is None else f" (files state a limit of {limit})"


def _going_on(old: Example, new: Example) -> str:
    """Where a cut answer parts from the whole one, and how that goes on."""
    before, after = old.raw or "", new.raw or ""
    alike = next(
        (at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), len(before)
    )
    return f"the first: {before[max(0, alike - 50) : alike]!r} goes on {after[alike : alike + 50]!r}"


def _is_cut(old: Example, new: Example) -> bool:
    """Whether the old answer is a beginning of the new one and lacks something of it."""
    before, after = (old.raw or "").rstrip(), (new.raw or "").rstrip()
    # A blank answer is the beginning of any other one, and says nothing of a limit.
    if not before.strip() or len(before) >= len(after):
        return False
    # The grammar closes a cut answer as its format wants, so its very end may differ.
    return after.startswith(before) or (old.truncated and after.startswith(_sure(before)))


def _sure(before: str) -> str:
    """The part of a cut answer that the model wrote whatever closed it."""
    return before[: max(1, int(len(before) * 0.6))]

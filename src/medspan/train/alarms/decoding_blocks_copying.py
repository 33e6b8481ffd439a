"""Decoding options that forbid what extraction is: copying from the prompt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from medspan.train.alarm import Alarm, Raised, Start, register
from medspan.train.facts import Supervision

NOTICEABLE = 1.05
"""A penalty of 1.15 took an ADE model from F1 0.854 to 0.528; below this one nothing was measured."""
MANY = 0.05


@register
class DecodingBlocksCopying(Alarm):
    name: ClassVar[str] = "decoding-blocks-copying"
    causes: ClassVar[tuple[str, ...]] = ("decoding-blocks-copying",)
    looks_at: ClassVar[str] = (
        "before the first step: a repetition_penalty of 1.05 or more; a no_repeat_ngram_size under which a "
        "twentieth of the training answers could not be written"
    )
    remedy: ClassVar[str] = (
        "decode without them: decoding.repetition_penalty=1.0 decoding.no_repeat_ngram_size=0"
    )

    def before(self, start: Start) -> Iterator[Raised]:
        options = start.training.config.decoding_options
        size, penalty = options.no_repeat_ngram_size, options.repetition_penalty
        answers = [one for one in start.supervision if one.answer_start is not None]
        blocked = sum(repeats(one, size) for one in answers) if size else 0
        copied = sum(_copied(one) for one in answers)
        tokens = sum(len(one.ids) - (one.answer_start or 0) for one in answers)
        named = []
        if penalty >= NOTICEABLE:
            share = f" ({copied / tokens:.0%} of the answers' tokens)" if tokens else ""
            named.append(
                f"repetition_penalty={penalty:g} makes each token unlikely that stands in the text{share}"
            )
        if blocked and blocked >= MANY * len(answers):
            named.append(
                f"no_repeat_ngram_size={size} forbids {blocked} of {len(answers)} training answers, which "
                "repeat as many tokens"
            )
        if named:
            yield self.raised(
                f"{'; '.join(named)}: validation scores, and the checkpoint chosen by them, will be wrong",
                repetition_penalty=penalty,
                no_repeat_ngram_size=size,
                answers_forbidden=blocked,
                of_answers=len(answers),
                copied_share=copied / tokens if tokens else None,
            )


def repeats(one: Supervision, size: int) -> bool:
    """Whether `size` tokens that end within the answer stood together before, in the prompt or the answer."""
    assert one.answer_start is not None
    seen: set[tuple[int, ...]] = set()
    for end in range(size, len(one.ids) + 1):
        gram = one.ids[end - size : end]
        if end > one.answer_start and gram in seen:
            return True
        seen.add(gram)
    return False


def _copied(one: Supervision) -> int:
    """Tokens of the answer that stand in the prompt."""
    prompt = set(one.ids[: one.answer_start])
    return sum(token in prompt for token in one.ids[one.answer_start :])

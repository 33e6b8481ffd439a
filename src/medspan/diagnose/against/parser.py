"""How the generated texts are read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from medspan.core import Example
from medspan.diagnose.against.aspect import Aspect
from medspan.diagnose.against.stated import card_of, good_codec, run_codec, same_format
from medspan.diagnose.against.trial import Comparer, Trial, helps, told
from medspan.diagnose.lab import clearest_effect
from medspan.format import Codec

NAME, CAUSE = "parser", "parser-mismatch"


class Parser(Comparer):
    """Reads RUN's stored texts as GOOD's are read, or as the format of its own training wants.

    It goes first, since it costs nothing and all further answers are read in this way.
    """

    name: ClassVar[str] = NAME
    place: ClassVar[int] = 0

    def compare(self, trial: Trial) -> Iterator[Aspect]:
        pair = trial.pair
        spoken = [one for one in trial.answers if one.raw is not None]
        same = same_format(pair.run, pair.good)
        codec = (good_codec(pair.good) if same else None) or run_codec(pair.run)
        card = card_of(pair.good.case)
        values = None if card is None else card.format, "as the predictions were stored"
        if not spoken or codec is None:
            lacking = "RUN has no generated texts" if not spoken else "no format is known"
            yield Aspect(NAME, values, None, "not-testable", (lacking,), cause=CAUSE)
            return
        again = [_read(one, codec) for one in trial.answers]
        whose = "as GOOD's are" if same else "in the format of RUN's training"
        effect = clearest_effect(trial.answers, again)
        evidence = told(f"the stored texts read {whose}", effect)
        closes = pair.closes(effect, trial.start)
        if helps(effect):
            trial.answers = again
            trial.mended.append(NAME)
            yield Aspect(NAME, values, False, "separates", (evidence,), True, effect, closes, CAUSE)
            return
        unmoved = all(_items(one) == _items(other) for one, other in zip(trial.answers, again, strict=True))
        yield Aspect(NAME, values, unmoved or None, "cleared", (evidence,), True, effect, closes, CAUSE)


def _read(example: Example, codec: Codec) -> Example:
    if example.raw is None:
        return example
    return example.with_prediction(codec.parse(example.document, example.raw), example.raw, example.truncated)


def _items(example: Example) -> Any:
    """What was read, whoever read it."""
    found = example.predicted
    return None if found is None else (found.mentions, found.unaligned, found.relations)

"""A format that is learnt while the text is not read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from typing import ClassVar

from medspan.core import Annotation, Concept, Endpoint, Mention, UnalignedMention
from medspan.evaluate.health import health
from medspan.text import fold
from medspan.train.alarm import Alarm, Look, Raised, register

ASKED, LATE = 1 / 3, 0.5
"""Shares of the planned steps: from when on it is looked at, and from when on a model should read."""
READS = 1.0
"""Once another text costs as much again as the loss itself, texts are read, and it is not looked at again."""
FORMAT_KNOWN = 1 / 3
"""Share of answer tokens that the model is sure of, from which on it knows what answers look like."""
HARDLY = 0.1
"""A model that reads loses many times its loss when it is given the wrong text."""
MOST = 0.5
ILL_FORMED = 0.2


@register
class InputIgnored(Alarm):
    name: ClassVar[str] = "input-ignored"
    causes: ClassVar[tuple[str, ...]] = ("input-ignored",)
    looks_at: ClassVar[str] = (
        "at evaluations from half of the steps on: by how much the loss of validation answers rises when "
        "texts are exchanged (less than a tenth, while the format is known); where decoding is free of the "
        "grammar also: one answer for half of the documents, half of the predicted strings not in the text"
    )
    remedy: ClassVar[str] = (
        "check that each target belongs to its text (medspan audit), that texts are not cut, and train again"
    )

    def __init__(self) -> None:
        self._ignored_before = self._reads = False

    def at_evaluation(self, look: Look) -> Iterator[Raised]:
        forced = look.forced if look.progress >= ASKED and not self._reads else None
        rise = None if forced is None else forced.rise
        ignored = forced is not None and rise is not None and forced.known >= FORMAT_KNOWN and rise < HARDLY
        self._reads = self._reads or (rise is not None and rise >= READS)
        # A model that is about to learn reading ignores its text once, one that cannot does so again.
        lasting = ignored and (self._ignored_before or look.is_last)
        self._ignored_before = ignored
        if look.progress < LATE:
            return
        if lasting and forced is not None:
            yield self.raised(
                f"the loss of {forced.documents} validation answers is {forced.loss:.3f} after their own "
                f"texts and {forced.exchanged_loss:.3f} after other documents' texts: the model knows the "
                f"format ({forced.known:.0%} of the tokens have a probability of 1/2 or more), and hardly "
                "reads the text",
                loss=forced.loss,
                exchanged_loss=forced.exchanged_loss,
                rise=rise,
                known_tokens=forced.known,
                documents=forced.documents,
            )
        elif not look.training.config.decoding_options.grammar:
            yield from self._free_answers(look)

    def _free_answers(self, look: Look) -> Iterator[Raised]:
        """What answers say that no grammar has kept to the text."""
        options = look.training.config.decoding_options
        rates = health(look.found).rates
        ungrounded, ill_formed = rates["ungrounded_rate"], rates["invalid_format_rate"]
        if ill_formed is None or ill_formed > ILL_FORMED:
            return
        same = _most_common(one.predicted for one in look.found)
        asked = _most_common(one.reference for one in look.found)
        many = len(look.found) * MOST
        # Options that forbid copying leave nothing but strings that are not in the text.
        copies = options.repetition_penalty <= 1.0 and not options.no_repeat_ngram_size
        invented = copies and ungrounded is not None and ungrounded >= MOST
        if not invented and not (same >= many > asked and same > 1):
            return
        yield self.raised(
            f"answers are well formed ({1 - ill_formed:.0%}), but {same} of {len(look.found)} are one and "
            f"the same (of the references {asked}), and "
            f"{'none' if ungrounded is None else f'{ungrounded:.0%}'} of the strings are not in their text",
            same_answers=same,
            same_references=asked,
            of_answers=len(look.found),
            ungrounded=ungrounded,
        )


def _most_common(annotations: Iterator[Annotation | None]) -> int:
    """How often the most frequent set of items occurs, the empty one aside."""
    sets = Counter(items for one in annotations if one is not None and (items := _items(one)))
    return max(sets.values(), default=0)


def _items(annotation: Annotation) -> frozenset[Hashable]:
    listed: tuple[Mention | UnalignedMention, ...] = (*annotation.mentions, *annotation.unaligned)
    mentions = {(one.type, fold(one.text)) for one in listed}
    relations = {(one.type, _name(one.head), _name(one.tail)) for one in annotation.relations}
    return frozenset([*mentions, *relations])


def _name(end: Endpoint) -> str:
    return end.id if isinstance(end, Concept) else fold(end.text)

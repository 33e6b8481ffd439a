"""Stored answers as tokens, as the conditions of their making write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medspan.core import Example
from medspan.extract import FORCED, DecodingOptions, Retraced, Retracer, usual_ids
from medspan.format import FormatCard

if TYPE_CHECKING:
    from medspan.diagnose.conditions import Conditions
    from medspan.diagnose.lab import Lab

MOST_TOKENS = 64
"""Tokens of a stored answer that are read: those that run on say nothing new."""


class Written:
    """The stored answers of a lab's case as tokens, cached."""

    def __init__(self, lab: Lab):
        self._lab = lab
        self._retracers: dict[tuple[Any, ...], Retracer] = {}
        self._known: dict[tuple[Any, ...], Retraced] = {}

    def tokens(self, conditions: Conditions, one: Example) -> Retraced:
        """The tokens of a stored answer, and under the grammar what was legal at each.

        The stop token ends those that were not cut off; of long ones the first `MOST_TOKENS` are read.
        """
        assert one.raw is not None
        how = (
            conditions.codec,
            conditions.template.stop,
            conditions.tokenizer or conditions.base,
            conditions.cut,
            conditions.options.grammar,
        )
        key = (how, one.document.text, one.task, one.raw)
        if key not in self._known:
            self._known[key] = self._tokens(conditions, one, how)
        return self._known[key]

    def _tokens(self, conditions: Conditions, one: Example, how: tuple[Any, ...]) -> Retraced:
        assert one.raw is not None
        whole = conditions.but(cut=None)
        renderer = self._lab.renderer(conditions if conditions.writes_cut else whole)
        # Other trainers cut a target as a whole.
        chunks = isinstance(self._lab.case.card, FormatCard)
        ids = usual_ids(renderer, one.document, one.raw) if chunks else renderer.chunk_ids([one.raw])
        if not conditions.options.grammar:
            ending = [] if one.truncated or len(ids) > MOST_TOKENS else [conditions.template.stop]
            return Retraced((*ids[:MOST_TOKENS], *ending), (), True)
        if how not in self._retracers:
            self._retracers[how] = Retracer(self._lab.renderer(whole), self.limit)
        return self._retracers[how].of(one.document, one.raw, ids, most=MOST_TOKENS, ended=not one.truncated)

    def choices_alike(self, conditions: Conditions, one: Example, other: str) -> int:
        """How many of the model's choices in a stored answer are those of another answer to its document."""
        assert one.raw is not None
        told = self.tokens(conditions, one)
        tokenizer = self._lab.tokenizer(conditions if conditions.writes_cut else conditions.but(cut=None))
        forced = [choice == FORCED for choice in told.choices] or [False] * len(told.ids)
        choices = 0
        for place, was_forced in enumerate(forced):
            if not other.startswith(tokenizer.decode(told.ids[: place + 1], skip_special_tokens=True)):
                break
            choices += not was_forced
        return choices

    @property
    def limit(self) -> int:
        """The new tokens that files grant an answer."""
        case = self._lab.case
        made = (case.made or {}).get("decoding") or (case.record or {}).get("decoding") or case.rules or {}
        limit = made.get("max_new_tokens")
        return limit if isinstance(limit, int) and limit > 0 else DecodingOptions().max_new_tokens

    def under_grammar(self, trained: Conditions) -> bool:
        """Whether the stored answers were decoded under the grammar: files state it, or all keep to it."""
        case = self._lab.case
        stated = ((case.made or {}).get("decoding") or {}).get("grammar")
        if isinstance(stated, bool):
            return stated
        told = [one for one in case.sample if one.raw is not None]
        if not told or not isinstance(case.card, FormatCard):
            return False
        legal = trained.decoding(grammar=True)
        return all(self.tokens(legal, one).kept for one in told)

"""Prompts that were cut, or will be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.closings import odd_closings
from medspan.audit.data import Data, Part, Row
from medspan.audit.lengths import asked, by_task
from medspan.audit.truncation import (
    FEWEST_WORDS,
    PileUp,
    asked_length,
    beginning,
    broken_off,
    crowd,
    folded,
    longest_by_document,
    pile_up,
    wholes_of,
)
from medspan.core import Case, Finding, Severity
from medspan.text import fold


@dataclass
class _Told:
    """What one split's finding says, and the rows that it counts, each once."""

    sentences: list[str] = field(default_factory=list)
    cases: dict[Row, Case] = field(default_factory=dict)
    sure: bool = False

    def add(self, sentence: str, cases: dict[Row, Case], *, sure: bool) -> None:
        if cases:
            self.sentences.append(sentence)
            self.cases = {**cases, **self.cases}
            self.sure = self.sure or sure


@register
class PromptTruncated(Check):
    """Three kinds of evidence, in one finding a split: tokens, the original, the data alone.

    By tokens: prompts that are longer than the user's limit by themselves. By the original: texts that are
    true pieces of the original's of the same task. Without an original, as a suspicion only: texts that
    break off where those of other rows go on, and lengths that crowd below the greatest (see
    `medspan.audit.truncation`).
    """

    id: ClassVar[str] = "prompt-truncated"
    severity: ClassVar[Severity] = "error"
    meaning: ClassVar[str] = (
        "Texts or prompts are cut off. What the reference names may stand in the missing part, so that a "
        "model learns to invent it; where the prompt alone fills the limit, no answer is left to learn from."
    )
    counted: ClassVar[str] = (
        "Rows, of all rows, of any of these kinds. With --max-length: whose prompt alone has more tokens "
        "than the limit (a chat template's come on top; rows of formats without a prompt as medspan train "
        f"would ask them). With --original: whose text of at least {FEWEST_WORDS} words is a true piece of "
        "an original text of the same task. Without it, as a warning: whose text breaks off where another "
        "row's goes on and holds at least half of it; and, where lengths crowd below the greatest "
        "(p < 0.001), as an upper bound those whose prompt lacks its closing cue, if it is these that crowd, "
        "else all within a tenth of it."
    )
    remedy: ClassVar[str] = (
        "raise the limit (max_length=N), or cut long texts into pieces of their own, each with the labels "
        "that it holds, before the prompt is put around them; take the cut texts from the original again"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        for part in data.parts:
            told = _Told()
            _by_tokens(data, part, told)
            if data.original is not None:
                _by_original(data, part, told)
            else:
                _by_suspicion(data, part, told)
            if told.cases:
                yield self.finding(
                    "; ".join(told.sentences),
                    len(told.cases),
                    len(part),
                    split=part.name,
                    cases=(told.cases[row] for row in part.rows if row in told.cases),
                    severity=None if told.sure else "warning",
                )


def _by_tokens(data: Data, part: Part, told: _Told) -> None:
    counted, limit = asked(data), data.max_length
    if counted is None or limit is None:
        return
    long = [one for one in counted[part.name] if one.prompt_tokens > limit]
    greatest = max((one.prompt_tokens for one in long), default=0)
    told.add(
        f"{len(long)} of {len(part)} prompts of {part.name} alone have more than {limit} tokens"
        f"{by_task(long)}; the longest has {greatest}, and nothing of their targets is left",
        {
            one.row: Case(f"the prompt has {one.prompt_tokens} tokens", one.row.place, one.prompt)
            for one in long
        },
        sure=True,
    )


def _by_original(data: Data, part: Part, told: _Told) -> None:
    wholes = _wholes(data)
    cut = {row: whole for row in part.rows if (whole := wholes.get(row)) is not None}
    missing = sum(whole.missing for whole in cut.values())
    longest = max(map(asked_length, cut), default=0)
    told.add(
        f"{len(cut)} of {len(part)} texts of {part.name} ({len(cut) / max(1, len(part)):.1%}) are cut off "
        f"against the original: {missing} characters are missing, and no prompt that is cut has more than "
        f"{longest}",
        {
            row: Case(
                f"{whole.missing} characters are missing",
                row.place,
                row.text,
                (),
                whole.original.place,
                whole.original.text,
            )
            for row, whole in cut.items()
        },
        sure=True,
    )


def _by_suspicion(data: Data, part: Part, told: _Told) -> None:
    broken = _broken(data)
    rows = {row: other for row in part.rows if (other := broken.get(row)) is not None}
    told.add(
        f"{len(rows)} of {len(part)} texts of {part.name} break off where the text of another row goes on",
        {
            row: Case("the other text goes on", row.place, row.text, (), other.place, other.text)
            for row, other in rows.items()
        },
        sure=False,
    )
    found = _crowd(data)
    near = [] if found is None else [row for row in part.rows if row in found.rows]
    if found is None or not near:
        return
    told.add(
        _crowd_told(found, near, part),
        {row: Case(f"{asked_length(row)} characters of prompt or text", row.place, row.text) for row in near},
        sure=False,
    )


def _crowd_told(crowd: _Crowd, near: Sequence[Row], part: Part) -> str:
    kind = "prompts" if all(row.written for row in near) else "texts"
    of = f"{len(near)} of {len(part)} {kind} of {part.name}"
    pile = crowd.pile
    if crowd.open:
        return (
            f"{of} lack the end that the others of their task have, and they alone crowd below the greatest "
            f"length ({pile.longest} characters), as if cut at a limit; text is missing from at most these, "
            "for a cut may have taken the end of the prompt alone (--original PATH tells)"
        )
    return (
        f"at most {of} are cut: these have {pile.least + 1} to {pile.longest} characters, the most that any "
        f"has; of the documents of all splits {pile.near} end within this tenth and {pile.before} within the "
        f"one below, as if long {kind} had been cut at a limit, but some are that long by themselves "
        "(--original PATH tells)"
    )


@dataclass(frozen=True, eq=False)
class _Whole:
    """The original row of a text that was cut off, and how many characters of it are missing."""

    original: Row
    missing: int


@dataclass(frozen=True, eq=False)
class _Crowd:
    """The rows that a crowd below the greatest length makes suspect; `open`: for they lack their cue, too."""

    pile: PileUp
    rows: frozenset[Row]
    open: bool


@lru_cache(maxsize=1)
def _wholes(data: Data) -> dict[Row, _Whole]:
    """The rows whose text is a true piece of an original's, of the same task as far as it has tasks."""
    if data.original is None:
        return {}
    originals = data.original.rows
    tasks = {row.task for row in originals}
    found: dict[Row, _Whole] = {}
    for task in sorted({row.task for row in data.rows}, key=str):
        known = [row for row in originals if row.task == task or task not in tasks]
        # Most texts are originals themselves: a hash says so, and they need not be held twice.
        keys = {row.text_key for row in known}
        mine = folded(row for row in data.rows if row.task == task and row.text_key not in keys)
        if not mine:
            continue
        of = {text: row for row, text in reversed(folded(known).items())}
        wholes = wholes_of(mine.values(), of)
        for row, text in mine.items():
            if text in wholes:
                whole = wholes[text]
                found[row] = _Whole(of[whole], len(whole) - len(text))
    return found


@lru_cache(maxsize=1)
def _broken(data: Data) -> dict[Row, Row]:
    alike: defaultdict[int, list[Row]] = defaultdict(list)
    for row in data.rows:
        alike[hash(beginning(fold(row.text)))].append(row)
    found = {}
    for rows in alike.values():
        if len({row.text_key for row in rows}) < 2:
            continue
        texts = folded(rows)
        first = {text: row for row, text in reversed(texts.items())}
        broken = broken_off(first)
        found.update({row: first[broken[text]] for row, text in texts.items() if text in broken})
    return found


@lru_cache(maxsize=1)
def _crowd(data: Data) -> _Crowd | None:
    pile = pile_up(longest_by_document(data.rows))
    if pile is None:
        return None
    # What still has the end of its prompt was not cut there. Texts may have been cut before that.
    lacking = {row for row, cue in odd_closings(data.rows).items() if cue}
    if crowd(longest_by_document(lacking), pile) and not crowd(
        longest_by_document(row for row in data.rows if row not in lacking), pile
    ):
        return _Crowd(pile, frozenset(lacking), True)
    return _Crowd(pile, frozenset(row for row in data.rows if asked_length(row) > pile.least), False)

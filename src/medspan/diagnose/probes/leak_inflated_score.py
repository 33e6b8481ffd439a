"""Documents of the scored part that stand in training: what the score is without them."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from medspan.core import Example
from medspan.diagnose.base import Cleared, Effect, Need, Probe, Said, Suspicion, Untold, register
from medspan.diagnose.case import Case
from medspan.diagnose.lab import Kind, Lab
from medspan.diagnose.rescoring import (
    KIND_NAMES,
    counts_of,
    data_path,
    f1,
    interval_in_words,
    shown,
    without,
)

if TYPE_CHECKING:
    from medspan.audit.data import Data, Part, Row

CAUSE = "leak-inflated-score"
NOTABLE = 0.05
"""Share of leaked documents from which on a score is not to be trusted."""
FEW = 3
"""Fewer leaked documents than this are a note, whatever share they are."""
MOST = 0.5
"""Share from which on the confidence grows no more."""
ROW, TEXT, NEAR, ARTICLE = (
    "with the same answer",
    "under another task or answer",
    "but for a few words",
    "of which another passage stands there",
)


@dataclass(frozen=True, slots=True)
class _Leak:
    """A scored document and how it stands in training: one of ROW, TEXT, NEAR, ARTICLE; where."""

    example: Example
    how: str
    where: str


@register
class LeakInflatedScore(Probe):
    """Scores the stored predictions without the documents that training holds.

    Confidence. A document leaks whose row, text (letter case and white space aside) or nearly whose text
    (5-word Jaccard 0.8) stands in training. From 3 leaked documents and 5% of the scored ones on: 0.6, which
    grows with their share to 0.88 at a half, since the files leave no doubt of the leak, whatever it did to
    the score; 0.95, confirmed, where F1 is surely lower without them (the interval excludes zero). 0.3 for
    fewer. Passages of articles of which training holds another passage: 0.45, and 0.7 where F1 is surely
    lower without them, since sentences of one article are no copies. Rows that came into the training file
    after the run (by split.json) do not count.
    """

    name: ClassVar[str] = "leak-inflated-score"
    hypothesis: ClassVar[str] = (
        "scored documents stand in the training part, so that the score measures memory"
    )
    causes: ClassVar[tuple[str, ...]] = (CAUSE,)
    needs: ClassVar[tuple[Need, ...]] = ("data", "predictions")
    cost: ClassVar[float] = 1.0

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        scored = [one for one in case.predictions if one.reference is not None]
        if not case.train:
            yield Untold(CAUSE, "no training data (--data)")
        elif not scored:
            yield Untold(CAUSE, "the stored predictions stand beside no reference")
        elif case.scored == "train":
            told = f"the scored part is the training part itself: all {len(scored)} documents were trained on"
            yield self._suspicion(case, _itself(scored), scored, (told,))
        else:
            train = trained_on(case)
            leaks = leaked(train, scored, case.scored)
            close = [one for one in leaks if one.how != ARTICLE]
            if len(close) < NOTABLE * len(scored) and len(leaks) > len(close):
                yield self._suspicion(case, leaks, scored, ())
            elif close:
                yield self._suspicion(case, close, scored, ())
            else:
                yield Cleared(
                    CAUSE,
                    (
                        f"none of the {len(scored)} scored documents, nor one nearly like it, stands among "
                        f"the {len(train)} rows of training",
                    ),
                )

    def _suspicion(
        self, case: Case, leaks: Sequence[_Leak], scored: Sequence[Example], first: tuple[str, ...]
    ) -> Suspicion:
        out = {id(one.example) for one in leaks}
        clean = [one for one in scored if id(one) not in out]
        seen = [one.example for one in leaks]
        effects = {kind: without(clean, seen, kind) for kind in KIND_NAMES}
        effect = max(effects.values(), key=_weight)
        evidence = [*(first or (_counted(leaks, len(scored), case.scored),))]
        evidence += [_scores(one, kind, seen) for kind, one in effects.items() if one.before is not None]
        if not clean:
            evidence.append(
                "no clean document is left: what the model would score on unseen ones is not known"
            )
        else:
            evidence.append(
                "leaked and clean documents are not the same ones, so part of a difference may be theirs"
            )
        if not first:
            evidence += [f"{one.example.id}: {one.where}" for one in leaks[:3]]
        drop = effect.sure and (effect.difference or 0.0) < 0
        confidence, confirmed = _confidence(leaks, len(scored), drop)
        return Suspicion(CAUSE, confidence, tuple(evidence), _remedy(case), effect, confirmed)


def _confidence(leaks: Sequence[_Leak], scored: int, drop: bool) -> tuple[float, bool]:
    share = len(leaks) / scored
    if len({one.example.document.text for one in leaks}) < FEW or share < NOTABLE:
        return 0.3, False
    if any(one.how == ARTICLE for one in leaks):
        return (0.7, True) if drop else (0.45, False)
    return (0.95, True) if drop else (0.6 + 0.28 * min(1.0, share / MOST), False)


def _weight(effect: Effect) -> tuple[bool, bool, float]:
    """Sure losses first, then the largest; undefined ones last."""
    difference = effect.difference
    return effect.sure and (difference or 0) < 0, effect.before is not None, abs(difference or 0.0)


def trained_on(case: Case) -> Sequence[Example]:
    """The training rows of now that the run was made with, by split.json; all of them where it does not say.

    Rows that were put into the file later have taught the model nothing.
    """
    from medspan.read.row_hash import row_hash

    stated = set((case.row_hashes or {}).get("train", ()))
    return [one for one in case.train if row_hash(one) in stated] or case.train


def leaked(train: Sequence[Example], scored: Sequence[Example], name: str) -> list[_Leak]:
    """The scored documents that stand in training in whole, nearly, or by another passage; in their order."""
    from medspan.audit.data import Data

    data = Data.of({"train": train, name: scored})
    by_name = {part.name: part for part in data.parts}
    # The parts' rows may carry another task (the types that are asked for), so leaks point at the examples.
    given = dict(zip(by_name[name].rows, scored, strict=True))
    return [
        _Leak(given[row], *found)
        for row, found in _found(data, by_name[name], by_name["train"])
        if found is not None
    ]


def _found(data: Data, later: Part, earlier: Part) -> Iterator[tuple[Row, tuple[str, str] | None]]:
    from medspan.audit.leaks import seen_documents, under_task
    from medspan.audit.targets import row_key

    rows = {row_key(row): row for row in reversed(earlier.rows)}
    seen = dict(seen_documents(later, earlier))
    unlike = [row for row in later.rows if row not in seen or seen[row].text_key != row.text_key]
    near = data.near_rows.nearest(unlike, earlier.rows)
    for row in later.rows:
        same, other = rows.get(row_key(row)), seen.get(row)
        if same is not None:
            yield row, (ROW, f"the same row as {same.place}")
        elif other is not None and other.text_key == row.text_key:
            yield row, (TEXT, f"the same text as {other.place}{under_task(row, other)}")
        elif row.text_key in near:
            one = near[row.text_key]
            yield row, (NEAR, f"nearly the text of {one.row.place}{under_task(row, one.row)}")
        elif other is not None:
            yield row, (ARTICLE, f"of the same article ({row.group}) as {other.place}")
        else:
            yield row, None


def _itself(scored: Sequence[Example]) -> list[_Leak]:
    return [_Leak(one, ROW, "the same row") for one in scored]


def _counted(leaks: Sequence[_Leak], of: int, part: str) -> str:
    kinds = Counter(one.how for one in leaks)
    told = ", ".join(f"{kinds[how]} {how}" for how in (ROW, TEXT, NEAR, ARTICLE) if kinds[how])
    return (
        f"{len(leaks)} of {of} scored documents ({len(leaks) / of:.1%} of {part}) stand in training: {told}"
    )


def _scores(effect: Effect, kind: Kind, seen: Sequence[Example]) -> str:
    known = f1(counts_of(seen, kind))
    return (
        f"{KIND_NAMES[kind]} F1: {shown(effect.before)} on all, {shown(known)} on leaked, "
        f"{shown(effect.after)} on clean documents (clean against all: {interval_in_words(effect)})"
    )


def _remedy(case: Case) -> str:
    if case.scored == "train":
        run = shlex.quote(str(case.folder))
        return f"score a part that was not trained on: medspan evaluate {run} --split test"
    return (
        f"cut the data anew by documents and train again: medspan split {data_path(case)} --out NEW "
        f"(--keep test leaves an official test part as it is); until then the F1 on clean documents counts"
    )

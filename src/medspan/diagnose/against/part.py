"""What the runs are scored on: other documents, or other references for the same ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from medspan.core import Example, ModelError
from medspan.diagnose.against.aspect import Aspect
from medspan.diagnose.against.trial import Comparer, Trial, helps, told
from medspan.diagnose.base import Effect
from medspan.diagnose.case import SAMPLE, sampled
from medspan.diagnose.lab import clearest_effect, effect_of
from medspan.diagnose.rescoring import KIND_NAMES, counts_of, difference_of, f1, without
from medspan.evaluate.outcome import KINDS

if TYPE_CHECKING:
    from medspan.diagnose.against.pair import Pair
    from medspan.diagnose.case import Case

NAME = "test part"
NOTABLE = 0.05
"""Share of GOOD's scored documents in its own training from which on its score is flattered."""
OTHER_SHARES = 0.1
"""Difference in a task's share of the scored documents from which on the parts are unlike."""


class TestPart(Comparer):
    """Scores RUN on the documents that both parts hold, or on GOOD's; with GOOD's references for the same."""

    __test__ = False
    name: ClassVar[str] = NAME
    place: ClassVar[int] = 3

    def compare(self, trial: Trial) -> Iterator[Aspect]:
        pair = trial.pair
        values: tuple[str | None, str | None]
        values = _told(pair.good.examples, pair.good.case), _told(pair.run.examples, pair.run.case)
        if not pair.run.examples or not pair.good.examples:
            lacking = "there are no predictions of " + ("RUN" if not pair.run.examples else "GOOD")
            yield Aspect(NAME, values, None, "not-testable", (lacking,))
            return
        other_labels = [(one, other) for one, other in pair.shared if _labels(one) != _labels(other)]
        if pair.same_part and not other_labels:
            count = len(pair.shared)
            told_same = f"the same {count} documents with the same references"
            yield Aspect(NAME, values, True, "cleared", (told_same,))
            return
        found = _relabelled(pair, len(other_labels)) if other_labels else _other_documents(trial)
        if found is None:
            lacking = "no document is in both parts, and RUN's model cannot be asked about GOOD's"
            yield Aspect(NAME, values, False, "not-testable", (lacking,))
            return
        effect, evidence = found
        # A part by itself explains no gap that RUN also has on the documents that both hold.
        separates = helps(effect) and (bool(other_labels) or not pair.shared or _alike_on_shared(pair))
        cause, why = _cause(pair, relabelled=bool(other_labels)) if separates else (None, ())
        yield Aspect(
            NAME,
            values,
            False,
            "separates" if separates else "cleared",
            (evidence, *why),
            True,
            effect,
            _closes(pair, effect),
            cause,
        )


def _relabelled(pair: Pair, count: int) -> tuple[Effect, str]:
    """RUN's stored answers with its own references and with GOOD's, on the shared documents."""
    own = [one for one, _ in pair.shared]
    with_good = [_with_labels(one, other) for one, other in pair.shared]
    effect = clearest_effect(own, with_good)
    return effect, (
        f"{count} of {len(pair.shared)} shared documents have other references; "
        + told("RUN's stored answers scored with GOOD's references", effect)
    )


def _with_labels(one: Example, other: Example) -> Example:
    from dataclasses import replace

    return replace(one, reference=other.reference)


def _labels(example: Example) -> Any:
    found = example.reference
    return None if found is None else (found.mentions, found.unaligned, found.relations)


def _other_documents(trial: Trial) -> tuple[Effect, str] | None:
    """RUN on its whole part and on the documents that GOOD was scored on."""
    pair = trial.pair
    own = {id(one) for one, _ in pair.shared}
    kept = [one for one in pair.run.examples if id(one) in own]
    left_out = [one for one in pair.run.examples if id(one) not in own]
    if kept and left_out:
        effect = _largest([without(kept, left_out, kind) for kind in KINDS])
        words = f"RUN's stored answers on the {len(kept)} documents that GOOD is scored on too"
        return effect, told(words, effect)
    if kept:
        effect = clearest_effect(kept, kept)
        return effect, f"GOOD is scored on all {len(kept)} documents of RUN and on others as well"
    if pair.run.problem is not None:
        return None
    documents = sampled(pair.good.case.reference or pair.good.examples, SAMPLE, pair.run.case.seed)
    try:
        answers = pair.run.lab.answers(trial.conditions or pair.run.asked, documents)
    except ModelError:
        return None
    effect = _largest([_unpaired(trial.answers, answers, kind) for kind in KINDS])
    words = (
        f"the parts share no document; RUN, {trial.mended_words}, on {len(answers)} documents of GOOD's part"
    )
    return effect, told(words, effect)


def _unpaired(before: Sequence[Example], after: Sequence[Example], kind: Any) -> Effect:
    scores = f1(counts_of(before, kind)), f1(counts_of(after, kind))
    # KIND_NAMES is typed by the literal kinds that KINDS holds.
    return Effect(
        f"{KIND_NAMES[kind]} F1 (text match)", scores[0], scores[1], difference_of(before, after, kind)
    )


def _largest(effects: Sequence[Effect]) -> Effect:
    return max(effects, key=lambda one: (one.sure, abs(one.difference or 0.0)))


def _alike_on_shared(pair: Pair) -> bool:
    """Whether RUN is not surely worse than GOOD on the documents that both hold."""
    own, other = ([one[place] for one in pair.shared] for place in range(2))
    return not any(
        (found.interval or (0.0, 0.0))[0] > 0 for found in (effect_of(own, other, kind) for kind in KINDS)
    )


def _closes(pair: Pair, effect: Effect) -> float | None:
    gap = pair.gap("relations" if effect.metric.startswith("relation") else "entities").difference
    if gap is None or gap <= 0 or effect.difference is None:
        return None
    return effect.difference / gap


def _cause(pair: Pair, *, relabelled: bool) -> tuple[str, tuple[str, ...]]:
    """Which cause stands for another part, and why."""
    if relabelled:
        return "data-changed", ()
    from medspan.diagnose.probes.leak_inflated_score import leaked

    good, run = pair.good.case, pair.run.case
    if good.train and good.scored != "train":
        leaks = leaked(good.train, good.reference or pair.good.examples, good.scored)
        share = len(leaks) / max(1, len(good.reference or pair.good.examples))
        if share >= NOTABLE:
            what = f"{share:.1%} of the documents that GOOD is scored on stand in its training"
            return "leak-inflated-score", (f"{what}: it is GOOD's F1 that is flattered",)
    shares = [
        _shares(one.reference or side) for one, side in ((good, pair.good.examples), (run, pair.run.examples))
    ]
    unlike = [
        f"{task or 'rows without a task'}: {shares[0].get(task, 0.0):.0%} of GOOD's part, "
        f"{shares[1].get(task, 0.0):.0%} of RUN's"
        for task in sorted({*shares[0], *shares[1]})
        if abs(shares[0].get(task, 0.0) - shares[1].get(task, 0.0)) >= OTHER_SHARES
    ]
    return ("split-imbalance", tuple(unlike)) if unlike else ("data-changed", ())


def _shares(examples: Sequence[Example]) -> dict[str, float]:
    counts = Counter(one.task or "" for one in examples)
    return {task: count / len(examples) for task, count in counts.items()}


def _told(examples: Sequence[Example], case: Case) -> str | None:
    return f"{case.scored}, {len(examples)} documents" if examples else None

"""The answers of then against those of now: which are identical, and whether the scores differ."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from medspan.core import Annotation, Example, Schema
from medspan.diagnose.reproduction.aspects import Aspect, State
from medspan.evaluate.comparison import Sampling, paired_test
from medspan.evaluate.comparison.significance import PairedTest
from medspan.evaluate.match import KINDS, Counts, How, Kind

TESTED: tuple[How, ...] = ("text", "strict")
"""The matches whose F1 is compared."""

SHOWN = 5
"""How many documents are named for each count."""

Tests = Mapping[tuple[How, Kind], PairedTest]


@dataclass(frozen=True, slots=True)
class Pair:
    """One document as it was then and as it is now, None on the side that does not have it."""

    then: Example | None
    now: Example | None

    @property
    def same_question(self) -> bool:
        """Whether both sides ask the same: equal text and task."""
        return (
            self.then is not None
            and self.now is not None
            and (self.then.document.text, self.then.task) == (self.now.document.text, self.now.task)
        )

    @property
    def same_reference(self) -> bool:
        return (
            self.then is not None
            and self.now is not None
            and _content(self.then.reference) == _content(self.now.reference)
        )

    @property
    def name(self) -> str:
        one = self.then or self.now
        assert one is not None
        return one.id if one.task is None else f"{one.id} ({one.task})"


@dataclass(frozen=True, slots=True)
class Answers:
    """How the documents answer now: `same` of `of` documents with the same question word by word.

    `differing`: the pairs that answer otherwise, of which `read_otherwise` were generated alike and read
    otherwise. `changed`, `gone`, `new`: names of documents with another text, without a partner now, and
    without one then; `relabelled`: the same text under another reference.
    """

    same: int
    of: int
    differing: tuple[Pair, ...]
    read_otherwise: int
    changed: tuple[str, ...]
    gone: tuple[str, ...]
    new: tuple[str, ...]
    relabelled: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether every document is there with the same question, reference and answer."""
        moved = (self.changed, self.gone, self.new, self.relabelled)
        return self.same == self.of and not any(moved)

    def to_json(self) -> dict[str, Any]:
        return {
            "identical": self.same,
            "of": self.of,
            "read_otherwise": self.read_otherwise,
            "differing": [
                {"document": one.name, "then": said(one.then), "now": said(one.now)}
                for one in self.differing[:SHOWN]
            ],
            **{
                name: {"count": len(names), "examples": list(names[:SHOWN])}
                for name, names in (
                    ("text_changed", self.changed),
                    ("gone", self.gone),
                    ("new", self.new),
                    ("reference_changed", self.relabelled),
                )
            },
        }


def pair_documents(then: Sequence[Example], now: Sequence[Example]) -> list[Pair]:
    """Documents of then with those of now, in the order of then, new ones last.

    Paired by id, task and text; what is left by task and text (ids were given anew), and last by id and
    task (the text was changed).
    """
    partner: dict[int, int] = {}
    left, right = list(range(len(then))), list(range(len(now)))
    keys: tuple[Callable[[Example], Hashable], ...] = (_whole, _question, _name)
    for key in keys:
        waiting: dict[Hashable, list[int]] = defaultdict(list)
        for place in reversed(right):
            waiting[key(now[place])].append(place)
        for place in left:
            found = waiting.get(key(then[place]))
            if found:
                partner[place] = found.pop()
        taken = set(partner.values())
        left = [place for place in left if place not in partner]
        right = [place for place in right if place not in taken]
    pairs = [Pair(one, now[partner[place]] if place in partner else None) for place, one in enumerate(then)]
    return [*pairs, *(Pair(None, now[place]) for place in right)]


def sampled(
    pairs: Sequence[Pair], batches: Sequence[Sequence[int]], size: int, seed: int
) -> list[list[Pair]]:
    """Whole batches of pairs, chosen by `seed` until they hold at least `size`; and what is gone, likewise.

    `batches` are indices among the pairs that have a side of now. A document's batch is kept whole,
    because rounding depends on what is computed together with it: on its own it may answer otherwise
    though nothing has moved. Documents that are gone are the last list, as many as their share.
    """
    here = [pair for pair in pairs if pair.now is not None]
    gone = [pair for pair in pairs if pair.now is None]
    chance = random.Random(seed)
    chosen: list[int] = []
    held = 0
    for number in chance.sample(range(len(batches)), len(batches)):
        if held < size:
            chosen.append(number)
            held += len(batches[number])
    some = chance.sample(range(len(gone)), round(len(gone) * held / len(here))) if here else range(len(gone))
    groups = [[here[index] for index in sorted(batches[number])] for number in sorted(chosen)]
    return [*groups, [gone[place] for place in sorted(some)]]


def answered(pairs: Sequence[Pair], predicted: Sequence[Example]) -> list[Pair]:
    """The pairs with the answers of now: `predicted` holds them for each pair that has a side of now."""
    answers = iter(predicted)
    return [pair if pair.now is None else replace(pair, now=next(answers)) for pair in pairs]


def compare_answers(pairs: Sequence[Pair]) -> Answers:
    """Which documents answer as they did. An answer is what was generated, and what was read in it."""
    asked = [pair for pair in pairs if pair.same_question]
    differing = [pair for pair in asked if not _same_answer(pair)]
    both = [pair for pair in pairs if pair.then is not None and pair.now is not None]
    return Answers(
        same=len(asked) - len(differing),
        of=len(asked),
        differing=tuple(differing),
        read_otherwise=sum(_same_text(pair) for pair in differing),
        changed=tuple(pair.name for pair in both if not pair.same_question),
        gone=tuple(pair.name for pair in pairs if pair.now is None),
        new=tuple(pair.name for pair in pairs if pair.then is None),
        relabelled=tuple(pair.name for pair in asked if not pair.same_reference),
    )


def compare_scores(
    pairs: Sequence[Pair], schema: Schema | None = None, sampling: Sampling | None = None
) -> dict[tuple[How, Kind], PairedTest]:
    """F1 of then and of now by match and kind, with the interval of now less then.

    A document that one side lacks counts nothing there, so both are the scores of the whole part as it
    was and as it is.
    """
    counts = [_counts([getattr(pair, side) for pair in pairs], schema) for side in ("then", "now")]
    groups = [(pair.then or pair.now).document.group for pair in pairs]  # type: ignore[union-attr]
    return {key: paired_test(counts[0][key], counts[1][key], sampling, groups) for key in counts[0]}


def compare_scoring(
    metrics: Mapping[str, Any], examples: Sequence[Example], schema: Schema | None = None
) -> Aspect:
    """The F1 that metrics.json holds of a part, against that of the stored predictions by the code here.

    A difference says that scores were made of other predictions, or by other rules, than they are here.
    """
    counts = _counts(examples, schema)
    stated_any, lines = False, []
    for (how, kind), rows in counts.items():
        stated = (((metrics.get("match") or {}).get(how) or {}).get(kind) or {}).get("micro") or {}
        if "f1" not in stated:
            continue
        right, spurious, missed = (sum(row[column] for row in rows) for column in range(3))
        whole = 2 * right + spurious + missed
        now = 2 * right / whole if whole else None
        stated_any = True
        same = now is stated["f1"] if None in (now, stated["f1"]) else abs(now - stated["f1"]) < 1e-9
        if not same:
            lines.append(f"{kind}, {how}: metrics.json {_decimals(stated['f1'])}, here {_decimals(now)}")
    if not stated_any:
        return Aspect("scoring", "unknown", "not stated", "not found out", "environment-changed", False)
    state: State = "moved" if lines else "same"
    shown = "other scores" if lines else "the same"
    return Aspect("scoring", state, "metrics.json", shown, "environment-changed", False, tuple(lines))


def moved_by_more_than_chance(test: PairedTest) -> bool:
    """Whether a score differs by more than its interval: zero lies outside.

    A score that is defined on one side only, or a difference without an interval, is no chance either.
    """
    one, other = test.f1
    if one is None or other is None:
        return one != other
    if not test.difference:
        return False
    return test.interval is None or not test.interval[0] <= 0 <= test.interval[1]


def said(example: Example | None) -> str | None:
    """An answer in words: as it was generated, or what was found."""
    if example is None or example.predicted is None:
        return None
    if example.raw is not None:
        return example.raw
    mentions = [f"{one.text}|{one.type}" for one in example.predicted.mentions]
    relations = [
        f"{_end(one.head)} --[{one.type}]--> {_end(one.tail)}" for one in example.predicted.relations
    ]
    return "; ".join([*mentions, *relations])


def _end(end: Any) -> str:
    return str(getattr(end, "text", None) or end.id)


def _same_answer(pair: Pair) -> bool:
    one, other = pair.then, pair.now
    assert one is not None
    assert other is not None
    return _same_text(pair) and _content(one.predicted) == _content(other.predicted)


def _same_text(pair: Pair) -> bool:
    """Whether the same was generated; nothing is, by a model that tags, and that is no difference."""
    one, other = pair.then, pair.now
    assert one is not None
    assert other is not None
    if one.raw is None and other.raw is None:
        return _content(one.predicted) == _content(other.predicted)
    return (one.raw, one.truncated) == (other.raw, other.truncated)


def _content(annotation: Annotation | None) -> Annotation | None:
    """What an annotation says, whoever made it; probabilities take no part in comparisons anyway."""
    return None if annotation is None else replace(annotation, made_by="")


def _counts(
    examples: Sequence[Example | None], schema: Schema | None
) -> dict[tuple[How, Kind], list[Counts]]:
    """(right, spurious, missed) of each document over all types; zeros for one that is not there."""
    from medspan.evaluate.counts import count_documents

    held = [one for one in examples if one is not None]
    rows = iter(count_documents(held, hows=TESTED, schema=schema) if held else ())
    counts: dict[tuple[How, Kind], list[Counts]] = {(how, kind): [] for kind in KINDS for how in TESTED}
    for example in examples:
        sums = {key: [0.0, 0.0, 0.0] for key in counts}
        for (how, kind, _), cell in next(rows).counts.items() if example is not None else ():
            for column, value in enumerate(cell):
                sums[how, kind][column] += value
        for key, (right, spurious, missed) in sums.items():
            counts[key].append((right, spurious, missed))
    return counts


def _decimals(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _whole(example: Example) -> Hashable:
    return example.id, example.task, example.document.text


def _question(example: Example) -> Hashable:
    return example.task, example.document.text


def _name(example: Example) -> Hashable:
    return example.id, example.task

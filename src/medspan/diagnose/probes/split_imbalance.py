"""Tasks and types that are scored and that training hardly has, or that choosing a checkpoint left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from medspan.core import Example
from medspan.diagnose.base import Cleared, Effect, Need, Probe, Said, Suspicion, Untold, register
from medspan.diagnose.case import Case
from medspan.diagnose.lab import Kind, Lab
from medspan.diagnose.labels import DISAGREE, ENOUGH, typed_otherwise
from medspan.diagnose.rescoring import (
    NOTHING,
    Counts,
    counts_of,
    data_path,
    interval_in_words,
    shown,
    summed,
    unit_of,
)

if TYPE_CHECKING:
    from medspan.audit.data import Data, Part

CAUSE = "split-imbalance"
HARDLY = 0.5
"""What makes up less than this share of its share among scored rows is hardly in training."""
SMALL = 0.25
GOOD = 0.8
FEW = 3
AUDITS = ("task-missing-from-split", "task-share-drift", "type-share-drift")


@dataclass(frozen=True, slots=True)
class _Starved:
    """A task (`kind` None) or a type that is scored and hardly trained.

    `train`, `scored`: rows that have it, of how many; of a type, among the rows of the task `task`.
    """

    name: str
    kind: Kind | None
    train: tuple[int, int]
    scored: tuple[int, int]
    task: str | None = None

    def __str__(self) -> str:
        what = "task" if self.kind is None else "entity type" if self.kind == "entities" else "relation type"
        within = f" of the task {self.task}" if self.task is not None else ""
        (held, rows), (asked, of) = self.train, self.scored
        return (
            f"{what} {self.name}{within}: {held} of {rows} training rows have it "
            f"({held / max(rows, 1):.1%}), {asked} of {of} scored ones ({asked / of:.1%})"
        )


@register
class SplitImbalance(Probe):
    """Shares of tasks and types in training and in the scored part, beside the scores of those that starve.

    A task or type starves if it makes up less than half its share of the scored rows, 5 points less at
    least, and not by chance (the audit's test of two proportions, p < 0.001 over all names); or if training
    has none of it, three scored rows or more do, and that is no chance either (p < 0.001). Both must hold of
    the distinct training rows, too, since rows that are repeated are not drawn one by one.

    Confidence. 0.88 where training has none of it and its F1 is surely below that of the rest (the interval
    of the difference excludes zero), 0.75 where it hardly has any. 0.7 where nothing is predicted yet, or
    nothing else is scored, so that there is no rest to compare with, it makes up less than a quarter of the
    training rows, and its F1 is below 0.8 even if the model is asked as in training; its share of the loss is
    then all that is lost so. 0.4 otherwise, and where the type is in training under another name: of the
    scored mentions whose string stands in training (10 or more) so many have another type there that with
    them it would not starve. A validation part that lacks tasks of training: 0.4, since which
    checkpoint it would have chosen is not known.
    """

    name: ClassVar[str] = "split-imbalance"
    hypothesis: ClassVar[str] = "training hardly holds a task or type that is scored"
    causes: ClassVar[tuple[str, ...]] = (CAUSE,)
    needs: ClassVar[tuple[Need, ...]] = ("data",)
    cost: ClassVar[float] = 0.8

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        if not case.train or case.scored == "train":
            yield Untold(CAUSE, "no training data (--data)" if not case.train else "another part than train")
            return
        data = _data(case)
        parts = {part.name: part for part in data.parts}
        train, scored = parts["train"], parts[case.scored]
        suspicions = [_judged(case, lab, one, scored) for one in _starved(train, scored)]
        blind = _blind(case, parts)
        if blind:
            suspicions.append(Suspicion(CAUSE, 0.4, (blind,), _remedy(case)))
        if not suspicions:
            yield Cleared(CAUSE, _shares(train, scored, case.scored))
            return
        worst = max(suspicions, key=lambda one: (one.confidence, one.share or 0.0))
        others = [line for one in suspicions if one is not worst for line in one.evidence]
        audit = tuple(f"{check}: {message}" for check, message in _audited(data, case.scored))
        yield Suspicion(
            CAUSE,
            worst.confidence,
            (*worst.evidence, *dict.fromkeys(others), *audit),
            worst.remedy,
            worst.effect,
            share=worst.share,
        )


def hungry(case: Case, scored: tuple[Example, ...]) -> bool:
    """Whether training hardly holds a task or type of these scored rows."""
    data = _data(replace(case, parts={**case.parts, case.scored: scored}, predictions=()))
    parts = {part.name: part for part in data.parts}
    train, other = parts["train"], parts[case.scored]
    return any(_renamed(one, case.train, scored) is None for one in _starved(train, other))


def _data(case: Case) -> Data:
    """Training, validation and the scored part, with what is predicted for the latter where there is any."""
    from medspan.audit.data import Data

    parts = {name: case.parts[name] for name in ("train", "validation") if case.parts.get(name)}
    return Data.of({**parts, case.scored: [*case.predictions] or [*case.reference]})


def _starved(train: Part, scored: Part) -> list[_Starved]:
    """What starves by all training rows and by the distinct ones, with its counts of all."""
    rows = {(row.task, row.text_key, row.reference): row for row in reversed(train.rows)}
    distinct = replace(train, rows=tuple(rows.values()))
    certain = {
        (one.name, one.kind, one.task) for one in (*_tasks(distinct, scored), *_types(distinct, scored))
    }
    found = (*_tasks(train, scored), *_types(train, scored))
    return [one for one in found if (one.name, one.kind, one.task) in certain]


def _renamed(one: _Starved, train: Sequence[Example], scored: Sequence[Example]) -> str | None:
    """Where an entity type is in training under another one; None where it is not."""
    if one.kind != "entities":
        return None
    told, unlike, others = typed_otherwise(train, scored, one.task, one.name)
    if told < ENOUGH or unlike < DISAGREE * told:
        return None
    # The rows that training would have, if as many of its mentions as of those strings were called so.
    (held, rows), (asked, of) = one.train, one.scored
    mended = min(1.0, held / rows / (1 - unlike / told)) if unlike < told else 1.0
    if mended < HARDLY * asked / of:
        return None
    return (
        f"{unlike:.0f} of {told} scored mentions of {one.name} whose string stands in training have another "
        f"type there ({', '.join(f'{name} {count}' for name, count in others.most_common(3))}); with its "
        f"mentions under one name about {mended:.0%} of the training rows would have it: not the split"
    )


def _tasks(train: Part, scored: Part) -> Iterator[_Starved]:
    here, there = (Counter(row.task for row in part.rows if row.task is not None) for part in (scored, train))
    for name in _hardly(here, len(scored), there, len(train)):
        yield _Starved(name, None, (there[name], len(train)), (here[name], len(scored)))


def _types(train: Part, scored: Part) -> Iterator[_Starved]:
    """Within each task, since shares of types follow those of tasks; a task that training lacks is told."""
    sizes = {part.name: Counter(row.task for row in part.rows) for part in (train, scored)}
    for kind in ("entities", "relations"):
        held = {part.name: _rows_by_type(part, kind) for part in (train, scored)}
        for task, here in sorted(held[scored.name].items(), key=lambda one: str(one[0])):
            rows, of = sizes[train.name][task], sizes[scored.name][task]
            there = held[train.name].get(task, Counter())
            for name in _hardly(here, of, there, rows):
                yield _Starved(name, kind, (there[name], rows), (here[name], of), task)


def _hardly(here: Mapping[str, int], size: int, there: Mapping[str, int], other: int) -> list[str]:
    from medspan.audit.shares import CERTAIN, drifts

    found = [one.name for one in drifts(here, size, there, other) if one.other < HARDLY * one.share]
    lacking = [
        name
        for name, rows in sorted(here.items())
        if not there.get(name) and rows >= FEW and other and (1 - rows / size) ** other < CERTAIN / len(here)
    ]
    return list(dict.fromkeys([*found, *lacking]))


def _rows_by_type(part: Part, kind: Kind) -> dict[str | None, Counter[str]]:
    found: dict[str | None, Counter[str]] = {}
    for row in part.rows:
        items: Iterable[str] = (
            (item.type for item in row.listed)
            if kind == "entities"
            else (one.type for one in row.reference.relations)
        )
        found.setdefault(row.task, Counter()).update(set(items))
    return found


def _judged(case: Case, lab: Lab, one: _Starved, scored: Part) -> Suspicion:
    examples = [row.example for row in scored.rows if row.example.predicted is not None]
    told = [str(one)]
    renamed = _renamed(one, case.train, [row.example for row in scored.rows])
    if renamed is not None:
        remedy = f"medspan audit {data_path(case)}; then give its mentions one type and train again"
        return Suspicion(CAUSE, 0.4, (*told, renamed), remedy)
    effect, weight = _effect(one, [example for example in examples if example.reference is not None])
    if effect is None:
        told.append("nothing is predicted for it yet, so what that does to the score is not known")
        return Suspicion(CAUSE, 0.7, tuple(told), _remedy(case))
    if effect.after is None:
        return _alone(case, lab, one, effect)
    told.append(
        f"its F1 is {shown(effect.before)}, that of the rest {shown(effect.after)} "
        f"({interval_in_words(effect)})"
    )
    if effect.sure and (effect.difference or 0.0) > 0:
        confidence = 0.75 if one.train[0] else 0.88
        return Suspicion(
            CAUSE, confidence, tuple(told), _remedy(case), effect, share=weight * (effect.difference or 0.0)
        )
    return Suspicion(CAUSE, 0.4, tuple(told), _remedy(case), effect)


def _alone(case: Case, lab: Lab, one: _Starved, effect: Effect) -> Suspicion:
    """Of what is all that is scored: what is lost even if the model is asked as in training."""
    reached, asked = effect.before, "stored answers"
    if lab.problem is None:
        again, _ = _effect(one, lab.answers(lab.mended))
        if again is not None and again.before is not None:
            reached, asked = again.before, "answers made as training asked"
    told = (
        str(one),
        f"its F1 is {shown(reached)} ({asked}); nothing else is scored, so there is no rest to compare with",
    )
    few = one.train[0] < SMALL * one.train[1]
    harm = reached is not None and reached < GOOD
    share = 1 - reached if few and harm and reached is not None else None
    return Suspicion(CAUSE, 0.7 if few and harm else 0.4, told, _remedy(case), effect, share=share)


def _effect(one: _Starved, examples: Sequence[Example]) -> tuple[Effect | None, float]:
    """F1 of what starves (before) against the rest (after), and its share of all that is scored.

    The rest of a type are the other types of its kind, in the same documents, which are drawn together.
    """
    from medspan.evaluate.comparison import Sampling, paired_test

    if not examples:
        return None, 0.0
    kinds: tuple[Kind, ...] = ("entities", "relations") if one.kind is None else (one.kind,)
    starved, rest = [NOTHING] * len(examples), [NOTHING] * len(examples)
    for kind in kinds:
        for place, pair in enumerate(_halves(one, examples, kind)):
            starved[place] = summed([starved[place], pair[0]])
            rest[place] = summed([rest[place], pair[1]])
    test = paired_test(starved, rest, Sampling(permutations=1), [unit_of(example) for example in examples])
    support = [sum(row[0] + row[2] for row in side) for side in (starved, rest)]
    what = "items" if one.kind is None else one.kind
    metric = f"F1 of {one.name}, and of the other {what} (text match)"
    return Effect(metric, *test.f1, test.interval), support[0] / (sum(support) or 1.0)


def _halves(one: _Starved, examples: Sequence[Example], kind: Kind) -> Iterator[tuple[Counts, Counts]]:
    if one.kind is None:
        for example, row in zip(examples, counts_of(examples, kind), strict=True):
            yield (row, NOTHING) if example.task == one.name else (NOTHING, row)
    else:
        own = counts_of(examples, kind, (one.name,))
        yield from zip(own, counts_of(examples, kind, (one.name,), others=True), strict=True)


def _blind(case: Case, parts: Mapping[str, Part]) -> str | None:
    """What the validation part does not ask for, of the tasks of training."""
    validation = parts.get("validation")
    if validation is None or case.scored == "validation":
        return None
    tasks = {
        name: {row.task for row in parts[name].rows if row.task is not None}
        for name in ("train", "validation")
    }
    missing = sorted(tasks["train"] - tasks["validation"])
    if not missing:
        return None
    return (
        f"validation ({len(validation)} rows) has no row of {', '.join(missing)}, so that checkpoints were "
        "chosen without regard to it"
    )


def _audited(data: Data, scored: str) -> Iterator[tuple[str, str]]:
    """What the audit says of the same parts."""
    from medspan.audit.base import all_checks

    checks = all_checks()
    for check in AUDITS:
        for finding in checks[check].run(data):
            if finding.split in ("train", "validation", scored) and finding.against in (None, "train"):
                yield check, finding.message


def _shares(train: Part, scored: Part, name: str) -> tuple[str, ...]:
    tasks = Counter(row.task for row in scored.rows if row.task is not None)
    types = {
        name
        for kind in ("entities", "relations")
        for one in _rows_by_type(scored, kind).values()
        for name in one
    }
    told = f"{len(tasks)} tasks and {len(types)} types" if tasks else f"{len(types)} types"
    return (f"all {told} of {name} make up like shares of the training rows, or nearly so",)


def _remedy(case: Case) -> str:
    return (
        f"share tasks and types out evenly and train again: medspan split {data_path(case)} --out NEW; with "
        "an official split, add training rows of what is missing"
    )

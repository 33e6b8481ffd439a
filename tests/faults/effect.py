"""What a fault costs: F1 of a case against the healthy run of its seed, on the same documents."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from medspan.core import Annotation, Example

from .cases import Case, Fault
from .decoding import by_own_script
from .injector import REGISTER
from .making import how_of, make_case, test_part

KINDS = ("entities", "relations")
Cell = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Loss:
    """F1 (text match) of the healthy run and of the case, and the 95% interval of the difference.

    None where a score is undefined; the interval is negative where the case is worse.
    """

    before: float | None
    after: float | None
    interval: tuple[float, float] | None
    documents: int

    @property
    def proven(self) -> bool:
        """Whether the interval of the loss excludes zero."""
        return self.interval is not None and self.interval[1] < 0

    def to_json(self) -> dict[str, Any]:
        return {
            "before": self.before,
            "after": self.after,
            "interval": None if self.interval is None else list(self.interval),
            "documents": self.documents,
            "proven": self.proven,
        }


def losses(healthy: Sequence[Example], case: Sequence[Example]) -> dict[str, Loss]:
    """The loss of each kind of item, over the texts that both have.

    A case whose test part asks for one kind only is compared in that kind. Where the case has predicted
    nothing at all and F1 counts as 0, the difference is still one: its counts are all missed items.
    """
    from medspan.evaluate.comparison.significance import paired_test

    before, after = _counts(healthy), _counts(case)
    shared = [text for text in before if text in after]
    found = {}
    for kind in KINDS:
        rows = [(before[text].get(kind, (0, 0, 0)), after[text].get(kind, (0, 0, 0))) for text in shared]
        asked = [row for row in rows if any(row[1][::2]) or not _one_kind(case, kind)]
        test = paired_test([row[0] for row in asked], [row[1] for row in asked])
        found[kind] = Loss(test.f1[0], test.f1[1], test.interval, len(asked))
    return found


def counts(causes: Iterable[str], loss: Mapping[str, Loss]) -> bool:
    """Whether a case is a fault at all: it costs F1 for certain, or it hides the truth otherwise."""
    return any(one.proven for one in loss.values()) or any(REGISTER[id].hides for id in causes)


def answers_of(other: Case, run: Path, root: Path) -> list[Example]:
    """What another case of the same seed answers; asked anew where `run` tests on other texts."""
    beside = make_case(other, root).run
    found, asked = stored(beside), test_part(run)
    if {one.document.text for one in found} & {one.document.text for one in asked}:
        return found
    return by_own_script(beside, asked, how_of(other))


def pair_counts(case: Case, run: Path, root: Path) -> bool:
    """Whether each fault of a pair is one beside the other: the pair is surely worse than the other alone."""
    # In a place of its own: the same single fault may be a case that is made and removed beside this one.
    beside = root / "beside" / case.name
    beside.mkdir(parents=True, exist_ok=True)
    if not (beside / "trained").is_symlink():
        (beside / "trained").symlink_to((root / "trained").resolve())
    try:
        return all(
            counts((fault.id,), losses(answers_of(_without(case, fault), run, beside), stored(run)))
            for fault in case.faults
            if not REGISTER[fault.id].hides
        )
    finally:
        shutil.rmtree(beside)


def _without(case: Case, fault: Fault) -> Case:
    return replace(case, faults=tuple(one for one in case.faults if one != fault))


def stored(run: Path) -> list[Example]:
    """The stored predictions of a run's test part, with the references of its data as they are now.

    A run that has none, as after a training that broke off, has found nothing.
    """
    from medspan.read import load

    path = run / "predictions" / "test.jsonl"
    answers = load(path, format="medspan").examples if path.is_file() else ()
    found = {one.id: one for one in answers}
    return [
        example.with_prediction(
            answer.predicted or Annotation() if answer else Annotation(),
            answer.raw if answer else None,
            answer.truncated if answer else False,
        )
        for example in test_part(run)
        for answer in [found.get(example.id)]
    ]


def _one_kind(case: Sequence[Example], kind: str) -> bool:
    """Whether no document of the case has a reference of this kind: it is not asked for there."""
    attribute = "mentions" if kind == "entities" else "relations"
    return not any(getattr(one.reference, attribute) for one in case if one.reference is not None)


def _counts(examples: Sequence[Example]) -> dict[str, dict[str, Cell]]:
    """True positives, false positives and false negatives by text and kind, over types and tasks."""
    from medspan.evaluate import evaluate

    scored = evaluate(examples, bootstrap_samples=0, allow_empty=True)
    texts = {one.id: one.document.text for one in examples}
    found: dict[str, dict[str, Cell]] = {}
    for row in scored.per_document:
        of_text = found.setdefault(texts[row.id], {})
        for (how, kind, _), cell in row.counts.items():
            if how == "text":
                before = of_text.get(kind, (0, 0, 0))
                of_text[kind] = (before[0] + cell[0], before[1] + cell[1], before[2] + cell[2])
    return found

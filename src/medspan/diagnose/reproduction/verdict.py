"""Whether a run comes out the same, and if not, which part moved."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import Any, Literal

from medspan.diagnose.reproduction.answers import Answers, Tests, moved_by_more_than_chance
from medspan.diagnose.reproduction.aspects import Aspect
from medspan.diagnose.reproduction.training import Retrained

Verdict = Literal["same", "same-score", "differs"]

NOTHING_MOVED = "nothing that the record states has moved"

ORDER = (
    "adapter",
    "base model",
    "tokenizer",
    "format card",
    "decoding",
    "data",
    "packages",
    "code",
    "dtype",
    "device",
    "hardware",
)
"""In which order parts that moved are named: what decides an answer before what rounds it."""

_REMEDIES = {
    "adapter": "put the adapter that made the predictions back",
    "base model": "name the base model of the training: --base-model PATH",
    "tokenizer": "name the base model of the training, with its own tokenizer: --base-model PATH",
    "format card": "restore adapter/format.json from a checkpoint, whose card is that of the training",
    "decoding": "decode with the options that are meant: medspan evaluate {run} --again KEY=VALUE",
    "data": "restore the data files",
    "packages": "install the versions that are stated",
    "code": "install the medspan that made the run",
    "dtype": "compute in the precision of the run",
    "device": "compute where the run did: --device D",
    "hardware": "compute on the machine of the run",
}
_AFRESH = "; or, if the new state is meant, make new predictions: medspan evaluate {run} --again"
_NEEDED = ("base model", "tokenizer", "decoding")
"""Parts whose remedy has no alternative: without them nothing can be extracted, or it says it itself."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Documents that answered otherwise, asked once more under the record's own decoding options.

    `agree` of `of` then gave the stored answer.
    """

    agree: int
    of: int

    def to_json(self) -> dict[str, Any]:
        return {"agree": self.agree, "of": self.of}


@dataclass(frozen=True, slots=True)
class Explanation:
    """A part that moved and may be why the run comes out otherwise, with the evidence and what to do."""

    part: str
    cause: str | None
    evidence: tuple[str, ...]
    remedy: str

    def to_json(self) -> dict[str, Any]:
        return {
            "part": self.part,
            "cause": self.cause,
            "evidence": list(self.evidence),
            "remedy": self.remedy,
        }


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What came of running an evaluation or a training again.

    `answers` and `tests` are None where nothing was decoded; `stopped` then says why. `training`: what
    came of a training. `origin`: the checkpoint that the stored predictions were made by, where it is
    not the adapter. `documents`: those compared, `sampled_of` the part's where it was a sample.
    """

    run: str
    part: str | None
    aspects: tuple[Aspect, ...]
    answers: Answers | None = None
    tests: Tests = field(default_factory=dict)
    training: Retrained | None = None
    trial: Trial | None = None
    origin: str | None = None
    stopped: str | None = None
    documents: int = 0
    sampled_of: int | None = None

    @property
    def verdict(self) -> Verdict:
        """`same`: equal answers, of a training equal weights. `same-score`: F1 within its interval."""
        if self.stopped:
            return "differs"
        if self.training is not None and self.training.same:
            return "same"
        if self.answers is None:
            # Without predictions there is no interval: equal scores are equal, and others are not.
            return "same-score" if self.training is not None and self.training.same_scores else "differs"
        if self.training is None and self.answers.whole:
            return "same"
        return "differs" if self.moved_scores else "same-score"

    @property
    def moved_scores(self) -> list[str]:
        """The scores that differ by more than their interval, as `entities, text`."""
        return [
            f"{kind}, {how}" for (how, kind), test in self.tests.items() if moved_by_more_than_chance(test)
        ]

    @property
    def moved(self) -> tuple[Aspect, ...]:
        """What moved among that which matters."""
        return tuple(one for one in self.aspects if one.moved and one.matters)

    @property
    def explanations(self) -> tuple[Explanation, ...]:
        """The parts that may be why, likeliest first; none where the run comes out the same."""
        if self.verdict == "same":
            return ()
        excluded = self.excluded
        found = [one for one in self.moved if one.name not in excluded]
        rank = {name: place for place, name in enumerate(ORDER)}
        found.sort(key=lambda one: (not self._confirmed(one), rank.get(_kind(one), len(ORDER))))
        return tuple(
            Explanation(one.name, one.cause, (*one.details, *self._evidence(one)), self._remedy(one))
            for one in found
        )

    @property
    def excluded(self) -> dict[str, str]:
        """Parts that moved and are not why, each with the reason."""
        if self.answers is None or self.training is not None or not self.answers.of:
            return {}
        if self.answers.same < self.answers.of:
            if self.answers.changed or self.answers.gone or self.answers.new or self.answers.relabelled:
                return {}
            return {
                one.name: "every document compared has the text and the reference that it had"
                for one in self.moved
                if _kind(one) == "data"
            }
        reason = f"the answers to all {self.answers.of} documents with the text of then are identical"
        return {one.name: reason for one in self.moved if _kind(one) != "data"}

    def _confirmed(self, aspect: Aspect) -> bool:
        if aspect.name == "decoding":
            return self.trial is not None and self.trial.agree == self.trial.of
        if aspect.name in ("base model", "tokenizer"):
            return self.stopped is not None
        return aspect.name == "adapter" and self.origin is not None

    def _evidence(self, aspect: Aspect) -> list[str]:
        """What the comparison itself says of a part that moved."""
        lines = []
        if aspect.name == "adapter":
            lines.append(
                f"the stored predictions name adapter {aspect.then}, and the run holds {aspect.now}"
                + (f"; {self.origin} is the one that is named" if self.origin else "")
            )
        if aspect.name == "decoding" and self.trial is not None:
            lines.append(
                f"under the recorded options {self.trial.agree} of {self.trial.of} documents that answer "
                "otherwise give the stored answer"
            )
        if _kind(aspect) == "data" and self.answers is not None:
            lines += _of_documents(self.answers)
        if aspect.name == "code" and self.answers is not None and self.answers.read_otherwise:
            lines.append(
                f"{self.answers.read_otherwise} answers were generated alike and are read otherwise: the "
                "reading of answers changed (parser-mismatch)"
            )
        if not lines and not aspect.details:
            lines.append(f"{aspect.name}: {aspect.then}, now {aspect.now}")
        return lines

    def _remedy(self, aspect: Aspect) -> str:
        own = _REMEDIES[_kind(aspect)]
        if self.training is None and _kind(aspect) not in _NEEDED:
            own += _AFRESH
        return own.format(run=shlex.quote(self.run))

    def to_json(self) -> dict[str, Any]:
        tests: dict[str, dict[str, Any]] = {}
        for (how, kind), test in self.tests.items():
            tests.setdefault(how, {})[kind] = test.to_json()
        return {
            "verdict": self.verdict,
            "split": self.part,
            "documents": self.documents,
            "sampled_of": self.sampled_of,
            "stated": [one.to_json() for one in self.aspects],
            "answers": None if self.answers is None else self.answers.to_json(),
            "scores": tests or None,
            "training": None if self.training is None else self.training.to_json(),
            "moved": [one.name for one in self.moved],
            "explanations": [one.to_json() for one in self.explanations],
            "excluded": dict(self.excluded) if self.verdict != "same" else {},
            "trial": None if self.trial is None else self.trial.to_json(),
            "stopped": self.stopped,
        }


def sentence(found: Reproduction) -> str:
    """The verdict in words."""
    if found.stopped:
        return f"differs: {found.stopped}"
    if found.verdict == "same":
        if found.training is not None:
            return "same: the adapter comes out equal, byte for byte"
        assert found.answers is not None
        return f"same: all {found.answers.of} answers are identical"
    what = []
    if found.training is not None:
        there = found.training.weights is not None
        what.append("the adapter comes out otherwise" if there else "one of the runs has no adapter")
    if found.answers is not None:
        what.append(f"{found.answers.same} of {found.answers.of} answers are identical")
    if found.verdict == "same-score" and found.answers is None:
        return f"same-score: {'; '.join(what)}; every validation score is equal"
    if found.verdict == "same-score":
        return f"same-score: {'; '.join(what)}; every F1 differs by less than its interval"
    if found.answers is None:
        scored = found.training is not None and found.training.scores
        ending = "validation scores differ" if scored else "there are no validation scores"
        return f"differs: {'; '.join(what)}, and {ending}"
    return f"differs: {'; '.join(what)}; F1 moved by more than chance ({'; '.join(found.moved_scores)})"


def why(found: Reproduction) -> list[str]:
    """Lines that say which part moved, or that none did."""
    if found.verdict == "same":
        return []
    lines = []
    for place, one in enumerate(found.explanations, start=1):
        cause = f" ({one.cause})" if one.cause else ""
        lines.append(f"{place}. {one.part}{cause}: {'; '.join(one.evidence)}")
        lines.append(f"   What to do: {one.remedy}")
    if not lines:
        unknown = [one.name for one in found.aspects if one.state == "unknown" and one.matters]
        lines.append(NOTHING_MOVED + (f"; not known: {', '.join(unknown)}" if unknown else ""))
    lines += [f"Not why: {name}, because {reason}" for name, reason in found.excluded.items()]
    return lines


def _of_documents(answers: Answers) -> list[str]:
    found = {
        "have another text": answers.changed,
        "have another reference": answers.relabelled,
        "are gone": answers.gone,
        "are new": answers.new,
    }
    told = ", ".join(f"{len(names)} {what}" for what, names in found.items() if names)
    return [f"of the documents compared {told}"] if told else []


def _kind(aspect: Aspect) -> str:
    return aspect.name.partition(":")[0]

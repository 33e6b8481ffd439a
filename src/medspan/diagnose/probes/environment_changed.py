"""Packages, hardware and code of then and of now, and whether the answers move with them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from medspan.diagnose.base import Cleared, Effect, Need, Probe, Said, Suspicion, Untold, register
from medspan.diagnose.case import Case
from medspan.diagnose.explanation import EXPLAINED
from medspan.diagnose.lab import Lab
from medspan.diagnose.rescoring import interval_in_words, shown
from medspan.diagnose.without_model import in_short

if TYPE_CHECKING:
    from medspan.core import Example

CAUSE = "environment-changed"
LOW = 0.9
"""Share of the stored tokens below which rounding does not explain what decoding here chooses otherwise."""
SAME = 0.9
"""Share of answers that come out letter by letter, from which on the rest is taken for rounding."""
TOLD = ("packages", "code", "hardware")
COMPUTE = ("torch:", "transformers:", "peft:", "tokenizers:", "llguidance:", "gpus:")
"""What decides an answer: the code of medspan and the number of threads change with every day."""


@register
class EnvironmentChanged(Probe):
    """Compares what the record says of packages, hardware and code, and decodes again under its conditions.

    Confidence. Nothing is said of what merely differs: where decoding here chooses 98.5% of the stored
    tokens, or gives 9 of 10 stored answers letter by letter, the cause is cleared, with the list of what
    differs. Else 0.85, confirmed, where the F1 of the answers made here surely differs from that of the
    stored ones, though every known fault of decoding that fits was put on; 0.55 where less than 90% of the
    tokens are explained and F1 does not surely differ; 0.3 in between. 0.4 at most where no package or device
    that computes differs, but medspan's own code, the processor or the like. 0.3 at most where the adapter is
    not the one that made the stored answers, or the data is another: then that explains it as well. Answers
    that are none of this model's are a sign of another base model too, which a named change here explains.
    """

    name: ClassVar[str] = "environment-changed"
    hypothesis: ClassVar[str] = (
        "other packages, hardware or code give other answers than those that are stored"
    )
    causes: ClassVar[tuple[str, ...]] = (CAUSE,)
    needs: ClassVar[tuple[Need, ...]] = ("record",)
    cost: ClassVar[float] = 28.0

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        known, differing = differences(case)
        if not known:
            yield Untold(CAUSE, "packages, hardware and code in record.json")
            return
        if not differing:
            yield Cleared(CAUSE, (f"{', '.join(known)}: as recorded",))
            return
        lacking = case.lacks(("texts",)) or lab.problem
        if lacking is not None:
            yield Untold(
                CAUSE, f"{in_short(lacking)}, to see whether answers move with {_in_short(differing)}"
            )
            return
        found = lab.explanation
        if found.temperature is not None:
            yield Untold(
                CAUSE, "greedy answers: those that are drawn by lot come out again in no environment"
            )
            return
        share = found.final or 0.0
        if share >= EXPLAINED:
            told = f"the stored answers come out again: decoding here chooses {share:.1%} of their tokens"
            yield Cleared(CAUSE, (told, *differing))
            return
        yield self._decoded(case, lab, differing, share)

    def _decoded(self, case: Case, lab: Lab, differing: Sequence[str], share: float) -> Said:
        stated = (case.made or {}).get("decoding") or {}
        kept = {name: stated[name] for name in ("grammar", "max_new_tokens") if stated.get(name) is not None}
        conditions = lab.explanation.conditions.decoding(**kept)
        stored = [one for one in lab.stored if one.raw is not None]
        again = lab.answers(conditions, stored)
        same = sum(_said(one) == _said(other) for one, other in zip(stored, again, strict=True))
        told = f"{same} of {len(stored)} stored answers come out again, {share:.1%} of their tokens"
        if same >= SAME * len(stored):
            return Cleared(CAUSE, (told, *differing))
        effect = lab.effect(stored, again)
        elsewhere = _elsewhere(case)
        evidence = (told, _moved(effect), *elsewhere, *differing)
        if elsewhere or (not effect.sure and share >= LOW):
            return Suspicion(CAUSE, 0.3, evidence, _remedy(case), effect)
        if not any(name in line for name in COMPUTE for line in differing):
            return Suspicion(CAUSE, 0.4, evidence, _remedy(case), effect)
        return Suspicion(
            CAUSE,
            0.85 if effect.sure else 0.55,
            evidence,
            _remedy(case),
            effect,
            effect.sure,
            explains=("wrong-base-model", "precision-mismatch"),
        )


def differences(case: Case) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the record says of the environment, by name, and what of it is otherwise here, a line each."""
    from medspan.core.run_record import code_hash, installed_packages
    from medspan.diagnose.reproduction import Here, Stated, compare_stated
    from medspan.models import hardware

    here = Here(packages=installed_packages(), hardware=hardware(), code=code_hash())
    aspects = compare_stated(Stated(case.record or {}, made=case.made), here, "evaluation", case.scored)
    told = [one for one in aspects if one.name in TOLD and one.state != "unknown"]
    lines = (
        f"{one.name}: {'; '.join(one.details) or f'{one.then} then, {one.now} now'}"
        for one in told
        if one.moved
    )
    return tuple(one.name for one in told), tuple(lines)


def _in_short(differing: Sequence[str]) -> str:
    return " ".join("; ".join(differing).split())


def _said(example: Example) -> str:
    return (example.raw or "").strip()


def _moved(effect: Effect) -> str:
    return (
        f"{effect.metric}: {shown(effect.before)} of the stored answers, {shown(effect.after)} of those made "
        f"here under the same conditions ({interval_in_words(effect)})"
    )


def _elsewhere(case: Case) -> tuple[str, ...]:
    """What else than the environment explains that other answers come out."""
    from medspan.models.hashes import adapter_hash

    found = []
    if case.refusal is not None:
        found.append(f"the data is not what the stored answers were made for: {case.refusal}")
    then = (case.made or {}).get("adapter_sha256")
    if then is not None and case.adapter is not None and then != adapter_hash(case.adapter):
        found.append("the adapter is not the one that made the stored answers")
    return tuple(found)


def _remedy(case: Case) -> str:
    from medspan.core.run_record import installed_packages

    here = installed_packages()
    packages: Mapping[str, str] = (case.made or {}).get("packages") or (case.record or {}).get("packages", {})
    wanted = [
        f"{name}=={version}"
        for name, version in packages.items()
        if name not in ("python", "platform", "medspan") and here.get(name) != version
    ]
    install = f"pip install {' '.join(wanted)}" if wanted else "go to the machine of then"
    run = shlex.quote(str(case.folder))
    return (
        f"{install}, then medspan reproduce {run}; or keep to what is made here: "
        f"medspan evaluate {run} --split {shlex.quote(case.scored)} --again"
    )

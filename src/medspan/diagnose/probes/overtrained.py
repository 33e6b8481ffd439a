"""An earlier checkpoint does better than the one in use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from medspan.core import Example
from medspan.diagnose.base import Cleared, Effect, Need, Probe, Said, Suspicion, Untold, register, said_of
from medspan.diagnose.case import Case, sampled
from medspan.diagnose.diagnosis import NAMED
from medspan.diagnose.lab import Lab
from medspan.diagnose.learnt import learnt, risen
from medspan.evaluate import quick_scores
from medspan.evaluate.curves import Curves, judge
from medspan.evaluate.curves.best import POINT
from medspan.evaluate.curves.carrier import Series, at_step, finite

CAUSE = "overtrained"
CHOOSING = 24
"""Documents by which a checkpoint is chosen."""
TRIED = 3
BETTER = 0.02
"""F1 by which another checkpoint must be better where it is chosen, so that it is worth a second look."""
CLEARLY = 0.05
"""F1 by checkpoint that is clearly better earlier, whatever its noise."""
RISE = 0.5
"""Rise of the validation loss after its minimum, as a share of it, that is more than growing sureness."""
CURVES = 0.65
"""Confidence where F1 by checkpoint fell and the validation loss rose before the checkpoint in use."""
SPENT, WORSENED, LOW = 0.02, 1.0, 0.75
"""Share of its first value at which a training loss says nothing new; rise of the validation loss meanwhile,
as a share of its lowest value; and entity F1 below which something is wrong."""
OTHER_ROWS = 10
"""How many times the logged loss rows of the training part cost where the training's end saw few of them."""
GAP = 1.5
"""Loss of scored answers as a multiple of that of training ones, up to which nothing is overtrained: 1.05 and
1.4 in healthy runs (135M, synthetic notes) of one epoch."""

Checkpoint = tuple[int, Path]


@register
class Overtrained(Probe):
    """Decodes a sample with earlier checkpoints, or reads F1 by checkpoint where none is kept.

    The training's own F1 by checkpoint comes first: where it is best at the one in use, that is cleared
    without a decoding. Else up to `TRIED` earlier checkpoints answer `CHOOSING` documents of the validation
    part (half of the sample where there is no other part), the best one then the scored sample. 0.95
    (confirmed) where that surely raises F1; 0.4 where it was better by `BETTER` where it was chosen, and not
    surely on the scored part, 0.65 there if the log says so twice, by F1 and by the validation loss. Without
    kept checkpoints: 0.75 where F1 by checkpoint was better by `CLEARLY` earlier than at the one in use;
    0.55 where F1 was not logged and the validation loss rose by more than `RISE` before it. A smaller rise
    is a note: F1 often goes on rising while that loss does. Where no earlier checkpoint is better: 0.6 if
    entity F1 is low, the logged training loss came to `SPENT` of its first value while the validation loss
    doubled, and rows of the training part cost far more than the log says, so that the training's end went
    over a few of them. Where nothing was logged or kept, it is cleared
    if scored rows cost at most `GAP` times what training rows do.
    """

    name: ClassVar[str] = "overtrained"
    hypothesis: ClassVar[str] = "an earlier checkpoint is better than the one in use"
    causes: ClassVar[tuple[str, ...]] = (CAUSE,)
    needs: ClassVar[tuple[Need, ...]] = ("adapter",)
    cost: ClassVar[float] = 29.0

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        said = self._said(case, lab)
        few = _by_few_rows(case, lab, said) if isinstance(said, Cleared) else None
        yield few or said

    def _said(self, case: Case, lab: Lab) -> Said:
        step = step_in_use(case)
        f1 = () if case.curves is None else finite(case.curves.headline)
        best = _best_by_log(f1, step)
        if best is not None and step is not None and best[0] >= step:
            told = f"of {len(f1)} checkpoints with a logged F1, that of step {step}, which is in use, is "
            return Cleared(CAUSE, (f"{told}the best ({best[1]:.3f})",))
        earlier = _earlier(case, step, None if best is None else best[0])
        if earlier and lab.problem is None and not case.tags and case.reference:
            return self._by_decoding(case, lab, step, earlier, _both_curves(case, step, f1))
        said = _by_log(case, step, f1)
        return _by_gap(case, lab, said) if isinstance(said, Untold) else said

    @staticmethod
    def _by_decoding(
        case: Case, lab: Lab, step: int | None, earlier: Sequence[Checkpoint], curves: tuple[str, ...]
    ) -> Said:
        chosen_on, reported_on, part = _samples(case)
        now = lab.mended
        scores = {
            number: _mean_f1(lab.answers(now.but(adapter=folder), chosen_on)) for number, folder in earlier
        }
        own = _mean_f1(lab.answers(now, chosen_on))
        number, folder = max(earlier, key=lambda one: (scores[one[0]], -one[0]))
        named = "in use" if step is None else f"in use (step {step})"
        told = (
            f"mean F1 on {len(chosen_on)} documents of {part}: {own:.3f} with the checkpoint {named}, "
            + ", ".join(f"{scores[one]:.3f} with that of step {one}" for one in sorted(scores))
        )
        if scores[number] < own + BETTER:
            return Cleared(CAUSE, (told,))
        effect = lab.effect(lab.answers(now, reported_on), lab.answers(now.but(adapter=folder), reported_on))
        better = (effect.difference or 0.0) > 0
        sure = effect.sure and better
        said = f"on other documents, with the checkpoint of step {number}: {said_of(effect)}"
        remedy = f"use the checkpoint {folder}, or train for fewer epochs"
        confidence = 0.95 if sure else CURVES if curves and better else 0.4
        return Suspicion(CAUSE, confidence, (told, said, *curves), remedy, effect, sure)


def step_in_use(case: Case) -> int | None:
    """The step of the checkpoint that the adapter is: by its file, else as the record states."""
    from medspan.models.hashes import sha256_of_file

    if case.adapter is not None and case.checkpoints:
        own = case.adapter / "adapter_model.safetensors"
        if own.is_file():
            wanted = sha256_of_file(own)
            for step, folder in case.checkpoints:
                other = folder / own.name
                if other.is_file() and sha256_of_file(other) == wanted:
                    return step
    trained: dict[str, Any] = (case.record or {}).get("trained") or {}
    stated = trained.get("best_step")
    if isinstance(stated, int):
        return stated
    # Other trainers save the last state as the adapter, unless they load the best one at the end.
    curves = case.curves
    return None if curves is None else curves.chosen_step or curves.last_step or None


def _best_by_log(f1: Series, step: int | None) -> tuple[int, float] | None:
    """Step and F1 of the best checkpoint, a later one of equals; None where fewer than two are logged."""
    if len(f1) < 2 or step is None or at_step(f1, step) is None:
        return None
    best = max(f1, key=lambda point: (point.value, point.step))
    own = at_step(f1, step)
    assert own is not None
    return (step, own) if best.value - own < POINT else (best.step, best.value)


def _earlier(case: Case, step: int | None, best: int | None) -> list[Checkpoint]:
    """Checkpoints before the one in use: the best one by the log, and others evenly over the training."""
    known = [one for one in case.checkpoints if step is not None and one[0] < step]
    known = [one for one in known if (one[1] / "adapter_model.safetensors").is_file()]
    if len(known) <= TRIED:
        return known
    chosen = [one for one in known if one[0] == best]
    spread = [known[round(place * (len(known) - 1) / (TRIED - 1))] for place in range(TRIED)]
    return (
        sorted(dict.fromkeys([*chosen, *spread]))[:TRIED]
        if not chosen
        else sorted(dict.fromkeys([*chosen, *spread[: TRIED - 1]]))
    )


def _samples(case: Case) -> tuple[list[Example], list[Example], str]:
    """Documents to choose by, documents to report on, and the name of the part of the former."""
    scored = [one for one in case.sample if one.reference is not None]
    validation = () if case.scored == "validation" else case.parts.get("validation", ())
    known = tuple(one for one in validation if one.reference is not None)
    if known:
        return list(sampled(known, CHOOSING, case.seed)), scored, "validation"
    return scored[::2], scored[1::2], f"{case.scored}, every second one"


def _mean_f1(answers: Sequence[Example]) -> float:
    values = [one for one in quick_scores(answers)["all"].values() if one is not None]
    return sum(values) / len(values) if values else 0.0


def _both_curves(case: Case, step: int | None, f1: Series) -> tuple[str, ...]:
    """That F1 by checkpoint fell and the validation loss rose before the one in use; empty without both."""
    if case.curves is None or step is None:
        return ()
    said = [_by_log(case, step, f1), _by_loss(case.curves, step)]
    named = [one for one in said if isinstance(one, Suspicion) and one.confidence >= NAMED]
    return tuple(line for one in named for line in one.evidence) if len(named) == len(said) else ()


def _by_log(case: Case, step: int | None, f1: Series) -> Said:
    """What F1 by checkpoint and the validation loss say, where no earlier checkpoint can be asked."""
    curves = case.curves
    if curves is None or step is None:
        return Untold(CAUSE, "neither earlier checkpoints nor a log of the training")
    own = at_step(f1, step)
    if own is not None and len(f1) > 1:
        best = max(f1, key=lambda point: (point.value, -point.step))
        if best.step < step and best.value - own >= CLEARLY:
            effect = Effect("F1 by checkpoint, as logged", own, best.value)
            told = (
                f"F1 was {best.value:.3f} at step {best.step} and {own:.3f} at step {step}, which is in use"
            )
            if not case.checkpoints:
                told += "; the earlier checkpoint is not kept"
            return Suspicion(CAUSE, 0.75, (told,), _fewer(best.step, step), effect, share=best.value - own)
        return Cleared(
            CAUSE, (f"F1 by checkpoint is {own:.3f} at step {step}, {best.value:.3f} at its best",)
        )
    return _by_loss(curves, step)


def _by_loss(curves: Curves, step: int) -> Said:
    over = next((one for one in judge(curves).verdicts if one.kind == "overfitting"), None)
    if over is not None and over.step is not None and over.step < step:
        rise = over.evidence.get("rise")
        large = isinstance(rise, int | float) and rise >= RISE
        told = f"the log says {over.message}; the checkpoint in use is that of step {step}"
        return Suspicion(CAUSE, 0.55 if large else 0.4, (told,), _fewer(over.step, step))
    known = finite(curves.validation_loss)
    if len(known) < 2:
        return Untold(CAUSE, "no earlier checkpoint is kept, and no two evaluations are logged")
    lowest = min(known, key=lambda point: point.value)
    return Cleared(
        CAUSE,
        (
            f"the validation loss was lowest at step {lowest.step} ({lowest.value:.4g}) and is "
            f"{known[-1].value:.4g} at step {known[-1].step}: no rise that is more than noise",
        ),
    )


def _by_few_rows(case: Case, lab: Lab, cleared: Cleared) -> Suspicion | None:
    """That the end of the training went over a few rows again and again; None where it does not look so."""
    loss, rise = () if case.curves is None else finite(case.curves.loss), risen(case.curves)
    if not loss or rise is None or rise < WORSENED:
        return None
    last = loss[-max(1, len(loss) // 4) :]
    end = sum(point.value for point in last) / len(last)
    if end > SPENT * loss[0].value:
        return None
    found = learnt(case, lab)
    if found.f1 is None or found.f1 >= LOW or found.trained is None or found.trained < OTHER_ROWS * end:
        return None
    told = (
        f"the training loss fell from {loss[0].value:.3g} to {end:.2g}, and the validation loss stands "
        f"{rise:.0%} above its lowest value",
        f"rows of the training part cost {found.trained:.3g} nats a token: the end of the training went over "
        "a few of them again and again",
        f"entity F1 is {found.f1:.3f}",
        *cleared.evidence,
    )
    remedy = (
        "stop where the validation loss is lowest, and look whether each epoch takes all rows (a stale cache)"
    )
    return Suspicion(CAUSE, 0.6, told, remedy, share=1 - found.f1)


def _by_gap(case: Case, lab: Lab, said: Untold) -> Said:
    """Cleared where the model knows training rows no better than others, else what was said before."""
    found = learnt(case, lab)
    if found.gap is None or found.words is None or found.gap > GAP:
        return said
    return Cleared(CAUSE, (f"{found.words}: training rows are known no better than others",))


def _fewer(best: int, step: int) -> str:
    return (
        f"train for {best} instead of {step} steps (max_steps={best}), or keep the best checkpoint by F1 "
        "(eval_steps, save_total_limit)"
    )

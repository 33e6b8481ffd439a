"""Two trainings by the same record: their losses step by step, their scores, their weights."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medspan.core import InputError

WEIGHTS = ("adapter_model.safetensors", "heads.safetensors")
"""Files of an adapter that hold what was learnt; the second one where the method has heads."""


@dataclass(frozen=True, slots=True)
class Steps:
    """One number of the log at every logged step of both trainings.

    `compared` steps, of which `equal` have equal numbers; `first` is the first (step, then, now) that
    differs, `largest` the one that differs most. `only` counts steps that one of the logs lacks.
    """

    compared: int
    equal: int
    first: tuple[int, float | None, float | None] | None
    largest: tuple[int, float | None, float | None] | None
    only: tuple[int, int] = (0, 0)

    @property
    def same(self) -> bool:
        return self.equal == self.compared and not any(self.only)

    def to_json(self) -> dict[str, Any]:
        def told(one: tuple[int, float | None, float | None] | None) -> dict[str, Any] | None:
            return None if one is None else {"step": one[0], "then": _finite(one[1]), "now": _finite(one[2])}

        return {
            "compared": self.compared,
            "equal": self.equal,
            "first_difference": told(self.first),
            "largest_difference": told(self.largest),
            "only_then": self.only[0],
            "only_now": self.only[1],
        }


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of two adapters.

    `equal_bytes`: the files are the same. Else `tensors` of `of` differ, by at most `largest` (in
    `where`); `relative` is the norm of all differences over the norm of the weights of then. Tensors that
    one side lacks, or that have another shape, are named in `unlike`.
    """

    equal_bytes: bool
    tensors: int = 0
    of: int = 0
    largest: float | None = None
    where: str | None = None
    relative: float | None = None
    unlike: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "equal_bytes": self.equal_bytes,
            "tensors_differing": self.tensors,
            "tensors": self.of,
            "largest_difference": _finite(self.largest),
            "where": self.where,
            "relative_difference": _finite(self.relative),
            "unlike": list(self.unlike),
        }


@dataclass(frozen=True, slots=True)
class Retrained:
    """What came of training again: losses, validation scores by name, weights, the chosen steps.

    `weights` is None where a side has no adapter; `chosen` are the steps of then and of now.
    """

    losses: Steps
    scores: Mapping[str, Steps]
    weights: Weights | None
    chosen: tuple[int | None, int | None]

    @property
    def same(self) -> bool:
        """Whether the adapter came out byte for byte."""
        return self.weights is not None and self.weights.equal_bytes

    @property
    def same_scores(self) -> bool:
        """Whether there are validation scores, and all of them are equal."""
        return bool(self.scores) and all(one.same for one in self.scores.values())

    def to_json(self) -> dict[str, Any]:
        return {
            "losses": self.losses.to_json(),
            "validation": {name: one.to_json() for name, one in self.scores.items()},
            "weights": None if self.weights is None else self.weights.to_json(),
            "chosen_step": list(self.chosen),
        }


def read_log(run: Path) -> list[dict[str, Any]]:
    """The lines of a run's log.jsonl. InputError where it is missing or cut off within."""
    path = run / "log.jsonl"
    if not path.is_file():
        raise InputError(
            f"{run} has no log.jsonl",
            cause="the run was copied in part, or its training stopped before the first step was logged",
            remedy="copy it again; medspan reproduce RUN without --train needs no log",
        )
    lines = path.read_text(encoding="utf-8").splitlines()
    try:
        return [dict(json.loads(line)) for line in lines if line.strip()]
    except (ValueError, TypeError):
        raise InputError(
            f"{path} holds a line that is no JSON object",
            cause="the file was cut off or edited by hand",
            remedy="remove that line, or restore the file",
        ) from None


def seconds_taken(log: Sequence[Mapping[str, Any]], record: Mapping[str, Any]) -> float | None:
    """How long a training took with its evaluations; None where its record does not say."""
    trained = (record.get("trained") or {}).get("seconds")
    if not isinstance(trained, int | float):
        return None
    return float(trained) + sum(float(line.get("evaluation_seconds") or 0) for line in log)


def compare_trainings(then: Path, now: Path, chosen: tuple[int | None, int | None]) -> Retrained:
    """The logs and adapters of two run folders."""
    logs = (read_log(then), read_log(now))
    losses = _compare(*(_column(log, "loss") for log in logs))
    columns = [_score_columns(log) for log in logs]
    names = list(dict.fromkeys([*columns[0], *columns[1]]))
    scores = {name: _compare(*(part.get(name, {}) for part in columns)) for name in names}
    return Retrained(losses, scores, compare_weights(then / "adapter", now / "adapter"), chosen)


def compare_weights(then: Path, now: Path) -> Weights | None:
    """The weights of two adapter folders; None where one of them has none."""
    if not all((folder / WEIGHTS[0]).is_file() for folder in (then, now)):
        return None
    if all(_bytes(then / name) == _bytes(now / name) for name in WEIGHTS):
        return Weights(True)
    differing, largest, where, unlike = 0, 0.0, None, []
    squares, squares_then = 0.0, 0.0
    old, new = _tensors(then), _tensors(now)
    for name in sorted({*old, *new}):
        if name not in old or name not in new or old[name].shape != new[name].shape:
            unlike.append(name)
            continue
        difference = (new[name].double() - old[name].double()).abs()
        squares += float((difference**2).sum())
        squares_then += float((old[name].double() ** 2).sum())
        most = float(difference.max()) if difference.numel() else 0.0
        differing += most != 0
        # A comparison with NaN is false, and a weight that became NaN is the largest difference there is.
        if where is None or most > largest or math.isnan(most):
            largest, where = most, name
    relative = math.sqrt(squares / squares_then) if squares_then else None
    return Weights(False, differing, len({*old, *new}), largest, where, relative, tuple(unlike))


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _tensors(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    found: dict[str, Any] = {}
    for name in WEIGHTS:
        if (folder / name).is_file():
            found |= load_file(str(folder / name))
    return found


def _column(log: Sequence[Mapping[str, Any]], key: str) -> dict[int, float | None]:
    return {int(line["step"]): line[key] for line in log if key in line}


def _score_columns(log: Sequence[Mapping[str, Any]]) -> dict[str, dict[int, float | None]]:
    """Validation loss and every F1 of the log by name, by step."""
    columns: dict[str, dict[int, float | None]] = {}
    for line in log:
        if "scores" not in line:
            continue
        step = int(line["step"])
        columns.setdefault("validation loss", {})[step] = line.get("validation_loss")
        for task, scores in line["scores"].items():
            for kind, value in scores.items():
                columns.setdefault(f"{task}: {kind}", {})[step] = value
    return columns


def _compare(then: Mapping[int, float | None], now: Mapping[int, float | None]) -> Steps:
    both = sorted(then.keys() & now.keys())
    differing = [(step, then[step], now[step]) for step in both if not _equal(then[step], now[step])]
    return Steps(
        compared=len(both),
        equal=len(both) - len(differing),
        first=differing[0] if differing else None,
        largest=max(differing, key=_size) if differing else None,
        only=(len(then.keys() - now.keys()), len(now.keys() - then.keys())),
    )


def _equal(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return one == other or (math.isnan(one) and math.isnan(other))


def _size(difference: tuple[int, float | None, float | None]) -> float:
    _, one, other = difference
    if one is None or other is None:
        return math.inf
    size = abs(other - one)
    return math.inf if math.isnan(size) else size


def _finite(value: float | None) -> float | None:
    """The number as JSON can hold it; None for what is not finite."""
    return value if value is not None and math.isfinite(value) else None

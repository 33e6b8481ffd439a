"""What only a training can tell: the data and the settings by which the runs were trained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from medspan.diagnose.against.aspect import Aspect
from medspan.diagnose.against.trial import Comparer, Trial

if TYPE_CHECKING:
    from medspan.core import Example
    from medspan.diagnose.case import Case
    from medspan.evaluate.comparison import PartDifference

GROUPS: dict[str, tuple[str, ...]] = {
    "epochs": ("num_train_epochs", "max_steps"),
    "learning rate": (
        "learning_rate",
        "lr_scheduler_type",
        "warmup_ratio",
        "weight_decay",
        "max_grad_norm",
    ),
    "batch": ("per_device_train_batch_size", "gradient_accumulation_steps", "packing"),
    "lora": ("lora_r", "lora_alpha", "lora_dropout", "target_modules"),
    "format": (
        "format",
        "endpoints",
        "instruction",
        "read_twice",
        "template",
        "schema_file",
        "max_length",
        "on_too_long",
    ),
    "labels of the loss": ("loss_on_prompt", "train_on_eos", "mask_history"),
    "method": ("method", "attention", "num_hidden_layers", "window_overlap"),
    "precision": ("bf16", "dtype", "load_in_4bit", "load_in_8bit"),
    "choice of checkpoint": ("metric_for_best_model", "eval_steps", "eval_samples", "save_total_limit"),
    "seed": ("seed",),
}
"""Keys of configurations, by what is trained again together."""
ELSEWHERE = ("base_model", "decoding", "data")
"""Keys that other aspects compare."""
BY_NATURE = ("output_dir", "logging_steps", "device", "gradient_checkpointing")
"""Keys that say where or how fast, and not what is learnt."""
_OF_TRAINING = ("train", "validation")
_LIMITS = ("max_train_samples", "max_validation_samples")


class Data(Comparer):
    """Counts the rows of training in which the runs differ."""

    name: ClassVar[str] = "data"
    place: ClassVar[int] = 4

    def compare(self, trial: Trial) -> Iterator[Aspect]:
        good, run = trial.pair.good.case, trial.pair.run.case
        name, cause = "data", "data-changed"
        values = _rows_told(good), _rows_told(run)
        found = _row_differences(good, run)
        if found is None:
            same = _same_hashes(good, run)
            if same is None:
                told = "the rows of training are not known for both"
                yield Aspect(name, values, None, "not-testable", (told,), cause=cause)
                return
            lines: tuple[str, ...] = (
                () if same else ("the rows of training differ (which ones is not stated)",)
            )
        else:
            lines = tuple(
                line for part, one in found.items() if part in _OF_TRAINING for line in _lines(part, one)
            )
        if not lines:
            told = "the runs were trained and validated on the same rows"
            yield Aspect(name, values, True, "cleared", (told,), cause=cause)
            return
        changes = {
            key: value
            for key, value in good.config.items()
            if key.startswith("data.") and run.config.get(key) != value
        }
        if not changes:
            lines = (*lines, "no file names where GOOD's rows are, so RUN cannot be trained on them")
        yield settled(trial, name, values, lines, cause=cause, changes=changes)


class Settings(Comparer):
    """Compares the configurations, a group of keys at a time."""

    name: ClassVar[str] = "settings of training"
    place: ClassVar[int] = 6

    def compare(self, trial: Trial) -> Iterator[Aspect]:
        good, run = trial.pair.good.case, trial.pair.run.case
        if not good.config or not run.config:
            lacking = "GOOD" if not good.config else "RUN"
            told = f"no file states how {lacking} was trained"
            yield Aspect("settings of training", (None, None), None, "not-testable", (told,))
            return
        foreign = good.trainer != run.trainer
        for name, keys in _grouped(good, run).items():
            yield from _group(trial, name, keys, foreign=foreign)


def _group(trial: Trial, name: str, keys: Sequence[str], *, foreign: bool) -> Iterator[Aspect]:
    good, run = trial.pair.good.case.config, trial.pair.run.case.config
    # Trainers state different things, so what one alone states is no difference between them.
    known = [
        key for key in keys if (key in good and key in run) or (not foreign and (key in good or key in run))
    ]
    if not known:
        return
    differing = [key for key in known if not _equal(good.get(key), run.get(key))]
    shown = differing or known
    values = {key: good.get(key) for key in shown}, {key: run.get(key) for key in shown}
    if not differing:
        yield Aspect(name, values, True, "cleared", ("the same in both",))
        return
    lines = tuple(f"{key} {run.get(key)} against {good.get(key)}" for key in differing)
    changes = {key: good[key] for key in differing if key in good}
    yield settled(trial, name, values, (", ".join(lines),), changes=changes)


def settled(
    trial: Trial,
    name: str,
    values: tuple[Any, Any],
    lines: Sequence[str],
    *,
    cause: str | None = None,
    changes: Mapping[str, Any] | None = None,
) -> Aspect:
    """A difference that a training would tell: cleared where nothing is left of the gap."""
    if not trial.closed:
        return Aspect(
            name, values, False, "only-a-training-tells", tuple(lines), cause=cause, changes=changes or {}
        )
    *others, last = lines
    told = f"{last}: {trial.left_words()}, so it separates nothing"
    return Aspect(name, values, False, "cleared", (*others, told), cause=cause, changes=changes or {})


def _grouped(good: Case, run: Case) -> dict[str, list[str]]:
    """The keys of both configurations by group; those of none under `other settings`."""
    cards = [getattr(case.card, "template", None) for case in (good, run)]
    one_template = cards[0] is not None and cards[0] == cards[1]
    names = {*good.config, *run.config}
    found = {group: [key for key in keys if key in names] for group, keys in GROUPS.items()}
    if one_template:
        # "auto" and the name of what it chose are one template.
        found["format"] = [key for key in found["format"] if key != "template"]
    placed = {key for keys in GROUPS.values() for key in keys}
    found["other settings"] = sorted(
        key for key in names - placed - set(BY_NATURE) if key.split(".")[0] not in ELSEWHERE
    )
    return {group: keys for group, keys in found.items() if keys}


def _equal(one: Any, other: Any) -> bool:
    # 1 == True in Python, and a configuration means different things by them.
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return sorted(map(str, one)) == sorted(map(str, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _row_differences(good: Case, run: Case) -> dict[str, PartDifference] | None:
    from medspan.evaluate.comparison import DataRows, Row, row_differences
    from medspan.read.row_hash import row_hash

    hashes = [_hashes(case) for case in (good, run)]
    if not hashes[0].get("train") or not hashes[1].get("train"):
        return None
    known: list[dict[str, Row]] = []
    for case in (good, run):
        parts: list[Example] = [one for part in case.parts.values() for one in part]
        known.append(
            {row_hash(one): Row(one.id, one.task, one.document.text) for one in parts if one.reference}
        )
    return row_differences(DataRows(hashes[0], known[0]), DataRows(hashes[1], known[1]))


def _hashes(case: Case) -> dict[str, Sequence[str]]:
    """The row hashes that the run states, else those of the data that is there."""
    from medspan.read.row_hash import row_hash

    if case.row_hashes:
        return dict(case.row_hashes)
    return {name: [row_hash(one) for one in part] for name, part in case.parts.items() if part}


def _same_hashes(good: Case, run: Case) -> bool | None:
    """By the hash of all rows of training, where that alone is stated."""
    found = [
        ((case.record or {}).get("data") or {}).get("train", {}).get("rows_sha256") for case in (good, run)
    ]
    return None if None in found else found[0] == found[1]


def _lines(part: str, one: PartDifference) -> Iterator[str]:
    if one.identical:
        return
    tallies = {"changed": one.changed, "only of GOOD": one.removed, "only of RUN": one.added}
    tallies |= {f"that stand in {other} of GOOD": tally for other, tally in one.moved.items()}
    told = ", ".join(f"{tally.count} {what}" for what, tally in tallies.items() if tally.count)
    rows = ["no" if count is None else str(count) for count in one.rows]
    yield f"{part}: {rows[1]} rows against {rows[0]}, {one.same} the same, {told}"


def _rows_told(case: Case) -> Any:
    rows = _hashes(case)
    limits = {
        key: case.config.get(f"data.{key}") for key in _LIMITS if case.config.get(f"data.{key}") is not None
    }
    return {**{part: len(rows[part]) for part in _OF_TRAINING if part in rows}, **limits} or None

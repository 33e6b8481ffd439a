"""From a configuration to a run folder."""

from __future__ import annotations

import json
import random
import shlex
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from medspan.core import ConfigError, Example, InputError, RunRecord
from medspan.core.run_record import code_hash as code_hash
from medspan.format import load_card
from medspan.models import (
    hardware,
    keep_freed_memory,
    load_base,
    sha256_of_file,
    sha256_of_json,
)
from medspan.read import Corpus, load, load_splits
from medspan.read.row_hash import row_hash as row_hash
from medspan.read.write import write_rejected
from medspan.train.alarm import AlarmStop
from medspan.train.callbacks.alarms import Alarms
from medspan.train.callbacks.checkpoint import Checkpoints, restore, saved_steps
from medspan.train.callbacks.log import LogFile
from medspan.train.callbacks.progress import ProgressBar
from medspan.train.callbacks.validation import Validation
from medspan.train.config import DataConfig, TrainConfig
from medspan.train.data import EncodedData
from medspan.train.loop import run, steps_in_epoch
from medspan.train.lora import MasterAdamW
from medspan.train.methods import METHODS, Method
from medspan.train.state import Callback, Training

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class RunData:
    """The parts of a run's data: what is trained on, validated on, and kept for the test."""

    parts: dict[str, tuple[Example, ...]]
    corpora: dict[str, Corpus]

    @property
    def train(self) -> tuple[Example, ...]:
        return self.parts["train"]

    @property
    def validation(self) -> tuple[Example, ...]:
        return self.parts.get("validation", ())


def load_data(config: DataConfig, seed: int, rejected: Path | None = None) -> RunData:
    """Read the parts of a run; a limit takes a seeded sample, in the order of the file.

    `train` may be a folder with all parts. Rows left out under `on_error: skip` are listed in the
    folder `rejected`, a file per part.
    """
    corpora: dict[str, Corpus] = {}
    if Path(config.train).is_dir() and config.validation is None and config.test is None:
        corpora = load_splits(config.train, format=config.format, on_error=config.on_error)
        if "train" not in corpora:
            raise InputError(
                f"{config.train} has no training part (found: {', '.join(sorted(corpora)) or 'nothing'})",
                cause="no file name begins with train",
                remedy="name the files: data.train, data.validation, data.test",
            )
    else:
        for split in ("train", "validation", "test"):
            path = getattr(config, split)
            if path is not None:
                corpora[split] = load(path, format=config.format, split=split, on_error=config.on_error)
    for split, corpus in corpora.items():
        if rejected is not None and corpus.rejected:
            write_rejected(rejected / f"{split}.jsonl", corpus.rejected)
    limits = {
        "train": config.max_train_samples,
        "validation": config.max_validation_samples,
        "test": config.max_test_samples,
    }
    parts = {split: _sampled(corpus.examples, limits.get(split), seed) for split, corpus in corpora.items()}
    return RunData(parts, corpora)


def _sampled(examples: tuple[Example, ...], limit: int | None, seed: int) -> tuple[Example, ...]:
    if limit is None or limit >= len(examples):
        return examples
    chosen = sorted(random.Random(seed).sample(range(len(examples)), limit))
    return tuple(examples[index] for index in chosen)


def train(
    config: TrainConfig,
    *,
    resume: bool = False,
    report: Report = print,
    bar: bool = True,
    strict: bool = False,
) -> Path:
    """Train as configured and return the run folder.

    With `resume`, go on from the last whole checkpoint of the folder; without it, a folder that
    already holds a run is refused. `report` hears what the user should know, a line at a time, alarms too.
    With `strict`, the first alarm ends the training (AlarmStop, as a loss that is not finite always does),
    and the record holds it.
    """
    folder = Path(config.output_dir)
    _check_folder(folder, config, resume)

    from accelerate import Accelerator
    from transformers import set_seed

    keep_freed_memory()
    set_seed(config.seed)
    data = load_data(config.data, config.seed, folder / "rejected")
    base = load_base(
        config.base_model, device=config.device, dtype=config.dtype, load_in_4bit=config.load_in_4bit
    )
    accelerator = Accelerator(cpu=str(base.model.device) == "cpu")
    method = METHODS[config.method](config, data.train, base)
    encoded = method.encode(data.train, config.max_length, config.on_too_long)
    _report_data(data, encoded, report)
    training = _assemble(config, folder, method, accelerator, encoded, data)
    steps = saved_steps(folder)
    rows = {name: [row_hash(example) for example in part] for name, part in data.parts.items()}
    if resume and steps:
        _check_rows(folder / "split.json", rows)
    if accelerator.is_main_process:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.yaml").write_text(yaml.safe_dump(config.model_dump(), sort_keys=False), "utf-8")
        _write_json(folder / "split.json", rows)
        _write_record(training, data, encoded)
    if resume and steps:
        restore(training, steps[-1])
        report(f"resumed at step {steps[-1]} of {training.total_steps}")
    alarms = Alarms(report, strict=strict)
    stopped: AlarmStop | None = None
    try:
        _run(training, alarms, report, bar)
    except AlarmStop as stop:
        alarms.note(training, stop.raised, stop.step)
        stopped = stop
    if accelerator.is_main_process:
        _write_record(training, data, encoded, alarms.heard, stopped, finished=stopped is None)
    if stopped:
        raise stopped
    return folder


def _run(training: Training, alarms: Alarms, report: Report, bar: bool) -> None:
    validation = Validation(lambda line: report(_score_line(line)))
    callbacks: list[Callback] = [LogFile(), validation, Checkpoints(), alarms]
    if bar:
        callbacks.append(ProgressBar())
    try:
        run(training, callbacks)
    finally:
        for callback in callbacks:
            if isinstance(callback, ProgressBar):
                callback.on_end(training)


def _assemble(
    config: TrainConfig,
    folder: Path,
    method: Method,
    accelerator: Any,
    encoded: EncodedData[Any],
    data: RunData,
) -> Training:
    model = method.attach()
    loss = accelerator.prepare(method.make_loss(model))
    optimizer = MasterAdamW(
        [parameter for parameter in model.parameters() if parameter.requires_grad],
        config.learning_rate,
        config.weight_decay,
    )
    per_epoch = steps_in_epoch(len(encoded.examples), config, accelerator.num_processes)
    total = config.max_steps if config.max_steps > 0 else max(1, round(config.num_train_epochs * per_epoch))
    return Training(
        config=config,
        folder=folder,
        method=method,
        model=model,
        optimizer=optimizer,
        accelerator=accelerator,
        loss=loss,
        train=encoded.examples,
        validation=data.validation,
        steps_per_epoch=per_epoch,
        total_steps=total,
        eval_steps=config.eval_steps or max(1, -(-total // 5)),
        examples=data.train,
    )


def _check_folder(folder: Path, config: TrainConfig, resume: bool) -> None:
    if folder.is_file():
        raise ConfigError(
            f"output_dir: {folder} is a file", cause="a folder is wanted", remedy="choose another output_dir"
        )
    if not (folder / "config.yaml").exists():
        return
    if not resume:
        raise ConfigError(
            f"output_dir: {folder} already holds a run",
            cause="medspan does not write over results",
            remedy="add --resume to go on with it, choose another output_dir, or remove it "
            f"(rm -r {shlex.quote(str(folder))})",
        )
    before = yaml.safe_load((folder / "config.yaml").read_text("utf-8"))
    now = config.model_dump()
    free = {"output_dir", "logging_steps", "eval_samples", "save_total_limit", "device"}
    changed = sorted(
        key for key in {*_flat(now), *_flat(before)} if _flat(before).get(key) != _flat(now).get(key)
    )
    changed = [key for key in changed if key.split(".")[0] not in free]
    if changed and saved_steps(folder):
        was = {key: _flat(before).get(key) for key in changed}
        differing = ", ".join(f"{key} (now {_flat(now).get(key)!r}, then {was[key]!r})" for key in changed)
        raise ConfigError(
            f"the run was begun with another configuration: {differing}",
            cause="a resumed run goes on as it was begun, and overrides of the first call belong to that",
            remedy="repeat them: " + " ".join(f"{key}={_as_yaml(was[key])}" for key in changed),
        )


def _flat(config: dict[str, Any], path: str = "") -> dict[str, Any]:
    """Nested keys as dotted ones."""
    flat: dict[str, Any] = {}
    for key, value in config.items():
        flat |= _flat(value, f"{path}{key}.") if isinstance(value, dict) else {f"{path}{key}": value}
    return flat


def _as_yaml(value: Any) -> str:
    return yaml.safe_dump(value, default_flow_style=True).removesuffix("\n...\n").strip()


def _check_rows(path: Path, rows: dict[str, list[str]]) -> None:
    """ConfigError where the data of a run to be resumed is not the data that it was begun with."""
    if not path.is_file():
        return
    before = json.loads(path.read_text("utf-8"))
    for split in sorted({*before, *rows}):
        if split != "test" and before.get(split) != rows.get(split):
            raise ConfigError(
                f"data.{split}: the rows are not those that the run was begun with",
                cause="the file was changed, or its rows were put in another order",
                remedy="restore the file, or train anew in another output_dir",
            )


def _report_data(data: RunData, encoded: EncodedData[Any], report: Report) -> None:
    parts = ", ".join(f"{split} {len(rows)}" for split, rows in data.parts.items())
    longest = max(example.tokens for example in encoded.examples)
    report(
        f"data: {parts} examples; training reads {encoded.tokens:,} tokens an epoch "
        f"({encoded.target_tokens:,} of them targets, the longest example has {longest})"
    )
    for split, corpus in data.corpora.items():
        if corpus.rejected:
            report(
                f"{split}: rows that could not be read: {len(corpus.rejected)} "
                f"(listed in rejected/{split}.jsonl)"
            )
    if encoded.too_long:
        report(f"left out as longer than max_length, by task: {_counted(encoded.too_long)}")
    if encoded.lost:
        report(f"not in the targets: {_counted(encoded.lost)}")


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{kind} {count}" for kind, count in counts.most_common())


def _score_line(line: dict[str, Any]) -> str:
    def shown(value: float | None) -> str:
        return "   -" if value is None else f"{value:.3f}"

    pieces = [
        f"{task}: entities {shown(scores.get('entities'))} relations {shown(scores.get('relations'))}"
        for task, scores in line["scores"].items()
    ]
    return f"step {line['step']}: validation loss {shown(line['validation_loss'])}, F1 " + "; ".join(pieces)


def _write_record(
    training: Training,
    data: RunData,
    encoded: EncodedData[Any],
    alarms: Sequence[dict[str, Any]] = (),
    stopped: AlarmStop | None = None,
    *,
    finished: bool = False,
) -> None:
    config = training.config
    adapter = training.folder / "adapter"
    card = load_card(adapter) if finished and adapter.is_dir() else training.method.card
    record = RunRecord(
        config=config.model_dump(),
        seed=config.seed,
        data={
            split: {
                "files": {file: sha256_of_file(Path(file)) for file in corpus.files},
                "format": corpus.format,
                "examples": len(data.parts[split]),
                "rejected": len(corpus.rejected),
                "rows_sha256": sha256_of_json(sorted(row_hash(example) for example in data.parts[split])),
            }
            for split, corpus in data.corpora.items()
        },
        base_model={"name": config.base_model, "sha256": training.method.card.base_model_hash},
        format=card.to_json(),
        decoding=config.decoding_options.to_json(),
        trained={
            "finished": finished,
            "steps": training.step,
            "total_steps": training.total_steps,
            "tokens": training.tokens,
            "seconds": round(training.seconds, 1),
            "best_step": training.best_step,
            "best_metric": training.best_metric,
            "dtype": str(training.model.dtype).removeprefix("torch."),
            "not_in_targets": dict(encoded.lost),
            "too_long": dict(encoded.too_long),
            "alarms": list(alarms),
            "stopped_by": None if stopped is None else stopped.raised.id,
        },
        hardware={**hardware(), "device": str(training.model.device)},
        code={"sha256": code_hash()},
    )
    _write_json(training.folder / "record.json", record.to_json())


def _write_json(path: Path, data: Any) -> None:
    work = path.with_name(f".{path.name}.tmp")
    work.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    work.replace(path)

"""From a configuration to a run folder."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from medspan.core import ConfigError, Example, InputError, RunRecord, Schema
from medspan.core.errors import missing_file
from medspan.format import OPTIONS, FormatCard, Renderer, make_codec, make_template
from medspan.models import (
    BaseModel,
    hardware,
    keep_freed_memory,
    load_base,
    model_hash,
    sha256_of_file,
    sha256_of_json,
    tokenizer_hash,
)
from medspan.read import Corpus, example_to_json, load, load_splits
from medspan.read.write import write_rejected
from medspan.train.callbacks.checkpoint import Checkpoints, restore, saved_steps
from medspan.train.callbacks.log import LogFile
from medspan.train.callbacks.progress import ProgressBar
from medspan.train.callbacks.validation import Validation
from medspan.train.config import DataConfig, TrainConfig
from medspan.train.data import EncodedData, encode
from medspan.train.loop import run, steps_in_epoch
from medspan.train.lora import MasterAdamW, add_lora, make_target_loss
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


def row_hash(example: Example) -> str:
    """16 hexadecimal digits of the SHA-256 of an example's task, text and reference, wherever it stands."""
    data = example_to_json(example)
    return sha256_of_json([example.task, example.document.text, data["reference"]])[:16]


def infer_schema(config: TrainConfig, train: Sequence[Example]) -> Schema:
    """The schema of `schema_file`, or the smallest that holds the training references."""
    if config.schema_file is None:
        return Schema.infer(
            (example.task, example.reference) for example in train if example.reference is not None
        )
    path = Path(config.schema_file)
    if not path.is_file():
        raise missing_file(path, "schema_file")
    try:
        return Schema.from_json(json.loads(path.read_text("utf-8")))
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"schema_file: {path} is no schema ({error})",
            cause="entity_types and relation_types are wanted, as in format.json of a run",
            remedy="copy the `schema` of a run's adapter/format.json and change that",
        ) from error


def train(config: TrainConfig, *, resume: bool = False, report: Report = print, bar: bool = True) -> Path:
    """Train as configured and return the run folder.

    With `resume`, go on from the last whole checkpoint of the folder; without it, a folder that
    already holds a run is refused. `report` hears what the user should know, a line at a time.
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
    card = make_card(config, data, base)
    renderer = Renderer(base.tokenizer, card.codec(), card.template)
    encoded = encode(data.train, renderer, config.max_length, config.on_too_long)
    _report_data(data, encoded, report)
    training = _assemble(config, folder, card, renderer, base, accelerator, encoded, data)
    steps = saved_steps(folder)
    rows = {name: [row_hash(example) for example in part] for name, part in data.parts.items()}
    if resume and steps:
        _check_rows(folder / "split.json", rows)
    if accelerator.is_main_process:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.yaml").write_text(yaml.safe_dump(config.model_dump(), sort_keys=False), "utf-8")
        _write_json(folder / "split.json", rows)
        _write_record(training, data, encoded, finished=False)
    if resume and steps:
        restore(training, steps[-1])
        report(f"resumed at step {steps[-1]} of {training.total_steps}")
    callbacks: list[Callback] = [LogFile(), Validation(lambda line: report(_score_line(line))), Checkpoints()]
    if bar:
        callbacks.append(ProgressBar())
    try:
        run(training, callbacks)
    finally:
        for callback in callbacks:
            if isinstance(callback, ProgressBar):
                callback.on_end(training)
    if accelerator.is_main_process:
        _write_record(training, data, encoded, finished=True)
    return folder


def make_card(config: TrainConfig, data: RunData, base: BaseModel) -> FormatCard:
    """The format card of a run: schema from the data, template from the tokenizer."""
    schema = infer_schema(config, data.train)
    own = {name: getattr(config, name) for name, owner in OPTIONS.items() if owner == config.format}
    codec = make_codec(config.format, schema, config.endpoints, **own)
    return FormatCard(
        format=config.format,
        schema=codec.schema,
        template=make_template(base.tokenizer, config.template),
        endpoints=codec.endpoints,
        base_model=config.base_model,
        # 4-bit weights are packed: their hash says nothing about the same model in another precision.
        base_model_hash="" if config.load_in_4bit else model_hash(base.model),
        tokenizer_hash=tokenizer_hash(base.tokenizer),
        instruction=getattr(codec, "instruction", None),
        read_twice=config.read_twice,
    )


def _assemble(
    config: TrainConfig,
    folder: Path,
    card: FormatCard,
    renderer: Renderer,
    base: BaseModel,
    accelerator: Any,
    encoded: EncodedData,
    data: RunData,
) -> Training:
    model = add_lora(base, config)
    target_loss = accelerator.prepare(make_target_loss(model))
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
        card=card,
        renderer=renderer,
        model=model,
        optimizer=optimizer,
        accelerator=accelerator,
        target_loss=target_loss,
        train=encoded.examples,
        validation=data.validation,
        steps_per_epoch=per_epoch,
        total_steps=total,
        eval_steps=config.eval_steps or max(1, -(-total // 5)),
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
            remedy=f"add --resume to go on with it, choose another output_dir, or remove it (rm -r {folder})",
        )
    before = yaml.safe_load((folder / "config.yaml").read_text("utf-8"))
    now = config.model_dump()
    free = {"output_dir", "logging_steps", "eval_samples", "save_total_limit", "device"}
    changed = sorted(key for key in now if key not in free and before.get(key) != now[key])
    if changed and saved_steps(folder):
        raise ConfigError(
            f"{changed[0]}: {now[changed[0]]!r}, but the run was begun with {before.get(changed[0])!r}",
            cause="a resumed run goes on with the configuration that it was begun with",
            remedy="undo the change, or train anew in another output_dir",
        )


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


def _report_data(data: RunData, encoded: EncodedData, report: Report) -> None:
    parts = ", ".join(f"{split} {len(rows)}" for split, rows in data.parts.items())
    longest = max(len(example.ids) for example in encoded.examples)
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


def _write_record(training: Training, data: RunData, encoded: EncodedData, *, finished: bool) -> None:
    config = training.config
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
        base_model={"name": config.base_model, "sha256": training.card.base_model_hash},
        format=training.card.to_json(),
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
        },
        hardware={**hardware(), "device": str(training.model.device)},
        code={"sha256": code_hash()},
    )
    _write_json(training.folder / "record.json", record.to_json())


def code_hash() -> str:
    """SHA-256 over medspan's own source files: the same code gives the same hash wherever it is installed."""
    digest = hashlib.sha256()
    root = Path(str(resources.files("medspan")))
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _write_json(path: Path, data: Any) -> None:
    work = path.with_name(f".{path.name}.tmp")
    work.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    work.replace(path)

"""`medspan reproduce RUN`: run the evaluation or the training again from its record, and say what moved."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medspan.cli.console import (
    BaseModelName,
    Device,
    JsonFile,
    Quiet,
    Report,
    notes,
    path_of,
    progress,
    write_json,
)
from medspan.cli.recorded import Recorded, here_now, missing_predictions, read_parts, read_recorded
from medspan.cli.reproduced import print_result, print_stated, print_time
from medspan.cli.targets import check_reports
from medspan.core import Example, InputError, ModelError

if TYPE_CHECKING:
    from medspan.diagnose.reproduction import Answers, Aspect, Pair, Reproduction, Retrained, Trial
    from medspan.extract import DecodingOptions, Extractor
    from medspan.train import TrainConfig
    from medspan.train.run import RunData

BAD = 1
MOST_TRIED = 32
"""How many documents that answer otherwise are decoded once more under the record's own options."""

Run = Annotated[
    Path, typer.Argument(metavar="RUN", parser=path_of("RUN"), help="A run folder with its record.json.")
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="DIR",
        parser=path_of("--out"),
        help="With --train: folder of the new run; RUN-again.",
    ),
]


def reproduce(
    run: Run,
    train: Annotated[
        bool, typer.Option("--train", help="Train again too, from the recorded configuration.")
    ] = False,
    out: Out = None,
    split: Annotated[
        str | None,
        typer.Option(
            "--split", metavar="NAME", help="Part whose predictions are compared; test, else validation."
        ),
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(
            "--samples", metavar="N", min=1, help="Compare at least so many documents, in whole batches."
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Seed of the sample.")] = 0,
    device: Device = "auto",
    base_model: BaseModelName = None,
    quiet: Quiet = False,
    json_file: JsonFile = None,
) -> None:
    """Run an evaluation, or a training, again from its record: the same result, or which part moved."""
    from medspan.core import ConfigError

    check_reports((json_file,), (run,))
    if out is not None and not train:
        raise ConfigError(
            f"--out {out} is given without --train",
            cause="only a training writes a folder; an evaluation is compared in memory",
            remedy="add --train, or leave --out out",
        )
    told: list[str] = []
    say_note = notes(quiet)

    def note(line: str) -> None:
        told.append(line)
        say_note(line)

    asked = Asked(split, samples, seed, device, base_model, quiet, note)
    recorded = read_recorded(run, split, note)
    if train:
        found = _training(recorded, asked, out or run.resolve().with_name(f"{run.resolve().name}-again"))
    else:
        found = _evaluation(recorded, asked)
    result = {"run": str(run), "mode": "training" if train else "evaluation", "seed": seed}
    write_json(json_file, {**result, **found.to_json(), "notes": told})
    print_result(found)
    if found.verdict == "differs":
        raise typer.Exit(BAD)


@dataclass(frozen=True, slots=True)
class Asked:
    """How a run is to be reproduced."""

    split: str | None
    samples: int | None
    seed: int
    device: str
    base_model: str | None
    quiet: bool
    note: Report


@dataclass(frozen=True, slots=True)
class Loaded:
    """A run's model, or, where the base model or tokenizer is not the one of training, why there is none."""

    extractor: Extractor | None
    base_model: str | None
    tokenizer: str | None
    device: str | None
    dtype: str | None
    refusal: str | None = None


def _evaluation(recorded: Recorded, asked: Asked) -> Reproduction:
    from medspan.cli.stored import adapter_hash
    from medspan.diagnose.reproduction import Reproduction, compare_stated
    from medspan.extract import adapter_folder
    from medspan.format import load_card

    if recorded.part is None:
        raise missing_predictions(recorded, asked.split)
    data = read_parts(recorded, asked.note, all_parts=False)
    adapter = adapter_folder(recorded.run)
    loaded = _load(recorded.run, _options(recorded.stated.decoding), asked)
    here = here_now(
        recorded,
        data,
        adapter=adapter_hash(adapter),
        card=load_card(adapter).to_json(),
        base_model=loaded.base_model,
        tokenizer=loaded.tokenizer,
        device=loaded.device,
        dtype=loaded.dtype,
    )
    aspects = (*compare_stated(recorded.stated, here, "evaluation", recorded.part), *_scoring(recorded))
    print_stated(aspects)
    if loaded.extractor is None:
        return Reproduction(str(recorded.run), recorded.part, aspects, stopped=loaded.refusal)
    compared = _compared(recorded, data, loaded.extractor, asked)
    return Reproduction(
        str(recorded.run),
        recorded.part,
        aspects,
        answers=compared.answers,
        tests=compared.tests,
        trial=_trial(recorded, loaded.extractor, compared.answers, aspects),
        origin=_origin(recorded),
        documents=compared.documents,
        sampled_of=compared.sampled_of,
    )


def _training(recorded: Recorded, asked: Asked, out: Path) -> Reproduction:
    from medspan.diagnose.reproduction import Reproduction, compare_stated, read_log

    _check_out(recorded.run, out)
    log = read_log(recorded.run)
    data = read_parts(recorded, asked.note, all_parts=True)
    config = _changed(recorded, asked, out)
    base = _base(config.base_model, config.device, config.dtype, config.load_in_4bit)
    here = here_now(
        recorded,
        data,
        base_model=base.base_model,
        tokenizer=base.tokenizer,
        device=base.device,
        dtype=base.dtype,
    )
    aspects = compare_stated(recorded.stated, here, "training", recorded.part)
    print_stated(aspects)
    nothing = Reproduction(str(recorded.run), recorded.part, aspects)
    moved = [one.name for one in aspects if one.moved and one.name in ("base model", "tokenizer")]
    if moved:
        refusal = (
            f"not trained: {config.base_model} has another {' and another '.join(moved)} than the record"
        )
        return replace(nothing, stopped=refusal)
    print_time(log, recorded.record, here.hardware, out, asked.note)
    trained = _trained(recorded, config, asked)
    if recorded.part is None or not (out / "adapter").is_dir():
        asked.note(
            f"{recorded.run} has no stored predictions that the new adapter's answers could be compared with"
            if recorded.part is None
            else f"{out} has no adapter, so nothing is extracted"
        )
        return replace(nothing, training=trained)
    loaded = _load(out, _options(recorded.stated.decoding), asked)
    if loaded.extractor is None:
        raise ModelError(str(loaded.refusal), remedy=f"train again into another folder than {out}")
    compared = _compared(recorded, data, loaded.extractor, asked)
    return replace(
        nothing,
        answers=compared.answers,
        tests=compared.tests,
        training=trained,
        documents=compared.documents,
        sampled_of=compared.sampled_of,
    )


def _changed(recorded: Recorded, asked: Asked, out: Path) -> TrainConfig:
    """The recorded configuration with what the call says otherwise: where to, on what, from where."""
    changes: dict[str, Any] = {"output_dir": str(out)}
    if asked.device != "auto":
        changes["device"] = asked.device
    if asked.base_model is not None:
        changes["base_model"] = asked.base_model
    return recorded.config.model_copy(update=changes)


def _trained(recorded: Recorded, config: TrainConfig, asked: Asked) -> Retrained:
    """Train, and compare what came out."""
    from medspan.diagnose.reproduction import compare_trainings
    from medspan.train import AlarmStop, train

    out = Path(config.output_dir)
    try:
        train(config, report=asked.note, bar=not asked.quiet)
    except AlarmStop as stop:
        # As the training of then may have done; what it left behind is compared.
        asked.note(f"the training was stopped: {stop}")
    new = json.loads((out / "record.json").read_text(encoding="utf-8"))
    chosen = [(record.get("trained") or {}).get("best_step") for record in (recorded.record, new)]
    return compare_trainings(recorded.run, out, (chosen[0], chosen[1]))


@dataclass(frozen=True, slots=True)
class _Compared:
    answers: Answers
    tests: Any
    documents: int
    sampled_of: int | None


def _compared(recorded: Recorded, data: RunData, extractor: Extractor, asked: Asked) -> _Compared:
    """Extract the part again and compare it with the stored predictions."""
    from medspan.diagnose.reproduction import (
        answered,
        compare_answers,
        compare_scores,
        pair_documents,
        sampled,
    )

    assert recorded.part is not None
    every = pair_documents(recorded.stored, data.parts[recorded.part])
    groups = [every]
    if asked.samples is not None and asked.samples < len(every):
        batches = _batches(extractor, [one.now for one in every if one.now])
        groups = sampled(every, batches, asked.samples, asked.seed)
    pairs = []
    with progress("extract", sum(map(len, groups)), asked.quiet or len(groups) == 1) as tell:
        for group in groups:
            quiet = asked.quiet or len(groups) > 1
            pairs += answered(group, _predict(extractor, [one.now for one in group if one.now], quiet))
            tell(len(pairs))
    return _Compared(
        compare_answers(pairs),
        compare_scores(pairs, recorded.schema),
        len(pairs),
        len(every) if len(pairs) < len(every) else None,
    )


def _batches(extractor: Extractor, examples: Sequence[Example]) -> list[list[int]]:
    """The batches in which an evaluation computes, which goes slice by slice."""
    from medspan.cli.predict import SLICE

    return [
        [first + index for index in batch]
        for first in range(0, len(examples), SLICE)
        for batch in extractor.batches(examples[first : first + SLICE])
    ]


def _predict(extractor: Extractor, examples: Sequence[Example], quiet: bool) -> list[Example]:
    from medspan.cli.predict import Tally, predictions

    return list(predictions(extractor, examples, Tally(), quiet)) if examples else []


def _options(decoding: dict[str, Any]) -> DecodingOptions:
    from medspan.extract import DecodingOptions

    return DecodingOptions().changed(decoding)


def _load(run: Path, options: DecodingOptions, asked: Asked) -> Loaded:
    """The model of a run. ModelError where it cannot be loaded at all."""
    from medspan.cli.predict import load_extractor
    from medspan.cli.stored import where_computed
    from medspan.extract import adapter_folder
    from medspan.format import load_card

    card = load_card(adapter_folder(run))
    try:
        extractor = load_extractor(run, options, device=asked.device, base_model=asked.base_model)
    except ModelError as error:
        base = _base(asked.base_model or card.base_model, asked.device, "auto", False)
        if (base.base_model, base.tokenizer) == (card.base_model_hash, card.tokenizer_hash):
            raise
        return Loaded(None, base.base_model, base.tokenizer, base.device, base.dtype, error.what)
    found = where_computed(extractor)
    return Loaded(extractor, card.base_model_hash or None, card.tokenizer_hash, *found)


def _base(name: str, device: str, dtype: str, load_in_4bit: bool) -> Loaded:
    """The hashes of a base model and its tokenizer, and where it would compute."""
    from medspan.models import load_base, model_hash, tokenizer_hash

    base = load_base(name, device=device, dtype=dtype, load_in_4bit=load_in_4bit)
    return Loaded(None, model_hash(base.model), tokenizer_hash(base.tokenizer), *_where(base.model))


def _where(model: Any) -> tuple[str, str]:
    first = next(model.parameters())
    return str(first.device), str(first.dtype).removeprefix("torch.")


def _trial(
    recorded: Recorded, extractor: Extractor, answers: Answers, aspects: Sequence[Aspect]
) -> Trial | None:
    """Where the predictions were made with other options than the record's: do the record's give them?"""
    from medspan.diagnose.reproduction import Trial, answered, compare_answers
    from medspan.extract.generation import GenerateExtractor

    otherwise = any(one.name == "decoding" and one.moved for one in aspects)
    tried: list[Pair] = list(answers.differing[:MOST_TRIED])
    if not otherwise or not tried or not isinstance(extractor, GenerateExtractor):
        return None
    options = _options(dict(recorded.record["decoding"]))
    plain = GenerateExtractor(extractor.model, extractor.renderer, options, extractor.made_by)
    again = answered(tried, _predict(plain, [one.now for one in tried if one.now], quiet=True))
    return Trial(compare_answers(again).same, len(again))


def _origin(recorded: Recorded) -> str | None:
    """The checkpoint by which the stored predictions were made, where it is not the adapter."""
    from medspan.cli.stored import adapter_hash

    wanted = (recorded.stated.made or {}).get("adapter_sha256")
    if not wanted or adapter_hash(recorded.run / "adapter") == wanted:
        return None
    for folder in sorted((recorded.run / "checkpoints").glob("step-*")):
        if list(folder.glob("adapter_model.*")) and adapter_hash(folder) == wanted:
            return str(folder)
    return None


def _scoring(recorded: Recorded) -> list[Aspect]:
    """The scores that metrics.json holds against those of the stored predictions by the code that is here."""
    from medspan.diagnose.reproduction import compare_scoring

    try:
        metrics = json.loads((recorded.run / "metrics.json").read_text(encoding="utf-8"))[recorded.part]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [compare_scoring(metrics, recorded.stored, recorded.schema)]


def _check_out(run: Path, out: Path) -> None:
    """InputError where the new run would be written over something; removing RUN is never advised."""
    old, new = run.resolve(), out.resolve()
    if new == old:
        raise InputError(
            f"--out {out} is the run that is to be reproduced",
            cause="the new run is compared with it, so both have to be there",
            remedy="name another folder with --out, or leave --out out: RUN-again is then written",
        )
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        # Of a folder that is no run, or that holds RUN or lies in it, nobody knows what else would be lost.
        apart = old not in new.parents and new not in old.parents
        removed = f", or remove it (rm -r {shlex.quote(str(out))})"
        raise InputError(
            f"{out} is there already",
            cause="the training was reproduced before, or --out names another folder's place",
            remedy="name a new folder with --out"
            + (removed if apart and (out / "config.yaml").is_file() else ""),
        )

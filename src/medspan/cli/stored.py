"""A run's own data and its stored predictions, which are made where they are missing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medspan.cli.console import Report, write_json
from medspan.cli.predict import Tally, load_extractor, predictions, write_predictions
from medspan.core import Example, InputError, Schema

if TYPE_CHECKING:
    from medspan.extract import DecodingOptions, Extractor
    from medspan.train.run import RunData

# How many documents are decoded at once is a matter of speed, not of what is asked.
_SPEED_ONLY = {"batch_size"}


@dataclass(frozen=True, slots=True)
class Asked:
    """How the predictions of a part are wanted."""

    options: DecodingOptions
    device: str = "auto"
    base_model: str | None = None
    again: bool = False
    quiet: bool = False


def run_part(run: Path, split: str | None, note: Report) -> tuple[str, tuple[Example, ...]]:
    """Name and examples of a part of the run's data: `split`, else its test, else its validation part."""
    path = run / "config.yaml"
    if not path.is_file():
        raise InputError(
            f"{run} is no run folder: it has no config.yaml" if run.is_dir() else f"{run} does not exist",
            cause="it is an adapter without its run, or another folder"
            if run.is_dir()
            else "the path is misspelt, or relative to another folder",
            remedy="name the output_dir of a training; for an adapter, extract first and give "
            "--reference FILE --predicted FILE",
        )
    data = _data(path)
    held = [name for name, rows in data.parts.items() if rows]
    name = split or next((name for name in ("test", "validation") if name in held), None)
    if name not in held:
        raise InputError(
            f"the run has no part {split!r}" if split else "the run has neither a test nor a validation part",
            cause=f"its configuration names only: {', '.join(held)}",
            remedy="choose one with --split, or extract from a file of your own and give "
            "--reference FILE --predicted FILE",
        )
    assert name is not None
    unfinished = _unfinished(run)
    if unfinished:
        note(unfinished)
    corpus = data.corpora[name]
    if corpus.rejected:
        note(f"{name}: rows that could not be read and are not scored: {len(corpus.rejected)}")
    return name, data.parts[name]


def run_training(run: Path, scored: str) -> tuple[Example, ...] | None:
    """The run's training part, unless that is what is scored."""
    return None if scored == "train" else _data(run / "config.yaml").parts["train"]


def run_schema(run: Path) -> Schema | None:
    """The schema that the run's configuration states, in which alone symmetric and inverse types stand."""
    from medspan.read.schema_file import read_schema
    from medspan.train import load_config

    stated = load_config(run / "config.yaml").schema_file
    return None if stated is None else read_schema(Path(stated), "schema_file")


@lru_cache(maxsize=1)
def _data(config: Path) -> RunData:
    from medspan.train import load_config, load_data

    loaded = load_config(config)
    return load_data(loaded.data, loaded.seed)


def _unfinished(run: Path) -> str | None:
    """What to say of a run whose training has not come to its end."""
    try:
        trained = json.loads((run / "record.json").read_text(encoding="utf-8"))["trained"]
        log = [json.loads(line)["step"] for line in (run / "log.jsonl").read_text("utf-8").splitlines()]
        if trained["finished"]:
            return None
        done, total = max(log, default=0), trained["total_steps"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (
        f"{run} is unfinished (step {done} of {total}): its best checkpoint so far is used; "
        f"medspan train {run / 'config.yaml'} --resume goes on with it"
    )


def run_predictions(
    run: Path, split: str, examples: tuple[Example, ...], asked: Asked, note: Report
) -> tuple[list[Example], Tally | None]:
    """The examples with the run's predictions for them, and what was counted if they were made just now.

    Stored predictions are used unless `asked.again`; InputError where they were made with other
    decoding options, by another adapter, or on other texts.
    """
    from medspan.evaluate import compare_sets
    from medspan.extract import adapter_folder
    from medspan.read import load

    path = run / "predictions" / f"{split}.jsonl"
    made = path.with_name(f"{split}.made.json")
    if path.is_file() and not asked.again:
        _check_made(path, made, run, asked.options)
        note(f"scoring the stored predictions {path} (--again makes new ones)")
        try:
            return compare_sets(examples, load(path, format="medspan").examples), None
        except InputError as error:
            raise InputError(
                f"{path} does not fit the run's {split} part: {error.what}",
                cause="the data was changed after the predictions were made",
                remedy="add --again to make new ones",
            ) from None
    made_of = adapter_hash(adapter_folder(run))
    extractor = load_extractor(run, asked.options, device=asked.device, base_model=asked.base_model)
    tally = Tally()
    found: list[Example] = []
    scored: list[Example] = []

    def kept() -> Any:
        for example in predictions(extractor, examples, tally, asked.quiet, scored.append):
            found.append(example)
            yield example

    made.unlink(missing_ok=True)
    scored_file(run, split).unlink(missing_ok=True)
    write_predictions(path, kept())
    if extractor.least is not None:
        write_predictions(scored_file(run, split), iter(scored))
    write_json(
        made,
        {
            "decoding": asked.options.to_json(),
            "adapter_sha256": made_of,
            **surroundings(extractor),
            **tally.to_json(),
        },
    )
    return found, tally


def where_computed(extractor: Extractor) -> tuple[str, str]:
    """The device and the precision in which an extractor computes, as `cpu` and `bfloat16`."""
    model: Any = getattr(extractor, "model", None) or getattr(extractor, "tagger").reader.body  # noqa: B009
    first = next(model.parameters())
    return str(first.device), str(first.dtype).removeprefix("torch.")


def surroundings(extractor: Extractor) -> dict[str, Any]:
    """What else can move an answer: packages, machine, code, device and precision of an extraction."""
    from medspan.core.run_record import installed_packages
    from medspan.models import hardware
    from medspan.train.run import code_hash

    device, dtype = where_computed(extractor)
    return {
        "packages": installed_packages(),
        "hardware": {**hardware(), "device": device},
        "code": {"sha256": code_hash()},
        "dtype": dtype,
    }


def scored_file(run: Path, split: str) -> Path:
    """Where predictions stand with the less probable ones that were left out."""
    return run / "predictions" / f"{split}.scored.jsonl"


def scored_predictions(run: Path, split: str, examples: tuple[Example, ...]) -> list[Example]:
    """The examples with all that was found for them, the less probable too; none without probabilities."""
    from medspan.evaluate import compare_sets
    from medspan.read import load

    path = scored_file(run, split)
    return compare_sets(examples, load(path, format="medspan").examples) if path.is_file() else []


def adapter_hash(adapter: Path) -> str:
    """One hash of all that decides what an adapter predicts: its weights, its heads, its card."""
    from medspan.models.hashes import adapter_hash as of_adapter

    return of_adapter(adapter)


def _check_made(path: Path, made: Path, run: Path, options: DecodingOptions) -> None:
    from medspan.extract import adapter_folder

    try:
        stated = json.loads(made.read_text(encoding="utf-8"))
        decoding, weights = dict(stated["decoding"]), str(stated["adapter_sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(
            f"{path} stands there without {made.name}, so how it was made is not known",
            cause="it was put there by hand, or its extraction was interrupted",
            remedy="add --again to make it anew, or give it with --reference FILE --predicted FILE",
        ) from None
    wanted = options.to_json()
    differing = [key for key in wanted if key not in _SPEED_ONLY and decoding.get(key) != wanted[key]]
    if differing:
        key = differing[0]
        raise InputError(
            f"{path} was made with {key}={decoding.get(key)}, and {key}={wanted[key]} is asked for",
            cause="an earlier evaluation used other decoding options",
            remedy="add --again to extract anew, or repeat the options of that evaluation",
        )
    if weights != adapter_hash(adapter_folder(run)):
        raise InputError(
            f"{path} was made by another adapter than the run holds now",
            cause="the training was resumed after the evaluation, or the adapter's format.json was changed, "
            "or the predictions were made by an earlier medspan, which told adapters apart otherwise",
            remedy="add --again to extract anew, or score what is stored with --reference FILE "
            f"--predicted {path}",
        )

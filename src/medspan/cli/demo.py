"""`medspan demo`: the whole way on built-in data with the embedded base model, and whether it worked."""

from __future__ import annotations

import json
import shlex
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medspan.cli.console import JsonFile, Quiet, Report, check_targets, notes, say, shown, write_json
from medspan.cli.evaluate import run_curves, run_facts, write_html, write_run_metrics
from medspan.cli.scores import print_scores
from medspan.cli.scoring import Scoring, score
from medspan.cli.stored import Asked, run_predictions, scored_predictions
from medspan.cli.words import decoding
from medspan.core import ConfigError, Example, InputError

if TYPE_CHECKING:
    from medspan.evaluate import Evaluation

NOTES = 780
HELD_OUT_DOCUMENTS = 0.09
"""Share of the notes that are the test; their vocabulary is held out."""

HELD_OUT_STRINGS = 0.5
"""Share of the test's distinct mention strings that no other note has, at least."""

VALIDATION_SHARE = 0.05
VARIETY = 0.25
"""Share of the generator's sentences in use: what a small model can learn in minutes."""

DEMO_TRAINING: dict[str, dict[str, Any]] = {
    "generate": {
        "format": "compact",
        "template": "plain",
        "read_twice": True,
        "num_train_epochs": 1,
        "learning_rate": 8e-4,
        "per_device_train_batch_size": 2,
        "lora_r": 32,
        "lora_alpha": 64,
        "eval_samples": 12,
        "eval_steps": 169,
    },
    "tag": {
        "num_train_epochs": 2,
        "learning_rate": 1.5e-3,
        "per_device_train_batch_size": 8,
        "lora_r": 32,
        "lora_alpha": 64,
    },
}
LEAST_ENTITY_F1, LEAST_RELATION_F1, MOST_BASELINE_F1 = 0.95, 0.85, 0.6
MARKER = "demo.json"
STEPS = 5
_MADE = ("data", "run", "report.html", "next.yaml", MARKER)

NEXT_CONFIG = """\
# Your own corpus: three files or a folder with train, validation and test, in any format that medspan reads.
# medspan split CORPUS --out mydata  cuts one file into such parts.
output_dir: runs/mine
data:
  train: mydata/train.jsonl
  validation: mydata/validation.jsonl
  test: mydata/test.jsonl
"""
NEXT_OF_METHOD = {
    "generate": "read_twice: true # the text stands twice in its prompt: better, for half more tokens\n",
    "tag": "method: tag\nnum_train_epochs: 4\nlearning_rate: 1.5e-3\n",
}


def demo(
    settings: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="Overrides of the training's config."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the demo.")] = Path(
        "runs/demo"
    ),
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Seed of notes, split and run.")] = 0,
    method: Annotated[
        str, typer.Option("--method", metavar="generate|tag", help="How the model is trained to extract.")
    ] = "generate",
    count: Annotated[int, typer.Option("--count", metavar="N", help="Number of notes.")] = NOTES,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier demo in --out.")] = False,
    quiet: Quiet = False,
    json_file: JsonFile = None,
) -> None:
    """Synthesise notes, split, train, extract, evaluate, report; exit 1 where the scores are too low."""
    config = _config(out, seed, method, settings or ())
    check_targets(json_file)
    _make_room(out, overwrite)
    write_json(out / MARKER, {"finished": False})
    clock = _Clock(notes(quiet))
    parts = _make_data(out, seed, count, clock)
    with clock.step("train", "fine-tuning the base model"):
        from medspan.train import train

        run = train(config, report=notes(quiet), bar=not quiet)
    with clock.step("extract", "extracting from the test notes"):
        test = parts["test"]
        asked = Asked(decoding(run, (), free=False), config.device, quiet=quiet)
        predictions, _ = run_predictions(run, "test", test, asked, notes(quiet))
    with clock.step("evaluate", "scoring, and the baseline that pairs all true entities"):
        from medspan.synth import all_legal_pairs_baseline, schema

        how = Scoring(True, training=parts["train"])
        scored = score(predictions, how, scored_predictions(run, "test", test))
        baseline = all_legal_pairs_baseline(test, schema())
        strings = Strings.of(parts["train"], predictions)
        write_run_metrics(run, "test", scored)
        found = scored.evaluation
        tables = [_baseline_table(found, baseline), strings.table()]
        told = run_facts(run, "test"), tables, run_curves(run)
        write_html(out / "report.html", "Demo: synthetic notes", scored, *told)
    faults = verdict(found, baseline["f1"])
    result = {
        "finished": True,
        "seed": seed,
        "method": config.method,
        "data": {**{name: len(rows) for name, rows in parts.items()}, "unseen_share": strings.unseen_share},
        **_scored(run, found, baseline, strings),
        "faults": faults,
        "seconds": clock.seconds(),
    }
    write_json(out / MARKER, result)
    write_json(json_file, result)
    _tell_result(out, run, found, baseline, strings, test, config.method)
    if faults:
        say("The demo failed: " + "; ".join(faults))
        raise typer.Exit(1)


def _scored(
    run: Path, found: Evaluation, baseline: dict[str, float | None], strings: Strings
) -> dict[str, Any]:
    return {
        "training": json.loads((run / "record.json").read_text(encoding="utf-8"))["trained"],
        "evaluation": found.to_json(),
        "baseline": {"all_legal_pairs": baseline},
        "entity_recall": strings.to_json(),
    }


def _config(out: Path, seed: int, method: str, settings: Sequence[str]) -> Any:
    if method not in DEMO_TRAINING:
        raise ConfigError(f"--method is {method!r}", remedy=f"use {' or '.join(DEMO_TRAINING)}")
    from medspan.train import make_config
    from medspan.train.config import set_dotted

    data: dict[str, Any] = {
        **DEMO_TRAINING[method],
        "method": method,
        "output_dir": str(out / "run"),
        "seed": seed,
        "data": {part: str(out / "data" / f"{part}.jsonl") for part in ("train", "validation", "test")},
    }
    for setting in settings:
        set_dotted(data, setting)
    return make_config(data)


def _make_room(out: Path, overwrite: bool) -> None:
    """Refuse a folder that holds something; remove an earlier demo, and nothing else, where asked to."""
    if out.is_file():
        raise InputError(f"{out} is a file", cause="a folder is wanted", remedy="name another --out")
    held = sorted(path.name for path in out.iterdir()) if out.is_dir() else []
    if not held:
        out.mkdir(parents=True, exist_ok=True)
        return
    if MARKER not in held:
        raise InputError(
            f"{out} holds other files ({', '.join(held[:5])}{', ...' if len(held) > 5 else ''})",
            cause="it is not the folder of an earlier demo",
            remedy="name a new folder with --out",
        )
    if not overwrite:
        raise InputError(
            f"{out} holds an earlier demo",
            cause="medspan does not write over results",
            remedy="add --overwrite to replace it, or name a new folder with --out",
        )
    for name in _MADE:
        path = out / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


@dataclass
class _Clock:
    """Numbered steps with their times."""

    note: Report
    begun: float = field(default_factory=time.monotonic)
    times: dict[str, float] = field(default_factory=dict)
    _name: str = ""
    _start: float = 0.0

    def step(self, name: str, what: str) -> _Clock:
        self._name = name
        self.note(f"[{len(self.times) + 1}/{STEPS}] {what}")
        return self

    def __enter__(self) -> None:
        self._start = time.monotonic()

    def __exit__(self, *failure: object) -> None:
        self.times[self._name] = time.monotonic() - self._start
        if failure[0] is None:
            self.note(f"      {self.times[self._name]:.1f} s")

    def seconds(self) -> dict[str, float]:
        return {
            **{name: round(taken, 2) for name, taken in self.times.items()},
            "total": round(time.monotonic() - self.begun, 2),
        }


def _make_data(out: Path, seed: int, count: int, clock: _Clock) -> dict[str, tuple[Example, ...]]:
    """Steps 1 and 2: the notes, cut into parts that share no text, in OUT/data."""
    from medspan.read import write
    from medspan.split import assign
    from medspan.synth import generate

    with clock.step("corpus", f"writing {count} synthetic notes"):
        examples = generate(
            count,
            seed=seed,
            held_out=HELD_OUT_STRINGS,
            held_out_documents=HELD_OUT_DOCUMENTS,
            variety=VARIETY,
        )
    with clock.step("split", "splitting them, no text shared; half of the test's strings are new"):
        # All notes go through one split, so that a test note that resembles a training note would be refused.
        result = assign(examples, shares=_shares(examples), seed=seed, pinned=_pin)
        texts = {part: {one.document.text for one in rows} for part, rows in result.parts.items()}
        for one, other in combinations(texts.values(), 2):
            assert not one & other
        for part, rows in result.parts.items():
            write(out / "data" / f"{part}.jsonl", rows, "medspan")
    for line in result.report.lines()[:1]:
        clock.note(f"      {line}")
    return result.parts


def _shares(examples: Sequence[Example]) -> dict[str, float]:
    test = sum(_pin(example) is not None for example in examples) / len(examples)
    if not test:
        raise InputError(
            f"--count is {len(examples)}", cause="a tenth of the notes is the test", remedy="use 60 or more"
        )
    validation = (1 - test) * VALIDATION_SHARE
    return {"train": 1 - test - validation, "validation": validation, "test": test}


def _pin(example: Example) -> str | None:
    return "test" if example.document.metadata["vocabulary"] == "held-out" else None


@dataclass(frozen=True, slots=True)
class Strings:
    """Entity strings of the test, by whether training had them.

    `seen` and `unseen` are (found, of how many), each string counted once a document.
    """

    distinct: int
    distinct_unseen: int
    seen: tuple[int, int]
    unseen: tuple[int, int]

    @classmethod
    def of(cls, train: Sequence[Example], predictions: Sequence[Example]) -> Strings:
        known = {key for example in train for key in _keys(example.reference)}
        wanted = {key for example in predictions for key in _keys(example.reference)}
        counts = {False: [0, 0], True: [0, 0]}
        for example in predictions:
            found = _keys(example.predicted)
            for key in _keys(example.reference):
                counts[key in known][0] += key in found
                counts[key in known][1] += 1
        return cls(
            len(wanted),
            len(wanted - known),
            (counts[True][0], counts[True][1]),
            (counts[False][0], counts[False][1]),
        )

    @property
    def unseen_share(self) -> float | None:
        return self.distinct_unseen / self.distinct if self.distinct else None

    def to_json(self) -> dict[str, Any]:
        return {
            name: {"found": found, "of": of, "recall": found / of if of else None}
            for name, (found, of) in (("seen", self.seen), ("unseen", self.unseen))
        }

    def table(self) -> tuple[str, list[str], list[list[str]]]:
        rows = [
            [name, str(one["of"]), str(one["found"]), shown(one["recall"])]
            for name, one in self.to_json().items()
        ]
        title = f"Entity strings ({self.distinct_unseen} of {self.distinct} were not in training)"
        return title, ["in training", "in the test notes", "found", "recall"], rows


def _keys(annotation: Any) -> set[tuple[str, str]]:
    from medspan.text import fold

    return {(mention.type, fold(mention.text)) for mention in annotation.mentions} if annotation else set()


def _baseline_table(
    found: Evaluation, baseline: dict[str, float | None]
) -> tuple[str, list[str], list[list[str]]]:
    micro = found.match["text"]["relations"].micro
    return (
        "Relations, against the baseline that pairs all true entities",
        ["", "precision", "recall", "F1"],
        [
            ["model", shown(micro.precision), shown(micro.recall), shown(micro.f1)],
            ["all legal pairs", *(shown(baseline[key]) for key in ("precision", "recall", "f1"))],
        ],
    )


def verdict(found: Evaluation, baseline_f1: float | None) -> list[str]:
    """What is wrong with the demo's result; an undefined score is wrong as well."""
    faults = []
    for kind, least in (("entities", LEAST_ENTITY_F1), ("relations", LEAST_RELATION_F1)):
        f1 = found.match["text"][kind].micro.f1  # type: ignore[index]
        if f1 is None or f1 < least:
            faults.append(f"F1 of {kind} is {shown(f1)}, below {least}")
    if baseline_f1 is None or baseline_f1 >= MOST_BASELINE_F1:
        faults.append(f"the baseline reaches {shown(baseline_f1)}, not below {MOST_BASELINE_F1}")
    return faults


def _tell_result(
    out: Path,
    run: Path,
    found: Evaluation,
    baseline: dict[str, float | None],
    strings: Strings,
    test: Sequence[Example],
    method: str,
) -> None:
    from medspan.read import write_whole

    own = out / "next.yaml"
    write_whole(own, [NEXT_CONFIG, NEXT_OF_METHOD[method]])
    print_scores(found.to_json())
    recall = strings.to_json()
    say(
        f"{shown(strings.unseen_share)} of the test's distinct strings are not in training; recall of "
        f"seen strings {shown(recall['seen']['recall'])}, of unseen ones {shown(recall['unseen']['recall'])}"
    )
    say(f"baseline, all legal pairs of the true entities: relation F1 {shown(baseline['f1'])}")
    say(f"report: {out / 'report.html'}")
    say("Next, with this model and with your own data:")
    say(f"  medspan extract {run} --text {shlex.quote(test[0].document.text)}")
    say("  medspan split CORPUS --out mydata")
    say(f"  medspan train {own}")
    say("  medspan evaluate runs/mine")

"""`medspan train CONFIG`: a run folder."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from medspan.cli.console import JsonFile, Quiet, check_targets, notes, path_of, say, shown, write_json
from medspan.core import InputError

BAD = 1
WRITTEN = ("config.yaml", "record.json", "split.json", "log.jsonl")
"""Files of the run folder, which the training itself writes and reads."""


def train(
    config: Annotated[
        Path,
        typer.Argument(
            metavar="CONFIG", parser=path_of("CONFIG"), help="YAML file, such as configs/ade.yaml."
        ),
    ],
    settings: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="Overrides, such as learning_rate=3e-4."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the run's last checkpoint.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at the first alarm (exit code 1); --resume goes on.")
    ] = False,
    quiet: Quiet = False,
    json_file: JsonFile = None,
) -> None:
    """Fine-tune a base model as a YAML file says; exit 1 where an alarm stopped it."""
    from medspan.train import AlarmStop, load_config
    from medspan.train import train as run_training

    check_targets(json_file, reads=[config])
    if config.is_dir():
        raise InputError(
            f"{config} is a folder, and a configuration file is wanted",
            cause="a run folder was named",
            remedy=f"medspan train {shlex.quote(str(config / 'config.yaml'))} --resume goes on with a run",
        )
    loaded = load_config(config, settings or ())
    run, stop = Path(loaded.output_dir), None
    data = loaded.data
    read = [Path(one) for one in (data.train, data.validation, data.test, loaded.schema_file) if one]
    check_targets(json_file, reads=[*read, *(run / name for name in WRITTEN)])
    try:
        run_training(loaded, resume=resume, report=notes(quiet), bar=not quiet, strict=strict)
    except AlarmStop as stopped:
        stop = stopped
    record = json.loads((run / "record.json").read_text(encoding="utf-8"))
    scores = last_scores(run)
    write_json(json_file, {**record, "run": str(run), "validation": scores})
    trained = record["trained"]
    say(f"{run}: {trained['steps']} steps, {trained['tokens']:,} tokens in {trained['seconds']:.0f} s")
    if trained["best_step"] is not None:
        say(f"chosen: step {trained['best_step']} (validation {shown(trained['best_metric'])})")
    for alarm in trained["alarms"]:
        say(f"alarm at step {alarm['step']}, {alarm['alarm']}: {alarm['message']}")
        say(f"  what to do: {alarm['remedy']}")
    if stop is not None:
        say(f"stopped by {stop.raised.id} at step {stop.step}; {_going_on(run)}")
        raise typer.Exit(BAD)
    say("Next:")
    say(f"  medspan evaluate {shlex.quote(str(run))}")
    say(f'  medspan extract {shlex.quote(str(run))} --text "..."')


def _going_on(run: Path) -> str:
    """How a training that an alarm has stopped can go on."""
    from medspan.train.callbacks.checkpoint import saved_steps

    steps = saved_steps(run)
    kept = f"checkpoint {steps[-1]} is kept" if steps else "nothing was trained yet"
    return f"{kept}: medspan train {shlex.quote(str(run / 'config.yaml'))} --resume goes on all the same"


def last_scores(run: Path) -> dict[str, Any] | None:
    """The last evaluation in a run's log; None where it had none."""
    path = run / "log.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    # The log writes a loss that is not finite as NaN, which JSON does not have.
    found = [json.loads(line, parse_constant=lambda _: None) for line in lines]
    found = [line for line in found if "scores" in line]
    return found[-1] if found else None

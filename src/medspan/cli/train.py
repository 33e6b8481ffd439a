"""`medspan train CONFIG`: a run folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from medspan.cli.console import JsonFile, Quiet, check_targets, notes, say, shown, write_json
from medspan.core import InputError


def train(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="YAML file, such as configs/ade.yaml.")],
    settings: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="Overrides, such as learning_rate=3e-4."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the run's last checkpoint.")] = False,
    quiet: Quiet = False,
    json_file: JsonFile = None,
) -> None:
    """Fine-tune a base model as a YAML file says."""
    from medspan.train import load_config
    from medspan.train import train as run_training

    check_targets(json_file)
    if config.is_dir():
        raise InputError(
            f"{config} is a folder, and a configuration file is wanted",
            cause="a run folder was named",
            remedy=f"medspan train {config / 'config.yaml'} --resume goes on with a run",
        )
    run = run_training(load_config(config, settings or ()), resume=resume, report=notes(quiet), bar=not quiet)
    record = json.loads((run / "record.json").read_text(encoding="utf-8"))
    scores = last_scores(run)
    write_json(json_file, {**record, "run": str(run), "validation": scores})
    trained = record["trained"]
    say(f"{run}: {trained['steps']} steps, {trained['tokens']:,} tokens in {trained['seconds']:.0f} s")
    if trained["best_step"] is not None:
        say(f"chosen: step {trained['best_step']} (validation {shown(trained['best_metric'])})")
    say("Next:")
    say(f"  medspan evaluate {run}")
    say(f'  medspan extract {run} --text "..."')


def last_scores(run: Path) -> dict[str, Any] | None:
    """The last evaluation in a run's log; None where it had none."""
    path = run / "log.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    found = [line for line in map(json.loads, lines) if "scores" in line]
    return found[-1] if found else None

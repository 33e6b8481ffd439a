"""Trainings and cases as run folders on disk. What stands there is used again."""

from __future__ import annotations

import fcntl
import json
import os
import random
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from medspan.models import sha256_of_json

from . import injectors  # noqa: F401  registers them
from .cases import Case, Fault
from .decoding import Decoding, command, decode
from .injector import REGISTER
from .notes import Notes

DONE = ".done"
PARTS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Made:
    """A run folder, and the seconds that making it took (None where it stood there)."""

    run: Path
    seconds: float | None


def trainings(cases: Sequence[Case]) -> list[Case]:
    """The first case of each training that the cases need."""
    return list({case.training: case for case in reversed(cases)}.values())[::-1]


def make_training(case: Case, root: Path) -> Made:
    """The training of a case under `root/trained`, with its data beside it."""
    folder = root / "trained" / case.training
    with _alone(folder):
        return _training(case, folder)


def _training(case: Case, folder: Path) -> Made:
    run = folder / "run"
    notes = notes_of(case)
    identity = _identity(case, notes, case.faults_of_training)
    if _is_made(folder, identity):
        return Made(run, None)
    start = time.monotonic()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _write_data(folder / "data", notes)
    config = {
        "output_dir": str(run.resolve()),
        "data": {part: str((folder / "data" / f"{part}.jsonl").resolve()) for part in PARTS},
        **settings_of(case),
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), "utf-8")
    with ExitStack() as stack:
        for fault in case.faults:
            stack.enter_context(REGISTER[fault.id].training(fault.dose, case.seed))
        # 1: the training ended with an alarm, as a divergence does; what it has saved is what there is.
        command("train", str(folder / "config.yaml"), "--quiet")
    (folder / DONE).write_text(identity, "utf-8")
    return Made(run, time.monotonic() - start)


def notes_of(case: Case) -> Notes:
    """The notes of a case with the faults of its data."""
    plan = case.recipe.plan
    for fault in case.faults:
        plan = REGISTER[fault.id].plan(fault.dose, plan)
    notes = replace(case.recipe, plan=plan).notes(case.seed)
    for fault in case.faults:
        notes = REGISTER[fault.id].data(fault.dose, notes, _random(case, fault))
    return notes


def settings_of(case: Case) -> dict[str, Any]:
    """The configuration of a case's training with its faults, but for paths."""
    config = case.recipe.settings(case.seed)
    for fault in case.faults:
        config = REGISTER[fault.id].config(fault.dose, config)
    return config


def make_case(case: Case, root: Path) -> Made:
    """The run folder of a case under `root/cases`, as its user has it: trained, evaluated, spoilt."""
    folder = root / "cases" / case.name
    with _alone(folder):
        return _case(case, folder, root)


def _case(case: Case, folder: Path, root: Path) -> Made:
    run = folder / "run"
    identity = _identity(case, notes_of(case), case.faults)
    if _is_made(folder, identity):
        return Made(run, None)
    trained = make_training(case, root).run
    start = time.monotonic()
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(trained.parent, folder, copy_function=_linked, ignore=shutil.ignore_patterns(DONE))
    _moved(folder, trained.parent.resolve(), folder.resolve())
    for fault in case.faults:
        REGISTER[fault.id].trained(fault.dose, run)
    # A training that ended before its first evaluation has saved nothing that could answer.
    if (run / "adapter").is_dir():
        decode(run, test_part(run), how_of(case))
    for fault in case.faults:
        REGISTER[fault.id].folder(fault.dose, run, _random(case, fault))
    _without_alarms(run)
    if case.without_record:
        (run / "record.json").unlink()
        (run / "predictions" / "test.made.json").unlink(missing_ok=True)
    (folder / DONE).write_text(identity, "utf-8")
    return Made(run, time.monotonic() - start)


def how_of(case: Case) -> Decoding:
    """How the test part of a case is decoded."""
    how = Decoding(grammar=case.recipe.grammar)
    for fault in case.faults:
        how = REGISTER[fault.id].decoding(fault.dose, how)
    return how


def test_part(run: Path) -> tuple[Any, ...]:
    """The test part of a run's data."""
    from medspan.read import load

    data = yaml.safe_load((run / "config.yaml").read_text("utf-8"))["data"]
    return tuple(load(data["test"], format="medspan", split="test").examples)


def remove_case(case: Case, root: Path) -> None:
    """Remove a case's folder; its training stays."""
    shutil.rmtree(root / "cases" / case.name, ignore_errors=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """While it lasts, no other process makes the folder: what several cases need is made once."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _identity(case: Case, notes: Notes, faults: Sequence[Fault]) -> str:
    """What a folder was made of: another plan, configuration or dose makes it anew."""
    parts = [getattr(notes, part) for part in PARTS]
    rows = [[one.id, one.document.text, repr(one.reference)] for part in parts for one in part]
    doses = [REGISTER[fault.id].doses[fault.dose] for fault in faults]
    return sha256_of_json([rows, settings_of(case), doses])


def _is_made(folder: Path, identity: str) -> bool:
    done = folder / DONE
    return done.is_file() and done.read_text("utf-8") == identity


def _write_data(folder: Path, notes: Notes) -> None:
    from medspan.read import write

    for part in PARTS:
        write(folder / f"{part}.jsonl", getattr(notes, part), "medspan")


def _linked(source: str, target: str) -> str:
    """Copy a file: large ones, which nobody changes in place, as links."""
    if os.path.getsize(source) > 1_000_000:
        os.link(source, target)
        return target
    return str(shutil.copy2(source, target))


def _moved(folder: Path, old: Path, new: Path) -> None:
    """Write the folder's new place into what states the old one."""
    for path in (folder / "config.yaml", folder / "run" / "config.yaml", folder / "run" / "record.json"):
        if path.is_file():
            path.write_text(path.read_text("utf-8").replace(str(old), str(new)), "utf-8")


def _without_alarms(run: Path) -> None:
    """Take out what alarms have said during training: the doctor must do without, as with most trainers."""
    path = run / "record.json"
    record = json.loads(path.read_text("utf-8"))
    for key in ("alarms", "stopped_by"):
        record["trained"].pop(key, None)
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", "utf-8")
    log = run / "log.jsonl"
    if log.is_file():
        kept = [line for line in log.read_text("utf-8").splitlines(True) if "alarm" not in json.loads(line)]
        log.write_text("".join(kept), "utf-8")


def _random(case: Case, fault: Fault) -> random.Random:
    return random.Random(f"{case.seed}-{fault.id}-{fault.dose}")

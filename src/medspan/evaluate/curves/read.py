"""Curves from a run folder, a log of JSON lines, or a Hugging Face `trainer_state.json`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from medspan.core import InputError, Place
from medspan.core.errors import missing_file
from medspan.evaluate.curves.carrier import Curves
from medspan.evaluate.curves.records import Record, assemble, record_of, step_named, step_of, whole_number

LOGS = ("log.jsonl", "trainer_log.jsonl")
STATE = "trainer_state.json"
MEDSPAN, STATES, LINES = "medspan log", "Hugging Face trainer state", "log of JSON lines"
SHOWN = 5

Row = dict[str, Any]


def read_curves(path: Path) -> Curves:
    """The curves of a training, from its folder or from its log.

    In a folder, medspan's `log.jsonl` comes first, then the `trainer_state.json` that is furthest (of the
    folder itself, `checkpoint-N/` or `checkpoints/`), then `trainer_log.jsonl` (LLaMA-Factory). A file may
    be any of these; TRL, Unsloth, Axolotl and LLaMA-Factory all write the trainer state.

    Odd logs are read as far as they go, and `notes` tell what was odd. InputError where the path is
    missing, holds no log, or holds one without a single value.
    """
    if not path.exists():
        raise missing_file(path, "the run or its log")
    file = path if path.is_file() else path / LOGS[0]
    if path.is_file() or file.is_file():
        rows, facts, notes, kind = _read_file(file)
    else:
        file, rows, facts, notes, kind = _read_folder(path)
    folder = file.parent
    if kind != STATES:
        facts = {**_facts_beside(folder), **facts}
    facts.setdefault("max_steps", next((row["total_steps"] for row in rows if _says_total(row)), None))
    records, more = _records(rows)
    curves = assemble(str(file), kind, records, _known(facts), [*notes, *more])
    if not any(curves.all_series().values()):
        raise _empty(file, len(rows))
    return curves


def _says_total(row: Any) -> bool:
    """Whether an entry names the planned steps, as LLaMA-Factory's do."""
    return isinstance(row, dict) and "total_steps" in row


def _read_folder(folder: Path) -> tuple[Path, list[Row], Row, list[str], str]:
    """The furthest trainer state of a folder, or its other log."""
    states, notes = _states(folder)
    if not states:
        for name in LOGS[1:]:
            if (folder / name).is_file():
                return (folder / name, *_read_file(folder / name))
        raise _nothing_in(folder, notes)
    states.sort(key=lambda one: (one[1], len(one[2]["log_history"]), one[0].parent == folder))
    file, step, state = states[-1]
    if len(states) > 1:
        notes.append(
            f"{len(states)} trainer states; read is {file.relative_to(folder)}, the furthest (step {step})"
        )
    notes += _other_runs(folder, states)
    return file, list(state["log_history"]), state, notes, STATES


def _states(folder: Path) -> tuple[list[tuple[Path, int, Row]], list[str]]:
    """The readable trainer states of a folder and of its checkpoints, with their steps."""
    found = [
        folder / STATE,
        *sorted(folder.glob(f"checkpoint*/{STATE}")),
        *sorted(folder.glob(f"checkpoints/*/{STATE}")),
    ]
    states, notes = [], []
    for file in found:
        if not file.is_file():
            continue
        state = _json(file.read_text(encoding="utf-8", errors="replace"))
        if not isinstance(state, dict) or not isinstance(state.get("log_history"), list):
            notes.append(
                f"{file.relative_to(folder)} cannot be read (cut off while it was written?) and is left out"
            )
            continue
        steps = [step_of(row) or 0 for row in state["log_history"] if isinstance(row, dict)]
        states.append((file, max([whole_number(state.get("global_step")) or 0, *steps]), state))
    return states, notes


def _other_runs(folder: Path, states: Sequence[tuple[Path, int, Row]]) -> list[str]:
    """Names the states whose losses at the same steps are not those of the last one: another run's."""
    chosen = _losses(states[-1][2])
    notes = []
    for file, _, state in states[:-1]:
        losses = _losses(state)
        differ = [step for step in losses if step in chosen and str(losses[step]) != str(chosen[step])]
        if differ:
            notes.append(
                f"{file.relative_to(folder)} has another loss at step {differ[0]}"
                f"{f' and {len(differ) - 1} more' if len(differ) > 1 else ''}: another run, or one resumed "
                "from an earlier checkpoint, wrote into this folder"
            )
    return notes


def _losses(state: Row) -> dict[int, Any]:
    rows = [row for row in state["log_history"] if isinstance(row, dict) and "loss" in row]
    return {step: row["loss"] for row in rows if (step := step_of(row)) is not None}


def _read_file(file: Path) -> tuple[list[Row], Row, list[str], str]:
    """(rows, what the file says of the run, notes, kind) of a trainer state, a list, or JSON lines."""
    text = file.read_text(encoding="utf-8-sig", errors="replace")
    whole = _json(text)
    if isinstance(whole, dict) and isinstance(whole.get("log_history"), list):
        return list(whole["log_history"]), whole, [], STATES
    if isinstance(whole, list):
        return whole, {}, [], LINES
    if file.name == STATE or (whole is None and '"log_history"' in text):
        raise InputError(
            f"{file.name} is no whole trainer state",
            cause="it was cut off while it was written, or edited by hand",
            remedy="name the output_dir of the training: an earlier checkpoint in it holds the curves "
            "up to its own step",
            place=Place(str(file)),
        )
    if isinstance(whole, dict):
        return [whole], {}, [], LINES
    return _read_lines(text, file)


def _read_lines(text: str, file: Path) -> tuple[list[Row], Row, list[str], str]:
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    rows, broken = [], []
    for number, line in lines:
        row = _json(line)
        if isinstance(row, dict):
            rows.append(row)
        else:
            broken.append(number)
    if lines and not rows:
        begun = text.lstrip().startswith(("{", "["))
        raise InputError(
            f"{len(lines)} line{'' if len(lines) == 1 else 's'}, and none is a JSON object",
            cause="it was cut off while it was written, or edited by hand"
            if begun
            else "this is no training log, or the printed output of one",
            remedy="name a run folder, its log.jsonl, or a trainer_state.json",
            place=Place(str(file)),
        )
    notes = []
    if broken and broken[-1] == lines[-1][0]:
        notes.append(
            f"the last line ({broken.pop()}) is cut off and left out: the run was killed, or is still writing"
        )
    if broken:
        listed = ", ".join(map(str, broken[:SHOWN])) + (" ..." if len(broken) > SHOWN else "")
        notes.append(f"{len(broken)} of {len(lines)} lines are no JSON and left out (line {listed})")
    own = file.name == LOGS[0] or any("validation_loss" in row for row in rows)
    return rows, {}, notes, MEDSPAN if own else LINES


def _records(rows: Sequence[Any]) -> tuple[list[Record], list[str]]:
    """Rows with their steps; where no row names a step, they are numbered."""
    objects = [row for row in rows if isinstance(row, dict)]
    notes = []
    if len(objects) < len(rows):
        notes.append(f"{len(rows) - len(objects)} of {len(rows)} entries are no objects and left out")
    if objects and not any(step_named(row) for row in objects):
        notes.append("no entry names its step: they are counted from 1 in their order")
        return [record_of(row, number) for number, row in enumerate(objects, 1)], notes
    placed = [(row, step_of(row)) for row in objects]
    lost = sum(step is None for _, step in placed)
    if lost:
        notes.append(f"{lost} of {len(objects)} entries name no step and are left out")
    return [record_of(row, step) for row, step in placed if step is not None], notes


def _facts_beside(folder: Path) -> Row:
    """What a run folder says of its training outside of the log: the chosen step and the planned ones."""
    facts: Row = {}
    states, _ = _states(folder)
    if states:
        facts = max(states, key=lambda one: one[1])[2]
    try:
        record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
        return {**facts, "best_global_step": record["trained"]["best_step"]}
    except (OSError, ValueError, KeyError, TypeError):
        return facts


def _known(facts: Row) -> dict[str, int | None]:
    """The chosen step and the planned steps, where a source says them."""
    best = whole_number(facts.get("best_global_step"))
    if not best:
        named = str(facts.get("best_model_checkpoint") or "").rpartition("-")[2]
        best = int(named) if named.isdigit() else None
    planned = whole_number(facts.get("max_steps"))
    return {"chosen_step": best or None, "planned_steps": planned if planned and planned > 0 else None}


def _json(text: str) -> Any:
    """The value of a JSON text, NaN and Infinity allowed; None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _empty(file: Path, rows: int) -> InputError:
    return InputError(
        "the log is empty"
        if not rows
        else f"{rows} entr{'y' if rows == 1 else 'ies'}, and none has a loss, a learning rate or an F1",
        cause="the training stopped before its first logged step" if not rows else "another tool's log",
        remedy="train with a smaller logging_steps, or name another run, log.jsonl or trainer_state.json",
        place=Place(str(file)),
    )


def _nothing_in(folder: Path, notes: Sequence[str]) -> InputError:
    inner = sorted(
        {
            file.parent.parent if file.parent.name.startswith("checkpoint") else file.parent
            for depth in ("*", "*/*")
            for name in (LOGS[0], STATE)
            for file in folder.glob(f"{depth}/{name}")
        }
    )
    named = (
        f"name one of the runs in it, for instance {inner[0]}"
        if inner
        else ("name a run folder of medspan, or an output_dir of the Hugging Face Trainer with a checkpoint")
    )
    return InputError(
        f"{folder} holds no log.jsonl and no readable trainer_state.json",
        cause=notes[0] if notes else "it is no run folder, or the run has saved no checkpoint yet",
        remedy=named,
    )

"""One case from its making to its result."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import effect, making, outcome
from .cases import Case
from .decoding import command

FAILED = "failed"


def run_case(
    case: Case,
    out: Path,
    doctor: Callable[[Path, Path], dict[str, Any]],
    *,
    keep: bool = False,
    remake: bool = False,
) -> dict[str, Any]:
    """Make a case, let the doctor see it, and measure what its faults cost."""
    if remake:
        making.remove_case(case, out)
    made = making.make_case(case, out)
    start = time.monotonic()
    result = out / "diagnoses" / f"{case.name}.json"
    result.parent.mkdir(parents=True, exist_ok=True)
    diagnosis = doctor(made.run, result)
    seconds = time.monotonic() - start
    loss = {}
    if case.faults:
        loss = effect.losses(effect.answers_of(case.healthy, made.run, out), effect.stored(made.run))
    row = outcome.row_of(case, diagnosis, {kind: one.to_json() for kind, one in loss.items()}, seconds)
    if "error" in diagnosis:
        row["error"] = diagnosis["error"]
    pair = len(case.faults) > 1
    row["counts"] = effect.pair_counts(case, made.run, out) if pair else effect.counts(case.causes, loss)
    row["making_seconds"] = None if made.seconds is None else round(made.seconds, 1)
    if case.faults and not keep:
        making.remove_case(case, out)
    return row


def diagnose(run: Path, result: Path) -> dict[str, Any]:
    """What `medspan diagnose RUN --json` says, called in this process.

    A call that ends with an error is an answer, too: the verdict `failed`, with what it said.
    """
    result.unlink(missing_ok=True)
    try:
        command("diagnose", str(run), "--quiet", "--json", str(result))
    except RuntimeError as error:
        return {"verdict": FAILED, "causes": [], "error": str(error)}
    return dict(json.loads(result.read_text("utf-8")))

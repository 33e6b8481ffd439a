"""The fault bench: healthy small runs, a fault in each, and what `medspan diagnose` says of them.

    python benchmarks/fault_bench.py [--only ID ...] [--seeds 1 2 3] [--list] [--again] [--out DIR]

Goes on case by case where it was left: results are lines of `runs/fault-bench/results.jsonl`, trainings
stand in `runs/fault-bench/trained`, what the doctor said in `runs/fault-bench/diagnoses`. Two cases run side
by side, each on a core (`--workers`), some three hours in all on two of them; `--list` shows the plan.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.faults import cases as planned  # noqa: E402
from tests.faults import making, outcome  # noqa: E402
from tests.faults.cases import Case  # noqa: E402
from tests.faults.running import diagnose, run_case  # noqa: E402

TRAINING_SECONDS, EVALUATION_SECONDS, DIAGNOSIS_SECONDS = 42, 12, 30
"""Half of what one of each takes, for two run side by side: two cores with nothing beside them."""


def main() -> None:
    options = _options()
    wanted = planned.chosen(planned.every_case(options.seeds), options.only)
    if options.list:
        _list(wanted)
        return
    out = options.out
    out.mkdir(parents=True, exist_ok=True)
    results = out / "results.jsonl"
    known = {} if options.again else _read(results)
    todo = [case for case in wanted if case.name not in known]
    for case, row in _run(todo, options):
        if isinstance(row, str):
            print(f"{case.name}: could not be made: {row}", flush=True)
            continue
        known[case.name] = row
        with results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
        said = "right" if outcome.right(row) else "does not count" if not row["counts"] else "MISSED"
        at = sum(one.name in known for one in wanted)
        print(
            f"{at}/{len(wanted)} {case.name}: {outcome.first(row)} ({said}, {row['seconds']} s)", flush=True
        )
    rows = [known[case.name] for case in wanted if case.name in known]
    (out / "report.md").write_text(outcome.report(rows), "utf-8")
    print(outcome.report(rows))
    if len(rows) < len(wanted):
        lacking = len(wanted) - len(rows)
        print(f"{lacking} of {len(wanted)} cases could not be made; the same call tries them again")
    if len(rows) < len(wanted) or any(target.reached is False for target in outcome.targets(rows)):
        raise SystemExit(1)


def _run(cases: Sequence[Case], options: argparse.Namespace) -> Iterator[tuple[Case, dict[str, Any] | str]]:
    """Each case with its result as it is ready; where it could not be made, with what went wrong."""
    # Set before the processes load torch: together they have as many threads as there are cores.
    os.environ["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // options.workers))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.workers, context, _end_with, (os.getpid(),)) as pool:
        running = {
            pool.submit(run_case, case, options.out, diagnose, keep=options.keep, remake=options.again): case
            for case in cases
        }
        for done in as_completed(running):
            error = done.exception()
            # The others go on; without a result, the next call tries it again.
            yield running[done], done.result() if error is None else _told(error)


def _end_with(parent: int) -> None:
    """End this process once its parent has ended: a stopped bench must not go on computing."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only", nargs="*", default=[], metavar="ID", help="cause ids, kinds or names of cases"
    )
    parser.add_argument("--seeds", nargs="*", type=int, default=planned.SEEDS)
    parser.add_argument("--list", action="store_true", help="show the cases and the time that they take")
    parser.add_argument(
        "--again", action="store_true", help="make and diagnose cases that have a result, too"
    )
    parser.add_argument("--keep", action="store_true", help="keep the folders of cases")
    parser.add_argument(
        "--workers", type=int, default=min(2, os.cpu_count() or 1), help="cases that run side by side"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "runs" / "fault-bench")
    return parser.parse_args()


def _list(cases: Sequence[Case]) -> None:
    for case in cases:
        print(case.name)
    trainings = len(making.trainings([*cases, *(case.healthy for case in cases)]))
    seconds = trainings * TRAINING_SECONDS + len(cases) * (EVALUATION_SECONDS + DIAGNOSIS_SECONDS)
    print(
        f"{len(cases)} cases, {trainings} trainings: {trainings} x {TRAINING_SECONDS} s + {len(cases)} x "
        f"({EVALUATION_SECONDS} + {DIAGNOSIS_SECONDS}) s = {seconds / 60:.0f} min, less what is there already"
    )


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[-600:]}"


def _read(results: Path) -> dict[str, dict[str, Any]]:
    """The results so far by case, of two the later; a line that an interruption cut off is left out."""
    found = {}
    if results.is_file():
        for line in results.read_text("utf-8").splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            found[row["case"]] = row
    return found


if __name__ == "__main__":
    main()

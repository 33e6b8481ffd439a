"""What the doctor said of the cases: right or wrong, the figures against the targets, the confusion table."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SURE = 0.5
"""The confidence from which on a cause of a healthy run is a false alarm."""
LONGEST_SECONDS = 300.0
MOST_SECONDS = 60.0
ABSTAINED = ("healthy", "undetermined")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """A figure with its target; `reached` is None where there is nothing to measure it on."""

    what: str
    right: int
    of: int
    least: float

    @property
    def reached(self) -> bool | None:
        return None if not self.of else self.right >= self.least * self.of - 1e-9


def row_of(
    case: Any, diagnosis: Mapping[str, Any], loss: Mapping[str, Any], seconds: float
) -> dict[str, Any]:
    """The result of a case as it is kept: what is true, what was said, what it costs."""
    return {
        "case": case.name,
        "kind": case.kind,
        "causes": list(case.causes),
        "doses": [fault.dose for fault in case.faults],
        "strong": case.strong,
        "seed": case.seed,
        "without_record": case.without_record,
        "verdict": diagnosis["verdict"],
        "said": [[found["cause"], found["confidence"]] for found in diagnosis["causes"]],
        "loss": dict(loss),
        "seconds": round(seconds, 1),
    }


def first(row: Row) -> str:
    """The doctor's first answer: the verdict."""
    return str(row["verdict"])


def right(row: Row) -> bool:
    """Whether the doctor was right about a case.

    A single fault, varied or not: its cause is the verdict. A pair: both causes are among the first three. A
    healthy run: no cause at a confidence of 0.5 or more, and the verdict is no cause.
    """
    if row["kind"] in ("single", "varied"):
        return first(row) == row["causes"][0]
    if row["kind"] == "pair":
        return set(row["causes"]) <= {cause for cause, _ in row["said"][:3]}
    return first(row) in ABSTAINED and all(confidence < SURE for _, confidence in row["said"])


def counted(rows: Iterable[Row]) -> list[Row]:
    """The rows of healthy runs, and of faults that count."""
    return [row for row in rows if row["kind"] == "healthy" or row["counts"]]


def targets(rows: Sequence[Row]) -> list[Target]:
    """The figures against what is wanted of the bench."""
    valid = counted(rows)
    single = [row for row in valid if row["kind"] == "single"]
    strong = [row for row in single if row["strong"]]
    varied = [row for row in valid if row["kind"] == "varied"]
    pairs = [row for row in valid if row["kind"] == "pair"]
    healthy = [row for row in valid if row["kind"] == "healthy"]
    timed = [row["seconds"] for row in rows]
    return [
        Target("single faults: the true cause first", _hits(single), len(single), 0.95),
        Target("strong single faults: the true cause first", _hits(strong), len(strong), 1.0),
        Target("faults in varied runs: the true cause first", _hits(varied), len(varied), 0.95),
        Target("pairs: both causes in the first three", _hits(pairs), len(pairs), 0.9),
        Target(f"healthy runs: no cause at {SURE} or more", _hits(healthy), len(healthy), 1.0),
        Target(
            f"diagnoses within {LONGEST_SECONDS:.0f} s",
            sum(one <= LONGEST_SECONDS for one in timed),
            len(timed),
            1.0,
        ),
        Target(
            f"diagnoses within {MOST_SECONDS:.0f} s",
            sum(one <= MOST_SECONDS for one in timed),
            len(timed),
            0.5,
        ),
    ]


def report(rows: Sequence[Row]) -> str:
    """Markdown: the figures, the confusion table, what was missed, what does not count."""
    lines = ["| target | reached | of | wanted | |", "| --- | --- | --- | --- | --- |"]
    for target in targets(rows):
        verdict = {None: "nothing measured", True: "reached", False: "**missed**"}[target.reached]
        lines.append(f"| {target.what} | {target.right} | {target.of} | {target.least:.0%} | {verdict} |")
    seconds = [row["seconds"] for row in rows]
    if seconds:
        lines += [
            "",
            f"Seconds of a diagnosis: median {statistics.median(seconds):.0f}, most {max(seconds):.0f}.",
        ]
    lines += ["", *confusion(rows), "", *_missed(rows), *_uncounted(rows)]
    return "\n".join(lines) + "\n"


def confusion(rows: Sequence[Row]) -> list[str]:
    """Single faults that count, and healthy runs: true cause by first answer, with the number of cases."""
    table: dict[str, Counter[str]] = {}
    for row in counted(rows):
        if row["kind"] in ("single", "healthy"):
            true = row["causes"][0] if row["causes"] else "healthy"
            table.setdefault(true, Counter())[first(row)] += 1
    lines = ["| true cause | cases | named first | named instead |", "| --- | --- | --- | --- |"]
    for true, found in sorted(table.items()):
        fitting = sum(found[name] for name in (ABSTAINED if true == "healthy" else (true,)))
        wrong = ", ".join(
            f"{name} {count}"
            for name, count in found.most_common()
            if name != true and not (true == "healthy" and name in ABSTAINED)
        )
        lines.append(f"| {true} | {sum(found.values())} | {fitting} | {wrong or '-'} |")
    return lines


def _missed(rows: Sequence[Row]) -> list[str]:
    missed = [row for row in counted(rows) if not right(row)]
    lines = [f"Missed: {len(missed)}."]
    for row in missed:
        said = ", ".join(f"{cause} {confidence:.2f}" for cause, confidence in row["said"][:3]) or "no cause"
        lines.append(f"- {row['case']}: {first(row)} ({said})")
    return lines


def _uncounted(rows: Sequence[Row]) -> list[str]:
    idle = [row for row in rows if row["kind"] != "healthy" and not row["counts"]]
    lines = [f"Do not count, since their loss of F1 is not certain: {len(idle)}."]
    for row in idle:
        shown = ", ".join(
            f"{kind} {_shown(loss['before'])} -> {_shown(loss['after'])}"
            for kind, loss in row["loss"].items()
        )
        lines.append(f"- {row['case']}: {shown}; the doctor said {first(row)}")
    return lines


def _hits(rows: Iterable[Row]) -> int:
    return sum(right(row) for row in rows)


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"

"""A reproduction for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medspan.cli.console import Report, say, shown, table

if TYPE_CHECKING:
    from medspan.diagnose.reproduction import Aspect, Reproduction, Retrained
    from medspan.diagnose.reproduction.training import Steps

SHOWN = 3
_LONGEST = 72
_MARKS = {"same": "=", "moved": "!", "unknown": "?"}


def print_stated(aspects: Sequence[Aspect]) -> None:
    """Print what the record states against what is here; a line for each thing that moved."""
    rows = [(f"{_MARKS[one.state]} {one.name}", one.then, one.now) for one in aspects]
    headers = ("  what is stated", "then", "here")
    widths = [max(len(row[column]) for row in (headers, *rows)) for column in range(2)]
    say(f"{headers[0].ljust(widths[0])}  {headers[1].ljust(widths[1])}  {headers[2]}")
    say("-" * (sum(widths) + 4 + max(len(row[2]) for row in (headers, *rows))))
    for (first, then, now), aspect in zip(rows, aspects, strict=True):
        told = now if aspect.matters or not aspect.moved else f"{now} (plays no part)"
        say(f"{first.ljust(widths[0])}  {then.ljust(widths[1])}  {told}")
        for line in aspect.details:
            say(f"    {line}")
    say("= the same, ! moved, ? not known")
    say()


def print_time(
    log: Sequence[Mapping[str, Any]],
    record: Mapping[str, Any],
    hardware: Mapping[str, Any],
    out: Path,
    note: Report,
) -> None:
    """Say how long the training will take, as far as its record lets it be told."""
    note(f"training again into {out}: {expected_time(log, record, hardware)}")


def expected_time(
    log: Sequence[Mapping[str, Any]], record: Mapping[str, Any], hardware: Mapping[str, Any]
) -> str:
    """How long a training will take here, in words."""
    from medspan.diagnose.reproduction import seconds_taken

    seconds = seconds_taken(log, record)
    if seconds is None:
        return "how long it took is not recorded"
    then = record.get("hardware") or {}
    kind = ("processor", "gpus")
    if any(then.get(key) != hardware.get(key) for key in kind):
        processor = then.get("processor", "?")
        return f"it took {_span(seconds)} on another machine ({processor}), which says little here"
    threads = then.get("threads"), hardware.get("threads")
    if threads[0] and threads[1] and threads[0] != threads[1] and not then.get("gpus"):
        scaled = seconds * threads[0] / threads[1]
        return (
            f"about {_span(scaled)}, scaled from {_span(seconds)} with {threads[0]} threads to {threads[1]}"
        )
    return f"about {_span(seconds)}, as it took then on a machine like this one"


def print_result(found: Reproduction) -> None:
    """Print what came out, the verdict, and which part moved."""
    from medspan.diagnose.reproduction import sentence, why

    if found.training is not None:
        _print_training(found.training)
    if found.answers is not None:
        _print_answers(found)
    say(sentence(found))
    for line in why(found):
        say(line)


def _print_answers(found: Reproduction) -> None:
    from medspan.diagnose.reproduction import said

    answers = found.answers
    assert answers is not None
    of = "" if found.sampled_of is None else f", a sample of {found.sampled_of}"
    say(f"answers of the part {found.part} ({found.documents} documents{of})")
    say(f"  identical: {answers.same} of {answers.of} with the text of then")
    for names, what in (
        (answers.changed, "have another text now"),
        (answers.relabelled, "have another reference now"),
        (answers.gone, "are no longer there"),
        (answers.new, "are new"),
    ):
        if names:
            say(f"  {len(names)} {what}: {', '.join(names[:SHOWN])}{', ...' if len(names) > SHOWN else ''}")
    for pair in answers.differing[:SHOWN]:
        say(f"  {pair.name}")
        say(f"    then: {_cut(said(pair.then))}")
        say(f"    now:  {_cut(said(pair.now))}")
    rows = []
    for (how, kind), test in found.tests.items():
        limits = test.interval
        rows.append(
            (
                f"{kind}, {how}",
                shown(test.f1[0]),
                shown(test.f1[1]),
                "-" if test.difference is None else f"{test.difference:+.3f}",
                "-" if limits is None else f"{limits[0]:+.3f} to {limits[1]:+.3f}",
            )
        )
    say()
    for line in table(("micro F1", "then", "now", "difference", "95% interval"), rows):
        say(line)
    say()


def _print_training(trained: Retrained) -> None:
    say(f"losses: {_steps(trained.losses)}")
    for name, steps in trained.scores.items():
        say(f"validation, {name}: {_steps(steps)}")
    weights = trained.weights
    if weights is None:
        say("weights: one of the runs has no adapter")
    elif weights.equal_bytes:
        say("weights: equal, byte for byte")
    else:
        relative = "" if weights.relative is None else f" ({weights.relative:.2g} of the weights' norm)"
        say(
            f"weights: {weights.tensors} of {weights.of} tensors differ{relative}, the most by "
            f"{_number(weights.largest)} in {weights.where}"
        )
        if weights.unlike:
            say(f"  not in both, or of another shape: {', '.join(weights.unlike[:SHOWN])}")
    if trained.chosen[0] != trained.chosen[1]:
        say(f"chosen: step {trained.chosen[0]} then, step {trained.chosen[1]} now")
    say()


def _steps(steps: Steps) -> str:
    told = f"{steps.equal} of {steps.compared} logged steps equal"
    for what, one in (("first differs at step", steps.first), ("most at step", steps.largest)):
        if one is not None:
            told += f"; {what} {one[0]}: {_number(one[1])} then, {_number(one[2])} now"
    if any(steps.only):
        told += f"; {steps.only[0]} steps only then, {steps.only[1]} only now"
    return told


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.6g}"


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _cut(text: str | None) -> str:
    if text is None:
        return "-"
    line = " / ".join(text.strip().splitlines())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."

"""`medspan curves RUN|FILE`: what the loss and F1 of a training say, of medspan or of another trainer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medspan.cli.console import JsonFile, Quiet, check_targets, notes, say, shown, table, write_json

if TYPE_CHECKING:
    from medspan.evaluate.curves import Curves, Judgement, Series

BAD = 1
MOST_ROWS = 20

HtmlFile = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write the curves as a page to look at.")
]


def curves(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="RUN|FILE",
            help="A run folder, an output_dir of a Hugging Face trainer, log.jsonl or trainer_state.json.",
        ),
    ],
    html: HtmlFile = None,
    quiet: Quiet = False,
    json_file: JsonFile = None,
) -> None:
    """Tell from its curves whether a training still falls, is flat, overfits, diverged, or learns no task.

    The exit code is 1 if it diverged.
    """
    from medspan.evaluate.curves import judge, read_curves

    read = read_curves(source)
    check_targets(json_file, html, reads=[source, Path(read.source)])
    judgement = judge(read)
    write_json(json_file, {**read.to_json(), "best": _best(read), **judgement.to_json()})
    if html is not None:
        from medspan.evaluate.curves.picture import write_page

        write_page(html, read, judgement, title=_title(source))
    note = notes(quiet)
    note(f"{read.source} ({read.kind})")
    for line in read.notes:
        note(f"note: {line}")
    _say(read, judgement)
    if html is not None:
        say(f"page: {html}")
    if judgement.diverged:
        raise typer.Exit(BAD)


def _title(source: Path) -> str:
    whole = source.resolve()
    return f"{whole.parent.name}: {whole.name}" if whole.is_file() else whole.name


def _best(read: Curves) -> dict[str, dict[str, float] | None]:
    """The step with the highest F1 and the one with the lowest validation loss; the earlier one of equals."""
    from medspan.evaluate.curves.carrier import finite

    losses, scores = finite(read.validation_loss), read.headline
    low = min(losses, key=lambda point: point.value, default=None)
    high = max(scores, key=lambda point: point.value, default=None)
    return {
        "f1": None if high is None else {"step": high.step, "value": high.value},
        "validation_loss": None if low is None else {"step": low.step, "value": low.value},
    }


def _say(read: Curves, judgement: Judgement) -> None:
    headers, rows = _rows(read)
    if rows:
        for line in table(headers, rows):
            say(line)
        say()
    say(f"last: step {read.last_step}, {', '.join(_last(read))}")
    for name, best in _best(read).items():
        if best:
            named = "F1" if name == "f1" else "validation loss"
            say(f"best {named}: step {best['step']} ({best['value']:.4g})")
    if read.chosen_step:
        say(f"chosen by the training: step {read.chosen_step}")
    say()
    for verdict in judgement.verdicts:
        say(verdict.message)
        if verdict.kind != "undetermined":
            say(f"  what to do: {verdict.remedy}")
    told = " ".join(verdict.message for verdict in judgement.verdicts)
    for line in judgement.missing:
        if line not in told:
            say(f"missing: {line}")


def _last(read: Curves) -> list[str]:
    named = {
        "training loss": read.loss,
        "validation loss": read.validation_loss,
        "learning rate": read.learning_rate,
        "gradient norm": read.grad_norm,
    }
    told = [f"{name} {points[-1].value:.4g}" for name, points in named.items() if points]
    return told or ["F1 only"]


def _rows(read: Curves) -> tuple[list[str], list[list[str]]]:
    """The evaluations, at most `MOST_ROWS` evenly spaced ones and the last."""
    from medspan.evaluate.curves.carrier import at_step
    from medspan.page import evenly_spaced

    columns: list[tuple[str, Series]] = [(f"F1 {curve.name}", curve.points) for curve in read.f1]
    steps = sorted(
        {point.step for points in (read.validation_loss, *dict(columns).values()) for point in points}
    )
    picked = [steps[place] for place in evenly_spaced(len(steps), MOST_ROWS)]
    picked += steps[-1:] if steps and steps[-1] not in picked else []
    headers = ["step", "training loss", "validation loss", *(name for name, _ in columns)]
    rows = [
        [
            str(step),
            _loss(_until(read.loss, step)),
            _loss(at_step(read.validation_loss, step)),
            *(shown(at_step(points, step)) for _, points in columns),
        ]
        for step in picked
    ]
    return headers, rows


def _until(points: Series, step: int) -> float | None:
    return next((point.value for point in reversed(points) if point.step <= step), None)


def _loss(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"

"""The curves of a training in one picture: inline SVG with its verdict in words and its values as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from medspan.evaluate.curves.axis import Axis, axis_of, label
from medspan.evaluate.curves.carrier import Curves, Point, Series, at_step, finite
from medspan.evaluate.curves.verdict import Judgement
from medspan.page import evenly_spaced, render
from medspan.read import write_whole

WIDTH, LEFT, RIGHT, GAP = 860, 62, 176, 46
"""Of the whole picture, of what stands left and right of the panels, and between two of them."""
MOST_DRAWN = 400
MOST_ROWS = 24
MOST_F1 = 8
"""F1 curves that are drawn; the table has all."""
APART = 15
"""Least distance of two labels."""
DASHES = ("", "7 4", "2 3", "10 3 2 3", "4 2", "1 4", "12 4", "6 3 1 3 1 3")
SHAPES = ("circle", "square", "triangle", "diamond")
SIGNS = ("○", "□", "△", "◇")
"""The marks as characters, for the names of the curves."""
INKS = ("accent", "doubtful", "good", "bad")


@dataclass
class Line:
    """A drawn curve, in picture units."""

    name: str
    points: str
    ink: str
    dash: str = ""
    faint: bool = False
    marks: list[tuple[float, float, str]] = field(default_factory=list)


@dataclass
class Panel:
    """One of the stacked plots. `crosses` are where values are not finite; `labels` stand at the right."""

    title: str
    top: float
    height: float
    ticks: list[tuple[float, str]]
    lines: list[Line]
    labels: list[tuple[float, str, str]]
    crosses: list[float] = field(default_factory=list)


def write_page(path: Path, curves: Curves, judgement: Judgement, *, title: str) -> None:
    """Write the picture as a page of its own, whole or not at all, folders made as needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    facts = {
        "Read from": curves.source,
        "Kind": curves.kind,
        "Steps": f"{curves.last_step:,}" + (f" of {curves.planned_steps:,}" if curves.planned_steps else ""),
        "Chosen checkpoint": f"step {curves.chosen_step:,}" if curves.chosen_step else "",
    }
    html = render(
        "medspan.evaluate.curves",
        "page.html.jinja",
        title=title,
        facts={name: value for name, value in facts.items() if value},
        **_values(curves, judgement),
    )
    write_whole(path, [html])


def picture(curves: Curves, judgement: Judgement) -> str:
    """The picture as HTML to be put into another page that extends `medspan.page`; it is safe as it is.

    It brings its own style within the SVG, needs no script, and is readable in grey: curves differ in dashes
    and marks and are named where they end.
    """
    return render("medspan.evaluate.curves", "picture.html.jinja", **_values(curves, judgement))


def _values(curves: Curves, judgement: Judgement) -> dict[str, Any]:
    steps = [point.step for points in curves.all_series().values() for point in points]
    across = axis_of([0.0, float(max(max(steps, default=1), 1))], ticks=7)
    panels = _panels(curves, across)
    bottom = panels[-1].top + panels[-1].height if panels else 0
    marked = sorted({one.step for one in judgement.verdicts if one.step is not None and one.kind in _MARKED})
    return {
        "judgement": judgement,
        "notes": curves.notes,
        "panels": panels,
        "width": WIDTH,
        "left": LEFT,
        "right": WIDTH - RIGHT,
        "bottom": bottom,
        "across": [(_x(across, step), f"{step:,.0f}", _epoch(curves, step)) for step in across.ticks],
        "marked": [(_x(across, step), f"step {step:,}") for step in marked],
        "spoken": _spoken(curves, judgement),
        "table": _table(curves),
        "left_out": max(0, len(curves.f1) - MOST_F1),
    }


_MARKED = ("diverged", "overfitting")


def _x(across: Axis, step: float) -> float:
    return round(LEFT + across.place(step) * (WIDTH - LEFT - RIGHT), 1)


def _epoch(curves: Curves, step: float) -> str:
    """The epoch of the logged step next to a tick, where one is near; epochs are in proportion to steps."""
    known = [point for point in finite(curves.epochs) if point.step > 0]
    if not known or step == 0:
        return ""
    last = known[-1]
    return f"epoch {last.value * step / last.step:.2g}" if step <= last.step * 1.001 else ""


def _panels(curves: Curves, across: Axis) -> list[Panel]:
    made: list[Panel] = []

    def add(title: str, height: float, *named: tuple[str, Series, int], **kind: bool) -> None:
        if any(points for _, points, _ in named):
            top = made[-1].top + made[-1].height + GAP if made else 26
            made.append(_panel(title, height, named, across, top, **kind))

    add("Loss", 250, ("training", curves.loss, 0), ("validation", curves.validation_loss, 1), smoothed=True)
    f1 = [(curve.name, curve.points, n) for n, curve in enumerate(curves.f1[:MOST_F1])]
    add("F1 by checkpoint", 190, *f1, unit=True)
    add("Learning rate", 74, ("", curves.learning_rate, 0), from_zero=True)
    add("Gradient norm", 74, ("", curves.grad_norm, 0))
    return made


def _panel(
    title: str,
    height: float,
    named: Sequence[tuple[str, Series, int]],
    across: Axis,
    top: float,
    *,
    smoothed: bool = False,
    unit: bool = False,
    from_zero: bool = False,
) -> Panel:
    """`named` are (name, points, number of the pattern); `unit` takes the axis from 0 to 1."""
    values = [point.value for _, points, _ in named for point in finite(points)] or [0.0, 1.0]
    ticks = 5 if height > 100 else 3
    axis = axis_of([*values, 0.0, 1.0] if unit else values, ticks=ticks, from_zero=unit or from_zero)

    def y(value: float) -> float:
        return round(top + (1 - axis.place(value)) * height, 1)

    lines, ends, crosses = [], [], []
    for name, points, number in named:
        known = finite(points)
        crosses += [_x(across, point.step) for point in _drawn(points) if not point.finite]
        if not known:
            continue
        ink, dash = INKS[number % len(INKS)], DASHES[number % len(DASHES)]
        at = [(_x(across, point.step), y(point.value)) for point in _drawn(known)]
        smooth = smoothed and len(known) >= 20 and number == 0
        if smooth:
            lines.append(Line(name, _path(at), ink, faint=True))
            known = running_median(known)
            at = [(_x(across, point.step), y(point.value)) for point in _drawn(known)]
        line = Line(name, _path(at), ink, dash)
        if len(known) <= 40 and height > 100 and not smooth:
            line.marks = [(a, b, SHAPES[number % len(SHAPES)]) for a, b in at]
        lines.append(line)
        if name:
            sign = f"{SIGNS[number % len(SIGNS)]} " if line.marks else ""
            ends.append((at[-1][1], f"{sign}{name} {known[-1].value:.3g}", ink))
    shown = title + (" (logarithmic)" if axis.logarithmic else "")
    return Panel(
        shown,
        top,
        height,
        [(y(tick), label(tick)) for tick in axis.ticks],
        lines,
        _apart(ends, top + height),
        crosses,
    )


def running_median(points: Series) -> Series:
    """Medians of up to a tenth of the curve, 3 to 25 points; of fewer towards the ends, to stay centred."""
    reach = min(12, max(1, len(points) // 20))
    smooth = []
    for n, point in enumerate(points):
        near = min(reach, n, len(points) - 1 - n)
        smooth.append(Point(point.step, median(one.value for one in points[n - near : n + near + 1])))
    return tuple(smooth)


def _drawn(points: Series) -> list[Point]:
    return [points[place] for place in evenly_spaced(len(points), MOST_DRAWN)]


def _path(at: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in at)


def _apart(ends: Sequence[tuple[float, str, str]], bottom: float) -> list[tuple[float, str, str]]:
    """Labels moved down, then up, until none stands on another."""
    placed: list[tuple[float, str, str]] = []
    for y, text, ink in sorted(ends):
        placed.append((max(y, placed[-1][0] + APART) if placed else y, text, ink))
    limit = bottom
    for place in range(len(placed) - 1, -1, -1):
        y, text, ink = placed[place]
        placed[place] = (round(min(y, limit), 1), text, ink)
        limit = placed[place][0] - APART
    return placed


def _spoken(curves: Curves, judgement: Judgement) -> str:
    """What the picture shows, for who does not see it."""
    parts = [f"Curves of a training over {curves.last_step:,} steps."]
    for name, points in (("Training loss", curves.loss), ("Validation loss", curves.validation_loss)):
        known = finite(points)
        if known:
            parts.append(f"{name} from {known[0].value:.3g} to {known[-1].value:.3g}.")
    parts += [
        f"F1 of {one.name} from {one.points[0].value:.3f} to {one.points[-1].value:.3f}." for one in curves.f1
    ]
    return " ".join([*parts, *(one.message + "." for one in judgement.verdicts)])


def _table(curves: Curves) -> dict[str, Any]:
    """The evaluations, or evenly spaced steps where there are none, with the values logged there."""
    evaluated = {point.step for point in curves.validation_loss}
    evaluated |= {point.step for curve in curves.f1 for point in curve.points}
    steps = sorted(evaluated or {point.step for points in curves.all_series().values() for point in points})
    shown = [steps[place] for place in evenly_spaced(len(steps), MOST_ROWS)]
    if steps and steps[-1] not in shown:
        shown.append(steps[-1])
    columns = {
        "epoch": (curves.epochs, ".2f"),
        "training loss": (curves.loss, ".4g"),
        "validation loss": (curves.validation_loss, ".4g"),
        "learning rate": (curves.learning_rate, ".2e"),
        "gradient norm": (curves.grad_norm, ".3g"),
        **{f"F1 {curve.name}": (curve.points, ".3f") for curve in curves.f1},
    }
    columns = {name: column for name, column in columns.items() if column[0]}
    return {
        "headers": ["step", *columns],
        "rows": [
            [f"{step:,}", *(_cell(points, step, form, name) for name, (points, form) in columns.items())]
            for step in shown
        ],
        "of": len(steps),
        "what": "evaluations" if evaluated else "logged steps",
    }


def _cell(points: Series, step: int, form: str, name: str) -> str:
    value = at_step(points, step)
    if value is None and name in ("training loss", "learning rate", "gradient norm"):
        # An evaluation falls between two logged steps: the last one before it says where the training was.
        value = next((point.value for point in reversed(points) if point.step <= step), None)
    return "–" if value is None else format(value, form)

"""The picture of curves: what is drawn where, and what stands beside it for who does not see it."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from medspan.evaluate.curves import Curves, F1Curve, Point, judge
from medspan.evaluate.curves.picture import (
    LEFT,
    MOST_DRAWN,
    RIGHT,
    WIDTH,
    picture,
    running_median,
    write_page,
)

from .simulated import falling, level, rising_f1, stuck_f1, training, turning


def drawn(curves: Curves) -> str:
    return picture(curves, judge(curves))


def svg(html: str) -> ElementTree.Element:
    """The SVG, parsed as XML: a tag left open or an unescaped text would fail here."""
    found = re.search(r"<svg.*</svg>", html, re.DOTALL)
    assert found
    return ElementTree.fromstring(found.group())


def texts(html: str) -> list[str]:
    return [text.text or "" for text in svg(html).iter("text")]


def lines(html: str) -> list[list[tuple[float, float]]]:
    return [
        [tuple(map(float, pair.split(","))) for pair in line.attrib["points"].split()]  # type: ignore[misc]
        for line in svg(html).iter("polyline")
    ]


def whole() -> Curves:
    made = training(1, falling, turning, stuck_f1, noise=0.05)
    rate = tuple(Point(point.step, 1e-3 * (1 - point.step / 400)) for point in made.loss)
    norm = tuple(Point(point.step, 1.0) for point in made.loss)
    epochs = tuple(Point(point.step, point.step / 100) for point in made.loss)
    return replace(made, learning_rate=rate, grad_norm=norm, epochs=epochs, planned_steps=400)


def test_every_curve_has_its_panel_its_name_and_its_last_value() -> None:
    found = texts(drawn(whole()))
    for title in ("Loss", "F1 by checkpoint", "Learning rate", "Gradient norm", "optimizer step"):
        assert title in found
    last = whole().f1[0].points[-1].value
    assert f"○ entities {last:.3g}" in found
    assert any(text.startswith("training 0.") for text in found)
    assert any(text.startswith("□ validation 0.") for text in found)
    assert "epoch 2" in found


def test_a_value_is_drawn_where_it_is() -> None:
    made = Curves("x", "x", loss=(Point(0, 0.0), Point(50, 1.0), Point(100, 0.5)))
    (line,) = lines(drawn(made))
    right = WIDTH - RIGHT
    assert [x for x, _ in line] == [LEFT, (LEFT + right) / 2, right]
    # The axis runs from 0 at 276 up to 1 at 26.
    assert [y for _, y in line] == [276, 26, 151]


def test_curves_differ_without_colour() -> None:
    f1 = tuple(F1Curve(f"task {n}", "entities", (Point(1, 0.1), Point(2, n / 10))) for n in range(8))
    html = drawn(Curves("x", "x", f1=f1))
    found = [line.attrib.get("stroke-dasharray", "") for line in svg(html).iter("polyline")]
    assert len(set(found)) == 8


def test_names_at_the_right_never_overlap() -> None:
    f1 = tuple(F1Curve(f"t{n}", "e", (Point(1, 0.1), Point(2, 0.001 * n))) for n in range(8))
    html = drawn(Curves("x", "x", f1=f1))
    places = sorted(
        float(text.attrib["y"]) for text in svg(html).iter("text") if (text.text or "").find(": e ") > 0
    )
    assert len(places) == 8
    assert min(b - a for a, b in pairwise(places)) >= 14.9


def test_curves_left_out_of_the_picture_are_counted_and_in_the_table() -> None:
    f1 = tuple(F1Curve(f"t{n}", "e", (Point(1, 0.1), Point(2, 0.2))) for n in range(10))
    html = drawn(Curves("x", "x", f1=f1))
    assert "2 further F1 curves in the table only." in html
    assert "F1 t9: e" in html
    assert not any(text.find("t9: e") >= 0 for text in texts(html))


def test_the_step_of_a_verdict_is_marked() -> None:
    assert "step 200" in texts(drawn(whole()))
    assert not any(text.startswith("step ") for text in texts(drawn(training(1, level, level, rising_f1))))


def test_values_that_are_not_finite_are_crosses() -> None:
    made = training(1, level)
    bad = (*made.loss[:30], *(Point(point.step, math.nan) for point in made.loss[30:]))
    html = drawn(replace(made, loss=bad))
    crosses = [path for path in svg(html).iter("path") if path.attrib["class"] == "x"]
    assert len(crosses) == 10
    assert "× not finite" in texts(html)
    assert "nan" not in " ".join(line.attrib["points"] for line in svg(html).iter("polyline"))


def test_who_does_not_see_it_gets_the_verdict_and_the_values() -> None:
    html = drawn(whole())
    spoken = svg(html).attrib["aria-label"]
    assert "overfitting from step 200" in spoken
    assert "F1 of entities from 0." in spoken
    rows = re.findall(r"<tr><td.*?</tr>", html)
    assert len(rows) == 10
    assert rows[0].count("<td") == 7
    assert f"{whole().validation_loss[0].value:.4g}" in rows[0]


def test_curves_without_evaluations_are_a_table_of_evenly_spaced_steps() -> None:
    html = drawn(Curves("x", "x", loss=tuple(Point(n, 1.0 + n % 3) for n in range(1, 1001))))
    assert "The same as a table (25 of 1,000 logged steps)" in html
    assert ">1,000</td>" in html
    assert all(len(line) <= MOST_DRAWN for line in lines(html))


@pytest.mark.parametrize(
    "made",
    [
        Curves("x", "x", learning_rate=(Point(0, 0.0),)),
        Curves("x", "x", loss=(Point(1, math.nan),)),
        Curves("x", "x", loss=(Point(1, -3.0), Point(2, 1e300)), validation_loss=(Point(2, 1e-300),)),
        Curves("x", "x", f1=(F1Curve("all", "<b>&", (Point(5, 1.0),)),)),
    ],
)
def test_odd_curves_are_drawn(made: Curves) -> None:
    html = drawn(made)
    assert "nan" not in " ".join(line.attrib["points"] for line in svg(html).iter("polyline"))
    assert "<b>" not in html


def test_a_running_median_leaves_spikes_out_and_keeps_the_ends() -> None:
    made = tuple(Point(n, 9.0 if n == 50 else 100.0 - n) for n in range(100))
    found = running_median(made)
    assert [found[0], found[-1]] == [made[0], made[-1]]
    assert found[50].value == pytest.approx(50, abs=1)


def test_the_page_stands_alone_and_is_the_same_twice(tmp_path: Path) -> None:
    made = replace(whole(), notes=("the last line (7) is cut off <x>",))
    write_page(tmp_path / "new" / "page.html", made, judge(made), title="A & B")
    html = (tmp_path / "new" / "page.html").read_text(encoding="utf-8")
    write_page(tmp_path / "again.html", made, judge(made), title="A & B")
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == html
    assert "<h1>A &amp; B</h1>" in html
    assert "cut off &lt;x&gt;" in html
    assert "<strong>overfitting from step 200:</strong>" in html
    assert "400 of 400" in html
    assert not re.search(r"(src|href)=\"(?!data:|#)", html)
    assert "<script" not in html

"""Text can be read: the contrast of colours on their grounds, in light and dark, computed from the style."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import medspan.page

BASE = (Path(medspan.page.__file__).parent / "base.html.jinja").read_text(encoding="utf-8")
LEAST = 4.5
"""WCAG 2.2, success criterion 1.4.3, for text of normal size."""

LEAST_OF_EDGES = 3.0
"""WCAG 2.2, success criterion 1.4.11, for the borders of controls."""

Colour = tuple[float, ...]


def palettes() -> dict[str, dict[str, Colour]]:
    light, dark = BASE.split("@media screen and (prefers-color-scheme: dark)")
    found = {"light": colours(light)}
    found["dark"] = {**found["light"], **colours(dark.split("* {")[0])}
    return found


def colours(style: str) -> dict[str, Colour]:
    return {
        name: tuple(int(digits[place : place + 2], 16) / 255 for place in range(0, len(digits), 2))
        for name, digits in re.findall(r"--([\w-]+): #([0-9a-f]{6}(?:[0-9a-f]{2})?)\b", style)
    }


def over(front: Colour, ground: Colour) -> Colour:
    """A colour with its transparency laid over another."""
    share = front[3] if len(front) == 4 else 1.0
    return tuple(share * one + (1 - share) * other for one, other in zip(front[:3], ground, strict=True))


def luminance(colour: Colour) -> float:
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: Colour, other: Colour) -> float:
    """WCAG 2.2, relative luminance and contrast ratio."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_formula_on_known_pairs() -> None:
    assert contrast((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)) == pytest.approx(21)
    grey = (0x76 / 255,) * 3
    assert contrast(grey, (1.0, 1.0, 1.0)) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(scheme: str) -> None:
    palette = palettes()[scheme]
    pairs = {
        (text, ground): contrast(palette[text], palette[ground])
        for text in ("ink", "soft", "accent", "good", "doubtful", "bad")
        for ground in ("page", "card")
    }
    pairs |= {(text, "track"): contrast(palette[text], palette["track"]) for text in ("ink", "soft")}
    for name in ("good", "doubtful", "bad", "accent"):
        # The letters of badges and pressed buttons: the ground's colour on the sign's.
        pairs["card", name] = contrast(palette["card"], palette[name])
    for name in ("good", "doubtful", "bad"):
        wash = palette["card"]
        for layer in (1, 2, 3):
            # Mentions within mentions lay their washes over each other.
            wash = over(palette[f"{name}-wash"], wash)
            pairs["ink", f"{name} wash {layer}"] = contrast(palette["ink"], wash)
    assert {pair: round(found, 2) for pair, found in pairs.items() if found < LEAST} == {}
    assert len(pairs) == 27


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_edges_of_controls_are_seen(scheme: str) -> None:
    palette = palettes()[scheme]
    for ground in ("page", "card"):
        assert contrast(palette["edge"], palette[ground]) >= LEAST_OF_EDGES


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_shapes_of_drawings_are_seen(scheme: str) -> None:
    palette = palettes()[scheme]
    # A bar on its track and a hatched one on the card; whiskers on the halo that parts them from the bar.
    for shape, ground in (("accent", "track"), ("accent", "card"), ("range", "card")):
        assert contrast(palette[shape], palette[ground]) >= LEAST_OF_EDGES

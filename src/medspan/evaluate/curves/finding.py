"""One verdict on a training, with its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from medspan.evaluate.curves.noise import Trend

Kind = Literal["diverged", "overfitting", "loss-falls-f1-does-not", "still-falling", "flat", "undetermined"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""Stable ids, the worst first."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said, from which step on, and why. Shares in `evidence` are of 1: 0.2 is a fifth."""

    kind: Kind
    step: int | None
    message: str
    evidence: Mapping[str, float | int | str | None]
    remedy: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def per_cent(value: float, *, signed: bool = False) -> str:
    """A share in percent with two digits, and as `N times` where it is tenfold or more."""
    if value >= 9.995:
        return f"{'+' if signed else ''}{100 * value:,.0f}%" if value < 100 else "more than 10,000%"
    size = abs(100 * value)
    text = f"{size:.0f}" if size >= 9.95 else f"{size:.1f}"
    sign = "" if float(text) == 0 else "-" if value < 0 else "+" if signed else ""
    return f"{sign}{text}%"


def said(found: Trend) -> str:
    """A trend in words, with its interval."""
    words = {"falls": "fell by", "rises": "rose by", "flat": "changed by", "unclear": "changed by"}
    size = abs(found.change) if found.state in ("falls", "rises") else found.change
    sign = found.state in ("flat", "unclear")
    return (
        f"{words[found.state]} {per_cent(size, signed=sign)} "
        f"(95% interval {per_cent(found.low, signed=True)} to {per_cent(found.high, signed=True)})"
    )

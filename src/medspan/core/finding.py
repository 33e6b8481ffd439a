"""What a check or a probe found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


EXAMPLES = 3
"""How many cases a finding shows in a line each."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a finding: what is wrong, and where; enough to show it.

    `place` is a file and row. `text` is shown with the characters of `marks` highlighted; `other_text`,
    which stands at `other_place`, beside it where two texts clash.
    """

    what: str
    place: str = ""
    text: str = ""
    marks: tuple[tuple[int, int], ...] = ()
    other_place: str = ""
    other_text: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.what}" if self.place else self.what

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "marks": [list(mark) for mark in self.marks]}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: `count` cases out of `of`, the cases themselves as far as known, and the remedy.

    `check` is an id of the catalogue; `split` and `against` say where, `None` meaning everywhere.
    """

    check: str
    severity: Severity
    message: str
    count: int
    of: int
    split: str | None = None
    against: str | None = None
    cases: tuple[Case, ...] = ()
    remedy: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.of:
            raise ValueError(f"{self.check}: {self.count} of {self.of}")

    @property
    def examples(self) -> tuple[str, ...]:
        """The first three cases, a line each."""
        return tuple(map(str, self.cases[:EXAMPLES]))

    def to_json(self) -> dict[str, Any]:
        return {
            "check": self.check,
            "severity": self.severity,
            "message": self.message,
            "count": self.count,
            "of": self.of,
            "where": {"split": self.split, "against": self.against},
            "examples": list(self.examples),
            "remedy": self.remedy,
        }

"""What a check or a probe found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: `count` cases out of `of`, with up to three examples and the remedy.

    `check` is an id of the catalogue; `split` and `against` say where, `None` meaning everywhere.
    """

    check: str
    severity: Severity
    message: str
    count: int
    of: int
    split: str | None = None
    against: str | None = None
    examples: tuple[str, ...] = ()
    remedy: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.of:
            raise ValueError(f"{self.check}: {self.count} of {self.of}")

    def to_json(self) -> dict[str, Any]:
        data = asdict(self)
        data["where"] = {"split": data.pop("split"), "against": data.pop("against")}
        data["examples"] = list(self.examples)
        return data

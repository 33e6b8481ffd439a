"""What was suspected, and why it is not the cause: excluded.py DIAGNOSIS.json; exit 1 where one is."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

SUSPECTED = ("epochs", "wording", "template", "test part", "data", "packages")
"""The hypotheses of the project's own report, by the names of `diagnose --against`."""


def innocent(aspect: dict[str, Any]) -> bool:
    """Whether an aspect separates nothing: it is the same in both runs, or swapping it closes no gap."""
    return aspect["same"] is True or aspect["verdict"] == "cleared"


def told(name: str, aspect: dict[str, Any] | None) -> str:
    """One line on an aspect."""
    if aspect is None:
        return f"  NOT AS EXPECTED: {name}: nothing is said of it"
    sign = "ok" if innocent(aspect) else "NOT AS EXPECTED"
    how = "the same in both runs" if aspect["same"] is True else "differs, and separates nothing"
    evidence = "; ".join(aspect["evidence"])
    return f"  {sign}: {name}: {how}" + (f" ({evidence})" if evidence else "")


def main(path: Path) -> int:
    against = json.loads(path.read_text(encoding="utf-8"))["against"]
    aspects = {one["aspect"]: one for one in against["aspects"]}
    for name in SUSPECTED:
        print(told(name, aspects.get(name)))
    return 0 if all(name in aspects and innocent(aspects[name]) for name in SUSPECTED) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

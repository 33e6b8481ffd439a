"""Compare a figure in a JSON result of medspan with what it must be; exit 1 where it is another.

figure.py finding AUDIT.json CHECK COUNT OF --split NAME [--against NAME]   one finding of an audit
figure.py none AUDIT.json CHECK...                                          checks that found nothing
figure.py cause DIAGNOSIS.json CAUSE [--first]                              a cause that is named
figure.py told DIAGNOSIS.json CAUSE                                         a cause that is named or noted
figure.py cleared DIAGNOSIS.json CAUSE...                                   causes that are excluded
figure.py says TEXT.txt WORD...                                             words in what a step printed
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

NAMED = 0.5
"""The confidence from which on medspan names a cause."""


def finding(
    result: dict[str, Any], check: str, split: str, against: str | None = None
) -> dict[str, Any] | None:
    """The finding of a check on a part (against another), None where there is none."""
    for one in result["findings"]:
        where = one["where"]
        if one["check"] == check and where["split"] == split and against in (None, where["against"]):
            return dict(one)
    return None


def named(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The causes that a diagnosis names, in its order."""
    return [one for one in result["causes"] if one["confidence"] >= NAMED]


def check_finding(call: argparse.Namespace) -> tuple[bool, str]:
    found = finding(read(call.file), call.check, call.split, call.against)
    where = call.split + (f" against {call.against}" if call.against else "")
    wanted = f"{call.count} of {call.of}"
    got = "nothing" if found is None else f"{found['count']} of {found['of']}"
    return got == wanted, f"{call.check}, {where}: {got} (must be {wanted})"


def check_none(call: argparse.Namespace) -> tuple[bool, str]:
    found = sorted({one["check"] for one in read(call.file)["findings"]} & set(call.checks))
    return not found, f"found of {', '.join(call.checks)}: {', '.join(found) or 'nothing'} (must be nothing)"


def check_cause(call: argparse.Namespace) -> tuple[bool, str]:
    causes = [one["cause"] for one in named(read(call.file))]
    right = causes[:1] == [call.cause] if call.first else call.cause in causes
    return (
        right,
        f"named: {', '.join(causes) or 'none'} ({call.cause} must be {'first' if call.first else 'in it'})",
    )


def check_told(call: argparse.Namespace) -> tuple[bool, str]:
    found = {one["cause"]: one["confidence"] for one in read(call.file)["causes"]}
    confidence = f"{found[call.cause]:.2f}" if call.cause in found else "not there"
    return call.cause in found, f"{call.cause}, named or noted: {confidence} (must be there)"


def check_cleared(call: argparse.Namespace) -> tuple[bool, str]:
    cleared = {one["cause"] for one in read(call.file)["cleared"]}
    lacking = [cause for cause in call.causes if cause not in cleared]
    told = "all" if not lacking else f"not {', '.join(lacking)}"
    return not lacking, f"excluded of {', '.join(call.causes)}: {told} (must be all)"


def check_says(call: argparse.Namespace) -> tuple[bool, str]:
    text = " ".join(call.file.read_text(encoding="utf-8").split())
    lacking = [word for word in call.words if word not in text]
    return not lacking, "it must say " + ", ".join(call.words) + (
        f": it does not say {lacking}" if lacking else ": it does"
    )


def read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare a figure with what it must be.")
    kinds = parser.add_subparsers(required=True)
    for name, check, last in (
        ("finding", check_finding, ()),
        ("none", check_none, ("checks",)),
        ("cause", check_cause, ()),
        ("told", check_told, ()),
        ("cleared", check_cleared, ("causes",)),
        ("says", check_says, ("words",)),
    ):
        kind = kinds.add_parser(name)
        kind.set_defaults(compare=check)
        kind.add_argument("file", type=Path)
        for several in last:
            kind.add_argument(several, nargs="+")
        if name == "finding":
            kind.add_argument("check")
            kind.add_argument("count", type=int)
            kind.add_argument("of", type=int)
            kind.add_argument("--split", required=True)
            kind.add_argument("--against")
        if name in ("cause", "told"):
            kind.add_argument("cause")
        if name == "cause":
            kind.add_argument("--first", action="store_true")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    call = parsed(arguments)
    right, told = call.compare(call)
    print(f"  {'ok' if right else 'NOT AS EXPECTED'}: {told}")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())

"""An audit in words for the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from medspan.audit.base import all_checks
from medspan.audit.run import Audit
from medspan.core import SEVERITIES, Finding

WIDTH = 160
"""Most characters of an example that are shown."""


def lines(audit: Audit) -> Iterator[str]:
    """The findings, the gravest first, each with examples and its remedy; then a sentence on all of them."""
    folder = common_folder(audit)
    for number, finding in enumerate(audit.findings):
        yield f"{finding.severity:7}  {finding.check}: {finding.message}"
        for example in finding.examples:
            yield f"           {_short(example.replace(folder, ''))}"
        following = audit.findings[number + 1 : number + 2]
        if not following or (following[0].check, following[0].remedy) != (finding.check, finding.remedy):
            yield f"         > {finding.remedy}"
            yield ""
    yield verdict(audit)


def checks_table() -> list[str]:
    """Every check with its severity, meaning and count, as the lines of a Markdown table."""
    head = ["| check | severity | what it means | what is counted |", "| --- | --- | --- | --- |"]
    return head + [
        "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
        for name, check in all_checks().items()
        for cells in [(f"`{name}`", check.severity, check.meaning, check.counted)]
    ]


def common_folder(audit: Audit) -> str:
    """The folder that all files of the data stand in, with the slash; empty where there is none."""
    folders = {str(Path(file).parent) for part in audit.data.parts for file in part.files}
    return f"{next(iter(folders))}/" if len(folders) == 1 and folders != {"."} else ""


def verdict(audit: Audit) -> str:
    """How many findings there are of each severity, and what follows."""
    counts = Counter(finding.severity for finding in audit.findings)
    if not counts:
        return "Nothing found: no check has anything to say about this data."
    told = ", ".join(f"{counts[name]} {_plural(name, counts[name])}" for name in SEVERITIES if counts[name])
    checks = ", ".join(dict.fromkeys(finding.check for finding in audit.errors))
    return f"{told}." + (f" Not sound: {checks}." if checks else " No error: the data can be trained on.")


def where(finding: Finding) -> str:
    """The split of a finding, with the one that it clashes with."""
    if finding.against:
        return f"{finding.split} against {finding.against}"
    return finding.split or "all"


def _plural(name: str, count: int) -> str:
    return name if count == 1 or name == "info" else f"{name}s"


def _short(line: str) -> str:
    line = " ".join(line.split())
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"

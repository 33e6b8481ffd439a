"""An audit in words for the terminal."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from medspan.audit.base import all_checks
from medspan.audit.data import Data
from medspan.audit.run import Audit
from medspan.core import SEVERITIES, Finding
from medspan.read.splits import SPLITS

_PLACEHOLDER = re.compile(r"(medspan (?:audit|split|convert)) (?:DIR|PATH|IN)\b")
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
            yield f"         > {with_path(finding.remedy, audit.data.named)}"
            yield ""
    yield from remarks(audit)
    yield verdict(audit)


def remarks(audit: Audit) -> Iterator[str]:
    """What is in no finding: rows and files that were not read, parts that are missing, the policy."""
    folder = common_folder(audit)
    for part in audit.data.parts:
        if part.refused:
            first = part.refused[0]
            row = f"{part.rejected:,} of {part.rejected + len(part):,} rows of {part.name}"
            yield (
                f"NOT READ: {row} cannot be read and are in no finding; the first, "
                f"{str(first.place).replace(folder, '')}: {_short(first.reason)} (--rejected FILE lists them)"
            )
    for part in audit.data.parts:
        if part.passed_over:
            files, passed = (
                ", ".join(Path(file).name for file in its) for its in (part.files, part.passed_over)
            )
            yield f"Not read for {part.name}: {passed}; read instead: {files}"
    yield from _missing_parts(audit.data)
    policy = audit.policy
    if policy.off:
        yield f"Turned off by {policy.file or 'the policy'}, and not run: {', '.join(policy.off)}"
    if policy.changed:
        told = ", ".join(f"{check} is {setting}" for check, setting in policy.changed.items())
        yield f"Severities by {policy.file or 'the policy'}: {told}"


def _missing_parts(data: Data) -> Iterator[str]:
    """Of a folder the evaluated parts that it lacks."""
    names = {part.name for part in data.parts}
    if not (len(data.named) == 1 and Path(data.named[0]).is_dir()):
        return
    missing = [split for split in SPLITS if split not in names]
    if len(missing) == len(SPLITS):
        file = data.parts[0].files[0] if data.parts[0].files else "PATH"
        yield (
            f"{data.named[0]} has no train, validation and test parts, so that leaks between them cannot be "
            f"looked for: medspan split {shlex.quote(file)} --out NEW makes them"
        )
    elif missing:
        yield f"{data.named[0]} has no {' and no '.join(missing)} part: nothing is said of it"


def with_path(remedy: str, named: Sequence[str]) -> str:
    """A remedy whose commands name the data instead of DIR, PATH or IN, where one path was given."""
    if len(named) != 1:
        return remedy
    path = shlex.quote(named[0])
    return _PLACEHOLDER.sub(lambda found: f"{found.group(1)} {path}", remedy)


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
    unread = sum(part.rejected for part in audit.data.parts)
    rows = f"{unread:,} {'row' if unread == 1 else 'rows'} that cannot be read"
    if not counts:
        run = " that was run" if audit.policy.off else ""
        but = f"; {rows} were not looked at" if unread else ""
        return f"Nothing found: no check{run} has anything to say about this data{but}."
    told = ", ".join(f"{counts[name]} {_plural(name, counts[name])}" for name in SEVERITIES if counts[name])
    checks = ", ".join(dict.fromkeys(finding.check for finding in audit.errors))
    if checks:
        return f"{told}. Not sound: {checks}."
    if unread:
        return f"{told}. No error in what was read; {rows} would be missing from a training, or stop it."
    skipped = " of the checks that were run" if audit.policy.off else ""
    return f"{told}. No error{skipped}: the data can be trained on."


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

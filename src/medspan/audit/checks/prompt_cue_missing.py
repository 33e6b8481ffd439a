"""Prompts that do not end as the other prompts of their task do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.closings import odd_closings
from medspan.audit.data import Data, Row
from medspan.core import Case, Finding, Severity

_TAIL = 60
"""Characters of a prompt's end that a case shows."""


@register
class PromptCueMissing(Check):
    """What a prompt says after the text, up to its first colon: most rows of a task share it, some lack it.

    The cue is what more than half of a task's prompts, over all splits, end with; where the prompts of a
    task are worded in several ways on purpose, there is none and nothing is found. Formats without a
    prompt, and prompts that say everything before the text, are not looked at.
    """

    id: ClassVar[str] = "prompt-cue-missing"
    severity: ClassVar[Severity] = "error"
    meaning: ClassVar[str] = (
        "Some prompts do not end with the line that asks for the answer. A model learns to answer after that "
        "line; without it, it is asked in another way than in training, and what it learns there is to go on "
        "with the text."
    )
    counted: ClassVar[str] = (
        "Rows whose prompt does not end, after the text, as more than half of all prompts of the same task "
        "do (letter case, white space and what follows a colon aside), of all rows with a prompt."
    )
    remedy: ClassVar[str] = (
        "write all prompts anew with one wording, and shorten texts, not prompts: medspan train puts its own "
        "prompt around the text of every row"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        closings = odd_closings(data.rows)
        for part in data.parts:
            rows = [row for row in part.rows if row.written is not None]
            odd = [row for row in rows if row in closings]
            if not odd:
                continue
            tasks = Counter((row.task, closings[row]) for row in odd)
            told = ", ".join(
                f"{_named(cue)}{f' ({task}: {count})' if task is not None else ''}"
                for (task, cue), count in sorted(tasks.items(), key=lambda entry: (-entry[1], str(entry[0])))
            )
            yield self.finding(
                f"{len(odd)} of {len(rows)} prompts of {part.name} ({len(odd) / len(rows):.1%}) do not end "
                f"as the others of their task do: {told}",
                len(odd),
                len(rows),
                split=part.name,
                cases=(_case(row, closings[row]) for row in odd),
            )


def _named(cue: str) -> str:
    return f"without {cue!r}" if cue else "with more than the text"


def _case(row: Row, cue: str) -> Case:
    prompt = row.written.prompt if row.written else ""
    # The text alone does not show what a prompt lacks.
    start = max(0, len(prompt) - _TAIL)
    wanted = f"not with {cue!r}" if cue else "not with the text"
    return Case(
        f"the prompt ends with {prompt[start:]!r}, {wanted}", row.place, prompt, ((start, len(prompt)),)
    )

"""Targets whose end is beyond the limit of a training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data
from medspan.audit.lengths import asked, by_task
from medspan.core import Case, Finding, Severity


@register
class TargetTruncated(Check):
    """Prompt and target together in tokens of the model to be trained, against the user's limit."""

    id: ClassVar[str] = "target-truncated"
    severity: ClassVar[Severity] = "error"
    meaning: ClassVar[str] = (
        "Prompt and target together are longer than the limit. Most trainers cut the end without a word: the "
        "model learns to leave labels out and never sees an answer end, so that it does not learn to stop. "
        "medspan train refuses such rows, or leaves them out whole."
    )
    counted: ClassVar[str] = (
        "Rows whose prompt and target have more tokens than --max-length, of all rows; and the labels "
        "(mentions and relations of the target) that do not stand complete within the limit, of all labels. "
        "Special tokens and a chat template come on top; rows of formats without a prompt are measured as "
        "medspan train would write them."
    )
    remedy: ClassVar[str] = (
        "raise the limit to the longest row (max_length=N in medspan train), write less (medspan convert IN "
        "OUT --to compact has the shortest targets), or cut long texts into pieces of their own"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        counted, limit, count_tokens = asked(data), data.max_length, data.count_tokens
        if counted is None or limit is None or count_tokens is None:
            return
        for part in data.parts:
            held = counted[part.name]
            long = [one for one in held if one.tokens > limit and one.target.strip()]
            if not long:
                continue
            beyond = {one: one.labels_beyond(limit, count_tokens) for one in long}
            labels: Counter[str] = Counter()
            for one in held:
                labels[one.row.task or ""] += one.labels(one.target)
            lost: Counter[str] = Counter()
            for one, count in beyond.items():
                lost[one.row.task or ""] += count
            tasks = [f"{task}: {lost[task]} of {labels[task]}" for task in sorted(labels) if task]
            by = f" ({', '.join(tasks)})" if tasks else ""
            share = f" ({lost.total() / labels.total():.1%})" if labels.total() else ""
            yield self.finding(
                f"{len(long)} of {len(part)} rows of {part.name} have more than {limit} tokens in prompt "
                f"and target{by_task(long)}; the longest has {max(one.tokens for one in long)}. "
                f"{lost.total()} of {labels.total()} labels{share} are beyond the limit{by}",
                len(long),
                len(part),
                split=part.name,
                cases=(
                    Case(
                        f"{one.prompt_tokens} + {one.target_tokens} tokens; {count} of "
                        f"{one.labels(one.target)} labels are beyond the limit",
                        one.row.place,
                        one.target,
                    )
                    for one, count in beyond.items()
                ),
            )

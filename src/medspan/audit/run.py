"""Run the checks: first all look, then the policy judges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from medspan.audit.base import all_checks
from medspan.audit.data import Data
from medspan.audit.policy import Policy
from medspan.core import Finding


@dataclass(frozen=True, slots=True)
class Audit:
    """What was audited and what was found, the gravest findings first."""

    data: Data
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == "error")

    def to_json(self) -> dict[str, Any]:
        splits = {}
        for part in self.data.parts:
            tasks = Counter(row.task for row in part.rows if row.task is not None)
            splits[part.name] = {
                "examples": len(part),
                "documents": len({row.text_key for row in part.rows}),
                "tasks": {task: count / len(part) for task, count in sorted(tasks.items())},
                "rejected": part.rejected,
            }
        return {"splits": splits, "findings": [finding.to_json() for finding in self.findings]}


def audit(
    data: Data, policy: Policy | None = None, tell: Callable[[str], None] = lambda check: None
) -> Audit:
    """Run every check that the policy does not turn off; `tell` hears each one's id before it runs."""
    policy = policy or Policy()
    found: list[Finding] = []
    for name, check in all_checks().items():
        if policy.runs(name):
            tell(name)
            found += check.run(data)
    return Audit(data, tuple(policy.judged(found)))

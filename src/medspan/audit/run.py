"""Run the checks: first all look, then the policy judges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import medspan
from medspan.audit.base import all_checks
from medspan.audit.data import Data
from medspan.audit.policy import Policy
from medspan.core import SEVERITIES, Finding


@dataclass(frozen=True, slots=True)
class Audit:
    """What was audited, what was found, the gravest findings first, and the policy that judged it."""

    data: Data
    findings: tuple[Finding, ...]
    policy: Policy = field(default_factory=Policy)

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
                "task_counts": dict(sorted(tasks.items())),
                "files": list(part.files),
                "passed_over": list(part.passed_over),
                "formats": list(part.formats),
                "rejected": part.rejected,
                "rejected_rows": [
                    {"file": row.place.file, "row": row.place.row, "reason": row.reason}
                    for row in part.refused
                ],
            }
        severities = Counter(finding.severity for finding in self.findings)
        return {
            "medspan": medspan.__version__,
            "paths": list(self.data.named),
            "policy": self.policy.to_json(),
            "verdict": {severity: severities[severity] for severity in SEVERITIES},
            "splits": splits,
            "findings": [finding.to_json() for finding in self.findings],
        }


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
    return Audit(data, tuple(policy.judged(found)), policy)

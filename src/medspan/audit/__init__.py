"""Find in data what would ruin a training or a score: one failure a file, judged by a policy."""

from medspan.audit.base import Check, all_checks, register
from medspan.audit.data import Data, Part, Row
from medspan.audit.policy import Policy, load_policy
from medspan.audit.run import Audit, audit

__all__ = [
    "Audit",
    "Check",
    "Data",
    "Part",
    "Policy",
    "Row",
    "all_checks",
    "audit",
    "load_policy",
    "register",
]

"""Find in data what would ruin a training or a score: one failure a file, judged by a policy."""

from medspan.audit.base import Check, checks, register
from medspan.audit.data import Data, Part, Row
from medspan.audit.policy import Policy, load_policy
from medspan.audit.run import Audit, audit

__all__ = ["Audit", "Check", "Data", "Part", "Policy", "Row", "audit", "checks", "load_policy", "register"]

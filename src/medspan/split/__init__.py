"""Leak-free, stratified splits."""

from medspan.split.assign import DEFAULT_SHARES, SplitResult, assign
from medspan.split.report import Share, SplitReport

__all__ = ["DEFAULT_SHARES", "Share", "SplitReport", "SplitResult", "assign"]

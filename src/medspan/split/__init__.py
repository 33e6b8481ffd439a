"""Leak-free, stratified splits."""

from medspan.split.assign import SplitResult, assign
from medspan.split.extend import Extension, match
from medspan.split.folds import Folds, folds
from medspan.split.held import LeftOut
from medspan.split.report import Share, SplitReport
from medspan.split.shares import DEFAULT_SHARES, among, check_shares

__all__ = [
    "DEFAULT_SHARES",
    "Extension",
    "Folds",
    "LeftOut",
    "Share",
    "SplitReport",
    "SplitResult",
    "among",
    "assign",
    "check_shares",
    "folds",
    "match",
]

"""Runs against each other: what differs, whether it matters, and what became of each document."""

from medspan.evaluate.comparison.columns import Answers
from medspan.evaluate.comparison.page import Told, grouped, letters, score_rows, shown_value, write_page
from medspan.evaluate.comparison.part import System
from medspan.evaluate.comparison.records import GROUPS, RecordDifferences, record_differences
from medspan.evaluate.comparison.result import Comparison, compare
from medspan.evaluate.comparison.rows import DataRows, PartDifference, Row, row_differences
from medspan.evaluate.comparison.sentences import sentences
from medspan.evaluate.comparison.significance import Sampling, holm, paired_test
from medspan.evaluate.comparison.transitions import end_text

__all__ = [
    "GROUPS",
    "Answers",
    "Comparison",
    "DataRows",
    "PartDifference",
    "RecordDifferences",
    "Row",
    "Sampling",
    "System",
    "Told",
    "compare",
    "end_text",
    "grouped",
    "holm",
    "letters",
    "paired_test",
    "record_differences",
    "row_differences",
    "score_rows",
    "sentences",
    "shown_value",
    "write_page",
]

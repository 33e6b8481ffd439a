"""The report of a diagnosis: one page that says what is wrong, how that is known, and what to do."""

from medspan.diagnose.report.commands import commands
from medspan.diagnose.report.markdown import markdown, write_markdown
from medspan.diagnose.report.page import page, write_html
from medspan.diagnose.report.table import causes_table

__all__ = ["causes_table", "commands", "markdown", "page", "write_html", "write_markdown"]

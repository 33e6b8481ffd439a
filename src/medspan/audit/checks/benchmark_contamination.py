"""Documents of a test set that the user names, within the data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data
from medspan.core import Case, Finding, Severity


@register
class BenchmarkContamination(Check):
    """By document group (PMID), text, and near-duplicate text."""

    id: ClassVar[str] = "benchmark-contamination"
    severity: ClassVar[Severity] = "error"
    meaning: ClassVar[str] = (
        "Documents of a test set stand in the data. Public corpora overlap (BioRED holds abstracts of "
        "BC5CDR's test part): a model trained on them has seen the test."
    )
    counted: ClassVar[str] = (
        "Rows of the split that have the document group, the text (letter case and white space aside) or "
        "nearly the text (5-word Jaccard similarity of 0.8 or more) of a document of the named test set, of "
        "all its rows. Only where a test set is named."
    )
    remedy: ClassVar[str] = (
        "leave these rows out of training, or do not report scores on that test set: where it is the part "
        "test of DIR, in the format of the others, medspan split DIR --out NEW --keep test leaves them out"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        for name, benchmark in data.benchmarks.items():
            texts = {row.text_key: row for row in reversed(benchmark.rows)}
            groups = {row.group: row for row in reversed(benchmark.rows) if row.group is not None}
            near = data.near_rows.nearest(data.rows, benchmark.rows)
            for part in data.parts:
                found = []
                for row in part.rows:
                    seen = texts.get(row.text_key) or groups.get(row.group or "")
                    if seen is None and row.text_key in near:
                        seen = near[row.text_key].row
                    if seen is not None:
                        found.append((row, seen))
                if found:
                    yield self.finding(
                        f"{len(found)} of {len(part)} rows of {part.name} ({len(found) / len(part):.1%}) are "
                        f"of documents of {name}",
                        len(found),
                        len(part),
                        split=part.name,
                        against=name,
                        cases=(
                            Case(f"a document of {name}", row.place, row.text, (), seen.place, seen.text)
                            for row, seen in found
                        ),
                    )

"""Documents of a test set that the user names, within the data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data, Row
from medspan.core import Case, Finding, Severity
from medspan.text.similarity import near_duplicates


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
    remedy: ClassVar[str] = "leave these rows out of training, or do not report scores on that test set"

    def run(self, data: Data) -> Iterator[Finding]:
        for name, benchmark in data.benchmarks.items():
            texts = {row.text_key: row for row in reversed(benchmark.rows)}
            groups = {row.group: row for row in reversed(benchmark.rows) if row.group is not None}
            near = _near(data, texts)
            for part in data.parts:
                found = []
                for row in part.rows:
                    seen = texts.get(row.text_key) or groups.get(row.group or "") or near.get(row.text_key)
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


def _near(data: Data, benchmark: dict[bytes, Row]) -> dict[bytes, Row]:
    """By text, the document of the benchmark that it nearly is."""
    ours = {row.text_key: row for row in data.rows if row.text_key not in benchmark}
    keys = [*ours, *benchmark]
    pairs = near_duplicates([(ours.get(key) or benchmark[key]).text for key in keys])
    return {
        keys[one]: benchmark[keys[other]]
        for one, other in reversed(pairs)
        if keys[one] in ours and keys[other] in benchmark
    }

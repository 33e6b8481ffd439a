"""Small PubTator files whose counts are known."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from medspan.evaluate.official import scorer_named

TITLE = "Lithium caused tremor."
ABSTRACT = "Tremor and nausea were seen with lithium."
TEXT = f"{TITLE}\n{ABSTRACT}"

LITHIUM = "0\t7\tLithium\tChemical\tD008094"
TREMOR = "15\t21\ttremor\tDisease\tD014202"
NAUSEA = "34\t40\tnausea\tDisease\tD009325"
CAUSES = "CID\tD008094\tD014202"
ROWS = (LITHIUM, TREMOR, NAUSEA, CAUSES)

Counts = tuple[int, int, int]
"""True positives, false positives, false negatives."""


def article(*rows: str, pmid: str = "1") -> str:
    """An article about lithium with these rows, the PMID before each."""
    lines = [f"{pmid}|t|{TITLE}", f"{pmid}|a|{ABSTRACT}", *(f"{pmid}\t{row}" for row in rows)]
    return "\n".join(lines) + "\n\n"


class Files:
    """Writes the two sides and scores them."""

    def __init__(self, folder: Path):
        self.reference, self.predicted = folder / "gold.txt", folder / "predicted.txt"

    def score(self, reference: str | Path, predicted: str | Path, **options: Any) -> dict[str, Any]:
        """The JSON of the scores; a string is written to a file first."""
        paths = []
        for given, path in ((reference, self.reference), (predicted, self.predicted)):
            if isinstance(given, str):
                path.write_text(given, encoding="utf-8")
            paths.append(path if isinstance(given, str) else given)
        return scorer_named("bc5cdr").score(*paths, **options).to_json()

    def counts(self, reference: str | Path, predicted: str | Path, **options: Any) -> dict[str, Counts]:
        """The counts by `level type`."""
        return counts_of(self.score(reference, predicted, **options))

    def rows(self, reference: Iterable[str], predicted: Iterable[str]) -> dict[str, Counts]:
        """The counts of one article with these rows on either side."""
        return self.counts(article(*reference), article(*predicted))


def counts_of(result: dict[str, Any]) -> dict[str, Counts]:
    return {
        f"{level} {type}": (score["true_positives"], score["false_positives"], score["false_negatives"])
        for level in ("mention", "id", "relation")
        for type, score in result[level].items()
    }


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)

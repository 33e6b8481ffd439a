"""The page of the taxonomy says what the code says."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from medspan.core import Annotation, Document, Example, Mention, Relation, UnalignedMention
from medspan.evaluate.errors import MENTION_MEANINGS, RELATION_MEANINGS, taxonomy

PAGE = Path(__file__).parents[3] / "docs" / "errors.md"
TEXT = (
    "Metformin caused severe lactic acidosis (LA). Renal failure followed; LA resolved when metformin was "
    "stopped."
)


def page() -> str:
    return PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("heading", "meanings"), [("Entities", MENTION_MEANINGS), ("Relations", RELATION_MEANINGS)]
)
def test_the_tables_of_kinds_are_those_of_the_code(heading: str, meanings: Mapping[str, str]) -> None:
    section = page().split(f"### {heading}\n", 1)[1].split("\n#", 1)[0]
    rows = re.findall(r"^\| \d+ \| `([a-z-]+)` \| (.+?) \|", section, re.MULTILINE)
    assert rows == list(meanings.items())


def told() -> dict[str, Any]:
    """The taxonomy of the page's example."""

    def at(string: str, type: str, nth: int = 0) -> Mention:
        start = -1
        for _ in range(nth + 1):
            start = TEXT.index(string, start + 1)
        return Mention.at(TEXT, start, start + len(string), type)

    drug, failure = at("Metformin", "Drug"), at("Renal failure", "Disease")
    long, short = at("severe lactic acidosis", "Disease"), at("lactic acidosis", "Disease")
    reference = Annotation(
        (drug, long, failure, at("LA", "Disease", 1)),
        relations=(Relation(drug, long, "causes"), Relation(drug, failure, "causes")),
    )
    predicted = Annotation(
        (drug, short, failure),
        (UnalignedMention("Drug", "metforming", "not-in-text"),),
        (Relation(drug, short, "causes"), Relation(failure, drug, "causes")),
    )
    return taxonomy([Example(Document("26094", TEXT), reference, predicted)]).to_json()


def rows(kinds: Mapping[str, Any]) -> list[str]:
    found = [
        "| kind | spurious | missed | share | F1 if mended | gain |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for kind, one in kinds.items():
        counts = one["false_positives"], one["false_negatives"]
        if any(counts):
            numbers = f"{one['share']:.1%} | {one['mended_f1']:.3f} | {one['gain']:+.3f}"
            found.append(f"| `{kind}` | {counts[0]} | {counts[1]} | {numbers} |")
    return found


def compact() -> str:
    """The kind that is shown as JSON, its places in one line each."""
    kind = told()["entities"]["kinds"]["near-miss-copy"]
    return re.sub(r"\[\s+(\d+),\s+(\d+)\s+\]", r"[\1, \2]", json.dumps(kind, indent=1, ensure_ascii=False))


def test_the_example_is_what_the_code_says_of_it() -> None:
    assert f"`{TEXT}`" in page()
    for group in ("entities", "relations"):
        assert "\n".join(rows(told()[group]["kinds"])) in page()
    assert f"```json\n{compact()}\n```" in page()

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

from medspan.core import Example
from medspan.read import load
from medspan.split import assign
from medspan.text import fold

PARTS = ("train", "validation", "test")


def chemical_disease_rows(corpora: Path) -> list[Example]:
    folder = corpora / "chemical_disease_tasks" / "splits_20251111"
    return [example for part in PARTS for example in load(folder / f"{part}.jsonl").examples]


def test_the_leaking_split_of_3000_rows_is_mended(corpora: Path) -> None:
    rows = chemical_disease_rows(corpora)
    result = assign(rows)
    parts_of_article: defaultdict[str, set[str]] = defaultdict(set)
    for part, examples in result.parts.items():
        for example in examples:
            parts_of_article[fold(example.document.text)].add(part)
    assert len(parts_of_article) == 1000
    assert {len(parts) for parts in parts_of_article.values()} == {1}
    for part, wanted in (("train", 0.8), ("validation", 0.1), ("test", 0.1)):
        examples = result.parts[part]
        assert abs(len(examples) / 3000 - wanted) <= 0.01
        tasks = Counter(example.task for example in examples)
        assert set(tasks) == {"chemicals", "diseases", "influences"}
        assert max(abs(count / len(examples) - 1 / 3) for count in tasks.values()) <= 0.01
    assert result.report.deviating == ()


def test_shuffling_the_3000_rows_changes_nothing(corpora: Path) -> None:
    rows = chemical_disease_rows(corpora)
    assert assign(rows[::-1]) == assign(rows)

"""Properties of repairs over corpora with any mixture of faults."""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medspan.audit import Data
from medspan.audit.fix import fix
from medspan.audit.fixed import Fixed
from medspan.core import Concept, Endpoint, Example, Mention, RelationType, Schema
from medspan.read import load_splits
from medspan.text import fold

from .conftest import found
from .faulty_corpora import PLACED_FORMATS, Corpus, placed_corpora, row_corpora

SCHEMA = Schema(("Drug", "Side_Effect"), (RelationType("interacts_with", symmetric=True),))
LISTS = ("mention", "relation")
NOTHING = {"", "none", "-"}


@contextmanager
def repaired(corpus: Corpus, schema: Schema | None = None) -> Iterator[tuple[Path, Path, Fixed]]:
    """The folder of a corpus, and that of the repaired one."""
    with tempfile.TemporaryDirectory() as place:
        before, after = Path(place) / "before", Path(place) / "after"
        before.mkdir()
        corpus.write(before)
        yield before, after, repair(before, after, corpus.format, schema)


def repair(before: Path, after: Path, format: str, schema: Schema | None = None) -> Fixed:
    return fix(load_splits(before, format=format), after, format=format, schema=schema)


def log(folder: Path) -> list[dict[str, Any]]:
    text = (folder / "changes.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.split("\n") if line]


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def counts(example: Example) -> dict[str, int]:
    reference = example.reference
    assert reference is not None
    return {
        "mention": len(reference.mentions) + len(reference.unaligned),
        "relation": len(reference.relations),
    }


def check_totals(before: Path, after: Path, format: str, done: Fixed) -> None:
    """Everything that was read is there, or in the list of changes, or went with a listed row."""
    read, written = load_splits(before, format=format), load_splits(after, format=format)
    changes = log(after)
    assert sum(change["action"] == "kept" for change in changes) == sum(
        change.action == "kept" for change in done.changes
    )
    for split, corpus in read.items():
        here = [change for change in changes if change["split"] == split]
        gone = [change for change in here if change["kind"] == "row" and change["action"] == "removed"]
        assert len(corpus) - len(gone) == len(written[split])
        rows = {(change["file"], change["row"]) for change in gone}
        assert len(rows) == len(gone)
        for kind in LISTS:
            of_rows = {
                (place.file, place.row): counts(example)[kind]
                for example in corpus
                if (place := example.place) is not None
            }
            removed = [one for one in here if one["kind"] == kind and one["action"] == "removed"]
            # Of a row that went as a whole, what had been taken out of it before is listed as well.
            of_gone = sum((one["file"], one["row"]) in rows for one in removed)
            left = sum(of_rows.values()) - len(removed) - sum(of_rows[row] for row in rows) + of_gone
            assert left == sum(counts(example)[kind] for example in written[split])
            total = done.totals[split][kind]
            assert (total.before, total.after) == (sum(of_rows.values()), left)
            assert total.removed.total() == len(removed)
            assert total.with_rows == sum(of_rows[row] for row in rows) - of_gone


def names(type_: str) -> str:
    return re.sub(r"[\s_]", "", type_.lower()).removesuffix("s")


def named(end: Endpoint) -> Any:
    if isinstance(end, Concept):
        return end.id
    if isinstance(end, Mention) and end.aligned_by == "given":
        return end.segments
    return fold(end.source_text or end.text) if isinstance(end, Mention) else fold(end.text)


def meaning(example: Example, symmetric: bool) -> Any:
    """What a row says in whatever spelling, without what names nothing."""
    reference = example.reference
    assert reference is not None
    listed = {
        (names(item.type), named(item))
        for item in (*reference.mentions, *reference.unaligned)
        if named(item) not in NOTHING
    }
    concepts = {(named(item), concept) for item in reference.mentions for concept in item.concepts}
    joined = set()
    for relation in reference.relations:
        ends = (named(relation.head), named(relation.tail))
        if not NOTHING.intersection(end for end in ends if isinstance(end, str)):
            either = symmetric and relation.type == "interacts_with"
            joined.add((names(relation.type), *(sorted(ends, key=repr) if either else ends)))
    return example.task, fold(example.document.text), listed, concepts, joined


def check_nothing_is_lost(before: Path, after: Path, format: str, symmetric: bool) -> None:
    """What is said about a text is said afterwards, in some split, and nothing else is."""
    said = {
        repr(_sorted(meaning(one, symmetric)))
        for _, one in _examples(before, format)
        if one.document.text.strip()
    }
    still = [repr(_sorted(meaning(one, symmetric))) for _, one in _examples(after, format)]
    assert set(still) <= said
    lost = said - set(still)
    blank = [change["what"] for change in log(after) if change["remedy"] == "empty-row"]
    assert not lost or any("target is blank" in what for what in blank)


def _sorted(said: Any) -> Any:
    return [sorted(map(repr, part)) if isinstance(part, set) else part for part in said]


def _examples(folder: Path, format: str) -> Iterator[tuple[str, Example]]:
    for split, corpus in load_splits(folder, format=format).items():
        for example in corpus:
            yield split, example


def check_again(after: Path, format: str, schema: Schema | None) -> None:
    """Repairing what was repaired changes nothing, not even a byte."""
    again = after.parent / "again"
    done = repair(after, again, format, schema)
    assert not [change for change in done.changes if change.action != "kept"]
    first, second = content(after), content(again)
    for files in (first, second):
        del files["changes.jsonl"]
    assert first == second


def check_audit(after: Path, format: str, schema: Schema | None, kept: bool) -> None:
    """A fresh audit finds nothing that was to be repaired."""
    data = Data.of(load_splits(after, format=format), stated_schema=schema)
    if not any(item.concepts for row in data.rows for item in row.reference.mentions):
        # Rows that differ in concept ids alone are no exact duplicates, and stay.
        assert not found("identical-row-leak", data)
        for finding in found("duplicate-example", data):
            assert "(0 with the same target)" in finding.message
    if not kept:
        ids = ("blank-item", "duplicate-item", *(("type-spelling",) if schema is None else ()))
        assert [one for check in ids for one in found(check, data) if one.severity != "info"] == []
        assert not [one for one in found("endpoint-not-an-entity", data) if "letter case" in one.message]
        if schema is not None:
            assert found("one-way-symmetric", data) == []


schemas = st.sampled_from([None, SCHEMA])


@given(row_corpora(), schemas)
@settings(max_examples=100)
def test_targets_are_repaired_and_nothing_is_lost(corpus: Corpus, schema: Schema | None) -> None:
    with repaired(corpus, schema) as (before, after, done):
        check_totals(before, after, corpus.format, done)
        check_nothing_is_lost(before, after, corpus.format, schema is not None)
        check_again(after, corpus.format, schema)
        assert not [change for change in done.changes if change.action == "kept"]
        check_audit(after, corpus.format, schema, kept=False)


@pytest.mark.parametrize("format", sorted(PLACED_FORMATS))
@given(st.data(), schemas)
@settings(max_examples=20)
def test_documents_with_places_are_repaired_or_left_alone(
    format: str, data: st.DataObject, schema: Schema | None
) -> None:
    corpus = data.draw(placed_corpora(format))
    with repaired(corpus, schema) as (before, after, done):
        check_totals(before, after, corpus.format, done)
        check_nothing_is_lost(before, after, corpus.format, schema is not None)
        check_again(after, corpus.format, schema)
        check_audit(after, corpus.format, schema, any(change.action == "kept" for change in done.changes))


@given(row_corpora())
@settings(max_examples=30)
def test_the_source_stays_and_untouched_rows_stay_byte_for_byte(corpus: Corpus) -> None:
    with tempfile.TemporaryDirectory() as place:
        before, after = Path(place) / "before", Path(place) / "after"
        before.mkdir()
        corpus.write(before)
        was = content(before)
        repair(before, after, corpus.format)
        assert content(before) == was
        touched = Counter((change["file"], change["row"]) for change in log(after))
        for name, text in was.items():
            new = (after / name).read_text("utf-8")
            for number, row in enumerate(_rows(text.decode("utf-8")), 1):
                line = 2 * number - 1 if name.endswith(".jsonl") else number
                if (str(before / name), line) not in touched:
                    assert row in new


def _rows(text: str) -> list[str]:
    """The rows as they stand in a file of lines, or in a list."""
    if not text.startswith("["):
        return text.split("\n\n")
    found: list[str] = []
    at = text.find("{")
    while at >= 0:
        _, end = json.JSONDecoder().raw_decode(text, at)
        found.append(text[at:end])
        at = text.find("{", end)
    return found


@given(row_corpora(), st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_the_order_of_rows_and_the_names_of_files_change_no_figure(corpus: Corpus, chance: Random) -> None:
    figures = []
    for shuffled in (False, True):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "before"
            folder.mkdir()
            corpus.write(folder)
            if shuffled:
                _shuffle(folder, chance)
            totals = repair(folder, Path(place) / "after", corpus.format).to_json()["totals"]
            for kinds in totals.values():
                # Of two rows that become the same the one that had to be changed may be the one that goes.
                del kinds["rows"]["changed"]
            figures.append(totals)
    assert figures[0] == figures[1]


def _shuffle(folder: Path, chance: Random) -> None:
    for path in list(folder.iterdir()):
        rows = [json.loads(row) for row in _rows(path.read_text("utf-8"))]
        chance.shuffle(rows)
        path.unlink()
        path.with_name(f"my_{path.stem}_2.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")

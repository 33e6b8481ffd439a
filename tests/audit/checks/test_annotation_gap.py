"""annotation-gap: sources whose relations nobody annotated."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

from medspan.audit import Data
from medspan.core import Example, Place
from medspan.read import load, load_splits, write

from ..conftest import found, row
from ..listed_rows import asked, corpus, figures, rebuilt, renamed, sections

TEXT = "Lithium caused tremor."
JOINED = (("lithium", "causes", "tremor"),)


def rows(source: str, related: int, without: int, key: str = "row.source") -> list[Example]:
    return [
        sections(
            f"{source}{at}",
            f"{TEXT} {source} {at}",
            relations=JOINED if at < related else (),
            **{key: json.dumps(source)},
        )
        for at in range(related + without)
    ]


def test_a_source_without_relations_is_named_in_every_split() -> None:
    ncbi = rows("ncbi", 0, 30)
    data = Data.of({"train": [*rows("ade", 40, 10), *ncbi[:25]], "test": [*rows("biored", 5, 0), *ncbi[25:]]})
    train, test = found("annotation-gap", data)
    assert (train.count, train.of, train.split, train.severity) == (25, 75, "train", "warning")
    assert "25 of 75 rows of train come from sources without any relation (ncbi 25)" in train.message
    assert "81.8% of the rows of the others" in train.message
    assert train.cases[0].place == "ncbi0"
    assert train.cases[0].what == "no relation, as in all rows of ncbi"
    assert (test.count, test.of, test.split) == (5, 10, "test")


def test_any_key_that_names_a_source_does_and_its_first_one() -> None:
    for key in ("row.source", "row.dataset", "row.corpus"):
        data = Data.of({"train": [*rows("ade", 40, 0, key), *rows("ncbi", 0, 30, key)]})
        assert figures("annotation-gap", data) == {"train": (30, 70)}
    # Every row has a source of its own; the next key is not asked.
    own = [
        replace(
            one, document=replace(one.document, metadata={**one.document.metadata, "row.source": f'"{at}"'})
        )
        for at, one in enumerate([*rows("ade", 40, 0, "row.corpus"), *rows("ncbi", 0, 30, "row.corpus")])
    ]
    assert found("annotation-gap", Data.of({"train": own})) == []


def test_files_are_sources_where_rows_name_none() -> None:
    def of_file(example: Example, file: str) -> Example:
        plain = {key: value for key, value in example.document.metadata.items() if key != "row.source"}
        return replace(example, document=replace(example.document, metadata=plain), place=Place(file, 1))

    data = Data.of(
        {
            "train": [
                *(of_file(one, "a/ade.json") for one in rows("x", 40, 0)),
                *(of_file(one, "a/ncbi.json") for one in rows("y", 0, 20)),
            ]
        }
    )
    (finding,) = found("annotation-gap", data)
    assert (finding.count, finding.of) == (20, 60)
    assert "(ncbi.json 20)" in finding.message


def test_a_folder_of_documents_is_one_source(tmp_path: Path) -> None:
    for name, related, without in (("ade", 30, 5), ("ncbi", 0, 20)):
        notes = [
            row(
                str(at),
                TEXT,
                ("Lithium", "Drug"),
                ("tremor", "Sign"),
                relations=[("Lithium", "causes", "tremor")] if at < related else [],
            )
            for at in range(related + without)
        ]
        write(tmp_path / name, notes, "brat")
    data = Data.of({name: load(tmp_path / name) for name in ("ade", "ncbi")})
    (finding,) = found("annotation-gap", data)
    assert (finding.split, finding.count, finding.of) == ("ncbi", 20, 20)
    assert "(ncbi 20)" in finding.message


def test_what_chance_explains_is_quiet() -> None:
    quiet = [
        {"train": rows("ade", 40, 0) + rows("ncbi", 1, 29)},  # one relation was annotated
        {"train": rows("ade", 40, 0) + rows("small", 0, 9)},  # too few rows
        {"train": rows("ade", 10, 990) + rows("ncbi", 0, 100)},  # relations are rare everywhere
        {"train": rows("ade", 0, 40) + rows("ncbi", 0, 40)},  # nobody has relations
        {"train": rows("ncbi", 0, 40)},
        {"train": rows("ade", 1, 0) + rows("ncbi", 0, 40)},  # one row says nothing about the others
        {  # nobody annotated anything there
            "train": rows("ade", 40, 0) + [replace(one, reference=None) for one in rows("ncbi", 0, 40)]
        },
    ]
    for parts in quiet:
        assert found("annotation-gap", Data.of(parts)) == []
    loud = {"train": rows("ade", 100, 900) + rows("ncbi", 0, 100)}
    assert figures("annotation-gap", Data.of(loud)) == {"train": (100, 1100)}


def test_rows_that_are_not_asked_for_relations_do_not_count() -> None:
    data = Data.of(
        {
            "train": [
                *(asked(f"a{at}", "chemicals", f"{TEXT} {at}", "lithium") for at in range(50)),
                *(asked(f"b{at}", "influences", f"{TEXT} {at}", "lithium | tremor") for at in range(50)),
            ]
        }
    )
    by_task = rebuilt(data, lambda one: replace(one, place=Place(f"{one.task}.jsonl", 1)))
    assert found("annotation-gap", by_task) == []


def test_false_alarms_are_as_rare_as_stated() -> None:
    # Sources of one population: in at most 1% of the trials may one be taken for a gap.
    rng = random.Random(11)
    alarms = 0
    pool = {name: (rows(name, 1, 0)[0], rows(name, 0, 1)[0]) for name in "abcdef"}
    for _ in range(300):
        drawn = [pool[name][rng.random() < 0.7] for name in pool for _ in range(14)]
        alarms += bool(found("annotation-gap", Data.of({"train": drawn})))
    assert alarms <= 6


def test_ncbi_beside_bc5cdr_and_biored_is_a_gap(corpora: Path) -> None:
    files = [
        corpora / "bc5cdr" / "CDR_TrainingSet.PubTator.txt",
        corpora / "biored" / "Train.PubTator",
        corpora / "ncbi_disease" / "NCBItrainset_corpus.txt",
    ]
    data = Data.of(load_splits(files))
    (finding,) = found("annotation-gap", data)
    assert (finding.count, finding.of, finding.split) == (593, 1493, "train")
    assert "NCBItrainset_corpus.txt 593" in finding.message
    assert figures("annotation-gap", rebuilt(data, lambda one: one, seed=8)) == {"train": (593, 1493)}
    assert found("annotation-gap", rebuilt(data, renamed)) == []  # one file, one source


def test_corpora_of_one_source_are_quiet(corpora: Path) -> None:
    for name in ("bc5cdr", "biored", "maccrobat", "combined_2026", "synthetic_2026"):
        assert found("annotation-gap", corpus(corpora / name)) == []
    assert found("annotation-gap", corpus(corpora / "chemical_disease_tasks" / "splits_unshuffled")) == []

"""Splits by the names of files, and the published corpora as they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medspan.core import InputError, Mention
from medspan.read import load, load_splits, split_of, write

ROW = json.dumps({"id": "a", "text": "b", "reference": None}) + "\n"


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train_run-20251106.jsonl", "train"),
        ("validation_run-20251106.jsonl", "validation"),
        ("test_run_20251106.jsonl", "test"),
        ("val.json", "validation"),
        ("dev.jsonl", "validation"),
        ("valid.jsonl", "validation"),
        ("CDR_TrainingSet.PubTator.txt", "train"),
        ("CDR_DevelopmentSet.PubTator.txt", "validation"),
        ("CDR_TestSet.BioC.xml", "test"),
        ("Train.PubTator", "train"),
        ("Dev.BioC.JSON", "validation"),
        ("NCBItrainset_corpus.txt", "train"),
        ("NCBIdevelopset_corpus.txt", "validation"),
        ("TRAIN.JSON", "train"),
        ("train2.json", "train"),
        ("values.json", None),
        ("contest.json", None),
        ("device.txt", None),
        ("README.md", None),
    ],
)
def test_split_is_told_by_the_name(name: str, split: str | None) -> None:
    assert split_of(name) == split


def test_folder_is_read_by_split_in_order_and_reports_what_it_passed_over(tmp_path: Path) -> None:
    for name in ("val.jsonl", "train.jsonl", "test.jsonl"):
        (tmp_path / name).write_text(ROW, "utf-8")
    (tmp_path / "train.xml").write_text("<a/>", "utf-8")
    (tmp_path / "README.md").write_text("x", "utf-8")
    corpora = load_splits(tmp_path)
    assert list(corpora) == ["train", "validation", "test"]
    assert [corpus.examples[0].split for corpus in corpora.values()] == ["train", "validation", "test"]
    assert corpora["train"].ignored == (str(tmp_path / "train.xml"),)
    assert corpora["test"].ignored == ()


def test_two_readable_files_of_a_split_are_not_guessed_between(tmp_path: Path) -> None:
    for name in ("train.jsonl", "train_old.jsonl"):
        (tmp_path / name).write_text(ROW, "utf-8")
    with pytest.raises(
        InputError, match=r"2 readable files for the split train among train.jsonl, train_old.jsonl"
    ):
        load_splits(tmp_path)
    corpora = load_splits([tmp_path / "train.jsonl", tmp_path / "train_old.jsonl"])
    assert len(corpora["train"]) == 2
    assert len(corpora["train"].files) == 2


def test_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("T1", "utf-8")
    with pytest.raises(InputError, match=r"no file of a split; it holds notes.md"):
        load_splits(tmp_path)
    with pytest.raises(InputError, match="does not exist"):
        load_splits(tmp_path / "none")
    with pytest.raises(InputError, match="no file was named"):
        load_splits([])


def test_file_that_claims_no_split_is_one_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_text(ROW, "utf-8")
    corpora = load_splits(tmp_path / "mine.jsonl")
    assert list(corpora) == ["mine"]
    assert corpora["mine"].examples[0].split == "mine"


def test_rejected_rows_of_all_splits_are_written_together(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text(ROW + "{\n", "utf-8")
    (tmp_path / "test.jsonl").write_text("{\n" + ROW, "utf-8")
    load_splits(tmp_path, on_error="skip", rejected=tmp_path / "rejected.jsonl")
    listed = [json.loads(line) for line in (tmp_path / "rejected.jsonl").read_text("utf-8").splitlines()]
    assert [(Path(row["file"]).name, row["row"]) for row in listed] == [("train.jsonl", 2), ("test.jsonl", 1)]


def test_bc5cdr_counts_and_is_written_back_byte_for_byte(corpora: Path, tmp_path: Path) -> None:
    splits = load_splits(corpora / "bc5cdr")
    counts = {name: corpus.counts() for name, corpus in splits.items()}
    assert {name: count["mentions"] for name, count in counts.items()} == {
        "train": {"Chemical": 5203, "Disease": 4182},
        "validation": {"Chemical": 5347, "Disease": 4244},
    }
    assert [count["relations"] for count in counts.values()] == [{"CID": 1038}, {"CID": 1012}]
    assert [count["documents"] for count in counts.values()] == [500, 500]
    assert [count["unaligned"] for count in counts.values()] == [0, 0]
    assert [Path(name).name for name in splits["validation"].ignored] == ["CDR_DevelopmentSet.BioC.xml"]
    for corpus in splits.values():
        out = tmp_path / "out.txt"
        assert write(out, corpus.examples, "pubtator") == {}
        assert out.read_bytes() == Path(corpus.files[0]).read_bytes()


def test_ncbi_has_one_article_twice_and_one_mention_elsewhere(corpora: Path) -> None:
    corpus = load_splits(corpora / "ncbi_disease")["train"]
    assert (len(corpus), corpus.counts()["unaligned"], sum(corpus.counts()["mentions"].values())) == (
        593,
        1,
        5144,
    )
    assert sum(example.document.group == "8528200" for example in corpus) == 2
    assert len({example.id for example in corpus}) == 593
    (lost,) = [example for example in corpus if example.reference and example.reference.unaligned]
    assert lost.id == "10923035"


def test_ade_counts(corpora: Path) -> None:
    counts = {name: corpus.counts() for name, corpus in load_splits(corpora / "ade").items()}
    assert [count["documents"] for count in counts.values()] == [3413, 426]
    assert list(counts["train"]["mentions"]) == ["Drug", "Symptom"]
    assert list(counts["train"]["relations"]) == ["causes"]
    assert [(count["unaligned"], count["unparsed"]) for count in counts.values()] == [(0, 0), (0, 0)]


def test_synthetic_counts(corpora: Path) -> None:
    splits = load_splits(corpora / "synthetic_2026")
    assert [len(corpus) for corpus in splits.values()] == [4000, 500, 500]
    strings = {
        mention.text
        for corpus in splits.values()
        for example in corpus
        for mention in example.reference.mentions
    }
    assert len(strings) == 50


@pytest.mark.parametrize(
    ("folder", "rows"),
    [
        ("splits_20251106", 3000),
        ("splits_20251108", 3000),
        ("splits_20251111", 3000),
        ("splits_cleaned_20251113", 2994),
        ("splits_unshuffled", 3000),
    ],
)
def test_chemical_disease_tasks_are_read_whole_and_written_back(
    corpora: Path, tmp_path: Path, folder: str, rows: int
) -> None:
    splits = load_splits(corpora / "chemical_disease_tasks" / folder)
    assert sum(map(len, splits.values())) == rows
    assert [corpus.counts()["unparsed"] for corpus in splits.values()] == [0, 0, 0]
    for corpus in splits.values():
        out = tmp_path / "out.jsonl"
        assert write(out, corpus.examples, "tasks") == {}
        assert out.read_bytes() == Path(corpus.files[0]).read_bytes()


def test_endpoints_of_influences_that_are_nowhere_are_the_published_195(corpora: Path) -> None:
    splits = load_splits(corpora / "chemical_disease_tasks" / "splits_20251111")
    endpoints = [
        (end, example.document.text.lower())
        for corpus in splits.values()
        for example in corpus
        for relation in example.reference.relations
        for end in (relation.head, relation.tail)
    ]
    assert len(endpoints) == 4098
    nowhere = []
    for end, text in endpoints:
        written = (isinstance(end, Mention) and end.source_text) or end.text
        if written.lower() != "none" and written.lower() not in text:
            nowhere.append(end.aligned_by if isinstance(end, Mention) else end.reason)
        elif written.lower() != "none":
            assert isinstance(end, Mention), end
            assert end.aligned_by in ("exact", "case")
    assert len(nowhere) == 195
    # Alignment rescues some of them, and says by what; the others stay unaligned.
    assert set(nowhere) <= {"not-in-text", "hyphen", "fuzzy"}
    assert nowhere.count("not-in-text") > 0.8 * 195


def test_cut_prompts_are_kept_as_they_were_written(corpora: Path) -> None:
    splits = load_splits(corpora / "chemical_disease_tasks" / "splits_cleaned_20251113")
    without_cue = {
        name: sum(
            "List of extracted" not in example.document.metadata.get("prompt", "List of extracted")
            for example in corpus
        )
        for name, corpus in splits.items()
    }
    assert without_cue == {"train": 249, "validation": 32, "test": 26}


def test_biored_keeps_the_bars_of_variants(corpora: Path) -> None:
    corpus = load(corpora / "biored" / "Dev.PubTator")
    counts = corpus.counts()
    assert (counts["documents"], sum(counts["mentions"].values()), sum(counts["relations"].values())) == (
        100,
        3533,
        1162,
    )
    concepts = {
        concept
        for example in corpus
        for mention in example.reference.mentions
        for concept in mention.concepts
    }
    assert "c|DEL|657|5" in concepts
    assert not any("," in concept for concept in concepts)

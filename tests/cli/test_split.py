"""medspan split with what exists already: official parts, an earlier split, folds, strings to be held out."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from medspan.audit import Data, all_checks
from medspan.core import Annotation, Document, Example, Mention
from medspan.read import load, load_splits, write
from medspan.synth import generate

from .conftest import Cli, row, write_rows

Refused = Callable[..., str]


def texts(folder: Path) -> dict[str, list[str]]:
    return {
        part: [one.document.text for one in corpus] for part, corpus in load_splits(folder).items() if corpus
    }


def leaks(folder: Path) -> list[str]:
    """What a fresh audit has to say about documents in two parts."""
    data = Data.of(load_splits(folder))
    named = [name for name in all_checks() if name.endswith("-leak")]
    assert "document-leak" in named
    return [finding.message for name in named for finding in all_checks()[name].run(data)]


@pytest.fixture
def official(tmp_path: Path) -> Path:
    """34 notes in parts of 20, 6 and 8; two notes of train and one of validation leak into test."""
    notes = generate(34, seed=5)
    test = notes[26:]
    near = [Example(Document(f"near-{n}", f"{test[n].document.text} Signed.")) for n in range(2)]
    same = [Example(Document("same", test[3].document.text.upper()), Annotation())]
    folder = tmp_path / "official"
    for part, rows in (("train", [*notes[:20], *near]), ("dev", [*notes[20:26], *same]), ("test", test)):
        write(folder / f"{part}.jsonl", rows, "medspan")
    return folder


def test_pooling_official_parts_says_that_scores_are_no_longer_comparable(
    cli: Cli, official: Path, tmp_path: Path
) -> None:
    done = cli("split", official, "--out", tmp_path / "new", "--json", tmp_path / "r.json")
    assert done.code == 0
    assert "train 22, validation 7, test 8" in done.err
    assert "cannot be compared" in done.err
    assert "--keep test leaves that part as it is" in done.err
    assert "As they came, 2 of 8 examples of test (25.0%)" in done.out
    assert leaks(official)
    assert leaks(tmp_path / "new") == []
    before = json.loads((tmp_path / "r.json").read_text())["leaks_before"]
    assert {"part": "test", "against": "train", "count": 2, "of": 8} in before


def test_a_part_that_is_kept_is_the_same_file_and_nothing_leaks_into_it(
    cli: Cli, official: Path, tmp_path: Path
) -> None:
    new, result = tmp_path / "new", tmp_path / "r.json"
    done = cli("split", official, "--out", new, "--keep", "test", "--json", result)
    assert done.code == 0
    assert (new / "test.jsonl").read_bytes() == (official / "test.jsonl").read_bytes()
    assert {part: len(rows) for part, rows in texts(new).items()} == {"train": 23, "validation": 3, "test": 8}
    assert leaks(new) == []
    listed = [json.loads(line) for line in (new / "left-out.jsonl").read_text().splitlines()]
    assert sorted(one["id"] for one in listed) == ["near-0", "near-1", "same"]
    assert {one["against"][0]["part"] for one in listed} == {"test"}
    assert {Path(one["file"]).name for one in listed} == {"train.jsonl", "dev.jsonl"}
    assert "3 examples would leak and are left out" in done.out
    stated = json.loads(result.read_text())
    assert (stated["kept"], stated["left_out"], stated["leaks"]) == ({"test": 8}, 3, [])
    assert stated["left_out_file"] == str(new / "left-out.jsonl")
    assert {share["wanted"] for share in stated["shares"] if share["part"] == "train"} == {0.8 / 0.9}


def test_two_parts_can_be_kept_and_what_leaks_between_them_is_said(
    cli: Cli, official: Path, tmp_path: Path
) -> None:
    new = tmp_path / "new"
    done = cli("split", official, "--out", new, "--keep", "test", "--keep", "dev")
    assert done.code == 0
    assert (new / "validation.jsonl").read_bytes() == (official / "dev.jsonl").read_bytes()
    assert {part: len(rows) for part, rows in texts(new).items()} == {"train": 20, "validation": 7, "test": 8}
    assert "STILL LEAKING: 1 of 8 examples of test (12.5%)" in done.out
    assert "in validation" in done.out


def test_shares_are_those_of_the_parts_that_are_cut(cli: Cli, official: Path, tmp_path: Path) -> None:
    sizes = {}
    for shares in ("0.5,0.5,0", "1,0,0"):
        new = tmp_path / shares
        assert cli("split", official, "--out", new, "--keep", "test", "--shares", shares).code == 0
        sizes[shares] = {part: len(rows) for part, rows in texts(new).items()}
    assert sizes == {
        "0.5,0.5,0": {"train": 13, "validation": 13, "test": 8},
        "1,0,0": {"train": 26, "test": 8},
    }


def test_a_folder_part_is_kept_whole(cli: Cli, tmp_path: Path) -> None:
    notes = generate(20, seed=8)
    for part, rows in (("train", notes[:15]), ("test", notes[15:])):
        write(tmp_path / "brat" / part, rows, "brat")
    assert cli("split", tmp_path / "brat", "--out", tmp_path / "new", "--keep", "test").code == 0
    before, after = (tmp_path / "brat" / "test", tmp_path / "new" / "test")
    assert {path.name: path.read_bytes() for path in after.iterdir()} == {
        path.name: path.read_bytes() for path in before.iterdir()
    }
    assert len(load(tmp_path / "new" / "train")) + len(load(tmp_path / "new" / "validation")) == 15


def test_keep_needs_parts_by_their_names(cli: Cli, refused: Refused, official: Path, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "new")
    assert "it is one file without parts" in refused(
        "split", official / "train.jsonl", *out, "--keep", "test"
    )
    assert "name of a part is wanted" in refused("split", official, *out, "--keep", "held-out")
    (official / "dev.jsonl").unlink()
    assert "has no such part" in refused("split", official, *out, "--keep", "validation")
    every = ("--keep", "train", "--keep", "test", "--shares", "0.9,0,0.1")
    assert "nothing is left to be cut" in refused("split", official, *out, *every)
    assert not (tmp_path / "new").exists()


def grown(folder: Path, seed: int = 6) -> Path:
    """60 further notes in a file of their own."""
    path = folder / "grown.jsonl"
    write(path, [*generate(90, seed=seed)[30:]], "medspan")
    return path


@pytest.mark.parametrize("whole", [True, False])
def test_extending_leaves_every_old_row_where_it_is(cli: Cli, tmp_path: Path, whole: bool) -> None:
    notes = generate(90, seed=6)
    write(tmp_path / "first.jsonl", notes[:30], "medspan")
    assert cli("split", tmp_path / "first.jsonl", "--out", tmp_path / "old").code == 0
    write(tmp_path / "later.jsonl", notes if whole else notes[30:], "medspan")
    result = tmp_path / "r.json"
    done = cli(
        "split", tmp_path / "later.jsonl", "--out", tmp_path / "new", "--extend", tmp_path / "old",
        "--json", result,
    )  # fmt: skip
    assert done.code == 0
    old, new = texts(tmp_path / "old"), texts(tmp_path / "new")
    assert {part: len(rows) for part, rows in old.items()} == {"train": 24, "validation": 3, "test": 3}
    assert {part: len(rows) for part, rows in new.items()} == {"train": 72, "validation": 9, "test": 9}
    assert all(new[part][: len(rows)] == rows for part, rows in old.items())
    assert sorted(text for rows in new.values() for text in rows) == sorted(n.document.text for n in notes)
    assert leaks(tmp_path / "new") == []
    stated = json.loads(result.read_text())["extended"]
    assert stated["new"] == 60
    assert sum(stated["only_old"].values()) == (0 if whole else 30)
    assert ("are not in" in done.out) is not whole


def test_extending_by_nothing_writes_the_same_files(cli: Cli, corpus: Path, tmp_path: Path) -> None:
    assert cli("split", corpus, "--out", tmp_path / "new", "--extend", corpus).code == 0
    for part, its in load_splits(corpus).items():
        again = load(tmp_path / "new" / f"{part}.jsonl")
        assert [(one.document, one.reference) for one in again] == [
            (one.document, one.reference) for one in its
        ]
    new = tmp_path / "again"
    assert cli("split", tmp_path / "new", "--out", new, "--extend", tmp_path / "new").code == 0
    for path in new.iterdir():
        assert path.read_bytes() == (tmp_path / "new" / path.name).read_bytes()


def test_a_row_between_old_parts_is_left_out_and_listed(cli: Cli, corpus: Path, tmp_path: Path) -> None:
    old = {part: list(its) for part, its in load_splits(corpus).items()}
    near = f"{old['train'][0].document.text} Signed."
    bridge = Example(Document("bridge", near, group=old["test"][0].id), Annotation())
    write(tmp_path / "old" / "train.jsonl", old["train"], "medspan")
    grouped = Example(Document("t", old["test"][0].document.text, group=old["test"][0].id), Annotation())
    write(tmp_path / "old" / "test.jsonl", [grouped], "medspan")
    write(tmp_path / "more.jsonl", [bridge, *generate(40, seed=77)], "medspan")
    new = tmp_path / "new"
    assert cli("split", tmp_path / "more.jsonl", "--out", new, "--extend", tmp_path / "old").code == 0
    (left,) = [json.loads(line) for line in (new / "left-out.jsonl").read_text().splitlines()]
    assert (left["id"], [one["part"] for one in left["against"]]) == ("bridge", ["train", "test"])
    assert bridge.id not in {one.id for its in load_splits(new).values() for one in its}
    assert leaks(new) == []


def test_other_labels_are_taken_over_and_said(cli: Cli, tmp_path: Path) -> None:
    old = [row(f"o{n}", f"Aspirin number {n} caused rash {n} on day {n}.") for n in range(8)]
    write_rows(tmp_path / "old" / "train.jsonl", old[:4])
    write_rows(tmp_path / "old" / "test.jsonl", old[4:])
    now = [row(one["id"], one["text"], ("Aspirin", "Drug")) for one in old]
    write_rows(tmp_path / "now.jsonl", now)
    done = cli("split", tmp_path / "now.jsonl", "--out", tmp_path / "new", "--extend", tmp_path / "old")
    assert "4 rows of test read otherwise in" in done.out
    assert "scores before and after are of different annotations" in done.out
    assert len(load(tmp_path / "new" / "test.jsonl").examples[0].reference.mentions) == 1  # type: ignore[union-attr]
    kept = cli(
        "split", tmp_path / "now.jsonl", "--out", tmp_path / "kept", "--extend", tmp_path / "old",
        "--keep", "test",
    )  # fmt: skip
    assert "they are kept as they were" in kept.out
    assert (tmp_path / "kept/test.jsonl").read_bytes() == (tmp_path / "old/test.jsonl").read_bytes()
    write(tmp_path / "now.jsonl.gz", load(tmp_path / "now.jsonl"), "medspan")
    packed = ("--out", tmp_path / "packed", "--extend", tmp_path / "old", "--keep", "test")
    assert cli("split", tmp_path / "now.jsonl.gz", *packed).code == 0
    again = load(tmp_path / "packed" / "test.jsonl.gz")
    assert [one.reference.mentions for one in again] == [()] * 4  # type: ignore[union-attr]


def test_an_old_test_part_can_stay_closed(cli: Cli, official: Path, tmp_path: Path) -> None:
    assert cli("split", official, "--out", tmp_path / "old", "--keep", "test").code == 0
    new = tmp_path / "new"
    done = cli("split", official, "--out", new, "--extend", tmp_path / "old", "--keep", "test")
    assert done.code == 0
    for part in ("train", "validation", "test"):
        assert (new / f"{part}.jsonl").read_bytes() == (tmp_path / "old" / f"{part}.jsonl").read_bytes()
    assert len((new / "left-out.jsonl").read_text().splitlines()) == 3


def test_an_earlier_split_has_to_fit(cli: Cli, refused: Refused, corpus: Path, tmp_path: Path) -> None:
    more = grown(tmp_path)
    out = ("--out", tmp_path / "new")
    assert "is no folder of parts" in refused("split", more, *out, "--extend", corpus / "train.jsonl")
    assert "--shares gives nothing to test" in refused(
        "split", more, *out, "--extend", corpus, "--shares", "0.9,0.1,0"
    )
    assert "is one of the files" in refused("split", more, "--out", corpus, "--extend", corpus)
    cli("convert", corpus, tmp_path / "other", "--to", "sections")
    message = refused("split", more, *out, "--extend", tmp_path / "other")
    assert "in the format sections" in message
    assert f"medspan convert {tmp_path / 'other'} NEW --to medspan" in message


@pytest.mark.parametrize("validated", [False, True])
def test_each_fold_is_a_folder_that_a_training_reads(cli: Cli, tmp_path: Path, validated: bool) -> None:
    notes = generate(60, seed=9)
    write(tmp_path / "notes.jsonl", notes, "medspan")
    more = ("--shares", "0.75,0.25,0") if validated else ()
    result, out = tmp_path / "r.json", tmp_path / "cv"
    done = cli("split", tmp_path / "notes.jsonl", "--out", out, "--folds", 4, *more, "--json", result)
    assert done.code == 0
    assert sorted(path.name for path in out.iterdir()) == [f"fold-{number}" for number in range(1, 5)]
    tested: list[str] = []
    for number in range(1, 5):
        parts = {part: [one.id for one in its] for part, its in load_splits(out / f"fold-{number}").items()}
        names = ["train", "validation", "test"] if validated else ["train", "test"]
        assert list(parts) == names
        assert sorted(id for its in parts.values() for id in its) == sorted(note.id for note in notes)
        assert len(parts["test"]) == 15
        assert len(parts["train"]) == (34 if validated else 45) or len(parts["train"]) == 33
        assert leaks(out / f"fold-{number}") == []
        tested += parts["test"]
    assert sorted(tested) == sorted(note.id for note in notes)
    stated = json.loads(result.read_text())
    assert stated["files"]["fold-2"]["train"] == str(out / "fold-2" / "train.jsonl")
    assert set(stated["within"]) == ({f"fold-{number}" for number in range(1, 5)} if validated else set())
    assert f"{out}/fold-1 ... {out}/fold-4" in done.out


def test_a_part_of_another_split_does_not_stand_beside_the_new_ones(
    cli: Cli, refused: Refused, corpus: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert cli("split", corpus, "--out", out).code == 0
    assert "validation.jsonl would stand beside the new parts" in refused(
        "split", corpus, "--out", out, "--shares", "0.8,0,0.2"
    )
    assert cli("split", corpus, "--out", out, "--seed", 2).code == 0
    folds = tmp_path / "cv"
    assert cli("split", corpus, "--out", folds, "--folds", 4).code == 0
    assert "fold-4 would stand beside the new folds" in refused("split", corpus, "--out", folds, "--folds", 3)
    more = ("--folds", 4, "--shares", "0.9,0.1,0")
    assert cli("split", corpus, "--out", folds, *more).code == 0
    assert "would stand beside" in refused("split", corpus, "--out", folds, "--folds", 4)


def test_a_list_of_rows_left_out_does_not_outlive_its_split(cli: Cli, official: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert cli("split", official, "--out", out, "--keep", "test").code == 0
    assert (out / "left-out.jsonl").is_file()
    assert cli("split", official, "--out", out).code == 0
    assert not (out / "left-out.jsonl").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--folds", 5, "--unseen", 0.3), "--folds and --unseen do not go together"),
        (("--folds", 5, "--keep", "test"), "--folds and --keep do not go together"),
        (("--folds", 5, "--extend", "old"), "--folds and --extend do not go together"),
        (("--unseen", 0.3, "--keep", "test"), "--unseen and --keep do not go together"),
        (("--unseen", 1.3), "--unseen is 1.3"),
        (("--unseen", 0), "--unseen is 0"),
        (("--unseen", 0.3, "--shares", "0.9,0.1,0"), "with the parts train and validation"),
        (("--folds", 1), "--folds is 1"),
        (("--folds", 40), "34 examples form 34 inseparable groups, for 40 folds"),
        (("--folds", 5, "--shares", "0.8,0.1,0.1"), "each fold is the test part in turn"),
        (("--shares", "80,10,10"), "shares sum to 100"),
    ],
)
def test_what_does_not_go_together_is_refused(
    refused: Refused, corpus: Path, tmp_path: Path, words: tuple[Any, ...], message: str
) -> None:
    assert message in refused("split", corpus, "--out", tmp_path / "new", *words, "--quiet")
    assert not list(tmp_path.rglob("*.jsonl"))


def drug_notes(drugs: int) -> list[dict[str, Any]]:
    def one(number: int) -> dict[str, Any]:
        drug = f"Drug{number % drugs}" if number % 2 else "Aspirin"
        return row(
            f"n{number}", f"Patient {number} had {drug} for {number} days of {number}.", (drug, "Drug")
        )

    return [one(number) for number in range(120)]


def test_strings_are_kept_out_of_training_on_request(cli: Cli, refused: Refused, tmp_path: Path) -> None:
    notes = write_rows(tmp_path / "notes.jsonl", drug_notes(30))
    result = tmp_path / "r.json"
    done = cli("split", notes, "--out", tmp_path / "new", "--unseen", 0.6, "--json", result)
    assert done.code == 0
    stated = json.loads(result.read_text())["unseen"]
    assert stated["wanted"] == 0.6
    assert stated["share"] == stated["unseen"] / stated["strings"] >= 0.6
    assert f"{stated['unseen']} of {stated['strings']} distinct strings of test" in done.out
    few = write_rows(tmp_path / "few.jsonl", drug_notes(2))
    message = refused("split", few, "--out", tmp_path / "none", "--unseen", 0.6)
    assert "--unseen 0.6 was not reached: the most" in message
    assert list((tmp_path / "none").iterdir()) == []


def test_neither_the_order_of_the_rows_nor_the_name_of_the_file_matters(cli: Cli, tmp_path: Path) -> None:
    notes = generate(40, seed=3)
    for note in notes[:8]:  # the same text with other labels: what they hold decides, not where they stand
        notes.append(Example(Document(f"{note.id}-again", note.document.text), Annotation()))
    write(tmp_path / "a.json", notes, "sections")
    write(tmp_path / "other.json", random.Random(1).sample(notes, len(notes)), "sections")
    for number, more in enumerate(((), ("--folds", 3), ("--unseen", 0.2))):
        written = []
        for name in ("a", "other"):
            out = tmp_path / f"{name}-{number}"
            assert cli("split", tmp_path / f"{name}.json", "--out", out, *more).code == 0
            written.append({path.relative_to(out): path.read_bytes() for path in out.rglob("*.json")})
        assert written[0] == written[1]


def test_each_string_is_one_type_and_string(cli: Cli, tmp_path: Path) -> None:
    texts = [f"Note {number} on Lithium, of day {number} and {number}." for number in range(20)]
    rows = [
        Example(
            Document(f"r{n}", text), Annotation((Mention.at(text, text.index("L"), text.index(","), "Drug"),))
        )
        for n, text in enumerate(texts)
    ]
    write(tmp_path / "in.jsonl", rows, "medspan")
    done = cli("split", tmp_path / "in.jsonl", "--out", tmp_path / "new")
    assert "0 of 1 distinct strings of test (0.0%)" in done.out

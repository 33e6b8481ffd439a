"""convert, split, synth and evaluate of files, from the call to the files."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from medspan.core import Annotation, Concept, Document, Example, Mention, Relation, UnalignedMention
from medspan.read import load, write

from .conftest import Cli, row, write_rows

DRUG, SIGN = "Drug", "Symptom"
REFERENCE = [
    row("1", "Aspirin caused rash.", ("Aspirin", DRUG), ("rash", SIGN), causes=("Aspirin", "rash")),
    row("2", "Fever after ibuprofen.", ("Fever", SIGN), ("ibuprofen", DRUG), causes=("ibuprofen", "Fever")),
]
# Of four mentions three are found and one is invented; of two relations one is found.
PREDICTED = [
    REFERENCE[0],
    row("2", "Fever after ibuprofen.", ("Fever", SIGN), ("after", DRUG)),
]


def read(path: Path) -> dict[str, Any]:
    data = json.loads(path.read_text(encoding="utf-8"))
    assert data["schema_version"] == 1
    return data


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "reference.jsonl", REFERENCE)


def test_convert_counts_what_it_wrote(cli: Cli, reference: Path, tmp_path: Path) -> None:
    target, result = tmp_path / "new" / "out.json", tmp_path / "sub" / "result.json"
    assert cli("convert", reference, target, "--to", "sections", "--json", result).code == 0
    counts = read(result)
    assert counts["documents"] == 2
    assert counts["mentions"] == {DRUG: 2, SIGN: 2}
    assert counts["relations"] == {"causes": 2}
    assert (counts["unaligned"], counts["lost"], counts["rejected"]) == (0, {}, 0)
    assert load(target).format == "sections"
    assert load(target).counts()["relations"] == {"causes": 2}


def test_convert_counts_what_the_target_cannot_hold(cli: Cli, reference: Path, tmp_path: Path) -> None:
    result = tmp_path / "r.json"
    done = cli("convert", reference, tmp_path / "o.jsonl", "--to", "tasks", "--json", result)
    assert done.code == 0
    assert sum(read(result)["lost"].values()) > 0
    assert "LOST, as tasks cannot hold it: " in done.out
    quiet = cli("convert", reference, tmp_path / "o.jsonl", "--to", "tasks", "--quiet")
    assert quiet.err == ""


def test_convert_stops_at_a_bad_row_or_lists_it(
    cli: Cli, refused: Callable[..., str], reference: Path, tmp_path: Path
) -> None:
    with reference.open("a") as file:
        file.write('{"id": "3", "text": 5, "reference": null}\n')
    target = tmp_path / "o.jsonl"
    assert "reference.jsonl:3" in refused("convert", reference, target, "--to", "medspan")
    assert not target.exists()
    listed, result = tmp_path / "bad.jsonl", tmp_path / "r.json"
    words = ("--to", "medspan", "--on-error", "skip", "--rejected", listed, "--json", result)
    assert cli("convert", reference, target, *words).code == 0
    assert (read(result)["documents"], read(result)["rejected"]) == (2, 1)
    assert json.loads(listed.read_text())["row"] == 3


def test_convert_refuses_to_write_over_its_input(refused: Callable[..., str], reference: Path) -> None:
    before = reference.read_text()
    assert "is a file that is read" in refused("convert", reference, reference, "--to", "medspan")
    assert reference.read_text() == before


def test_convert_to_plain_text_says_why_not(
    refused: Callable[..., str], reference: Path, tmp_path: Path
) -> None:
    message = refused("convert", reference, tmp_path / "out.txt", "--to", "text")
    assert "plain texts hold no annotations" in message


def test_help_names_every_format_that_is_read() -> None:
    from medspan.cli.console import FORMATS
    from medspan.read.base import formats

    assert ", ".join(sorted(formats())) == FORMATS


def test_synth_gives_the_same_corpus_for_the_same_seed(cli: Cli, tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        assert cli("synth", "--out", tmp_path / name, "--count", 12, "--seed", seed).code == 0
    one, same, other = ((tmp_path / name / "notes.jsonl").read_bytes() for name in "abc")
    assert one == same
    assert one != other
    assert len(load(tmp_path / "a" / "notes.jsonl")) == 12
    types = json.loads((tmp_path / "a" / "schema.json").read_text())
    assert types["entity_types"] == ["Disease", "Drug", "Symptom"]


def test_split_writes_three_parts_in_the_format_of_the_input(cli: Cli, tmp_path: Path) -> None:
    cli("synth", "--out", tmp_path / "s", "--count", 40, "--to", "sections")
    (source,) = (tmp_path / "s").glob("notes.*")
    result = tmp_path / "r.json"
    done = cli("split", source, "--out", tmp_path / "p", "--shares", "0.5,0.25,0.25", "--json", result)
    assert done.code == 0
    parts = {part: tmp_path / "p" / f"{part}{source.suffix}" for part in ("train", "validation", "test")}
    assert read(result)["files"] == {part: str(path) for part, path in parts.items()}
    corpora = {part: load(path) for part, path in parts.items()}
    assert {corpus.format for corpus in corpora.values()} == {"sections"}
    assert [len(corpus) for corpus in corpora.values()] == [20, 10, 10]
    texts = [example.document.text for corpus in corpora.values() for example in corpus]
    assert sorted(texts) == sorted(example.document.text for example in load(source))


def test_a_share_of_nothing_leaves_the_part_out(cli: Cli, tmp_path: Path) -> None:
    cli("synth", "--out", tmp_path / "s", "--count", 20)
    done = cli("split", tmp_path / "s" / "notes.jsonl", "--out", tmp_path / "p", "--shares", "0.5,0,0.5")
    assert done.code == 0
    assert sorted(path.name for path in (tmp_path / "p").iterdir()) == ["test.jsonl", "train.jsonl"]


def test_lists_say_how_many_occurrences_they_cannot_tell_apart(cli: Cli, tmp_path: Path) -> None:
    text = "Aspirin, then aspirin, then aspirin."
    mentions = [Mention.at(text, start, start + 7, "Drug") for start in (0, 14, 28)]
    example = Example(Document("1", text), Annotation(tuple(mentions)))
    write(tmp_path / "in.jsonl", [example], "medspan")
    for format in ("sections", "compact"):
        result = tmp_path / f"{format}.result"
        out = tmp_path / f"out.{format}"
        assert cli("convert", tmp_path / "in.jsonl", out, "--to", format, "--json", result).code == 0
        assert read(result)["lost"] == {"mention: further-occurrence": 1}
        assert len(load(out, format=format).examples[0].reference.mentions) == 2


def test_convert_lists_losses_and_brings_relations_to_a_level(
    cli: Cli, refused: Callable[..., str], tmp_path: Path
) -> None:
    text = "Aspirin caused fever, fever again."
    drug = Mention.at(text, 0, 7, "Drug", concepts=("D1",))
    fevers = [Mention.at(text, start, start + 5, "Symptom", concepts=("D2",)) for start in (15, 22)]
    split_up = Mention(((0, 7), (15, 20)), "Drug", "Aspirin fever")
    relation = Relation(Concept("D1"), Concept("D2"), "causes")
    one = Example(Document("1", text), Annotation((drug, *fevers, split_up), relations=(relation,)))
    write(tmp_path / "in.jsonl.gz", [one], "medspan")
    result, losses, out = tmp_path / "r.json", tmp_path / "lost.jsonl", tmp_path / "out.txt"
    more = ("--losses", losses, "--json", result)
    done = cli("convert", tmp_path / "in.jsonl.gz", out, "--to", "pubtator", *more)
    assert done.code == 0
    assert read(result)["lost"] == {"mention: discontinuous": 1}
    assert [json.loads(line) for line in losses.read_text("utf-8").splitlines()] == [
        {"kind": "mention: discontinuous", "document": "1", "what": "Drug Aspirin fever", "count": 1}
    ]
    assert f"LOST, as pubtator cannot hold it: mention: discontinuous 1 (listed in {losses})" in done.out
    again = ("--to", "medspan", "--relations", "mention", "--json", result)
    assert cli("convert", out, tmp_path / "m.jsonl", *again).code == 0
    assert read(result)["brought"] == {"concept relations": 1, "mention relations": 2}
    assert read(result)["relations"] == {"causes": 2}
    message = refused("convert", out, tmp_path / "n.jsonl", "--to", "medspan", "--relations", "pair")
    assert "use as-read, mention, concept" in message


def test_no_verb_writes_over_what_it_reads_or_twice(
    cli: Cli, refused: Callable[..., str], reference: Path, tmp_path: Path
) -> None:
    before = reference.read_bytes()
    out = tmp_path / "o.jsonl"
    for option in ("--losses", "--rejected", "--json"):
        assert "that is read" in refused("convert", reference, out, "--to", "medspan", option, reference)
        assert "written already" in refused("convert", reference, out, "--to", "medspan", option, out)
    assert reference.read_bytes() == before
    assert not out.exists()
    assert "two parts or three" in refused("split", reference, "--out", tmp_path / "s", "--shares", "1,0,0")


def test_a_pipe_or_device_is_written_to_and_not_replaced(
    cli: Cli, refused: Callable[..., str], reference: Path, tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    more = ("--to", "medspan", "--losses", pipe)
    assert "a pipe or a device" in refused("convert", reference, tmp_path / "o.jsonl", *more)
    assert pipe.is_fifo()
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    assert cli("convert", reference, pipe, "--to", "medspan").code == 0
    reader.join(10)
    assert pipe.is_fifo()
    assert len(got[0].splitlines()) == 2


def test_predictions_are_converted_in_place_of_the_reference(
    cli: Cli, refused: Callable[..., str], tmp_path: Path
) -> None:
    text = "Aspirin caused fever."
    drug, sign = Mention.at(text, 0, 7, "Drug"), Mention.at(text, 15, 20, "Symptom")
    both = Example(Document("1", text), Annotation((drug,)), Annotation((sign,), made_by="run"))
    write(tmp_path / "in.jsonl", [both], "medspan")
    for which, found in (("as-read", {"Aspirin"}), ("predicted", {"fever"})):
        out = tmp_path / f"{which}.txt"
        assert cli("convert", tmp_path / "in.jsonl", out, "--to", "pubtator", "--annotation", which).code == 0
        assert {m.text for e in load(out) for m in e.reference.mentions} == found  # type: ignore[union-attr]
    more = ("--to", "pubtator", "--annotation", "best")
    assert "use as-read, predicted" in refused("convert", tmp_path / "in.jsonl", tmp_path / "x.txt", *more)


def test_types_are_renamed_and_what_then_is_the_same_stands_once(
    cli: Cli, refused: Callable[..., str], tmp_path: Path
) -> None:
    text = "Aspirin caused fever."
    drug, sign = Mention.at(text, 0, 7, "Drug"), Mention.at(text, 15, 20, "Symptom")
    again = Mention.at(text, 15, 20, "Finding")
    relations = (Relation(drug, sign, "causes"), Relation(drug, again, "causes"))
    one = Example(Document("1", text), Annotation((drug, sign, again), relations=relations))
    write(tmp_path / "in.jsonl", [one], "medspan")
    out, result = tmp_path / "out.jsonl", tmp_path / "r.json"
    renames = ("--rename", "Finding=Symptom", "--rename", "causes=influences", "--rename", "drug=chemical")
    done = cli("convert", tmp_path / "in.jsonl", out, "--to", "medspan", *renames, "--json", result)
    assert done.code == 0
    assert read(result)["renamed"] == {"Finding": 1, "causes": 2, "drug": 0}
    assert read(result)["merged"] == 2
    assert "nothing has the type 'drug'; the types (renamed) are: Drug, Symptom, influences" in done.err
    (back,) = load(out)
    assert back.reference == Annotation((drug, sign), relations=(Relation(drug, sign, "influences"),))
    for stated, hint in (
        (("--rename", "Drug"), "old and new name"),
        (("--rename", "=x"), "old and new name"),
    ):
        assert hint in refused("convert", tmp_path / "in.jsonl", out, "--to", "medspan", *stated)
    twice = ("--rename", "Drug=a", "--rename", "Drug=b")
    assert "two new names" in refused("convert", tmp_path / "in.jsonl", out, "--to", "medspan", *twice)


def test_renamed_types_answer_the_questions_of_tasks(cli: Cli, tmp_path: Path) -> None:
    text = "Lithium caused tremor."
    chemical = Mention.at(text, 0, 7, "Chemical", concepts=("D008094",))
    disease = Mention.at(text, 15, 21, "Disease", concepts=("D014202",))
    cid = Relation(Concept("D008094"), Concept("D014202"), "CID")
    one = Example(Document("1", text), Annotation((chemical, disease), relations=(cid,)))
    write(tmp_path / "in.txt", [one], "pubtator")
    renames = ("--rename", "Chemical=chemical", "--rename", "Disease=disease", "--rename", "CID=influences")
    out, result = tmp_path / "out.jsonl", tmp_path / "r.json"
    asked = ("--to", "tasks", "--relations", "mention", *renames, "--json", result)
    assert cli("convert", tmp_path / "in.txt", out, *asked).code == 0
    answers = {e.task: e.reference for e in load(out)}
    assert [m.text for m in answers["chemicals"].mentions] == ["Lithium"]  # type: ignore[union-attr]
    assert [m.text for m in answers["diseases"].mentions] == ["tremor"]  # type: ignore[union-attr]
    assert len(answers["influences"].relations) == 1  # type: ignore[union-attr]


def test_a_folder_of_splits_becomes_a_folder_of_splits(
    cli: Cli, refused: Callable[..., str], corpus: Path, tmp_path: Path
) -> None:
    out, result = tmp_path / "out", tmp_path / "r.json"
    assert cli("convert", corpus, out, "--to", "spert", "--json", result).code == 0
    assert read(result)["documents"] == 34
    assert {name: len(load(path)) for name, path in read(result)["files"].items()} == {
        "train": 24,
        "validation": 4,
        "test": 6,
    }
    assert {path.name for path in out.iterdir()} == {"train.json", "validation.json", "test.json"}
    assert cli("convert", corpus, tmp_path / "b", "--to", "brat").code == 0
    assert len(load(tmp_path / "b" / "train")) == 24
    file = tmp_path / "file.json"
    file.write_text("mine", "utf-8")
    for target in (file, "-"):
        assert "name a folder as OUT" in refused("convert", corpus, target, "--to", "spert")
    assert file.read_text("utf-8") == "mine"


def test_convert_writes_to_standard_output(reference: Path, capfdbinary: Any) -> None:
    from medspan.cli.app import main

    with pytest.raises(SystemExit) as stop:
        main(["convert", str(reference), "-", "--to", "medspan"])
    assert not stop.value.code
    out, err = capfdbinary.readouterr()
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["1", "2"]
    assert b"2 documents from medspan to medspan" in err
    with pytest.raises(SystemExit) as stop:
        main(["convert", str(reference), "-", "--to", "brat"])
    assert stop.value.code == 2
    assert not Path("-").exists()


def test_split_pools_a_folder_and_says_so(
    cli: Cli, refused: Callable[..., str], corpus: Path, tmp_path: Path
) -> None:
    done = cli("split", corpus, "--out", tmp_path / "p")
    assert done.code == 0
    assert "train 24, validation 4, test 6" in done.err
    assert sum(len(load(path)) for path in (tmp_path / "p").iterdir()) == 34
    assert "is one of the files" in refused("split", corpus, "--out", corpus, "--quiet")


def test_evaluate_scores_planted_counts(cli: Cli, reference: Path, tmp_path: Path) -> None:
    predicted = write_rows(tmp_path / "predicted.jsonl", PREDICTED)
    result, report = tmp_path / "r" / "e.json", tmp_path / "h" / "report.html"
    words = ("--reference", reference, "--predicted", predicted, "--json", result, "--report", report)
    done = cli("evaluate", *words)
    assert done.code == 0
    scores = read(result)
    assert scores["documents"] == 2
    assert set(scores["match"]) >= {"text", "strict"}
    for how in ("text", "strict"):
        found = scores["match"][how]["entities"]
        micro = found["micro"]
        counts = [micro[key] for key in ("true_positives", "false_positives", "false_negatives")]
        assert counts == [3, 1, 1]
        assert micro["f1"] == 0.75
        assert found["by_type"][SIGN]["f1"] == 1.0
        relations = scores["match"][how]["relations"]["micro"]
        assert (relations["precision"], relations["recall"]) == (1.0, 0.5)
    assert scores["tasks"] == {}
    assert set(scores["health"]) == {
        "ungrounded_rate",
        "near_miss_rate",
        "invalid_format_rate",
        "duplicate_rate",
        "truncated_rate",
        "run_on_rate",
        "empty_rate",
    }
    assert "0.750" in done.out
    assert report.read_text().lstrip().startswith("<!doctype html>")


def test_evaluate_reads_predictions_in_another_format(cli: Cli, reference: Path, tmp_path: Path) -> None:
    sections, result = tmp_path / "p.json", tmp_path / "e.json"
    cli("convert", reference, sections, "--to", "sections")
    assert cli("evaluate", "--reference", sections, "--predicted", reference, "--json", result).code == 0
    assert read(result)["match"]["text"]["entities"]["micro"]["f1"] == 1.0
    words = ("--reference", sections, "--predicted", reference, "--format", "sections")
    assert cli("evaluate", *words).code == 0


def test_evaluate_refuses_what_gives_no_score(
    cli: Cli, refused: Callable[..., str], reference: Path, tmp_path: Path
) -> None:
    empty = write_rows(tmp_path / "none.jsonl", [row(data["id"], data["text"]) for data in REFERENCE])
    pair = ("--reference", reference, "--predicted", empty)
    assert "nothing was predicted" in refused("evaluate", *pair)
    result = tmp_path / "e.json"
    assert cli("evaluate", *pair, "--allow-empty", "--json", result).code == 0
    assert read(result)["match"]["text"]["entities"]["micro"]["precision"] is None
    assert "neither entities nor relations" in refused(
        "evaluate", "--reference", empty, "--predicted", reference
    )
    short = write_rows(tmp_path / "short.jsonl", PREDICTED[:1])
    assert "1 of 2 documents" in refused("evaluate", "--reference", reference, "--predicted", short)


def test_each_item_that_lists_cannot_hold_is_named(cli: Cli, tmp_path: Path) -> None:
    text = "Aspirin caused fever."
    drug = Mention.at(text, 0, 7, "Drug")
    nowhere = UnalignedMention("Symptom", "itching", "not-in-text")
    joined = Relation(drug, nowhere, "causes")
    one = Example(Document("1", text), Annotation((drug,), (nowhere,), (joined,)))
    source, losses = tmp_path / "in.jsonl", tmp_path / "lost.jsonl"
    write(source, [one], "medspan")
    for format in ("compact", "sections"):
        done = cli("convert", source, tmp_path / f"{format}.jsonl", "--to", format, "--losses", losses)
        assert done.code == 0
        listed = [json.loads(line) for line in losses.read_text("utf-8").splitlines()]
        assert [(one["kind"], one["what"], one["count"]) for one in listed] == [
            ("mention: not-in-text", "Symptom itching", 1),
            ("relation: endpoint-not-in-text", "Aspirin --[causes]--> itching", 1),
        ]
        assert "LOST, as" in done.out


def test_a_corpus_without_a_placed_mention_says_so(cli: Cli, tmp_path: Path) -> None:
    source = tmp_path / "in.txt"
    source.write_text("1|t|Aspirin helped.\n1|a|\n1\t1\t8\tAspirin\tDrug\tD1\n", encoding="utf-8")
    done = cli("convert", source, tmp_path / "out.jsonl", "--to", "compact")
    assert "mentions: none (1 have no place in their text)" in done.out
    assert "LOST, as compact cannot hold it: mention: offset-mismatch 1" in done.out

"""`medspan evaluate` on files: generated text, seen strings, schemas, counts of documents; the incidents."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from medspan.read import load

from .conftest import Cli, write_rows
from .conftest import row as own_row

Refused = Callable[..., str]

NOTES = (
    ("Aspirin caused ulcers.", "Aspirin", "ulcers"),
    ("Codeine caused rash.", "Codeine", "rash"),
)


def sections(drug: str, disease: str, relation: str) -> str:
    return f"### Entities:\n1. [Drug] {drug}\n2. [Disease] {disease}\n\n### Relations:\n{relation}"


def reference(path: Path, notes: tuple[tuple[str, str, str], ...] = NOTES) -> Path:
    rows = []
    for text, drug, disease in notes:
        output = sections(drug, disease, f"1. {drug} --[causes]--> {disease}")
        rows.append({"instruction": "Extract.", "input": text, "output": output})
    return write_rows(path, rows)


def scores(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def counts(score: dict[str, Any]) -> tuple[float, float, float]:
    return score["true_positives"], score["false_positives"], score["false_negatives"]


def test_generated_text_of_another_trainer_is_scored(cli: Cli, tmp_path: Path) -> None:
    answers = [
        {"prompt": text, "predict": sections(drug, disease, "None")} for text, drug, disease in NOTES[:1]
    ]
    answers.append(
        {"prompt": NOTES[1][0], "predict": sections("Codeine", "rash", "1. Codeine --[causes]--> rash")}
    )
    result = cli(
        "evaluate",
        "--reference",
        reference(tmp_path / "test.jsonl"),
        "--predicted",
        write_rows(tmp_path / "generated.jsonl", answers),
        "--json",
        tmp_path / "scores.json",
    )
    assert result.code == 0, result.err
    assert "generated text, read as sections" in result.err
    match = scores(tmp_path / "scores.json")["match"]["text"]
    assert counts(match["entities"]["micro"]) == (4, 0, 0)
    assert counts(match["relations"]["micro"]) == (1, 0, 1)


def test_generated_text_in_another_format_than_named_says_which(cli: Cli, tmp_path: Path) -> None:
    answers = [{"predict": sections(drug, disease, "None")} for _, drug, disease in NOTES]
    result = cli(
        "evaluate",
        "--reference",
        reference(tmp_path / "test.jsonl"),
        "--predicted",
        write_rows(tmp_path / "generated.jsonl", answers),
        "--format",
        "compact",
    )
    assert result.code == 2
    note, message = result.err.splitlines()
    assert "read as compact from `predict`, paired by order (the rows have no ids)" in note
    assert "parser-mismatch" in message
    assert "--format sections" in message


NOTHING = "### Entities:\nNone found.\n\n### Relations:\nNone found."


def beside(rows: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    """The reference's own rows with an answer to each: right for the first, and nothing for the second."""
    answers = (sections("Aspirin", "ulcers", "1. Aspirin --[causes]--> ulcers"), NOTHING)
    return [{**row, key: answer} for row, answer in zip(rows, answers, strict=True)]


@pytest.mark.parametrize("layout", ["instruction", "messages"])
@pytest.mark.parametrize("key", ["predict", "prediction", "generated_text", "response", "answer"])
def test_the_gold_is_not_scored_against_itself(cli: Cli, tmp_path: Path, layout: str, key: str) -> None:
    test = reference(tmp_path / "test.jsonl")
    rows = [json.loads(line) for line in test.read_text(encoding="utf-8").splitlines()]
    if layout == "messages":
        rows = [
            {
                "messages": [
                    {"role": "user", "content": f"{row['instruction']}\n\n{row['input']}"},
                    {"role": "assistant", "content": row["output"]},
                ]
            }
            for row in rows
        ]
        write_rows(test, rows)
    both = write_rows(tmp_path / "both.jsonl", beside(rows, key))
    # The file with both columns may be its own reference: its rows hold both sides.
    for of in (test, both):
        words = ("--reference", of, "--predicted", both, "--format", "sections", "--samples", 0)
        result = cli("evaluate", *words, "--json", tmp_path / "s.json")
        assert result.code == 0, result.err
        assert f"read as sections from `{key}`, paired by order (the rows have no ids)" in result.err
        match = scores(tmp_path / "s.json")["match"]["text"]
        assert counts(match["entities"]["micro"]) == (2, 0, 2)
        assert counts(match["relations"]["micro"]) == (1, 0, 1)


def test_tasks_rows_with_answers_beside_the_gold(cli: Cli, tmp_path: Path) -> None:
    prompt = ARTICLE.replace("influences between the chemicals and diseases", "chemicals").replace(
        "influences", "chemicals"
    )
    gold = {"prompt": prompt, "completion": "- Warfarin"}
    test = write_rows(tmp_path / "test.jsonl", [gold])
    both = write_rows(tmp_path / "both.jsonl", [{**gold, "predict": "- Bleeding"}])
    result = cli("evaluate", "--reference", test, "--predicted", both, "--json", tmp_path / "s.json")
    assert result.code == 0, result.err
    match = scores(tmp_path / "s.json")["match"]["text"]
    assert counts(match["entities"]["micro"]) == (0, 1, 1)


def test_one_file_for_both_sides_is_refused_unless_it_holds_both(
    cli: Cli, refused: Refused, tmp_path: Path
) -> None:
    test = reference(tmp_path / "test.jsonl")
    message = refused("evaluate", "--reference", test, "--predicted", test)
    assert "given both as reference and as predictions" in message
    assert "2 of its 2 documents have no predicted annotation" in message
    link = tmp_path / "link.jsonl"
    link.symlink_to(test)
    assert "scored against itself" in refused("evaluate", "--reference", test, "--predicted", link)
    rows = [own_row(str(n), text, (drug, "Drug")) for n, (text, drug, _) in enumerate(NOTES)]
    for one in rows:
        one["predicted"] = {"mentions": []}
    rows[0]["predicted"] = rows[0]["reference"]
    own = write_rows(tmp_path / "own.jsonl", rows)
    assert cli("evaluate", "--reference", own, "--predicted", own, "--json", tmp_path / "s.json").code == 0
    match = scores(tmp_path / "s.json")["match"]["text"]
    assert counts(match["entities"]["micro"]) == (1, 0, 1)
    del rows[1]["predicted"]
    write_rows(own, rows)
    assert "1 of its 2 documents" in refused("evaluate", "--reference", own, "--predicted", own)


def test_lines_of_several_answers_are_named_as_such(refused: Refused, tmp_path: Path) -> None:
    test = reference(tmp_path / "test.jsonl")
    lines = tmp_path / "generated.jsonl"
    lines.write_text('["a", "b"]\n["c", "d"]\n', encoding="utf-8")
    message = refused("evaluate", "--reference", test, "--predicted", lines)
    assert "the row holds 2 answers" in message
    assert "repair the file" not in message


def test_a_corpus_format_is_that_of_the_reference_of_generated_text(cli: Cli, tmp_path: Path) -> None:
    answers = [{"predict": sections(drug, disease, "None")} for _, drug, disease in NOTES]
    words = ("--predicted", write_rows(tmp_path / "generated.jsonl", answers), "--samples", 0)
    rows = [own_row(str(n), text, (drug, "Drug")) for n, (text, drug, _) in enumerate(NOTES)]
    test = write_rows(tmp_path / "test.jsonl", rows)
    result = cli("evaluate", "--reference", test, *words, "--format", "medspan")
    assert result.code == 0, result.err
    assert "read as sections" in result.err


def test_seen_strings_and_counts_of_documents(cli: Cli, tmp_path: Path) -> None:
    test = reference(tmp_path / "test.jsonl")
    training = reference(tmp_path / "train.jsonl", (("Aspirin caused rash.", "Aspirin", "rash"),))
    only_first = [
        {"instruction": "Extract.", "input": NOTES[0][0], "output": sections("Aspirin", "ulcers", "None")},
        {"instruction": "Extract.", "input": NOTES[1][0], "output": sections("Codeine", "caused", "None")},
    ]
    result = cli(
        "evaluate",
        "--reference",
        test,
        "--predicted",
        write_rows(tmp_path / "predicted.jsonl", only_first),
        "--training",
        training,
        "--per-document",
        tmp_path / "documents.jsonl",
        "--samples",
        0,
        "--json",
        tmp_path / "scores.json",
    )
    assert result.code == 0, result.err
    found = scores(tmp_path / "scores.json")
    # Seen are Aspirin and rash; of the relations neither has both ends in the training part.
    assert counts(found["seen"]["seen"]["text"]["entities"]["micro"]) == (1, 0, 1)
    assert counts(found["seen"]["unseen"]["text"]["entities"]["micro"]) == (2, 1, 0)
    assert counts(found["seen"]["unseen"]["text"]["relations"]["micro"]) == (0, 0, 2)
    assert found["bootstrap"]["samples"] == 0
    assert "entities, text, unseen" in result.out
    lines = (tmp_path / "documents.jsonl").read_text(encoding="utf-8").splitlines()
    documents = [json.loads(line) for line in lines]
    assert [counts(one["counts"]["text"]["entities"]["Disease"]) for one in documents] == [
        (1, 0, 0),
        (0, 1, 1),
    ]


def test_a_schema_makes_a_relation_symmetric(cli: Cli, tmp_path: Path) -> None:
    test = reference(tmp_path / "test.jsonl")
    turned = [
        {
            "instruction": "Extract.",
            "input": text,
            "output": sections(drug, disease, f"1. {disease} --[causes]--> {drug}"),
        }
        for text, drug, disease in NOTES
    ]
    predicted = write_rows(tmp_path / "predicted.jsonl", turned)
    schema = tmp_path / "schema.json"
    types = [{"name": "causes", "pairs": [["Drug", "Disease"]], "symmetric": True}]
    schema.write_text(json.dumps({"entity_types": ["Disease", "Drug"], "relation_types": types}))
    call = ("evaluate", "--reference", test, "--predicted", predicted, "--json", tmp_path / "scores.json")
    assert cli(*call).code == 0
    found = scores(tmp_path / "scores.json")
    assert counts(found["match"]["text"]["relations"]["micro"]) == (0, 2, 2)
    assert found["errors"]["relations"]["kinds"]["direction-reversed"]["share"] == 1.0
    assert cli(*call, "--schema", schema).code == 0
    found = scores(tmp_path / "scores.json")
    assert counts(found["match"]["text"]["relations"]["micro"]) == (2, 0, 0)


def test_files_and_folders_that_are_missing_are_named(refused: Refused, tmp_path: Path) -> None:
    test = reference(tmp_path / "test.jsonl")
    assert "nowhere.jsonl" in refused(
        "evaluate", "--reference", test, "--predicted", tmp_path / "nowhere.jsonl"
    )
    pair = ("--reference", test, "--predicted", test)
    assert "--training" in refused("evaluate", *pair, "--training", tmp_path / "nowhere.jsonl")
    assert "--schema" in refused("evaluate", *pair, "--schema", tmp_path / "nowhere.json")


ARTICLE = (
    "The following article contains technical terms including diseases, drugs and chemicals. Create a list "
    "only of the influences between the chemicals and diseases mentioned.\n\nWarfarin was given. Bleeding "
    "followed.\n\nList of extracted influences:\n"
)


def test_incident_a_zero_of_zero_relations_is_no_score(refused: Refused, tmp_path: Path) -> None:
    """The forms of the relations changed, the evaluator's parser did not: it reported 0 of 0."""
    rows = [{"prompt": ARTICLE, "completion": "- Warfarin -> Bleeding"}]
    message = refused(
        "evaluate",
        "--reference",
        write_rows(tmp_path / "test.jsonl", rows),
        "--predicted",
        write_rows(tmp_path / "predicted.jsonl", rows),
    )
    assert "neither entities nor relations" in message
    assert "'- Warfarin -> Bleeding'" in message
    assert "parser-mismatch" in message


def test_incident_a_run_on_loops_are_counted_and_shown(cli: Cli, tmp_path: Path) -> None:
    prompt = ARTICLE.replace("influences between the chemicals and diseases", "chemicals").replace(
        "influences", "chemicals"
    )
    test = write_rows(tmp_path / "test.jsonl", [{"prompt": prompt, "completion": "- Warfarin"}])
    looping = "\n".join(["- Warfarin", "- calcium"] * 12)
    predicted = write_rows(tmp_path / "predicted.jsonl", [{"prompt": prompt, "completion": looping}])
    result = cli("evaluate", "--reference", test, "--predicted", predicted, "--json", tmp_path / "s.json")
    assert result.code == 0, result.err
    found = scores(tmp_path / "s.json")
    assert found["health"]["run_on_rate"] == 1.0
    assert found["health"]["duplicate_rate"] == 22 / 24
    assert "(12 times)" in found["health_examples"]["run_on_rate"][0]["what"]
    assert "run on 100.0%" in result.out
    # Repeats count once: one chemical is right, and "calcium" is not in the text.
    assert counts(found["match"]["text"]["entities"]["micro"]) == (1, 1, 0)


def test_incident_b_reversed_directions_are_named(cli: Cli, corpora: Path, tmp_path: Path) -> None:
    """On the references of synthetic_2026 with every third relation turned round."""
    source = corpora / "synthetic_2026" / "test.json"
    rows = json.loads(source.read_text(encoding="utf-8"))
    turned = kept = 0
    for row in rows:
        lines = []
        for line in row["output"].split("\n"):
            head, arrow, rest = line.partition(" --[")
            if arrow:
                number, _, head = head.partition(" ")
                type, _, tail = rest.partition("]--> ")
                if (turned + kept) % 3 == 0 and head.lower() != tail.lower():
                    line, turned = f"{number} {tail} --[{type}]--> {head}", turned + 1
                else:
                    kept += 1
            lines.append(line)
        row["output"] = "\n".join(lines)
    predicted = tmp_path / "turned.json"
    predicted.write_text(json.dumps(rows), encoding="utf-8")
    result = cli("evaluate", "--reference", source, "--predicted", predicted, "--json", tmp_path / "s.json")
    assert result.code == 0, result.err
    assert len(load(source).examples) == len(rows)
    kinds = scores(tmp_path / "s.json")["errors"]["relations"]["kinds"]
    assert turned > 100
    assert kinds["direction-reversed"]["share"] > 0.9
    assert "relations: direction-reversed" in result.out

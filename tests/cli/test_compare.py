"""`medspan compare` on planted runs: what differs, scores, transitions, refusals, the page."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import Cli, write_rows
from .planted_runs import note, plant, predicted

TRAIN = [note(number) for number in range(10, 20)]
TEST = [note(number) for number in range(10)]
GOOD = [predicted(value) for value in TEST]
# Note 0 loses its rash and relation, note 1 its drug; note 2 has a drug too many.
BAD = [
    predicted(value, rash=number != 0, drug=number != 1, extra="Note" if number == 2 else "")
    for number, value in enumerate(TEST)
]


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path]:
    parts = {"train": TRAIN, "test": TEST}
    first = plant(tmp_path / "bad", parts, {"test": BAD}, learning_rate=0.1)
    second = plant(tmp_path / "good", parts, {"test": GOOD}, learning_rate=0.2)
    return first, second


def test_two_runs(cli: Cli, runs: tuple[Path, Path], tmp_path: Path) -> None:
    result, page = tmp_path / "r.json", tmp_path / "page.html"
    done = cli("compare", *runs, "--json", result, "--html", page)
    assert (done.code, done.err) == (0, "")
    found = read(result)
    assert found["schema_version"] == 1
    assert [one["name"] for one in found["runs"]] == ["bad/run", "good/run"]
    assert (found["split"], found["documents"], found["notes"], found["text"]) == ("test", 10, [], None)
    (difference,) = found["records"]["found"]
    assert difference == {
        "group": "config",
        "path": "config.learning_rate",
        "values": [0.1, 0.2],
        "recorded": [True, True],
    }
    assert [one["path"] for one in found["records"]["by_nature"]] == [
        "config.data.test",
        "config.data.train",
        "config.output_dir",
    ]
    (data,) = found["data"]
    assert {part: (one["same"], one["removed"]["count"]) for part, one in data["parts"].items()} == {
        "train": (10, 0),
        "test": (10, 0),
    }
    strict = [scores["match"]["strict"]["entities"]["micro"] for scores in found["scores"]]
    assert [(one["true_positives"], one["false_positives"], one["false_negatives"]) for one in strict] == [
        (18, 1, 2),
        (20, 0, 0),
    ]
    (against,) = found["comparisons"]
    test = against["tests"]["strict"]["entities"]
    assert test["f1"] == [strict[0]["f1"], 1.0]
    assert test["difference"] == pytest.approx(1 - strict[0]["f1"])
    assert 0 < test["interval"][0] < test["difference"] < test["interval"][1]
    # Three documents differ, all for the better: 2 of the 8 exchanges are as extreme.
    assert test["p_value"] == pytest.approx(0.25, abs=0.02)
    assert test["documents_differing"] == 3
    assert test["p_value_holm"] is None
    transitions = against["transitions"]
    assert transitions["examples"] == {"fixed": 3, "broken": 0, "changed": 0, "same": 7}
    assert transitions["items"]["entities"] == {"fixed": 3, "broken": 0, "changed": 0, "same": 18}
    assert transitions["items"]["relations"]["fixed"] == 1
    assert [(one["id"], one["size"]) for one in transitions["documents"]] == [
        ("note-0", 2),
        ("note-1", 1),
        ("note-2", 1),
    ]
    assert found["sampling"]["permutations"] == 10_000
    out = done.out
    assert re.search(r"config.learning_rate +0.1 +0.2\n", out)
    assert "differ by nature, left out: config.data.test, config.data.train, config.output_dir" in out
    assert "rows of train: the same 10 in A and B" in out
    assert "10 documents of the part test" in out
    assert "paired permutation test over documents, two-sided, 10,000 permutations" in out
    assert "note-0: fixed, errors 2 to 0" in out
    assert "[rash|Sign M]" in out
    assert "[rash|Sign \u2713]" in out
    assert "[Note|Drug S]" in out
    assert "M aspirin --[causes]--> rash" in out
    assert page.is_file()


def test_the_same_call_gives_the_same_result_in_any_order_of_rows(
    cli: Cli, runs: tuple[Path, Path], tmp_path: Path
) -> None:
    results = []
    for number in range(2):
        result = tmp_path / f"{number}.json"
        cli("compare", *runs, "--json", result, "--quiet")
        results.append(read(result))
        for run in runs:
            write_rows(
                run / "predictions" / "test.jsonl",
                [json.loads(line) for line in (run / "predictions" / "test.jsonl").read_text().splitlines()][
                    ::-1
                ],
            )
    assert results[0] == results[1]


def test_other_test_parts_are_refused_and_the_rows_are_named(
    cli: Cli, refused: Callable[..., str], runs: tuple[Path, Path], tmp_path: Path
) -> None:
    others = [*TEST[2:], note(30), note(31)]
    other = plant(
        tmp_path / "other", {"train": TRAIN, "test": others}, {"test": list(map(predicted, others))}
    )
    message = refused("compare", runs[0], other, "--quiet")
    assert (
        "bad/run and other/run are not scored on the same test part: 2 of 10 documents of bad/run are not "
        "in other/run (note-0, note-1); 2 of 10 documents of other/run are not in bad/run (note-30, note-31)"
    ) in message
    assert "--reference FILE" in message
    result = tmp_path / "r.json"
    done = cli("compare", runs[0], other, "--no-scores", "--json", result)
    assert done.code == 0
    found = read(result)
    assert (found["scores"], found["comparisons"]) == (None, None)
    test = found["data"][0]["parts"]["test"]
    assert test["removed"] == {"count": 2, "examples": ["note-0", "note-1"]}
    assert test["added"] == {"count": 2, "examples": ["note-30", "note-31"]}
    assert "  removed: 2 (note-0, note-1)\n  added: 2 (note-30, note-31)\n" in done.out


def test_other_references_are_refused(
    refused: Callable[..., str], runs: tuple[Path, Path], tmp_path: Path
) -> None:
    edited = json.loads(json.dumps(TEST))
    edited[4]["reference"]["relations"] = []
    other = plant(
        tmp_path / "other", {"train": TRAIN, "test": edited}, {"test": list(map(predicted, edited))}
    )
    message = refused("compare", runs[0], other)
    assert "same test part: 1 document has another reference (note-4)" in message


def test_rows_of_the_training_part(cli: Cli, runs: tuple[Path, Path], tmp_path: Path) -> None:
    edited = json.loads(json.dumps(TRAIN))
    edited[0]["reference"]["mentions"] = edited[0]["reference"]["mentions"][:1]
    edited[0]["reference"]["relations"] = []
    train = [*edited[:9], note(40)]
    other = plant(tmp_path / "other", {"train": train, "test": TEST}, {"test": GOOD}, learning_rate=0.1)
    result = tmp_path / "r.json"
    done = cli("compare", runs[0], other, "--json", result)
    part = read(result)["data"][0]["parts"]["train"]
    assert part["changed"] == {"count": 1, "examples": ["note-10"]}
    assert part["removed"] == {"count": 1, "examples": ["note-19"]}
    assert part["added"] == {"count": 1, "examples": ["note-40"]}
    assert (part["same"], part["unread"]) == (8, 0)
    assert "rows of train: 10 in A, 10 in B, 8 the same" in done.out
    # Without the files, the changed row cannot be told from one removed and one added.
    shutil.rmtree(tmp_path / "other" / "data")
    done = cli("compare", runs[0], other, "--json", result)
    part = read(result)["data"][0]["parts"]["train"]
    assert (part["changed"]["count"], part["removed"]["count"], part["added"]["count"]) == (0, 2, 2)
    assert part["unread"] == 2
    assert "other/run: its data cannot be read" in done.err
    assert "of 2 rows only the hash is known" in done.out


def test_data_files_that_were_changed_since_are_said(
    cli: Cli, runs: tuple[Path, Path], tmp_path: Path
) -> None:
    train = [*TRAIN[:9], note(40)]
    other = plant(tmp_path / "other", {"train": train, "test": TEST}, {"test": GOOD})
    write_rows(tmp_path / "other" / "data" / "train.jsonl", [*TRAIN[:9], note(41)])
    result = tmp_path / "r.json"
    done = cli("compare", runs[0], other, "--json", result)
    assert "other/run: 1 row is no longer in its data files, which were changed since" in done.err
    part = read(result)["data"][0]["parts"]["train"]
    assert part["removed"]["examples"] == ["note-19"]
    assert re.fullmatch("[0-9a-f]{16}", part["added"]["examples"][0])
    assert read(result)["notes"] == [done.err.strip()]


def test_a_record_that_was_cut_off_is_said(cli: Cli, runs: tuple[Path, Path]) -> None:
    record = runs[0] / "record.json"
    record.write_text(record.read_text()[:40])
    done = cli("compare", *runs)
    assert done.code == 0
    assert f"{record} is no JSON object: it was cut off or edited, and is left out" in done.err


def test_decoding_is_that_of_the_predictions(cli: Cli, runs: tuple[Path, Path], tmp_path: Path) -> None:
    made = runs[1] / "predictions" / "test.made.json"
    made.write_text(json.dumps({**read(made), "decoding": {"repetition_penalty": 1.5}}))
    result = tmp_path / "r.json"
    cli("compare", *runs, "--json", result)
    found = {one["path"]: one for one in read(result)["records"]["found"]}
    assert found["decoding.repetition_penalty"]["values"] == [1.0, 1.5]
    assert found["decoding.repetition_penalty"]["group"] == "decoding"


def test_missing_records_are_said(cli: Cli, runs: tuple[Path, Path], tmp_path: Path) -> None:
    (runs[1] / "record.json").unlink()
    done = cli("compare", *runs)
    assert done.code == 0
    assert "good/run has no usable record.json: only its config.yaml is compared" in done.err
    assert re.search(r"code.sha256 +6 +not recorded\n", done.out)
    for name in ("config.yaml", "split.json"):
        (runs[1] / name).unlink()
    (runs[1] / "predictions" / "test.made.json").unlink()
    done = cli("compare", *runs)
    assert done.code == 0
    assert "good/run has no usable record.json: what made it is not known" in done.err
    assert "good/run has no usable split.json: its rows are not compared" in done.err
    assert "test.jsonl was made is not recorded" in done.err
    assert "good/run has no record\n" in done.out
    assert "rows of" not in done.out


def test_predictions_of_another_adapter_are_said(cli: Cli, runs: tuple[Path, Path]) -> None:
    adapter = runs[0] / "adapter"
    adapter.mkdir()
    (adapter / "adapter_model.safetensors").write_bytes(b"weights")
    done = cli("compare", *runs)
    assert done.code == 0
    assert "bad/run: test.jsonl was made by another adapter than the run holds now" in done.err
    assert f"medspan evaluate {runs[0]} --split test --again" in done.err


def test_missing_predictions_name_the_command(
    cli: Cli, refused: Callable[..., str], runs: tuple[Path, Path]
) -> None:
    predictions = runs[1] / "predictions" / "test.jsonl"
    predictions.rename(predictions.with_name("validation.jsonl"))
    message = refused("compare", *runs)
    assert "good/run has no predictions for the part 'test' (it has them for: validation)" in message
    assert f"medspan evaluate {runs[1]} --split test" in message
    assert cli("compare", *runs, "--no-scores").code == 0
    # The part that both have is taken.
    for run in runs[:1]:
        shutil.copy(run / "predictions" / "test.jsonl", run / "predictions" / "validation.jsonl")
    assert "10 documents of the part validation" in cli("compare", *runs).out
    assert "no predictions for the part 'test'" in refused("compare", *runs, "--split", "test")


def test_three_runs(cli: Cli, runs: tuple[Path, Path], tmp_path: Path) -> None:
    third = plant(tmp_path / "third", {"train": TRAIN, "test": TEST}, {"test": BAD}, learning_rate=0.3)
    result = tmp_path / "r.json"
    done = cli("compare", *runs, third, "--json", result, "--html", tmp_path / "p.html")
    found = read(result)
    assert [(one["first"], one["second"]) for one in found["comparisons"]] == [
        ("bad/run", "good/run"),
        ("bad/run", "third/run"),
    ]
    (first, second) = (one["tests"]["strict"]["entities"] for one in found["comparisons"])
    assert first["p_value"] < first["p_value_holm"] <= 1
    assert (second["difference"], second["p_value"], second["p_value_holm"]) == (0.0, 1.0, 1.0)
    assert found["records"]["found"][0]["values"] == [0.1, 0.2, 0.3]
    assert "p (Holm)" in done.out
    assert "B - A: entities, strict" in done.out
    assert "C - A: entities, strict" in done.out
    assert "from A to C" in done.out


def test_files_of_predictions_against_a_reference(
    cli: Cli, refused: Callable[..., str], tmp_path: Path
) -> None:
    reference = write_rows(tmp_path / "test.jsonl", TEST)
    bare = [
        write_rows(tmp_path / f"{name}.jsonl", [{**value, "reference": None} for value in rows])
        for name, rows in (("bad", BAD), ("good", GOOD))
    ]
    message = refused("compare", *bare)
    assert (
        "10 of 10 documents of bad.jsonl have no reference annotation (note-0, note-1, note-2, ...)"
        in message
    )
    assert "--reference FILE" in message
    result = tmp_path / "r.json"
    done = cli("compare", *bare, "--reference", reference, "--json", result)
    assert (done.code, done.err) == (0, "")
    found = read(result)
    assert (found["records"], found["split"]) == (None, None)
    assert found["comparisons"][0]["transitions"]["examples"]["fixed"] == 3
    assert [one["name"] for one in found["runs"]] == ["bad.jsonl", "good.jsonl"]
    # The format named is that of the reference; predictions are mostly what `extract` wrote.
    pubtator = tmp_path / "test.pubtator"
    assert cli("convert", reference, pubtator, "--to", "pubtator").code == 0
    done = cli("compare", *bare, "--reference", pubtator, "--format", "pubtator", "--json", result)
    assert done.code == 0
    assert read(result)["comparisons"][0]["tests"]["strict"]["entities"]["documents_differing"] == 3
    short = write_rows(tmp_path / "short.jsonl", GOOD[1:])
    message = refused("compare", bare[0], short, "--reference", reference)
    assert f"short.jsonl does not fit {reference}: 1 of 10 documents" in message
    assert "(note-0)" in message


def answer(number: int, *, drug: str) -> dict[str, str]:
    said = f"### Entities:\n1. [Drug] {drug}\n\n### Relations:\nNone"
    return {"prompt": f"Extract: Aspirin and rash {number}.", "predict": said}


def test_generated_text_of_another_trainer(cli: Cli, refused: Callable[..., str], tmp_path: Path) -> None:
    reference = write_rows(
        tmp_path / "test.jsonl",
        [
            {"instruction": "Extract.", "input": answer(n, drug="")["prompt"][9:], "output": one["predict"]}
            for n, one in enumerate(answer(n, drug="Aspirin") for n in range(8))
        ],
    )
    good = write_rows(tmp_path / "good.jsonl", [answer(n, drug="Aspirin") for n in range(8)])
    bad = write_rows(tmp_path / "bad.jsonl", [answer(n, drug="Aspirin" if n else "rash") for n in range(8)])
    page, result = tmp_path / "page.html", tmp_path / "r.json"
    for more in ((), ("--format", "sections")):
        call = ("compare", bad, good, "--reference", reference, *more, "--json", result, "--html", page)
        done = cli(*call)
        assert done.code == 0
        test = read(result)["comparisons"][0]["tests"]["text"]["entities"]
        assert (test["f1"], test["documents_differing"]) == ([7 / 8, 1.0], 1)
        assert f"{good}: generated text, read as sections" in done.err
        assert "A and B, entities (strict): no difference shown (p 1; difference of F1 between " in done.out
        assert "; 1 of 8 documents differ)" in done.out
        html = page.read_text(encoding="utf-8")
        assert "A and B, entities (strict): no difference shown" in html
        assert "Rows of the data" not in html
    message = refused("compare", bad, good)
    assert f"{bad} holds text that a model generated" in message
    assert "--reference FILE" in message
    message = refused("compare", bad, good, "--reference", reference, "--format", "bogus")
    assert "does not fit" not in message
    assert "'bogus' is no corpus format" in message
    message = refused("compare", bad, good, "--reference", tmp_path / "nowhere.jsonl")
    assert f"medspan: {tmp_path / 'nowhere.jsonl'} does not exist" in message


def test_a_schema_that_fits_nothing_is_said(cli: Cli, runs: tuple[Path, Path], tmp_path: Path) -> None:
    schema = {
        "entity_types": ["Drug", "Sign"],
        "relation_types": [{"name": "Causes", "pairs": [], "symmetric": True, "inverse": None}],
        "tasks": {},
    }
    (tmp_path / "schema.json").write_text(json.dumps(schema))
    done = cli("compare", *runs, "--schema", tmp_path / "schema.json", "--json", tmp_path / "r.json")
    line = "schema: no relation has the symmetric type 'Causes', but some have 'causes'"
    assert line in done.err
    assert read(tmp_path / "r.json")["notes"] == [line]


def test_symmetric_types_count_as_such(cli: Cli, runs: tuple[Path, Path], tmp_path: Path) -> None:
    turned = json.loads(json.dumps(GOOD))
    for value in turned:
        for relation in value["predicted"]["relations"]:
            relation["head"], relation["tail"] = relation["tail"], relation["head"]
    write_rows(runs[0] / "predictions" / "test.jsonl", turned)
    result = tmp_path / "r.json"

    def f1() -> list[float]:
        assert cli("compare", *runs, "--json", result, *more).code == 0
        return list(read(result)["comparisons"][0]["tests"]["text"]["relations"]["f1"])

    more: tuple[object, ...] = ()
    assert f1() == [0.0, 1.0]
    schema = {
        "entity_types": ["Drug", "Sign"],
        "relation_types": [{"name": "causes", "pairs": [], "symmetric": True, "inverse": None}],
        "tasks": {},
    }
    (tmp_path / "schema.json").write_text(json.dumps(schema))
    more = ("--schema", tmp_path / "schema.json")
    assert f1() == [1.0, 1.0]
    assert read(result)["comparisons"][0]["transitions"]["examples"]["same"] == 10
    # The first run's own schema does as well, and another run's is said.
    more = ()
    for run, symmetric in zip(runs, (True, False), strict=True):
        schema["relation_types"][0]["symmetric"] = symmetric  # type: ignore[index]
        record = {**read(run / "record.json"), "format": {"schema": schema}}
        (run / "record.json").write_text(json.dumps(record))
    assert f1() == [1.0, 1.0]
    assert "good/run has other symmetric or inverse relation types than bad/run" in read(result)["notes"][0]


def test_calls_that_cannot_be_meant(
    refused: Callable[..., str], runs: tuple[Path, Path], tmp_path: Path
) -> None:
    assert "no run is given" in refused("compare")
    assert f"only one run is given: {runs[0]}" in refused("compare", runs[0])
    assert "is given twice" in refused("compare", runs[0], runs[0])
    assert f"{tmp_path / 'nowhere'} does not exist" in refused("compare", runs[0], tmp_path / "nowhere")
    assert "'num_beams=2' is given without --text" in refused("compare", *runs, "num_beams=2")
    assert "'--task' is given without --text" in refused("compare", *runs, "--task", "drugs")
    assert "--text is blank" in refused("compare", *runs, "--text", " ")
    (tmp_path / "empty").mkdir()
    message = refused("compare", runs[0], tmp_path / "empty", "--quiet")
    assert "is no run folder: it has neither config.yaml nor predictions/test.jsonl" in message
    file = write_rows(tmp_path / "p.jsonl", GOOD)
    assert "is a file, and --text needs runs" in refused("compare", runs[0], file, "--text", "Aspirin.")


def test_a_run_that_predicts_nothing(cli: Cli, refused: Callable[..., str], runs: tuple[Path, Path]) -> None:
    write_rows(
        runs[1] / "predictions" / "test.jsonl", [predicted(value, drug=False, rash=False) for value in TEST]
    )
    assert "--allow-empty" in refused("compare", *runs)
    assert cli("compare", *runs, "--allow-empty").code == 0


def test_the_page_holds_all_and_loads_nothing(cli: Cli, runs: tuple[Path, Path], tmp_path: Path) -> None:
    evil = [dict(value, id=f"{value['id']}</script><b>") for value in GOOD]
    write_rows(runs[1] / "predictions" / "test.jsonl", evil)
    write_rows(
        runs[0] / "predictions" / "test.jsonl", [dict(v, id=e["id"]) for v, e in zip(BAD, evil, strict=True)]
    )
    page_file = tmp_path / "deep" / "page.html"
    cli("compare", *runs, "--html", page_file)
    page = page_file.read_text(encoding="utf-8")
    assert "http:" not in page
    assert "https:" not in page
    assert "url(" not in page
    assert "</script><b>" not in page
    assert "<b>raw of" not in page
    (held,) = re.findall(
        r'<script type="application/json" id="documents-data">(.*?)</script>', page, re.DOTALL
    )
    data = json.loads(held)
    assert {row["i"] for row in data["rows"]} == {value["id"] for value in evil}
    assert [data["states"][row["s"][0]] for row in data["rows"][:4]] == ["fixed", "fixed", "fixed", "same"]
    first, second = data["rows"][0]["v"]
    text = data["rows"][0]["t"]
    said = [
        {(data["types"][one[0]], data["verdicts"][one[1]], text[one[2] : one[3]]) for one in side["m"]}
        for side in (first, second)
    ]
    assert said == [
        {("Drug", "found", "aspirin"), ("Sign", "missed", "rash")},
        {("Drug", "found", "aspirin"), ("Sign", "found", "rash")},
    ]
    assert [[data["verdicts"][one[1]], *one[2:]] for one in first["r"]] == [["missed", "aspirin", "rash"]]
    assert "config.<wbr>learning_rate" in page
    assert "prefers-color-scheme: dark" in page

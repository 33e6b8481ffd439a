"""train, extract, evaluate and demo on a tiny random model, whose answers are legal all the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from medspan.read import load

from .conftest import Cli

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.usefixtures("one_thread")]
DECODING = {"max_new_tokens": 60}


def config_of(folder: Path, base: Path, corpus: Path) -> Path:
    path = folder / "config.yaml"
    data = {
        "output_dir": str(folder / "run"),
        "base_model": str(base),
        "data": {"train": str(corpus)},
        "max_steps": 6,
        "per_device_train_batch_size": 4,
        "lora_r": 4,
        "lora_alpha": 8,
        "eval_steps": 3,
        "eval_samples": 2,
        "device": "cpu",
        "bf16": False,
        "decoding": DECODING,
    }
    path.write_text(yaml.safe_dump(data))
    return path


@pytest.fixture(scope="module")
def run(one_thread: None, tmp_path_factory: pytest.TempPathFactory, tiny_base: Path, corpus: Path) -> Path:
    from medspan.cli.app import main

    folder = tmp_path_factory.mktemp("trained")
    words = [
        str(config_of(folder, tiny_base, corpus)),
        "seed=7",
        "--quiet",
        "--json",
        str(folder / "train.json"),
    ]
    with pytest.raises(SystemExit) as stop:
        main(["train", *words])
    assert not stop.value.code
    return folder / "run"


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_train_writes_the_record_and_the_last_scores(run: Path) -> None:
    result = read(run.parent / "train.json")
    assert result["schema_version"] == 1
    assert (result["seed"], result["trained"]["steps"], result["trained"]["finished"]) == (7, 6, True)
    assert result["validation"]["step"] == 6
    assert set(result["validation"]["scores"]["all"]) == {"entities", "relations"}


def test_train_does_not_write_over_a_run(refused: Callable[..., str], run: Path) -> None:
    assert "already holds a run" in refused("train", run.parent / "config.yaml", "seed=7")


def test_extract_writes_grounded_predictions(cli: Cli, run: Path, corpus: Path, tmp_path: Path) -> None:
    out, result = tmp_path / "o" / "predicted.jsonl", tmp_path / "r.json"
    done = cli("extract", run, corpus / "test.jsonl", "--out", out, "--json", result, "batch_size=2")
    assert done.code == 0
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [one["id"] for one in rows] == [example.id for example in load(corpus / "test.jsonl")]
    found = [mention for one in rows for mention in one["predicted"]["mentions"]]
    assert found
    for one in rows:
        assert one["predicted"]["unaligned"] == one["predicted"]["unparsed"] == []
        for mention in one["predicted"]["mentions"]:
            assert mention["occurrences"]
            assert all(one["text"][start:end] == mention["text"] for start, end in mention["occurrences"])
    counts = read(result)
    assert (counts["documents"], counts["unaligned"], counts["unparsed"]) == (6, {}, 0)
    assert sum(counts["mentions"].values()) == len(found)
    assert (counts["decoding"]["batch_size"], counts["decoding"]["max_new_tokens"]) == (2, 60)
    assert "ungrounded: none" in done.out


def test_extract_gives_the_same_in_slices(
    cli: Cli, run: Path, corpus: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    cli("extract", run, corpus / "test.jsonl", "--out", tmp_path / "a.jsonl")
    monkeypatch.setattr("medspan.cli.predict.SLICE", 4)
    cli("extract", run, corpus / "test.jsonl", "--out", tmp_path / "b.jsonl")
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


def test_extract_answers_a_text_at_once(cli: Cli, run: Path, tmp_path: Path) -> None:
    result = tmp_path / "r.json"
    text = "Aspirin caused rash; rash went after aspirin was stopped."
    done = cli("extract", run, "--text", text, "--json", result)
    assert (done.code, done.err) == (0, "")
    (answer,) = read(result)["answers"]
    assert answer["text"] == text
    assert answer["predicted"]["unparsed"] == []
    for mention in answer["predicted"]["mentions"]:
        for start, end in mention["occurrences"]:
            assert f"{start}:{end}" in done.out


def test_free_decoding_counts_what_it_could_not_ground(cli: Cli, run: Path, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("Aspirin caused rash.")
    result = tmp_path / "r.json"
    done = cli(
        "extract", run, note, "--out", tmp_path / "o.jsonl", "--free", "max_new_tokens=20", "--json", result
    )
    assert done.code == 0
    counts = read(result)
    assert counts["decoding"]["grammar"] is False
    assert counts["truncated"] == 1
    assert counts["unparsed"] + sum(counts["unaligned"].values()) > 0


def test_extract_refuses_bad_settings_and_too_long_texts(
    refused: Callable[..., str], run: Path, tmp_path: Path
) -> None:
    assert "did you mean top_p" in refused("extract", run, "top=1", "--text", "Fever.")
    assert "decoding.top_p: 5" in refused("extract", run, "top_p=5", "--text", "Fever.")
    assert "this adapter generates" in refused("extract", run, "--int8", "--text", "Fever.")
    assert "leave --task out" in refused("extract", run, "--text", "Fever.", "--task", "genes")
    note, out = tmp_path / "long.txt", tmp_path / "o.jsonl"
    note.write_text("fever " * 3000)
    assert "more than the model's 2048" in refused("extract", run, note, "--out", out, "--quiet")
    assert not out.exists()


def test_evaluate_extracts_once_and_guards_what_is_stored(
    cli: Cli, refused: Callable[..., str], run: Path, tmp_path: Path
) -> None:
    result = tmp_path / "e.json"
    first = cli("evaluate", run, "--allow-empty", "--json", result)
    assert first.code == 0
    scores = read(result)
    assert (scores["schema_version"], scores["documents"]) == (1, 6)
    assert (scores["health"]["invalid_format_rate"], scores["health"]["ungrounded_rate"]) == (0.0, 0.0)
    assert read(run / "metrics.json") == {"test": scores}
    assert "<html" in (run / "report.html").read_text()
    stored = run / "predictions" / "test.jsonl"
    written = stored.stat().st_mtime_ns
    second = cli("evaluate", run, "--allow-empty")
    assert (second.code, stored.stat().st_mtime_ns) == (0, written)
    assert "--again" in second.err
    assert "--again" in refused("evaluate", run, "max_new_tokens=9", "--quiet")
    assert cli("evaluate", run, "max_new_tokens=9", "--again", "--allow-empty").code == 0
    assert stored.stat().st_mtime_ns != written
    assert cli("evaluate", run, "--again", "--allow-empty").code == 0

    made = stored.with_name("test.made.json")
    kept = made.read_text()
    made.write_text(kept.replace(read(made)["adapter_sha256"], "0" * 64))
    message = refused("evaluate", run, "--quiet")
    assert "another adapter" in message
    assert "made by an earlier medspan" in message
    assert (
        f"--again to extract anew, or score what is stored with --reference FILE --predicted {stored}"
        in message
    )
    made.unlink()
    assert "not known" in refused("evaluate", run, "--quiet")
    made.write_text(kept)


def test_evaluate_says_that_a_run_is_unfinished(cli: Cli, run: Path) -> None:
    record = run / "record.json"
    kept = record.read_text(encoding="utf-8")
    assert "unfinished" not in cli("evaluate", run, "--allow-empty").err
    stated = json.loads(kept)
    stated["trained"].update(finished=False, total_steps=99)
    record.write_text(json.dumps(stated), encoding="utf-8")
    assert "is unfinished (step 6 of 99)" in cli("evaluate", run, "--allow-empty").err
    record.write_text(kept, encoding="utf-8")


def test_evaluate_scores_a_run_whose_record_is_gone(cli: Cli, run: Path) -> None:
    record = run / "record.json"
    kept = record.read_text(encoding="utf-8")
    record.unlink()
    try:
        told = cli("evaluate", run, "--again", "--allow-empty")
        assert told.code == 0
        assert "there is no record.json" in (run / "report.html").read_text(encoding="utf-8")
    finally:
        record.write_text(kept, encoding="utf-8")


def test_evaluate_names_the_parts_of_a_run(cli: Cli, refused: Callable[..., str], run: Path) -> None:
    assert "train, validation, test" in refused("evaluate", run, "--split", "dev")
    assert cli("evaluate", run, "--split", "validation", "--allow-empty").code == 0
    assert "validation" in read(run / "metrics.json")


def test_demo_goes_the_whole_way_and_judges(cli: Cli, tiny_base: Path, tmp_path: Path) -> None:
    out, result = tmp_path / "demo", tmp_path / "r.json"
    settings = (
        f"base_model={tiny_base}",
        "max_steps=2",
        "eval_samples=2",
        "bf16=false",
        "decoding.max_new_tokens=30",
    )
    words = ("demo", "--out", out, "--count", 60, "--seed", 3, "--quiet", "--json", result)
    done = cli(*words, *settings)
    assert done.code == 1
    assert "The demo failed: F1 of entities is" in done.out
    demo = read(result)
    assert demo["schema_version"] == 1
    assert demo["seed"] == 3
    parts = {name: demo["data"][name] for name in ("train", "validation", "test")}
    assert sum(parts.values()) == 60
    for name, count in parts.items():
        assert len(load(out / "data" / f"{name}.jsonl")) == count
    assert 0.4 < demo["data"]["unseen_share"] < 1
    assert demo["training"]["steps"] == 2
    assert demo["evaluation"]["documents"] == parts["test"]
    assert 0 < demo["baseline"]["all_legal_pairs"]["f1"] < 0.6
    assert set(demo["seconds"]) == {"corpus", "split", "train", "extract", "evaluate", "total"}
    assert "all legal pairs" in (out / "report.html").read_text()
    assert yaml.safe_load((out / "next.yaml").read_text())["data"]["train"]
    assert f"medspan train {out / 'next.yaml'}" in done.out

    assert cli(*words).code == 2
    again = cli(*words, *settings, "--overwrite")
    assert again.code == 1
    assert read(result)["evaluation"] == demo["evaluation"]

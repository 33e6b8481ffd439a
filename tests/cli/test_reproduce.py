"""`medspan reproduce` on planted runs: each verdict, each part that moves, and what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from medspan.cli import reproduce as verb
from medspan.cli.reproduced import expected_time
from medspan.cli.stored import adapter_hash
from medspan.core import Example, RelationType, Schema
from medspan.core.run_record import installed_packages
from medspan.extract import DecodingOptions, Extractor
from medspan.format import FormatCard
from medspan.format.template import Template
from medspan.models import hardware, sha256_of_file
from medspan.train.run import code_hash

from .conftest import Cli, write_rows
from .planted_runs import example, note, plant, predicted

TRAIN = [note(number) for number in range(40, 50)]
TEST = [note(number) for number in range(40)]
GOOD = [predicted(value) for value in TEST]
CARD = FormatCard(
    "compact",
    Schema(("Drug", "Sign"), (RelationType("causes", (("Drug", "Sign"),)),)),
    Template("plain", (1,), (2,), 3),
    "mentions",
    "default",
    "base-hash",
    "tokenizer-hash",
)


class Answering(Extractor):
    """Gives the answers that it was told, by id."""

    def __init__(self, answers: Mapping[str, Example]):
        self.answers = answers
        self.asked: list[str] = []

    def extract(self, examples: Sequence[Example], progress: Any = None) -> Iterator[Example]:
        for one in examples:
            self.asked.append(one.id)
            answer = self.answers[one.id]
            assert answer.predicted is not None
            # A changed text may no longer hold what was found.
            kept = [
                mention
                for mention in answer.predicted.mentions
                if one.document.text[mention.start : mention.end] == mention.text
            ]
            found = answer.predicted if len(kept) == len(answer.predicted.mentions) else None
            yield one.with_prediction(found or type(answer.predicted)(tuple(kept)), answer.raw, False)

    def batches(self, examples: Sequence[Example]) -> list[list[int]]:
        return [list(range(first, first + 4)) for first in range(0, len(examples), 4)]

    def check(self, examples: Sequence[Example]) -> None:
        return


@dataclass
class Planted:
    """A run that comes out the same, and what its model answers from now on."""

    run: Path
    answers: dict[str, Example]
    loaded: dict[str, Any] = field(default_factory=dict)
    options: list[DecodingOptions] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def answer(self, *numbers: int, **how: Any) -> None:
        """From now on these notes are answered otherwise."""
        for number in numbers:
            self.answers[f"note-{number}"] = example(predicted(TEST[number], **how))

    def edit(self, file: str, change: Callable[[Any], None]) -> None:
        path = self.run / file
        data = json.loads(path.read_text())
        change(data)
        path.write_text(json.dumps(data))

    def rows(self, rows: list[dict[str, Any]], part: str = "test") -> None:
        write_rows(self.run.parent / "data" / f"{part}.jsonl", rows)


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Planted:
    run = plant(tmp_path, {"train": TRAIN, "test": TEST}, {"test": GOOD})
    adapter = run / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text("{}")
    (adapter / "adapter_model.safetensors").write_bytes(b"weights")
    CARD.save(adapter)
    found = Planted(run, {value["id"]: example(value) for value in GOOD})

    def record(data: dict[str, Any]) -> None:
        data.update(
            format=CARD.to_json(),
            base_model={"name": "default", "sha256": "base-hash"},
            packages=installed_packages(),
            hardware={**hardware(), "device": "cpu"},
            code={"sha256": code_hash()},
            decoding=DecodingOptions().to_json(),
        )
        data["config"]["bf16"] = "auto"
        data["trained"]["dtype"] = "float32"
        for part, stated in data["data"].items():
            file = tmp_path / "data" / f"{part}.jsonl"
            stated["files"] = {str(file): sha256_of_file(file)}

    found.edit("record.json", record)
    config = json.loads((run / "record.json").read_text())["config"]
    (run / "config.yaml").write_text(yaml.safe_dump(config))
    made = {"decoding": DecodingOptions().to_json(), "adapter_sha256": adapter_hash(adapter)}
    (run / "predictions" / "test.made.json").write_text(json.dumps(made))

    def load(run: Path, options: DecodingOptions, asked: Any) -> verb.Loaded:
        found.options.append(options)
        extractor = Answering(found.answers)
        extractor.asked = found.asked
        here = {"base_model": "base-hash", "tokenizer": "tokenizer-hash", "device": "cpu"}
        return verb.Loaded(**{"extractor": extractor, "dtype": "float32", **here, **found.loaded})

    monkeypatch.setattr(verb, "_load", load)
    return found


Reproduced = Callable[..., dict[str, Any]]


@pytest.fixture
def reproduced(cli: Cli, planted: Planted, tmp_path: Path) -> Reproduced:
    """Reproduce the planted run and give the JSON, with `code`, `out` and `err`."""

    def call(*words: object) -> dict[str, Any]:
        result = tmp_path / "r.json"
        done = cli("reproduce", planted.run, "--quiet", "--json", result, *words)
        assert done.code in (0, 1), done.err
        return {**json.loads(result.read_text()), "code": done.code, "out": done.out, "err": done.err}

    return call


def states(found: Mapping[str, Any]) -> dict[str, str]:
    return {one["part"]: one["state"] for one in found["stated"]}


def explained(found: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    return [(one["part"], one["cause"]) for one in found["explanations"]]


def files_of(run: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(run.rglob("*")) if path.is_file()}


def test_a_run_that_comes_out_the_same(planted: Planted, reproduced: Reproduced) -> None:
    before = files_of(planted.run)
    found = reproduced()
    assert (found["code"], found["verdict"], found["schema_version"]) == (0, "same", 1)
    assert (found["mode"], found["split"], found["documents"], found["sampled_of"]) == (
        "evaluation",
        "test",
        40,
        None,
    )
    assert (found["answers"]["identical"], found["answers"]["of"]) == (40, 40)
    assert set(states(found).values()) == {"same"}
    assert (found["moved"], found["explanations"]) == ([], [])
    test = found["scores"]["strict"]["entities"]
    assert (test["f1"], test["difference"]) == ([1.0, 1.0], 0.0)
    assert "same: all 40 answers are identical" in found["out"]
    # The stored predictions and all else of the run are not touched.
    assert files_of(planted.run) == before
    assert planted.options == [DecodingOptions()]


def test_the_same_call_gives_the_same_result(planted: Planted, reproduced: Reproduced) -> None:
    planted.answer(0, 1, drug=False)
    assert reproduced() == reproduced()


def test_few_other_answers_are_the_same_score(planted: Planted, reproduced: Reproduced) -> None:
    planted.answer(3, drug=False)
    found = reproduced()
    assert (found["code"], found["verdict"]) == (0, "same-score")
    assert (found["answers"]["identical"], found["answers"]["of"]) == (39, 40)
    (shown,) = found["answers"]["differing"]
    assert shown["document"] == "note-3"
    low, high = found["scores"]["text"]["entities"]["interval"]
    assert low < 0 <= high
    assert found["explanations"] == []
    assert "nothing that the record states has moved" in found["out"]
    assert "39 of 40 answers are identical; every F1 differs by less than its interval" in found["out"]


def test_many_other_answers_differ_and_nothing_has_moved(planted: Planted, reproduced: Reproduced) -> None:
    planted.answer(*range(15), drug=False)
    found = reproduced()
    assert (found["code"], found["verdict"]) == (1, "differs")
    test = found["scores"]["text"]["entities"]
    # 15 of 80 mentions are missed: F1 = 2 * 65 / (65 + 80).
    assert test["f1"] == [1.0, pytest.approx(130 / 145)]
    assert test["interval"][1] < 0
    assert "nothing that the record states has moved" in found["out"]
    assert "F1 moved by more than chance (entities, text; entities, strict" in found["out"]


def test_a_changed_package_is_the_environment(planted: Planted, reproduced: Reproduced) -> None:
    planted.answer(*range(15), drug=False)
    planted.edit("record.json", lambda data: data["packages"].update(transformers="4.1.0"))
    found = reproduced()
    assert found["verdict"] == "differs"
    assert explained(found) == [("packages", "environment-changed")]
    now = installed_packages()["transformers"]
    assert f"transformers: 4.1.0, now {now}" in found["explanations"][0]["evidence"]
    assert f"transformers: 4.1.0, now {now}" in found["out"]


def test_what_moved_without_effect_is_told_and_no_cause(planted: Planted, reproduced: Reproduced) -> None:
    planted.edit("record.json", lambda data: data["packages"].update(peft="0.1"))
    found = reproduced()
    assert (found["code"], found["verdict"], found["moved"]) == (0, "same", ["packages"])
    assert found["explanations"] == []


def test_the_environment_of_the_predictions_stands_before_that_of_the_training(
    planted: Planted, reproduced: Reproduced
) -> None:
    planted.edit("record.json", lambda data: data["packages"].update(peft="0.1"))
    planted.edit(
        "predictions/test.made.json",
        lambda data: data.update(packages=installed_packages(), dtype="bfloat16"),
    )
    found = reproduced()
    assert states(found)["packages"] == "same"
    assert states(found)["dtype"] == "moved"
    planted.answer(*range(15), drug=False)
    assert explained(reproduced()) == [("dtype", "precision-mismatch")]


@pytest.mark.parametrize(
    ("key", "value", "part", "cause"),
    [
        ("code", {"sha256": "other"}, "code", "environment-changed"),
        ("hardware", {"processor": "another", "threads": 64}, "hardware", "environment-changed"),
    ],
)
def test_other_code_and_hardware(
    planted: Planted, reproduced: Reproduced, key: str, value: dict[str, Any], part: str, cause: str
) -> None:
    planted.edit("record.json", lambda data: data[key].update(value))
    planted.answer(*range(15), drug=False)
    assert explained(reproduced()) == [(part, cause)]


def test_changed_rows_are_named_and_are_the_cause(planted: Planted, reproduced: Reproduced) -> None:
    # Other references for 15 notes, without the drug that is found in them; and one note is gone.
    rows = list(TEST)
    for number in range(15):
        kept = [one for one in TEST[number]["reference"]["mentions"] if one["type"] == "Sign"]
        rows[number] = {**TEST[number], "reference": {"mentions": kept, "relations": []}}
    planted.rows(rows[:-1])
    found = reproduced()
    assert (found["code"], found["verdict"]) == (1, "differs")
    assert explained(found) == [("data: test", "data-changed")]
    assert found["answers"]["reference_changed"]["count"] == 15
    assert found["answers"]["gone"] == {"count": 1, "examples": ["note-39"]}
    data = next(one for one in found["stated"] if one["part"] == "data: test")
    assert (data["then"], data["now"]) == ("40 rows", "24 the same, 15 changed, 1 removed")
    evidence = " ".join(found["explanations"][0]["evidence"])
    assert "15 have another reference, 1 are gone" in evidence


def test_data_is_the_cause_only_beside_other_answers(planted: Planted, reproduced: Reproduced) -> None:
    # Answers to unchanged texts are the same, so packages that moved are not why.
    planted.edit("record.json", lambda data: data["packages"].update(torch="1.0"))
    rows = [dict(value) for value in TEST]
    for number in range(15):
        rows[number]["reference"] = {"mentions": [], "relations": []}
    planted.rows(rows)
    found = reproduced()
    assert found["verdict"] == "differs"
    assert set(found["moved"]) == {"data: test", "packages"}
    assert explained(found) == [("data: test", "data-changed")]
    assert "identical" in found["excluded"]["packages"]
    # Answers that moved too leave both.
    planted.answer(20, 21, drug=False)
    assert [part for part, _ in explained(reproduced())] == ["data: test", "packages"]


def test_changed_training_rows_play_no_part_in_an_evaluation(
    planted: Planted, reproduced: Reproduced
) -> None:
    planted.rows(TRAIN[1:], "train")
    planted.answer(*range(15), drug=False)
    found = reproduced()
    assert states(found)["data: train"] == "moved"
    assert found["moved"] == []
    assert "(plays no part)" in found["out"]
    assert "nothing that the record states has moved" in found["out"]


def test_rows_in_another_order_and_other_bytes_are_the_same(planted: Planted, reproduced: Reproduced) -> None:
    planted.rows(TEST[::-1])
    found = reproduced()
    assert found["verdict"] == "same"
    data = next(one for one in found["stated"] if one["part"] == "data: test")
    assert data["state"] == "same"
    assert data["details"] == ["its files have other bytes", "its rows stand in another order"]


def test_another_adapter_is_named_with_the_checkpoint_that_fits(
    planted: Planted, reproduced: Reproduced
) -> None:
    adapter = planted.run / "adapter"
    step = planted.run / "checkpoints" / "step-20"
    shutil.copytree(adapter, step)
    (adapter / "adapter_model.safetensors").write_bytes(b"other weights")
    planted.answer(*range(15), drug=False)
    planted.edit("record.json", lambda data: data["packages"].update(torch="1.0"))
    found = reproduced()
    assert [part for part, _ in explained(found)] == ["adapter", "packages"]
    evidence = " ".join(found["explanations"][0]["evidence"])
    assert f"{step} is the one that is named" in evidence
    assert "medspan evaluate" in found["explanations"][0]["remedy"]


def test_an_edited_card_is_named_by_its_keys(planted: Planted, reproduced: Reproduced) -> None:
    planted.edit("adapter/format.json", lambda data: data["template"].update(suffix=[9]))
    planted.answer(*range(15), drug=False)
    found = reproduced()
    assert explained(found) == [("adapter", None), ("format card", "template-mismatch")]
    assert "format.template.suffix: [2], now [9]" in found["explanations"][1]["evidence"]


def test_decoding_is_that_of_the_predictions(planted: Planted, reproduced: Reproduced) -> None:
    def other(data: dict[str, Any]) -> None:
        data["decoding"].update(repetition_penalty=1.5, batch_size=4)

    planted.edit("predictions/test.made.json", other)
    found = reproduced()
    # As they were made: with the same options the answers are the same, whatever the record asks for.
    assert planted.options == [DecodingOptions(repetition_penalty=1.5, batch_size=4)]
    assert (found["verdict"], found["moved"]) == ("same", ["decoding"])
    planted.answer(*range(15), drug=False)
    found = reproduced()
    assert explained(found) == [("decoding", "decoding-blocks-copying")]
    assert found["explanations"][0]["evidence"][0] == (
        "repetition_penalty: recorded 1.0, the predictions say 1.5"
    )


def test_another_base_model_is_not_decoded_with(planted: Planted, reproduced: Reproduced) -> None:
    planted.loaded = {"extractor": None, "base_model": "other", "refusal": "base model x is not the one"}
    found = reproduced()
    assert (found["code"], found["verdict"]) == (1, "differs")
    assert (found["answers"], found["scores"]) == (None, None)
    assert explained(found) == [("base model", "wrong-base-model")]
    assert "differs: base model x is not the one" in found["out"]
    planted.loaded |= {"base_model": "base-hash", "tokenizer": "other"}
    assert explained(reproduced()) == [("tokenizer", "tokenizer-mismatch")]


def test_an_edited_config_is_told_and_the_record_is_what_is_repeated(
    planted: Planted, reproduced: Reproduced
) -> None:
    path = planted.run / "config.yaml"
    config = yaml.safe_load(path.read_text())
    config["learning_rate"] = 0.5
    config["data"]["max_test_samples"] = 3
    path.write_text(yaml.safe_dump(config))
    found = reproduced()
    assert (found["verdict"], found["documents"]) == ("same", 40)
    told = next(one for one in found["stated"] if one["part"] == "config.yaml")
    assert told["state"] == "moved"
    assert told["matters"] is False
    assert "config.data.max_test_samples: None, now 3" in told["details"]
    assert "config.learning_rate: None, now 0.5" in told["details"]
    assert found["moved"] == []


def test_places_in_the_config_may_move(planted: Planted, reproduced: Reproduced) -> None:
    old = planted.run.parent / "data"
    new = old.rename(old.with_name("moved"))
    path = planted.run / "config.yaml"
    path.write_text(path.read_text().replace(str(old), str(new)))
    found = reproduced()
    assert (found["verdict"], states(found)["config.yaml"]) == ("same", "same")


def test_a_sample_is_seeded_and_takes_whole_batches(planted: Planted, reproduced: Reproduced) -> None:
    found = reproduced("--samples", 7, "--seed", 4)
    asked = list(planted.asked)
    # Batches of four: two are needed for seven.
    assert (found["documents"], found["sampled_of"], len(asked)) == (8, 40, 8)
    numbers = [int(name.removeprefix("note-")) for name in asked]
    assert {number // 4 for number in numbers} == {numbers[0] // 4, numbers[4] // 4}
    assert "a sample of 40" in found["out"]
    planted.asked.clear()
    reproduced("--samples", 7, "--seed", 4)
    assert planted.asked == asked
    planted.asked.clear()
    reproduced("--samples", 7, "--seed", 5)
    assert planted.asked != asked
    assert reproduced("--samples", 40)["sampled_of"] is None


def test_scores_of_metrics_are_compared_with_those_of_the_stored_predictions(
    planted: Planted, reproduced: Reproduced
) -> None:
    def scores(f1: float) -> str:
        return json.dumps({"test": {"match": {"text": {"entities": {"micro": {"f1": f1}}}}}})

    (planted.run / "metrics.json").write_text(scores(1.0))
    assert states(reproduced())["scoring"] == "same"
    (planted.run / "metrics.json").write_text(scores(0.538))
    found = reproduced()
    told = next(one for one in found["stated"] if one["part"] == "scoring")
    assert told["details"] == ["entities, text: metrics.json 0.538, here 1.000"]


def test_without_made_and_split_the_rest_is_compared(planted: Planted, reproduced: Reproduced) -> None:
    (planted.run / "predictions" / "test.made.json").unlink()
    (planted.run / "split.json").unlink()
    found = reproduced()
    assert found["verdict"] == "same"
    known = states(found)
    assert (known["adapter"], known["decoding"], known["data: test"]) == ("unknown", "unknown", "same")
    assert any("which adapter made it is not known" in line for line in found["notes"])
    planted.rows(TEST[:-1])
    assert states(reproduced())["data: test"] == "moved"


def test_only_the_scored_part_of_the_data_has_to_be_there(planted: Planted, reproduced: Reproduced) -> None:
    (planted.run.parent / "data" / "train.jsonl").unlink()
    found = reproduced()
    assert found["verdict"] == "same"
    assert states(found)["data: train"] == "unknown"
    assert any(line.startswith("only the part test of the data is read") for line in found["notes"])


Refused = Callable[..., str]


def test_missing_predictions_are_told(planted: Planted, refused: Refused) -> None:
    assert "has no stored predictions for the part 'validation' (it has them for: test)" in refused(
        "reproduce", planted.run, "--split", "validation"
    )
    shutil.rmtree(planted.run / "predictions")
    (planted.run / "metrics.json").write_text("{}")
    message = refused("reproduce", planted.run)
    assert "metrics.json holds scores alone" in message
    assert f"medspan evaluate {planted.run}" in message


def test_data_that_is_gone_is_told(planted: Planted, refused: Refused) -> None:
    (planted.run.parent / "data" / "test.jsonl").unlink()
    message = refused("reproduce", planted.run)
    assert "data.test:" in message
    assert f"set data.test in {planted.run / 'config.yaml'}" in message


def test_relative_data_is_looked_for_above_the_run(
    planted: Planted, refused: Refused, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = planted.run / "config.yaml"
    path.write_text(path.read_text().replace(f"{tmp_path}/data", "data"))
    other = tmp_path / "elsewhere"
    other.mkdir()
    monkeypatch.chdir(other)
    message = refused("reproduce", planted.run)
    assert f"cd {tmp_path.resolve()} && medspan reproduce run" in message
    monkeypatch.chdir(tmp_path)
    assert cli("reproduce", "run").code == 0


def test_what_is_no_run_is_refused(planted: Planted, refused: Refused, tmp_path: Path) -> None:
    assert "does not exist" in refused("reproduce", tmp_path / "none")
    assert "is a file" in refused("reproduce", planted.run / "config.yaml")
    assert "--out" in refused("reproduce", planted.run, "--out", tmp_path / "x")
    planted.edit("record.json", lambda data: data["config"].update(strange=1))
    assert "holds a configuration that this medspan cannot use: strange" in refused("reproduce", planted.run)
    (planted.run / "record.json").write_text("{")
    assert "does not say how the run was configured" in refused("reproduce", planted.run)
    (planted.run / "record.json").unlink()
    assert "has no record.json" in refused("reproduce", planted.run)


def test_a_training_needs_a_log_and_a_free_folder(planted: Planted, refused: Refused, tmp_path: Path) -> None:
    message = refused("reproduce", planted.run, "--train")
    assert f"{planted.run} has no log.jsonl" in message
    taken = tmp_path / "taken"
    write_rows(taken / "x.jsonl", [])
    assert f"{taken} is there already" in refused("reproduce", planted.run, "--train", "--out", taken)


@pytest.mark.parametrize(
    ("then", "told"),
    [
        ({"processor": "p", "threads": 2, "gpus": []}, "about 100 s, as it took then"),
        ({"processor": "p", "threads": 8, "gpus": []}, "about 7 min, scaled from 100 s with 8 threads to 2"),
        ({"processor": "q", "threads": 2, "gpus": []}, "it took 100 s on another machine (q)"),
        ({"processor": "p", "threads": 2, "gpus": ["A100"]}, "it took 100 s on another machine"),
    ],
)
def test_the_time_of_a_training_is_scaled_by_threads_alone(then: dict[str, Any], told: str) -> None:
    here = {"processor": "p", "threads": 2, "gpus": []}
    record = {"trained": {"seconds": 90}, "hardware": then}
    assert expected_time([{"evaluation_seconds": 10}], record, here).startswith(told)
    assert expected_time([], {}, here) == "how long it took is not recorded"


@pytest.fixture
def retrainable(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The planted run with a log, and a training that copies its outcome; holds the configurations."""
    configs: list[Any] = []
    line = json.dumps({"step": 1, "loss": 2.0})
    (planted.run / "log.jsonl").write_text(line + "\n")

    def train(config: Any, **how: Any) -> None:
        configs.append(config)
        out = Path(config.output_dir)
        shutil.copytree(planted.run / "adapter", out / "adapter")
        for name in ("record.json", "log.jsonl"):
            shutil.copy(planted.run / name, out / name)

    def base(*words: Any) -> verb.Loaded:
        here = {"base_model": "base-hash", "tokenizer": "tokenizer-hash", "device": "cpu"}
        return verb.Loaded(**{"extractor": None, "dtype": "float32", **here, **planted.loaded})

    monkeypatch.setattr("medspan.train.train", train)
    monkeypatch.setattr(verb, "_base", base)
    return configs


def test_a_training_is_that_of_the_record_beside_the_run(
    planted: Planted, retrainable: list[Any], reproduced: Reproduced
) -> None:
    path = planted.run / "config.yaml"
    path.write_text(path.read_text() + "learning_rate: 0.5\n")
    found = reproduced("--train")
    assert (found["code"], found["verdict"], found["mode"]) == (0, "same", "training")
    (config,) = retrainable
    assert config.output_dir == str(planted.run.resolve()) + "-again"
    assert config.learning_rate == 5e-4
    assert "losses: 1 of 1 logged steps equal" in found["out"]
    assert "same: the adapter comes out equal, byte for byte" in found["out"]


def test_nothing_is_trained_on_another_base_model(
    planted: Planted, retrainable: list[Any], reproduced: Reproduced
) -> None:
    planted.loaded = {"base_model": "other"}
    found = reproduced("--train")
    assert (found["code"], found["verdict"], retrainable) == (1, "differs", [])
    assert explained(found) == [("base model", "wrong-base-model")]
    assert "not trained: default has another base model than the record" in found["out"]


def test_a_training_that_an_alarm_stops_is_compared_all_the_same(
    planted: Planted, retrainable: list[Any], reproduced: Reproduced, monkeypatch: pytest.MonkeyPatch
) -> None:
    from medspan.train import AlarmStop

    class Stopped(AlarmStop):
        def __init__(self) -> None:
            Exception.__init__(self, "diverged")

        def __str__(self) -> str:
            return "the loss is not finite"

    def train(config: Any, **how: Any) -> None:
        out = Path(config.output_dir)
        out.mkdir()
        shutil.copy(planted.run / "record.json", out)
        (out / "log.jsonl").write_text(json.dumps({"step": 1, "loss": float("nan")}) + "\n")
        raise Stopped

    monkeypatch.setattr("medspan.train.train", train)
    found = reproduced("--train")
    assert (found["code"], found["verdict"]) == (1, "differs")
    assert found["training"]["weights"] is None
    assert found["training"]["losses"]["first_difference"] == {"step": 1, "then": 2.0, "now": None}
    assert "differs: one of the runs has no adapter, and there are no validation scores" in found["out"]
    assert "the training was stopped: the loss is not finite" in found["notes"]

"""`medspan diagnose` on folders with broken files, and with options that name what is not there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from safetensors.numpy import save_file

import medspan.models
from medspan.cli.cases import Given, make_case
from medspan.core import Schema
from medspan.diagnose import Case
from medspan.format import CODECS

from .conftest import Cli, write_rows
from .planted_runs import example, note, plant, predicted

ROWS = [note(number) for number in range(8)]
TRAIN = [note(number, "train") for number in range(8, 16)]
LAYOUTS = Path(__file__).parents[1] / "diagnose" / "foreign" / "layouts"
LOG = "".join(json.dumps({"step": step, "loss": 3.0 / step}) + "\n" for step in range(1, 6))
Refused = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A sound run, but for its adapter, which it has not."""
    folder = plant(
        tmp_path, {"train": TRAIN, "test": ROWS}, {"test": [predicted(row) for row in ROWS]}, lora_r=8
    )
    (folder / "log.jsonl").write_text(LOG)
    return folder


def told(case: Case) -> list[str]:
    """The notes but that of the adapter."""
    return [line for line in case.notes if "holds no adapter" not in line]


def foreign(place: Path, **answers: list[dict[str, Any]]) -> Path:
    """A folder of peft with these files of generated texts, and test and validation data in it."""
    shutil.copytree(LAYOUTS / "peft", place)
    write_rows(place / "data" / "test.jsonl", ROWS)
    write_rows(place / "data" / "validation.jsonl", TRAIN)
    for name, rows in answers.items():
        write_rows(place / f"{name.replace('__', '/')}.jsonl", rows)
    return place


def generated(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A text for each row, in the format sections."""
    known = [example(row) for row in rows]
    codec = CODECS["sections"](Schema.infer((None, one.reference) for one in known if one.reference))
    return [
        {"id": one.id, "generated_text": "".join(codec.target(one.document, one.reference))}
        for one in known
        if one.reference is not None
    ]


def edit(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


class TestBrokenConfig:
    def test_a_sound_run_has_nothing_to_note(self, run: Path) -> None:
        case = make_case(run, Given())
        assert told(case) == []
        assert (case.trainer, case.scored, case.config["lora_r"]) == ("medspan", "test", 8)
        assert case.seed == 1
        assert {name: len(rows) for name, rows in case.parts.items()} == {"train": 8, "test": 8}

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("output_dir: [runs/v1\n", "is no YAML"),
            ("\x00\x01", "is no YAML"),
            ("", "holds no keys"),
            ("- 1\n", "holds no keys"),
            ("lora_r: 8\n", "lacks the keys data and output_dir"),
            (None, "is missing"),
        ],
    )
    def test_the_record_s_is_taken(self, run: Path, text: str | None, said: str) -> None:
        sound = make_case(run, Given())
        if text is None:
            (run / "config.yaml").unlink()
        else:
            (run / "config.yaml").write_text(text)
        case = make_case(run, Given())
        [line] = told(case)
        assert line.startswith(f"{run / 'config.yaml'} {said}")
        assert "record.json" in line
        assert (case.trainer, case.config, case.parts) == ("medspan", sound.config, sound.parts)
        assert case.record == sound.record

    def test_the_report_is_written_into_the_run(self, cli: Cli, run: Path) -> None:
        (run / "config.yaml").write_text("{")
        answer = cli("diagnose", run)
        assert answer.code == 0, answer.err
        assert f"note: {run / 'config.yaml'} is no YAML" in answer.err
        assert "another trainer" not in answer.err
        assert (run / "diagnosis.html").is_file()

    def test_without_a_record_the_stored_references_are_left(self, run: Path) -> None:
        (run / "config.yaml").write_text("{")
        (run / "record.json").unlink()
        case = make_case(run, Given())
        assert case.trainer == "medspan"
        assert "no record.json holds the configuration" in told(case)[0]
        assert [one.id for one in case.reference] == [row["id"] for row in ROWS]
        assert len(case.predictions) == 8

    def test_a_value_that_cannot_be_used_is_the_record_s(self, run: Path) -> None:
        config = yaml.safe_load((run / "config.yaml").read_text())
        changed = config | {"seed": "abc", "lora_r": -3, "frobnicate": 1}
        (run / "config.yaml").write_text(yaml.safe_dump(changed))
        case = make_case(run, Given())
        assert sorted(told(case)) == [
            f"{run / 'config.yaml'}: frobnicate: no such key; it is left out",
            f"{run / 'config.yaml'}: lora_r: -3; the 8 of record.json is taken",
            f"{run / 'config.yaml'}: seed: 'abc'; the 1 of record.json is taken",
        ]
        assert (case.seed, case.config["lora_r"], len(case.train)) == (1, 8, 8)

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"data": {}}, "data.train: missing; the {"),
            ({"data": 3}, "data: 3; the {"),
            ({"target_modules": {"a": 1}}, "target_modules.str: {'a': 1}; the"),
            ({"decoding": 3}, "decoding: 3; the {}"),
            ({"decoding": {"num_beams": "x"}}, "decoding.num_beams: no such option; it is left out"),
        ],
    )
    def test_what_has_another_shape_is_mended_too(
        self, run: Path, changes: dict[str, Any], said: str
    ) -> None:
        config = yaml.safe_load((run / "config.yaml").read_text()) | {"decoding": {}, "target_modules": "all"}
        edit(run / "record.json", config=config)
        (run / "config.yaml").write_text(yaml.safe_dump(config | changes))
        case = make_case(run, Given())
        [line] = told(case)
        assert line.startswith(f"{run / 'config.yaml'}: {said}")
        assert {name: len(rows) for name, rows in case.parts.items()} == {"train": 8, "test": 8}

    def test_without_a_record_such_a_value_is_left_out(self, run: Path) -> None:
        config = yaml.safe_load((run / "config.yaml").read_text())
        (run / "config.yaml").write_text(yaml.safe_dump(config | {"seed": "abc", "target_modules": [1]}))
        (run / "record.json").unlink()
        case = make_case(run, Given())
        assert len(told(case)) == 2
        assert all(line.endswith("; it is left out") for line in told(case))
        assert (case.seed, len(case.train)) == (0, 8)

    def test_another_trainer_s_config_is_not_taken_for_ours(self, tmp_path: Path) -> None:
        place = foreign(tmp_path / "out")
        (place / "config.yaml").write_text("learning_rate: 1e-4\n")
        assert make_case(place, Given()).trainer == "peft"


class TestOddShapes:
    @pytest.mark.parametrize(
        ("name", "changes", "said"),
        [
            ("record.json", {"base_model": None}, "base_model is null and no object"),
            ("record.json", {"base_model": "default"}, 'base_model is "default" and no object'),
            ("record.json", {"base_model": {"sha256": 5}}, "base_model.sha256 is 5 and no text"),
            ("record.json", {"data": {"train": 3}}, "data.train is 3 and no object"),
            ("record.json", {"trained": {"steps": "x"}}, 'trained.steps is "x" and no whole number'),
            ("record.json", {"packages": []}, "packages is [] and no object"),
            ("record.json", {"config": 3}, "config is 3 and no object"),
            ("predictions/test.made.json", {"hardware": "x"}, 'hardware is "x" and no object'),
            ("predictions/test.made.json", {"packages": []}, "packages is [] and no object"),
            ("predictions/test.made.json", {"decoding": 1}, "decoding is 1 and no object"),
            ("split.json", {"train": 3}, "train is 3 and no list"),
            ("split.json", {"train": None}, "train is null and no list"),
        ],
    )
    def test_the_file_is_noted_and_the_diagnosis_goes_on(
        self, cli: Cli, run: Path, name: str, changes: dict[str, Any], said: str
    ) -> None:
        edit(run / name, **changes)
        assert told(make_case(run, Given())) == [f"{run / name}: {said}: left out (edited by hand?)"]
        answer = cli("diagnose", run)
        assert answer.code in (0, 1), answer.err
        assert "verdict: " in answer.out

    @pytest.mark.parametrize("name", ["record.json", "predictions/test.made.json", "split.json"])
    @pytest.mark.parametrize("text", ["[]", "3", '{"a": ', "\x00"])
    def test_a_file_without_an_object_is_noted(self, run: Path, name: str, text: str) -> None:
        (run / name).write_text(text)
        [line] = told(make_case(run, Given()))
        assert line.startswith(f"{run / name} is no JSON object")


class TestLogs:
    def test_a_row_that_is_cut_off_is_noted(self, run: Path) -> None:
        (run / "log.jsonl").write_text(LOG + '{"step": 6, "lo')
        case = make_case(run, Given())
        assert case.curves is not None
        [line] = told(case)
        assert line.startswith(f"{run / 'log.jsonl'}: the last line (6) is cut off")

    @pytest.mark.parametrize("text", ["\x00\xff", '{"step": 1, "loss": "x"}\n', "[1]", ""])
    def test_a_log_that_says_nothing_is_noted(self, run: Path, text: str) -> None:
        (run / "log.jsonl").write_bytes(text.encode("latin-1"))
        case = make_case(run, Given())
        assert case.curves is None
        [line] = told(case)
        assert line.startswith(f"the training log is not used: {run / 'log.jsonl'}")

    def test_a_run_without_a_log_has_nothing_to_note(self, run: Path) -> None:
        (run / "log.jsonl").unlink()
        assert told(make_case(run, Given())) == []


class TestNamed:
    def test_a_part_that_is_not_there(self, refused: Refused, run: Path) -> None:
        line = refused("diagnose", run, "--split", "nosuch")
        assert "'nosuch' (--split)" in line
        assert "test, train" in line
        assert make_case(run, Given(split="train")).scored == "train"

    def test_a_part_that_is_not_there_in_another_trainer_s_folder(
        self, refused: Refused, tmp_path: Path
    ) -> None:
        place = foreign(tmp_path / "out")
        assert "test, validation" in refused("diagnose", place, "--split", "train")

    @pytest.mark.parametrize("name", ["/nonexistent/model", "./none", "a/b/c"])
    def test_a_base_model_that_is_not_there(self, refused: Refused, run: Path, name: str) -> None:
        assert f"--base-model {name} cannot be used" in refused("diagnose", run, "--base-model", name)

    def test_a_base_model_of_which_files_are_missing_or_cut_off(
        self, refused: Refused, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        base = tmp_path / "base"
        base.mkdir()
        (base / "config.json").write_text('{"model_type": "llama"}')
        assert told(make_case(run, Given(base_model=str(base)))) == [], "without an adapter none is loaded"
        (run / "adapter").mkdir()
        (run / "adapter" / "adapter_config.json").write_text("{}")
        said = f"--base-model {base} cannot be used: "
        assert said in refused("diagnose", run, "--base-model", base), "it has no tokenizer"
        monkeypatch.setattr(medspan.models, "load_tokenizer", lambda name: None)
        assert f"{said}{base} holds no weights" in refused("diagnose", run, "--base-model", base)
        weights = base / "model.safetensors"
        weights.write_bytes(b"\xff\x00\x00\x00\x00\x00\x00\x00{")
        assert f"{said}{weights} cannot be read" in refused("diagnose", run, "--base-model", base)
        save_file({"a": np.zeros(1, dtype=np.float32)}, weights)
        case = make_case(run, Given(base_model=str(base)))
        assert (case.base_model, case.base_named) == (str(base), True)

    def test_an_unknown_format_without_data(self, refused: Refused, run: Path) -> None:
        assert "'nosuch' is no corpus format" in refused("diagnose", run, "--format", "nosuch")

    @pytest.mark.parametrize("text", ["[1, 2]", "{}", "\x00\xff", '{"a": "b"}\n' * 8, ""])
    def test_predictions_of_which_nothing_can_be_used(
        self, refused: Refused, run: Path, tmp_path: Path, text: str
    ) -> None:
        wrong = tmp_path / "wrong.json"
        wrong.write_bytes(text.encode("latin-1"))
        for place in (run, foreign(tmp_path / "out")):
            assert f"--predicted {wrong}" in refused("diagnose", place, "--predicted", wrong)

    def test_fewer_answers_than_documents_and_other_ids(
        self, refused: Refused, run: Path, tmp_path: Path
    ) -> None:
        few = write_rows(tmp_path / "few.jsonl", generated(ROWS[:3]))
        others = [row | {"id": f"other-{row['id']}"} for row in generated(ROWS[:5])]
        for file in (few, write_rows(tmp_path / "others.jsonl", others)):
            assert f"--predicted {file}" in refused("diagnose", run, "--predicted", file)
        whole = write_rows(tmp_path / "whole.jsonl", generated(ROWS))
        assert len(make_case(run, Given(predicted=whole)).predictions) == 8

    def test_a_folder_in_place_of_predictions(self, refused: Refused, run: Path) -> None:
        assert "is no file" in refused("diagnose", run, "--predicted", run / "predictions")

    def test_the_references_in_place_of_predictions(
        self, refused: Refused, run: Path, tmp_path: Path
    ) -> None:
        file = write_rows(tmp_path / "references.jsonl", ROWS)
        assert "holds no predictions" in refused("diagnose", run, "--predicted", file)

    def test_answers_beside_references_of_their_own_are_used_and_counted(
        self, run: Path, tmp_path: Path
    ) -> None:
        file = write_rows(tmp_path / "few.jsonl", [predicted(row) for row in ROWS[:3]])
        case = make_case(run, Given(predicted=file))
        assert len(case.predictions) == 3
        assert told(case)[0].startswith(f"{file}: 3 documents, beside 8 of the part test: ")

    def test_predictions_without_data_to_compare_them_with(self, refused: Refused, tmp_path: Path) -> None:
        place = foreign(tmp_path / "out")
        shutil.rmtree(place / "data")
        file = write_rows(tmp_path / "answers.jsonl", generated(ROWS))
        assert "no annotated data" in refused("diagnose", place, "--predicted", file)


class TestTwoFiles:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return tmp_path / "notes"

    def test_names_that_tell_no_part_are_refused(self, refused: Refused, run: Path, folder: Path) -> None:
        files = [write_rows(folder / name, ROWS) for name in ("a.jsonl", "b.jsonl")]
        line = refused("diagnose", run, "--data", files[0], "--data", files[1])
        assert f"two sources for the part test: {files[0]} and {files[1]}" in line

    def test_names_that_tell_the_same_part_are_joined(self, run: Path, folder: Path) -> None:
        files = (write_rows(folder / "test-1.jsonl", ROWS[:3]), write_rows(folder / "test-2.jsonl", ROWS[3:]))
        case = make_case(run, Given(data=files))
        assert [one.id for one in case.reference] == [row["id"] for row in ROWS]
        assert told(case) == [f"{files[0]} and {files[1]} are read one after another as the part test"]

    def test_a_folder_and_a_file_of_one_part_are_refused(
        self, refused: Refused, run: Path, folder: Path
    ) -> None:
        write_rows(folder / "in" / "test.jsonl", ROWS)
        file = write_rows(folder / "test.jsonl", ROWS)
        assert "two sources" in refused("diagnose", run, "--data", folder / "in", "--data", file)

    def test_files_of_two_parts_and_one_without_are_told_apart(self, run: Path, folder: Path) -> None:
        files = (write_rows(folder / "a.jsonl", ROWS), write_rows(folder / "train.jsonl", TRAIN))
        case = make_case(run, Given(data=files))
        assert ({name: len(rows) for name, rows in case.parts.items()}, told(case)) == (
            {"test": 8, "train": 8},
            [],
        )


class TestForeign:
    def test_data_that_lies_there_and_cannot_be_read_is_noted(
        self, cli: Cli, refused: Refused, tmp_path: Path
    ) -> None:
        place = tmp_path / "out"
        shutil.copytree(LAYOUTS / "trl", place)
        answer = cli("diagnose", place)
        assert answer.code == 0, answer.err
        assert f"note: {place / 'data' / 'test.jsonl'} lies there and is not used" in answer.err
        assert "--data" in answer.err
        named = place / "data" / "test.jsonl"
        assert "the format is not clear" in refused("diagnose", place, "--data", named)

    @pytest.mark.parametrize("text", ['{"peft_type": "LO', "[1]", '{"base_model_name_or_path": 5}'])
    def test_a_broken_adapter_config_is_named(self, cli: Cli, tmp_path: Path, text: str) -> None:
        place = foreign(tmp_path / "out", generated=generated(ROWS))
        (place / "adapter_config.json").write_text(text)
        (place / "adapter_model.safetensors").write_bytes(b"cut")
        answer = cli("diagnose", place)
        assert answer.code in (0, 1), answer.err
        assert "note: adapter_config.json" in answer.err

    def test_answers_are_those_of_the_part_that_their_name_says(self, tmp_path: Path) -> None:
        place = foreign(
            tmp_path / "out", predictions__test=generated(ROWS), predictions__validation=generated(TRAIN)
        )
        for split, rows in ((None, ROWS), ("test", ROWS), ("validation", TRAIN)):
            case = make_case(place, Given(split=split))
            assert case.scored == (split or "test")
            assert [one.id for one in case.predictions] == [row["id"] for row in rows]

    def test_the_part_that_has_predictions_goes_before_one_that_has_none(self, tmp_path: Path) -> None:
        place = foreign(tmp_path / "out", validation_predictions=generated(TRAIN))
        case = make_case(place, Given())
        assert (case.scored, len(case.predictions)) == ("validation", 8)
        test = make_case(place, Given(split="test"))
        assert (test.scored, test.predictions) == ("test", ())
        assert any("not of the part test" in line and "--predicted" in line for line in test.notes)

    def test_a_name_that_tells_no_part_is_of_the_examined_one(self, tmp_path: Path) -> None:
        place = foreign(tmp_path / "out", generated=generated(TRAIN))
        case = make_case(place, Given(split="validation"))
        assert [one.id for one in case.predictions] == [row["id"] for row in TRAIN]
        assert make_case(place, Given()).scored == "test"


def test_a_command_in_a_remedy_can_be_copied(refused: Refused, tmp_path: Path) -> None:
    place = tmp_path / "my runs"
    place.mkdir()
    (place / "log.jsonl").write_text(LOG)
    assert f"medspan diagnose '{place}'" in refused("diagnose", place / "log.jsonl")

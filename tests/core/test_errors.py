from __future__ import annotations

from pathlib import Path

import pytest

from medspan.core import ConfigError, InputError, MedspanError, ModelError, Place, RunRecord
from medspan.core.errors import missing_file


def test_an_error_says_what_why_and_what_to_do_in_one_line() -> None:
    error = InputError(
        "the row has no text.", cause="it was cut off", remedy="restore the file.", place=Place("a.jsonl", 3)
    )
    assert str(error) == (
        "a.jsonl:3: the row has no text. Likely cause: it was cut off. What to do: restore the file."
    )
    assert str(InputError("nothing")) == "nothing."
    assert str(InputError("x", cause="did you mean y?")) == "x. Likely cause: did you mean y?"


def test_a_place_without_a_row_is_the_file() -> None:
    assert str(Place("a.jsonl")) == "a.jsonl"


@pytest.mark.parametrize("kind", [InputError, ConfigError, ModelError])
def test_one_base_class_catches_all(kind: type[MedspanError]) -> None:
    with pytest.raises(MedspanError):
        raise kind("x")


def test_a_missing_file_names_the_folder_that_was_searched() -> None:
    error = missing_file(Path("data/x.jsonl"), "data.train")
    assert error.what == "data/x.jsonl does not exist"
    assert "data.train" in error.cause
    assert str(Path.cwd()) in error.cause


def test_a_record_survives_its_file(tmp_path: Path) -> None:
    import json

    record = RunRecord({"seed": 1}, 1, {}, {"name": "default"}, {}, {}, trained={"steps": 3})
    (tmp_path / "record.json").write_text(json.dumps(record.to_json()))
    assert RunRecord.load(tmp_path / "record.json") == record
    assert record.packages["python"].startswith("3.")

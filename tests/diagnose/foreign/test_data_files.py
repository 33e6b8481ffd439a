"""Which files of a folder are data, and which are generated texts."""

from __future__ import annotations

from pathlib import Path

from medspan.diagnose.foreign.data_files import data_files, generated_files

SETTINGS = (
    "train_results.json",
    "test_results.json",
    "training_args.json",
    "generation_config.json",
    "trainer_state.json",
    "trainer_log.jsonl",
    "predict_results.json",
    "dataset_info.json",
)


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_parts_are_told_by_names_and_settings_are_none(tmp_path: Path) -> None:
    put(tmp_path, *SETTINGS, "data/dialogues_train.jsonl", "data/dev.jsonl", "test.jsonl", "notes.jsonl")
    assert data_files(tmp_path, ()) == {
        "test": tmp_path / "test.jsonl",
        "train": tmp_path / "data/dialogues_train.jsonl",
        "validation": tmp_path / "data/dev.jsonl",
    }


def test_a_named_file_counts_where_the_folder_has_none_for_its_part(tmp_path: Path) -> None:
    run = tmp_path / "outputs" / "run"
    put(run, "train.jsonl")
    put(tmp_path, "notes/train.jsonl", "notes/test.jsonl")
    named = ("notes/train.jsonl", "notes/test.jsonl", "nowhere/validation.jsonl", "someone/dataset", "", "\0")
    assert data_files(run, named) == {"train": run / "train.jsonl", "test": tmp_path / "notes/test.jsonl"}


def test_a_name_longer_than_paths_may_be_is_no_file(tmp_path: Path) -> None:
    assert data_files(tmp_path, ("x" * 5000 + "/train.jsonl",)) == {}


def test_generated_texts_are_told_by_names_and_folders(tmp_path: Path) -> None:
    wanted = (
        "generated_predictions.jsonl",
        "model_outputs_test.json",
        "predictions/test.jsonl",
        "results/test_generations.jsonl",
    )
    put(tmp_path, *SETTINGS, *wanted, "train.jsonl", "results/summary.json", "predictions/notes.md")
    assert [str(path.relative_to(tmp_path)) for path in generated_files(tmp_path)] == list(wanted)


def test_generated_texts_of_a_part_are_not_its_data(tmp_path: Path) -> None:
    put(tmp_path, "test_predictions.jsonl", "data/test_outputs.jsonl")
    assert data_files(tmp_path, ()) == {}

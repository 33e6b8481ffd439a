"""Curves from logs as medspan, the Hugging Face Trainer and LLaMA-Factory write them, sound and odd ones."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medspan.core import InputError
from medspan.evaluate.curves import Curves, judge, read_curves

Row = dict[str, Any]


def values(points: Any) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in points]


def own_rows(last: int = 40) -> list[Row]:
    """A log as `medspan train` writes it, evaluated every 20 steps."""
    rows: list[Row] = []
    for step in range(10, last + 1, 10):
        rate, speed = 1e-3 * (1 - step / 100), {"tokens_per_second": 250.0, "seconds": 1.5 * step}
        row = {"step": step, "epoch": step / 20, "loss": 20 / step, "grad_norm": 1.5, "learning_rate": rate}
        rows.append({**row, **speed})
        if step % 20 == 0:
            rows.append(
                {
                    "step": step,
                    "epoch": step / 20,
                    "validation_loss": 25 / step,
                    "scores": {
                        "all": {"entities": step / 100, "relations": None},
                        "chemicals": {"entities": step / 200, "relations": None},
                    },
                    "documents": 12,
                    "metric": step / 100,
                    "evaluation_seconds": 3.0,
                }
            )
    return rows


def lines(path: Path, rows: list[Row], end: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + end, encoding="utf-8")
    return path


def state_rows(last: int = 40, factor: float = 1.0) -> list[Row]:
    """A `log_history` as the Hugging Face Trainer writes it, with F1 from `compute_metrics`."""
    rows: list[Row] = []
    for step in range(10, last + 1, 10):
        rows.append(
            {
                "epoch": step / 20,
                "grad_norm": 0.8,
                "learning_rate": 2e-4,
                "loss": factor * 20 / step,
                "mean_token_accuracy": 0.9,
                "step": step,
            }
        )
        if step % 20 == 0:
            rows.append(
                {
                    "epoch": step / 20,
                    "eval_loss": factor * 25 / step,
                    "eval_f1": step / 100,
                    "eval_entity_f1": step / 50,
                    "eval_precision": 0.5,
                    "eval_runtime": 2.0,
                    "eval_samples_per_second": 9.0,
                    "step": step,
                }
            )
    return rows


def state(path: Path, rows: list[Row], **more: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    made = {
        "best_global_step": None,
        "best_metric": None,
        "best_model_checkpoint": None,
        "epoch": 2.0,
        "eval_steps": 20,
        "global_step": max((row["step"] for row in rows), default=0),
        "is_hyper_param_search": False,
        "is_local_process_zero": True,
        "is_world_process_zero": True,
        "log_history": rows,
        "logging_steps": 10,
        "max_steps": 40,
        "num_input_tokens_seen": 0,
        "num_train_epochs": 2,
        "save_steps": 20,
        "stateful_callbacks": {},
        "total_flos": 1e15,
        "train_batch_size": 2,
        "trial_name": None,
        "trial_params": None,
        **more,
    }
    path.write_text(json.dumps(made, indent=2), encoding="utf-8")
    return path


def note(curves: Curves, wanted: str) -> str:
    found = [line for line in curves.notes if wanted in line]
    assert len(found) == 1, curves.notes
    return found[0]


def test_a_run_folder_of_medspan(tmp_path: Path) -> None:
    lines(tmp_path / "log.jsonl", own_rows())
    (tmp_path / "record.json").write_text(json.dumps({"trained": {"best_step": 20}}))
    found = read_curves(tmp_path)
    assert found.kind == "medspan log"
    assert values(found.loss) == [(10, 2.0), (20, 1.0), (30, 20 / 30), (40, 0.5)]
    assert values(found.validation_loss) == [(20, 1.25), (40, 0.625)]
    assert [curve.name for curve in found.f1] == ["entities", "chemicals: entities"]
    assert values(found.headline) == [(20, 0.2), (40, 0.4)]
    assert values(found.grad_norm)[-1] == (40, 1.5)
    assert values(found.epochs)[-1] == (40, 2.0)
    assert (found.chosen_step, found.last_step, found.notes) == (20, 40, ())
    assert found.unused == ("documents", "evaluation_seconds", "metric", "seconds", "tokens_per_second")
    assert read_curves(tmp_path / "log.jsonl") == found


def test_the_headline_is_the_mean_over_what_is_scored_at_a_step(tmp_path: Path) -> None:
    rows = [
        {"step": 10, "loss": 1, "scores": {"all": {"entities": 0.5, "relations": None}}},
        {"step": 20, "loss": 1, "scores": {"all": {"entities": 0.6, "relations": 0.2}}},
    ]
    found = read_curves(lines(tmp_path / "log.jsonl", rows))
    assert values(found.headline) == [(10, 0.5), (20, pytest.approx(0.4))]


def test_an_output_dir_of_the_hugging_face_trainer(tmp_path: Path) -> None:
    state(tmp_path / "checkpoint-20" / "trainer_state.json", state_rows(20))
    # As a text 20 is behind 100; as a step before it.
    state(
        tmp_path / "checkpoint-100" / "trainer_state.json",
        state_rows(100),
        best_global_step=80,
        max_steps=120,
    )
    found = read_curves(tmp_path)
    assert found.kind == "Hugging Face trainer state"
    assert found.source == str(tmp_path / "checkpoint-100" / "trainer_state.json")
    assert (found.last_step, found.planned_steps, found.chosen_step) == (100, 120, 80)
    assert values(found.validation_loss)[0] == (20, 1.25)
    assert [curve.kind for curve in found.f1] == ["f1", "entity_f1"]
    assert values(found.headline) == values(found.f1[0].points)
    assert "2 trainer states; read is checkpoint-100/trainer_state.json, the furthest" in note(
        found, "2 trainer"
    )
    assert "ends at step 100 of 120 planned" in note(found, "planned")
    assert read_curves(tmp_path / "checkpoint-100").loss == found.loss


def test_a_best_checkpoint_is_known_by_its_folder_too(tmp_path: Path) -> None:
    file = state(tmp_path / "trainer_state.json", state_rows(), best_model_checkpoint="out/checkpoint-20")
    assert read_curves(file).chosen_step == 20


def test_states_of_another_run_in_one_folder_are_told(tmp_path: Path) -> None:
    state(tmp_path / "checkpoint-20" / "trainer_state.json", state_rows(20, factor=1.1))
    state(tmp_path / "checkpoint-40" / "trainer_state.json", state_rows(40))
    told = note(read_curves(tmp_path), "another loss")
    assert told.startswith(
        "checkpoint-20/trainer_state.json has another loss at step 10 and 1 more: another run"
    )


def test_a_state_that_was_cut_off_gives_way_to_the_one_before(tmp_path: Path) -> None:
    state(tmp_path / "checkpoint-20" / "trainer_state.json", state_rows(20))
    cut = state(tmp_path / "checkpoint-40" / "trainer_state.json", state_rows(40))
    cut.write_text(cut.read_text()[:400])
    found = read_curves(tmp_path)
    assert found.last_step == 20
    assert "checkpoint-40/trainer_state.json cannot be read" in note(found, "cannot")
    with pytest.raises(InputError, match=r"no whole trainer state.*cut off.*earlier checkpoint"):
        read_curves(cut)


def test_the_log_of_llama_factory(tmp_path: Path) -> None:
    rows: list[Row] = [
        {"current_steps": n, "total_steps": 30, "loss": 3.0 / n, "lr": 1e-4, "epoch": n / 10, "percentage": n}
        for n in (10, 20)
    ]
    rows.append({"current_steps": 20, "total_steps": 30, "eval_loss": 0.4, "epoch": 2.0})
    lines(tmp_path / "trainer_log.jsonl", rows)
    found = read_curves(tmp_path)
    assert found.kind == "log of JSON lines"
    assert values(found.loss) == [(10, 0.3), (20, 0.15)]
    assert values(found.learning_rate) == [(10, 1e-4), (20, 1e-4)]
    assert values(found.validation_loss) == [(20, 0.4)]
    assert found.planned_steps == 30


def test_a_trainer_state_comes_before_the_log_of_llama_factory(tmp_path: Path) -> None:
    lines(tmp_path / "trainer_log.jsonl", [{"current_steps": 1, "loss": 9.0}])
    state(tmp_path / "trainer_state.json", state_rows())
    assert read_curves(tmp_path).last_step == 40


def test_a_bare_history_is_read(tmp_path: Path) -> None:
    file = tmp_path / "history.json"
    file.write_text(json.dumps(state_rows()))
    assert read_curves(file).last_step == 40


def test_names_of_f1_and_percent(tmp_path: Path) -> None:
    row = {
        "step": 1,
        "eval_F1": 0.5,
        "eval_micro_f1": 55.0,
        "eval_rel_f1_score": 0.4,
        "eval_f1000": 0.1,
        "eval_xf1y": 0.1,
        "eval_bad_f1": 250,
        "eval_str_f1": "0.25",
    }
    found = read_curves(lines(tmp_path / "a.jsonl", [row]))
    assert {curve.kind: curve.points[0].value for curve in found.f1} == {
        "F1": 0.5,
        "micro_f1": 0.55,
        "rel_f1_score": 0.4,
        "str_f1": 0.25,
    }
    assert "micro_f1 reaches 55: taken for percent" in found.notes
    assert "bad_f1 runs from 250 to 250, which is no F1: left out" in found.notes
    assert values(found.headline) == [(1, 0.5)]


def test_several_validation_sets_are_averaged(tmp_path: Path) -> None:
    rows = [{"step": n, "eval_drugs_loss": 1.0, "eval_genes_loss": 3.0} for n in (1, 2)]
    rows.append({"step": 3, "eval_drugs_loss": 1.0})
    found = read_curves(lines(tmp_path / "a.jsonl", rows))
    assert values(found.validation_loss) == [(1, 2.0), (2, 2.0)]
    assert "the validation loss is the mean over 2 sets: drugs, genes" in found.notes
    with_own = read_curves(lines(tmp_path / "b.jsonl", [{**row, "eval_loss": 7.0} for row in rows]))
    assert values(with_own.validation_loss)[0] == (1, 7.0)


def test_a_resumed_run_counts_its_later_steps(tmp_path: Path) -> None:
    again = [{**row, "loss": 9.0} if "loss" in row else row for row in own_rows(30)[3:]]
    found = read_curves(lines(tmp_path / "log.jsonl", own_rows(60) + again))
    assert values(found.loss) == [(10, 2.0), (20, 1.0), (30, 9.0)]
    assert values(found.validation_loss) == [(20, 1.25)]
    told = note(found, "goes back")
    assert "from step 60 to 30" in told
    assert "6 earlier entries (4 steps from 30 to 60) are replaced: the later ones count" in told


def test_an_evaluation_that_comes_late_replaces_nothing(tmp_path: Path) -> None:
    rows = [{"step": n, "loss": 1.0} for n in (10, 20, 30)]
    rows.insert(3, {"step": 10, "eval_loss": 2.0})
    found = read_curves(lines(tmp_path / "a.jsonl", rows))
    assert [point.step for point in found.loss] == [10, 20, 30]
    assert found.notes == ()


def test_of_two_values_at_a_step_the_later_counts_and_it_is_told(tmp_path: Path) -> None:
    rows = [{"step": 10, "loss": 1.0}, {"step": 10, "loss": 2.0}, {"step": 20, "loss": 3.0}]
    found = read_curves(lines(tmp_path / "a.jsonl", rows))
    assert values(found.loss) == [(10, 2.0), (20, 3.0)]
    assert found.notes == ("loss has two values at step 10: the later ones count",)


def test_the_summary_at_the_end_is_no_point_of_the_curve(tmp_path: Path) -> None:
    rows = state_rows()
    rows.append({"step": 40, "epoch": 2.0, "train_runtime": 9.9, "train_loss": 1.04, "total_flos": 1e9})
    # With load_best_model_at_end, this one is of another checkpoint than step 40.
    rows.append({"step": 40, "eval_loss": 0.2, "eval_f1": 0.9, "eval_entity_f1": 0.9})
    found = read_curves(state(tmp_path / "trainer_state.json", rows))
    assert values(found.loss)[-1] == (40, 0.5)
    assert values(found.validation_loss)[-1] == (40, 0.625)
    assert values(found.f1[0].points)[-1] == (40, 0.4)
    assert "a second evaluation of step 40, after the end of the training, is left out" in note(
        found, "second"
    )


def test_a_last_line_that_was_cut_off_is_counted(tmp_path: Path) -> None:
    found = read_curves(lines(tmp_path / "log.jsonl", own_rows(), '{"step": 50, "lo'))
    assert found.last_step == 40
    assert note(found, "cut off").startswith("the last line (7) is cut off and left out")


def test_broken_lines_are_counted_and_named(tmp_path: Path) -> None:
    file = lines(tmp_path / "log.jsonl", own_rows())
    text = file.read_text().splitlines()
    file.write_text("\n".join([text[0], "Killed", "[1]", *text[1:]]))
    found = read_curves(file)
    assert len(found.loss) == 4
    assert "2 of 8 lines are no JSON and left out (line 2, 3)" in found.notes[0]


def test_values_that_are_not_finite_are_kept_and_written_as_null(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(
        '{"step": 1, "loss": NaN, "grad_norm": Infinity}\n{"step": 2, "loss": "nan", "grad_norm": "-inf"}\n'
        '{"step": 3, "loss": null, "eval_f1": NaN}\n'
    )
    found = read_curves(file)
    assert [math.isnan(point.value) for point in found.loss] == [True, True]
    assert [point.value for point in found.grad_norm] == [math.inf, -math.inf]
    assert "loss is no number at step 3" in note(found, "no number")
    written = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert written["curves"]["loss"] == [[1, None], [2, None]]
    assert {"curve": "grad_norm", "step": 2, "value": "-inf"} in written["not_finite"]
    assert judge(found).diverged


def test_entries_without_steps(tmp_path: Path) -> None:
    some = read_curves(
        lines(tmp_path / "a.jsonl", [{"step": 5, "loss": 1}, {"loss": 2}, {"step": -1, "loss": 3}])
    )
    assert values(some.loss) == [(5, 1.0)]
    assert "2 of 3 entries name no step and are left out" in some.notes
    none = read_curves(lines(tmp_path / "b.jsonl", [{"loss": 2.0}, {"loss": 1.0}]))
    assert values(none.loss) == [(1, 2.0), (2, 1.0)]
    assert "no entry names its step: they are counted from 1 in their order" in none.notes


@pytest.mark.parametrize("name", ["state.json", "trainer_state.json"])
def test_a_state_cut_off_under_any_name_is_told_as_such(tmp_path: Path, name: str) -> None:
    whole = {"global_step": 40, "log_history": [{"step": step, "loss": 1.0} for step in range(10, 50, 10)]}
    for indent in (None, 2):
        text = json.dumps(whole, indent=indent)
        (tmp_path / name).write_text(text[: int(0.7 * len(text))])
        with pytest.raises(InputError, match=r"is no whole trainer state.*cut off.*an earlier checkpoint"):
            read_curves(tmp_path / name)


def test_a_cut_off_line_of_json_is_not_taken_for_printed_output(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"step": 10, "loss": 1.')
    with pytest.raises(InputError, match=r"1 line, and none is a JSON object.*it was cut off"):
        read_curves(tmp_path / "log.jsonl")


def test_an_object_over_several_lines_that_is_no_state_is_told_as_another_log(tmp_path: Path) -> None:
    (tmp_path / "log.json").write_text('{\n  "a": 1\n}')
    with pytest.raises(InputError, match=r"1 entry, and none has a loss.*another tool's log"):
        read_curves(tmp_path / "log.json")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "the log is empty.*smaller logging_steps"),
        ('{"log_history": []}', "the log is empty"),
        ('{"step": 1, "epoch": 0.5}\n', "1 entry, and none has a loss"),
        ("epoch 1 loss 0.3\nepoch 2 loss 0.2\n", "2 lines, and none is a JSON object.*no training log"),
    ],
)
def test_a_log_without_values_is_refused_with_cause_and_remedy(tmp_path: Path, text: str, what: str) -> None:
    file = tmp_path / "log.jsonl"
    file.write_text(text)
    with pytest.raises(InputError, match=f"(?s)log.jsonl: {what}") as error:
        read_curves(file)
    assert "Likely cause: " in str(error.value)
    assert "What to do: " in str(error.value)


def test_a_folder_without_a_log_names_a_run_within(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no log\.jsonl.*no run folder"):
        read_curves(tmp_path)
    state(tmp_path / "a" / "checkpoint-40" / "trainer_state.json", state_rows())
    with pytest.raises(InputError, match=f"for instance {tmp_path / 'a'}\\."):
        read_curves(tmp_path)
    with pytest.raises(InputError, match="does not exist"):
        read_curves(tmp_path / "b")


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-5, 50) | st.sampled_from(["nan", "x", "1e-3", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["all", "entities"]), inner),
    max_leaves=4,
)
keys = st.sampled_from(
    [
        "step",
        "loss",
        "eval_loss",
        "scores",
        "grad_norm",
        "lr",
        "epoch",
        "eval_f1",
        "eval_a_loss",
        "train_runtime",
    ]
)


@given(st.lists(st.dictionaries(keys, json_values) | json_values, max_size=12), st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_log_is_too_odd(tmp_path: Path, rows: list[Any], as_state: bool) -> None:
    file = tmp_path / "trainer_state.json" if as_state else tmp_path / "log.jsonl"
    if as_state:
        file.write_text(json.dumps({"log_history": rows, "max_steps": "x", "global_step": None}))
    else:
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    try:
        found = read_curves(file)
    except InputError:
        return
    json.dumps([found.to_json(), judge(found).to_json()], allow_nan=False)

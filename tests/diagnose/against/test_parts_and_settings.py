"""Other test parts, environments and settings: what separates, and what waits for a training."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from medspan.diagnose.conditions import Conditions

from .planted import (
    BLOCKED,
    DOCUMENTS,
    GOOD,
    TRAIN,
    answered,
    blocked_pair,
    case,
    changed,
    compared,
    conditions,
    documents,
    other_labels,
    pair,
    record,
)


class TestPart:
    def test_the_same_documents_and_references_are_the_same(self) -> None:
        _, aspects = compared(pair(case("run", 0.1), GOOD, lambda asked: 0.1))
        assert aspects["test part"].same is True

    def test_a_harder_part_separates_where_the_shared_documents_know_no_gap(self) -> None:
        hard = documents(30, "hard")
        stored = (*answered(DOCUMENTS, 0.9), *answered(hard, 0.0))
        run = case("run", 0.5, part=(*DOCUMENTS, *hard), predictions=stored)
        found, aspects = compared(pair(run, GOOD, lambda asked: 0.9))
        assert (aspects["test part"].verdict, aspects["test part"].cause) == ("separates", "data-changed")
        assert found.closed
        entities = found.gap[0]
        assert not entities.paired
        assert entities.documents == (70, 40)
        assert "on the documents of both" in found.sentence

    def test_a_good_run_whose_test_part_stands_in_its_training_is_told_so(self) -> None:
        easy, hard = documents(20, "easy"), documents(30, "hard")
        good = case("good", 1.0, part=easy, parts={"train": (*TRAIN, *easy), "test": easy})
        run = case("run", 0.4, part=(*easy, *hard), predictions=(*answered(easy, 1.0), *answered(hard, 0.0)))
        _, aspects = compared(pair(run, good, lambda asked: 1.0))
        assert aspects["test part"].cause == "leak-inflated-score"
        assert "GOOD's F1 that is flattered" in aspects["test part"].evidence[1]

    def test_other_shares_of_tasks_are_named(self) -> None:
        def of_task(examples: Any, task: str) -> tuple[Any, ...]:
            return tuple(replace(one, document=replace(one.document, task=task)) for one in examples)

        easy, hard = of_task(documents(20, "e"), "drugs"), of_task(documents(30, "h"), "pains")
        good = case("good", 1.0, part=easy)
        run = case("run", 0.4, part=(*easy, *hard), predictions=(*answered(easy, 1.0), *answered(hard, 0.0)))
        _, aspects = compared(pair(run, good, lambda asked: 1.0))
        assert aspects["test part"].cause == "split-imbalance"
        assert "drugs: 100% of GOOD's part, 40% of RUN's" in aspects["test part"].evidence

    def test_other_references_for_the_same_documents_separate(self) -> None:
        labelled = other_labels(DOCUMENTS)
        stored = tuple(
            replace(one, reference=two.reference)
            for one, two in zip(answered(DOCUMENTS, 0.9), labelled, strict=True)
        )
        run = case("run", 0.9, part=labelled, predictions=stored)
        found, aspects = compared(pair(run, GOOD, lambda asked: 0.9))
        assert (aspects["test part"].verdict, aspects["test part"].cause) == ("separates", "data-changed")
        assert "20 of 40 shared documents have other references" in aspects["test part"].evidence[0]
        assert found.closed, "under one and the same references the runs are alike"

    def test_parts_without_a_common_document_are_told_and_run_is_asked_about_goods(self) -> None:
        good = case("good", 0.9, part=documents(40, "other"))
        found, aspects = compared(pair(case("run", 0.2), good, lambda asked: 0.2))
        assert aspects["test part"].verdict == "cleared"
        assert "share no document" in aspects["test part"].evidence[0]
        assert any("no common document" in line for line in found.notes)
        assert not found.remaining[0].paired


class TestEnvironment:
    def test_other_packages_are_cleared_where_the_stored_answers_come_out_again(self) -> None:
        run = case("run", 0.1, record=record(packages={"torch": "2.5"}))
        _, aspects = compared(pair(run, GOOD, lambda asked: 0.1))
        one = aspects["packages"]
        assert one.values == ({"torch": "2.13"}, {"torch": "2.5"})
        assert (one.verdict, one.tested) == ("cleared", True)
        assert "100.0% of the tokens" in one.evidence[0]
        assert aspects["hardware"].same
        assert aspects["code"].same

    def test_answers_that_come_out_better_here_separate(self) -> None:
        run = case("run", 0.1, record=record(packages={"torch": "2.5"}))
        found, aspects = compared(pair(run, GOOD, lambda asked: 0.9, share=0.5))
        assert (aspects["packages"].verdict, aspects["packages"].cause) == (
            "separates",
            "environment-changed",
        )
        assert [one.name for one in found.separating] == ["packages"]

    def test_a_swap_gets_no_credit_for_what_this_environment_does(self) -> None:
        made = {"decoding": record({"max_new_tokens": 300})["decoding"]}
        run = case("run", 0.1, made=made, record=record(packages={"torch": "2.5"}))
        found, aspects = compared(pair(run, GOOD, lambda asked: 0.9, share=0.5))
        assert aspects["decoding: length"].verdict == "cleared"
        assert [one.name for one in found.separating] == ["packages"]


class TestTraining:
    def test_settings_are_cleared_by_name_where_nothing_is_left_of_the_gap(self) -> None:
        _, aspects = compared(blocked_pair(config=changed(num_train_epochs=5)))
        one = aspects["epochs"]
        assert one.verdict == "cleared"
        assert one.values == ({"num_train_epochs": 3}, {"num_train_epochs": 5})
        assert one.evidence[0].startswith("num_train_epochs 5 against 3: with decoding: repetition mended")
        assert "so it separates nothing" in one.evidence[0]

    def test_settings_wait_for_a_training_where_a_gap_is_left(self) -> None:
        run = case("run", 0.2, config=changed(num_train_epochs=1, learning_rate=1e-6, seed=7))
        found, aspects = compared(pair(run, GOOD, lambda asked: 0.2))
        assert [one.name for one in found.left_to_training] == ["epochs", "learning rate", "seed"]
        assert aspects["learning rate"].changes == {"learning_rate": 0.0005}
        assert "only a training tells of: epochs, learning rate, seed" in found.sentence

    def test_a_mending_that_brings_half_leaves_the_settings_open(self) -> None:
        def quality(asked: Conditions) -> float:
            return 0.1 if asked.options.repetition_penalty != 1.0 else 0.4

        made = {"decoding": record(BLOCKED)["decoding"]}
        run = case("run", 0.1, made=made, config=changed(num_train_epochs=1))
        found, aspects = compared(pair(run, GOOD, quality, asked_as=conditions(**BLOCKED)))
        assert aspects["decoding: repetition"].verdict == "separates"
        assert 0.2 < (aspects["decoding: repetition"].closes or 0) < 0.9
        assert aspects["epochs"].verdict == "only-a-training-tells"
        assert not found.closed

    def test_rows_of_training_are_counted(self) -> None:
        parts = {"train": TRAIN[:20], "test": DOCUMENTS}
        run = case("run", 0.2, parts=parts, config=changed(**{"data.train": "other.jsonl"}))
        _, aspects = compared(pair(run, GOOD, lambda asked: 0.2))
        one = aspects["data"]
        assert (one.verdict, one.cause) == ("only-a-training-tells", "data-changed")
        assert one.evidence == ("train: 20 rows against 30, 20 the same, 10 only of GOOD",)
        assert one.changes == {"data.train": "train.jsonl"}

    def test_rows_that_no_file_leads_to_cannot_be_trained_on(self) -> None:
        run = case("run", 0.2, parts={"train": TRAIN[:20], "test": DOCUMENTS})
        _, aspects = compared(pair(run, GOOD, lambda asked: 0.2))
        assert aspects["data"].changes == {}
        assert "no file names where GOOD's rows are" in aspects["data"].evidence[-1]

    def test_a_configuration_that_is_missing_is_told(self) -> None:
        _, aspects = compared(pair(case("run", 0.2, config={}), GOOD, lambda asked: 0.2))
        assert aspects["settings of training"].evidence == ("no file states how RUN was trained",)

    def test_what_one_trainer_alone_states_is_no_difference(self) -> None:
        good = case("good", 0.9, trainer="trl", config={"num_train_epochs": 5})
        _, aspects = compared(pair(case("run", 0.2), good, lambda asked: 0.2))
        assert aspects["epochs"].verdict == "only-a-training-tells"
        assert "learning rate" not in aspects

    def test_names_of_folders_are_no_difference(self) -> None:
        _, aspects = compared(
            pair(case("run", 0.2, config=changed(output_dir="other")), GOOD, lambda asked: 0.2)
        )
        assert {name for name, one in aspects.items() if one.same is False} == {"checkpoint"}


class TestWithoutAGap:
    def test_runs_that_are_alike_are_said_to_be_so(self) -> None:
        run = case("run", 0.9, config=changed(num_train_epochs=5))
        found, aspects = compared(pair(run, GOOD, lambda asked: 0.9))
        assert found.sentence.startswith("RUN is not surely worse than GOOD")
        assert found.separating == ()
        assert found.left_to_training == ()
        assert aspects["epochs"].verdict == "cleared"

    def test_a_good_run_without_predictions_and_model_leaves_no_gap_to_close(self) -> None:
        good = case("good", 0.9, predictions=(), adapter=None)
        of = pair(case("run", 0.2, config=changed(num_train_epochs=5)), good, lambda asked: 0.2)
        of.good.lab.__dict__["problem"] = "no adapter"
        found, aspects = compared(of)
        assert not found.closed
        assert aspects["epochs"].verdict == "only-a-training-tells"
        assert any("GOOD has no predictions" in line for line in found.notes)


@settings(max_examples=10, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1))
def test_nothing_separates_runs_that_are_asked_and_trained_alike(run: float, good: float) -> None:
    found, _ = compared(pair(case("run", run), case("good", good), lambda asked: run))
    assert [one.name for one in found.separating if one.name != "checkpoint"] == []
    assert len(found.aspects) == len({one.name for one in found.aspects})
    assert found.to_json()["closed"] is (not any(one.sure for one in found.remaining))

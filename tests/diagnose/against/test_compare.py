"""Planted differences between two runs: each is found to separate them, or cleared, with its evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from medspan.core import ModelError
from medspan.diagnose.conditions import Conditions, Reworded, Rounding

from .planted import (
    BLOCKED,
    CHAT,
    CODEC,
    DOCUMENTS,
    GOOD,
    PLAIN,
    answered,
    blocked,
    blocked_pair,
    card,
    case,
    compared,
    conditions,
    pair,
    record,
)


class TestDecoding:
    def test_penalties_separate_and_close_the_gap(self) -> None:
        found, aspects = compared(blocked_pair())
        one = aspects["decoding: repetition"]
        assert (one.verdict, one.tested, one.cause) == ("separates", True, "decoding-blocks-copying")
        assert one.values == (
            {"repetition_penalty": 1.0, "no_repeat_ngram_size": 0},
            BLOCKED,
        )
        assert one.effect is not None
        assert one.effect.before == pytest.approx(2 * 0.1 / 1.1)
        assert one.effect.after == pytest.approx(2 * 0.9 / 1.9)
        assert one.closes == pytest.approx(1.0)
        assert found.closed
        assert [one.name for one in found.separating] == ["decoding: repetition"]
        assert "what separates the runs: decoding: repetition" in found.sentence

    def test_what_the_answers_show_goes_before_a_record_that_says_otherwise(self) -> None:
        of = pair(case("run", 0.1), GOOD, blocked, asked_as=conditions(**BLOCKED), stated=conditions())
        _, aspects = compared(of)
        assert aspects["decoding: repetition"].verdict == "separates"
        assert aspects["decoding: repetition"].values[1] == BLOCKED

    def test_the_same_options_are_told_to_be_the_same(self) -> None:
        _, aspects = compared(pair(case("run", 0.1), GOOD, lambda asked: 0.1))
        assert aspects["decoding"].same is True
        assert aspects["decoding"].verdict == "cleared"

    def test_another_length_limit_that_changes_nothing_is_cleared_with_its_effect(self) -> None:
        made = {"decoding": record({"max_new_tokens": 300})["decoding"]}
        _, aspects = compared(pair(case("run", 0.1, made=made), GOOD, lambda asked: 0.1))
        one = aspects["decoding: length"]
        assert (one.verdict, one.tested) == ("cleared", True)
        assert one.effect is not None
        assert one.effect.difference == 0.0
        assert one.values == ({"max_new_tokens": 512}, {"max_new_tokens": 300})

    def test_options_that_no_file_states_cannot_be_tested(self) -> None:
        run = case("run", 0.1, record=None, card=None, trainer="trl", rules={})
        _, aspects = compared(pair(run, GOOD, lambda asked: 0.1))
        one = aspects["decoding: length"]
        assert (one.same, one.verdict) == (None, "not-testable")
        assert "max_new_tokens: not stated for RUN" in one.evidence[0]

    def test_without_a_model_a_difference_is_told_and_not_judged(self) -> None:
        made = {"decoding": record(BLOCKED)["decoding"]}
        of = pair(case("run", 0.1, made=made), GOOD, blocked, problem_="no model")
        found, aspects = compared(of)
        assert aspects["decoding: repetition"].verdict == "not-testable"
        assert "no model" in aspects["decoding: repetition"].evidence[0]
        assert not found.closed

    def test_later_differences_are_not_tried_once_the_gap_is_closed(self) -> None:
        def quality(asked: Conditions) -> float:
            assert asked.adapter == conditions().adapter, "GOOD's adapter is tried for nothing"
            return blocked(asked)

        of = blocked_pair()
        of.run.lab.quality = quality  # type: ignore[attr-defined]
        _, aspects = compared(of)
        assert aspects["checkpoint"].verdict == "cleared"
        assert not aspects["checkpoint"].tested


class TestWaysOfAsking:
    def test_another_template_separates(self) -> None:
        def quality(asked: Conditions) -> float:
            return 0.9 if asked.template.prefix == CHAT.prefix else 0.2

        run = case("run", 0.2, card=card(PLAIN))
        found, aspects = compared(pair(run, GOOD, quality, asked_as=conditions(PLAIN)))
        assert aspects["template"].verdict == "separates"
        assert aspects["template"].cause == "template-mismatch"
        assert found.closed

    def test_a_second_bos_is_named_by_its_own_cause(self) -> None:
        twice = replace(CHAT, prefix=(1, 1))
        run = case("run", 0.2, card=card(twice))

        def quality(asked: Conditions) -> float:
            return 0.2 if asked.template.prefix == (1, 1) else 0.9

        _, aspects = compared(pair(run, GOOD, quality, asked_as=conditions(twice)))
        assert (aspects["template"].verdict, aspects["template"].cause) == ("separates", "double-bos")

    def test_another_template_that_each_was_trained_in_is_cleared_by_trying_it(self) -> None:
        def quality(asked: Conditions) -> float:
            return 0.4 if asked.template.prefix == PLAIN.prefix else 0.1

        run = case("run", 0.4, card=card(PLAIN))
        of = pair(run, GOOD, quality, asked_as=conditions(PLAIN), trained=conditions(PLAIN))
        found, aspects = compared(of)
        assert (aspects["template"].verdict, aspects["template"].tested) == ("cleared", True)
        assert aspects["template"].effect is not None
        assert (aspects["template"].effect.difference or 0) < 0
        assert not found.closed

    def test_a_template_of_another_tokenizer_is_not_put_in_place(self) -> None:
        run = case("run", 0.4, card=replace(card(PLAIN), tokenizer_hash="others"))
        of = pair(run, GOOD, lambda asked: 0.4, asked_as=conditions(PLAIN), trained=conditions(PLAIN))
        _, aspects = compared(of)
        assert aspects["template"].verdict == "not-testable"
        assert "tokenizers differ" in aspects["template"].evidence[0]

    def test_other_words_separate(self) -> None:
        asked = conditions().but(codec=Reworded(CODEC, lambda prompt, document: f"Say what hurts. {prompt}"))

        def quality(asked: Conditions) -> float:
            return 0.2 if "hurts" in asked.codec.prompt(DOCUMENTS[0].document) else 0.9

        of = pair(case("run", 0.2), GOOD, quality, asked_as=asked, trained=conditions())
        _, aspects = compared(of)
        assert (aspects["wording"].verdict, aspects["wording"].cause) == ("separates", "wording-sensitive")
        assert "hurts" in str(aspects["wording"].values[1])
        assert aspects["template"].same is True

    def test_answers_of_the_base_model_alone_are_those_without_the_adapter(self) -> None:
        def quality(asked: Conditions) -> float:
            return 0.1 if asked.adapter is None else 0.9

        asked, trained = conditions().but(adapter=None), conditions()
        found, aspects = compared(pair(case("run", 0.1), GOOD, quality, asked_as=asked, trained=trained))
        assert aspects["adapter in use"].values == ("applied", "not applied")
        assert [(one.name, one.cause) for one in found.separating] == [
            ("adapter in use", "adapter-not-applied")
        ]

    def test_answers_in_a_lower_precision_are_made_again_in_that_of_training(self) -> None:
        def quality(asked: Conditions) -> float:
            return 0.4 if asked.rounding == Rounding(4) else 0.9

        asked, trained = conditions().but(rounding=Rounding(4)), conditions()
        found, _ = compared(pair(case("run", 0.4), GOOD, quality, asked_as=asked, trained=trained))
        assert [(one.name, one.cause) for one in found.separating] == [
            ("precision of answers", "precision-mismatch")
        ]

    def test_a_run_on_another_base_model_than_it_was_trained_on_is_put_on_its_own(self) -> None:
        def quality(asked: Conditions) -> float:
            return 0.9 if asked.base == "base" else 0.1

        of = pair(case("run", 0.1), GOOD, quality, asked_as=conditions().but(base="wrong"))
        of.run.lab.base.found["wrong"] = "other weights"  # type: ignore[index]
        of.run.lab.tokenizers["wrong"] = "tokens"
        _, aspects = compared(of)
        assert (aspects["base model"].verdict, aspects["base model"].cause) == (
            "separates",
            "wrong-base-model",
        )

    def test_a_run_trained_on_another_base_model_waits_for_a_training(self) -> None:
        run = case("run", 0.1, card=replace(card(), base_model_hash="other"), base_model="small")
        of = pair(run, GOOD, lambda asked: 0.1)
        of.run.lab.base.found["base"] = "other"  # type: ignore[index]
        _, aspects = compared(of)
        assert aspects["base model"].verdict == "only-a-training-tells"
        assert aspects["base model"].changes == {"base_model": "base"}

    def test_a_swap_that_the_model_refuses_is_told(self) -> None:
        def quality(asked: Conditions) -> float:
            if asked.template.prefix == CHAT.prefix:
                raise ModelError("the adapter does not fit")
            return 0.2

        run = case("run", 0.2, card=card(PLAIN))
        of = pair(run, GOOD, quality, asked_as=conditions(PLAIN), trained=conditions(PLAIN))
        _, aspects = compared(of)
        assert aspects["template"].verdict == "not-testable"
        assert "the adapter does not fit" in aspects["template"].evidence[0]


class TestSeveralTogether:
    @staticmethod
    def _both(asked: Conditions) -> float:
        right = asked.options.repetition_penalty == 1.0, asked.template.prefix == CHAT.prefix
        return {0: 0.0, 1: 0.05, 2: 0.9}[sum(right)]

    def test_two_faults_that_hide_each_other_are_both_named(self) -> None:
        made = {"decoding": record(BLOCKED)["decoding"]}
        run = case("run", 0.0, card=card(PLAIN), made=made)
        of = pair(run, GOOD, self._both, asked_as=conditions(PLAIN, **BLOCKED))
        found, aspects = compared(of)
        assert {one.name for one in found.separating} == {"decoding: repetition", "template"}
        assert found.closed
        effect = aspects["template"].effect
        assert effect is not None
        assert effect.before == pytest.approx(2 * 0.05 / 1.05, abs=0.01)
        assert "with decoding: repetition as in GOOD" in aspects["template"].evidence[0]

    def test_a_third_difference_that_does_nothing_is_cleared(self) -> None:
        made = {"decoding": record({**BLOCKED, "max_new_tokens": 400})["decoding"]}
        run = case("run", 0.0, card=card(PLAIN), made=made)
        asked = conditions(PLAIN, max_new_tokens=400, **BLOCKED)
        found, aspects = compared(pair(run, GOOD, self._both, asked_as=asked))
        assert {one.name for one in found.separating} == {"decoding: repetition", "template"}
        assert aspects["decoding: length"].verdict == "cleared"

    def test_a_difference_that_does_harm_does_not_hide_the_one_that_helps(self) -> None:
        def quality(asked: Conditions) -> float:
            if asked.template.prefix == CHAT.prefix:
                return 0.0
            return 0.1 if asked.options.repetition_penalty != 1.0 else 0.4

        made = {"decoding": record(BLOCKED)["decoding"]}
        run = case("run", 0.1, card=card(PLAIN), made=made)
        asked, trained = conditions(PLAIN, **BLOCKED), conditions(PLAIN)
        found, aspects = compared(pair(run, GOOD, quality, asked_as=asked, trained=trained))
        assert [one.name for one in found.separating if one.name != "checkpoint"] == ["decoding: repetition"]
        assert aspects["template"].verdict == "cleared"
        assert not found.closed


class TestParser:
    def test_texts_that_were_read_with_another_parser_separate(self) -> None:
        unread = tuple(
            replace(one, predicted=CODEC.parse(one.document, "")) for one in answered(DOCUMENTS, 0.9)
        )
        found, aspects = compared(pair(case("run", 0.9, predictions=unread), GOOD, lambda asked: 0.9))
        one = aspects["parser"]
        assert (one.verdict, one.cause, one.closes) == ("separates", "parser-mismatch", pytest.approx(1.0))
        assert found.closed

    def test_texts_that_read_the_same_clear_it(self) -> None:
        _, aspects = compared(pair(case("run", 0.1), GOOD, lambda asked: 0.1))
        assert (aspects["parser"].same, aspects["parser"].verdict) == (True, "cleared")

    def test_without_texts_it_cannot_be_tested(self) -> None:
        bare = tuple(replace(one, raw=None) for one in answered(DOCUMENTS, 0.1))
        _, aspects = compared(pair(case("run", 0.1, predictions=bare), GOOD, lambda asked: 0.1))
        assert aspects["parser"].verdict == "not-testable"
        assert aspects["parser"].evidence == ("RUN has no generated texts",)


class TestWeights:
    def test_goods_adapter_says_that_the_weights_separate(self) -> None:
        def quality(asked: Conditions) -> float:
            return 0.9 if asked.adapter == GOOD.adapter else 0.2

        found, aspects = compared(pair(case("run", 0.2), GOOD, quality))
        assert (aspects["checkpoint"].verdict, aspects["checkpoint"].tested) == ("separates", True)
        assert aspects["checkpoint"].cause is None
        assert not found.closed, "GOOD's adapter is no mending of RUN's training"

    def test_an_earlier_checkpoint_that_is_better_separates(self, tmp_path: Any) -> None:
        folders = [tmp_path / name for name in ("step-10", "adapter")]
        for folder in folders:
            folder.mkdir()
            (folder / "adapter_model.safetensors").write_bytes(folder.name.encode())

        def quality(asked: Conditions) -> float:
            return 0.9 if asked.adapter == folders[0] else 0.2

        run = case("run", 0.2, adapter=folders[1], checkpoints=((10, folders[0]), (20, folders[1])))
        found, aspects = compared(pair(run, GOOD, quality))
        assert (aspects["checkpoint"].verdict, aspects["checkpoint"].cause) == ("separates", "overtrained")
        assert "checkpoint 10" in aspects["checkpoint"].evidence[0]
        assert found.closed

    def test_goods_adapter_that_does_no_better_clears_it(self) -> None:
        _, aspects = compared(pair(case("run", 0.2), GOOD, lambda asked: 0.2))
        assert (aspects["checkpoint"].verdict, aspects["checkpoint"].tested) == ("cleared", True)

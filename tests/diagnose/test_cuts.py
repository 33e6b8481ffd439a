"""Tokenizers that went wrong in a usual way: what each makes of a text is known beforehand."""

from __future__ import annotations

from typing import Any

import pytest

from medspan.diagnose.cuts import CUTS, Lowered, Moved, with_merges

pytestmark = pytest.mark.model
TEXT = "Methotrexate 15 mg caused stomatitis."


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    from medspan.models import load_tokenizer

    return load_tokenizer("default")


def ids(tokenizer: Any, text: str = TEXT) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


@pytest.mark.parametrize("by", [1, -1, 2])
def test_moved_tokens_read_back_what_they_write_and_are_other_ones(tokenizer: Any, by: int) -> None:
    moved = Moved(tokenizer, by)
    assert [new - old for old, new in zip(ids(tokenizer), ids(moved), strict=True)] == [by] * len(ids(moved))
    assert moved.decode(ids(moved)) == TEXT


def test_moved_tokens_go_round_and_special_ones_stay(tokenizer: Any) -> None:
    moved = Moved(tokenizer, 1)
    special = tokenizer.eos_token_id
    assert ids(moved, tokenizer.eos_token) == [special]
    last = tokenizer.decode([len(tokenizer) - 1])
    (found,) = ids(moved, last)
    assert found not in tokenizer.added_tokens_decoder
    assert moved.decode([found]) == last


def test_fewer_merges_cut_finer_and_read_back(tokenizer: Any) -> None:
    finer, finest = with_merges(tokenizer, 0.6), with_merges(tokenizer, 0.2)
    assert len(ids(tokenizer)) < len(ids(finer)) <= len(ids(finest))
    assert finest.decode(ids(finest)) == TEXT


def test_a_tokenizer_without_merges_is_not_cut_finer() -> None:
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    words = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.WordLevel({"a": 0}, unk_token="a")))
    assert with_merges(words, 0.5) is None


def test_lower_case_is_read_and_nothing_else_changes(tokenizer: Any) -> None:
    assert ids(Lowered(tokenizer)) == ids(tokenizer, TEXT.lower())


def test_each_way_changes_how_a_text_is_cut(tokenizer: Any) -> None:
    assert all(ids(cut.make(tokenizer)) != ids(tokenizer) for cut in CUTS.values())

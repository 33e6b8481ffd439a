from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from medspan.core import ModelError, RelationType, Schema
from medspan.format import FormatCard, Template, load_card

SCHEMA = Schema(
    ("Disease", "Drug"),
    (RelationType("treats", (("Drug", "Disease"),), True, "treated_by"),),
    (("t", ("Drug",)),),
)
CARD = FormatCard(
    format="sections",
    schema=SCHEMA,
    template=Template("chat", (1, 2), (3,), 4),
    endpoints="document",
    base_model="default",
    base_model_hash="ab" * 32,
    tokenizer_hash="cd" * 32,
    instruction="Find it – all of it.",
)


def test_a_card_survives_its_file(tmp_path: Path) -> None:
    CARD.save(tmp_path)
    loaded = load_card(tmp_path)
    assert loaded == CARD
    assert loaded.codec().prompt.__self__.instruction == "Find it – all of it."  # type: ignore[attr-defined]
    assert loaded.codec().endpoints == "document"


def test_a_card_keeps_that_texts_are_read_twice(tmp_path: Path) -> None:
    replace(CARD, format="compact", instruction=None, read_twice=True).save(tmp_path)
    assert load_card(tmp_path).codec().read_twice  # type: ignore[attr-defined]


def test_a_folder_without_a_card_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"has no format\.json.*copy format\.json from the run"):
        load_card(tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: "{",
        lambda data: json.dumps({**data, "colour": "red"}),
        lambda data: json.dumps({key: value for key, value in data.items() if key != "schema"}),
        lambda data: json.dumps({**data, "template": None}),
        lambda data: "[]",
    ],
)
def test_a_damaged_card_is_refused(damage: object, tmp_path: Path) -> None:
    (tmp_path / "format.json").write_text(damage(CARD.to_json()))  # type: ignore[operator]
    with pytest.raises(ModelError, match=r"format\.json cannot be read.*restore it"):
        load_card(tmp_path)


class Vocabulary:
    chat_template = "{{ messages }}"

    def __init__(self, *words: str):
        self._words = words
        self.special_tokens_map = {"eos_token": "</s>"}

    def get_vocab(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self._words)}


def test_another_tokenizer_is_refused() -> None:
    from medspan.models import tokenizer_hash

    card = replace(CARD, tokenizer_hash=tokenizer_hash(Vocabulary("a", "b")))
    assert card.renderer(Vocabulary("a", "b")).template == CARD.template
    with pytest.raises(ModelError, match="the tokenizer is not the one that the adapter was trained with"):
        card.renderer(Vocabulary("b", "a"))
    edited = Vocabulary("a", "b")
    edited.chat_template = "{{ messages[0] }}"
    with pytest.raises(ModelError, match="chat template was edited"):
        card.renderer(edited)

"""Answers retraced under the grammar: their tokens, and what was legal, without a model."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from medspan.core import Annotation, Document, Mention, Relation, RelationType, Schema
from medspan.extract import FORCED, Choice, Retraced, Retracer, usual_ids
from medspan.extract.engines.row import GrammarRow, vocabulary_of
from medspan.format import Renderer, Template, make_codec
from medspan.models import load_tokenizer

pytestmark = pytest.mark.model  # its tokenizer

TEXT = "Aflibercept caused nausea. Bell's palsy was treated with aspirin."
DOCUMENT = Document("d", TEXT)
SCHEMA = Schema(("Disease", "Drug"), (RelationType("causes"),))


def mention(text: str, type_: str) -> Mention:
    return Mention.at(TEXT, TEXT.index(text), TEXT.index(text) + len(text), type_)


DRUGS = mention("Aflibercept", "Drug"), mention("aspirin", "Drug")
PALSY, NAUSEA = mention("Bell's palsy", "Disease"), mention("nausea", "Disease")
ANNOTATION = Annotation((NAUSEA, PALSY, *DRUGS), relations=(Relation(DRUGS[0], NAUSEA, "causes"),))


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return load_tokenizer("default")


def rendered(tokenizer: Any, format_: str = "compact") -> Renderer:
    more: dict[str, Any] = {"instruction": "List all."} if format_ == "sections" else {}
    codec = make_codec(format_, SCHEMA, **more)
    return Renderer(tokenizer, codec, Template("plain", (), (), getattr(tokenizer, "eos_token_id", 2)))


def retraced(
    renderer: Renderer, text: str, *, most: int = 500, limit: int = 500, ended: bool = True
) -> Retraced:
    ids = usual_ids(renderer, DOCUMENT, text)
    return Retracer(renderer, limit).of(DOCUMENT, text, ids, most=most, ended=ended)


def legal(choice: Choice) -> set[int]:
    bits = np.unpackbits(np.frombuffer(choice.mask, dtype=np.uint8), bitorder="little")
    return {int(token) for token in bits.nonzero()[0]}


@pytest.mark.parametrize("format_", ["compact", "sections"])
def test_a_target_has_the_tokens_of_training_all_of_them_legal(tokenizer: Any, format_: str) -> None:
    renderer = rendered(tokenizer, format_)
    target = renderer.target_ids(DOCUMENT, ANNOTATION)
    found = retraced(renderer, "".join(renderer.codec.target(DOCUMENT, ANNOTATION)))
    assert found.kept
    assert list(found.ids) in (target, target[:-1])  # the grammar of some formats asks for no stop token
    assert len(found.choices) == len(found.ids)
    for token, choice in zip(found.ids, found.choices, strict=True):
        assert choice is not None
        assert choice == FORCED or token in choice.alike
        assert choice == FORCED or set(choice.alike) <= legal(choice)


def test_only_places_with_an_alternative_are_choices(tokenizer: Any) -> None:
    renderer = rendered(tokenizer)
    found = retraced(renderer, "".join(renderer.codec.target(DOCUMENT, ANNOTATION)))
    open_ = [choice for choice in found.choices if choice != FORCED]
    assert 0 < len(open_) < len(found.ids) / 2
    assert all(choice is not None and len(legal(choice)) > 1 for choice in open_)
    first = next(place for place, choice in enumerate(found.choices) if choice != FORCED)
    assert tokenizer.decode(found.ids[:first]) == "Disease:"


def test_tokens_alike_go_on_with_the_same_text(tokenizer: Any) -> None:
    renderer = rendered(tokenizer)
    text = "".join(renderer.codec.target(DOCUMENT, ANNOTATION))
    found = retraced(renderer, text)
    several = 0
    for place, choice in enumerate(found.choices):
        if choice is None or choice == FORCED:
            continue
        rest = text[len(tokenizer.decode(found.ids[:place])) :]
        assert all(rest.startswith(tokenizer.decode([token])) for token in choice.alike)
        several += len(choice.alike) > 1
    assert several


def test_words_that_were_cut_otherwise_have_their_usual_tokens(tokenizer: Any) -> None:
    """Written letter by letter, an answer is the same text, and retraced as if it were not."""
    renderer = rendered(tokenizer)
    text = "".join(renderer.codec.target(DOCUMENT, ANNOTATION))
    walk = renderer.codec.walk(DOCUMENT)
    row = GrammarRow([], renderer.template.stop, 500, walk, vocabulary_of(tokenizer))
    while not row.finished:
        row.take(int(renderer.chunk_ids([text[len(row.written)]])[0]))
    assert row.text(tokenizer) == text
    usual = usual_ids(renderer, DOCUMENT, text)
    assert len(row.tokens) > len(usual)
    assert list(retraced(renderer, row.text(tokenizer)).ids) == usual


def test_an_answer_that_leaves_the_grammar_is_free_from_there_on(tokenizer: Any) -> None:
    renderer = rendered(tokenizer)
    text = "Disease: nausea; vertigo;\nDrug: aspirin;\ncauses:\n"  # no vertigo in the text
    found = retraced(renderer, text)
    assert not found.kept
    assert "".join(tokenizer.decode([token]) for token in found.ids) == text
    left = found.choices.index(None)
    assert all(choice is None for choice in found.choices[left:])
    assert text.startswith("Disease: nausea;" + tokenizer.decode(found.ids[left:left]))
    assert tokenizer.decode(found.ids[:left]) in ("Disease: nausea;", "Disease: nausea; ")


@pytest.mark.parametrize("text", ["", "I am a language model.", "\n", "Disease: nausea;\nDrug: asp"])
def test_an_answer_that_is_none_does_not_keep_to_the_grammar(tokenizer: Any, text: str) -> None:
    found = retraced(rendered(tokenizer), text)
    assert not found.kept
    assert "".join(tokenizer.decode([token]) for token in found.ids) == text


def test_a_beginning_that_was_cut_off_keeps_to_it(tokenizer: Any) -> None:
    assert retraced(rendered(tokenizer), "Disease: nausea;\nDrug: asp", ended=False).kept


def test_what_the_limit_closes_was_no_choice(tokenizer: Any) -> None:
    renderer = rendered(tokenizer)
    text = "Disease: nausea;\nDrug:\ncauses:\n"
    whole, closed = (retraced(renderer, text, limit=limit) for limit in (500, 4))
    assert whole.kept
    assert closed.kept
    assert whole.ids == closed.ids
    assert sum(choice != FORCED for choice in closed.choices) < sum(
        choice != FORCED for choice in whole.choices
    )


def test_no_more_than_so_many_tokens_are_retraced(tokenizer: Any) -> None:
    renderer = rendered(tokenizer)
    text = "".join(renderer.codec.target(DOCUMENT, ANNOTATION))
    found, whole = (retraced(renderer, text, most=most) for most in (7, 500))
    assert found.kept
    assert found.ids == whole.ids[:7]
    assert found.choices == whole.choices[:7]


def test_letters_of_several_tokens_are_retraced(tokenizer: Any) -> None:
    text = "Morbus Ménière 🜚 mit Ménière 🜛."
    document = Document("u", text)
    renderer = rendered(tokenizer)
    answer = "Disease: Ménière 🜚;\nDrug:\ncauses:\n"
    ids = usual_ids(renderer, document, answer)
    assert len(tokenizer("🜚").input_ids) > 1
    found = Retracer(renderer, 500).of(document, answer, ids, most=500, ended=True)
    assert found.kept
    assert list(found.ids) == ids
    # Within a letter, too, the token that stands there is right.
    assert all(
        choice is not None and (choice == FORCED or choice.alike[0] == token)
        for token, choice in zip(found.ids, found.choices, strict=True)
    )


class Merging:
    """A tokenizer with one token for a semicolon and a line break, as those of larger models have."""

    def __call__(self, text: str, **_: Any) -> Any:
        pieces = re.findall(";\n|.", text, re.DOTALL)
        return SimpleNamespace(input_ids=[0 if one == ";\n" else ord(one) for one in pieces])


def test_an_answer_is_cut_chunk_by_chunk_as_far_as_the_codec_writes_it() -> None:
    renderer = rendered(Merging())
    chunks = renderer.codec.target(DOCUMENT, ANNOTATION)
    assert 0 in renderer.chunk_ids(["".join(chunks)])
    assert usual_ids(renderer, DOCUMENT, "".join(chunks)) == renderer.chunk_ids(chunks)
    assert 0 not in renderer.chunk_ids(chunks)
    told = usual_ids(renderer, DOCUMENT, "Disease: nausea;\nDrug: none of these;\ncauses: ;\n")
    assert told.count(0) == 2
    assert told[len("Disease: nausea")] == ord(";")

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from medspan.core import Annotation, Document, Example, InputError, Mention, Schema, UnalignedMention
from medspan.format import Renderer, Template, make_codec
from medspan.train.data import batches
from medspan.train.methods.generate import Answer, encode

STOP = 7


class Bytes:
    """A tokenizer of bytes, from 1000 on."""

    def __call__(self, text: str, **options: Any) -> Any:
        return SimpleNamespace(input_ids=[1000 + byte for byte in text.encode()])


RENDERER = Renderer(
    Bytes(), make_codec("compact", Schema(("Disease", "Drug"))), Template("chat", (1, 2), (3, 4), STOP)
)


def example(id: str, text: str, task: str | None = None) -> Example:
    return Example(
        Document(id, text, task=task),
        Annotation(
            (Mention.at(text, 0, len(text), "Drug"),), (UnalignedMention("Drug", "gone", "not-in-text"),)
        ),
    )


def test_the_loss_covers_the_target_and_its_stop_token_only() -> None:
    data = encode([example("a", "aspirin")], RENDERER, 1000)
    (encoded,) = data.examples
    target = "Disease:\nDrug: aspirin;\n"
    prompt = "aspirin\n\nExtract: Disease; Drug\n"
    assert list(encoded.ids[: encoded.target_start]) == [1, 2, *(1000 + b for b in prompt.encode()), 3, 4]
    assert list(encoded.ids[encoded.target_start :]) == [*(1000 + b for b in target.encode()), STOP]
    assert data.target_tokens == len(target) + 1
    assert data.tokens == len(encoded.ids)
    assert data.lost == Counter({"mention: not-in-text": 1})


def test_examples_that_are_too_long_are_counted_by_task_and_refused() -> None:
    examples = [example("a", "x" * 100, "chemicals"), example("b", "y" * 90, "chemicals"), example("c", "z")]
    longest = len(RENDERER.prompt_ids(examples[0].document)) + len(
        RENDERER.target_ids(examples[0].document, examples[0].reference or Annotation())
    )
    with pytest.raises(InputError, match=rf"2 of 3 examples .*chemicals: 2; the longest has {longest}\)"):
        encode(examples, RENDERER, 100)
    kept = encode(examples, RENDERER, 100, "skip")
    assert [one.id for one in kept.examples] == ["c"]
    assert kept.too_long == Counter({"chemicals": 2})
    assert kept.lost == Counter({"mention: not-in-text": 1})
    assert len(encode(examples, RENDERER, longest).examples) == 3


def test_nothing_to_train_on_is_refused() -> None:
    with pytest.raises(
        InputError, match=r"no example is left for training.*all are longer than max_length=10"
    ):
        encode([example("a", "x" * 50)], RENDERER, 10, "skip")
    with pytest.raises(InputError, match="the data is empty"):
        encode([], RENDERER, 10)


def made(count: int) -> list[Answer]:
    return [Answer(tuple(range(n * 7 % 50 + 1)), 0, None, str(n)) for n in range(count)]


def ids_of(examples: list[Answer], size: int, seed: int, epoch: int) -> list[list[str]]:
    return [[one.id for one in batch] for batch in batches(examples, size, seed=seed, epoch=epoch)]


@pytest.mark.parametrize("count", [1, 7, 8, 9, 600])
def test_every_example_comes_once_an_epoch(count: int) -> None:
    batched = ids_of(made(count), 8, 1, 0)
    assert sorted(id for batch in batched for id in batch) == sorted(str(n) for n in range(count))
    assert len(batched) == -(-count // 8)


def test_the_order_depends_on_seed_and_epoch_only() -> None:
    examples = made(100)
    assert ids_of(examples, 8, 1, 0) == ids_of(examples, 8, 1, 0)
    assert ids_of(examples, 8, 1, 0) != ids_of(examples, 8, 1, 1)
    assert ids_of(examples, 8, 1, 0) != ids_of(examples, 8, 2, 0)


def test_a_batch_holds_examples_of_like_length() -> None:
    width = sum(
        max(len(one.ids) for one in batch) * len(batch) for batch in batches(made(256), 8, seed=0, epoch=0)
    )
    assert width < 1.1 * sum(len(one.ids) for one in made(256))


def test_a_document_without_a_reference_is_no_empty_example() -> None:
    with pytest.raises(InputError, match="document b has no reference annotation"):
        encode([example("a", "x"), Example(Document("b", "y"))], RENDERER, 100)

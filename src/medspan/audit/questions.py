"""Which types a row asks for, where its prompt says so and rows ask for different ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from medspan.core import Example, InputError
from medspan.format.compact import CompactCodec


def asked_types(example: Example) -> str | None:
    """The types that the prompt of a `compact` row ends with; None of other rows, and of those with tasks."""
    document = example.document
    prompt = document.metadata.get("prompt")
    if document.task is not None or prompt is None or example.source.partition("-")[0] != CompactCodec.name:
        return None
    try:
        return "; ".join(CompactCodec().split_prompt(prompt)[1])
    except InputError:
        return None


def ask_differently(examples: Iterable[Example]) -> bool:
    """Whether some rows of one part ask for other types than others: then these are their tasks.

    Parts as wholes may differ without: a file asks for the types that it holds.
    """
    return len({asked_types(example) for example in examples}) > 1


def with_task(example: Example) -> Example:
    """The example with the types that it asks for as its task."""
    asked = asked_types(example)
    return example if asked is None else replace(example, document=replace(example.document, task=asked))

"""Small documents with planted answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from medspan.core import Annotation, Document, Example, Mention, Relation, UnalignedMention

TEXT = "Aspirin caused ulcers. Later aspirin caused ulcers and rash."


def mention(string: str, type: str = "Drug", *, text: str = TEXT, nth: int = 0, **more: Any) -> Mention:
    start = -1
    for _ in range(nth + 1):
        start = text.index(string, start + 1)
    return Mention.at(text, start, start + len(string), type, **more)


def annotation(
    *items: Mention | UnalignedMention,
    relations: Sequence[Relation] = (),
    scope: str = "mention",
    **more: Any,
) -> Annotation:
    return Annotation(
        tuple(item for item in items if isinstance(item, Mention)),
        tuple(item for item in items if isinstance(item, UnalignedMention)),
        tuple(relations),
        scope=scope,  # type: ignore[arg-type]
        **more,
    )


def example(
    reference: Annotation | None,
    predicted: Annotation | None,
    *,
    id: str = "d1",
    text: str = TEXT,
    **more: Any,
) -> Example:
    return Example(Document(id, text, task=more.pop("task", None)), reference, predicted, **more)


@dataclass(frozen=True)
class Make:
    """Makers of planted items over `text`."""

    text: str = TEXT
    mention: Callable[..., Mention] = mention
    annotation: Callable[..., Annotation] = annotation
    example: Callable[..., Example] = example


@pytest.fixture
def make() -> Make:
    return Make()

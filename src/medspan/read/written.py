"""The prompt and the target of a row as they stand in its file."""

from __future__ import annotations

from dataclasses import dataclass

from medspan.core import Document
from medspan.format.tasks import QUESTIONS, TasksCodec


@dataclass(frozen=True, slots=True)
class Written:
    """What a model would be shown and what it should answer, letter by letter."""

    prompt: str
    target: str


def written(document: Document) -> Written | None:
    """The prompt and target that a document was read from; None where its format has none.

    Readers of `tasks`, `sections` and `compact` (under whatever keys) keep them in the metadata.
    """
    known = document.metadata
    if "output" in known and "instruction" in known:
        return Written(f"{known['instruction']}\n\n{document.text}", known["output"])
    if "completion" not in known:
        return None
    if "prompt" in known:
        return Written(known["prompt"], known["completion"])
    if document.task in QUESTIONS:  # kept only where its wording is not the usual one
        return Written(TasksCodec().prompt(document), known["completion"])
    return None

"""The prompt and the target of a row as they stand in its file."""

from __future__ import annotations

from dataclasses import dataclass

from medspan.core import Example
from medspan.format.tasks import QUESTIONS, TasksCodec
from medspan.read.base import formats
from medspan.read.messages import LayoutFormat
from medspan.read.questions import CODECS


@dataclass(frozen=True, slots=True)
class Written:
    """What a model would be shown and what it should answer, letter by letter."""

    prompt: str
    target: str


def written(example: Example) -> Written | None:
    """The prompt and target that a document was read from; None where its format has none.

    Readers of `tasks`, `sections` and `compact` (under whatever keys) keep them in the metadata. A lead
    (an instruction, a system message) stands above the rest, divided by a blank line.
    """
    document, known = example.document, example.document.metadata
    if "output" in known and "instruction" in known:
        return Written(_asked(example, known["instruction"], known["output"]), known["output"])
    if "completion" not in known:
        return None
    if "prompt" in known:
        return Written(known["prompt"], known["completion"])
    if document.task in QUESTIONS:  # kept only where its wording is not the usual one
        return Written(TasksCodec().prompt(document), known["completion"])
    return None


def _asked(example: Example, instruction: str, output: str) -> str:
    """Instruction and text as the row words them, which may be with a heading for each and a last line."""
    question = (instruction, example.document.text)
    format_ = formats().get(example.source)
    if isinstance(format_, LayoutFormat) and format_.codec is CODECS["sections"]:
        parts = format_.parts(example.document, question, output)
        if parts is not None:
            return parts.body if parts.lead is None else f"{parts.lead}\n\n{parts.body}"
    return "\n\n".join(question)

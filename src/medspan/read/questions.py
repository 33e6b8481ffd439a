"""How the instruction formats' questions are worded in one or two pieces of text."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from medspan.core import InputError
from medspan.format import compact, sections, tasks
from medspan.read.base import Format
from medspan.read.compact import CompactFormat
from medspan.read.sections import SectionsFormat
from medspan.read.tasks import TasksFormat

Question = tuple[str, ...]
"""The values of a row's keys in the codec's own format, without the answer."""
Way = tuple[str | None, str]
"""The lead (a system message, an instruction) and the body of a wording; no lead where it has none."""


class QuestionCodec(ABC):
    """A codec's own format, and how its question is told from, and laid out in, a lead and a body."""

    format: ClassVar[Format]
    keys: ClassVar[tuple[str, ...]] = ("prompt",)
    answer_key: ClassVar[str] = "completion"

    @abstractmethod
    def question(self, lead: str | None, body: str) -> tuple[Question, bool]:
        """The question, and whether the lead is a part of it."""

    @abstractmethod
    def ways(self, question: Question) -> Iterator[Way]:
        """Wordings of a question, the usual one first; not every one of them is read as it again."""

    @abstractmethod
    def recognises(self, question: Question, answer: str) -> bool:
        """Whether the content is surely of this codec."""


class SectionsQuestion(QuestionCodec):
    """Instruction and input: as lead and body, in the codec's prompt, or divided by a blank line."""

    format = SectionsFormat()
    keys = ("instruction", "input")
    answer_key = "output"
    # A prompt that was cut off lacks the last line, and asks about the same text all the same.
    _PROMPT = re.compile(r"### Instruction:\n(.*?)\n\n### Input:\n(.*?)(?:\n\n### Output:\n?)?", re.DOTALL)
    _HEADING = re.compile(r"^### Entities:\s*$", re.MULTILINE)

    def question(self, lead: str | None, body: str) -> tuple[Question, bool]:
        known = self._PROMPT.fullmatch(body)
        if known:
            return (known.group(1), known.group(2)), False
        if body.startswith(f"{sections.INSTRUCTION}\n\n"):
            return (sections.INSTRUCTION, body[len(sections.INSTRUCTION) + 2 :]), False
        if lead is not None:
            return (lead, body), True
        head, gap, rest = body.partition("\n\n")
        return ((head, rest) if gap else ("", body)), False

    def ways(self, question: Question) -> Iterator[Way]:
        instruction, text = question
        yield instruction, text
        prompt = f"### Instruction:\n{instruction}\n\n### Input:\n{text}\n\n### Output:\n"
        yield None, prompt
        yield None, prompt.removesuffix("\n")
        yield None, f"{instruction}\n\n{text}"
        yield None, text
        # Rows in files name their way by its number: new ones come last.
        yield None, prompt.removesuffix("\n\n### Output:\n")

    def recognises(self, question: Question, answer: str) -> bool:
        others = (TasksQuestion(), CompactQuestion())
        asked = ((piece,) for piece in question)
        return bool(self._HEADING.search(answer)) and not any(
            other.recognises(piece, answer) for piece in asked for other in others
        )


class TasksQuestion(QuestionCodec):
    """One of three questions and the article: whole, or the question as lead and the article as body."""

    format = TasksFormat()

    def question(self, lead: str | None, body: str) -> tuple[Question, bool]:
        if lead is None or _task(body):
            return (body,), False
        task = _task(lead)
        if task is None:
            return (body,), False
        if not body:
            return (lead,), True
        cue = tasks.CUE.format(task=task)
        usual = lead == _asked(task) and not body.rstrip().endswith(cue.strip())
        return (f"{lead}\n\n{body}\n\n{cue}" if usual else f"{lead}\n\n{body}",), True

    def ways(self, question: Question) -> Iterator[Way]:
        (prompt,) = question
        yield None, prompt
        task = _task(prompt)
        if task is not None:
            yield _asked(task), tasks.TasksCodec().split_prompt(prompt)[1]
            yield _asked(task), prompt.removeprefix(_asked(task)).removeprefix("\n\n")
        yield prompt, ""

    def recognises(self, question: Question, answer: str) -> bool:
        return _task(question[0]) is not None


def _asked(task: str) -> str:
    return tasks.LEAD + tasks.QUESTIONS[task]


def _task(prompt: str) -> str | None:
    return next((task for task in tasks.QUESTIONS if prompt.startswith(_asked(task))), None)


class CompactQuestion(QuestionCodec):
    """A text and `Extract: TYPE; TYPE`: whole, or the types as lead and the text as body."""

    format = CompactFormat()
    _CUE = compact.CUE.strip("\n")

    def question(self, lead: str | None, body: str) -> tuple[Question, bool]:
        if lead is not None and body and lead.startswith(self._CUE):
            return (f"{body}\n\n{lead}" + ("" if lead.endswith("\n") else "\n"),), True
        if lead is not None and not body and compact.CUE in lead:
            return (lead,), True
        return (body,), False

    def ways(self, question: Question) -> Iterator[Way]:
        (prompt,) = question
        yield None, prompt
        text, cue, labels = prompt.rpartition(compact.CUE)
        if cue:
            yield self._CUE + labels.removesuffix("\n"), text
            yield self._CUE + labels, text
        yield prompt, ""

    def recognises(self, question: Question, answer: str) -> bool:
        try:
            _, labels = compact.CompactCodec().split_prompt(question[0])
        except InputError:
            return False
        # A user of any chat may write "Extract: ..."; only an answer line by line is of this codec.
        lines = [line.partition(":") for line in answer.splitlines() if line.strip()]
        return bool(lines) and all(colon and label.strip() in labels for label, colon, _ in lines)


CODECS: dict[str, QuestionCodec] = {
    "sections": SectionsQuestion(),
    "tasks": TasksQuestion(),
    "compact": CompactQuestion(),
}

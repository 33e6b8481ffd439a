"""The words of the instruction: asked otherwise than in training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from medspan.core import Document
from medspan.diagnose.asked import AS_STATED
from medspan.diagnose.base import Need, register
from medspan.diagnose.case import Case
from medspan.diagnose.conditions import Conditions, Reworded
from medspan.diagnose.explanation import AnswerProbe, Step, Variant
from medspan.diagnose.lab import Lab
from medspan.format import Codec


@register
class WordingSensitive(AnswerProbe):
    """Reads the stored answers after the prompts of every wording that files know, and of usual others."""

    name: ClassVar[str] = "wording-sensitive"
    hypothesis: ClassVar[str] = "the question was put in other words than in training"
    causes: ClassVar[tuple[str, ...]] = ("wording-sensitive",)
    needs: ClassVar[tuple[Need, ...]] = ("data", "model")
    cost: ClassVar[float] = 21.0

    def variants(self, case: Case, lab: Lab, current: Conditions) -> Sequence[Variant]:
        asking, found = lab.asking, []
        # How medspan asks stands in the card, whatever other files say of the training.
        asks = AS_STATED if AS_STATED in asking.codecs else next(iter(asking.codecs))
        for name, codec in asking.codecs.items():
            if codec is not current.codec:
                label = f"other words of the question ({name})"
                stated = asking.stated is not None and name == asks
                found.append(Variant("wording-sensitive", label, partial(_worded, codec), stated))
        if not case.lacks(("texts",)) and not isinstance(current.codec, Reworded):
            for name, change in REWORDINGS.items():
                label = f"other words of the question (such as: {name})"
                found.append(Variant("wording-sensitive", label, partial(_reworded, change), near=True))
        return found

    def remedy(self, lab: Lab, steps: Sequence[Step]) -> str:
        asking = lab.asking
        if (
            AS_STATED in asking.codecs
            and asking.wording != AS_STATED
            and any(s.variant.stated for s in steps)
        ):
            return (
                "the adapter's format.json words the question otherwise than the training did "
                f"({asking.wording}): put it back as it was, then answer again"
            )
        return super().remedy(lab, steps)


Change = Callable[[str, Document], str]

REWORDINGS: dict[str, Change] = {
    "an instruction before the text": lambda prompt, _: (
        f"Extract all entities and relations from the following text.\n\n{prompt}"
    ),
    "the question before the text": lambda prompt, document: (
        f"{_question(prompt, document)}\n\n{document.text}\n"
    ),
    "the question before the text, as a sentence": lambda prompt, document: (
        f"Find every {_asked(prompt, document)} in the following text.\n\n{document.text}\n"
    ),
    "the text, then the question": lambda prompt, document: (
        f"{document.text}\n\n{_question(prompt, document)}\n"
    ),
    "'Text:' before the text": lambda prompt, _: f"Text: {prompt}",
    "'Answer:' after the question": lambda prompt, _: f"{prompt.rstrip()}\nAnswer:\n",
    "no line break at the end": lambda prompt, _: prompt.rstrip(),
    "no last line": lambda prompt, _: prompt.rstrip().rpartition("\n")[0] + "\n",
    "another verb in the last line": lambda prompt, _: _last_line(prompt, "List the following"),
    "a polite request in the last line": lambda prompt, _: _last_line(prompt, "Please find all"),
}
"""Usual ways to word a question otherwise: which one it was is mostly written nowhere."""


def _question(prompt: str, document: Document) -> str:
    """What the prompt says besides the text."""
    return prompt.replace(document.text, "").strip()


def _asked(prompt: str, document: Document) -> str:
    """What the question asks for, with commas: what follows its colon, where it has one."""
    _, colon, rest = _question(prompt, document).partition(":")
    return (rest if colon else _question(prompt, document)).strip().replace("; ", ", ")


def _last_line(prompt: str, verb: str) -> str:
    """The prompt with another beginning of its last line, up to a colon where it has one."""
    before, _, last = prompt.rstrip().rpartition("\n")
    _, colon, rest = last.partition(":")
    return f"{before}\n{verb}:{rest if colon else ' ' + last}\n"


def _reworded(change: Change, conditions: Conditions) -> Conditions:
    return conditions.but(codec=Reworded(conditions.codec, change))


def _worded(codec: Codec, conditions: Conditions) -> Conditions:
    return conditions.but(codec=codec)

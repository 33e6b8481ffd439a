"""The words of the instruction: asked otherwise than in training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from medspan.diagnose.base import Need, register
from medspan.diagnose.case import Case
from medspan.diagnose.conditions import Conditions, Reworded
from medspan.diagnose.explanation import AnswerProbe, Variant
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
        for name, codec in asking.codecs.items():
            if codec is not current.codec:
                label = f"other words of the question ({name})"
                stated = asking.stated is not None and name == next(iter(asking.codecs))
                found.append(Variant("wording-sensitive", label, partial(_worded, codec), stated))
        if not case.lacks(("texts",)) and not isinstance(current.codec, Reworded):
            for name, change in REWORDINGS.items():
                label = f"other words of the question (such as: {name})"
                found.append(Variant("wording-sensitive", label, partial(_reworded, change), near=True))
        return found


REWORDINGS: dict[str, Callable[[str], str]] = {
    "an instruction before the text": lambda prompt: (
        f"Extract all entities and relations from the following text.\n\n{prompt}"
    ),
    "'Text:' before the text": lambda prompt: f"Text: {prompt}",
    "'Answer:' after the question": lambda prompt: f"{prompt.rstrip()}\nAnswer:\n",
    "no line break at the end": lambda prompt: prompt.rstrip(),
    "no last line": lambda prompt: prompt.rstrip().rpartition("\n")[0] + "\n",
    "another verb in the last line": lambda prompt: _last_line(prompt, "List the following"),
    "a polite request in the last line": lambda prompt: _last_line(prompt, "Please find all"),
}
"""Usual ways to word a question otherwise: which one it was is mostly written nowhere."""


def _last_line(prompt: str, verb: str) -> str:
    """The prompt with another beginning of its last line, up to a colon where it has one."""
    before, _, last = prompt.rstrip().rpartition("\n")
    _, colon, rest = last.partition(":")
    return f"{before}\n{verb}:{rest if colon else ' ' + last}\n"


def _reworded(change: Callable[[str], str], conditions: Conditions) -> Conditions:
    return conditions.but(codec=Reworded(conditions.codec, lambda prompt, _: change(prompt)))


def _worded(codec: Codec, conditions: Conditions) -> Conditions:
    return conditions.but(codec=codec)

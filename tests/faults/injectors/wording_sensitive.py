"""A script that words the question otherwise than the training did."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from medspan.core import Document

from ..decoding import Decoding
from ..injector import Injector, Stage, register


@register
class WordingSensitive(Injector):
    id = "wording-sensitive"
    stages = (Stage.EVALUATION,)
    doses: ClassVar = {
        "mild": "the same question in other words after the text",
        "strong": "an instruction before the text in place of the question after it",
    }

    def decoding(self, dose: str, how: Decoding) -> Decoding:
        return replace(how, prompt=_reworded if dose == "mild" else _instruction)


def _asked(prompt: str) -> list[str]:
    """The types that the question names."""
    return prompt.rstrip().rpartition(": ")[2].split("; ")


def _reworded(prompt: str, document: Document) -> str:
    return f"{document.text}\n\nList all of these: {', '.join(_asked(prompt))}.\n"


def _instruction(prompt: str, document: Document) -> str:
    asked = ", ".join(_asked(prompt))
    return f"You are a medical expert. Find every {asked} in the following note.\n\n{document.text}\n"

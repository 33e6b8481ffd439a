"""A script whose parser expects another form than the model writes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, ClassVar

from medspan.core import Annotation, Document, Mention

from ..decoding import Decoding, ReadAnswer
from ..injector import Injector, Stage, register


@register
class ParserMismatch(Injector):
    id = "parser-mismatch"
    stages = (Stage.EVALUATION,)
    doses: ClassVar = {
        "mild": "relations are looked for as `head -> tail`, and none is found; no error",
        "strong": "items are looked for as bullets, and none is found; no error",
    }
    hides = True

    def decoding(self, dose: str, how: Decoding) -> Decoding:
        return replace(how, read=_arrows if dose == "mild" else _bullets)


def _arrows(codec: Any) -> ReadAnswer:
    def read(document: Document, raw: str) -> Annotation:
        found = codec.parse(document, raw)
        return replace(found, relations=(), unparsed=())

    return read


def _bullets(codec: Any) -> ReadAnswer:
    def read(document: Document, raw: str) -> Annotation:
        items = [item for item in re.findall(r"(?m)^- (.+)$", raw) if item in document.text]
        mentions = [
            Mention.at(document.text, at, at + len(item), "Drug")
            for item in items
            for at in [document.text.index(item)]
        ]
        return Annotation(tuple(mentions), scope="string", made_by="own script")

    return read

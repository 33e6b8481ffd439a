"""Prompts and targets in tokens, and what of a target is beyond a limit."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from medspan.audit.data import Data, Row
from medspan.core import ConfigError, Document
from medspan.format import CODECS, Codec
from medspan.format.compact import CompactCodec
from medspan.format.tasks import QUESTIONS

CountTokens = Callable[[Sequence[str]], list[int]]

_ENDS = {"compact": re.compile(r"[;\n]")}
_END = re.compile(r"\n")


@dataclass(frozen=True, eq=False)
class Asked:
    """A row's prompt and target with their tokens; special tokens and a chat template come on top.

    `codec` reads the target. A row of a format without a prompt has those that `medspan train` would
    write in its usual format, `compact`; `codec` is None where that cannot hold the data's types, and the
    prompt then is the text alone.
    """

    row: Row
    prompt: str
    target: str
    codec: Codec | None
    prompt_tokens: int = 0
    target_tokens: int = 0

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.target_tokens

    def labels(self, target: str) -> int:
        """How many mentions and relations a target, or a piece of one, lists."""
        if self.codec is None or not target:
            return 0
        # In its own text every string is found at once: looking for the right place takes most of the time.
        document = Document(self.row.example.id, target, task=self.row.task)
        found = self.codec.parse(document, target)
        return len(found.mentions) + len(found.unaligned) + len(found.relations)

    def labels_beyond(self, limit: int, count_tokens: CountTokens) -> int:
        """How many of the labels do not stand complete within the first `limit` tokens."""
        room = limit - self.prompt_tokens
        if room >= self.target_tokens:
            return 0
        name = self.codec.name if self.codec is not None else ""
        ends = [match.end() for match in _ENDS.get(name, _END).finditer(self.target)]
        kept = bisect_right(ends, room, key=lambda end: count_tokens([self.target[:end]])[0])
        within = self.target[: ends[kept - 1]] if kept and room > 0 else ""
        return self.labels(self.target) - self.labels(within)


@lru_cache(maxsize=1)
def asked(data: Data) -> dict[str, list[Asked]] | None:
    """The prompts and targets of every split; None where nobody said how tokens are counted."""
    if data.count_tokens is None:
        return None
    usual = _usual_codec(data)
    found = {}
    for part in data.parts:
        held = [_asked(row, usual) for row in part.rows]
        prompts = data.count_tokens([one.prompt for one in held])
        targets = data.count_tokens([one.target for one in held])
        counted = zip(held, prompts, targets, strict=True)
        found[part.name] = [
            replace(one, prompt_tokens=prompt, target_tokens=target) for one, prompt, target in counted
        ]
    return found


def by_task(held: Iterable[Asked]) -> str:
    """How many of them each task has, in brackets with a blank before; empty where rows have no task."""
    counts: dict[str, int] = {}
    for one in held:
        if one.row.task is not None:
            counts[one.row.task] = counts.get(one.row.task, 0) + 1
    return f" ({', '.join(f'{task}: {count}' for task, count in sorted(counts.items()))})" if counts else ""


def _asked(row: Row, usual: Codec | None) -> Asked:
    written = row.written
    if written is not None:
        return Asked(row, written.prompt, written.target, _codec_of(row))
    if usual is None:
        return Asked(row, row.text, "", None)
    document = row.example.document
    return Asked(row, usual.prompt(document), "".join(usual.target(document, row.reference)), usual)


def _codec_of(row: Row) -> Codec:
    """The codec of a row that was read from an instruction format, in whatever layout."""
    name = row.example.source.partition("-")[0]
    if name not in CODECS:
        known = row.example.document.metadata
        name = "sections" if "output" in known else "tasks" if row.task in QUESTIONS else "compact"
    return CODECS[name]()


def _usual_codec(data: Data) -> Codec | None:
    try:
        return CompactCodec(data.schema)
    except ConfigError:
        return None

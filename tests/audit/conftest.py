"""Rows with planted faults."""

from __future__ import annotations

from collections.abc import Sequence

from medspan.audit import Data, all_checks
from medspan.core import Annotation, Document, Example, Finding, Mention, Relation

Named = tuple[str, str]
"""A string of the text and its type."""


def row(
    identity: str,
    text: str,
    *named: Named,
    relations: Sequence[tuple[str, str, str]] = (),
    group: str | None = None,
    task: str | None = None,
) -> Example:
    """A document with these strings, each at its first place; relations as (head, type, tail)."""
    mentions = {
        string: Mention.at(text, text.index(string), text.index(string) + len(string), type_)
        for string, type_ in named
    }
    joined = tuple(Relation(mentions[head], mentions[tail], type_) for head, type_, tail in relations)
    annotation = Annotation(tuple(mentions.values()), (), joined)
    return Example(Document(identity, text, group, task), annotation)


def found(check: str, data: Data) -> list[Finding]:
    """What one check finds."""
    return list(all_checks()[check].run(data))

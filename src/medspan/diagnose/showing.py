"""A text's answers as the stored ones were made, and as the model should be asked: side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from medspan.core import Concept, Document, Endpoint, Example, Mention, UnalignedMention
from medspan.extract import DecodingOptions

if TYPE_CHECKING:
    from medspan.diagnose.conditions import Conditions
    from medspan.diagnose.lab import Lab


def shown_texts(lab: Lab, texts: Sequence[str]) -> list[dict[str, Any]]:
    """For each text (and each task that the model was trained on) its answers under both conditions.

    Each: text, task, conditions in words, answer, mentions (type, text), relations (head, type, tail), and
    `ungrounded`, the strings that are not in the text. Empty without a model that generates.
    """
    if lab.problem is not None or lab.case.tags:
        return []
    # Nothing known of decoding faults here would stop an answer that runs on.
    limit = lab.mended.options.max_new_tokens
    as_made = lab.explanation.conditions.decoding(max_new_tokens=limit)
    ways = [("as training asked, greedily", lab.mended)]
    if as_made != lab.mended or lab.explanation.temperature is not None:
        ways.insert(0, ("as the stored answers were made", as_made))
    told = sorted({one.task for one in lab.case.reference if one.task is not None})
    tasks: list[str | None] = [*told] or [None]
    return [
        _answer(lab, text, task, name, conditions)
        for text in texts
        for task in tasks
        for name, conditions in ways
    ]


def _answer(lab: Lab, text: str, task: str | None, name: str, conditions: Conditions) -> dict[str, Any]:
    (found,) = lab.answers(conditions, [Example(Document("text", text, task=task))])
    assert found.predicted is not None
    listed: tuple[Mention | UnalignedMention, ...] = (
        *found.predicted.mentions,
        *found.predicted.unaligned,
    )
    ends: list[Endpoint] = [end for one in found.predicted.relations for end in (one.head, one.tail)]
    named = [item.text for item in (*listed, *ends) if not isinstance(item, Concept)]
    return {
        "text": text,
        "task": task,
        "conditions": f"{name} ({_words(conditions.options)})",
        "answer": found.raw,
        "mentions": [{"type": one.type, "text": one.text} for one in listed],
        "relations": [
            {"head": _name(one.head), "type": one.type, "tail": _name(one.tail)}
            for one in found.predicted.relations
        ],
        "ungrounded": sorted({string for string in named if string.lower() not in text.lower()}),
    }


def _name(end: Any) -> str:
    return end.id if isinstance(end, Concept) else str(end.text)


def _words(options: DecodingOptions) -> str:
    """The decoding options that are not at their defaults."""
    plain = DecodingOptions().to_json()
    left_out = ("grammar", "max_new_tokens", "batch_size", "seed")
    changed = {
        name: value
        for name, value in options.to_json().items()
        if name not in left_out and value != plain[name]
    }
    return ", ".join(f"{name}={value}" for name, value in changed.items()) or "greedy"

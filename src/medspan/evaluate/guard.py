"""Refuse to score what would give a number that says nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence

from medspan.core import Annotation, Document, Example, InputError, Schema
from medspan.format.reading import best_reading, holds_items, holds_relations

_LIST_MARKER = re.compile(r"^\s*(?:[-*\u2022]\s|\d+[.)]\s)", re.MULTILINE)
_RELATION_MARKER = re.compile(r"\S\s*\|\s*\S|-\[[^\]]*\]-|-+>|\u2192|\binfluences?\b", re.IGNORECASE)

UNREAD = 0.5
"""Share of the documents with reference relations whose output holds text that was not understood, from
which on a prediction without a single relation is taken for another format."""
LOOK_ALIKE = 0.1
"""The same for text that looks like relations. Below it a line is a slip of the model."""


def check_usable(examples: Sequence[Example], *, allow_empty: bool) -> None:
    """Raise InputError where the set cannot be scored; `allow_empty` lets empty predictions pass.

    Zero against zero is no score: a reference or a prediction that holds nothing at all is nearly
    always a format that was read by another format's parser.
    """
    if not examples:
        raise InputError("there are no documents to score", remedy="check the files and the split's name")
    for side in ("reference", "predicted"):
        _check_present(examples, side)
    _check_reference(examples, "")
    parts: dict[str, list[Example]] = {}
    for example in examples:
        if example.task is not None:
            parts.setdefault(example.task, []).append(example)
    parts = dict(sorted(parts.items()))
    for task, part in parts.items():
        # A task may rightly be empty; one whose targets were not understood is not.
        if any(one.reference is not None and one.reference.unparsed for one in part):
            _check_reference(part, f" of task {task!r}")
    if allow_empty:
        return
    _check_items(examples, "")
    _check_relations(examples, "")
    for task, part in parts.items():
        # Likewise: a model may find nothing of one kind, but text that nobody understood is no such answer.
        if _is_unread(part) and any(one.reference is not None and holds_items(one.reference) for one in part):
            _check_items(part, f" of task {task!r}")
        _check_relations(part, f" of task {task!r}")


def _check_present(examples: Sequence[Example], side: str) -> None:
    lacking = [example for example in examples if getattr(example, side) is None]
    if not lacking:
        return
    raise InputError(
        f"{len(lacking)} of {len(examples)} documents have no {side} annotation ({_names(lacking)})",
        cause=(
            "extraction has not been run on them"
            if side == "predicted"
            else "the file holds texts without answers"
        ),
        remedy=(
            "run medspan extract first, or give a --predicted file"
            if side == "predicted"
            else "give the annotated file with --reference"
        ),
        place=lacking[0].place,
    )


def _check_reference(examples: Sequence[Example], where: str) -> None:
    references = [example.reference for example in examples if example.reference is not None]
    empty = not any(holds_items(annotation) for annotation in references)
    relations = any(annotation.relations for annotation in references)
    pieces = [piece for annotation in references for piece in annotation.unparsed if piece.strip()]
    if empty:
        if any(_LIST_MARKER.search(piece) for piece in pieces):
            seen = "list items stand in the targets, but none was understood"
        elif pieces:
            seen = "the targets hold text, but none of it was understood"
        else:
            seen = "the file is read as a format that is not its own, or it holds no annotation"
        cause, remedy = _other_format([(one.document, _unread(one.reference)) for one in examples], Schema())
        raise InputError(
            f"the reference{where} has neither entities nor relations in {len(references)} documents"
            + _quoted(pieces),
            cause=f"parser-mismatch: {cause or seen}",
            remedy=remedy or "name the format of the file with --format",
        )
    like_relations = [piece for piece in pieces if _RELATION_MARKER.search(piece)]
    if not relations and like_relations:
        raise InputError(
            f"the reference{where} has no relation in {len(references)} documents, while its targets hold "
            f"what look like relations{_quoted(like_relations)}",
            cause="parser-mismatch: the targets write relations in another form than the format reads",
            remedy="name the format of the file with --format",
        )


def _check_items(examples: Sequence[Example], where: str) -> None:
    predictions = [example.predicted for example in examples if example.predicted is not None]
    if any(map(holds_items, predictions)):
        return
    answers = [(one.document, one.raw or _unread(one.predicted)) for one in examples]
    spoken = [text for _, text in answers if text.strip()]
    if not spoken:
        raise InputError(
            f"nothing was predicted: all {len(examples)} predictions{where} are empty",
            cause="extraction stopped before its first token, or the wrong file was given as predictions",
            remedy="look at the predictions file; to score empty predictions all the same, use --allow-empty",
        )
    unread = [piece for one in predictions for piece in one.unparsed if piece.strip()]
    cause, remedy = _other_format(answers, _schema(examples))
    raise InputError(
        f"the predictions{where} have neither entities nor relations, although the model wrote an answer for "
        f"{len(spoken)} of {len(examples)} documents{_quoted(unread or spoken)}",
        cause="parser-mismatch: "
        + (cause or "the output is in another format, or in other words, than the one it was read with"),
        remedy=(remedy or "name the format of the output with --format")
        + ", or, where the model really finds nothing, go on with --allow-empty",
    )


def _check_relations(examples: Sequence[Example], where: str) -> None:
    """Not one relation was predicted, while unread text stands where relations are expected."""
    if any(one.predicted is not None and holds_relations(one.predicted) for one in examples):
        return
    wanted = [one for one in examples if one.reference is not None and holds_relations(one.reference)]
    unread = [text for one in wanted if (text := _unread(one.predicted)).strip()]
    alike = [text for text in unread if _RELATION_MARKER.search(text)]
    if not wanted or (len(unread) < UNREAD * len(wanted) and len(alike) < LOOK_ALIKE * len(wanted)):
        return
    seen = "what look like relations that were" if alike else "text that was"
    pieces = [line for text in alike or unread for line in text.splitlines() if line.strip()]
    marked = [line for line in pieces if _RELATION_MARKER.search(line)]
    answers = [(one.document, one.raw or _unread(one.predicted)) for one in wanted]
    cause, remedy = _other_format(answers, _schema(examples), relations=True)
    raise InputError(
        f"the predictions{where} have no relation in {len(examples)} documents, while the output holds "
        f"{seen} not understood, in {len(alike or unread)} of the {len(wanted)} documents whose reference "
        f"has relations{_quoted(marked or pieces)}",
        cause="parser-mismatch: "
        + (cause or "the output writes relations in another form than the format reads"),
        remedy=(remedy or "name the format of the output with --format")
        + ", or, to count them as missed, go on with --allow-empty",
    )


def _is_unread(part: Sequence[Example]) -> bool:
    """Whether at least half of the answers hold text that was not understood, or blank items only.

    Answers that are blank themselves do not count.
    """
    unread = [_unread(one.predicted).strip() != "" or _is_blank(one.predicted) for one in part]
    spoken = [bool((one.raw or "").strip()) or here for one, here in zip(part, unread, strict=True)]
    return any(unread) and 2 * sum(unread) >= sum(spoken)


def _is_blank(annotation: Annotation | None) -> bool:
    return (
        annotation is not None
        and bool(annotation.unaligned or annotation.relations)
        and not holds_items(annotation)
    )


def _unread(annotation: Annotation | None) -> str:
    return "\n".join(annotation.unparsed) if annotation is not None else ""


def _schema(examples: Sequence[Example]) -> Schema:
    return Schema.infer((one.task, one.reference) for one in examples if one.reference is not None)


def _other_format(
    answers: Sequence[tuple[Document, str]], schema: Schema, *, relations: bool = False
) -> tuple[str, str] | tuple[None, None]:
    """Cause and remedy where an instruction format reads the texts, and in them what is missing.

    With `relations` these are missing, else items of any kind: a format that reads none, such as the one
    that the texts were read with, is of no help.
    """
    best = best_reading(answers, schema)
    if best is None or not (best.relations if relations else best.items):
        return None, None
    told = f"the text is in the format `{best.format}` ({best.whole:.0%} of it is read whole as that)"
    return told, f"read it with --format {best.format}"


def _quoted(pieces: Sequence[str]) -> str:
    if not pieces:
        return ""
    first = " ".join(pieces[0].split())
    return f" (for example {first[:80] + '...' if len(first) > 80 else first!r})"


def _names(examples: Sequence[Example], limit: int = 3) -> str:
    names = ", ".join(example.id for example in examples[:limit])
    return names + (", ..." if len(examples) > limit else "")

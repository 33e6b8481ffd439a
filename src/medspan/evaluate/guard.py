"""Refuse to score what would give a number that says nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence

from medspan.core import Annotation, Document, Example, InputError, Schema
from medspan.format.reading import best_reading

_LIST_MARKER = re.compile(r"^\s*(?:[-*\u2022]\s|\d+[.)]\s)", re.MULTILINE)
_RELATION_MARKER = re.compile(r"\S\s*\|\s*\S|-\[[^\]]*\]-|\binfluences?\b", re.IGNORECASE)


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
    for task in sorted({example.task for example in examples if example.task is not None}):
        part = [one for one in examples if one.task == task]
        # A task may rightly be empty; one whose targets were not understood is not.
        if any(one.reference is not None and one.reference.unparsed for one in part):
            _check_reference(part, f" of task {task!r}")
    if not allow_empty:
        _check_predicted(examples)


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
    empty = not any(_holds_items(annotation) for annotation in references)
    relations = any(annotation.relations for annotation in references)
    pieces = [piece for annotation in references for piece in annotation.unparsed if piece.strip()]
    if empty:
        if any(_LIST_MARKER.search(piece) for piece in pieces):
            seen = "list items stand in the targets, but none was understood"
        elif pieces:
            seen = "the targets hold text, but none of it was understood"
        else:
            seen = "the file is read as a format that is not its own, or it holds no annotation"
        cause, remedy = _other_format([(one.document, _unread(one.reference)) for one in examples])
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


def _check_predicted(examples: Sequence[Example]) -> None:
    predictions = [example.predicted for example in examples if example.predicted is not None]
    answers = [(one.document, one.raw or _unread(one.predicted)) for one in examples]
    unread = [piece for one in predictions for piece in one.unparsed if piece.strip()]
    spoken = [text for _, text in answers if text.strip()]
    if not any(_holds_items(annotation) for annotation in predictions):
        if not spoken:
            raise InputError(
                f"nothing was predicted: all {len(examples)} predictions are empty",
                cause="extraction stopped before its first token, or the wrong file was given as predictions",
                remedy="look at the predictions file; to score empty predictions all the same, use "
                "--allow-empty",
            )
        cause, remedy = _other_format(answers)
        raise InputError(
            f"the predictions have neither entities nor relations, although the model wrote an answer for "
            f"{len(spoken)} of {len(examples)} documents{_quoted(unread or spoken)}",
            cause="parser-mismatch: "
            + (cause or "the output is in another format than the one it was read with"),
            remedy=(remedy or "name the format of the output with --format")
            + ", or, where the model really finds nothing, go on with --allow-empty",
        )
    like_relations = [piece for piece in unread if _RELATION_MARKER.search(piece)]
    wanted = any(one.reference is not None and one.reference.relations for one in examples)
    if wanted and like_relations and not any(annotation.relations for annotation in predictions):
        cause, remedy = _other_format(answers)
        raise InputError(
            f"the predictions have no relation in {len(examples)} documents, while the output holds what "
            f"look like relations that were not understood{_quoted(like_relations)}",
            cause="parser-mismatch: "
            + (cause or "the output writes relations in another form than the format reads"),
            remedy=(remedy or "name the format of the output with --format")
            + ", or, to count them as missed, go on with --allow-empty",
        )


def _unread(annotation: Annotation | None) -> str:
    return "\n".join(annotation.unparsed) if annotation is not None else ""


def _other_format(answers: Sequence[tuple[Document, str]]) -> tuple[str, str] | tuple[None, None]:
    """Cause and remedy where an instruction format reads the texts."""
    best = best_reading(answers, Schema())
    if best is None:
        return None, None
    told = f"the text is in the format `{best.format}` ({best.whole:.0%} of it is read whole as that)"
    return told, f"read it with --format {best.format}"


def _holds_items(annotation: Annotation) -> bool:
    return bool(annotation.mentions or annotation.unaligned or annotation.relations)


def _quoted(pieces: Sequence[str]) -> str:
    if not pieces:
        return ""
    first = " ".join(pieces[0].split())
    return f" (for example {first[:80] + '...' if len(first) > 80 else first!r})"


def _names(examples: Sequence[Example], limit: int = 3) -> str:
    names = ", ".join(example.id for example in examples[:limit])
    return names + (", ..." if len(examples) > limit else "")

"""Pair a corpus of references with a corpus of predictions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

from medspan.core import Example, InputError

Key = Callable[[Example], Hashable]


def compare_sets(reference: Sequence[Example], predicted: Sequence[Example]) -> list[Example]:
    """The examples of `reference`, in their order, each with the prediction for the same document.

    Documents are paired by id; where ids differ or repeat, by task and text. A predicted example's
    `predicted` annotation is taken, or its `reference` where it was read from a file that has one
    annotation only. Raises InputError naming the documents that only one side holds, and where
    paired texts differ.
    """
    lacking = [example for example in reference if example.reference is None]
    if lacking:
        raise InputError(
            f"{len(lacking)} reference documents have no annotation, the first is {lacking[0].id!r}",
            cause="the file of predictions or a file of plain texts was given as the reference",
            remedy="give the annotated file with --reference",
            place=lacking[0].place,
        )
    keys: tuple[Key, ...] = (_whole, _id, _question)
    for key in keys:
        theirs = Counter(key(example) for example in predicted)
        ours = Counter(key(example) for example in reference)
        # An id that repeats does not say which of its documents is meant.
        if ours == theirs and (key is not _id or max(ours.values(), default=1) == 1):
            return _pair(reference, predicted, key)
    raise _difference(reference, predicted)


def _whole(example: Example) -> Hashable:
    return example.id, example.task, example.document.text


def _id(example: Example) -> Hashable:
    return example.id


def _question(example: Example) -> Hashable:
    return example.task, example.document.text


def _pair(reference: Sequence[Example], predicted: Sequence[Example], key: Key) -> list[Example]:
    waiting: dict[Hashable, list[Example]] = {}
    for example in reversed(predicted):
        waiting.setdefault(key(example), []).append(example)
    return [_join(example, waiting[key(example)].pop()) for example in reference]


def _join(reference: Example, predicted: Example) -> Example:
    annotation = predicted.predicted or predicted.reference
    if annotation is None:
        raise InputError(
            f"document {predicted.id!r} of the predictions has no annotation",
            cause="a file of plain texts was given as predictions",
            remedy="run medspan extract on it first",
            place=predicted.place,
        )
    if reference.document.text != predicted.document.text:
        raise InputError(
            f"document {reference.id!r} has another text in the predictions than in the reference",
            cause="the predictions were made on another version of the data, or one file lost its titles",
            remedy="extract again from the reference file itself",
            place=predicted.place,
        )
    return replace(reference, predicted=annotation, raw=predicted.raw, truncated=predicted.truncated)


def _difference(reference: Sequence[Example], predicted: Sequence[Example]) -> InputError:
    by_id = not {example.id for example in reference}.isdisjoint(example.id for example in predicted)
    key = _id if by_id else _question
    without = left_over(reference, predicted, key)
    unknown = left_over(predicted, reference, key)
    parts = [
        f"{len(names)} of {of} documents of the {side} are missing from the {other} ({some_of(names)})"
        for names, of, side, other in (
            (without, len(reference), "reference", "predictions"),
            (unknown, len(predicted), "predictions", "reference"),
        )
        if names
    ]
    # Equal sets of keys still fail where ids repeat and the texts under them differ.
    return InputError(
        "; ".join(parts) or "ids repeat, and the texts under them differ between reference and predictions",
        cause="the two files hold different splits, or extraction stopped early",
        remedy="extract from the reference file itself, or cut both files to the same documents",
    )


def left_over(examples: Sequence[Example], others: Sequence[Example], key: Key) -> list[str]:
    """The ids of the examples that have no partner of the same key among the others, repeats counted."""
    theirs = Counter(key(example) for example in others)
    names = []
    for example in examples:
        if theirs[key(example)]:
            theirs[key(example)] -= 1
        else:
            names.append(example.id)
    return names


def some_of(names: Sequence[str], limit: int = 5) -> str:
    """The first names of a list, for a message."""
    return ", ".join(names[:limit]) + (", ..." if len(names) > limit else "")

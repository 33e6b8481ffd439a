"""Where two boundaries of a mention differ, and whether references agree about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from statistics import fmean, variance
from typing import Literal

from medspan.core import Example, Mention
from medspan.evaluate.match import listed
from medspan.text import fold, is_word_aligned, occurrences

Side = Literal["left-more", "left-less", "right-more", "right-less", "across"]
WHERE: Mapping[Side, str] = {
    "left-more": "more at the left",
    "left-less": "less at the left",
    "right-more": "more at the right",
    "right-less": "less at the right",
    "across": "another part of it",
}
SHORTER = 0.1
"""Share of the places of scored strings in training texts at which training labels only a part of the string:
at most 0.017 in ADE, BC5CDR and synthetic notes as they are."""
WORDS, SURE = 0.15, 4.0
"""Words by which the mean lengths of a type's strings differ, and in how many standard errors: at most 0.2
and 2.3 among the types of 15 data sets as they are."""
ENOUGH = 10
"""Documents or places below which nothing is said of their share."""
TEXTS = 1500
"""Training texts that are searched at most."""


def side_of(reference: str, predicted: str) -> list[tuple[Side, str]]:
    """At which sides the prediction has more or less than the reference, and which words."""
    one, other = fold(reference), fold(predicted)
    longer, shorter = (other, one) if len(other) > len(one) else (one, other)
    at = longer.find(shorter)
    if at < 0 or one == other:
        return [("across", "")]
    left, right = longer[:at].strip(), longer[at + len(shorter) :].strip()
    found: list[tuple[Side, str]] = []
    if left:
        found.append(("left-more" if longer is other else "left-less", left))
    if right:
        found.append(("right-more" if longer is other else "right-less", right))
    return found


def disagreement(train: Sequence[Example], scored: Sequence[Example]) -> tuple[str, ...]:
    """How the references of two parts disagree about boundaries, a line for each way; empty if they agree.

    That training labels more than a scored string says nothing: `toxicity` stands within `renal toxicity`.
    Labelling less at a place where the whole string stands, and strings of another length, do.
    """
    return (*_cut_short(train, scored), *_of_other_length(train, scored))


def cut_short(train: Sequence[Example], scored: Sequence[Example]) -> list[tuple[str, str | None]]:
    """For each place of a scored string in a training text that training labels: the string, and what
    training labels instead where that is only a part of it."""
    wanted = sorted(
        {
            (one.task or "", item.type, fold(item.text))
            for one in scored
            if one.reference is not None
            for item in listed(one.reference)
            if len(item.text.split()) > 1
        }
    )
    found: list[tuple[str, str | None]] = []
    for one in train[:TEXTS]:
        if one.reference is None:
            continue
        lower = one.document.text.lower()
        for task, type, string in wanted:
            if task == (one.task or "") and string in lower:
                found += _labelled(one, lower, type, string)
    return found


def _labelled(one: Example, lower: str, type: str, string: str) -> Iterator[tuple[str, str | None]]:
    assert one.reference is not None
    for start, end in occurrences(lower, string):
        if not is_word_aligned(lower, start, end):
            continue
        own = [
            item for item in one.reference.mentions
            if item.type == type and item.start < end and start < item.end
        ]  # fmt: skip
        if any(item.start <= start and end <= item.end for item in own):
            yield string, None
        elif own and all(_within(item, start, end) for item in own):
            yield string, fold(own[0].text)


def _within(item: Mention, start: int, end: int) -> bool:
    return start <= item.start and item.end <= end


def _cut_short(train: Sequence[Example], scored: Sequence[Example]) -> Iterator[str]:
    places = cut_short(train, scored)
    cut = [(string, part) for string, part in places if part is not None]
    if len(places) >= ENOUGH and len(cut) >= SHORTER * len(places):
        string, part = cut[0]
        yield (
            f"at {len(cut)} of {len(places)} places where a scored string stands in a training text, "
            f"training labels only a part of it ({part!r} of {string!r}): the references disagree about "
            "boundaries, which is the likely origin"
        )


def lengths(examples: Sequence[Example]) -> dict[str, list[float]]:
    """By type: for each document that lists any of it, the mean number of words of its strings."""
    found: dict[str, list[float]] = {}
    for one in examples:
        strings: dict[str, set[str]] = {}
        for item in listed(one.reference) if one.reference is not None else ():
            strings.setdefault(item.type, set()).add(fold(item.text))
        for type, texts in strings.items():
            found.setdefault(type, []).append(fmean(len(text.split()) for text in sorted(texts)))
    return found


def _of_other_length(train: Sequence[Example], scored: Sequence[Example]) -> Iterator[str]:
    known = lengths(train)
    for type, words in sorted(lengths(scored).items()):
        others = known.get(type, [])
        if min(len(words), len(others)) < ENOUGH:
            continue
        here, there = fmean(words), fmean(others)
        # Welch's standard error; a little variance more keeps strings of equal length from being sure.
        error = sqrt((variance(words) + 0.1) / len(words) + (variance(others) + 0.1) / len(others))
        if abs(here - there) >= WORDS and abs(here - there) >= SURE * error:
            yield (
                f"strings of {type} have {there:.2f} words in training and {here:.2f} in the scored part "
                f"(means of {len(others)} and {len(words)} documents): the references disagree about "
                "boundaries, which is the likely origin"
            )

"""Whether references agree about the types of strings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from medspan.core import Example
from medspan.evaluate.match import listed
from medspan.text import fold

DISAGREE = 0.05
"""Share of the mentions from which on references disagree: at most 0.001 within the training part of ADE,
BC5CDR and synthetic notes as they are, and 0.007 between training and scored parts."""
ENOUGH = 10
"""Mentions below which their share says nothing."""
PLACES = 3
"""How many strings are named."""

Labels = Mapping[tuple[str | None, str], Counter[str]]


def disagreement(train: Sequence[Example], scored: Sequence[Example]) -> tuple[str, ...]:
    """Where the references disagree about types, a line for each way; empty where they hardly do."""
    labels = _labels(train)
    found = []
    minor = {key: sum(types.values()) - max(types.values()) for key, types in labels.items()}
    of = sum(sum(types.values()) for types in labels.values())
    if of and sum(minor.values()) >= DISAGREE * of:
        found.append(
            f"{sum(minor.values())} of {of} training mentions have a string that training mostly labels "
            f"otherwise ({_named(labels, minor)}): the references hold the confusion, its likely origin"
        )
    told, wrong, cases = 0, 0.0, Counter[tuple[str | None, str]]()
    for key, types in _labels(scored).items():
        known = labels.get(key)
        if known is not None:
            told += sum(types.values())
            unlike = sum(count * (1 - known[type] / sum(known.values())) for type, count in types.items())
            wrong += unlike
            cases[key] += round(unlike)
    if told >= ENOUGH and wrong >= DISAGREE * told:
        found.append(
            f"{wrong:.0f} of {told} scored mentions whose string stands in training have another type there "
            f"({_named(labels, cases)}): training and scored references disagree, which is the likely origin"
        )
    return tuple(found)


def typed_otherwise(
    train: Sequence[Example], scored: Sequence[Example], task: str | None, type_: str
) -> tuple[int, float, Counter[str]]:
    """Scored mentions of a type whose string stands in training, and how many have another type there.

    The latter is a sum of shares: a string that training has twice so and once otherwise counts a third.
    Last the other types, by their mentions in training.
    """
    labels, told, unlike, others = _labels(train), 0, 0.0, Counter[str]()
    for key, types in _labels(scored).items():
        known = labels.get(key)
        if known is not None and key[0] == task and types[type_]:
            told += types[type_]
            unlike += types[type_] * (1 - known[type_] / sum(known.values()))
            others += Counter({other: count for other, count in known.items() if other != type_})
    return told, unlike, others


def _labels(examples: Sequence[Example]) -> dict[tuple[str | None, str], Counter[str]]:
    """How often each string of a task is listed under each type."""
    found: dict[tuple[str | None, str], Counter[str]] = {}
    for one in examples:
        for item in listed(one.reference) if one.reference is not None else ():
            found.setdefault((one.task, fold(item.text)), Counter())[item.type] += 1
    return found


def _named(labels: Labels, counts: Mapping[tuple[str | None, str], int]) -> str:
    first = sorted((key for key in counts if counts[key]), key=lambda key: (-counts[key], str(key)))[:PLACES]
    return ", ".join(
        f"{key[1]!r}: " + " and ".join(f"{type} {count}" for type, count in labels[key].most_common(3))
        for key in first
    )

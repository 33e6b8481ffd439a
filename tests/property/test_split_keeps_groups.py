from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.core import Document, Example, InputError
from medspan.split import assign, folds, match
from medspan.split.groups import Links
from medspan.text import fold
from medspan.text.similarity import jaccard, shingles

TEXTS = st.lists(st.sampled_from(["ache", "Bile", "cyst", "drug"]), min_size=5, max_size=9).map(" ".join)
ROWS = st.lists(
    st.tuples(TEXTS, st.sampled_from([None, None, "1", "2", "3"]), st.sampled_from([None, "t", "u"])),
    min_size=3,
    max_size=24,
)
PARTED = st.lists(
    st.tuples(TEXTS, st.sampled_from([None, None, "1", "2", "3"]), st.sampled_from(["train", "test", None])),
    min_size=3,
    max_size=24,
)
SHARES = {"train": 0.6, "test": 0.4}


def rows_of(rows: list[tuple[str, str | None, str | None]]) -> list[Example]:
    return [
        Example(Document(f"r{at}", text, group=group, task=task))
        for at, (text, group, task) in enumerate(rows)
    ]


def leaks(one: Example, other: Example) -> bool:
    """The definition, pair by pair."""
    mine, theirs = one.document, other.document
    return (
        fold(mine.text) == fold(theirs.text)
        or (mine.group is not None and mine.group == theirs.group)
        or jaccard(shingles(mine.text), shingles(theirs.text)) >= 0.8
    )


def assert_no_leak(parts: Mapping[str, Sequence[Example]], but: set[tuple[str, str]] = frozenset()) -> None:  # type: ignore[assignment]
    """No row of train has one of test that it belongs with, pairs of ids in `but` aside."""
    for one in parts["train"]:
        for other in parts["test"]:
            assert (one.id, other.id) in but or not leaks(one, other)


@given(ROWS, st.integers(0, 3), st.randoms(use_true_random=False))
def test_nothing_that_leaks_is_separated_and_order_does_not_matter(rows, seed, rng) -> None:  # type: ignore[no-untyped-def]
    examples = rows_of(rows)
    if len(Links(examples).groups(range(len(examples)))[0]) == 1:
        with pytest.raises(InputError, match="form 1 inseparable groups"):
            assign(examples, shares=SHARES, seed=seed)
        return
    result = assign(examples, shares=SHARES, seed=seed)
    assert all(result.parts[part] for part in SHARES)
    assert sorted(e.id for its in result.parts.values() for e in its) == sorted(e.id for e in examples)
    parts_of: defaultdict[str, set[str]] = defaultdict(set)
    for part, its in result.parts.items():
        for example in its:
            parts_of["text " + fold(example.document.text)].add(part)
            if example.document.group is not None:
                parts_of["group " + example.document.group].add(part)
    assert all(len(parts) == 1 for parts in parts_of.values())
    assert_no_leak(result.parts)
    assert (result.left_out, result.report.leaks) == ((), ())
    shuffled = list(examples)
    rng.shuffle(shuffled)
    assert assign(shuffled, shares=SHARES, seed=seed) == result


@given(PARTED, st.booleans(), st.randoms(use_true_random=False))
def test_held_rows_stay_nothing_new_leaks_and_every_row_is_accounted_for(rows, closed, rng) -> None:  # type: ignore[no-untyped-def]
    held: dict[str, list[Example]] = {"train": [], "test": []}
    loose: list[Example] = []
    for example, (_, _, part) in zip(rows_of(rows), rows, strict=True):
        row = replace(example, document=replace(example.document, task=None))
        (held[part] if part else loose).append(row)
    if closed:
        loose += held.pop("train")
        if not loose:
            return
    shares = {"train": 1.0} if closed else SHARES
    try:
        result = assign(loose, shares=shares, held=held)
    except InputError as error:
        # Every row that could fill the part belongs with rows of the other one.
        assert "inseparable groups" in str(error)  # noqa: PT017
        return
    known = {row.id: part for part, its in held.items() for row in its}
    for part, its in held.items():
        assert [row.id for row in result.parts[part][: len(its)]] == [row.id for row in its]
    if closed:
        assert len(result.parts["test"]) == len(held["test"])
    ids = [row.id for its in result.parts.values() for row in its]
    out = [one.example.id for one in result.left_out]
    assert sorted(ids + out) == sorted(f"r{at}" for at in range(len(rows)))
    assert known.keys().isdisjoint(out)
    assert_no_leak(result.parts, {(one, other) for one in known for other in known})
    rng.shuffle(loose)
    again = assign(loose, shares=shares, held=held)
    assert again.parts == result.parts
    assert {one.example.id for one in again.left_out} == set(out)


@given(ROWS, st.data())
def test_an_extended_split_keeps_every_old_row_in_its_part(rows, data) -> None:  # type: ignore[no-untyped-def]
    examples = rows_of(rows)
    try:
        before = assign(data.draw(st.lists(st.sampled_from(examples), unique_by=id)), shares=SHARES)
    except InputError:
        return
    extension = match(before.parts, examples)
    after = assign(extension.new, shares=SHARES, held=extension.held)
    for part, its in before.parts.items():
        old = [(row.document.text, row.task) for row in its]
        assert [(row.document.text, row.task) for row in after.parts[part][: len(old)]] == old
    assert_no_leak(after.parts)
    count = sum(map(len, after.parts.values())) + len(after.left_out)
    assert count == len(examples)
    assert set(extension.changed.values()) | set(extension.only_old.values()) == {0}


@given(ROWS, st.integers(2, 4), st.booleans(), st.randoms(use_true_random=False))
def test_every_row_is_tested_on_once_and_never_trained_on_there(rows, count, validated, rng) -> None:  # type: ignore[no-untyped-def]
    examples = rows_of(rows)
    rest = {"train": 0.7, "validation": 0.3} if validated else {"train": 1.0}
    groups = len(Links(examples).groups(range(len(examples)))[0])
    try:
        result = folds(examples, count, rest=rest)
    except InputError:
        # Of two folds, one may be a single group, which cannot be cut for the other.
        assert groups < count or (validated and count == 2)
        return
    ids = sorted(row.id for row in examples)
    assert sorted(row.id for fold_ in result.parts.values() for row in fold_["test"]) == ids
    for parts in result.parts.values():
        assert sorted(row.id for its in parts.values() for row in its) == ids
        assert_no_leak(parts)
        if validated:
            assert_no_leak({"train": parts["train"], "test": parts["validation"]})
            assert_no_leak({"train": parts["validation"], "test": parts["test"]})
        assert all(parts.values())
        assert all({row.split for row in its} == {part} for part, its in parts.items())
    assert result.report.leaks == ()
    tested = Counter(share.count for share in result.report.shares if share.stratum == "examples")
    assert sum(size * n for size, n in tested.items()) == len(examples)
    rng.shuffle(examples)
    assert folds(examples, count, rest=rest) == result

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.core import Document, Example, InputError
from medspan.split import assign
from medspan.split.groups import leak_groups
from medspan.text import fold
from medspan.text.similarity import jaccard, shingles

TEXTS = st.lists(st.sampled_from(["ache", "Bile", "cyst", "drug"]), min_size=5, max_size=9).map(" ".join)
ROWS = st.lists(
    st.tuples(TEXTS, st.sampled_from([None, None, "1", "2", "3"]), st.sampled_from([None, "t", "u"])),
    min_size=3,
    max_size=24,
)


@given(ROWS, st.integers(0, 3), st.randoms(use_true_random=False))
def test_nothing_that_leaks_is_separated_and_order_does_not_matter(rows, seed, rng) -> None:  # type: ignore[no-untyped-def]
    examples = [
        Example(Document(f"r{at}", text, group=group, task=task))
        for at, (text, group, task) in enumerate(rows)
    ]
    shares = {"train": 0.6, "test": 0.4}
    if len(leak_groups(examples)[0]) == 1:
        with pytest.raises(InputError, match="form 1 inseparable groups"):
            assign(examples, shares=shares, seed=seed)
        return
    result = assign(examples, shares=shares, seed=seed)
    assert all(result.parts[part] for part in shares)
    assert sorted(e.id for its in result.parts.values() for e in its) == sorted(e.id for e in examples)
    parts_of: defaultdict[str, set[str]] = defaultdict(set)
    for part, its in result.parts.items():
        for example in its:
            parts_of["text " + fold(example.document.text)].add(part)
            if example.document.group is not None:
                parts_of["group " + example.document.group].add(part)
    assert all(len(parts) == 1 for parts in parts_of.values())
    for one in result.parts["train"]:
        for other in result.parts["test"]:
            assert jaccard(shingles(one.document.text), shingles(other.document.text)) < 0.8
    shuffled = list(examples)
    rng.shuffle(shuffled)
    assert assign(shuffled, shares=shares, seed=seed) == result

"""Pairing of two corpora."""

from __future__ import annotations

from typing import Any

import pytest

from medspan.core import InputError
from medspan.evaluate import compare_sets


def test_documents_pair_by_id_in_the_order_of_the_reference(make: Any) -> None:
    drug, rash = make.annotation(make.mention("Aspirin")), make.annotation(make.mention("rash", "Disease"))
    reference = [make.example(drug, None, id="a"), make.example(rash, None, id="b")]
    predicted = [
        make.example(None, rash, id="b", raw="- rash", truncated=True),
        make.example(drug, None, id="a"),
    ]
    paired = compare_sets(reference, predicted)
    assert [(one.id, one.predicted, one.raw, one.truncated) for one in paired] == [
        ("a", drug, None, False),
        ("b", rash, "- rash", True),
    ]


def test_documents_pair_by_task_and_text_where_ids_differ(make: Any) -> None:
    drug, rash = make.annotation(make.mention("Aspirin")), make.annotation(make.mention("rash", "Disease"))
    reference = [
        make.example(drug, None, id="1", task="drugs"),
        make.example(rash, None, id="2", task="signs"),
    ]
    predicted = [
        make.example(None, rash, id="x", task="signs"),
        make.example(None, drug, id="y", task="drugs"),
    ]
    assert [one.predicted for one in compare_sets(reference, predicted)] == [drug, rash]


def test_repeated_ids_pair_by_their_texts(make: Any) -> None:
    none = make.annotation()
    reference = [make.example(none, None, text=text) for text in ("one", "two")]
    predicted = [make.example(None, make.annotation(made_by=text), text=text) for text in ("two", "one")]
    made = [one.predicted.made_by for one in compare_sets(reference, predicted) if one.predicted]
    assert made == ["one", "two"]


def test_documents_of_one_side_only_are_named(make: Any) -> None:
    reference = [make.example(make.annotation(), None, id=id) for id in "abc"]
    predicted = [make.example(None, make.annotation(), id=id) for id in "cd"]
    with pytest.raises(InputError, match=r"2 of 3 .* missing from the predictions \(a, b\); 1 of 2 .* \(d\)"):
        compare_sets(reference, predicted)


def test_another_text_under_the_same_id_is_refused(make: Any) -> None:
    with pytest.raises(InputError, match="'d1' has another text"):
        compare_sets(
            [make.example(make.annotation(), None)], [make.example(None, make.annotation(), text="cut")]
        )


def test_plain_texts_are_no_reference(make: Any) -> None:
    with pytest.raises(InputError, match="the first is 'd1'"):
        compare_sets([make.example(None, None)], [make.example(None, make.annotation())])
    with pytest.raises(InputError, match="'d1' of the predictions has no annotation"):
        compare_sets([make.example(make.annotation(), None)], [make.example(None, None)])

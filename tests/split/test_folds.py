from __future__ import annotations

import pytest

from medspan.core import ConfigError, InputError
from medspan.split import folds
from medspan.synth import generate

from .conftest import distinct, row, words


def test_each_fold_tests_on_what_the_others_train_on() -> None:
    notes = generate(60, seed=4)
    result = folds(notes, 5)
    assert list(result.parts) == [f"fold-{number}" for number in range(1, 6)]
    for parts in result.parts.values():
        assert {part: len(rows) for part, rows in parts.items()} == {"train": 48, "test": 12}
        assert {row.id for its in parts.values() for row in its} == {note.id for note in notes}
    tested = [row.id for parts in result.parts.values() for row in parts["test"]]
    assert sorted(tested) == sorted(note.id for note in notes)
    assert (dict(result.within), result.deviating) == ({}, {})


def test_strata_are_shared_out_over_the_folds_within_a_point() -> None:
    result = folds(generate(300, seed=1), 5)
    assert {(share.part, share.wanted) for share in result.report.shares} == {
        (f"fold-{number}", 0.2) for number in range(1, 6)
    }
    assert {share.stratum for share in result.report.shares} > {"examples", "relation:causes"}
    assert result.report.deviating == ()
    assert result.report.leaks == ()


def test_validation_is_cut_from_what_a_fold_leaves() -> None:
    result = folds(generate(200, seed=2), 4, rest={"train": 0.8, "validation": 0.2})
    for fold, parts in result.parts.items():
        assert {part: len(rows) for part, rows in parts.items()} == {
            "train": 120,
            "validation": 30,
            "test": 50,
        }
        assert {share.part for share in result.within[fold]} == {"train", "validation"}
    assert result.deviating == {}


def test_a_group_is_tested_on_whole_and_once() -> None:
    article = [row(f"s{n}", words(5000 + 50 * n, 5020 + 50 * n), group="7") for n in range(6)]
    result = folds([*distinct(20), *article], 3)
    holding = [
        fold for fold, parts in result.parts.items() if {"s0", "s5"} <= {one.id for one in parts["test"]}
    ]
    assert len(holding) == 1
    assert result.report.groups == 21


def test_shares_that_are_off_are_said_for_the_folds_and_within_them() -> None:
    article = [row(f"s{n}", words(5000 + 50 * n, 5020 + 50 * n), group="7") for n in range(8)]
    result = folds([*distinct(8), *article], 4, rest={"train": 0.75, "validation": 0.25})
    tested = {fold: len(parts["test"]) for fold, parts in result.parts.items()}
    assert sorted(tested.values()) == [2, 3, 3, 8]
    off = {share.part: share.count for share in result.report.deviating if share.stratum == "examples"}
    assert off == tested
    whole = next(fold for fold, size in tested.items() if size == 8)
    # Eight rows are cut 6 to 2 exactly; thirteen or fourteen with a group of eight are not.
    assert set(result.deviating) == set(tested) - {whole}


def test_more_folds_than_groups_and_fewer_than_two_are_refused() -> None:
    rows = [row(f"r{n}", words(100 * n, 100 * n + 20), group=str(n % 3)) for n in range(9)]
    with pytest.raises(InputError, match="9 examples form 3 inseparable groups, for 4 folds"):
        folds(rows, 4)
    assert len(folds(rows, 3).parts) == 3
    with pytest.raises(InputError, match="for 2 folds of 3 parts"):
        folds(rows, 2, rest={"train": 0.5, "validation": 0.5})
    with pytest.raises(ConfigError, match="--folds is 1"):
        folds(rows, 1)

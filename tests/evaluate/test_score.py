"""Scores, their JSON, intervals and health on planted counts."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from medspan.core import Relation, UnalignedMention
from medspan.evaluate import evaluate, quick_scores
from medspan.evaluate.health import health
from medspan.evaluate.interval import f1_intervals
from medspan.evaluate.match import MATCHES
from medspan.evaluate.score import Score, score_documents


def test_scores_follow_from_the_counts() -> None:
    score = Score(3, 1, 2)
    assert (score.precision, score.recall, score.f1, score.support) == (0.75, 0.6, 6 / 9, 5)


@pytest.mark.parametrize(
    ("counts", "wanted"),
    [
        ((0, 0, 0), (None, None, None)),
        ((0, 0, 4), (None, 0.0, 0.0)),
        ((0, 4, 0), (0.0, None, 0.0)),
    ],
)
def test_undefined_scores_are_none(counts: Any, wanted: Any) -> None:
    score = Score(*counts)
    assert (score.precision, score.recall, score.f1) == wanted


def planted(make: Any) -> list[Any]:
    drug, rash, ulcers = (
        make.mention("Aspirin"),
        make.mention("rash", "Disease"),
        make.mention("ulcers", "Disease"),
    )
    causes = Relation(drug, rash, "causes")
    return [
        make.example(make.annotation(drug, rash), make.annotation(drug, ulcers), id="a", task="entities"),
        make.example(make.annotation(rash), make.annotation(rash), id="b", task="entities"),
        make.example(make.annotation(relations=[causes]), make.annotation(), id="c", task="relations"),
        make.example(make.annotation(), make.annotation(make.mention("rash", "Odd")), id="d"),
    ]


def test_json_is_the_contract_with_the_planted_counts(make: Any) -> None:
    data = json.loads(json.dumps(evaluate(planted(make), bootstrap_samples=50).to_json()))
    assert set(data) == {
        "schema_version",
        "documents",
        "match",
        "tasks",
        "seen",
        "health",
        "health_examples",
        "confidence",
        "bootstrap",
        "concept_ids",
    }
    assert (data["schema_version"], data["documents"], data["seen"]) == (1, 4, None)
    assert data["bootstrap"] == {"samples": 50, "seed": 0, "level": 0.95, "method": "BCa, documents"}
    held = {how: set(kinds) for how, kinds in data["match"].items()}
    assert {how for how, kinds in held.items() if "entities" in kinds} == set(MATCHES["entities"])
    assert {how for how, kinds in held.items() if "relations" in kinds} == set(MATCHES["relations"])
    entities = data["match"]["text"]["entities"]
    assert set(entities) == {"micro", "macro", "by_type"}
    micro = entities["micro"]
    assert [micro[key] for key in ("true_positives", "false_positives", "false_negatives")] == [2, 2, 1]
    assert (micro["precision"], micro["recall"], micro["f1"]) == (0.5, 2 / 3, 4 / 7)
    assert micro["f1_interval"][0] <= micro["f1"] <= micro["f1_interval"][1]
    assert list(entities["by_type"]) == ["Disease", "Drug", "Odd"]
    assert entities["by_type"]["Disease"]["support"] == 2
    assert set(entities["by_type"]["Disease"]) == {*micro, "support"}
    # `Odd` is no type of the reference, so that it lowers the micro scores only.
    assert entities["macro"] == {"precision": 0.75, "recall": 0.75, "f1": 0.75}
    relations = data["match"]["text"]["relations"]
    assert (relations["micro"]["precision"], relations["micro"]["f1"]) == (None, 0.0)
    assert relations["macro"] == {"precision": None, "recall": 0.0, "f1": 0.0}
    assert {task: part["documents"] for task, part in data["tasks"].items()} == {
        "entities": 2,
        "relations": 1,
    }
    untouched = data["tasks"]["relations"]["match"]["strict"]["entities"]
    assert (untouched["micro"]["f1"], untouched["micro"]["f1_interval"], untouched["by_type"]) == (
        None,
        None,
        {},
    )


def test_counts_of_each_document_are_kept(make: Any) -> None:
    rows = evaluate(planted(make), bootstrap_samples=0).per_document
    assert [row.id for row in rows] == ["a", "b", "c", "d"]
    assert rows[0].counts["text", "entities", "Disease"] == (0, 1, 1)
    # Without concept ids in the reference there is nothing to count under `concept`.
    assert rows[2].counts == {
        (how, "relations", "causes"): (0, 0, 1) for how in ("text", "strict", "span", "relaxed")
    }


def test_quick_scores_give_text_f1_by_task_and_for_all(make: Any) -> None:
    assert quick_scores(planted(make)) == {
        "all": {"entities": 4 / 7, "relations": 0.0},
        "entities": {"entities": 4 / 6, "relations": None},
        "relations": {"entities": None, "relations": 0.0},
    }
    assert quick_scores([]) == {"all": {"entities": None, "relations": None}}


def test_intervals_are_seeded_and_widen_with_the_spread() -> None:
    steady = [[(8, 2, 2)]] * 40
    mixed = [[(number % 7, number % 3, number % 5)] for number in range(40)]
    assert f1_intervals(steady, samples=200, seed=1) == [(0.8, 0.8)]
    low, high = f1_intervals(mixed, samples=400, seed=1)[0] or (0.0, 0.0)
    sums = [sum(row[0][column] for row in mixed) for column in range(3)]
    assert 0.5 < low < 2 * sums[0] / (2 * sums[0] + sums[1] + sums[2]) < high < 0.8
    assert f1_intervals(mixed, samples=400, seed=1) == [(low, high)]
    assert f1_intervals(mixed, samples=400, seed=2) != [(low, high)]


def test_a_perfect_score_of_few_documents_has_a_wide_interval() -> None:
    assert f1_intervals([[(5, 0, 0), (0, 1, 1)]] * 40, samples=200, seed=0) == [
        (pytest.approx(0.025 ** (1 / 40)), 1.0),
        (0.0, pytest.approx(1 - 0.025 ** (1 / 40))),
    ]


@pytest.mark.parametrize("found", [0.5, 0.9])
def test_intervals_cover_the_true_score(found: float) -> None:
    """100 documents with unequal numbers of mentions, of which each is found with its own probability."""
    draw = np.random.default_rng(11)
    sets, documents = 300, 100
    sizes = 1 + draw.poisson(3, (sets, documents))
    tp = draw.binomial(sizes, draw.beta(10 * found, 10 * (1 - found), sizes.shape))
    fp = draw.poisson(0.5, sizes.shape)
    # The expectations: 4 mentions and half a spurious one for each document.
    true = 2 * 4 * found / (4 * found + 0.5 + 4)
    columns = np.stack([tp, fp, sizes - tp], axis=-1).transpose(1, 0, 2)
    intervals = f1_intervals(columns, samples=500, seed=1)
    covered = sum(low <= true <= high for low, high in filter(None, intervals)) / sets
    # Of 300 sets an exact 95% interval covers in 91.5% to 98% of them, 999 times of 1,000.
    assert 0.91 <= covered <= 0.985


@pytest.mark.parametrize(
    "rows",
    [
        [(3, 0, 0), (0, 1, 0), *[(0, 0, 0)] * 98],
        [(0, 0, 0), (15, 0, 0), (0, 0, 0), (0, 0, 0), (0, 2, 0)],
        [(1, 0, 1), (0, 0, 9)],
    ],
)
def test_an_interval_of_few_documents_holds_its_score(rows: Any) -> None:
    tp, fp, fn = (sum(row[column] for row in rows) for column in range(3))
    for seed in range(4):
        [interval] = f1_intervals([[row] for row in rows], samples=500, seed=seed)
        assert interval is not None
        assert interval[0] < 2 * tp / (2 * tp + fp + fn) < interval[1]


def test_seen_parts_are_drawn_as_the_whole(make: Any) -> None:
    """Where all strings are unseen, their scores are those of the set, intervals included."""
    found = evaluate(planted(make), bootstrap_samples=50, training=[])
    for how in ("text", "strict"):
        for kind in ("entities", "relations"):
            assert found.parts["unseen"][how][kind] == found.match[how][kind]  # type: ignore[index]
            assert found.parts["seen"][how][kind].micro.f1 is None  # type: ignore[index]


def test_types_that_only_predictions_hold_have_no_interval(make: Any) -> None:
    found = evaluate(planted(make), bootstrap_samples=20).match["text"]["entities"].by_type
    assert found["Odd"].f1 == 0.0
    assert found["Odd"].f1_interval is None
    assert found["Disease"].f1_interval is not None


def test_no_rows_have_no_scores() -> None:
    scores = score_documents([], bootstrap_samples=10, seed=0)
    assert scores["text"]["entities"].micro.f1 is None
    assert scores["text"]["entities"].by_type == {}


def test_no_interval_where_the_spread_is_unknown() -> None:
    rows = [[(1, 0, 0), (0, 0, 0)], [(0, 0, 0), (0, 0, 0)]]
    assert f1_intervals(rows, samples=100, seed=0) == [None, None]
    assert f1_intervals([[(1, 1, 0)], [(1, 0, 0)]], samples=0, seed=0) == [None]
    assert f1_intervals([], samples=100, seed=0) == []


def test_health_rates_are_counted_by_hand(make: Any) -> None:
    lost = UnalignedMention("Drug", "codeine", "not-in-text")
    aspirin, rash = make.mention("Aspirin"), make.mention("rash", "Disease")
    loop = make.annotation(aspirin, aspirin, make.mention("aspirin"), lost, scope="string")
    pair = make.annotation(relations=[Relation(lost, rash, "causes")], unparsed=("garbage",))
    examples = [
        make.example(make.annotation(), loop, truncated=True),
        make.example(make.annotation(), pair, id="d2"),
    ]
    found = health(examples)
    assert found.rates == {
        "ungrounded_rate": 2 / 6,
        "near_miss_rate": 0.0,
        "invalid_format_rate": 0.5,
        "duplicate_rate": 2 / 5,
        "truncated_rate": 0.5,
        "run_on_rate": 0.5,
        "empty_rate": None,
    }
    assert found.to_json()["run_on_rate"] == [
        {"document": "d1", "what": "Aspirin [Drug] (3 times)", "instead": None}
    ]
    assert [fault.what for fault in found.examples["ungrounded_rate"]] == ["codeine", "codeine"]


def test_near_misses_are_named_with_what_stands_in_the_text(make: Any) -> None:
    fuzzy = replace(make.mention("Aspirin"), aligned_by="fuzzy", source_text="Asprin")
    lost = UnalignedMention("Disease", "ulcerss and", "not-in-text")
    short = UnalignedMention("Disease", "ras", "not-in-text")
    found = health([make.example(None, make.annotation(fuzzy, lost, short))])
    assert (found.rates["ungrounded_rate"], found.rates["near_miss_rate"]) == (1.0, 2 / 3)
    assert [(fault.what, fault.instead) for fault in found.examples["near_miss_rate"]] == [
        ("Asprin", "Aspirin"),
        ("ulcerss and", "ulcers and"),
    ]


def test_an_empty_answer_counts_where_the_reference_holds_something(make: Any) -> None:
    rash = make.mention("rash", "Disease")
    examples = [
        make.example(make.annotation(rash), make.annotation(), id="a"),
        make.example(make.annotation(rash), make.annotation(rash), id="b"),
        make.example(make.annotation(), make.annotation(), id="c"),
    ]
    found = health(examples)
    assert found.rates["empty_rate"] == 0.5
    assert [fault.document for fault in found.examples["empty_rate"]] == ["a"]


def test_a_string_at_several_places_is_no_duplicate_under_scope_mention(make: Any) -> None:
    places = [make.mention("ulcers", "Disease", nth=nth) for nth in (0, 1)]
    assert health([make.example(None, make.annotation(*places))]).rates["duplicate_rate"] == 0.0
    repeated = make.annotation(*places, places[0])
    assert health([make.example(None, repeated)]).rates["duplicate_rate"] == 1 / 3


def test_rates_without_a_denominator_are_none(make: Any) -> None:
    rates = health([make.example(None, make.annotation())]).rates
    assert (rates["ungrounded_rate"], rates["duplicate_rate"], rates["run_on_rate"]) == (None, None, 0.0)
    assert set(health([]).rates.values()) == {None}

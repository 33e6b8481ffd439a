"""What the text tells about labels, with the answer planted."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from medspan.audit import Data
from medspan.audit.inferable import Inferability, inferability
from medspan.audit.intervals import cluster_draws, ratio_estimate
from medspan.audit.legal_pairs import PairedDocument, paired_documents
from medspan.audit.pair_features import PairSheet, Reading
from medspan.audit.pair_scores import PairTable, pair_table, random_labels
from medspan.core import Example
from medspan.synth import generate

from .conftest import row
from .random_pairs import with_random_labels

NAMES = ("ache", "rash", "cough")


def notes(count: int, label: Callable[[str, random.Random], bool], seed: int = 0) -> list[Example]:
    """Notes of three sentences that say of three symptoms whether a drug caused them, in made-up names."""
    chance = random.Random(seed)
    examples = []
    for number in range(count):
        said = [chance.choice(("caused", "never caused", "was given for")) for _ in NAMES]
        drug, ends = f"drug{number}", [f"{name}{number}" for name in NAMES]
        text = " ".join(f"The {drug} {what} {end}." for what, end in zip(said, ends, strict=True))
        relations = [
            (drug, "causes", end) for what, end in zip(said, ends, strict=True) if label(what, chance)
        ]
        named = [(drug, "Drug"), *((end, "Symptom") for end in ends)]
        examples.append(row(f"{number}", text, *named, relations=relations))
    return examples


def judged(examples: list[Example]) -> Inferability:
    found = inferability(paired_documents(Data.of({"train": examples})))
    assert found is not None
    return found


def test_what_the_text_states_is_found_and_nothing_is_taken_for_noise() -> None:
    found = judged(notes(80, lambda what, _: what == "caused"))
    assert found.together.ranking.low > 0.97
    assert found.together.random_share.high < 0.15
    assert set(found.by_relation) == {"causes"}
    assert found.by_relation["causes"].labels == int(found.table.labelled.sum())


def test_labels_without_regard_to_the_text_are_chance() -> None:
    found = judged(notes(250, lambda _, chance: chance.random() < 0.4))
    assert found.together.ranking.low < 0.5 < found.together.ranking.high
    assert found.together.random_share.low < 1 < found.together.random_share.high


def test_how_labels_of_one_type_were_drawn_says_nothing_about_another() -> None:
    """Random labels of one type look the same whether another's follow the number of mentions or shun it."""
    table = pair_table(paired_documents(Data.of({"train": generate(150, seed=3)})))
    causes = table.relation == table.relations.index("causes")
    assert 100 <= table.labelled[causes].sum() < table.labelled.sum() - 100
    logs = [
        random_labels(replace(table, labelled=_relabelled(table, causes, sign))).log_odds for sign in (1, -1)
    ]
    assert np.array_equal(logs[0][~causes], logs[1][~causes])
    assert not np.allclose(logs[0][causes], logs[1][causes])


def _relabelled(table: PairTable, those: NDArray[np.bool_], sign: int) -> NDArray[np.float64]:
    """As many labels in each stratum; of `those` rows at pairs with the most (1) or fewest (-1) mentions."""
    labelled = table.labelled.copy()
    for stratum in np.unique(table.stratum[those]):
        rows = np.flatnonzero(table.stratum == stratum)
        best = rows[np.argsort(-sign * table.mentions[rows], kind="stable")]
        labelled[best] = np.arange(len(rows)) < table.labelled[rows].sum()
    return labelled


def test_one_type_can_be_judged_without_the_others() -> None:
    found = judged(with_random_labels(generate(150, seed=3), relations={"treats"}))
    alone, both = found.of(["treats"]), found.of(["treats", "causes"])
    assert alone is not None
    assert alone.labels == found.by_relation["treats"].labels
    assert alone.ranking.value == found.by_relation["treats"].ranking.value < 0.6
    assert both is not None
    assert (both.labels, both.ranking) == (found.together.labels, found.together.ranking)
    assert both.random_share == found.together.random_share
    assert found.of(["cures"]) is None


def test_limits_hardly_ever_exclude_random_labels_that_are_random() -> None:
    """Draws of documents alone would set four of these forty upper limits too low."""
    at_random = [judged(notes(40, lambda _, chance: chance.random() < 0.4, seed)) for seed in range(40)]
    assert sum(found.together.ranking.low > 0.5 for found in at_random) <= 1
    assert sum(found.together.random_share.high < 1 for found in at_random) <= 1


@pytest.mark.parametrize("noise", [0.3, 0.6])
def test_the_planted_share_of_random_labels_lies_in_the_interval(noise: float) -> None:
    examples = notes(700, lambda what, _: what == "caused")
    found = judged(with_random_labels(examples, noise, seed=1))
    assert found.together.random_share.low < noise < found.together.random_share.high
    assert found.together.random_share.high - found.together.random_share.low < 0.3


def test_the_most_doubtful_labels_are_those_that_the_text_denies() -> None:
    examples = notes(200, lambda what, chance: what == "caused" or chance.random() < 0.05)
    found = judged(examples)
    table = found.table
    words = []
    for at in found.doubtful[:10]:
        document = table.documents[table.document[at]]
        _, tail = table.pairs[table.at[at]]
        text = document.row.text
        words.append(text[: text.index(document.entities[tail].name)].split(".")[-1])
    assert sum("never" in one or "given for" in one for one in words) >= 9


def test_without_anything_to_tell_apart_there_is_no_answer() -> None:
    assert inferability(paired_documents(Data.of({"train": notes(9, lambda *_: False)}))) is None
    assert inferability([]) is None


def test_names_are_hidden_and_overlapping_mentions_are_one() -> None:
    (document,) = documents(row("1", "Old aspirin 325 and fever.", ("aspirin", "Drug"), ("fever", "Symptom")))
    read = Reading(document.row.text, document.entities)
    assert read.words == ["old", "<Drug>", "0", "and", "<Symptom>", "."]
    assert read.places == [[1], [4]]
    (document,) = documents(row("1", "lung cancer pain", ("lung cancer", "Drug"), ("cancer", "Symptom")))
    read = Reading(document.row.text, document.entities)
    assert read.words == ["<Drug>", "pain"]
    assert read.places == [[0], [0]]


def documents(*examples: Example) -> list[PairedDocument]:
    return paired_documents(Data.of({"train": examples}))


def test_features_know_the_order_and_the_words_between() -> None:
    def features(text: str) -> set[tuple[int, float]]:
        (document,) = documents(row("1", text, ("aspirin", "Drug"), ("fever", "Symptom")))
        sheet = PairSheet(document.row.text, document.entities)
        sheet.add((0, 1))
        rows, columns, weights = sheet.columns()
        assert set(rows.tolist()) == {0}
        return set(zip(columns.tolist(), weights.tolist(), strict=True))

    same = features("aspirin caused fever")
    assert features("ASPIRIN caused FEVER".lower()) == same
    assert features("fever caused aspirin") != same
    assert features("aspirin eased fever") != same


def test_intervals_cover_what_they_are_of() -> None:
    chance = np.random.default_rng(5)
    covered = 0
    for seed in range(60):
        below = chance.integers(1, 6, 120).astype(np.float64)
        above = chance.binomial(below.astype(int), 0.3).astype(np.float64)
        found = ratio_estimate(above, below, np.arange(120), seed=seed)
        assert found.low < found.value < found.high
        covered += found.low <= 0.3 <= found.high
    assert covered >= 52


def test_rows_of_a_cluster_are_drawn_together() -> None:
    above, below = np.array([1.0, 0, 1, 0]), np.ones(4)
    apart = ratio_estimate(above, below, np.arange(4))
    together = ratio_estimate(above, below, np.array([7, 7, 9, 9]))
    assert apart.low < together.low == together.value == together.high == 0.5
    assert all(times.sum() == 3 for times in cluster_draws(3))


def test_the_corpus_of_the_house_is_told_from_its_random_twin() -> None:
    clean = generate(150, seed=11)
    assert judged(clean).together.ranking.low > 0.8
    assert judged(with_random_labels(clean)).together.ranking.high < 0.6

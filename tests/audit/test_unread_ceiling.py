"""The best F1 on relations without reading."""

from __future__ import annotations

import pytest

from medspan.audit import Data
from medspan.audit.legal_pairs import paired_documents
from medspan.audit.unread_ceiling import UnreadCeiling, unread_ceiling
from medspan.core import Example
from medspan.synth import all_legal_pairs_baseline, generate, schema

from .conftest import row


def note(identity: str, drugs: int, aches: int, labels: int, type_: str = "causes") -> Example:
    names = [f"drug{at}" for at in range(drugs)], [f"ache{at}" for at in range(aches)]
    pairs = [(drug, type_, ache) for drug in names[0] for ache in names[1]][:labels]
    text = " ".join((identity, *names[0], *names[1]))
    return row(
        identity,
        text,
        *((name, "Drug") for name in names[0]),
        *((name, "Symptom") for name in names[1]),
        relations=pairs,
    )


def ceiling(*examples: Example, names: tuple[str, ...] = ("causes",)) -> UnreadCeiling | None:
    return unread_ceiling(paired_documents(Data.of({"train": examples})), names)


def test_all_pairs_of_small_documents_are_the_best_guess() -> None:
    small = [note(f"s{at}", 1, 1, 1) for at in range(30)]
    large = [note(f"l{at}", 5, 4, 1) for at in range(10)]
    found = ceiling(*small, *large)
    assert found is not None
    # 30 of 30 predicted are right, of 40 labels; predicted everywhere, 40 of 230.
    assert found.best.value == pytest.approx(60 / 70)
    assert found.most_pairs == 1
    assert found.all_pairs == pytest.approx(80 / 270)
    assert found.best.low < found.best.value < found.best.high


def test_where_every_pair_is_labelled_the_guess_is_right() -> None:
    found = ceiling(*(note(f"{at}", 2, 1 + at % 3, 9) for at in range(12)))
    assert found is not None
    assert (found.best.value, found.best.low, found.best.high, found.all_pairs) == (1, 1, 1, 1)


def test_only_the_named_relations_count() -> None:
    examples = [
        *(note(f"c{at}", 1, 2, 1) for at in range(8)),
        *(note(f"t{at}", 1, 1, 1, "eases") for at in range(8)),
    ]
    found = ceiling(*examples, names=("eases",))
    assert found is not None
    assert found.best.value == pytest.approx(1)
    assert ceiling(*examples, names=("unheard of",)) is None


def test_all_legal_pairs_score_as_the_synthetic_corpus_says() -> None:
    examples = generate(80, seed=3)
    found = ceiling(*examples, names=("causes", "treats"))
    assert found is not None
    assert found.all_pairs == pytest.approx(all_legal_pairs_baseline(examples, schema())["f1"])
    assert found.best.value >= found.all_pairs

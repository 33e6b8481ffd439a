"""Notes in parts, with terms of the test's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

from medspan.core import ConfigError, Example
from medspan.synth import Mix, built_in, compose, compose_parts, load_recipe
from medspan.text.similarity import near_groups

Parts = dict[str, list[Example]]


def terms(examples: Iterable[Example]) -> set[tuple[str, str]]:
    return {
        (mention.type, mention.concepts[0])
        for example in examples
        if example.reference
        for mention in example.reference.mentions
    }


def unseen(parts: Parts) -> float:
    test = terms(parts["test"])
    others = terms(example for part, its in parts.items() if part != "test" for example in its)
    return len(test - others) / len(test)


@pytest.mark.parametrize(("hold_out", "least", "most"), [(1.0, 1.0, 1.0), (0.5, 0.5, 0.62), (0.3, 0.3, 0.45)])
@pytest.mark.parametrize(("count", "seed"), [(60, 0), (200, 1), (600, 2)])
def test_the_share_of_terms_in_no_other_part_is_what_was_asked_for(
    hold_out: float, least: float, most: float, count: int, seed: int
) -> None:
    assert least <= unseen(compose_parts(count, seed=seed, hold_out=hold_out)) <= most


def test_a_held_out_term_stands_in_no_other_part_in_any_form() -> None:
    parts = compose_parts(400, seed=3, hold_out=1.0)
    test = {term for _, term in terms(parts["test"])}
    for part in ("train", "validation"):
        for example in parts[part]:
            found = built_in().finder.find(example.document.text)
            assert not {built_in().terms[term].concept for _, _, term in found} & test


def test_parts_have_their_sizes_and_together_hold_each_note_once() -> None:
    parts = compose_parts(101, seed=1, hold_out=1.0, shares={"train": 0.7, "validation": 0.2, "test": 0.1})
    assert {part: len(its) for part, its in parts.items()} == {"train": 71, "validation": 20, "test": 10}
    ids = [example.id for its in parts.values() for example in its]
    assert sorted(ids) == [f"note-1-{at:05d}" for at in range(101)]
    assert {example.document.metadata["vocabulary"] for example in parts["test"]} == {"held-out"}
    assert {example.document.metadata["vocabulary"] for example in parts["train"]} == {"open"}
    everything = [example.document.text for its in parts.values() for example in its]
    assert near_groups(everything) == []


@pytest.mark.parametrize("seed", range(4))
def test_types_are_shared_out_like_the_notes(seed: int) -> None:
    # Without abbreviations, which are explained by lot and then are further mentions.
    parts = compose_parts(300, seed=seed, hold_out=1.0, mix=Mix(abbreviated=0.0))
    relations = {
        part: Counter(r.type for e in its if e.reference for r in e.reference.relations)
        for part, its in parts.items()
    }
    styles = {part: Counter(e.document.metadata["style"] for e in its) for part, its in parts.items()}
    for counts in (relations, styles):
        for name, count in counts["train"].items():
            for part in ("validation", "test"):
                assert counts[part][name] == pytest.approx(count / 8, abs=2), (part, name)


def test_some_terms_stand_in_one_note_only_as_in_real_corpora() -> None:
    notes_of: Counter[tuple[str, str]] = Counter()
    for example in compose(1000, seed=2):
        notes_of.update(terms([example]))
    once = sum(count == 1 for count in notes_of.values())
    assert 0.2 < once / len(notes_of) < 0.35


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"count": 0}, "count is 0"),
        ({"count": 4}, "would get 0 notes"),
        ({"count": 50, "hold_out": 50.0}, "hold_out is 50"),
        ({"count": 50, "hold_out": 1.0, "shares": {"train": 0.5, "validation": 0.5}}, "has no test"),
    ],
)
def test_arguments_that_cannot_be_met_are_named(arguments: dict[str, float], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        compose_parts(**arguments)  # type: ignore[arg-type]


def test_a_short_lexicon_cannot_spare_terms(tmp_path: object) -> None:
    from pathlib import Path

    assert isinstance(tmp_path, Path)
    (tmp_path / "few.txt").write_text("\n".join(f"agent {at}" for at in range(12)))
    recipe = load_recipe(None, {"Drug": tmp_path / "few.txt"})
    assert len(compose_parts(30, recipe)["test"]) == 3
    with pytest.raises(ConfigError, match=r"lexicons.Drug has 12 terms"):
        compose_parts(30, recipe, hold_out=1.0)

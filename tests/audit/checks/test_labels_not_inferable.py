"""labels-not-inferable: relation labels that the text does not tell from other legal pairs."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from medspan.audit import Data
from medspan.core import Annotation, Document, Example, Finding, Mention, Relation
from medspan.read import load_splits
from medspan.read.endpoints import AtLevel
from medspan.synth import compose, generate
from medspan.text import fold

from ..conftest import found
from ..random_pairs import with_random_labels

ID = "labels-not-inferable"


def findings(*examples: Example) -> list[Finding]:
    return found(ID, Data.of({"train": examples}))


def relations(examples: Iterable[Example], *types: str) -> int:
    """Distinct strings of head and tail in each note."""
    return len(
        {
            (example.id, fold(one.head.text), one.type, fold(one.tail.text))  # type: ignore[union-attr]
            for example in examples
            if example.reference
            for one in example.reference.relations
            if one.type in types
        }
    )


def percentages(message: str) -> list[float]:
    return [float(number) for number in re.findall(r"([\d.]+)%", message)]


@pytest.mark.parametrize(("count", "seed"), [(50, 0), (50, 1), (50, 2), (150, 3)])
def test_labels_that_the_text_states_are_quiet(count: int, seed: int) -> None:
    assert findings(*generate(count, seed=seed)) == []


def test_random_legal_pairs_cannot_be_inferred() -> None:
    examples = with_random_labels(generate(250, seed=1))
    (finding,) = findings(*examples)
    labels = relations(examples, "causes", "treats")
    assert (finding.severity, finding.count, finding.of) == ("error", labels, labels)
    assert (finding.split, finding.against) == (None, None)
    assert "(causes, treats) cannot be inferred from the text" in finding.message
    ranking, _, low, high, chance = percentages(finding.message)[:5]
    assert low <= chance == 50 <= high < 55
    assert low < ranking < high
    assert "the ceiling for any model" in finding.message


def test_a_case_shows_the_label_in_its_place() -> None:
    examples = with_random_labels(generate(150, seed=1))
    (finding,) = findings(*examples)
    by_text = {example.document.text: example for example in examples}
    for case in finding.cases[:20]:
        example = by_text[case.text]
        assert case.place == example.id
        assert example.reference is not None
        shown = re.fullmatch(
            r"(.+) --\[(\w+)\]--> (.+) is labelled, \d+ other Drug and (Disease|Symptom) pairs here are not",
            case.what,
        )
        assert shown is not None
        head, type_, tail = fold(shown[1]), shown[2], fold(shown[3])
        assert (head, type_, tail) in {
            (fold(one.head.text), one.type, fold(one.tail.text))  # type: ignore[union-attr]
            for one in example.reference.relations
        }
        assert {fold(case.text[start:end]) for start, end in case.marks} == {head, tail}


def test_half_of_the_labels_random_is_reported_with_the_share() -> None:
    examples = with_random_labels(generate(400, seed=2), 0.5)
    (finding,) = findings(*examples)
    assert (finding.severity, finding.of) == ("warning", relations(examples, "causes", "treats"))
    share, _, low, high = percentages(finding.message)[:4]
    # The share is an upper bound, so that its lower limit may stand above what was planted.
    assert 25 <= low < share < high
    assert share == pytest.approx(50, abs=15)
    assert high >= 50
    assert finding.count == pytest.approx(share / 100 * finding.of, abs=0.006 * finding.of)
    assert finding.message.startswith("at most an estimated")
    assert 0 < len(finding.cases) < finding.count


TYPES = ("causes", "treats")


def relations_of_concepts(examples: Iterable[Example], type_: str) -> int:
    """Distinct ids of head and tail in each note."""
    return sum(
        label.type == type_ for one in examples if one.reference for label in set(one.reference.relations)
    )


@pytest.mark.parametrize("style", ["demo", "clinic"])
def test_only_the_relation_type_that_is_random_is_named(style: str) -> None:
    # In the demo's notes `causes` prefers drugs that are mentioned often, which says nothing of `treats`.
    notes = generate(1000, seed=1) if style == "demo" else AtLevel(compose(400, seed=4), "concept")
    examples = with_random_labels(notes, relations={"treats"})
    (finding,) = findings(*examples)
    assert finding.severity == "error"
    counts = {name: relations_of_concepts(examples, name) for name in TYPES}
    if style == "demo":
        counts = {name: relations(examples, name) for name in TYPES}
    assert (finding.count, finding.of) == (counts["treats"], sum(counts.values()))
    assert "(treats) cannot be inferred" in finding.message
    ranking, _, low, high, chance, share, _, share_low, share_high = percentages(finding.message)[:9]
    assert low <= chance == 50 <= high < 60
    assert low < ranking < high
    assert share_low <= share <= share_high == 100
    assert all("--[treats]-->" in case.what for case in finding.cases)


def test_how_often_an_end_is_mentioned_is_a_prior_and_no_text() -> None:
    (finding,) = findings(*notes_with_repeats(250))
    assert finding.severity == "error"


def notes_with_repeats(count: int) -> list[Example]:
    """Notes that name some drugs more often, and label pairs in proportion to that whatever they say."""
    chance = random.Random(0)
    examples = []
    for number in range(count):
        words = [word for at in range(4) for word in [f"drug{at}"] * chance.choice((1, 1, 2, 5))]
        words += [word for at in range(3) for word in [f"ache{at}"] * chance.choice((1, 1, 3))]
        chance.shuffle(words)
        text = " ".join(f"{word} {chance.choice(('and', 'with', 'then', 'so', '.'))}" for word in words)
        places: dict[str, Mention] = {}
        weights: dict[str, int] = {}
        for word in dict.fromkeys(words):
            start = text.index(word)
            places[word] = Mention.at(text, start, start + len(word), "Drug" if word[0] == "d" else "Symptom")
            weights[word] = words.count(word)
        legal = [(one, other) for one, other in product(places, places) if one[0] == "d" and other[0] == "a"]
        drawn = chance.choices(legal, [weights[one] * weights[other] for one, other in legal], k=3)
        joined = tuple(Relation(places[one], places[other], "causes") for one, other in dict.fromkeys(drawn))
        annotation = Annotation(tuple(places.values()), (), joined, scope="string")
        examples.append(Example(Document(f"{number}", f"{text} {number}"), annotation))
    return examples


def test_nothing_to_compare_with_is_told_as_such() -> None:
    examples = [
        example for example in generate(400, seed=5) if example.reference and example.reference.relations
    ]
    examples = [replace(one, reference=all_pairs(one.reference)) for one in examples if one.reference]
    (finding,) = findings(*examples[:60])
    labels = relations(examples[:60], "causes", "treats")
    assert (finding.severity, finding.count, finding.of) == ("info", labels, labels)
    assert (
        f"cannot tell whether relation labels can be inferred: {labels} of {labels} legal pairs"
        in finding.message
    )
    assert "(100.0%) are labelled" in finding.message
    assert "(F1 1.000) without reading" in finding.message


def all_pairs(reference: Annotation) -> Annotation:
    drugs = [mention for mention in reference.mentions if mention.type == "Drug"]
    others = {"Disease": "treats", "Symptom": "causes"}
    return replace(
        reference,
        relations=tuple(
            Relation(drug, other, others[other.type])
            for drug in drugs
            for other in reference.mentions
            if other.type in others
        ),
    )


def test_too_few_labels_are_told_as_such_and_very_few_not_at_all() -> None:
    examples = generate(100, seed=6)
    few = next(size for size in range(100) if relations(examples[:size], "causes", "treats") >= 20)
    (finding,) = findings(*examples[:few])
    labels = relations(examples[:few], "causes", "treats")
    assert (finding.severity, finding.count, finding.of) == ("info", labels, labels)
    assert "50 labels in 20 documents are needed" in finding.message
    assert findings(*examples[:3]) == []
    assert (
        findings(
            *(
                replace(one, reference=replace(one.reference, relations=()))
                for one in examples
                if one.reference
            )
        )
        == []
    )


def test_rows_in_another_order_split_or_letter_case_say_the_same() -> None:
    examples = with_random_labels(generate(120, seed=7))
    (before,) = findings(*examples)
    shuffled = random.Random(0).sample(examples, len(examples))
    (after,) = found(ID, Data.of({"test": shuffled[:50], "other": shuffled[50:]}))
    assert after.message == before.message
    assert [case.what for case in after.cases] == [case.what for case in before.cases]
    (loud,) = findings(*map(upper, shuffled))
    assert (loud.message, loud.count, loud.of) == (before.message, before.count, before.of)


def upper(example: Example) -> Example:
    reference = example.reference
    assert reference is not None
    text = example.document.text.upper()
    raised = {
        one: replace(one, text=one.text.upper())
        for one in (*reference.mentions, *reference.endpoint_mentions())
    }
    joined = tuple(
        Relation(raised[one.head], raised[one.tail], one.type)  # type: ignore[index]
        for one in reference.relations
    )
    mentions = tuple(raised[one] for one in reference.mentions)
    document = replace(example.document, text=text)
    return replace(
        example, document=document, reference=replace(reference, mentions=mentions, relations=joined)
    )


def test_the_same_rows_twice_are_one_document() -> None:
    examples = with_random_labels(generate(120, seed=7))
    (once,) = findings(*examples)
    (twice,) = findings(*examples, *examples)
    assert twice.message == once.message


def test_synthetic_labels_are_random_and_the_ceiling_is_told(corpora: Path) -> None:
    (finding,) = found(ID, Data.of(load_splits(corpora / "synthetic_2026")))
    assert (finding.severity, finding.count, finding.of) == ("error", 7596, 7736)
    assert "(causes, indicates, interacts_with, treats) cannot be inferred" in finding.message
    told = re.search(r"F1 (0\.\d+) \((0\.\d+) to (0\.\d+)\) is reached", finding.message)
    assert told is not None
    ceiling, low, high = map(float, told.groups())
    assert ceiling == pytest.approx(0.60, abs=0.03)
    assert ceiling - 0.03 < low <= ceiling <= high < ceiling + 0.03


def test_nearly_all_pairs_of_ade_are_labelled(corpora: Path) -> None:
    (finding,) = found(ID, Data.of(load_splits(corpora / "ade")))
    assert (finding.severity, finding.count, finding.of) == ("info", 5899, 5899)
    assert "5899 of 5955 legal pairs (99.1%) are labelled" in finding.message


@pytest.fixture(scope="module")
def abstracts(corpora: Path) -> list[Example]:
    """BC5CDR, all official parts."""
    return [one for part in load_splits(corpora / "bc5cdr", format="pubtator").values() for one in part]


@pytest.fixture(scope="module")
def biored(corpora: Path) -> list[Example]:
    return list(load_splits(corpora / "biored", format="pubtator")["train"])


@pytest.mark.slow
def test_labels_of_corpora_that_people_read_are_quiet(
    abstracts: list[Example], biored: list[Example]
) -> None:
    # All of BC5CDR and BioRED stand among the findings on sound corpora; a part is as clear.
    assert findings(*abstracts[:500]) == []
    assert findings(*biored[:150]) == []


@pytest.mark.slow
@pytest.mark.parametrize("by_mentions", [False, True])
def test_random_pairs_of_concepts_are_found_in_either_kind_of_draw(
    abstracts: list[Example], by_mentions: bool
) -> None:
    (finding,) = findings(*with_random_labels(abstracts[:300], by_mentions=by_mentions))
    assert finding.severity == "error"


@pytest.mark.slow
def test_half_of_the_concept_pairs_random_is_reported_with_the_share(abstracts: list[Example]) -> None:
    (finding,) = findings(*with_random_labels(abstracts[:700], 0.5))
    share, _, low, high = percentages(finding.message)[:4]
    assert finding.severity == "warning"
    assert 25 <= low < share < high
    assert share == pytest.approx(50, abs=15)
    assert high >= 50


@pytest.mark.slow
def test_of_types_that_are_all_noisy_none_is_named_for_looking_random(biored: list[Example]) -> None:
    (finding,) = findings(*with_random_labels(biored[:100], 0.5, seed=1))
    assert finding.severity == "warning"
    assert percentages(finding.message)[0] >= 50

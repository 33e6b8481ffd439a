"""Notes of the built-in recipe: what they say is what the reference has, and nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from functools import lru_cache

import pytest

from medspan.core import ConfigError, Example, Mention
from medspan.synth import (
    HARD_NEGATIVES,
    KINDS,
    STYLES,
    Mix,
    all_legal_pairs_baseline,
    built_in,
    compose,
    kinds_said,
    sayings,
)
from medspan.text import fold, is_word_aligned
from medspan.text.similarity import near_groups

from .reading import concept, of_all_strings, read, reference, strings, undistanced

SEEDS = (0, 1, 2, 11)


@lru_cache(maxsize=16)
def notes(count: int, seed: int) -> tuple[Example, ...]:
    return tuple(compose(count, seed=seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_reader_of_the_sentences_finds_the_relations_of_the_reference_and_no_others(seed: int) -> None:
    recipe = built_in()
    for example in notes(120, seed):
        stated = {
            (head, type_, tail) for kind, head, type_, tail in read(example, recipe) if kind == KINDS[0]
        }
        assert stated == reference(example), example.document.text


@pytest.mark.parametrize("seed", SEEDS)
def test_hard_negatives_stand_in_the_text_and_are_no_relations(seed: int) -> None:
    recipe = built_in()
    counts: Counter[str] = Counter()
    for example in notes(120, seed):
        text = example.document.text
        held = {string: entity for entity, its in strings(example).items() for string in its}
        read_there = read(example, recipe)
        for saying in sayings(example):
            ends = held[fold(saying.head)], held[fold(saying.tail)]
            assert (saying.kind, ends[0], saying.relation, ends[1]) in read_there
            words = text[saying.start : saying.end]
            assert saying.head in words
            assert saying.tail in words
            stated = (ends[0], saying.relation, ends[1]) in reference(example)
            assert stated == (saying.kind == "statement"), words
            counts[saying.kind] += 1
    assert min(counts[kind] for kind in HARD_NEGATIVES) > 10
    assert kinds_said(notes(120, seed)) == {kind: counts[kind] for kind in KINDS}


@pytest.mark.parametrize("seed", SEEDS)
def test_every_occurrence_of_a_term_is_a_mention_of_its_type(seed: int) -> None:
    recipe = built_in()
    for example in notes(120, seed):
        assert example.reference is not None
        text = example.document.text
        mentions = {(mention.start, mention.end): mention for mention in example.reference.mentions}
        assert len(mentions) == len(example.reference.mentions)
        for start, end, term in recipe.finder.find(text):
            assert mentions[start, end].concepts == (recipe.terms[term].concept,)
        known = {fold(mention.text) for mention in mentions.values()}
        occurring = {
            (hit.start(), hit.end())
            for string in known
            for hit in re.finditer(re.escape(string), text, re.IGNORECASE)
            if is_word_aligned(text, hit.start(), hit.end())
        }
        assert occurring == set(mentions), text


@pytest.mark.parametrize("seed", SEEDS)
def test_relations_join_the_mentions_in_the_sentence_that_states_them(seed: int) -> None:
    recipe = built_in()
    for example in notes(120, seed):
        assert example.reference is not None
        places = {
            (saying.relation, fold(saying.head), fold(saying.tail)): (saying.start, saying.end)
            for saying in sayings(example)
            if saying.kind == "statement"
        }
        of = strings(example)
        by_strings = set()
        for relation in example.reference.relations:
            assert isinstance(relation.head, Mention)
            assert isinstance(relation.tail, Mention)
            assert {relation.head, relation.tail} <= set(example.reference.mentions)
            assert recipe.schema.relation(relation.type).allows(relation.head.type, relation.tail.type)
            (place,) = {
                place
                for (type_, head, tail), place in places.items()
                if type_ == relation.type
                and head in of[concept(relation.head)]
                and tail in of[concept(relation.tail)]
            }
            for end in (relation.head, relation.tail):
                assert place[0] <= end.start < end.end <= place[1]
            by_strings.add((fold(relation.head.text), relation.type, fold(relation.tail.text)))
        assert len(by_strings) == len(example.reference.relations)
        assert by_strings == of_all_strings(example)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("count", [50, 300])
def test_reading_nothing_does_not_solve_the_corpus(seed: int, count: int) -> None:
    score = all_legal_pairs_baseline(notes(count, seed), built_in().schema)
    assert score["recall"] == 1.0
    assert score["f1"] is not None
    assert 0.25 < score["f1"] < 0.45


@pytest.mark.parametrize("seed", range(3))
def test_taking_the_nearest_drug_does_not_solve_the_corpus(seed: int) -> None:
    true = predicted = stated = 0
    for example in notes(300, seed):
        assert example.reference is not None
        drugs = [one for one in example.reference.mentions if one.type == "Drug"]
        nearest = {
            (concept(min(drugs, key=lambda drug: abs(drug.start - one.start))), concept(one))
            for one in example.reference.mentions
            if one.type != "Drug" and drugs
        }
        joined = {(head, tail) for head, _, tail in reference(example)}
        true += len(nearest & joined)
        predicted += len(nearest)
        stated += len(joined)
    assert 2 * true / (predicted + stated) < 0.75


@pytest.mark.parametrize("mix", [Mix(), Mix(misspelt=0.0, abbreviated=0.0, variety=0.2)])
def test_no_two_notes_are_nearly_the_same(mix: Mix) -> None:
    assert near_groups([example.document.text for example in compose(500, seed=3, mix=mix)]) == []


def test_all_styles_and_distances_occur() -> None:
    examples = compose(300, seed=4)
    styles = Counter(example.document.metadata["style"] for example in examples)
    assert set(styles) == set(STYLES)
    assert min(styles.values()) > 40
    apart = Counter(
        min(2, saying.between)
        for example in examples
        for saying in sayings(example)
        if saying.kind == "statement"
    )
    assert apart[1] > 20
    assert apart[2] > 5
    assert apart[0] > 5 * (apart[1] + apart[2])


def test_sayings_told_over_a_distance_have_sentences_between_their_ends() -> None:
    seen = 0
    for example in compose(200, seed=6, mix=Mix(distant=1.0, styles=("letter",))):
        for saying in sayings(example):
            if saying.between:
                words = example.document.text[saying.start : saying.end]
                first = min(words.index(saying.head), words.index(saying.tail))
                last = max(words.rindex(saying.head), words.rindex(saying.tail))
                assert len(re.findall(r"[.;] ", words[first:last])) >= 2
                seen += 1
    assert seen > 200


def test_the_second_part_of_what_is_told_in_two_never_follows_the_first_directly() -> None:
    for example in compose(300, seed=6, mix=Mix(distant=1.0, variety=0.5)):
        assert undistanced(example, built_in()) == []


def test_abbreviations_stand_alone_or_are_explained_and_then_used() -> None:
    alone = explained = 0
    short = {string: term.text for term in built_in().terms.values() for string in term.short}
    for example in compose(400, seed=2, mix=Mix(abbreviated=1.0)):
        assert example.reference is not None
        seen: dict[str, list[str]] = {}
        for mention in example.reference.mentions:
            seen.setdefault(concept(mention), []).append(mention.text)
        for texts in seen.values():
            if texts[0] in short:
                assert set(texts) == {texts[0]}
                alone += 1
            elif len(texts) > 1 and texts[1] in short:
                assert fold(short[texts[1]]) == fold(texts[0])
                assert f"{texts[0]} ({texts[1]})" in example.document.text
                assert set(texts[1:]) == {texts[1]}
                explained += 1
        assert not re.search(r"\)[-\w]", example.document.text)
    assert alone > 40
    assert explained > 40


@pytest.mark.parametrize(("mix", "least", "most"), [(Mix(misspelt=0.0), 0, 0), (Mix(misspelt=0.2), 100, 500)])
def test_misspelt_terms_are_mentions_as_they_stand(mix: Mix, least: int, most: int) -> None:
    known = {fold(string) for term in built_in().terms.values() for string in term.strings}
    wrong = 0
    for example in compose(200, seed=8, mix=mix):
        assert example.reference is not None
        for its in strings(example).values():
            if not its <= known:
                assert len(its) == 1
                wrong += 1
    assert least <= wrong <= most


@pytest.mark.parametrize("style", sorted(STYLES))
def test_a_note_has_the_looks_of_its_style(style: str) -> None:
    for example in compose(60, seed=7, mix=Mix(styles=(style,))):
        text = example.document.text
        assert example.document.metadata["style"] == style
        assert not re.search(r"[{}]|  |\.\.|;;|\n\n| $", text), text
        assert not re.search(r"\b[Aa] 8\d-|\b[Aa]n [1-79]\d-", text), text
        lines = text.split("\n")
        if style == "list":
            assert all(line.startswith("- ") for line in lines[1:]), text
            assert len(lines) > 2
        elif style == "visit":
            assert all(re.match(r"[A-Z][a-z ]+: .*\.$", line) for line in lines[1:]), text
        else:
            assert len(lines) == 1
            assert text.endswith(".")
        if STYLES[style] == "prose":
            assert not any(sentence[:2].islower() for sentence in text.split(". ")), text


def test_plural_terms_take_plural_verbs() -> None:
    texts = " ".join(example.document.text for example in compose(600, seed=1, mix=Mix(misspelt=0.0)))
    plural = [term.text for term in built_in().terms.values() if term.plural]
    singular = [term.text for term in built_in().lexicons["Symptom"].terms.values() if not term.plural]
    assert re.search(rf"(?i)\b(?:{'|'.join(plural)}) were ", texts)
    assert not re.search(rf"(?i)(?<!about )\b(?:{'|'.join(plural)}) (?:was|has) ", texts)
    assert not re.search(rf"(?i)(?<!and )\b(?:{'|'.join(singular)}) (?:were|have) ", texts)


def test_the_same_seed_gives_the_same_bytes_whatever_the_hash_seed() -> None:
    program = (
        "import hashlib; from medspan.synth import compose_parts; "
        "notes = compose_parts(60, seed=9, hold_out=0.5); "
        "print(hashlib.sha256(repr(notes).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("0", "1", "2")
    }
    assert len(digests) == 1
    assert compose(40, seed=9) != compose(40, seed=10)


@pytest.mark.parametrize(
    ("name", "share"), [("negatives", 1.0), ("distant", 50.0), ("variety", 0.1), ("misspelt", -0.1)]
)
def test_a_mix_out_of_range_is_named(name: str, share: float) -> None:
    with pytest.raises(ConfigError, match=f"{name} is"):
        Mix(**{name: share})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("styles", "named"), [(("letters",), "'letters' is no style"), ((), "'' is no style")]
)
def test_an_unknown_style_is_named(styles: tuple[str, ...], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        Mix(styles=styles)


def test_negatives_are_mixed_as_asked() -> None:
    said = kinds_said(compose(300, seed=1, mix=Mix(negatives=0.0)))
    assert said["statement"] > 1000
    assert all(said[kind] == 0 for kind in HARD_NEGATIVES)
    said = kinds_said(compose(300, seed=1, mix=Mix(negatives=0.8)))
    assert said["statement"] < sum(said[kind] for kind in HARD_NEGATIVES) / 2

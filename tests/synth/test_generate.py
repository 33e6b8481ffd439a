from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import defaultdict

import pytest

from medspan.core import ConfigError, Example, Mention
from medspan.synth import all_legal_pairs_baseline, generate, schema
from medspan.text import fold, is_word_aligned

SEEDS = (0, 1, 2, 11)


def strings(examples: list[Example], vocabulary: str) -> set[tuple[str, str]]:
    return {
        (mention.type, fold(mention.text))
        for example in examples
        if example.document.metadata["vocabulary"] == vocabulary and example.reference
        for mention in example.reference.mentions
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_every_occurrence_of_an_entity_is_a_mention_of_its_one_type(seed: int) -> None:
    for example in generate(120, seed=seed):
        assert example.reference is not None
        text = example.document.text
        types: defaultdict[str, set[str]] = defaultdict(set)
        for mention in example.reference.mentions:
            types[fold(mention.text)].add(mention.type)
        assert all(len(kinds) == 1 for kinds in types.values()), text
        occurring = {
            (hit.start(), hit.end())
            for string in types
            for hit in re.finditer(re.escape(string), text, re.IGNORECASE)
            if is_word_aligned(text, hit.start(), hit.end())
        }
        assert {(m.start, m.end) for m in example.reference.mentions} == occurring, text
        assert len(example.reference.mentions) == len(occurring)


@pytest.mark.parametrize("seed", SEEDS)
def test_relations_are_legal_join_first_mentions_and_leave_a_legal_pair_out(seed: int) -> None:
    for example in generate(120, seed=seed):
        assert example.reference is not None
        first: dict[str, Mention] = {}
        for mention in example.reference.mentions:
            first.setdefault(fold(mention.text), mention)
        stated = set()
        for relation in example.reference.relations:
            assert isinstance(relation.head, Mention)
            assert isinstance(relation.tail, Mention)
            assert schema().relation(relation.type).allows(relation.head.type, relation.tail.type)
            assert relation.head == first[fold(relation.head.text)]
            assert relation.tail == first[fold(relation.tail.text)]
            stated.add((relation.head, relation.tail))
        assert len(stated) == len(example.reference.relations)
        kinds = [mention.type for mention in first.values()]
        assert all(1 <= kinds.count(type_) <= 3 for type_ in ("Drug", "Disease", "Symptom"))
        assert len(stated) < kinds.count("Drug") * (len(kinds) - kinds.count("Drug"))


@pytest.mark.parametrize(("seed", "count"), [(seed, count) for seed in SEEDS for count in (60, 61, 200, 600)])
def test_half_of_the_held_out_strings_occur_in_no_open_note(seed: int, count: int) -> None:
    examples = generate(count, seed=seed)
    open_, held = strings(examples, "open"), strings(examples, "held-out")
    assert 0.5 <= len(held - open_) / len(held) <= 0.6
    open_text = "\n".join(e.document.text for e in examples if e.document.metadata["vocabulary"] == "open")
    for _, string in held - open_:
        assert re.search(rf"(?<!\w){re.escape(string)}(?!\w)", open_text, re.IGNORECASE) is None


@pytest.mark.parametrize(("held_out", "least", "most"), [(0.0, 0.0, 0.0), (0.3, 0.3, 0.42), (1.0, 1.0, 1.0)])
def test_the_share_of_unseen_strings_is_what_was_asked_for(
    held_out: float, least: float, most: float
) -> None:
    examples = generate(200, seed=3, held_out=held_out)
    held = strings(examples, "held-out")
    assert least <= len(held - strings(examples, "open")) / len(held) <= most


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (0.2, 4), (1.0, 20)])
def test_the_last_notes_are_held_out(share: float, expected: int) -> None:
    kinds = [e.document.metadata["vocabulary"] for e in generate(20, seed=4, held_out_documents=share)]
    assert kinds == ["open"] * (20 - expected) + ["held-out"] * expected


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_a_handful_of_notes_can_be_made(count: int) -> None:
    assert len(generate(count, seed=5, held_out_documents=0.5)) == count


def test_ids_and_schema() -> None:
    assert [example.id for example in generate(3, seed=7)] == ["note-7-00000", "note-7-00001", "note-7-00002"]
    assert schema().entity_types == ("Disease", "Drug", "Symptom")
    assert {r.name: r.pairs for r in schema().relation_types} == {
        "causes": (("Drug", "Symptom"),),
        "treats": (("Drug", "Disease"),),
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_notes_are_short_well_formed_english(seed: int) -> None:
    texts = [example.document.text for example in generate(200, seed=seed)]
    lengths = [len(text.split()) for text in texts]
    assert 28 <= sum(lengths) / len(lengths) <= 40
    assert min(lengths) >= 15
    assert max(lengths) <= 65
    for text in texts:
        assert not re.search(r"[{}]|  |\.\.|;;|\n", text), text
        assert not re.search(r"\b[Aa] 8\d-|\b[Aa]n [1-79]\d-", text), text
        assert all(s[0].isupper() for s in text.split(". ")), text
        assert text.endswith(".")
    assert len(set(texts)) == len(texts)


def test_plural_symptoms_take_plural_verbs() -> None:
    text = " ".join(example.document.text for example in generate(600, seed=1))
    assert re.search(r"(?:palpitations|seizures|nightmares|chills|rigors|hives) were ", text)
    assert not re.search(r"(?:palpitations|seizures|nightmares|chills|rigors|hives) (?:was|has) ", text)
    assert not re.search(
        r"(?<!and )(?:nausea|headache|fatigue|dizziness|vertigo|insomnia) (?:were|have) ", text
    )


def test_the_same_seed_gives_the_same_bytes_whatever_the_hash_seed() -> None:
    program = (
        "import hashlib; from medspan.synth import generate; "
        "print(hashlib.sha256(repr(generate(80, seed=9)).encode()).hexdigest())"
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
    assert generate(80, seed=9) != generate(80, seed=10)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"count": 0}, "count is 0"),
        ({"count": 5, "held_out": 50.0}, "held_out is 50"),
        ({"count": 5, "held_out_documents": -0.1}, "held_out_documents is -0.1"),
    ],
)
def test_arguments_out_of_range_are_named(arguments: dict[str, float], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        generate(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("variety", [0.2, 0.3, 0.6])
def test_fewer_sentences_keep_the_notes_honest(variety: float) -> None:
    notes = generate(120, seed=5, variety=variety)
    kinds = {re.sub(r"\W+", " ", note.document.text) for note in notes}
    assert len(kinds) == 120
    baseline = all_legal_pairs_baseline(notes, schema())
    assert baseline["recall"] == 1.0
    assert 0.3 < baseline["f1"] < 0.6


def test_a_share_of_the_sentences_outside_its_range_is_refused() -> None:
    with pytest.raises(ConfigError, match="variety is 0"):
        generate(10, variety=0)

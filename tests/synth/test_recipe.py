"""Schemas with lexicons and sentences of the user's own."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from medspan.core import ConfigError, InputError, MedspanError, Mention, Schema
from medspan.synth import (
    HARD_NEGATIVES,
    KINDS,
    Mix,
    all_legal_pairs_baseline,
    built_in,
    compose,
    compose_parts,
    kinds_said,
    load_recipe,
    sayings,
)
from medspan.synth.pattern import REGISTERS, pair_names, parse
from medspan.synth.recipe_file import derived_verb
from medspan.synth.terms import FOLDER, lexicon_for
from medspan.text import fold
from medspan.text.similarity import near_groups

from .reading import of_all_strings, read, reference, strings

FOODS = (
    "peanut, cow's milk, hen's egg, wheat gluten, soya, sesame, lupin, celery, mustard seed, shellfish, "
    "codfish, kiwi fruit, hazelnut, walnut, almond, cashew, buckwheat, chickpea, lentil, peach, tomato"
)
ALLERGY = {
    "entity_types": ["Food", "Reaction"],
    "lexicons": {"Food": "foods.txt", "Reaction": "symptoms"},
    "relation_types": [
        {
            "name": "triggers",
            "pairs": [["Food", "Reaction"]],
            "verb": "trigger",
            "prose": {"statement": ["{head} was eaten, and {tail} came of it"]},
        },
        {
            "name": "cross_reacts_with",
            "pairs": [["Food", "Food"]],
            "symmetric": True,
            "verb": "cross-react with",
        },
    ],
}


def stated(folder: Path, **changes: object) -> Path:
    """The allergy schema with these keys changed, in a file beside its list of foods."""
    (folder / "foods.txt").write_text("\n".join(FOODS.split(", ")))
    path = folder / "schema.yaml"
    path.write_text(yaml.safe_dump({**ALLERGY, **changes}, sort_keys=False))
    return path


def test_the_built_in_recipe_says_everything_in_many_ways() -> None:
    recipe = built_in()
    assert recipe.left_out == ()
    assert recipe.registers == REGISTERS
    for register, least in (("prose", 30), ("terse", 14)):
        for relation in ("treats", "causes"):
            pool = recipe.pools[register]  # type: ignore[index]
            assert len(pool["statement"][relation]) >= least
            for kind in HARD_NEGATIVES:
                assert len(pool[kind][relation]) >= 4
        texts = [pattern.text for pattern in recipe.patterns(register)]  # type: ignore[arg-type]
        joined = [(pattern.text, pattern.joins) for pattern in recipe.patterns(register)]  # type: ignore[arg-type]
        assert len(set(texts)) == len(texts) == len(joined)


def test_a_schema_of_ones_own_gets_notes_of_all_styles_that_say_what_is_labelled(tmp_path: Path) -> None:
    recipe = load_recipe(stated(tmp_path))
    examples = compose(150, recipe, seed=1)
    assert {example.document.metadata["style"] for example in examples} == {"letter", "visit", "ward", "list"}
    assert any("was eaten, and" in example.document.text for example in examples)
    for example in examples:
        said = {
            (head, type_, tail) for kind, head, type_, tail in read(example, recipe) if kind == "statement"
        }
        said |= {(tail, type_, head) for head, type_, tail in said if type_ == "cross_reacts_with"}
        assert said == reference(example), example.document.text
    assert all(count > 5 for count in kinds_said(examples).values())
    baseline = all_legal_pairs_baseline(examples, recipe.schema)
    assert baseline["recall"] == 1.0
    assert baseline["f1"] is not None
    assert baseline["f1"] < 0.5


def test_own_sentences_take_the_place_of_generic_ones_of_their_kind_only(tmp_path: Path) -> None:
    pool = load_recipe(stated(tmp_path)).pools["prose"]
    assert [pattern.text for pattern in pool["statement"]["triggers"]] == [
        "{head} was eaten, and {tail} came of it"
    ]
    assert any("proved not to trigger" in pattern.text for pattern in pool["negation"]["triggers"])
    assert any("to cross-react with" in pattern.text for pattern in pool["statement"]["cross_reacts_with"])


def test_the_example_of_the_documentation_can_be_used(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "synth.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "foods.txt").write_text("\n".join(FOODS.split(", ")))
    (tmp_path / "allergy.yaml").write_text(block)
    recipe = load_recipe(tmp_path / "allergy.yaml")
    assert recipe.left_out == ()
    text = " ".join(example.document.text.lower() for example in compose(200, recipe))
    for words in (
        "that last meal brought on",
        "trigger confirmed",
        "was seen to reveal",
        "proved not to reveal",
    ):
        assert words in text
    for name in ("drugs", "diseases", "symptoms", "procedures", "tests"):
        (stated_count,) = re.findall(rf"`{name}` \((\d+)", page)
        assert int(stated_count) == len(lexicon_for(name, name, FOLDER))


def test_an_empty_list_of_sentences_leaves_a_kind_out(tmp_path: Path) -> None:
    none = {kind: [] for kind in HARD_NEGATIVES}
    relations = [{**item, "prose": none, "terse": none} for item in ALLERGY["relation_types"]]  # type: ignore[dict-item]
    said = kinds_said(compose(40, load_recipe(stated(tmp_path, relation_types=relations)), seed=1))
    assert {kind for kind, count in said.items() if count} == {"statement"}


def test_a_schema_without_a_verb_is_written_in_the_register_of_its_sentences(tmp_path: Path) -> None:
    relations = [
        {"name": "ADE", "pairs": [["Food", "Reaction"]], "prose": {"statement": ["{head} gave {tail}"]}}
    ]
    recipe = load_recipe(stated(tmp_path, relation_types=relations))
    assert recipe.registers == ("prose",)
    styles = {example.document.metadata["style"] for example in compose(30, recipe, seed=1)}
    assert styles == {"letter", "visit"}
    with pytest.raises(ConfigError, match="styles is ward, and the schema has no sentences"):
        compose(5, recipe, mix=Mix(styles=("ward",)))


def test_inverse_types_hold_both_ways(tmp_path: Path) -> None:
    relations = [
        {"name": "triggers", "pairs": [["Food", "Reaction"]], "inverse": "comes_of"},
        {"name": "comes_of", "pairs": [["Reaction", "Food"]], "inverse": "triggers", "verb": "come of"},
    ]
    for example in compose(60, load_recipe(stated(tmp_path, relation_types=relations)), seed=2):
        found = reference(example)
        mirrored = {
            (tail, {"triggers": "comes_of", "comes_of": "triggers"}[type_], head)
            for head, type_, tail in found
        }
        assert mirrored == found


def test_a_json_schema_such_as_synth_writes_can_be_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(built_in().schema.to_json()))
    recipe = load_recipe(path)
    assert recipe.schema == built_in().schema
    assert any("found to treat" in pattern.text for pattern in recipe.patterns("prose"))
    assert all(reference(example) is not None for example in compose(10, recipe))


def test_lexicons_of_ones_own_replace_the_built_in_ones(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("\n".join(f"novumab {at}" for at in range(20)))
    recipe = load_recipe(None, {"Drug": path})
    assert set(recipe.lexicons["Drug"].terms) == {f"novumab {at}" for at in range(20)}
    drugs = {
        mention.text.lower()
        for example in compose(40, recipe)
        if example.reference
        for mention in example.reference.mentions
        if mention.type == "Drug"
    }
    assert sum(drug.startswith("novumab ") for drug in drugs) >= 15
    with pytest.raises(ConfigError, match="--lexicon names 'drug', which is no entity type"):
        load_recipe(None, {"drug": path})


def test_a_pair_is_spoken_of_once_where_both_ends_may_be_named_again(tmp_path: Path) -> None:
    sentences = {"statement": ["{head*} gave {tail*}", "{tail*} from {head*}"]}
    for kind in HARD_NEGATIVES:
        sentences[kind] = [f"{{head*}} and {{tail*}}, {kind} {at}" for at in range(3)]
    relations = [
        {"name": "triggers", "pairs": [["Food", "Reaction"]], "prose": sentences, "terse": sentences}
    ]
    recipe = load_recipe(stated(tmp_path, relation_types=relations))
    again = 0
    for example in compose(200, recipe, seed=1):
        said = sayings(example)
        pairs = [(saying.head.lower(), saying.tail.lower()) for saying in said]
        assert len(set(pairs)) == len(pairs), example.document.text
        again += len(pairs) - len({head for head, _ in pairs})
    assert again > 100


def test_an_abbreviation_is_not_explained_within_a_compound(tmp_path: Path) -> None:
    sentences = {"statement": ["{head}-related {tail}", "{head} gave {tail}"]}
    relations = [{"name": "triggers", "pairs": [["Food", "Reaction"]], "prose": sentences}]
    path = stated(tmp_path, relation_types=relations)
    (tmp_path / "foods.txt").write_text("\n".join(f"food number{at} | FN{at}" for at in range(20)))
    mix = Mix(abbreviated=1.0, negatives=0.0, styles=("letter",))
    text = "\n".join(example.document.text for example in compose(60, load_recipe(path), seed=1, mix=mix))
    assert re.search(r"(?i)food number\d+ \(FN\d+\) gave", text)
    assert re.search(r"(?i)food number\d+-related", text)
    assert ")-" not in text


@pytest.mark.parametrize(
    "sentences",
    [
        {
            "statement": ["{head}-related {tail}", "{head} gave {tail}"],
            "negation": ["{head*} without {tail*}"],
        },
        {
            "statement": ["the first was {head} [...] the first gave {tail}"],
            "negation": ["{head*}, no {tail*}", "{tail*} without {head*}"],
        },
        {"statement": ["{head*} gave {tail*}", "{tail*} came of {head*}"], "family": ["{head*} and {tail*}"]},
    ],
)
def test_relations_hold_for_every_string_that_a_note_has_for_their_ends(
    tmp_path: Path, sentences: dict[str, list[str]]
) -> None:
    every = {kind: sentences.get(kind, []) for kind in KINDS}
    relations = [{"name": "triggers", "pairs": [["Food", "Reaction"]], "prose": every, "terse": every}]
    lexicons = {"Food": "foods.txt", "Reaction": "reactions.txt"}
    path = stated(tmp_path, relation_types=relations, lexicons=lexicons)
    for name, letter in (("foods", "F"), ("reactions", "R")):
        terms = [f"{name} number{at} | {letter}N{at}" for at in range(40)]
        (tmp_path / f"{name}.txt").write_text("\n".join(terms))
    explained = 0
    for example in compose(150, load_recipe(path), seed=1, mix=Mix(abbreviated=1.0)):
        assert example.reference is not None
        held = {
            (fold(r.head.text), r.type, fold(r.tail.text))
            for r in example.reference.relations
            if isinstance(r.head, Mention) and isinstance(r.tail, Mention)
        }
        assert held == of_all_strings(example), example.document.text
        explained += any(len(its) == 2 for its in strings(example).values())
    assert explained > 30


def test_a_term_of_two_types_is_named(tmp_path: Path) -> None:
    path = stated(tmp_path)
    (tmp_path / "foods.txt").write_text("\n".join([*FOODS.split(", "), "nausea"]))
    with pytest.raises(ConfigError, match="'nausea' is a Food and a Reaction"):
        load_recipe(path)


def test_sentences_whose_own_words_hold_a_term_are_left_out_and_told(tmp_path: Path) -> None:
    path = stated(tmp_path)
    (tmp_path / "foods.txt").write_text("\n".join([*FOODS.split(", "), "blood", "mother", "plan"]))
    recipe = load_recipe(path)
    assert ("blood pressure today was normal", "blood") in recipe.left_out
    assert all(
        {"blood", "mother", "plan"} & set(text.lower().replace(",", "").split())
        for text, _ in recipe.left_out
    )
    with pytest.raises(
        ConfigError, match="'plan' stands in a note of the style visit where it is not labelled"
    ):
        compose(60, recipe, seed=1)
    examples = compose(60, recipe, seed=1, mix=Mix(styles=("letter", "ward", "list")))
    assert len(examples) == 60


def test_nested_terms_never_meet_in_a_note_and_are_held_out_together(tmp_path: Path) -> None:
    path = stated(tmp_path)
    pairs = [term for at in range(30) for term in (f"agent{at}", f"strong agent{at}")]
    (tmp_path / "foods.txt").write_text("\n".join(pairs))
    parts = compose_parts(80, load_recipe(path), hold_out=1.0, seed=3)
    cores = {}
    for part, examples in parts.items():
        here = set()
        for example in examples:
            assert example.reference is not None
            foods = {m.concepts[0] for m in example.reference.mentions if m.type == "Food"}
            bare = [food.removeprefix("strong-") for food in foods]
            assert len(set(bare)) == len(bare)
            here |= set(bare)
        cores[part] = here
    assert not cores["test"] & (cores["train"] | cores["validation"])


def test_too_few_terms_and_sentences_for_so_many_notes_are_named(tmp_path: Path) -> None:
    (tmp_path / "schema.yaml").write_text(
        yaml.safe_dump(
            {
                "entity_types": ["A", "B"],
                "lexicons": {"A": "a.txt", "B": "b.txt"},
                "relation_types": [
                    {
                        "name": "joins",
                        "pairs": [["A", "B"]],
                        "prose": {"statement": ["{head} and {tail} and {head2}"]},
                    }
                ],
                "openings": {"prose": ["note"]},
                "closings": {"prose": ["end"]},
            }
        )
    )
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text("\n".join(f"{name}x{at}" for at in range(8)))
    recipe = load_recipe(tmp_path / "schema.yaml")
    none = Mix(negatives=0.0, misspelt=0.0, styles=("letter",))
    with pytest.raises(ConfigError, match="notes are nearly the same as another"):
        compose(600, recipe, mix=none)
    assert near_groups([example.document.text for example in compose(40, recipe, mix=none)]) == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"entitytypes": []}, "entitytypes is no key.*entity_types was meant"),
        ({"relation_types": []}, "relation_types is empty"),
        ({"relation_types": [{"pairs": []}]}, "relation_types.0 has no name"),
        (
            {"relation_types": [{"name": "x", "verbs": "y"}]},
            r"relation_types.x.verbs is no key.*verb was meant",
        ),
        (
            {"relation_types": [{"name": "CID", "pairs": [["Food", "Reaction"]]}]},
            "CID has no sentence that states it",
        ),
        ({"relation_types": [{"name": "x", "pairs": [["Food", "Person"]], "verb": "x"}]}, "names 'Person'"),
        (
            {"relation_types": [{"name": "x", "pairs": [["Food", "Reaction"]], "prose": {"says": []}}]},
            r"relation_types.x.prose.says is no key",
        ),
        (
            {
                "relation_types": [
                    {"name": "x", "pairs": [["Food", "Reaction"]], "prose": {"statement": ["{head}"]}}
                ]
            },
            r"the sentence '\{head\}' cannot be used.*it has no \{tail\}",
        ),
        ({"prose": [{"say": "{Food}"}]}, "prose.0.relations is no list"),
        ({"prose": [{"kind": "statement"}]}, "prose.0 says nothing"),
        (
            {"prose": [{"say": "{Food} {Food2}", "kind": "denial", "relations": []}]},
            "prose.0.kind is 'denial'",
        ),
        (
            {"prose": [{"say": "{Food} {Reaction}", "relations": [["Reaction", "triggers", "Food"]]}]},
            "joins Reaction and Food by triggers",
        ),
        (
            {"prose": [{"say": "{Food} {Reaction}", "relations": [["Food", "gives", "Reaction"]]}]},
            "states 'gives', which is no relation type",
        ),
        ({"openings": {"prose": ["a {tail}"]}}, r"\{tail\} is no slot"),
        ({"openings": {"prose": []}, "closings": {"terse": []}}, "no register in which every relation type"),
        ({"lexicons": {"Food": "foods.txt", "Drug": "drugs"}}, "lexicons names 'Drug'"),
        ({"lexicons": {"Reaction": "symptoms"}}, "the entity type Food has no lexicon"),
    ],
)
def test_what_is_wrong_with_a_schema_is_named(tmp_path: Path, changes: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){named}"):
        load_recipe(stated(tmp_path, **changes))


@pytest.mark.parametrize(("text", "named"), [("a: [", "neither YAML nor JSON"), ("- a", "holds no keys")])
def test_a_file_that_is_no_schema_is_named(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(MedspanError, match=named):
        load_recipe(tmp_path / "bad.yaml")
    with pytest.raises(InputError, match=r"absent\.yaml does not exist"):
        load_recipe(tmp_path / "absent.yaml")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{head} {tail} [...] {head} [...] {tail}", "more than once"),
        ("{head {tail}", "left open|no slot"),
        ("{head} {tail} {drug}", r"\{drug\} is no slot"),
        ("{head} {tail} {is:}", r"\{is:\} is no slot"),
    ],
)
def test_a_sentence_that_cannot_be_used_is_quoted(text: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        parse(text, "statement", [("head", "r", "tail")], pair_names("A", "B"))


def test_slots_are_read_with_their_marks_and_types() -> None:
    pattern = parse(
        "{was:tail} {head*} {tail!} {head2} {her}", "negation", [("head", "r", "tail")], pair_names("A", "A")
    )
    assert [(slot.key, slot.type, slot.again, slot.ends) for slot in pattern.slots] == [
        ("A#1", "A", True, False),
        ("A#2", "A", False, True),
        ("A#3", "A", False, False),
    ]
    assert pattern.joins == (("A#1", "r", "A#2"),)


@pytest.mark.parametrize(
    ("name", "verb"),
    [
        ("causes", "cause"),
        ("interacts_with", "interact with"),
        ("is_sign_of", "be sign of"),
        ("has_dose", "have dose"),
        ("reaches", "reach"),
        ("carries", "carry"),
        ("CID", None),
        ("measured_by", None),
        ("is", None),
    ],
)
def test_the_infinitive_is_taken_from_names_that_hold_one(name: str, verb: str | None) -> None:
    assert derived_verb(name) == verb


TYPES = ("Agent", "Organ", "Event")


@st.composite
def schemas(draw: st.DrawFn) -> dict[str, object]:
    types = draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=3, unique=True))
    pairs = st.tuples(st.sampled_from(types), st.sampled_from(types)).map(list)
    names = draw(
        st.lists(st.sampled_from(("alters", "precedes", "is_near")), min_size=1, max_size=3, unique=True)
    )
    return {
        "entity_types": types,
        "lexicons": {type_: f"{type_}.txt" for type_ in types},
        "relation_types": [
            {
                "name": name,
                "pairs": draw(st.lists(pairs, max_size=3, unique_by=tuple)),
                "symmetric": draw(st.booleans()),
            }
            for name in names
        ],
    }


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lists")
    for type_ in TYPES:
        rng = random.Random(type_)
        words = {
            "".join(rng.choices("bcdfglmnprst", k=3)) + rng.choice(("ane", "ole", "ium")) for _ in range(30)
        }
        (folder / f"{type_}.txt").write_text("\n".join(f"{type_.lower()} {word}" for word in sorted(words)))
    return folder


@settings(max_examples=15)
@given(schemas(), st.integers(0, 1000), st.floats(0.0, 0.9), st.floats(0.0, 1.0))
def test_notes_of_any_schema_say_exactly_what_is_labelled(
    lists: Path, data: dict[str, object], seed: int, negatives: float, distant: float
) -> None:
    path = lists / "schema.yaml"
    path.write_text(yaml.safe_dump(data))
    recipe = load_recipe(path)
    schema: Schema = recipe.schema
    examples = compose(6, recipe, seed=seed, mix=Mix(negatives=negatives, distant=distant))
    assert examples == compose(6, recipe, seed=seed, mix=Mix(negatives=negatives, distant=distant))
    for example in examples:
        said = {(head, type_, tail) for kind, head, type_, tail in read(example, recipe) if kind == KINDS[0]}
        said |= {(tail, type_, head) for head, type_, tail in said if schema.relation(type_).symmetric}
        assert said == reference(example), example.document.text

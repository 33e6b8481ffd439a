"""The three formats on planted examples: prompts, targets, older forms, and what cannot be held."""

from __future__ import annotations

from collections import Counter

import pytest

from medspan.core import (
    Annotation,
    Concept,
    ConfigError,
    Document,
    InputError,
    Mention,
    Relation,
    RelationType,
    Schema,
    UnalignedMention,
)
from medspan.format import make_codec
from medspan.format.grammar import possible_mentions
from medspan.format.lists import Listed, MentionShape
from medspan.format.tasks import TasksCodec

TEXT = "Naloxone reversed hypertension; naloxone again."
SCHEMA = Schema(("Disease", "Drug"), (RelationType("causes"), RelationType("treats", (("Drug", "Disease"),))))
NALOXONE = Mention.at(TEXT, 0, 8, "Drug", concepts=("D1",))
HYPERTENSION = Mention.at(TEXT, 18, 30, "Disease", concepts=("D2",))
AGAIN = Mention.at(TEXT, 32, 40, "Drug", concepts=("D1",))
TREATS = Relation(NALOXONE, HYPERTENSION, "treats")


def target(name: str, annotation: Annotation, **options: object) -> str:
    codec = make_codec(name, SCHEMA, **options)  # type: ignore[arg-type]
    return "".join(codec.target(Document("d", TEXT), annotation))


def test_sections_are_written_as_the_ancestor_wrote_them() -> None:
    annotation = Annotation((NALOXONE, HYPERTENSION), relations=(TREATS,))
    assert target("sections", annotation) == (
        "### Entities:\n1. [Drug] Naloxone\n2. [Disease] hypertension\n\n### Relations:\n"
        "1. Naloxone --[treats]--> hypertension\n"
    )
    assert target("sections", Annotation()) == "### Entities:\nNone found.\n\n### Relations:\nNone found.\n"
    prompt = make_codec("sections", instruction="Do it.").prompt(Document("d", TEXT))
    assert prompt == f"### Instruction:\nDo it.\n\n### Input:\n{TEXT}\n\n### Output:\n"


def test_compact_lists_every_type_asked_for_and_nothing_else() -> None:
    annotation = Annotation((HYPERTENSION, NALOXONE, AGAIN), relations=(TREATS,))
    assert target("compact", annotation) == (
        "Disease: hypertension;\nDrug: Naloxone; naloxone;\ncauses:\ntreats: Naloxone | hypertension;\n"
    )
    codec = make_codec("compact", SCHEMA)
    prompt = codec.prompt(Document("d", TEXT))
    assert prompt == f"{TEXT}\n\nExtract: Disease; Drug; causes; treats\n"
    assert codec.split_prompt(prompt) == (TEXT, ("Disease", "Drug", "causes", "treats"))  # type: ignore[attr-defined]
    with pytest.raises(InputError, match="the prompt ends with 'What is it"):
        codec.split_prompt("What is it?")  # type: ignore[attr-defined]


def test_a_text_read_twice_stands_twice_in_the_prompt_and_once_in_the_document() -> None:
    codec = make_codec("compact", SCHEMA, read_twice=True)
    prompt = codec.prompt(Document("d", TEXT))
    assert prompt == f"{TEXT}\n\n{TEXT}\n\nExtract: Disease; Drug; causes; treats\n"
    assert codec.split_prompt(prompt)[0] == TEXT  # type: ignore[attr-defined]
    with pytest.raises(InputError, match="the prompt ends with"):
        codec.split_prompt(make_codec("compact", SCHEMA).prompt(Document("d", TEXT)))  # type: ignore[attr-defined]


def test_tasks_ask_one_question_and_the_cue_may_be_missing() -> None:
    codec = TasksCodec()
    prompt = codec.prompt(Document("d", TEXT, task="influences"))
    assert prompt.endswith(
        f"the chemicals and diseases mentioned.\n\n{TEXT}\n\nList of extracted influences:\n"
    )
    assert codec.split_prompt(prompt) == ("influences", TEXT)
    assert codec.split_prompt(prompt.removesuffix("List of extracted influences:\n")) == ("influences", TEXT)
    with pytest.raises(InputError, match="not one of the three questions"):
        codec.split_prompt("Hello")
    with pytest.raises(ConfigError, match="document d has the task 'genes'"):
        codec.prompt(Document("d", TEXT, task="genes"))
    with pytest.raises(ConfigError, match="endpoints: mentions"):
        TasksCodec(endpoints="mentions")


@pytest.mark.parametrize(
    "line",
    [
        "- Naloxone | hypertension",
        "- chemical Naloxone influences disease hypertension",
        "- Chemical Naloxone influences disease hypertension",
        "* Naloxone influences disease hypertension",
        "-   Naloxone|hypertension  ",
    ],
)
def test_old_forms_of_influences_are_read_alike(line: str) -> None:
    read = TasksCodec().parse(Document("d", TEXT, task="influences"), line + "\n")
    (relation,) = read.relations
    assert (relation.head.text, relation.type, relation.tail.text) == (  # type: ignore[union-attr]
        "Naloxone",
        "influences",
        "hypertension",
    )
    assert (relation.head.type, relation.tail.type) == ("chemical", "disease")
    assert read.unparsed == ()


def test_blank_items_and_lines_of_another_form_are_kept() -> None:
    document = Document("d", TEXT, task="chemicals")
    read = TasksCodec().parse(document, "- Naloxone\n-\nNaloxone, hypertension\n- morphine\n\n")
    assert [mention.text for mention in read.mentions] == ["Naloxone"]
    assert read.unaligned == (
        UnalignedMention("chemical", "", "blank"),
        UnalignedMention("chemical", "morphine", "not-in-text"),
    )
    assert read.unparsed == ("Naloxone, hypertension",)
    pairs = TasksCodec().parse(Document("d", TEXT, task="influences"), "- \n- hypertension\n")
    assert pairs.relations[0].head == UnalignedMention("chemical", "", "blank")
    assert pairs.unparsed == ("- hypertension",)


def test_loops_are_kept_with_every_repeat() -> None:
    loop = "- Naloxone\n- hypertension\n" * 40
    read = TasksCodec().parse(Document("d", TEXT, task="chemicals"), loop)
    assert len(read.mentions) == 80
    looped = make_codec("compact", SCHEMA).parse(Document("d", TEXT), "Drug:" + " Naloxone;" * 30)
    assert len(looped.mentions) == 30
    section = (
        "### Entities:\n" + "1. [Drug] Naloxone\n" * 20 + "1. Naloxone --[treats]--> hypertension\n" * 10
    )
    read = make_codec("sections", SCHEMA).parse(Document("d", TEXT), section)
    assert (len(read.mentions), len(read.relations)) == (20, 10)


def test_sections_in_freer_forms_are_read() -> None:
    output = (
        "## entities\n[Drug] Naloxone\n- [Disease]   hypertension\n### RELATIONS:\n"
        "* Naloxone--[treats]-->hypertension\nnone\nI hope this helps!\n"
    )
    read = make_codec("sections", SCHEMA).parse(Document("d", TEXT), output)
    assert [(mention.type, mention.text) for mention in read.mentions] == [
        ("Drug", "Naloxone"),
        ("Disease", "hypertension"),
    ]
    (relation,) = read.relations
    assert (relation.head, relation.tail) == (
        Mention.at(TEXT, 0, 8, "Drug", aligned_by="exact"),
        Mention.at(TEXT, 18, 30, "Disease", aligned_by="exact"),
    )
    assert read.unparsed == ("I hope this helps!",)


def test_compact_items_under_the_wrong_kind_of_label_are_unparsed() -> None:
    output = "Drug: Naloxone | hypertension; Naloxone;\ntreats: Naloxone;\nGene: x;\nno label here\n"
    read = make_codec("compact", SCHEMA).parse(Document("d", TEXT), output)
    assert [mention.text for mention in read.mentions] == ["Naloxone"]
    assert read.unparsed == (
        "Drug: Naloxone | hypertension;",
        "treats: Naloxone;",
        "Gene: x;",
        "no label here",
    )


def test_losses_are_counted_by_kind() -> None:
    text = "xaspirin and a; b\nhot fever  ,"
    document = Document("d", text)
    annotation = Annotation(
        (
            Mention.at(text, 1, 8, "Drug"),
            Mention.at(text, 13, 17, "Drug"),
            Mention.at(text, 16, 21, "Drug"),
            Mention(((18, 21), (26, 27)), "Drug", "hot r"),
            Mention.at(text, 9, 13, "Drug"),
            Mention.at(text, 29, 30, "Drug"),
            Mention.at(text, 22, 27, "Gene"),
            Mention.at(text, 22, 27, "Disease"),
        ),
        (UnalignedMention("Drug", "gone", "offset-mismatch"),),
    )
    assert make_codec("compact", SCHEMA).project(document, annotation).lost == Counter(
        {
            "mention: inside-word": 1,
            "mention: separator-in-string": 2,
            "mention: discontinuous": 1,
            "mention: outer-space": 1,
            "mention: no-word-character": 1,
            "mention: type-not-asked": 1,
            "mention: offset-mismatch": 1,
        }
    )


def test_relations_that_cannot_be_written_are_counted_by_kind() -> None:
    lower = Relation(AGAIN, HYPERTENSION, "treats")
    annotation = Annotation(
        (NALOXONE, HYPERTENSION),
        relations=(
            TREATS,
            TREATS,
            lower,
            Relation(HYPERTENSION, NALOXONE, "treats"),
            Relation(NALOXONE, HYPERTENSION, "unheard"),
            Relation(NALOXONE, Concept("D9"), "treats"),
            Relation(Concept("D1"), Concept("D2"), "treats"),
            Relation(NALOXONE, UnalignedMention("Disease", "gone", "not-in-text"), "treats"),
        ),
    )
    codec = make_codec("sections", SCHEMA)
    projection = codec.project(Document("d", TEXT), annotation)
    assert projection.lost == Counter(
        {
            "relation: endpoint-not-an-entity": 1,
            "relation: illegal-types": 1,
            "relation: type-not-asked": 1,
            "relation: concept-not-mentioned": 1,
            "relation: same-strings-as-another": 1,
            "relation: endpoint-not-in-text": 1,
        }
    )
    # An endpoint that differs from the listed entity in letter case only is no listed entity.
    assert "naloxone --" not in "".join(codec.target(Document("d", TEXT), annotation))


def test_no_relation_joins_a_string_to_itself() -> None:
    annotation = Annotation(
        (NALOXONE, Mention.at(TEXT, NALOXONE.start, NALOXONE.end, "Disease"), HYPERTENSION),
        relations=(TREATS, Relation(NALOXONE, NALOXONE, "treats")),
    )
    for name in ("sections", "compact"):
        codec = make_codec(name, SCHEMA)
        assert codec.project(Document("d", TEXT), annotation).lost == Counter({"relation: head-is-tail": 1})
    shape = MentionShape("/.+/", lambda string: False)
    listed = Listed(Document("d", TEXT), shape, "mentions", {"Drug": ["Naloxone"], "Disease": ["Naloxone"]})
    assert listed.relation(SCHEMA.relation("treats"), " | ") is None
    listed.mentions["Disease"].append("hypertension")
    expression = listed.relation(SCHEMA.relation("treats"), " | ")
    assert expression is not None
    assert expression.endswith('& ~("Naloxone | Naloxone"))')


def test_items_follow_the_text_and_not_the_source() -> None:
    late_first = Annotation((AGAIN, HYPERTENSION, NALOXONE))
    assert target("sections", late_first).splitlines()[1:4] == [
        "1. [Drug] Naloxone",
        "2. [Disease] hypertension",
        "3. [Drug] naloxone",
    ]
    text = "fever, rash, fever"
    twice = Annotation(
        (
            Mention.at(text, 13, 18, "Disease"),
            Mention.at(text, 7, 11, "Disease"),
            Mention.at(text, 0, 5, "Disease"),
        )
    )
    assert make_codec("tasks").target(Document("d", text, task="diseases"), Annotation()) == []
    assert make_codec("compact", Schema(("Disease",))).target(Document("d", text), twice) == [
        "Disease:",
        " fever;",
        " rash;",
        "\n",
    ]


def test_a_composite_concept_is_written_as_the_mention_that_names_it_alone() -> None:
    text = "renal and hepatic toxicity, hepatic toxicity by lead"
    composite = Mention.at(text, 0, 26, "Disease", concepts=("R", "H"))
    alone = Mention.at(text, 28, 44, "Disease", concepts=("H",))
    lead = Mention.at(text, 48, 52, "Drug", concepts=("L",))
    annotation = Annotation(
        (composite, alone, lead), relations=(Relation(Concept("L"), Concept("H"), "causes"),)
    )
    chunks = make_codec("sections", SCHEMA).target(Document("d", text), annotation)
    assert chunks[-1] == "1. lead --[causes]--> hepatic toxicity\n"


def test_strings_with_the_arrow_cannot_be_endpoints_of_sections() -> None:
    text = "a--[b is c"
    annotation = Annotation((Mention.at(text, 0, 5, "Drug"), Mention.at(text, 9, 10, "Drug")))
    projection = make_codec("sections", SCHEMA).project(Document("d", text), annotation)
    assert projection.lost == Counter({"mention: separator-in-string": 1})


@pytest.mark.parametrize("separator", ["\u2028", "\x0b", "\x85", "\x0c"])
def test_separators_that_are_no_line_breaks_may_stand_in_a_mention(separator: str) -> None:
    text = f"renal{separator}failure"
    annotation = Annotation((Mention.at(text, 0, len(text), "Disease"),))
    for name in ("sections", "compact"):
        codec = make_codec(name, SCHEMA)
        document = Document("d", text)
        read = codec.parse(document, "".join(codec.target(document, annotation)))
        assert [mention.text for mention in read.mentions] == [text]


def test_an_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"format: 'bioc'.*tasks, sections, compact"):
        make_codec("bioc")


def test_texts_without_a_word_allow_no_mention() -> None:
    assert possible_mentions("- " * 100, lambda string: False) == 0
    assert possible_mentions("a b a", lambda string: False) == 5  # a, b, "a b", "b a", "a b a"
    assert possible_mentions("a b a", lambda string: "b" in string) == 1
    assert possible_mentions("a " * 100, lambda string: False) is None


@pytest.mark.parametrize(("name", "label"), [("compact", "T047: Disease"), ("sections", "a]b")])
def test_a_type_whose_name_holds_a_separator_is_refused(name: str, label: str) -> None:
    with pytest.raises(ConfigError, match=r"uses this character as a separator"):
        make_codec(name, Schema((label,)))

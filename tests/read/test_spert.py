"""SpERT JSON and DyGIE++ lines: what is read, kept, refused, lost and given back."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medspan.core import (
    Annotation,
    Concept,
    Document,
    Example,
    InputError,
    Mention,
    Place,
    Relation,
    UnalignedMention,
)
from medspan.read import detect, formats, load, write
from medspan.read.base import MAX_LINE_BYTES
from medspan.read.detect import take_sample

ROW: dict[str, Any] = {
    "tokens": ["Aspirin-induced", "renal", "failure", "and", "1 1/2", "mg", "."],
    "entities": [
        {"type": "Drug", "start": 0, "end": 1, "score": 0.5},
        {"type": "Disease", "start": 1, "end": 3},
        {"type": "Dose", "start": 4, "end": 6},
        {"type": "Sign", "start": 2, "end": 3},
    ],
    "relations": [
        {"type": "causes", "head": 0, "tail": 1, "note": "n"},
        {"type": "of", "head": 2, "tail": 0},
    ],
    "orig_id": 5294,
    "pos": ["NN", "JJ", "NN", "CC", "CD", "NN", "."],
    "year": 2020,
}
DYGIE: dict[str, Any] = {
    "doc_key": "J1",
    "sentences": [["Aspirin", "helps", "."], [], ["Renal", "failure", "?"]],
    "ner": [[[0, 0, "Drug"]], [], [[3, 4, "Disease", 9.5]]],
    "relations": [[[0, 0, 3, 4, "causes"]], [], [[3, 4, 1, 1, "by", 0.1]]],
    "clusters": [[[0, 0]]],
}


def written(tmp_path: Path, value: Any, name: str = "a.json") -> Path:
    path = tmp_path / name
    path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
    return path


def read(tmp_path: Path, *rows: dict[str, Any]) -> list[Example]:
    return list(load(written(tmp_path, list(rows))).examples)


def without_text(path: Path) -> list[dict[str, Any]]:
    rows = json.loads(path.read_text("utf-8"))
    return [
        {key: value for key, value in row.items() if key not in ("text", "spans", "group")} for row in rows
    ]


def test_row_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, [ROW, ROW])
    first, second = load(path).examples
    assert detect(path) == "spert"
    text = "Aspirin-induced renal failure and 1 1/2 mg ."
    assert first.document.text == text
    drug = Mention(((0, 15),), "Drug", "Aspirin-induced")
    disease = Mention(((16, 29),), "Disease", "renal failure")
    dose = Mention(((34, 42),), "Dose", "1 1/2 mg")
    assert first.reference == Annotation(
        (drug, disease, dose, Mention(((22, 29),), "Sign", "failure")),
        relations=(Relation(drug, disease, "causes"), Relation(dose, drug, "of")),
    )
    assert (first.id, first.document.group, first.place) == ("5294", "5294", Place(str(path), 1))
    assert (second.id, second.document.group) == ("5294#2", "5294")
    assert first.document.metadata == {
        "spert.orig_id": "5294",
        "spert.key pos": json.dumps(ROW["pos"]),
        "spert.key year": "2020",
        "spert.entity 0 15 Drug": '{"score": 0.5}',
        "spert.relation 0 15 16 29 causes": '{"note": "n"}',
        "spert.tokens": (
            '{"spans": [[0, 15], [16, 21], [22, 29], [30, 33], [34, 39], [40, 42], [43, 44]], "breaks": []}'
        ),
    }


def test_rows_are_written_back_with_the_places_of_their_tokens(tmp_path: Path) -> None:
    examples = read(tmp_path, ROW, ROW)
    out = tmp_path / "b.json"
    assert write(out, examples, "spert") == {}
    assert without_text(out) == [ROW, ROW]
    row = json.loads(out.read_text("utf-8"))[0]
    assert row["text"] == examples[0].document.text
    assert row["spans"][:2] == [[0, 15], [16, 21]]
    assert [replace(one, place=None) for one in load(out)] == [replace(one, place=None) for one in examples]
    lines = tmp_path / "b.jsonl"
    write(lines, examples, "spert")
    assert [json.loads(line) for line in lines.read_text("utf-8").splitlines()] == [row, row]


def test_keys_by_token_are_left_out_where_the_tokens_change(tmp_path: Path) -> None:
    (example,) = read(tmp_path, ROW)
    text = example.document.text
    changed = replace(example, reference=Annotation((Mention.at(text, 0, 7, "Drug"),)))
    write(tmp_path / "b.json", [changed], "spert")
    (row,) = json.loads((tmp_path / "b.json").read_text("utf-8"))
    assert row["tokens"][:3] == ["Aspirin", "-", "induced"]
    assert row["entities"] == [{"type": "Drug", "start": 0, "end": 1}]
    assert "pos" not in row
    assert row["year"] == 2020


def test_row_without_relations_id_or_fitting_text(tmp_path: Path) -> None:
    bare = {"tokens": ["a", "b"], "entities": [{"type": "X", "start": 1, "end": 2}]}
    texts = ["a  b", "ab c"]
    plain, fits, other, spans = read(
        tmp_path,
        bare,
        *({**bare, "text": text} for text in texts),
        {**bare, "text": "ba", "spans": [[1, 2], [0, 1]]},
    )
    assert (plain.id, plain.document.group, plain.document.text) == ("a:1", None, "a b")
    assert plain.reference.relations == ()
    assert (fits.document.text, fits.document.metadata) == ("a  b", {})
    assert fits.reference.mentions == (Mention(((3, 4),), "X", "b"),)
    assert (other.document.text, dict(other.document.metadata)) == ("a b", {"spert.key text": '"ab c"'})
    assert spans.document.text == "a b"
    assert set(spans.document.metadata) == {"spert.key text", "spert.key spans"}


def test_dygie_is_read_with_document_indices_and_included_ends(tmp_path: Path) -> None:
    path = written(tmp_path, json.dumps(DYGIE) + "\n" + json.dumps({**DYGIE, "ner": [[], [], []]}), "a.jsonl")
    assert detect(path) == "spert"
    first, second = load(path).examples
    text = "Aspirin helps .\n\nRenal failure ?"
    assert first.document.text == text
    drug, disease = Mention.at(text, 0, 7, "Drug"), Mention.at(text, 17, 30, "Disease")
    helps = Mention.at(text, 8, 13, "unknown")
    assert first.reference == Annotation(
        (drug, disease), relations=(Relation(drug, disease, "causes"), Relation(disease, helps, "by"))
    )
    assert (first.id, first.document.group, second.id, second.document.group) == ("J1", "J1", "J1#2", "J1")
    assert first.document.metadata == {
        "spert.key clusters": "[[[0, 0]]]",
        "spert.entity 17 30 Disease": '{"further": [9.5]}',
        "spert.relation 17 30 8 13 by": '{"further": [0.1]}',
    }
    assert second.reference.mentions == ()
    out = tmp_path / "b.json"
    assert write(out, [first], "spert") == {"relation: of a mention that is not listed": 1}
    (row,) = json.loads(out.read_text("utf-8"))
    assert row["entities"][1] == {"type": "Disease", "start": 3, "end": 5, "further": [9.5]}
    assert row["clusters"] == [[[0, 0]]]
    assert load(out).examples[0].document.text == text


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "no entities": ({"entities": None}, "'entities' is null, not a list"),
    "tokens": ({"tokens": ["a", 1]}, "token 1 is a whole number, not a string"),
    "one string": ({"tokens": "a b"}, "'tokens' is a string, not a list"),
    "past the end": ({"entities": [{"type": "X", "start": 6, "end": 8}]}, "at the tokens [6, 8), of 7"),
    "inclusive end": ({"entities": [{"type": "X", "start": 1, "end": 1}]}, "[1, 1), of 7"),
    "negative": ({"entities": [{"type": "X", "start": -1, "end": 1}]}, "[-1, 1)"),
    "huge": ({"entities": [{"type": "X", "start": 0, "end": 10**4000}]}, "[0, 1000"),
    "true": ({"entities": [{"type": "X", "start": False, "end": 1}]}, "'start' is true or false"),
    "no type": ({"entities": [{"type": "", "start": 0, "end": 1}]}, "entity 0 has no type"),
    "no entity": (
        {"relations": [{"type": "X", "head": 0, "tail": 4}]},
        "tail of relation 0 is entity 4, and",
    ),
    "no relation type": ({"relations": [{"type": "", "head": 0, "tail": 1}]}, "relation 0 has no type"),
    "no object": ({"relations": [[0, 1]]}, "relation 0 is a list, not an object"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_row_is_refused_with_its_place(tmp_path: Path, kind: str) -> None:
    change, part = BROKEN[kind]
    path = written(tmp_path, [ROW, {**ROW, **change}, ROW])
    with pytest.raises(InputError) as caught:
        load(path, format="spert")
    assert part in caught.value.what
    assert len(caught.value.what) < 300
    assert caught.value.place == Place(str(path), 2)
    corpus = load(path, format="spert", on_error="skip")
    assert [one.id for one in corpus] == ["5294", "5294#3"]
    assert [row.place.row for row in corpus.rejected] == [2]


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"ner": [[[0, 6, "X"]]]}, "entity 0 stands at the tokens [0, 7), of 6"),
        ({"ner": [[[0, "X"]]]}, "an item of 'ner' of sentence 0 has 2 parts"),
        ({"ner": [[["0", 1, "X"]]]}, "an index of 'ner' of sentence 0 is a string"),
        ({"ner": [[[0, 1, 2]]]}, "a type of 'ner' of sentence 0 is a whole number"),
        ({"ner": [0]}, "'ner' of sentence 0 is a whole number, not a list"),
        ({"relations": [[[0, 0, 7, 7, "X"]]]}, "an end of relation 0 stands at the tokens [7, 8)"),
        ({"relations": [[[0, 0, 1, 1, ""]]]}, "relation 0 has no type"),
        ({"sentences": ["a"]}, "sentence 0 is a string, not a list"),
        ({"sentences": [[1]]}, "a token of sentence 0 is a whole number"),
    ],
)
def test_broken_dygie_row_is_refused(tmp_path: Path, change: dict[str, Any], part: str) -> None:
    path = written(tmp_path, json.dumps({**DYGIE, **change}), "a.jsonl")
    with pytest.raises(InputError) as caught:
        load(path, format="spert")
    assert part in caught.value.what
    assert caught.value.place == Place(str(path), 1)


def test_blank_entity_is_kept_unaligned_with_its_relations(tmp_path: Path) -> None:
    entities = [{"type": "X", "start": 1, "end": 2}, {"type": "Y", "start": 0, "end": 1}]
    (example,) = read(
        tmp_path,
        {"tokens": ["a", "", "b"], "entities": entities, "relations": [{"type": "r", "head": 0, "tail": 1}]},
    )
    blank = UnalignedMention("X", "", "blank")
    assert example.document.text == "a  b"
    assert example.reference.unaligned == (blank,)
    assert example.reference.relations == (Relation(blank, Mention.at("a  b", 0, 1, "Y"), "r"),)
    lost = write(tmp_path / "b.json", [example], "spert")
    assert lost == {"mention: blank": 1, "relation: with an unaligned mention": 1}
    assert json.loads((tmp_path / "b.json").read_text("utf-8"))[0]["tokens"] == ["a", "", "b"]


def test_losses_are_counted_by_kind(tmp_path: Path) -> None:
    text = "Aspirin caused renal failure "
    drug, disease = Mention.at(text, 0, 7, "Drug", concepts=("D2",)), Mention.at(text, 15, 28, "Disease")
    parts = Mention(((0, 7), (15, 20)), "Drug", "Aspirin renal")
    nowhere = UnalignedMention("Drug", "ibuprofen", "offset-mismatch")
    annotation = Annotation(
        (drug, disease, parts, Mention.at(text, 7, 14, "Verb")),
        (nowhere,),
        (
            Relation(drug, disease, "causes"),
            Relation(drug, parts, "causes"),
            Relation(nowhere, disease, "causes"),
            Relation(Concept("D2"), Concept("D1"), "CID"),
        ),
        scope="string",
        unparsed=("?",),
    )
    examples = [Example(Document("a", text, task="t"), annotation, annotation), Example(Document("b", "No."))]
    assert write(tmp_path / "a.json", examples, "spert") == {
        "document: predicted annotation": 1,
        "document: no annotation": 1,
        "document: task": 1,
        "document: mentions standing for every occurrence": 1,
        "mention: concepts": 1,
        "mention: discontinuous": 1,
        "mention: blank at an edge": 1,
        "mention: offset-mismatch": 1,
        "relation: of a mention that is not listed": 1,
        "relation: with an unaligned mention": 1,
        "relation: between concepts": 1,
        "unparsed piece": 1,
    }
    (back,) = load(tmp_path / "a.json")
    bare = replace(drug, concepts=())
    assert back.document == Document("a", text)
    assert back.reference == Annotation((bare, disease), relations=(Relation(bare, disease, "causes"),))


def test_file_of_nothing_is_an_empty_list(tmp_path: Path) -> None:
    write(tmp_path / "a.json", [], "spert")
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == []


def test_meddled_metadata_is_not_used(tmp_path: Path) -> None:
    for stored in ("{", "[1]", '{"spans": [[0, 99]], "breaks": []}', '{"spans": [[0, 1]], "breaks": [7]}'):
        metadata = {
            "spert.tokens": stored,
            "spert.orig_id": stored,
            "spert.key x": "{",
            "spert.entity 0 1 X": "{",
        }
        example = Example(
            Document("i", "a b", metadata=metadata), Annotation((Mention.at("a b", 0, 1, "X"),))
        )
        write(tmp_path / "a.json", [example], "spert")
        (row,) = json.loads((tmp_path / "a.json").read_text("utf-8"))
        assert (row["tokens"], row["orig_id"]) == (["a", "b"], "i")
        assert row["entities"] == [{"type": "X", "start": 0, "end": 1}]


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
texts = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from(list(" \t\n-\0\r\xa0B")), max_size=40
)


@st.composite
def nested_example(draw: st.DrawFn, number: int) -> Example:
    text = draw(texts)
    found: dict[tuple[int, int, str], Mention] = {}
    for _ in range(draw(st.integers(0, 5)) if text else 0):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        type_ = draw(names)
        if not any(one.isspace() or one in "\0\x1c\x1d\x1e\x1f" for one in (text[start], text[end - 1])):
            found[start, end, type_] = Mention.at(text, start, end, type_)
    mentions = tuple(found.values())
    relations: tuple[Relation, ...] = ()
    if mentions:
        ends = st.sampled_from(mentions)
        relations = tuple(draw(st.lists(st.builds(Relation, ends, ends, names), max_size=3)))
    document = Document(f"{draw(names)}{number}", text, draw(st.none() | names))
    return Example(document, Annotation(mentions, (), relations), source="spert")


@settings(max_examples=120)
@given(st.data(), st.integers(1, 3), st.sampled_from(["a.json", "a.jsonl"]))
def test_every_contiguous_mention_comes_back_as_it_was(data: st.DataObject, count: int, name: str) -> None:
    examples = [data.draw(nested_example(number)) for number in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        assert write(path, examples, "spert") == {}
        assert [replace(one, place=None) for one in load(path, format="spert")] == examples
        sample = take_sample(path, MAX_LINE_BYTES)
        assert [key for key, one in formats().items() if one.sniff(sample)] == ["spert"]


def test_bc5cdr_goes_through_spert_with_its_offsets(corpora: Path, tmp_path: Path) -> None:
    examples = load(corpora / "bc5cdr" / "CDR_TrainingSet.PubTator.txt").examples
    path = tmp_path / "train.json"
    lost = write(path, examples, "spert")
    assert lost == {
        "mention: concepts": 9309,
        "mention: further columns": 107,
        "relation: between concepts": 1038,
    }
    back = load(path)
    assert back.counts()["mentions"] == {"Chemical": 5203, "Disease": 4182}
    for one, other in zip(examples, back, strict=True):
        assert (one.id, one.document.group, one.document.text) == (
            other.id,
            other.document.group,
            other.document.text,
        )
        assert [replace(mention, concepts=()) for mention in one.reference.mentions] == list(
            other.reference.mentions
        )

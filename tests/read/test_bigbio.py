"""The BigBio KB schema: what is read, kept, refused and given back."""

from __future__ import annotations

import contextlib
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
    Relation,
    UnalignedMention,
)
from medspan.read import detect, formats, load, write
from medspan.read.base import MAX_LINE_BYTES
from medspan.read.detect import take_sample

TITLE = "Renal and hepatic  failure."
ABSTRACT = "Aspirin caused it."
TEXT = f"{TITLE} {ABSTRACT}"


def mesh(value: str | None) -> dict[str, str | None]:
    return {"db_name": "MESH", "db_id": value}


def kb() -> dict[str, Any]:
    """Every quirk in one row; ids are numbers in places, as the corpora's own scripts make them."""
    return {
        "id": 0,
        "document_id": "77",
        "passages": [
            {"id": 1, "type": "title", "text": [TITLE], "offsets": [[0, 27]]},
            {"id": 2, "type": "abstract", "text": ABSTRACT, "offsets": [[28, 46]]},
        ],
        "entities": [
            {
                "id": 3,
                "type": "Disease",
                "text": ["Renal", "failure"],
                "offsets": [[0, 5], [19, 26]],
                "normalized": [mesh("D1"), mesh("D2"), mesh("-1")],
            },
            {"id": "4", "type": "Disease", "text": ["hepatic failure"], "offsets": [[10, 26]]},
            {
                "id": "5",
                "type": "Chemical",
                "text": ["Aspirin"],
                "offsets": [[28, 35]],
                "normalized": [{"db_name": "", "db_id": "C9"}, {"db_name": "GO", "db_id": "GO:7"}],
            },
            {"id": "6", "type": "Chemical", "text": ["aspirine"], "offsets": [[28, 36]], "normalized": None},
            {"id": "7", "type": "Chemical", "text": ["aspirin"], "offsets": [], "score": 0.5},
            {"id": "8", "type": "Chemical", "text": ["x"], "offsets": [[40, 99]], "normalized": []},
            {"id": "9", "type": "Disease", "text": ["failure", "Renal"], "offsets": [[19, 26], [0, 5]]},
        ],
        "events": [
            {
                "id": "E1",
                "type": "Cause",
                "trigger": {"text": ["caused"], "offsets": [[36, 42]]},
                "arguments": [{"role": "Agent", "ref_id": "5"}],
            },
            {"id": "E2", "type": "Meta", "trigger": {"text": [], "offsets": []}, "arguments": None},
        ],
        "coreferences": [{"id": "K", "entity_ids": ["3", "4"]}],
        "relations": [
            {"id": "R1", "type": "CID", "arg1_id": "5", "arg2_id": 3, "normalized": [mesh("X")]},
            {"id": "R2", "type": "CID", "arg1_id": "C9", "arg2_id": "D1", "normalized": []},
            {"id": "R3", "type": "Theme", "arg1_id": "E1", "arg2_id": "E2"},
            {"id": "R4", "type": "CID", "arg1_id": "MESH:D2", "arg2_id": "6"},
            {"id": "R5", "type": "CID", "arg1_id": "T99", "arg2_id": "3"},
        ],
        "source": {"licence": "none"},
    }


RENAL = Mention(((0, 5), (19, 26)), "Disease", "Renal failure", ("MESH:D1", "MESH:D2"))
ASPIRIN = Mention(((28, 35),), "Chemical", "Aspirin", ("C9", "GO:7"))
MISSED = UnalignedMention("Chemical", "aspirine", "offset-mismatch")
EXPECTED = Annotation(
    (
        RENAL,
        Mention(((10, 26),), "Disease", "hepatic  failure", source_text="hepatic failure"),
        ASPIRIN,
        Mention(((28, 35),), "Chemical", "Aspirin", aligned_by="case", source_text="aspirin"),
        Mention(((0, 5), (19, 26)), "Disease", "Renal failure", source_text="failure Renal"),
    ),
    (MISSED, UnalignedMention("Chemical", "x", "offset-mismatch")),
    (
        Relation(ASPIRIN, RENAL, "CID"),
        Relation(Concept("C9"), Concept("MESH:D1"), "CID"),
        Relation(Mention(((36, 42),), "Cause", "caused"), UnalignedMention("Meta", "", "blank"), "Theme"),
        Relation(Concept("MESH:D2"), MISSED, "CID"),
        Relation(UnalignedMention("unknown", "T99", "not-in-text"), RENAL, "CID"),
    ),
)


def saved(tmp_path: Path, *rows: Any, name: str = "a.json") -> Path:
    path = tmp_path / name
    lines = name.endswith(".jsonl")
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) if lines else json.dumps(rows), "utf-8")
    return path


def sniffed(path: Path) -> bool:
    return formats()["bigbio"].sniff(take_sample(path, MAX_LINE_BYTES))


def changed(**more: Any) -> dict[str, Any]:
    return {**kb(), **more}


def as_strings(value: Any) -> Any:
    """The same with ids as strings."""
    if isinstance(value, list):
        return [as_strings(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: str(item) if key.endswith("id") and isinstance(item, int) else as_strings(item)
        for key, item in value.items()
    }


def test_file_is_recognised_and_no_other_format_claims_it(tmp_path: Path) -> None:
    assert detect(saved(tmp_path, kb())) == "bigbio"


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.xyz"])
def test_row_with_every_quirk_is_read(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path, kb(), name=name)
    assert sniffed(path)
    (example,) = load(path, format="bigbio")
    assert (example.id, example.document.group, example.source) == ("77", "77", "bigbio")
    assert example.document.text == TEXT
    assert example.reference == EXPECTED


@pytest.mark.parametrize("name", ["b.json", "b.jsonl", "b.json.gz", "b.parquet"])
def test_row_is_written_back_as_it_was(tmp_path: Path, name: str) -> None:
    row = kb()
    if name == "b.parquet":
        # Tables have one type a column; there ids are strings, as the schema has them.
        row = as_strings(row)
        row["passages"][1]["text"] = [ABSTRACT]
    corpus = load(saved(tmp_path, row, row), format="bigbio")
    assert [(example.id, example.document.group) for example in corpus] == [("77", "77"), ("77#2", "77")]
    out = tmp_path / name
    assert write(out, corpus.examples, "bigbio") == {}
    back = load(out, format="bigbio")
    assert [example.reference for example in back] == [EXPECTED, EXPECTED]
    assert [example.id for example in back] == ["77", "77#2"]
    if name == "b.json":
        assert json.loads(out.read_text("utf-8")) == [kb(), kb()]
    if name == "b.jsonl":
        assert [json.loads(line) for line in out.read_text("utf-8").splitlines()] == [kb(), kb()]


def test_what_no_longer_fits_is_left_out_and_counted(tmp_path: Path) -> None:
    (example,) = load(saved(tmp_path, kb()), format="bigbio")
    without = replace(
        EXPECTED,
        mentions=tuple(mention for mention in EXPECTED.mentions if mention != ASPIRIN),
        relations=EXPECTED.relations[1:],
    )
    lost = write(tmp_path / "b.json", [replace(example, reference=without)], "bigbio")
    assert lost == {
        "event: no longer fits": 1,  # its agent was removed, and with it the trigger that R3 begins at
        "mention: listed for being an endpoint only": 1,
        "relation: concept of no mention": 1,
    }
    (row,) = json.loads((tmp_path / "b.json").read_text("utf-8"))
    assert [entity["id"] for entity in row["entities"]] == [3, "4", "7", "9", "6", "8", "77_T1"]
    assert [event["id"] for event in row["events"]] == ["E2"]
    assert row["coreferences"] == kb()["coreferences"]
    assert [relation["id"] for relation in row["relations"]] == ["77_R1", "R4", "R5"]
    assert (row["passages"], row["source"]) == (kb()["passages"], kb()["source"])


def test_stored_parts_are_dropped_and_counted_once_the_text_differs(tmp_path: Path) -> None:
    (example,) = load(saved(tmp_path, kb()), format="bigbio")
    other = replace(
        example, document=replace(example.document, text="Other text, long enough."), reference=Annotation()
    )
    lost = write(tmp_path / "b.json", [other], "bigbio")
    assert lost == {"event: no longer fits": 2, "coreference: no longer fits": 1}
    (row,) = json.loads((tmp_path / "b.json").read_text("utf-8"))
    assert [passage["text"] for passage in row["passages"]] == [["Other text, long enough."]]


def test_losses_are_counted_by_kind(tmp_path: Path) -> None:
    text = "Aspirin and rash."
    head = Mention.at(text, 0, 7, "Drug", concepts=("-1", "MESH:D1"))
    tail = UnalignedMention("Symptom", "itch", "offset-mismatch")
    annotation = Annotation(
        (head,),
        (tail, UnalignedMention("Symptom", "hives", "not-in-text")),
        (
            Relation(head, tail, "causes"),
            Relation(Concept("MESH:D1", "Drug"), Concept("MESH:D7"), "causes"),
            Relation(Concept("MESH:D1", "Drug"), head, "is"),
            Relation(Mention.at(text, 12, 16, "Symptom"), head, "by"),
        ),
        scope="string",
        unparsed=("?",),
    )
    example = Example(Document("a", text, "g", "chemicals"), annotation, annotation)
    bare = Example(Document("b", "No.", "b"))
    assert write(tmp_path / "a.json", [example, bare], "bigbio") == {
        "document: predicted annotation": 1,
        "document: no annotation": 1,
        "document: group": 1,
        "document: task": 1,
        "document: mentions standing for every occurrence": 1,
        "concept: unwritable": 1,
        "concept: type of an endpoint": 1,
        "mention: offset-mismatch": 2,  # listed, and as an endpoint
        "mention: listed for being an endpoint only": 1,
        "relation: unaligned endpoint": 1,
        "relation: concept of no mention": 1,
        "unparsed piece": 1,
    }
    back, _ = load(tmp_path / "a.json", format="bigbio").examples
    seen = replace(head, concepts=("MESH:D1",))
    rash = Mention.at(text, 12, 16, "Symptom")
    assert back.reference == Annotation(
        (seen, rash),
        (UnalignedMention("Symptom", "hives", "not-in-text"),),
        (Relation(Concept("MESH:D1"), seen, "is"), Relation(rash, seen, "by")),
    )


PASSAGE = {"id": "p", "type": "t", "text": ["abc"], "offsets": [[0, 3]]}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            changed(passages=[PASSAGE, {**PASSAGE, "offsets": [[2, 5]]}]),
            "passage 2 begins at 2, before the 3",
        ),
        (changed(passages=[{**PASSAGE, "offsets": [[-1, 2]]}]), "passage 1 begins at -1"),
        (changed(passages=[{**PASSAGE, "offsets": [[10**30, 3]]}]), "more than 1,000,000 beyond"),
        (changed(passages=[{**PASSAGE, "text": ["a", "b"]}]), "passage 1 has 2 texts and 1 offsets"),
        (changed(passages=[{**PASSAGE, "offsets": [0, 3]}]), r"an offset of passage 1 is 0, not \[start"),
        (changed(passages=[{**PASSAGE, "offsets": [[0, 3.5]]}]), "is a number, not a whole number: 3.5"),
        (changed(passages=[{"text": ["a"]}]), "the key 'offsets' is missing"),
        (changed(passages="x"), "the value of 'passages' is a string, not a list"),
        (changed(entities=[{"id": "1", "text": ["a"], "offsets": [[0, 1]]}]), "the key 'type' is missing"),
        (changed(entities=[{"id": "1", "type": "", "text": [], "offsets": []}]), "'entities' has no type"),
        (changed(entities=[{"id": [], "type": "D", "text": [], "offsets": []}]), "'id' is a list, not a str"),
        (changed(entities=[7]), "item 1 of 'entities' is a whole number, not an object"),
        (
            changed(entities=[kb()["entities"][0], {**kb()["entities"][2], "id": "3"}]),
            "refers to '3', which 2",
        ),
        (changed(relations=[{"type": "CID", "arg1_id": "5"}]), "the key 'arg2_id' is missing"),
        (changed(relations=[{"type": "", "arg1_id": "5", "arg2_id": "5"}]), "a relation has no type"),
        (changed(relations=[{"type": None, "arg1_id": None, "arg2_id": None}]), "'type' is null"),
        (changed(relations=[{"type": "a", "arg1_id": "", "arg2_id": "5"}]), "a relation has an empty id"),
        (changed(coreferences=[{"entity_ids": "3"}]), "'entity_ids' is a string"),
        (changed(document_id=["77"]), "'document_id' is a list"),
        ([], "the row is a list, not an object"),
    ],
)
def test_malformed_row_is_rejected_with_its_place(tmp_path: Path, row: Any, message: str) -> None:
    path = saved(tmp_path, kb(), row)
    with pytest.raises(InputError, match=message) as caught:
        load(path, format="bigbio")
    assert caught.value.place is not None
    assert (caught.value.place.file, caught.value.place.row) == (str(path), 2)
    corpus = load(path, format="bigbio", on_error="skip")
    assert (len(corpus), len(corpus.rejected)) == (1, 1)


def test_missing_ids_and_lists_are_made_up(tmp_path: Path) -> None:
    row = {"passages": [PASSAGE], "entities": [{"type": "D", "text": ["abc"], "offsets": [[0, 3]]}]}
    (example,) = load(saved(tmp_path, row), format="bigbio")
    assert example.id == "a:1"
    write(tmp_path / "b.json", [example], "bigbio")
    (written,) = json.loads((tmp_path / "b.json").read_text("utf-8"))
    assert written["document_id"] == "a:1"
    assert written["entities"] == [{**row["entities"][0], "id": "a:1_T1"}]


@pytest.mark.parametrize("value", ["{", "7", '[{"text": 3}]', "[" * 5000, '[[], {"a": 1}]'])
@pytest.mark.parametrize("key", ["passages", "entities", "events", "relations", "ids", "further"])
def test_edited_metadata_does_no_harm(tmp_path: Path, key: str, value: str) -> None:
    (example,) = load(saved(tmp_path, kb()), format="bigbio")
    metadata = {**example.document.metadata, f"bigbio.{key}": value}
    edited = replace(example, document=replace(example.document, metadata=metadata))
    write(tmp_path / "b.json", [edited], "bigbio")
    (back,) = load(tmp_path / "b.json", format="bigbio")
    assert back.document.text == TEXT
    assert back.reference is not None
    assert len(back.reference.mentions) >= len(EXPECTED.mentions)


@pytest.mark.parametrize(
    ("file", "documents", "mentions", "relations", "lost"),
    [
        (
            "bc5cdr/CDR_TrainingSet.PubTator.txt",
            500,
            {"Chemical": 5203, "Disease": 4182},
            1038,
            {"mention: further columns": 107},
        ),
        (
            "bc5cdr/CDR_DevelopmentSet.PubTator.txt",
            500,
            {"Chemical": 5347, "Disease": 4244},
            1012,
            {"mention: further columns": 89},
        ),
        (
            "biored/Train.PubTator",
            400,
            13351,
            4174,
            {"relation: concept of no mention": 4, "relation: further columns": 4178},
        ),
        ("biored/Dev.PubTator", 100, 3533, 1162, {"relation: further columns": 1162}),
    ],
)
def test_corpora_go_through_bigbio(
    corpora: Path, tmp_path: Path, file: str, documents: int, mentions: Any, relations: int, lost: Any
) -> None:
    corpus = load(corpora / file)
    assert write(tmp_path / "a.jsonl", corpus.examples, "bigbio") == lost
    assert sniffed(tmp_path / "a.jsonl")
    back = load(tmp_path / "a.jsonl", format="bigbio")
    counts = back.counts()
    assert (counts["documents"], counts["unaligned"]) == (documents, 0)
    found = counts["mentions"] if isinstance(mentions, dict) else sum(counts["mentions"].values())
    assert found == mentions
    assert sum(counts["relations"].values()) == relations
    for before, after in zip(corpus, back, strict=True):
        assert (after.id, after.document.text) == (before.id, before.document.text)
        assert after.reference is not None
        assert before.reference is not None
        assert after.reference.mentions == before.reference.mentions
        if not lost:
            assert after.reference.relations == before.reference.relations
    again = tmp_path / "b.jsonl"
    assert write(again, back.examples, "bigbio") == {}
    assert again.read_bytes() == (tmp_path / "a.jsonl").read_bytes()


@settings(max_examples=60)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
        lambda values: (
            st.lists(values, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [*kb(), "text", "offsets", "type", "trigger", "arg1_id", "arg2_id", "normalized"]
                ),
                values,
                max_size=4,
            )
        ),
        max_leaves=12,
    ),
    st.sampled_from(sorted(kb())),
)
def test_any_value_under_any_key_is_read_or_refused(value: Any, key: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.json"
        path.write_text(json.dumps([{**kb(), key: value}]), "utf-8")
        with contextlib.suppress(InputError):
            corpus = load(path, format="bigbio")
            write(Path(folder) / "b.json", corpus.examples, "bigbio")
            assert len(load(Path(folder) / "b.json", format="bigbio")) == 1

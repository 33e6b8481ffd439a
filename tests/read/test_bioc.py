"""BioC XML and JSON: what is read, given back and refused."""

from __future__ import annotations

import contextlib
import json
import re
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
from medspan.core.document import ALIGNMENT_KINDS, UNALIGNED_REASONS, Segment
from medspan.read import detect, load, write

TITLE, ABSTRACT = "Aspirin & bleeding.", "Aspirin caused renal and hepatic failure. Warfarin did."
TEXT = f"{TITLE}\n{ABSTRACT}"
FAILURE = TEXT.index("renal")
SECOND = TEXT.index("Warfarin")


def annotation(id: str, type_: str, text: str, *places: tuple[int, int], **infons: Any) -> dict[str, Any]:
    return {
        "id": id,
        "infons": {"type": type_, **infons},
        "text": text,
        "locations": [{"offset": start, "length": end - start} for start, end in places],
    }


def quirks() -> dict[str, Any]:
    """One document with every quirk; `QUIRKS_READ` is what it says."""
    return {
        "id": "10",
        "infons": {"journal": "J"},
        "passages": [
            {
                "infons": {"type": "title"},
                "offset": 0,
                "text": TITLE,
                "sentences": [],
                "annotations": [
                    annotation("0", "Chemical", "Aspirin", (0, 7), MESH="D001241"),
                    annotation("1", "Disease", "bleeding", (10, 18), MESH="-1"),
                ],
                "relations": [],
            },
            {
                "infons": {"type": "abstract"},
                "offset": len(TITLE) + 1,
                "sentences": [
                    {
                        "infons": {},
                        "offset": len(TITLE) + 1,
                        "text": ABSTRACT[:41],
                        "annotations": [
                            annotation(
                                "2",
                                "Disease",
                                "renal and hepatic failure",
                                (FAILURE, FAILURE + 25),
                                CompositeRole="CompositeMention",
                                MESH="D051437|D017093",
                            ),
                            annotation(
                                "3",
                                "Disease",
                                "renal failure",
                                (FAILURE, FAILURE + 5),
                                (FAILURE + 18, FAILURE + 25),
                                CompositeRole="IndividualMention",
                                MESH="D051437",
                            ),
                            annotation(
                                "4",
                                "Gene",
                                "renal hepatic",
                                (FAILURE + 10, FAILURE + 17),
                                (FAILURE, FAILURE + 5),
                            ),
                        ],
                        "relations": [],
                    },
                    {
                        "infons": {},
                        "offset": SECOND,
                        "text": ABSTRACT[42:],
                        "annotations": [],
                        "relations": [
                            {
                                "id": "R9",
                                "infons": {"type": "causes"},
                                "nodes": [{"refid": "2", "role": "tail"}, {"refid": "0", "role": "head"}],
                            }
                        ],
                    },
                ],
                "annotations": [
                    annotation("5", "Chemical", "Aspirin", (SECOND, SECOND + 7), identifier="D001241"),
                    annotation("6", "Chemical", "Warfarin", (SECOND, SECOND + 8), **{"NCBI Gene": "12,34"}),
                ],
                "relations": [],
            },
        ],
        "annotations": [
            annotation("7", "Chemical", "Warfarin", (SECOND, SECOND + 8), CHEBI="CHEBI:10033", note="x")
        ],
        "relations": [
            {
                "id": "R0",
                "infons": {"relation": "CID", "Disease": "D051437", "Chemical": "D001241"},
                "nodes": [],
            },
            {
                "id": "R1",
                "infons": {"entity1": "1", "entity2": "c|DEL|2|", "type": "Bind", "novel": "No"},
                "nodes": [],
            },
            {"id": "R2", "infons": {"type": "x", "role1": "Chemical|D1", "role2": "Gene|7"}, "nodes": []},
            {"id": "R3", "infons": {"type": "alone"}, "nodes": [{"refid": "1", "role": "a"}]},
            {
                "id": "R4",
                "infons": {"type": "nested"},
                "nodes": [{"refid": "R9", "role": "a"}, {"refid": "1", "role": "b"}],
            },
        ],
    }


ASPIRIN = Mention.at(TEXT, 0, 7, "Chemical", concepts=("D001241",))
BOTH = Mention.at(TEXT, FAILURE, FAILURE + 25, "Disease", concepts=("D051437", "D017093"))
QUIRKS_READ = Annotation(
    (
        ASPIRIN,
        Mention.at(TEXT, 10, 18, "Disease"),
        Mention.at(TEXT, SECOND, SECOND + 8, "Chemical", concepts=("12", "34")),
        BOTH,
        Mention(((FAILURE, FAILURE + 5), (FAILURE + 10, FAILURE + 17)), "Gene", "renal hepatic"),
        Mention.at(TEXT, SECOND, SECOND + 8, "Chemical", concepts=("CHEBI:10033",)),
    ),
    (UnalignedMention("Chemical", "Aspirin", "offset-mismatch", ("D001241",)),),
    (
        Relation(ASPIRIN, BOTH, "causes"),
        Relation(Concept("D001241", "Chemical"), Concept("D051437", "Disease"), "CID"),
        Relation(Concept("1"), Concept("c|DEL|2|"), "Bind"),
        Relation(Concept("D1", "Chemical"), Concept("7", "Gene"), "x"),
    ),
)
HEAD = {"source": "S", "date": "today", "key": "k", "infons": {"a": "b"}}
COLLECTION = {**HEAD, "documents": [quirks()]}


def file(tmp_path: Path, content: str | bytes, name: str = "a.bioc") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def plain(id: str, text: str = "Aspirin.", **more: Any) -> dict[str, Any]:
    return {"id": id, "passages": [{"offset": 0, "text": text, **more}]}


def xml(inner: str) -> str:
    return f"<?xml version='1.0'?>\n<collection><source>x</source>\n{inner}\n</collection>"


def xml_document(id: str, text: str = "Aspirin.", inner: str = "") -> str:
    return (
        f"<document><id>{id}</id><passage><offset>0</offset><text>{text}</text>{inner}</passage></document>"
    )


def stopped(path: Path, **options: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        load(path, **options)
    return caught.value


LAYOUTS = {
    "one line": lambda: json.dumps(COLLECTION),
    "pretty": lambda: json.dumps(COLLECTION, indent=1),
    "sorted keys": lambda: json.dumps(COLLECTION, indent=1, sort_keys=True),
    "lines of collections": lambda: json.dumps(COLLECTION) + "\n",
    "byte order mark and CRLF": lambda: "\ufeff" + json.dumps(COLLECTION, indent=2).replace("\n", "\r\n"),
    "list of collections": lambda: json.dumps([COLLECTION]),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_json_with_every_quirk_is_read_and_given_back(tmp_path: Path, layout: str) -> None:
    path = file(tmp_path, LAYOUTS[layout]())
    assert detect(path) == "bioc-json"
    (example,) = load(path)
    assert example.document.text == TEXT
    assert (example.id, example.document.group, example.source) == ("10", "10", "bioc-json")
    assert example.reference == QUIRKS_READ or layout == "sorted keys"
    assert json.loads(example.document.metadata["bioc.individual_mentions"]) == [
        {
            "segments": [[FAILURE, FAILURE + 5], [FAILURE + 18, FAILURE + 25]],
            "type": "Disease",
            "text": "renal failure",
            "concepts": ["D051437"],
        }
    ]
    out = tmp_path / "b.json"
    assert write(out, [example], "bioc-json") == {}
    assert json.loads(out.read_text("utf-8")) == COLLECTION
    assert replace(load(out).examples[0], place=None) == replace(example, place=None)


@pytest.mark.parametrize("layout", ["lines", "list", "pretty", "PubTator3"])
def test_documents_without_a_collection_are_read(tmp_path: Path, layout: str) -> None:
    documents = [plain("1"), plain("2")]
    content = {
        "lines": "\n".join(map(json.dumps, documents)),
        "list": json.dumps(documents),
        "pretty": json.dumps(documents[0], indent=1) + "\n" + json.dumps(documents[1], indent=1),
        "PubTator3": json.dumps({"PubTator3": documents}),
    }[layout]
    path = file(tmp_path, content)
    assert detect(path) == "bioc-json"
    assert [(example.id, example.document.text) for example in load(path)] == [
        ("1", "Aspirin."),
        ("2", "Aspirin."),
    ]
    assert load(path).examples[0].document.metadata.get("bioc.collection") is None


def test_pubtator3_relations_join_the_concepts_of_their_roles(tmp_path: Path) -> None:
    roles = {
        "role1": {"identifier": "MESH:D1", "type": "Disease", "valid": True},
        "role2": {"identifier": "MESH:D2", "type": "Chemical"},
        "type": "Treat",
        "score": "0.9",
    }
    relation = {
        "id": "R1",
        "infons": roles,
        "nodes": [{"refid": "0", "role": "0,1"}, {"refid": "0", "role": "1,0"}],
    }
    data = {"PubTator3": [{**plain("1"), "_id": "1|None", "relations": [relation]}]}
    (example,) = load(file(tmp_path, json.dumps(data)))
    assert example.reference is not None
    assert example.reference.relations == (
        Relation(Concept("MESH:D1", "Disease"), Concept("MESH:D2", "Chemical"), "Treat"),
    )
    write(tmp_path / "b.json", [example], "bioc-json")
    (written,) = json.loads((tmp_path / "b.json").read_text())["documents"]
    assert (written["_id"], written["relations"]) == ("1|None", [relation])
    assert write(tmp_path / "b.xml", [example], "bioc-xml") == {
        "infon: value that is no string": 2,
        "document: key without an element": 1,
    }


def test_xml_with_every_quirk_is_read_and_given_back(tmp_path: Path) -> None:
    (example,) = load(file(tmp_path, json.dumps(COLLECTION)))
    first, second = tmp_path / "a.xml", tmp_path / "b.xml"
    assert write(first, [example], "bioc-xml") == {}
    assert detect(first) == "bioc-xml"
    assert "<text>Aspirin &amp; bleeding.</text>" in first.read_text("utf-8")
    (back,) = load(first)
    assert back.place == Place(str(first), 7)
    assert replace(back, place=None, source="bioc-json") == replace(example, place=None)
    assert write(second, [back], "bioc-xml") == {}
    assert second.read_bytes() == first.read_bytes()


def test_changed_annotation_keeps_what_still_fits_and_counts_the_rest(tmp_path: Path) -> None:
    (example,) = load(file(tmp_path, json.dumps(COLLECTION)))
    assert example.reference is not None
    new = Mention.at(TEXT, SECOND, SECOND + 8, "Drug")
    mentions = (*(item for item in example.reference.mentions if item not in (ASPIRIN, BOTH)), new)
    changed = replace(example.reference, mentions=mentions, relations=(Relation(new, new, "same"),))
    out = tmp_path / "b.json"
    assert write(out, [replace(example, reference=changed)], "bioc-json") == {
        "mention: part of a composite mention": 1,
        "relation: of other than two mentions": 1,
    }
    (back,) = load(out)
    assert back.reference is not None
    assert sorted(back.reference.mentions, key=str) == sorted(mentions, key=str)
    assert back.reference.relations == changed.relations
    written = json.loads(out.read_text())["documents"][0]
    assert written["relations"][0]["id"] == "R3"


def test_same_id_twice_gets_a_number_and_is_written_back_as_it_was(tmp_path: Path) -> None:
    path = file(
        tmp_path, json.dumps({**HEAD, "documents": [plain("7"), plain("7"), plain("7#2"), plain("8")]})
    )
    corpus = load(path)
    assert [(item.id, item.document.group) for item in corpus] == [
        ("7", "7"),
        ("7#2", "7"),
        ("7#2#2", "7#2"),
        ("8", "8"),
    ]
    out = tmp_path / "b.xml"
    write(out, corpus.examples, "bioc-xml")
    assert [item.id for item in load(out)] == [item.id for item in corpus]
    assert out.read_text().count("<id>7</id>") == 2


@pytest.mark.parametrize(
    ("infons", "concepts"),
    [
        ({"MESH": "D1|D2"}, ("D1|D2",)),
        ({"MESH": "D001|D002"}, ("D001", "D002")),
        ({"identifier": "5243,18671"}, ("5243", "18671")),
        ({"identifier": "5243;7"}, ("5243", "7")),
        ({"identifier": "-"}, ()),
        ({"identifier": "-", "OMIM": "100"}, ("100",)),
        ({"identifier": 5243, "name": "x1"}, ("5243",)),
        ({"MESH": "D001", "ICD": "E11", "PMID": "12", "CompositeRole": "D3"}, ("D001", "E11")),
        ({"UMLS CUI": "C12", "CUI": "C12"}, ("C12",)),
        ({"NCIT": "C 12 no id"}, ()),
    ],
)
def test_concepts_come_from_infons_named_like_vocabularies(
    tmp_path: Path, infons: dict[str, Any], concepts: tuple[str, ...]
) -> None:
    data = plain("1", annotations=[annotation("0", "T", "Aspirin", (0, 7), **infons)])
    (example,) = load(file(tmp_path, json.dumps(data)))
    assert example.reference is not None
    assert example.reference.mentions[0].concepts == concepts


def test_gaps_are_filled_and_passages_may_stand_in_any_order(tmp_path: Path) -> None:
    passages = [{"offset": 9, "text": "third"}, {"offset": 2, "text": "one"}, {"offset": 5, "text": "two"}]
    (example,) = load(file(tmp_path, json.dumps({"id": "1", "passages": passages})))
    assert example.document.text == "  onetwo\nthird"
    write(tmp_path / "b.json", [example], "bioc-json")
    written = json.loads((tmp_path / "b.json").read_text())["documents"][0]["passages"]
    assert [(passage["offset"], passage["text"]) for passage in written] == [
        (9, "third"),
        (2, "one"),
        (5, "two"),
    ]


BAD_DOCUMENTS: dict[str, tuple[Any, str]] = {
    "no object": ([1], "the document is a list, not an object"),
    "no id": ({"id": None, "passages": []}, "a document's id is 'None'"),
    "passages no list": ({"id": "1", "passages": {}}, "'passages' is an object, not a list"),
    "text no string": (
        {"id": "1", "passages": [{"offset": 0, "text": 5}]},
        "'text' is a whole number, not a string",
    ),
    "offset missing": ({"id": "1", "passages": [{"text": "a"}]}, "the offset is None"),
    "offset negative": ({"id": "1", "passages": [{"offset": -1, "text": "a"}]}, "the offset is -1"),
    "offset huge": (
        {"id": "1", "passages": [{"offset": 10**11, "text": "a"}]},
        "characters after the text before",
    ),
    "offset absurd": ({"id": "1", "passages": [{"offset": 10**300, "text": "a"}]}, "a huge number"),
    "overlap": (
        {"id": "1", "passages": [{"offset": 0, "text": "abc"}, {"offset": 2, "text": "d"}]},
        "a passage begins at 2, before the one that it follows ends (3)",
    ),
    "no type": (
        plain("1", annotations=[{"id": "a", "text": "x"}]),
        "the annotation 'a' ('x') has no infon 'type'",
    ),
    "bytes": (
        plain("1", text="é Aspirin", annotations=[annotation("0", "T", "Aspirin", (3, 10))]),
        "'Aspirin' is not at 3 in characters, but is there in bytes",
    ),
    "id no string": (
        plain("1", annotations=[{"id": ["a"], "infons": {"type": "T"}}]),
        "the id of the annotation",
    ),
    "refid no string": (plain("1", relations=[{"nodes": [{"refid": {}}]}]), "the refid of the relation"),
    "own infon": (plain("1", annotations=[annotation("0", "T", "A", (0, 1), medspan="{")]), "is no JSON"),
    "own confidence": (
        plain("1", annotations=[annotation("0", "T", "A", (0, 1), medspan='{"confidence": 7.5}')]),
        "confidence is 7.5",
    ),
}


@pytest.mark.parametrize("kind", BAD_DOCUMENTS)
def test_bad_json_document_is_named_and_the_others_are_read(tmp_path: Path, kind: str) -> None:
    bad, part = BAD_DOCUMENTS[kind]
    path = file(tmp_path, json.dumps({**HEAD, "documents": [plain("5"), bad, plain("6")]}, indent=1))
    error = stopped(path, format="bioc-json")
    assert error.place == Place(str(path), 2)
    assert part in error.what
    corpus = load(path, format="bioc-json", on_error="skip")
    assert [example.id for example in corpus] == ["5", "6"]
    assert part in corpus.rejected[0].reason


def test_annotation_past_the_end_or_without_a_place_is_unaligned(tmp_path: Path) -> None:
    items = [
        annotation("0", "T", "in.", (6, 99)),
        annotation("1", "T", "gone"),
        annotation("2", "T", "", (3, 3)),
    ]
    (example,) = load(file(tmp_path, json.dumps(plain("1", annotations=items))))
    assert example.reference is not None
    assert example.reference.unaligned == (
        UnalignedMention("T", "in.", "offset-mismatch"),
        UnalignedMention("T", "gone", "not-in-text"),
        UnalignedMention("T", "", "offset-mismatch"),
    )
    write(tmp_path / "b.json", [example], "bioc-json")
    written = json.loads((tmp_path / "b.json").read_text())["documents"][0]
    assert written["passages"][0]["annotations"] == items


@pytest.mark.parametrize(
    ("cut", "part"),
    [
        (lambda text: text[: text.rindex("6")], "Unterminated string"),
        (lambda text: text[:-1], "the file ends within the object"),
        (lambda text: text.replace('"documents":', '"documents"'), "Expecting ':' delimiter"),
        (lambda text: text + "7", "expected an object"),
        (lambda text: text.replace('"6"', "[" * 100_000), "nested too deeply"),
        (lambda text: text.replace('"6"', "1" * 5000), "digits"),
    ],
)
def test_broken_collection_says_line_and_column(tmp_path: Path, cut: Any, part: str) -> None:
    path = file(tmp_path, cut(json.dumps({**HEAD, "documents": [plain("5"), plain("6")]})))
    error = stopped(path, format="bioc-json")
    assert part in error.what
    assert re.search(r"line 1,? column \d+", error.what)


def test_long_collection_is_read_one_document_at_a_time(tmp_path: Path) -> None:
    documents = [plain(str(number), "x" * 300_000) for number in range(12)]
    path = file(tmp_path, json.dumps({**HEAD, "documents": documents}))
    assert detect(path, max_line_bytes=1_000_000) == "bioc-json"
    assert len(load(path, max_line_bytes=1_000_000)) == 12
    error = stopped(
        file(tmp_path, json.dumps({**HEAD, "documents": [plain("1", "x" * 3_000_000)]})),
        max_line_bytes=1_000_000,
    )
    assert "longer than the limit of 1,000,000" in error.what


BAD_XML = {
    "foreign element": (xml_document("6", inner="<b/>"), "<b> stands within <passage>"),
    "text between": (xml_document("6", inner="oops"), "the text 'oops' stands directly within <passage>"),
    "foreign attribute": (xml_document("6").replace("<document", "<document a='b'"), "the attribute 'a'"),
    "no id": (xml_document("6").replace("<id>6</id>", ""), "a document's id is 'None'"),
    "two texts": (xml_document("6", inner="<text>b</text>"), "<text> occurs twice"),
    "offset": (xml_document("6").replace("<offset>0", "<offset>x"), "the offset is 'x'"),
}


@pytest.mark.parametrize("kind", BAD_XML)
def test_bad_xml_document_is_named_and_the_others_are_read(tmp_path: Path, kind: str) -> None:
    bad, part = BAD_XML[kind]
    path = file(tmp_path, xml(f"{xml_document('5')}\n{bad}\n{xml_document('7')}"))
    error = stopped(path)
    assert error.place == Place(str(path), 4)
    assert part in error.what
    corpus = load(path, on_error="skip")
    assert [example.id for example in corpus] == ["5", "7"]
    assert corpus.rejected[0].row == bad


FATAL_XML: dict[str, tuple[str | bytes, str]] = {
    "cut off": (xml(xml_document("5") + "<document>")[:-14], "nothing from document"),
    "unclosed": (xml(xml_document("5") + "<document></passage>"), "mismatched tag"),
    "NUL": (xml(xml_document("5", "a\0b")), "not well-formed"),
    "entity": (
        "<!DOCTYPE collection [<!ENTITY a 'b'>]>" + xml(xml_document("5", "&a;")).partition("\n")[2],
        "declares the entity 'a'",
    ),
    "external entity": (
        "<!DOCTYPE collection [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + xml("").partition("\n")[2],
        "declares the entity 'a'",
    ),
    "parameter entity": (
        "<!DOCTYPE collection [<!ENTITY % p SYSTEM 'http://x.invalid/x'> %p;]>" + xml("").partition("\n")[2],
        "declares the entity 'p'",
    ),
    "undeclared entity": (
        "<!DOCTYPE collection SYSTEM 'BioC.dtd'>" + xml(xml_document("5", "a&nbsp;b")).partition("\n")[2],
        "the entity '&nbsp;' is not declared",
    ),
    "depth": (xml("<document>" + "<passage>" * 100_000), "nested too deeply"),
    "another root": ("<articles/>", "<articles>, not <collection>"),
    "encoding": (xml("").replace("'1.0'", "'1.0' encoding='klingon'"), "unknown encoding"),
    "not UTF-8": (xml(xml_document("5", "caf\u00e9")).encode("latin-1"), "not well-formed"),
    "too long": (xml(xml_document("5", "x" * 300_000)), "longer than the limit of 100,000"),
    "long attribute": (xml("<document><id a='" + "x" * 500_000), "longer than the limit of 100,000"),
}


@pytest.mark.parametrize("kind", FATAL_XML)
def test_xml_that_cannot_be_parsed_is_refused(tmp_path: Path, kind: str) -> None:
    content, part = FATAL_XML[kind]
    error = stopped(file(tmp_path, content), format="bioc-xml", max_line_bytes=100_000)
    assert part in error.what
    assert error.place is not None
    assert error.place.row


def test_xml_in_another_declared_encoding_or_on_one_line_is_read(tmp_path: Path) -> None:
    content = xml(xml_document("5", "caf\u00e9&#13;\r\nx")).replace("'1.0'", "'1.0' encoding='ISO-8859-1'")
    path = file(tmp_path, content.replace("</source>\n", "</source>").encode("latin-1"))
    (example,) = load(path)
    assert example.document.text == "caf\u00e9\r\nx"
    write(tmp_path / "b.xml", [example], "bioc-xml")
    assert load(tmp_path / "b.xml").examples[0].document == example.document
    long = file(tmp_path, xml(xml_document("5") * 1).replace("\n", "") + " " * 5000)
    assert detect(long, max_line_bytes=1000) == "bioc-xml"


def test_empty_collection_holds_no_rows(tmp_path: Path) -> None:
    for format_ in ("bioc-xml", "bioc-json"):
        path = tmp_path / format_
        write(path, [], format_)
        assert detect(path) == format_
        assert "holds no rows" in stopped(path).what


def test_xml_replaces_what_it_cannot_hold_and_counts_it(tmp_path: Path) -> None:
    text = "As\x00pirin\x0b helps\r\n\ufffe."
    mention = Mention.at(text, 0, 8, "T\x01", concepts=("a\x02b",))
    lost = write(tmp_path / "a.xml", [Example(Document("1", text, "1"), Annotation((mention,)))], "bioc-xml")
    assert lost == {"document: characters that XML cannot hold": 6}
    (back,) = load(tmp_path / "a.xml")
    assert back.document.text == "As pirin  helps\r\n ."
    assert back.reference is not None
    assert back.reference.mentions == (replace(mention, text="As pirin", type="T ", concepts=("a b",)),)


def test_both_annotations_and_raw_output_are_counted(tmp_path: Path) -> None:
    example = Example(Document("1", "a", "1"), Annotation(), Annotation(), raw="x")
    for format_ in ("bioc-xml", "bioc-json"):
        assert write(tmp_path / format_, [example], format_) == {
            "document: predicted annotation": 1,
            "document: raw output": 1,
        }


names = st.text(
    st.characters(min_codepoint=32, exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=6,
)
concept_lists = st.lists(names | st.from_regex(r"D\d{6}", fullmatch=True), max_size=3).map(tuple)


@st.composite
def mentions_of(draw: st.DrawFn, text: str) -> Mention:
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=4, unique=True)))
    segments: tuple[Segment, ...] = tuple(zip(cuts[0::2], cuts[1::2], strict=False))
    found = " ".join(text[start:end] for start, end in segments)
    kind: Any = draw(st.sampled_from(ALIGNMENT_KINDS))
    confidence = draw(st.none() | st.sampled_from([0.0, 0.25, 1.0]))
    return Mention(
        segments, draw(names), found, draw(concept_lists), kind, draw(st.none() | names), confidence
    )


@st.composite
def any_example(draw: st.DrawFn) -> Example:
    text = draw(st.text(st.sampled_from("ab\u00e9 \n\U0001f600"), max_size=20))
    missing = st.builds(
        UnalignedMention, names, names | st.just(""), st.sampled_from(UNALIGNED_REASONS), concept_lists
    )
    mention = mentions_of(text) if len(text) > 1 else st.nothing()
    ends = mention | missing | st.builds(Concept, names, st.none() | names)
    annotation = Annotation(
        tuple(draw(st.lists(mention, max_size=3))) if len(text) > 1 else (),
        tuple(draw(st.lists(missing, max_size=2))),
        tuple(draw(st.lists(st.builds(Relation, ends, ends, names), max_size=3))),
        draw(st.sampled_from(["mention", "string"])),
        draw(names),
        tuple(draw(st.lists(names, max_size=2))),
    )
    held = draw(st.sampled_from([(annotation, None), (None, annotation), (None, None)]))
    optional = st.none() | names
    metadata = draw(st.dictionaries(names, names, max_size=2))
    document = Document(draw(names), text, draw(optional), draw(optional), metadata)
    return Example(document, *held, split=draw(optional))


FILES = [("bioc-xml", "a.xml"), ("bioc-json", "a.json"), ("bioc-json", "a.jsonl")]


def project(example: Example) -> Example:
    """In the order of writing: the mentions of a title come before those of an abstract."""
    title, _, abstract = example.document.text.partition("\n")
    parts = bool(title and abstract and "\n" not in abstract)

    def ordered(annotation: Annotation | None) -> Annotation | None:
        if annotation is None:
            return None
        return replace(
            annotation,
            mentions=tuple(sorted(annotation.mentions, key=lambda item: parts and item.start > len(title))),
        )

    return replace(example, reference=ordered(example.reference), predicted=ordered(example.predicted))


def confidences(example: Example) -> list[float | None]:
    annotation = example.reference or example.predicted or Annotation()
    return [item.confidence for item in annotation.mentions]


@pytest.mark.parametrize(
    ("format_", "name"), [("bioc-xml", "a.xml"), ("bioc-json", "a.json"), ("bioc-json", "a.jsonl")]
)
@settings(max_examples=40)
@given(st.lists(any_example(), min_size=1, max_size=3, unique_by=lambda example: example.id))
def test_reading_gives_back_what_was_written(format_: str, name: str, examples: list[Example]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        assert write(path, examples, format_) == {}
        assert detect(path) == format_
        back = [replace(example, place=None, source="") for example in load(path)]
    expected = [project(example) for example in examples]
    assert back == expected
    assert list(map(confidences, back)) == list(map(confidences, expected))


@settings(max_examples=40)
@given(st.data())
def test_damaged_files_end_in_examples_or_input_errors(data: st.DataObject) -> None:
    format_ = data.draw(st.sampled_from(["bioc-xml", "bioc-json"]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a"
        write(path, [Example(Document("1", TEXT, "1"), QUIRKS_READ)], format_)
        content = bytearray(path.read_bytes())
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=5))
        path.write_bytes(content)
        with contextlib.suppress(InputError):
            assert load(path, format=format_, on_error="skip").examples


@pytest.mark.parametrize(
    ("bioc", "pubtator", "mentions", "relations"),
    [
        ("bc5cdr/CDR_DevelopmentSet.BioC.xml", "bc5cdr/CDR_DevelopmentSet.PubTator.txt", 9591, 1012),
        ("biored/Dev.BioC.JSON", "biored/Dev.PubTator", 3533, 1162),
    ],
)
def test_bioc_says_the_same_as_pubtator(
    corpora: Path, tmp_path: Path, bioc: str, pubtator: str, mentions: int, relations: int
) -> None:
    ours, theirs = load(corpora / bioc), load(corpora / pubtator)
    assert sum(ours.counts()["mentions"].values()) == mentions
    assert sum(ours.counts()["relations"].values()) == relations
    for one, other in zip(ours, theirs, strict=True):
        assert (one.id, one.document.group, one.document.text) == (
            other.id,
            other.document.group,
            other.document.text,
        )
        assert one.reference is not None
        assert other.reference is not None
        assert one.reference.mentions == other.reference.mentions
        assert one.reference.unaligned == other.reference.unaligned == ()
        assert list(map(ids, one.reference.relations)) == list(map(ids, other.reference.relations))
    out = tmp_path / Path(bioc).name
    assert write(out, ours.examples, ours.format) == {}
    if out.suffix == ".xml":
        assert out.read_bytes() + b"\n" == (corpora / bioc).read_bytes()
    else:
        assert without_empty(json.loads(out.read_text("utf-8"))) == without_empty(
            json.loads((corpora / bioc).read_text("utf-8"))
        )


def ids(relation: Relation) -> tuple[str, str, str]:
    assert isinstance(relation.head, Concept)
    assert isinstance(relation.tail, Concept)
    return relation.head.id, relation.tail.id, relation.type


def without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_empty(item) for key, item in value.items() if item not in ([], {})}
    return [without_empty(item) for item in value] if isinstance(value, list) else value


def test_bc5cdr_keeps_its_individual_mentions(corpora: Path) -> None:
    corpus = load(corpora / "bc5cdr" / "CDR_DevelopmentSet.BioC.xml")
    kept = [
        (example, item)
        for example in corpus
        for item in json.loads(example.document.metadata.get("bioc.individual_mentions", "[]"))
    ]
    assert len(kept) == 182
    assert sum(len(item["segments"]) > 1 for _, item in kept) == 43
    elsewhere = [
        example.id
        for example, item in kept
        if " ".join(example.document.text[start:end] for start, end in item["segments"]) != item["text"]
    ]
    assert elsewhere == ["6415512"]

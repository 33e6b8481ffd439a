"""brat standoff: every kind of line, damaged folders, and writing back."""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import tempfile
from dataclasses import replace
from pathlib import Path

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
from medspan.core.document import Segment
from medspan.read import Stream, detect, formats, load, write
from medspan.read.base import Sample

TEXT = "Aspirin caused renal\nand hepatic failure; 8\u2005mg daily."
LINES = (
    "T1\tDrug 0 7\tAspirin\n"
    "T2\tCause 8 14\tcaused\n"
    "E1\tCause:T2 Agent:T1 Effect:T3\n"
    "T3\tDisorder 15 20;33 40\trenal failure\n"
    "T4\tDisorder 15 40\trenal and hepatic failure\n"
    "T5\tDose 42 46\t8 mg\t \n"
    "T6\tDrug 1 8\tAspirin\n"
    "\n"
    "R1\tCAUSE Arg1:E1 Arg2:T3\t \n"
    "R2\tOF Arg2:T1 Arg1:T5\n"
    "R3\tIs_A Part:T6 Whole:T4\n"
    "*\tEquiv T3 T4\n"
    "A1\tNegation E1\n"
    "M1\tSpeculation E1\n"
    "A2\tCertainty T4 Likely\n"
    "N1\tReference T1 MESH:D001241\tAspirin, the substance\n"
    "N2\tReference T1 -:42\t\n"
    "N3\tReference E1 GO:0001:2\n"
    "#1\tAnnotatorNotes T1\ta note\twith a tab\n"
)
ASPIRIN = Mention(((0, 7),), "Drug", "Aspirin", ("MESH:D001241", "42"))
CAUSED = Mention(((8, 14),), "Cause", "caused", ("GO:0001:2",))
RENAL = Mention(((15, 20), (33, 40)), "Disorder", "renal failure")
BOTH = Mention(((15, 40),), "Disorder", "renal\nand hepatic failure")
DOSE = Mention(((42, 46),), "Dose", "8\u2005mg", source_text="8 mg")
ELSEWHERE = UnalignedMention("Drug", "Aspirin", "offset-mismatch")


def folder(tmp_path: Path, **files: str | bytes) -> Path:
    """A folder with files named `NAME_SUFFIX`."""
    path = tmp_path / "corpus"
    path.mkdir()
    for name, content in files.items():
        raw = content.encode() if isinstance(content, str) else content
        (path / ".".join(name.rsplit("_", 1))).write_bytes(raw)
    return path


def only(path: Path) -> Example:
    (example,) = load(path, format="brat")
    return example


def reason(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        load(path, format="brat")
    return str(caught.value)


def files_of(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.iterdir()}


def test_every_kind_of_line_is_read(tmp_path: Path) -> None:
    path = folder(tmp_path, a_txt=TEXT, a_ann=LINES)
    corpus = load(path)
    assert corpus.format == "brat"
    (example,) = corpus
    assert (example.id, example.document.group, example.source) == ("a", "a", "brat")
    assert example.document.text == TEXT
    assert example.document.metadata == {"brat.ann": LINES}
    assert str(example.place) == str(path / "a.ann")
    assert example.reference == Annotation(
        (ASPIRIN, CAUSED, RENAL, BOTH, DOSE),
        (ELSEWHERE,),
        (
            Relation(CAUSED, RENAL, "CAUSE"),
            Relation(DOSE, ASPIRIN, "OF"),
            Relation(ELSEWHERE, BOTH, "Is_A"),
        ),
    )


def test_unchanged_document_is_written_back_byte_for_byte(tmp_path: Path) -> None:
    windows = b"\xef\xbb\xbf" + LINES.rstrip("\n").replace("\n", "\r\n").encode()
    path = folder(tmp_path, a_txt=TEXT, a_ann=LINES, b_txt=b"\xef\xbb\xbf" + TEXT.encode(), b_ann=windows)
    first, second = load(path).examples
    assert first.reference == second.reference
    out = tmp_path / "out"
    assert write(out, [first, second], "brat") == {}
    assert files_of(out) == files_of(path)


def test_changed_document_is_written_anew_and_its_other_lines_counted(tmp_path: Path) -> None:
    example = only(folder(tmp_path, a_txt=TEXT, a_ann=LINES))
    assert example.reference is not None
    changed = replace(example.reference, mentions=(ASPIRIN, RENAL))
    assert write(tmp_path / "out", [replace(example, reference=changed)], "brat") == {
        "line: event": 1,
        "line: attribute": 3,
        "line: equivalence": 1,
        "line: note": 1,
        "relation: names of the roles": 1,
        "mention: offset-mismatch": 1,
        "relation: endpoint listed as mention": 2,
        "relation: endpoint without a place": 1,
    }
    assert (tmp_path / "out" / "a.txt").read_bytes() == TEXT.encode()
    assert (tmp_path / "out" / "a.ann").read_text("utf-8") == (
        "T1\tDrug 0 7\tAspirin\n"
        "T2\tDisorder 15 20;33 40\trenal failure\n"
        "T3\tCause 8 14\tcaused\n"
        "T4\tDose 42 46\t8\u2005mg\n"
        "N1\tReference T1 MESH:D001241\tAspirin, the substance\n"
        "N2\tReference T1 -:42\t\n"
        "N3\tReference T3 GO:0001:2\t\n"
        "R1\tCAUSE Arg1:T3 Arg2:T2\n"
        "R2\tOF Arg1:T4 Arg2:T1\n"
    )
    back = only(tmp_path / "out")
    dose = replace(DOSE, source_text=None)
    assert back.reference == Annotation(
        (ASPIRIN, RENAL, CAUSED, dose),
        (),
        (Relation(CAUSED, RENAL, "CAUSE"), Relation(dose, ASPIRIN, "OF")),
    )


def test_stored_lines_are_not_written_for_another_text(tmp_path: Path) -> None:
    example = only(folder(tmp_path, a_txt="Aspirin", a_ann="T1\tDrug 0 7\tAspirin\n"))
    other = replace(example, document=replace(example.document, text="Heparin"), reference=Annotation())
    write(tmp_path / "out", [other], "brat")
    assert files_of(tmp_path / "out") == {"a.txt": b"Heparin", "a.ann": b""}


def test_counts_of_what_brat_cannot_hold(tmp_path: Path) -> None:
    text = "Aspirin\0and\nbleeding."
    drug = Mention.at(text, 0, 7, "new drug", concepts=("a b",))
    line = Mention.at(text, 8, 20, "X", concepts=("D1", "-:x", "MESH:", ":y"))
    lost = UnalignedMention("Drug", "ibuprofen", "not-in-text")
    annotation = Annotation(
        (drug, line),
        (lost,),
        (
            Relation(drug, line, "leads to"),
            Relation(Concept("D1"), line, "CID"),
            Relation(lost, line, "CID"),
        ),
        scope="string",
        unparsed=("?",),
    )
    example = Example(Document("a", text, "g", "chemicals"), annotation, annotation)
    bare = Example(Document("b", "Nothing."))
    assert write(tmp_path / "out", [example, bare], "brat") == {
        "document: predicted annotation": 1,
        "document: no annotation": 1,
        "document: group": 1,
        "document: task": 1,
        "document: NUL characters of the text": 1,
        "document: mentions standing for every occurrence": 1,
        "mention: characters of the type": 1,
        "mention: not-in-text": 1,
        "concept: unwritable": 1,
        "relation: characters of the type": 1,
        "relation: between concepts": 1,
        "relation: endpoint without a place": 1,
        "unparsed piece": 1,
    }
    first, second = load(tmp_path / "out")
    head = Mention(((0, 7),), "new_drug", "Aspirin")
    assert first.document.text == "Aspirin and\nbleeding."
    assert first.reference == Annotation((head, line), (), (Relation(head, line, "leads_to"),))
    assert second.reference == Annotation()


def test_bionlp_pair_is_read_together_and_written_back(tmp_path: Path) -> None:
    path = folder(
        tmp_path,
        a_txt="IL-2 binds CD25.",
        a_a1="T1\tProtein 0 4\tIL-2\nT2\tProtein 11 15\tCD25",
        a_a2=(
            "T3\tBinding 5 10\tbinds\nE1\tBinding:T3 Theme:T1\nE2\tBinds Agent_T1\n"
            "R1\tPart Agent:E1 Site:T2\n"
            "N1\tRef Annotation:T1 Referent:UP:P1\nN2\tRef Referent:UP:P2 Annotation:T2"
        ),
    )
    assert detect(path) == "brat"
    example = only(path)
    one, two = (
        Mention(((0, 4),), "Protein", "IL-2", ("UP:P1",)),
        Mention(((11, 15),), "Protein", "CD25", ("UP:P2",)),
    )
    three = Mention(((5, 10),), "Binding", "binds")
    assert example.reference == Annotation((one, two, three), (), (Relation(three, two, "Part"),))
    assert write(tmp_path / "out", [example], "brat") == {}
    assert files_of(tmp_path / "out") == files_of(path)


def test_text_alone_empty_annotations_and_packed_files(tmp_path: Path) -> None:
    path = folder(tmp_path, a_txt="Alone.", b_txt="Empty.", b_ann="", d_txt="", d_ann="\n \n")
    (path / "c.txt").write_bytes(gzip.compress(b"Aspirin"))
    (path / "c.ann.gz").write_bytes(gzip.compress(b"T1\tDrug 0 7\tAspirin"))
    (path / ".hidden.ann").write_text("?")
    (path / "annotation.conf").write_text("[entities]")
    examples = {example.id: example for example in load(path)}
    assert list(examples) == ["a", "b", "c", "d"]
    assert [example.reference for example in examples.values()] == [
        Annotation(),
        Annotation(),
        Annotation((Mention(((0, 7),), "Drug", "Aspirin"),)),
        Annotation(),
    ]


@pytest.mark.parametrize(
    ("lines", "places"),
    [
        ("T1\tX 0 1\ta\nT2\tX 3 4\tb\nT3\tX 6 7\tc", [(0, 1), (3, 4), (6, 7)]),
        ("T1\tX 0 1\ta\nT2\tX 2 3\tb\nT3\tX 4 5\tc", [(0, 1), (3, 4), (6, 7)]),
        ("T1\tX 0 5\ta b c\nT2\tX 2 3\tb", [(0, 7), (3, 4)]),
        ("T1\tX 0 7\ta  b  c\nT2\tX 3 4\tb", [(0, 7), (3, 4)]),
        ("T1\tX 0 7\ta b c", [(0, 7)]),
        ("T1\tX 0 2\ta \nT2\tX 1 3\t b", [(0, 3), (1, 4)]),
    ],
    ids=["as-it-stands", "folded", "folded-across", "stands-across", "one-space", "at-the-break"],
)
def test_line_ends_of_windows_count_two_or_one(tmp_path: Path, lines: str, places: list[Segment]) -> None:
    text = "a\r\nb\r\nc"
    example = only(folder(tmp_path, a_txt=text, a_ann=lines))
    assert example.document.text == text
    assert example.reference is not None
    assert [mention.segments[0] for mention in example.reference.mentions] == places
    assert example.reference.unaligned == ()


@pytest.mark.parametrize("start", [0, 1])
def test_byte_order_mark_is_counted_or_not(tmp_path: Path, start: int) -> None:
    lines = f"T1\tX {start} {start + 3}\tabc\nT2\tX {start + 4} {start + 5}\td"
    path = folder(tmp_path, a_txt=b"\xef\xbb\xbfabc d", a_ann=lines)
    example = only(path)
    assert example.document.text == "abc d"
    assert example.reference is not None
    assert [mention.segments for mention in example.reference.mentions] == [((0, 3),), ((4, 5),)]
    assert write(tmp_path / "out", [example], "brat") == {}
    assert files_of(tmp_path / "out") == files_of(path)


def test_segments_in_any_order_and_old_joints_are_read(tmp_path: Path) -> None:
    lines = "T1\tX 4 7;0 3\tdef abc\nT2\tX 0 3;4 7\tabcdef\nT3\tX 0 3\nT4\tX 0 3\tabcd\nT5\tX 5 9\tdef"
    example = only(folder(tmp_path, a_txt="abc def", a_ann=lines))
    places = ((0, 3), (4, 7))
    assert example.reference == Annotation(
        (
            Mention(places, "X", "abc def", source_text="def abc"),
            Mention(places, "X", "abc def", source_text="abcdef"),
            Mention(((0, 3),), "X", "abc"),
        ),
        (UnalignedMention("X", "abcd", "offset-mismatch"), UnalignedMention("X", "def", "offset-mismatch")),
    )


def test_text_of_a_mention_may_be_left_out_where_it_is_short(tmp_path: Path) -> None:
    text = "a" * 201 + " " * 300
    lines = "T1\tX 0 200\nT2\tX 0 200\t\nT3\tX 0 201\t\nT4\tX 201 501\t" + " " * 300
    example = only(folder(tmp_path, a_txt=text, a_ann=lines))
    short = Mention(((0, 200),), "X", "a" * 200)
    assert example.reference == Annotation(
        (short, short, Mention(((201, 501),), "X", " " * 300)),
        (UnalignedMention("X", "", "offset-mismatch"),),
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("R1\tCAUSE Arg1:T1 Arg2:T99", "the Arg2 of R1 is 'T99', which is nowhere in the file"),
        ("A1\tN T1\nR1\tCAUSE Arg1:T1 Arg2:A1", "'A1', which is no mention or event with a trigger"),
        ("E1\tX Theme:T1\nE2\tX\nR1\tC Arg1:T1 Arg2:E2", "'E2', which is no mention or event with a tr"),
        ("E1\tCause:T9", "the trigger of E1 is 'T9', which is nowhere"),
        ("N1\tReference T9 MESH:D1", "the mention of N1 is 'T9', which is nowhere"),
        ("N1\tReference T1", "N1 is 'Reference T1', not 'Reference T1 VOCABULARY:ID'"),
        ("N1\tReference T1 -:", "N1 names no concept"),
        ("R1\tCAUSE Arg1:T1", "R1 is 'CAUSE Arg1:T1', not 'TYPE Arg1:T1 Arg2:T2'"),
        ("R1\tCAUSE T1 T1", "not 'TYPE Arg1:T1 Arg2:T2'"),
        ("R1\tCAUSE Arg1: Arg2:T1", "not 'TYPE Arg1:T1 Arg2:T2'"),
        ("R1", "it begins with 'R1', not with an id such as T1 and a tab"),
        ("T1\tDrug 0 7\tAspirin", "the id T1 was given before, on line 1"),
        ("T2\tDrug 7 7\t", "T2 stands at [7, 7), which is no place"),
        ("T2\tDrug 7 0\tx", "T2 stands at [7, 0), which is no place"),
        ("T2\tDrug -1 3\tx", "T2 is 'Drug -1 3', not 'TYPE START END'"),
        ("T2\tDrug 0 3;2 5\tx", "the segments of T2 overlap"),
        ("T2\tDrug 0 " + "9" * 5000 + "\tx", "not 'TYPE START END'"),
        ("T2\tDrug 0\tx", "T2 is 'Drug 0', not 'TYPE START END'"),
        ("T2 Drug 0 7 Aspirin", "it begins with 'T2 Drug 0 7 Aspirin', not with an id"),
        ("Total\t7", "it begins with 'Total\\t7', not with an id"),
        ("T2\tDrug 0 3\tA\0s", "holds a NUL byte"),
        ("T2\tDrug 0 3\tA\udcffs", "is not UTF-8: byte 0xFF at byte offset 33"),
    ],
)
def test_bad_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    lines = "T1\tDrug 0 7\tAspirin\n" + line
    path = folder(tmp_path, a_txt="Aspirin.", a_ann=lines.encode("utf-8", "surrogateescape"))
    said = reason(path)
    assert said.startswith(f"{path / 'a.ann'}:{lines.count(chr(10)) + 1}: line {lines.count(chr(10)) + 1}")
    assert message in said
    (path / "b.txt").write_text("Sound.")
    corpus = load(path, on_error="skip")
    assert [example.id for example in corpus] == ["b"]
    assert message in corpus.rejected[0].reason
    assert corpus.rejected[0].row.startswith("T1\t") or "UTF-8" in message or "NUL" in message


def test_files_that_cannot_be_used_are_rejected_and_the_rest_is_read(tmp_path: Path) -> None:
    path = folder(
        tmp_path,
        good_txt="Aspirin",
        good_ann="T1\tDrug 0 7\tAspirin",
        lone_ann="",
        latin_txt=b"caf\xe9",
        utf16_txt="Aspirin helps.".encode("utf-16"),
        nul_txt=b"Aspirin \0",
        two_txt="x",
        two_ann="",
        two_a1="",
        twice_txt="x",
        cut_txt=gzip.compress(b"Aspirin" * 100)[:-9],
        long_txt="x" * 2000,
        dir_txt="x",
    )
    (path / "twice.txt.gz").write_bytes(gzip.compress(b"y"))
    (path / "dir.ann").mkdir()
    (tmp_path / "outside.txt").write_text("secret")
    (path / "up.txt").symlink_to(tmp_path / "outside.txt")
    (path / "inner.txt").symlink_to(path / "good.txt")
    (path / "nothing.txt").symlink_to(path / "gone")
    (path / "loop.txt").symlink_to(path / "loop.txt")
    os.mkfifo(path / "pipe.txt")
    (path / os.fsdecode(b"bad\xff.txt")).write_text("x")
    corpus = load(path, format="brat", on_error="skip", max_line_bytes=1000)
    assert {example.id: example.document.text for example in corpus} == {
        "good": "Aspirin",
        "inner": "Aspirin",
    }
    assert {Path(row.place.file).name: row.reason.split(" (likely")[0] for row in corpus.rejected} == {
        "lone.ann": "there is no text to lone.ann",
        "latin.txt": "line 1 is not UTF-8: byte 0xE9 at byte offset 3 of the file",
        "utf16.txt": "the file is not in UTF-8: it begins at line 1, byte offset 0, with FF FE 41 00",
        "nul.txt": "line 1 holds a NUL byte at column 9",
        "two": "two.ann and two.a1 stand side by side",
        "twice": "twice.txt and twice.txt.gz stand side by side",
        "cut.txt": "the archive cannot be unpacked beyond 700 bytes "
        "(Compressed file ended before the end-of-stream marker was reached)",
        "long.txt": "the file is longer than the limit of 1,000 bytes",
        "dir.ann": "it is no regular file",
        "up.txt": "it is a link that leads out of the folder, and is not followed",
        "nothing.txt": "it is no regular file",
        "loop.txt": "it is no regular file",
        "pipe.txt": "it is no regular file",
        "bad?": "the file's name is not UTF-8",
    }


def test_sub_folders_are_named_unless_the_folder_has_annotations(tmp_path: Path) -> None:
    path = folder(tmp_path, readme_txt="x")
    for name in ("train", "dev", "figures"):
        (path / name).mkdir()
        (path / name / ("a.png" if name == "figures" else "a.ann")).write_text("")
    said = reason(path)
    assert "holds no annotations itself; its sub-folders dev, train do" in said
    assert f"name one of them, for instance {path / 'dev'}" in said
    (path / "readme.ann").write_text("")
    assert [example.id for example in load(path, format="brat")] == ["readme"]


def test_folder_without_brat_files_is_refused(tmp_path: Path) -> None:
    assert "holds no files NAME.txt and NAME.ann" in reason(folder(tmp_path, notes_md="x"))


def test_ids_become_safe_file_names_and_none_twice(tmp_path: Path) -> None:
    ids = ["a", "A", "a", "../up", ".x", "c:d", "NUL", "n\0l", "é" * 300, "é", "e\u0301", "a#2"]
    examples = [Example(Document(id_, str(n)), Annotation()) for n, id_ in enumerate(ids)]
    lost = write(tmp_path / "out", examples, "brat")
    assert lost == {"document: characters of the id": 6, "document: id in use": 4}
    names = {file.read_text("utf-8"): file.stem for file in (tmp_path / "out").glob("*.txt")}
    written = ["a", "A#2", "a#3", ".._up", "_x", "c_d", "_NUL", "n_l", "é" * 100, "é", "e\u0301#2", "a#2#2"]
    written[3] = "___up"
    assert [names[str(n)] for n in range(len(ids))] == written
    assert os.listdir(tmp_path) == ["out"]
    groups = {example.id: example.document.group for example in load(tmp_path / "out")}
    assert (groups["a#3"], groups["A#2"], groups["a#2#2"]) == ("a", "A#2", "a#2#2")


def test_only_folders_with_annotations_are_taken_for_brat(tmp_path: Path) -> None:
    sniff = formats()["brat"].sniff
    for names, wanted in (
        (("a.ann", "a.txt"), True),
        (("README", "a.txt", "z.ANN.gz"), True),
        (("a.a1", "a.txt"), True),
        (("a.txt", "b.txt"), False),
        (("ann", "a.anns", "a.ann.txt"), False),
        ((), False),
    ):
        assert sniff(Sample(tmp_path, names=names)) is wanted
    with pytest.raises(InputError, match="one file was expected"):
        detect(folder(tmp_path, a_txt="x"))


def test_file_is_refused(tmp_path: Path) -> None:
    path = folder(tmp_path, a_txt="x", a_ann="")
    with pytest.raises(InputError, match=r"is a file, and brat is a folder of files"):
        load(path / "a.txt", format="brat")
    with pytest.raises(InputError, match="a folder that holds something"):
        write(path, [], "brat")


names = st.from_regex(r"[A-Za-z_:.-]{1,6}", fullmatch=True)
anything = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)


@st.composite
def a_mention(draw: st.DrawFn, text: str, types: st.SearchStrategy[str]) -> Mention:
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=4, unique=True)))
    segments: tuple[Segment, ...] = tuple(zip(cuts[0::2], cuts[1::2], strict=False))
    written = " ".join(text[start:end] for start, end in segments)
    return Mention(segments, draw(types), written, tuple(draw(st.lists(types, max_size=2))))


unaligned = st.builds(
    UnalignedMention, anything, st.text(max_size=5), st.sampled_from(["blank", "not-in-text"])
)


@st.composite
def an_example(draw: st.DrawFn, number: int, types: st.SearchStrategy[str]) -> Example:
    text = draw(
        st.text(st.sampled_from("ab \t\r\n\0\ufeff\u2028é\x1c") | st.characters(codec="utf-8"), max_size=20)
    )
    ends: st.SearchStrategy[object] = st.builds(Concept, anything) | unaligned
    mentions: list[Mention] = []
    if len(text) > 1:
        mentions = draw(st.lists(a_mention(text, types), max_size=3))
        ends = ends | a_mention(text, types) | (st.sampled_from(mentions) if mentions else st.nothing())
    relations = draw(st.lists(st.builds(Relation, ends, ends, types), max_size=3))
    items = draw(st.lists(unaligned, max_size=1))
    reference = Annotation(tuple(mentions), tuple(items), tuple(relations))
    return Example(Document(str(number), text, str(number)), reference)


def safe(type_: str) -> str:
    return re.sub(r"[\s\x00-\x1f\x7f]", "_", type_)


def project(example: Example) -> tuple[str, Annotation]:
    """What brat can hold of an example, told without brat's code."""
    assert example.reference is not None
    text = example.document.text.replace("\0", " ")

    def held(mention: Mention) -> Mention:
        concepts = tuple(concept for concept in mention.concepts if safe(concept) == concept)
        written = " ".join(text[start:end] for start, end in mention.segments)
        return Mention(mention.segments, safe(mention.type), written, concepts)

    listed = list(example.reference.mentions)
    relations = []
    for relation in example.reference.relations:
        head, tail = relation.head, relation.tail
        if isinstance(head, Mention) and isinstance(tail, Mention):
            listed += [end for end in dict.fromkeys((head, tail)) if end not in listed]
            relations.append(Relation(held(head), held(tail), safe(relation.type)))
    return text, Annotation(tuple(map(held, listed)), (), tuple(relations))


def through_folder(examples: list[Example]) -> tuple[list[Example], dict[str, int]]:
    with tempfile.TemporaryDirectory() as place:
        lost = write(Path(place) / "out", examples, "brat")
        return list(load(Path(place) / "out", format="brat")), dict(lost)


@settings(max_examples=40)
@given(st.data(), st.integers(1, 3), st.sampled_from([names, anything]))
def test_brat_gives_back_what_it_can_hold(
    data: st.DataObject, count: int, types: st.SearchStrategy[str]
) -> None:
    examples = [data.draw(an_example(number, types)) for number in range(count)]
    back, lost = through_folder(examples)
    assert [(example.id, example.document.group) for example in back] == [
        (example.id, example.id) for example in examples
    ]
    wanted = [project(example) for example in examples]
    assert [(example.document.text, example.reference) for example in back] == wanted
    drawn = [example.reference for example in examples if example.reference]
    relations = [relation for annotation in drawn for relation in annotation.relations]
    kept = [relation for _, annotation in wanted for relation in annotation.relations]
    gone = lost.get("relation: between concepts", 0) + lost.get("relation: endpoint without a place", 0)
    assert gone == len(relations) - len(kept)
    added = sum(len(annotation.mentions) for _, annotation in wanted)
    listed = sum(len(annotation.mentions) for annotation in drawn)
    assert lost.get("relation: endpoint listed as mention", 0) == added - listed
    again, lost = through_folder(back)
    assert ([replace(one, place=None) for one in again], lost) == (
        [replace(one, place=None) for one in back],
        {},
    )


@settings(max_examples=100)
@given(
    st.binary(max_size=60), st.lists(st.sampled_from([*LINES.splitlines(True), "\0", "\t", "T1\t", "\r\n"]))
)
def test_any_bytes_end_in_examples_or_a_clear_error(noise: bytes, lines: list[str]) -> None:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place)
        (path / "a.txt").write_bytes(TEXT.encode())
        (path / "a.ann").write_bytes("".join(lines).encode() + noise)
        (path / "b.txt").write_bytes(noise)
        with contextlib.suppress(InputError):
            assert load(path, format="brat", on_error="skip").examples


def test_maccrobat_counts_and_is_written_back_byte_for_byte(corpora: Path, tmp_path: Path) -> None:
    corpus = load(corpora / "maccrobat")
    counts = corpus.counts()
    assert (corpus.format, counts["documents"]) == ("brat", 200)
    assert (sum(counts["mentions"].values()), counts["unaligned"]) == (25189, 0)
    assert sum(counts["relations"].values()) == 16307
    listed = [example.reference.mentions for example in corpus if example.reference]
    assert sum(len(mention.segments) > 1 for mentions in listed for mention in mentions) == 44
    assert (
        sum(
            one.start < other.end and other.start < one.end
            for mentions in listed
            for at, one in enumerate(mentions)
            for other in mentions[:at]
        )
        == 489
    )
    (tabbed,) = [
        mention for mention in listed[[e.id for e in corpus].index("25661749")] if mention.start == 2837
    ]
    assert (tabbed.segments, tabbed.text, tabbed.source_text) == (((2837, 2841),), "8\u2005mg", None)
    assert write(tmp_path / "out", corpus.examples, "brat") == {}
    assert files_of(tmp_path / "out") == files_of(corpora / "maccrobat")


def test_maccrobat_written_anew_keeps_mentions_and_relations(corpora: Path, tmp_path: Path) -> None:
    examples = [
        replace(example, document=replace(example.document, metadata={}))
        for example in Stream(corpora / "maccrobat", limit=40)
    ]
    assert write(tmp_path / "out", examples, "brat") == {}
    assert [example.reference for example in load(tmp_path / "out")] == [
        example.reference for example in examples
    ]

"""CoNLL columns: what is read, kept, refused, lost and given back."""

from __future__ import annotations

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
    Place,
    Relation,
    UnalignedMention,
)
from medspan.read import detect, formats, load, write
from medspan.read.base import MAX_LINE_BYTES
from medspan.read.detect import take_sample


def written(tmp_path: Path, content: str | bytes, name: str = "a.tsv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def found(path: Path) -> list[tuple[str, list[tuple[int, int, str, str]]]]:
    """Text and mentions of each document."""
    return [
        (
            example.document.text,
            [(one.start, one.end, one.type, one.text) for one in example.reference.mentions],
        )
        for example in load(path)
    ]


def tagged(*tags: str) -> str:
    return "".join(f"{chr(ord('a') + at)}\t{tag}\n" for at, tag in enumerate(tags))


MARKED = (
    "# global columns: token pos chunk tag\n"
    "-DOCSTART- (10) O\n"
    "\n"
    "Aspirin NN B-NP B-Drug\n"
    "caused VB O O\n"
    "\n"
    "renal JJ O B-Disease\n"
    "failure NN O I-Disease\n"
    "# reviewed\n"
    ". . O O\n"
    "\n\n"
    "-DOCSTART- -X- -X- O\n"
    "No NN O O\n"
    "###MEDLINE:10\n"
    "# NN O B-Drug\n"
)


def test_documents_are_marked_and_sentences_stay_together(tmp_path: Path) -> None:
    path = written(tmp_path, MARKED.replace("\n", "\r\n").encode("utf-8-sig"))
    first, second, third = load(path).examples
    assert detect(path) == "conll"
    assert first.document.text == "Aspirin caused\nrenal failure ."
    assert first.reference.mentions == (
        Mention(((0, 7),), "Drug", "Aspirin"),
        Mention(((15, 28),), "Disease", "renal failure"),
    )
    assert (first.id, first.document.group, first.place) == ("10", "10", Place(str(path), 1))
    assert first.document.metadata == {
        "conll.columns": '[["NN", "B-NP"], ["VB", "O"], ["JJ", "O"], ["NN", "O"], [".", "O"]]',
        "conll.tokens": '{"spans": [[0, 7], [8, 14], [15, 20], [21, 28], [29, 30]], "breaks": [2]}',
        "conll.comments": '["# global columns: token pos chunk tag", "# reviewed"]',
    }
    assert (second.id, second.document.group, second.document.text) == ("a:13", None, "No")
    assert (third.id, third.document.group, third.document.text) == ("10#2", "10", "#")
    assert third.reference.mentions == (Mention(((0, 1),), "Drug", "#"),)


def test_columns_and_comments_are_written_back_and_read_again(tmp_path: Path) -> None:
    corpus = load(written(tmp_path, MARKED))
    out = tmp_path / "b.conll"
    assert write(out, corpus.examples[:1], "conll") == {}
    assert out.read_text("utf-8") == (
        "# id = 10\n# group = 10\n"
        '# text = "Aspirin caused\\nrenal failure ."\n'
        "# global columns: token pos chunk tag\n# reviewed\n"
        "Aspirin\tNN\tB-NP\tB-Drug\ncaused\tVB\tO\tO\n\n"
        "renal\tJJ\tO\tB-Disease\nfailure\tNN\tO\tI-Disease\n.\t.\tO\tO\n\n"
    )
    assert write(out, corpus.examples, "conll") == {}
    assert [replace(one, place=None) for one in load(out)] == [replace(one, place=None) for one in corpus]
    # The columns belong to the tokens: another mention cuts these.
    moved = replace(corpus.examples[0], reference=Annotation((Mention(((2, 7),), "Drug", "pirin"),)))
    write(out, [moved], "conll")
    assert "As\tO\npirin\tB-Drug\ncaused\tO\n" in out.read_text("utf-8")


def test_without_marks_each_sentence_is_a_document(tmp_path: Path) -> None:
    path = written(tmp_path, "# one\nAspirin\tB\nhelps\tO\n\n \nNo\tO\n\nrenal\tB\nfailure\tI\n\n# end\n")
    corpus = load(path)
    assert [(one.id, one.document.group) for one in corpus] == [("a:1", None), ("a:6", None), ("a:8", None)]
    assert found(path)[0] == ("Aspirin helps", [(0, 7, "Entity", "Aspirin")])
    assert found(path)[2] == ("renal failure", [(0, 13, "Entity", "renal failure")])
    comments = [one.document.metadata.get("conll.comments") for one in corpus]
    assert comments == ['["# one"]', None, '["# end"]']


def test_id_comments_mark_documents_and_a_repeated_one_goes_on(tmp_path: Path) -> None:
    rows = "# doc_id = 7\nA\tO\n\n# doc_id = 7\n# sent_id = 2\nB\tO\n\n"
    rows += "# doc_id = 8\nC\tO\n\n# doc_id = 7\nD\tO\n"
    corpus = load(written(tmp_path, rows))
    assert [(one.id, one.document.group, one.document.text) for one in corpus] == [
        ("7", "7", "A\nB"),
        ("8", "8", "C"),
        ("7#2", "7", "D"),
    ]
    (multi,) = load(written(tmp_path, "# id 52-39\tdomain=en\nx _ _ B-Drug\n", "m.conll"))
    assert (multi.id, multi.document.metadata["conll.comments"]) == ("52-39", '["# domain=en"]')


@pytest.mark.parametrize(
    ("tags", "scheme", "mentions", "irregular"),
    [
        (["B-X", "I-X", "B-X", "O"], None, ["a b", "c"], None),
        (["I-X", "I-X", "B-X", "I-Y"], "IOB1", ["a b", "c", "d"], None),
        (["O", "I-X", "I-X", "I-Y"], "IO", ["b c", "d"], None),
        (["B-X", "E-X", "S-X", "O"], "BIOES", ["a b", "c"], None),
        (["B-X", "I-X", "L-X", "U-Y"], "BILOU", ["a b c", "d"], None),
        (["B-X", "M-X", "E-X", "W-X"], "BIOES", ["a b c", "d"], None),
        (["O", "I-X", "O", "B-X"], None, ["b", "d"], "1"),
        (["B-X", "I-Y", "I-Y", "O"], None, ["a", "b c"], "1"),
        (["B-X", "O", "E-X", "S-X"], "BIOES", ["a", "c", "d"], "2"),
        (["O", "O", "O", "O"], None, [], None),
        (["B", "I", "O", "B"], None, ["a b", "d"], None),
    ],
)
def test_scheme_is_told_and_what_breaks_it_is_counted(
    tmp_path: Path, tags: list[str], scheme: str | None, mentions: list[str], irregular: str | None
) -> None:
    (example,) = load(written(tmp_path, tagged(*tags)), format="conll")
    assert [one.text for one in example.reference.mentions] == mentions
    metadata = example.document.metadata
    assert (metadata.get("conll.scheme"), metadata.get("conll.irregular")) == (scheme, irregular)


def test_mention_does_not_go_on_into_the_next_sentence(tmp_path: Path) -> None:
    path = written(tmp_path, "# id = 1\na\tB-X\n\nb\tI-X\n")
    assert found(path) == [("a\nb", [(0, 1, "X", "a"), (2, 3, "X", "b")])]
    assert load(path).examples[0].document.metadata["conll.irregular"] == "1"


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("Aspirin", "line 3: there is one column ('Aspirin')"),
        ("\tO", "line 3: the token is missing"),
        ("Aspirin\t", "line 3: the tag of 'Aspirin' is missing"),
        ("Aspirin\tDrug", "line 3: the tag of 'Aspirin' is 'Drug'"),
        ("Aspirin\tB-", "the tag of 'Aspirin' is 'B-'"),
        ("Aspirin\tO\t", "the last column is blank"),
        ("Asp\0irin\tO", "line 3 holds a NUL byte"),
        ("#", "one column ('#')"),
    ],
)
def test_bad_line_stops_with_its_number_and_is_rejected_when_skipping(
    tmp_path: Path, line: str, part: str
) -> None:
    path = written(tmp_path, f"a\tO\n\n{line}\nb\tO\n\nc\tB-X\n")
    with pytest.raises(InputError) as caught:
        load(path)
    assert part in caught.value.what
    assert caught.value.place == Place(str(path), 3)
    corpus = load(path, on_error="skip")
    assert [one.document.text for one in corpus] == ["a", "c"]
    assert [row.place.row for row in corpus.rejected] == [3]
    assert part in corpus.rejected[0].reason


def test_endless_document_is_refused_in_bounded_memory(tmp_path: Path) -> None:
    path = written(tmp_path, "-DOCSTART- O\n" + "abcdef\tO\n\n" * 50 + "-DOCSTART- O\n\nb\tO\n")
    corpus = load(path, on_error="skip", max_line_bytes=100, format="conll")
    assert [one.document.text for one in corpus] == ["b"]
    assert "begins in line 1 is longer than the limit of 100" in corpus.rejected[0].reason


def test_file_of_comments_only_holds_no_rows(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no rows"):
        load(written(tmp_path, "# a b\n\n# c d\n"), format="conll")


@pytest.mark.parametrize("token", ["[", "{", '"', "7"])
def test_file_that_begins_like_json_is_recognised(tmp_path: Path, token: str) -> None:
    path = written(tmp_path, f"{token}\tO\nAspirin\tB-Drug\n")
    assert detect(path) == "conll"
    assert found(path) == [(f"{token} Aspirin", [(2, 9, "Drug", "Aspirin")])]


def test_blank_columns_and_tokens_with_blanks_are_kept(tmp_path: Path) -> None:
    corpus = load(written(tmp_path, "1 1/2\t\tB-Dose\nmg\tNN\tI-Dose\n"))
    (example,) = corpus
    assert found(tmp_path / "a.tsv") == [("1 1/2 mg", [(0, 8, "Dose", "1 1/2 mg")])]
    write(tmp_path / "b.conll", corpus.examples, "conll")
    assert "1 1/2\t\tB-Dose\nmg\tNN\tI-Dose\n" in (tmp_path / "b.conll").read_text("utf-8")
    assert load(tmp_path / "b.conll").examples[0].document == example.document


def test_text_that_does_not_fit_the_tokens_is_kept_and_not_used(tmp_path: Path) -> None:
    path = written(tmp_path, '# id = 1\n# text = "Aspirin  helps"\nAspirin\tB-Drug\nhelped\tO\n')
    (example,) = load(path)
    assert example.document.text == "Aspirin helped"
    assert example.document.metadata["conll.text"] == "Aspirin  helps"
    right = written(tmp_path, path.read_text().replace("helped", "helps"), "b.tsv")
    assert load(right).examples[0].document.text == "Aspirin  helps"


def test_losses_are_counted_by_kind(tmp_path: Path) -> None:
    text = "Aspirin caused renal failure "
    longest = Mention.at(text, 15, 28, "Disease", concepts=("D1",))
    nested = Mention.at(text, 21, 28, "Sign")
    drug = Mention.at(text, 0, 7, "Drug")
    annotation = Annotation(
        (
            nested,
            longest,
            longest,
            drug,
            Mention(((0, 7), (15, 20)), "Drug", "Aspirin renal"),
            Mention.at(text, 8, 15, "Verb"),
            Mention.at(text, 8, 14, "a\tb"),
        ),
        (UnalignedMention("Drug", "ibuprofen", "not-in-text"),),
        (Relation(drug, longest, "causes"), Relation(Concept("D2"), Concept("D1"), "CID")),
        scope="string",
        unparsed=("?",),
    )
    examples = [Example(Document("a", text, task="t"), annotation, annotation), Example(Document("b", "No."))]
    heard: list[str] = []
    lost = write(tmp_path / "a.conll", examples, "conll", lambda loss: heard.append(loss.what))
    assert lost == {
        "document: predicted annotation": 1,
        "document: no annotation": 1,
        "document: task": 1,
        "document: mentions standing for every occurrence": 1,
        "mention: overlapping": 2,
        "mention: concepts": 1,
        "mention: discontinuous": 1,
        "mention: blank at an edge": 1,
        "mention: unwritable type": 1,
        "mention: not-in-text": 1,
        "relation: unwritable": 2,
        "unparsed piece": 1,
    }
    assert "Sign failure" in heard
    (back,) = load(tmp_path / "a.conll")
    assert back.document == Document("a", text)
    assert back.reference == Annotation((drug, replace(longest, concepts=())))


def test_line_break_within_a_mention_begins_no_sentence(tmp_path: Path) -> None:
    text = "Renal\nfailure.\n\nNo bars | here |a| there."
    example = Example(Document("1|a|x", text), Annotation((Mention.at(text, 0, 13, "Disease"),)))
    path = tmp_path / "a.conll"
    assert write(path, [example], "conll") == {}
    lines = path.read_text("utf-8").splitlines()
    assert lines[2:6] == ["Renal\tB-Disease", "failure\tI-Disease", ".\tO", ""]
    assert detect(path) == "conll"
    assert [replace(one, place=None) for one in load(path)] == [replace(example, source="conll")]


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
texts = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from(list(" \t\n|#-\0\r\xa0B[")), max_size=40
)
types = st.from_regex(r"[A-Za-z|#-][ A-Za-z|-]{0,5}[A-Z|-]", fullmatch=True) | st.sampled_from(
    ["O", "Entity"]
)


@st.composite
def flat_example(draw: st.DrawFn, number: int) -> Example:
    text = draw(texts)
    mentions: list[Mention] = []
    if text:
        cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=6, unique=True)))
        for start, end in zip(cuts[0::2], cuts[1::2], strict=False):
            first, last = text[start], text[end - 1]
            if not any(one.isspace() or one in "\0\x1c\x1d\x1e\x1f" for one in (first, last)):
                mentions.append(Mention.at(text, start, end, draw(types)))
    document = Document(f"{draw(names)}{number}", text, draw(st.none() | names))
    return Example(document, Annotation(tuple(mentions)), source="conll")


@settings(max_examples=120)
@given(st.data(), st.integers(1, 3))
def test_every_flat_mention_comes_back_as_it_was(data: st.DataObject, count: int) -> None:
    examples = [data.draw(flat_example(number)) for number in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.conll"
        assert write(path, examples, "conll") == {}
        assert [replace(one, place=None) for one in load(path, format="conll")] == examples
        sample = take_sample(path, MAX_LINE_BYTES)
        assert [name for name, one in formats().items() if one.sniff(sample)] == ["conll"]


@settings(max_examples=100)
@given(st.lists(st.sampled_from([*"aB#\t \n\r-OI[=:", "-DOCSTART-", "# id = ", "O\n", "B-X\n"]), max_size=30))
def test_any_lines_are_read_or_refused(pieces: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.conll"
        path.write_text("".join(pieces), "utf-8", newline="")
        try:
            corpus = load(path, format="conll", on_error="skip")
        except InputError:
            return
        # What was read is a fixed point: written and read once more it is the same.
        out = Path(folder) / "out.conll"
        write(out, corpus.examples, "conll")
        again = load(out, format="conll")
        assert [one.reference for one in again] == [one.reference for one in corpus]
        assert [one.document.text for one in again] == [one.document.text for one in corpus]


@pytest.mark.parametrize(
    ("file", "lost", "mentions"),
    [
        (
            "bc5cdr/CDR_TrainingSet.PubTator.txt",
            {"mention: concepts": 9309, "relation: unwritable": 1038, "mention: further columns": 107},
            9385,
        ),
        (
            "biored/Dev.PubTator",
            {"mention: concepts": 3513, "relation: unwritable": 1162, "relation: further columns": 1162},
            3533,
        ),
        ("ncbi_disease/NCBIdevelopset_corpus.txt", {"mention: concepts": 787}, 787),
    ],
)
def test_corpora_go_through_conll_with_their_offsets(
    corpora: Path, tmp_path: Path, file: str, lost: dict[str, int], mentions: int
) -> None:
    examples = load(corpora / file).examples
    path = tmp_path / "a.conll"
    assert write(path, examples, "conll") == lost
    assert detect(path) == "conll"
    back = load(path)
    assert sum(back.counts()["mentions"].values()) == mentions
    for one, other in zip(examples, back, strict=True):
        assert other.document == replace(one.document, metadata=other.document.metadata)
        kept = sorted(one.reference.mentions, key=lambda mention: mention.start)
        assert list(other.reference.mentions) == [replace(mention, concepts=()) for mention in kept]

"""What files of each format say to an official scorer: offsets and ids, and what has neither."""

from __future__ import annotations

from pathlib import Path

import pytest

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
from medspan.evaluate.official.as_written import WrittenMention, read_as_written
from medspan.read import load, write

from .conftest import CAUSES, LITHIUM, ROWS, TEXT, TREMOR, Files, article

BIOC = """<collection><source/><date/><key/><document><id>1</id><passage><offset>0</offset>
<text>Lithium caused tremor.</text>{annotations}</passage>{relations}</document></collection>"""


def bioc_annotation(start: int, text: str, type: str, **infons: str) -> str:
    named = "".join(f'<infon key="{key}">{value}</infon>' for key, value in {"type": type, **infons}.items())
    location = f'<location offset="{start}" length="{len(text)}"/>'
    return f'<annotation id="{start}">{named}{location}<text>{text}</text></annotation>'


@pytest.mark.parametrize("name", ["a.xml", "a.json", "a.jsonl"])
def test_bioc_and_our_own_format_say_what_pubtator_says(files: Files, tmp_path: Path, name: str) -> None:
    files.reference.write_text(article(*ROWS) + article(TREMOR, pmid="2"), encoding="utf-8")
    formats = {"a.xml": "bioc-xml", "a.json": "bioc-json", "a.jsonl": "medspan"}
    write(tmp_path / name, load(files.reference).examples, formats[name])
    same = files.counts(files.reference, tmp_path / name)
    assert same == files.counts(tmp_path / name, files.reference) == files.counts(*[files.reference] * 2)
    assert same["mention Disease"] == (3, 0, 0)
    assert same["relation CID"] == (1, 0, 0)


def test_development_part_of_bc5cdr_is_the_same_in_both_formats(corpora: Path, files: Files) -> None:
    folder = corpora / "bc5cdr"
    pubtator, bioc = (folder / f"CDR_DevelopmentSet.{end}" for end in ("PubTator.txt", "BioC.xml"))
    assert files.counts(pubtator, bioc) == {
        "mention Disease": (4244, 0, 0),
        "mention Chemical": (5347, 0, 0),
        "id Disease": (1864, 0, 0),
        "id Chemical": (1507, 0, 0),
        "relation CID": (1012, 0, 0),
    }


def test_bioc_counts_offsets_though_the_text_is_another(files: Files, tmp_path: Path) -> None:
    path = tmp_path / "p.xml"
    annotations = bioc_annotation(15, "shakes", "Disease", MESH="D014202")
    path.write_text(BIOC.format(annotations=annotations, relations=""), encoding="utf-8")
    assert load(path).examples[0].reference == Annotation(
        unaligned=(UnalignedMention("Disease", "shakes", "offset-mismatch", ("D014202",)),)
    )
    found = files.counts(article(TREMOR), path)
    assert found["mention Disease"] == found["id Disease"] == (1, 0, 0)


def test_single_names_of_a_composite_mention_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "p.xml"
    annotations = bioc_annotation(
        0, "Lithium", "Chemical", CompositeRole="CompositeMention", MESH="D1000|D2000"
    ) + bioc_annotation(0, "Lith", "Chemical", CompositeRole="IndividualMention", MESH="D1000")
    path.write_text(BIOC.format(annotations=annotations, relations=""), encoding="utf-8")
    written = read_as_written(path, format="auto", side="reference")
    assert written.mentions == [WrittenMention("1", "Chemical", 0, 7, ("MESH:D1000", "MESH:D2000"))]


def test_vocabularies_of_bioc_are_the_prefixes_of_pubtator(files: Files, tmp_path: Path) -> None:
    path = tmp_path / "p.xml"
    annotations = bioc_annotation(0, "Lithium", "Chemical", CHEBI="30145")
    path.write_text(BIOC.format(annotations=annotations, relations=""), encoding="utf-8")
    prefixed = LITHIUM.replace("D008094", "CHEBI:30145")
    assert files.counts(article(prefixed), path)["id Chemical"] == (1, 0, 0)
    plain = LITHIUM.replace("D008094", "30145")
    assert files.counts(article(plain), path)["id Chemical"] == (0, 1, 1)


def test_bioc_without_a_place_is_left_out_and_counted(files: Files, tmp_path: Path) -> None:
    path = tmp_path / "p.xml"
    annotations = '<annotation id="1"><infon key="type">Disease</infon><text>tremor</text></annotation>'
    relations = '<relation id="R"><infon key="relation">CID</infon></relation>'
    path.write_text(BIOC.format(annotations=annotations, relations=relations), encoding="utf-8")
    with pytest.raises(InputError, match=r"1 mentions without a place .*; 1 relations that do not join two"):
        files.score(article(TREMOR), path)
    notes = files.score(article(TREMOR), path, allow_empty=True)["notes"]
    assert any(note.startswith("predicted: left out: 1 mentions without a place") for note in notes)


def test_lines_without_texts_are_read(files: Files) -> None:
    gold = article(*ROWS) + article(CAUSES, pmid="2") + article(TREMOR, pmid="4")
    bare = f"1\t{TREMOR}\n1\t{CAUSES}\t1.0\n3\t{CAUSES}\n4\t{TREMOR}\n"
    result = files.score(gold, bare)
    found = files.counts(gold, bare)
    assert found["mention Disease"] == (2, 0, 1)
    assert found["relation CID"] == (1, 0, 1)
    assert result["documents"] == {"reference": 3, "predicted": 3, "missing": 1, "unknown": 1}


def test_lines_that_are_no_annotation_are_left_out_with_a_place(files: Files) -> None:
    junk = article(*ROWS, "seen by", "x\ty\tz\tDisease\tD1\tlast", "1\t2\tno type")
    result = files.score(article(*ROWS), junk)
    assert result["mention"]["Disease"]["true_positives"] == 2
    (note,) = result["notes"]
    assert note == (
        "predicted: left out: 3 lines that are neither text nor an annotation in columns divided by tabs "
        f"(first at {files.predicted}:7)"
    )


def test_lines_belong_to_the_article_that_they_name(files: Files) -> None:
    gold = article(TREMOR) + article(LITHIUM, pmid="2")
    mixed = article() + article(LITHIUM, pmid="2") + f"1\t{TREMOR}\n"
    assert files.counts(gold, mixed)["mention Disease"] == (1, 0, 0)


def test_bytes_that_are_no_text_are_refused_with_their_line(files: Files) -> None:
    files.predicted.write_bytes(article(*ROWS).encode().replace(b"tremor\tD", b"tr\xe9mor\tD"))
    with pytest.raises(InputError, match=r"predicted\.txt:4: line 4 is not UTF-8"):
        files.score(article(*ROWS), files.predicted)


def test_files_of_no_format_are_refused(files: Files, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the format is not clear"):
        files.score(article(*ROWS), "Lithium caused tremor.\n")
    with pytest.raises(InputError, match=r"absent\.txt does not exist"):
        files.score(article(*ROWS), tmp_path / "absent.txt")
    with pytest.raises(InputError, match="'pubtater' is no corpus format"):
        files.score(article(*ROWS), article(*ROWS), format="pubtater")


def example(reference: Annotation | None, predicted: Annotation | None) -> Example:
    return Example(Document("1", TEXT, "1"), reference, predicted)


def test_predictions_are_taken_before_references_and_the_other_way_round(
    files: Files, tmp_path: Path
) -> None:
    lithium, tremor = Mention.at(TEXT, 0, 7, "Chemical"), Mention.at(TEXT, 15, 21, "Disease")
    path = tmp_path / "both.jsonl"
    write(path, [example(Annotation((lithium,)), Annotation((tremor,)))], "medspan")
    assert files.counts(article(TREMOR), path)["mention Disease"] == (1, 0, 0)
    assert files.counts(path, article(LITHIUM))["mention Chemical"] == (1, 0, 0)


def test_what_has_no_place_or_no_id_is_left_out_and_counted(files: Files, tmp_path: Path) -> None:
    known = Mention.at(TEXT, 0, 7, "Chemical", concepts=("D008094", "D1000"))
    plain = Mention.at(TEXT, 15, 21, "Disease")
    nowhere = UnalignedMention("Disease", "tremors", "not-in-text")
    relations = (
        Relation(known, Concept("D014202"), "CID"),
        Relation(known, plain, "CID"),
        Relation(nowhere, plain, "CID"),
    )
    path = tmp_path / "p.jsonl"
    write(path, [example(None, Annotation((known, plain), (nowhere,), relations))], "medspan")
    result = files.score(article(*ROWS), path)
    assert files.counts(article(*ROWS), path)["mention Disease"] == (1, 0, 1)
    assert files.counts(article(*ROWS), path)["relation CID"] == (1, 1, 0)
    (note,) = [note for note in result["notes"] if "left out" in note]
    assert "1 mentions without a place (first at " in note
    assert "2 relations of mentions without a concept id (first at " in note


def test_mentions_that_stand_for_strings_count_at_every_occurrence(files: Files, tmp_path: Path) -> None:
    text = "tremor and tremor"
    listed = Annotation((Mention.at(text, 0, 6, "Disease"),), scope="string")
    for name, format in (("p.jsonl", "medspan"), ("p.xml", "bioc-xml")):
        write(tmp_path / name, [Example(Document("1", text, "1"), None, listed)], format)
        written = read_as_written(tmp_path / name, format="auto", side="predicted")
        assert [(one.start, one.end) for one in written.mentions] == [(0, 6), (11, 17)], format


def test_discontinuous_mentions_count_from_their_beginning_to_their_end(tmp_path: Path) -> None:
    parts = Mention(((0, 7), (15, 21)), "Disease", "Lithium tremor")
    for name, format in (("p.jsonl", "medspan"), ("p.xml", "bioc-xml")):
        write(tmp_path / name, [example(Annotation((parts,)), None)], format)
        written = read_as_written(tmp_path / name, format="auto", side="predicted")
        assert [(one.start, one.end) for one in written.mentions] == [(0, 21)], format


def test_several_questions_about_one_article_are_one_document(files: Files, tmp_path: Path) -> None:
    lithium, tremor = Mention.at(TEXT, 0, 7, "Chemical"), Mention.at(TEXT, 15, 21, "Disease")
    examples = [
        Example(Document(f"row {number}", TEXT, "1", task), None, Annotation((mention,)))
        for number, (task, mention) in enumerate((("chemicals", lithium), ("diseases", tremor)))
    ]
    path = tmp_path / "p.jsonl"
    write(path, examples, "medspan")
    found = files.counts(article(LITHIUM, TREMOR), path)
    assert found["mention Disease"] == found["mention Chemical"] == (1, 0, 0)


def test_examples_without_an_annotation_are_told(files: Files, tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    predicted = Example(Document("1", TEXT), None, Annotation((Mention.at(TEXT, 15, 21, "Disease"),)))
    write(path, [predicted], "medspan")
    with path.open("a", encoding="utf-8") as file:
        file.write('{"id": "2", "text": "Fever."}\n')
    notes = files.score(article(TREMOR), path)["notes"]
    assert any("1 documents without an annotation" in note for note in notes)

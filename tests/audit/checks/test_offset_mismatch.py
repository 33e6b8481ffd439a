"""offset-mismatch: mentions whose offsets point at another string."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.audit import Data
from medspan.core import Annotation, Document, Example, Mention, Relation, UnalignedMention
from medspan.read import load

from ..conftest import found, row
from ..listed_rows import asked, corpus, figures

TEXT = "Aspirin caused a rash; the rash went."


def offset(string: str) -> UnalignedMention:
    return UnalignedMention("Sign", string, "offset-mismatch")


def example(identity: str, mentions: int, *unaligned: UnalignedMention, **more: object) -> Example:
    placed = (Mention.at(TEXT, 0, 7, "Drug"),) * mentions
    return Example(Document(identity, TEXT), Annotation(placed, unaligned, **more))  # type: ignore[arg-type]


def test_mismatches_are_counted_placed_and_told() -> None:
    lost = offset("fever")
    joined = Relation(Mention.at(TEXT, 0, 7, "Drug"), offset("itch"), "causes")
    data = Data.of(
        {
            "train": [example("a", 2), example("b", 1, offset("RASH"), lost, relations=(joined, joined))],
            "test": [row("c", TEXT, ("Aspirin", "Drug"))],
        }
    )
    (finding,) = found("offset-mismatch", data)
    assert (finding.count, finding.of, finding.split, finding.severity) == (3, 6, "train", "error")
    assert "3 of 6 mentions of train (50.0%)" in finding.message
    assert "1 stand elsewhere in their text, 2 nowhere" in finding.message
    assert [(case.place, case.what) for case in finding.cases] == [
        ("b", "'RASH' [Sign] is not at its offsets"),
        ("b", "'fever' [Sign] is not at its offsets"),
        ("b", "'itch' [Sign] is not at its offsets"),
    ]
    assert [[TEXT[start:end] for start, end in case.marks] for case in finding.cases] == [["rash"], [], []]


def test_listed_strings_and_other_reasons_are_left_to_other_checks() -> None:
    blank, absent = UnalignedMention("Sign", "", "blank"), UnalignedMention("Sign", "fever", "not-in-text")
    rows = [example("a", 1, blank, absent), asked("b", "diseases", TEXT, "fever")]
    assert found("offset-mismatch", Data.of({"train": rows})) == []


@pytest.mark.parametrize(("right", "severity"), [(98, "error"), (100, "warning")])
def test_a_single_slip_is_a_warning(right: int, severity: str) -> None:
    (finding,) = found("offset-mismatch", Data.of({"train": [example("a", right, offset("fever"))]}))
    assert (finding.count, finding.of, finding.severity) == (1, right + 1, severity)


def test_shifted_offsets_of_a_file_are_found_as_the_reader_meets_them(tmp_path: Path) -> None:
    path = tmp_path / "train.txt"
    path.write_text(
        "1|t|Aspirin caused a rash.\n1|a|\n1\t0\t7\tAspirin\tDrug\tD1\n1\t18\t22\trash\tSign\tD2\n",
        encoding="utf-8",
    )
    (finding,) = found("offset-mismatch", Data.of({"train": load(path)}))
    assert (finding.count, finding.of) == (1, 2)
    assert finding.cases[0].place.endswith("train.txt:1")
    assert "1 stand elsewhere" in finding.message


def test_single_mentions_of_a_composite_one_are_told_apart() -> None:
    single = [
        {"segments": [[0, 7], [17, 21]], "type": "D", "text": "Aspirin  rash", "concepts": []},
        {"segments": [[0, 7]], "type": "D", "text": "Aspirins", "concepts": []},
    ]
    document = Document("a", TEXT, metadata={"bioc.individual_mentions": json.dumps(single)})
    (finding,) = found("offset-mismatch", Data.of({"train": [replace(example("a", 3), document=document)]}))
    assert (finding.count, finding.of, finding.severity) == (1, 5, "info")
    assert [case.what for case in finding.cases] == [
        "'Aspirins' is a single mention where the text has 'Aspirin'"
    ]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=6))
def test_as_many_as_are_planted(rows: list[tuple[int, int]]) -> None:
    data = Data.of(
        {"train": [example(str(at), right, *[offset("x")] * wrong) for at, (right, wrong) in enumerate(rows)]}
    )
    wrong, total = sum(wrong for _, wrong in rows), sum(map(sum, rows))
    assert figures("offset-mismatch", data) == ({"train": (wrong, total)} if wrong else {})


def test_the_known_ones_of_ncbi_and_bioc(corpora: Path) -> None:
    (ncbi,) = found("offset-mismatch", corpus(corpora / "ncbi_disease"))
    assert (ncbi.count, ncbi.of, ncbi.split, ncbi.severity) == (1, 5145, "train", "warning")
    assert "generalized epilepsy and febrile seizures" in ncbi.examples[0]
    places = {row.place: row.example.id for row in corpus(corpora / "ncbi_disease").rows}
    assert places[ncbi.cases[0].place] == "10923035"
    (bioc,) = found("offset-mismatch", corpus(corpora / "bc5cdr" / "CDR_DevelopmentSet.BioC.xml"))
    assert (bioc.count, bioc.of, bioc.severity) == (1, 9773, "info")
    assert "1 are single mentions of a composite one" in bioc.message
    assert bioc.cases[0].what.startswith("'atypical absence seizures'")


def test_other_corpora_are_quiet(corpora: Path) -> None:
    for name in ("bc5cdr", "biored", "maccrobat", "ade"):
        assert found("offset-mismatch", corpus(corpora / name)) == []


def shifted(path: Path, shift: int, right: int = 0) -> Path:
    """Articles of PubTator whose offsets are off by so much, a few of them as they should be."""
    lines = []
    for n in range(1, 9):
        text = f"Note {n} says that aspirin caused a rash and that aspirin was stopped."
        lines += [f"{n}|t|{text}", f"{n}|a|"]
        for string, type_ in (("aspirin", "Drug"), ("rash", "Sign")):
            at = text.index(string) + (0 if n <= right else shift)
            lines.append(f"{n}\t{at}\t{at + len(string)}\t{string}\t{type_}\tD1")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("shift", [1, -1, 3])
def test_a_constant_shift_is_told_with_what_stands_there(tmp_path: Path, shift: int) -> None:
    (finding,) = found("offset-mismatch", Data.of({"train": load(shifted(tmp_path / "a.txt", shift))}))
    assert (finding.count, finding.of) == (16, 16)
    assert f"all are shifted by {shift:+}" in finding.message
    text = "Note 1 says that aspirin caused a rash and that aspirin was stopped."
    there = text[17 + shift : 24 + shift]
    assert finding.cases[0].what == (
        f"'aspirin' [Drug] is not at its offsets: [{17 + shift}, {24 + shift}) has {there!r}"
    )
    assert finding.cases[0].marks == ((17, 24),)


def test_a_shift_of_some_files_is_told_of_the_mentions_that_are_off(tmp_path: Path) -> None:
    data = Data.of({"train": load(shifted(tmp_path / "a.txt", 2, right=6))})
    (finding,) = found("offset-mismatch", data)
    assert (finding.count, finding.of) == (4, 16)
    assert "all are shifted by +2" in finding.message


def test_slips_without_a_pattern_are_no_shift() -> None:
    wrong = [
        UnalignedMention("Sign", "rash", "offset-mismatch", (), ((at, at + 4),)) for at in (1, 5, 9, 14, 22)
    ]
    (finding,) = found("offset-mismatch", Data.of({"train": [example("a", 1, *wrong)]}))
    assert finding.count == 5
    assert "shifted" not in finding.message

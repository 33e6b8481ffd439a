"""ungrounded-reference: items that are not in their text as they are written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.audit import Data
from medspan.core import Annotation, Mention, UnalignedMention

from ..conftest import found, row
from ..listed_rows import asked, corpus, figures, rebuilt, recased, renamed, sections

TEXT = "Alpha-methyldopa and sirolmus caused hemorrhagic cystitis."


def test_each_kind_is_counted_placed_and_told() -> None:
    faulty = asked(
        "a", "chemicals", TEXT, "alpha methyldopa", "sirolimus", "furosemide", "ALPHA-METHYLDOPA", ""
    )
    data = Data.of(
        {
            "train": [asked("b", "chemicals", TEXT, "sirolmus"), faulty],
            "test": [asked("c", "diseases", TEXT, "cystitis")],
        }
    )
    (finding,) = found("ungrounded-reference", data)
    assert (finding.count, finding.of, finding.split, finding.severity) == (3, 5, "train", "error")
    assert "3 of 5 items of train (60.0%)" in finding.message
    assert "hyphens or spaces 1, nearly the same 1, nowhere 1" in finding.message
    assert [case.place for case in finding.cases] == ["a", "a", "a"]
    assert [case.what for case in finding.cases] == [
        "'alpha methyldopa' is written 'Alpha-methyldopa' in the text",
        "'sirolimus' is written 'sirolmus' in the text",
        "'furosemide' is nowhere in the text",
    ]
    assert [[TEXT[start:end] for start, end in case.marks] for case in finding.cases] == [
        ["Alpha-methyldopa"],
        ["sirolmus"],
        [],
    ]


def test_the_remedy_is_that_of_the_kinds_found() -> None:
    def remedy(string: str) -> str:
        (finding,) = found(
            "ungrounded-reference", Data.of({"train": [asked("a", "chemicals", TEXT, string)]})
        )
        return finding.remedy

    assert "convert" in remedy("alpha methyldopa")
    assert "nowhere" not in remedy("alpha methyldopa")
    assert "nowhere" in remedy("furosemide")
    assert "convert" not in remedy("furosemide")


@pytest.mark.parametrize(
    ("hyphens", "nowhere", "severity"),
    [(9, 0, "warning"), (10, 0, "error"), (0, 1, "error"), (1, 0, "warning")],
)
def test_what_costs_little_is_a_warning(hyphens: int, nowhere: int, severity: str) -> None:
    bad = ["alpha methyldopa"] * hyphens + ["furosemide"] * nowhere
    rows = [asked(str(at), "chemicals", TEXT, bad[at] if at < len(bad) else "sirolmus") for at in range(1000)]
    (finding,) = found("ungrounded-reference", Data.of({"train": rows}))
    assert (finding.count, finding.of, finding.severity) == (hyphens + nowhere, 1000, severity)


def test_a_single_item_that_is_nowhere_among_thousands_is_a_warning() -> None:
    rows = [asked("a", "chemicals", TEXT, *["sirolmus"] * 1000), asked("b", "chemicals", TEXT, "furosemide")]
    (finding,) = found("ungrounded-reference", Data.of({"train": rows}))
    assert (finding.count, finding.of, finding.severity) == (1, 1001, "warning")


def test_offsets_are_no_lists_of_strings() -> None:
    text = "Aspirin and fever."
    example = row("a", text, ("Aspirin", "Drug"))
    renamed_string = Mention.at(text, 12, 17, "Sign", source_text="pyrexia")
    elsewhere = UnalignedMention("Sign", "itch", "offset-mismatch")
    with_other = replace(example, reference=Annotation((renamed_string,), (elsewhere,)))
    assert found("ungrounded-reference", Data.of({"train": [example, with_other]})) == []


WORDS = st.lists(st.text("abcdefäß-1 ", min_size=1, max_size=12), min_size=1, max_size=8)


@given(WORDS, st.data())
def test_pieces_of_the_text_are_quiet_in_any_case_and_others_counted(
    words: list[str], data: st.DataObject
) -> None:
    text = " ".join(words)
    pieces = [piece for piece in text.split() if any(character.isalnum() for character in piece)]
    chosen = data.draw(st.lists(st.sampled_from(pieces), max_size=5)) if pieces else []
    cased = [data.draw(st.sampled_from([piece, piece.upper(), piece.title()])) for piece in chosen]
    planted = data.draw(st.lists(st.text("xyz", min_size=2, max_size=5), max_size=4))
    example = sections("a", text, *(("T", string) for string in [*cased, *planted]))
    expected = {"train": (len(planted), len(cased) + len(planted))} if planted else {}
    assert figures("ungrounded-reference", Data.of({"train": [example]})) == expected


def test_the_figures_of_20251108_in_any_order_file_and_case(corpora: Path) -> None:
    data = corpus(corpora / "chemical_disease_tasks" / "splits_20251108")
    expected = {"train": (366, 6652), "validation": (42, 772), "test": (38, 758)}
    assert figures("ungrounded-reference", data) == expected
    for finding in found("ungrounded-reference", data):
        assert f"hyphens or spaces {finding.count}" in finding.message
        assert "nowhere" not in finding.message
        assert finding.severity == "error"
    assert figures("ungrounded-reference", rebuilt(data, renamed, seed=1)) == expected
    assert figures("ungrounded-reference", rebuilt(data, recased)) == expected


def test_corpora_with_verbatim_lists_are_quiet(corpora: Path) -> None:
    for name in ("ade", "combined_2026", "bc5cdr"):
        assert found("ungrounded-reference", corpus(corpora / name)) == []


def test_what_was_cut_off_is_nowhere(corpora: Path) -> None:
    data = corpus(corpora / "chemical_disease_tasks" / "splits_cleaned_20251113")
    assert figures("ungrounded-reference", data) == {
        "train": (51, 6416),
        "validation": (5, 808),
        "test": (12, 962),
    }
    assert ["nowhere 48" in one.message for one in found("ungrounded-reference", data)] == [
        True,
        False,
        False,
    ]

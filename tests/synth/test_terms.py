"""Word lists: the built-in ones, and those of the user's."""

from __future__ import annotations

from pathlib import Path

import pytest

from medspan.core import ConfigError, InputError
from medspan.synth.terms import (
    BUILT_IN,
    FOLDER,
    Finder,
    Term,
    check_apart,
    lexicon_for,
    read_lexicon,
    together,
)
from medspan.text import fold

LEXICONS = {name: lexicon_for(name, name, FOLDER) for name in BUILT_IN}


def listed(folder: Path, name: str, *lines: str, filled: bool = True) -> Path:
    """A file of these lines, with enough others to be a lexicon."""
    path = folder / name
    more = [f"{path.stem}ine {at}" for at in range(20)] if filled else []
    path.write_text("\n".join([*lines, *more]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_lists_have_three_hundred_terms_of_one_to_six_words(name: str) -> None:
    terms = LEXICONS[name].terms
    assert len(terms) >= 300
    assert {len(term.split(" ")) for term in terms} <= set(range(1, 7))
    assert [term for term in terms if term != " ".join(term.split())] == []


def test_built_in_lists_cover_what_the_demo_uses() -> None:
    from medspan.synth.lexicon import LEXICON

    for type_, name in (("Drug", "drugs"), ("Disease", "diseases"), ("Symptom", "symptoms")):
        assert set(LEXICON[type_]) <= set(LEXICONS[name].terms)


def test_no_string_is_in_two_places_and_no_term_within_another() -> None:
    strings = [
        fold(string) for its in LEXICONS.values() for term in its.terms.values() for string in term.strings
    ]
    assert len(set(strings)) == len(strings)
    assert Finder(LEXICONS).clashes == {}
    check_apart(LEXICONS)


def test_abbreviations_are_short_and_the_lists_have_many() -> None:
    short = [string for its in LEXICONS.values() for term in its.terms.values() for string in term.short]
    assert len(short) >= 200
    assert all(2 <= len(string) <= 7 and string[-1:].isalnum() for string in short)
    # An English word would be taken for the abbreviation, as letter case is folded.
    assert not {fold(string) for string in short} & {
        "all",
        "as",
        "is",
        "it",
        "an",
        "pan",
        "cap",
        "pots",
        "fit",
    }


def test_a_line_holds_a_term_its_abbreviations_its_number_and_its_id(tmp_path: Path) -> None:
    path = listed(
        tmp_path,
        "list.txt",
        "# a comment, then an empty line",
        "",
        "house  dust mite | HDM | D. pteronyssinus\tD007",
        "chills [plural]",
        "hen's egg",
    )
    terms = read_lexicon(path).terms
    assert terms["house dust mite"] == Term("house dust mite", ("HDM", "D. pteronyssinus"), False, "D007")
    assert terms["chills"] == Term("chills", (), True, "chills")
    assert terms["hen's egg"].concept == "hen-s-egg"
    assert len(terms) == 23


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        (["Nausea", "vomiting", "nausea"], r"list.txt:3: 'nausea' stands in the list twice.*line 1"),
        (["gout | GOUT"], r"list.txt:1: 'GOUT' stands in the list twice"),
        (["- aspirin"], r"list.txt:1: '- aspirin' cannot be a term"),
        (["aspirin |"], r"list.txt:1: '' cannot be a term"),
        (["(aspirin)"], r"list.txt:1: '\(aspirin\)' cannot be a term"),
    ],
)
def test_a_line_that_is_no_term_is_named(tmp_path: Path, lines: list[str], named: str) -> None:
    with pytest.raises(InputError, match=named):
        read_lexicon(listed(tmp_path, "list.txt", *lines))


def test_a_list_that_is_missing_or_too_short_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.txt does not exist"):
        read_lexicon(tmp_path / "absent.txt")
    with pytest.raises(InputError, match="holds 2 terms"):
        read_lexicon(listed(tmp_path, "few.txt", "gout", "fever", filled=False))


def test_a_type_without_a_list_takes_the_one_of_its_name(tmp_path: Path) -> None:
    assert lexicon_for("Lab_Test", None, tmp_path).source.endswith("tests.txt")
    assert lexicon_for("chemical", None, tmp_path).source.endswith("drugs.txt")
    with pytest.raises(ConfigError, match="the entity type Allergen has no lexicon"):
        lexicon_for("Allergen", None, tmp_path)


def test_a_string_of_two_types_and_an_id_of_two_terms_are_named(tmp_path: Path) -> None:
    one = read_lexicon(listed(tmp_path, "one.txt", "gout"))
    with pytest.raises(ConfigError, match="'Gout' is a A and a B"):
        check_apart({"A": one, "B": read_lexicon(listed(tmp_path, "two.txt", "Gout"))})
    with pytest.raises(ConfigError, match="'gout' and 'other' have one id, gout"):
        check_apart({"A": one, "B": read_lexicon(listed(tmp_path, "two.txt", "other\tgout"))})


def test_the_finder_finds_whole_words_in_any_case_and_nested_ones(tmp_path: Path) -> None:
    lexicon = read_lexicon(listed(tmp_path, "list.txt", "pain", "chest pain", "COVID-19 | COVID"))
    finder = Finder({"S": lexicon})
    text = "Chest PAIN, painful; covid-19 COVID pains"
    assert {(text[start:end], term) for start, end, term in finder.find(text)} == {
        ("Chest PAIN", "chest pain"),
        ("PAIN", "pain"),
        ("covid-19", "COVID-19"),
        ("covid", "COVID-19"),
        ("COVID", "COVID-19"),
    }
    assert finder.clashes == {"pain": {"chest pain"}, "chest pain": {"pain"}}


def test_terms_that_clash_stay_together() -> None:
    clashes = {"a": {"ab"}, "ab": {"a", "b"}, "b": {"ab"}}
    assert sorted(map(sorted, together(["a", "b", "ab", "c"], clashes))) == [["a", "ab", "b"], ["c"]]
    assert sorted(map(sorted, together(["a", "b", "c"], clashes))) == [["a", "b"], ["c"]]

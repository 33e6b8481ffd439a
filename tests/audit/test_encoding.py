"""What is left of lost characters, and what only looks like it."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from medspan.audit.encoding import damages, is_laid_out, lacks_characters

LETTERS = "éèäöüßñçøåłšαβγκμ±°µ–—’“”•≥≤×½€"


def kinds(text: str) -> list[tuple[str, str]]:
    return [(text[one.start : one.end], one.kind) for one in damages(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Guillain-Barr\ufffd syndrome", [("\ufffd", "replacement")]),
        ("a \x92quoted\x92 word", [("\x92", "control")] * 2),
        ("a bell\x07", [("\x07", "control")]),
        ("symbol font \uf061", [("\uf061", "control")]),
        ("half \ud83d pair", [("\ud83d", "control")]),
        ("Guillain-BarrÃ© syndrome", [("Ã©", "misread")]),
        ("patientâ€™s 5 Âµg of Î²-blocker", [("â€™", "misread"), ("Âµ", "misread"), ("Î²", "misread")]),
        ("naÃ¯ve, na?ve and na  ve", [("Ã¯", "misread"), ("?", "question"), ("  ", "spaces")]),
        ("a ?-blocker, TNF-? and IL-1?", [("?", "question")] * 2),
        ("fromï¬\x81bre", [("ï¬\x81", "misread")]),
        ("(Basd  ne)", [("  ", "spaces")]),
    ],
)
def test_what_is_left_of_lost_characters(text: str, expected: list[tuple[str, str]]) -> None:
    assert kinds(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A page\fbreak, a tab\t, a line\r\nbreak.",
        "Guillain-Barré, Sjögren, Ménière, β-blocker, 5 µg, 37 °C, “quoted” – dash… naïve",
        "Was it safe? Perhaps. (why?) Is 5? or 6?",
        "see http://example.org/find?query=a or mail?to=b@c",
        "voilà\u00a0» dit-elle, l’été – « CAFÉ’S »",
        "resolved to 2 Å–3 Å, the ‘Å’ unit",
        "Groß- und Kleinschreibung: „Spaß“, naß–kalt",
        "One sentence.  Another one (ended.)  And more.",
        "More:  a list;  a row |  a column",
        "p  < 0.05 and a +  b",
        "  indented\n  1)  first\n  -  second",
        "Name   Value   Unit   Range\nNa   140   mmol   135",
        "中文文本，包括标点。 Русский текст. Ελληνικά.",
    ],
)
def test_what_only_looks_like_it(text: str) -> None:
    assert kinds(text) == []


@given(st.text(f"{LETTERS} abc", max_size=30))
@example("é’")
def test_text_in_its_own_encoding_is_quiet(text: str) -> None:
    assume("Ã" not in text)
    assert [one for one in damages(text, spaces=False) if one.kind != "question"] == []


@given(st.sampled_from(LETTERS), st.sampled_from(["cp1252", "latin-1"]))
def test_every_character_read_in_another_encoding_is_found_as_one_place(letter: str, encoding: str) -> None:
    try:
        misread = letter.encode("utf-8").decode(encoding)
    except UnicodeDecodeError:
        return  # five bytes mean nothing in Windows-1252
    text = f"before {misread}after"
    assert kinds(text) == [(misread, "misread")]


@given(st.integers(0, 30))
def test_runs_of_spaces_are_layout_where_they_are_many(runs: int) -> None:
    text = " ".join(["some words of a text"] * 40 + ["two  words"] * runs)
    assert len(damages(text)) == (runs if runs <= 0.05 * len(text.split()) else 0)


def test_a_split_with_many_runs_is_laid_out() -> None:
    plain, run = "ten words of a text that has no such run", "two  words"
    assert not is_laid_out([plain] * 100 + [run])
    assert is_laid_out([plain] * 100 + [run] * 10)
    assert [is_laid_out([run] * count) for count in (3, 4)] == [False, True]
    assert not is_laid_out([])


@pytest.mark.parametrize(
    ("string", "text", "lacks"),
    [
        ("Sjgren syndrome", "Sjögren syndrome", True),
        ("sjgren syndrome", "Sjögren Syndrome", True),
        ("Barr", "Barré", True),
        ("cardomyopathy", "cardiomyopathy", True),
        ("hypertension", "hypertension", False),
        ("anemia", "anaemia", False),
        ("tumor", "tumour", False),
        ("hemorhage", "haemorrhage", True),
        ("adverse effect of lithium", "adverse effects of lithium", False),
        ("cacl2", "CaCl(2", False),
        ("sirolimus", "sirolmus", False),
        ("Sjogren", "Sjögren", False),
        ("lithium", "lithium carbonate", False),
    ],
)
def test_left_out_characters(string: str, text: str, lacks: bool) -> None:
    assert lacks_characters(string, text) is lacks

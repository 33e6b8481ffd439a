"""Copies with other strings: every occurrence, references that stand, and nothing that clashes."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from medspan.core import Annotation, Document, Example, Mention
from medspan.diagnose.swapping import borrowed, invented, like, swapped
from medspan.text import fold


def example(text: str, **places: str) -> Example:
    mentions = tuple(
        Mention.at(text, text.index(part), text.index(part) + len(part), type_)
        for type_, part in places.items()
    )
    return Example(Document("d", text), Annotation(mentions))


def test_every_occurrence_is_replaced_and_keeps_its_capitals() -> None:
    found = swapped(
        example("Warfarin was stopped. warfarin and WARFARIN, not warfarins.", Drug="Warfarin"),
        lambda mention: "zolomab",
    )
    assert found is not None
    assert found.copy.document.text == "Zolomab was stopped. zolomab and ZOLOMAB, not warfarins."
    assert found.strings == (("warfarin", "zolomab"),)
    assert found.copy.reference is not None
    assert [one.text for one in found.copy.reference.mentions] == ["Zolomab"]


def test_a_string_within_another_mention_stays() -> None:
    text = "renal toxicity and toxicity"
    nested = Example(
        Document("d", text),
        Annotation((Mention.at(text, 0, 14, "Disease"), Mention.at(text, 19, 27, "Disease"))),
    )
    found = swapped(nested, lambda mention: "zolomitis")
    assert found is not None
    assert found.copy.document.text == "zolomitis and toxicity"


def test_nothing_to_replace_gives_nothing() -> None:
    assert swapped(example("warfarin", Drug="warfarin"), lambda mention: None) is None
    assert swapped(Example(Document("d", "x"), Annotation()), lambda mention: "y") is None


def test_a_string_that_stands_in_the_text_is_not_put_there_again() -> None:
    assert swapped(example("warfarin or heparin", Drug="warfarin"), lambda mention: "heparin") is None


def test_invented_strings_are_the_same_for_equal_ones_and_keep_short_words_and_numbers() -> None:
    name = invented(0, set())
    mention = Mention.at("Type 2 diabetes of the hip", 0, 26, "Disease")
    first = name(mention)
    assert first is not None
    assert first == name(Mention.at("type 2 DIABETES of the hip", 0, 26, "Disease"))
    words = first.split()
    assert [words[1], words[3], words[4], words[5]] == ["2", "of", "the", "hip"]
    assert words[2] != "diabetes"
    assert words[2].endswith("tes")
    assert first != invented(1, set())(mention)


def test_a_known_string_is_never_invented() -> None:
    mention = Mention.at("warfarin", 0, 8, "Drug")
    first = invented(0, set())(mention)
    assert first is not None
    assert invented(0, {first})(mention) not in (None, first)


def test_short_strings_are_invented_too() -> None:
    assert invented(0, set())(Mention.at("HIV", 0, 3, "Disease")) not in (None, "hiv")


def test_borrowed_strings_are_of_the_same_type_and_no_part_of_each_other() -> None:
    name = borrowed(0, {"Drug": ["warfarin", "warfarin sodium", "heparin"], "Disease": ["gout"]})
    assert name(Mention.at("warfarin", 0, 8, "Drug")) == "heparin"
    assert name(Mention.at("gout", 0, 4, "Disease")) is None


def test_capitals() -> None:
    assert [like("zolomab", old) for old in ("WAR", "War", "war", "W")] == [
        "ZOLOMAB",
        "Zolomab",
        "zolomab",
        "Zolomab",
    ]


WORD = st.text(string.ascii_lowercase, min_size=2, max_size=9)


@given(st.lists(WORD, min_size=2, max_size=12), st.data(), st.integers(0, 9))
def test_the_rest_of_the_text_stays_and_references_stand(
    words: list[str], data: st.DataObject, seed: int
) -> None:
    text = " ".join(words)
    place = data.draw(st.integers(0, len(words) - 1))
    start = len(" ".join(words[:place])) + bool(place)
    mention = Mention.at(text, start, start + len(words[place]), "Drug")
    found = swapped(Example(Document("d", text), Annotation((mention,))), invented(seed, set()))
    if found is None:
        return
    ((old, new),) = found.strings
    assert old == fold(words[place])
    # Every word is as it was, or the new string in the place of the old one.
    assert found.copy.document.text.split() == [new if word == old else word for word in words]

"""What the report shows of each document: rows from which text, marks and arcs can be drawn again."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from medspan.core import Annotation, Concept, Document, Example, Mention, Relation, UnalignedMention
from medspan.evaluate.errors import classify
from medspan.evaluate.highlight import Mark, cuts, in_order, lanes_of, pieces, utf16
from medspan.evaluate.views import VERDICTS, Views


def unit(text: str, start: int, end: int) -> str:
    """The part of a text between two places in UTF-16 units, as JavaScript's slice gives it."""
    return text.encode("utf-16-le", "surrogatepass")[2 * start : 2 * end].decode("utf-16-le", "surrogatepass")


def drawn(row: dict[str, Any], types: list[tuple[str, str]]) -> set[tuple[str, str, str]]:
    """(type, verdict, text of its pieces) of each mention, read from the row as the page reads it."""
    found = set()
    for number, (type, verdict, _, _, end) in enumerate(row.get("m", [])):
        start, parts, last = 0, "", 0
        for until, *above in row["c"]:
            if number in above:
                parts, last = parts + unit(row["t"], start, until), until
            start = until
        assert last == end
        found.add((types[type][1], VERDICTS[verdict], parts))
    return found


TEXT = "😀 aspirin\ud800 cured 😀😀 severe pain, then pain"


def at(string: str, type: str, after: int = 0) -> Mention:
    start = TEXT.index(string, after)
    return Mention.at(TEXT, start, start + len(string), type)


def test_offsets_count_as_javascript_does() -> None:
    severe, pain = at("severe pain", "Sign"), at("pain", "Sign", TEXT.index("then"))
    apart = Mention(((2, 9), pain.segments[0]), "Odd", "aspirin pain")
    example = Example(
        Document("d", TEXT), Annotation((at("aspirin", "Drug"), severe, apart)), Annotation((severe, pain))
    )
    views = Views([example])
    (row,) = views.rows()
    assert drawn(row, list(views.types)) == {
        ("Drug", "missed", "aspirin"),
        ("Odd", "missed", "aspirinpain"),
        ("Sign", "found", "severe pain"),
        ("Sign", "spurious", "pain"),
    }
    assert row["c"][-1][0] == len(TEXT) + 3


def test_ends_of_relations_are_places_in_the_cut_text() -> None:
    text = "aspirin for pain"
    drug = Mention.at(text, 0, 7, "Drug", concepts=("D1",))
    # An endpoint that is no listed entity, and one that is only a concept.
    pain = Mention.at(text, 12, 16, "unknown")
    known = Relation(drug, pain, "treats")
    vague = Relation(Concept("D1"), Concept("D9"), "near")
    lost = Relation(drug, UnalignedMention("Sign", "ache", "not-in-text"), "treats")
    reference = Annotation((drug,), (), (known, vague, lost))
    views = Views([Example(Document("d", text), reference, Annotation((drug,)))])
    (row,) = views.rows()
    assert [end for end, *_ in row["c"]] == [7, 12, 16]
    assert [item[3:] for item in row["r"]] == [
        ["aspirin", "pain", [0, 0], [2, 2]],
        ["aspirin (D1)", "D9", [0, 0], None],
        ["aspirin", "ache", [0, 0], None],
    ]


def test_each_error_gets_its_kind_under_either_match() -> None:
    text = "aspirin, aspirin and rash"
    drug, rash = Mention.at(text, 0, 7, "Drug"), Mention.at(text, 21, 25, "Sign")
    wrong = Mention.at(text, 21, 25, "Drug")
    relation = Relation(drug, rash, "causes")
    for scope, marks in (("mention", 3), ("string", 4)):
        reference = Annotation((drug, rash), (), (relation,), scope=scope)  # type: ignore[arg-type]
        predicted = Annotation((drug, wrong), (), (Relation(rash, drug, "causes"),), scope=scope)  # type: ignore[arg-type]
        examples = [Example(Document("d", text), reference, predicted)]
        how = "strict" if scope == "mention" else "text"
        views = Views(examples, classify(examples, how), how)  # type: ignore[arg-type]
        (row,) = views.rows()
        kinds = [kind for _, kind in views.kinds]
        assert len(row["m"]) == marks
        for item in (*row["m"], *row["r"]):
            assert (item[2] == -1) == (VERDICTS[item[1]] == "found")
        assert {kinds[item[2]] for item in row["m"] if item[2] >= 0} == {"type-confusion"}
        assert {kinds[item[2]] for item in row["r"]} == {"direction-reversed"}


def test_an_error_of_another_match_is_shown_too() -> None:
    text = "aspirin"
    drug = Mention.at(text, 0, 7, "Drug")
    one = Example(Document("d", text), Annotation((drug,)), Annotation((drug,)))

    class Error:
        document, side, group, kind, item = (
            0,
            "missed",
            "entities",
            "odd",
            UnalignedMention("Drug", "x", "blank"),
        )

    views = Views([one], [Error()])
    (row,) = views.rows()
    assert row["u"] == [[0, 1, 0, "x", "blank"]]
    assert list(views.kinds) == [("entities", "odd")]


def test_what_is_empty_is_left_out_but_an_empty_output() -> None:
    one = Example(Document("d", "text"), Annotation(), Annotation(unparsed=("?", " ")), raw="")
    (row,) = Views([one]).rows()
    assert row == {"i": "d", "t": "text", "c": [[4]], "x": ["?"], "o": ""}


SEGMENTS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 6)).map(lambda pair: (pair[0], pair[0] + pair[1])),
    min_size=1,
    max_size=3,
)


@st.composite
def marks(draw: st.DrawFn) -> list[Mark]:
    found = []
    for segments in draw(st.lists(SEGMENTS, max_size=6)):
        apart: list[tuple[int, int]] = []
        for start, end in sorted(segments):
            if not apart or start >= apart[-1][1]:
                apart.append((start, end))
        found.append(Mark(tuple(apart), draw(st.sampled_from("AB")), draw(st.sampled_from(VERDICTS))))
    return found


@given(marks())
def test_every_mark_is_over_exactly_its_characters_and_lanes_never_collide(given_marks: list[Mark]) -> None:
    text = "".join(chr(0x61 + place % 26) for place in range(40))
    ordered = in_order(given_marks)
    lanes = lanes_of(ordered)
    found = cuts(len(text), ordered, lanes)
    assert "".join(text[cut.start : cut.end] for cut in found) == text
    for number, mark in enumerate(ordered):
        covered = {place for cut in found if number in cut.marks for place in range(cut.start, cut.end)}
        assert covered == {place for start, end in mark.segments for place in range(start, end)}
    for cut in found:
        over = [lanes[number] for number in cut.marks]
        assert over == sorted(set(over), reverse=True)
    assert "".join(piece.text for piece in pieces(text, given_marks)) == text


@given(st.text(st.characters(codec=None), max_size=20))
def test_places_in_utf16_units(text: str) -> None:
    to = utf16(text)
    for place in range(len(text) + 1):
        assert to(place) == len(text[:place].encode("utf-16-le", "surrogatepass")) // 2

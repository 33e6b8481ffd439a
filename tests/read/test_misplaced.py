"""Mentions that do not stand at their offsets are kept as their source states them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.core import Annotation, Document, Example, Mention, UnalignedMention
from medspan.read import load, write

SHIFTED = (
    "1|t|Aspirin caused a rash.\n1|a|It went.\n"
    "1\t1\t8\tAspirin\tDrug\tD1|D2000\n"
    "1\t3\t6\tiri\tDrug\tC1x\tiri|riri\n"
    "1\t17\t21\trash\tSign\tMESH:D2\n"
    "1\t18\t22\trash\tSign\tMESH:D2\tfurther\n"
    "1\tcauses\tD1\tD2\n\n"
)


def test_pubtator_is_written_as_it_was_read(tmp_path: Path) -> None:
    source, target = tmp_path / "a.txt", tmp_path / "b.txt"
    source.write_text(SHIFTED, encoding="utf-8")
    corpus = load(source)
    (example,) = corpus
    assert example.reference is not None
    assert [item.stated for item in example.reference.unaligned] == [((1, 8),), ((18, 22),)]
    assert not write(target, corpus, "pubtator")
    assert target.read_text(encoding="utf-8") == SHIFTED


def test_the_offsets_survive_the_way_over_medspan(tmp_path: Path) -> None:
    source, between, target = tmp_path / "a.txt", tmp_path / "b.jsonl", tmp_path / "c.txt"
    source.write_text(SHIFTED, encoding="utf-8")
    assert not write(between, load(source), "medspan")
    assert not write(target, load(between), "pubtator")
    assert target.read_text(encoding="utf-8") == SHIFTED


@pytest.mark.parametrize(
    "item",
    [
        UnalignedMention("Sign", "fever", "not-in-text", (), ((0, 3),)),
        UnalignedMention("Sign", "fever", "offset-mismatch"),
        UnalignedMention("Sign", "fever", "offset-mismatch", (), ((0, 3), (5, 6))),
        UnalignedMention("Sign", "fever", "offset-mismatch", (), ((0, 300),)),
        UnalignedMention("Sign", "fe\tver", "offset-mismatch", (), ((0, 3),)),
        UnalignedMention("Sign", "Asp", "offset-mismatch", (), ((0, 3),)),
    ],
)
def test_what_would_be_read_otherwise_is_a_loss(tmp_path: Path, item: UnalignedMention) -> None:
    example = Example(Document("1", "Aspirin helped."), Annotation((), (item,)))
    assert write(tmp_path / "a.txt", [example], "pubtator") == {f"mention: {item.reason}": 1}


@given(st.lists(st.tuples(st.integers(0, 17), st.integers(1, 4), st.booleans()), max_size=8))
def test_any_mix_comes_back(
    tmp_path_factory: pytest.TempPathFactory, places: list[tuple[int, int, bool]]
) -> None:
    text = "Aspirin caused a rash."
    mentions = tuple(Mention.at(text, at, at + long, "T") for at, long, right in places if right)
    wrong = tuple(
        UnalignedMention("T", "zzz", "offset-mismatch", ("D123",), ((at, at + long),))
        for at, long, right in places
        if not right
    )
    path = tmp_path_factory.mktemp("any") / "a.txt"
    example = Example(Document("1", text, "1"), Annotation(mentions, wrong))
    assert not write(path, [example], "pubtator")
    (again,) = load(path)
    assert again.reference is not None
    assert sorted(again.reference.mentions, key=repr) == sorted(mentions, key=repr)
    assert sorted(item.stated for item in again.reference.unaligned) == sorted(item.stated for item in wrong)
    assert replace(again.reference, mentions=(), unaligned=()) == replace(
        example.reference, mentions=(), unaligned=()
    )

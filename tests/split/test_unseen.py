from __future__ import annotations

import math
import random
from collections.abc import Iterable

import pytest

from medspan.core import Annotation, Document, Example, InputError, Mention, UnalignedMention
from medspan.split import assign
from medspan.split.unseen import strings_of, unseen_in

from .conftest import distinct, row

SHARES = {"train": 0.8, "test": 0.2}


def share_unseen(test: Iterable[Example], train: Iterable[Example]) -> float:
    """The definition, without any of the split's code."""
    here, there = (
        {(one.type, one.text.lower()) for row in rows for one in row.reference.mentions}  # type: ignore[union-attr]
        for rows in (test, train)
    )
    return len(here - there) / len(here)


def note(number: int, *drugs: str) -> Example:
    text = " ".join(f"w{number}x{at}" for at in range(12)) + " " + " then ".join(drugs)
    return row(f"n{number}", text, *drugs)


def pairs_of_notes() -> list[Example]:
    """40 notes about the same drug, 60 in pairs: the two of a pair alone have their drug."""
    common = [note(number, "Aspirin") for number in range(40)]
    return common + [note(40 + number, f"Drug{number // 2}") for number in range(60)]


def test_strings_are_types_and_folded_strings_as_the_source_wrote_them() -> None:
    text = "LITHIUM  carbonate and alpha-methyldopa"
    mentions = (
        Mention.at(text, 0, 18, "Drug"),
        Mention.at(text, 23, 39, "Drug", source_text="Alpha methyldopa", aligned_by="hyphen"),
        Mention.at(text, 0, 7, "Salt"),
    )
    unaligned = (UnalignedMention("Drug", "Nowhere", "not-in-text"), UnalignedMention("Drug", " ", "blank"))
    example = Example(Document("1", text), Annotation(mentions, unaligned))
    assert strings_of([example, Example(Document("2", text))]) == {
        ("Drug", "lithium carbonate"),
        ("Drug", "alpha methyldopa"),
        ("Salt", "lithium"),
        ("Drug", "nowhere"),
    }


def test_unseen_strings_are_counted_by_type_and_undefined_without_any() -> None:
    seen = unseen_in([note(1, "Aspirin", "Lithium")], [note(2, "ASPIRIN")])
    assert (seen.unseen, seen.strings, seen.share, dict(seen.by_type)) == (1, 2, 0.5, {"Drug": (1, 2)})
    none = unseen_in([row("a", "nothing")], [note(2, "Aspirin")])
    assert (none.share, none.to_json()["share"]) == (None, None)


def test_what_is_there_already_moves_nothing() -> None:
    notes = pairs_of_notes()
    plain = assign(notes, shares=SHARES)
    reached = plain.report.unseen
    assert reached is not None
    assert reached.share
    wanted = math.floor(reached.share * 100) / 100
    asked = assign(notes, shares=SHARES, unseen=wanted)
    assert asked.parts == plain.parts
    assert asked.report.unseen is not None
    assert asked.report.unseen.wanted == wanted
    assert assign(notes, shares=SHARES, unseen=wanted + 0.01).parts != plain.parts


@pytest.mark.parametrize("wanted", [0.5, 0.8, 0.9])
def test_the_share_is_reached_and_the_parts_keep_theirs(wanted: float) -> None:
    notes = pairs_of_notes()
    assert share_unseen(*(assign(notes, shares=SHARES).parts[part] for part in ("test", "train"))) < wanted
    result = assign(notes, shares=SHARES, unseen=wanted)
    assert share_unseen(result.parts["test"], result.parts["train"]) >= wanted
    assert {part: len(rows) for part, rows in result.parts.items()} == {"train": 80, "test": 20}
    assert result.report.deviating == ()
    assert result.report.unseen is not None
    assert result.report.unseen.share == share_unseen(result.parts["test"], result.parts["train"])
    assert assign(notes[::-1], shares=SHARES, unseen=wanted) == result


def crowded_notes(seed: int) -> list[Example]:
    """200 notes of nearly as many kinds, with signs that all know, half of them with a drug that few have."""
    rng = random.Random(seed)
    made = []
    for number in range(200):
        signs = [f"Sign{type_}" for type_ in range(8) if rng.random() < 0.3]
        drug = "Aspirin" if rng.random() < 0.5 else f"Drug{rng.randrange(60)}"
        text = " ".join([*(f"w{number}x{at}" for at in range(12)), drug, *signs])
        spans = [(text.index(word), word) for word in (drug, *signs)]
        mentions = [
            Mention.at(text, at, at + len(word), "Drug" if word == drug else word) for at, word in spans
        ]
        made.append(Example(Document(f"n{number}", text), Annotation(tuple(mentions))))
    return made


@pytest.mark.parametrize("seed", [0, 1])
def test_shares_of_types_are_mended_once_the_strings_are_out(seed: int) -> None:
    notes = crowded_notes(seed)
    assert share_unseen(*(assign(notes, shares=SHARES).parts[part] for part in ("test", "train"))) < 0.3
    result = assign(notes, shares=SHARES, unseen=0.5)
    assert share_unseen(result.parts["test"], result.parts["train"]) >= 0.5
    assert {part: len(rows) for part, rows in result.parts.items()} == {"train": 160, "test": 40}
    assert result.report.deviating == ()


@pytest.mark.parametrize(("seed", "wanted"), [(1, 0.75), (2, 0.7)])
def test_notes_of_one_size_are_swapped_where_those_of_one_kind_do_not_suffice(
    seed: int, wanted: float
) -> None:
    result = assign(crowded_notes(seed), shares=SHARES, unseen=wanted)
    assert share_unseen(result.parts["test"], result.parts["train"]) >= wanted
    assert {part: len(rows) for part, rows in result.parts.items()} == {"train": 160, "test": 40}


def test_strings_of_many_documents_are_freed_whole_where_nothing_else_helps() -> None:
    notes = [note(number, f"Drug{number // 15}") for number in range(150)]
    result = assign(notes, shares=SHARES, unseen=0.5)
    assert share_unseen(result.parts["test"], result.parts["train"]) >= 0.5
    assert {part: len(rows) for part, rows in result.parts.items()} == {"train": 120, "test": 30}


def test_what_cannot_be_reached_is_refused_with_the_most_that_was_found() -> None:
    notes = [
        note(number, *(f"Drug{(number + step) % 10}" for step in range(0, 9, 2))) for number in range(100)
    ]
    with pytest.raises(InputError, match=r"--unseen 0.5 was not reached: .* 0.0% .* \(0 of 10\)") as refused:
        assign(notes, shares=SHARES, unseen=0.5)
    assert "holds 20 of them back, and even the rarest string stands in 50" in str(refused.value)
    assert "ask for" not in refused.value.remedy


def test_the_most_that_was_found_can_be_had() -> None:
    notes = pairs_of_notes()[:60]
    notes += [note(100 + number, "Aspirin", "Lithium") for number in range(40)]
    with pytest.raises(InputError) as refused:
        assign(notes, shares={"train": 0.5, "test": 0.5}, unseen=1.0)
    stated = refused.value.remedy.partition("--unseen ")[2].split()[0]
    assert assign(notes, shares={"train": 0.5, "test": 0.5}, unseen=float(stated)).report.unseen is not None


def test_without_any_string_nothing_can_be_unseen() -> None:
    with pytest.raises(InputError, match="no row lists any"):
        assign(distinct(20), shares=SHARES, unseen=0.3)
    report = assign(distinct(20), shares=SHARES).report
    assert report.unseen is not None
    assert report.unseen.share is None
    assert not any("distinct strings" in line for line in report.lines())


def test_old_rows_stay_where_new_ones_are_chosen_by_their_strings() -> None:
    notes = pairs_of_notes()
    old = {"train": notes[:30], "test": notes[30:40]}
    result = assign(notes[40:], shares=SHARES, held=old, unseen=0.5)
    assert [one.id for one in result.parts["test"][:10]] == [one.id for one in notes[30:40]]
    assert [one.id for one in result.parts["train"][:30]] == [one.id for one in notes[:30]]
    assert share_unseen(result.parts["test"], result.parts["train"]) >= 0.5

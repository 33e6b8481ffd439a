"""The figures behind the page: shares, lengths, strings that come again; planted, and as properties."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from medspan.audit import Data
from medspan.audit.figures import (
    MOST_NAMES,
    Seen,
    entity_shares,
    lengths,
    relation_shares,
    repeated_strings,
    task_shares,
)
from medspan.core import Annotation, Concept, Document, Example, Mention, Relation, UnalignedMention

from .conftest import found, row
from .listed_rows import corpus

TRAIN = [
    row("1", "aspirin caused rash", ("aspirin", "Drug"), ("rash", "Sign"), task="both"),
    row(
        "2",
        "Aspirin caused fever",
        ("Aspirin", "Drug"),
        ("fever", "Sign"),
        relations=[("Aspirin", "causes", "fever")],
        task="both",
    ),
    row("3", "rash after lithium", ("rash", "Sign"), task="signs"),
]
TEST = [
    row("4", "aspirin helps", ("aspirin", "Drug"), task="signs"),
    row(
        "5",
        "fever after ibuprofen and aspirin",
        ("fever", "Sign"),
        ("ibuprofen", "Drug"),
        ("aspirin", "Drug"),
        relations=[("ibuprofen", "causes", "fever"), ("aspirin", "causes", "fever")],
    ),
]
DATA = Data.of({"test": TEST, "train": TRAIN})


def texts_of(*counts: int) -> list[Example]:
    return [Example(Document(f"{at}-{count}", "x" * count), Annotation()) for at, count in enumerate(counts)]


def prompts_of(*counts: int) -> list[Example]:
    """Rows whose prompts have so many characters; targets are empty."""
    return [
        replace(one, document=replace(one.document, metadata={"prompt": one.document.text, "completion": ""}))
        for one in texts_of(*counts)
    ]


def test_shares_are_of_each_split() -> None:
    tasks, entities = task_shares(DATA), entity_shares(DATA)
    assert tasks is not None
    assert entities is not None
    assert (tasks.splits, tasks.totals) == (("train", "test"), (3, 2))
    assert dict(zip(tasks.names, tasks.counts, strict=True)) == {
        "both": (2, 0),
        "signs": (1, 1),
        "(no task)": (0, 1),
    }
    assert tasks.share(0, 0) == 2 / 3
    assert dict(zip(entities.names, entities.counts, strict=True)) == {"Drug": (2, 3), "Sign": (3, 1)}
    assert (entities.share(0, 0), entities.share(1, 1)) == (0.4, 0.25)
    assert entities.full_bar == 1.0


def test_a_split_without_any_has_no_share() -> None:
    relations = relation_shares(Data.of({"train": TRAIN, "test": TEST[:1]}))
    assert relations is not None
    assert (relations.share(0, 0), relations.share(0, 1)) == (1.0, None)


def test_what_there_is_none_of_has_no_table() -> None:
    bare = Data.of({"train": texts_of(3)})
    assert (task_shares(bare), entity_shares(bare), relation_shares(bare)) == (None, None, None)
    assert repeated_strings(bare) == []
    assert lengths(Data.of({"train": []})) == []


def test_rare_types_are_put_together() -> None:
    items = tuple(
        UnalignedMention(f"T{type_:02}", "x", "not-in-text")
        for type_ in range(MOST_NAMES + 3)
        for _ in range(MOST_NAMES + 3 - type_)
    )
    shares = entity_shares(Data.of({"train": [Example(Document("1", "y"), Annotation((), items))]}))
    assert shares is not None
    assert shares.names == tuple(f"T{number:02}" for number in range(MOST_NAMES))
    assert (shares.others, shares.counts[-1]) == (3, (3 + 2 + 1,))
    assert sum(counts[0] for counts in shares.counts) == shares.totals[0] == len(items)
    assert shares.full_bar == 0.1


def test_lengths_are_told_by_quantiles_and_bars() -> None:
    data = Data.of({"train": texts_of(*range(1, 101)), "test": texts_of(7, 7, 500)})
    (drawn,) = lengths(data)
    assert (drawn.unit, drawn.measured, drawn.limit) == ("characters", "the text", None)
    train, test = drawn.splits
    assert (train.least, train.median, train.nearly_all, train.greatest) == (1, 50, 95, 100)
    assert (test.least, test.median, test.nearly_all, test.greatest) == (7, 7, 500, 500)
    assert (drawn.step, drawn.top) == (100, 500)
    assert train.bars == (20, 20, 20, 20, 20, *[0] * 20)
    assert (test.bars[0], test.bars[24], test.beyond, test.over) == (2, 1, 0, None)


def test_tokens_are_measured_where_they_can_be_counted() -> None:
    def count(strings: Sequence[str]) -> list[int]:
        return [len(string) // 10 for string in strings]

    corpora = {"train": prompts_of(*[200] * 99, 9990), "test": prompts_of(300, 310)}
    characters, tokens = lengths(Data.of(corpora, count_tokens=count, max_length=30))
    assert (characters.unit, tokens.unit, tokens.limit) == ("characters", "tokens", 30)
    train, test = tokens.splits
    assert (train.over, test.over) == (1, 1)
    assert (train.median, train.greatest, train.beyond) == (20, 999, 1)
    # A row of exactly the limit stands in the last bar before it.
    at = 30 * len(test.bars) // tokens.top
    assert (test.bars[at - 1], test.bars[at]) == (1, 1)


def test_tokens_over_the_limit_are_those_of_the_check() -> None:
    def count(strings: Sequence[str]) -> list[int]:
        return [len(string.split()) for string in strings]

    long = row("6", "aspirin " * 60, ("aspirin", "Drug"))
    data = Data.of({"train": [*TRAIN, long], "test": TEST}, count_tokens=count, max_length=50)
    tokens = lengths(data)[1]
    assert tokens.measured == "prompt and target, as medspan train would write them"
    (finding,) = found("target-truncated", data)
    assert [split.over for split in tokens.splits] == [finding.count, 0] == [1, 0]


def test_a_limit_that_is_near_stands_on_the_axis() -> None:
    def count(strings: Sequence[str]) -> list[int]:
        return [len(string) for string in strings]

    for limit, top in ((250, 300), (1000, 100)):
        tokens = lengths(Data.of({"train": prompts_of(100)}, count_tokens=count, max_length=limit))[1]
        assert (tokens.limit, tokens.top) == (limit, top)


def test_prompt_and_target_are_measured_where_there_are_some() -> None:
    (example,) = texts_of(5)
    document = replace(example.document, metadata={"instruction": "Find.", "output": "nothing"})
    written = replace(example, document=document)
    (drawn,) = lengths(Data.of({"train": [written]}))
    assert (drawn.measured, drawn.splits[0].greatest) == ("prompt and target", len("Find.\n\nxxxxxnothing"))
    (mixed,) = lengths(Data.of({"train": [written, example]}))
    assert mixed.measured == "prompt and target, or of the text of rows that have no prompt"
    assert (mixed.splits[0].least, mixed.splits[0].greatest) == (5, 19)


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=60), st.integers(1, 3000))
def test_every_row_stands_in_one_bar(counts: list[int], limit: int) -> None:
    def count(strings: Sequence[str]) -> list[int]:
        return [len(string) for string in strings]

    data = Data.of({"train": prompts_of(*counts)}, count_tokens=count, max_length=limit)
    for drawn in lengths(data):
        (split,) = drawn.splits
        assert sum(split.bars) + split.beyond == split.rows == len(counts)
        assert split.beyond == sum(count > drawn.top for count in counts)
        assert split.beyond * 100 <= len(counts)
        assert len(split.bars) == 5 * drawn.top / drawn.step
        assert sorted(counts)[(len(counts) - 1) // 2] == split.median
        for bar, held in enumerate(split.bars):
            start, end = (drawn.top * edge / len(split.bars) for edge in (bar, bar + 1))
            assert held == sum(start < count <= end or (bar == count == 0) for count in counts)
        if drawn.limit is not None:
            assert split.over == sum(count > limit for count in counts)


def test_strings_are_counted_once_a_row_and_looked_up_in_train() -> None:
    drug, sign, causes = repeated_strings(DATA)
    assert (drug.kind, drug.type, drug.strings, drug.occurrences) == ("entities", "Drug", 1, 2)
    assert drug.frequent == (("aspirin", 2),)
    assert drug.seen == (Seen("test", 2, 1, 3, 2),)
    assert (sign.type, sign.strings, sign.occurrences, sign.share) == ("Sign", 2, 3, 1.0)
    assert sign.frequent == (("rash", 2),)
    assert (causes.kind, causes.type, causes.frequent) == ("relations", "causes", ())
    assert causes.seen == (Seen("test", 2, 1, 2, 1),)


def test_a_type_that_train_lacks_has_no_share() -> None:
    repeated = repeated_strings(Data.of({"train": texts_of(1, 2), "test": TEST[:1]}))
    assert [(one.type, one.strings, one.share, one.seen) for one in repeated] == [
        ("Drug", 0, None, (Seen("test", 1, 0, 1, 0),))
    ]


def test_one_part_alone_is_counted_as_a_whole() -> None:
    drug = repeated_strings(Data.of({"all": [*TRAIN, *TEST]}))[0]
    assert (drug.type, drug.occurrences, drug.frequent, drug.seen) == ("Drug", 5, (("aspirin", 4),), ())


def test_concepts_are_named_by_what_most_rows_call_them() -> None:
    def article(number: int, called: str) -> Example:
        mention = Mention.at(called, 0, len(called), "Disease", concepts=("MESH:D1",))
        relation = Relation(Concept("D9"), Concept("D1"), "causes")
        return Example(Document(str(number), called), Annotation((mention,), (), (relation,)))

    data = Data.of({"train": [article(1, "pain"), article(2, "Ache"), article(3, "ache")]})
    assert repeated_strings(data)[1].frequent == (("D9 → ache (D1)", 3),)


def test_figures_do_not_depend_on_the_order_of_rows() -> None:
    rows = {"train": list(TRAIN), "test": list(TEST)}
    shuffled = {name: random.Random(3).sample(part, len(part)) for name, part in rows.items()}
    for figure in (task_shares, entity_shares, relation_shares, lengths, repeated_strings):
        assert figure(Data.of(shuffled)) == figure(DATA)


def test_figures_of_the_synthetic_corpus(corpora: Path) -> None:
    """50 strings, all of them in train, as the account of the incident says."""
    repeated = repeated_strings(corpus(corpora / "synthetic_2026"))
    entities = [one for one in repeated if one.kind == "entities"]
    assert sum(one.strings for one in entities) == 50
    assert all(one.share == 1.0 for one in entities)
    for one in repeated:
        (_, test) = one.seen
        assert (test.split, test.seen_strings, test.seen_occurrences) == (
            "test",
            test.strings,
            test.occurrences,
        )


def test_figures_of_the_unshuffled_split(corpora: Path) -> None:
    tasks = task_shares(corpus(corpora / "chemical_disease_tasks" / "splits_unshuffled"))
    assert tasks is not None
    at = tasks.names.index("influences")
    assert (tasks.totals, tasks.counts[at]) == ((2400, 300, 300), (400, 300, 300))

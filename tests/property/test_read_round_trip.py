"""Reading gives back what was written, for whatever a format can hold."""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

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
from medspan.core.document import ALIGNMENT_KINDS, UNALIGNED_REASONS, AlignedBy, Segment
from medspan.format.tasks import TasksCodec
from medspan.read import load, write

names = st.text(min_size=1, max_size=8)
optional_names = st.none() | names
plain = st.characters(min_codepoint=32, exclude_categories=["Cs"])
ids = st.from_regex(r"D\d{6}", fullmatch=True)


def through_file(examples: list[Example], format_: str) -> list[Example]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows"
        write(path, examples, format_)
        return [replace(example, place=None) for example in load(path, format=format_)]


@st.composite
def mentions_of(draw: st.DrawFn, text: str) -> Mention:
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=4, unique=True)))
    segments: tuple[Segment, ...] = tuple(zip(cuts[0::2], cuts[1::2], strict=False))
    return Mention(
        segments,
        draw(names),
        " ".join(text[start:end] for start, end in segments),
        tuple(draw(st.lists(names, max_size=2))),
        draw(st.sampled_from(ALIGNMENT_KINDS)),  # type: ignore[arg-type]
        draw(optional_names),
    )


unaligned = st.builds(
    UnalignedMention,
    names,
    st.text(max_size=5),
    st.sampled_from(UNALIGNED_REASONS),
    st.lists(names, max_size=2).map(tuple),
)


@st.composite
def annotations_of(draw: st.DrawFn, text: str) -> Annotation:
    mentions = mentions_of(text) if len(text) > 1 else st.nothing()
    ends = mentions | unaligned | st.builds(Concept, names, optional_names)
    return Annotation(
        tuple(draw(st.lists(mentions, max_size=3))) if len(text) > 1 else (),
        tuple(draw(st.lists(unaligned, max_size=2))),
        tuple(draw(st.lists(st.builds(Relation, ends, ends, names), max_size=2))),
        scope=draw(st.sampled_from(["mention", "string"])),
        made_by=draw(names),
        unparsed=tuple(draw(st.lists(st.text(max_size=5), max_size=2))),
    )


@st.composite
def any_example(draw: st.DrawFn) -> Example:
    text = draw(st.text(max_size=30))
    return Example(
        Document(
            draw(names),
            text,
            draw(optional_names),
            draw(optional_names),
            draw(st.dictionaries(names, names, max_size=2)),
        ),
        draw(st.none() | annotations_of(text)),
        draw(st.none() | annotations_of(text)),
        split=draw(optional_names),
        source=draw(st.text(max_size=5)),
        raw=draw(st.none() | st.text(max_size=5)),
        truncated=draw(st.booleans()),
    )


@settings(max_examples=100)
@given(st.lists(any_example(), min_size=1, max_size=3))
def test_medspan_gives_back_every_example(examples: list[Example]) -> None:
    assert through_file(examples, "medspan") == examples


@st.composite
def pubtator_example(draw: st.DrawFn, number: int) -> Example:
    title, abstract = draw(st.text(plain, max_size=15)), draw(st.text(plain, max_size=30))
    text = f"{title}\n{abstract}" if abstract else title
    mentions = []
    if text:
        for _ in range(draw(st.integers(0, 3))):
            start = draw(st.integers(0, len(text) - 1))
            end = draw(st.integers(start + 1, len(text)))
            concepts = tuple(draw(st.lists(ids, max_size=3)))
            type_ = draw(st.from_regex(r"[A-Z][a-z]{0,6}", fullmatch=True))
            mentions.append(Mention.at(text, start, end, type_, concepts=concepts))
    ends = st.builds(Concept, ids)
    relations = draw(st.lists(st.builds(Relation, ends, ends, st.sampled_from(["CID", "Bind"])), max_size=2))
    return Example(
        Document(str(number), text, str(number)),
        Annotation(tuple(mentions), (), tuple(relations)),
        source="pubtator",
    )


@settings(max_examples=100)
@given(st.data(), st.integers(1, 3))
def test_pubtator_gives_back_what_it_can_hold(data: st.DataObject, count: int) -> None:
    examples = [data.draw(pubtator_example(number)) for number in range(1, count + 1)]
    assert through_file(examples, "pubtator") == examples


@settings(max_examples=60)
@given(st.lists(any_example(), min_size=1, max_size=3))
def test_pubtator_can_read_whatever_it_wrote(examples: list[Example]) -> None:
    assert len(through_file(examples, "pubtator")) == len(examples)


words = st.sampled_from(["Aspirin", "bleeding", "and", "in", "beta-blocker", "ibuprofen,", "ASPIRIN"])


@settings(max_examples=60)
@given(
    st.lists(words, min_size=1, max_size=8).map(" ".join),
    st.lists(st.sampled_from(["Aspirin", "aspirin", "beta blocker", "morphine", "", "ibuprofn"]), max_size=4),
    st.sampled_from(["chemicals", "diseases"]),
)
def test_tasks_row_is_stable_once_read(text: str, items: list[str], task: str) -> None:
    document = Document(
        "rows:1", text, task=task, metadata={"completion": "\n".join(f"- {item}" for item in items)}
    )
    reference = TasksCodec().parse(document, document.metadata["completion"])
    example = Example(document, reference, source="tasks")
    assert through_file([example], "tasks") == [example]


@settings(max_examples=150)
@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_read_or_refused_without_another_error(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "thing"
        path.write_bytes(content)
        for format_ in ("auto", "tasks", "sections", "compact", "pubtator", "medspan"):
            with contextlib.suppress(InputError):
                assert load(path, format=format_, on_error="skip").examples


def test_alignment_kinds_are_all_drawn() -> None:
    kinds: tuple[AlignedBy, ...] = ("given", "exact", "case", "hyphen", "fuzzy")
    assert kinds == ALIGNMENT_KINDS

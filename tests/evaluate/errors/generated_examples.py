"""Examples with every sort of item: nested, discontinuous, unaligned, concepts, both scopes, tasks."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from medspan.core import (
    Annotation,
    Concept,
    Document,
    Example,
    Mention,
    Relation,
    RelationType,
    Schema,
    UnalignedMention,
)

WORDS = ("renal", "failure", "Renal", "beta-blocker", "beta", "blocker", "(RF)", "RF", "metformin")
TYPES = ("Drug", "Disease")
CONCEPTS = ("D1", "MESH:D1", "D2", "-1")
SCHEMA = Schema(
    TYPES,
    (
        RelationType("causes", inverse="indicates"),
        RelationType("indicates"),
        RelationType("meets", symmetric=True),
    ),
)


@st.composite
def sides(draw: Callable[..., object], text: str, *, ids: bool) -> Annotation:
    concepts = st.lists(st.sampled_from(CONCEPTS), max_size=2).map(tuple) if ids else st.just(())
    bounds = [at for at in range(len(text) + 1) if at in (0, len(text)) or " " in text[at - 1 : at + 1]]
    bounds += [2, len(text) - 2]

    @st.composite
    def mentions(pick: Callable[..., object]) -> Mention:
        cuts = sorted(pick(st.sets(st.sampled_from(bounds), min_size=2, max_size=4)))  # type: ignore[type-var]
        cuts = cuts[: len(cuts) // 2 * 2]
        segments = tuple(zip(cuts[::2], cuts[1::2], strict=True))
        said = " ".join(text[start:end] for start, end in segments)
        return Mention(segments, pick(st.sampled_from(TYPES)), said, pick(concepts))  # type: ignore[arg-type]

    unaligned = st.builds(
        UnalignedMention,
        st.sampled_from(TYPES),
        st.sampled_from(("metforming", "RENAL", "gout", "beta blocker", " ")),
        st.just("not-in-text"),
        concepts,
    )
    listed = draw(st.lists(mentions(), max_size=4))
    lost = draw(st.lists(unaligned, max_size=2))
    ends = st.one_of(
        *([st.sampled_from([*listed, *lost])] if listed or lost else []),  # type: ignore[misc]
        mentions(),
        *([st.builds(Concept, st.sampled_from(CONCEPTS[:3]))] if ids else []),
    )
    types = st.sampled_from(("causes", "indicates", "meets"))
    relations = draw(st.lists(st.builds(Relation, ends, ends, types), max_size=3))
    scope = draw(st.sampled_from(("mention", "string")))
    return Annotation(tuple(listed), tuple(lost), tuple(relations), scope)  # type: ignore[arg-type]


@st.composite
def corpora(draw: Callable[..., object], *, ids: bool = True) -> list[Example]:
    """One or two documents under different ids; with `ids`, with concepts."""
    examples = []
    for number in range(draw(st.integers(1, 2))):  # type: ignore[call-overload]
        text = " ".join(draw(st.lists(st.sampled_from(WORDS), min_size=3, max_size=8)))  # type: ignore[call-overload]
        task = draw(st.sampled_from((None, "t")))
        reference = draw(sides(text, ids=ids))
        predicted = reference if draw(st.integers(0, 4)) == 0 else draw(sides(text, ids=ids))
        examples.append(Example(Document(f"d{number}", text, task=task), reference, predicted))  # type: ignore[arg-type]
    return examples

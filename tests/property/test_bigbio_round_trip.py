"""The BigBio KB schema gives back whatever it can hold."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from medspan.core import Annotation, Concept, Document, Example, Mention, Relation
from medspan.read import load, write

names = st.text(min_size=1, max_size=6)
concepts = st.sampled_from(["MESH:D1", "D1", "GO:GO:1", "c|SUB|A", "x:", ":y", "a:b:c"]) | names.filter(
    lambda name: name != "-1" and not name.endswith(":-1")
)


@st.composite
def kb_example(draw: st.DrawFn, number: int) -> Example:
    text = draw(st.text(max_size=30))
    mentions: list[Mention] = []
    for _ in range(draw(st.integers(0, 4)) if len(text) > 3 else 0):
        cuts = sorted(draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=4, unique=True)))
        segments = tuple(zip(cuts[0::2], cuts[1::2], strict=False))
        mention = Mention(
            segments,
            draw(names),
            " ".join(text[start:end] for start, end in segments),
            tuple(draw(st.lists(concepts, max_size=2))),
        )
        if (mention.segments, mention.type) not in [(item.segments, item.type) for item in mentions]:
            mentions.append(mention)
    relations = ()
    if mentions:
        known = [Concept(concept) for mention in mentions for concept in mention.concepts]
        ends = st.sampled_from([*mentions, *known])
        relations = tuple(draw(st.lists(st.builds(Relation, ends, ends, names), max_size=3)))
    return Example(
        Document(str(number), text, str(number)), Annotation(tuple(mentions), (), relations), source="bigbio"
    )


def through(examples: list[Example], name: str = "rows.json") -> tuple[list[Example], dict[str, int]]:
    with tempfile.TemporaryDirectory() as folder:
        lost = write(Path(folder) / name, examples, "bigbio")
        back = load(Path(folder) / name, format="bigbio").examples
    return [
        replace(example, place=None, document=replace(example.document, metadata={})) for example in back
    ], lost


@settings(max_examples=60)
@given(st.data(), st.integers(1, 3), st.sampled_from(["rows.json", "rows.jsonl"]))
def test_bigbio_gives_back_what_it_can_hold(data: st.DataObject, count: int, name: str) -> None:
    examples = [data.draw(kb_example(number)) for number in range(count)]
    back, lost = through(examples, name)
    ambiguous = lost.get("relation: concept of no mention", 0)
    for before, after in zip(examples, back, strict=True):
        assert after.document == before.document
        assert after.reference is not None
        assert before.reference is not None
        assert after.reference.mentions == before.reference.mentions
    kept = [relation for example in back for relation in example.reference.relations]
    wanted = [relation for example in examples for relation in example.reference.relations]
    assert len(kept) == len(wanted) - ambiguous
    assert kept == wanted if not ambiguous else all(relation in wanted for relation in kept)
    assert set(lost) <= {"relation: concept of no mention"}

"""From every format to every other: what both can hold arrives, and what is written is recognised."""

from __future__ import annotations

from pathlib import Path

import pytest

from medspan.core import Annotation, Document, Example, Mention
from medspan.read import Corpus, detect, formats, load, write

TEXT = "Aspirin and lithium were given on day 2.\nNo fever, and β-blockers stopped the tremor."
WORDS = {"Aspirin": "chemical", "lithium": "chemical", "β-blockers": "chemical", "tremor": "disease"}
NAMES = sorted(formats())


def example() -> Example:
    places = ((TEXT.index(word), word, type_) for word, type_ in WORDS.items())
    mentions = [Mention.at(TEXT, start, start + len(word), type_) for start, word, type_ in places]
    return Example(Document("12", TEXT, "12"), Annotation(tuple(mentions)))


def found(corpus: Corpus) -> dict[str, str]:
    return {m.text: m.type for e in corpus for m in (e.reference.mentions if e.reference else ())}


@pytest.mark.parametrize("first", NAMES)
def test_every_format_leads_to_every_other(first: str, tmp_path: Path) -> None:
    source = tmp_path / f"first{formats()[first].suffix}"
    write(source, [example()], first)
    assert detect(source) == first
    read = load(source)
    assert found(read) == WORDS
    for number, second in enumerate(NAMES):
        target = tmp_path / f"{number}{formats()[second].suffix}"
        write(target, read.examples, second)
        assert detect(target) == second, (first, second)
        assert found(load(target)) == WORDS, (first, second)

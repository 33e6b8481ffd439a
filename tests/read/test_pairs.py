"""From every format to every other: what both can hold arrives, and what is written is recognised."""

from __future__ import annotations

from pathlib import Path

import pytest

from medspan.core import Annotation, Document, Example, Mention, Relation
from medspan.read import Corpus, detect, formats, load, write
from medspan.read.base import MAX_LINE_BYTES
from medspan.read.detect import take_sample

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


def sniffing(path: Path) -> list[str]:
    sample = take_sample(path, MAX_LINE_BYTES)
    return [name for name in NAMES if formats()[name].sniff(sample)]


@pytest.mark.parametrize("name", NAMES)
def test_no_format_is_taken_for_another(name: str, tmp_path: Path) -> None:
    text = "Aspirin caused renal failure.\nNo O\n"  # its last line could be a token and its tag
    mentions = (Mention.at(text, 0, 7, "chemical"), Mention.at(text, 15, 28, "disease"))
    relations = (Relation(*mentions, "causes"),)
    path = tmp_path / f"written{formats()[name].suffix}"
    write(path, [Example(Document("1", text), Annotation(mentions, (), relations))], name)
    assert sniffing(path) == [name]


def test_every_file_of_the_corpora_is_of_one_format(corpora: Path) -> None:
    expected = {
        **dict.fromkeys(corpora.glob("*/*.PubTator*"), "pubtator"),
        corpora / "biored" / "Train.PubTator": "pubtator",
        **dict.fromkeys(corpora.glob("ncbi_disease/*.txt"), "pubtator"),
        corpora / "bc5cdr" / "CDR_DevelopmentSet.BioC.xml": "bioc-xml",
        corpora / "biored" / "Dev.BioC.JSON": "bioc-json",
        corpora / "maccrobat": "brat",
        **dict.fromkeys(corpora.glob("*/*.json"), "sections"),
        **dict.fromkeys(corpora.glob("chemical_disease_tasks/*/*.jsonl"), "tasks"),
    }
    assert len(expected) >= 25
    for path in sorted(path for path in corpora.rglob("*") if path.is_dir() or path.stat().st_size):
        assert sniffing(path) == ([expected[path]] if path in expected else []), path

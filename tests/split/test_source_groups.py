"""Every format that can say which article a sentence is of is believed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from medspan.core import Annotation, Document, Example, Mention
from medspan.read import formats, load, write
from medspan.split.groups import Links

SENTENCES = (
    ("7", "7", "Lithium is known to cause tremor in some."),
    ("7#2", "7", "It was stopped and the shaking of aspirin went."),
    ("8", "8", "Nothing of that kind was seen with ibuprofen here."),
)
INSTRUCTIONS = sorted(name for name in formats() if name.startswith(("tasks", "sections", "compact")))


def examples() -> list[Example]:
    rows = []
    for (identity, group, text), drug in zip(SENTENCES, ("Lithium", "aspirin", "ibuprofen"), strict=True):
        start = text.index(drug)
        mention = Mention.at(text, start, start + len(drug), "chemical")
        rows.append(Example(Document(identity, text, group), Annotation((mention,))))
    return rows


def together(path: Path, format: str = "auto") -> set[frozenset[int]]:
    """The groups, as numbers of the sentences above."""
    rows = load(path, format=format).examples
    number = {text: at for at, (_, _, text) in enumerate(SENTENCES)}
    groups, _ = Links(rows).groups(range(len(rows)))
    return {
        frozenset(number[rows[at].document.text.strip()] for at in group.members if rows[at].document.text)
        for group in groups
    }


BY_ARTICLE = {frozenset({0, 1}), frozenset({2})}


def written(folder: Path, format: str) -> Path:
    chosen = formats()[format]
    path = folder / ("corpus" if chosen.in_folder else f"corpus{chosen.suffix}")
    write(path, examples(), format)
    return path


@pytest.mark.parametrize("format", sorted(formats()))
def test_the_group_is_written_and_read_in_every_format(format: str, tmp_path: Path) -> None:
    assert together(written(tmp_path, format), format) == BY_ARTICLE


@pytest.mark.parametrize("key", ["group", "pmid", "PMID", "document_id", "doc_id"])
@pytest.mark.parametrize("format", INSTRUCTIONS)
@pytest.mark.parametrize("as_number", [False, True])
def test_rows_of_instructions_name_it_under_several_keys(
    format: str, key: str, as_number: bool, tmp_path: Path
) -> None:
    text = written(tmp_path, format).read_text("utf-8")
    data = json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]
    renamed = [{key if name == "group" else name: value for name, value in one.items()} for one in data]
    for one in renamed:
        one[key] = int(one[key]) if as_number else one[key]
    path = tmp_path / "renamed.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in renamed), "utf-8")
    assert together(path, format) == BY_ARTICLE
    for one in renamed:
        del one[key]
    path.write_text("".join(json.dumps(one) + "\n" for one in renamed), "utf-8")
    assert together(path, format) == {frozenset({0}), frozenset({1}), frozenset({2})}


def tokens(text: str) -> list[str]:
    return [*text.removesuffix(".").split(), "."]


def spert(identity: str, text: str) -> dict[str, Any]:
    return {"tokens": tokens(text), "entities": [], "relations": [], "orig_id": identity}


def dygie(identity: str, text: str) -> dict[str, Any]:
    return {"doc_key": identity, "sentences": [tokens(text)], "ner": [[]], "relations": [[]]}


@pytest.mark.parametrize("made", [spert, dygie])
def test_an_id_that_spert_or_dygie_rows_share_is_their_article(made: Any, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    rows = [made(group, text) for _, group, text in SENTENCES]
    path.write_text("".join(json.dumps(one) + "\n" for one in rows), "utf-8")
    found = load(path).examples
    groups, _ = Links(found).groups(range(3))
    assert {group.members for group in groups} == {(0, 1), (2,)}


def columns(text: str) -> str:
    return "".join(f"{token}\tO\n" for token in tokens(text))


@pytest.mark.parametrize("mark", ["# id = {}\n", "# doc_id = {}\n", "###MEDLINE:{}\n", "# pmid = {}\n"])
def test_an_id_that_conll_sentences_share_is_their_article(mark: str, tmp_path: Path) -> None:
    path = tmp_path / "sentences.conll"
    path.write_text("\n".join(mark.format(group) + columns(text) for _, group, text in SENTENCES), "utf-8")
    rows = load(path, format="conll").examples
    groups, _ = Links(rows).groups(range(len(rows)))
    held = {" ".join(rows[at].document.text for at in group.members).split()[0] for group in groups}
    assert held == {"Lithium", "Nothing"}


@pytest.mark.parametrize("mark", ["-DOCSTART- ({})", "-DOCSTART- {}", "-DOCSTART- -X- -X- O"])
def test_sentences_between_docstarts_are_one_document(mark: str, tmp_path: Path) -> None:
    first, second, third = (columns(text) for _, _, text in SENTENCES)
    path = tmp_path / "docstart.conll"
    path.write_text(f"{mark.format(7)}\n\n{first}\n{second}\n{mark.format(8)}\n\n{third}", "utf-8")
    rows = load(path, format="conll").examples
    assert [len(row.document.text.splitlines()) for row in rows] == [2, 1]


def test_a_conll_file_that_marks_nothing_leaves_its_sentences_apart(tmp_path: Path) -> None:
    path = tmp_path / "bare.conll"
    path.write_text("\n".join(columns(text) for _, _, text in SENTENCES), "utf-8")
    rows = load(path, format="conll").examples
    assert len(Links(rows).groups(range(3))[0]) == 3


def test_a_pmid_that_occurs_twice_is_one_article(tmp_path: Path) -> None:
    path = tmp_path / "twice.txt"
    path.write_text("\n\n".join(f"{group}|t|{text}\n{group}|a|" for _, group, text in SENTENCES), "utf-8")
    assert together(path, "pubtator") == BY_ARTICLE


def test_an_id_that_medspan_rows_share_is_their_article_within_a_file(tmp_path: Path) -> None:
    lines = [json.dumps({"id": group, "text": text, "reference": None}) for _, group, text in SENTENCES]
    one = tmp_path / "one.jsonl"
    one.write_text("\n".join(lines), "utf-8")
    assert together(one, "medspan") == BY_ARTICLE

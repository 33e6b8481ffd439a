"""Plain texts as input, and the questions that an adapter of several tasks is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from medspan.cli.documents import ask, read_documents
from medspan.core import ConfigError, Document, Example, InputError, Schema
from medspan.format import FormatCard, Template
from medspan.format.tasks import SCHEMA

PUBTATOR = "7|t|Naloxone.\n7|a|It reversed clonidine.\n7\t0\t8\tNaloxone\tChemical\tD009270\n\n"


def card(schema: Schema) -> FormatCard:
    template = Template.__new__(Template)
    return FormatCard("tasks", schema, template, "document", "default", "", "")


def test_plain_text_is_one_document_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "letter 1.txt"
    path.write_bytes("[Fever]\r\nafter naïve  use.\n".encode())
    (example,) = read_documents(path, "auto", "stop", None).examples
    assert example.id == "letter 1"
    assert example.document.text == "[Fever]\r\nafter naïve  use.\n"
    assert example.reference is None


def test_corpus_named_txt_keeps_its_format(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    path.write_text(PUBTATOR)
    assert read_documents(path, "auto", "stop", None).format == "pubtator"
    assert read_documents(path, "text", "stop", None).format == "text"


def test_other_suffix_is_never_taken_for_plain_text(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("Fever after aspirin.\n")
    with pytest.raises(InputError, match="format is not clear"):
        read_documents(path, "auto", "stop", None)


def test_folder_of_texts_is_read_in_order_of_name(tmp_path: Path) -> None:
    for name in ("b.txt", "a.TXT", "c.csv"):
        (tmp_path / name).write_text(f"Text of {name}.")
    read = read_documents(tmp_path, "auto", "stop", None)
    assert [example.id for example in read.examples] == ["a", "b"]


def test_folder_without_texts_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x")
    with pytest.raises(InputError, match=r"holds no \.txt file"):
        read_documents(tmp_path, "auto", "stop", None)


def test_unreadable_text_stops_or_is_listed(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Fever.")
    (tmp_path / "b.txt").write_bytes("Fièvre.".encode("latin-1"))
    (tmp_path / "c.txt").write_text(" \n")
    with pytest.raises(InputError, match="byte 0xE8 at byte offset 2"):
        read_documents(tmp_path, "auto", "stop", None)
    listed = tmp_path / "rejected.jsonl"
    read = read_documents(tmp_path, "auto", "skip", listed)
    assert [example.id for example in read.examples] == ["a"]
    assert len(read.rejected) == 2
    assert listed.read_text().count("\n") == 2


def test_document_without_task_is_asked_every_task() -> None:
    texts = [Example(Document("7", "Naloxone.")), Example(Document("8", "Fever.", task="diseases"))]
    asked = ask(texts, card(SCHEMA), None)
    assert [(example.id, example.task) for example in asked] == [
        ("7#chemicals", "chemicals"),
        ("7#diseases", "diseases"),
        ("7#influences", "influences"),
        ("8", "diseases"),
    ]
    assert [(e.id, e.task) for e in ask(texts, card(SCHEMA), "chemicals")] == [("7", "chemicals")]


def test_unknown_task_is_refused_with_the_known_ones() -> None:
    text = [Example(Document("7", "Naloxone."))]
    with pytest.raises(ConfigError, match="chemicals, diseases, influences"):
        ask(text, card(SCHEMA), "genes")
    with pytest.raises(ConfigError, match="leave --task out"):
        ask(text, card(Schema(("Drug",))), "genes")
    assert ask(text, card(Schema(("Drug",))), None) == text


def test_task_that_no_document_asks_is_refused() -> None:
    with pytest.raises(ConfigError, match="none of the 1 documents"):
        ask([Example(Document("8", "Fever.", task="diseases"))], card(SCHEMA), "chemicals")

"""The report: what it shows, and that it needs nothing but itself."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

from medspan.core import Annotation, Document, Example, Mention, Relation, UnalignedMention
from medspan.evaluate import evaluate, write_report
from medspan.evaluate.highlight import Mark, pieces
from medspan.evaluate.report import evenly_spaced

TEXT = "Severe <b>acute renal failure</b> & rash\nafter aspirin."


def at(string: str, type: str) -> Mention:
    return Mention.at(TEXT, TEXT.index(string), TEXT.index(string) + len(string), type)


def examples() -> list[Example]:
    whole, inner, rash = (
        at("acute renal failure", "Disease"),
        at("renal failure", "Disease"),
        at("rash", "Sign"),
    )
    drug = at("aspirin", "Drug")
    lost = UnalignedMention("Drug", "<i>codeine</i>", "not-in-text")
    reference = Annotation(
        (whole, rash, drug), (), (Relation(drug, whole, "causes"), Relation(drug, rash, "causes"))
    )
    predicted = Annotation(
        (whole, inner, drug), (lost,), (Relation(drug, whole, "causes"), Relation(drug, inner, "causes"))
    )
    one = Example(
        Document("doc<1>", TEXT, task="both"), reference, predicted, raw="<script>alert(1)</script>"
    )
    return [one, Example(Document("doc2", TEXT), reference, reference)]


def written(path: Path, **options: Any) -> str:
    sample = examples()
    write_report(
        path / "deep" / "report.html",
        title="Run <7>",
        examples=sample,
        evaluation=evaluate(sample, bootstrap_samples=100),
        facts={"Base model": "small <one>"},
        extra_tables=[("Steps", ["Step", "F1"], [["160", "<71>"]])],
        **options,
    )
    return (path / "deep" / "report.html").read_text(encoding="utf-8")


def body_text(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"<b class=.badge.*?</b>", "", page)))


def test_everything_from_outside_is_escaped(tmp_path: Path) -> None:
    page = written(tmp_path)
    for planted in ("<b>", "<i>codeine", "<script>alert", "Run <7>", "small <one>", "<71>", "doc<1>"):
        assert planted not in page
        assert html.escape(planted) in page


def test_the_page_loads_nothing_and_knows_both_themes(tmp_path: Path) -> None:
    page = written(tmp_path)
    assert "http:" not in page
    assert "https:" not in page
    assert re.findall(r'(?:src|href)="([^"]*)"', page) == ["data:,"]
    assert "@import" not in page
    assert "url(" not in page
    assert "prefers-color-scheme: dark" in page
    assert "width=device-width" in page


def test_the_text_survives_its_marks(tmp_path: Path) -> None:
    page = written(tmp_path)
    shown = re.findall(r'<p class="text"[^>]*>(.*?)</p>', page, re.DOTALL)
    bare = [
        html.unescape(re.sub(r"<[^>]+>", "", re.sub(r'<span class="tag.*?</span></span>', "", one)))
        for one in shown
    ]
    assert bare == [TEXT, TEXT]


def test_verdicts_are_letters_as_well_as_colours(tmp_path: Path) -> None:
    first = written(tmp_path).split("<article")[1]
    tags = re.findall(r'<span class="tag (\w+)" title="\w+">(.)<span class="t"> (\w+)</span>', first)
    assert tags == [
        ("found", "✓", "Disease"),
        ("spurious", "S", "Disease"),
        ("missed", "M", "Sign"),
        ("found", "✓", "Drug"),
    ]
    items = [" ".join(body_text(item).split()) for item in re.findall(r"<li .*?</li>", first, re.DOTALL)]
    assert items == [
        "aspirin -[causes]-> acute renal failure",
        "aspirin -[causes]-> rash",
        "aspirin -[causes]-> renal failure",
        "<i>codeine</i> Drug, without a place in the text (not-in-text)",
    ]
    assert re.findall(r'<li class="(\w+)">', first) == ["found", "missed", "spurious", "spurious"]
    assert 'data-errors="5" data-task="both"' in first


def test_the_share_of_documents_shown_is_said(tmp_path: Path) -> None:
    assert "Shown: 2 of 2 documents." in body_text(written(tmp_path))
    page = written(tmp_path, max_documents=1)
    assert "Shown: 1 of 2 documents, evenly spaced over the set." in body_text(page)
    assert page.count("<article") == 1


def test_shown_documents_are_spread_over_the_set() -> None:
    assert evenly_spaced(10, 4) == [0, 2, 5, 7]
    assert evenly_spaced(3, 200) == [0, 1, 2]


def test_overlapping_and_discontinuous_marks_are_cut_at_every_boundary() -> None:
    long = Mark(((0, 6),), "A", "found")
    split = Mark(((2, 4), (7, 9)), "B", "missed")
    cut = pieces("abcdefghij", [split, long])
    assert [piece.text for piece in cut] == ["ab", "cd", "ef", "g", "hi", "j"]
    assert [piece.lanes for piece in cut] == [
        ((0, "found"),),
        ((1, "missed"), (0, "found")),
        ((0, "found"),),
        (),
        ((1, "missed"),),
        (),
    ]
    assert [piece.ending for piece in cut] == [(), (), (long,), (), (split,), ()]

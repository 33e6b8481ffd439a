"""The report: what it shows, and that it needs nothing but itself."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

from medspan.core import Annotation, Document, Example, Mention, Relation, UnalignedMention
from medspan.evaluate import evaluate, write_report
from medspan.evaluate.errors import classify, taxonomy
from medspan.evaluate.highlight import Mark, pieces
from medspan.evaluate.match import KINDS
from medspan.evaluate.report import Details, anchor, score_rows

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
        evaluation=evaluate(sample, bootstrap_samples=100, training=options.pop("training", None)),
        facts={"Base model": "small <one>"},
        extra_tables=[("Steps", ["Step", "F1"], [["160", "<71>"]])],
        **options,
    )
    return (path / "deep" / "report.html").read_text(encoding="utf-8")


def body_text(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"<b class=.badge.*?</b>", "", page)))


def rows(page: str) -> list[dict[str, Any]]:
    """The documents as the page holds them."""
    blocks = re.findall(r'<script type="application/json" data-block="plain">(.*?)</script>', page, re.DOTALL)
    return [row for block in blocks for row in json.loads(block)]


def names(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="names">(.*?)</script>', page, re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


def test_everything_from_outside_is_escaped(tmp_path: Path) -> None:
    page = written(tmp_path)
    for planted in ("<b>", "<i>codeine", "<script>alert", "Run <7>", "small <one>", "<71>", "doc<1>"):
        assert planted not in page
    for planted in ("Run <7>", "small <one>", "<71>"):
        assert html.escape(planted) in page
    # Documents stand in the page as JSON, in which "<" is escaped.
    for planted in ("<b>", "<i>codeine", "<script>alert", "doc<1>"):
        assert planted.replace("<", "\\u003c") in page


def test_the_page_loads_nothing_and_knows_both_themes(tmp_path: Path) -> None:
    page = written(tmp_path)
    assert "http:" not in page
    assert "https:" not in page
    assert re.findall(r'(?:src|href)="([^"#][^"]*)"', page) == ["data:,"]
    assert "@import" not in page
    assert "url(" not in page
    assert "prefers-color-scheme: dark" in page
    assert "width=device-width" in page


def test_links_within_the_page_lead_somewhere(tmp_path: Path) -> None:
    page = written(tmp_path)
    targets = {target for target in re.findall(r'href="#([^"]+)"', page) if not target.startswith("doc=")}
    assert {"scores", "types", "health", "table-1", "documents"} <= targets
    assert targets <= set(re.findall(r' id="([^"]+)"', page))


def test_every_document_is_in_the_page_with_its_verdicts(tmp_path: Path) -> None:
    page = written(tmp_path)
    first, second = rows(page)
    assert [first["t"], second["t"]] == [TEXT, TEXT]
    assert (first["i"], first["q"], first["o"]) == ("doc<1>", "both", "<script>alert(1)</script>")
    known = names(page)
    assert known["documents"] == 2
    assert known["tasks"] == ["both"]
    verdicts = ("found", "missed", "spurious")

    def said(items: list[Any]) -> list[tuple[str, str]]:
        return [(verdicts[item[1]], known["types"][item[0]][1]) for item in items]

    assert said(first["m"]) == [
        ("found", "Disease"),
        ("spurious", "Disease"),
        ("missed", "Sign"),
        ("found", "Drug"),
    ]
    assert [(verdicts[item[1]], *item[3:5]) for item in first["r"]] == [
        ("found", "aspirin", "acute renal failure"),
        ("missed", "aspirin", "rash"),
        ("spurious", "aspirin", "renal failure"),
    ]
    assert said(first["u"]) == [("spurious", "Drug")]
    assert first["u"][0][3:] == ["<i>codeine</i>", "not-in-text"]


def test_no_document_is_left_out_of_a_large_set(tmp_path: Path) -> None:
    sample = [Example(Document(f"d{n}", TEXT), Annotation(), Annotation()) for n in range(500)] + examples()
    write_report(
        tmp_path / "report.html",
        title="t",
        examples=sample,
        evaluation=evaluate(sample, bootstrap_samples=0),
        facts={},
    )
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert [row["i"] for row in rows(page)] == [one.id for one in sample]
    assert "All 502 documents." in body_text(page)


def test_what_a_run_has_is_shown_and_what_it_lacks_is_not(tmp_path: Path) -> None:
    bare = written(tmp_path)
    assert 'id="errors"' not in bare
    assert 'id="curves"' not in bare
    assert 'id="seen"' not in bare
    sample = examples()
    found = taxonomy(sample).to_json()
    page = written(
        tmp_path,
        details=Details(classify(sample), found, curves="<svg id='mine'></svg>"),
        training=sample[:1],
    )
    assert "<svg id='mine'></svg>" in page
    assert 'id="seen"' in page
    kinds = found["entities"]["kinds"]
    table = re.search(r'aria-label="Kinds of errors, entities">(.*?)</table>', page, re.DOTALL)
    assert table
    lines = [
        re.sub(r"\s+", " ", re.sub(r"<small>.*?</small>|<[^>]+>", " ", line)).split()
        for line in re.findall(r"<tr>(.*?)</tr>", table[1].split("<tbody>")[1], re.DOTALL)
    ]
    wanted = {
        kind: [str(one["false_negatives"] + one["false_positives"]), f"{100 * one['share']:.1f}"]
        for kind, one in kinds.items()
        if one["false_negatives"] + one["false_positives"]
    }
    assert {line[0]: line[1:3] for line in lines} == wanted
    assert len(wanted) > 1
    assert names(page)["kinds"]


def test_faults_of_the_output_have_examples_that_lead_to_their_documents(tmp_path: Path) -> None:
    page = written(tmp_path)
    health = page.split('id="health"')[1].split("</section>")[0]
    assert '<a href="#doc=doc%3C1%3E">doc&lt;1&gt;</a> &lt;i&gt;codeine&lt;/i&gt;' in health


def test_links_to_documents_hold_any_id() -> None:
    assert anchor("a b/é\ud800'") == "doc=a%20b%2F%C3%A9%EF%BF%BD'"


def test_score_rows_follow_the_matches_that_there_are(tmp_path: Path) -> None:
    sample = examples()
    match = evaluate(sample, bootstrap_samples=0).match
    wanted = [(kind, how) for kind in KINDS for how in match if kind in match[how]]
    assert [(row["kind"], row["how"]) for row in score_rows(match)] == [
        (kind, how) for kind, how in wanted if match[how][kind].by_type
    ]
    tiles = re.findall(
        r'<div class="name">(\w+) <span>· (\w+)</span></div>\s*<div class="big">', written(tmp_path)
    )
    assert tiles == [
        ("entities", "text"),
        ("entities", "strict"),
        ("relations", "text"),
        ("relations", "strict"),
    ]


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

"""The page of a comparison in a browser: filters, search, pages, marks in characters beyond 16 bits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from medspan.core import Annotation, Document, Example, Mention, Relation
from medspan.evaluate.comparison import Answers, Sampling, System, Told, compare, write_page

WIDE = "\U0001d6fc-blocker: "


def mention(text: str, string: str, type: str) -> Mention:
    start = text.index(string)
    return Mention.at(text, start, start + len(string), type)


def planted(documents: int, systems: int = 2) -> list[System]:
    """Documents of which every third is fixed, the next broken, and the first of all changed."""
    found: list[list[Example]] = [[] for _ in range(systems)]
    for number in range(documents):
        text = f"{WIDE if number == 0 else ''}Aspirin caused rash in case {number}."
        drug, rash = mention(text, "Aspirin", "Drug"), mention(text, "rash", "Sign")
        whole = Annotation((drug, rash), (), (Relation(drug, rash, "causes"),))
        less, other = Annotation((drug,)), Annotation((rash, mention(text, "case", "Drug")))
        states = (
            [(less, other), (whole, less), (whole, whole)]
            if number == 0
            else [(less, whole), (whole, less), (whole, whole)]
        )
        one = states[number % 3]
        for place in range(systems):
            found[place].append(Example(Document(f"doc-{number}", text), whole, one[min(place, 1)]))
    return [System(f"run {place + 1}", rows) for place, rows in enumerate(found)]


@pytest.fixture
def page(tmp_path: Path) -> Path:
    systems = planted(90)
    found = compare(systems, sampling=Sampling(50, 50))
    answers = Answers(
        "Aspirin.",
        ("run 1", "run 2"),
        tuple(
            (Example(Document("text", "Aspirin."), None, Annotation(mentions)),)
            for mentions in ((), (Mention.at("Aspirin.", 0, 7, "Drug"),))
        ),
    )
    write_page(tmp_path / "page.html", Told([one.name for one in systems], comparison=found, answers=answers))
    return tmp_path / "page.html"


def test_filters_search_and_pages(open_page: Callable[..., Any], page: Path) -> None:
    tab = open_page(page)
    assert tab.count() == "90 of 90"
    assert len(tab.ids()) == 20
    assert tab.ids()[0] == "doc-0"
    counts = tab.page.locator("[data-count]").all_inner_texts()
    assert counts == ["29", "30", "1", "30"]
    for state, count in zip(("fixed", "broken", "changed", "same"), counts, strict=True):
        tab.page.click(f"button[data-state={state}]")
        assert tab.count() == f"{count} of 90"
        pills = tab.page.locator("#list .pill").all_inner_texts()
        assert set(pills) == {state}
        assert tab.page.locator("button[aria-pressed=true]").all_inner_texts() == [state.capitalize()]
    tab.page.click("button[data-state=all]")
    seen = list(tab.ids())
    for _ in range(4):
        tab.page.click("#next")
        seen += tab.ids()
    assert sorted(seen) == sorted(f"doc-{number}" for number in range(90))
    assert tab.page.locator("#next").is_disabled()
    tab.page.fill("#search", "CASE 77.")
    assert tab.ids() == ["doc-77"]
    tab.page.fill("#search", "nowhere")
    assert tab.page.locator("#none").is_visible()


def test_marks_stand_where_they_should(open_page: Callable[..., Any], page: Path) -> None:
    tab = open_page(page)
    first = tab.page.locator("#list article").first
    columns = first.locator(".column")
    assert columns.nth(0).locator(".u.found").all_inner_texts() == ["Aspirin"]
    assert columns.nth(0).locator(".u.missed").all_inner_texts() == ["rash"]
    assert columns.nth(1).locator(".u.spurious").all_inner_texts() == ["case"]
    assert columns.nth(1).locator(".u.missed.turned").all_inner_texts() == ["Aspirin"]
    assert columns.nth(1).locator("[aria-label='mended in this run']").count() == 1
    assert columns.nth(1).locator("[aria-label='worse in this run']").count() == 2
    assert columns.nth(0).locator(".turn").count() == 0
    assert columns.nth(1).locator("li").inner_text().startswith("M")
    answer = tab.page.locator("#answer .column")
    assert answer.nth(0).locator(".u").count() == 0
    assert answer.nth(1).locator(".tag").all_inner_texts() == ["\u2605 Drug"]


def test_three_systems_and_a_phone(open_page: Callable[..., Any], tmp_path: Path) -> None:
    systems = planted(9, 3)
    systems[2] = System("run 3", systems[0].examples)
    found = compare(systems, sampling=Sampling(50, 50))
    write_page(tmp_path / "page.html", Told([one.name for one in systems], comparison=found))
    tab = open_page(tmp_path / "page.html", viewport={"width": 390, "height": 800})
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 390
    wide = "[...document.querySelectorAll('#scores .panel')].map(one => one.scrollWidth - one.clientWidth)"
    assert tab.page.evaluate(wide) == [0, 0]
    assert tab.page.locator("[data-count]").all_inner_texts() == ["2", "3", "1", "3"]
    tab.page.select_option("#system", index=1)
    assert tab.page.locator("[data-count]").all_inner_texts() == ["0", "0", "0", "9"]
    assert tab.page.locator("#list .turned").count() > 0


def test_two_thousand_documents_open_fast(open_page: Callable[..., Any], tmp_path: Path) -> None:
    systems = planted(2000)
    write_page(
        tmp_path / "page.html", Told(["a", "b"], comparison=compare(systems, sampling=Sampling(10, 10)))
    )
    tab = open_page(tmp_path / "page.html")
    assert tab.count() == "2000 of 2000"
    shown = tab.page.evaluate("performance.now()")
    assert shown < 3000

"""One document of the report in a browser: its text, marks and arcs; keyboard, phone, colours, no scripts."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from medspan.core import Annotation, Document, Example, Mention, Relation

from .conftest import Tab
from .documents import HOSTILE, TEXT, report

Open = Callable[..., Tab]


def plain_text(article: Any) -> str:
    """The text of a document as it is shown, without the labels of its mentions."""
    found: str = article.locator("p.text").evaluate(
        "text => { const bare = text.cloneNode(true);"
        " bare.querySelectorAll('.tag').forEach(tag => tag.remove()); return bare.textContent; }"
    )
    return found


def marked(article: Any) -> list[list[str]]:
    """[verdict, lane, text] of each underlined piece, outer ones first."""
    found: list[list[str]] = article.locator(".u").evaluate_all(
        "all => all.map(one => [one.classList[1], one.style.getPropertyValue('--lane'), one.textContent])"
    )
    return found


def test_hostile_text_is_shown_as_it_is_and_marked_in_the_right_place(tab: Tab) -> None:
    article = tab.page.locator("article").nth(0)
    assert plain_text(article).encode("utf-16", "surrogatepass") == HOSTILE.encode("utf-16", "surrogatepass")
    assert marked(article) == [["found", "0", "aspirin"], ["found", "0", "rash"]]
    assert tab.page.locator("main img").count() == 0
    assert article.locator("h3").inner_text() == "<b>0</b>"
    assert article.locator("pre").text_content().endswith("<!-- rash")


def test_overlapping_and_discontinuous_mentions_have_lanes(tab: Tab) -> None:
    article = tab.page.locator("article").nth(1)
    assert plain_text(article) == TEXT + " Note 1."
    assert marked(article) == [
        ["found", "0", "Aspirin"],
        ["found", "1", "rash"],
        ["missed", "0", "rash"],
        ["found", "1", "metformin"],
        ["found", "1", "severe "],
        ["found", "2", "nausea"],
        ["found", "1", "nausea"],
        ["missed", "0", "nausea"],
    ]
    labels = [" ".join(words.split()) for words in article.locator(".text .tag.missed").all_inner_texts()]
    assert labels == ["M… missed, goes on", "M missed Odd · missed"]


def test_arcs_join_the_mentions_and_the_list_lights_them(tab: Tab) -> None:
    article = tab.page.locator("article").nth(1)
    assert article.locator(".arcs g").count() == 2
    heads = article.locator(".arcs .head").evaluate_all(
        "all => all.map(one => { const box = one.getBoundingClientRect();"
        " return [box.left + box.width / 2, box.bottom]; })"
    )
    for (x, y), string in zip(heads, ("rash", "nausea"), strict=True):
        box = article.locator(".u", has_text=string).first.bounding_box()
        assert box["y"] - 8 <= y <= box["y"] + 4, string
        assert box["x"] - 90 <= x <= box["x"] + box["width"], string
    starts = article.locator(".arcs path:not(.head)").evaluate_all(
        "all => all.map(one => { const at = one.getPointAtLength(0);"
        " const frame = one.ownerSVGElement.getBoundingClientRect();"
        " return [frame.left + at.x, frame.top + at.y]; })"
    )
    for (x, y), string in zip(starts, ("Aspirin", "metformin"), strict=True):
        box = article.locator(".u", has_text=string).first.bounding_box()
        assert abs(y - box["y"]) <= 2, string
        assert box["x"] <= x <= box["x"] + box["width"], string
    button = article.locator("ul.items button").first
    button.focus()
    assert article.locator(".arcs g.lit").get_attribute("data-number") == "1"
    assert article.locator(".text .lit").all_inner_texts() == ["Aspirin", "rash"]
    button.press("Enter")
    assert button.get_attribute("aria-pressed") == "true"
    article.locator("ul.items button").nth(1).focus()
    assert article.locator(".arcs g.lit").get_attribute("data-number") == "2"
    tab.page.uncheck("#arcs-shown")
    assert not article.locator(".arcs").is_visible()


def test_an_end_that_is_no_listed_mention_is_lit_as_well(open_page: Open, tmp_path: Path) -> None:
    drug, pain = (
        Mention.at("aspirin for pain", 0, 7, "Drug"),
        Mention.at("aspirin for pain", 12, 16, "unknown"),
    )
    whole = Annotation((drug,), (), (Relation(drug, pain, "treats"),))
    path = report(tmp_path / "report.html", [Example(Document("d", "aspirin for pain"), whole, whole)])
    tab = open_page(path)
    tab.page.locator("ul.items button").focus()
    assert tab.page.locator(".text .lit").all_inner_texts() == ["aspirin", "pain"]


def test_one_side_at_a_time(tab: Tab) -> None:
    tab.page.select_option("#kind", label="type-confusion")
    tag = tab.page.locator("article .tag.missed")
    assert tag.is_visible()
    assert tag.inner_text().split() == ["M", "missed", "Sign", "·", "type-confusion"]
    tab.page.click("button[data-view=predicted]")
    assert not tag.is_visible()
    assert tab.page.locator("article .tag.spurious").is_visible()
    assert tab.page.get_attribute("button[data-view=predicted]", "aria-pressed") == "true"


def test_everything_is_reached_by_keyboard_and_the_focus_is_seen(tab: Tab) -> None:
    # The last page, whose ten documents need fewer steps than twenty-five.
    tab.page.locator("[data-pager=top] input").fill("3")
    tab.page.locator("[data-pager=top] input").press("Enter")
    tab.page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    tab.page.locator(".skip").focus()
    reached = []
    unseen = []
    for _ in range(300):
        where, outline, last = tab.page.evaluate(
            "() => { const one = document.activeElement; const style = getComputedStyle(one);"
            " return [one.id || one.dataset.view || one.dataset.to || one.className || one.tagName,"
            " style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1,"
            " one.closest('[data-pager=bottom]') !== null]; }"
        )
        reached.append(where)
        if not outline:
            unseen.append(where)
        if last:
            break
        tab.page.keyboard.press("Tab")
    else:
        pytest.fail("the lower pager is not reached")
    wanted = {"search", "type", "task", "kind", "verdict", "order", "both", "types-shown", "sort", "jump"}
    assert wanted | {"previous", "panel", "A", "BUTTON", "SUMMARY"} <= set(reached)
    assert unseen == []


def test_every_control_has_a_name_and_headings_are_in_order(tab: Tab) -> None:
    nameless = tab.page.locator("button, input, select, summary").evaluate_all(
        "all => all.filter(one => !(one.textContent.trim() || one.getAttribute('aria-label')"
        " || one.labels?.length)).map(one => one.outerHTML)"
    )
    assert nameless == []
    levels = tab.page.locator("h1, h2, h3, h4").evaluate_all("all => all.map(one => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= before + 1 for before, later in pairwise(levels))
    assert tab.page.locator("main").count() == 1
    assert tab.page.get_attribute("#count", "aria-live") == "polite"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_never_scrolls_sideways(open_page: Open, page_file: Path, scheme: str) -> None:
    size = {"width": 390, "height": 844}
    tab = open_page(page_file, viewport=size, color_scheme=scheme, has_touch=True)
    tab.page.wait_for_selector("article.doc")
    for details in tab.page.locator("summary").all():
        if details.is_visible():
            details.click()
    assert tab.page.evaluate("document.documentElement.scrollWidth") == 390


def test_both_schemes_have_their_colours(open_page: Open, page_file: Path) -> None:
    colours = []
    for scheme in ("light", "dark"):
        tab = open_page(page_file, color_scheme=scheme)
        tab.page.wait_for_selector("article.doc")
        colours.append(tab.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert colours == ["rgb(246, 245, 241)", "rgb(20, 23, 26)"]


def test_without_scripts_the_tables_stand_and_the_page_says_so(open_page: Open, page_file: Path) -> None:
    tab = open_page(page_file, java_script_enabled=False)
    body = tab.page.inner_text("main")
    assert "Scripts are off here." in body
    assert tab.page.locator("#types table").first.is_visible()
    assert not tab.page.locator("#browser").is_visible()
    assert tab.page.locator("table button").count() == 0

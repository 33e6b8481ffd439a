"""The report of a diagnosis in a browser: commands are copied, nothing is cut off, texts do nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from medspan.diagnose.report import write_html

from ..diagnose.planted_diagnoses import EVIL, MANY, SENTENCE

Open = Callable[..., Any]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_html(tmp_path / "page.html", MANY)
    return tmp_path / "page.html"


def test_a_command_is_copied_or_marked(open_page: Open, file: Path) -> None:
    tab = open_page(file)
    buttons = tab.page.locator(".copied button")
    assert buttons.count() == 4
    command = tab.page.locator("pre.command").first.inner_text()
    assert command.startswith("medspan evaluate 'runs/my v4' --split test --again")
    buttons.first.focus()
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_function("document.querySelector('.copied button').textContent !== 'Copy'")
    if buttons.first.inner_text() == "Marked":
        assert tab.page.evaluate("getSelection().toString()").strip() == command


def test_a_command_is_marked_where_copying_is_forbidden(open_page: Open, file: Path) -> None:
    tab = open_page(file)
    tab.page.evaluate("void (navigator.clipboard.writeText = () => Promise.reject(new Error()))")
    tab.page.locator(".copied button").first.click()
    tab.page.wait_for_function("document.querySelector('.copied button').textContent === 'Marked'")
    marked = tab.page.evaluate("getSelection().toString()").strip()
    assert marked == tab.page.locator("pre.command").first.inner_text()


@pytest.mark.parametrize("width", [360, 1000])
def test_the_page_fits_its_window_and_the_bars_their_figures(open_page: Open, file: Path, width: int) -> None:
    tab = open_page(file, viewport={"width": width, "height": 800})
    assert tab.page.evaluate("document.documentElement.scrollWidth") == width
    boxes = tab.page.evaluate(
        "[...document.querySelector('.effect').querySelectorAll('rect')]"
        ".map(one => one.getBoundingClientRect().width)"
    )
    track, before, again, after = boxes
    assert track == pytest.approx(again)
    assert before / track == pytest.approx(0.059, abs=0.003)
    assert after / track == pytest.approx(0.854, abs=0.003)
    assert tab.page.locator(".asked").inner_text() == SENTENCE
    assert tab.page.locator("#notes article").is_hidden()
    tab.page.locator("#notes summary").click()
    assert tab.page.locator("#notes article").is_visible()


def test_hostile_texts_do_nothing_in_the_dark(open_page: Open, tmp_path: Path) -> None:
    write_html(tmp_path / "page.html", EVIL)
    tab = open_page(tmp_path / "page.html", color_scheme="dark")
    assert tab.page.locator("script").count() == 1
    said = tab.page.locator("#shown pre").inner_text()
    assert said == EVIL.shown[0]["answer"]

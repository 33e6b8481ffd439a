"""A real browser, Debian's chromium, without network; and pages that say what went wrong in them."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from .documents import planted, report

NAMES = ("chromium", "chromium-browser")
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# As tests/conftest.py counts it.
REASON = "there is no chromium: tests of pages in a browser are skipped (make browser installs it)"


@dataclass
class Tab:
    """A page in the browser with what it complained of and what it asked for."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", lambda request: self.complaints.append(request.url[:200]))
        self.page.on("request", lambda request: self.requests.append(request.url[:200]))

    def ids(self) -> list[str]:
        """The documents shown, in their order."""
        found: list[str] = self.page.locator("article.doc h3").all_inner_texts()
        return found

    def count(self) -> str:
        return str(self.page.locator("#count").inner_text())


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's chromium, driven by playwright; without it the test is skipped and counted."""
    path = next((found for found in map(shutil.which, NAMES) if found), None)
    if path is None:
        pytest.skip(REASON)
    if importlib.util.find_spec("playwright") is None:
        pytest.fail("playwright is not installed, which comes with the extra dev: make setup")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        running = started.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield running
        running.close()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Tab]]:
    """Opens a file in a tab; after the test, complaints and requests but for the file itself fail it."""
    tabs: list[tuple[Any, Tab]] = []

    def opened(path: Path, fragment: str = "", **options: Any) -> Tab:
        context = browser.new_context(**options)
        context.set_default_timeout(15_000)
        tab = Tab(context.new_page())
        tabs.append((context, tab))
        tab.page.goto(path.as_uri() + fragment)
        return tab

    yield opened
    for context, _ in tabs:
        context.close()
    for _, tab in tabs:
        assert tab.complaints == []
        assert [url for url in tab.requests if not url.startswith(("file:", "data:", "blob:"))] == []
        assert sum(url.startswith("file:") for url in tab.requests) == 1


@pytest.fixture(scope="session")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the planted documents."""
    return report(tmp_path_factory.mktemp("page") / "report.html", planted())


@pytest.fixture
def tab(open_page: Callable[..., Tab], page_file: Path) -> Tab:
    """A tab with that report, its documents drawn."""
    found = open_page(page_file)
    found.page.wait_for_selector("article.doc")
    return found

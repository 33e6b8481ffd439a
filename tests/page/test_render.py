"""What all pages share: escaping, filters, one style, and a choice that is spread evenly."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import medspan.page
from medspan.page import evenly_spaced, render
from medspan.page.render import percent, plural, thousands


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package with a template of its own."""
    name = f"room_{tmp_path.name}"
    package = tmp_path / name
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "note.html.jinja").write_text(
        '{% extends "base.html.jinja" %}{% block main %}<p>{{ said }} {{ share | percent }}</p>{% endblock %}'
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def test_a_template_fills_the_base_and_is_escaped(room: str) -> None:
    page = render(room, "note.html.jinja", title="<t>", said="<b>x</b> \ud800", share=None)
    assert page.startswith("<!doctype html>")
    assert "<title>&lt;t&gt;</title>" in page
    assert "<p>&lt;b&gt;x&lt;/b&gt; ? –</p>" in page
    assert "prefers-color-scheme: dark" in page


def test_a_value_that_is_missing_is_an_error(room: str) -> None:
    with pytest.raises(Exception, match="'said' is undefined"):
        render(room, "note.html.jinja", title="t", share=1.0)


def test_numbers_are_written_for_people() -> None:
    assert (percent(0.0449), percent(1.0), percent(None)) == ("4.5", "100.0", "–")
    assert thousands(1234567) == "1,234,567"
    assert [plural(count, "row") for count in (0, 1, 2000)] == ["0 rows", "1 row", "2,000 rows"]
    assert plural(2, "entity", "entities") == "2 entities"


@given(st.integers(0, 500), st.integers(1, 50))
def test_a_choice_is_spread_evenly(count: int, limit: int) -> None:
    chosen = evenly_spaced(count, limit)
    assert len(chosen) == min(count, limit)
    assert chosen == sorted(set(chosen))
    if chosen:
        assert chosen[0] == 0
        steps = {later - earlier for earlier, later in zip(chosen, [*chosen[1:], count], strict=True)}
        assert max(steps) - min(steps) <= 1


def test_the_style_loads_nothing() -> None:
    base = (Path(medspan.page.__file__).parent / "base.html.jinja").read_text(encoding="utf-8")
    assert "://" not in base
    assert "url(" not in base
    assert "@import" not in base


def test_the_browser_is_told_to_load_nothing(room: str) -> None:
    page = render(room, "note.html.jinja", title="t", said="s", share=1.0)
    assert 'http-equiv="Content-Security-Policy" content="default-src \'none\';' in page


def test_a_template_includes_what_all_pages_share(room: str, tmp_path: Path) -> None:
    package = next(tmp_path.glob("room_*"))
    (package / "table.html.jinja").write_text(
        '<p>{% include "sorting.js.jinja" %}{% include "own.jinja" %}</p>'
    )
    (package / "own.jinja").write_text("own {{ halves | amount }} {{ whole | amount }}")
    page = render(room, "table.html.jinja", halves=1234.5, whole=1234.0)
    assert "aria-sort" in page
    assert "own 1,234.5 1,234</p>" in page

"""A page from a room's template, which extends `base.html.jinja`."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Template

_OWN = "medspan.page"


def render(room: str, template: str, **values: object) -> str:
    """The page that `template`, a file of the package `room`, makes of these values; all text is escaped.

    A template extends and includes files of its own room, and of `medspan.page` what its room does not
    have. The filter `percent` writes a share with one decimal, an en dash where it is None; `thousands`
    parts the thousands of a whole number, `amount` also of one with halves; `plural` gives a number with
    its noun. Lone surrogates, which a text may hold and UTF-8 cannot, come out as question marks.
    """
    html = _template(room, template).render(**values)
    return html.encode("utf-8", "replace").decode("utf-8")


@lru_cache
def _template(room: str, name: str) -> Template:
    import jinja2

    def source(name: str) -> str:
        own = resources.files(room).joinpath(name)
        return (own if own.is_file() else resources.files(_OWN).joinpath(name)).read_text(encoding="utf-8")

    environment = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FunctionLoader(source),
    )
    environment.filters.update(percent=percent, thousands=thousands, plural=plural, amount=amount)
    return environment.get_template(name)


def percent(value: float | None) -> str:
    """A share as a percentage with one decimal; an en dash where it is undefined."""
    return "\u2013" if value is None else f"{100 * value:.1f}"


def thousands(count: int) -> str:
    """A whole number with commas."""
    return f"{count:,}"


def amount(count: float) -> str:
    """A number of items, of which some may count half: whole numbers without decimals."""
    return f"{count:,.0f}" if count == int(count) else f"{count:,.1f}"


def plural(count: int, noun: str, several: str | None = None) -> str:
    """`1 row`, `2,000 rows`; `several` where the plural is not the noun with an s."""
    return f"{count:,} {noun if count == 1 else several or noun + 's'}"


def evenly_spaced(count: int, limit: int) -> list[int]:
    """At most `limit` indices below `count`, from the first on, in equal steps."""
    if count <= limit:
        return list(range(count))
    return [place * count // limit for place in range(limit)]

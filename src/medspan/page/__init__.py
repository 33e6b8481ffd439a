"""Pages for people: each one HTML file that needs nothing but itself, all in one style."""

from medspan.page.embed import Block, embed, page_json
from medspan.page.render import evenly_spaced, render

__all__ = ["Block", "embed", "evenly_spaced", "page_json", "render"]

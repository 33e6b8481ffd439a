"""Pages for people: each one HTML file that needs nothing but itself, all in one style."""

from medspan.page.render import evenly_spaced, render

__all__ = ["evenly_spaced", "render"]

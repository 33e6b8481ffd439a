"""Runs that other trainers made: what lies in their folders, read without running anything of it."""

from medspan.diagnose.foreign.base import Layout, layouts, register
from medspan.diagnose.foreign.generation import Generation
from medspan.diagnose.foreign.reading import is_foreign, read_foreign
from medspan.diagnose.foreign.run import FACTS, ForeignRun, Stated

__all__ = [
    "FACTS",
    "ForeignRun",
    "Generation",
    "Layout",
    "Stated",
    "is_foreign",
    "layouts",
    "read_foreign",
    "register",
]

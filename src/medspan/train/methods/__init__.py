"""The training methods, one per file."""

from medspan.train.methods.generate import Generate
from medspan.train.methods.method import Method
from medspan.train.methods.tag import Tag

METHODS: dict[str, type[Method]] = {method.name: method for method in (Generate, Tag)}

__all__ = ["METHODS", "Generate", "Method", "Tag"]

"""The training methods, one per file."""

from medspan.train.methods.generate import Generate
from medspan.train.methods.method import Method

METHODS: dict[str, type[Method]] = {method.name: method for method in (Generate,)}

__all__ = ["METHODS", "Generate", "Method"]

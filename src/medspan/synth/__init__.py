"""A corpus of the house's own: notes whose relations a fair reader can recover from the words."""

from medspan.synth.baseline import all_legal_pairs_baseline
from medspan.synth.generate import generate, schema

__all__ = ["all_legal_pairs_baseline", "generate", "schema"]

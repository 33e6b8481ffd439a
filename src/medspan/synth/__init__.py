"""A corpus of the house's own: notes whose relations a fair reader can recover from the words."""

from medspan.synth.baseline import all_legal_pairs_baseline
from medspan.synth.compose import compose, compose_parts
from medspan.synth.generate import generate, schema
from medspan.synth.ledger import Saying, kinds_said, sayings
from medspan.synth.mix import STYLES, Mix
from medspan.synth.pattern import HARD_NEGATIVES, KINDS
from medspan.synth.recipe import Recipe
from medspan.synth.recipe_file import built_in, load_recipe

__all__ = [
    "HARD_NEGATIVES",
    "KINDS",
    "STYLES",
    "Mix",
    "Recipe",
    "Saying",
    "all_legal_pairs_baseline",
    "built_in",
    "compose",
    "compose_parts",
    "generate",
    "kinds_said",
    "load_recipe",
    "sayings",
    "schema",
]

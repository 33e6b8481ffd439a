"""Running an evaluation or a training again from its record: what moved, and what comes out."""

from medspan.diagnose.reproduction.answers import (
    Answers,
    Pair,
    answered,
    compare_answers,
    compare_scores,
    compare_scoring,
    pair_documents,
    said,
    sampled,
)
from medspan.diagnose.reproduction.aspects import PLACES, Aspect, Here, PartNow, Stated, compare_stated
from medspan.diagnose.reproduction.training import (
    Retrained,
    compare_trainings,
    compare_weights,
    read_log,
    seconds_taken,
)
from medspan.diagnose.reproduction.verdict import (
    NOTHING_MOVED,
    Explanation,
    Reproduction,
    Trial,
    sentence,
    why,
)

__all__ = [
    "NOTHING_MOVED",
    "PLACES",
    "Answers",
    "Aspect",
    "Explanation",
    "Here",
    "Pair",
    "PartNow",
    "Reproduction",
    "Retrained",
    "Stated",
    "Trial",
    "answered",
    "compare_answers",
    "compare_scores",
    "compare_scoring",
    "compare_stated",
    "compare_trainings",
    "compare_weights",
    "pair_documents",
    "read_log",
    "said",
    "sampled",
    "seconds_taken",
    "sentence",
    "why",
]

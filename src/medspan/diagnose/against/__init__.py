"""A run beside a good one: what differs, tested by swapping it, cheapest first."""

from medspan.diagnose.against.aspect import Against, Aspect, Gap
from medspan.diagnose.against.compare import compare_runs
from medspan.diagnose.against.pair import Pair, Side
from medspan.diagnose.against.probe import AgainstProbe
from medspan.diagnose.against.retrain import Retraining, retrain

__all__ = [
    "Against",
    "AgainstProbe",
    "Aspect",
    "Gap",
    "Pair",
    "Retraining",
    "Side",
    "compare_runs",
    "retrain",
]

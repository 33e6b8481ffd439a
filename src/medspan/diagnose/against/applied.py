"""Whether RUN's answers are those of its adapter, and in the precision of its training."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from medspan.diagnose.against.aspect import Aspect
from medspan.diagnose.against.trial import Swap

if TYPE_CHECKING:
    from medspan.diagnose.against.pair import Pair
    from medspan.diagnose.conditions import Conditions


def ways(pair: Pair) -> Iterator[Swap | Aspect]:
    """RUN with its adapter, and in its precision, where its stored answers show that they were made without.

    No file states these, so GOOD, which works, is taken to be asked as it was trained.
    """
    adapter, precision = "adapter in use", "precision of answers"
    if pair.run.problem is not None:
        for name, cause in ((adapter, "adapter-not-applied"), (precision, "precision-mismatch")):
            told = f"no file states it: {pair.run.problem}"
            yield Aspect(name, (None, None), None, "not-testable", (told,), cause=cause)
        return
    asked, trained = pair.run.asked, pair.run.lab.asking.trained
    if asked.adapter is None and trained.adapter is not None:
        change = partial(_with_adapter, trained)
        values = "applied", "not applied"
        yield Swap(adapter, values, "adapter-not-applied", "asked with RUN's own adapter", change)
    else:
        told = "RUN's stored answers give no sign of having been made without its adapter"
        values = "applied", "applied"
        yield Aspect(adapter, values, True, "cleared", (told,), cause="adapter-not-applied")
    if (asked.dtype, asked.rounding) != (trained.dtype, trained.rounding):
        lower = f"{asked.dtype} rounded to {asked.rounding}" if asked.rounding else asked.dtype
        values = "as trained", lower
        change = partial(_in_precision, trained)
        yield Swap(precision, values, "precision-mismatch", "asked in the precision of its training", change)
    else:
        told = "RUN's stored answers give no sign of another precision than that of its training"
        values = "as trained", "as trained"
        yield Aspect(precision, values, True, "cleared", (told,), cause="precision-mismatch")


def _with_adapter(trained: Conditions, conditions: Conditions) -> Conditions:
    return conditions.but(adapter=trained.adapter)


def _in_precision(trained: Conditions, conditions: Conditions) -> Conditions:
    return conditions.but(dtype=trained.dtype, rounding=trained.rounding)

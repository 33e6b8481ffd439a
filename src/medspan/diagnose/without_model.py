"""What can be told of stored answers where there is no model to ask: by files and scores alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from medspan.core import ConfigError
from medspan.diagnose.case import Case
from medspan.diagnose.residue import entity_f1
from medspan.extract.options import DecodingOptions

WELL = 0.75
"""Entity F1 of stored answers from which on no fault of decoding is named unmeasured."""
NAMED, NOTED = 0.6, 0.4
"""Confidence in a fault that files state and nothing measured; where the stored answers score well."""


def stated_options(case: Case) -> DecodingOptions | None:
    """How the stored answers were decoded, as the files of their making state; None where none does.

    A rule for new answers (generation_config.json) says nothing of the stored ones.
    """
    made = (case.made or {}).get("decoding") or (case.record or {}).get("decoding")
    if not isinstance(made, Mapping):
        return None
    found = DecodingOptions()
    for name, value in made.items():
        try:
            found = found.changed({name: value})
        except ConfigError:
            continue
    return found


def scores_well(case: Case) -> bool:
    """Whether the stored answers score so well that their decoding can have done little harm."""
    scored = [one for one in case.predictions if one.reference is not None and one.predicted is not None]
    return bool(scored) and (entity_f1(scored) or 0.0) >= WELL


def unmeasured(case: Case, stated: str, problem: str) -> tuple[str, ...]:
    """The evidence for a fault of decoding that files state, where no model can measure what it does."""
    found = [f"files state {stated}; without a model ({in_short(problem)}) its effect is not measured"]
    if scores_well(case):
        found.append(f"the stored answers reach an entity F1 of {WELL} or more, so it does little harm")
    return tuple(found)


def in_short(problem: str) -> str:
    """What is wrong, of a message that also names a likely cause and what to do."""
    for mark in (" Likely cause: ", " What to do: "):
        problem = problem.split(mark)[0]
    return problem.rstrip(".")


def listed(missing: Iterable[str]) -> str:
    """Missing things, each once and in short; one that only says more of another is left out."""
    short = list(dict.fromkeys(map(in_short, missing)))
    return "; ".join(one for one in short if not any(other != one and other in one for other in short))

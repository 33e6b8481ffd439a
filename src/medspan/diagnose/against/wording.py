"""The words of the question."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from medspan.diagnose.against.aspect import Aspect
from medspan.diagnose.against.stated import good_codec, run_codec, same_format
from medspan.diagnose.against.trial import Swap
from medspan.format import Codec

if TYPE_CHECKING:
    from medspan.diagnose.against.pair import Pair
    from medspan.diagnose.conditions import Conditions

NAME, CAUSE = "wording", "wording-sensitive"
LOOKED_AT = 8
"""Documents whose prompts are compared."""
LONGEST = 60


def ways(pair: Pair) -> Iterator[Swap | Aspect]:
    """RUN asked in GOOD's words; in those of its own training where it was asked in others."""
    own, other = run_codec(pair.run), good_codec(pair.good)
    trained = None if pair.run.problem is not None else pair.run.lab.asking.trained.codec
    values = _told(pair, other), _told(pair, own)
    if own is None or (other is None and trained is None):
        yield Aspect(
            NAME, values, None, "not-testable", ("no file states it, and no model shows it",), cause=CAUSE
        )
        return
    label, aim = "asked in GOOD's words", other
    if trained is not None and _unlike(pair, own, trained):
        label, aim = "asked in the words of its own training", trained
    elif not same_format(pair.run, pair.good):
        told = "the runs have different formats, and the words of the question belong to the format"
        yield Aspect(NAME, values, False, "not-testable", (told,), cause=CAUSE)
        return
    if aim is None or not _unlike(pair, own, aim):
        yield Aspect(NAME, values, True, "cleared", ("both are asked in the same words",), cause=CAUSE)
        return
    yield Swap(NAME, values, CAUSE, label, partial(_worded, aim))


def _worded(codec: Codec, conditions: Conditions) -> Conditions:
    return conditions.but(codec=codec)


def _unlike(pair: Pair, one: Codec, other: Codec) -> bool:
    documents = [example.document for example in pair.sample[:LOOKED_AT]]
    return any(one.prompt(document) != other.prompt(document) for document in documents)


def _told(pair: Pair, codec: Codec | None) -> str | None:
    """The first prompt without its text: what a wording is."""
    if codec is None or not pair.sample:
        return None
    document = pair.sample[0].document
    words = " ".join(codec.prompt(document).replace(document.text, "[text]").split())
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 3]}..."

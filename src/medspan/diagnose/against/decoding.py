"""Decoding options: penalties, drawing by lot, the length limit, the grammar; each by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from medspan.diagnose.against.aspect import Aspect
from medspan.diagnose.against.stated import good_decoding, run_decoding, with_options
from medspan.diagnose.against.trial import Swap

if TYPE_CHECKING:
    from medspan.diagnose.against.pair import Pair
    from medspan.diagnose.conditions import Conditions

KINDS: dict[str, tuple[tuple[str, ...], str | None]] = {
    "repetition": (("repetition_penalty", "no_repeat_ngram_size"), "decoding-blocks-copying"),
    "sampling": (("do_sample", "temperature", "top_p"), "decoding-samples"),
    "length": (("max_new_tokens",), "output-truncated"),
    "grammar": (("grammar",), None),
}
"""The options by what they do, and the cause that stands for them."""


def ways(pair: Pair) -> Iterator[Swap | Aspect]:
    """A line for each kind of options where some differ, else one for all."""
    good, run = good_decoding(pair.good), run_decoding(pair.run)
    found = list(_kinds(good, run))
    if all(isinstance(one, Aspect) and one.same for one in found):
        told = {name: value for name, value in run.items() if name != "batch_size"}
        yield Aspect("decoding", (told, told), True, "cleared", ("the options are the same in both",))
        return
    yield from found


def _kinds(good: Mapping[str, Any], run: Mapping[str, Any]) -> Iterator[Swap | Aspect]:
    for kind, (names, cause) in KINDS.items():
        name = f"decoding: {kind}"
        told = [{one: side[one] for one in names if one in side} for side in (good, run)]
        values = told[0] or None, told[1] or None
        if not told[0] or not told[1]:
            lacking = " and ".join(
                side for side, known in zip(("GOOD", "RUN"), told, strict=True) if not known
            )
            yield Aspect(
                name,
                values,
                None,
                "not-testable",
                (f"{', '.join(names)}: not stated for {lacking}",),
                cause=cause,
            )
        elif _alike(kind, told[0], told[1]):
            yield Aspect(name, values, True, "cleared", ("the same in both",), cause=cause)
        else:
            yield Swap(name, values, cause, f"decoded with {_words(told[0])}", partial(_changed, told[0]))


def _alike(kind: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    if kind == "sampling" and not one.get("do_sample") and not other.get("do_sample"):
        return True
    return all(one[name] == other[name] for name in one if name in other)


def _words(values: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in values.items())


def _changed(values: Mapping[str, Any], conditions: Conditions) -> Conditions:
    return conditions.but(options=with_options(conditions.options, values))

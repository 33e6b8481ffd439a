"""The base model under the adapter, and the tokenizer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from medspan.diagnose.against.aspect import Aspect
from medspan.diagnose.against.stated import stated_hash
from medspan.diagnose.against.trial import Swap

if TYPE_CHECKING:
    from medspan.diagnose.against.pair import Pair, Side
    from medspan.diagnose.conditions import Conditions


def ways(pair: Pair) -> Iterator[Swap | Aspect]:
    """GOOD's base model under RUN's adapter, where RUN's is not the one of its own training."""
    own, other = _of_run(pair.run), _of_good(pair.good)
    names = pair.good.case.base_model, _asked_base(pair.run)
    values = _told(names[0], other), _told(names[1], own)
    name, cause = "base model", "wrong-base-model"
    same = None if own is None or other is None else own == other
    if same is None and names[0] is not None and names[0] == names[1]:
        same = True
    trained = stated_hash(pair.run.case, "base_model_hash")
    right = _with_weights(pair, trained, other)
    if same:
        yield Aspect(name, values, True, "cleared", ("the same in both",), cause=cause)
    elif same is None:
        yield Aspect(name, values, None, "not-testable", ("its hash is not known for both",), cause=cause)
    elif trained is not None and own != trained and right is not None:
        yield Swap(name, values, cause, f"on the base model of its training ({right})", partial(_on, right))
    else:
        told = "RUN was trained on another base model, which its adapter cannot leave"
        yield Aspect(name, values, False, "only-a-training-tells", (told,), changes={"base_model": names[0]})
    yield from _tokenizers(pair, same_base=same is not False)


def _tokenizers(pair: Pair, *, same_base: bool) -> Iterator[Swap | Aspect]:
    name, cause = "tokenizer", "tokenizer-mismatch"
    own, other = _tokenizer(pair.run), stated_hash(pair.good.case, "tokenizer_hash")
    values = None if other is None else other[:12], None if own is None else own[:12]
    if own is None or other is None:
        yield Aspect(name, values, None, "not-testable", ("its hash is not known for both",), cause=cause)
    elif own == other:
        yield Aspect(name, values, True, "cleared", ("the same in both",), cause=cause)
    elif not same_base:
        told = "it belongs to the base model"
        yield Aspect(name, values, False, "only-a-training-tells", (told,), cause=cause)
    else:
        folder = _with_hash(pair, other)
        if folder is None:
            told = "GOOD's tokenizer is not at hand, so RUN cannot be asked with it"
            yield Aspect(name, values, False, "not-testable", (told,), cause=cause)
        else:
            yield Swap(name, values, cause, f"with GOOD's tokenizer ({folder})", partial(_with, folder))


def _with_hash(pair: Pair, wanted: str) -> str | None:
    """The place of a tokenizer with this hash: RUN's base model or adapter, or GOOD's adapter."""
    if pair.run.problem is not None:
        return None
    found = next((name for name, one in pair.run.lab.tokenizers.items() if one == wanted), None)
    adapter = pair.good.case.adapter
    if found is None and adapter is not None and (adapter / "tokenizer.json").is_file():
        return str(adapter)
    return found


def _on(name: str, conditions: Conditions) -> Conditions:
    return conditions.but(base=name)


def _with(name: str, conditions: Conditions) -> Conditions:
    return conditions.but(tokenizer=None if name == conditions.base else str(Path(name)))


def _asked_base(side: Side) -> str | None:
    return side.case.base_model if side.problem is not None else side.asked.base


def _with_weights(pair: Pair, wanted: str | None, of_good: str | None) -> str | None:
    """The name of a base model with this hash: one that RUN's files name, or GOOD's."""
    if pair.run.problem is not None:
        return None
    found = next((name for name, one in pair.run.lab.base.found.items() if one == wanted), None)
    return pair.good.case.base_model if found is None and of_good == wanted else found


def _of_run(side: Side) -> str | None:
    """The hash of the base model that answers."""
    if side.problem is None:
        return side.lab.base.found.get(side.asked.base)
    return stated_hash(side.case, "base_model_hash")


def _of_good(side: Side) -> str | None:
    """The hash that GOOD's files state, which spares loading it; else that of what is there."""
    stated = stated_hash(side.case, "base_model_hash")
    if stated is not None or side.problem is not None:
        return stated
    return side.lab.base.found.get(side.asked.base)


def _tokenizer(side: Side) -> str | None:
    if side.problem is None:
        asked = side.asked
        return side.lab.tokenizers.get(asked.tokenizer or asked.base)
    return stated_hash(side.case, "tokenizer_hash")


def _told(name: str | None, digest: str | None) -> str | None:
    if name is None and digest is None:
        return None
    return " ".join(part for part in (name, f"({digest[:12]})" if digest else None) if part)

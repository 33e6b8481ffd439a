"""The frame around the prompt."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from medspan.diagnose.against.aspect import Aspect
from medspan.diagnose.against.stated import good_template, run_template, stated_hash
from medspan.diagnose.against.trial import Swap
from medspan.format import Template

if TYPE_CHECKING:
    from medspan.diagnose.against.pair import Pair
    from medspan.diagnose.conditions import Conditions

NAME = "template"


def ways(pair: Pair) -> Iterator[Swap | Aspect]:
    """RUN in GOOD's template; in that of its own training where it was asked in another one.

    A template is token ids, so one of another tokenizer cannot be put in place.
    """
    own, other = run_template(pair.run), good_template(pair.good)
    trained = None if pair.run.problem is not None else pair.run.lab.asking.trained.template
    values = _told(other), _told(own)
    if own is None or (other is None and trained is None):
        yield Aspect(NAME, values, None, "not-testable", ("no file states it, and no model shows it",))
        return
    label, aim = "asked in GOOD's template", other
    if trained is not None and _unlike(own, trained):
        label, aim = "asked in the template of its own training", trained
    elif _other_tokenizer(pair):
        same = None if other is None else own.kind == other.kind
        told = "the runs' tokenizers differ, so GOOD's template cannot be put around RUN's prompts"
        yield Aspect(NAME, values, same, "cleared" if same else "not-testable", (told,))
        return
    if aim is None or not _unlike(own, aim):
        yield Aspect(
            NAME, values, True, "cleared", ("both are asked in the same template",), cause=_cause(own, own)
        )
        return
    yield Swap(NAME, values, _cause(own, aim), label, partial(_framed, aim))


def _framed(template: Template, conditions: Conditions) -> Conditions:
    # Another frame ends prompts, not answers.
    return conditions.but(template=replace(template, stop=conditions.template.stop))


def _unlike(one: Template, other: Template) -> bool:
    return (one.prefix, one.suffix) != (other.prefix, other.suffix)


def _cause(own: Template, aim: Template) -> str:
    twice = own.prefix[:2] == own.prefix[:1] * 2 and own.prefix[1:] == aim.prefix
    return "double-bos" if twice and own.prefix and own.suffix == aim.suffix else "template-mismatch"


def _other_tokenizer(pair: Pair) -> bool:
    hashes = [stated_hash(side.case, "tokenizer_hash") for side in (pair.run, pair.good)]
    if None in hashes:
        return pair.run.case.base_model != pair.good.case.base_model
    return hashes[0] != hashes[1]


def _told(template: Template | None) -> str | None:
    if template is None:
        return None
    ids = hashlib.sha256(repr((template.prefix, template.suffix)).encode()).hexdigest()[:6]
    return f"{template.kind}, {len(template.prefix)} tokens before and {len(template.suffix)} after ({ids})"

"""One kind for each false positive and each false negative of a set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from medspan.core import Example, Relation, Schema
from medspan.evaluate.errors.kinds import ErrorSide, Group, ItemError
from medspan.evaluate.errors.labels import Labelled, Labels, Written
from medspan.evaluate.errors.mentions import MentionJudge
from medspan.evaluate.errors.order import ordered
from medspan.evaluate.errors.relations import Backwards, RelationJudge
from medspan.evaluate.errors.standing import Standing
from medspan.evaluate.match import NO_DIRECTIONS, Directions, How, Outcome, both_sides, links_concepts
from medspan.evaluate.mentions import mention_outcome
from medspan.evaluate.relations import relation_outcome
from medspan.evaluate.sides import Pair, Side
from medspan.text import fold

MATCHES: tuple[How, ...] = ("text", "strict")
"""The matches whose errors have kinds."""

_SIDES: tuple[ErrorSide, ...] = ("missed", "spurious")


@dataclass(frozen=True, slots=True)
class Classified:
    """The errors of a set under a match, and how many items were found by group."""

    how: How
    errors: list[ItemError]
    found: Counter[Group]


def classify(
    examples: Sequence[Example],
    how: How | None = None,
    *,
    schema: Schema | None = None,
    training: Sequence[Example] = (),
    directions: Directions = NO_DIRECTIONS,
) -> list[ItemError]:
    """Each missed and each spurious item of `examples` with its kind, in order of the documents.

    The errors are those that `match_mentions` and `match_relations` count under `how`, which holds for
    entities and relations alike; None: `default_match`. `directions` are those of the match: by default
    a relation counts as it is written, so that inverse types and symmetric ones in the other order are
    errors, which `schema` gives a name. `training`: examples whose references, too, tell what is labelled
    elsewhere, and where not. ValueError for another match than `text` and `strict`; InputError where an
    example lacks a side.
    """
    return classified(examples, how, schema=schema, training=training, directions=directions).errors


def default_match(examples: Sequence[Example]) -> How:
    """`strict` where references or predictions name places of their own (scope `mention`), else `text`."""
    for example in examples:
        for annotation in (example.reference, example.predicted):
            if annotation is None or annotation.scope == "string":
                continue
            if annotation.mentions or annotation.endpoint_mentions():
                return "strict"
    return "text"


def classified(
    examples: Sequence[Example],
    how: How | None = None,
    *,
    schema: Schema | None = None,
    training: Sequence[Example] = (),
    directions: Directions = NO_DIRECTIONS,
) -> Classified:
    """As `classify`, with what was found beside it."""
    how = default_match(examples) if how is None else how
    if how not in MATCHES:
        raise ValueError(f"how is {how!r}, not one of {MATCHES}: errors have kinds under these only")
    labels = Labels(examples, training, how)
    backwards = Backwards.of(schema)
    errors: list[ItemError] = []
    found: Counter[Group] = Counter()
    for document, (example, linked) in enumerate(zip(examples, links_concepts(examples), strict=True)):
        pair = _pair(example)
        mentions = mention_outcome(pair, how)
        relations = relation_outcome(pair, how, linked=linked, directions=directions)
        found["entities"] += len(mentions.found)
        found["relations"] += len(relations.found)
        if not (mentions.missed or mentions.spurious or relations.missed or relations.spurious):
            continue
        standing = Standing(pair, how)
        judge = MentionJudge(standing, mentions, labels)
        errors += _errors(document, "entities", mentions, judge)
        errors += _errors(
            document, "relations", relations, RelationJudge(standing, relations, backwards, linked)
        )
    return Classified(how, _with_inconsistencies(errors, examples, labels), found)


def _pair(example: Example) -> Pair:
    reference, predicted = both_sides(example)
    text = example.document.text
    return Pair(Side("reference", ordered(reference), text), Side("predicted", ordered(predicted), text))


def _errors(
    document: int, group: Group, outcome: Outcome[Any], judge: MentionJudge | RelationJudge
) -> list[ItemError]:
    errors = []
    for side in _SIDES:
        for item in getattr(outcome, side):
            kind, other = judge.judge(item, side)
            errors.append(ItemError(document, side, group, kind, item, other))
    return errors


def _with_inconsistencies(
    errors: list[ItemError], examples: Sequence[Example], labels: Labels
) -> list[ItemError]:
    """`errors` with the last kinds resolved by what the references of the whole set say of the string."""
    spurious: dict[int, Labelled] = {}
    missed: dict[int, Written] = {}
    for number, error in enumerate(errors):
        if error.group == "entities" and error.kind in ("spurious-grounded", "missed"):
            assert not isinstance(error.item, Relation)
            task, folded = examples[error.document].task, fold(error.item.text)
            if error.side == "spurious":
                spurious[number] = task, error.item.type, folded
            else:
                missed[number] = task, folded
    labelled = labels.labelled(set(spurious.values())) if spurious else set()
    unlabelled = labels.unlabelled(set(missed.values())) if missed else set()
    for number in [
        *(number for number, key in spurious.items() if key in labelled),
        *(number for number, key in missed.items() if key in unlabelled),
    ]:
        errors[number] = replace(errors[number], kind="annotation-inconsistency")
    return errors

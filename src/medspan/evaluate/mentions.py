"""Compare the mentions of a document under each match."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any

from medspan.core import Example, Mention, UnalignedMention
from medspan.evaluate.outcome import How, Judged, Outcome
from medspan.evaluate.overlaps import Place, one_to_one, touching
from medspan.evaluate.sides import Item, Pair, Side, concept_ids

_Keyed = dict[tuple[Hashable, ...], Item]


def match_mentions(example: Example, how: How, *, own_ids: bool | None = None) -> Outcome[Item]:
    """Compare the mentions of one document; `MEANINGS` says in a sentence what each match asks for.

    `text`: the set of (type, folded text) on either side, unaligned mentions included. `strict`: the
    set of (segments, type); an annotation of scope `string` counts at every occurrence of its strings,
    and unaligned mentions match nothing. `span`: the same without types; of several types at one place
    as many are found as both sides have. `type`: what `strict` finds,
    then a largest one-to-one matching of the rest by a shared character and the type. `overlap`: what
    `span` finds, then such a matching by a shared character, each pair of which counts one half. These
    four are nervaluate's `strict`, `exact`, `ent_type` and `partial` (the MUC-5 and SemEval-2013 9.1
    modes), but do not depend on the order of the items. `concept`: the set of (type, concept id);
    predicted strings are brought to concepts as `own_ids` says (`Pair`; None: by their ids where they
    have any), and one without a concept is spurious under its own string, where it has no ids, and left
    out where predictions have. Blank items name nothing and are on neither side.
    """
    return mention_outcome(Pair.of(example, own_ids), how)


def mention_outcome(pair: Pair, how: How) -> Outcome[Item]:
    """As `match_mentions`, of a document that is prepared already."""
    if how == "span":
        return _spans(pair)[0]
    if how in ("type", "overlap"):
        return _overlapping(pair, how)
    return _compared(_keyed(pair, pair.reference, how), _keyed(pair, pair.predicted, how))


def _compared(wanted: _Keyed, given: _Keyed) -> Outcome[Item]:
    return Outcome(
        tuple(item for key, item in wanted.items() if key in given),
        tuple(item for key, item in wanted.items() if key not in given),
        tuple(item for key, item in given.items() if key not in wanted),
    )


def judge_mentions(example: Example, how: How) -> tuple[Mapping[Any, Item], list[Judged[Item]]]:
    """The reference's mentions by their keys, and each predicted one with what it finds of them.

    For the matches that compare keys: `text`, `strict` and `concept`.
    """
    pair = Pair.of(example)
    wanted = _keyed(pair, pair.reference, how)
    judged = [
        Judged(item, frozenset((key,) if key in wanted else ()), key)
        for key, item in _keys(pair, pair.predicted, how)
    ]
    return wanted, judged


def _keyed(pair: Pair, side: Side, how: How) -> _Keyed:
    keyed: _Keyed = {}
    for key, item in _keys(pair, side, how):
        if key not in keyed:
            keyed[key] = item
    return keyed


def _keys(pair: Pair, side: Side, how: How) -> Iterator[tuple[tuple[Hashable, ...], Item]]:
    """The keys of each item of a side; of scope `string`, one for every occurrence."""
    if how == "text":
        for item, folded in side.items:
            yield (item.type, folded), item
    elif how == "concept":
        yield from _concept_keys(pair, side)
    else:
        for item, folded in side.items:
            if isinstance(item, UnalignedMention):
                # The side in the key keeps an unaligned reference from meeting an unaligned prediction.
                yield (side.name, item.type, folded), item
            else:
                for segments in side.places(item):
                    yield (segments, item.type), _at(item, segments, side.text)


def _concept_keys(pair: Pair, side: Side) -> Iterator[tuple[tuple[Hashable, ...], Item]]:
    for item, folded in side.items:
        own = side.name == "reference" or pair.own_ids
        ids = concept_ids(item) if own else tuple(pair.concepts_of(item.type, folded))
        for concept in ids:
            yield (item.type, concept), item
        if ids or own:
            continue
        # A string that the reference itself gives no concept says nothing here.
        if not pair.lacks_concept(item.type, folded):
            yield (side.name, item.type, folded), item


def _at(mention: Mention, segments: Place, text: str) -> Mention:
    if segments == mention.segments:
        return mention
    return Mention(segments, mention.type, " ".join(text[start:end] for start, end in segments))


def _spans(pair: Pair) -> tuple[Outcome[Item], list[Mention], list[Mention]]:
    """The outcome by places alone, and what is left on either side, in an order of its own.

    Of several types at one place as many are found as both sides have there, equal types first.
    """
    wanted, given = _keyed(pair, pair.reference, "strict"), _keyed(pair, pair.predicted, "strict")
    found = {id(item) for key, item in wanted.items() if key in given}
    used = {id(item) for key, item in given.items() if key in wanted}
    left, right = _sorted_rest(wanted, given), _sorted_rest(given, wanted)
    standing: dict[Place, list[Mention]] = {}
    for item in reversed(right):
        standing.setdefault(item.segments, []).append(item)
    for item in left:
        if standing.get(item.segments):
            found.add(id(item))
            used.add(id(standing[item.segments].pop()))
    outcome = Outcome(
        tuple(item for item in wanted.values() if id(item) in found),
        tuple(item for item in wanted.values() if id(item) not in found),
        tuple(item for item in given.values() if id(item) not in used),
    )
    return (
        outcome,
        [item for item in left if id(item) not in found],
        [item for item in right if id(item) not in used],
    )


def _overlapping(pair: Pair, how: How) -> Outcome[Item]:
    if how == "overlap":
        exact, left, right = _spans(pair)
    else:
        wanted, given = _keyed(pair, pair.reference, "strict"), _keyed(pair, pair.predicted, "strict")
        exact = _compared(wanted, given)
        left, right = _sorted_rest(wanted, given), _sorted_rest(given, wanted)
    pairs: list[tuple[Mention, Mention]] = []
    if left and right:
        for type in sorted({item.type for item in left}) if how == "type" else (None,):
            mine = [item for item in left if type in (None, item.type)]
            theirs = [item for item in right if type in (None, item.type)]
            edges = touching([one.segments for one in mine], [one.segments for one in theirs])
            pairs += [(mine[one], theirs[other]) for one, other in one_to_one(edges)]
    met = {(side, item.segments, item.type) for two in pairs for side, item in enumerate(two)}

    def rest(side: int, items: Iterable[Item]) -> tuple[Item, ...]:
        return tuple(
            item
            for item in items
            if isinstance(item, UnalignedMention) or (side, item.segments, item.type) not in met
        )

    missed, spurious = rest(0, exact.missed), rest(1, exact.spurious)
    if how == "overlap":
        return Outcome(exact.found, missed, spurious, tuple(pairs))
    return Outcome((*exact.found, *(one for one, _ in pairs)), missed, spurious)


def _sorted_rest(mine: _Keyed, theirs: _Keyed) -> list[Mention]:
    """The placed items that only one side has, in an order that depends on nothing but themselves."""
    rest = [item for key, item in mine.items() if key not in theirs and isinstance(item, Mention)]
    return sorted(rest, key=lambda item: (item.segments, item.type))

"""How well formed the predictions are, whatever they say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

from medspan.core import Annotation, Concept, Endpoint, Example, Mention, UnalignedMention
from medspan.evaluate.match import listed
from medspan.text import fold

RUN_ON_REPEATS = 3
"""How often an item stands in one prediction for that prediction to count as run on."""


def health(examples: Sequence[Example]) -> dict[str, float | None]:
    """Rates between 0 and 1 of faults in the predicted annotations; None where there is nothing to rate.

    - `ungrounded_rate`: predicted mentions and relation endpoints that have no place in their text,
      of all of them (concepts have no place and are left out).
    - `invalid_format_rate`: documents with a piece of output that the format could not read.
    - `duplicate_rate`: predicted mentions and relations that repeat an earlier one of the same
      document (type and folded text; under scope `mention`, where a string may rightly occur
      often, its place as well), of all of them.
    - `truncated_rate`: documents whose output was cut off at the length limit.
    - `run_on_rate`: documents in which some item occurs at least three times.
    """
    predictions = [example.predicted for example in examples if example.predicted is not None]
    grounded: Counter[bool] = Counter()
    items = repeats = run_on = 0
    for annotation in predictions:
        grounded.update(_grounded(annotation))
        occurring = Counter(_items(annotation))
        items += occurring.total()
        repeats += occurring.total() - len(occurring)
        run_on += any(count >= RUN_ON_REPEATS for count in occurring.values())
    return {
        "ungrounded_rate": _rate(grounded[False], grounded.total()),
        "invalid_format_rate": _rate(sum(bool(one.unparsed) for one in predictions), len(predictions)),
        "duplicate_rate": _rate(repeats, items),
        "truncated_rate": _rate(
            sum(one.truncated for one in examples if one.predicted is not None), len(predictions)
        ),
        "run_on_rate": _rate(run_on, len(predictions)),
    }


def _rate(count: int, of: int) -> float | None:
    return count / of if of else None


def _grounded(annotation: Annotation) -> list[bool]:
    ends = [end for relation in annotation.relations for end in (relation.head, relation.tail)]
    items: tuple[Endpoint, ...] = (*listed(annotation), *ends)
    return [isinstance(item, Mention) for item in items if not isinstance(item, Concept)]


def _items(annotation: Annotation) -> list[Hashable]:
    by_place = annotation.scope == "mention"
    items: list[Hashable] = [(mention.type, _name(mention, by_place)) for mention in listed(annotation)]
    items += [
        (relation.type, _name(relation.head, by_place), _name(relation.tail, by_place))
        for relation in annotation.relations
    ]
    return items


def _name(end: Endpoint, by_place: bool) -> Hashable:
    if isinstance(end, Concept):
        return ("concept", end.id)
    if by_place and not isinstance(end, UnalignedMention):
        return end.segments
    return fold(end.text)

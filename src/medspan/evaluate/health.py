"""How well formed the predictions are, whatever they say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from medspan.core import Annotation, Concept, Endpoint, Example, UnalignedMention
from medspan.evaluate.sides import NOT_VERBATIM, listed
from medspan.text import fold

RUN_ON_REPEATS = 3
"""How often an item stands in one prediction for that prediction to count as run on."""

NEAR_MISS = 80.0
"""How similar (0 to 100) a string that is not in the text must be to a piece of it to be a near-miss copy."""

SHORTEST_NEAR_MISS = 4
"""Shorter strings resemble some piece of any text."""

MOST_EXAMPLES = 5

RATES: Mapping[str, str] = {
    "ungrounded_rate": "predicted strings that stand nowhere in their text",
    "near_miss_rate": "predicted strings that are nearly in the text: `metforming` for `metformin`",
    "invalid_format_rate": "documents with output that the format could not read",
    "duplicate_rate": "predicted items that repeat an earlier one of the same document",
    "truncated_rate": "documents whose output was cut off at the length limit",
    "run_on_rate": "documents that repeat some item three times or more",
    "empty_rate": "documents without any predicted item although the reference has some",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """An example of a fault: the document, what was predicted, and what stands in the text instead."""

    document: str
    what: str
    instead: str | None = None

    def to_json(self) -> dict[str, str | None]:
        return {"document": self.document, "what": self.what, "instead": self.instead}


@dataclass(frozen=True, slots=True)
class Health:
    """Rates between 0 and 1, None where there is nothing to rate, and the first examples of each fault."""

    rates: Mapping[str, float | None]
    examples: Mapping[str, tuple[Fault, ...]]

    def to_json(self) -> dict[str, list[dict[str, str | None]]]:
        return {name: [fault.to_json() for fault in faults] for name, faults in self.examples.items()}


@dataclass(slots=True)
class _Tally:
    faults: Counter[str] = field(default_factory=Counter)
    of: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[Fault]] = field(default_factory=lambda: {name: [] for name in RATES})

    def add(self, name: str, document: str, what: str, instead: str | None = None) -> None:
        self.faults[name] += 1
        if len(self.examples[name]) < MOST_EXAMPLES:
            self.examples[name].append(Fault(document, what, instead))

    def health(self) -> Health:
        return Health(
            {name: self.faults[name] / self.of[name] if self.of[name] else None for name in RATES},
            {name: tuple(faults) for name, faults in self.examples.items()},
        )


def health(examples: Sequence[Example]) -> Health:
    """Rates of faults in the predicted annotations, with examples; `RATES` says what each counts.

    Ungrounded and near-miss strings are counted among predicted mentions and relation endpoints
    (concepts have no place and are left out). Ungrounded is what is not in the text as it was written,
    letter case aside, whatever place was found for it. A near miss is such a string whose place was found
    by hyphens or similarity, or that is as similar to a piece of its text as `NEAR_MISS` says. Duplicates
    have the same type and folded text (under scope `mention`, where a string may rightly occur often, the
    same place as well), of all predicted mentions and relations.
    """
    tally = _Tally()
    for example in examples:
        annotation = example.predicted
        if annotation is None:
            continue
        for name in ("invalid_format_rate", "truncated_rate", "run_on_rate"):
            tally.of[name] += 1
        _add_grounding(tally, example, annotation)
        items = list(_items(annotation))
        occurring = Counter(key for key, _ in items)
        tally.of["duplicate_rate"] += len(items)
        if len(occurring) < len(items):
            _add_repeats(tally, example.id, items, occurring)
        if annotation.unparsed:
            tally.add("invalid_format_rate", example.id, annotation.unparsed[0])
        if example.truncated:
            tally.add("truncated_rate", example.id, (example.raw or "")[-80:])
        if _holds(example.reference):
            tally.of["empty_rate"] += 1
            if not items:
                tally.add("empty_rate", example.id, (example.raw or "")[:80])
    return tally.health()


def _holds(annotation: Annotation | None) -> bool:
    return annotation is not None and bool(
        annotation.mentions or annotation.unaligned or annotation.relations
    )


def _add_grounding(tally: _Tally, example: Example, annotation: Annotation) -> None:
    text = example.document.text
    ends = (end for relation in annotation.relations for end in (relation.head, relation.tail))
    for item in (*listed(annotation), *ends):
        if isinstance(item, Concept):
            continue
        tally.of["ungrounded_rate"] += 1
        tally.of["near_miss_rate"] += 1
        if isinstance(item, UnalignedMention):
            tally.add("ungrounded_rate", example.id, item.text)
            near = _nearly(item.text, text)
            if near is not None:
                tally.add("near_miss_rate", example.id, item.text, near)
        elif item.aligned_by in NOT_VERBATIM:
            said = item.source_text or item.text
            tally.add("ungrounded_rate", example.id, said)
            tally.add("near_miss_rate", example.id, said, item.text)


def _nearly(string: str, text: str) -> str | None:
    """The piece of the text that a string nearly copies, or None."""
    from rapidfuzz import fuzz

    folded = string.strip().lower()
    if len(folded) < SHORTEST_NEAR_MISS:
        return None
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = text
    found = fuzz.partial_ratio_alignment(folded, lowered, score_cutoff=NEAR_MISS)
    if found is None or found.dest_end - found.dest_start < SHORTEST_NEAR_MISS:
        return None
    return text[found.dest_start : found.dest_end].strip()


def _add_repeats(
    tally: _Tally, document: str, items: Sequence[tuple[Hashable, str]], occurring: Counter[Hashable]
) -> None:
    told: set[Hashable] = set()
    for key, said in items:
        if key in told:
            tally.add("duplicate_rate", document, said)
        told.add(key)
    key, count = max(occurring.items(), key=lambda pair: pair[1])
    if count >= RUN_ON_REPEATS:
        said = next(said for its, said in items if its == key)
        tally.add("run_on_rate", document, f"{said} ({count} times)")


def _items(annotation: Annotation) -> Iterator[tuple[Hashable, str]]:
    by_place = annotation.scope == "mention"
    for mention in listed(annotation):
        yield (mention.type, _name(mention, by_place)), f"{mention.text} [{mention.type}]"
    for relation in annotation.relations:
        ends = relation.head, relation.tail
        key = relation.type, *(_name(end, by_place) for end in ends)
        head, tail = (end.id if isinstance(end, Concept) else end.text for end in ends)
        yield key, f"{head} --[{relation.type}]--> {tail}"


def _name(end: Endpoint, by_place: bool) -> Hashable:
    if isinstance(end, Concept):
        return ("concept", end.id)
    if by_place and not isinstance(end, UnalignedMention):
        return end.segments
    return fold(end.text)

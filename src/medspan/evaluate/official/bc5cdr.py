"""The evaluator of the BioCreative V chemical-disease relation task (BC5CDR_Evaluation 0.0.3, NCBI)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from medspan.core import NO_CONCEPT, InputError
from medspan.evaluate.official.as_written import Side, Written, is_blank, is_own, read_as_written
from medspan.evaluate.official.base import OfficialScorer, OfficialScores, register
from medspan.evaluate.score import Score
from medspan.text import bare_id

MENTION_TYPES = ("Disease", "Chemical")
RELATION_TYPES = ("CID",)

_TYPES = {"mention": MENTION_TYPES, "id": MENTION_TYPES, "relation": RELATION_TYPES}
_Facts = dict[tuple[str, str], set[Hashable]]
"""What is true in a file, by level and type. All three levels compare sets, so repeats count once."""


@register
class Bc5cdrScorer(OfficialScorer):
    """Micro counts over the reference's documents, at three levels.

    `mention`: document, type, start and end. `id`: document, type and concept id; an id of several
    divided by `|` is as many, `-1` is none. `relation`: document, type, and the ordered pair of
    concept ids. The prefix `MESH:` may be there or not. A document that the predictions lack is
    missed whole; one that the reference lacks is passed over.
    """

    name: ClassVar[str] = "bc5cdr"
    describes: ClassVar[str] = "BioCreative V CDR: mentions, concept ids and CID relations"

    def score(
        self, reference: Path, predicted: Path, *, format: str = "auto", allow_empty: bool = False
    ) -> OfficialScores:
        gold = read_as_written(reference, format=format, side="reference")
        _check_reference(gold, reference)
        found = _read_predicted(predicted, format, allow_empty)
        if not allow_empty:
            _check_predicted(gold, found, predicted)
        wanted, given = _facts(gold), _facts(found, gold.documents)
        levels = {
            level: {type: _score(wanted[level, type], given[level, type]) for type in types}
            for level, types in _TYPES.items()
        }
        documents = {
            "reference": len(gold.documents),
            "predicted": len(found.documents),
            "missing": len(gold.documents.keys() - found.documents.keys()),
            "unknown": len(found.documents.keys() - gold.documents.keys()),
        }
        notes = (*_document_notes(gold, found), *_notes(gold, "reference"), *_notes(found, "predicted"))
        return OfficialScores(self.name, levels, documents, (*notes, *_empty_notes(wanted, given)))


def _read_predicted(path: Path, format: str, allow_empty: bool) -> Written:
    if is_blank(path):
        if allow_empty:
            return Written(format)
        raise InputError(
            f"{path} is empty",
            cause="extraction stopped before it wrote anything, or the wrong file was named",
            remedy="look at it; to score it as empty predictions all the same, use --allow-empty",
        )
    # Predictions are mostly what `extract` wrote, whatever the format of the reference.
    own = format != "auto" and is_own(path)
    return read_as_written(path, format="medspan" if own else format, side="predicted")


def _check_reference(gold: Written, path: Path) -> None:
    facts = _facts(gold)
    if any(facts.values()):
        return
    types = Counter([item.type for item in gold.mentions] + [item.type for item in gold.relations])
    seen = f"; its types are {_counted(types)}" if types else ""
    raise InputError(
        f"{path}, read as {gold.format}, has no Disease, Chemical or CID in {len(gold.documents)} "
        f"documents{seen}",
        cause="parser-mismatch: it is no reference of BC5CDR, its types are written otherwise, or it was "
        f"read as a format that is not its own{_first_left_out(gold)}",
        remedy="give a file of BC5CDR with --reference, or name its format with --format",
    )


def _check_predicted(gold: Written, found: Written, path: Path) -> None:
    if not found.mentions and not found.relations and found.left_out:
        raise InputError(
            f"{path}, read as {found.format}, holds no mention and no relation that could be scored",
            cause=f"parser-mismatch: {_left_out(found)}",
            remedy="repair the file, or convert it: medspan convert IN OUT --to pubtator; to score it as "
            "empty predictions, use --allow-empty",
        )
    if not gold.documents.keys() & found.documents.keys():
        ours, theirs = next(iter(gold.documents)), next(iter(found.documents), None)
        raise InputError(
            f"{path} has none of the {len(gold.documents)} documents of the reference: their ids are such "
            f"as {ours!r} there, and " + ("there are none here" if theirs is None else f"{theirs!r} here"),
            cause="the predictions are of another part of the data, or their ids are not the PMIDs",
            remedy="extract from the reference file itself; to count every document as missed, use "
            "--allow-empty",
        )


def _facts(written: Written, documents: Iterable[str] | None = None) -> _Facts:
    """By level and type, of `documents` only where they are given."""
    wanted = set(written.documents if documents is None else documents)
    facts: _Facts = {(level, type): set() for level, types in _TYPES.items() for type in types}
    for mention in written.mentions:
        if mention.type in MENTION_TYPES and mention.document in wanted:
            facts["mention", mention.type].add((mention.document, mention.start, mention.end))
            ids = {(mention.document, id_) for id_ in _ids(mention.concepts)}
            facts["id", mention.type] |= ids
    for relation in written.relations:
        if relation.type in RELATION_TYPES and relation.document in wanted:
            pair = bare_id(relation.head.strip()), bare_id(relation.tail.strip())
            facts["relation", relation.type].add((relation.document, *pair))
    return facts


def _ids(concepts: Iterable[str]) -> Iterator[str]:
    for column in concepts:
        for part in column.split("|"):
            id_ = bare_id(part.strip())
            if id_ and id_ != NO_CONCEPT:
                yield id_


def _score(wanted: set[Hashable], given: set[Hashable]) -> Score:
    return Score(len(wanted & given), len(given - wanted), len(wanted - given))


def _document_notes(gold: Written, found: Written) -> Iterator[str]:
    missing = [name for name in gold.documents if name not in found.documents]
    unknown = [name for name in found.documents if name not in gold.documents]
    if missing:
        yield (
            f"{len(missing)} of {len(gold.documents)} documents of the reference are missing from the "
            f"predictions ({_some(missing)}): they count as empty predictions"
        )
    if unknown:
        yield (
            f"{len(unknown)} of {len(found.documents)} documents of the predictions are not in the reference "
            f"({_some(unknown)}): they do not count"
        )


def _notes(written: Written, side: Side) -> Iterator[str]:
    repeated = [name for name, count in written.documents.items() if count > 1]
    if repeated:
        yield f"{side}: {len(repeated)} documents occur more than once ({_some(repeated)}), and count as one"
    for kind, types, items in (
        ("mentions", MENTION_TYPES, [mention.type for mention in written.mentions]),
        ("relations", RELATION_TYPES, [relation.type for relation in written.relations]),
    ):
        others = Counter(type for type in items if type not in types)
        if others:
            yield f"{side}: {others.total()} {kind} of other types do not count ({_counted(others)})"
    if written.left_out:
        yield f"{side}: left out: {_left_out(written)}"


def _empty_notes(wanted: _Facts, given: _Facts) -> Iterator[str]:
    for (level, type), facts in wanted.items():
        name = f"{level} {type}" if level != "id" else f"{type} ids"
        if not facts:
            yield f"the reference has nothing for {name}: recall is undefined there"
        if not given[level, type]:
            yield f"the predictions have nothing for {name}: precision is undefined there"


def _left_out(written: Written) -> str:
    """How many of what was left out, with the first place of each."""
    reasons = Counter(item.reason for item in written.left_out)
    first = {item.reason: item.place for item in reversed(written.left_out)}
    return "; ".join(
        f"{count} {reason}" + (f" (first at {first[reason]})" if first[reason] else "")
        for reason, count in reasons.items()
    )


def _first_left_out(written: Written) -> str:
    return f" ({_left_out(written)})" if written.left_out else ""


def _counted(types: Counter[str]) -> str:
    return ", ".join(f"{type} {count}" for type, count in sorted(types.items()))


def _some(names: Sequence[str], limit: int = 5) -> str:
    return ", ".join(names[:limit]) + (", ..." if len(names) > limit else "")

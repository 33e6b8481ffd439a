"""The data as it is now against the data that the run was made with."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from medspan.core import Example, InputError
from medspan.diagnose import boundaries, labels
from medspan.diagnose.base import Cleared, Effect, Need, Probe, Said, Suspicion, Untold, register
from medspan.diagnose.case import Case
from medspan.diagnose.lab import Lab, effect_of
from medspan.diagnose.probes.split_imbalance import hungry
from medspan.diagnose.rescoring import KIND_NAMES, counts_of, f1, interval_in_words, shown

if TYPE_CHECKING:
    from medspan.evaluate.comparison import PartDifference, Row
    from medspan.evaluate.comparison.rows import Tally

CAUSE = "data-changed"
NOTABLE = 0.05
"""Share of changed rows of a part from which on they are named as a cause."""
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class _Part:
    """What became of a part. `rows` None: it is known by hashes of the whole alone.

    `share` of its rows that are others, 0 where it is the same; None where it is not known.
    """

    name: str
    line: str
    share: float | None
    rows: PartDifference | None = None


@dataclass(frozen=True, slots=True)
class _Answered:
    """The stored predictions against the texts and references of now, where the stored ones are known."""

    texts: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    of: int = 0
    effect: Effect | None = None


@register
class DataChanged(Probe):
    """Compares row hashes (split.json), hashes of rows and files (record.json) and stored references.

    Confidence. 0.95, confirmed, where the stored predictions score surely otherwise against the references
    of then. 0.88 where scored texts are others, so that the stored answers belong to other texts. 0.8 where
    5% of the scored rows or more are others, and the score does not surely move or cannot be told; 0.7 where
    5% of the rows of training or validation are, since that explains no stored score, but makes the run
    another one than the data says. 0.4 below these shares.

    Where the scored part is what changed, errors of types and of boundaries are signs of that, unless its
    references of then disagreed with those of training already; where it alone changed, so are unseen strings
    that are not found, relations that do not follow from the texts, and types that training hardly holds.
    """

    name: ClassVar[str] = "data-changed"
    hypothesis: ClassVar[str] = "the data files are not those that the run was trained and scored on"
    causes: ClassVar[tuple[str, ...]] = (CAUSE,)
    needs: ClassVar[tuple[Need, ...]] = ("data",)
    cost: ClassVar[float] = 0.5

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        parts = list(compared_parts(case))
        answered = _answered(case)
        changed = [one for one in parts if one.share]
        if not changed and not answered.texts and not answered.references:
            known = [one for one in parts if one.share is not None]
            if known or answered.of:
                yield Cleared(CAUSE, _same(parts, answered, case))
            else:
                yield Untold(
                    CAUSE, "what the data was (record.json, split.json, or predictions with references)"
                )
            return
        scored = next((one for one in changed if one.name == case.scored), None)
        evidence = [one.line for one in changed]
        evidence += _said(answered, case.scored)
        evidence += [f"not compared: {one.line}" for one in parts if one.share is None]
        confidence, confirmed = _confidence(case, changed, scored, answered)
        yield Suspicion(
            CAUSE,
            confidence,
            tuple(evidence),
            _remedy(case, changed),
            answered.effect,
            confirmed,
            explains=tuple(_brought_about(case, changed, answered)),
        )


def _confidence(
    case: Case, changed: Sequence[_Part], scored: _Part | None, answered: _Answered
) -> tuple[float, bool]:
    if answered.effect is not None and answered.effect.sure:
        return 0.95, True
    if answered.texts:
        return (0.88 if len(answered.texts) >= NOTABLE * answered.of else 0.4), False
    share = max(
        (scored.share or 0.0) if scored else 0.0,
        len(answered.references) / answered.of if answered.of else 0.0,
    )
    if share >= NOTABLE:
        return 0.8, False
    return (0.7 if any((one.share or 0.0) >= NOTABLE for one in changed) else 0.4), False


def _brought_about(case: Case, changed: Sequence[_Part], answered: _Answered) -> Iterator[str]:
    """The causes whose signs a changed scored part brings about by itself."""
    names = {one.name for one in changed}
    if case.scored not in names and not answered.texts and not answered.references:
        return
    # What a training part that is still the same holds against the references of then was there before.
    train = () if "train" in names else case.train
    then = case.as_stored if answered.of else ()
    if not labels.disagreement(train, then):
        yield "type-confusion"
    if not boundaries.disagreement(train, then):
        yield "boundary-errors"
    if names <= {case.scored}:
        yield "memorised"
        yield "labels-not-inferable"
        if then and case.train and not hungry(case, then):
            yield "split-imbalance"


def compared_parts(case: Case) -> Iterator[_Part]:
    """Each part that the run states or that is there now, in the order of the run."""
    recorded: Mapping[str, Any] = (case.record or {}).get("data") or {}
    stated = case.row_hashes or {}
    if not recorded and not stated:
        return
    for name in dict.fromkeys([*recorded, *stated, *case.parts]):
        then = recorded.get(name) or {}
        if name not in recorded and name not in stated:
            yield _Part(name, f"{name}: the run knows no such part", None)
        elif not case.parts.get(name) or case.parts[name] == case.as_stored:
            yield _Part(name, f"{name}: it was not read here", None)
        elif _same_bytes(then, case.files):
            yield _Part(name, f"{name}: its files are the same, byte for byte", 0.0)
        elif name in stated:
            yield _by_rows(case, name)
        else:
            yield _by_whole(case, name, then)


def _same_bytes(then: Mapping[str, Any], files: Mapping[str, str]) -> bool:
    hashes = set((then.get("files") or {}).values())
    return bool(hashes) and hashes <= set(files.values())


def _by_rows(case: Case, name: str) -> _Part:
    """By the hashes of the single rows. All parts are compared at once: rows that moved are told so."""
    from medspan.evaluate.comparison import DataRows, row_differences
    from medspan.evaluate.comparison import Row as KnownRow
    from medspan.read.row_hash import row_hash

    stated = case.row_hashes or {}
    known: dict[str, Row] = {}
    now: dict[str, list[str]] = {}
    stored = tuple(one for one in case.as_stored if one.reference is not None)
    for part, examples in (*case.parts.items(), ("", stored)):
        hashes = [row_hash(one) for one in examples]
        known |= {
            key: KnownRow(one.id, one.task, one.document.text)
            for key, one in zip(hashes, examples, strict=True)
        }
        if part in stated:
            now[part] = hashes
    both = {part: rows for part, rows in stated.items() if part in now}
    found = row_differences(DataRows(both, known), DataRows(now, known))[name]
    before, after = found.rows[0] or 0, found.rows[1] or 0
    if found.identical:
        order = ", in another order" if found.reordered else ""
        return _Part(name, f"{name}: its {before} rows are the same{order}", 0.0, found)
    others = max(before, after) - found.same
    tallies = {"changed": found.changed, "gone": found.removed, "new": found.added}
    tallies |= {f"come from {other}": tally for other, tally in found.moved.items()}
    told = "; ".join(f"{one.count} {what}{_named(one)}" for what, one in tallies.items() if one.count)
    line = f"{name}: of {before} rows {found.same} are the same; {told}"
    if found.removed.count and found.added.count and found.unread:
        line += (
            " (a changed row looks like one gone and one new: of rows that are gone only hashes are known)"
        )
    return _Part(name, line, others / max(before, after, 1), found)


def _by_whole(case: Case, name: str, then: Mapping[str, Any]) -> _Part:
    """Without split.json, by the hash of all rows, which record.json states."""
    from medspan.models.hashes import sha256_of_json
    from medspan.read.row_hash import row_hash

    stated, examples = then.get("rows_sha256"), case.parts[name]
    if stated is None:
        return _Part(name, f"{name}: the record states no hash of its rows", None)
    if stated == sha256_of_json(sorted(map(row_hash, examples))):
        return _Part(name, f"{name}: its {len(examples)} rows are the same", 0.0)
    line = (
        f"{name}: {then.get('examples', '?')} rows then, {len(examples)} now, not all the same "
        "(split.json is missing, so which ones is not known)"
    )
    return _Part(name, line, 1.0)


def _named(tally: Tally) -> str:
    more = ", ..." if tally.count > MOST_NAMED else ""
    return f" ({', '.join(tally.examples[:MOST_NAMED])}{more})"


def _answered(case: Case) -> _Answered:
    """What of the stored predictions' texts and references is otherwise now, and what that does to F1."""
    from medspan.evaluate import compare_sets

    then = [one for one in case.as_stored if one.reference is not None and one.predicted is not None]
    # Beside the references of now already, or themselves all that there is of the data: nothing to compare.
    if not then or case.as_stored in (case.reference, case.predictions if case.refusal is None else ()):
        return _Answered()
    by_id = {(one.id, one.task): one for one in case.reference}
    if len(by_id) < len(case.reference):
        return _Answered()
    held = [(one, by_id[one.id, one.task]) for one in then if (one.id, one.task) in by_id]
    texts = tuple(old.id for old, new in held if old.document.text != new.document.text)
    same = [(old, new) for old, new in held if old.document.text == new.document.text]
    references = tuple(old.id for old, new in same if not _same_reference(old, new))
    if not references or case.refusal is not None:
        return _Answered(texts, references, len(held), _of_then(then) if texts else None)
    try:
        now = compare_sets([new for _, new in same], [old for old, _ in same])
    except InputError:
        return _Answered(texts, references, len(held))
    old = [one for one, _ in same]
    effects = [effect_of(now, old, kind) for kind in KIND_NAMES]
    effect = max(effects, key=lambda one: (one.sure, abs(one.difference or 0.0)))
    return _Answered(texts, references, len(held), effect)


def _of_then(then: Sequence[Example]) -> Effect:
    """The score of then alone: against the texts of now the stored answers have none."""
    return Effect("entity F1 (text match), against the data of then", None, f1(counts_of(then, "entities")))


def _same_reference(old: Example, new: Example) -> bool:
    from medspan.read.row_hash import row_hash

    return row_hash(old) == row_hash(new)


def _said(answered: _Answered, part: str) -> list[str]:
    found = []
    if answered.texts:
        found.append(
            f"{len(answered.texts)} of {answered.of} texts of {part} are others than those that the stored "
            f"predictions answer ({_some(answered.texts)}): the stored predictions do not belong to this data"
        )
    if answered.references:
        found.append(
            f"{len(answered.references)} of {answered.of} references of {part} are others than those that "
            f"were scored ({_some(answered.references)})"
        )
    effect = answered.effect
    if effect is not None and effect.before is not None:
        found.append(
            f"{effect.metric}: {shown(effect.before)} against the references of now, {shown(effect.after)} "
            f"against those of then ({interval_in_words(effect)})"
        )
    elif effect is not None:
        found.append(f"{effect.metric}: {shown(effect.after)}")
    return found


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST_NAMED]) + (", ..." if len(names) > MOST_NAMED else "")


def _same(parts: Sequence[_Part], answered: _Answered, case: Case) -> tuple[str, ...]:
    lines = [one.line for one in parts]
    if answered.of:
        lines.append(
            f"{case.scored}: the references beside all {answered.of} stored predictions are those of now"
        )
    return tuple(lines)


def _remedy(case: Case, changed: Sequence[_Part]) -> str:
    recorded: Mapping[str, Any] = (case.record or {}).get("data") or {}
    hashes = [
        f"{file} (SHA-256 {digest[:12]}...)"
        for one in changed
        for file, digest in ((recorded.get(one.name) or {}).get("files") or {}).items()
    ]
    which = ", ".join(hashes) or "the data files"
    again = f"medspan evaluate {shlex.quote(str(case.folder))} --split {shlex.quote(case.scored)} --again"
    if any(one.name != case.scored for one in changed):
        config = shlex.quote(str(case.folder / "config.yaml"))
        again = f"train again (medspan train {config} output_dir=NEW)"
    return f"restore {which}, or go on with the data of now: {again}"

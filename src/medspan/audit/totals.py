"""How many rows and items there were, what became of them, and how many are left: it must add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from medspan.audit.draft import Change, Draft
from medspan.core import Annotation, Example, Relation

UNREADABLE = "unreadable-row"
"""Under what rows stand that could not be read, and so are not written."""


@dataclass
class Total:
    """Rows, mentions or relations of one split.

    before - removed - with_rows - lost = after, where `removed` counts by remedy, `with_rows` what went
    with rows that were removed, and `lost` what the format's writer could not hold. `changed` counts by
    remedy changes of what stays; of rows, those that are written anew.
    """

    before: int = 0
    after: int = 0
    with_rows: int = 0
    lost: int = 0
    removed: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)

    def adds_up(self) -> bool:
        return self.before - self.removed.total() - self.with_rows - self.lost == self.after

    def to_json(self) -> dict[str, Any]:
        return {
            "before": self.before,
            "removed": dict(sorted(self.removed.items())),
            "removed_with_rows": self.with_rows,
            "changed": dict(sorted(self.changed.items())),
            "lost": self.lost,
            "after": self.after,
        }


Totals = dict[str, dict[str, Total]]
"""By split and kind (row, mention, relation)."""


def totals_of(
    drafts: Sequence[Draft], changes: Iterable[Change], written: Iterable[Example], lossy: Collection[str]
) -> Totals:
    """The totals by split; what is left is counted in what was read back from the files written.

    Of the splits in `lossy` a writer said that it lost something. AssertionError where anything does not
    add up.
    """
    found: Totals = {}
    for draft in drafts:
        split = _split(found, draft.row.split)
        split["row"].before += 1
        split["row"].changed["rewritten"] += draft.is_changed
        for kind, count in _counts(draft.row.example.reference).items():
            split[kind].before += count
        if draft.gone:
            for item in draft.items.values():
                split["relation" if isinstance(item, Relation) else "mention"].with_rows += 1
    for change in changes:
        split = _split(found, change.split)
        if change.remedy == UNREADABLE:
            split["row"].before += 1
        if change.kind in split and change.action == "removed":
            split[change.kind].removed[change.remedy] += 1
        elif change.kind in split and change.action == "changed":
            split[change.kind].changed[change.remedy] += 1
    for example in written:
        split = _split(found, example.split or "")
        split["row"].after += 1
        for kind, count in _counts(example.reference).items():
            split[kind].after += count
    for name, kinds in found.items():
        for kind, total in kinds.items():
            if name in lossy:
                total.lost = total.before - total.removed.total() - total.with_rows - total.after
            if total.lost < 0 or not total.adds_up():
                raise AssertionError(f"the {kind}s of {name} do not add up: {total}")
    return found


def _split(totals: Totals, name: str) -> dict[str, Total]:
    return totals.setdefault(name, {"row": Total(), "mention": Total(), "relation": Total()})


def _counts(annotation: Annotation | None) -> dict[str, int]:
    if annotation is None:
        return {}
    return {
        "mention": len(annotation.mentions) + len(annotation.unaligned),
        "relation": len(annotation.relations),
    }

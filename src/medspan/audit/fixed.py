"""What a repair did, in figures and in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medspan.audit.draft import Change
from medspan.audit.remedies import remedies
from medspan.audit.totals import Totals

LOG = "changes.jsonl"
"""The file in the new folder that lists every change."""
SHOWN = 5
"""How many reasons why something stayed are told; all are in the list of changes."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """Every change, the totals by split, and the files written by the files read."""

    folder: Path
    changes: tuple[Change, ...]
    totals: Totals
    files: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        counts = {
            split: {
                remedy: {what: by_split[split] for what, by_split in whats.items() if split in by_split}
                for remedy, whats in self._counts().items()
                if any(split in by_split for by_split in whats.values())
            }
            for split in self.totals
        }
        return {
            "out": str(self.folder),
            "files": dict(self.files),
            "log": str(self.folder / LOG),
            "changes": counts,
            "totals": {
                split: {f"{kind}s": total.to_json() for kind, total in kinds.items()}
                for split, kinds in self.totals.items()
            },
        }

    def _counts(self) -> dict[str, dict[str, Counter[str]]]:
        """How many changes there are, by remedy, what was done, and split."""
        found: dict[str, dict[str, Counter[str]]] = {}
        for change in self.changes:
            counts = found.setdefault(change.remedy, {})
            counts.setdefault(f"{change.kind}s {change.action}", Counter())[change.split] += 1
        order = list(remedies())
        return dict(sorted(found.items(), key=lambda pair: (pair[0] not in order, *_place(order, pair[0]))))

    def summary(self) -> tuple[list[str], list[list[str]]]:
        """A table of the changes by remedy and split, and of what was there before and is there now."""
        splits = list(self.totals)
        rows = [
            [remedy, what, *(str(counts[split] or "") for split in splits)]
            for remedy, whats in self._counts().items()
            for what, counts in sorted(whats.items())
        ]
        for kind in ("row", "mention", "relation"):
            totals = [self.totals[split][kind] for split in splits]
            if any(total.with_rows for total in totals):
                gone = (str(total.with_rows or "") for total in totals)
                rows.append(["with their rows", f"{kind}s removed", *gone])
            rows.append(["in all", f"{kind}s", *(f"{total.before} -> {total.after}" for total in totals)])
        return ["remedy", "what", *splits], rows

    def lines(self) -> Iterator[str]:
        """What could not be repaired and why, and where everything is."""
        if not self.changes:
            yield "nothing was to be repaired: the files are copies"
        kept = Counter((change.remedy, change.what) for change in self.changes if change.action == "kept")
        for (remedy, what), count in kept.most_common(SHOWN):
            yield f"not repaired, {count} of {remedy}: {what}"
        if len(kept) > SHOWN:
            yield f"not repaired for {len(kept) - SHOWN} further reasons (in {self.folder / LOG})"
        yield f"written to {', '.join(self.files.values())}; every change is in {self.folder / LOG}"


def _place(order: list[str], remedy: str) -> tuple[int, str]:
    return (order.index(remedy) if remedy in order else 0, remedy)

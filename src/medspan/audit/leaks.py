"""Documents of one split that stand in another: what the checks of leaks share."""

from __future__ import annotations

from medspan.audit.data import Part, Row


def seen_documents(later: Part, earlier: Part) -> list[tuple[Row, Row]]:
    """Each row of `later` whose text or group occurs in `earlier`, with the first such row there."""
    texts: dict[bytes, Row] = {}
    groups: dict[str, Row] = {}
    for row in earlier.rows:
        texts.setdefault(row.text_key, row)
        if row.group is not None:
            groups.setdefault(row.group, row)
    return [
        (row, seen) for row in later.rows if (seen := texts.get(row.text_key) or groups.get(row.group or ""))
    ]


def under_task(row: Row, seen: Row) -> str:
    """Which other task a row asks about, as the end of a sentence; empty where it is the same one."""
    return f" under the task {seen.task}" if seen.task not in (None, row.task) else ""

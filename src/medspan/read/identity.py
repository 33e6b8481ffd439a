"""How often an id has been seen, for as many ids as a file has, in bounded memory."""

from __future__ import annotations

import sqlite3
from contextlib import closing

IN_MEMORY = 100_000
"""How many ids are held in memory before they go to a temporary file."""


class Occurrences:
    """Counts ids; beyond `IN_MEMORY` different ones in a temporary database, which vanishes by itself."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}
        self._file: sqlite3.Connection | None = None

    def count(self, name: str) -> int:
        """Note that `name` occurs once more: 1 for the first time."""
        if self._file is None:
            self._seen[name] = self._seen.get(name, 0) + 1
            number = self._seen[name]
            if len(self._seen) > IN_MEMORY:
                self._spill()
            return number
        key = name.encode("utf-8", "surrogatepass")
        with closing(
            self._file.execute(
                "INSERT INTO seen VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET times = times + 1"
                " RETURNING times",
                (key,),
            )
        ) as answer:
            return int(answer.fetchone()[0])

    def unique(self, name: str) -> str:
        """`name` for the first time, then `name#2` and so on; never the same twice."""
        number = self.count(name)
        given = name
        while number > 1:
            given = f"{name}#{number}"
            if self.count(given) == 1:
                break
            number += 1
        return given

    def _spill(self) -> None:
        # An empty name is a temporary file that sqlite removes when it is closed.
        self._file = sqlite3.connect("", isolation_level=None)
        self._file.execute("PRAGMA journal_mode = OFF")
        self._file.execute("CREATE TABLE seen (name BLOB PRIMARY KEY, times INTEGER) WITHOUT ROWID")
        rows = ((name.encode("utf-8", "surrogatepass"), times) for name, times in self._seen.items())
        self._file.execute("BEGIN")
        self._file.executemany("INSERT INTO seen VALUES (?, ?)", rows)
        self._seen = {}

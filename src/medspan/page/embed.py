"""Rows of data inside a page: JSON that no text can break out of, compressed where there is much of it."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass

PLAIN_BYTES = 20_000_000
"""Data up to this size stands in the page as it is, beyond it compressed."""

BLOCK_BYTES = 2_000_000
"""About the size of one block, which the page's script reads at a time."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows as the page holds them: a JSON list, or, `packed`, its gzip in base64."""

    text: str
    rows: int
    packed: bool = False


def page_json(value: object) -> str:
    """`value` as JSON that may stand in a script element.

    `<` is escaped, so that no text can end the element or open a comment. Lone surrogates, which UTF-8
    cannot hold, are escaped too: JSON.parse gives them back. Raises ValueError for NaN and infinities.
    """
    found = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return found.replace("<", "\\u003c").encode("utf-8", "backslashreplace").decode("utf-8")


def embed(
    rows: Iterable[object], *, plain_bytes: int = PLAIN_BYTES, block_bytes: int = BLOCK_BYTES
) -> list[Block]:
    """`rows` in order, in blocks of about `block_bytes`; all packed if together over `plain_bytes`.

    `page/blocks.js.jinja` reads them. The same rows give the same blocks.
    """
    blocks: list[Block] = []
    waiting: list[str] = []
    size = total = 0

    def close() -> None:
        if waiting:
            blocks.append(Block(f"[{','.join(waiting)}]", len(waiting)))
            waiting.clear()
        if total > plain_bytes:
            # From here on nothing stays unpacked, so that a very large set is never in memory as a whole.
            blocks[:] = [one if one.packed else _pack(one) for one in blocks]

    for row in rows:
        waiting.append(page_json(row))
        length = len(waiting[-1].encode("utf-8"))
        size, total = size + length, total + length
        if size >= block_bytes:
            close()
            size = 0
    close()
    return blocks


def _pack(block: Block) -> Block:
    # Without the time of day in its head, which would make the same page different each time.
    packed = gzip.compress(block.text.encode("utf-8"), compresslevel=6, mtime=0)
    return Block(base64.b64encode(packed).decode("ascii"), block.rows, packed=True)

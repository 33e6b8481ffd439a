"""Data inside a page: nothing breaks out of its element, nothing is lost, and much of it is packed."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.page import Block, embed, page_json


def read(blocks: list[Block]) -> list[Any]:
    rows: list[Any] = []
    for block in blocks:
        text = gzip.decompress(base64.b64decode(block.text)).decode() if block.packed else block.text
        found = json.loads(text)
        assert len(found) == block.rows
        rows += found
    return rows


@given(st.lists(st.text(st.characters(codec=None)) | st.sampled_from(["</script>", "<!--", "]]>", "\u2028"])))
def test_any_text_comes_back_and_none_breaks_out(texts: list[str]) -> None:
    found = page_json(texts)
    assert "<" not in found
    found.encode("utf-8")

    def units(rows: list[str]) -> list[bytes]:
        # Two lone halves of a pair that meet are one character to JSON, and to JavaScript the same units.
        return [text.encode("utf-16-le", "surrogatepass") for text in rows]

    assert units(json.loads(found)) == units(texts)


def test_undefined_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        page_json([float("nan")])


def test_rows_are_cut_into_blocks_and_packed_beyond_the_limit() -> None:
    rows = [{"place": place, "text": "é" * 40} for place in range(100)]
    plain = embed(rows, block_bytes=1000)
    assert [block.packed for block in plain] == [False] * len(plain)
    assert [block.rows for block in plain] == [10] * 10
    assert read(plain) == rows
    # 98 and 99 bytes a row: the limit is passed in the middle, and what came before is packed as well.
    packed = embed(rows, block_bytes=1000, plain_bytes=5000)
    assert [block.packed for block in packed] == [True] * 10
    assert read(packed) == rows
    assert packed == embed(rows, block_bytes=1000, plain_bytes=5000)
    assert embed([]) == []

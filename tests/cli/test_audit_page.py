"""`medspan audit --html FILE`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .conftest import Cli, row, write_rows


def test_a_page_is_written_whatever_the_verdict(cli: Cli, tmp_path: Path) -> None:
    leak = row("1", "aspirin caused rash", ("aspirin", "Drug"))
    for name, rows in (("train", [leak, row("2", "no pain")]), ("test", [leak])):
        write_rows(tmp_path / "notes" / f"{name}.jsonl", rows)
    out = tmp_path / "deep" / "page.html"
    result = cli("audit", tmp_path / "notes", "--html", out, "--quiet")
    assert result.code == 1
    page = out.read_text(encoding="utf-8")
    assert "<h1>notes</h1>" in page
    assert "Not sound: " in page
    assert 'id="document-leak"' in page
    # The page is beside the result, not in place of it.
    assert "document-leak: 1 of 1 rows of test" in result.out
    assert cli("audit", tmp_path / "notes" / "train.jsonl", "--html", out).code == 0
    page = out.read_text(encoding="utf-8")
    assert "<h1>train.jsonl</h1>" in page
    assert "document-leak" not in page


def test_a_page_never_takes_the_place_of_what_is_read(refused: Callable[..., str], tmp_path: Path) -> None:
    path = write_rows(tmp_path / "train.jsonl", [row("1", "aspirin", ("aspirin", "Drug"))])
    before = path.read_bytes()
    refused("audit", path, "--html", path)
    refused("audit", path, "--html", tmp_path / "one.html", "--json", tmp_path / "one.html")
    assert "is a folder" in refused("audit", path, "--html", tmp_path)
    assert path.read_bytes() == before

"""A file appears whole or not at all, and what stands in its way is one message."""

from __future__ import annotations

from pathlib import Path

import pytest

from medspan.core import InputError
from medspan.read.write import appearing


def test_a_file_takes_its_name_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "new" / "table.csv"
    with appearing(path) as temporary:
        temporary.write_text("1,2\n")
        assert not path.exists()
    assert path.read_text() == "1,2\n"
    assert list(path.parent.iterdir()) == [path]


def test_nothing_is_left_of_a_file_that_was_broken_off(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("before\n")

    def broken_off() -> None:
        with appearing(path) as temporary:
            temporary.write_text("half")
            raise ValueError("broken off")

    with pytest.raises(ValueError, match="broken off"):
        broken_off()
    assert path.read_text() == "before\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("not a folder")
    with pytest.raises(InputError, match="cannot be written"), appearing(tmp_path / "reports" / "a.html"):
        pass


def test_a_folder_that_becomes_a_file_meanwhile_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "reports"

    def replaced() -> None:
        with appearing(folder / "a.html") as temporary:
            folder.rmdir()
            folder.write_text("not a folder")
            temporary.write_text("whole")

    with pytest.raises(InputError, match="cannot be written"):
        replaced()

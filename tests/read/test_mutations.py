"""A sample of damaged inputs through every reader: examples, rejected rows or a clear error, nothing else."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "fuzz_readers.py"


@pytest.fixture(scope="module")
def fuzz() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz_readers", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_damaged_inputs_end_well(fuzz: ModuleType, tmp_path: Path) -> None:
    counts, failures = fuzz.run(250, 1, tmp_path)
    assert failures == []
    readers = [name for name, _ in fuzz.readers()]
    assert sum(counts.values()) == 250 * len(readers)
    # Some inputs survive their damage in part, and each reader refuses what is not its own.
    assert counts["auto: examples"] > 10
    assert counts["auto: some rejected"] > 10
    assert all(counts[f"{name}: error"] > 50 for name in readers)


def test_a_reader_that_fails_is_found(
    fuzz: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from medspan.read import formats

    def faulty(*_: object) -> object:
        raise KeyError("oops")

    monkeypatch.setattr(type(formats()["pubtator"]), "example", faulty)
    _, failures = fuzz.run(60, 1, tmp_path)
    assert any("through pubtator: KeyError" in failure for failure in failures)


def test_an_input_can_be_made_again(fuzz: ModuleType) -> None:
    contents = [b"one 1\n", b"two 2\n"]
    assert [fuzz.damaged(n, 5, contents) for n in range(30)] == [
        fuzz.damaged(n, 5, contents) for n in range(30)
    ]
    assert len({fuzz.damaged(n, 5, contents)[1] for n in range(30)}) > 15

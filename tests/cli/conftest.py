"""Call the command line in this process; a tiny base model and a run trained on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from medspan.cli.app import main


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


Cli = Callable[..., Result]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """A function that runs `medspan WORDS...` and gives its exit code and what it printed."""

    def run(*words: object) -> Result:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main([str(word) for word in words])
        printed = capsys.readouterr()
        return Result(int(stop.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture
def refused(cli: Cli) -> Callable[..., str]:
    """A function that runs a call that must fail with 2, and gives its one line on standard error."""

    def run(*words: object) -> str:
        result = cli(*words)
        assert (result.code, result.out) == (2, "")
        assert result.err.startswith("medspan: ")
        assert "What to do: " in result.err
        assert result.err.count("\n") == 1
        assert "Traceback" not in result.err
        assert "internal error" not in result.err
        return result.err

    return run


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def mention(text: str, string: str, type: str) -> dict[str, Any]:
    start = text.index(string)
    return {"segments": [[start, start + len(string)]], "type": type, "text": string}


def row(
    id: str, text: str, *mentions: tuple[str, str], causes: tuple[str, str] | None = None
) -> dict[str, Any]:
    """A row of the `medspan` format with these (string, type) mentions."""
    made = {string: mention(text, string, type) for string, type in mentions}
    relations = []
    if causes:
        head, tail = ({"mention": made[string]} for string in causes)
        relations.append({"type": "causes", "head": head, "tail": tail})
    return {"id": id, "text": text, "reference": {"mentions": list(made.values()), "relations": relations}}


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a random two-layer Llama with the default model's tokenizer."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from medspan.models import load_tokenizer

    tokenizer = load_tokenizer("default")
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            vocab_size=len(tokenizer),
            # Large enough that answers differ from text to text.
            initializer_range=0.3,
        )
    )
    folder = tmp_path_factory.mktemp("tiny")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 24, 4 and 6 synthetic notes in the `medspan` format."""
    from medspan.read import write
    from medspan.synth import generate

    folder = tmp_path_factory.mktemp("corpus")
    notes = generate(34, seed=5, held_out_documents=0.2)
    for part, examples in (("train", notes[:24]), ("validation", notes[24:28]), ("test", notes[28:])):
        write(folder / f"{part}.jsonl", examples, "medspan")
    return folder

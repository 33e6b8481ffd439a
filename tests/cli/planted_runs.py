"""Run folders written by hand: small files, no model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from medspan.core import Annotation, Example, Mention, Place
from medspan.models import sha256_of_json
from medspan.read.medspan_jsonl import example_from_json, example_to_json
from medspan.train.run import row_hash

from .conftest import row, write_rows

SENTENCES = ("{} caused rash", "rash went after {}", "{} and rash", "no rash with {}")
DRUGS = ("aspirin", "codeine", "warfarin")


def note(number: int, name: str = "note") -> dict[str, Any]:
    """A row with a drug, a rash, and, in every other note, a relation between the two."""
    drug = DRUGS[number % 3]
    text = f"Note {number}: {SENTENCES[number % 4].format(drug)}."
    joined = (drug, "rash") if number % 2 == 0 else None
    return row(f"{name}-{number}", text, (drug, "Drug"), ("rash", "Sign"), causes=joined)


def example(value: dict[str, Any]) -> Example:
    return example_from_json(value, Place("planted"))


def predicted(
    value: dict[str, Any], *, drug: bool = True, rash: bool = True, extra: str = ""
) -> dict[str, Any]:
    """The row as a run writes it, with a prediction that lacks some mentions or has one too many."""
    known = example(value)
    assert known.reference is not None
    wanted = {"Drug": drug, "Sign": rash}
    mentions = [one for one in known.reference.mentions if wanted[one.type]]
    if extra:
        start = known.document.text.index(extra)
        mentions.append(Mention.at(known.document.text, start, start + len(extra), "Drug"))
    relations = known.reference.relations if drug and rash else ()
    answer = Annotation(tuple(mentions), (), tuple(relations), made_by="run")
    return example_to_json(known.with_prediction(answer, f"<b>raw of {known.id}</b>", False))


def plant(
    folder: Path,
    parts: Mapping[str, Sequence[dict[str, Any]]],
    answers: Mapping[str, Sequence[dict[str, Any]]],
    **config: Any,
) -> Path:
    """A run folder with data files beside it, and these answers as its stored predictions."""
    run = folder / "run"
    data = {
        part: str(write_rows(folder / "data" / f"{part}.jsonl", list(rows))) for part, rows in parts.items()
    }
    seed = config.setdefault("seed", 1)
    whole = {"output_dir": str(run), "data": data, "base_model": "default", **config}
    run.mkdir(parents=True, exist_ok=True)
    (run / "config.yaml").write_text(yaml.safe_dump(whole))
    hashes = {part: [row_hash(example(value)) for value in rows] for part, rows in parts.items()}
    (run / "split.json").write_text(json.dumps(hashes))
    record = {
        "config": whole,
        "seed": seed,
        "data": {part: {"rows_sha256": sha256_of_json(sorted(rows))} for part, rows in hashes.items()},
        "base_model": {"name": "default", "sha256": "5"},
        "format": {"format": "compact"},
        "decoding": {"repetition_penalty": 1.0},
        "trained": {"seconds": 1.5, "finished": True},
        "packages": {"torch": "2.13.0"},
        "hardware": {"threads": 2},
        "code": {"sha256": "6"},
        "schema_version": 1,
    }
    (run / "record.json").write_text(json.dumps(record))
    for part, rows in answers.items():
        write_rows(run / "predictions" / f"{part}.jsonl", list(rows))
        made = {"decoding": {"repetition_penalty": 1.0}, "adapter_sha256": "7"}
        (run / "predictions" / f"{part}.made.json").write_text(json.dumps(made))
    return run

"""Score a set of predictions with all that a report shows, and write what is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medspan.core import Example, InputError, Schema

if TYPE_CHECKING:
    from medspan.evaluate import Evaluation
    from medspan.evaluate.errors import Taxonomy

SchemaFile = Annotated[
    Path | None,
    typer.Option(
        "--schema", metavar="FILE", help="Symmetric and inverse relation types (JSON), to be counted as such."
    ),
]
Training = Annotated[
    Path | None,
    typer.Option(
        "--training",
        metavar="FILE",
        help="Training part: seen and unseen strings apart. A run knows its own.",
    ),
]
PerDocument = Annotated[
    Path | None,
    typer.Option("--per-document", metavar="FILE", help="Write the counts of each document, as JSON lines."),
]
Samples = Annotated[
    int, typer.Option("--samples", metavar="N", min=0, help="Resamples for the intervals; 0 for none.")
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Seed of the resamples.")]


@dataclass(frozen=True, slots=True)
class Scoring:
    """How a set is scored."""

    allow_empty: bool = False
    schema: Schema | None = None
    training: Sequence[Example] | None = None
    samples: int = 1000
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of a set with its errors by kind."""

    examples: Sequence[Example]
    evaluation: Evaluation
    taxonomy: Taxonomy
    scoring: Scoring

    def to_json(self) -> dict[str, Any]:
        """The result of `evaluate --json`."""
        return {**self.evaluation.to_json(), "errors": self.taxonomy.to_json()}


def score(
    examples: Sequence[Example],
    how: Scoring,
    probable: Sequence[Example] = (),
    note: Callable[[str], None] | None = None,
) -> Scored:
    """Score `examples`; `probable` are the same with their less probable predictions too.

    `note` is told what of the schema fits no data.
    """
    from medspan.evaluate import evaluate
    from medspan.evaluate.directions import Directions, schema_notes
    from medspan.evaluate.errors import taxonomy

    if note is not None:
        for line in schema_notes(how.schema, examples):
            note(line)
    found = evaluate(
        examples,
        bootstrap_samples=how.samples,
        seed=how.seed,
        allow_empty=how.allow_empty,
        scored=probable,
        schema=how.schema,
        training=how.training,
    )
    kinds = taxonomy(
        examples, schema=how.schema, training=how.training or (), directions=Directions.of(how.schema)
    )
    return Scored(examples, found, kinds, how)


def load_part(path: Path | None, option: str) -> tuple[Example, ...] | None:
    """The examples of a file that an option names, or None where it is not given."""
    if path is None:
        return None
    from medspan.core.errors import missing_file
    from medspan.read import load

    if not path.exists():
        raise missing_file(path, option)
    examples = load(path).examples
    if not any(example.reference for example in examples):
        raise InputError(
            f"{option}: {path} holds no annotations",
            cause="a file of plain texts or of predictions was named",
            remedy="name the annotated file that the model was trained on",
        )
    return examples


def write_per_document(path: Path, found: Evaluation) -> None:
    """One JSON line for each document: id, task, and its counts by match, kind and type."""
    from medspan.read import write_whole

    def lines() -> Iterator[str]:
        for row in found.per_document:
            counts: dict[str, dict[str, dict[str, Mapping[str, float]]]] = {}
            for (how, kind, type), cell in sorted(row.counts.items()):
                counts.setdefault(how, {}).setdefault(kind, {})[type] = dict(
                    zip(("true_positives", "false_positives", "false_negatives"), cell, strict=True)
                )
            record = {"id": row.id, "task": row.task, "counts": counts}
            yield json.dumps(record, ensure_ascii=False) + "\n"

    write_whole(path, lines())

"""`medspan synth --out DIR`: a synthetic corpus and its schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from medspan.cli.console import JsonFile, Quiet, check_targets, counted, notes, say, write_json


def synth(
    out: Annotated[
        Path,
        typer.Option("--out", metavar="DIR", help="Folder for the notes and schema.json; replaced if there."),
    ],
    count: Annotated[int, typer.Option("--count", metavar="N", help="Number of notes.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Another seed, other notes.")] = 0,
    to: Annotated[str, typer.Option("--to", metavar="FORMAT", help="Format of the file.")] = "medspan",
    quiet: Quiet = False,
    json_file: JsonFile = None,
) -> None:
    """Write short clinical notes whose relations are all stated in their words."""
    from medspan.read import Corpus, write, write_whole
    from medspan.read.base import format_named
    from medspan.synth import generate, schema

    chosen = format_named(to)
    target = out / f"notes{chosen.suffix}"
    check_targets(target, json_file)
    examples = generate(count, seed=seed)
    lost = write(target, examples, to)
    types = out / "schema.json"
    write_whole(types, [json.dumps(schema().to_json(), indent=1), "\n"])
    counts = Corpus(tuple(examples), to, (str(target),)).counts()
    write_json(
        json_file,
        {
            **{key: counts[key] for key in ("documents", "mentions", "relations")},
            "seed": seed,
            "files": {"notes": str(target), "schema": str(types)},
            "lost": dict(sorted(lost.items())),
        },
    )
    say(f"{target}: {count} notes (seed {seed}), in the format {to}; types in {types}")
    say(f"mentions: {counted(counts['mentions'])}; relations: {counted(counts['relations'])}")
    if lost:
        notes(quiet)(f"{to} cannot hold: {counted(dict(sorted(lost.items())))}")
    say("Next:")
    say(f"  medspan split {target} --out {out / 'parts'}")

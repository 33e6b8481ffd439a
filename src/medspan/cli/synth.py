"""`medspan synth --out DIR`: a synthetic corpus and its schema."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medspan.cli.console import (
    JsonFile,
    Quiet,
    Report,
    check_targets,
    counted,
    notes,
    say,
    shown,
    write_json,
)
from medspan.core import ConfigError, Example, InputError, Schema

if TYPE_CHECKING:
    from medspan.synth import Mix, Recipe

NOTES = ("demo", "clinic")

OutFolder = Annotated[
    Path,
    typer.Option("--out", metavar="DIR", help="Folder for notes and schema.json, which are replaced."),
]
Count = Annotated[int, typer.Option("--count", metavar="N", help="Number of notes.")]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Another seed, other notes.")]
ToFormat = Annotated[str, typer.Option("--to", metavar="FORMAT", help="Format of the file.")]
Kind = Annotated[
    str | None,
    typer.Option(
        "--notes",
        metavar="demo|clinic",
        help="Those of medspan demo, or varied ones of several styles, to which the next options belong.",
    ),
]
SchemaFile = Annotated[
    Path | None,
    typer.Option("--schema", metavar="FILE", help="Types, lexicons and sentences of your own (YAML)."),
]
Lexicons = Annotated[
    list[str] | None,
    typer.Option("--lexicon", metavar="TYPE=FILE", help="Terms of a type, one a line; repeatable."),
]
HoldOut = Annotated[
    float | None,
    typer.Option(
        "--hold-out",
        metavar="SHARE",
        help="Write train, validation and test; this share of the test's terms stands in no other part.",
    ),
]
Shares = Annotated[
    str | None,
    typer.Option("--shares", metavar="T,V,T", help="Shares of train, validation and test; 0: none."),
]
Styles = Annotated[
    list[str] | None,
    typer.Option("--style", metavar="NAME", help="letter, visit, ward or list; repeatable."),
]
Mixed = Annotated[
    list[str] | None,
    typer.Option(
        "--mix",
        metavar="NAME=SHARE",
        help="negatives, distant, abbreviated, misspelt, variety (docs/synth.md); repeatable.",
    ),
]
RelationLevel = Annotated[
    str,
    typer.Option("--relations", metavar="LEVEL", help="concept: between the terms' ids, as in PubTator."),
]


def synth(
    out: OutFolder,
    count: Count = 1000,
    seed: Seed = 0,
    to: ToFormat = "medspan",
    kind: Kind = None,
    schema_file: SchemaFile = None,
    lexicon: Lexicons = None,
    hold_out: HoldOut = None,
    shares: Shares = None,
    style: Styles = None,
    mixed: Mixed = None,
    relations: RelationLevel = "as-read",
    quiet: Quiet = False,
    json_file: JsonFile = None,
) -> None:
    """Write short clinical notes whose relations are all stated in their words."""
    own = (schema_file, lexicon, hold_out, shares, style, mixed)
    kind = _kind(kind, any(option is not None for option in own))
    split = _split(hold_out, shares)
    files = _files(out, to, list(split[1]) if split else ["notes"])
    lexicons = {type_: Path(file) for type_, file in _pairs("--lexicon", "TYPE=FILE", lexicon or ())}
    _check_beside(out, files)
    _check_files(files, to, json_file, [path for path in (schema_file, *lexicons.values()) if path])
    if kind == "demo":
        done = _demo(count, seed)
    else:
        from medspan.synth import load_recipe

        done = _clinic(load_recipe(schema_file, lexicons), count, seed, _mix(style, mixed or ()), split)
    lost = _write(files, done, to, relations)
    _tell(out, files, done, count, seed, to, lost, notes(quiet))
    write_json(json_file, _result(done, files, seed, lost))


@dataclass
class _Done:
    """Notes by part (`notes` where they are not split), and what is known of them."""

    schema: Schema
    parts: Mapping[str, Sequence[Example]]
    facts: dict[str, Any] = field(default_factory=dict)
    left_out: Sequence[tuple[str, str]] = ()

    @property
    def examples(self) -> list[Example]:
        return [example for part in self.parts.values() for example in part]

    def counts(self) -> dict[str, Any]:
        from medspan.read import Corpus

        counts = Corpus(tuple(self.examples), "medspan", ()).counts()
        return {key: counts[key] for key in ("documents", "mentions", "relations")}


def _demo(count: int, seed: int) -> _Done:
    from medspan.synth import generate, schema

    return _Done(schema(), {"notes": generate(count, seed=seed)})


def _clinic(
    recipe: Recipe, count: int, seed: int, mix: Mix, split: tuple[float, Mapping[str, float]] | None
) -> _Done:
    from medspan.synth import all_legal_pairs_baseline, compose, compose_parts, kinds_said

    if split is None:
        parts: Mapping[str, Sequence[Example]] = {"notes": compose(count, recipe, seed=seed, mix=mix)}
    else:
        parts = compose_parts(count, recipe, seed=seed, mix=mix, hold_out=split[0], shares=split[1])
    done = _Done(recipe.schema, parts, left_out=recipe.left_out)
    done.facts = {
        "notes": "clinic",
        "said": kinds_said(done.examples),
        "baseline": {"all_legal_pairs": all_legal_pairs_baseline(done.examples, recipe.schema)},
        "left_out": [{"sentence": text, "term": term} for text, term in recipe.left_out],
    }
    return done


def _kind(kind: str | None, own_options: bool) -> str:
    if kind is not None and kind not in NOTES:
        raise ConfigError(f"--notes is {kind!r}", remedy=f"use {' or '.join(NOTES)}")
    if kind == "demo" and own_options:
        raise ConfigError(
            "--notes is demo, and another option is for clinic notes only",
            cause="the demo's notes are always the same for a seed and a count",
            remedy="use --notes clinic",
        )
    return kind or "clinic"


def _mix(styles: Sequence[str] | None, shares: Sequence[str]) -> Mix:
    from medspan.synth import Mix

    given: dict[str, Any] = {"styles": tuple(styles)} if styles else {}
    known = [name for name in Mix.__dataclass_fields__ if name != "styles"]
    for name, share in _pairs("--mix", "NAME=SHARE", shares):
        if name not in known:
            raise ConfigError(f"--mix names {name!r}", remedy=f"use {', '.join(known)}")
        try:
            given[name] = float(share)
        except ValueError:
            raise ConfigError(f"--mix {name} is {share!r}", remedy="give a share from 0 to 1") from None
    return Mix(**given)


def _pairs(option: str, form: str, values: Sequence[str]) -> list[tuple[str, str]]:
    for value in values:
        name, _, what = value.partition("=")
        if not name or not what:
            raise ConfigError(
                f"{option} is {value!r}", cause=f"{form} is wanted", remedy=f"write {option} {form}"
            )
    return [(value.partition("=")[0], value.partition("=")[2]) for value in values]


def _split(hold_out: float | None, shares: str | None) -> tuple[float, Mapping[str, float]] | None:
    from medspan.cli.split_options import parse_shares
    from medspan.synth.compose import DEFAULT_SHARES

    if hold_out is None and shares is None:
        return None
    return hold_out or 0.0, parse_shares(shares) if shares else DEFAULT_SHARES


def _files(out: Path, to: str, parts: Sequence[str]) -> dict[str, str]:
    """What will be written, by part, and the schema."""
    from medspan.read.base import format_named

    suffix = format_named(to).suffix
    return {**{part: str(out / f"{part}{suffix}") for part in parts}, "schema": str(out / "schema.json")}


def _check_beside(out: Path, files: Mapping[str, str]) -> None:
    """InputError where notes of another call would stand beside these: readers would take them for one."""
    from medspan.read.splits import split_of

    for path in sorted(out.iterdir()) if out.is_dir() else ():
        is_part = path.name.split(".")[0] == "notes" or split_of(path.name) is not None
        if is_part and str(path) not in files.values() and not path.name.startswith("."):
            raise InputError(
                f"{path} would stand beside the new notes",
                cause="it is left of another call, and whoever reads the folder would read it too",
                remedy="remove it, or choose another folder for --out",
            )


def _check_files(files: Mapping[str, str], to: str, json_file: Path | None, reads: Sequence[Path]) -> None:
    from medspan.read.base import format_named

    folders = format_named(to).in_folder
    targets = [Path(path) for name, path in files.items() if name == "schema" or not folders]
    check_targets(json_file, *targets)
    if reads:
        check_targets(json_file, *targets, reads=reads)


def _write(files: Mapping[str, str], done: _Done, to: str, relations: str) -> Counter[str]:
    """Write the notes and the schema; what the format could not hold."""
    from medspan.read import write, write_whole
    from medspan.read.conversion import Conversion
    from medspan.read.endpoints import AtLevel

    level = Conversion(to, relations=relations).relations  # type: ignore[arg-type]
    lost: Counter[str] = Counter()
    for part, examples in done.parts.items():
        lost += write(Path(files[part]), AtLevel(examples, level), to)
    write_whole(Path(files["schema"]), [json.dumps(done.schema.to_json(), indent=1), "\n"])
    return lost


def _result(done: _Done, files: Mapping[str, str], seed: int, lost: Mapping[str, int]) -> dict[str, Any]:
    parts = {part: len(examples) for part, examples in done.parts.items() if part != "notes"}
    return {
        **done.counts(),
        "seed": seed,
        "files": files,
        "lost": dict(sorted(lost.items())),
        **done.facts,
        **({"parts": parts} if parts else {}),
    }


def _tell(
    out: Path,
    files: Mapping[str, str],
    done: _Done,
    count: int,
    seed: int,
    to: str,
    lost: Mapping[str, int],
    note: Report,
) -> None:
    counts = done.counts()
    written = [path for name, path in files.items() if name != "schema"]
    say(f"{', '.join(written)}: {count} notes (seed {seed}), in the format {to}; types in {files['schema']}")
    say(f"mentions: {counted(counts['mentions'])}; relations: {counted(counts['relations'])}")
    if done.facts:
        say(f"what sentences say of pairs: {counted(done.facts['said'])}; only statements are relations")
        f1 = done.facts["baseline"]["all_legal_pairs"]["f1"]
        say(f"baseline, all legal pairs of the true entities: relation F1 {shown(f1)}")
    for text, term in done.left_out:
        note(f"left out, since {term!r} is a term: {text}")
    if lost:
        note(f"{to} cannot hold: {counted(dict(sorted(lost.items())))}")
        if lost.get("relation: between mentions"):
            note("--relations concept writes the relations between the terms' ids instead")
    say("Next:")
    if "notes" in files:
        say(f"  medspan split {files['notes']} --out {out / 'parts'}")
    else:
        say(f"  medspan audit {out}")

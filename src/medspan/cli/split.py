"""`medspan split PATH --out DIR`: train, validation and test parts between which nothing leaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medspan.cli.console import (
    FormatName,
    JsonFile,
    Quiet,
    Report,
    check_targets,
    counted,
    notes,
    say,
    write_json,
)
from medspan.cli.split_options import (
    Extend,
    FoldCount,
    Keep,
    Shares,
    Unseen,
    check_kept,
    check_old,
    check_together,
    check_unseen,
    kept_names,
    open_shares,
    parse_shares,
    rest_shares,
)

if TYPE_CHECKING:
    from medspan.cli.part_files import PartFiles
    from medspan.split import Extension, SplitReport

BAD = 1
SHOWN = 5
"""How many shares that are off are told; all are in the result of --json."""


def split(
    source: Annotated[
        Path, typer.Argument(metavar="PATH", help="Corpus file, or a folder of parts, which are pooled.")
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out", metavar="DIR", help="Folder for train.*, validation.* and test.*; replaced if there."
        ),
    ],
    shares: Shares = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Another seed, another split.")] = 0,
    extend: Extend = None,
    keep: Keep = None,
    folds: FoldCount = None,
    unseen: Unseen = None,
    format: FormatName = "auto",
    quiet: Quiet = False,
    json_file: JsonFile = None,
) -> None:
    """Cut a corpus into parts between which nothing leaks, with types and tasks shared out evenly.

    Rows of one document, of one text or of nearly one text always share a part. Rows that have to be
    left out are listed in DIR/left-out.jsonl.
    """
    from medspan.cli.part_files import read_parts

    kept = kept_names(keep or ())
    check_together(extend, kept, folds, unseen)
    alone_is_enough = bool(kept) or folds is not None
    stated = parse_shares(shares, fewest=1 if alone_is_enough else 2) if shares is not None else None
    output = _Output(out, seed, json_file, notes(quiet))
    corpus = read_parts(source, format)
    if folds is not None:
        _cut_folds(corpus, folds, rest_shares(stated), output)
        return
    old = read_parts(extend, format) if extend else None
    if old is not None:
        check_old(old, corpus)
    check_kept(kept, old or corpus)
    wanted = open_shares(stated, kept, old)
    check_unseen(unseen, wanted)
    _cut(corpus, old, kept, wanted, unseen, output)


@dataclass(frozen=True, slots=True)
class _Output:
    folder: Path
    seed: int
    json_file: Path | None
    note: Report

    def check(self, *targets: Path, reads: Sequence[Path]) -> None:
        """InputError now rather than after the work where something cannot be written."""
        from medspan.cli.part_files import check_not_read

        check_not_read(targets, reads)
        files = [path for path in targets if not path.is_dir()]
        check_targets(self.json_file, *files, reads=reads)

    def tell(self, report: SplitReport, format: str, lost: Mapping[str, int]) -> None:
        """The report and what was lost on standard output; shares that are off as notes."""
        for line in report.lines():
            say(line)
        for line in report.deviations(SHOWN):
            self.note(line)
        if lost:
            say(
                f"LOST, as {format} cannot hold it: {counted(lost)}. To keep it: medspan convert PATH NEW "
                "--to medspan, and split that"
            )


def _note_pooled(corpus: PartFiles, kept: Sequence[str], note: Report) -> None:
    cut = [name for name in corpus.names if name not in kept]
    sizes = ", ".join(f"{name} {len(corpus.rows[name])}" for name in cut)
    if kept:
        note(f"{corpus.path}: {' and '.join(kept)} as it is; pooled and cut anew: {sizes}")
    elif len(cut) > 1:
        held_out = next((name for name in ("test", "validation") if name in cut), cut[-1])
        note(
            f"all parts of {corpus.path} are pooled and cut anew: {sizes}; scores on the new parts cannot be "
            f"compared with scores on these (--keep {held_out} leaves that part as it is)"
        )


def _cut(
    corpus: PartFiles,
    old: PartFiles | None,
    kept: Sequence[str],
    shares: dict[str, float],
    unseen: float | None,
    output: _Output,
) -> None:
    from medspan.cli.part_files import LEFT_OUT, target_files, write_left_out, write_parts
    from medspan.split import assign, match

    targets = target_files(output.folder, (*shares, *kept), corpus)
    read = [*corpus.every_file, *(old.every_file if old else ())]
    output.check(*targets.values(), output.folder / LEFT_OUT, reads=read)
    if old is None:
        _note_pooled(corpus, kept, output.note)
    extension = match(old.rows, corpus.pooled(), kept) if old else None
    held = extension.held if extension else {part: corpus.rows[part] for part in kept}
    loose = extension.new if extension else corpus.pooled(without=kept)
    result = assign(loose, shares=shares, seed=output.seed, held=held, unseen=unseen)
    files = (old or corpus).files
    lost = write_parts(targets, result.parts, {part: files[part] for part in kept}, corpus)
    listed = write_left_out(output.folder, result.left_out)
    written = {part: str(path) for part, path in targets.items()}
    write_json(
        output.json_file,
        {
            **result.report.to_json(),
            "extended": extension.to_json() if extension else None,
            "files": written,
            "left_out_file": str(listed) if listed else None,
            "format": corpus.format,
            "lost": dict(sorted(lost.items())),
        },
    )
    for line in _extension_lines(extension, old, corpus, kept) if extension and old else ():
        say(line)
    output.tell(result.report, corpus.format, lost)
    if listed:
        say(f"{len(result.left_out)} examples would leak and are left out; {listed} says which and why.")
    say(f"written to {', '.join(written.values())}")
    if lost:
        raise typer.Exit(BAD)


def _extension_lines(
    extension: Extension, old: PartFiles, corpus: PartFiles, kept: Sequence[str]
) -> Iterator[str]:
    sizes = counted({part: len(rows) for part, rows in extension.held.items()})
    new = len(extension.new)
    yield f"The rows of {old.path} stay in their parts ({sizes}); {new} rows of {corpus.path} are new."
    missing = sum(extension.only_old.values())
    if missing:
        yield f"{missing} of the old rows are not in {corpus.path}; they are written all the same."
    for part, count in extension.changed.items():
        if count and part in kept:
            yield f"{count} rows of {part} read otherwise in {corpus.path} now; they are kept as they were."
        elif count:
            yield (
                f"{count} rows of {part} read otherwise in {corpus.path} now and are written so: "
                "scores before and after are of different annotations."
            )


def _cut_folds(corpus: PartFiles, count: int, rest: dict[str, float], output: _Output) -> None:
    from medspan.cli.part_files import check_fold_folders, target_files, write_parts
    from medspan.split import folds

    result = folds(corpus.pooled(), count, rest=rest, seed=output.seed)
    check_fold_folders(output.folder, result.parts)
    targets = {
        fold: target_files(output.folder / fold, parts, corpus) for fold, parts in result.parts.items()
    }
    output.check(*(path for paths in targets.values() for path in paths.values()), reads=corpus.every_file)
    _note_pooled(corpus, (), output.note)
    lost: Counter[str] = Counter()
    for fold, parts in result.parts.items():
        lost += write_parts(targets[fold], parts, {}, corpus)
    within: dict[str, Any] = {
        fold: [share.to_json() for share in shares] for fold, shares in result.within.items()
    }
    write_json(
        output.json_file,
        {
            **result.report.to_json(),
            "within": within,
            "files": {fold: {part: str(path) for part, path in its.items()} for fold, its in targets.items()},
            "format": corpus.format,
            "lost": dict(sorted(lost.items())),
        },
    )
    output.tell(result.report, corpus.format, lost)
    if within:
        every, off = (sum(map(len, some.values())) for some in (result.within, result.deviating))
        say(
            f"Of the shares of {' and '.join(rest)} within each fold's rest, {every - off} of {every} are so."
        )
    folder = output.folder
    say(f"written to {folder / 'fold-1'} ... {folder / f'fold-{count}'}: each is a folder for data.train")
    if lost:
        raise typer.Exit(BAD)

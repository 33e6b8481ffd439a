"""`medspan diagnose RUN`: is it healthy, and if not, why, how do you know, what does mending it bring?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from medspan.cli.against import against_probe, check_against, print_against
from medspan.cli.cases import Given, make_case
from medspan.cli.console import (
    BaseModelName,
    Device,
    FormatName,
    JsonFile,
    Quiet,
    notes,
    path_of,
)
from medspan.cli.diagnosed import Files, own_report, print_diagnosis, write_reports
from medspan.cli.targets import check_reports
from medspan.core import InputError

BAD = 1
Run = Annotated[
    Path,
    typer.Argument(
        metavar="RUN", parser=path_of("RUN"), help="A run folder, or one of PEFT, TRL, Unsloth, Axolotl ..."
    ),
]
DataPaths = Annotated[
    list[Path] | None,
    typer.Option(
        "--data",
        metavar="PATH",
        parser=path_of("--data"),
        help="Annotated data: a folder of parts, or files; repeatable.",
    ),
]
Predicted = Annotated[
    Path | None,
    typer.Option(
        "--predicted",
        metavar="FILE",
        parser=path_of("--predicted"),
        help="Predictions or generated texts for the part.",
    ),
]
Split = Annotated[
    str | None, typer.Option("--split", metavar="NAME", help="Part of the data; test, else validation.")
]
Good = Annotated[
    Path | None,
    typer.Option(
        "--against",
        metavar="GOOD",
        parser=path_of("--against"),
        help="A run that works: what separates the two?",
    ),
]
Retrain = Annotated[
    bool, typer.Option("--retrain", help="With --against: train again to test what else cannot be told.")
]
Texts = Annotated[
    list[str] | None,
    typer.Option("--text", help="A text to be answered as stored and as it should be; repeatable."),
]
HtmlFile = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="The report; RUN/diagnosis.html for a run of medspan."),
]
MarkdownFile = Annotated[
    Path | None, typer.Option("--markdown", metavar="FILE", help="The same report in Markdown.")
]


def diagnose(
    run: Run,
    data: DataPaths = None,
    predicted: Predicted = None,
    split: Split = None,
    against: Good = None,
    retrain: Retrain = False,
    format: FormatName = "auto",
    text: Texts = None,
    device: Device = "auto",
    base_model: BaseModelName = None,
    html: HtmlFile = None,
    markdown: MarkdownFile = None,
    quiet: Quiet = False,
    json_file: JsonFile = None,
) -> None:
    """Name the cause of a bad run, with proof; exit 1 where there is one."""
    from medspan.diagnose import all_probes
    from medspan.diagnose import diagnose as examine
    from medspan.diagnose.lab import Lab

    given = [*(data or ()), *([predicted] if predicted else [])]
    check_reports((html, markdown, json_file), (run, against), given)
    check_against(run, against, retrain=retrain)
    _check_asked(device, text or ())
    note = notes(quiet)
    asked = Given(tuple(data or ()), predicted, split, base_model, format)
    case = make_case(run, asked)
    for line in case.notes:
        note(f"note: {line}")
    lab = Lab(case, device, note)
    beside = None
    if against is not None:
        beside = against_probe(against, lab, asked, note, retrain=retrain, quiet=quiet)
    html = html or own_report(case.trainer, run, None if markdown else note)
    read = [*case.files, *(beside.good.case.files if beside else ())]
    check_reports((html, markdown, json_file), (run, against), [*given, *map(Path, read)])
    found = examine(
        case, lab=lab, tell=note, probes=[*all_probes(), *([beside] if beside else [])], texts=text or ()
    )
    unanswered = f"--text is not answered: {lab.problem}" if text and lab.problem else None
    if unanswered is not None:
        found = replace(found, notes=(*found.notes, unanswered))
    if beside is not None and beside.found is not None:
        found = replace(found, against=beside.found.to_json())
    reports, failed = write_reports(found, Files(html, markdown, json_file))
    print_diagnosis(found, reports, unanswered=unanswered)
    if beside is not None and beside.found is not None:
        print_against(beside.found)
    if failed is not None:
        raise failed
    if found.named:
        raise typer.Exit(BAD)


def _check_asked(device: str, texts: Sequence[str]) -> None:
    """InputError or ConfigError for what would else be found out when a probe first uses the model."""
    if any(not one.strip() for one in texts):
        raise InputError(
            "--text is empty, and a text to be answered is wanted",
            cause='a variable of the shell that has no value, as in --text "$TEXT"',
            remedy="give a sentence of the kind that the model was trained on, or leave --text out",
        )
    if device != "auto":
        from medspan.models import choose_device

        choose_device(device)

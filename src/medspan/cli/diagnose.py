"""`medspan diagnose RUN`: is it healthy, and if not, why, how do you know, what does mending it bring?"""

from __future__ import annotations

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
    check_targets,
    notes,
    write_json,
)
from medspan.cli.diagnosed import print_diagnosis, write_reports

BAD = 1
DataPaths = Annotated[
    list[Path] | None,
    typer.Option("--data", metavar="PATH", help="Annotated data: a folder of parts, or files; repeatable."),
]
Predicted = Annotated[
    Path | None,
    typer.Option("--predicted", metavar="FILE", help="Predictions or generated texts for the part."),
]
HtmlFile = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="The report; RUN/diagnosis.html for a run of medspan."),
]
MarkdownFile = Annotated[
    Path | None, typer.Option("--markdown", metavar="FILE", help="The same report in Markdown.")
]


def diagnose(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run folder, or one of PEFT, TRL, Unsloth, Axolotl ...")
    ],
    data: DataPaths = None,
    predicted: Predicted = None,
    split: Annotated[
        str | None, typer.Option("--split", metavar="NAME", help="Part of the data; test, else validation.")
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option("--against", metavar="GOOD", help="A run that works: what separates the two?"),
    ] = None,
    retrain: Annotated[
        bool,
        typer.Option("--retrain", help="With --against: train again to test what else cannot be told."),
    ] = False,
    format: FormatName = "auto",
    text: Annotated[
        list[str] | None,
        typer.Option("--text", help="A text to be answered as stored and as it should be; repeatable."),
    ] = None,
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
    check_targets(html, markdown, json_file, reads=given)
    check_against(run, against, retrain=retrain)
    note = notes(quiet)
    asked = Given(tuple(data or ()), predicted, split, base_model, format)
    case = make_case(run, asked)
    for line in case.notes:
        note(f"note: {line}")
    lab = Lab(case, device, note)
    beside = None
    if against is not None:
        beside = against_probe(against, lab, asked, note, retrain=retrain, quiet=quiet)
    found = examine(
        case, lab=lab, tell=note, probes=[*all_probes(), *([beside] if beside else [])], texts=text or ()
    )
    if beside is not None and beside.found is not None:
        found = replace(found, against=beside.found.to_json())
    write_json(json_file, found.to_json())
    print_diagnosis(found, write_reports(found, run, html, markdown, note))
    if beside is not None and beside.found is not None:
        print_against(beside.found)
    if found.named:
        raise typer.Exit(BAD)

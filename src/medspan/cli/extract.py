"""`medspan extract RUN INPUT --out FILE` and `medspan extract RUN --text "..."`: predictions with offsets."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from medspan.cli.console import (
    BaseModelName,
    Device,
    DocumentsFormat,
    Int8,
    JsonFile,
    MinConfidence,
    OnError,
    Quiet,
    RejectedFile,
    Report,
    check_targets,
    notes,
    say,
    table,
    write_json,
)
from medspan.cli.documents import Documents, ask, read_documents
from medspan.cli.predict import Tally, load_extractor, predictions, write_predictions
from medspan.cli.words import decoding, sort_words
from medspan.core import (
    Concept,
    ConfigError,
    Document,
    Endpoint,
    Example,
    InputError,
    Mention,
    Segment,
)


def extract(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run folder, or an adapter folder.")],
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[INPUT] [KEY=VALUE]...", help="Corpus file, .txt, folder of .txt; decoding options."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Predictions (JSON lines); replaced if there."),
    ] = None,
    text: Annotated[str | None, typer.Option("--text", help="A text; the answer is printed.")] = None,
    task: Annotated[str | None, typer.Option("--task", help="Ask this task only (runs with tasks).")] = None,
    format: DocumentsFormat = "auto",
    free: Annotated[bool, typer.Option("--free", help="Without the grammar, as other tools decode.")] = False,
    on_error: OnError = "stop",
    rejected: RejectedFile = None,
    device: Device = "auto",
    base_model: BaseModelName = None,
    min_confidence: MinConfidence = None,
    int8: Int8 = False,
    quiet: Quiet = False,
    json_file: JsonFile = None,
) -> None:
    """Extract mentions and relations, each with its place in the text."""
    from medspan.extract import adapter_folder
    from medspan.format import load_card

    source = _source(words, text, out)
    _check_on_error(on_error)
    check_targets(out, rejected, json_file, reads=(source,) if source else ())
    card = load_card(adapter_folder(run))
    options = decoding(run, sort_words(words)[1], free=free)
    loaded = partial(
        load_extractor,
        run,
        options,
        device=device,
        base_model=base_model,
        min_confidence=min_confidence,
        int8=int8,
    )
    if text is not None:
        asked = ask([Example(Document("text", text), source="text")], card, task)
        _answer(list(predictions(loaded(), asked, Tally(), quiet=True)), options.to_json(), json_file)
        return
    assert source is not None
    assert out is not None
    read = read_documents(source, format, on_error, rejected)  # type: ignore[arg-type]
    asked = ask(read.examples, card, task)
    _note_input(notes(quiet), source, read, len(asked), rejected)
    extractor = loaded()
    tally = Tally()
    write_predictions(out, predictions(extractor, asked, tally, quiet))
    least = None if extractor.least is None else dict(extractor.least)
    made = {"out": str(out), "decoding": options.to_json(), "min_confidence": least, "int8": int8}
    write_json(json_file, {**tally.to_json(), "rejected": len(read.rejected), **made})
    tally.print()
    say(f"written to {out}")


def _note_input(note: Report, source: Path, read: Documents, asked: int, rejected: Path | None) -> None:
    note(f"{source}: {len(read.examples)} documents ({read.format}); {asked} to extract from")
    if read.rejected:
        where = f"listed in {rejected}" if rejected else "name a file with --rejected to list them"
        note(f"rows that could not be read and were left out: {len(read.rejected)} ({where})")


def _check_on_error(on_error: str) -> None:
    if on_error not in ("stop", "skip"):
        raise ConfigError(f"--on-error is {on_error!r}", remedy="use stop or skip")


def _source(words: Sequence[str] | None, text: str | None, out: Path | None) -> Path | None:
    """The input file of a call, None with --text. InputError where the call does not fit together."""
    files, _ = sort_words(words)
    if len(files) > 1:
        raise InputError(
            f"{len(files)} inputs: {', '.join(files)}",
            cause="one input is read at a time, or a text with spaces was not quoted",
            remedy='name one file or folder, or use --text "..."',
        )
    if text is not None:
        if files or out:
            raise InputError(
                f"--text and {'the input ' + files[0] if files else '--out ' + str(out)} are both given",
                cause="--text answers at once, an input is written to --out",
                remedy="leave one of them out (--json keeps the answer to --text)",
            )
        if not text.strip():
            raise InputError("--text is blank", remedy='give a sentence: --text "..."')
        return None
    if not files:
        raise InputError(
            "there is nothing to extract from",
            cause="neither an input nor --text is given",
            remedy='medspan extract RUN INPUT --out FILE, or medspan extract RUN --text "..."',
        )
    if out is None:
        raise InputError(
            f"the input {files[0]} is given without --out",
            cause="predictions are written to a file",
            remedy=f"add --out {Path(files[0]).stem}.predicted.jsonl",
        )
    if out.exists() and Path(files[0]).exists() and out.samefile(files[0]):
        raise InputError(f"{out} is the file that is read", remedy="write to another file")
    return Path(files[0])


def _answer(answers: Sequence[Example], options: dict[str, object], json_file: Path | None) -> None:
    from medspan.read import example_to_json

    rows = [example_to_json(example) for example in answers]
    write_json(json_file, {"answers": rows, "decoding": options})
    say("\n".join(answer_lines(answers)))


def answer_lines(answers: Sequence[Example]) -> list[str]:
    """What was found in one text: each mention with all its places, then the relations."""
    mentions: dict[tuple[str, str], dict[str, str]] = {}
    relations: dict[tuple[str, str, str], str] = {}
    lines: list[str] = []
    for example in answers:
        predicted = example.predicted
        assert predicted is not None
        for mention in predicted.mentions:
            sure = _shown(mention.confidence)
            places = mentions.setdefault((mention.type, mention.text), {})
            places |= {f"{start}:{end}": sure for start, end in _places(example, mention)}
        for item in predicted.unaligned:
            mentions.setdefault((item.type, item.text), {})[f"nowhere ({item.reason})"] = ""
        for relation in predicted.relations:
            key = _name(relation.head), relation.type, _name(relation.tail)
            relations[key] = max(relations.get(key, ""), _shown(relation.confidence))
        lines += [f"not understood: {piece!r}" for piece in predicted.unparsed if piece.strip()]
        if example.truncated:
            lines.append("the answer reached max_new_tokens and was ended there")
    if mentions:
        lines += _mention_table(mentions)
    else:
        lines.append("no mentions")
    for (head, type_, tail), sure in relations.items():
        lines.append(f"{head} --[{type_}]--> {tail}" + (f"  ({sure})" if sure else ""))
    return lines if relations else [*lines, "no relations"]


def _mention_table(mentions: dict[tuple[str, str], dict[str, str]]) -> list[str]:
    width = max(len(type_) for type_, _ in mentions)
    sure = any(any(places.values()) for places in mentions.values())
    rows = []
    for (type_, text), places in mentions.items():
        row = [f"{type_.ljust(width)}  {text}", " ".join(places)]
        rows.append([*row, " ".join(places.values())] if sure else row)
    return table(["mention", "characters", *(["confidence"] if sure else [])], rows)


def _places(example: Example, mention: Mention) -> Sequence[Segment]:
    """Where a mention stands: its own place, or every occurrence of a string that stands for all."""
    from medspan.text import occurrences

    assert example.predicted is not None
    if example.predicted.scope == "mention":
        return mention.segments
    return occurrences(example.document.text, mention.text) or mention.segments


def _shown(confidence: float | None) -> str:
    return "" if confidence is None else f"{confidence:.2f}"


def _name(end: Endpoint) -> str:
    return end.id if isinstance(end, Concept) else end.text

"""`medspan VERB ...`: the verbs, and what becomes of errors.

Exit codes: 0 done, 1 done and the verdict is bad, 2 the input or the call is unusable.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from typing import Annotated, Any

import typer

import medspan
from medspan.cli import (
    audit,
    compare,
    convert,
    curves,
    data,
    demo,
    diagnose,
    evaluate,
    extract,
    reproduce,
    split,
    synth,
    train,
)
from medspan.core import MedspanError

TRACEBACK = "MEDSPAN_TRACEBACK"
UNUSABLE, INTERRUPTED, PIPE_CLOSED = 2, 130, 141

app = typer.Typer(
    name="medspan",
    help=medspan.__doc__,
    no_args_is_help=True,
    add_completion=False,
    # Rich help costs more time than all the rest of `medspan --help`.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _verb in (
    demo,
    audit,
    convert,
    split,
    synth,
    train,
    extract,
    evaluate,
    compare,
    curves,
    diagnose,
    reproduce,
):
    _name = _verb.__name__.rpartition(".")[2]
    app.command(_name)(getattr(_verb, _name))
app.add_typer(data.data, name="data")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"medspan {medspan.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Fine-tune language models to extract medical entities and relations verbatim."""


def main(argv: Sequence[str] | None = None) -> None:
    """Run a command line (without the program's name; `sys.argv` by default) and raise SystemExit."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    # transformers warns of names that peft still uses: nothing that a user of medspan could act on.
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"(transformers|peft)\.")
    try:
        code = app(arguments, prog_name="medspan", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader went away (`medspan ... | head`); Python would complain once more at its own end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(PIPE_CLOSED) from None
    except SystemExit:
        # Where the reader went away within a verb, typer has muted the streams and ends with 1,
        # which would read as a bad verdict.
        raise SystemExit(PIPE_CLOSED) from None
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        _tell(f"medspan: {message(error)}")
        raise SystemExit(UNUSABLE) from None
    if code == INTERRUPTED:  # some typers raise it, others return it
        _tell(
            "medspan: interrupted. What to do: a training goes on with --resume, a download by the same "
            "call; other verbs begin anew."
        )
    raise SystemExit(code if isinstance(code, int) else 0)


def message(error: Exception) -> str:
    """What the user is told of an error, in one line without a traceback."""
    if isinstance(error, MedspanError):
        return str(error)
    # Newer typers carry a click of their own, so its errors are told by what they can do.
    told: Any = getattr(error, "format_message", None)
    if callable(told):
        return _call_message(str(told()), getattr(error, "ctx", None))
    if isinstance(error, OSError) and error.strerror:
        return (
            f"{error.filename or 'a file'}: {error.strerror}. Likely cause: missing permission, "
            "a full disk, or a path of another kind. What to do: check it with ls -l and df."
        )
    text = " ".join(str(error).split())[:500]
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return (
            f"out of memory ({text}). Likely cause: batches or texts are too large for this machine. "
            "What to do: lower batch_size (extract, evaluate), or per_device_train_batch_size (train)."
        )
    return (
        f"internal error: {type(error).__name__}: {text}. "
        "Likely cause: a fault of medspan, not of your input. "
        f"What to do: run it again with {TRACEBACK}=1 for the traceback, and report it."
    )


def _call_message(what: str, context: Any) -> str:
    where = getattr(context, "command_path", None) or "medspan"
    what = what.strip().rstrip(".")
    return (
        f"{what}{'' if what.endswith('?') else '.'} Likely cause: a misspelt verb, option or value. "
        f"What to do: {where} --help."
    )


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)

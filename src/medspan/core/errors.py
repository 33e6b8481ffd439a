"""The one error that a user sees: what is wrong, where, why it probably is so, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the user's files: a file, and a line or row counted from 1."""

    file: str
    row: int | None = None

    def __str__(self) -> str:
        return self.file if self.row is None else f"{self.file}:{self.row}"


class MedspanError(Exception):
    """Input or a call that medspan cannot use; the command line prints it and exits with 2.

    `what` names the offending value, `cause` the likely reason, `remedy` what to do now;
    `place` is the file and row, where there is one.
    """

    def __init__(self, what: str, *, cause: str = "", remedy: str = "", place: Place | None = None):
        self.what = what
        self.cause = cause
        self.remedy = remedy
        self.place = place
        super().__init__(str(self))

    def __str__(self) -> str:
        head = f"{self.place}: {self.what}" if self.place else self.what
        parts = [_sentence(head)]
        if self.cause:
            parts.append(f"Likely cause: {_sentence(self.cause)}")
        if self.remedy:
            parts.append(f"What to do: {_sentence(self.remedy)}")
        return " ".join(parts)


def _sentence(words: str) -> str:
    return words if words.endswith("?") else words.rstrip(".") + "."


class InputError(MedspanError):
    """A file or row that cannot be read as what it was taken for."""


class ConfigError(MedspanError):
    """A configuration that cannot be used; `what` starts with the failing key path."""


class ModelError(MedspanError):
    """A base model, tokenizer or adapter that is missing, corrupt or does not fit."""


def missing_file(path: Path | str, wanted: str) -> InputError:
    """The error for a path that does not exist; `wanted` says what was looked for there."""
    if str(path) == "-":
        return InputError(
            "- is no file",
            cause="this verb reads files; medspan convert alone reads standard input",
            remedy="write the pipe to a file first: ... | medspan convert - FILE --to medspan",
        )
    return InputError(
        f"{path} does not exist",
        cause=f"the path of {wanted} is misspelt or relative to another folder (now in {Path.cwd()})",
        remedy="check the path with ls, and quote it if it holds spaces",
    )

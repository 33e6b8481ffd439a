"""The options of `medspan split`, and which of them go together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medspan.core import ConfigError, InputError

if TYPE_CHECKING:
    from medspan.cli.part_files import PartFiles

PARTS = ("train", "validation", "test")
DEFAULT = "0.8,0.1,0.1"

Shares = Annotated[
    str | None,
    typer.Option(
        "--shares",
        metavar="T,V,T",
        show_default=DEFAULT,
        help="Shares of train, validation and test; 0: none. With --extend the default is those of OLD.",
    ),
]
Extend = Annotated[
    Path | None,
    typer.Option(
        "--extend",
        metavar="OLD",
        help="Folder of an earlier split: its rows stay in their parts, new ones of PATH join them. PATH may "
        "hold the old rows too; those that it does not hold are written all the same.",
    ),
]
Keep = Annotated[
    list[str] | None,
    typer.Option(
        "--keep",
        metavar="PART",
        help="This part of PATH (with --extend, of OLD) stays as it is; rows of the others that would leak "
        "into it are left out. Repeatable.",
    ),
]
FoldCount = Annotated[
    int | None,
    typer.Option(
        "--folds",
        metavar="K",
        help="DIR/fold-1 to DIR/fold-K, each with train.* and test.*; --shares 0.9,0.1,0 cuts validation.* "
        "from train.*.",
    ),
]
Unseen = Annotated[
    float | None,
    typer.Option(
        "--unseen",
        metavar="SHARE",
        help="At least this share of the distinct entity strings of test does not occur in train.",
    ),
]


def parse_shares(stated: str, fewest: int = 2) -> dict[str, float]:
    """The shares of the parts, those of 0 left out.

    ConfigError unless there are three numbers, and shares for so many parts at least.
    """
    try:
        numbers = [float(share) for share in stated.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != len(PARTS):
        raise ConfigError(
            f"--shares is {stated!r}",
            cause="three numbers are wanted: train, validation, test",
            remedy=f"for instance --shares {DEFAULT}",
        )
    found = {part: share for part, share in zip(PARTS, numbers, strict=True) if share}
    if len(found) < fewest:
        raise ConfigError(
            f"--shares is {stated!r}",
            cause="a split has two parts or three",
            remedy="for instance --shares 0.9,0.1,0",
        )
    return found


def kept_names(stated: Sequence[str]) -> tuple[str, ...]:
    """The parts that stay as they are, in the order train, validation, test. ConfigError for other names."""
    from medspan.read import split_of

    names = [split_of(name) for name in stated]
    if None in names:
        raise ConfigError(
            f"--keep is {stated[names.index(None)]!r}",
            cause="the name of a part is wanted, not that of a file or folder",
            remedy="use --keep train, --keep validation or --keep test",
        )
    return tuple(part for part in PARTS if part in names)


def check_together(extend: Path | None, kept: Sequence[str], folds: int | None, unseen: float | None) -> None:
    """ConfigError where options contradict each other."""
    given = {"--extend": extend is not None, "--keep": bool(kept), "--unseen": unseen is not None}
    for option in (name for name, there in given.items() if there and folds is not None):
        raise ConfigError(
            f"--folds and {option} do not go together",
            cause="in folds every row is tested on once, so that no part can be chosen or stay",
            remedy="leave one of them out, or make folds of the train file of a split",
        )
    if unseen is not None and kept:
        raise ConfigError(
            "--unseen and --keep do not go together",
            cause="the rows of test are chosen by their strings, and a part that stays is not chosen",
            remedy="leave one of them out",
        )


def check_unseen(unseen: float | None, shares: Mapping[str, float]) -> None:
    """ConfigError where the share is impossible, or there is no test part to hold it, or no train part."""
    if unseen is None:
        return
    if not 0 < unseen <= 1:
        raise ConfigError(
            f"--unseen is {unseen:g}",
            cause="a share of the strings of test is wanted, above 0 and at most 1",
            remedy="for instance --unseen 0.3",
        )
    if not {"train", "test"} <= shares.keys():
        raise ConfigError(
            f"--unseen {unseen:g} with the parts {' and '.join(shares)}",
            cause="it compares the strings of test with those of train",
            remedy="give train and test a share",
        )


def check_old(old: PartFiles, corpus: PartFiles) -> None:
    """InputError where `old` is no earlier split of such rows."""
    if not old.names:
        raise InputError(
            f"{old.path} is no folder of parts",
            cause="--extend names a file, or a folder that is one corpus",
            remedy="name the folder that holds train, validation and test of the earlier split",
        )
    if old.format != corpus.format:
        raise InputError(
            f"{old.path} is in the format {old.format}, and {corpus.path} in {corpus.format}",
            cause="one of them was converted after the corpus was split",
            remedy=f"bring them to one: medspan convert {old.path} NEW --to {corpus.format}",
        )


def check_kept(kept: Sequence[str], corpus: PartFiles) -> None:
    """InputError where a part that is to stay is not there."""
    missing = [part for part in kept if part not in corpus.names]
    if missing:
        has = f"its parts are {', '.join(corpus.names)}" if corpus.names else "it is one file without parts"
        raise InputError(
            f"--keep {missing[0]}: {corpus.path} has no such part",
            cause=has,
            remedy="keep one of its parts, or name the folder that holds the official ones",
        )


def rest_shares(stated: dict[str, float] | None) -> dict[str, float]:
    """How what a fold leaves is shared out: train alone where nothing is stated."""
    rest = {"train": 1.0} if stated is None else stated
    if "test" in rest or "train" not in rest:
        raise ConfigError(
            f"--shares gives {rest.get('train', 0):g} to train and {rest.get('test', 0):g} to test",
            cause="with --folds each fold is the test part in turn, and --shares cuts what it leaves",
            remedy="for instance --folds 5 --shares 0.9,0.1,0",
        )
    return rest


def open_shares(
    stated: dict[str, float] | None, kept: Sequence[str], old: PartFiles | None
) -> dict[str, float]:
    """The shares of the parts that are cut, summing to 1. ConfigError where there is nothing to be cut."""
    from medspan.split import among, check_shares

    if stated is None and old is not None:
        shares = {part: len(old.rows[part]) / len(old.pooled()) for part in old.names}
    else:
        shares = stated if stated is not None else parse_shares(DEFAULT)
    check_shares(shares)
    wanted = [part for part in shares if part not in kept]
    if not wanted or len(wanted) + len(kept) < 2:
        raise ConfigError(
            f"nothing is left to be cut: --shares {', '.join(shares)}, --keep {', '.join(kept) or 'nothing'}",
            cause="a split has two parts or three, and not all of them are kept",
            remedy="for instance --shares 0.9,0.1,0, or --keep test alone",
        )
    for part in old.names if old else ():
        if part not in wanted and part not in kept:
            raise ConfigError(
                f"--shares gives nothing to {part}, which the earlier split has",
                cause="rows of an earlier split stay in their parts",
                remedy=f"give {part} a share, or leave --shares out: those of the earlier split are taken",
            )
    return among(shares, wanted)

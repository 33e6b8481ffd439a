"""What a trainer's layout is, and the register of layouts.

To add one, put a file into `layouts/` that holds a `Layout` under `@register`.
"""

from __future__ import annotations

import importlib
import math
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from medspan.diagnose.foreign.folder import Folder
from medspan.diagnose.foreign.generation import Generation
from medspan.diagnose.foreign.run import Stated

Facts = Iterator[tuple[str, Stated]]


class Layout(ABC):
    """How one trainer leaves a run. `trainer`: its name. `rank`: layouts are asked in this order.

    A trainer that is built on another one has the lower rank, since it leaves the other's files too.
    `tells`: for facts, which file of this trainer would state them. `unsure`: facts (name, value) that the
    shared files state and this trainer makes untrue without a trace. `without`: facts that have no meaning
    to it.
    """

    trainer: ClassVar[str]
    rank: ClassVar[int]
    tells: ClassVar[Mapping[str, str]] = {}
    unsure: ClassVar[tuple[tuple[str, Any], ...]] = ()
    without: ClassVar[tuple[str, ...]] = ("train_on_eos", "mask_history", "template")

    @abstractmethod
    def signs(self, folder: Folder, adapter: Mapping[str, Any]) -> Iterator[str]:
        """What shows that this trainer made the folder, a clause each; `adapter` is its adapter_config."""

    def facts(self, folder: Folder) -> Facts:
        """Facts (by the names of `FACTS`) from files that only this trainer writes, the surest first."""
        return iter(())

    def base_model(self, folder: Folder) -> Iterator[Stated]:
        """The base model as this trainer's own files name it."""
        return iter(())

    def adapter(self, folder: Folder) -> Iterator[str]:
        """Paths of the adapter as this trainer's own files name them."""
        return iter(())

    def data(self, folder: Folder) -> Iterator[str]:
        """Files and data sets that this trainer's own files name."""
        return iter(())

    def chat_template(self, folder: Folder) -> Iterator[Stated]:
        """The chat template's text, where this trainer's own files hold it."""
        return iter(())

    def generation(self, folder: Folder) -> Generation | None:
        """Decoding options that this trainer's own files state."""
        return None

    def notes(self, folder: Folder) -> Iterator[str]:
        """What a reader of such a run must know and no file says."""
        return iter(())


_LAYOUTS: dict[str, Layout] = {}
LayoutClass = TypeVar("LayoutClass", bound=type[Layout])


def register(layout_class: LayoutClass) -> LayoutClass:
    """Class decorator: make a layout known by its trainer's name."""
    if layout_class.trainer in _LAYOUTS:
        raise ValueError(f"the layout of {layout_class.trainer!r} is registered twice")
    _LAYOUTS[layout_class.trainer] = layout_class()
    return layout_class


@lru_cache(maxsize=1)
def _import_all() -> None:
    import medspan.diagnose.foreign.layouts as room

    for module in pkgutil.iter_modules(room.__path__):
        importlib.import_module(f"{room.__name__}.{module.name}")


def layouts() -> tuple[Layout, ...]:
    """Every registered layout in the order of their ranks."""
    _import_all()
    return tuple(sorted(_LAYOUTS.values(), key=lambda layout: layout.rank))


def local_folder(name: str | None, near: Path) -> Path | None:
    """The folder that a name means: itself, or relative to `near` or one of the folders above it.

    Trainers note paths relative to the folder that they were started in, which lies above the run's, or
    absolute ones of another machine, of which only the last part is looked for beside the run.
    """
    return next((one for one in _meant(name, near) if one.is_dir()), None)


def local_file(name: str | None, near: Path) -> Path | None:
    """The file that a name means, looked for as `local_folder` does."""
    return next((one for one in _meant(name, near) if one.is_file()), None)


def _meant(name: str | None, near: Path) -> Iterator[Path]:
    """The paths that a name may mean, as far as they exist."""
    if not name or not name.strip():
        return
    path = Path(name)
    above = (near, *list(near.resolve().parents)[:4])
    tried = [path] if path.is_absolute() else [place / path for place in above]
    if len(path.parts) > 1:
        tried += [near / path.name, near.resolve().parent / path.name]
    for one in tried:
        try:
            if one.exists():
                yield one
        except (OSError, ValueError):  # longer than a path may be, or with a null character in it
            continue


def number(value: Any) -> int | float | None:
    """A number, also where it is written as text (`5e-05`); None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        read = float(value)
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(read):
        return None
    if not isinstance(value, str):
        return value
    return int(read) if read.is_integer() and "." not in value and "e" not in value.lower() else read


def names(value: Any) -> list[str]:
    """The names in a list, or in a text with commas between them; what is no text is left out."""
    listed = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return [one.strip() for one in listed if isinstance(one, str) and one.strip()]


def flag(value: Any) -> bool | None:
    """A truth value; None for anything else."""
    return value if isinstance(value, bool) else None


def dtype(values: Mapping[str, Any], bf16: str = "bf16", fp16: str = "fp16") -> str | None:
    """The precision that two switches say; None where neither is there, or one is `auto`."""
    if values.get(bf16) is True:
        return "bfloat16"
    if values.get(fp16) is True:
        return "float16"
    if values.get(bf16) is False and values.get(fp16) in (False, None):
        return "float32"
    return None

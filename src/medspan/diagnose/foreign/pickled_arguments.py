"""The plain values in `training_args.bin`, taken from its bytes without unpickling anything.

The file is what `Trainer.save_model` of transformers writes with `torch.save(self.args)`: a zip archive with
the pickle of a dataclass. To unpickle a file of unknown origin is to run its code, and
`torch.load(weights_only=True)` refuses the class. Here the pickle's opcodes are listed with `pickletools`,
which runs nothing, and only those that build plain values (text, numbers, lists, dictionaries) are followed;
classes and calls become opaque marks that are never looked up.
"""

from __future__ import annotations

import pickletools
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MOST_BYTES = 1 << 20
"""A pickle of training arguments has some 6,000 bytes; one larger than this holds something else."""

MOST_VALUES = 10_000


@dataclass(frozen=True, slots=True)
class PickledArguments:
    """`kind`: the class, as `module.Name`. `values`: its plain attributes; the others are left out."""

    kind: str
    values: Mapping[str, Any] = field(default_factory=dict)


def read_pickled_arguments(path: Path) -> tuple[PickledArguments | None, str]:
    """The arguments in a file, or None and the reason why it was not understood."""
    try:
        with zipfile.ZipFile(path) as archive:
            inner = [one for one in archive.infolist() if one.filename.rpartition("/")[2] == "data.pkl"]
            if len(inner) != 1:
                return None, "it is no file of torch.save"
            if inner[0].file_size > MOST_BYTES:
                return None, "its pickle is too large for training arguments"
            data = archive.read(inner[0])
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError):
        return None, "it is no archive, or cut off"
    try:
        return _arguments(data)
    except (ValueError, IndexError, KeyError, TypeError, RecursionError):
        return None, "its pickle is damaged"


class _Opaque:
    """Something that only unpickling would make; `name` is that of its class or function."""

    __slots__ = ("name", "state")

    def __init__(self, name: str):
        self.name = name
        self.state: Any = None


_MARK = _Opaque("mark")
_OPAQUE = _Opaque("value")


class _Stack:
    """The pickle machine, as far as plain values need it."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self.memo: dict[int, Any] = {}

    def marked(self) -> list[Any]:
        """What lies above the last mark, which is taken away too."""
        place = max(index for index, item in enumerate(self.items) if item is _MARK)
        above = self.items[place + 1 :]
        del self.items[place:]
        return above


def _arguments(data: bytes) -> tuple[PickledArguments | None, str]:
    stack = _Stack()
    for opcode, argument, _ in pickletools.genops(data):
        if opcode.name == "STOP":
            break
        step = _STEPS.get(opcode.name)
        if step is None:
            return None, f"its pickle uses {opcode.name}, which training arguments do not"
        step(stack, argument)
    made = stack.items[-1]
    if not isinstance(made, _Opaque) or not isinstance(made.state, dict):
        return None, "it holds no object with attributes"
    budget = [MOST_VALUES]
    plain = {name: _plain(value, budget) for name, value in made.state.items() if isinstance(name, str)}
    return PickledArguments(made.name, {name: one for name, one in plain.items() if one is not _OPAQUE}), ""


def _plain(value: Any, budget: list[int]) -> Any:
    """A copy of a value that holds nothing opaque, else an opaque mark.

    `budget`: how many values may still be looked at; a pickle can name one value a million times, or
    inside of itself.
    """
    budget[0] -= 1
    if budget[0] < 0:
        raise ValueError("more values than training arguments have")
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, dict):
        copied = {key: _plain(one, budget) for key, one in value.items()}
        return _OPAQUE if _OPAQUE in copied.values() or None in copied else copied
    if isinstance(value, list | tuple):
        items = [_plain(one, budget) for one in value]
        return _OPAQUE if _OPAQUE in items else items
    return _OPAQUE


def _push(stack: _Stack, argument: Any) -> None:
    stack.items.append(argument)


def _global(stack: _Stack, argument: str) -> None:
    stack.items.append(_Opaque(argument.replace(" ", ".")))


def _stack_global(stack: _Stack, argument: Any) -> None:
    name, module = stack.items.pop(), stack.items.pop()
    stack.items.append(_Opaque(f"{module}.{name}"))


def _call(stack: _Stack, argument: Any) -> None:
    """REDUCE and NEWOBJ: what a call would return is not known, only what is called."""
    stack.items.pop()
    called = stack.items.pop()
    stack.items.append(_Opaque(called.name if isinstance(called, _Opaque) else "unknown"))


def _build(stack: _Stack, argument: Any) -> None:
    state = stack.items.pop()
    if isinstance(stack.items[-1], _Opaque):
        stack.items[-1].state = state


def _set_items(stack: _Stack, argument: Any) -> None:
    pairs = stack.marked()
    _fill(stack.items[-1], pairs)


def _set_item(stack: _Stack, argument: Any) -> None:
    value, key = stack.items.pop(), stack.items.pop()
    _fill(stack.items[-1], [key, value])


def _fill(target: Any, pairs: list[Any]) -> None:
    if isinstance(target, dict):
        keys = [key if isinstance(key, str | int | float | bool) else None for key in pairs[::2]]
        target.update(zip(keys, pairs[1::2], strict=True))


def _appends(stack: _Stack, argument: Any) -> None:
    items = stack.marked()
    if isinstance(stack.items[-1], list):
        stack.items[-1].extend(items)


def _append(stack: _Stack, argument: Any) -> None:
    item = stack.items.pop()
    if isinstance(stack.items[-1], list):
        stack.items[-1].append(item)


def _tuple(stack: _Stack, argument: Any) -> None:
    stack.items.append(tuple(stack.marked()))


def _tuple_of(size: int) -> Callable[[_Stack, Any], None]:
    def step(stack: _Stack, argument: Any) -> None:
        items = tuple(stack.items[len(stack.items) - size :]) if size else ()
        del stack.items[len(stack.items) - size :]
        stack.items.append(items)

    return step


def _put(stack: _Stack, argument: Any) -> None:
    stack.memo[len(stack.memo) if argument is None else argument] = stack.items[-1]


def _get(stack: _Stack, argument: Any) -> None:
    stack.items.append(stack.memo[argument])


def _pop(stack: _Stack, argument: Any) -> None:
    stack.items.pop()


def _nothing(stack: _Stack, argument: Any) -> None:
    return


def _constant(make: Callable[[], Any]) -> Callable[[_Stack, Any], None]:
    return lambda stack, argument: stack.items.append(make())


_WITH_VALUE = (
    "BINUNICODE SHORT_BINUNICODE BINUNICODE8 UNICODE STRING BINSTRING SHORT_BINSTRING "
    "BININT BININT1 BININT2 INT LONG LONG1 LONG4 BINFLOAT FLOAT"
)
_STEPS: dict[str, Callable[[_Stack, Any], None]] = {
    **dict.fromkeys(_WITH_VALUE.split(), _push),
    **dict.fromkeys(("PROTO", "FRAME"), _nothing),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"), _put),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _get),
    **dict.fromkeys(("REDUCE", "NEWOBJ"), _call),
    **{f"TUPLE{size}": _tuple_of(size) for size in (1, 2, 3)},
    "EMPTY_TUPLE": _tuple_of(0),
    "TUPLE": _tuple,
    "MARK": _constant(lambda: _MARK),
    "NONE": _constant(lambda: None),
    "NEWTRUE": _constant(lambda: True),
    "NEWFALSE": _constant(lambda: False),
    "EMPTY_DICT": _constant(dict),
    "EMPTY_LIST": _constant(list),
    "GLOBAL": _global,
    "STACK_GLOBAL": _stack_global,
    "BUILD": _build,
    "SETITEMS": _set_items,
    "SETITEM": _set_item,
    "APPENDS": _appends,
    "APPEND": _append,
    "POP": _pop,
}

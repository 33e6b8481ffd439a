"""Sentences with slots: what a note can say of a relation, that it holds or that it does not."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from medspan.core import ConfigError

Register = Literal["prose", "terse"]
REGISTERS: tuple[Register, ...] = get_args(Register)

Kind = Literal["statement", "co-occurrence", "negation", "hypothesis", "family", "other-patient"]
KINDS: tuple[Kind, ...] = get_args(Kind)
HARD_NEGATIVES: tuple[Kind, ...] = KINDS[1:]
"""Ways to name two terms together without stating their relation, of this patient and as a fact."""

PAUSE = " [...] "
"""Where other sentences stand between the two parts of what is said."""

VERBS = ("was", "is", "has")
PERSON_WORDS = ("she", "her", "him", "woman", "age", "a", "F")

_BRACES = re.compile(r"\{([^{}]*)\}")
_INSIDE = re.compile(rf"(?:(?P<verb>{'|'.join(VERBS)}):)?(?P<name>[^:*!]+?)(?P<marks>[*!]{{0,2}})")


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a term of `type`; slots of one `key` hold the same one.

    `again`: the term may be one that the note has named before. `ends`: the note does not name it again
    afterwards.
    """

    key: str
    type: str
    again: bool = False
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Agreement:
    """A verb that agrees in number with the term in the slot `key`."""

    verb: str
    key: str


@dataclass(frozen=True, slots=True)
class PersonWord:
    """A word that depends on who the patient is."""

    word: str


Piece = str | Slot | Agreement | PersonWord
Joined = tuple[str, str, str]
"""A slot's key, a relation type, a slot's key."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One way to say something, in one part or in two with other sentences between them.

    `joins` are the relations that it is about: stated, if `kind` is `statement`, and else only named,
    denied, supposed, or told of somebody else. `text` is how it was written down.
    """

    text: str
    kind: Kind
    joins: tuple[Joined, ...]
    parts: tuple[tuple[Piece, ...], ...]

    @property
    def slots(self) -> tuple[Slot, ...]:
        """One slot of each key in order of appearance; marks may stand at any of them."""
        found: dict[str, Slot] = {}
        for part in self.parts:
            for piece in part:
                if isinstance(piece, Slot):
                    known = found.get(piece.key, piece)
                    found[piece.key] = Slot(
                        piece.key, piece.type, known.again or piece.again, known.ends or piece.ends
                    )
        return tuple(found.values())

    def like(self, other: Pattern) -> bool:
        """Whether a note must not have both: the same words, or second parts that refer to the same words."""
        if self.text == other.text:
            return True
        return len(self.parts) == len(other.parts) == 2 and self._beginning() == other._beginning()

    def _beginning(self) -> list[str]:
        return [piece for piece in self.parts[0] if isinstance(piece, str)]


def parse(
    text: str,
    kind: Kind,
    joins: Collection[Joined],
    names: Mapping[str, tuple[str, str]],
) -> Pattern:
    """The pattern in `text`; `names` maps what may stand in braces to a slot's key and type.

    `joins` is stated in those names. ConfigError that quotes the sentence where it cannot be used.
    """
    parts = tuple(_pieces(part, text, names) for part in text.split(PAUSE))
    held = {piece.key for part in parts for piece in part if isinstance(piece, Slot)}
    keyed = []
    for head, relation, tail in joins:
        for name in (head, tail):
            if name not in names or names[name][0] not in held:
                raise _unusable(text, f"it has no {{{name}}}", "name both ends of each relation in braces")
        keyed.append((names[head][0], relation, names[tail][0]))
    if len(parts) > 2 or not all(part for part in parts):
        raise _unusable(text, f"{PAUSE.strip()!r} stands in it more than once, or at an end", "keep one")
    return Pattern(text, kind, tuple(keyed), parts)


def frame(text: str) -> Pattern:
    """A sentence without slots, such as an opening."""
    return Pattern(text, "statement", (), (_pieces(text, text, {}),))


def pair_names(head: str, tail: str) -> dict[str, tuple[str, str]]:
    """The names of the slots of sentences on a pair of types: `head`, `tail`, `head2`, `tail2`."""
    keys = ("1", "2", "3", "4") if head == tail else ("1", "1", "2", "2")
    types = (head, tail, head, tail)
    named = zip(("head", "tail", "head2", "tail2"), types, keys, strict=True)
    return {name: (f"{type_}#{number}", type_) for name, type_, number in named}


def typed_names(types: Collection[str]) -> dict[str, tuple[str, str]]:
    """The names of slots that are called by their type: `Drug`, and `Drug2` to `Drug4`."""
    names = {f"{type_}{number}": (f"{type_}#{number}", type_) for type_ in types for number in (2, 3, 4)}
    return names | {type_: (f"{type_}#1", type_) for type_ in types}


def _pieces(part: str, text: str, names: Mapping[str, tuple[str, str]]) -> tuple[Piece, ...]:
    found: list[Piece] = []
    last = 0
    for braces in _BRACES.finditer(part):
        if braces.start() > last:
            found.append(part[last : braces.start()])
        last = braces.end()
        inside = _INSIDE.fullmatch(braces[1])
        name = inside["name"] if inside else braces[1]
        if inside and name in names:
            key, type_ = names[name]
            marks = inside["marks"]
            slot = Slot(key, type_, "*" in marks, "!" in marks)
            found.append(Agreement(inside["verb"], key) if inside["verb"] else slot)
        elif name in PERSON_WORDS and braces[1] == name:
            found.append(PersonWord(name))
        else:
            known = ", ".join((*names, *PERSON_WORDS))
            raise _unusable(text, f"{braces[0]} is no slot", f"use {known}, and {{was:NAME}} to agree")
    if last < len(part):
        found.append(part[last:])
    if re.search(r"[{}]", _BRACES.sub("", part)):
        raise _unusable(text, "a brace is left open", "close it, or remove it")
    return tuple(found)


def _unusable(text: str, cause: str, remedy: str) -> ConfigError:
    return ConfigError(f"the sentence {text!r} cannot be used", cause=cause, remedy=remedy)

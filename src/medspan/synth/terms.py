"""Lists of terms by entity type: the built-in ones and those of a file of the user's."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from medspan.core import ConfigError, InputError, Place
from medspan.core.errors import missing_file
from medspan.text import fold, has_word, word_chunks

FOLDER = Path(__file__).parent / "word_lists"
BUILT_IN = ("diseases", "drugs", "procedures", "symptoms", "tests")
FEWEST_TERMS = 8
"""Terms that a type needs at least: a note names up to four of it, and must have a choice."""

_PLURAL = "[plural]"
_BY_TYPE = {
    "diseases": ("disease", "diagnosis", "disorder", "condition"),
    "drugs": ("drug", "chemical", "medication", "medicine"),
    "procedures": ("procedure", "operation", "treatment"),
    "symptoms": ("symptom", "sign", "finding"),
    "tests": ("test", "labtest"),
}


@dataclass(frozen=True, slots=True)
class Term:
    """A term as it stands within a sentence.

    `short` are its abbreviations, `plural` says that it takes `were`, `concept` is its id.
    """

    text: str
    short: tuple[str, ...] = ()
    plural: bool = False
    concept: str = ""

    @property
    def strings(self) -> tuple[str, ...]:
        return (self.text, *self.short)


@dataclass(frozen=True)
class Lexicon:
    """The terms of one entity type by their text, in the order of the file `source`."""

    source: str
    terms: Mapping[str, Term]

    def __len__(self) -> int:
        return len(self.terms)


class Finder:
    """Finds the terms of several lexicons in a text: whole words, whatever their case."""

    def __init__(self, lexicons: Mapping[str, Lexicon]):
        self._lexicons = lexicons

    @cached_property
    def _by_first(self) -> dict[str, dict[tuple[str, ...], str]]:
        found: defaultdict[str, dict[tuple[str, ...], str]] = defaultdict(dict)
        for lexicon in self._lexicons.values():
            for term in lexicon.terms.values():
                for string in term.strings:
                    chunks = tuple(word_chunks(string.lower()))
                    found[chunks[0]][chunks] = term.text
        return dict(found)

    def find(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Every `[start, end)` at which a term or its abbreviation stands, with the term; nested ones too."""
        # Lower case may change a text's length (İ), so it is taken chunk by chunk.
        chunks = word_chunks(text)
        lowered = [chunk.lower() for chunk in chunks]
        starts = [0]
        for chunk in chunks:
            starts.append(starts[-1] + len(chunk))
        for at, chunk in enumerate(lowered):
            for wanted, term in self._by_first.get(chunk, {}).items():
                if tuple(lowered[at : at + len(wanted)]) == wanted:
                    yield starts[at], starts[at + len(wanted)], term

    @cached_property
    def clashes(self) -> dict[str, frozenset[str]]:
        """For each term those that stand within one of its strings, and those within which it stands.

        Two such terms are never put into one note, and never on two sides of a split of the terms.
        """
        found: defaultdict[str, set[str]] = defaultdict(set)
        for lexicon in self._lexicons.values():
            for term in lexicon.terms.values():
                for string in term.strings:
                    for _, _, other in self.find(string):
                        if other != term.text:
                            found[term.text].add(other)
                            found[other].add(term.text)
        return {term: frozenset(others) for term, others in found.items()}


def lexicon_for(type_: str, stated: str | None, folder: Path) -> Lexicon:
    """The lexicon of an entity type: the built-in one or the file that is `stated`, relative to `folder`.

    Where nothing is stated, the built-in one that is called like the type. ConfigError where there is none.
    """
    if stated is None:
        plain = re.sub(r"[\W_]", "", type_.lower())
        name = next((name for name, types in _BY_TYPE.items() if plain in (name, *types)), None)
        if name is None:
            raise ConfigError(
                f"lexicons: the entity type {type_} has no lexicon",
                cause="no built-in one goes by its name",
                remedy=f"add `{type_}: FILE` with a term a line, or one of {', '.join(BUILT_IN)}",
            )
        stated = name
    if stated in BUILT_IN:
        return read_lexicon(FOLDER / f"{stated}.txt")
    return read_lexicon(folder / stated)


def read_lexicon(path: Path) -> Lexicon:
    """The lexicon in a text file, one term a line.

    `term`, `term | ABBR`, `term [plural]`; an id may follow after a tab, # begins a comment.
    InputError with file and line where it cannot be read or a term stands in it twice.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise missing_file(path, "the lexicon") from None
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} cannot be read as a list of terms: {error}", remedy="save it as UTF-8"
        ) from None
    terms: dict[str, Term] = {}
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        term = _term(line, Place(str(path), number))
        for string in term.strings:
            if fold(string) in seen:
                raise InputError(
                    f"{string!r} stands in the list twice",
                    cause=f"line {seen[fold(string)]} has it too; letter case makes no difference",
                    remedy="remove one of the two",
                    place=Place(str(path), number),
                )
            seen[fold(string)] = number
        terms[term.text] = term
    if len(terms) < FEWEST_TERMS:
        raise InputError(
            f"{path} holds {len(terms)} terms",
            cause=f"notes need at least {FEWEST_TERMS} of each type, and several hundred teach more",
            remedy="add terms, one a line",
        )
    return Lexicon(str(path), terms)


def check_apart(lexicons: Mapping[str, Lexicon]) -> None:
    """ConfigError where a term belongs to two types, or two terms have one concept id."""
    strings: dict[str, tuple[str, str]] = {}
    concepts: dict[str, str] = {}
    for type_, lexicon in lexicons.items():
        for term in lexicon.terms.values():
            for string in term.strings:
                known = strings.setdefault(fold(string), (type_, term.text))
                if known != (type_, term.text):
                    raise ConfigError(
                        f"lexicons: {string!r} is a {known[0]} and a {type_}",
                        cause=f"it stands in two lists, {lexicons[known[0]].source} and {lexicon.source}",
                        remedy="remove it from one: a note must not leave open which one is meant",
                    )
            known_term = concepts.setdefault(term.concept, term.text)
            if known_term != term.text:
                raise ConfigError(
                    f"lexicons: {known_term!r} and {term.text!r} have one id, {term.concept}",
                    cause="the ids after the tabs are not distinct, or the terms differ in punctuation only",
                    remedy="give each its own, or join them in one line: term | abbreviation",
                )


def together(terms: Iterable[str], clashes: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """The terms in groups that must not be separated, since one stands within another."""
    groups: list[list[str]] = []
    done: set[str] = set()
    wanted = set(terms)
    for term in sorted(wanted):
        if term in done:
            continue
        group, open_ = [], [term]
        done.add(term)
        while open_:
            here = open_.pop()
            group.append(here)
            for other in sorted(clashes.get(here, ())):
                if other not in done:
                    done.add(other)
                    open_.append(other)
        groups.append([member for member in group if member in wanted])
    return groups


def _term(line: str, place: Place) -> Term:
    written, _, concept = line.partition("\t")
    plural = _PLURAL in written
    text, *short = (" ".join(part.split()) for part in written.replace(_PLURAL, "").split("|"))
    for string in (text, *short):
        if not has_word(string[:1]) or not has_word(string[-1:]):
            raise InputError(
                f"{string!r} cannot be a term",
                cause="a term begins and ends with a letter or a digit",
                remedy="correct the line: term, term | ABBREVIATION, term [plural]",
                place=place,
            )
    return Term(text, tuple(short), plural, concept.strip() or _slug(text))


def _slug(text: str) -> str:
    return re.sub(r"\W+", "-", text.lower()).strip("-")

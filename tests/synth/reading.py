"""A reader of notes that knows the sentences of a recipe and nothing of how notes are written."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache

from medspan.core import Example, Mention
from medspan.synth import Recipe
from medspan.synth.mix import STYLES
from medspan.synth.pattern import Agreement, Pattern, PersonWord, Slot
from medspan.text import fold

Said = tuple[str, str, str, str]
"""Kind, head's concept, relation type, tail's concept."""

_WORDS = {
    "she": "(?:she|he)",
    "her": "(?:her|his)",
    "him": "(?:her|him)",
    "woman": "(?:woman|man)",
    "age": r"\d+",
    "a": "an?",
    "F": "[FM]",
}
_VERBS = {"was": "(?:was|were)", "is": "(?:is|are)", "has": "(?:has|have)"}
_BEGIN = r"(?:(?<=^)|(?<=[.;] )|(?<=\n- )|(?<=\n))"
_END = r"(?=[.;]|\n|$)"


def read(example: Example, recipe: Recipe) -> set[Said]:
    """All that the note says, sentence by sentence, of pairs of its entities."""
    text = _with_names(example)
    register = STYLES[example.document.metadata["style"]]
    found: set[Said] = set()
    for pattern in recipe.patterns(register):
        for match in _expression(pattern).finditer(text):
            held = match.groupdict()
            for head, relation, tail in pattern.joins:
                found.add((pattern.kind, held[_group(head)], relation, held[_group(tail)]))
    return found


def undistanced(example: Example, recipe: Recipe) -> list[str]:
    """The sentences of two parts that the note has without any other between them."""
    text = _with_names(example)
    patterns = recipe.patterns(STYLES[example.document.metadata["style"]])
    two = [pattern for pattern in patterns if len(pattern.parts) > 1]
    return [one.text for one in two if _expression(one, r"(?:[.;] |\.?\n(?:- )?)").search(text)]


def reference(example: Example) -> set[tuple[str, str, str]]:
    """The reference's relations between concepts."""
    assert example.reference is not None
    return {
        (concept(relation.head), relation.type, concept(relation.tail))
        for relation in example.reference.relations
    }


def strings(example: Example) -> dict[str, set[str]]:
    """The folded strings of each concept."""
    assert example.reference is not None
    found: defaultdict[str, set[str]] = defaultdict(set)
    for mention in example.reference.mentions:
        found[concept(mention)].add(fold(mention.text))
    return found


def of_all_strings(example: Example) -> set[tuple[str, str, str]]:
    """The reference's relations between concepts, for every string that the note has for them.

    An explained abbreviation is another string of its entity, and each relation holds for both.
    """
    of = strings(example)
    return {
        (one, type_, other)
        for head, type_, tail in reference(example)
        for one in of[head]
        for other in of[tail]
    }


def concept(end: object) -> str:
    assert isinstance(end, Mention)
    (identity,) = end.concepts
    return f"{end.type}:{identity}"


def _with_names(example: Example) -> str:
    """The text with each mention replaced by its type and concept."""
    assert example.reference is not None
    text = example.document.text
    for mention in sorted(example.reference.mentions, key=lambda one: -one.start):
        text = f"{text[: mention.start]}<{concept(mention)}>{text[mention.end :]}"
    text = re.sub(r"(?m)^(?:Background|Course|Family and others|Plan): ", "", text)
    return re.sub(r"(<[^>]+>) \(<[^>]+>\)", r"\1", text)


@lru_cache(maxsize=4096)
def _expression(pattern: Pattern, between: str = r"(?s:.*?)") -> re.Pattern[str]:
    known: set[str] = set()
    parts = [_BEGIN + "".join(_pieces(part, known)) + _END for part in pattern.parts]
    return re.compile(between.join(parts), re.IGNORECASE)


def _pieces(part: tuple[object, ...], known: set[str]) -> Iterator[str]:
    for piece in part:
        if isinstance(piece, Slot):
            group = _group(piece.key)
            yield f"<(?P={group})>" if group in known else f"<(?P<{group}>{re.escape(piece.type)}:[^>]+)>"
            known.add(group)
        elif isinstance(piece, Agreement):
            yield _VERBS[piece.verb]
        elif isinstance(piece, PersonWord):
            yield _WORDS[piece.word]
        else:
            yield re.escape(str(piece))


def _group(key: str) -> str:
    return re.sub(r"\W", "_", key)

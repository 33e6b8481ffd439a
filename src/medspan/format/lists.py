"""The walk that all three formats share: lists of items, then lists of relations among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from medspan.core import Document, RelationType
from medspan.format.codec import Endpoints
from medspan.format.grammar import mention_terminals, one_of, possible_mentions, quoted, without


@dataclass(frozen=True, slots=True)
class MentionShape:
    """Which substrings a format can write: a Lark regular expression and the same test in Python."""

    pattern: str
    forbidden: Callable[[str], bool]


@dataclass
class Listed:
    """What an answer has listed so far, by type, and what may still be listed for a document."""

    document: Document
    shape: MentionShape
    endpoints: Endpoints
    mentions: dict[str, list[str]] = field(default_factory=dict)
    relations: dict[str, list[str]] = field(default_factory=dict)
    _possible: int | None = None
    _terminals: str = ""

    def __post_init__(self) -> None:
        self._possible = possible_mentions(self.document.text, self.shape.forbidden)
        if self._possible != 0:
            self._terminals = mention_terminals(self.document.text, self.shape.pattern)

    @property
    def terminals(self) -> str:
        """Lark terminals that `mention` and `relation` expressions refer to."""
        return self._terminals

    def mention(self, type_: str) -> str | None:
        """A terminal expression for a mention of this type that is not listed yet; None if none is left."""
        listed = self.mentions.get(type_, [])
        if self._possible is not None and len(set(listed)) >= self._possible:
            return None
        return without("MENTION", listed)

    def relation(self, relation: RelationType, separator: str) -> str | None:
        """A terminal expression `head separator tail` for a pair not listed yet; None if none is left."""
        listed = self.relations.get(relation.name, [])
        if self.endpoints == "document":
            if self._possible is not None and len(set(listed)) >= self._possible**2:
                return None
            return without(f"(MENTION {quoted(separator)} MENTION)", listed)
        groups = self._legal(relation)
        everything = [(head, tail) for heads, tails in groups for head in heads for tail in tails]
        legal = {f"{head}{separator}{tail}" for head, tail in everything if head != tail}
        to_itself = {f"{head}{separator}{tail}" for head, tail in everything if head == tail}
        if not legal - set(listed):
            return None
        pairs = " | ".join(
            f"({one_of(heads)} {quoted(separator)} {one_of(tails)})" for heads, tails in groups
        )
        return without(f"({pairs})", [*(line for line in listed if line in legal), *sorted(to_itself)])

    def _legal(self, relation: RelationType) -> list[tuple[list[str], list[str]]]:
        """Groups of (head strings, tail strings) whose every pairing the schema allows."""
        if not relation.pairs:
            everything = sorted({string for strings in self.mentions.values() for string in strings})
            return [(everything, everything)] if everything else []
        pairs = list(relation.pairs)
        if relation.symmetric:
            pairs += [(tail, head) for head, tail in relation.pairs if (tail, head) not in relation.pairs]
        groups = []
        for head_type, tail_type in pairs:
            heads, tails = self.mentions.get(head_type), self.mentions.get(tail_type)
            if heads and tails:
                groups.append((heads, tails))
        return groups

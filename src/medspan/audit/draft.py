"""A row while it is being repaired: what it says now, and every change that led there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from medspan.audit.data import Row, string_of
from medspan.core import Annotation, Concept, Endpoint, Example, Mention, Relation, UnalignedMention
from medspan.format.answers import MENTION, RELATION, UNALIGNED, Key, Said, amended, renamed_question
from medspan.format.codec import Codec
from medspan.format.codecs import CODECS
from medspan.read.attached import attached, with_attached

Item = Mention | UnalignedMention | Relation
Action = Literal["removed", "changed", "kept", "lost"]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing done to a row or to an item of it; `kept` where it could not be done, and `what` says why.

    `kind` is `row`, `mention`, `relation` or `question` (the types that a prompt asks for). `lost` is what
    the writer of a format could not hold; its kinds are the writer's.
    """

    remedy: str
    split: str
    file: str
    row: int | None
    action: Action
    kind: str
    what: str
    before: Any = None
    after: Any = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(eq=False)
class Draft:
    """The working copy of one row.

    A row whose changes cannot be written is `frozen`: it stays as it was read, and `changes` say so.
    """

    row: Row
    changes: list[Change] = field(default_factory=list)
    read: dict[Key, Item] = field(init=False)
    """What the row listed when it was read."""
    items: dict[Key, Item] = field(init=False)
    renames: dict[str, str] = field(default_factory=dict)
    gone: bool = False
    frozen: bool = False
    checked: int = 0
    """How many of the changes have been found to be writable."""
    _made: tuple[int, Example | None] | None = None

    def __post_init__(self) -> None:
        self.read = _items(self.row.reference)
        self.items = dict(self.read)

    @property
    def mentions(self) -> Iterator[tuple[Key, Mention | UnalignedMention]]:
        """What the row lists now, those without a place after the others."""
        for key, item in self.items.items():
            if not isinstance(item, Relation):
                yield key, item

    @property
    def relations(self) -> Iterator[tuple[Key, Relation]]:
        """The relations now."""
        for key, item in self.items.items():
            if isinstance(item, Relation):
                yield key, item

    @property
    def lists_strings(self) -> bool:
        """Whether an item stands for a string, wherever it occurs."""
        return self.row.reference.scope == "string"

    def change(self, key: Key, new: Item, remedy: str, what: str) -> None:
        """Put another item in the place of one."""
        self._note(remedy, "changed", key[0], what, shown(self.items[key]), shown(new))
        self.items[key] = new

    def follow(self, key: Key, new: Item) -> None:
        """Let an item follow the change of another, which is noted there."""
        self.items[key] = new

    def remove(self, key: Key, remedy: str, what: str) -> None:
        """Leave an item out."""
        before = shown(self.items[key])
        # An item has its further columns under the name by which it was read.
        further = attached(self.row.example.document, self.read[key])
        if further:
            before["further"] = list(further)
        self._note(remedy, "removed", key[0], what, before)
        del self.items[key]

    def rename(self, old: str, new: str, remedy: str) -> None:
        """Ask for a type under another name, where the row's prompt names the types."""
        asked = self.row.example.document.metadata.get("prompt")
        if self.codec is None or self.codec.name != "compact" or asked is None or old in self.renames:
            return
        if renamed_question(asked, {old: new}) != asked:
            self.renames[old] = new
            self._note(remedy, "changed", "question", "a type that the prompt asks for", old, new)

    def drop(self, remedy: str, what: str) -> None:
        """Leave the row out, with what it says."""
        from medspan.read import example_to_json

        self.gone = True
        self._note(remedy, "removed", "row", what, example_to_json(self.row.example))

    def keep(self, why: str) -> None:
        """Take all changes back: the row stays as it was read."""
        self.changes = [replace(one, action="kept", what=f"{one.what}; {why}") for one in self.changes]
        self.items, self.renames, self.frozen = dict(self.read), {}, True

    def _note(
        self, remedy: str, action: Action, kind: str, what: str, before: Any, after: Any = None
    ) -> None:
        place = self.row.example.place
        file, number = (place.file, place.row) if place else ("", None)
        kind = MENTION if kind == UNALIGNED else kind
        self.changes.append(Change(remedy, self.row.split, file, number, action, kind, what, before, after))

    @property
    def is_changed(self) -> bool:
        """Whether the row will be written anew."""
        return bool(self.changes) and not self.frozen and not self.gone

    @property
    def annotation(self) -> Annotation:
        """What the row is to say."""
        listed = [item for _, item in self.mentions]
        return replace(
            self.row.reference,
            mentions=tuple(item for item in listed if isinstance(item, Mention)),
            unaligned=tuple(item for item in listed if isinstance(item, UnalignedMention)),
            relations=tuple(relation for _, relation in self.relations),
        )

    @property
    def codec(self) -> Codec | None:
        """The codec of the target that the row was read from, if it was read from one."""
        known = CODECS.get(self.row.example.source.partition("-")[0])
        return known() if known is not None and self.row.written is not None else None

    @property
    def example(self) -> Example | None:
        """The row as it is to be written: a target changed where it must be; None where that is not possible.

        A target that no longer says what the reference says is left alone, as writers do not use it.
        """
        if self.row.example.reference is None or not self.changes or self.frozen:
            return self.row.example
        if self._made is None or self._made[0] != len(self.changes):
            self._made = (len(self.changes), self._example())
        return self._made[1]

    def _example(self) -> Example | None:
        example = self.row.example
        document = with_attached(
            example.document, [(item, self.items.get(key)) for key, item in self.read.items()]
        )
        written, codec = self.row.written, self.codec
        if written is None or codec is None or codec.parse(document, written.target) != example.reference:
            return replace(example, document=document, reference=self.annotation)
        changes = {
            key: words(self.items[key]) if key in self.items else None
            for key, item in self.read.items()
            if self.items.get(key) != item
        }
        target = amended(codec, document, written.target, changes, self.renames)
        if target is None:
            return None
        metadata = dict(document.metadata)
        metadata["output" if "output" in metadata and "instruction" in metadata else "completion"] = target
        if self.renames and "prompt" in metadata:
            metadata["prompt"] = renamed_question(metadata["prompt"], self.renames)
        document = replace(document, metadata=metadata)
        return replace(example, document=document, reference=codec.parse(document, target))


def _items(annotation: Annotation) -> dict[Key, Item]:
    lists: tuple[tuple[str, tuple[Item, ...]], ...] = (
        (MENTION, annotation.mentions),
        (UNALIGNED, annotation.unaligned),
        (RELATION, annotation.relations),
    )
    return {(kind, at): item for kind, listed in lists for at, item in enumerate(listed)}


def end_string(end: Endpoint) -> str:
    """The string of an endpoint as written; a concept's id."""
    return end.id if isinstance(end, Concept) else string_of(end)


def words(item: Item) -> Said:
    """An item in the words of a target."""
    if isinstance(item, Relation):
        return end_string(item.head), item.type, end_string(item.tail)
    return item.type, string_of(item)


def shown(item: Item) -> dict[str, Any]:
    """An item for the list of changes: what was written, and the place where one was given."""
    if isinstance(item, Relation):
        return {"head": _end(item.head), "type": item.type, "tail": _end(item.tail)}
    found: dict[str, Any] = {"type": item.type, "text": string_of(item)}
    if isinstance(item, Mention) and item.aligned_by == "given":
        found["segments"] = [list(segment) for segment in item.segments]
    if item.concepts:
        found["concepts"] = list(item.concepts)
    return found


def _end(end: Endpoint) -> Any:
    return shown(end) if isinstance(end, Mention) and end.aligned_by == "given" else end_string(end)

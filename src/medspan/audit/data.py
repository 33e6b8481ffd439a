"""What is audited: the rows of every split, and what the user says about them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, combinations
from typing import TYPE_CHECKING

from medspan.audit.questions import ask_differently, with_task
from medspan.core import Annotation, Example, Mention, Schema, UnalignedMention
from medspan.read import Corpus
from medspan.read.corpus import Rejected
from medspan.read.splits import SPLITS
from medspan.read.written import Written, written
from medspan.text import fold

if TYPE_CHECKING:
    from medspan.audit.near_rows import NearRows


@dataclass(frozen=True, eq=False)
class Row:
    """One example of a split. Rows of one `text_key` have the same text, letter case and blanks aside.

    `by_types`: the task is made of the types that the prompt's end asks for.
    """

    example: Example
    split: str
    by_types: bool = False

    @cached_property
    def text_key(self) -> bytes:
        folded = fold(self.example.document.text).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(folded, digest_size=16).digest()

    @cached_property
    def written(self) -> Written | None:
        """Prompt and target as they stand in the file, of formats that have them."""
        return written(self.example)

    @property
    def reference(self) -> Annotation:
        """The reference annotation, an empty one where the row has none."""
        return self.example.reference or Annotation()

    @property
    def listed(self) -> tuple[Mention | UnalignedMention, ...]:
        """All listed mentions, those without a place in the text last."""
        return (*self.reference.mentions, *self.reference.unaligned)

    @property
    def text(self) -> str:
        return self.example.document.text

    @property
    def task(self) -> str | None:
        return self.example.document.task

    @property
    def stated_task(self) -> str | None:
        """The task that the source states, whatever the prompt ends with."""
        return None if self.by_types else self.task

    @property
    def group(self) -> str | None:
        return self.example.document.group

    @property
    def place(self) -> str:
        """File and row; the document's id where they are not known."""
        return str(self.example.place or self.example.id)


def string_of(item: Mention | UnalignedMention) -> str:
    """The string that the source wrote for a mention, wherever it was found in the text."""
    if isinstance(item, Mention) and item.source_text is not None:
        return item.source_text
    return item.text


@dataclass(frozen=True, eq=False)
class Part:
    """The rows of one split, with the formats and files they came from.

    `refused` are the rows that could not be read, `passed_over` files that claim the same split.
    """

    name: str
    rows: tuple[Row, ...]
    formats: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    refused: tuple[Rejected, ...] = ()
    passed_over: tuple[str, ...] = ()

    @classmethod
    def of(cls, name: str, examples: Iterable[Example]) -> Part:
        """A part of these examples."""
        return cls(name, tuple(Row(example, name) for example in examples))

    def with_tasks(self) -> Part:
        """The part whose rows have for a task the types that they ask for, where they say so."""
        rows = (Row(with_task(row.example), row.split, by_types=row.task is None) for row in self.rows)
        return replace(self, rows=tuple(rows))

    @property
    def rejected(self) -> int:
        """How many rows could not be read."""
        return len(self.refused)

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, eq=False)
class Data:
    """Everything that checks look at.

    `parts` stand in the order train, validation, test, then others. `stated_schema` is the user's own,
    `benchmarks` test sets that must not be in the data, by name, and `original` the same data before
    it was cleaned, each where the user names one. `count_tokens` gives the tokens of strings under the
    tokenizer of the model to be trained, `max_length` the most tokens that prompt and target may have
    together; None where the user names neither model nor limit. `named` are the paths that were given.
    """

    parts: tuple[Part, ...]
    stated_schema: Schema | None = None
    benchmarks: Mapping[str, Part] = field(default_factory=dict)
    original: Part | None = None
    count_tokens: Callable[[Sequence[str]], list[int]] | None = None
    max_length: int | None = None
    named: tuple[str, ...] = ()

    @classmethod
    def of(cls, corpora: Mapping[str, Corpus | Sequence[Example]], **more: object) -> Data:
        """The data in these corpora, or lists of examples, by split."""
        parts = []
        for name, corpus in corpora.items():
            part = Part.of(name, corpus)
            if isinstance(corpus, Corpus):
                formats = tuple(corpus.format.split(", "))
                part = Part(name, part.rows, formats, corpus.files, corpus.rejected, corpus.ignored)
            parts.append(part)
        parts.sort(key=lambda part: SPLITS.index(part.name) if part.name in SPLITS else len(SPLITS))
        if any(ask_differently(row.example for row in part.rows) for part in parts):
            parts = [part.with_tasks() for part in parts]
            benchmarks, original = more.get("benchmarks"), more.get("original")
            if isinstance(benchmarks, Mapping):
                more["benchmarks"] = {name: part.with_tasks() for name, part in benchmarks.items()}
            if isinstance(original, Part):
                more["original"] = original.with_tasks()
        return cls(tuple(parts), **more)  # type: ignore[arg-type]

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """All rows, part after part."""
        return tuple(row for part in self.parts for row in part.rows)

    @cached_property
    def train(self) -> Part | None:
        """The part that a model learns from: `train`, or the largest of several; None where there is one."""
        if len(self.parts) < 2:
            return None
        named = next((part for part in self.parts if part.name == "train"), None)
        return named or max(self.parts, key=len)

    @property
    def pairs(self) -> tuple[tuple[Part, Part], ...]:
        """Pairs (evaluated part, other part): each against the training part, then among themselves."""
        first = [part for part in self.parts if part is self.train]
        ordered = first + [part for part in self.parts if part is not self.train]
        found = [(later, earlier) for earlier, later in combinations(ordered, 2) if earlier is self.train]
        return (
            *found,
            *(pair for pair in combinations(ordered, 2) if self.train not in pair),
        )

    @cached_property
    def near_rows(self) -> NearRows:
        """The near-duplicates among all rows, those of the benchmarks included."""
        from medspan.audit.near_rows import NearRows

        benchmarks = (row for part in self.benchmarks.values() for row in part.rows)
        return NearRows(chain(self.rows, benchmarks))

    @cached_property
    def schema(self) -> Schema:
        """The user's schema, else what the references show."""
        if self.stated_schema is not None:
            return self.stated_schema
        return Schema.infer((row.task, row.example.reference) for row in self.rows if row.example.reference)

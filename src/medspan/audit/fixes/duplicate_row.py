"""The same row twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import ClassVar

from medspan.audit.data import Row
from medspan.audit.draft import Draft, words
from medspan.audit.grounding import Item
from medspan.audit.remedies import Remedy, register
from medspan.audit.targets import row_key, said
from medspan.core import Example, Schema
from medspan.read.splits import SPLITS


@register
class DuplicateRow(Remedy):
    """What is evaluated stays as it is: the copy in the training part goes, then the one in validation.

    Rows of one text with different targets are never touched: which one is right is not known.
    """

    id: ClassVar[str] = "duplicate-row"
    does: ClassVar[str] = (
        "Of rows with the same task, text and target (letter case and white space aside) one stays: that of "
        "the test part before that of validation, that of any part before that of training, and the first."
    )
    turn: ClassVar[int] = 7
    of_rows: ClassVar[bool] = True

    def mend(self, drafts: Sequence[Draft], schema: Schema | None) -> None:
        alike: defaultdict[Hashable, list[Draft]] = defaultdict(list)
        for draft in drafts:
            example = draft.example
            if not draft.gone and example is not None:
                alike[_key(draft, example)].append(draft)
        order = _order(drafts)
        for group in alike.values():
            stays = max(group, key=lambda draft: order[draft.row.split])
            for draft in group:
                if draft is not stays:
                    split = "" if stays.row.split == draft.row.split else f" of {stays.row.split}"
                    draft.drop(self.id, f"the same row as {stays.row.place}{split}")


def _key(draft: Draft, example: Example) -> Hashable:
    """Equal for the same rows: of those that mean the same ids, too, and with the same predictions."""
    row = draft.row if example is draft.row.example else Row(example, draft.row.split)
    reference = row.reference
    listed: tuple[Item, ...] = (*reference.mentions, *reference.unaligned)
    concepts = frozenset((words(item), frozenset(item.concepts)) for item in listed if item.concepts)
    # A stored target may no longer say what the reference says.
    said_so = (said(reference), concepts, reference.unparsed, example.reference is None)
    return row_key(row), said_so, example.predicted


def _order(drafts: Sequence[Draft]) -> dict[str, int]:
    """Splits by how much they are to stay as they are, the one that a model learns from first."""
    sizes: defaultdict[str, int] = defaultdict(int)
    for draft in drafts:
        sizes[draft.row.split] += 1
    learnt = "train" if "train" in sizes else max(sorted(sizes), key=lambda name: sizes[name], default="")
    ranked = sorted(
        sizes, key=lambda name: (name != learnt, SPLITS.index(name) if name in SPLITS else 0, name)
    )
    return {name: number for number, name in enumerate(ranked)}

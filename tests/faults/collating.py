"""Changes of the tensors that a training's loss sees, as faulty collators make them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

Marks = Callable[[Any, Any], None]
"""Changes the marks of one row's tokens (True: has a loss), given the encoded example."""


@contextmanager
def marking(change: Marks) -> Iterator[None]:
    """While it lasts, trainings of the method `generate` put their loss where `change` says."""
    from medspan.train.methods.generate import Generate

    plain = Generate.collate

    def collate(self: Generate, batch: Sequence[Any], device: Any) -> tuple[Any, ...]:
        ids, target = plain(self, batch, "cpu")
        for row, example in enumerate(batch):
            change(target[row], example)
        return ids.to(device), target.to(device)

    with patch.object(Generate, "collate", collate):
        yield

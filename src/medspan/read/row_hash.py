"""A hash of a row that tells whether two runs read the same one."""

from __future__ import annotations

from medspan.core import Example
from medspan.models.hashes import sha256_of_json
from medspan.read.medspan_jsonl import example_to_json


def row_hash(example: Example) -> str:
    """16 hexadecimal digits of the SHA-256 of an example's task, text and reference, wherever it stands."""
    data = example_to_json(example)
    return sha256_of_json([example.task, example.document.text, data["reference"]])[:16]

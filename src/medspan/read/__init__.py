"""Corpora from files and back: one file per format, reader and writer side by side."""

from medspan.read.base import formats
from medspan.read.corpus import Corpus, Rejected, unlisted_endpoints
from medspan.read.detect import detect
from medspan.read.load import load
from medspan.read.medspan_jsonl import example_from_json, example_to_json
from medspan.read.splits import load_splits, split_of
from medspan.read.stream import Stream
from medspan.read.write import write, write_whole

__all__ = [
    "Corpus",
    "Rejected",
    "Stream",
    "detect",
    "example_from_json",
    "example_to_json",
    "formats",
    "load",
    "load_splits",
    "split_of",
    "unlisted_endpoints",
    "write",
    "write_whole",
]

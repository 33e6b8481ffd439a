"""Normal forms of strings for comparison; never for what is shown or trained on."""

from __future__ import annotations

MESH_PREFIX = "MESH:"


def bare_id(concept: str) -> str:
    """A concept id without the prefix `MESH:`, which files write or leave out as they like."""
    return concept[len(MESH_PREFIX) :] if concept.upper().startswith(MESH_PREFIX) else concept


def fold(string: str) -> str:
    """Lower case with white space folded to single spaces and stripped: the `text` match's form."""
    return " ".join(string.lower().split())

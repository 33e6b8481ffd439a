"""Names of types that are the same but for the spelling."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Mapping

_JOINTS = re.compile(r"[\s_\-\u2010-\u2014\u2212]+")
_SHORTEST_PLURAL = 3
"""Letters that a name needs for its plural to be told: `MS` is not several of `M`."""


def folded_name(name: str) -> str:
    """A name in lower case without `_`, `-` and blanks: `Lab_Test`, `lab-test`, `LabTest` give `labtest`."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return _JOINTS.sub("", plain) or plain


def groups_of_spellings(counts: Mapping[str, int]) -> list[tuple[str, ...]]:
    """Names that differ in case, `_`, `-`, blanks or the plural only: the most frequent of a group first.

    `counts` says how often each name occurs; of equally frequent ones the first by alphabet leads. The
    groups come in the order of their first names; names without another spelling are in none.
    """
    by_form: defaultdict[str, list[str]] = defaultdict(list)
    for name in counts:
        by_form[folded_name(name)].append(name)
    # A plural stands with its singular; its own plural (`causess`) is no word, so that one step is enough.
    singular = {plural: form for form in sorted(by_form) for plural in _plurals(form) if plural in by_form}
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for form, names in by_form.items():
        groups[singular.get(form, form)] += names
    found = (
        tuple(sorted(names, key=lambda name: (-counts[name], name)))
        for names in groups.values()
        if len(names) > 1
    )
    return sorted(found)


def respellings(counts: Mapping[str, int], stated: Collection[str] = ()) -> dict[str, str]:
    """The names that are to be spelt otherwise, with the spelling to be used.

    That is the one that the user states, else the most frequent. Spellings that are stated side by side
    are different names.
    """
    wanted: dict[str, str] = {}
    for group in groups_of_spellings({**dict.fromkeys(stated, 0), **counts}):
        known = [name for name in group if name in stated]
        right = (known or group)[0]
        wanted |= {name: right for name in group if name not in known and name != right}
    return wanted


def _plurals(form: str) -> set[str]:
    if len(form) < _SHORTEST_PLURAL:
        return set()
    plurals = {f"{form}s", f"{form}es"}
    if form.endswith("y"):
        plurals.add(f"{form[:-1]}ies")
    if form.endswith("is"):
        plurals.add(f"{form[:-2]}es")
    return plurals

"""What stands in the infons of BioC: concept ids, the ends of relations, and what only medspan knows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from medspan.core import Concept, InputError, Mention, Place, Relation, UnalignedMention
from medspan.core.document import Endpoint
from medspan.read.fields import as_object, of_kind, optional
from medspan.read.pubtator import concepts_of

OWN = "medspan"
"""The infon that holds, as a JSON object, what BioC has no name for."""

_IDENTIFIER = ("identifier", "identifiers", "conceptid", "normalizedid")
_VOCABULARIES = frozenset(
    [
        "atc",
        "cas",
        "cellosaurus",
        "chebi",
        "cui",
        "cvcl",
        "dbsnp",
        "doid",
        "drugbank",
        "entrezgene",
        "entrezgeneid",
        "gene",
        "geneid",
        "go",
        "hgnc",
        "hpo",
        "icd10",
        "icd9",
        "inchikey",
        "kegg",
        "meddra",
        "mesh",
        "meshid",
        "mondo",
        "ncbigene",
        "ncbigeneid",
        "ncbihomologene",
        "ncbitaxonomy",
        "ncbitaxon",
        "omim",
        "orphanet",
        "pubchem",
        "rsid",
        "rxnorm",
        "snomed",
        "snomedct",
        "taxid",
        "taxonomy",
        "taxonomyid",
        "umls",
        "uniprot",
    ]
)
_ACRONYM = re.compile(r"[A-Z]{3,}\d*")
_NO_VOCABULARY = ("PMID", "PMCID", "PMC", "DOI", "TYPE", "TEXT", "SCORE", "NOTE")
_ID_WITH_DIGIT = re.compile(r"[\w.:|,;#+-]*\d[\w.:|,;#+-]*|-|-1")
_NUMBERED = re.compile(r"(?:\w+:)?[A-Za-z]*\d+")
_TYPE_KEYS = ("relation", "type", "relation_type", "relation type")
_HEAD_ROLES = ("head", "arg1", "subject", "entity1", "source", "chemical", "drug")
_TAIL_ROLES = ("tail", "arg2", "object", "entity2", "target", "disease")

Resolver = Callable[[object], Mention | UnalignedMention | None]


def own_of(infons: dict[str, Any], place: Place) -> dict[str, Any]:
    """What medspan wrote into the infon `medspan`; nothing without one. InputError where it is no object."""
    # A table has every infon in every row, and null where there was none.
    if infons.get(OWN) is None:
        return {}
    written = of_kind(infons[OWN], str, place, f"the infon {OWN!r}")
    try:
        value = json.loads(written)
    except (ValueError, RecursionError):
        raise InputError(
            f"the infon {OWN!r} is no JSON: {written[:60]!r}",
            cause="it was edited by hand",
            remedy=f"repair or remove the infon {OWN!r}",
            place=place,
        ) from None
    return as_object(value, place, f"the infon {OWN!r}")


def concepts_in(infons: dict[str, Any], own: dict[str, Any], place: Place) -> tuple[str, ...]:
    """The concept ids of an annotation: of its identifier, or of every infon named like a vocabulary."""
    kept = optional(own, "concepts", list, place)
    if kept is not None:
        return tuple(of_kind(item, str, place, "a concept") for item in kept)
    plain = {key: re.sub(r"[^a-z0-9]", "", key.lower()) for key in infons}
    keys = [key for key in infons if plain[key] in _IDENTIFIER][:1]
    if not keys or not ids_of(infons[keys[0]]):
        keys = [key for key in infons if plain[key] in _VOCABULARIES or _is_vocabulary(key, infons[key])]
    if len(keys) == 1:
        return ids_of(infons[keys[0]])
    return tuple(dict.fromkeys(item for key in keys for item in ids_of(infons[key])))


def _is_vocabulary(key: str, value: object) -> bool:
    named = bool(_ACRONYM.fullmatch(key)) and key not in _NO_VOCABULARY
    return named and isinstance(value, str) and bool(_ID_WITH_DIGIT.fullmatch(value))


def ids_of(value: object) -> tuple[str, ...]:
    """The concept ids of an infon's value: as in PubTator, and numbers divided by semicolons."""
    if isinstance(value, list):
        return tuple(found for item in value for found in ids_of(item))
    if isinstance(value, int) and not isinstance(value, bool):
        return concepts_of(str(value)) if abs(value) < 10**18 else ()
    if not isinstance(value, str):
        return ()
    parts = value.split(";")
    if len(parts) > 1 and all(_NUMBERED.fullmatch(part.strip()) for part in parts):
        return tuple(part.strip() for part in parts)
    return concepts_of(value)


def relation_between(raw: dict[str, Any], resolve: Resolver, place: Place) -> Relation | None:
    """The relation of two mentions or concepts; None where it joins something else, or has no type."""
    infons = raw["infons"]
    own = own_of(infons, place)
    types = [infons[key] for key in _TYPE_KEYS if isinstance(infons.get(key), str) and infons[key]]
    if not types:
        return None
    ends = _own_ends(raw["nodes"], own, resolve, place)
    ends = ends or _concepts(infons, own, place, bool(raw["nodes"])) or _nodes(raw["nodes"], resolve)
    return Relation(*ends, types[0], confidence_in(own, place)) if ends else None


def _own_ends(
    nodes: list[dict[str, Any]], own: dict[str, Any], resolve: Resolver, place: Place
) -> tuple[Endpoint, Endpoint] | None:
    """The ends where one is a mention and the other a concept."""
    for side, other in (("head", "tail"), ("tail", "head")):
        concept = optional(own, side, dict, place)
        if concept is None or len(nodes) != 1 or nodes[0].get("role") != other:
            continue
        found = resolve(nodes[0].get("refid"))
        if found is None:
            return None
        name = of_kind(concept.get("id"), str, place, "a concept's id")
        known = Concept(name, optional(concept, "type", str, place))
        return (known, found) if side == "head" else (found, known)
    return None


def _concepts(
    infons: dict[str, Any], own: dict[str, Any], place: Place, nodes: bool
) -> tuple[Concept, Concept] | None:
    for first, second in (("entity1", "entity2"), ("role1", "role2")):
        head, tail = (_concept(infons.get(key), key) for key in (first, second))
        if head is not None and tail is not None:
            types = optional(own, "types", list, place)
            if types is not None and len(types) == 2:
                known = [None if item is None else of_kind(item, str, place, "a type") for item in types]
                return Concept(head.id, known[0]), Concept(tail.id, known[1])
            return head, tail
    named = [key for key in infons if key[:1].isupper() and _is_id(infons[key])]
    if nodes or len(named) != 2:
        return None
    if _backwards(*named):
        named.reverse()
    head_key, tail_key = named
    return Concept(infons[head_key], head_key), Concept(infons[tail_key], tail_key)


def _is_id(value: object) -> bool:
    return isinstance(value, str) and bool(_ID_WITH_DIGIT.fullmatch(value))


def _concept(value: object, key: str) -> Concept | None:
    if isinstance(value, dict):
        name, type_ = value.get("identifier"), value.get("type")
        named = isinstance(name, str) and bool(name)
        return Concept(str(name), type_ if isinstance(type_, str) else None) if named else None
    if not isinstance(value, str):
        return None
    type_, bar, name = value.partition("|")
    if key.startswith("role") and bar:
        return Concept(name, type_)
    return Concept(value)


def _nodes(nodes: list[dict[str, Any]], resolve: Resolver) -> tuple[Endpoint, Endpoint] | None:
    if len(nodes) != 2:
        return None
    first, second = nodes
    if _backwards(str(first.get("role")), str(second.get("role"))):
        first, second = second, first
    head, tail = resolve(first.get("refid")), resolve(second.get("refid"))
    return None if head is None or tail is None else (head, tail)


def _backwards(first: str, second: str) -> bool:
    return first.lower() in _TAIL_ROLES and second.lower() in _HEAD_ROLES


def confidence_in(own: dict[str, Any], place: Place) -> float | None:
    """The confidence that medspan wrote, or None."""
    found = own.get("confidence")
    if isinstance(found, int) and not isinstance(found, bool) and found in (0, 1):
        return float(found)
    return optional(own, "confidence", float, place)

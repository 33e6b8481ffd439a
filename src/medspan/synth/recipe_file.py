"""Recipes in files: a schema with lexicons and sentences, in YAML or JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args

from medspan.core import ConfigError, InputError, RelationType, Schema
from medspan.core.errors import missing_file
from medspan.synth.pattern import (
    KINDS,
    REGISTERS,
    Pattern,
    Register,
    frame,
    pair_names,
    parse,
    typed_names,
)
from medspan.synth.recipe import Recipe, check_complete, pooled, without_terms
from medspan.synth.terms import Finder, check_apart, lexicon_for, read_lexicon

FOLDER = Path(__file__).parent
CLINIC = FOLDER / "clinic.yaml"
"""The built-in recipe."""
_GENERIC = FOLDER / "generic.yaml"

_KEYS = ("entity_types", "relation_types", "lexicons", "openings", "closings", "tasks", *get_args(Register))
_RELATION_KEYS = ("name", "pairs", "symmetric", "inverse", "verb", *get_args(Register))


def load_recipe(path: Path | None = None, lexicons: Mapping[str, Path] | None = None) -> Recipe:
    """The recipe in a file, the built-in one without; `lexicons` are files that replace those of a type.

    InputError where a file cannot be read, ConfigError that names the key where it cannot be used.
    """
    stated = _read(path or CLINIC)
    _check_keys(stated, _KEYS, "")
    schema = _schema(stated)
    given = dict(lexicons or {})
    _check_known(given, schema, "--lexicon")
    named = stated.get("lexicons") or {}
    _check_known(named, schema, "lexicons")
    folder = (path or CLINIC).parent
    found = {
        type_: read_lexicon(given[type_]) if type_ in given else lexicon_for(type_, named.get(type_), folder)
        for type_ in schema.entity_types
    }
    check_apart(found)
    finder = Finder(found)
    left_out: list[tuple[str, str]] = []
    pools = {}
    for register in REGISTERS:
        patterns = [*_of_relations(stated, schema, register), *_of_several(stated, schema, register)]
        pools[register] = pooled(without_terms(patterns, finder, left_out))
    openings, closings = (
        {register: without_terms(_frames(stated, key, register), finder, left_out) for register in REGISTERS}
        for key in ("openings", "closings")
    )
    recipe = Recipe(schema, found, pools, openings, closings, tuple(left_out))
    check_complete(recipe)
    return recipe


@lru_cache(maxsize=1)
def built_in() -> Recipe:
    """The built-in recipe: drugs treat diseases and cause symptoms."""
    return load_recipe()


def derived_verb(name: str) -> str | None:
    """The infinitive in the name of a relation type such as `causes` or `interacts_with`; else None."""
    first, *rest = re.split(r"[_\s-]+", name)
    if first in ("is", "has"):
        return " ".join(({"is": "be", "has": "have"}[first], *rest)) if rest else None
    if not re.fullmatch(r"[a-z]+[^s]s", first):
        return None
    if re.search(r"(ss|sh|ch|x|z|o)es$", first):
        verb = first[:-2]
    elif first.endswith("ies"):
        verb = first[:-3] + "y"
    else:
        verb = first[:-1]
    return " ".join((verb, *rest))


def _read(path: Path) -> dict[str, Any]:
    import yaml

    try:
        stated = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise missing_file(path, "--schema") from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(
            f"{path} cannot be read: {' '.join(str(error).split())[:200]}",
            cause="it is neither YAML nor JSON; sentences with a colon or a brace stand in quotes",
            remedy="compare it with the example in docs/synth.md",
        ) from None
    if not isinstance(stated, dict):
        raise ConfigError(
            f"{path} holds no keys",
            cause="entity_types and relation_types are wanted",
            remedy="see docs/synth.md",
        )
    return stated


def _schema(stated: Mapping[str, Any]) -> Schema:
    items = _list(stated.get("relation_types"), "relation_types")
    for at, item in enumerate(items):
        if not isinstance(item, dict) or not isinstance(item.get("name"), str):
            raise ConfigError(f"relation_types.{at} has no name", remedy="write `- name: ...`")
        _check_keys(item, _RELATION_KEYS, f"relation_types.{item['name']}.")
    try:
        schema = Schema.from_json(stated)
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            f"the schema cannot be used: {error}",
            cause="entity_types is a list of names, and pairs a list of [head type, tail type]",
            remedy="compare it with the example in docs/synth.md",
        ) from None
    for relation in schema.relation_types:
        for type_ in {type_ for pair in relation.pairs for type_ in pair} - set(schema.entity_types):
            raise ConfigError(
                f"relation_types.{relation.name}.pairs names {type_!r}, which is no entity type",
                remedy=f"use {', '.join(schema.entity_types)}",
            )
    if not schema.relation_types:
        raise ConfigError("relation_types is empty", remedy="state at least one relation type")
    return schema


def _of_relations(stated: Mapping[str, Any], schema: Schema, register: Register) -> list[Pattern]:
    """The sentences on one relation type each: its own, and the generic ones of kinds that have none."""
    patterns = []
    generic = _read(_GENERIC)[register]
    for item, relation in zip(stated["relation_types"], schema.relation_types, strict=True):
        own = item.get(register) or {}
        where = f"relation_types.{relation.name}.{register}."
        _check_keys(own, KINDS, where)
        verb = item.get("verb") or derived_verb(relation.name)
        for kind in KINDS:
            texts = _texts(own[kind], where + kind) if kind in own else _with_verb(generic[kind], verb)
            for head, tail in _pairs(relation, schema):
                names, joins = pair_names(head, tail), [("head", relation.name, "tail")]
                patterns += [parse(text, kind, joins, names) for text in texts]
    return patterns


def _with_verb(texts: Sequence[str], verb: str | None) -> list[str]:
    """Generic sentences with this verb; without one those that need none."""
    return [text.replace("{verb}", verb or "") for text in texts if verb or "{verb}" not in text]


def _pairs(relation: RelationType, schema: Schema) -> Sequence[tuple[str, str]]:
    every = tuple((head, tail) for head in schema.entity_types for tail in schema.entity_types)
    return relation.pairs or every


def _of_several(stated: Mapping[str, Any], schema: Schema, register: Register) -> list[Pattern]:
    """The sentences that list their relations themselves."""
    names = typed_names(schema.entity_types)
    patterns = []
    for at, item in enumerate(_list(stated.get(register), register)):
        where = f"{register}.{at}"
        if not isinstance(item, dict) or not isinstance(item.get("say"), str):
            raise ConfigError(f"{where} says nothing", remedy="write `say: ...` and `relations: [...]`")
        _check_keys(item, ("say", "kind", "relations"), f"{where}.")
        kind = item.get("kind", "statement")
        if kind not in KINDS:
            raise ConfigError(f"{where}.kind is {kind!r}", remedy=f"use {', '.join(KINDS)}")
        joins = [tuple(joined) for joined in _list(item.get("relations"), f"{where}.relations")]
        if not joins or not all(len(joined) == 3 for joined in joins):
            raise ConfigError(
                f"{where}.relations is no list of [slot, relation type, slot]", remedy="see docs/synth.md"
            )
        patterns.append(parse(item["say"], kind, joins, names))
    return patterns


def _frames(stated: Mapping[str, Any], key: str, register: Register) -> list[Pattern]:
    """The openings or closings of the file, those of the built-in recipe where it has none."""
    own = stated.get(key) or {}
    _check_keys(own, REGISTERS, f"{key}.")
    texts = own[register] if register in own else _read(CLINIC)[key][register]
    return [frame(text) for text in _texts(texts, f"{key}.{register}")]


def _list(value: Any, where: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise ConfigError(
            f"{where} is {str(value)[:60]!r}", cause="a list is wanted", remedy="write its items as `- ...`"
        )
    return value


def _texts(value: Any, where: str) -> list[str]:
    texts = _list(value, where)
    for text in texts:
        if not isinstance(text, str) or not text.strip():
            raise ConfigError(
                f"{where} holds {text!r}, which is no sentence",
                cause="a sentence that holds braces or a colon stands in quotes",
                remedy='write - "{head} caused {tail}"',
            )
    return texts


def _check_keys(stated: Any, known: Sequence[str], where: str) -> None:
    if not isinstance(stated, dict):
        raise ConfigError(
            f"{where.rstrip('.')} is {str(stated)[:60]!r}",
            cause="keys are wanted",
            remedy="see docs/synth.md",
        )
    for key in stated:
        if key not in known:
            near = get_close_matches(str(key), known, n=1)
            raise ConfigError(
                f"{where}{key} is no key of a schema for notes",
                cause=f"{near[0]} was meant" if near else "it is misspelt",
                remedy=f"use {', '.join(known)}",
            )


def _check_known(types: Mapping[str, object], schema: Schema, where: str) -> None:
    for type_ in types:
        if type_ not in schema.entity_types:
            raise ConfigError(
                f"{where} names {type_!r}, which is no entity type",
                remedy=f"use {', '.join(schema.entity_types)}",
            )

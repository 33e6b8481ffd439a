"""A schema in a file: what is not one is refused in words that name the key."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.core import MedspanError, RelationType, Schema
from medspan.read.schema_file import read_schema

WHOLE = Schema(
    ("Drug", "Disease"),
    (RelationType("treats", (("Drug", "Disease"),)), RelationType("meets", symmetric=True)),
    (("all", ("Drug", "treats")),),
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(WHOLE.to_json(), indent="\t"))
    assert read_schema(path) == WHOLE


def test_yaml_is_read(tmp_path: Path) -> None:
    path = tmp_path / "schema.yaml"
    path.write_text(
        "entity_types: [Drug, Disease]\nrelation_types:\n"
        "  - {name: treats, pairs: [[Drug, Disease]]}\n  - {name: meets, symmetric: true}\n"
        "tasks: {all: [Drug, treats]}\n"
    )
    assert read_schema(path) == WHOLE


DRUG: dict[str, Any] = {"entity_types": ["Drug"]}


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        (
            {**DRUG, "relation_types": [{"name": "meets", "symetric": True}]},
            "relation_types[0].symetric is no",
        ),
        ({**DRUG, "relation_types": [{"name": "meets", "symetric": True}]}, "symmetric was meant"),
        ({**DRUG, "relation_types": [{"name": "m", "symmetric": "yes"}]}, "symmetric is 'yes', not true or"),
        ({"relation_types": []}, "entity_types is missing"),
        ({**DRUG, "relation_types": ["meets"]}, "relation_types[0] is 'meets', not a mapping"),
        ({**DRUG, "relation_types": [{"pairs": []}]}, "relation_types[0] has no name"),
        ({**DRUG, "relation_types": [{"name": "m", "pairs": ["Drug"]}]}, "pairs holds 'Drug'"),
        ({**DRUG, "relation_types": [{"name": "m", "inverse": 3}]}, "inverse is 3"),
        ({"entity_types": "Drug", "relation_types": []}, "entity_types is 'Drug', not a list"),
        ({"entity_types": ["Drug", "Drug"], "relation_types": []}, "'Drug' is listed twice"),
        ({"entity_types": [1], "relation_types": []}, "entity_types holds 1"),
        ({**DRUG, "relation_types": [], "tasks": ["a"]}, "tasks is ['a']"),
        ({"schema": WHOLE.to_json()}, "under the key schema"),
        ([], "the file holds [], not a mapping"),
        (None, "the file holds nothing"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, stated: Any, told: str) -> None:
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(stated))
    with pytest.raises(MedspanError) as error:
        read_schema(path)
    assert told in error.value.what
    assert "--write-schema" in error.value.remedy


def test_a_folder_is_no_schema_but_exists(tmp_path: Path) -> None:
    with pytest.raises(MedspanError, match="is a folder"):
        read_schema(tmp_path)
    with pytest.raises(MedspanError, match="does not exist"):
        read_schema(tmp_path / "none.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["entity_types", "relation_types", "tasks", "name", "pairs", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_value_ends_in_another_error(tmp_path_factory: pytest.TempPathFactory, stated: Any) -> None:
    path = tmp_path_factory.mktemp("any") / "schema.json"
    path.write_text(json.dumps(stated))
    with suppress(MedspanError):
        assert isinstance(read_schema(path), Schema)

"""What the documents show can be used as it stands: rows of corpora, the schema file, the keys of results."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from medspan.audit import Data, audit
from medspan.core import RelationType
from medspan.read import load
from medspan.read.schema_file import read_schema

DOCS = Path(__file__).parents[2] / "docs"


def blocks(document: str, language: str) -> list[str]:
    found = re.findall(rf"```{language}\n(.*?)```", (DOCS / document).read_text("utf-8"), re.DOTALL)
    return [str(block) for block in found]


@pytest.mark.parametrize(("number", "format"), [(0, "sections"), (1, "compact"), (2, "medspan")])
def test_the_simplest_rows_are_read(tmp_path: Path, number: int, format: str) -> None:
    path = tmp_path / "mycorpus.jsonl"
    path.write_text(blocks("corpora.md", "json")[number], encoding="utf-8")
    corpus = load(path)
    assert corpus.format == format
    (example,) = corpus
    assert example.reference is not None
    assert {(one.type, one.text) for one in example.reference.mentions} == {
        ("Drug", "Lithium"),
        ("Symptom", "tremor"),
    }
    (relation,) = example.reference.relations
    assert relation.type == "causes"


def test_the_schema_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "schema.yaml"
    path.write_text(blocks("audit.md", "yaml")[0], encoding="utf-8")
    schema = read_schema(path)
    assert schema.relation("interacts_with") == RelationType("interacts_with", (("Drug", "Drug"),), True)
    assert schema.relation("causes").inverse == "caused_by"


def test_every_key_of_the_result_is_documented(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_text(blocks("corpora.md", "json")[2] * 2, encoding="utf-8")
    result = audit(Data.of({"train": load(path)})).to_json()
    table = (DOCS / "audit.md").read_text("utf-8").partition("## The result in JSON")[2].partition("\n## ")[0]
    keys = [*result, *result["splits"]["train"], *result["findings"][0], *result["policy"]]
    assert "check" in keys
    assert [key for key in keys if f"`{key}`" not in table] == []
    assert json.dumps(result)

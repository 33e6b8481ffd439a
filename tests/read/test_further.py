"""What stands beside an annotation is kept by its own format and counted as lost by the others."""

from __future__ import annotations

from pathlib import Path

from medspan.core import Annotation, Concept, Document, Example, Mention, Relation
from medspan.read import load, write

TEXT = "Aspirin and renal or hepatic failure."
BRAT = """T1\tDrug 0 7\tAspirin
T2\tDisease 21 36\thepatic failure
E1\tAdverse:T2 Cause:T1
A1\tNegated E1
#1\tAnnotatorNotes T1\tsure
R1\tCauses Arg1:T1 Arg2:E1
*\tEquiv T1 T2
"""


def test_confidence_is_counted_where_no_field_holds_it(tmp_path: Path) -> None:
    drug = Mention.at(TEXT, 0, 7, "Drug", confidence=0.5)
    pair = Relation(Concept("D1"), Concept("D2"), "CID", confidence=0.2)
    example = Example(Document("1", TEXT), predicted=Annotation((drug,), relations=(pair,)))
    lost = write(tmp_path / "a.txt", [example], "pubtator")
    assert (lost["mention: confidence"], lost["relation: confidence"]) == (1, 1)
    for format_ in ("medspan", "bioc-xml", "bioc-json"):
        lost = write(tmp_path / f"a.{format_}", [example], format_)
        assert not {kind for kind in lost if "confidence" in kind}


def test_lines_of_brat_and_columns_of_pubtator_are_counted_once(tmp_path: Path) -> None:
    folder = tmp_path / "brat"
    folder.mkdir()
    (folder / "1.txt").write_text(TEXT, "utf-8")
    (folder / "1.ann").write_text(BRAT, "utf-8")
    examples = load(folder).examples
    kinds = {"line: event": 1, "line: attribute": 1, "line: note": 1, "line: equivalence": 1}
    # Lists of types are made in a first pass over all examples; nothing is counted in it.
    for format_ in ("spert", "sections"):
        lost = write(tmp_path / format_, examples, format_)
        assert {kind: count for kind, count in lost.items() if kind.startswith("line")} == kinds
    assert write(tmp_path / "again", examples, "brat") == {}
    assert write(tmp_path / "m.jsonl", examples, "medspan") == {}

    rows = "7|t|Aspirin\n7|a|\n7\t0\t7\tAspirin\tDrug\tD1\tmore\n7\tAssociation\tD1\tD2\tNovel\n"
    (tmp_path / "p.txt").write_text(rows, "utf-8")
    lost = write(tmp_path / "p.json", load(tmp_path / "p.txt").examples, "spert")
    assert (lost["mention: further columns"], lost["relation: further columns"]) == (1, 1)

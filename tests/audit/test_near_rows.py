from __future__ import annotations

from medspan.audit import Data, Part
from medspan.audit.data import Row

from .conftest import row


def words(first: int, last: int) -> str:
    return " ".join(f"w{number}" for number in range(first, last))


def named(rows: tuple[Row, ...]) -> dict[str, Row]:
    return {one.example.id: one for one in rows}


def test_each_text_has_the_first_row_of_its_nearest_other_text() -> None:
    texts = {"a": words(0, 60), "b": words(0, 60).upper(), "c": words(0, 58), "d": words(0, 57), "e": "x"}
    data = Data.of({"train": [row(name, text) for name, text in texts.items()]})
    rows = named(data.rows)
    nearest = data.near_rows.nearest(data.rows, data.rows)
    assert {name: nearest[rows[name].text_key].row.example.id for name in "abcd"} == {
        "a": "c",
        "b": "c",
        "c": "d",
        "d": "c",
    }
    assert nearest[rows["c"].text_key].similarity == 53 / 54
    assert rows["e"].text_key not in nearest
    # Among other rows, the first of those with the nearest text that are asked for.
    assert data.near_rows.nearest([rows["c"]], [rows["b"]])[rows["c"].text_key].row is rows["b"]
    assert data.near_rows.nearest([rows["c"]], [rows["b"], rows["a"]])[rows["c"].text_key].row is rows["b"]
    assert data.near_rows.nearest([rows["a"]], [rows["b"]]) == {}
    assert data.near_rows.nearest([], []) == {}


def test_benchmarks_are_compared_too_and_the_work_is_done_once() -> None:
    part = Part.of("named", [row("x", words(0, 61))])
    data = Data.of({"train": [row("a", words(0, 60))]}, benchmarks={"named": part})
    [near] = data.near_rows.nearest(data.rows, part.rows).values()
    assert (near.row, near.similarity) == (part.rows[0], 56 / 57)
    assert data.near_rows is data.near_rows

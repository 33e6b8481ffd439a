"""closed-vocabulary: strings that training has all shown."""

from __future__ import annotations

from pathlib import Path

from medspan.audit import Data
from medspan.core import Example

from ..conftest import found, row
from ..listed_rows import corpus


def drugs(*numbers: int, type_: str = "Drug") -> list[Example]:
    return [row(f"{n}", f"Took drug{n}, well.", (f"drug{n}", type_)) for n in numbers]


def test_known_strings_are_an_error_where_they_are_all() -> None:
    data = Data.of({"train": drugs(*range(30)), "test": drugs(*range(10, 22))})
    (finding,) = found("closed-vocabulary", data)
    assert (finding.count, finding.of, finding.split, finding.against) == (12, 12, "test", "train")
    assert finding.severity == "error"
    data = Data.of({"train": drugs(*range(30)), "test": drugs(*range(10, 30), 77)})
    (finding,) = found("closed-vocabulary", data)
    assert (finding.count, finding.of, finding.severity) == (20, 21, "warning")


def test_a_further_part_with_new_strings_makes_it_a_warning() -> None:
    parts = {"train": drugs(*range(30)), "validation": drugs(*range(12)), "test": drugs(*range(40, 60))}
    (finding,) = found("closed-vocabulary", Data.of(parts))
    assert (finding.split, finding.count, finding.of, finding.severity) == ("validation", 12, 12, "warning")


def test_new_strings_other_types_and_few_strings_are_quiet() -> None:
    train = drugs(*range(30))
    for test in (drugs(*range(10, 30), 77, 78), drugs(*range(9)), drugs(*range(20), type_="Disease")):
        assert found("closed-vocabulary", Data.of({"train": train, "test": test})) == []
    assert found("closed-vocabulary", Data.of({"train": train})) == []


def test_letter_case_and_blanks_make_no_new_string() -> None:
    capitals = [row(f"{n}", f"Took DRUG{n}, well.", (f"DRUG{n}", "Drug")) for n in range(12)]
    (finding,) = found("closed-vocabulary", Data.of({"train": drugs(*range(12)), "test": capitals}))
    assert finding.count == 12


def test_the_largest_part_is_the_training_part_where_none_is_named_so() -> None:
    (finding,) = found("closed-vocabulary", Data.of({"one": drugs(*range(12)), "two": drugs(*range(30))}))
    assert (finding.split, finding.against) == ("one", "two")


def test_fifty_strings_are_all_there_is(corpora: Path) -> None:
    findings = found("closed-vocabulary", corpus(corpora / "synthetic_2026"))
    assert {one.split: (one.count, one.of) for one in findings} == {"validation": (50, 50), "test": (50, 50)}
    assert all("of its 3" in one.message and one.severity == "error" for one in findings)
    for healthy in ("bc5cdr", "ncbi_disease"):
        assert found("closed-vocabulary", corpus(corpora / healthy, "pubtator")) == []

"""lost-characters: texts and items that lost characters on their way."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from medspan.audit import Data
from medspan.core import Document, Example

from ..conftest import found, row
from ..listed_rows import asked, corpus, figures, rebuilt, renamed, sections

PLAIN = "Guillain-Barré syndrome followed after cardiomyopathy."


def text_only(identity: str, text: str) -> Example:
    return Example(Document(identity, text))


def test_damaged_rows_are_counted_once_placed_and_told() -> None:
    data = Data.of(
        {
            "train": [
                text_only("a", PLAIN),
                text_only("b", "A na?ve patient with SjÃ¶gren syndrome and Barr\ufffd."),
                text_only("c", "The drug-na  ve rats."),
            ],
            "test": [text_only("d", PLAIN)],
        }
    )
    (finding,) = found("lost-characters", data)
    assert (finding.count, finding.of, finding.split, finding.severity) == (2, 3, "train", "info")
    assert (
        "2 of 3 rows of train (66.7%) seem to have lost characters (replacement characters (U+FFFD) 1, "
        "characters read in another encoding 1, question marks for letters 1, spaces for characters 1); "
        "items are concerned in 0 of them"
    ) in finding.message
    assert [(case.place, case.what) for case in finding.cases] == [
        ("b", "'na?ve', 'SjÃ¶gren', 'Barr\ufffd.'"),
        ("c", "'drug-na  ve'"),
    ]
    text, marks = finding.cases[0].text, finding.cases[0].marks
    assert [text[start:end] for start, end in marks] == ["?", "Ã¶", "\ufffd"]


def test_an_item_that_holds_or_lacks_a_character_makes_it_a_warning() -> None:
    def severity(example: Example) -> str:
        (finding,) = found("lost-characters", Data.of({"train": [example, text_only("z", PLAIN)]}))
        assert (finding.count, finding.of) == (1, 2)
        return finding.severity

    damaged = "Guillain-Barr\ufffd syndrome after vaccination."
    assert severity(row("a", damaged, ("vaccination", "Procedure"))) == "info"
    assert severity(row("a", damaged, ("Guillain-Barr\ufffd syndrome", "Disease"))) == "warning"
    assert severity(asked("a", "diseases", PLAIN, "guillain-barr")) == "warning"
    assert (
        severity(asked("a", "diseases", PLAIN, "guillain-barr? syndrome", "Guillain-Barr\ufffd")) == "warning"
    )
    assert severity(asked("a", "diseases", PLAIN, "Sj\ufffdgren")) == "warning"
    assert severity(asked("a", "diseases", PLAIN, "cardomyopathy")) == "warning"
    assert severity(asked("a", "influences", PLAIN, "gold | cardomyopathy")) == "warning"


def test_items_that_differ_otherwise_are_quiet() -> None:
    rows = [
        asked(
            "a", "diseases", PLAIN, "Guillain-Barré", "guillain barré syndrome", "cardiomyopathies", "rash"
        ),
        asked("b", "diseases", "Was it safe? Tumours and anaemia.", "tumor", "anemia", "was it safe?"),
        row("c", "TNFα was high.", ("TNF", "Gene")),
        sections("d", PLAIN, ("T", "after")),
    ]
    assert found("lost-characters", Data.of({"train": rows})) == []


def test_what_a_case_says_of_an_item() -> None:
    (finding,) = found(
        "lost-characters",
        Data.of({"train": [asked("a", "diseases", PLAIN, "guillain-barr", "cardomyopathy")]}),
    )
    (case,) = finding.cases
    assert case.what == (
        "'guillain-barr' where the text has 'Guillain-Barr', 'cardomyopathy' where the text has "
        "'cardiomyopathy'"
    )
    assert [PLAIN[start:end] for start, end in case.marks] == ["Guillain-Barr", "cardiomyopathy"]


def test_texts_that_are_laid_out_with_spaces_are_quiet() -> None:
    note = "Pulse  80 and steady, temperature  37 at noon"
    assert found("lost-characters", Data.of({"train": [text_only(str(at), note) for at in range(50)]})) == []
    prose = [text_only(str(at), "a sentence of eight words and no run " * 10) for at in range(50)]
    assert figures("lost-characters", Data.of({"train": [*prose, text_only("n", note)]})) == {
        "train": (1, 51)
    }


DAMAGE = st.sampled_from(["", "", "\ufffd", "Ã©", "\x92", "a?e"])


@given(st.lists(DAMAGE, min_size=1, max_size=8))
def test_as_many_rows_as_are_damaged(planted: list[str]) -> None:
    rows = [text_only(str(at), f"{PLAIN} A w{damage}rd.") for at, damage in enumerate(planted)]
    count = sum(map(bool, planted))
    expected = {"train": (count, len(rows))} if count else {}
    assert figures("lost-characters", Data.of({"train": rows})) == expected


def test_the_nine_abstracts_of_bc5cdr_wherever_they_stand(corpora: Path) -> None:
    bc5cdr = corpus(corpora / "bc5cdr")
    assert figures("lost-characters", bc5cdr) == {"train": (5, 500), "validation": (4, 500)}
    train, validation = found("lost-characters", bc5cdr)
    assert (train.severity, validation.severity) == ("warning", "info")
    told = " ".join(case.what for case in (*train.cases, *validation.cases))
    for piece in (
        "Guillain-Barr   syndrome",
        "Basd  ne",
        "na  ve",
        "from  57",
        "8  l",
        "Osterg  tland",
        "F  d",
    ):
        assert piece in told
    # Eight of them have it in the abstract, which the task rows show without the title, three times each.
    tasks = corpus(corpora / "chemical_disease_tasks" / "splits_20251111")
    expected = {"train": (19, 2400), "validation": (2, 300), "test": (3, 300)}
    assert figures("lost-characters", tasks) == expected
    assert 19 + 2 + 3 == 8 * 3
    assert figures("lost-characters", rebuilt(tasks, renamed, seed=10)) == expected


def test_other_corpora_hold_few_or_none(corpora: Path) -> None:
    assert found("lost-characters", corpus(corpora / "synthetic_2026")) == []
    assert figures("lost-characters", corpus(corpora / "ade")) == {"train": (1, 3413)}
    assert figures("lost-characters", corpus(corpora / "combined_2026")) == {
        "train": (9, 4062),
        "validation": (4, 950),
    }
    # Its colons, semicolons and quotation marks were replaced by spaces in many of its texts.
    assert figures("lost-characters", corpus(corpora / "ncbi_disease")) == {
        "train": (98, 593),
        "validation": (17, 100),
    }

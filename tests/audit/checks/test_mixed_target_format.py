"""mixed-target-format: targets of one task that are written in more than one form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medspan.audit import Data
from medspan.audit.data import Row
from medspan.audit.forms import forms
from medspan.core import Document, Example
from medspan.format.compact import CompactCodec
from medspan.format.sections import SectionsCodec
from medspan.format.tasks import TasksCodec
from medspan.read import load_splits

from ..conftest import found, row
from ..listed_rows import corpus, figures, rebuilt, renamed

CHECK = "mixed-target-format"
TEXT = "Lithium caused tremor and nausea, aspirin a rash."


def answered(identity: str, task: str, completion: str) -> Example:
    """A row of the format `tasks` with this target, letter by letter."""
    document = Document(identity, f"{TEXT} {identity}", task=task, metadata={"completion": completion})
    return Example(document, TasksCodec().parse(document, completion), source="tasks")


def sectioned(identity: str, output: str) -> Example:
    document = Document(
        identity, f"{TEXT} {identity}", metadata={"instruction": "Extract.", "output": output}
    )
    return Example(document, SectionsCodec().parse(document, output), source="sections")


PIPE = "- lithium | tremor\n- aspirin | rash"
SENTENCE = "- Chemical lithium influences disease tremor\n- Chemical aspirin influences disease rash"
LOWER = SENTENCE.replace("Chemical", "chemical")
SECTIONS = (
    "### Entities:\n1. [Drug] lithium\n2. [Symptom] tremor\n\n### Relations:\n1. lithium --[causes]--> tremor"
)


def test_a_form_that_few_targets_of_a_split_have() -> None:
    rows = [answered(str(n), "influences", PIPE) for n in range(4)]
    lists = [answered(f"l{n}", "chemicals", "- lithium\n- aspirin") for n in range(3)]
    (finding,) = found(CHECK, Data.of({"train": [*rows, answered("odd", "influences", SENTENCE), *lists]}))
    assert (finding.count, finding.of, finding.split, finding.against) == (1, 8, "train", None)
    assert finding.severity == "warning"
    assert finding.message == (
        "1 of 8 targets of train (12.5%) are written in another form than most of their task: influences: "
        "'Chemical x influences disease y' in 1, not 'x | y'"
    )
    (case,) = finding.cases
    assert case.place == "odd"
    assert case.what == (
        "'- Chemical lithium influences disease tremor': 'Chemical x influences disease y', not 'x | y'"
    )
    ((start, end),) = case.marks
    assert case.text[start:end] == "- Chemical lithium influences disease tremor"


def test_a_form_of_one_split_that_training_does_not_have() -> None:
    train = [answered(str(n), "influences", LOWER) for n in range(4)]
    test = [answered(f"t{n}", "influences", form) for n, form in enumerate((SENTENCE, SENTENCE, LOWER))]
    (finding,) = found(CHECK, Data.of({"train": train, "test": test}))
    assert (finding.count, finding.of, finding.split, finding.against) == (2, 3, "test", "train")
    assert finding.severity == "error"
    assert "another form than those of train" in finding.message
    many = [answered(f"m{n}", "influences", SENTENCE) for n in range(40)]
    assert figures(CHECK, Data.of({"train": train, "test": many})) == {"test": (40, 40)}
    few = [*train, answered("t", "influences", PIPE)]
    (milder,) = found(CHECK, Data.of({"train": train, "test": few}))
    assert (milder.count, milder.of, milder.severity) == (1, 5, "warning")


@pytest.mark.parametrize(
    ("usual", "other", "form"),
    [
        ("- lithium\n- aspirin", "* lithium\n* aspirin", "'*' before each line"),
        ("- lithium\n- aspirin", "1. lithium\n2. aspirin", "a line that cannot be read"),
        ("- lithium\n- aspirin", "lithium\naspirin", "a line that cannot be read"),
        ("- lithium\n- aspirin", "lithium, aspirin", "a line that cannot be read"),
        ("- lithium\n- aspirin", '["lithium", "aspirin"]', "JSON"),
        ('["lithium", "aspirin"]', "- lithium", "lines"),
    ],
)
def test_forms_of_lists(usual: str, other: str, form: str) -> None:
    rows = [answered(str(n), "chemicals", usual) for n in range(3)]
    assert found(CHECK, Data.of({"train": rows})) == []
    odd = answered("odd", "chemicals", other)
    assert figures(CHECK, Data.of({"train": [*rows, odd]})) == {"train": (1, 4)}
    assert form in {shown.form for shown in forms(Row(odd, "train"))}


@pytest.mark.parametrize("second", ["- lithium -> tremor", "- Chemical aspirin influences disease rash"])
def test_any_line_may_be_of_another_form(second: str) -> None:
    rows = [answered(str(n), "influences", PIPE) for n in range(3)]
    odd = answered("odd", "influences", f"- lithium | tremor\n{second}")
    (finding,) = found(CHECK, Data.of({"train": [*rows, odd]}))
    assert (finding.count, finding.of) == (1, 4)
    assert finding.cases[0].what.startswith(f"{second!r}: ")


@pytest.mark.parametrize(
    "other",
    [
        SECTIONS.replace("### Entities:", "## Entities"),
        SECTIONS.replace("1. ", "- ").replace("2. ", "- "),
        SECTIONS.replace("1. ", "1) ").replace("2. ", "2) "),
        SECTIONS.replace("1. ", "").replace("2. ", ""),
        SECTIONS.replace("[Drug] lithium", "lithium (Drug)"),
        SECTIONS.replace(" --[causes]--> ", " causes "),
        SECTIONS.replace(" --[causes]--> ", "--[causes]-->"),
        json.dumps({"entities": ["lithium"]}),
    ],
)
def test_forms_of_sections(other: str) -> None:
    rows = [sectioned(str(n), SECTIONS) for n in range(3)]
    none = sectioned("none", "### Entities:\nNone found.\n\n### Relations:\nNone found.")
    other_types = sectioned("types", SECTIONS.replace("Drug", "Chemical").replace("causes", "treats"))
    many = sectioned("many", SECTIONS.replace("2. [", "12. ["))
    healthy = [*rows, none, other_types, many]
    assert found(CHECK, Data.of({"train": healthy})) == []
    assert figures(CHECK, Data.of({"train": [*healthy, sectioned("odd", other)]})) == {"train": (1, 7)}


def test_words_for_nothing_are_a_form() -> None:
    rows = [sectioned(str(n), "### Entities:\nNone found.") for n in range(3)]
    odd = sectioned("odd", "### Entities:\nnone")
    assert figures(CHECK, Data.of({"train": [*rows, odd]})) == {"train": (1, 4)}


def test_strings_that_look_like_marks_do_not_change_the_form() -> None:
    lines = "- 5-fluorouracil\n- [3H]dopamine\n- -methyl dopa\n- 1. factor"
    rows = [answered(str(n), "chemicals", "- lithium") for n in range(3)]
    assert found(CHECK, Data.of({"train": [*rows, answered("odd", "chemicals", lines)]})) == []
    strange = "- [3H]dopamine | rash\n- lithium | disease"
    pairs = [answered(str(n), "influences", PIPE) for n in range(3)]
    assert found(CHECK, Data.of({"train": [*pairs, answered("odd", "influences", strange)]})) == []
    entity = SECTIONS.replace("1. [Drug] lithium", "1. [Drug] lithium tremor")
    assert found(CHECK, Data.of({"train": [sectioned("1", SECTIONS), sectioned("2", entity)]})) == []


def test_empty_targets_and_formats_without_one_have_no_form() -> None:
    rows = [answered("1", "chemicals", "- lithium"), answered("2", "chemicals", " \n"), row("3", TEXT)]
    assert figures(CHECK, Data.of({"train": rows})) == {}
    odd = answered("4", "chemicals", "* lithium")
    (finding,) = found(CHECK, Data.of({"train": [*rows, rows[0], odd]}))
    assert (finding.count, finding.of) == (1, 3)


TASKS = "chemical_disease_tasks"


@pytest.mark.parametrize(
    "name",
    [
        *(f"{TASKS}/{name}" for name in ("splits_20251106", "splits_20251108", "splits_20251111")),
        *(f"{TASKS}/{name}" for name in ("splits_cleaned_20251113", "splits_unshuffled")),
        *("synthetic_2026", "combined_2026", "bc5cdr"),
    ],
)
def test_each_corpus_by_itself_is_of_one_form(corpora: Path, name: str) -> None:
    assert found(CHECK, corpus(corpora / name)) == []


def test_three_forms_over_time(corpora: Path) -> None:
    """Training rows of one month with the test rows of the others: every influence is written otherwise."""
    folder = corpora / TASKS
    first = folder / "splits_20251106" / "train_run-20251106.jsonl"
    for later, rows in (("splits_20251108/test_run-20251108", 300), ("splits_20251111/test", 299)):
        data = Data.of(load_splits([first, folder / f"{later}.jsonl"]))
        for shown in (data, rebuilt(data, renamed, seed=1)):
            assert figures(CHECK, shown) == {"test": (100, rows)}
        (finding,) = found(CHECK, data)
        assert (finding.severity, finding.against) == ("error", "train")
        assert "not 'Chemical x influences disease y'" in finding.message


def compact(identity: str, completion: str) -> Example:
    """A row of the format `compact` with this answer, letter by letter."""
    text = f"{TEXT} {identity}"
    prompt = f"{text}\n\nExtract: Drug; Symptom; causes\n"
    document = Document(identity, text, metadata={"prompt": prompt, "completion": completion})
    return Example(document, CompactCodec().parse(document, completion), source="compact")


ONE = "Drug: lithium;\nSymptom: tremor;\ncauses: lithium | tremor;\n"
SEVERAL = "Drug: lithium; aspirin;\nSymptom: tremor; a rash;\ncauses: lithium | tremor; aspirin | a rash;\n"
NONE = "Drug:\nSymptom:\ncauses:\n"


def test_answers_of_compact_with_one_relation_and_with_several_have_one_form() -> None:
    rows = [compact("a", ONE), compact("b", SEVERAL), compact("c", NONE), compact("d", ONE * 1)]
    assert found(CHECK, Data.of({"train": rows, "test": [compact("e", SEVERAL)]})) == []


def test_a_compact_answer_in_another_form_is_told() -> None:
    rows = [compact("a", ONE), compact("b", SEVERAL), compact("odd", SEVERAL.replace(" | ", "|"))]
    (finding,) = found(CHECK, Data.of({"train": rows}))
    assert (finding.count, finding.of) == (1, 3)
    assert finding.message.endswith("'x|y' in 1, not 'x | y'")
    (open_end,) = found(CHECK, Data.of({"train": [*rows[:2], compact("e", SEVERAL.replace(";\n", "\n"))]}))
    assert "'nothing' in 1" in open_end.message


def test_long_targets_are_cut_in_messages_and_cases() -> None:
    long = "- lithium " + "and more " * 100 + "influences tremor"
    rows = [answered(str(n), "influences", PIPE) for n in range(4)]
    odd = answered("odd", "influences", f"{long}\n{SENTENCE}")
    (finding,) = found(CHECK, Data.of({"train": [*rows, odd]}))
    assert len(finding.message) < 400
    assert all(len(case.what) < 300 for case in finding.cases)

"""prompt-cue-missing: prompts that do not end as the others of their task do."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from medspan.audit import Data
from medspan.audit.closings import closing
from medspan.audit.data import Row
from medspan.core import Document, Example
from medspan.format import CODECS
from medspan.format.compact import CompactCodec
from medspan.format.sections import SectionsCodec
from medspan.format.tasks import TasksCodec

from ..conftest import found, row
from ..listed_rows import asked, corpus, figures, rebuilt, renamed, sections

CHECK = "prompt-cue-missing"
TEXT = "Lithium caused tremor."


def prompted(example: Example, prompt: str) -> Example:
    """The same row with another prompt in its file."""
    document = example.document
    return replace(example, document=replace(document, metadata={**document.metadata, "prompt": prompt}))


def without_cue(identity: str, task: str, text: str = TEXT) -> Example:
    example = asked(identity, task, text, "lithium")
    return prompted(example, TasksCodec().prompt(example.document).partition("\n\nList of")[0])


def test_prompts_without_the_closing_cue_are_counted() -> None:
    whole = [
        asked(f"{task}{n}", task, f"{TEXT} {n}", "lithium")
        for n in range(4)
        for task in ("chemicals", "diseases")
    ]
    train = [
        *whole,
        without_cue("c", "chemicals"),
        without_cue("d", "diseases"),
        without_cue("e", "diseases"),
    ]
    test = [asked("f", "chemicals", TEXT), without_cue("g", "chemicals")]
    first, second = found(CHECK, Data.of({"train": train, "test": test}))
    assert (first.count, first.of, first.split, first.severity) == (3, 11, "train", "error")
    assert first.message == (
        "3 of 11 prompts of train (27.3%) do not end as the others of their task do: without 'List of "
        "extracted diseases:' (diseases: 2), without 'List of extracted chemicals:' (chemicals: 1)"
    )
    case = first.cases[0]
    assert case.place == "c"
    assert case.what.endswith("Lithium caused tremor.', not with 'List of extracted chemicals:'")
    ((start, end),) = case.marks
    assert case.text[start:end].endswith(TEXT)
    assert end == len(case.text)
    assert (second.count, second.of, second.split) == (1, 2, "test")


def test_a_split_without_any_cue_is_told_by_the_others() -> None:
    train = [asked(str(n), "chemicals", f"{TEXT} {n}") for n in range(5)]
    test = [without_cue(f"t{n}", "chemicals") for n in range(4)]
    assert figures(CHECK, Data.of({"train": train, "test": test})) == {"test": (4, 4)}
    turned = Data.of(
        {"train": [without_cue(f"t{n}", "chemicals", f"{TEXT} {n}") for n in range(5)], "test": train[:2]}
    )
    (finding,) = found(CHECK, turned)
    assert (finding.split, finding.count, finding.of) == ("test", 2, 2)
    assert "with more than the text (chemicals: 2)" in finding.message


def test_another_wording_of_the_cue_is_no_cue() -> None:
    rows = [asked(str(n), "chemicals", f"{TEXT} {n}") for n in range(5)]
    usual = TasksCodec().prompt(rows[0].document)
    reworded = prompted(rows[0], usual.replace("List of extracted chemicals:", "Answer:"))
    assert figures(CHECK, Data.of({"train": [*rows, reworded]})) == {"train": (1, 6)}
    respelt = prompted(rows[0], usual.replace("List of extracted", " LIST of  extracted"))
    assert found(CHECK, Data.of({"train": [*rows, respelt]})) == []


def test_prompts_in_several_wordings_have_no_cue_in_common() -> None:
    usual = TasksCodec().prompt(Document("1", TEXT, task="chemicals"))
    cues = ("List of extracted chemicals:", "Chemicals:", "Answer:", "Result:")
    rows = [
        prompted(asked(str(n), "chemicals", TEXT), usual.replace(cues[0], cues[n % 4])) for n in range(40)
    ]
    assert found(CHECK, Data.of({"train": rows})) == []


def compact(identity: str, text: str, *types: str) -> Example:
    prompt = f"{text}\n\nExtract: {'; '.join(types)}\n"
    document = Document(identity, text, metadata={"prompt": prompt, "completion": ""})
    return Example(document, CompactCodec().parse(document, ""), source="compact")


def test_what_follows_a_colon_may_change_from_row_to_row() -> None:
    rows = [compact(str(n), f"{TEXT} {n}", *(("Drug",) if n % 2 else ("Drug", "Symptom"))) for n in range(9)]
    assert found(CHECK, Data.of({"train": rows})) == []
    bare = prompted(rows[0], rows[0].document.text)
    assert figures(CHECK, Data.of({"train": [*rows, bare]})) == {"train": (1, 10)}


def test_a_text_that_the_prompt_holds_twice_ends_where_it_stands_alone() -> None:
    for text in ("diseases", "chemicals", "List", "a", "", "drugs and chemicals"):
        for task in ("chemicals", "diseases"):
            read = Row(asked("1", task, text), "train")
            assert closing(read) == f"List of extracted {task}:"
            assert text == "" or closing(Row(without_cue("1", task, text), "train")) == ""


def test_formats_without_a_prompt_or_a_cue_are_quiet() -> None:
    assert found(CHECK, Data.of({"train": [row("1", TEXT), row("2", "Other.")]})) == []
    mixed = [
        row("1", TEXT),
        without_cue("2", "chemicals"),
        *(asked(str(n), "chemicals", TEXT) for n in (3, 4)),
    ]
    assert figures(CHECK, Data.of({"train": mixed})) == {"train": (1, 3)}
    assert found(CHECK, Data.of({"train": [sections("1", TEXT), sections("2", "Other: text.")]})) == []
    assert set(CODECS) == {"compact", "sections", "tasks"}


OUTPUT = "### Entities:\n1. [Drug] Lithium\n\n### Relations:\nNone found.\n"


@pytest.mark.parametrize("layout", ["prompt", "messages", "messages with a system message"])
def test_sections_under_other_keys_close_with_a_heading(tmp_path: Path, layout: str) -> None:
    def row(number: int, prompt: str) -> dict[str, object]:
        if layout == "prompt":
            return {"prompt": prompt, "completion": OUTPUT}
        system = [{"role": "system", "content": "Be exact."}] if layout.endswith("system message") else []
        turns = [{"role": "user", "content": prompt}, {"role": "assistant", "content": OUTPUT}]
        return {"messages": [*system, *turns]}

    prompts = [SectionsCodec().prompt(Document("1", f"{TEXT} {n}.")) for n in range(9)]
    for number in (2, 7):
        prompts[number] = prompts[number].partition("\n\n### Output:")[0]
    path = tmp_path / "train.jsonl"
    path.write_text("".join(json.dumps(row(n, prompt)) + "\n" for n, prompt in enumerate(prompts)), "utf-8")
    data = corpus(path)
    (finding,) = found(CHECK, data)
    assert (finding.count, finding.of, finding.severity) == (2, 9, "error")
    assert finding.message.endswith("do not end as the others of their task do: without '### Output:'")
    assert [case.place for case in finding.cases] == [f"{path}:3", f"{path}:8"]
    assert finding.cases[0].text.endswith(f"{prompts[2]}")
    # What was cut off is the line, not the text.
    assert [row.text for row in data.rows] == [f"{TEXT} {n}." for n in range(9)]


def test_cues_that_cleaning_cut_off(corpora: Path) -> None:
    data = corpus(corpora / "chemical_disease_tasks" / "splits_cleaned_20251113")
    wanted = {"train": (249, 2397), "validation": (32, 298), "test": (26, 299)}
    for shown in (data, rebuilt(data, renamed, seed=4), rebuilt(data, in_capitals, seed=5)):
        assert figures(CHECK, shown) == wanted


def in_capitals(example: Example) -> Example:
    """The same row with article and prompt in capitals, which the definition leaves aside."""
    document = example.document
    prompt = document.metadata.get("prompt") or TasksCodec().prompt(document)
    metadata = {**document.metadata, "prompt": prompt.upper()}
    return replace(
        example, document=replace(document, text=document.text.upper(), metadata=metadata), reference=None
    )


@pytest.mark.parametrize(
    "name", ["splits_20251106", "splits_20251108", "splits_20251111", "splits_unshuffled"]
)
def test_splits_with_all_their_cues_are_quiet(corpora: Path, name: str) -> None:
    assert found(CHECK, corpus(corpora / "chemical_disease_tasks" / name)) == []


@pytest.mark.parametrize("name", ["bc5cdr", "synthetic_2026", "combined_2026"])
def test_corpora_without_a_closing_cue_are_quiet(corpora: Path, name: str) -> None:
    assert found(CHECK, corpus(corpora / name)) == []

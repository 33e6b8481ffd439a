"""target-truncated: targets whose end is beyond the limit of a training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from medspan.audit import Data
from medspan.audit.lengths import asked as all_asked
from medspan.core import Example

from ..conftest import found, row
from ..listed_rows import asked, corpus, figures, rebuilt, renamed, sections

CHECK = "target-truncated"
TEXT = "Lithium caused tremor and nausea, aspirin a rash."


def count_words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def data_of(*examples: Example, limit: int, **more: object) -> Data:
    return Data.of({"train": list(examples)}, count_tokens=count_words, max_length=limit, **more)


def words_of(example: Example) -> tuple[int, int]:
    """Words of prompt and target."""
    (held,) = (all_asked(data_of(example, limit=1)) or {}).values()
    return held[0].prompt_tokens, held[0].target_tokens


def test_labels_beyond_the_limit_are_counted_by_task() -> None:
    chemicals = asked("a", "chemicals", TEXT, "lithium", "aspirin", "a b c")
    diseases = asked("b", "diseases", TEXT, "tremor", "nausea", "rash")
    influences = asked("c", "influences", TEXT, "lithium | tremor")
    prompt, target = words_of(chemicals)
    assert (prompt, target) == (words_of(diseases)[0], 8)
    limit = prompt + 5
    (finding,) = found(CHECK, data_of(chemicals, diseases, influences, limit=limit))
    # Of "- lithium", "- aspirin", "- a b c" two lines are within 5 words, as of the three diseases.
    longest = max(sum(words_of(one)) for one in (chemicals, diseases, influences))
    in_influences = int(sum(words_of(influences)) > limit)
    assert (finding.count, finding.of, finding.split) == (2 + in_influences, 3, "train")
    assert finding.severity == "error"
    assert f"the longest has {longest}. {2 + in_influences} of 7 labels" in finding.message
    assert f"(chemicals: 1 of 3, diseases: 1 of 3, influences: {in_influences} of 1)" in finding.message
    assert [(case.place, case.what) for case in finding.cases][:2] == [
        ("a", f"{prompt} + 8 tokens; 1 of 3 labels are beyond the limit"),
        ("b", f"{prompt} + 6 tokens; 1 of 3 labels are beyond the limit"),
    ]


def test_rows_that_just_fit_are_quiet() -> None:
    example = asked("a", "chemicals", TEXT, "lithium", "aspirin")
    assert found(CHECK, data_of(example, limit=sum(words_of(example)))) == []
    assert figures(CHECK, data_of(example, limit=sum(words_of(example)) - 1)) == {"train": (1, 1)}
    assert found(CHECK, Data.of({"train": [example]}, max_length=1)) == []
    empty = asked("b", "chemicals", TEXT)
    assert found(CHECK, data_of(empty, limit=1)) == []


def test_a_prompt_that_fills_the_limit_leaves_no_label() -> None:
    example = asked("a", "chemicals", TEXT, "lithium", "aspirin")
    (finding,) = found(CHECK, data_of(example, limit=3))
    assert "2 of 2 labels (100.0%) are beyond the limit" in finding.message


def test_relations_of_sections_are_labels_that_come_last() -> None:
    example = sections(
        "a", TEXT, ("Drug", "Lithium"), ("Symptom", "tremor"), relations=[("Lithium", "causes", "tremor")]
    )
    prompt, target = words_of(example)
    (finding,) = found(CHECK, data_of(example, limit=prompt + target - 1))
    assert "1 of 3 labels (33.3%) are beyond the limit" in finding.message
    # A heading and the first entity: "### Entities: 1. [Drug] Lithium".
    (most,) = found(CHECK, data_of(example, limit=prompt + 5))
    assert "2 of 3 labels" in most.message
    (all_,) = found(CHECK, data_of(example, limit=prompt + 4))
    assert "3 of 3 labels" in all_.message


def test_formats_without_a_target_are_measured_as_training_would_write_them() -> None:
    example = row(
        "a", TEXT, ("Lithium", "Drug"), ("tremor", "Symptom"), relations=[("Lithium", "causes", "tremor")]
    )
    # "Drug: Lithium; / Symptom: tremor; / causes: Lithium | tremor;" after the text and "Extract: ...".
    prompt, target = words_of(example)
    assert target == 8
    for kept, lost in ((7, 1), (3, 2), (1, 3)):
        (finding,) = found(CHECK, data_of(example, limit=prompt + kept))
        assert f"{lost} of 3 labels" in finding.message
    # "Drug: Lithium; tremor;"
    one_line = row("b", TEXT, ("Lithium", "Drug"), ("tremor", "Drug"))
    (finding,) = found(CHECK, data_of(one_line, limit=words_of(one_line)[0] + 2))
    assert "1 of 2 labels" in finding.message


@given(
    st.lists(st.sampled_from(["lithium", "a rash", "tremor and nausea"]), min_size=1, max_size=8),
    st.integers(0, 30),
)
def test_lines_within_the_limit_are_kept(lines: list[str], room: int) -> None:
    example = asked("a", "chemicals", TEXT, *lines)
    prompt, target = words_of(example)
    used = kept = 0
    for line in lines:
        used += 1 + len(line.split())
        kept += used <= room
    findings = found(CHECK, data_of(example, limit=prompt + room))
    if target <= room:
        assert findings == []
    else:
        assert f" {len(lines) - kept} of {len(lines)} labels" in findings[0].message


def test_figures_stay_where_rows_and_files_move(corpora: Path) -> None:
    data = corpus(corpora / "chemical_disease_tasks" / "splits_20251111")
    shown = [
        found(CHECK, replace(one, count_tokens=count_words, max_length=300))
        for one in (data, rebuilt(data, renamed, seed=3))
    ]
    assert [[(one.split, one.message) for one in findings] for findings in shown[:1]] == [
        [(one.split, one.message) for one in shown[1]]
    ]
    assert [one.split for one in shown[0]] == ["train", "validation", "test"]

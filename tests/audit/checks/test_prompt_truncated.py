"""prompt-truncated: prompts that were cut, or will be."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from medspan.audit import Data, Part
from medspan.core import Example
from medspan.format.tasks import LEAD, QUESTIONS, TasksCodec

from ..conftest import found, row
from ..listed_rows import asked, corpus, figures, rebuilt, renamed

CHECK = "prompt-truncated"
TEXT = "Lithium caused a severe tremor of both hands. It went away after two days without it."
CUT = "Lithium caused a severe tremor of both hands."


def count_words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def part(*examples: Example) -> Part:
    return Part.of("original", examples)


def test_prompts_over_the_limit_by_themselves_are_counted_by_task() -> None:
    rows = [
        asked("a", "chemicals", TEXT, "lithium"),
        asked("b", "diseases", f"One. {TEXT}", "tremor"),
        asked("c", "chemicals", f"Two. {TEXT}", "lithium"),
        asked("d", "chemicals", f"Three and more. {TEXT}"),
    ]
    words = [len(f"{one.document.text} {QUESTION}".split()) for one in rows]
    data = Data.of({"train": rows, "test": rows[:1]}, count_tokens=count_words, max_length=words[0])
    (finding,) = found(CHECK, data)
    assert (finding.count, finding.of, finding.split, finding.severity) == (3, 4, "train", "error")
    assert finding.message == (
        f"3 of 4 prompts of train alone have more than {words[0]} tokens (chemicals: 2, diseases: 1); "
        f"the longest has {words[3]}, and nothing of their targets is left"
    )
    assert [(case.place, case.what) for case in finding.cases] == [
        ("b", f"the prompt has {words[1]} tokens"),
        ("c", f"the prompt has {words[2]} tokens"),
        ("d", f"the prompt has {words[3]} tokens"),
    ]
    longer = replace(data, max_length=words[3])
    assert found(CHECK, longer) == []


QUESTION = (
    "The following article contains technical terms including diseases, drugs and chemicals. Create a list "
    "only of the chemicals mentioned. List of extracted chemicals:"
)


def test_formats_without_a_prompt_are_asked_as_training_would() -> None:
    example = row("a", TEXT, ("Lithium", "Drug"), ("tremor", "Symptom"))
    text = len(TEXT.split())
    # After it stands "Extract: Drug; Symptom".
    for limit, expected in ((text + 3, {}), (text + 2, {"train": (1, 1)})):
        data = Data.of({"train": [example]}, count_tokens=count_words, max_length=limit)
        assert figures(CHECK, data) == expected
    # A type that the format cannot name leaves the text alone.
    odd = Data.of(
        {"train": [row("a", TEXT, ("Lithium", "a;b"))]}, count_tokens=count_words, max_length=text - 1
    )
    assert figures(CHECK, odd) == {"train": (1, 1)}
    assert found(CHECK, replace(odd, max_length=text)) == []


def test_a_limit_or_a_counter_alone_measures_nothing() -> None:
    example = asked("a", "chemicals", TEXT)
    assert found(CHECK, Data.of({"train": [example]}, max_length=1)) == []
    assert found(CHECK, Data.of({"train": [example]}, count_tokens=count_words)) == []


def test_texts_that_are_pieces_of_the_original_are_counted() -> None:
    original = part(
        asked("1", "chemicals", TEXT),
        asked("2", "diseases", f"{CUT} Full stop."),
        asked("3", "influences", CUT),
    )
    rows = [
        asked("a", "chemicals", CUT.upper(), "lithium"),
        asked("b", "chemicals", "severe tremor of both hands. It went away after two days", "lithium"),
        asked("c", "chemicals", f"  {TEXT} "),
        asked("d", "diseases", f"{CUT} Full stop."),
        asked("e", "influences", CUT),
        asked("f", "chemicals", "Another text of more than six words."),
        asked("g", "chemicals", "Lithium caused a"),
    ]
    (finding,) = found(CHECK, Data.of({"train": rows}, original=original))
    assert (finding.count, finding.of, finding.split, finding.severity) == (2, 7, "train", "error")
    missing = len(TEXT) - len(CUT), len(TEXT) - 56
    assert finding.message.startswith(
        f"2 of 7 texts of train (28.6%) are cut off against the original: {sum(missing)} characters are "
        "missing, and no prompt that is cut has more than "
    )
    first, second = finding.cases
    assert (first.place, first.what, first.other_place) == ("a", f"{missing[0]} characters are missing", "1")
    assert (first.text, first.other_text) == (CUT.upper(), TEXT)
    assert second.what == f"{missing[1]} characters are missing"


def test_an_original_without_tasks_serves_every_task() -> None:
    data = Data.of(
        {"train": [asked("a", "chemicals", CUT), asked("b", "diseases", CUT)]}, original=part(row("1", TEXT))
    )
    assert figures(CHECK, data) == {"train": (2, 2)}


def test_a_text_that_the_original_holds_by_itself_was_not_cut() -> None:
    data = Data.of({"train": [row("a", CUT), row("b", TEXT)]}, original=part(row("1", TEXT), row("2", CUT)))
    assert found(CHECK, data) == []


def test_without_the_original_a_text_that_goes_on_elsewhere_is_a_suspicion() -> None:
    train = [asked("a", "chemicals", CUT), asked("b", "diseases", "Some other text of more than six words.")]
    test = [asked("c", "diseases", TEXT)]
    (finding,) = found(CHECK, Data.of({"train": train, "test": test}))
    assert (finding.count, finding.of, finding.split, finding.severity) == (1, 2, "train", "warning")
    assert finding.message == "1 of 2 texts of train break off where the text of another row goes on"
    (case,) = finding.cases
    assert (case.place, case.what, case.other_place) == ("a", "the other text goes on", "c")


def long_texts(limit: int | None) -> list[Example]:
    chance = random.Random(3)
    rows = []
    for number in range(600):
        length = max(100, int(chance.gauss(1500, 450)))
        if limit is not None and length > limit:
            length = limit - chance.randrange(120)
        rows.append(row(str(number), f"{number} ".ljust(length, "x")))
    return rows


def test_lengths_that_crowd_below_the_greatest_are_a_suspicion() -> None:
    rows = long_texts(1800)
    longest = max(len(one.document.text) for one in rows)
    near = [one.document.id for one in rows if len(one.document.text) > round(0.9 * longest)]
    (finding,) = found(CHECK, Data.of({"train": rows}))
    assert (finding.count, finding.of, finding.severity) == (len(near), 600, "warning")
    assert [case.place for case in finding.cases] == near
    assert finding.message.startswith(
        f"at most {len(near)} of 600 texts of train are cut: these have {round(0.9 * longest) + 1} to "
        f"{longest} characters"
    )
    assert "cut at a limit, but some are that long by themselves (--original PATH" in finding.message
    assert found(CHECK, Data.of({"train": long_texts(None)})) == []
    # With the original at hand nothing has to be suspected.
    assert found(CHECK, Data.of({"train": rows}, original=part(*rows))) == []


def prompts(limit: int | None, *, whole: bool) -> list[Example]:
    """Rows of which long ones were cut: the whole prompt, or the text within it."""
    rows = []
    for example in long_texts(None):
        document = replace(example.document, task="chemicals", metadata={"completion": "- x"})
        room = None if limit is None else limit - len(TasksCodec().prompt(replace(document, text="")))
        if whole or room is None or len(document.text) <= room:
            prompt = TasksCodec().prompt(document)[:limit]
        else:
            document = replace(document, text=document.text[:room])
            prompt = TasksCodec().prompt(document)
        text = prompt.removeprefix(LEAD + QUESTIONS["chemicals"]).strip().partition("\n\nList of")[0]
        metadata = {**document.metadata, "prompt": prompt}
        rows.append(Example(replace(document, text=text, metadata=metadata), source="tasks"))
    return rows


def test_where_cut_prompts_lack_their_end_only_they_are_suspected() -> None:
    rows = prompts(2000, whole=True)
    lacking = [one.id for one in rows if not one.document.metadata["prompt"].rstrip().endswith("chemicals:")]
    (finding,) = found(CHECK, Data.of({"train": rows}))
    assert (finding.count, finding.severity) == (len(lacking), "warning")
    assert 20 < len(lacking) < sum(len(one.document.metadata["prompt"]) > 1800 for one in rows) - 20
    assert [case.place for case in finding.cases] == lacking
    assert finding.message.startswith(f"{len(lacking)} of 600 prompts of train lack the end that the others")
    assert "at most these" in finding.message
    # Texts that were cut before the prompt was put around them have it; a few that lack it were not cut.
    rows = prompts(2000, whole=False)
    assert all(one.document.metadata["prompt"].rstrip().endswith("chemicals:") for one in rows)
    for at in range(0, 600, 60):
        metadata = {**rows[at].document.metadata, "prompt": rows[at].document.metadata["prompt"][:-30]}
        rows[at] = replace(rows[at], document=replace(rows[at].document, metadata=metadata))
    near = [one.id for one in rows if len(one.document.metadata["prompt"]) > 1800]
    (finding,) = found(CHECK, Data.of({"train": rows}))
    assert [case.place for case in finding.cases] == near
    assert finding.message.startswith(f"at most {len(near)} of 600 prompts of train are cut")
    assert found(CHECK, Data.of({"train": prompts(None, whole=True)})) == []
    # Where both were done, the end of a prompt says nothing.
    both = [*prompts(2000, whole=True)[:300], *prompts(2000, whole=False)[300:]]
    (finding,) = found(CHECK, Data.of({"train": both}))
    assert finding.count == sum(len(one.document.metadata["prompt"]) > 1800 for one in both)
    assert finding.message.startswith("at most ")


def test_all_evidence_of_a_split_is_one_finding_that_counts_a_row_once() -> None:
    rows = [asked("a", "chemicals", CUT), asked("b", "chemicals", f"{TEXT} {TEXT} {TEXT}")]
    whole = [asked("1", "chemicals", TEXT), asked("2", "chemicals", f"{TEXT} {TEXT} {TEXT} And more.")]
    data = Data.of({"train": rows}, original=part(*whole), count_tokens=count_words, max_length=60)
    (finding,) = found(CHECK, data)
    assert (finding.count, finding.of, finding.severity) == (2, 2, "error")
    assert "1 of 2 prompts of train alone have more than 60 tokens" in finding.message
    assert "; 2 of 2 texts of train (100.0%) are cut off against the original" in finding.message
    assert [case.place for case in finding.cases] == ["a", "b"]
    suspected = [asked("a", "chemicals", CUT), asked("b", "chemicals", TEXT)]
    (sure,) = found(CHECK, Data.of({"train": suspected}, count_tokens=count_words, max_length=35))
    assert (sure.count, sure.of, sure.severity) == (2, 2, "error")
    assert "; 1 of 2 texts of train break off where" in sure.message


TASKS = "chemical_disease_tasks"


def test_text_that_cleaning_cut_off(corpora: Path) -> None:
    before = corpus(corpora / TASKS / "splits_20251111")
    after = corpus(corpora / TASKS / "splits_cleaned_20251113")
    original = Part.of("original", [row.example for row in before.rows])
    wanted = {"train": (216, 2397), "validation": (27, 298), "test": (26, 299)}
    for shown in (after, rebuilt(after, lambda example: renamed(in_capitals(example)), seed=1)):
        assert figures(CHECK, replace(shown, original=original)) == wanted
    assert found(CHECK, replace(before, original=original)) == []


def in_capitals(example: Example) -> Example:
    return replace(
        example, document=replace(example.document, text=example.document.text.upper()), reference=None
    )


def test_the_cut_at_2048_characters_is_suspected_without_the_original(corpora: Path) -> None:
    for shown in (
        after := corpus(corpora / TASKS / "splits_cleaned_20251113"),
        rebuilt(after, renamed, seed=2),
    ):
        # The prompts that were cut; 216, 27 and 26 of them lost text, too.
        assert figures(CHECK, shown) == {"train": (249, 2397), "validation": (32, 298), "test": (26, 299)}
        for finding in found(CHECK, shown):
            assert finding.severity == "warning"
            assert "crowd below the greatest length (2047 characters)" in finding.message
            assert "at most these" in finding.message


@pytest.mark.parametrize(
    "name",
    [
        *(f"{TASKS}/{name}" for name in ("splits_20251106", "splits_20251108", "splits_20251111")),
        *("bc5cdr", "biored", "ncbi_disease", "maccrobat", "ade", "combined_2026", "synthetic_2026"),
    ],
)
def test_corpora_that_were_not_cut_are_quiet(corpora: Path, name: str) -> None:
    assert found(CHECK, corpus(corpora / name)) == []

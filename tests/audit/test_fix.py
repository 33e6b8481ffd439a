"""Repairs: what each remedy does to a row, what stays as it is, and that everything is listed."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from medspan.audit import Data, remedies
from medspan.audit.draft import Draft
from medspan.audit.fix import fix
from medspan.audit.fixed import Fixed
from medspan.audit.remedies import Remedy
from medspan.core import (
    Annotation,
    Document,
    Example,
    InputError,
    Mention,
    Relation,
    RelationType,
    Schema,
    UnalignedMention,
)
from medspan.format.tasks import TasksCodec
from medspan.read import load, load_splits, write
from medspan.read.losses import Listener, Loss

from .conftest import found

TEXT = "Lithium and aspirin caused tremor; lithium was stopped."
INTERACTIONS = Schema(("Drug",), (RelationType("interacts_with", symmetric=True), RelationType("causes")))


def sections(output: str, text: str = TEXT) -> dict[str, Any]:
    return {"instruction": "Extract.", "input": text, "output": output}


def tasks(task: str, completion: str, text: str = TEXT) -> dict[str, Any]:
    return {"prompt": TasksCodec().prompt(Document("-", text, task=task)), "completion": completion}


def put(folder: Path, **splits: Sequence[dict[str, Any]]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, rows in splits.items():
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return folder


def repair(source: Path, schema: Schema | None = None) -> tuple[Path, Fixed]:
    out = source.parent / "repaired"
    return out, fix(load_splits(source, on_error="skip"), out, schema=schema)


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def log(folder: Path) -> list[dict[str, Any]]:
    return rows_of(folder / "changes.jsonl")


def done_to(folder: Path) -> list[tuple[str, str, str, str]]:
    return [(one["remedy"], one["split"], one["action"], one["kind"]) for one in log(folder)]


# One row and what becomes of its target.
TARGETS = {
    "a later copy in another case goes, and the list is counted anew": (
        "### Entities:\n1. [Drug] Lithium\n2. [Drug] lithium\n3. [Effect] tremor\n\n"
        "### Relations:\nNone found.",
        "### Entities:\n1. [Drug] Lithium\n2. [Effect] tremor\n\n### Relations:\nNone found.",
        [("duplicate-item", "removed", "mention")],
    ),
    "the same string under another type is another item": (
        "### Entities:\n1. [Drug] Lithium\n2. [Metal] Lithium\n\n### Relations:\nNone found.",
        "### Entities:\n1. [Drug] Lithium\n2. [Metal] Lithium\n\n### Relations:\nNone found.",
        [],
    ),
    "an endpoint that was written as the copy is written as the one that stays": (
        "### Entities:\n- [Drug] Lithium\n- [Drug] lithium\n### Relations:\n- lithium --[causes]--> tremor\n",
        "### Entities:\n- [Drug] Lithium\n### Relations:\n- Lithium --[causes]--> tremor\n",
        [("duplicate-item", "removed", "mention"), ("duplicate-item", "changed", "relation")],
    ),
    "an endpoint that means another item stays": (
        "### Entities:\n1. [Metal] Lithium\n2. [Drug] lithium\n3. [Drug] Lithium\n\n"
        "### Relations:\n1. Lithium --[causes]--> tremor",
        "### Entities:\n1. [Metal] Lithium\n2. [Drug] lithium\n\n"
        "### Relations:\n1. Lithium --[causes]--> tremor",
        [("duplicate-item", "removed", "mention")],
    ),
    "a list that loses everything says so": (
        "### Entities:\n1. [Drug]  \n\n### Relations:\n1. Lithium --[causes]--> none\n",
        "### Entities:\nNone found.\n\n### Relations:\nNone found.\n",
        [("blank-item", "removed", "mention"), ("blank-item", "removed", "relation")],
    ),
    "endpoints take the letters of the entity, and are the same relation then": (
        "### Entities:\n1. [Drug] aspirin\n2. [Effect] tremor\n\n### Relations:\n"
        "1. Aspirin --[causes]--> TREMOR\n2. aspirin --[causes]--> tremor",
        "### Entities:\n1. [Drug] aspirin\n2. [Effect] tremor\n\n### Relations:\n"
        "1. aspirin --[causes]--> tremor",
        [
            ("endpoint-case", "changed", "relation"),
            ("endpoint-case", "changed", "relation"),
            ("duplicate-item", "removed", "relation"),
        ],
    ),
    "an endpoint that no entity has stays": (
        "### Entities:\n1. [Drug] aspirin\n\n### Relations:\n1. Lithium --[causes]--> tremor",
        "### Entities:\n1. [Drug] aspirin\n\n### Relations:\n1. Lithium --[causes]--> tremor",
        [],
    ),
    "types are spelt alike, and what is the same then goes": (
        "### Entities:\n1. [Side effect] tremor\n2. [side_effects] tremor\n3. [Side effect] stopped\n\n"
        "### Relations:\nNone found.",
        "### Entities:\n1. [Side effect] tremor\n2. [Side effect] stopped\n\n### Relations:\nNone found.",
        [("type-spelling", "changed", "mention"), ("duplicate-item", "removed", "mention")],
    ),
    "relation types are spelt alike": (
        "### Entities:\nNone found.\n\n### Relations:\n1. Lithium --[causes]--> tremor\n"
        "2. aspirin --[Causes]--> tremor\n3. aspirin --[causes]--> lithium",
        "### Entities:\nNone found.\n\n### Relations:\n1. Lithium --[causes]--> tremor\n"
        "2. aspirin --[causes]--> tremor\n3. aspirin --[causes]--> lithium",
        [("type-spelling", "changed", "relation")],
    ),
    "what cannot be read, and what is not in the text, stays where it is": (
        "### Entities:\n7) [Drug] Lithium\n8) [Drug] warfarin\nsee above\n8) [Drug] LITHIUM\n",
        "### Entities:\n7) [Drug] Lithium\n8) [Drug] warfarin\nsee above\n",
        [("duplicate-item", "removed", "mention")],
    ),
    "a head that is also in the number and the type": (
        "### Entities:\n1. [1] 1\n\n### Relations:\n1. 1 --[1]--> 1\n2. 1 --[1]--> 1",
        "### Entities:\n1. [1] 1\n\n### Relations:\n1. 1 --[1]--> 1",
        [("duplicate-item", "removed", "relation")],
    ),
}


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_is_changed_where_it_must_be(name: str, tmp_path: Path) -> None:
    before, after, changes = TARGETS[name]
    out, _ = repair(put(tmp_path / "in", train=[sections(before)]))
    (row,) = rows_of(out / "train.jsonl")
    assert row == sections(after)
    assert done_to(out) == [(remedy, "train", action, kind) for remedy, action, kind in changes]


def test_a_change_says_where_and_what(tmp_path: Path) -> None:
    rows = [
        sections("### Entities:\n1. [Drug] aspirin\n\n### Relations:\nNone found."),
        sections(
            "### Entities:\n1. [Drug] lithium\n2. [Drug] \n### Relations:\n1. LITHIUM --[causes]--> tremor"
        ),
    ]
    source = put(tmp_path / "in", test=rows)
    out, done = repair(source)
    place = {"split": "test", "file": str(source / "test.jsonl"), "row": 2}
    respelt, blank = log(out)
    assert respelt == {
        **place,
        "remedy": "endpoint-case",
        "action": "changed",
        "kind": "relation",
        "what": "the head in the letters of the listed entity",
        "before": {"head": "LITHIUM", "type": "causes", "tail": "tremor"},
        "after": {"head": "lithium", "type": "causes", "tail": "tremor"},
    }
    assert (blank["before"], blank["after"]) == ({"type": "Drug", "text": ""}, None)
    assert {key: blank[key] for key in place} == place
    totals = done.to_json()["totals"]["test"]
    assert totals["rows"] == {
        "before": 2,
        "removed": {},
        "removed_with_rows": 0,
        "changed": {"rewritten": 1},
        "lost": 0,
        "after": 2,
    }
    assert (totals["mentions"]["before"], totals["mentions"]["after"]) == (3, 2)
    assert totals["mentions"]["removed"] == {"blank-item": 1}
    assert totals["relations"]["changed"] == {"endpoint-case": 1}
    assert done.to_json()["changes"] == {
        "test": {"endpoint-case": {"relations changed": 1}, "blank-item": {"mentions removed": 1}}
    }


def test_lists_of_tasks_are_repaired_in_each_of_their_forms(tmp_path: Path) -> None:
    rows = [
        tasks("chemicals", "- Lithium\n- \n- lithium\n- aspirin\n"),
        tasks("influences", "- Lithium | tremor\n- aspirin | none\n- lithium | Tremor\n"),
        tasks(
            "influences", "- chemical Lithium influences disease tremor\n- lithium influences disease tremor"
        ),
        tasks("diseases", "- "),
    ]
    out, _ = repair(put(tmp_path / "in", train=rows))
    assert [row["completion"] for row in rows_of(out / "train.jsonl")] == [
        "- Lithium\n- aspirin\n",
        "- Lithium | tremor\n",
        "- chemical Lithium influences disease tremor",
        "",
    ]
    assert [row["prompt"] for row in rows_of(out / "train.jsonl")] == [row["prompt"] for row in rows]


def test_compact_asks_for_the_types_that_it_answers(tmp_path: Path) -> None:
    ask = f"{TEXT}\n\nExtract: Drug; drugs; Causes; causes\n"
    rows = [
        {
            "prompt": ask,
            "completion": "Drug: Lithium; aspirin;\ndrugs: lithium;\nCauses:\ncauses: a | b; a | b;\n",
        },
        {
            "prompt": ask.replace("Lithium", "Gold"),
            "completion": "Drug: Gold;\ndrugs:\nCauses: a | b;\ncauses:\n",
        },
        {"prompt": f"{TEXT}\n\nExtract: Drug\n", "completion": "Drug: aspirin;\n"},
    ]
    out, _ = repair(put(tmp_path / "in", train=rows))
    first, second, third = rows_of(out / "train.jsonl")
    assert first == {
        "prompt": f"{TEXT}\n\nExtract: Drug; causes\n",
        "completion": "Drug: Lithium; aspirin;\ncauses: a | b;\n",
    }
    assert second["completion"] == "Drug: Gold;\ncauses: a | b;\n"
    assert third == rows[2]
    asked = [one for one in log(out) if one["kind"] == "question"]
    assert [(one["row"], one["before"], one["after"]) for one in asked] == [
        (1, "drugs", "Drug"),
        (1, "Causes", "causes"),
        (2, "drugs", "Drug"),
        (2, "Causes", "causes"),
    ]


def test_a_row_that_its_format_refuses_to_write_stays(tmp_path: Path) -> None:
    row = {"prompt": f"{TEXT}\n\nExtract: |\n", "completion": "|: Lithium; lithium;\n"}
    whole = {"prompt": f"{TEXT}\n\nExtract: Drug\n", "completion": "Drug: Lithium;\n"}
    out, done = repair(put(tmp_path / "in", train=[row, whole]))
    assert rows_of(out / "train.jsonl") == [row, whole]
    assert [change.action for change in done.changes] == ["kept"]
    assert "compact cannot be written so: type '|' holds '|'" in done.changes[0].what


def test_a_name_of_both_kinds_is_not_respelt(tmp_path: Path) -> None:
    rows = [
        sections(
            f"### Entities:\n1. [{name}] tremor\n\n### Relations:\n1. Lithium --[causes]--> aspirin", text
        )
        for name, text in (("causes", TEXT), ("Causes", "Lithium, aspirin; tremor."))
    ]
    assert not repair(put(tmp_path / "in", train=rows))[1].changes


SAID = "### Entities:\n1. [Drug] Lithium\n\n### Relations:\nNone found."
OTHER = "### Entities:\n1. [Drug] aspirin\n\n### Relations:\nNone found."


def own(part: str) -> dict[str, Any]:
    return sections(SAID, f"Lithium was given ({part}).")


def test_of_equal_rows_the_evaluated_one_stays(tmp_path: Path) -> None:
    shouted = sections(SAID.upper().replace("DRUG", "Drug"), TEXT.upper())
    source = put(
        tmp_path / "in",
        train=[sections(SAID), own("train"), shouted, sections(SAID, "Only  lithium."), own("extra")],
        validation=[sections(SAID), own("validation"), sections(SAID, "only lithium.")],
        test=[own("test"), sections(SAID), own("test")],
        extra=[sections(SAID), own("extra")],
    )
    files = [source / f"{name}.jsonl" for name in ("train", "validation", "test", "extra")]
    out = tmp_path / "repaired"
    done = fix(load_splits(files), out)
    assert rows_of(out / "train.jsonl") == [own("train")]
    assert rows_of(out / "validation.jsonl") == [own("validation"), sections(SAID, "only lithium.")]
    assert rows_of(out / "test.jsonl") == [own("test"), sections(SAID)]
    assert rows_of(out / "extra.jsonl") == [own("extra")]
    removed = [(one["split"], one["row"], one["what"]) for one in log(out)]
    test = f"the same row as {source / 'test.jsonl'}"
    assert removed == [
        ("train", 1, f"{test}:2 of test"),
        ("train", 3, f"{test}:2 of test"),
        ("train", 4, f"the same row as {source / 'validation.jsonl'}:3 of validation"),
        ("train", 5, f"the same row as {source / 'extra.jsonl'}:2 of extra"),
        ("validation", 1, f"{test}:2 of test"),
        ("test", 3, f"{test}:1"),
        ("extra", 1, f"{test}:2 of test"),
    ]
    assert log(out)[0]["before"]["text"] == TEXT
    assert done.totals["train"]["mention"].with_rows == 4


def test_the_larger_part_gives_way_where_no_name_tells(tmp_path: Path) -> None:
    source = put(
        tmp_path / "in", small=[sections(SAID), own("small")], large=[sections(SAID), own("a"), own("b")]
    )
    done = fix(load_splits([source / "small.jsonl", source / "large.jsonl"]), tmp_path / "out")
    assert [change.split for change in done.changes] == ["large"]


def test_rows_that_contradict_each_other_stay(tmp_path: Path) -> None:
    source = put(tmp_path / "in", train=[sections(SAID), sections(OTHER)], test=[sections(OTHER, TEXT + " ")])
    out, _ = repair(source)
    # The equal one goes; of the other two neither is known to be right.
    assert rows_of(out / "train.jsonl") == [sections(SAID)]
    assert rows_of(out / "test.jsonl") == [sections(OTHER, TEXT + " ")]


def test_rows_of_other_concept_ids_or_tasks_are_not_the_same(tmp_path: Path) -> None:
    def asked(concept: str) -> Example:
        mention = Mention.at(TEXT, 0, 7, "Drug", concepts=(concept,))
        return Example(Document(concept, TEXT), Annotation((mention,)))

    write(tmp_path / "in" / "train.jsonl", [asked("D1"), asked("D2")], "medspan")
    out, done = repair(tmp_path / "in")
    assert not done.changes
    assert (out / "train.jsonl").read_bytes() == (tmp_path / "in" / "train.jsonl").read_bytes()
    (tmp_path / "b").mkdir()
    source = put(tmp_path / "b" / "in", train=[tasks("chemicals", ""), tasks("diseases", "")])
    assert not repair(source)[1].changes


def test_rows_without_a_text_or_an_answer_go_and_honest_negatives_stay(tmp_path: Path) -> None:
    nothing = "### Entities:\nNone found.\n\n### Relations:\nNone found."
    out, _ = repair(
        put(
            tmp_path / "in",
            train=[
                sections(SAID, " \n"),
                sections("\n", "Gold."),
                sections(nothing, "All was well."),
                own("a"),
            ],
        )
    )
    assert rows_of(out / "train.jsonl") == [sections(nothing, "All was well."), own("a")]
    assert [(one["remedy"], one["row"], one["what"].split(",")[0]) for one in log(out)] == [
        ("empty-row", 1, "it has no text"),
        ("empty-row", 2, "its target is blank"),
    ]
    # A list without items is how `tasks` says that there is nothing.
    (tmp_path / "b").mkdir()
    source = put(tmp_path / "b" / "in", train=[tasks("chemicals", "\n"), tasks("diseases", "- tremor")])
    assert not repair(source)[1].changes


SYMMETRIC = (
    "### Entities:\n1. [Drug] Lithium\n2. [Drug] aspirin\n\n### Relations:\n"
    "1. aspirin --[interacts_with]--> Lithium\n2. aspirin --[causes]--> Lithium"
)


def test_symmetric_relations_follow_the_text_where_a_schema_says_so(tmp_path: Path) -> None:
    out, _ = repair(put(tmp_path / "in", train=[sections(SYMMETRIC)]), INTERACTIONS)
    (row,) = rows_of(out / "train.jsonl")
    assert row["output"].splitlines()[-2:] == [
        "1. Lithium --[interacts_with]--> aspirin",
        "2. aspirin --[causes]--> Lithium",
    ]
    assert done_to(out) == [("one-way-symmetric", "train", "changed", "relation")]
    # Without a schema nothing tells that a type has no direction.
    (tmp_path / "b").mkdir()
    assert not repair(put(tmp_path / "b" / "in", train=[sections(SYMMETRIC)]))[1].changes


def test_of_both_directions_that_of_the_text_stays(tmp_path: Path) -> None:
    both = f"{SYMMETRIC}\n3. Lithium --[interacts_with]--> aspirin\n4. gold --[interacts_with]--> aspirin"
    out, _ = repair(put(tmp_path / "in", train=[sections(both)]), INTERACTIONS)
    (row,) = rows_of(out / "train.jsonl")
    assert row["output"].splitlines()[-3:] == [
        "1. aspirin --[causes]--> Lithium",
        "2. Lithium --[interacts_with]--> aspirin",
        # What is not in the text comes neither first nor last.
        "3. gold --[interacts_with]--> aspirin",
    ]
    assert done_to(out) == [("one-way-symmetric", "train", "removed", "relation")]


BOTH_WAYS = """\
1|t|Zinc, lithium and zinc.
1|a|
1\t0\t4\tZinc\tDrug\tD000001
1\t6\t13\tlithium\tDrug\tD000002
1\t18\t22\tzinc\tDrug\tD000001
1\tinteracts_with\tD000002\tD000001\tNovel
1\tinteracts_with\tD000001\tD000002\tNo

2|t|Zinc, lithium and zinc.
2|a|Again.
2\t0\t4\tZinc\tDrug\tD000001
2\t6\t13\tlithium\tDrug\tD000002
2\t18\t22\tzinc\tDrug\tD000001
2\tinteracts_with\tD000002\tD000001\tNovel

"""


def test_concepts_stand_where_they_are_mentioned_first(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "train.txt").write_text(BOTH_WAYS, "utf-8")
    out, _ = repair(tmp_path / "in", INTERACTIONS)
    relations = [line for line in (out / "train.txt").read_text("utf-8").splitlines() if "interacts" in line]
    assert relations == [
        "1\tinteracts_with\tD000001\tD000002\tNo",
        "2\tinteracts_with\tD000001\tD000002\tNovel",
    ]
    gone, turned = log(out)
    # What stood beside a removed relation is listed with it.
    assert gone["before"]["further"] == ["Novel"]
    assert (turned["row"], turned["action"]) == (9, "changed")


def test_the_spelling_of_the_schema_wins_and_what_it_tells_apart_stays(tmp_path: Path) -> None:
    rows = [
        sections("### Entities:\n1. [Lab_test] tremor\n2. [lab test] stopped\n### Relations:\nNone found."),
        sections("### Entities:\n1. [Lab_test] stopped\n### Relations:\nNone found.", "It was stopped."),
    ]
    for name, stated, wanted in (
        ("frequent", (), {"Lab_test"}),
        ("stated", ("Lab-Test",), {"Lab-Test"}),
        ("both", ("Lab_test", "lab test"), {"Lab_test", "lab test"}),
    ):
        (tmp_path / name).mkdir()
        out, _ = repair(put(tmp_path / name / "in", train=rows), Schema(stated))
        corpus = load(out / "train.jsonl")
        assert {item.type for one in corpus if one.reference for item in one.reference.mentions} == wanted


ARTICLE = """\
1|t|Lithium and aspirin.
1|a|Both caused tremor.
1\t0\t7\tLithium\tChemical\tD000001\tfurther
1\t0\t7\tLithium\tchemical\tD000002
1\t12\t19\taspirin\tchemical\tD000003|D000004
1\t33\t39\ttremor\tDisease\tD000005
1\tcid\tD000001\tD000005\tNovel
1\tCID\tD000003\tD000005
1\tCID\tD000003\tD000005

"""
UNTOUCHED = """\
2|t|Gold caused nausea. 
2|a|  Twice.
2\t0\t4\tGold\tChemical\tD000006|D000007\t\t
2\t5\t11\tcaused\tChemical\t-

3|t|Zinc.
3|a|
3\t0\t4\tZinc\tChemical\tD000008
"""


def test_articles_keep_their_further_columns_and_all_others_their_bytes(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "CDR_TrainingSet.txt").write_text(ARTICLE + UNTOUCHED, "utf-8")
    out, _ = repair(tmp_path / "in")
    assert (out / "CDR_TrainingSet.txt").read_text("utf-8") == (
        "1|t|Lithium and aspirin.\n1|a|Both caused tremor.\n"
        "1\t0\t7\tLithium\tChemical\tD000001|D000002\tfurther\n"
        "1\t12\t19\taspirin\tChemical\tD000003|D000004\n"
        "1\t33\t39\ttremor\tDisease\tD000005\n"
        "1\tCID\tD000001\tD000005\tNovel\n"
        "1\tCID\tD000003\tD000005\n\n" + UNTOUCHED
    )
    twin = next(one for one in log(out) if one["action"] == "removed" and one["kind"] == "mention")
    assert twin["before"] == {
        "type": "Chemical",
        "text": "Lithium",
        "segments": [[0, 7]],
        "concepts": ["D000002"],
    }


def test_rows_set_aside_and_removed_count_no_more(tmp_path: Path) -> None:
    """The spelling of an article that cannot be changed is the most frequent once a copy is gone."""
    damaged = "1|t|Gold, zinc,\x0biron.\n1|a|\n" + "".join(
        f"1\t{start}\t{start + 4}\t{word}\tchemical\tD000001\n"
        for start, word in ((0, "Gold"), (6, "zinc"), (12, "iron"))
    )
    lead = "2|t|Lead and zinc.\n2|a|\n2\t0\t4\tLead\tChemical\tD000002\n2\t9\t13\tzinc\tChemical\tD000003\n"
    copies = f"{lead}\n{re.sub('^2', '3', lead, flags=re.MULTILINE)}"
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "train.txt").write_text(f"{damaged}\n{copies}", "utf-8")
    out, _ = repair(tmp_path / "in")
    assert (out / "train.txt").read_text("utf-8") == f"{damaged}\n{lead.replace('Chemical', 'chemical')}\n"
    (tmp_path / "b").mkdir()
    again = fix(load_splits(out), tmp_path / "b" / "out")
    assert not again.changes


def test_an_article_that_would_lose_something_stays_as_it_is(tmp_path: Path) -> None:
    damaged = ARTICLE.replace(" ", "\x0b", 1)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "train.txt").write_text(damaged + UNTOUCHED, "utf-8")
    out, done = repair(tmp_path / "in")
    assert (out / "train.txt").read_text("utf-8") == damaged + UNTOUCHED
    assert {change.action for change in done.changes} == {"kept"}
    assert all("the row stays as it is" in change.what for change in done.changes)
    assert not done.totals["train"]["mention"].removed
    assert any("not repaired, 3 of type-spelling" in line for line in done.lines())


def test_articles_are_removed_whole(tmp_path: Path) -> None:
    first, last = UNTOUCHED.split("\n\n")
    copy = re.sub("^2", "9", first, flags=re.MULTILINE)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "train.txt").write_text(f"{first}\n\n{copy}\n\n\n{last}", "utf-8")
    out, _ = repair(tmp_path / "in")
    assert (out / "train.txt").read_text("utf-8") == f"{first}\n\n{last}"
    assert [(one["row"], one["before"]["id"]) for one in log(out)] == [(6, "9")]


def standoff(folder: Path, name: str, text: str, lines: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.txt").write_text(text, "utf-8")
    (folder / f"{name}.ann").write_text(lines, "utf-8")


def test_a_folder_of_standoff_files_keeps_what_it_cannot_say_anew(tmp_path: Path) -> None:
    folder = tmp_path / "in" / "train"
    twice = "T1\tDrug 0 7\tLithium\nT2\tDrug 0 7\tLithium\n"
    standoff(folder, "plain", TEXT, twice)
    standoff(folder, "event", f"{TEXT} Twice.", f"{twice}E1\tDrug:T1\n")
    standoff(folder, "again", TEXT, twice)
    standoff(folder, "other", "Gold.", "T1\tDrug 0 4\tGold\n#1\tAnnotatorNotes T1\tsure\n")
    (folder / "annotation.conf").write_text("[entities]\nDrug\n", "utf-8")
    out, done = repair(tmp_path / "in")
    names = {path.name for path in (out / "train").iterdir()}
    # Documents come in order of name.
    assert names == {path.name for path in folder.iterdir()} - {"plain.txt", "plain.ann"}
    assert (out / "train" / "again.ann").read_text("utf-8") == "T1\tDrug 0 7\tLithium\n"
    for name in ("event.ann", "other.ann", "other.txt", "annotation.conf"):
        assert (out / "train" / name).read_bytes() == (folder / name).read_bytes()
    kept = [change for change in done.changes if change.action == "kept"]
    assert [(change.file, change.remedy) for change in kept] == [
        (str(folder / "event.ann"), "duplicate-item")
    ]
    assert "brat would lose with it line: event" in kept[0].what


def test_a_document_named_after_another_is_repaired_in_its_own_files(tmp_path: Path) -> None:
    folder = tmp_path / "in" / "train"
    standoff(folder, "a", "Gold.", "T1\tDrug 0 4\tGold\n")
    standoff(folder, "a#2", "Zinc.", "T1\tDrug 0 4\tZinc\nT2\tDrug 0 4\tZinc\n")
    out, done = repair(tmp_path / "in")
    assert [change.action for change in done.changes] == ["removed"]
    assert (out / "train" / "a#2.ann").read_text("utf-8") == "T1\tDrug 0 4\tZinc\n"
    assert (out / "train" / "a.ann").read_bytes() == (folder / "a.ann").read_bytes()
    assert [one.document.group for one in load(out / "train")] == ["a", "a"]


def test_packed_files_stay_packed_and_tables_stay_tables(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    faulty = "### Entities:\n1. [Drug] Lithium\n2. [Drug] lithium\n\n### Relations:\nNone found."
    rows = put(tmp_path / "rows", train=[sections(faulty), own("a")]) / "train.jsonl"
    source = tmp_path / "in"
    source.mkdir()
    (source / "train.jsonl.gz").write_bytes(gzip.compress(rows.read_bytes()))
    write(
        source / "test.parquet",
        load(put(tmp_path / "t", x=[sections(OTHER, "Gold.")]) / "x.jsonl"),
        "sections",
    )
    write(
        source / "dev.parquet",
        load(put(tmp_path / "d", x=[sections(faulty, "Zinc.")]) / "x.jsonl"),
        "sections",
    )
    out, done = repair(source)
    assert gzip.decompress((out / "train.jsonl.gz").read_bytes()).decode("utf-8").splitlines() == [
        json.dumps(sections(SAID), ensure_ascii=True),
        json.dumps(own("a")),
    ]
    assert (out / "test.parquet").read_bytes() == (source / "test.parquet").read_bytes()
    (example,) = load(out / "dev.parquet")
    assert example.document.metadata["output"] == SAID
    assert {split: kinds["mention"].after for split, kinds in done.totals.items()} == {
        "train": 2,
        "validation": 1,
        "test": 1,
    }


TOKENS = "-DOCSTART- O\n\nGold B-Drug\n\n-DOCSTART- O\n\nGold B-Drug\n\n-DOCSTART- O\n\nZinc B-Drugs\n"


def test_a_format_of_blocks_is_written_whole(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "train.conll").write_text(TOKENS, "utf-8")
    out, done = repair(tmp_path / "in")
    found = [
        (one.document.text, one.reference.mentions[0].type)
        for one in load(out / "train.conll")
        if one.reference
    ]
    assert found == [("Gold", "Drug"), ("Zinc", "Drug")]
    assert [change.remedy for change in done.changes] == ["duplicate-row", "type-spelling"]


@pytest.mark.parametrize("told", [True, False])
def test_what_a_writer_loses_is_listed_and_never_unsaid(
    told: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that loses the mentions of every file, and says so or does not."""

    def lose(
        path: Path, examples: Sequence[Example], format: str, listen: Listener | None = None
    ) -> Counter[str]:
        if path.name == "train.conll":
            for example in examples if told and listen else ():
                listen(Loss("mention: inconvenient", example.id, "Gold"))
            examples = [replace(example, reference=Annotation()) for example in examples]
        return write(path, examples, format)

    monkeypatch.setattr("medspan.audit.fix.write", lose)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "train.conll").write_text(TOKENS, "utf-8")
    if not told:
        with pytest.raises(AssertionError, match="not what was to be written"):
            repair(tmp_path / "in")
        return
    out, done = repair(tmp_path / "in")
    assert [(one["remedy"], one["action"], one["kind"], one["before"]) for one in log(out)][-2:] == [
        ("rewriting", "lost", "mention", "Gold")
    ] * 2
    total = done.totals["train"]["mention"]
    assert (total.before, total.with_rows, total.lost, total.after) == (3, 1, 2, 0)


def test_rows_that_cannot_be_read_are_left_out_and_listed(tmp_path: Path) -> None:
    source = put(tmp_path / "in", train=[own("a"), own("b")])
    with (source / "train.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"instruction": 5}\n')
    out, done = repair(source)
    assert rows_of(out / "train.jsonl") == [own("a"), own("b")]
    (row,) = log(out)
    assert (row["remedy"], row["row"], row["before"]) == ("unreadable-row", 3, '{"instruction": 5}')
    assert (done.totals["train"]["row"].before, done.totals["train"]["row"].after) == (3, 2)


def test_rows_of_the_lossless_format_keep_target_and_reference_together(tmp_path: Path) -> None:
    faulty = "### Entities:\n1. [Drug] Lithium\n2. [Drug] lithium\n\n### Relations:\nNone found."
    plain = load(put(tmp_path / "rows", x=[sections(faulty)]) / "x.jsonl")
    write(tmp_path / "in" / "train.jsonl", plain, "medspan")
    out, _ = repair(tmp_path / "in")
    (example,) = load(out / "train.jsonl")
    assert example.document.metadata["output"] == SAID
    assert example.reference is not None
    assert [item.text for item in example.reference.mentions] == ["Lithium"]


def test_strings_without_a_target_are_repaired_as_well(tmp_path: Path) -> None:
    lithium = Mention.at(TEXT, 0, 7, "Drug", aligned_by="exact")
    lower = Mention.at(TEXT, 35, 42, "Drug", aligned_by="exact")
    tremor = Mention.at(TEXT, 27, 33, "Sign", aligned_by="exact")
    caused = (Relation(lower, tremor, "causes"), Relation(lithium, tremor, "causes"))
    annotation = Annotation((lithium, lower, tremor), (), caused, scope="string")
    write(tmp_path / "in" / "train.jsonl", [Example(Document("1", TEXT), annotation)], "medspan")
    out, _ = repair(tmp_path / "in")
    (example,) = load(out / "train.jsonl")
    assert example.reference == replace(
        annotation, mentions=(lithium, tremor), relations=(Relation(lithium, tremor, "causes"),)
    )


def test_an_endpoint_takes_the_letters_of_the_entity_of_its_type(tmp_path: Path) -> None:
    drug = Mention.at(TEXT, 0, 7, "Drug", aligned_by="exact")
    metal = Mention.at(TEXT, 35, 42, "Metal", aligned_by="exact")
    end = UnalignedMention("Metal", "LITHIUM", "not-in-text")
    annotation = Annotation((drug, metal), (), (Relation(end, drug, "is"),), scope="string")
    write(tmp_path / "in" / "train.jsonl", [Example(Document("1", TEXT), annotation)], "medspan")
    (example,) = load(repair(tmp_path / "in")[0] / "train.jsonl")
    assert example.reference == replace(annotation, relations=(Relation(metal, drug, "is"),))


def test_at_a_given_place_only_blank_space_is_blank(tmp_path: Path) -> None:
    text = "HBsAg + / none"
    annotation = Annotation((Mention.at(text, 6, 7, "Sign"), Mention.at(text, 10, 14, "Sign")))
    write(tmp_path / "in" / "train.jsonl", [Example(Document("1", text), annotation)], "medspan")
    assert not repair(tmp_path / "in")[1].changes
    blank = replace(annotation, mentions=(Mention.at(text, 5, 6, "Sign"), *annotation.mentions))
    (tmp_path / "b").mkdir()
    write(tmp_path / "b" / "in" / "train.jsonl", [Example(Document("1", text), blank)], "medspan")
    (example,) = load(repair(tmp_path / "b" / "in")[0] / "train.jsonl")
    assert example.reference == annotation


def test_endpoints_are_spelt_like_their_mentions(tmp_path: Path) -> None:
    ends = [
        Mention.at(TEXT, 0, 7, "drug"),
        Mention.at(TEXT, 12, 19, "Drug"),
        Mention.at(TEXT, 35, 42, "Drug"),
    ]
    annotation = Annotation(tuple(ends), (), (Relation(ends[0], ends[1], "with"),))
    write(tmp_path / "in" / "train.jsonl", [Example(Document("1", TEXT), annotation)], "medspan")
    out, _ = repair(tmp_path / "in")
    (example,) = load(out / "train.jsonl")
    first = replace(ends[0], type="Drug")
    assert example.reference == replace(
        annotation, mentions=(first, *ends[1:]), relations=(Relation(first, ends[1], "with"),)
    )
    assert done_to(out) == [("type-spelling", "train", "changed", "mention")]


def test_a_reference_that_was_changed_after_its_target_is_the_one_that_counts(tmp_path: Path) -> None:
    (plain,) = load(put(tmp_path / "rows", x=[sections(SAID)]) / "x.jsonl")
    twice = Annotation((Mention.at(TEXT, 12, 19, "Drug"),) * 2, scope="string")
    write(tmp_path / "in" / "train.jsonl", [replace(plain, reference=twice)], "medspan")
    (example,) = load(repair(tmp_path / "in")[0] / "train.jsonl")
    assert example.reference == replace(twice, mentions=twice.mentions[:1])
    assert example.document.metadata["output"] == SAID


def test_rows_of_one_target_that_mean_different_things_stay(tmp_path: Path) -> None:
    """A stored target that the reference was changed after."""
    (plain,) = load(put(tmp_path / "rows", x=[sections(SAID)]) / "x.jsonl")
    changed = replace(plain, reference=Annotation((Mention.at(TEXT, 12, 19, "Drug"),), scope="string"))
    write(tmp_path / "in" / "train.jsonl", [plain, changed], "medspan")
    assert not repair(tmp_path / "in")[1].changes


def test_predictions_are_no_data(tmp_path: Path) -> None:
    mention = Mention.at(TEXT, 0, 7, "Drug")
    predicted = Annotation((mention, mention), made_by="model")
    example = Example(Document("1", TEXT), None, predicted)
    write(
        tmp_path / "in" / "test.jsonl", [example, Example(Document("2", TEXT), None, Annotation())], "medspan"
    )
    assert not repair(tmp_path / "in")[1].changes


def test_lists_of_json_keep_their_layout(tmp_path: Path) -> None:
    faulty = "### Entities:\n1. [Drug] Lithium\n2. [Drug] lithium\n\n### Relations:\nNone found."
    row = {"output": faulty, "pmid": 7, "input": "Lithium für alle.", "instruction": "Extract."}
    fixed = {**row, "output": SAID}
    layouts = {
        "wide": lambda rows: json.dumps(rows, indent="\t", ensure_ascii=False),
        "line": lambda rows: json.dumps(rows, ensure_ascii=True),
        "dense": lambda rows: json.dumps(rows, separators=(",", ":")) + "\n",
        "items": lambda rows: "[" + ",\n ".join(json.dumps(one) for one in rows) + "]",
    }
    for name, layout in layouts.items():
        (tmp_path / name / "in").mkdir(parents=True)
        empty = {**row, "input": ""}
        before = layout([empty, own("a"), row, row, own("b"), empty])
        (tmp_path / name / "in" / "train.json").write_text(before, "utf-8")
        out, _ = repair(tmp_path / name / "in")
        assert (out / "train.json").read_text("utf-8") == layout([own("a"), fixed, own("b")]), name


def test_nothing_is_altered_in_place(tmp_path: Path) -> None:
    source = put(tmp_path / "in", train=[sections(SAID), sections(SAID)])
    corpora = load_splits(source)
    (tmp_path / "file").write_text("mine")
    for out, said in (
        (source, "holds something"),
        (tmp_path / "file", "is a file"),
    ):
        with pytest.raises(InputError, match=said):
            fix(corpora, out)
    standoff(tmp_path / "brat", "a", TEXT, "")
    with pytest.raises(InputError, match="would stand within the corpus"):
        fix(load_splits(tmp_path / "brat"), tmp_path / "brat" / "new")
    assert {path.name for path in tmp_path.iterdir()} == {"in", "file", "brat"}
    assert len(rows_of(source / "train.jsonl")) == 2


def test_either_everything_is_written_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = put(tmp_path / "in", train=[own("a")], test=[own("b")])

    def fail(path: Path, target: Path, *more: object) -> bool:
        if path.stem == "test":
            raise OSError(28, "No space left on device")
        target.write_bytes(path.read_bytes())
        return True

    monkeypatch.setattr("medspan.audit.fix.patch", fail)
    with pytest.raises(InputError, match="cannot be written: No space left"):
        fix(load_splits(source), tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_what_is_written_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = put(tmp_path / "in", train=[own("a"), own("b")])

    def shorten(path: Path, target: Path, *more: object) -> bool:
        target.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
        return True

    monkeypatch.setattr("medspan.audit.fix.patch", shorten)
    with pytest.raises(AssertionError, match="not what was to be written"):
        fix(load_splits(source), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_no_file_is_emptied(tmp_path: Path) -> None:
    source = put(tmp_path / "in", train=[sections(SAID)], test=[sections(SAID)])
    with pytest.raises(InputError, match=r"nothing would be left of .*train\.jsonl"):
        fix(load_splits(source), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    files = [put(tmp_path / name, train=[own(name)]) / "train.jsonl" for name in ("a", "b")]
    with pytest.raises(InputError, match=r"two files are named train\.jsonl"):
        fix(load_splits(files), tmp_path / "out")


@pytest.fixture
def quieter() -> Iterator[str]:
    """Fewer exclamation marks, as a newcomer would write the remedy."""

    @remedies.register
    class Quieter(Remedy):
        id: ClassVar[str] = "quieter"
        does: ClassVar[str] = "Relations that shout whisper."
        turn: ClassVar[int] = 9

        def mend(self, drafts: Sequence[Draft], schema: Schema | None) -> None:
            for draft in remedies.open_drafts(drafts):
                for key, relation in list(draft.relations):
                    if relation.type.isupper():
                        new = Relation(relation.head, relation.tail, relation.type.lower())
                        draft.change(key, new, self.id, "a loud relation")

    yield "quieter"
    del remedies._REMEDIES["quieter"]


def test_one_class_is_a_remedy(quieter: str, tmp_path: Path) -> None:
    loud = "### Entities:\nNone found.\n\n### Relations:\n1. Lithium --[CAUSES]--> tremor"
    out, _ = repair(put(tmp_path / "in", train=[sections(loud)]))
    assert rows_of(out / "train.jsonl") == [sections(loud.replace("CAUSES", "causes"))]
    assert done_to(out) == [(quieter, "train", "changed", "relation")]


def test_a_target_that_would_say_something_else_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faulty = sections("### Entities:\n1. [Drug] Lithium\n2. [Drug] lithium\n\n### Relations:\nNone found.")
    for name, written in (("nothing", None), ("unchanged", faulty["output"]), ("too much", "None found.")):
        (tmp_path / name).mkdir()
        monkeypatch.setattr("medspan.audit.draft.amended", lambda *given, written=written: written)
        out, done = repair(put(tmp_path / name / "in", train=[faulty, own("a")]))
        assert rows_of(out / "train.jsonl") == [faulty, own("a")]
        assert [(change.action, change.remedy) for change in done.changes] == [("kept", "duplicate-item")]
        assert "cannot be changed piece by piece" in done.changes[0].what


def test_split_identical_rows_of_the_real_corpus(corpora: Path, tmp_path: Path) -> None:
    source = corpora / "chemical_disease_tasks" / "splits_20251106"
    out = tmp_path / "out"
    done = fix(load_splits(source), out)
    rows = {split: kinds["row"] for split, kinds in done.totals.items()}
    assert {split: dict(total.removed) for split, total in rows.items()} == {
        "train": {"duplicate-row": 239},
        "validation": {"duplicate-row": 29},
        "test": {},
    }
    assert [total.after for total in rows.values()] == [2161, 271, 300]
    counts = done.to_json()["changes"]
    assert counts["train"]["blank-item"] == {"mentions removed": 5, "relations removed": 1}
    assert counts["train"]["duplicate-item"] == {"mentions removed": 413}
    assert counts["validation"]["duplicate-item"] == {"mentions removed": 47}
    assert counts["test"]["duplicate-item"] == {"mentions removed": 53, "relations removed": 1}
    check_repaired(out, tmp_path)


def test_endpoints_of_the_real_corpus(corpora: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = fix(load_splits(corpora / "combined_2026"), out)
    for split, ends, rows in (("train", 892, 294), ("validation", 616, 240)):
        respelt = [one for one in done.changes if (one.split, one.remedy) == (split, "endpoint-case")]
        assert (len(respelt), len({one.row for one in respelt})) == (ends, rows)
        assert {one.action for one in respelt} == {"changed"}
    assert dict(done.totals["train"]["relation"].removed) == {"duplicate-item": 863}
    assert dict(done.totals["validation"]["relation"].removed) == {"duplicate-item": 585}
    # The four rows of train that validation has word for word; the 65 pairs that differ stay.
    assert dict(done.totals["train"]["row"].removed) == {"duplicate-row": 4}
    check_repaired(out, tmp_path)


def test_synthetic_notes_of_the_real_corpus(corpora: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = fix(load_splits(corpora / "synthetic_2026"), out)
    removed = {split: dict(kinds["mention"].removed) for split, kinds in done.totals.items()}
    assert removed == {
        "train": {"duplicate-item": 1087},
        "validation": {"duplicate-item": 135},
        "test": {"duplicate-item": 130},
    }
    assert {change.remedy for change in done.changes} == {"duplicate-item"}


@pytest.mark.parametrize("name", ["bc5cdr", "biored"])
def test_sound_corpora_are_copied_byte_for_byte(name: str, corpora: Path, tmp_path: Path) -> None:
    files = sorted((corpora / name).glob("*PubTator*"))
    done = fix(load_splits(files), tmp_path / "out")
    assert not done.changes
    assert len(files) == 2
    for file in files:
        assert (tmp_path / "out" / file.name).read_bytes() == file.read_bytes()


def test_an_article_that_stands_twice_in_the_real_corpus(corpora: Path, tmp_path: Path) -> None:
    files = sorted((corpora / "ncbi_disease").glob("*.txt"))
    done = fix(load_splits(files), tmp_path / "out")
    assert [(change.remedy, change.split, change.kind) for change in done.changes] == [
        ("duplicate-row", "train", "row")
    ]
    source = (corpora / "ncbi_disease" / "NCBItrainset_corpus.txt").read_text("utf-8")
    written = (tmp_path / "out" / "NCBItrainset_corpus.txt").read_text("utf-8")
    assert source.count("8528200|t|") == 2
    assert written.count("8528200|t|") == 1
    # The mention that is not where its offsets say is still there as it was written.
    assert [line for line in source.splitlines() if line.startswith("10923035")] == [
        line for line in written.splitlines() if line.startswith("10923035")
    ]


def test_events_of_the_real_corpus_are_not_lost_for_a_duplicate(corpora: Path, tmp_path: Path) -> None:
    done = fix(load_splits(corpora / "maccrobat"), tmp_path / "out")
    assert {(one.remedy, one.kind, one.action) for one in done.changes} == {
        ("duplicate-item", "relation", "kept")
    }
    assert len(done.changes) == 7
    for path in (corpora / "maccrobat").iterdir():
        assert (tmp_path / "out" / "maccrobat" / path.name).read_bytes() == path.read_bytes()


def check_repaired(out: Path, tmp_path: Path) -> None:
    """Repaired again nothing changes, and an audit has nothing left that could be repaired."""
    again = fix(load_splits(out), tmp_path / "again")
    assert not again.changes
    data = Data.of(load_splits(out))
    for check in ("blank-item", "duplicate-item", "identical-row-leak"):
        assert found(check, data) == []
    assert not [one for one in found("endpoint-not-an-entity", data) if "letter case" in one.message]
    assert all("(0 with the same target)" in one.message for one in found("duplicate-example", data))

"""The instruction formats as chat messages and under each other's keys."""

from __future__ import annotations

import contextlib
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medspan.core import Annotation, Document, Example, InputError, Mention, Relation
from medspan.format.sections import INSTRUCTION, SectionsCodec
from medspan.format.tasks import CUE, LEAD, QUESTIONS, TasksCodec
from medspan.read import detect, formats, load, write
from medspan.read.base import MAX_LINE_BYTES
from medspan.read.detect import take_sample
from medspan.read.messages import PAIRS
from medspan.read.written import Written, written

TEXT = "Aspirin caused rash."
OUTPUT = (
    "### Entities:\n1. [Drug] Aspirin\n2. [Symptom] rash\n\n### Relations:\n1. Aspirin --[causes]--> rash\n"
)
ANSWER = "Drug: Aspirin;\nSymptom: rash;\ncauses: Aspirin | rash;"
ASKED = LEAD + QUESTIONS["chemicals"]
TASKS_PROMPT = TasksCodec().prompt(Document("a", TEXT, task="chemicals"))
COMPACT_PROMPT = f"{TEXT}\n\nExtract: Drug; Symptom; causes\n"
SECTIONS_PROMPT = SectionsCodec().prompt(Document("a", TEXT))
SECTIONS_CUT = SECTIONS_PROMPT.removesuffix("\n\n### Output:\n")
NAMES = [f"{codec}-{layout}" for codec, layout in PAIRS]


def turns(*pairs: tuple[str, Any]) -> list[dict[str, Any]]:
    return [{"role": role, "content": content} for role, content in pairs]


def chat(*pairs: tuple[str, Any], **more: Any) -> dict[str, Any]:
    return {"messages": turns(*pairs), **more}


def shared(*pairs: tuple[str, Any]) -> dict[str, Any]:
    return {"conversations": [{"from": role, "value": value} for role, value in pairs]}


def parts(*texts: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": text} for text in texts]


def alpaca(instruction: str, text: str | None, output: str, **more: Any) -> dict[str, Any]:
    given = {} if text is None else {"input": text}
    return {"instruction": instruction, **given, "output": output, **more}


def saved(tmp_path: Path, *rows: Any, name: str = "a.jsonl") -> Path:
    path = tmp_path / name
    lines = name.endswith(".jsonl")
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) if lines else json.dumps(rows), "utf-8")
    return path


def rows_of(path: Path) -> list[Any]:
    text = path.read_text("utf-8")
    return (
        list(json.loads(text)) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]
    )


def sniffing(path: Path) -> list[str]:
    return [name for name in NAMES if formats()[name].sniff(take_sample(path, MAX_LINE_BYTES))]


DRUG, RASH = (
    Mention.at(TEXT, 0, 7, "Drug", aligned_by="exact"),
    Mention.at(TEXT, 15, 19, "Symptom", aligned_by="exact"),
)
FOUND = Annotation((DRUG, RASH), relations=(Relation(DRUG, RASH, "causes"),), scope="string")
CHEMICALS = Annotation((Mention.at(TEXT, 0, 7, "chemical", aligned_by="exact"),), scope="string")

SECTIONS = [
    chat(("system", "Find all."), ("user", TEXT), ("assistant", OUTPUT)),
    chat(("system", "Be kind."), ("user", f"{INSTRUCTION}\n\n{TEXT}"), ("assistant", OUTPUT)),
    chat(("developer", "Be kind."), ("user", SECTIONS_PROMPT), ("assistant", OUTPUT)),
    chat(("user", SECTIONS_PROMPT.removesuffix("\n")), ("assistant", OUTPUT)),
    chat(("user", SECTIONS_CUT), ("assistant", OUTPUT)),
    chat(("user", f"Find all.\n\n{TEXT}"), ("assistant", OUTPUT), pmid=7, prompt="x", output=["y"]),
    chat(("user", TEXT), ("assistant", OUTPUT)),
    shared(("system", "Find all."), ("human", TEXT), ("gpt", OUTPUT)),
    shared(("human", f"{INSTRUCTION}\n\n{TEXT}"), ("gpt", OUTPUT)),
    {"prompt": turns(("user", f"Find all.\n\n{TEXT}")), "completion": turns(("assistant", OUTPUT))},
    {"messages": [{"role": "user", "content": parts(TEXT), "name": "me"}, *turns(("assistant", OUTPUT))]},
]
TASKS = [
    chat(("user", TASKS_PROMPT), ("assistant", "- Aspirin")),
    chat(("system", "Be kind."), ("user", TASKS_PROMPT), ("assistant", "- Aspirin"), group="g", completion=3),
    chat(("system", ASKED), ("user", TEXT), ("assistant", "- Aspirin")),
    chat(("user", f"{ASKED}\n\n{TEXT}"), ("assistant", "- Aspirin")),
    shared(("human", TASKS_PROMPT), ("gpt", "- Aspirin")),
    {"prompt": turns(("user", TASKS_PROMPT)), "completion": turns(("assistant", parts("- Aspirin")))},
]
COMPACT = [
    chat(("user", COMPACT_PROMPT), ("assistant", ANSWER)),
    chat(("system", "Extract: Drug; Symptom; causes"), ("user", TEXT), ("assistant", ANSWER)),
    shared(("system", "Be kind."), ("human", COMPACT_PROMPT), ("gpt", ANSWER)),
]
TASKS_ALPACA = [
    alpaca(ASKED, TEXT, "- Aspirin"),
    alpaca(TASKS_PROMPT, "", "- Aspirin", pmid="9"),
    alpaca(TASKS_PROMPT, None, "- Aspirin", prompt="kept"),
    alpaca("Be kind.", TASKS_PROMPT, "- Aspirin"),
    alpaca(ASKED, f"{TEXT}\n\n{CUE.format(task='chemicals')}", "- Aspirin"),
    alpaca(f"{ASKED}\n\n{TEXT}", "", "- Aspirin"),
]
COMPACT_ALPACA = [
    alpaca("Extract: Drug; Symptom; causes", TEXT, ANSWER),
    alpaca("Extract: Drug; Symptom; causes\n", TEXT, ANSWER),
    alpaca(COMPACT_PROMPT, "", ANSWER),
    alpaca("", COMPACT_PROMPT, ANSWER),
]
SECTIONS_PAIR = [
    {"prompt": SECTIONS_PROMPT, "completion": OUTPUT},
    {"prompt": SECTIONS_CUT, "completion": OUTPUT},
    {"prompt": f"{INSTRUCTION}\n\n{TEXT}", "completion": OUTPUT, "instruction": 5, "k": None},
    {"prompt": f"Find all.\n\n{TEXT}", "completion": OUTPUT},
]
CASES = [
    ("sections-messages", SECTIONS, FOUND),
    ("tasks-messages", TASKS, CHEMICALS),
    ("compact-messages", COMPACT, FOUND),
    ("tasks-instruction", TASKS_ALPACA, CHEMICALS),
    ("compact-instruction", COMPACT_ALPACA, FOUND),
    ("sections-prompt", SECTIONS_PAIR, FOUND),
]
EACH = [(name, row, found) for name, rows, found in CASES for row in rows]


def test_cases_cover_every_pair() -> None:
    assert [name for name, _, _ in CASES] == NAMES
    assert set(NAMES) <= set(formats())


@pytest.mark.parametrize(("name", "row", "found"), EACH)
def test_row_is_recognised_read_and_written_back_as_it_was(
    tmp_path: Path, name: str, row: Any, found: Annotation
) -> None:
    path = saved(tmp_path, row)
    assert sniffing(path) == [name]
    (example,) = load(path, format=name)
    assert (example.document.text, example.source, example.id) == (TEXT, name, "a:1")
    assert example.reference == found
    for out in (tmp_path / "b.jsonl", tmp_path / "b.json"):
        assert write(out, [example], name) == {}
        assert rows_of(out) == [row]


@pytest.mark.parametrize(("name", "row", "found"), EACH)
def test_changed_answer_is_written_into_the_same_row(
    tmp_path: Path, name: str, row: Any, found: Annotation
) -> None:
    (example,) = load(saved(tmp_path, row), format=name)
    assert example.reference is not None
    fewer = replace(found, mentions=found.mentions[:1], relations=())
    other = Annotation() if name.startswith("tasks") else fewer
    write(tmp_path / "b.jsonl", [replace(example, reference=other)], name)
    (back,) = load(tmp_path / "b.jsonl", format=name)
    assert back.document.text == TEXT
    assert back.reference is not None
    assert back.reference.mentions == other.mentions
    (written,) = rows_of(tmp_path / "b.jsonl")
    assert set(written) == set(row)
    assert written != row
    for key in {"messages", "conversations"} & set(row):
        assert [set(turn) for turn in written[key]] == [set(turn) for turn in row[key]]
    assert ("Be kind." in json.dumps(written)) == ("Be kind." in json.dumps(row))


def test_instruction_and_group_are_taken_from_the_row(tmp_path: Path) -> None:
    corpus = load(saved(tmp_path, *SECTIONS), format="sections-messages")
    instructions = [example.document.metadata["instruction"] for example in corpus]
    assert instructions == [
        "Find all.",
        *[INSTRUCTION] * 4,
        "Find all.",
        "",
        "Find all.",
        INSTRUCTION,
        "Find all.",
        "",
    ]
    assert [example.document.group for example in corpus] == [None] * 5 + ["7"] + [None] * 5
    # The usual row needs no frame.
    assert "sections-messages.frame" not in corpus.examples[0].document.metadata


@pytest.mark.parametrize(("name", "row", "found"), [case for case in EACH if case[0].startswith("sections")])
def test_a_question_is_told_as_its_row_words_it(
    tmp_path: Path, name: str, row: Any, found: Annotation
) -> None:
    (example,) = load(saved(tmp_path, row), format=name)
    turns_of = [value for value in row.values() if isinstance(value, list) and value != ["y"]]
    said = [
        content if isinstance(content, str) else "".join(part["text"] for part in content)
        for turn in (turn for turns_ in turns_of for turn in turns_)
        for content in [turn.get("content", turn.get("value"))]
    ] or [row["prompt"], row["completion"]]
    asked = written(example)
    assert asked is not None
    assert (asked.prompt, asked.target) == ("\n\n".join(said[:-1]), OUTPUT)
    # What the row says stands in medspan's own format as well; elsewhere the usual wording is told.
    write(tmp_path / "own.jsonl", [example], "medspan")
    (own,) = load(tmp_path / "own.jsonl")
    assert written(own) == asked
    assert written(replace(example, source="")) == Written(
        f"{example.document.metadata['instruction']}\n\n{TEXT}", OUTPUT
    )


def test_several_text_parts_are_joined(tmp_path: Path) -> None:
    row = chat(("user", parts(COMPACT_PROMPT[:9], COMPACT_PROMPT[9:])), ("assistant", parts(ANSWER)))
    (example,) = load(saved(tmp_path, row))
    assert (example.document.text, example.source) == (TEXT, "compact-messages")
    assert example.reference == FOUND


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (chat(("user", TASKS_PROMPT)), "the conversation has no answers"),
        (chat(("assistant", "- a")), "the conversation has no questions of the user"),
        (chat(("user", TASKS_PROMPT), ("assistant", "a"), ("assistant", "b")), "has 2 answers"),
        (
            chat(("user", TASKS_PROMPT), ("assistant", "a"), ("user", "more"), ("assistant", "b")),
            "has 2 questions of the user",
        ),
        (chat(("system", "a"), ("system", "b"), ("user", "c"), ("assistant", "d")), "2 system messages"),
        (chat(("assistant", "a"), ("user", TASKS_PROMPT)), "in the order assistant, user"),
        (chat(("tool", "a")), "a message is from 'tool'"),
        ({"messages": [{"role": 3, "content": "a"}]}, "a message is from '3'"),
        ({"messages": [{"content": "a"}]}, "the key 'from' is missing"),
        ({"messages": ["a"]}, "a message is a string, not an object"),
        ({"messages": "a"}, "'messages' is a string, not a list"),
        ({"message": []}, "the key 'messages' is missing.*'message' was written"),
        ([], "the row is a list"),
        (chat(("user", [{"type": "image_url", "image_url": "x"}]), ("assistant", "a")), "type 'image_url'"),
        (chat(("user", None), ("assistant", "a")), "the content of a message is null"),
        (chat(("user", "Hello?"), ("assistant", "Hi.")), "the prompt begins with 'Hello"),
    ],
)
def test_malformed_conversation_is_rejected_with_its_place(tmp_path: Path, row: Any, message: str) -> None:
    path = saved(tmp_path, TASKS[0], row)
    with pytest.raises(InputError, match=message) as caught:
        load(path, format="tasks-messages")
    assert caught.value.place is not None
    assert (caught.value.place.file, caught.value.place.row) == (str(path), 2)
    corpus = load(path, format="tasks-messages", on_error="skip")
    assert (len(corpus), len(corpus.rejected)) == (1, 1)


PLAIN = chat(("user", "Write a poem.\n\nExtract: love"), ("assistant", "Roses are red."))


@pytest.mark.parametrize(
    "rows",
    [
        [chat(("user", "Hello?"), ("assistant", "Hi."))],
        [PLAIN],
        [shared(("human", "List the chemicals."), ("gpt", "- water"))],
        [{"prompt": "Hello", "completion": "Hi."}],
        [alpaca("Summarise.", "A text.", "Short.")],
        [{"messages": []}, {"messages": [3]}],
        [PLAIN, PLAIN, COMPACT[0]],  # one of three might be chance
    ],
)
def test_plain_conversations_are_not_claimed(tmp_path: Path, rows: list[Any]) -> None:
    assert sniffing(saved(tmp_path, *rows)) == []


def test_mixed_codecs_are_not_guessed_between(tmp_path: Path) -> None:
    path = saved(tmp_path, TASKS[0], COMPACT[0])
    with pytest.raises(InputError, match="compact-messages and tasks-messages"):
        detect(path)


@pytest.mark.parametrize("name", [name for name in NAMES if not name.endswith("-instruction")])
def test_format_is_detected_among_all(tmp_path: Path, name: str) -> None:
    (rows,) = [rows for case, rows, _ in CASES if case == name]
    assert detect(saved(tmp_path, *rows)) == name


def test_questions_that_a_layout_cannot_hold_are_counted(tmp_path: Path) -> None:
    text = "\n\n### Output:\n"
    twisted = Document("a", text, metadata={"instruction": "x\n\n### Input:\ny"})
    example = Example(twisted, Annotation())
    assert write(tmp_path / "a.jsonl", [example], "sections-messages") == {}
    (back,) = load(tmp_path / "a.jsonl", format="sections-messages")
    assert (back.document.text, back.document.metadata["instruction"]) == (text, "x\n\n### Input:\ny")
    lost = write(tmp_path / "b.jsonl", [example], "sections-prompt")
    assert lost == {"document: question that reads as another one": 1}


def test_edited_frame_does_no_harm(tmp_path: Path) -> None:
    (example,) = load(saved(tmp_path, SECTIONS[1]), format="sections-messages")
    for frame in (
        "{",
        "7",
        '{"row": {"messages": [{"role": "x"}, 7]}}',
        '{"row": {}, "way": 99}',
        "[" * 9999,
    ):
        metadata = {**example.document.metadata, "sections-messages.frame": frame}
        edited = replace(example, document=replace(example.document, metadata=metadata))
        assert write(tmp_path / "b.jsonl", [edited], "sections-messages") == {}
        assert rows_of(tmp_path / "b.jsonl") == [
            chat(("system", INSTRUCTION), ("user", TEXT), ("assistant", OUTPUT))
        ]


def test_further_key_of_the_layouts_own_name_is_counted(tmp_path: Path) -> None:
    row = alpaca("Find all.", TEXT, OUTPUT, messages="note", pmid=1)
    (example,) = load(saved(tmp_path, row), format="sections")
    lost = write(tmp_path / "b.jsonl", [example], "sections-messages")
    assert lost == {"document: further key of a name that the format uses": 1}
    (written,) = rows_of(tmp_path / "b.jsonl")
    assert (written["pmid"], len(written["messages"])) == (1, 3)


def test_article_without_a_task_becomes_three_conversations(tmp_path: Path) -> None:
    drug = Mention.at(TEXT, 0, 7, "chemical")
    example = Example(Document("10", TEXT, "10"), Annotation((drug,)))
    for name in ("tasks-messages", "tasks-instruction"):
        assert write(tmp_path / "a.jsonl", [example], name) == {}
        back = load(tmp_path / "a.jsonl", format=name)
        assert [item.task for item in back] == ["chemicals", "diseases", "influences"]
        assert [item.document.text for item in back] == [TEXT] * 3
        assert {item.document.group for item in back} == {"10"}
    assert rows_of(tmp_path / "a.jsonl")[0] == alpaca(ASKED, TEXT, "- Aspirin", group="10")


def test_losses_of_the_codec_are_passed_on(tmp_path: Path) -> None:
    bare = Example(Document("b", "Nothing.", task="chemicals"))
    known = Example(Document("a", TEXT, task="chemicals"), Annotation())
    for name in NAMES:
        assert write(tmp_path / name, [known, bare], name) == {"document: no annotation": 1}
        assert len(load(tmp_path / name, format=name)) == 1


WAYS = [("splits_cleaned_20251113", 2994, "tasks-messages"), ("splits_20251111", 3000, "tasks-instruction")]


@pytest.mark.parametrize(("folder", "rows", "name"), WAYS)
def test_tasks_corpora_go_through(corpora: Path, tmp_path: Path, folder: str, rows: int, name: str) -> None:
    count = 0
    for path in sorted((corpora / "chemical_disease_tasks" / folder).glob("*.jsonl")):
        corpus = load(path)
        assert write(tmp_path / path.name, corpus.examples, name) == {}
        assert sniffing(tmp_path / path.name) == [name]
        back = load(tmp_path / path.name, format=name)
        count += len(back)
        assert [item.reference for item in back] == [item.reference for item in corpus]
        assert write(tmp_path / "again.jsonl", back.examples, "tasks") == {}
        assert (tmp_path / "again.jsonl").read_bytes() == path.read_bytes()
    assert count == rows


@pytest.mark.parametrize("name", ["sections-messages", "sections-prompt"])
def test_ade_goes_through(corpora: Path, tmp_path: Path, name: str) -> None:
    path = corpora / "ade" / "val.json"
    corpus = load(path)
    assert write(tmp_path / "val.jsonl", corpus.examples, name) == {}
    assert detect(tmp_path / "val.jsonl") == name
    back = load(tmp_path / "val.jsonl")
    assert len(back) == 426
    assert back.counts() == corpus.counts()
    assert write(tmp_path / "again.json", back.examples, "sections") == {}
    assert json.loads((tmp_path / "again.json").read_text("utf-8")) == json.loads(path.read_text("utf-8"))


string = st.text(max_size=12) | st.sampled_from([INSTRUCTION, "a\n\nb", "### Input:", "\n\nExtract: A\n"])


@settings(max_examples=80)
@given(
    st.lists(st.tuples(string, string, string), min_size=1, max_size=3), st.sampled_from(["json", "jsonl"])
)
def test_sections_messages_give_back_any_question(rows: list[tuple[str, str, str]], suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "rows.json"
        source.write_text(json.dumps([alpaca(*row) for row in rows]), "utf-8")
        examples = load(source, format="sections").examples
        path = Path(folder) / f"rows.{suffix}"
        assert not write(path, examples, "sections-messages")
        back = load(path, format="sections-messages").examples
    got = [(item.document.metadata["instruction"], item.document.text) for item in back]
    assert got == [row[:2] for row in rows]
    assert [item.reference for item in back] == [item.reference for item in examples]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.sampled_from([TASKS_PROMPT, "user"]),
    lambda values: (
        st.lists(values, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "from", "value", "type", "text"]), values, max_size=3
        )
    ),
    max_leaves=8,
)


@settings(max_examples=80)
@given(json_values, st.sampled_from(["messages", "conversations", "prompt", "instruction", "input"]))
def test_any_value_is_read_or_refused(value: Any, key: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.jsonl"
        path.write_text(json.dumps({key: value, "completion": [], "output": ""}), "utf-8")
        for name in (*NAMES, "auto"):
            with contextlib.suppress(InputError):
                assert load(path, format=name)

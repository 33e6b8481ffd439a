"""What each format reads, keeps and gives back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from medspan.core import (
    Annotation,
    Concept,
    Document,
    Example,
    InputError,
    Mention,
    Relation,
    UnalignedMention,
)
from medspan.format.tasks import TasksCodec
from medspan.read import detect, formats, load, write
from medspan.read.pubtator import concepts_of

ARTICLES = (
    "10|t|Aspirin and bleeding.\n"
    "10|a|Aspirin caused renal and hepatic failure.\n"
    "10\t0\t7\tAspirin\tChemical\tD001241\n"
    "10\t12\t20\tbleeding\tDisease\t-1\n"
    "10\t37\t62\trenal and hepatic failure\tDisease\tD051437|D017093\trenal failure|hepatic failure\n"
    "10\t22\t29\tAspirin\tChemical\tD001241|-1\t\n"
    "10\tCID\tD001241\tD051437\n"
    "\n"
)


def file(tmp_path: Path, name: str, content: str) -> Path:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8", newline="")
    return path


def rows(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def question(text: str, task: str) -> str:
    return TasksCodec().prompt(Document("x", text, task=task))


def test_formats_are_found_without_a_list() -> None:
    own = ["compact", "medspan", "sections", "tasks"]
    published = ["bigbio", "bioc-json", "bioc-xml", "brat", "conll", "pubtator", "spert"]
    layouts = ["compact-instruction", "compact-messages", "sections-messages", "sections-prompt"]
    layouts += ["tasks-instruction", "tasks-messages"]
    assert list(formats()) == sorted([*own, *published, *layouts])


def test_pubtator_article_is_read(tmp_path: Path) -> None:
    (example,) = load(file(tmp_path, "a.txt", ARTICLES))
    assert example.document.text == "Aspirin and bleeding.\nAspirin caused renal and hepatic failure."
    assert (example.id, example.document.group, example.source) == ("10", "10", "pubtator")
    assert example.reference is not None
    assert example.reference.scope == "mention"
    assert example.reference.mentions == (
        Mention(((0, 7),), "Chemical", "Aspirin", ("D001241",)),
        Mention(((12, 20),), "Disease", "bleeding"),
        Mention(((37, 62),), "Disease", "renal and hepatic failure", ("D051437", "D017093")),
        Mention(((22, 29),), "Chemical", "Aspirin", ("D001241",)),
    )
    assert example.reference.relations == (Relation(Concept("D001241"), Concept("D051437"), "CID"),)


def test_pubtator_is_written_back_byte_for_byte(tmp_path: Path) -> None:
    twice = ARTICLES + ARTICLES
    path = file(tmp_path, "a.txt", twice)
    corpus = load(path)
    assert [(example.id, example.document.group) for example in corpus] == [("10", "10"), ("10#2", "10")]
    out = tmp_path / "b.txt"
    assert write(out, corpus.examples, "pubtator") == {}
    assert out.read_text("utf-8") == twice


def test_pubtator_mention_that_is_not_at_its_offsets_is_kept_unaligned(tmp_path: Path) -> None:
    path = file(tmp_path, "a.txt", ARTICLES.replace("0\t7\tAspirin", "1\t8\tAspirin"))
    (example,) = load(path)
    assert example.reference is not None
    assert example.reference.unaligned == (
        UnalignedMention("Chemical", "Aspirin", "offset-mismatch", ("D001241",)),
    )
    assert len(example.reference.mentions) == 3
    assert not write(tmp_path / "b.txt", [example], "pubtator")
    (again,) = load(tmp_path / "b.txt")
    assert again.reference == example.reference


@pytest.mark.parametrize(
    ("column", "concepts"),
    [
        ("-1", ()),
        ("", ()),
        ("D000001", ("D000001",)),
        ("D002318|D012131", ("D002318", "D012131")),
        ("MESH:D002318|-1", ("MESH:D002318",)),
        ("5243,18671", ("5243", "18671")),
        ("c|SUB|A|120|T", ("c|SUB|A|120|T",)),
        ("p|SUB|R|76|G,rs1234", ("p|SUB|R|76|G", "rs1234")),
    ],
)
def test_concept_column_is_divided(column: str, concepts: tuple[str, ...]) -> None:
    assert concepts_of(column) == concepts


def test_pubtator_without_abstract_columns_or_final_line_break_is_read(tmp_path: Path) -> None:
    path = file(tmp_path, "a.txt", "\r\n7|t|Only a title\r\n7|a|\r\n7\t7\t12\ttitle\tDisease\r\n\r\n8|t|Bare")
    first, second = load(path).examples
    assert (first.document.text, second.document.text) == ("Only a title", "Bare")
    assert first.reference is not None
    assert first.reference.mentions == (Mention(((7, 12),), "Disease", "title"),)


def test_pubtator_counts_what_it_cannot_hold(tmp_path: Path) -> None:
    text = "Aspirin\tand\nbleeding\nstopped."
    head, tail = Mention.at(text, 0, 7, "Drug"), Mention.at(text, 12, 20, "Disease")
    split_up = Mention(((0, 7), (12, 20)), "Drug", "Aspirin bleeding")
    annotation = Annotation(
        (head, split_up),
        (UnalignedMention("Drug", "ibuprofen", "not-in-text"),),
        (Relation(head, tail, "causes"),),
        scope="string",
        unparsed=("?",),
    )
    example = Example(Document("a b|c", text, "g", "chemicals"), annotation, annotation)
    assert write(tmp_path / "a.txt", [example], "pubtator") == {
        "document: predicted annotation": 1,
        "document: group": 1,
        "document: characters of the id": 1,
        "document: task": 1,
        "document: line breaks and control characters of the text": 1,
        "document: mentions standing for every occurrence": 1,
        "mention: not-in-text": 1,
        "mention: discontinuous": 1,
        "relation: between mentions": 1,
        "unparsed piece": 1,
    }
    (back,) = load(tmp_path / "a.txt")
    assert back.id == "a_b_c"
    assert back.document.text == "Aspirin and\nbleeding stopped."
    assert back.reference is not None
    assert back.reference.mentions == (head,)


@pytest.mark.parametrize(
    "line",
    [
        "Aspirin | bleeding",
        "chemical Aspirin influences disease bleeding",
        "Chemical Aspirin influences disease bleeding",
    ],
)
def test_tasks_reads_the_three_forms_of_a_relation(tmp_path: Path, line: str) -> None:
    row = {"prompt": question("Aspirin: bleeding.", "influences"), "completion": f"- {line}"}
    path = file(tmp_path, "train.jsonl", json.dumps(row))
    corpus = load(path)
    assert (corpus.format, corpus.examples[0].task) == ("tasks", "influences")
    counts = corpus.counts()
    assert counts["relations"] == {"influences": 1}
    assert counts["aligned_by"] == {"exact": 2}
    assert (counts["mentions"], counts["unaligned"], counts["unparsed"]) == ({}, 0, 0)
    relation = corpus.examples[0].reference.relations[0]
    assert (relation.head.start, relation.tail.start) == (0, 9)


def test_tasks_keeps_what_it_cannot_parse_or_place_and_writes_it_back(tmp_path: Path) -> None:
    whole = question("Aspirin helps.", "chemicals")
    path = file(
        tmp_path,
        "train.jsonl",
        json.dumps({"prompt": whole, "completion": "- ibuprofen\nand so on\n- ASPIRIN", "pmid": 12})
        + "\n"
        + json.dumps(
            {"prompt": whole[: whole.rindex("List")], "completion": "", "note": ["é"]}, ensure_ascii=False
        )
        + "\n",
    )
    corpus = load(path, split="train")
    first, second = corpus.examples
    assert first.document.group == "12"
    assert first.reference.unparsed == ("and so on",)
    assert corpus.counts() == {
        "documents": 2,
        "mentions": {"chemical": 1},
        "relations": {},
        "unaligned": 1,
        "unparsed": 1,
        "aligned_by": {"case": 1},
    }
    assert "prompt" not in first.document.metadata
    assert not second.document.metadata["prompt"].rstrip().endswith(":")
    assert {example.split for example in corpus} == {"train"}
    out = tmp_path / "out.jsonl"
    assert write(out, corpus.examples, "tasks") == {}
    assert out.read_bytes() == path.read_bytes()


def test_changed_reference_is_written_instead_of_the_stored_answer(tmp_path: Path) -> None:
    row = {"prompt": question("Aspirin helps.", "chemicals"), "completion": "- Aspirin\n- ibuprofen"}
    (example,) = load(file(tmp_path, "a.jsonl", json.dumps(row)))
    assert example.reference is not None
    changed = replace(example, reference=replace(example.reference, mentions=()))
    lost = write(tmp_path / "b.jsonl", [changed], "tasks")
    assert lost == {"mention: not-in-text": 1}
    assert rows(tmp_path / "b.jsonl")[0]["completion"] == ""


def test_article_without_a_task_becomes_three_rows(tmp_path: Path) -> None:
    text = "Aspirin caused bleeding."
    drug = Mention.at(text, 0, 7, "chemical", concepts=("D1",))
    disease = Mention.at(text, 15, 23, "disease", concepts=("D2",))
    gene = Mention.at(text, 8, 14, "gene")
    lists = Annotation((drug, disease, gene), (), (Relation(Concept("D1"), Concept("D2"), "influences"),))
    lost = write(tmp_path / "a.jsonl", [Example(Document("10", text, "10"), lists)], "tasks")
    assert lost == {"mention: type-not-asked": 1}
    assert [(row["completion"], row["group"]) for row in rows(tmp_path / "a.jsonl")] == [
        ("- Aspirin", "10"),
        ("- bleeding", "10"),
        ("- Aspirin | bleeding", "10"),
    ]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_sections_are_read_and_written_as_list_or_lines(tmp_path: Path, name: str) -> None:
    output = "### Entities:\n1. [Drug] aspirin\n\n### Relations:\n1. aspirin --[causes]--> haemorrhages"
    row = {"instruction": "Find all.", "input": "Aspirin, haemorrhage.", "output": output, "source": "mine"}
    content = json.dumps([row, row]) if name == "a.json" else f"{json.dumps(row)}\n" * 2
    corpus = load(file(tmp_path, name, content))
    assert corpus.format == "sections"
    assert corpus.counts()["aligned_by"] == {"case": 2, "fuzzy": 2}
    assert corpus.examples[0].document.metadata["instruction"] == "Find all."
    out = tmp_path / "out" / name
    assert write(out, corpus.examples, "sections") == {}
    again = json.loads(out.read_text("utf-8")) if name == "a.json" else rows(out)
    assert again == [row, row]
    assert [example.reference for example in load(out)] == [example.reference for example in corpus]


def test_compact_is_written_from_pubtator_and_read(tmp_path: Path) -> None:
    corpus = load(file(tmp_path, "a.txt", ARTICLES))
    out = tmp_path / "a.jsonl"
    lost = {"mention: further-occurrence": 1, "mention: further columns": 2}
    assert write(out, corpus.examples, "compact") == lost
    back = load(out)
    assert back.format == "compact"
    assert back.counts()["relations"] == {"CID": 1}
    assert back.counts()["mentions"] == {"Chemical": 1, "Disease": 2}
    assert back.examples[0].document.group == "10"
    again = tmp_path / "b.jsonl"
    write(again, back.examples, "compact")
    assert again.read_bytes() == out.read_bytes()


def test_document_without_annotation_is_left_out_of_answers_and_counted(tmp_path: Path) -> None:
    known = Example(Document("a", "Aspirin.", task="chemicals"), Annotation())
    bare = Example(Document("b", "Nothing.", task="chemicals"))
    for format_ in ("tasks", "sections", "compact"):
        lost = write(tmp_path / format_, [known, bare], format_)
        assert lost == {"document: no annotation": 1}
        assert len(load(tmp_path / format_, format=format_)) == 1


def test_medspan_row_carries_derived_occurrences_of_predictions(tmp_path: Path) -> None:
    text = "Aspirin? No aspirin, Aspirin."
    listed = Annotation((Mention.at(text, 0, 7, "Drug"),), scope="string", made_by="model")
    example = Example(Document("a", text), listed, listed, raw="x", truncated=True)
    assert write(tmp_path / "a.jsonl", [example], "medspan") == {}
    (row,) = rows(tmp_path / "a.jsonl")
    assert row["predicted"]["mentions"][0]["occurrences"] == [[0, 7], [21, 28]]
    assert "occurrences" not in row["reference"]["mentions"][0]
    (back,) = load(tmp_path / "a.jsonl")
    assert replace(back, place=None) == example


def test_limit_stops_early_and_before_a_bad_row(tmp_path: Path) -> None:
    row = json.dumps({"prompt": question("Aspirin.", "chemicals"), "completion": ""})
    assert len(load(file(tmp_path, "a.jsonl", f"{row}\n{row}\n{{\n"), limit=2)) == 2


def test_detect_tells_files_by_content_not_by_name(tmp_path: Path) -> None:
    prompt = {"prompt": question("Aspirin.", "chemicals"), "completion": ""}
    section = {"instruction": "", "input": "a", "output": ""}
    compact = {"prompt": "Aspirin.\n\nExtract: Drug; causes\n", "completion": "Drug: Aspirin;\ncauses:"}
    own = {"id": "a", "text": "b", "predicted": None}
    for content, name in (
        (json.dumps(prompt), "tasks"),
        (json.dumps([section]), "sections"),
        (json.dumps(section), "sections"),
        (json.dumps(compact), "compact"),
        (json.dumps(own), "medspan"),
        (ARTICLES, "pubtator"),
    ):
        assert detect(file(tmp_path, "thing.xyz", content)) == name
    mixed = file(tmp_path, "thing.xyz", json.dumps(prompt) + "\n" + json.dumps(own))
    with pytest.raises(InputError, match=r"medspan and tasks.*--format"):
        detect(mixed)


def test_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = file(tmp_path, "a.txt", "before")
    with pytest.raises(InputError, match="surrogate"):
        write(path, [Example(Document("a", "b\ud800"), Annotation())], "pubtator")
    assert path.read_text("utf-8") == "before"
    assert [item.name for item in tmp_path.iterdir()] == ["a.txt"]
    with pytest.raises(InputError, match="cannot be written"):
        write(tmp_path, [], "medspan")
    with pytest.raises(InputError, match="is no corpus format"):
        write(path, [], "bratt")


def test_confidence_is_kept_and_takes_no_part_in_comparisons(tmp_path: Path) -> None:
    text = "Aspirin caused rash."
    head, tail = Mention.at(text, 0, 7, "Drug", confidence=0.75), Mention.at(text, 15, 19, "Symptom")
    found = Annotation((head, tail), relations=(Relation(head, tail, "causes", 0.5),))
    write(tmp_path / "p.jsonl", [Example(Document("1", text), predicted=found)], "medspan")
    read = load(tmp_path / "p.jsonl").examples[0].predicted
    assert read is not None
    assert [mention.confidence for mention in read.mentions] == [0.75, None]
    assert read.relations[0].confidence == 0.5
    assert read.mentions[0] == Mention.at(text, 0, 7, "Drug", confidence=0.1)
    bad = (tmp_path / "p.jsonl").read_text().replace("0.75", '"high"')
    (tmp_path / "bad.jsonl").write_text(bad)
    with pytest.raises(InputError, match="the confidence is 'high'"):
        load(tmp_path / "bad.jsonl")
    with pytest.raises(ValueError, match="not a probability"):
        Mention.at(text, 0, 7, "Drug", confidence=1.5)

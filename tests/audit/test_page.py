"""The page on an audit: what is planted appears, at its place, escaped, and counted."""

from __future__ import annotations

import html
import random
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.audit import Audit, Data, Part, audit
from medspan.audit.page import MOST_CASES, MOST_LINES, MOST_TYPES, code_parts, page, write_page
from medspan.core import Annotation, Case, Document, Example, Finding
from medspan.read import load_splits

from .conftest import found, row
from .listed_rows import corpus

EVIL = "<script>alert('x')</script> & \"more\""
TRAIN = [row("1", "aspirin caused rash", ("aspirin", "Drug"), ("rash", "Sign"), task="both")]
TEST = [row("2", "lithium", ("lithium", "Drug"), task="drugs")]
DATA = Data.of({"train": TRAIN, "test": TEST})
VOID = {"meta", "link"}


def finding(*cases: Case, check: str = "document-leak", severity: str = "error", **more: object) -> Finding:
    settled = {"message": "planted", "count": len(cases), "of": 40, "split": "test", "remedy": "mend it"}
    return Finding(check, severity, cases=cases, **(settled | more))  # type: ignore[arg-type]


def shown(*findings: Finding, data: Data = DATA, title: str = "notes") -> str:
    return page(Audit(data, findings), title=title)


def words(piece: str) -> str:
    """The words of a piece of the page as a reader sees them."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", piece)).split())


def texts(made: str) -> list[str]:
    """Every text shown of a case, with its tags."""
    return re.findall(r'<p class="text">(.*?)</p>', made, re.DOTALL)


def bare(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", re.sub(r'<span class="cut">.*?</span>', "", text)))


class Structure(HTMLParser):
    """Opens and closes what a page does; `faults` lists what is closed that was not open."""

    def __init__(self, made: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(made)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A shape of a drawing: opened and closed at once."""

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)


def test_findings_stand_with_all_that_is_known_of_them() -> None:
    case = Case("planted twin", "test.jsonl:7", "one text", (), "train.jsonl:9", "other text")
    made = shown(
        finding(case, message="1 of 40 rows leak", against="train"), finding(check="own-check", count=2)
    )
    leak, own = re.findall(r'<article class="check.*?</article>', made, re.DOTALL)
    for planted in ("document-leak", "1 of 40 rows leak", "test against train", "planted twin", "mend it"):
        assert planted in words(leak)
    assert "The same document stands in two splits" in words(leak)
    assert "Rows of the evaluated split" in words(leak)
    assert re.findall(r'class="place">(.*?)</span>', leak) == ["test.jsonl:7", "train.jsonl:9"]
    # A check that is not registered (any more) has nothing to say of itself.
    assert "own-check" in words(own)
    assert "Why it matters" not in own
    assert "2 errors. Not sound: document-leak, own-check." in words(made)


def test_the_gravest_stand_first_and_are_counted() -> None:
    judged = [("document-leak", "error"), ("empty-target", "warning"), ("self-relation", "info")]
    made = shown(*(finding(check=check, severity=severity, count=4) for check, severity in judged))
    tiles = re.findall(r'<div class="tile (\w+)"><div class="name">.*?class="big">(\d+)<', made)
    assert tiles == [("error", "1"), ("warning", "1"), ("info", "1")]
    assert re.findall(r'<article class="check (\w+)" id="([\w-]+)"', made) == [
        (severity, check) for check, severity in judged
    ]
    rows = [words(line) for line in re.findall(r"<tr.*?</tr>", made.split('id="read"')[0], re.DOTALL)]
    assert "✕ error document-leak test 4 of 40 10.0%" in rows


def test_a_share_is_never_rounded_to_none_or_all() -> None:
    made = shown(*(finding(count=count, of=5000) for count in (0, 1, 4999, 5000)))
    told = re.findall(r'<td class="n">([^<]*%)</td>', made.split('id="read"')[0])
    assert list(map(html.unescape, told)) == ["0.0%", "< 0.1%", "> 99.9%", "100.0%"]


def test_healthy_data_says_so() -> None:
    made = shown()
    assert "Nothing found" in words(made)
    assert "Findings and cases" not in made
    assert "#findings" not in made


@pytest.mark.parametrize("findings", [0, 3])
def test_tags_are_closed_anchors_exist_and_nothing_is_loaded(findings: int) -> None:
    case = Case("what", "a:1", "some text", ((0, 4),), "b:1", "some other text")
    made = shown(*(finding(case, check=check) for check in ("document-leak", "x", "x")[:findings]))
    structure = Structure(made)
    assert (structure.open, structure.faults) == ([], [])
    assert len(set(structure.ids)) == len(structure.ids)
    inside = [link.removeprefix("#") for link in structure.links if link.startswith("#")]
    assert set(inside) <= set(structure.ids)
    assert len(inside) >= findings
    assert [link for link in structure.links if not link.startswith("#")] == ["data:,"]
    assert "<script" not in made
    assert "@import" not in made
    assert "url(" not in made
    assert "prefers-color-scheme: dark" in made
    assert "@media print" in made


def test_everything_from_outside_is_escaped() -> None:
    evil = row("e", f"{EVIL} pain pain", ("pain", EVIL), task=EVIL)
    data = Data.of({"train": [evil, evil], EVIL: [evil]})
    case = Case(EVIL, EVIL, EVIL, ((0, 8),), EVIL, EVIL + "x")
    made = shown(
        finding(case, Case(EVIL), check=EVIL, message=EVIL, remedy=EVIL, split=EVIL), data=data, title=EVIL
    )
    assert "<script" not in made
    assert "alert('x')" not in made
    assert "&lt;script&gt;" in made
    assert Structure(made).faults == []


def test_marks_stand_at_their_characters() -> None:
    text = "Pain <b>and</b> rash, é and rash"
    last = text.rindex("rash")
    made = shown(finding(Case("what", "p", text, ((0, 4), (last, last + 4)))))
    (piece,) = texts(made)
    assert re.findall(r"<mark>(.*?)</mark>", piece) == ["Pain", "rash"]
    assert piece.endswith(" é and <mark>rash</mark>")
    assert bare(piece) == text


@given(st.text("ab <&", min_size=1, max_size=80), st.integers(0, 80), st.integers(0, 80))
def test_a_marked_text_survives(text: str, one: int, other: int) -> None:
    start, end = sorted((min(one, len(text)), min(other, len(text))))
    (piece,) = texts(shown(finding(Case("what", "p", text, ((start, end),)))))
    assert bare(piece) == text
    assert "".join(re.findall(r"<mark>(.*?)</mark>", piece)) == html.escape(text[start:end])


def test_two_texts_stand_side_by_side_with_their_differing_words() -> None:
    case = Case("twin", "p", "pain after aspirin today", (), "q", "pain after ibuprofen today")
    left, right = texts(shown(finding(case)))
    assert re.findall(r'<span class="differs">(.*?)</span>', left) == ["aspirin"]
    assert re.findall(r'<span class="differs">(.*?)</span>', right) == ["ibuprofen"]


def test_long_texts_are_cut_around_the_marks_and_say_by_how_much() -> None:
    text = "before " * 1000 + "HERE" + " after" * 1000
    at = text.index("HERE")
    (piece,) = texts(shown(finding(Case("what", "p", text, ((at, at + 4),)))))
    cut = [int(number.replace(",", "")) for number in re.findall(r'class="cut">([\d,]+) char', piece)]
    assert len(cut) == 2
    assert sum(cut) + len(bare(piece)) == len(text)
    assert len(bare(piece)) < 300
    assert "<mark>HERE</mark>" in piece


def test_cases_shown_and_left_out_are_counted() -> None:
    cases = [Case(f"case {number}", f"f:{number}", "text") for number in range(12)]
    made = shown(finding(*cases), finding(*cases[:3], check="a"), finding(cases[0], check="b"))
    assert made.count('class="case"') == MOST_CASES + 3 + 1
    told = [words(line) for line in re.findall(r'<p class="shown">(.*?)</p>', made.split('id="findings"')[1])]
    assert told == [
        "Shown: 5 of 12 cases, evenly spaced; medspan audit … --cases FILE lists all.",
        "All 3 cases.",
        "The only case.",
    ]
    first = made.split("<article")[1]
    assert re.findall(r"case (\d+)", first) == ["0", "2", "4", "7", "9"]


def test_cases_without_a_text_are_a_line_each() -> None:
    made = shown(finding(*(Case(f"string {number}") for number in range(30))))
    assert made.count("<li>string ") == MOST_LINES
    assert "Shown: 12 of 30 cases" in words(made)


def test_many_findings_show_fewer_cases_each() -> None:
    long = "word " * 500
    cases = [Case("what", "p", long, (), "q", long + str(number)) for number in range(6)]
    made = shown(*(finding(*cases, check=f"check-{number}") for number in range(150)))
    assert made.count('class="case"') == 150 * 2
    assert len(made) < 700_000


def test_severities_remedies_and_names_of_splits_are_told_apart() -> None:
    made = shown(
        finding(remedy="mend train", split="train", count=1),
        finding(remedy="mend test", severity="warning", count=1),
        finding(remedy="mend test", split="dev", severity="warning", count=1),
    )
    (check,) = re.findall(r'<article class="check.*?</article>', made, re.DOTALL)
    assert re.findall(r"<dd><span.*?</dd>", check) == [
        '<dd><span class="quiet">train:</span> mend train</dd>',
        '<dd><span class="quiet">test, dev:</span> mend test</dd>',
    ]
    heads = [words(head) for head in re.findall(r"<h4>(.*?)</h4>", check)]
    assert heads == ["train", "test ▲ warning", "dev ▲ warning"]


def test_commands_are_set_as_code() -> None:
    def code(told: str) -> list[str]:
        return [part.text for part in code_parts(told) if part.kind == "mark"]

    assert code("medspan split DIR --out NEW --unseen 0.3 keeps strings; or `rm x`") == [
        "medspan split DIR --out NEW --unseen 0.3",
        "rm x",
    ]
    assert code("medspan convert IN OUT --to compact does, and so does medspan train") == [
        "medspan convert IN OUT --to compact"
    ]
    assert code("medspan audit PATH... --fix --out DIR") == ["medspan audit PATH... --fix --out DIR"]
    assert code("one ` alone") == []
    for told in ("", "a `b` c", "medspan audit DIR --fix", "`"):
        assert "".join(part.text for part in code_parts(told)) == told.replace(
            "`", "" if "b" in told else "`"
        )


def test_figures_stand_on_the_page() -> None:
    repeated = [
        row(str(number), f"aspirin {number}", ("aspirin", "Drug"), task="drugs") for number in range(3)
    ]
    data = Data.of({"train": [*repeated, *TRAIN], "test": TEST}, count_tokens=_letters, max_length=9)
    told = words(shown(data=data))
    assert "drugs 75.0% 3 100.0% 1 both 25.0% 1 0.0% 0 all rows 4 1" in told
    assert "Drug 80.0% 4 100.0% 1 Sign 20.0% 1 0.0% 0 all mentions 5 1" in told
    assert "characters of the text" in told
    assert "Split Shortest Median 95% have at most Longest train 9 9 19 19 test 7 7 7 7" in told
    assert "tokens of prompt and target, as medspan train would write them" in told
    assert "Over the limit of 9 train" in told
    assert "Drug aspirin 4" in told
    assert "Drug 1 4 100.0% 0 of 1 0.0%" in told


def test_lengths_are_drawn_to_scale_with_the_limit_as_a_line() -> None:
    rows = [
        Example(Document(str(at), "text", metadata={"prompt": "x" * count, "completion": ""}), Annotation())
        for at, count in enumerate((5, 5, 40, 41, 90))
    ]
    made = shown(data=Data.of({"train": rows}, count_tokens=_letters, max_length=40))
    characters, tokens = re.findall(r"<svg.*?</svg>", made, re.DOTALL)
    bars = re.findall(
        r'<rect( class="over")? x="([\d.]+)" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"', tokens
    )
    # 20 bars to 100, the largest (2 of 5 rows) as high as the plot.
    assert [(kind.strip(), float(x), float(high)) for kind, x, _, high in bars] == [
        ("", 0.0, 96.0),
        ("", 105.0, 48.0),
        ('class="over"', 120.0, 48.0),
        ('class="over"', 255.0, 48.0),
    ]
    assert all(float(y) + float(high) == 96.0 for _, _, y, high in bars)
    assert 'class="limit" d="M120.0 ' in tokens
    assert "half of the rows have at most 40 tokens, 95% at most 90, the longest 90" in tokens
    assert "limit" not in characters
    assert 'class="over"' not in characters


def test_long_lists_are_cut_and_say_so() -> None:
    types = [
        row(str(number), f"pain {number}", ("pain", f"T{number:02}")) for number in range(MOST_TYPES + 2)
    ]
    data = Data((Part("train", Part.of("train", types).rows, ("x",), tuple(f"f{n}.txt" for n in range(9))),))
    made = shown(finding(Case("long " * 500)), data=data)
    assert "f0.txt, f1.txt, f2.txt and 6 more" in words(made)
    assert "2 rarer types left out." in words(made)
    assert made.count("long ") == 80
    assert "…" in made.split('id="findings"')[1]


def _letters(strings: object) -> list[int]:
    return [len(string) for string in strings]  # type: ignore[attr-defined]


def test_unreadable_rows_and_files_are_told(tmp_path: Path) -> None:
    good = '{"id": "%d", "text": "rash", "reference": {"mentions": [], "relations": []}}'
    (tmp_path / "train.jsonl").write_text("\n".join([good % 1, "no row", good % 2]))
    (tmp_path / "test.jsonl").write_text(good % 3)
    data = Data.of(load_splits(tmp_path, on_error="skip"))
    made = shown(finding(Case("same", f"{tmp_path}/test.jsonl:1", "rash")), data=data)
    assert "train 2 1 1 medspan train.jsonl" in words(made)
    assert "--rejected FILE" in made
    # The folder is said once, not with each place.
    assert made.count(str(tmp_path)) == 1
    assert '<span class="place">test.jsonl:1</span>' in made


def test_the_same_audit_gives_the_same_page() -> None:
    def made(seed: int) -> str:
        drawn = random.Random(seed)
        rows: list[Example] = [*TRAIN, *TRAIN, row("x", "rash", ("rash", "Sign"), task="both")]
        return page(audit(Data.of({"test": TEST, "train": drawn.sample(rows, 3)})), title="t")

    assert made(0) == made(0)
    figures = [words(made(seed).split('id="findings"')[0]) for seed in range(3)]
    assert len(set(figures)) == 1


def test_lone_surrogates_can_be_written(tmp_path: Path) -> None:
    data = Data.of({"train": [row("1", "a \ud800 b")]})
    write_page(tmp_path / "page.html", Audit(data, (finding(Case("x", "p", "a \ud800 b")),)), title="t")
    assert "a ? b" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("folder", "planted"),
    [
        ("chemical_disease_tasks/splits_20251108", "288 of 300"),
        ("combined_2026", "40 of 950"),
        ("synthetic_2026", "10 of 10 100.0%"),
    ],
)
def test_pages_of_real_corpora(corpora: Path, folder: str, planted: str) -> None:
    data = corpus(corpora / folder)
    # Checks of the leaks and items bring long cases of every kind; slow ones add nothing to a page.
    ids = (
        "document-leak",
        "near-duplicate-leak",
        "conflicting-labels",
        "ungrounded-reference",
        "empty-target",
    )
    made = page(Audit(data, tuple(one for check in ids for one in found(check, data))), title=folder)
    structure = Structure(made)
    assert (structure.open, structure.faults) == ([], [])
    assert planted in words(made)
    assert len(made.encode()) < 400_000

"""The report of a diagnosis: what is planted stands in the page and in Markdown, whatever texts hold."""

from __future__ import annotations

import ast
import html
import inspect
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from medspan.diagnose import CAUSES, Cleared, Diagnosis, Effect, Probe, Suspicion, all_probes
from medspan.diagnose.against.aspect import Against, Aspect, Gap
from medspan.diagnose.explanation import AnswerProbe
from medspan.diagnose.report import (
    causes_table,
    commands,
    markdown,
    page,
    words,
    write_html,
    write_markdown,
)
from medspan.diagnose.report.commands import MEDSPAN, OTHERS, to_fill_in
from medspan.diagnose.report.markdown import block, inline
from medspan.diagnose.report.page import bars
from medspan.diagnose.report.table import CONFIRMED_BY

from .planted_diagnoses import (
    BLOCKED,
    EVERY,
    EVIL,
    FOREIGN,
    HEALTHY,
    HOSTILE,
    LABELS,
    LEAK,
    MANY,
    ONE,
    SENTENCE,
    SHOWN,
    UNDETERMINED,
)

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "diagnose.md"
VOID = {"meta", "link"}
MARKDOWN = MarkdownIt("commonmark").enable("table")


class Structure(HTMLParser):
    """What a page opens and closes: `faults` lists what is closed that was not open."""

    def __init__(self, made: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []
        self.ids: list[str] = []
        self.labels: list[str] = []
        self.feed(made)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        known = dict(attrs)
        self.ids += [known["id"] or ""] if "id" in known else []
        self.labels += [known["aria-label"] or ""] if "aria-label" in known else []

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A shape of a drawing: opened and closed at once."""

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)


def main_of(found: Diagnosis) -> str:
    """What stands between the skip link and the script."""
    return page(found).split('<main id="main">')[1].split("</main>")[0]


def plain(piece: str) -> str:
    """A piece of a page as a reader sees it."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", piece)).split())


def section(found: Diagnosis, name: str) -> str:
    match = re.search(rf'<(section|details)[^>]* id="{name}".*?</\1>', main_of(found), re.DOTALL)
    assert match is not None, name
    return match.group()


def inline_text(token: Token) -> str:
    """The text of an inline token; a line break is a newline; anything else is a mark that was not meant."""
    told = []
    for child in token.children or []:
        if child.type in ("text", "text_special"):
            told.append(child.content)
        elif child.type in ("strong_open", "strong_close"):
            told.append("")
        else:
            assert (child.type, child.content) == ("html_inline", "<br>")
            told.append("\n")
    return "".join(told)


def parsed(text: str) -> list[tuple[str, str]]:
    """(kind, text) of the parts of a Markdown text: h1 ..., p, li, th, td, fence."""
    found: list[tuple[str, str]] = []
    stack: list[str] = []
    for token in MARKDOWN.parse(text):
        if token.type == "fence":
            found.append(("fence", token.content))
        elif token.type == "inline":
            kind = "li" if "li" in stack else stack[-1]
            found.append((kind, inline_text(token)))
        elif token.nesting == 1:
            stack.append(token.tag)
        elif token.nesting == -1:
            assert stack.pop() == token.tag
        else:
            pytest.fail(f"a {token.type} that was not meant")
    return found


def as_read(text: str) -> str:
    """A text as inline Markdown shows it: lines without the white space at their ends."""
    return "\n".join(line.strip() for line in text.strip().splitlines())


@pytest.mark.parametrize("name", EVERY)
def test_pages_are_well_formed_and_need_nothing_else(name: str) -> None:
    made = page(EVERY[name])
    structure = Structure(made)
    assert (structure.open, structure.faults) == ([], [])
    assert len(set(structure.ids)) == len(structure.ids)
    assert "http" not in made.replace("http-equiv", "")
    assert page(EVERY[name]) == made


def test_the_verdict_stands_first_with_its_figure() -> None:
    text = plain(main_of(ONE))
    verdict = (
        "medspan diagnosis my v4 ✕ cause found decoding-blocks-copying: the decoding options forbid "
        "repeating what stands in the prompt, which is what extraction does. Entity F1 (text match, 48 "
        "documents) 0.059 as it is, 0.854 mended (+0.795, 95% interval +0.710 to +0.861)."
    )
    assert text.startswith(verdict)
    told = parsed(markdown(ONE))
    assert told[0] == ("h1", "Diagnosis of runs/my v4")
    assert told[1][1].startswith("Verdict: decoding-blocks-copying: the decoding options forbid repeating")
    assert told[2][1] in text


def test_answers_that_were_free_are_made_free_again() -> None:
    free = replace(ONE, free=True)
    told = Suspicion("decoding-blocks-copying", 0.9, (), "decode again with repetition_penalty=1.0")
    for one in (BLOCKED, told):
        assert all("--free" not in line for line in commands(one, ONE))
        assert [line.count(" --free") for line in commands(one, free)] == [1]
    # Nothing is answered by these, and a remedy that says so itself is left as it is.
    assert commands(LEAK, replace(MANY, free=True)) == commands(LEAK, MANY)
    stated = replace(told, remedy="medspan evaluate RUN --again --free")
    assert commands(stated, free) == commands(stated, ONE)


def test_a_named_cause_stands_with_meaning_evidence_effect_and_commands() -> None:
    causes = plain(section(ONE, "causes"))
    assert causes.startswith("The cause, the evidence, the remedy decoding-blocks-copying confidence 0.97")
    assert "✓ confirmed by an intervention" in causes
    for line in BLOCKED.evidence:
        assert line in causes
        assert ("li", line) in parsed(markdown(ONE))
    remedy = CAUSES["decoding-blocks-copying"].remedy
    assert f"What to do: {remedy}" in causes
    assert ("p", f"What to do: {remedy}") in parsed(markdown(ONE))
    command = (
        "medspan evaluate 'runs/my v4' --split test --again repetition_penalty=1.0 no_repeat_ngram_size=0"
    )
    assert f"<code>{html.escape(command, quote=False).replace(chr(39), '&#39;')}</code>" in main_of(ONE)
    assert ("fence", f"{command}\n") in parsed(markdown(ONE))
    assert "To fill in" not in causes


def test_causes_that_act_together_are_all_named_in_order() -> None:
    assert words.verdict_sentence(MANY).endswith(
        " 3 causes act together; after this one: leak-inflated-score, labels-not-inferable."
    )
    made = main_of(MANY)
    assert re.findall(r'<article class="cause" id="([\w-]+)"', made) == [one.cause for one in MANY.named]
    headings = [text for kind, text in parsed(markdown(MANY)) if kind == "h2"]
    assert headings[:3] == ["1. decoding-blocks-copying", "2. leak-inflated-score", "3. labels-not-inferable"]
    rows = [text for kind, text in parsed(markdown(MANY)) if kind == "td"][:21]
    assert rows[7:14] == [
        "leak-inflated-score",
        "0.95",
        "confirmed by an intervention",
        "entity F1 (text match)",
        "0.910",
        "0.612",
        "-0.298 (-0.391 to -0.202)",
    ]
    assert rows[18:] == ["0.600", "–", "–"]
    assert "To fill in: NEW." in plain(made)


def test_notes_are_folded_and_not_among_the_causes() -> None:
    notes = section(MANY, "notes")
    assert notes.startswith("<details")
    assert "<summary>1 note: seen, and not sure enough to be named</summary>" in notes
    assert "12 of 40 errors are boundaries" in plain(notes)
    assert "boundary-errors" not in section(MANY, "causes")
    assert ("li", "boundary-errors (0.31): 12 of 40 errors are boundaries, on either side") in parsed(
        markdown(MANY)
    )
    assert 'id="notes"' not in page(ONE)


def test_what_was_excluded_stands_with_its_evidence_and_equal_evidence_once() -> None:
    excluded = section(ONE, "excluded")
    assert excluded.count("<tr>") == 1 + 3
    assert "adapter-not-applied, double-bos greedy decoding as in training" in plain(excluded).replace(
        " ,", ","
    )
    cells = [text for kind, text in parsed(markdown(ONE)) if kind == "td"]
    at = cells.index("adapter-not-applied, double-bos")
    assert cells[at + 1] == "greedy decoding as in training chooses 99.1% of the stored answers' tokens"
    assert cells[at - 1].splitlines()[1] == "training targets cost 0.244 nats a token in the template chat"


def test_what_could_not_be_told_stands_with_what_is_missing() -> None:
    for found in (ONE, UNDETERMINED):
        assert "environment-changed , data-changed no record.json" in plain(section(found, "untold"))
        cells = [text for kind, text in parsed(markdown(found)) if kind == "td"]
        at = cells.index("environment-changed, data-changed")
        assert cells[at + 1 : at + 4] == ["no record.json", "overtrained", "no training log"]
    assert 'id="untold"' not in page(HEALTHY)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (
            HEALTHY,
            "✓ healthy Healthy: no probe found a fault. Entity F1 0.861 (0.830 to 0.886), relation F1 "
            "undefined.",
        ),
        (
            UNDETERMINED,
            "▲ undetermined Undetermined: nothing was found, and 12 causes could not be looked for: no "
            "generated texts, no record.json. There are no stored predictions that could be scored.",
        ),
    ],
)
def test_without_a_cause_the_verdict_says_why(found: Diagnosis, verdict: str) -> None:
    assert f"v1 {verdict}" in plain(main_of(found))
    assert 'id="causes"' not in page(found)
    assert "<figure" not in page(found)
    told = [text for kind, text in parsed(markdown(found)) if kind == "p"]
    assert told[0] == f"Verdict: {words.verdict_sentence(found)}"


def test_answers_stand_verbatim_side_by_side_and_absent_strings_are_marked() -> None:
    made = section(MANY, "shown")
    assert re.findall(r'<p class="asked">(.*?)</p>', made) == [SENTENCE]
    assert made.count('<div class="answer">') == 2
    # A newline after <pre> is not part of its text.
    answers = re.findall(r"<pre[^>]*>\n(.*?)</pre>", made, re.DOTALL)
    assert [html.unescape(one) for one in answers] == [one["answer"] for one in SHOWN]
    assert re.findall(r"</span> ([^<]*?) <span class=\"absent\">", made) == ["diabetis", "metforming"]
    fences = [text for kind, text in parsed(markdown(MANY)) if kind == "fence"]
    assert fences[-3:] == [f"{SENTENCE}\n", *(f"{one['answer']}\n" for one in SHOWN)]
    items = [text for kind, text in parsed(markdown(MANY)) if kind == "li"]
    at = items.index("Disease: diabetis (not in the text)")
    assert items[at : at + 5] == [
        "Disease: diabetis (not in the text)",
        "Drug: metforming (not in the text)",
        "Disease: Diabetes",
        "Drug: metformin",
        "metformin treats diabetes",
    ]
    tasks = tuple({**SHOWN[1], "task": task, "text": "metformin"} for task in ("drugs", "pairs"))
    by_task = section(replace(MANY, shown=tasks), "shown")
    assert [plain(one) for one in re.findall(r'<p class="blanks">.*?</p>', by_task)] == [
        "Task: drugs",
        "Task: pairs",
    ]
    # Diabetes and the relation with it are not in this text.
    assert by_task.count("not in the text") == 2 * 2
    told = parsed(markdown(replace(MANY, shown=tasks)))
    assert ("p", "Task: pairs") in told
    assert told.count(("li", "metformin treats diabetes (not in the text)")) == 2
    silent = replace(MANY, shown=({"text": "t", "conditions": "c", "answer": None},))
    assert "No answer was written." in section(silent, "shown")
    assert ("p", "No answer was written.") in parsed(markdown(silent))


def test_differences_from_another_run_stand_with_what_swapping_them_did() -> None:
    told = plain(section(MANY, "against"))
    for line in (
        "Against runs/v1 repetition_penalty separates them entity F1 as they are: 0.059 here, 0.861 there "
        "(+0.802, 95% interval +0.750 to +0.840)",
        "entity F1 once what separates them is mended: 0.854 here, 0.861 there (+0.007, 95% interval "
        "-0.010 to +0.020)",
        "their test parts share 48 documents",
        "repetition_penalty 1.5 1.0 separates them entity F1 (text match, 48 documents) 0.059 as it is",
        "num_train_epochs 5 3 separates nothing v4 reaches 0.854 with 5 epochs",
        "hardware cpu not stated cannot be tested it is not stated for both",
        "The same in both: wording, template.",
    ):
        assert line in told, line
    lines = parsed(markdown(MANY))
    cells = [text for kind, text in lines if kind == "td"]
    at = cells.index("num_train_epochs")
    assert cells[at + 1 : at + 4] == ["5", "3", "separates nothing\nv4 reaches 0.854 with 5 epochs"]
    assert ("p", "The same in both: wording, template.") in lines
    assert ("li", "their test parts share 48 documents") in lines
    nothing = replace(MANY, against={"run": "runs/v1", "aspects": []})
    assert "Nothing that is known of both differs." in section(nothing, "against")
    assert ("p", "Nothing that is known of both differs.") in parsed(markdown(nothing))


def test_a_comparison_of_the_room_can_be_told() -> None:
    one = Aspect("seed", (1, 2), False, "only-a-training-tells", ("it changes the weights",))
    made = Against("runs/v1", (Gap("relations", 0.1, None, None, (4, 5), False),), (one,), (), False, "s")
    told = plain(section(replace(MANY, against=made.to_json()), "against"))
    assert "relation F1 as they are: 0.100 here, – there" in told
    assert "seed 2 1 only a training tells (--retrain) it changes the weights" in told


def test_how_it_was_examined_stands_with_seconds_scores_and_health() -> None:
    told = plain(section(ONE, "examined"))
    for fact in (
        "Run runs/my v4",
        "Trained by medspan",
        "Part test",
        "Examined 48 documents",
        "Took 42 s",
        "As stored entity F1 0.059 (0.031 to 0.094), relation F1 0.000",
        "ungrounded 89.6% ▲ high",
        "empty 4.0%",
        "invalid format –",
        "the stored predictions have no .made.json",
        "decoding-blocks-copying 21.5 suspects decoding-blocks-copying",
        "environment-changed 0.0 not run: it needs what is not there: no record.json",
    ):
        assert fact in told, fact
    assert told.count("high") == 1
    lines = parsed(markdown(ONE))
    assert ("li", "Health: ungrounded 89.6% (high)") in lines
    assert ("li", "Health: no rate above 5%") in parsed(markdown(HEALTHY))
    assert ("li", "Note: the stored predictions have no .made.json") in lines
    assert [text for kind, text in lines if kind == "td"][-3:] == [
        "environment-changed",
        "0.0",
        "not run: it needs what is not there: no record.json",
    ]


def test_the_picture_shows_both_figures_and_the_interval_without_colour() -> None:
    assert LEAK.effect is not None
    assert BLOCKED.effect is not None
    drawn = bars(BLOCKED.effect)
    assert (drawn.before.name, drawn.before.figure, drawn.before.length) == ("as it is", "0.059", 5.9)
    assert (drawn.after.name, drawn.after.figure, drawn.after.length) == ("mended", "0.854", 85.4)
    assert (drawn.after.low, drawn.after.high) == (76.9, 92.0)
    assert bars(LEAK.effect).after.name == "without it"
    undefined = bars(Effect("F1", 0.6, None))
    assert (undefined.after.length, undefined.after.figure, undefined.after.low) == (None, "–", None)
    # Beyond 1 the axis ends at the greater figure; an interval never leaves the picture.
    wide = bars(Effect("nats", 4.0, 2.0, (-5.0, 1.0)))
    assert (wide.before.length, wide.after.length, wide.after.low, wide.after.high) == (100, 50, 0, 100)
    structure = Structure(page(MANY))
    made = main_of(MANY)
    assert made.count('class="before"') == 3
    assert made.count('class="after"') == 2
    assert made.count('class="whisker"') == 2
    assert f"decoding-blocks-copying: {words.effect_words(BLOCKED.effect)}" in structure.labels


def test_the_page_uses_the_colours_of_the_house_only() -> None:
    template = resources.files("medspan.diagnose.report").joinpath("report.html.jinja").read_text("utf-8")
    style = template.split("{% block style %}")[1].split("{% endblock %}")[0]
    assert re.findall(r"#[0-9a-f]{3,8}\b(?!atch)|rgb|hsl", style) == []
    base = resources.files("medspan.page").joinpath("base.html.jinja").read_text("utf-8")
    used = set(re.findall(r"var\(--([\w-]+)\)", template))
    assert {name for name in used if f"--{name}:" not in base} == set()
    assert used >= {"card", "ink", "soft", "accent", "bad", "good", "doubtful", "track", "range"}


@pytest.mark.parametrize(
    ("effect", "told"),
    [
        (Effect("F1", None, None), "F1 is undefined"),
        (Effect("F1", 0.5, None), "F1 0.500 as it is, undefined mended"),
        (Effect("F1", 0.25, 0.5), "F1 0.250 as it is, 0.500 mended (+0.250, no interval)"),
        (
            Effect("F1", 0.5, 0.25, (-0.3, -0.2)),
            "F1 0.500 as it is, 0.250 without it (-0.250, 95% interval -0.300 to -0.200)",
        ),
    ],
)
def test_effects_in_words(effect: Effect, told: str) -> None:
    assert words.effect_words(effect) == told


def test_hostile_texts_are_shown_and_never_read_as_marks() -> None:
    made = main_of(EVIL)
    assert "<script" not in made
    assert "<b>" not in made.replace("</b>", "").split('id="shown"')[1]
    seen = " ".join(HOSTILE.split())
    assert plain(made).count(seen) >= 12
    told = parsed(markdown(EVIL))
    for kind in ("li", "td"):
        assert (kind, HOSTILE) in told
    assert ("h3", HOSTILE) in told
    assert ("h2", f"Against {HOSTILE}") in told
    assert ("fence", f"{HOSTILE}\n") in told
    assert ("td", "|") in told
    assert ("li", "? lone") in told
    headers = [text for kind, text in told if kind == "th"]
    cells = [text for kind, text in told if kind == "td"]
    # No text adds a cell: the tables have seven, two, two, four and three columns, the last one three rows.
    assert len(headers) == 7 + 2 + 2 + 4 + 3
    assert len(cells) == 7 + 2 + 2 + 4 + 3 * 3


MARKS = "\\`*_{}[]()<>#+-=.!|~$&;:'\"0 1\n\r\tab"


@given(st.one_of(st.text(max_size=60), st.text(MARKS, max_size=30)))
@settings(max_examples=300)
def test_any_text_comes_back_from_markdown(text: str) -> None:
    clean = "".join(
        "\ufffd" if (ord(one) < 32 and one not in "\t\n\r") or 127 <= ord(one) < 160 else one for one in text
    )
    clean = clean.encode("utf-8", "replace").decode("utf-8")
    expected = as_read(clean)
    cell = inline(clean)
    assert "\n" not in cell
    for kind, source in (
        ("li", f"- {cell}"),
        ("td", f"| a | b |\n| - | - |\n| {cell} | x |"),
        ("p", f"To {cell}"),
    ):
        found = [one for which, one in parsed(source) if which == kind]
        if kind == "li" and not expected:
            continue
        told = found[0].removeprefix("To ") if expected else ""
        assert [part.strip() for part in told.split("\n")] == [part.strip() for part in expected.split("\n")]
    assert parsed(block(clean)) == [("fence", re.sub(r"\r\n?", "\n", clean) + "\n")]


def test_whole_commands_of_a_remedy_come_before_the_table() -> None:
    assert commands(LEAK, MANY) == ("medspan split notes/all --out NEW",)
    assert commands(LABELS, MANY) == ("medspan audit notes/all",)
    told = {
        "score another part: medspan evaluate runs/a --split test": "medspan evaluate runs/a --split test",
        "train again (medspan train runs/a/config.yaml output_dir=NEW), or not": (
            "medspan train runs/a/config.yaml output_dir=NEW"
        ),
        "medspan evaluate runs/a --split dev --again and look": "medspan evaluate runs/a --split dev --again",
        "medspan diagnose RUN --against GOOD compares it": "medspan diagnose 'runs/my v4' --against GOOD",
        "cut it: medspan split notes --out NEW.": "medspan split notes --out NEW",
        "medspan train 'my runs/a b c/config.yaml' --resume goes on with it": (
            "medspan train 'my runs/a b c/config.yaml' --resume"
        ),
        "medspan split 'my notes' d/test.jsonl --out NEW; look": (
            "medspan split 'my notes' d/test.jsonl --out NEW"
        ),
        "cut (medspan split 'it'\"'\"'s, (mine)/x' --out 'my NEW'), or not": (
            "medspan split 'it'\"'\"'s, (mine)/x' --out 'my NEW'"
        ),
    }
    for remedy, command in told.items():
        assert commands(replace(LEAK, remedy=remedy), MANY) == (command,)
    # A verb that is only mentioned is no command.
    assert (
        commands(replace(LEAK, remedy="look at medspan audit before training"), MANY) == MEDSPAN[LEAK.cause]
    )


def test_decoding_options_of_a_remedy_become_a_command_of_the_trainer() -> None:
    cut = Suspicion(
        "output-truncated", 0.9, (), "raise it: at least max_new_tokens=213, then do_sample=false."
    )
    assert commands(cut, ONE) == (
        "medspan evaluate 'runs/my v4' --split test --again max_new_tokens=213 do_sample=false",
    )
    assert commands(cut, FOREIGN) == (
        "model.generate(**inputs, max_new_tokens=213, do_sample=False)",
        "medspan diagnose out/sft --data DATA --predicted ANSWERS",
    )
    parser = Suspicion("parser-mismatch", 0.9, (), "read them with their format: here --format sections")
    assert commands(parser, FOREIGN) == (
        "medspan evaluate --reference REFERENCE --predicted ANSWERS --format sections",
    )
    assert to_fill_in(commands(parser, FOREIGN)) == ["REFERENCE", "ANSWERS"]
    # Nothing to type where another trainer's own files have to be changed.
    assert commands(Suspicion("targets-masked", 0.9, ()), FOREIGN) == ()


def test_every_cause_has_a_command() -> None:
    assert [cause for cause in CAUSES if cause not in MEDSPAN] == []
    assert set(OTHERS) <= set(MEDSPAN)
    for cause in CAUSES:
        for line in commands(Suspicion(cause, 0.9, ()), ONE):
            assert line.startswith("medspan ")
            assert "{" not in line
        assert all("{" not in line for line in commands(Suspicion(cause, 0.9, ()), FOREIGN))


def test_files_are_written_whole_with_their_folders(tmp_path: Path) -> None:
    for write, made, name in ((write_html, page, "a.html"), (write_markdown, markdown, "a.md")):
        path = tmp_path / "deep" / name
        path.parent.mkdir(exist_ok=True)
        write(path, EVIL)
        assert path.read_text(encoding="utf-8") == made(EVIL)


def test_a_cleared_cause_without_evidence_has_its_row() -> None:
    bare = replace(HEALTHY, cleared=(Cleared("double-bos", ()),))
    cells = [text for kind, text in parsed(markdown(bare)) if kind == "td"]
    assert cells[:2] == ["double-bos", ""]


def test_the_documentation_lists_every_cause_as_its_probe_has_it() -> None:
    text = DOCUMENTATION.read_text(encoding="utf-8")
    listed = text.split("## The causes")[1].split("## ")[0]
    assert [line for line in listed.splitlines() if line.startswith("|")] == causes_table()
    rows = [text for kind, text in parsed("\n".join(causes_table())) if kind == "td"]
    assert rows[0::5] == list(CAUSES)
    assert all(rows[2::5]), "a cause without a probe"
    assert all(f"`{key}`" in text for key in HEALTHY.to_json())


def test_what_confirms_a_cause_is_told_of_those_that_can_be_confirmed() -> None:
    confirming = {cause for probe in all_probes() if may_confirm(probe) for cause in probe.causes}
    assert confirming == set(CONFIRMED_BY)


def may_confirm(probe: Probe) -> bool:
    """Whether a probe's code makes a suspicion that is not always unconfirmed."""
    if isinstance(probe, AnswerProbe):
        return True
    module = inspect.getmodule(type(probe))
    assert module is not None
    made = [
        (node.args[5:6], [one.value for one in node.keywords if one.arg == "confirmed"])
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Suspicion"
    ]
    given = [value for by_place, by_name in made for value in (*by_place, *by_name)]
    return any(not (isinstance(value, ast.Constant) and value.value is False) for value in given)

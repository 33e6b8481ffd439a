"""The BioCreative V CDR evaluator: its own files, and each of its rules on planted ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medspan.core import InputError
from medspan.evaluate.official import scorer_named

from .conftest import CAUSES, LITHIUM, NAUSEA, ROWS, TREMOR, Files, article

RIGHT = {
    "mention Disease": (2, 0, 0),
    "mention Chemical": (1, 0, 0),
    "id Disease": (2, 0, 0),
    "id Chemical": (1, 0, 0),
    "relation CID": (1, 0, 0),
}


@pytest.mark.parametrize("number", range(6))
def test_all_cases_of_the_official_evaluator_come_out_equal(corpora: Path, number: int) -> None:
    folder = corpora.parent / "parity" / "bc5cdr_evaluator"
    if not folder.is_dir():
        pytest.skip("the parity files of the BC5CDR evaluator do not stand beside the corpora")
    name = f"predicted_{number:02d}.PubTator.txt"
    rows = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    rows = [row for row in rows if row["predicted"] == name]
    assert len(rows) == 5
    found = scorer_named("bc5cdr").score(folder / rows[0]["gold"], folder / name).to_json()
    for row in rows:
        score = found[row["level"]][row["type"]]
        for field in ("true_positives", "false_positives", "false_negatives"):
            assert score[field] == int(row[field]), (row["level"], row["type"], field)
        for field in ("precision", "recall", "f1"):
            assert score[field] == pytest.approx(float(row[field]), rel=0, abs=1e-12)


def test_a_file_finds_all_of_itself(files: Files) -> None:
    assert files.rows(ROWS, ROWS) == RIGHT


def test_mentions_match_by_document_type_and_offsets_only(files: Files) -> None:
    wrong_text = "15\t21\tnothing of the kind\tDisease\tD014202"
    assert files.rows(ROWS, (LITHIUM, wrong_text, NAUSEA, CAUSES)) == RIGHT
    for other in ("15\t22\ttremor.\tDisease\tD014202", "14\t21\ttremor\tDisease\tD014202"):
        assert files.rows([TREMOR], [other])["mention Disease"] == (0, 1, 1)
    as_chemical = TREMOR.replace("Disease", "Chemical")
    found = files.rows([TREMOR, LITHIUM], [as_chemical, LITHIUM])
    assert found["mention Disease"] == (0, 0, 1)
    assert found["mention Chemical"] == (1, 1, 0)
    gold = article(TREMOR, pmid="1") + article(pmid="2")
    moved = article(pmid="1") + article(TREMOR, pmid="2")
    assert files.counts(gold, moved)["mention Disease"] == (0, 1, 1)


def test_mentions_without_a_place_in_the_text_count_by_their_offsets(files: Files) -> None:
    past_the_end = "900\t906\ttremor\tDisease\tD014202"
    assert files.rows([past_the_end], [past_the_end])["mention Disease"] == (1, 0, 0)
    assert files.rows([TREMOR], [TREMOR, past_the_end])["mention Disease"] == (1, 1, 0)


def test_repeats_count_once_on_either_side(files: Files) -> None:
    twice = [row for row in ROWS for _ in range(2)]
    assert files.rows(twice, ROWS) == files.rows(ROWS, twice) == RIGHT
    again = NAUSEA.replace("34\t40", "41\t47")
    found = files.rows([NAUSEA], [again, again])
    assert found["mention Disease"] == (0, 1, 1)
    assert found["id Disease"] == (1, 0, 0)


def test_ids_are_compared_by_document_and_type(files: Files) -> None:
    elsewhere = "23\t29\tTremor\tDisease\tD014202"
    assert files.rows([TREMOR], [elsewhere])["id Disease"] == (1, 0, 0)
    as_chemical = TREMOR.replace("Disease", "Chemical")
    found = files.rows([TREMOR, LITHIUM], [as_chemical])
    assert found["id Disease"] == (0, 0, 1)
    assert found["id Chemical"] == (0, 1, 1)
    gold = article(TREMOR, pmid="1") + article(pmid="2")
    moved = article(pmid="1") + article(TREMOR, pmid="2")
    assert files.counts(gold, moved)["id Disease"] == (0, 1, 1)


@pytest.mark.parametrize("column", ["\t-1", "\t", "", "\t|", "\tMESH:-1"])
def test_no_id_is_no_id_and_the_mention_counts(files: Files, column: str) -> None:
    bare = TREMOR.removesuffix("\tD014202") + column
    found = files.rows([bare, NAUSEA], [bare, NAUSEA])
    assert found["mention Disease"] == (2, 0, 0)
    assert found["id Disease"] == (1, 0, 0)


def test_an_id_of_several_is_as_many_ids_of_one_mention(files: Files) -> None:
    both = "15\t40\ttremor and nausea\tDisease\tD014202|D009325\ttremor|nausea"
    assert files.rows([both], [TREMOR, NAUSEA])["id Disease"] == (2, 0, 0)
    assert files.rows([both], [TREMOR])["id Disease"] == (1, 0, 1)
    assert files.rows([both], [both])["mention Disease"] == (1, 0, 0)
    half = both.replace("D009325", "-1")
    assert files.rows([half], [TREMOR])["id Disease"] == (1, 0, 0)


def test_only_a_bar_divides_ids(files: Files) -> None:
    for sign in "+,;":
        joined = f"15\t21\ttremor\tDisease\tD014202{sign}D009325"
        assert files.rows([TREMOR], [joined])["id Disease"] == (0, 1, 1)
        assert files.rows([joined], [joined])["id Disease"] == (1, 0, 0)


def test_the_prefix_of_mesh_may_be_there_or_not(files: Files) -> None:
    prefixed = [row.replace("\tD0", "\tMESH:D0") for row in ROWS]
    assert files.rows(ROWS, prefixed) == files.rows(prefixed, ROWS) == RIGHT
    both = [*ROWS, *prefixed, "15\t21\ttremor\tDisease\tMESH:D014202|D014202"]
    assert files.rows(ROWS, both) == RIGHT
    other = TREMOR.replace("D014202", "OMIM:D014202")
    assert files.rows([TREMOR], [other])["id Disease"] == (0, 1, 1)


def test_relations_have_a_direction_and_a_document(files: Files) -> None:
    swapped = "CID\tD014202\tD008094"
    assert files.rows([TREMOR, CAUSES], [TREMOR, swapped])["relation CID"] == (0, 1, 1)
    gold = article(CAUSES, pmid="1") + article(pmid="2")
    moved = article(pmid="1") + article(CAUSES, pmid="2")
    assert files.counts(gold, moved)["relation CID"] == (0, 1, 1)


def test_relations_need_no_mention_and_may_have_a_score(files: Files) -> None:
    assert files.rows(ROWS, [f"{CAUSES}\t0.88"])["relation CID"] == (1, 0, 0)


def test_missing_documents_are_missed_and_unknown_ones_do_not_count(files: Files) -> None:
    gold = article(*ROWS) + article(*ROWS, pmid="2") + article(pmid="3")
    predicted = article(*ROWS, pmid="2") + article(*ROWS, pmid="9")
    result = files.score(gold, predicted)
    assert files.counts(gold, predicted) == {
        "mention Disease": (2, 0, 2),
        "mention Chemical": (1, 0, 1),
        "id Disease": (2, 0, 2),
        "id Chemical": (1, 0, 1),
        "relation CID": (1, 0, 1),
    }
    assert result["documents"] == {"reference": 3, "predicted": 2, "missing": 2, "unknown": 1}
    assert result["notes"] == [
        "2 of 3 documents of the reference are missing from the predictions (1, 3): "
        "they count as empty predictions",
        "1 of 2 documents of the predictions are not in the reference (9): they do not count",
    ]


def test_other_types_are_counted_in_a_note_only(files: Files) -> None:
    gene = "0\t7\tLithium\tGene\t1"
    treats = "treats\tD008094\tD014202"
    small = TREMOR.replace("Disease", "disease")
    result = files.score(article(*ROWS), article(*ROWS, gene, small, treats))
    assert files.rows(ROWS, [*ROWS, gene, small, treats]) == RIGHT
    assert result["notes"] == [
        "predicted: 2 mentions of other types do not count (Gene 1, disease 1)",
        "predicted: 1 relations of other types do not count (treats 1)",
    ]


def test_articles_given_twice_count_as_one(files: Files) -> None:
    gold = article(LITHIUM, TREMOR) + article(NAUSEA, CAUSES)
    assert files.counts(gold, article(*ROWS)) == RIGHT
    assert files.score(gold, article(*ROWS))["notes"] == [
        "reference: 1 documents occur more than once (1), and count as one"
    ]


def test_order_does_not_matter(files: Files) -> None:
    gold = article(*ROWS) + article(TREMOR, pmid="2")
    turned = article(TREMOR, pmid="2") + article(*ROWS[::-1])
    assert files.score(gold, turned)["mention"] == files.score(gold, gold)["mention"]
    assert files.score(turned, gold)["relation"] == files.score(gold, gold)["relation"]


def test_undefined_ratios_are_null(files: Files) -> None:
    result = files.score(article(LITHIUM, TREMOR), article(TREMOR, CAUSES))
    chemical, relation = result["mention"]["Chemical"], result["relation"]["CID"]
    assert (chemical["precision"], chemical["recall"], chemical["f1"]) == (None, 0, 0)
    assert (relation["precision"], relation["recall"], relation["f1"]) == (0, None, 0)
    assert result["notes"] == [
        "the predictions have nothing for mention Chemical: precision is undefined there",
        "the predictions have nothing for Chemical ids: precision is undefined there",
        "the reference has nothing for relation CID: recall is undefined there",
    ]
    neither = files.score(article(LITHIUM), article(LITHIUM))["relation"]["CID"]
    assert (neither["precision"], neither["recall"], neither["f1"]) == (None, None, None)


def test_predictions_without_annotations_are_missed_whole(files: Files) -> None:
    result = files.score(article(*ROWS), article())
    assert files.counts(article(*ROWS), article())["mention Disease"] == (0, 0, 2)
    assert result["documents"]["missing"] == 0
    assert len([note for note in result["notes"] if "precision is undefined" in note]) == 5


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_an_empty_file_is_refused_unless_allowed(files: Files, text: str) -> None:
    with pytest.raises(InputError, match=r"predicted\.txt is empty.*--allow-empty"):
        files.score(article(*ROWS), text)
    assert files.counts(article(*ROWS), text, allow_empty=True)["mention Disease"] == (0, 0, 2)


def test_no_document_in_common_is_refused_unless_allowed(files: Files) -> None:
    gold, other = article(*ROWS), article(*ROWS, pmid="77")
    with pytest.raises(InputError, match=r"none of the 1 documents of the reference.*'1' there, and '77'"):
        files.score(gold, other)
    assert files.counts(gold, other, allow_empty=True)["mention Disease"] == (0, 0, 2)


def test_a_file_of_which_nothing_can_be_read_is_a_parser_mismatch(files: Files) -> None:
    spaced = article(*ROWS).replace("\t", " ")
    with pytest.raises(InputError, match=r"parser-mismatch: 4 lines that are neither .*predicted\.txt:3"):
        files.score(article(*ROWS), spaced)
    with pytest.raises(InputError, match=r"no Disease, Chemical or CID in 1 documents.*parser-mismatch"):
        files.score(spaced, article(*ROWS))
    with pytest.raises(InputError, match=r"its types are Gene 1.*parser-mismatch"):
        files.score(article("0\t7\tLithium\tGene\t1"), article(*ROWS))


def test_a_named_format_is_kept_to_but_for_what_extract_writes(files: Files) -> None:
    with pytest.raises(InputError, match="syntax error"):
        files.score(article(*ROWS), article(*ROWS), format="bioc-xml")
    own = '{"id": "1", "text": "Lithium", "predicted": {"mentions": [], "relations": []}}\n'
    assert files.counts(article(*ROWS), own, format="pubtator")["mention Disease"] == (0, 0, 2)

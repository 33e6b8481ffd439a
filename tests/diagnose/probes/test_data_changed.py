"""The data of now against what the run states: rows, files, texts and references."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from medspan.core import Example, Place
from medspan.diagnose.case import Case
from medspan.diagnose.probes.data_changed import DataChanged
from medspan.diagnose.probes.split_imbalance import SplitImbalance
from medspan.diagnose.probes.type_confusion import TypeConfusion
from medspan.diagnose.rank import ranked
from medspan.models.hashes import sha256_of_json
from medspan.read.row_hash import row_hash

from .planted_cases import PlantedLab, annotation, case, cleared, notes, right, row, suspected, untold

PROBE = DataChanged()


def recorded(**parts: list[Example]) -> dict[str, Any]:
    """What record.json says of these parts."""
    return {
        "data": {
            name: {
                "files": {f"{name}.jsonl": f"bytes of {name}"},
                "examples": len(rows),
                "rows_sha256": sha256_of_json(sorted(map(row_hash, rows))),
            }
            for name, rows in parts.items()
        }
    }


def hashes(**parts: list[Example]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(map(row_hash, rows)) for name, rows in parts.items()}


def run(then: dict[str, list[Example]], now: dict[str, list[Example]], **more: Any) -> Case:
    """A run that was made with `then`; its answers, right ones, were stored with the references of then."""
    stored = [replace(one, place=Place("predictions/test.jsonl", 1)) for one in right(then["test"])]
    held = {one.id: one for one in stored}
    paired = [replace(one, predicted=held[one.id].predicted) for one in now["test"] if one.id in held]
    known: dict[str, Any] = {"record": recorded(**then), "row_hashes": hashes(**then)}
    return case(**{"parts": now, "predictions": paired, "as_stored": stored, **known, **more})


def relabelled(example: Example) -> Example:
    """The same text with another reference."""
    return replace(example, reference=annotation(example.document.text, {example.id: "Other"}))


def test_the_same_rows_are_cleared() -> None:
    then = {"train": notes("t", 20), "test": notes("c", 10)}
    said = cleared(PROBE, run(then, then))
    assert said.evidence == (
        "train: its 20 rows are the same",
        "test: its 10 rows are the same",
        "test: the references beside all 10 stored predictions are those of now",
    )
    turned = cleared(PROBE, run(then, {**then, "train": then["train"][::-1]}))
    assert turned.evidence[0] == "train: its 20 rows are the same, in another order"
    files = {f"{name}.jsonl": f"bytes of {name}" for name in then}
    by_bytes = cleared(PROBE, run(then, then, row_hashes=None, files=files))
    assert by_bytes.evidence[0] == "train: its files are the same, byte for byte"


def test_changed_references_are_scored_both_ways() -> None:
    tested = notes("c", 20)
    now = [*map(relabelled, tested[:10]), *tested[10:]]
    found = suspected(PROBE, run({"test": tested}, {"test": now}))
    assert (found.confidence, found.confirmed) == (0.95, True)
    assert found.effect is not None
    assert found.effect.metric == "entity F1 (text match, 20 documents)"
    # 40 predicted; 20 of them right among 30 references of now.
    assert (found.effect.before, found.effect.after) == (pytest.approx(40 / 70), 1.0)
    assert found.effect.sure
    assert found.evidence[0] == "test: of 20 rows 10 are the same; 10 changed (c0, c1, c2, ...)"
    assert found.evidence[1] == (
        "10 of 20 references of test are others than those that were scored (c0, c1, c2, ...)"
    )
    assert "0.571 against the references of now, 1.000 against those of then" in found.evidence[2]
    assert found.remedy == (
        "restore test.jsonl (SHA-256 bytes of tes...), or go on with the data of now: medspan evaluate run "
        "--split test --again"
    )


def test_references_are_compared_without_record_and_hashes() -> None:
    tested = notes("c", 20)
    now = {"test": [*map(relabelled, tested[:10]), *tested[10:]]}
    found = suspected(PROBE, run({"test": tested}, now, record=None, row_hashes=None))
    assert (found.confidence, found.confirmed) == (0.95, True)
    same = run({"test": tested}, {"test": tested}, record=None, row_hashes=None)
    assert cleared(PROBE, same).evidence == (
        "test: the references beside all 20 stored predictions are those of now",
    )


def test_other_texts_part_the_answers_from_the_data() -> None:
    tested = notes("c", 12)
    now = [row(one.id, f"{one.document.text} Added.", {f"drug-{one.id}": "Drug"}) for one in tested]
    found = suspected(PROBE, run({"test": tested}, {"test": now}, refusal="other texts"))
    assert (found.confidence, found.confirmed) == (0.88, False)
    assert found.evidence[1] == (
        "12 of 12 texts of test are others than those that the stored predictions answer (c0, c1, c2, ...): "
        "the stored predictions do not belong to this data"
    )
    assert found.effect is not None
    assert (found.effect.before, found.effect.after, found.effect.interval) == (None, 1.0, None)
    assert found.evidence[2] == "entity F1 (text match), against the data of then: 1.000"


def test_another_training_part_is_named() -> None:
    then = {"train": notes("t", 20), "test": notes("c", 10)}
    now = {
        "train": [*map(relabelled, then["train"][:2]), *then["train"][2:19], *notes("n", 3)],
        "test": then["test"],
    }
    found = suspected(PROBE, run(then, now))
    assert (found.confidence, found.effect) == (0.7, None)
    gone = sorted(map(row_hash, [*then["train"][:2], then["train"][19]]))
    assert found.evidence[0] == (
        f"train: of 20 rows 17 are the same; 3 gone ({', '.join(gone)}); 5 new (n0, n1, n2, ...) (a changed "
        "row looks like one gone and one new: of rows that are gone only hashes are known)"
    )
    assert "train again (medspan train run/config.yaml output_dir=NEW)" in found.remedy


def test_one_changed_row_of_many_is_a_note() -> None:
    then = {"train": notes("t", 40), "test": notes("c", 10)}
    now = {**then, "train": [relabelled(then["train"][0]), *then["train"][1:]]}
    assert suspected(PROBE, run(then, now)).confidence == 0.4


def test_rows_that_went_from_training_to_the_test_are_told() -> None:
    then = {"train": notes("t", 20), "test": notes("c", 10)}
    now = {"train": then["train"][5:], "test": [*then["test"], *then["train"][:5]]}
    found = suspected(PROBE, run(then, now))
    assert "test: of 10 rows 10 are the same; 5 come from train (t0, t1, t2, ...)" in found.evidence
    assert found.confidence == 0.8


def test_without_row_hashes_the_whole_is_compared() -> None:
    then = {"train": notes("t", 20), "test": notes("c", 10)}
    now = {**then, "train": then["train"][1:]}
    found = suspected(PROBE, run(then, now, row_hashes=None))
    assert found.evidence[0] == (
        "train: 20 rows then, 19 now, not all the same (split.json is missing, so which ones is not known)"
    )


def test_rows_without_a_reference_are_rows() -> None:
    then = {"train": [*notes("t", 5), replace(notes("u", 1)[0], reference=None)], "test": notes("c", 5)}
    assert cleared(PROBE, run(then, then)).evidence[0] == "train: its 6 rows are the same"


def test_what_is_not_read_is_said() -> None:
    then = {"train": notes("t", 20), "test": notes("c", 10)}
    said = cleared(PROBE, run(then, {"test": then["test"]}))
    assert said.evidence[0] == "train: it was not read here"


def test_stored_predictions_are_no_data_of_now() -> None:
    tested = right(notes("c", 5))
    of = case(parts={"test": tested}, predictions=tested, as_stored=tested, row_hashes=hashes(test=tested))
    assert untold(PROBE, of).missing == (
        "what the data was (record.json, split.json, or predictions with references)"
    )


def test_generated_texts_of_others_tell_nothing_of_then() -> None:
    tested = notes("c", 5)
    of = case(parts={"test": tested}, predictions=right(tested), as_stored=right(tested))
    assert untold(PROBE, of).missing.startswith("what the data was")


def retyped(example: Example) -> Example:
    """The same strings, with drugs as diseases: what sed does to a file of references."""
    named = {f"pain-{example.id}": "Symptom", f"drug-{example.id}": "Disease"}
    return replace(example, reference=annotation(example.document.text, named))


def again(examples: list[Example]) -> list[Example]:
    """The same rows as another document, so that training knows their strings."""
    return [replace(one, document=replace(one.document, id=f"t{one.id}")) for one in examples]


def test_types_changed_in_the_test_file_are_no_confusion_of_the_model() -> None:
    tested = notes("c", 30)
    then = {"train": again(tested), "test": tested}
    known = run(then, {**then, "test": [retyped(one) for one in tested]})
    changed = suspected(PROBE, known)
    assert (changed.confidence, changed.confirmed) == (0.95, True)
    confused = suspected(TypeConfusion(), known, PlantedLab(problem="no model"))
    assert confused.confidence == 0.85
    first, second = ranked([confused, changed])
    assert (first.cause, second.cause) == ("data-changed", "type-confusion")
    assert second.confidence < 0.5
    assert second.evidence[-1] == "data-changed brings this about by itself"
    assert changed.explains == (
        "type-confusion",
        "boundary-errors",
        "memorised",
        "labels-not-inferable",
        "split-imbalance",
    )


def test_types_that_the_change_alone_brought_in_are_no_imbalance() -> None:
    then = {"train": notes("t", 30), "test": notes("c", 30)}
    known = run(then, {**then, "test": [retyped(one) for one in then["test"]]})
    changed, starved = suspected(PROBE, known), suspected(SplitImbalance(), known)
    assert starved.confidence == 0.88
    first, second = ranked([starved, changed])
    assert (first.cause, second.cause) == ("data-changed", "split-imbalance")
    assert second.confidence < 0.5
    lacking = {**then, "train": [retyped(one) for one in then["train"]]}
    before = run(lacking, {**lacking, "test": [relabelled(then["test"][0]), *then["test"][1:]]})
    assert "split-imbalance" not in suspected(PROBE, before).explains


def test_a_confusion_that_was_there_before_the_change_stays_named() -> None:
    tested = notes("c", 30)
    then = {"train": again([retyped(one) for one in tested]), "test": tested}
    known = run(then, {**then, "test": [relabelled(tested[0]), *tested[1:]]})
    assert "type-confusion" not in suspected(PROBE, known).explains


def test_a_change_of_training_explains_no_sign_in_the_scored_part() -> None:
    then = {"train": notes("t", 20), "test": notes("c", 10)}
    known = run(then, {**then, "train": [*map(relabelled, then["train"][:4]), *then["train"][4:]]})
    assert suspected(PROBE, known).explains == ()
    both = run(then, {part: [relabelled(one) for one in rows] for part, rows in then.items()})
    assert suspected(PROBE, both).explains == ("type-confusion", "boundary-errors")

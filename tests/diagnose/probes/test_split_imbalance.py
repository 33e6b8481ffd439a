"""Tasks and types that are scored and hardly trained, and validation parts that lack tasks."""

from __future__ import annotations

from pathlib import Path

import pytest

from medspan.core import Example
from medspan.diagnose.probes.split_imbalance import SplitImbalance, hungry
from medspan.read import load_splits

from .planted_cases import PlantedLab, answered, case, cleared, notes, right, row, suspected, untold

PROBE = SplitImbalance()
NO_MODEL = PlantedLab(problem="no model")


def devices(prefix: str, count: int) -> list[Example]:
    """Documents with a drug and a device."""
    found = []
    for number in range(count):
        name = f"{prefix}{number}"
        text = f"Note {name}: pump-{name} gave drug-{name}."
        found.append(row(name, text, {f"pump-{name}": "Device", f"drug-{name}": "Drug"}))
    return found


def without_devices(examples: list[Example]) -> list[Example]:
    return [answered(one, {f"drug-{one.id}": "Drug"}) for one in examples]


def empty(examples: list[Example]) -> list[Example]:
    return [answered(one, {}) for one in examples]


def test_a_task_without_training_rows() -> None:
    train = notes("t", 40, task="drugs")
    known, starved = notes("k", 20, task="drugs"), notes("s", 20, task="influences")
    parts = {"train": train, "test": [*known, *starved]}
    found = suspected(PROBE, case(parts=parts, predictions=[*right(known), *empty(starved)]))
    assert (found.confidence, found.confirmed) == (0.88, False)
    assert found.evidence[0] == (
        "task influences: 0 of 40 training rows have it (0.0%), 20 of 40 scored ones (50.0%)"
    )
    effect = found.effect
    assert effect is not None
    assert effect.metric == "F1 of influences, and of the other items (text match)"
    assert (effect.before, effect.after) == (0.0, 1.0)
    assert effect.sure
    assert found.share == pytest.approx(0.5)
    assert found.evidence[1].startswith(
        "its F1 is 0.000, that of the rest 1.000 (difference +1.000, 95% interval"
    )
    assert any(
        line.startswith("task-missing-from-split: train has no row of influences") for line in found.evidence
    )
    assert "medspan split DATA --out NEW" in found.remedy


def test_a_task_that_is_all_there_is_to_score() -> None:
    train = [*notes("t", 100, task="drugs"), *notes("i", 20, task="influences")]
    tested = notes("s", 40, task="influences")
    of = case(parts={"train": train, "test": tested}, predictions=empty(tested))
    found = suspected(PROBE, of, NO_MODEL)
    assert (found.confidence, found.share) == (0.7, 1.0)
    assert found.effect is not None
    assert (found.effect.before, found.effect.after) == (0.0, None)
    assert found.evidence[0] == (
        "task influences: 20 of 120 training rows have it (16.7%), 40 of 40 scored ones (100.0%)"
    )
    assert found.evidence[1] == (
        "its F1 is 0.000 (stored answers); nothing else is scored, so there is no rest to compare with"
    )
    assert any(line.startswith("task-share-drift: ") for line in found.evidence)
    third = [
        *notes("a", 60, task="drugs"),
        *notes("b", 60, task="diseases"),
        *notes("i", 60, task="influences"),
    ]
    even = suspected(PROBE, case(parts={"train": third, "test": tested}, predictions=empty(tested)), NO_MODEL)
    assert even.confidence == 0.4
    bare = suspected(PROBE, case(parts={"train": train, "test": tested}))
    assert (bare.confidence, bare.effect) == (0.7, None)
    assert bare.evidence[1] == "nothing is predicted for it yet, so what that does to the score is not known"


def test_what_decoding_costs_is_no_loss_of_the_split() -> None:
    train = [*notes("t", 100, task="drugs"), *notes("i", 20, task="influences")]
    tested = notes("s", 40, task="influences")
    of = case(parts={"train": train, "test": tested}, predictions=empty(tested))
    asked_again = [*right(tested[:20]), *empty(tested[20:])]
    found = suspected(PROBE, of, PlantedLab(given={one.id: one for one in asked_again}))
    assert found.confidence == 0.7
    # Of 40 notes with three items each, 20 are answered right: 2 * 60 / (2 * 60 + 60).
    assert found.share == pytest.approx(1 - 2 / 3)
    assert found.evidence[1].startswith("its F1 is 0.667 (answers made as training asked); nothing else")
    harmless = suspected(PROBE, of, PlantedLab(given={one.id: one for one in right(tested)}))
    assert (harmless.confidence, harmless.share) == (0.4, None)


def test_a_type_without_and_with_few_training_rows() -> None:
    tested = devices("d", 30)
    alone = suspected(
        PROBE, case(parts={"train": notes("t", 50), "test": tested}, predictions=without_devices(tested))
    )
    assert alone.confidence == 0.88
    assert alone.evidence[0] == (
        "entity type Device: 0 of 50 training rows have it (0.0%), 30 of 30 scored ones (100.0%)"
    )
    assert alone.effect is not None
    assert alone.effect.metric == "F1 of Device, and of the other entities (text match)"
    assert (alone.effect.before, alone.effect.after) == (0.0, 1.0)
    few = suspected(
        PROBE,
        case(
            parts={"train": [*notes("t", 45), *devices("e", 5)], "test": tested},
            predictions=without_devices(tested),
        ),
    )
    assert few.confidence == 0.75


def renamed(examples: list[Example], count: int) -> list[Example]:
    """The documents, in the first of which the device is an Implant."""
    return [
        row(one.id, one.document.text, {f"pump-{one.id}": "Implant", f"drug-{one.id}": "Drug"})
        for one in examples[:count]
    ] + examples[count:]


def test_a_type_that_training_calls_otherwise_does_not_starve() -> None:
    tested = devices("d", 30)
    # Ten of 30 training rows have it; by the strings two thirds of its mentions are implants.
    parts = {"train": renamed(tested, 20), "test": tested}
    of = case(parts=parts, predictions=without_devices(tested))
    found = suspected(PROBE, of)
    assert (found.confidence, found.share) == (0.4, None)
    assert found.evidence[1] == (
        "20 of 30 scored mentions of Device whose string stands in training have another type there "
        "(Implant 20); with its mentions under one name about 100% of the training rows would have it: "
        "not the split"
    )
    assert "medspan audit" in found.remedy
    assert not hungry(of, tuple(tested))


def test_a_type_that_starves_under_all_its_names_does() -> None:
    tested = devices("d", 30)
    # Ten of 70 training rows have it, and about 30 with the implants: still less than half its share.
    parts = {"train": [*renamed(tested, 20), *notes("t", 40)], "test": tested}
    of = case(parts=parts, predictions=without_devices(tested))
    found = suspected(PROBE, of)
    assert found.confidence == 0.75
    assert not any("under one name" in line for line in found.evidence)
    assert "medspan split" in found.remedy
    assert hungry(of, tuple(tested))


def test_few_strings_in_common_do_not_say_that_a_type_is_called_otherwise() -> None:
    tested = [*devices("d", 9), *devices("u", 21)]
    train = [*renamed(devices("d", 9), 9), *devices("v", 4), *notes("t", 17)]
    of = case(parts={"train": train, "test": tested}, predictions=without_devices(tested))
    assert suspected(PROBE, of).confidence == 0.75
    assert hungry(of, tuple(tested))


def test_repeated_rows_are_not_drawn_one_by_one() -> None:
    tested = [*notes("c", 15), *devices("d", 15)]
    predictions = [*right(tested[:15]), *without_devices(tested[15:])]
    few = [*notes("t", 9), *devices("e", 2)]
    # Two of eleven documents against a half is chance; 40 of 220 drawn one by one would not be.
    repeated = [one for one in few for _ in range(20)]
    cleared(PROBE, case(parts={"train": repeated, "test": tested}, predictions=predictions))
    drawn = [*notes("t", 180), *devices("e", 40)]
    assert (
        suspected(PROBE, case(parts={"train": drawn, "test": tested}, predictions=predictions)).confidence
        == 0.75
    )
    # Rows of one text with other answers are no repeats of each other: 120 of 600, not of 360.
    full = devices("f", 120)
    asked_again = [row(one.id, one.document.text, {f"drug-{one.id}": "Drug"}) for one in full]
    left_empty = [row(one.id, one.document.text, {}) for one in full]
    apart = [*full, *asked_again, *left_empty, *notes("t", 240)]
    found = suspected(PROBE, case(parts={"train": apart, "test": tested}, predictions=predictions))
    assert found.confidence == 0.75
    # Rows repeated so that a type has its share are no fault either.
    balanced = [*notes("t", 100), *(one for one in devices("e", 10) for _ in range(10))]
    cleared(PROBE, case(parts={"train": balanced, "test": tested}, predictions=predictions))


def test_a_rare_type_that_training_lacks_is_seen_below_five_points() -> None:
    tested = [*notes("c", 96), *devices("d", 4)]
    predictions = [*right(tested[:96]), *without_devices(tested[96:])]
    found = suspected(PROBE, case(parts={"train": notes("t", 300), "test": tested}, predictions=predictions))
    assert found.evidence[0].startswith("entity type Device: 0 of 300 training rows have it")
    # With 100 training rows chance leaves it out once in 59 times: (1 - 0.04) ** 100.
    cleared(PROBE, case(parts={"train": notes("t", 100), "test": tested}, predictions=predictions))


def test_what_starves_without_harm_is_a_note() -> None:
    tested = devices("d", 30)
    found = suspected(PROBE, case(parts={"train": notes("t", 50), "test": tested}, predictions=right(tested)))
    assert found.confidence == 0.4
    assert found.share is None


def test_a_validation_part_of_one_task_is_a_note() -> None:
    def both(prefix: str, count: int) -> list[Example]:
        return [*notes(f"{prefix}d", count, task="drugs"), *notes(f"{prefix}i", count, task="influences")]

    parts = {"train": both("t", 20), "validation": notes("v", 10, task="drugs"), "test": both("c", 10)}
    found = suspected(PROBE, case(parts=parts, predictions=right(parts["test"])))
    assert found.confidence == 0.4
    assert found.evidence[0] == (
        "validation (10 rows) has no row of influences, so that checkpoints were chosen without regard to it"
    )


def test_even_shares_are_cleared_however_bad_the_score() -> None:
    train, tested = [*notes("t", 30), *devices("d", 30)], [*notes("c", 10), *devices("e", 10)]
    predictions = [*empty(tested[:10]), *without_devices(tested[10:])]
    said = cleared(PROBE, case(parts={"train": train, "test": tested}, predictions=predictions))
    assert said.evidence == ("all 4 types of test make up like shares of the training rows, or nearly so",)


def test_without_training_data_nothing_is_told() -> None:
    tested = notes("c", 5)
    assert untold(PROBE, case(parts={"test": tested})).missing == "no training data (--data)"
    of = case(parts={"train": tested}, scored="train")
    assert untold(PROBE, of).missing == "another part than train"


def test_a_real_split_without_shuffling(corpora: Path) -> None:
    folder = corpora / "chemical_disease_tasks" / "splits_unshuffled"
    parts = {name: list(corpus) for name, corpus in load_splits(folder).items()}
    found = suspected(PROBE, case(parts=parts, predictions=empty(parts["test"])), NO_MODEL)
    assert found.confidence == 0.7
    assert found.evidence[0] == (
        "task influences: 400 of 2400 training rows have it (16.7%), 300 of 300 scored ones (100.0%)"
    )
    assert (
        "validation (300 rows) has no row of chemicals, diseases, so that checkpoints were chosen without "
        "regard to it"
    ) in found.evidence

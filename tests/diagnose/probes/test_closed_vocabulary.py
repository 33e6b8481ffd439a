"""Scored strings that training has all shown: a note, never a cause."""

from __future__ import annotations

from medspan.diagnose.probes.closed_vocabulary import ClosedVocabulary

from .planted_cases import case, cleared, notes, row, suspected, untold

PROBE = ClosedVocabulary()


def test_a_test_of_known_strings_alone_is_a_note() -> None:
    train = notes("t", 20)
    again = [
        row(f"again-{one.id}", f"Again drug-{one.id} for pain-{one.id}.", {f"drug-{one.id}": "Drug"})
        for one in train
    ]
    found = suspected(PROBE, case(parts={"train": train, "test": again}))
    assert (found.confidence, found.effect) == (0.4, None)
    assert found.evidence[0] == "20 of 20 distinct strings of test occur in train (40 strings)"
    assert found.evidence[1] == (
        "a list of the training strings would find them all, so reading is not measured"
    )
    assert found.evidence[2:] == ("[Drug] drug-t0", "[Drug] drug-t1", "[Drug] drug-t10")
    assert found.remedy == (
        "score on strings that training does not hold: medspan split DATA --out NEW --unseen 0.3"
    )
    # One new string of 21 leaves 95.2%.
    nearly = suspected(
        PROBE, case(parts={"train": train, "test": [*again, row("n", "Newone.", {"Newone": "Drug"})]})
    )
    assert nearly.confidence == 0.2


def test_new_strings_clear_it() -> None:
    said = cleared(PROBE, case(parts={"train": notes("t", 20), "test": notes("c", 10)}))
    assert said.evidence == ("20 of 20 distinct strings of test do not stand in training",)
    few = cleared(PROBE, case(parts={"train": notes("t", 20), "test": notes("t", 4)}))
    assert few.evidence == (
        "0 of 8 distinct strings of test do not stand in training, fewer than the 10 that tell anything",
    )


def test_without_training_data_nothing_is_told() -> None:
    assert untold(PROBE, case(parts={"test": notes("c", 5)})).missing == "no training data (--data)"

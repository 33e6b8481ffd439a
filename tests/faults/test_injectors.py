"""Injectors that need no model: what each does to data, configuration, collators, answers and folders."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from medspan.core import Document, Example, Relation
from medspan.format import make_codec
from medspan.read import load, write
from medspan.train import make_config
from medspan.train.methods.generate import Answer, Generate

from .cases import PAIRS, Case, Fault, chosen, every_case
from .decoding import Decoding
from .injector import REGISTER
from .injectors.labels_not_inferable import at_random
from .injectors.overtrained import take_last_checkpoint
from .injectors.tokenizer_mismatch import _Shifted
from .making import _identity, how_of, notes_of, settings_of, trainings
from .notes import JOINS, Plan, make_notes
from .recipe import HEALTHY

CATALOGUE = [
    "decoding-blocks-copying",
    "decoding-samples",
    "output-truncated",
    "template-mismatch",
    "wording-sensitive",
    "parser-mismatch",
    "stop-token-untrained",
    "loss-on-prompt",
    "targets-masked",
    "adapter-not-applied",
    "wrong-base-model",
    "tokenizer-mismatch",
    "double-bos",
    "precision-mismatch",
    "diverged",
    "undertrained",
    "overtrained",
    "input-ignored",
    "memorised",
    "split-imbalance",
    "leak-inflated-score",
    "labels-not-inferable",
    "data-changed",
    "environment-changed",
    "type-confusion",
    "boundary-errors",
]


def notes_with(*faults: Fault, seed: int = 1) -> Any:
    return notes_of(Case(seed, faults))


def texts(part: tuple[Example, ...]) -> list[str]:
    return [one.document.text for one in part]


def reference(one: Example) -> Any:
    assert one.reference is not None
    return one.reference


def test_every_run_id_of_the_catalogue_has_an_injector() -> None:
    assert sorted(REGISTER) == sorted(CATALOGUE)


def test_the_bench_has_every_dose_in_three_seeds_ten_pairs_and_twelve_healthy_runs() -> None:
    cases = every_case()
    names = [case.name for case in cases]
    assert len(set(names)) == len(names)
    for id, injector in REGISTER.items():
        for dose in injector.doses:
            known = [case for case in cases if case.kind == "single" and not case.without_record]
            assert [one.seed for one in known if one.faults == (Fault(id, dose),)] == [1, 2, 3], (id, dose)
    assert len(chosen(cases, ["pair"])) == len(PAIRS) >= 10
    assert len(chosen(cases, ["healthy"])) == 12
    healthy = {(one.recipe.name, one.seed) for one in chosen(cases, ["healthy"])}
    varied = chosen(cases, ["varied"])
    assert len(varied) >= 20
    assert {(one.recipe.name, one.seed) for one in varied} <= healthy


def test_cases_whose_faults_follow_the_training_share_it() -> None:
    after = Case(1, (Fault("decoding-samples"),))
    before = Case(1, (Fault("undertrained"),))
    both = Case(1, (Fault("undertrained"), Fault("decoding-samples")))
    assert after.training == after.healthy.training
    assert before.training == both.training != after.training
    assert len(trainings([after, before, both, after.healthy])) == 2
    made = [
        _identity(case, notes_of(case), case.faults_of_training)
        for case in (after, after.healthy, before, both)
    ]
    assert made[0] == made[1] != made[2] == made[3]


def test_a_training_of_another_dose_is_another_training() -> None:
    mild, strong = (Case(1, (Fault("undertrained", dose),)) for dose in ("mild", "strong"))
    assert _identity(mild, notes_of(mild), mild.faults) != _identity(strong, notes_of(strong), strong.faults)


def test_the_same_seed_gives_the_same_notes_and_another_seed_others() -> None:
    assert make_notes(3) == make_notes(3)
    assert texts(make_notes(3).test) != texts(make_notes(4).test)


def test_relations_of_notes_are_stated_and_half_of_the_test_terms_are_unseen() -> None:
    notes = make_notes(1)
    learnt = " ".join(texts((*notes.train, *notes.validation))).lower()
    mentions = [mention for one in notes.test for mention in reference(one).mentions]
    unseen = sum(mention.text.lower() not in learnt for mention in mentions) / len(mentions)
    assert 0.35 < unseen < 0.65
    for one in notes.train:
        stated = {"caused": "causes", "treated": "treats"}
        here = [word.strip(".") for word in one.document.text.split()]
        assert len(reference(one).relations) == sum(word in stated for word in here)


def test_settings_of_every_training_are_a_valid_configuration() -> None:
    for case in trainings(every_case()):
        config = make_config({"output_dir": "run", "data": {"train": "train.jsonl"}, **settings_of(case)})
        assert config.seed == case.seed


def test_a_leak_puts_exactly_its_share_of_the_test_into_training() -> None:
    for dose, share in (("mild", 0.4), ("strong", 0.8)):
        notes = notes_with(Fault("leak-inflated-score", dose))
        leaked = set(texts(notes.train)) & set(texts(notes.test))
        assert len(leaked) == round(share * len(notes.test))
    clean = notes_with()
    assert not set(texts(clean.train)) & set(texts(clean.test))


def test_labels_at_random_are_legal_and_independent_of_the_words() -> None:
    rng = random.Random(1)
    drawn: dict[bool, list[bool]] = {True: [], False: []}
    for note in make_notes(1, Plan(train=400)).train:
        spoilt = at_random(note, rng)
        mentions = reference(note).mentions
        for name, pair in JOINS.items():
            for head, tail in itertools.product(mentions, mentions):
                if (head.type, tail.type) == pair:
                    relation = Relation(head, tail, name)
                    stated = relation in reference(note).relations
                    drawn[stated].append(relation in reference(spoilt).relations)
        legal = {(one.type, one.head.type, one.tail.type) for one in reference(spoilt).relations}  # type: ignore[union-attr]
        assert legal <= {(name, *pair) for name, pair in JOINS.items()}
    rates = {stated: sum(hits) / len(hits) for stated, hits in drawn.items()}
    assert min(map(len, drawn.values())) > 100
    assert rates[True] == pytest.approx(0.5, abs=0.1)
    assert rates[False] == pytest.approx(0.5, abs=0.1)


def test_types_are_swapped_in_training_and_not_in_the_test() -> None:
    clean, notes = notes_with(), notes_with(Fault("type-confusion"))
    pairs = [
        (old.type, new.type)
        for before, after in zip(clean.train, notes.train, strict=True)
        for old, new in zip(reference(before).mentions, reference(after).mentions, strict=True)
    ]
    swapped = [old != new for old, new in pairs if old != "Drug"]
    assert 0.5 < sum(swapped) / len(swapped) < 0.7
    assert all(new == "Drug" for old, new in pairs if old == "Drug")
    assert notes.test == clean.test


def test_boundaries_are_wider_in_training_and_not_in_the_test() -> None:
    clean, notes = notes_with(), notes_with(Fault("boundary-errors"))
    wider = [
        len(new.text) > len(old.text) and old.text in new.text
        for before, after in zip(clean.train, notes.train, strict=True)
        for old, new in zip(reference(before).mentions, reference(after).mentions, strict=True)
    ]
    assert 0.8 < sum(wider) / len(wider) < 1
    assert notes.test == clean.test


def test_memorised_notes_are_of_few_terms_and_the_test_holds_others() -> None:
    notes = notes_with(Fault("memorised"))
    for type_ in ("Drug", "Disease", "Symptom"):
        terms = {
            one.text.lower() for row in notes.train for one in reference(row).mentions if one.type == type_
        }
        assert len(terms) == 3
        tested = {
            one.text.lower() for row in notes.test for one in reference(row).mentions if one.type == type_
        }
        assert tested & terms
        assert tested - terms


def test_a_split_by_order_leaves_the_task_of_the_test_out_of_training() -> None:
    strong, mild = (notes_with(Fault("split-imbalance", dose)) for dose in ("strong", "mild"))
    assert {one.task for one in strong.train} == {"entities"}
    assert 0 < sum(one.task == "relations" for one in mild.train) < 0.1 * len(mild.train)
    assert {one.task for one in strong.test} == {"relations"}


def encoded(count: int) -> list[Answer]:
    return [Answer((*range(10 + at), 90, 91, 92, 93, 2), 10 + at, None, f"row-{at}") for at in range(count)]


def collated(batch: list[Answer]) -> tuple[torch.Tensor, torch.Tensor]:
    ids, target = Generate.collate(object.__new__(Generate), batch, "cpu")
    return ids, target


@pytest.mark.parametrize(
    ("fault", "lost"),
    [
        (Fault("loss-on-prompt", "mild"), [14, 15]),
        (Fault("loss-on-prompt", "strong"), [10, 11]),
        (Fault("targets-masked", "mild"), [3, 3]),
        (Fault("targets-masked", "strong"), [0, 0]),
        (Fault("stop-token-untrained", "strong"), [4, 4]),
    ],
)
def test_collators_put_the_loss_where_their_fault_does(fault: Fault, lost: list[int]) -> None:
    batch = encoded(2)
    with REGISTER[fault.id].training(fault.dose, 1):
        _, target = collated(batch)
    assert target.sum(dim=1).tolist() == lost
    assert collated(batch)[1].sum(dim=1).tolist() == [5, 5]


def test_the_stop_token_keeps_its_loss_in_about_a_tenth_of_the_answers_of_a_mild_dose() -> None:
    batch = encoded(200)
    with REGISTER["stop-token-untrained"].training("mild", 1):
        ids, target = collated(batch)
    stops = [bool(target[row, len(one.ids) - 1]) for row, one in enumerate(batch)]
    assert 5 < sum(stops) < 40
    assert all(int(ids[row, len(one.ids) - 1]) == 2 for row, one in enumerate(batch))


def test_no_prompt_keeps_its_own_answer_when_input_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    from medspan.train.data import EncodedData

    rows = [Answer((1, at, 50 + at, 2), 2, None, f"row-{at}") for at in range(20)]
    monkeypatch.setattr(Generate, "encode", lambda *_: EncodedData(tuple(rows)))
    with REGISTER["input-ignored"].training("strong", 1):
        found = Generate.encode(object.__new__(Generate), [], 100).examples
    assert [one.ids[:2] for one in found] == [one.ids[:2] for one in rows]
    assert all(one.ids[2] != own.ids[2] for one, own in zip(found, rows, strict=True))
    assert sorted(one.ids[2] for one in found) == list(range(50, 70))


def test_parsers_of_another_form_find_nothing_without_an_error() -> None:
    note = next(one for one in make_notes(1).test if reference(one).relations)
    codec = make_codec("compact", _schema(), None)
    raw = "".join(codec.target(note.document, reference(note)))
    whole = codec.parse(note.document, raw)
    assert whole.mentions
    assert whole.relations
    read = {dose: REGISTER["parser-mismatch"].decoding(dose, Decoding()).read for dose in ("mild", "strong")}
    mild, strong = (read[dose](codec)(note.document, raw) for dose in ("mild", "strong"))  # type: ignore[misc]
    assert mild.mentions == whole.mentions
    assert not mild.relations
    assert not mild.unparsed
    assert not strong.mentions
    assert not strong.relations


def _schema() -> Any:
    from medspan.core import Schema

    return Schema.infer((None, reference(one)) for one in make_notes(1).train)


def test_decoding_faults_of_a_pair_are_joined() -> None:
    how = how_of(Case(1, (Fault("decoding-blocks-copying", "mild"), Fault("output-truncated"))))
    assert how.options == {"repetition_penalty": 1.15, "max_new_tokens": 12}
    assert not how.own_script
    assert how_of(Case(1, (Fault("template-mismatch"), Fault("output-truncated")))).own_script


def test_other_wordings_ask_for_the_same_types_of_the_same_text() -> None:
    document = Document("one", "Aspirin caused rash.")
    codec = make_codec("compact", _schema(), None, read_twice=True)
    plain = codec.prompt(document)
    for dose in ("mild", "strong"):
        prompt = REGISTER["wording-sensitive"].decoding(dose, Decoding()).prompt
        assert prompt is not None
        worded = prompt(plain, document)
        assert worded != plain
        assert document.text in worded
        assert all(label in worded for label in _schema().labels())


def test_a_shifted_vocabulary_reads_back_what_it_writes() -> None:
    class Plain:
        all_special_ids = (0, 1)
        added_tokens_decoder: dict[int, str] = {0: "a", 1: "b"}  # noqa: RUF012

        def __len__(self) -> int:
            return 10

        def __call__(self, text: str, **options: Any) -> dict[str, list[int]]:
            return {"input_ids": [int(piece) for piece in text.split()]}

        def decode(self, tokens: list[int], **options: Any) -> str:
            return " ".join(map(str, tokens))

    shifted = _Shifted(Plain())
    ids = shifted("0 2 5 9")["input_ids"]
    assert ids == [0, 3, 6, 2]
    assert shifted.decode(ids) == "0 2 5 9"


def run_with_data(folder: Path) -> Path:
    run = folder / "run"
    run.mkdir(parents=True)
    write(folder / "data" / "test.jsonl", make_notes(1).test, "medspan")
    data = {"train": "none", "test": str(folder / "data" / "test.jsonl")}
    (run / "config.yaml").write_text(yaml.safe_dump({"output_dir": str(run), "data": data}))
    return run


def test_changed_data_lacks_mentions_and_is_still_readable(tmp_path: Path) -> None:
    run = run_with_data(tmp_path)
    before = load(tmp_path / "data" / "test.jsonl").examples
    REGISTER["data-changed"].folder("strong", run, random.Random(1))
    after = load(tmp_path / "data" / "test.jsonl").examples
    changed = sum(old.reference != new.reference for old, new in zip(before, after, strict=True))
    assert changed == round(0.7 * len(before))
    assert texts(tuple(before)) == texts(tuple(after))


def test_a_changed_environment_stands_in_the_record(tmp_path: Path) -> None:
    run = run_with_data(tmp_path)
    (run / "record.json").write_text(json.dumps({"packages": {"torch": "2.13.0", "numpy": "2.0"}}))
    REGISTER["environment-changed"].folder("strong", run, random.Random(1))
    packages = json.loads((run / "record.json").read_text())["packages"]
    assert packages["numpy"] == "2.0"
    assert packages["torch"] != "2.13.0"


def test_the_last_checkpoint_takes_the_place_of_the_chosen_one(tmp_path: Path) -> None:
    for step in (24, 120, 48):
        checkpoint = tmp_path / "checkpoints" / f"step-{step}"
        checkpoint.mkdir(parents=True)
        (checkpoint / "adapter_model.safetensors").write_text(str(step))
        (checkpoint / "medspan_state.pt").write_text("state")
    (tmp_path / "adapter").mkdir()
    take_last_checkpoint(tmp_path)
    assert (tmp_path / "adapter" / "adapter_model.safetensors").read_text() == "120"
    assert not (tmp_path / "adapter" / "medspan_state.pt").exists()


def test_healthy_runs_have_no_fault_of_data_and_differ_in_form() -> None:
    names = [recipe.name for recipe, _ in HEALTHY]
    assert {"sections", "tasks", "tag", "clinic"} <= set(names)
    for recipe, seed in HEALTHY:
        notes = recipe.notes(seed)
        learnt = {text.lower() for text in texts((*notes.train, *notes.validation))}
        assert len({one.document.text for one in notes.test}) >= 20, recipe.name
        assert not learnt & {text.lower() for text in texts(notes.test)}, recipe.name
        ids = [one.id for part in (notes.train, notes.validation, notes.test) for one in part]
        assert len(set(ids)) == len(ids), recipe.name
        assert all(not reference(one).unaligned for one in notes.train), recipe.name

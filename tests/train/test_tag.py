"""Whole runs of the method `tag` on tiny random models: it learns, it resumes, it is loaded again."""

from __future__ import annotations

import json
import random
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from medspan.core import Annotation, ConfigError, Document, Example, Mention, Relation
from medspan.evaluate import evaluate
from medspan.extract import DecodingOptions, TagExtractor, load_extractor
from medspan.read import load, write
from medspan.train import make_config, train
from medspan.train.callbacks.checkpoint import saved_steps

pytestmark = [pytest.mark.model, pytest.mark.usefixtures("one_thread")]

DRUGS = ("aspirin", "lithium", "naloxone", "clozapine", "captopril", "metformin")
SYMPTOMS = ("fever", "rash", "nausea", "tremor", "cough")
STATED, UNRELATED = "caused", "despite"


def note(number: int, chance: random.Random) -> Example:
    """Two drugs and two symptoms; one pair is stated, and the other stands together by chance."""
    (one, two), (here, there) = chance.sample(DRUGS, 2), chance.sample(SYMPTOMS, 2)
    words = [(one, STATED, here), (two, UNRELATED, there)]
    chance.shuffle(words)
    text = ". ".join(f"The {drug} {verb} {symptom}" for drug, verb, symptom in words) + "."

    def mention(word: str, type_: str) -> Mention:
        return Mention.at(text, text.index(word), text.index(word) + len(word), type_)

    drugs = [mention(word, "Drug") for word in (one, two)]
    symptoms = [mention(word, "Symptom") for word in (here, there)]
    relation = Relation(drugs[0], symptoms[0], "causes")
    return Example(Document(str(number), text), Annotation((*drugs, *symptoms), relations=(relation,)))


def notes(count: int, seed: int) -> list[Example]:
    chance = random.Random(seed)
    return [note(number, chance) for number in range(count)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write(folder / "train.jsonl", notes(192, 1), "medspan")
    write(folder / "validation.jsonl", notes(24, 2), "medspan")
    return folder


def tiny(kind: str, folder: Path, **more: Any) -> str:
    import torch
    import transformers

    from medspan.models import load_tokenizer

    tokenizer = load_tokenizer("default")
    torch.manual_seed(0)
    shape = {
        "vocab_size": len(tokenizer),
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "initializer_range": 0.1,
        **more,
    }
    if kind == "Bert":
        model = transformers.BertModel(transformers.BertConfig(**shape), add_pooling_layer=False)
    else:
        model = transformers.LlamaForCausalLM(transformers.LlamaConfig(num_key_value_heads=2, **shape))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    return tiny("Llama", tmp_path_factory.mktemp("base"))


def configured(folder: Path, base: str, data: Path, **more: Any) -> Any:
    return make_config(
        {
            "output_dir": str(folder),
            "base_model": base,
            "method": "tag",
            "data": {"train": str(data)},
            "learning_rate": 5e-3,
            "per_device_train_batch_size": 16,
            "num_train_epochs": 14,
            "lora_r": 16,
            "lora_alpha": 32,
            "eval_samples": 24,
            "device": "cpu",
            "bf16": False,
            "seed": 3,
            **more,
        }
    )


def quiet(line: str) -> None:
    return


def f1(run: Path, examples: list[Example]) -> tuple[float, float]:
    extractor = load_extractor(run, device="cpu", dtype="float32")
    found = evaluate(list(extractor.extract(examples))).to_json()["match"]["strict"]
    return found["entities"]["micro"]["f1"], found["relations"]["micro"]["f1"]


@pytest.fixture(scope="module")
def run(one_thread: None, tmp_path_factory: pytest.TempPathFactory, base: str, data: Path) -> Path:
    return train(configured(tmp_path_factory.mktemp("r") / "run", base, data), report=quiet, bar=False)


def test_it_tells_stated_pairs_from_pairs_that_stand_together(run: Path) -> None:
    entities, relations = f1(run, notes(40, 9))
    assert entities > 0.95
    assert relations > 0.9  # all pairs that fit: 1 of 4, F1 0.4


def test_the_run_folder_is_that_of_every_method(run: Path) -> None:
    adapter = run / "adapter"
    card = json.loads((adapter / "format.json").read_text())
    assert (card["method"], card["level"], card["insets"]) == ("tag", "mention", False)
    assert {"adapter_model.safetensors", "heads.safetensors"} <= {path.name for path in adapter.iterdir()}
    record = json.loads((run / "record.json").read_text())
    assert record["format"] == card
    assert record["trained"]["finished"]
    scores = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    last = [line for line in scores if "scores" in line][-1]
    assert set(last["calibration"]) == set(card["calibration"]) == {"mention", "relation"}
    for line in card["calibration"].values():
        assert line["items"] > 20
        assert 0 < line["threshold"] <= 0.5
        assert line["ece_before"] is not None
        assert 0 <= line["ece_after"] < 0.1


def test_it_is_resumed_where_it_was(tmp_path: Path, base: str, data: Path) -> None:
    def begun(name: str, **more: Any) -> Any:
        return configured(tmp_path / name, base, data, max_steps=6, eval_steps=3, **more)

    whole = train(begun("whole"), report=quiet, bar=False)
    half = tmp_path / "half"
    shutil.copytree(whole, half)
    shutil.rmtree(half / "checkpoints" / "step-6")
    assert saved_steps(half) == [3]
    train(begun("half"), resume=True, report=quiet, bar=False)
    for name in ("adapter_model.safetensors", "heads.safetensors"):
        paths = [folder / "checkpoints" / "step-6" / name for folder in (whole, half)]
        assert paths[0].read_bytes() == paths[1].read_bytes()


def test_an_encoder_is_trained_and_loaded(tmp_path: Path, data: Path) -> None:
    config = configured(tmp_path / "run", tiny("Bert", tmp_path / "bert"), data)
    run = train(config, report=quiet, bar=False)
    entities, relations = f1(run, notes(40, 9))
    assert entities > 0.95
    assert relations > 0.9
    with pytest.raises(ConfigError, match="is an encoder, and writes no text"):
        train(
            configured(tmp_path / "other", str(tmp_path / "bert"), data, method="generate"),
            report=quiet,
            bar=False,
        )


@pytest.mark.parametrize("kind", ["Llama", "Bert"])
def test_the_first_layers_alone_are_trained_and_loaded(tmp_path: Path, data: Path, kind: str) -> None:
    base = tiny(kind, tmp_path / "base", num_hidden_layers=4)
    run = train(
        configured(tmp_path / "run", base, data, num_hidden_layers=2, num_train_epochs=10),
        report=quiet,
        bar=False,
    )
    assert json.loads((run / "adapter" / "format.json").read_text())["num_hidden_layers"] == 2
    weights = load_file(run / "adapter" / "adapter_model.safetensors")
    layers = {int(found[1]) for name in weights if (found := re.search(r"layers?\.(\d+)\.", name))}
    assert layers == {0, 1}
    entities, relations = f1(run, notes(40, 9))
    assert entities > 0.95
    assert relations > 0.9
    with pytest.raises(ConfigError, match="num_hidden_layers: 9"):
        train(configured(tmp_path / "more", base, data, num_hidden_layers=9), report=quiet, bar=False)


def test_windows_are_no_longer_than_the_models_positions(tmp_path: Path, data: Path) -> None:
    bert = tiny("Bert", tmp_path / "bert", max_position_embeddings=40)
    with pytest.raises(ConfigError, match="window_overlap: 128 in windows of 40 tokens"):
        train(configured(tmp_path / "a", bert, data), report=quiet, bar=False)
    config = configured(tmp_path / "b", bert, data, window_overlap=8, max_steps=2)
    run = train(config, report=quiet, bar=False)
    card = json.loads((run / "adapter" / "format.json").read_text())
    assert card["window"] + len(card["prefix"]) + len(card["suffix"]) == 40
    text = " ".join(["The aspirin caused fever."] * 20)
    extractor = load_extractor(run, device="cpu", dtype="float32")
    assert extractor.extract_text(text).predicted is not None


def test_random_labels_do_not_beat_chance(tmp_path: Path, base: str, data: Path) -> None:
    """Each legal pair related with probability a half: nobody can do better than to say always yes."""
    chance = random.Random(5)

    def shuffled(example: Example) -> Example:
        reference = example.reference
        assert reference is not None
        drugs, symptoms = reference.mentions[:2], reference.mentions[2:]
        pairs = [Relation(d, s, "causes") for d in drugs for s in symptoms if chance.random() < 0.5]
        return Example(example.document, Annotation(reference.mentions, relations=tuple(pairs)))

    for part, count in (("train", 192), ("validation", 24)):
        write(
            tmp_path / f"{part}.jsonl", [shuffled(example) for example in notes(count, len(part))], "medspan"
        )
    run = train(configured(tmp_path / "run", base, tmp_path, num_train_epochs=6), report=quiet, bar=False)
    test = [shuffled(example) for example in notes(150, 77)]
    _, relations = f1(run, test)
    assert relations < 2 / 3 + 0.05  # precision 1/2 at recall 1


def test_options_of_generation_are_refused(run: Path, base: str, data: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="read_twice: has no meaning in method: tag"):
        configured(tmp_path, base, data, read_twice=True)
    with pytest.raises(ConfigError, match="attention: has no meaning in method: generate"):
        configured(tmp_path, base, data, method="generate", attention="causal")
    with pytest.raises(ConfigError, match="num_hidden_layers: has no meaning in method: generate"):
        configured(tmp_path, base, data, method="generate", num_hidden_layers=1)
    with pytest.raises(ConfigError, match="window_overlap: 64"):
        configured(tmp_path, base, data, max_length=128, window_overlap=64)
    with pytest.raises(ConfigError, match="--free: this adapter tags"):
        load_extractor(run, DecodingOptions(grammar=False))
    assert isinstance(load_extractor(run, DecodingOptions(batch_size=4)), TagExtractor)
    assert load(data / "train.jsonl").examples

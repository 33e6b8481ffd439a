"""Folders as other trainers leave them: what is told, from which file, and what is said to be missing."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medspan.core import InputError
from medspan.diagnose.foreign import FACTS, ForeignRun, is_foreign, layouts, read_foreign
from medspan.evaluate.curves import read_curves

LAYOUTS = Path(__file__).parent / "layouts"
Make = Callable[..., Path]


def lay_out(target: Path, name: str, weights: bool = True) -> Path:
    """A copy of a fixture, with empty files where the weights of its adapters would be."""
    folder = target / name
    shutil.copytree(LAYOUTS / name, folder)
    for config in folder.rglob("adapter_config.json") if weights else ():
        (config.parent / "adapter_model.safetensors").touch()
    return folder


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def lay(name: str, weights: bool = True) -> Path:
        return lay_out(tmp_path, name, weights)

    return lay


def told(run: ForeignRun, name: str) -> tuple[object, str]:
    return run.facts[name].value, run.facts[name].source


def test_a_run_of_trl_is_told_with_the_checkpoint_that_its_states_call_best(make: Make) -> None:
    folder = make("trl")
    run = read_foreign(folder)
    assert run.trainer == "trl"
    assert run.told_by == ("README.md names TRL",)
    assert (run.adapter, run.adapter_from) == (
        folder / "checkpoint-20",
        "the best checkpoint by trainer_state.json",
    )
    assert run.checkpoints == ((20, folder / "checkpoint-20"), (40, folder / "checkpoint-40"))
    assert run.best_step == 20
    assert run.base_model == "mistralai/Mistral-7B-Instruct-v0.3"
    assert run.base_model_from == "checkpoint-20/adapter_config.json"
    assert (run.tokenizer, run.chat_template) == (folder, "[INST] {{ messages[0].content }} [/INST]")
    assert run.chat_template_from == "tokenizer_config.json"
    assert run.packages["trl"] == "1.16.0"
    assert run.packages["torch"] == "2.13.0+cu128"
    assert "not" not in run.packages  # a list under another heading of the card
    assert told(run, "num_train_epochs") == (2, "checkpoint-40/trainer_state.json")
    assert told(run, "lora_r") == (16, "checkpoint-20/adapter_config.json")
    assert told(run, "target_modules") == (["q_proj", "v_proj"], "checkpoint-20/adapter_config.json")
    assert run.data_files == {
        "train": folder / "data/train.jsonl",
        "test": folder / "data/test.jsonl",
    }
    assert run.generated == (folder / "test_generations.jsonl",)


def test_decoding_options_beside_the_run_are_read_and_their_reach_is_noted(make: Make) -> None:
    run = read_foreign(make("trl"))
    assert run.generation is not None
    assert run.generation.options == {
        "max_new_tokens": 256,
        "no_repeat_ngram_size": 3,
        "repetition_penalty": 1.5,
    }
    assert run.generation.further == {"bos_token_id": 1, "eos_token_id": 2}
    assert run.generation.source == "generation_config.json"
    assert run.base_generation is None
    assert run.notes == (
        "generation_config.json lies beside the adapter: PEFT does not load it by itself, a script may have",
    )


def test_what_no_file_states_is_missing_with_the_file_that_would_tell(make: Make) -> None:
    run = read_foreign(make("trl"))
    assert run.fact("loss_on_prompt") is None
    assert run.missing["loss_on_prompt"].startswith("training_args.bin, where completion_only_loss is set")
    assert run.missing["max_length"] == "training_args.bin"
    assert not set(run.missing) & set(run.facts)
    assert "template" not in run.missing  # TRL has no templates of its own
    with pytest.raises(KeyError):
        run.fact("loss_on_prompts")


@pytest.mark.parametrize("inner", ["", "lora_model", "outputs", "outputs/checkpoint-60"])
def test_unsloth_is_told_from_any_folder_that_its_notebooks_leave(make: Make, inner: str) -> None:
    run = read_foreign(make("unsloth") / inner)
    assert run.trainer == "unsloth"
    assert "adapter_config.json names the base model unsloth/llama-3-8b-Instruct-bnb-4bit" in run.told_by
    assert run.base_model == "unsloth/llama-3-8b-Instruct-bnb-4bit"
    assert run.fact("load_in_4bit") is True
    assert run.fact("loss_on_prompt") is None
    assert run.missing["loss_on_prompt"] == (
        "the training script: train_on_responses_only is saved in no file"
    )


def test_unsloth_s_final_folder_goes_before_its_checkpoints(make: Make) -> None:
    folder = make("unsloth")
    run = read_foreign(folder)
    assert (run.adapter, run.adapter_from) == (folder / "lora_model", "lora_model/, saved at the end")
    assert run.checkpoints == ((60, folder / "outputs/checkpoint-60"),)
    assert (run.tokenizer, run.chat_template) == (folder / "lora_model", "LLAMA3")
    assert told(run, "per_device_train_batch_size") == (2, "outputs/checkpoint-60/trainer_state.json")
    assert run.packages == {"peft": "0.18.1"}
    (folder / "lora_model/adapter_model.safetensors").unlink()
    left = read_foreign(folder)
    assert (left.adapter, left.adapter_from) == (folder / "outputs/checkpoint-60", "the last checkpoint")


@pytest.mark.parametrize(
    ("name", "inner", "log"),
    [
        ("trl", "", ""),
        ("unsloth", "", "outputs"),
        ("unsloth", "lora_model", None),
        ("unsloth", "outputs/checkpoint-60", "outputs/checkpoint-60"),
        ("llama_factory", "predict", "train"),
    ],
)
def test_the_log_of_the_training_is_found(make: Make, name: str, inner: str, log: str | None) -> None:
    folder = make(name)
    found = read_foreign(folder / inner).log
    assert found == (None if log is None else folder / log)
    if found is not None and name == "trl":
        assert [point.value for point in read_curves(found).loss] == [0.7, 0.2]


def test_axolotl_s_config_is_read_out_of_the_model_card(make: Make) -> None:
    folder = make("axolotl")
    run = read_foreign(folder)
    assert run.trainer == "axolotl"
    assert run.told_by == ("README.md holds an axolotl config",)
    assert (run.adapter, run.checkpoints) == (folder, ((12, folder / "checkpoint-12"),))
    assert told(run, "loss_on_prompt") == (True, "README.md")
    assert run.stated == {
        "loss_on_prompt": True,
        "train_on_eos": "none",
        "template": "llama3",
        "max_length": 2048,
        "packing": True,
        "num_train_epochs": 3,
        "learning_rate": 2e-4,
        "seed": 7,
        "per_device_train_batch_size": 2,
        "gradient_accumulation_steps": 1,
        "load_in_4bit": True,
        "load_in_8bit": False,
        "lora_r": 16,
        "lora_alpha": 32,
        "lora_dropout": 0.05,
        "target_modules": ["q_proj", "v_proj"],
    }
    assert [name for name, fact in run.facts.items() if fact.default] == [
        "gradient_accumulation_steps",
        "load_in_8bit",
    ]
    assert run.packages == {
        "axolotl": "0.8.0",
        "datasets": "3.5.0",
        "peft": "0.15.1",
        "tokenizers": "0.21.1",
        "torch": "2.6.0+cu124",
        "transformers": "4.51.3",
    }
    assert run.data_named == ("notes/train.jsonl", "extra/train.jsonl", "notes/test.jsonl")
    assert "dtype" in run.missing  # bf16: auto says what the machine chose nowhere
    assert run.notes == ()


def test_axolotl_s_data_is_found_from_the_folder_that_it_was_started_in(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "outputs", "axolotl")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "test.jsonl").write_text("{}\n")
    assert read_foreign(folder).data_files == {"test": tmp_path / "notes" / "test.jsonl"}


def test_an_axolotl_training_that_did_not_end_has_no_adapter(make: Make) -> None:
    run = read_foreign(make("axolotl", weights=False))
    assert run.adapter is None
    assert run.base_model == "NousResearch/Meta-Llama-3-8B"
    assert run.missing["adapter"] == (
        "adapter_model.safetensors or adapter_model.bin beside adapter_config.json"
    )
    assert run.notes == (
        "adapter_config.json has no weights beside it: the training did not end, or they were left behind",
    )


def test_llama_factory_s_training_is_read_from_its_saved_arguments(make: Make) -> None:
    folder = make("llama_factory") / "train"
    run = read_foreign(folder)
    assert run.trainer == "llama-factory"
    assert run.told_by == (
        "README.md has the tag llama-factory",
        "it has trainer_log.jsonl",
        "training_args.yaml has the keys of LLaMA-Factory",
    )
    assert told(run, "loss_on_prompt") == (True, "training_args.yaml")
    assert run.facts["mask_history"].default
    assert run.stated == {
        "loss_on_prompt": True,
        "mask_history": False,
        "template": "qwen",
        "max_length": 1024,
        "packing": False,
        "num_train_epochs": 3.0,
        "learning_rate": 5e-5,
        "seed": 42,
        "per_device_train_batch_size": 2,
        "gradient_accumulation_steps": 8,
        "dtype": "bfloat16",
        "load_in_4bit": True,
        "load_in_8bit": False,
        "lora_r": 16,
        "lora_alpha": 32,
        "lora_dropout": 0,
        "target_modules": "all",
    }
    assert run.generation is None  # the arguments of a training state no decoding
    assert run.data_files == {"train": folder.parent / "data" / "notes_train.jsonl"}
    assert run.notes == ()


def test_llama_factory_s_prediction_is_sampled_unless_it_says_otherwise(make: Make) -> None:
    folder = make("llama_factory")
    run = read_foreign(folder / "predict")
    assert run.generation is not None
    assert run.generation.options == {
        "max_new_tokens": 128,
        "temperature": 0.9,
        "top_p": 0.7,
        "do_sample": True,
        "repetition_penalty": 1.0,
    }
    assert set(run.generation.defaults) == {
        "do_sample",
        "repetition_penalty",
        "top_k",
        "num_beams",
        "length_penalty",
    }
    assert run.generation.further["top_k"] == 50
    assert run.generated == (folder / "predict" / "generated_predictions.jsonl",)


def test_a_prediction_s_adapter_and_its_training_are_found_beside_it(make: Make) -> None:
    folder = make("llama_factory")
    run = read_foreign(folder / "predict")
    assert run.adapter == folder / "train"
    assert run.adapter_from == "named by the run's arguments (saves/Qwen2.5-3B-Instruct/lora/train)"
    assert told(run, "loss_on_prompt") == (True, str(folder / "train" / "training_args.yaml"))
    assert run.fact("template") == "qwen"
    assert run.generation is not None
    assert run.generation.further["template"] == "default"  # asked in another template than trained in
    assert run.fact("max_length") == 1024  # not the cutoff of the prediction
    assert run.data_files["test"] == folder / "data" / "notes_test.jsonl"


def test_generated_predictions_without_arguments_are_said_to_be_sampled_by_default(make: Make) -> None:
    folder = make("llama_factory") / "predict"
    (folder / "training_args.yaml").unlink()
    run = read_foreign(folder)
    assert (run.trainer, run.adapter, run.generation) == ("llama-factory", None, None)
    assert run.notes == (
        "generated_predictions.jsonl: no file says how it was decoded; LLaMA-Factory samples (temperature "
        "0.95, top_p 0.7, top_k 50) unless do_sample: false is set",
    )
    assert "generation" in run.missing


def test_the_fields_of_llama_factory_s_web_page_are_arguments_too(make: Make) -> None:
    run = read_foreign(make("llama_factory") / "board")
    assert run.told_by == ("it has llamaboard_config.yaml",)
    found = run.stated
    assert found["max_length"] == 512
    assert found["per_device_train_batch_size"] == 4
    assert found["learning_rate"] == 5e-5
    assert found["num_train_epochs"] == 2.0
    assert found["dtype"] == "bfloat16"
    assert found["packing"] is True
    assert found["load_in_4bit"] is False
    assert found["template"] == "qwen"
    # The page's rank and the adapter's differ, which happens where the page was used again.
    assert "lora_r: llamaboard_config.yaml says 8, adapter_config.json 16; the first counts" in run.notes


def test_the_web_page_s_fields_tell_nothing_of_a_training_in_a_folder_of_predictions(make: Make) -> None:
    folder = make("llama_factory")
    shutil.copy(folder / "board" / "llamaboard_config.yaml", folder / "predict")
    run = read_foreign(folder / "predict")
    assert (run.fact("max_length"), run.fact("loss_on_prompt")) == (1024, True)
    assert not any("llamaboard_config.yaml" in fact.source for fact in run.facts.values())


def test_an_adapter_alone_is_peft_s(make: Make) -> None:
    folder = make("peft")
    run = read_foreign(folder)
    assert (run.trainer, run.adapter) == ("peft", folder)
    assert run.stated == {
        "lora_r": 16,
        "lora_alpha": 32,
        "lora_dropout": 0.1,
        "target_modules": ["q_proj", "v_proj"],
    }
    assert set(run.missing) >= {"tokenizer", "chat_template", "generation", "generated", "loss_on_prompt"}


def test_a_base_model_that_lies_here_gives_its_own_template_and_decoding(make: Make) -> None:
    folder = make("peft")
    base = folder.parent / "local" / "base"
    base.mkdir(parents=True)
    (base / "chat_template.jinja").write_text("BASE TEMPLATE")
    (base / "generation_config.json").write_text('{"do_sample": true, "temperature": 0.6, "top_k": 20}')
    run = read_foreign(folder)
    assert (run.chat_template, run.chat_template_from) == (
        "BASE TEMPLATE",
        str(base / "chat_template.jinja"),
    )
    assert run.generation is None
    assert run.base_generation is not None
    assert run.base_generation.options == {"do_sample": True, "temperature": 0.6}
    assert run.base_generation.further == {"top_k": 20}


def test_an_adapter_without_a_base_model_says_so(make: Make) -> None:
    folder = make("peft")
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA", "base_model_name_or_path": null}')
    run = read_foreign(folder)
    assert (run.base_model, run.base_model_from) == (None, "")
    assert run.missing["base_model"] == "adapter_config.json: base_model_name_or_path"


def test_two_files_that_name_other_base_models_are_noted(make: Make) -> None:
    folder = make("axolotl")
    config = folder / "adapter_config.json"
    config.write_text(config.read_text().replace("NousResearch/Meta-Llama-3-8B", "other/base"))
    assert (
        "the base model is other/base by adapter_config.json, and NousResearch/Meta-Llama-3-8B by README.md; "
        "the first counts" in read_foreign(folder).notes
    )


def test_broken_files_are_noted_and_left_out(make: Make) -> None:
    folder = make("trl")
    (folder / "checkpoint-40/trainer_state.json").write_text("")
    (folder / "checkpoint-20/trainer_state.json").write_text('{"best_model_check')
    (folder / "generation_config.json").write_text("[1, 2]")
    (folder / "README.md").write_text("---\n: [\n---\ntext\n")
    (folder / "training_args.bin").write_bytes(b"no archive")
    run = read_foreign(folder)
    assert (run.trainer, run.best_step, run.generation) == ("peft", None, None)
    assert (run.adapter, run.adapter_from) == (folder / "checkpoint-40", "the last checkpoint")
    notes = "\n".join(run.notes)
    assert "checkpoint-40/trainer_state.json is broken (Expecting value" in notes
    assert "checkpoint-20/trainer_state.json is broken (Unterminated string" in notes
    assert "generation_config.json holds no keys; it is left out" in notes
    assert "README.md: its head is no YAML, and is left out" in notes
    assert (
        "training_args.bin was not understood (it is no archive, or cut off); nothing of it is used" in notes
    )


def test_an_adapter_config_that_is_no_json_leaves_the_rest_readable(make: Make) -> None:
    folder = make("axolotl")
    (folder / "adapter_config.json").write_text("{")
    run = read_foreign(folder)
    assert run.adapter == folder
    assert (run.base_model, run.base_model_from) == ("NousResearch/Meta-Llama-3-8B", "README.md")
    assert any(note.startswith("adapter_config.json is broken") for note in run.notes)


def test_a_folder_without_adapter_and_answers_lists_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        read_foreign(tmp_path)
    message = str(raised.value)
    for looked_for in ("adapter_config.json", "adapter_model.safetensors", "checkpoint-N/", "lora_model/"):
        assert looked_for in message
    assert "generated*.jsonl" in message
    assert "What to do: name the output_dir of the training, or the folder of the adapter." in message


def test_a_folder_of_runs_names_one_of_them(make: Make) -> None:
    folder = make("llama_factory")
    with pytest.raises(InputError) as raised:
        read_foreign(folder)
    assert f"for instance {folder / 'board'}" in raised.value.remedy


def test_a_merged_model_is_called_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").touch()
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(InputError) as raised:
        read_foreign(tmp_path)
    assert raised.value.cause.startswith("it holds a whole model (model.safetensors)")


def test_a_training_without_a_saved_adapter_is_called_so(tmp_path: Path) -> None:
    (tmp_path / "trainer_state.json").write_text("{}")
    with pytest.raises(InputError) as raised:
        read_foreign(tmp_path)
    assert raised.value.cause == "the training saved no adapter"


def test_a_file_and_a_missing_folder_are_refused(make: Make) -> None:
    file = make("peft") / "adapter_config.json"
    with pytest.raises(InputError, match="is a file, and a run is a folder"):
        read_foreign(file)
    with pytest.raises(InputError, match="does not exist"):
        read_foreign(file.parent / "nowhere")


def test_medspan_s_own_runs_are_not_foreign(make: Make, tmp_path: Path) -> None:
    folder = make("peft")
    assert is_foreign(folder)
    assert not is_foreign(tmp_path / "nowhere")
    assert not is_foreign(tmp_path)
    (folder / "adapter").mkdir()
    (folder / "adapter" / "format.json").write_text("{}")
    assert not is_foreign(folder)


def test_every_trainer_has_a_layout_and_peft_is_asked_last() -> None:
    assert [layout.trainer for layout in layouts()] == [
        "llama-factory",
        "axolotl",
        "unsloth",
        "trl",
        "peft",
    ]
    for layout in layouts():
        assert set(layout.tells) <= set(FACTS)
        assert set(layout.without) <= set(FACTS)


FILES = sorted(
    path.relative_to(LAYOUTS)
    for path in LAYOUTS.rglob("*")
    if path.is_file() and path.suffix in (".json", ".yaml", ".md") and path.parent != LAYOUTS
)


@settings(max_examples=60)
@given(
    file=st.sampled_from(FILES),
    keep=st.floats(0, 1),
    more=st.sampled_from(["", "\0", "]", "null", "\n- x: [", "é" * 9]),
)
def test_damaged_files_end_in_a_run_or_in_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, file: Path, keep: float, more: str
) -> None:
    root = tmp_path_factory.mktemp("damaged")
    folder = lay_out(root, file.parts[0])
    damaged = root / file
    text = damaged.read_text(encoding="utf-8")
    damaged.write_text(text[: round(len(text) * keep)] + more, encoding="utf-8")
    for place in {folder, damaged.parent}:
        # Anything but a run or an InputError fails here.
        with contextlib.suppress(InputError):
            run = read_foreign(place)
            assert run.trainer in {layout.trainer for layout in layouts()}
            assert set(run.facts) <= set(FACTS)

"""training_args.bin is read from its bytes: plain values come out, and nothing in it is ever run."""

from __future__ import annotations

import io
import pickle
import sys
import types
import zipfile
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.diagnose.foreign import read_foreign
from medspan.diagnose.foreign.pickled_arguments import MOST_BYTES, read_pickled_arguments

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


class Strategy(Enum):
    STEPS = "steps"


class Runs:
    """What would leave a trace if it were unpickled."""

    def __init__(self, trace: Path):
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.trace,)


def arguments(kind: str = "trl.trainer.sft_config.SFTConfig", /, **values: Any) -> Any:
    """An object of a class of that name, with these attributes."""
    module, _, name = kind.rpartition(".")
    made = type(name, (), {"__module__": module})()
    made.__dict__.update(values)
    return made


def archive(path: Path, pickled: bytes, inner: str = "training_args/data.pkl") -> Path:
    """A file as torch.save writes it."""
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(inner, pickled)
        file.writestr("training_args/version", "3\n")
    return path


def pickled(made: Any, protocol: int = 2) -> bytes:
    """The pickle of an object whose class stands in modules that are there for that long."""
    kind = type(made)
    parts = kind.__module__.split(".")
    names = [".".join(parts[: end + 1]) for end in range(len(parts))]
    before = {name: sys.modules.get(name) for name in names}
    for name in names:
        sys.modules[name] = types.ModuleType(name)
    setattr(sys.modules[names[-1]], kind.__name__, kind)
    try:
        return pickle.dumps(made, protocol=protocol)
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_plain_attributes_come_out_and_others_are_left_out(tmp_path: Path, protocol: int) -> None:
    made = arguments(
        max_length=2048,
        completion_only_loss=False,
        learning_rate=2e-5,
        packing=True,
        output_dir="out",
        eval_strategy=Strategy.STEPS,
        report_to=["wandb", "none"],
        model_init_kwargs={"dtype": "bfloat16"},
        callbacks=[Strategy.STEPS],
    )
    found, why = read_pickled_arguments(archive(tmp_path / "training_args.bin", pickled(made, protocol)))
    assert why == ""
    assert found is not None
    assert found.kind == "trl.trainer.sft_config.SFTConfig"
    assert found.values == {
        "max_length": 2048,
        "completion_only_loss": False,
        "learning_rate": 2e-5,
        "packing": True,
        "output_dir": "out",
        "report_to": ["wandb", "none"],
        "model_init_kwargs": {"dtype": "bfloat16"},
    }


def test_code_in_the_file_is_not_run(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    data = pickled(arguments(seed=1, harmless=Runs(trace)))
    found, _ = read_pickled_arguments(archive(tmp_path / "training_args.bin", data))
    assert found is not None
    assert found.values == {"seed": 1}
    assert not trace.exists()
    pickle.loads(pickle.dumps(Runs(trace)))
    assert trace.exists()  # it would have been


@given(
    values=st.dictionaries(st.text(min_size=1, max_size=4), PLAIN, min_size=1, max_size=5),
    protocol=st.integers(2, 5),
)
def test_what_was_written_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, Any], protocol: int
) -> None:
    file = tmp_path_factory.mktemp("args") / "training_args.bin"
    found, _ = read_pickled_arguments(archive(file, pickled(arguments(**values), protocol)))
    assert found is not None
    assert found.values == values


@given(data=st.binary(max_size=200), cut=st.floats(0, 1))
def test_damaged_bytes_are_refused_and_raise_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, cut: float
) -> None:
    whole = pickled(arguments(seed=1, report_to=["wandb"], learning_rate=1e-4))
    place = round(len(whole) * cut)
    file = archive(tmp_path_factory.mktemp("args") / "training_args.bin", whole[:place] + data)
    found, why = read_pickled_arguments(file)
    assert (found is None) == bool(why)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (pickle.dumps({"a": 1}), "it holds no object with attributes"),
        (b"x" * (MOST_BYTES + 1), "its pickle is too large for training arguments"),
        (b"\x80\x02P1\n.", "its pickle uses PERSID, which training arguments do not"),
        (b"\x80\x02", "its pickle is damaged"),
    ],
    ids=["no object", "too large", "another opcode", "cut off"],
)
def test_what_is_no_arguments_is_refused_with_the_reason(tmp_path: Path, content: bytes, why: str) -> None:
    assert read_pickled_arguments(archive(tmp_path / "training_args.bin", content)) == (None, why)


def test_a_value_that_is_named_over_and_over_is_refused(tmp_path: Path) -> None:
    one: list[Any] = ["x"]
    for _ in range(40):
        one = [one, one]
    file = archive(tmp_path / "training_args.bin", pickled(arguments(seed=1, deep=one)))
    assert read_pickled_arguments(file) == (None, "its pickle is damaged")
    own: list[Any] = []
    own.append(own)
    file = archive(tmp_path / "training_args.bin", pickled(arguments(seed=1, own=own)))
    assert read_pickled_arguments(file) == (None, "its pickle is damaged")


def test_a_file_of_old_torch_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "training_args.bin"
    file.write_bytes(pickle.dumps({"a": 1}))
    assert read_pickled_arguments(file) == (None, "it is no archive, or cut off")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("other", "x")
    file.write_bytes(buffer.getvalue())
    assert read_pickled_arguments(file) == (None, "it is no file of torch.save")


def adapter_with(folder: Path, **values: Any) -> Path:
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "some/base"}')
    (folder / "adapter_model.safetensors").touch()
    kind = values.pop("kind", "trl.trainer.sft_config.SFTConfig")
    archive(folder / "training_args.bin", pickled(arguments(kind, **values)))
    return folder


@pytest.mark.parametrize(
    ("values", "on_prompt"),
    [
        ({"completion_only_loss": True, "assistant_only_loss": False}, False),
        ({"completion_only_loss": False, "assistant_only_loss": False}, True),
        ({"completion_only_loss": None, "assistant_only_loss": True}, False),
        ({"completion_only_loss": False, "assistant_only_loss": True}, False),
        ({"completion_only_loss": None, "assistant_only_loss": False}, None),
        ({"seed": 1}, None),
    ],
)
def test_where_the_loss_falls_is_read_from_trl_s_arguments(
    tmp_path: Path, values: dict[str, Any], on_prompt: bool | None
) -> None:
    run = read_foreign(adapter_with(tmp_path, **values))
    assert run.trainer == "trl"
    assert run.told_by == ("training_args.bin holds trl.trainer.sft_config.SFTConfig",)
    assert run.fact("loss_on_prompt") is on_prompt
    assert ("loss_on_prompt" in run.missing) == (on_prompt is None)


@pytest.mark.parametrize(
    ("completion_only", "on_prompt"),
    [(True, False), (False, None)],
    ids=["masked", "masked elsewhere or not"],
)
def test_unsloth_s_arguments_tell_only_that_prompts_are_masked(
    tmp_path: Path, completion_only: bool, on_prompt: bool | None
) -> None:
    kind = "UnslothSFTTrainer.UnslothSFTConfig"
    run = read_foreign(
        adapter_with(tmp_path, kind=kind, completion_only_loss=completion_only, max_seq_length=512)
    )
    assert run.trainer == "unsloth"
    assert run.fact("loss_on_prompt") is on_prompt
    assert run.fact("max_length") == 512


@pytest.mark.parametrize(
    ("kind", "trainer"),
    [
        ("llamafactory.hparams.training_args.TrainingArguments", "llama-factory"),
        ("axolotl.core.training_args.AxolotlTrainingArguments", "axolotl"),
        ("transformers.training_args.TrainingArguments", "peft"),
    ],
)
def test_the_class_of_the_arguments_tells_the_trainer(tmp_path: Path, kind: str, trainer: str) -> None:
    run = read_foreign(adapter_with(tmp_path, kind=kind, seed=3, fp16=True, bf16=False))
    assert run.trainer == trainer
    assert (run.fact("seed"), run.fact("dtype")) == (3, "float16")


@pytest.mark.slow
def test_arguments_that_torch_wrote_are_read(tmp_path: Path) -> None:
    import torch
    from transformers import TrainingArguments

    written = TrainingArguments(
        output_dir=str(tmp_path),
        learning_rate=3e-4,
        num_train_epochs=2,
        seed=5,
        use_cpu=True,
        report_to="none",
    )
    torch.save(written, tmp_path / "training_args.bin")
    found, why = read_pickled_arguments(tmp_path / "training_args.bin")
    assert why == ""
    assert found is not None
    assert found.kind == "transformers.training_args.TrainingArguments"
    values = {name: found.values[name] for name in ("learning_rate", "num_train_epochs", "seed", "bf16")}
    assert values == {"learning_rate": 3e-4, "num_train_epochs": 2, "seed": 5, "bf16": False}

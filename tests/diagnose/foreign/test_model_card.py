"""What model cards say, in each of the forms that trainers write."""

from __future__ import annotations

from pathlib import Path

from medspan.diagnose.foreign import read_foreign
from medspan.diagnose.foreign.model_card import read_model_card

QUANTIZED = """---
library_name: peft
---
## Training procedure

The following `bitsandbytes` quantization config was used during training:
- quant_method: bitsandbytes
- load_in_8bit: False
- load_in_4bit: True
- bnb_4bit_quant_type: nf4

### Framework versions

- PEFT 0.6.2
"""


def test_the_quantization_that_old_peft_wrote_is_read(tmp_path: Path) -> None:
    assert read_model_card(QUANTIZED).quantization["bnb_4bit_quant_type"] == "nf4"
    (tmp_path / "README.md").write_text(QUANTIZED)
    (tmp_path / "adapter_config.json").write_text('{"base_model_name_or_path": "some/base"}')
    (tmp_path / "adapter_model.bin").touch()
    run = read_foreign(tmp_path)
    assert (run.fact("load_in_4bit"), run.fact("load_in_8bit")) == (True, False)
    assert run.facts["load_in_4bit"].source == "README.md"
    assert run.packages == {"peft": "0.6.2"}


def test_a_quantized_base_goes_before_a_trainer_s_default(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text('{"base_model_name_or_path": "unsloth/some-bnb-4bit"}')
    (tmp_path / "adapter_model.safetensors").touch()
    (tmp_path / "training_args.yaml").write_text(
        "model_name_or_path: unsloth/some-bnb-4bit\nstage: sft\ndo_train: true\n"
    )
    run = read_foreign(tmp_path)
    assert run.trainer == "llama-factory"
    assert (run.facts["load_in_4bit"].value, run.facts["load_in_4bit"].default) == (True, False)


def test_a_card_without_anything_says_nothing() -> None:
    for text in ("", "# A model\n", "---\n", "---\ntags: trl\n---\n"):
        card = read_model_card(text)
        assert (card.tags, card.versions, card.hyperparameters, card.axolotl) == ((), {}, {}, None)
        assert card.notes == ()


def test_an_axolotl_config_that_is_no_yaml_is_noted() -> None:
    card = read_model_card("<details><summary>See axolotl config</summary>\n```yaml\na: [\n```\n</details>")
    assert card.axolotl is None
    assert card.notes == ("the axolotl config in it is no YAML, and is left out",)

"""Unsloth: TRL's SFTTrainer over patched models, with adapters that name Unsloth's own base models.

`unsloth/models/llama.py` tags the model `unsloth`, which PEFT writes into the tags of README.md
(`create_or_update_model_card`); bases are called `unsloth/NAME-bnb-4bit` where they are quantized, and
adapters of 2024 carry `"revision": "unsloth"` (so in the Hugging Face repository
munish0838/llama-3-8b-Instruct-Matter-0.1-Slim-A-lora). `unsloth/models/rl.py` makes the classes
UnslothSFTConfig and UnslothSFTTrainer, the first of which training_args.bin names. Its notebooks save into
`outputs/checkpoint-N` and, with `model.save_pretrained`, into `lora_model`. That the prompt was masked
(`train_on_responses_only`) is written nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from medspan.diagnose.foreign.base import Layout, register
from medspan.diagnose.foreign.folder import Folder
from medspan.diagnose.foreign.layouts.trl import Trl


@register
class Unsloth(Layout):
    trainer = "unsloth"
    rank = 30
    tells: ClassVar[Mapping[str, str]] = {
        **Trl.tells,
        "loss_on_prompt": "the training script: train_on_responses_only is saved in no file",
        "load_in_4bit": "the training script (load_in_4bit), or the name of the base model",
    }

    # Prompts are masked outside of the SFTConfig, so that only "masked" is certain.
    unsure: ClassVar[tuple[tuple[str, Any], ...]] = (("loss_on_prompt", True),)

    def signs(self, folder: Folder, adapter: Mapping[str, Any]) -> Iterator[str]:
        base = str(adapter.get("base_model_name_or_path") or "")
        if base.lower().startswith("unsloth/"):
            yield f"adapter_config.json names the base model {base}"
        if adapter.get("revision") == "unsloth":
            yield "adapter_config.json says revision: unsloth"
        if "unsloth" in folder.card.tags:
            yield "README.md has the tag unsloth"
        if folder.arguments and folder.arguments.kind.rpartition(".")[2].startswith("Unsloth"):
            yield f"training_args.bin holds {folder.arguments.kind}"

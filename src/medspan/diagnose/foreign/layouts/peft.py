"""PEFT alone: an adapter without signs of a trainer that is known here.

`src/peft/config.py` of huggingface/peft writes adapter_config.json (with peft_version in 0.21); the Hugging
Face Trainer, if it was one, leaves trainer_state.json and training_args.bin besides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from medspan.diagnose.foreign.base import Layout, register
from medspan.diagnose.foreign.folder import Folder


@register
class Peft(Layout):
    trainer = "peft"
    rank = 90
    tells: ClassVar[Mapping[str, str]] = {
        "loss_on_prompt": "the training script: the labels are made in it and saved in no file"
    }

    def signs(self, folder: Folder, adapter: Mapping[str, Any]) -> Iterator[str]:
        if adapter:
            yield "it has adapter_config.json, and no sign of a trainer that is known"

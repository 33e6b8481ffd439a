"""TRL's SFTTrainer: the Hugging Face Trainer's files, with a model card of TRL's own.

Seen in TRL 1.16: `trl/trainer/base_trainer.py` writes README.md from `trl/templates/lm_model_card.md`
(library_name, `tags: [generated_from_trainer, trl, sft]`, framework versions, no hyperparameters) at every
save; `Trainer.save_model` writes the adapter, tokenizer files and training_args.bin into the output_dir,
and every `checkpoint-N/` has trainer_state.json besides. The SFTConfig is written nowhere but in
training_args.bin, a pickle. `trl/trainer/sft_config.py`: with `completion_only_loss` unset, the loss falls on
the completion of prompt-completion rows and on the whole of all other rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from medspan.diagnose.foreign.base import Layout, register
from medspan.diagnose.foreign.folder import TRAINING_ARGS, Folder


@register
class Trl(Layout):
    trainer = "trl"
    rank = 40
    tells: ClassVar[Mapping[str, str]] = {
        "loss_on_prompt": "training_args.bin, where completion_only_loss is set; else the columns of the "
        "training rows (prompt and completion: no; messages or text: yes)",
        "max_length": TRAINING_ARGS,
        "packing": TRAINING_ARGS,
    }

    def signs(self, folder: Folder, adapter: Mapping[str, Any]) -> Iterator[str]:
        if "trl" in folder.card.tags or "trl" in folder.card.versions:
            yield "README.md names TRL"
        if folder.arguments and folder.arguments.kind.startswith("trl."):
            yield f"training_args.bin holds {folder.arguments.kind}"

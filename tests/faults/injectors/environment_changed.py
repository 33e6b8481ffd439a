"""An evaluation under other package versions, in which the model computes something else."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from ..decoding import Decoding
from ..injector import Injector, Stage, register

THETA = {"mild": 0.02, "strong": 0.001}
OTHERS = {"transformers": "4.41.2", "torch": "2.5.1", "peft": "0.18.0", "tokenizers": "0.22.0"}


@register
class EnvironmentChanged(Injector):
    id = "environment-changed"
    stages = (Stage.EVALUATION, Stage.FOLDER)
    doses: ClassVar = {
        dose: f"other package versions, in which rotary positions turn on {share} of their base"
        for dose, share in THETA.items()
    }

    def decoding(self, dose: str, how: Decoding) -> Decoding:
        return replace(how, base=(*how.base, lambda model: _turned(model, THETA[dose])), recorded=True)

    def folder(self, dose: str, run: Path, rng: random.Random) -> None:
        path = run / "record.json"
        record = json.loads(path.read_text("utf-8"))
        record["packages"] = {**record["packages"], **OTHERS}
        path.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def _turned(model: Any, share: float) -> Any:
    """The model with rotary frequencies of another base, as a changed reading of its config makes it."""
    import torch

    rotary = model.get_decoder().rotary_emb
    size = rotary.inv_freq.numel()
    with torch.no_grad():
        # inv_freq = base ** (-k / size): another base multiplies it by share ** (-k / size).
        rotary.inv_freq.mul_(share ** (-torch.arange(size, device=rotary.inv_freq.device) / size))
    return model

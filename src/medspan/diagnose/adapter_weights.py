"""What the adapter's file itself shows: whether it ever moved, and whether its numbers are finite."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class AdapterWeights:
    """`tensors` in the file, of them `lora_b` second factors of LoRA, which begin at zero.

    `still`: how many of these are all zero. `not_finite`: tensors that hold NaN or infinite values.
    """

    tensors: int
    lora_b: int
    still: int
    not_finite: int

    @property
    def never_moved(self) -> bool:
        """Whether no training step has changed what the model answers."""
        return self.lora_b > 0 and self.still == self.lora_b


def read_adapter(folder: Path) -> AdapterWeights | None:
    """The facts of adapter_model.safetensors; None where there is no such file or it cannot be read."""
    from safetensors import SafetensorError, safe_open

    path = folder / "adapter_model.safetensors"
    tensors = lora_b = still = not_finite = 0
    try:
        with safe_open(str(path), framework="pt") as file:
            for name in file.keys():  # noqa: SIM118  it is no dictionary
                tensor = file.get_tensor(name)
                tensors += 1
                not_finite += not bool(tensor.isfinite().all())
                if "lora_B" in name or "lora_embedding_B" in name:
                    lora_b += 1
                    still += not bool(tensor.any())
    except (OSError, SafetensorError):
        return None
    return AdapterWeights(tensors, lora_b, still, not_finite)

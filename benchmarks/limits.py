"""The machine's limits beside a figure: matrix products per second in bf16 and fp32."""

from __future__ import annotations

import platform
import time


def matrix_rate(dtype_name: str, repeats: int = 8) -> float:
    """GFLOP/s of a (2048, 2048) matrix product with itself: the best of `repeats`."""
    import torch

    dtype = getattr(torch, dtype_name)
    left = torch.randn(2048, 2048).to(dtype)
    best = float("inf")
    for _ in range(repeats + 1):
        start = time.perf_counter()
        left @ left
        best = min(best, time.perf_counter() - start)
    return 2 * 2048**3 / best / 1e9


def machine() -> dict[str, object]:
    """What stands beside every figure."""
    import torch

    return {
        "machine": platform.machine(),
        "threads": torch.get_num_threads(),
        "bf16_gflops": round(matrix_rate("bfloat16")),
        "fp32_gflops": round(matrix_rate("float32")),
        "torch": torch.__version__,
    }


if __name__ == "__main__":
    print(machine())

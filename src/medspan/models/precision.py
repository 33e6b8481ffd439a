"""Where and in what precision to compute."""

from __future__ import annotations

import ctypes
import platform
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

from medspan.core import ConfigError


def choose_device(wanted: str = "auto") -> str:
    """`auto`: a GPU if there is one, else the processor."""
    import torch

    available = ["cpu"]
    if torch.backends.mps.is_available():
        available.insert(0, "mps")
    if torch.cuda.is_available():
        available.insert(0, "cuda")
    if wanted == "auto":
        return available[0]
    if wanted.split(":")[0] not in available:
        raise ConfigError(
            f"device: {wanted}",
            cause=f"this machine offers torch only {', '.join(available)}",
            remedy="use device: auto, or install a torch build for the device",
        )
    return wanted


def choose_dtype(wanted: str, device: str) -> str:
    """`auto`: bfloat16 on GPUs that have it and on processors that are fast at it, else float32."""
    if wanted != "auto":
        if wanted not in ("float32", "bfloat16", "float16"):
            raise ConfigError(
                f"dtype: {wanted}",
                cause="it is no precision medspan computes in",
                remedy="use auto, bfloat16 or float32",
            )
        return wanted
    if device.startswith("cuda"):
        import torch

        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    if device == "mps":
        return "float32"
    return "bfloat16" if cpu_is_fast_at_bf16() else "float32"


@lru_cache(maxsize=1)
def cpu_is_fast_at_bf16() -> bool:
    """Whether a bf16 matrix product of a small model's shape beats fp32 here: measured, in 50 ms.

    Flags alone mislead: some processors list bf16 and run it in emulation. The best of several
    interleaved tries is compared, and bf16 has to win clearly, so the answer does not flicker.
    """
    import torch

    best = {}
    for dtype in (torch.float32, torch.bfloat16):
        left = torch.ones(512, 576, dtype=dtype)
        right = torch.ones(576, 1536, dtype=dtype)
        left @ right
        times = []
        for _ in range(5):
            start = time.perf_counter()
            left @ right
            times.append(time.perf_counter() - start)
        best[dtype] = min(times)
    return best[torch.bfloat16] * 1.3 < best[torch.float32]


def keep_freed_memory() -> bool:
    """Let the C library keep large freed blocks instead of returning them to the system; whether it could.

    Each step of a training allocates the same large blocks anew. Returned and fetched again, they
    cost a page fault per 4 KiB: 150,000 of them in six steps, and 5 to 10% of the time.
    """
    try:
        libc = ctypes.CDLL("libc.so.6")
        trim_threshold, mmap_threshold = -1, -3
        return bool(libc.mallopt(mmap_threshold, 1 << 30) and libc.mallopt(trim_threshold, 2**31 - 1))
    except (OSError, AttributeError):  # not glibc
        return False


def hardware() -> dict[str, Any]:
    """What a record says of the machine: processor, cores, threads, memory in GiB, GPUs."""
    import torch

    facts: dict[str, Any] = {
        "processor": _processor(),
        "machine": platform.machine(),
        "threads": torch.get_num_threads(),
        "gpus": [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())],
    }
    memory = Path("/proc/meminfo")
    if memory.exists():
        facts["memory_gib"] = round(int(memory.read_text().split()[1]) / 2**20, 1)
    return facts


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"

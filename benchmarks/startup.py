"""How long `medspan --help` takes as a whole process, beside `python -c pass` as the floor.

Prints one JSON line and one line for people. Times are wall-clock seconds over RUNS runs each, taken in
turn after one run of each that is not counted (it fills the file cache and writes the bytecode).
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time

RUNS = 10
COMMANDS = {
    "help": [sys.executable, "-m", "medspan", "--help"],
    "floor": [sys.executable, "-c", "pass"],
}


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def summary(times: list[float]) -> dict[str, float]:
    figures = {"median": statistics.median(times), "min": min(times), "max": max(times)}
    return {name: round(value, 4) for name, value in figures.items()}


def main() -> None:
    for command in COMMANDS.values():
        seconds(command)
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(RUNS):
        for name, command in COMMANDS.items():
            times[name].append(seconds(command))
    result = {name: summary(taken) for name, taken in times.items()}
    print(json.dumps({"benchmark": "startup", "runs": RUNS, "unit": "s", **result}))
    shown, floor = result["help"], result["floor"]
    print(
        f"medspan --help: median {shown['median']:.3f} s (min {shown['min']:.3f}, max {shown['max']:.3f}); "
        f"python -c pass: median {floor['median']:.3f} s; {RUNS} runs"
    )


if __name__ == "__main__":
    main()

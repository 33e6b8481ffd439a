"""Runs of plain TRL, without any record of medspan, with three faults injected: does the doctor name them?

    python benchmarks/diagnose_trl.py [--out DIR] [--notes N]

Two trainings with TRL's SFTTrainer on the embedded base model (270 short notes, four minutes each on two
cores), answers generated with transformers: healthy, with repetition_penalty=1.5 and no_repeat_ngram_size=3,
without the chat template of training, and of a training whose rows have no stop token. Finished folders are
used again. Needs the extra `bench`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.diagnose.foreign.plain_trl import (  # noqa: E402
    COPYING_FORBIDDEN,
    GENERATED,
    Decoding,
    Training,
    answer,
    copy_run,
    train,
    write_data,
)


def main() -> None:
    options = _options()
    chat = Training(notes=options.notes, learning_rate=1e-3)
    endless = Training(notes=options.notes, learning_rate=1e-3, chat=False, stop="absent")
    cases = {
        "healthy": (chat, Decoding()),
        "decoding-blocks-copying": (chat, Decoding(options=tuple(COPYING_FORBIDDEN.items()))),
        "template-mismatch": (chat, Decoding(chat=False)),
        "stop-token-untrained": (endless, Decoding(chat=False)),
    }
    missed = []
    for wanted, (training, decoding) in cases.items():
        base = options.out / ("with-stop" if training is chat else "without-stop")
        if not (base / "adapter_model.safetensors").is_file():
            write_data(base, training)
            train(base, training)
        run = options.out / wanted
        if not (run / GENERATED).is_file():
            copy_run(base, run)
            answer(run, decoding)
        found = diagnosis(run, options.out / f"{wanted}.json")
        causes = ", ".join(f"{one['cause']} {one['confidence']}" for one in found["causes"])
        f1 = found["scores"]["entities"]["f1"]
        print(
            f"{wanted}: verdict {found['verdict']} in {found['seconds']:.0f} s; entity F1 {f1:.3f}; {causes}",
            flush=True,
        )
        if found["verdict"] != wanted:
            missed.append(wanted)
    if missed:
        raise SystemExit(f"missed: {', '.join(missed)}")


def diagnosis(run: Path, result: Path) -> dict[str, object]:
    """What `medspan diagnose` says of a folder: nothing is told of it but its path."""
    from medspan.cli.app import main as medspan

    try:
        medspan(["diagnose", str(run), "--quiet", "--json", str(result)])
    except SystemExit as ended:
        if ended.code not in (0, 1):
            raise
    return dict(json.loads(result.read_text("utf-8")))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=ROOT / "runs" / "diagnose-trl")
    parser.add_argument("--notes", type=int, default=270, help="notes to train on")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""The influences of a part, and answers to them without a mistake: perfect_answers.py PART.jsonl OUT

OUT/test.jsonl holds the rows of that question, OUT/generated.jsonl their own targets as generated text.
Whoever scores 0 on these has a parser that does not read them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

QUESTION = "influences between"


def main(part: Path, out: Path) -> None:
    rows = [json.loads(line) for line in part.read_text(encoding="utf-8").splitlines() if line.strip()]
    asked = [row for row in rows if QUESTION in row["prompt"]]
    answers = [{"prompt": row["prompt"], "generated": row["completion"]} for row in asked]
    out.mkdir(parents=True, exist_ok=True)
    for name, lines in (("test.jsonl", asked), ("generated.jsonl", answers)):
        (out / name).write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    print(f"  {len(asked)} questions on influences, with their own targets as answers: {out}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

"""Count relations as evaluators of the three forms do: team_parser.py FILE... ; 0 of 0 is no error to them.

The answers of the question on influences were written as `Chemical X influences disease Y`, the same in lower
case, or `x | y`. An evaluator that knows one form finds nothing in the others, in references as in answers.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

FORMS = {
    "sentence": re.compile(r"^- Chemical (.+?) influences disease (.+)$", re.MULTILINE),
    "lower case": re.compile(r"^- chemical (.+?) influences disease (.+)$", re.MULTILINE),
    "x | y": re.compile(r"^- (.+?) \| (.+)$", re.MULTILINE),
}
QUESTION = "influences between"


def counted(path: Path) -> dict[str, int]:
    """Relations by the form that an evaluator knows."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    targets = [row["completion"] for row in rows if QUESTION in row["prompt"]]
    return {name: sum(len(form.findall(target)) for target in targets) for name, form in FORMS.items()}


def main(files: list[str]) -> None:
    print("  relations that an evaluator finds, by the form it knows: " + ", ".join(FORMS))
    for name in files:
        figures = counted(Path(name))
        print(f"  {Path(name).parent.name}: {', '.join(map(str, figures.values()))}")


if __name__ == "__main__":
    main(sys.argv[1:])

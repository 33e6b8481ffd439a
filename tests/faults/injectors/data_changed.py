"""The test file is annotated anew after the evaluation: the stored answers are scored on other labels."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any, ClassVar

import yaml

from ..injector import Injector, Stage, register

SHARE = {"mild": 0.3, "strong": 0.7}


@register
class DataChanged(Injector):
    id = "data-changed"
    stages = (Stage.FOLDER,)
    doses: ClassVar = {
        dose: f"{share:.0%} of the rows of the test file lose half of their mentions after the training"
        for dose, share in SHARE.items()
    }

    def folder(self, dose: str, run: Path, rng: random.Random) -> None:
        path = Path(yaml.safe_load((run / "config.yaml").read_text("utf-8"))["data"]["test"])
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        for at in rng.sample(range(len(rows)), round(SHARE[dose] * len(rows))):
            _thin(rows[at]["reference"])
        path.unlink()  # it may be a link to the file of other cases
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


def _thin(reference: dict[str, Any]) -> None:
    """Drop every second mention, the first too, and the relations that have lost an end."""
    gone = [mention["segments"] for mention in reference["mentions"][::2]]
    reference["mentions"] = reference["mentions"][1::2]
    reference["relations"] = [
        relation
        for relation in reference["relations"]
        if all(relation[end]["mention"]["segments"] not in gone for end in ("head", "tail"))
    ]

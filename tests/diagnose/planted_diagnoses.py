"""Diagnoses with planted answers for the reports: one cause, several, none, and texts that break pages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from medspan.diagnose import Cleared, Diagnosis, Effect, Examination, Suspicion, Untold

HOSTILE = 'a|b <script>alert("x")</script> & `code` *star* _under_ [l](u) &amp; \\ $x$ ~~s~~\n# second | line'
ENTITY = "entity F1 (text match, 48 documents)"
SENTENCE = "Patient has diabetes and takes metformin daily."
HEALTH = {
    "ungrounded_rate": 0.896,
    "near_miss_rate": 0.01,
    "invalid_format_rate": None,
    "duplicate_rate": 0.0,
    "truncated_rate": 0.0,
    "run_on_rate": 0.0,
    "empty_rate": 0.04,
}
BLOCKED = Suspicion(
    "decoding-blocks-copying",
    0.97,
    (
        "repetition_penalty=1.5, no_repeat_ngram_size=3 (files state it) explains 99.2% of the stored "
        "answers' tokens, 31.0% are explained without it",
        "89.6% of the predicted strings stand nowhere in their text",
    ),
    "",
    Effect(ENTITY, 0.059, 0.854, (0.71, 0.861)),
    confirmed=True,
)
LEAK = Suspicion(
    "leak-inflated-score",
    0.95,
    ("290 of 299 scored documents (97.0% of test) stand in training: 12 with the same answer",),
    "cut the data anew by documents and train again: medspan split notes/all --out NEW (--keep test leaves "
    "an official test part as it is); until then the F1 on clean documents counts",
    Effect("entity F1 (text match)", 0.91, 0.612, (-0.391, -0.202)),
    confirmed=True,
)
LABELS = Suspicion(
    "labels-not-inferable",
    0.75,
    ("pairs of legal types are related at random: 0.386 of all, 0.397 of those joined by 'with'",),
    "have the relations annotated from the texts; medspan audit notes/all says which types",
    Effect("relation F1, reachable at most", 0.6, None),
)
NOTE = Suspicion("boundary-errors", 0.31, ("12 of 40 errors are boundaries, on either side",))
GREEDY = ("greedy decoding as in training chooses 99.1% of the stored answers' tokens",)
CLEARED = (
    Cleared("template-mismatch", (*GREEDY, "training targets cost 0.244 nats a token in the template chat")),
    Cleared("adapter-not-applied", GREEDY),
    Cleared("double-bos", GREEDY),
    Cleared("undertrained", ("the validation loss is flat over the last third",)),
)
UNTOLD = (
    Untold("environment-changed", "no record.json"),
    Untold("data-changed", "no record.json"),
    Untold("overtrained", "no training log"),
)
EXAMINED = (
    Examination("adapter-not-applied", (CLEARED[1],), None, 1.25),
    Examination("decoding-blocks-copying", (BLOCKED,), None, 21.5),
    Examination("environment-changed", (UNTOLD[0],), "it needs what is not there: no record.json"),
)
SHOWN = (
    {
        "text": SENTENCE,
        "conditions": "as it was asked: repetition_penalty=1.5, no_repeat_ngram_size=3",
        "answer": "\n### Entities:\n- diabetis (Disease)\n- metforming (Drug)\n```",
        "mentions": [{"type": "Disease", "text": "diabetis"}, {"type": "Drug", "text": "metforming"}],
        "relations": [],
    },
    {
        "text": SENTENCE,
        "conditions": "plain greedy decoding",
        "answer": "### Entities:\n- diabetes (Disease)\n- metformin (Drug)",
        "mentions": [{"type": "Disease", "text": "Diabetes"}, {"type": "Drug", "text": "metformin"}],
        "relations": [{"head": "metformin", "type": "treats", "tail": "diabetes"}],
    },
)


def aspect(
    name: str, good: object, bad: object, same: bool | None, verdict: str, *told: str
) -> dict[str, Any]:
    """An aspect in which two runs may differ, as `medspan.diagnose.against` writes it."""
    return {
        "aspect": name,
        "values": [good, bad],
        "same": same,
        "tested": False,
        "effect": None,
        "closes": None,
        "cause": None,
        "verdict": verdict,
        "evidence": list(told),
    }


def gap(bad: float, low: float, high: float) -> dict[str, Any]:
    return {
        "entities": {
            "run": bad,
            "good": 0.861,
            "difference": 0.861 - bad,
            "interval": [low, high],
            "documents": [48, 48],
            "paired": True,
        }
    }


AGAINST = {
    "run": "runs/v1",
    "gap": gap(0.059, 0.75, 0.84),
    "aspects": [
        aspect("repetition_penalty", 1.0, 1.5, False, "separates")
        | {"tested": True, "effect": Effect(ENTITY, 0.059, 0.854, (0.71, 0.861)).to_json(), "closes": 0.99},
        aspect("num_train_epochs", 3, 5, False, "cleared", "v4 reaches 0.854 with 5 epochs"),
        aspect("hardware", None, "cpu", None, "not-testable", "it is not stated for both"),
        aspect("wording", "a", "a", True, "cleared", "the same in both"),
        aspect("template", "chat", "chat", True, "cleared", "the same in both"),
    ],
    "remaining": gap(0.854, -0.01, 0.02),
    "closed": True,
    "sentence": "repetition_penalty separates them",
    "notes": ["their test parts share 48 documents"],
}

HEALTHY = Diagnosis(
    run="runs/v1",
    trainer="medspan",
    scored="test",
    documents=48,
    verdict="healthy",
    why="no probe found a fault",
    causes=(),
    cleared=CLEARED,
    untold=(),
    examinations=EXAMINED[:1],
    scores={
        "entities": {"f1": 0.861, "f1_interval": (0.83, 0.886)},
        "relations": {"f1": None, "f1_interval": None},
        "health": {**HEALTH, "ungrounded_rate": 0.0},
    },
    seconds=12.3,
)
ONE = replace(
    HEALTHY,
    run="runs/my v4",
    verdict="decoding-blocks-copying",
    why="the decoding options forbid repeating what stands in the prompt, which is what extraction does",
    causes=(BLOCKED,),
    untold=UNTOLD,
    examinations=EXAMINED,
    scores={
        "entities": {"f1": 0.059, "f1_interval": (0.031, 0.094)},
        "relations": {"f1": 0.0, "f1_interval": None},
        "health": HEALTH,
    },
    seconds=41.7,
    notes=("the stored predictions have no .made.json",),
)
MANY = replace(ONE, causes=(BLOCKED, LEAK, LABELS, NOTE), shown=SHOWN, against=AGAINST)
UNDETERMINED = replace(
    HEALTHY,
    verdict="undetermined",
    why="nothing was found, and 12 causes could not be looked for: no generated texts, no record.json",
    cleared=(),
    untold=UNTOLD,
    examinations=(),
    scores={},
)
FOREIGN = replace(ONE, trainer="trl", run="out/sft")
EVIL = replace(
    ONE,
    run=f"runs/{HOSTILE}",
    verdict="decoding-blocks-copying",
    causes=(
        replace(BLOCKED, evidence=(HOSTILE, "\ud800 lone"), remedy=f"mend {HOSTILE}"),
        replace(NOTE, evidence=(HOSTILE,)),
    ),
    cleared=(Cleared("double-bos", (HOSTILE,)),),
    untold=(Untold("overtrained", HOSTILE),),
    notes=(HOSTILE,),
    shown=(
        {
            "text": HOSTILE,
            "conditions": HOSTILE,
            "answer": HOSTILE,
            "mentions": [{"type": "T<b>", "text": HOSTILE}],
            "relations": [{"head": "<i>", "type": "|", "tail": HOSTILE}],
        },
    ),
    against={
        "run": HOSTILE,
        "aspects": [aspect(HOSTILE, "|", HOSTILE, False, "cleared", HOSTILE)],
        "sentence": HOSTILE,
    },
)
EVERY = {
    "healthy": HEALTHY,
    "one": ONE,
    "many": MANY,
    "undetermined": UNDETERMINED,
    "foreign": FOREIGN,
    "evil": EVIL,
}

"""The table of causes in docs/diagnose.md, made of the catalogue and of what probes say of themselves."""

from __future__ import annotations

import inspect

from medspan.diagnose.base import Probe, all_probes
from medspan.diagnose.catalogue import CAUSES
from medspan.diagnose.report.markdown import table

CONFIRMED_BY = {
    "decoding-blocks-copying": "decoding a sample without the penalties",
    "decoding-samples": "decoding a sample greedily",
    "output-truncated": "letting cut answers go on",
    "template-mismatch": "asking a sample in the template of training",
    "prompt-truncated": "asking a sample with whole prompts",
    "wording-sensitive": "asking a sample in the wording of training",
    "parser-mismatch": "reading the same texts as another format",
    "stop-token-untrained": "ending answers where they begin to repeat themselves",
    "adapter-not-applied": "decoding a sample with the adapter",
    "wrong-base-model": "decoding a sample on the base model of training",
    "tokenizer-mismatch": "asking a sample with the tokenizer of training",
    "double-bos": "asking a sample with one BOS token",
    "precision-mismatch": "decoding a sample in the precision of training",
    "overtrained": "decoding a sample with an earlier checkpoint",
    "memorised": "putting invented strings into the texts and decoding again",
    "leak-inflated-score": "scoring without the documents that leaked",
    "data-changed": "scoring against the references of then, or beside the texts that hold the strings",
    "environment-changed": "decoding again under the recorded conditions",
}
"""The intervention by which a cause is confirmed; the others are told without one."""


def probes_of(cause: str) -> list[Probe]:
    """The probes that speak for a cause."""
    return [probe for probe in all_probes() if cause in probe.causes]


def causes_table() -> list[str]:
    """Every cause with its meaning, how its probe tells it, what that needs, and what confirms it."""
    rows = []
    for cause, info in CAUSES.items():
        probes = probes_of(cause)
        rows.append(
            [
                cause,
                info.meaning,
                " ".join(_summary(probe) for probe in probes),
                ", ".join(dict.fromkeys(need for probe in probes for need in probe.needs)) or "nothing",
                CONFIRMED_BY.get(cause, ""),
            ]
        )
    return list(table(("cause", "what it means", "how it is told", "needs", "confirmed by"), rows))


def _summary(probe: Probe) -> str:
    """What a probe does: the first paragraph of its docstring."""
    return " ".join((inspect.getdoc(type(probe)) or "").split("\n\n")[0].split())

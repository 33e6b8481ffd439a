"""What prompts say after the text: the cue that asks for the answer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from medspan.audit.data import Row


def closing(row: Row) -> str:
    """What a row's prompt says after the text, up to the first colon; empty where the text ends it."""
    prompt = row.written.prompt if row.written else ""
    text = row.text.strip()
    tail = prompt[_end_of(prompt, text) :] if text else (prompt.strip().splitlines() or [""])[-1]
    head, colon, _ = tail.partition(":")
    return (head + colon).strip()


def _end_of(prompt: str, text: str) -> int:
    """Where the text ends in the prompt: at its last place on lines of its own, else at its last place."""
    last = prompt.rfind(text)
    if last < 0:
        return len(prompt)
    at = last
    while at >= 0:
        before, after = prompt[:at].rstrip(" \t"), prompt[at + len(text) :].lstrip(" \t")
        # A text of one word may occur in the cue as well.
        if before[-1:] in ("", "\n") and after[:1] in ("", "\n"):
            return at + len(text)
        at = prompt.rfind(text, 0, at + len(text) - 1)
    return last + len(text)


def odd_closings(rows: Iterable[Row]) -> dict[Row, str]:
    """The rows whose prompt closes otherwise than most of their task's do, with what those close with.

    Most are more than half.
    Letter case and white space do not matter. Rows of formats without a prompt are not looked at.
    """
    asked = {row: closing(row) for row in rows if row.written is not None}
    cues = _cues(asked)
    return {
        row: cues[row.stated_task]
        for row, closed in asked.items()
        if row.stated_task in cues and _folded(closed) != _folded(cues[row.stated_task])
    }


def _cues(asked: Mapping[Row, str]) -> dict[str | None, str]:
    """By task the closing that more than half of the rows share, in the spelling of most of them."""
    counts: defaultdict[str | None, Counter[str]] = defaultdict(Counter)
    for row, closed in asked.items():
        counts[row.stated_task][closed] += 1
    cues = {}
    for task, spellings in counts.items():
        keys: Counter[str] = Counter()
        for spelling, count in spellings.items():
            keys[_folded(spelling)] += count
        key, most = max(keys.items(), key=lambda entry: (entry[1], entry[0]))
        if 2 * most > keys.total():
            cues[task] = max(
                (spelling for spelling in spellings if _folded(spelling) == key),
                key=lambda spelling: (spellings[spelling], spelling),
            )
    return cues


def _folded(closed: str) -> str:
    return " ".join(closed.casefold().split())

"""What a run's record states against what is here now: aspect by aspect, each the same, moved or unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from medspan.evaluate.comparison import DataRows, PartDifference, Row, record_differences, row_differences

State = Literal["same", "moved", "unknown"]
Purpose = Literal["evaluation", "training"]

SPEED_ONLY = {"batch_size"}
"""Decoding options that say how fast answers come, and not what is asked for."""

PLACES = ("output_dir", "data.train", "data.validation", "data.test", "schema_file")
"""Keys of a configuration that say where something is; they are read from config.yaml as it stands."""

HARDWARE = ("processor", "machine", "threads", "gpus")
"""What of a machine can move a result; its memory cannot."""

_DECODING_CAUSES = {
    "repetition_penalty": "decoding-blocks-copying",
    "no_repeat_ngram_size": "decoding-blocks-copying",
    "do_sample": "decoding-samples",
    "temperature": "decoding-samples",
    "top_p": "decoding-samples",
    "seed": "decoding-samples",
    "max_new_tokens": "output-truncated",
}
_CARD_CAUSES = {
    "template": "template-mismatch",
    "read_twice": "template-mismatch",
    "instruction": "wording-sensitive",
    "format": "parser-mismatch",
    "endpoints": "parser-mismatch",
    "base_model_hash": "wrong-base-model",
    "tokenizer_hash": "tokenizer-mismatch",
}
_ABSENT = "not stated"
_MOST_NAMED = 4


@dataclass(frozen=True, slots=True)
class Aspect:
    """One thing that a record states: what it was, what it is here now, and whether it moved.

    `cause`: the id of the catalogue that stands for such a move, None where it has none. `matters`:
    whether a move can change what is reproduced. `details`: what moved, a line each.
    """

    name: str
    state: State
    then: str
    now: str
    cause: str | None = None
    matters: bool = True
    details: tuple[str, ...] = ()

    @property
    def moved(self) -> bool:
        return self.state == "moved"

    def to_json(self) -> dict[str, Any]:
        return {
            "part": self.name,
            "state": self.state,
            "then": self.then,
            "now": self.now,
            "cause": self.cause,
            "matters": self.matters,
            "details": list(self.details),
        }


@dataclass(frozen=True, slots=True)
class PartNow:
    """A part of the data as it is here: row hashes in order, rows by their hashes, hashes of its files."""

    hashes: tuple[str, ...]
    rows: Mapping[str, Row]
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Here:
    """What is here now; None for what could not be found out.

    `config`: config.yaml; `parts`: the data by part (one that cannot be read is left out); `card`: the
    adapter's format.json; `adapter`: its hash; `base_model` and `tokenizer`: their hashes; `device` and
    `dtype`: where and in which precision is computed.
    """

    config: Mapping[str, Any] | None = None
    parts: Mapping[str, PartNow] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)
    code: str | None = None
    hardware: Mapping[str, Any] = field(default_factory=dict)
    device: str | None = None
    dtype: str | None = None
    base_model: str | None = None
    tokenizer: str | None = None
    adapter: str | None = None
    card: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Stated:
    """What a run states: its record, its row hashes by part, and how its stored predictions were made.

    `known`: rows whose hashes are known from the stored predictions. `made`: the predictions' made.json,
    None where there is none. What it says of the environment stands before what the record says, which
    is that of the training.
    """

    record: Mapping[str, Any]
    rows: Mapping[str, Sequence[str]] | None = None
    known: Mapping[str, Row] = field(default_factory=dict)
    made: Mapping[str, Any] | None = None

    def environment(self, name: str, purpose: Purpose) -> Any:
        """`packages`, `hardware` or `code` of what is reproduced."""
        made = (self.made or {}) if purpose == "evaluation" else {}
        return made.get(name) or self.record.get(name) or {}

    def dtype(self, purpose: Purpose) -> str | None:
        """The precision of what is reproduced.

        That of a training says nothing of an extraction where the configuration fixed it: extraction
        chooses by itself.
        """
        trained = (self.record.get("trained") or {}).get("dtype")
        if purpose == "training":
            return trained
        if self.made and self.made.get("dtype"):
            return str(self.made["dtype"])
        return trained if (self.record.get("config") or {}).get("bf16") == "auto" else None

    @property
    def decoding(self) -> dict[str, Any]:
        """The options that the stored predictions were made with, else those of the record."""
        made = (self.made or {}).get("decoding")
        return dict(made if isinstance(made, Mapping) else self.record.get("decoding") or {})


def compare_stated(stated: Stated, here: Here, purpose: Purpose, part: str | None) -> tuple[Aspect, ...]:
    """Every aspect that the record states, in the order of the data's way. `part`: the one that is scored."""
    record = stated.record
    card = record.get("format") or {}
    aspects = [
        *_data(stated, here, purpose, part),
        _config(record, here),
        _hash(
            "base model", (record.get("base_model") or {}).get("sha256"), here.base_model, "wrong-base-model"
        ),
        _hash("tokenizer", card.get("tokenizer_hash"), here.tokenizer, "tokenizer-mismatch"),
    ]
    if purpose == "evaluation":
        made = (stated.made or {}).get("adapter_sha256")
        aspects += [_hash("adapter", made, here.adapter, None), _card(card, here.card), _decoding(stated)]
    aspects += [
        _keys("packages", stated.environment("packages", purpose), here.packages),
        _hash("code", stated.environment("code", purpose).get("sha256"), here.code, "environment-changed"),
        _hardware(stated.environment("hardware", purpose), here.hardware),
        _value(
            "device",
            stated.environment("hardware", purpose).get("device"),
            here.device,
            "environment-changed",
        ),
        _value("dtype", stated.dtype(purpose), here.dtype, "precision-mismatch"),
    ]
    return tuple(aspects)


def _data(stated: Stated, here: Here, purpose: Purpose, part: str | None) -> list[Aspect]:
    recorded = stated.record.get("data") or {}
    splits = list(dict.fromkeys([*recorded, *(stated.rows or {}), *here.parts]))
    matter = {part} if purpose == "evaluation" else {"train", "validation", part}
    differences = _row_differences(stated, here)
    return [
        _part(
            split, recorded.get(split) or {}, here.parts.get(split), differences.get(split), split in matter
        )
        for split in splits
    ]


def _row_differences(stated: Stated, here: Here) -> dict[str, PartDifference]:
    """By part that both sides have; a row that went into a part that is not read here counts as removed."""
    if stated.rows is None:
        return {}
    both = [split for split in stated.rows if split in here.parts]
    known = {**stated.known, **{key: row for split in both for key, row in here.parts[split].rows.items()}}
    return row_differences(
        DataRows({split: stated.rows[split] for split in both}, known),
        DataRows({split: here.parts[split].hashes for split in both}, known),
    )


def _part(
    split: str,
    recorded: Mapping[str, Any],
    now: PartNow | None,
    rows: PartDifference | None,
    matters: bool,
) -> Aspect:
    name = f"data: {split}"
    count = recorded.get("examples") if rows is None else rows.rows[0]
    then = _ABSENT if count is None else f"{count} rows"
    if now is None:
        return Aspect(name, "unknown", then, "not read", "data-changed", matters)
    bytes_then, bytes_now = sorted((recorded.get("files") or {}).values()), sorted(now.files)
    details = ("its files have other bytes",) if bytes_then and bytes_then != bytes_now else ()
    if rows is None:
        return _part_by_hash(name, then, recorded, now, matters, details)
    # A row that went into another part is neither removed nor added, and is missing here all the same.
    left = (rows.rows[0] or 0) - rows.same - rows.changed.count - rows.removed.count
    if rows.identical and not left:
        order = ("its rows stand in another order",) if rows.reordered else ()
        shown = "the same rows" + (" in another order" if order else "")
        return Aspect(name, "same", then, shown, "data-changed", matters, (*details, *order))
    tallies = {"changed": rows.changed, "removed": rows.removed, "added": rows.added}
    tallies |= {f"come from {other}": tally for other, tally in rows.moved.items()}
    found = {what: tally for what, tally in tallies.items() if tally.count}
    counts = [f"{rows.same} the same", *(f"{one.count} {what}" for what, one in found.items())]
    shown = ", ".join([*counts, *([f"{left} in another part now"] if left else [])])
    named = tuple(f"{what}: {_some(one.examples, one.count)}" for what, one in found.items())
    return Aspect(name, "moved", then, shown, "data-changed", matters, named)


def _part_by_hash(
    name: str,
    then: str,
    recorded: Mapping[str, Any],
    now: PartNow,
    matters: bool,
    details: tuple[str, ...],
) -> Aspect:
    """Without split.json, by the hash of all rows together, which the record states."""
    from medspan.models import sha256_of_json

    stated = recorded.get("rows_sha256")
    if stated is None:
        return Aspect(name, "unknown", then, f"{len(now.hashes)} rows", "data-changed", matters, details)
    if stated == sha256_of_json(sorted(now.hashes)):
        return Aspect(name, "same", then, "the same rows", "data-changed", matters, details)
    shown = f"{len(now.hashes)} rows, not the same"
    lacking = ("split.json is missing, so which rows is not known",)
    return Aspect(name, "moved", then, shown, "data-changed", matters, (*details, *lacking))


def _config(record: Mapping[str, Any], here: Here) -> Aspect:
    """config.yaml against the record's; told only, because what is repeated is what the record says."""
    if here.config is None:
        return Aspect("config.yaml", "unknown", "as recorded", "not there", None, False)
    lines = _differences({"config": record.get("config") or {}}, {"config": here.config})
    places = {f"config.{place}" for place in PLACES}
    lines = {path: line for path, line in lines.items() if path not in places}
    if not lines:
        return Aspect("config.yaml", "same", "as recorded", "the same", None, False)
    return Aspect("config.yaml", "moved", "as recorded", "edited since", None, False, tuple(lines.values()))


def _hash(name: str, then: Any, now: str | None, cause: str | None) -> Aspect:
    shown = _ABSENT if not then else str(then)[:12]
    if not then or now is None:
        return Aspect(name, "unknown", shown, "not found out" if now is None else now[:12], cause)
    same = then == now
    return Aspect(name, "same" if same else "moved", shown, "the same" if same else now[:12], cause)


def _value(name: str, then: Any, now: str | None, cause: str) -> Aspect:
    if then is None or now is None:
        state: State = "unknown"
    else:
        state = "same" if then == now else "moved"
    shown = "the same" if state == "same" else "not found out" if now is None else now
    return Aspect(name, state, _ABSENT if then is None else str(then), shown, cause)


def _card(then: Mapping[str, Any], now: Mapping[str, Any] | None) -> Aspect:
    name = "format card"
    if not then or now is None:
        return Aspect(name, "unknown", "as recorded" if then else _ABSENT, "not found out")
    lines = _differences({"format": then}, {"format": now})
    # Where the base model stands says nothing; its hash does.
    lines.pop("format.base_model", None)
    if not lines:
        return Aspect(name, "same", "as recorded", "the same")
    keys = [path.split(".")[1] for path in lines]
    cause = next((_CARD_CAUSES[key] for key in keys if key in _CARD_CAUSES), None)
    return Aspect(name, "moved", "as recorded", "edited since", cause, True, tuple(lines.values()))


def _decoding(stated: Stated) -> Aspect:
    """How the stored predictions were made against what the record asks for."""
    made = (stated.made or {}).get("decoding")
    recorded = stated.record.get("decoding")
    if not isinstance(made, Mapping) or not isinstance(recorded, Mapping):
        return Aspect("decoding", "unknown", "as recorded", "how the predictions were made is not stated")
    keys = [key for key in (*recorded, *made) if key not in SPEED_ONLY and recorded.get(key) != made.get(key)]
    keys = list(dict.fromkeys(keys))
    if not keys:
        return Aspect("decoding", "same", "as recorded", "the same")
    lines = tuple(
        f"{key}: recorded {recorded.get(key)!r}, the predictions say {made.get(key)!r}" for key in keys
    )
    cause = next((_DECODING_CAUSES[key] for key in keys if key in _DECODING_CAUSES), None)
    return Aspect("decoding", "moved", "as recorded", "predictions made otherwise", cause, True, lines)


def _keys(name: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> Aspect:
    if not then or not now:
        return Aspect(name, "unknown", _ABSENT if not then else "as recorded", "not found out")
    lines = [
        f"{key}: {then.get(key, 'not there')}, now {now.get(key, 'not there')}"
        for key in sorted({*then, *now})
        if then.get(key) != now.get(key)
    ]
    shown = f"{len(lines)} differ" if lines else "the same"
    state: State = "moved" if lines else "same"
    return Aspect(name, state, f"{len(then)} versions", shown, "environment-changed", True, tuple(lines))


def _hardware(then: Mapping[str, Any], now: Mapping[str, Any]) -> Aspect:
    old, new = ({key: facts[key] for key in HARDWARE if key in facts} for facts in (then, now))
    if not old or not new:
        return Aspect("hardware", "unknown", _ABSENT if not old else _machine(old), "not found out")
    lines = tuple(
        f"{key}: {old[key]}, now {new[key]}" for key in HARDWARE if key in old and old[key] != new.get(key)
    )
    state: State = "moved" if lines else "same"
    shown = _machine(new) if lines else "the same"
    return Aspect("hardware", state, _machine(old), shown, "environment-changed", True, lines)


def _machine(facts: Mapping[str, Any]) -> str:
    gpus = facts.get("gpus") or []
    pieces = [str(facts.get("processor", "")), f"{facts.get('threads', '?')} threads", *map(str, gpus)]
    return ", ".join(piece for piece in pieces if piece)


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, str]:
    """{path: line} of what differs between two pieces of a record."""
    found = record_differences([then, now])
    return {
        one.path: f"{one.path}: {_shown(one.values[0])}, now {_shown(one.values[1])}"
        for one in (*found.found, *found.by_nature)
    }


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _some(names: Iterable[str], count: int) -> str:
    first = list(names)[:_MOST_NAMED]
    return ", ".join(first) + (", ..." if count > len(first) else "")

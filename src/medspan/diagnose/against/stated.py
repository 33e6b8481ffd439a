"""How the answers of a run are made, from its files or from what its model shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from medspan.core import ConfigError
from medspan.extract import DecodingOptions
from medspan.format import Codec, FormatCard, Template

if TYPE_CHECKING:
    from medspan.diagnose.against.pair import Side
    from medspan.diagnose.case import Case


def stated_decoding(case: Case) -> Mapping[str, Any]:
    """The decoding options that files state for the stored answers, else for new ones; empty without."""
    made = (case.made or {}).get("decoding") or (case.record or {}).get("decoding") or case.rules
    known = DecodingOptions().to_json()
    return {name: value for name, value in (made or {}).items() if name in known and value is not None}


def card_of(case: Case) -> FormatCard | None:
    return case.card if isinstance(case.card, FormatCard) else None


def good_decoding(side: Side) -> Mapping[str, Any]:
    """GOOD's options: as its files state; where they do not, as its answers show."""
    stated = stated_decoding(side.case)
    if stated or side.problem is not None:
        return stated
    return _shown(side)


def run_decoding(side: Side) -> Mapping[str, Any]:
    """RUN's options: as its answers show, the rest as its files state."""
    stated = stated_decoding(side.case)
    return stated if side.problem is not None else {**stated, **_shown(side)}


def _shown(side: Side) -> Mapping[str, Any]:
    options = side.asked.options
    names = ("repetition_penalty", "no_repeat_ngram_size", "do_sample", "temperature", "top_p")
    return {name: getattr(options, name) for name in names}


def with_options(options: DecodingOptions, values: Mapping[str, Any]) -> DecodingOptions:
    """The options with these values; those that medspan does not know, or not so, stay as they are."""
    try:
        return options.changed(values)
    except ConfigError:
        return options


def good_template(side: Side) -> Template | None:
    """The template that GOOD is asked in."""
    card = card_of(side.case)
    if card is not None:
        return card.template
    return None if side.problem is not None else side.asked.template


def run_template(side: Side) -> Template | None:
    """The template that RUN was asked in."""
    card = card_of(side.case)
    if side.problem is None:
        return side.asked.template
    return None if card is None else card.template


def good_codec(side: Side) -> Codec | None:
    """The codec that GOOD is asked and read with."""
    card = card_of(side.case)
    if card is not None:
        return card.codec()
    return None if side.problem is not None else side.asked.codec


def run_codec(side: Side) -> Codec | None:
    """The codec that RUN was asked with."""
    card = card_of(side.case)
    if side.problem is None:
        return side.asked.codec
    return None if card is None else card.codec()


def same_format(run: Side, good: Side) -> bool:
    """Whether the answers of both are in one format, as far as files say."""
    own, other = card_of(run.case), card_of(good.case)
    if own is not None and other is not None:
        return own.format == other.format
    codecs = run_codec(run), good_codec(good)
    return None not in codecs and type(codecs[0]) is type(codecs[1])


def stated_hash(case: Case, what: str) -> str | None:
    """`base_model_hash` or `tokenizer_hash`, from the format card or the record."""
    found = getattr(case.card, what, None) or ((case.record or {}).get("format") or {}).get(what)
    if not found and what == "base_model_hash":
        found = ((case.record or {}).get("base_model") or {}).get("sha256")
    return str(found) if found else None

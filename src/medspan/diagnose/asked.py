"""How a model was trained to be asked: found by the loss of its own training targets, not believed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from medspan.core import ConfigError, Example, ModelError, Schema
from medspan.diagnose.conditions import AsWritten, Conditions, as_written, candidate_templates, neutral
from medspan.diagnose.teacher import Losses, mean_loss_before_stop
from medspan.extract import DecodingOptions
from medspan.format import CODECS, Codec, FormatCard, Template, make_codec
from medspan.format.sections import INSTRUCTION as SECTIONS_INSTRUCTION

if TYPE_CHECKING:
    from medspan.diagnose.case import Case
    from medspan.diagnose.lab import Lab

FEW, MORE = 3, 10
"""Rows under which all ways of asking are tried, and those under which the best few are."""
FINALISTS = 3
CLEARLY = 0.8
"""Another way than the stated one is believed where its loss is below this share of the stated one's."""
LEAST = 0.02
"""And lower by this much (nats a token) at least."""
LEARNT = 0.6
"""And is below this share of the base model's loss under it."""
BEGUN = 0.1
"""Nats that the first token of an answer may cost where it is learnt: 0.00 in the frame of training, 0.32 in
one that made whole answers cheaper (135M, TRL, rows without stop token: 0.028 against 0.078 nats a token)."""
LOGGED = 1.25
"""How far above the logged loss a loss on a few rows may be to count as the same."""
AS_STATED = "as format.json states"
SPARE_TOKENS = 48
"""New tokens granted beyond the longest reference answer, so that answers that run on end soon."""


@dataclass(frozen=True)
class Asking:
    """The conditions of training; what else was tried, with the loss of training targets under it.

    `way`: in words, the template that training used; `wording`: likewise the wording of the prompts, by
    the name it has in `codecs`. `stated`: what files say of how answers are made, None where they do not.
    `templates`, `codecs`: the candidates by name.
    """

    trained: Conditions
    way: str
    wording: str
    losses: Mapping[str, float]
    wording_losses: Mapping[str, float]
    templates: Mapping[str, Template]
    codecs: Mapping[str, Codec]
    stated: Conditions | None


def find_asking(lab: Lab) -> Asking:
    """Try every known template, then every known wording, on rows of the training part."""
    case = lab.case
    assert case.adapter is not None
    tokenizer_name = _tokenizer(lab)
    tokenizer = lab.weights.tokenizer(tokenizer_name or lab.base.name)
    codecs = known_codecs(case)
    card = case.card if isinstance(case.card, FormatCard) else None
    templates: dict[str, Template] = {} if card is None else {AS_STATED: card.template}
    for name, template in _recorded_templates(case).items():
        if not _known(template, templates):
            templates[name] = template
    for name, template in candidate_templates(
        tokenizer, None if card is None else card.template.stop
    ).items():
        if not _known(template, templates):
            templates[name] = template
    rows = _short_rows(case)
    if not rows:
        raise ModelError(
            f"{case.folder}: there is no annotated row to ask the model about",
            cause="the data of the run is not known here",
            remedy="name it with --data",
        )
    wording, codec = next(iter(codecs.items()))
    first = Conditions(
        next(iter(templates.values())), codec, DecodingOptions(grammar=False), lab.base.name, case.adapter,
        tokenizer=tokenizer_name,
    )  # fmt: skip
    stated = next(iter(templates))
    losses, among = {stated: mean_loss_before_stop(lab.targets(first, rows[:FEW]))}, [stated]
    if card is None or not _as_logged(case, losses[stated]):
        losses, among = _tried(lab, {name: first.but(template=one) for name, one in templates.items()}, rows)
    way = _chosen(losses, among, stated, card is not None)
    if way != stated and card is not None and not _learnt(lab, first.but(template=templates[way]), rows):
        way = stated
    first = first.but(template=templates[way])
    told, among = _tried(lab, {name: first.but(codec=one) for name, one in codecs.items()}, rows)
    chosen = _chosen(told, among, wording, card is not None)
    if chosen != wording and (card is None or _learnt(lab, first.but(codec=codecs[chosen]), rows)):
        wording = chosen
    trained = first.but(codec=codecs[wording])
    trained = trained.but(options=_fitting(lab, trained))
    trained = trained.decoding(grammar=lab.written.under_grammar(trained))
    return Asking(trained, way, wording, losses, told, templates, codecs, _stated(case, trained))


def _short_rows(case: Case) -> list[Example]:
    """The shortest half of a sample of annotated rows, as many as are read."""
    rows = [one for one in (case.train_sample or case.sample) if one.reference is not None]
    lengths = sorted((len(one.document.text), place) for place, one in enumerate(rows))
    chosen = sorted(place for _, place in lengths[: max(MORE, len(rows) // 2)])
    return [rows[place] for place in chosen][:MORE]


def known_codecs(case: Case) -> dict[str, Codec]:
    """The formats and wordings that the model may have been trained in, the likeliest first.

    That is the card's, unless record.json and config.yaml, which training wrote, agree on another: then the
    card was edited since.
    """
    card, recorded_card = case.card, _recorded_card(case)
    configured = _configured(case, card)
    found: dict[str, Codec] = {}
    if isinstance(card, FormatCard):
        found[AS_STATED] = card.codec()
    if recorded_card is not None and not _same_wording(recorded_card, card):
        recorded = {"as record.json states": recorded_card.codec()}
        edited = configured is not None and _same_wording(configured, recorded_card)
        found = {**recorded, **found} if edited else {**found, **recorded}
    if configured is not None and all(not _same_wording(configured, one) for one in (card, recorded_card)):
        found["as config.yaml states"] = configured.codec()
    for step, folder in case.checkpoints:
        other = _card_of(folder)
        if other is not None and not _same_wording(other, card):
            found.setdefault(f"as checkpoint {step} states", other.codec())
    behind = next(iter(found.values()), None) or _codec_of_rows(case)
    own = as_written(behind, case.parts)
    if own is not None and (not found or _differ(own, behind, case)):
        found["as the rows of the data say"] = own
    return found or {"guessed from the data": behind}


def _recorded_card(case: Case) -> FormatCard | None:
    recorded = (case.record or {}).get("format")
    if not isinstance(recorded, Mapping):
        return None
    try:
        return FormatCard.from_json(dict(recorded))
    except (KeyError, TypeError, ValueError):
        return None


def _configured(case: Case, card: Any) -> FormatCard | None:
    """The card with format and wording as the run's configuration has them, in case the card was changed."""
    if not isinstance(card, FormatCard) or case.trainer != "medspan" or not case.config:
        return None
    name = case.config.get("format", card.format)
    wanted = replace(
        card,
        format=name,
        instruction=case.config.get("instruction") or (SECTIONS_INSTRUCTION if name == "sections" else None),
        read_twice=bool(case.config.get("read_twice", False)),
        endpoints=case.config.get("endpoints") or card.endpoints,
    )
    return wanted if name in CODECS else None


def _codec_of_rows(case: Case) -> Codec:
    """The codec of the rows' own format, where they are rows of instructions."""
    known = case.train or case.reference
    named = known[0].source.split("-")[0] if known else ""
    schema: Schema = case.schema
    try:
        return make_codec(named if named in CODECS else "compact", schema)
    except ConfigError as error:
        raise ModelError(
            f"{case.folder}: its data cannot be asked about ({error.what})",
            cause="the format card is missing, and the data is no instruction format",
            remedy="give the rows that the model was trained on with --data",
        ) from error


def _differ(own: AsWritten, behind: Codec, case: Case) -> bool:
    known = (case.train or case.reference)[:MORE]
    return any(own.prompt(one.document) != behind.prompt(one.document) for one in known)


def _same_wording(one: FormatCard, other: Any) -> bool:
    if not isinstance(other, FormatCard):
        return False
    return (one.format, one.instruction, one.read_twice, one.endpoints, one.schema) == (
        other.format,
        other.instruction,
        other.read_twice,
        other.endpoints,
        other.schema,
    )


def _card_of(folder: Path) -> FormatCard | None:
    from medspan.format import load_card

    try:
        card = load_card(folder)
    except ModelError:
        return None
    return card if isinstance(card, FormatCard) else None


def _recorded_templates(case: Case) -> dict[str, Template]:
    """The templates that record.json and the checkpoints state."""
    found: dict[str, Template] = {}
    recorded = (case.record or {}).get("format")
    if isinstance(recorded, Mapping) and isinstance(recorded.get("template"), Mapping):
        found["as record.json states"] = Template.from_json(dict(recorded["template"]))
    for step, folder in case.checkpoints:
        card = _card_of(folder)
        if card is not None:
            found[f"as checkpoint {step} states"] = card.template
    return found


def _known(template: Template, known: Mapping[str, Template]) -> bool:
    return any(
        (one.prefix, one.suffix, one.stop) == (template.prefix, template.suffix, template.stop)
        for one in known.values()
    )


def _tokenizer(lab: Lab) -> str | None:
    """The folder whose tokenizer the model was trained with, None for the base model's own."""
    case = lab.case
    beside = lab.tokenizers.get(str(case.adapter))
    if beside is None:
        return None
    wanted = getattr(case.card, "tokenizer_hash", None)
    if not wanted:
        return str(case.adapter)
    if lab.tokenizers[lab.base.name] == wanted:
        return None
    return str(case.adapter) if beside == wanted else None


def _tried(
    lab: Lab, ways: Mapping[str, Conditions], rows: list[Example]
) -> tuple[dict[str, float], list[str]]:
    """The loss of the rows' targets under each way: all on a few rows, then the best few on more.

    Without the stop token: a model that never learnt it would seem to be trained in the template whose base
    model ends its answers best. Also told are the ways that know how answers begin (`_begin_known`).
    """

    def read(names: Iterable[str], of: list[Example]) -> dict[str, list[Losses]]:
        return {name: lab.targets(ways[name], of) for name in names}

    few = read(ways, rows[:FEW])
    found = {name: mean_loss_before_stop(losses) for name, losses in few.items()}
    best = sorted(_begin_known(few), key=lambda name: found[name])[:FINALISTS]
    first = next(iter(ways))
    more = read(dict.fromkeys([first, *best]) if len(ways) > 1 else [first], rows)
    found |= {name: mean_loss_before_stop(losses) for name, losses in more.items()}
    return found, _begin_known(more)


def _begin_known(read: Mapping[str, Sequence[Losses]]) -> list[str]:
    """The ways under which the first token of the answers costs next to nothing, or little more than least.

    It follows the frame of the prompt and is mostly the same one: in that of training it is the first to be
    learnt, whatever other frame makes the rest likelier to the base model.
    """
    begins = {name: fmean(one.answer[0] for one in losses) for name, losses in read.items()}
    least = min(begins.values())
    return [name for name, cost in begins.items() if cost <= max(BEGUN, 2 * least)] or list(read)


def _as_logged(case: Case, loss: float) -> bool:
    """Whether a loss is what the training logged at its end, or below: then nothing better is looked for."""
    if case.curves is None:
        return False
    logged = [
        points[-1].value
        for points in (case.curves.loss, case.curves.validation_loss)
        if points and points[-1].finite
    ]
    return bool(logged) and loss <= LOGGED * max(logged) + LEAST


def _chosen(losses: Mapping[str, float], among: Sequence[str], first: str, stated: bool) -> str:
    """The name of the lowest loss `among` these; what is stated is left only for what is clearly better."""
    best = min(among, key=lambda name: losses[name])
    if stated and not (losses[best] < CLEARLY * losses[first] and losses[best] < losses[first] - LEAST):
        return first
    return best


def _learnt(lab: Lab, conditions: Conditions, rows: list[Example]) -> bool:
    """Whether the adapter has learnt the rows' targets under these conditions.

    Of a model that has learnt none, some other template is always the better one, as chance has it.
    """
    own, without = (
        mean_loss_before_stop(lab.targets(one, rows)) for one in (conditions, conditions.but(adapter=None))
    )
    return own < LEARNT * without


def _fitting(lab: Lab, conditions: Conditions) -> DecodingOptions:
    """Greedy decoding with room for the longest reference answer of the sample."""
    renderer = lab.renderer(conditions)
    longest = max(
        (
            len(renderer.target_ids(one.document, one.reference))
            for one in lab.case.sample
            if one.reference is not None
        ),
        default=256,
    )
    return replace(neutral(DecodingOptions(grammar=False)), max_new_tokens=longest + SPARE_TOKENS)


def _stated(case: Case, trained: Conditions) -> Conditions | None:
    """The conditions that files state for the stored answers, or for new ones."""
    made = (case.made or {}).get("decoding") or (case.record or {}).get("decoding") or case.rules
    if not made:
        return None
    known = {
        name: value for name, value in made.items() if hasattr(DecodingOptions(), name) and value is not None
    }
    try:
        options = DecodingOptions().changed(known)
    except ConfigError:
        return None
    if not (case.made or case.record):
        options = replace(options, grammar=False)
    template = case.card.template if isinstance(case.card, FormatCard) else trained.template
    codec = case.card.codec() if isinstance(case.card, FormatCard) else trained.codec
    return trained.but(options=options, template=template, codec=codec)

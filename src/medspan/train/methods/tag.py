"""The method `tag`: one pass over the text marks mentions where they stand, and relations between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from medspan.core import Concept, ConfigError, Example
from medspan.extract.confidence import kept, recalibrated
from medspan.extract.tagging import TagExtractor, make_reader
from medspan.format.pairs import PairTable, pair_table
from medspan.format.spans import Span, Tokens, tokenize
from medspan.format.tag_card import TagCard
from medspan.format.tags import Labels, Level, TagScheme
from medspan.models import BaseModel, model_hash, tokenizer_hash
from medspan.train.calibration import calibrate
from medspan.train.config import TrainConfig
from medspan.train.data import Collector, EncodedData, reference_of
from medspan.train.facts import Supervision
from medspan.train.lora import add_lora
from medspan.train.methods.method import Method
from medspan.train.schema import infer_schema


@dataclass(frozen=True, slots=True)
class Tagged:
    """A document as token ids with its labels.

    `states` (token, type, state) of the tokens that begin (1) or continue (2) a mention, `unknown`
    (token, type) of those that may be anything, `insets` (token, side, characters left out). `truths`
    and `legal` are (row of the table, relation): which relations hold, and which count in the loss.
    `types` are those that count.
    """

    ids: tuple[int, ...]
    spans: tuple[Span, ...]
    states: tuple[tuple[int, int, int], ...]
    insets: tuple[tuple[int, int, int], ...]
    table: PairTable
    truths: tuple[tuple[int, int], ...]
    legal: tuple[tuple[int, int], ...]
    types: tuple[int, ...]
    unknown: tuple[tuple[int, int], ...] = ()

    @property
    def tokens(self) -> int:
        return len(self.ids)

    @property
    def target_tokens(self) -> int:
        return max(1, len(self.ids))


class Tag(Method):
    """The base model as a reader with attention in both directions, and heads on it."""

    name: ClassVar[str] = "tag"
    eval_samples: ClassVar[int] = 200

    def __init__(self, config: TrainConfig, train: Sequence[Example], base: BaseModel) -> None:
        self.config = config
        self.base = base
        self.tokenizer = base.tokenizer
        self.card: TagCard = make_card(config, train, base)
        self.scheme = self.card.tag_scheme()

    def encode(
        self, examples: Sequence[Example], max_length: int, on_too_long: Literal["refuse", "skip"] = "refuse"
    ) -> EncodedData[Tagged]:
        # Longer texts are read in windows: nothing is too long.
        collector: Collector[Tagged] = Collector(2**31, on_too_long)
        for example in examples:
            annotation = reference_of(example)
            tokens = tokenize(self.tokenizer, example.document.text)
            labels = self.scheme.labels(example.document, tokens, annotation)
            encoded, lost = self._tagged(example, tokens, labels)
            collector.add(example, encoded, labels.lost + lost)
        return collector.data()

    def _tagged(self, example: Example, tokens: Tokens, labels: Labels) -> tuple[Tagged, Counter[str]]:
        types, relations = self.scheme.asked(example.task)
        type_of = {name: index for index, name in enumerate(self.scheme.types)}
        relation_of = {name: index for index, name in enumerate(self.scheme.relations)}
        states: dict[tuple[int, int], int] = {}
        lost: Counter[str] = Counter()
        insets: dict[tuple[int, int], int] = {}
        unknown = {
            (at, type_of[name]) for first, last, name in labels.unknown for at in range(first, last + 1)
        }
        # Of overlapping mentions of one type a chain holds the longest.
        for span in sorted(labels.spans, key=lambda span: (span.first - span.last, span)):
            kind = type_of[span.type]
            covered = {(at, kind) for at in range(span.first, span.last + 1)}
            if not covered.isdisjoint(states):
                lost["mention: overlaps-one-of-its-type"] += 1
                unknown |= covered
                continue
            states |= dict.fromkeys(covered, 2)
            states[span.first, kind] = 1
            for place, inset in (((span.first, 0), span.before), ((span.last, 1), span.after)):
                # One number a token and side: mentions of two types may want it otherwise.
                lost["mention: shares-a-token-with-another"] += insets.setdefault(place, inset) != inset
        strings = self.scheme.strings(example.document.text, tokens, labels.spans, labels.nodes)
        candidates = list(self.scheme.candidates(labels.spans, labels.nodes, strings, relations))
        row_of = {pair: row for row, pair in enumerate(candidates)}
        truths = tuple(
            (row_of[head, tail], relation_of[name])
            for head, tail, name in sorted(labels.pairs)
            if (head, tail) in row_of
        )
        first_type = [labels.spans[node[0]].type for node in labels.nodes]
        legal = tuple(
            (row, relation_of[name])
            for row, (head, tail) in enumerate(candidates)
            for name in relations
            if self.scheme.legal(name, first_type[head], first_type[tail])
        )
        table = pair_table(labels.spans, labels.nodes, candidates)
        marked = tuple((at, kind, state) for (at, kind), state in sorted(states.items()))
        asked = tuple(type_of[name] for name in types)
        cut = tuple((token, side, inset) for (token, side), inset in sorted(insets.items()))
        tagged = Tagged(
            ids=tokens.ids,
            spans=labels.spans,
            states=marked,
            insets=cut,
            table=table,
            truths=truths,
            legal=legal,
            types=asked,
            unknown=tuple(sorted(unknown - states.keys())),
        )
        return tagged, +lost

    def attach(self) -> Any:
        from medspan.models.depth import keep_first_layers
        from medspan.models.heads import TagHeads
        from medspan.models.tagger import Tagger

        if self.card.num_hidden_layers is not None:
            keep_first_layers(self.base.model, self.card.num_hidden_layers)
        model = add_lora(self.base, self.config)
        reader = make_reader(model, self.card)
        heads = TagHeads(self.card.head_shape(reader.width))
        return Tagger(reader, heads.to(self.base.model.device)).train()

    def make_loss(self, model: Any) -> Any:
        from medspan.train.tag_loss import TagLoss

        return TagLoss(model)

    def collate(self, batch: Sequence[Tagged], device: Any) -> tuple[Any, ...]:
        return (batch,)

    def supervision(self, examples: Sequence[Example], encoded: Sequence[Tagged]) -> list[Supervision]:
        # A token has a label for each type that is asked for, unless it may be anything.
        (rows,) = self.collate(encoded, "cpu")
        return [
            Supervision(
                ids=row.ids,
                wanted=len(row.ids) * max(1, len(row.types)),
                learnt=len(row.ids) * len(row.types) - len(row.unknown),
            )
            for row in rows
        ]

    def extractor(self, model: Any, made_by: str) -> TagExtractor:
        return TagExtractor(model, self.card, self.tokenizer, made_by)

    def validate(
        self, model: Any, made_by: str, sample: Sequence[Example]
    ) -> tuple[list[Example], dict[str, Any]]:
        self.card = replace(self.card, calibration={})
        raw = list(self.extractor(model, made_by).scored(sample))
        self.card = replace(self.card, calibration=calibrate(raw))
        found = []
        for example in raw:
            assert example.predicted is not None
            predicted = recalibrated(example.predicted, self.card.calibration)
            found.append(example.with_prediction(kept(predicted, self.card.least), None, False))
        return found, {"calibration": {kind: asdict(line) for kind, line in self.card.calibration.items()}}

    def save(self, model: Any, folder: Path) -> None:
        model.reader.model.save_pretrained(folder)
        model.heads.save(folder)

    def restore(self, model: Any, folder: Path) -> None:
        from peft import set_peft_model_state_dict
        from safetensors.torch import load_file

        set_peft_model_state_dict(model.reader.model, load_file(folder / "adapter_model.safetensors"))
        model.heads.read(folder)


def make_card(config: TrainConfig, train: Sequence[Example], base: BaseModel) -> TagCard:
    """The card of a run: schema, level and insets from the training data, the rest from the configuration."""
    from medspan.models.depth import check_layers

    schema = infer_schema(config.schema_file, train)
    level = level_of(train)
    prefix, suffix = surroundings(base.tokenizer)
    if config.num_hidden_layers is not None:
        check_layers(base.model, config.num_hidden_layers)
    return TagCard(
        schema=schema,
        level=level,
        attention=config.attention,
        window=window_of(config, base) - len(prefix) - len(suffix),
        overlap=config.window_overlap,
        prefix=prefix,
        suffix=suffix,
        insets=_has_insets(TagScheme(schema, level), train, base.tokenizer),
        base_model=config.base_model,
        base_model_hash="" if config.load_in_4bit else model_hash(base.model),
        tokenizer_hash=tokenizer_hash(base.tokenizer),
        num_hidden_layers=config.num_hidden_layers,
    )


def window_of(config: TrainConfig, base: BaseModel) -> int:
    """Tokens that the model reads at once: `max_length`, or fewer where it has no more positions."""
    positions = getattr(base.model.config.get_text_config(), "max_position_embeddings", None)
    size = config.max_length
    if positions is not None:
        # Of RoBERTa's 514 positions two are taken; its tokenizer knows.
        size = min(size, positions, base.tokenizer.model_max_length)
    if config.window_overlap >= size // 2:
        raise ConfigError(
            f"window_overlap: {config.window_overlap} in windows of {size} tokens",
            cause=f"{base.name} has positions for no more",
            remedy=f"set window_overlap={size // 4}",
        )
    return size


def level_of(examples: Sequence[Example]) -> Level:
    """`document` where references list strings or join concepts, else `mention`."""
    references = [example.reference for example in examples if example.reference is not None]
    if any(reference.scope == "string" for reference in references):
        return "document"
    ends = (end for ref in references for relation in ref.relations for end in (relation.head, relation.tail))
    return "document" if any(isinstance(end, Concept) for end in ends) else "mention"


def surroundings(tokenizer: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The special tokens that a tokenizer puts before and after a text; at least one before.

    The first token of a text draws much of the attention, whatever it is: it should be none of the text.
    """
    around = tokenizer("a").input_ids
    plain = tokenizer("a", add_special_tokens=False).input_ids
    at = next(n for n in range(len(around)) if around[n : n + len(plain)] == plain)
    before, after = tuple(around[:at]), tuple(around[at + len(plain) :])
    if not before:
        first = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
        before = () if first is None else (first,)
    return before, after


def _has_insets(scheme: TagScheme, train: Sequence[Example], tokenizer: Any) -> bool:
    for example in train:
        if example.reference is None:
            continue
        tokens = tokenize(tokenizer, example.document.text)
        labels = scheme.labels(example.document, tokens, example.reference)
        if any(span.before or span.after for span in labels.spans):
            return True
    return False

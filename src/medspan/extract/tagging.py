"""Extraction by tagging: a document is read once, and mentions and relations are marked where they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import exp, log
from typing import Any

from medspan.core import Annotation, Document, Example
from medspan.extract.extractor import Extractor
from medspan.format.pairs import PairTable, pair_table
from medspan.format.tag_card import TagCard
from medspan.format.tags import FoundPair, FoundSpan, Span, Tokens, tokenize

TOKENS_AT_ONCE = 4096
"""Tokens of a batch, at most, unless one document has more: what bounds memory."""
PAIRS_AT_ONCE = 2048


@dataclass(frozen=True, slots=True)
class _Read:
    index: int
    document: Document
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class _Job:
    """Candidate pairs of one document of a batch, its row."""

    row: int
    spans: Sequence[Span]
    nodes: Sequence[Sequence[int]]
    table: PairTable
    relations: Sequence[str]


class TagExtractor(Extractor):
    """Extracts with a tagger that is already in memory."""

    def __init__(self, tagger: Any, card: TagCard, tokenizer: Any, made_by: str, min_confidence: float = 0.0):
        self.tagger = tagger
        self.card = card
        self.tokenizer = tokenizer
        self.made_by = made_by
        self.min_confidence = min_confidence
        self.scheme = card.tag_scheme()

    def extract(
        self, examples: Sequence[Example], progress: Callable[[int], None] | None = None
    ) -> Iterator[Example]:
        done: dict[int, Example] = {}
        for batch in self._batches(examples):
            for read, annotation in zip(batch, self._annotations(batch), strict=True):
                predicted = replace(annotation, made_by=self.made_by)
                done[read.index] = examples[read.index].with_prediction(predicted, None, False)
            if progress:
                progress(len(done))
        for index in range(len(examples)):
            yield done[index]

    def check(self, examples: Sequence[Example]) -> None:
        """Nothing to refuse: texts of any length are read, in windows."""

    def _batches(self, examples: Sequence[Example]) -> Iterator[list[_Read]]:
        reads = [
            _Read(index, example.document, tokenize(self.tokenizer, example.document.text))
            for index, example in enumerate(examples)
        ]
        # Longest first: if memory is short, that shows at once; neighbours have like lengths.
        reads.sort(key=lambda read: (-len(read.tokens), read.index))
        batch: list[_Read] = []
        for read in reads:
            # Rows are padded to the longest of a batch, which stands first.
            widest = len(batch[0].tokens) if batch else 0
            if batch and widest * (len(batch) + 1) > TOKENS_AT_ONCE:
                yield batch
                batch = []
            batch.append(read)
        if batch:
            yield batch

    def _annotations(self, batch: Sequence[_Read]) -> list[Annotation]:
        import torch

        self.tagger.eval()
        with torch.inference_mode():
            states = self.tagger.states([read.tokens.ids for read in batch])
            found = self._spans(batch, states)
            return self._related(batch, states, found)

    def _spans(self, batch: Sequence[_Read], states: Sequence[Any]) -> list[list[FoundSpan]]:
        import torch

        from medspan.models.chains import spans_of

        heads = self.tagger.heads
        together = torch.cat(list(states))
        lengths = [len(state) for state in states]
        scores = heads.tokens(together).cpu().split(lengths)
        insets = heads.insets(together).argmax(dim=-1).cpu().split(lengths) if self.card.insets else None
        found = []
        for row, read in enumerate(batch):
            asked = set(self.scheme.asked(read.document.task)[0])
            here = []
            for span in spans_of(scores[row].numpy()):
                type_ = self.scheme.types[span.kind]
                sure = calibrated(span.confidence, self.card.calibration.get("mention"))
                if type_ not in asked or sure < self._least("mention"):
                    continue
                before, after = (0, 0)
                if insets is not None:
                    before, after = int(insets[row][span.first, 0]), int(insets[row][span.last, 1])
                placed = trimmed(Span(span.first, span.last, type_, before, after), read.tokens)
                if placed is not None:
                    here.append(FoundSpan(placed, sure))
            found.append(here)
        return found

    def _related(
        self, batch: Sequence[_Read], states: Sequence[Any], found: Sequence[Sequence[FoundSpan]]
    ) -> list[Annotation]:
        jobs: list[_Job] = []
        nodes_of = []
        for row, (read, spans) in enumerate(zip(batch, found, strict=True)):
            plain = [item.span for item in spans]
            nodes = self.scheme.nodes(read.document.text, read.tokens, plain)
            relations = self.scheme.asked(read.document.task)[1]
            candidates = self.scheme.candidates(plain, nodes, relations)
            for first in range(0, len(candidates), PAIRS_AT_ONCE):
                part = candidates[first : first + PAIRS_AT_ONCE]
                jobs.append(_Job(row, plain, nodes, pair_table(plain, nodes, part), relations))
            nodes_of.append(nodes)
        pairs: list[list[FoundPair]] = [[] for _ in batch]
        for group in _grouped(jobs):
            for job, more in zip(group, self._pairs(group, states), strict=True):
                pairs[job.row] += more
        least = self._least("relation")
        return [
            self.scheme.annotation(
                read.document,
                read.tokens,
                spans,
                nodes,
                [pair for pair in self._one_way(here) if pair.confidence >= least],
            )
            for read, spans, nodes, here in zip(batch, found, nodes_of, pairs, strict=True)
        ]

    def _pairs(self, jobs: Sequence[_Job], states: Sequence[Any]) -> list[list[FoundPair]]:
        import torch

        from medspan.models.tagger import lay_out

        together = torch.cat([states[job.row] for job in jobs])
        lengths = [len(states[job.row]) for job in jobs]
        laid = lay_out([job.table for job in jobs], [job.spans for job in jobs], lengths, together.device)
        logits = iter(self.tagger.heads.pairs(together, laid).cpu().tolist())
        found = []
        for job in jobs:
            here = []
            for head, tail in job.table.candidates:
                types = job.spans[job.nodes[head][0]].type, job.spans[job.nodes[tail][0]].type
                for name, logit in zip(self.scheme.relations, next(logits), strict=True):
                    if name in job.relations and self.scheme.legal(name, *types):
                        sure = calibrated(_probability(logit), self.card.calibration.get("relation"))
                        here.append(FoundPair(head, tail, name, sure))
            found.append(here)
        return found

    def _one_way(self, pairs: Sequence[FoundPair]) -> list[FoundPair]:
        """Symmetric relations once, with the mean of both directions."""
        symmetric = {relation.name for relation in self.scheme.schema.relation_types if relation.symmetric}
        by_key = {(pair.head, pair.tail, pair.type): pair.confidence for pair in pairs}
        found = []
        for pair in pairs:
            back = by_key.get((pair.tail, pair.head, pair.type))
            if pair.type not in symmetric or back is None:
                found.append(pair)
            elif pair.head < pair.tail:
                found.append(replace(pair, confidence=(pair.confidence + back) / 2))
        return found

    def _least(self, kind: str) -> float:
        return max(self.min_confidence, self.card.thresholds.get(kind, 0.0 if kind == "mention" else 0.5))


def _grouped(jobs: Sequence[_Job]) -> Iterator[list[_Job]]:
    """Jobs in a row whose pairs of mentions are read together."""
    group: list[_Job] = []
    for job in jobs:
        if group and sum(len(one.table.heads) for one in (*group, job)) > PAIRS_AT_ONCE:
            yield group
            group = []
        group.append(job)
    if group:
        yield group


def trimmed(span: Span, tokens: Tokens) -> Span | None:
    """The span without tokens of white space at its ends, and without insets that would leave nothing."""
    first, last = span.first, span.last
    while first <= last and tokens.places[first][0] == tokens.places[first][1]:
        first += 1
    while last >= first and tokens.places[last][0] == tokens.places[last][1]:
        last -= 1
    if first > last:
        return None
    before = span.before if first == span.first else 0
    after = span.after if last == span.last else 0
    kept = Span(first, last, span.type, before, after)
    start, end = kept.segment(tokens)
    inside = start < tokens.places[first][1] and end > tokens.places[last][0] and start < end
    return kept if inside else Span(first, last, span.type)


def calibrated(confidence: float, line: tuple[float, float] | None) -> float:
    """A probability with its log odds taken along a line (slope, shift); unchanged without one."""
    if line is None:
        return confidence
    bounded = min(1 - 1e-9, max(1e-9, confidence))
    odds = line[0] * log(bounded / (1 - bounded)) + line[1]
    return _probability(odds)


def _probability(log_odds: float) -> float:
    return 1 / (1 + exp(-max(-30.0, min(30.0, log_odds))))


def make_reader(model: Any, card: TagCard) -> Any:
    """The reader that a card describes, on a model with or without adapters."""
    from medspan.models.reader import Reader

    return Reader(
        model,
        both_ways=card.attention == "both",
        prefix=card.prefix,
        suffix=card.suffix,
        size=card.window,
        overlap=card.overlap,
    )

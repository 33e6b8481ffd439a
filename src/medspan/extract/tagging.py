"""Extraction by tagging: a document is read once, and mentions and relations are marked where they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from medspan.core import Annotation, Example
from medspan.extract.confidence import FLOOR, kept, recalibrated
from medspan.extract.extractor import Extractor
from medspan.extract.relating import Read, Relater
from medspan.format.spans import FoundSpan, Span, Tokens, tokenize
from medspan.format.tag_card import CALIBRATED, TagCard


class TagExtractor(Extractor):
    """Extracts with a tagger that is already in memory.

    `min_confidence` is the least calibrated probability of what is kept, in place of the card's own
    thresholds, which are the best for F1.
    """

    def __init__(
        self,
        tagger: Any,
        card: TagCard,
        tokenizer: Any,
        made_by: str,
        min_confidence: float | None = None,
    ):
        self.tagger = tagger
        self.card = card
        self.tokenizer = tokenizer
        self.made_by = made_by
        self.least: Mapping[str, float] = (
            card.least if min_confidence is None else dict.fromkeys(CALIBRATED, min_confidence)
        )
        self.scheme = card.tag_scheme()
        self._relater = Relater(tagger, self.scheme)

    def extract(
        self, examples: Sequence[Example], progress: Callable[[int], None] | None = None
    ) -> Iterator[Example]:
        return map(self.decided, self.scored(examples, progress))

    def decided(self, example: Example) -> Example:
        assert example.predicted is not None
        return example.with_prediction(kept(example.predicted, self.least), None, False)

    def scored(
        self, examples: Sequence[Example], progress: Callable[[int], None] | None = None
    ) -> Iterator[Example]:
        """As `extract`, with the less probable items too, down to a raw probability of `FLOOR`."""
        done: dict[int, Example] = {}
        for batch in self._batches(examples):
            for read, annotation in zip(batch, self._annotations(batch), strict=True):
                predicted = replace(recalibrated(annotation, self.card.calibration), made_by=self.made_by)
                done[read.index] = examples[read.index].with_prediction(predicted, None, False)
            if progress:
                progress(len(done))
        for index in range(len(examples)):
            yield done.pop(index)

    def batches(self, examples: Sequence[Example]) -> list[list[int]]:
        return [[read.index for read in batch] for batch in self._batches(examples)]

    def check(self, examples: Sequence[Example]) -> None:
        """Nothing to refuse: texts of any length are read, in windows."""

    def _batches(self, examples: Sequence[Example]) -> Iterator[list[Read]]:
        from medspan.models.reader import TOKENS_AT_ONCE

        reads = [
            Read(index, example.document, tokenize(self.tokenizer, example.document.text))
            for index, example in enumerate(examples)
        ]
        # Longest first: if memory is short, that shows at once; neighbours have like lengths.
        reads.sort(key=lambda read: (-len(read.tokens), read.index))
        # Counted as the reader counts, or it would cut a last row off each batch, and read that alone.
        around = len(self.card.prefix) + len(self.card.suffix)
        batch: list[Read] = []
        for read in reads:
            # Rows are padded to the longest of a batch, which stands first.
            widest = len(batch[0].tokens) + around if batch else 0
            if batch and widest * (len(batch) + 1) > TOKENS_AT_ONCE:
                yield batch
                batch = []
            batch.append(read)
        if batch:
            yield batch

    def _annotations(self, batch: Sequence[Read]) -> list[Annotation]:
        import torch

        self.tagger.eval()
        with torch.inference_mode():
            states = self.tagger.states([read.tokens.ids for read in batch])
            spans = self._spans(batch, states)
            nodes = [self._relater.nodes(read, here) for read, here in zip(batch, spans, strict=True)]
            pairs = self._relater.pairs(batch, states, spans, nodes)
        return [
            self.scheme.annotation(read.document, read.tokens, here, grouped, related)
            for read, here, grouped, related in zip(batch, spans, nodes, pairs, strict=True)
        ]

    def _spans(self, batch: Sequence[Read], states: Sequence[Any]) -> list[list[FoundSpan]]:
        import torch

        from medspan.models.chains import apart, likely_spans

        heads = self.tagger.heads
        together = torch.cat(list(states))
        lengths = [len(state) for state in states]
        scores = [part.numpy() for part in heads.tokens(together).cpu().split(lengths)]
        steps = heads.transitions.cpu().numpy()
        insets = heads.insets(together).argmax(dim=-1).cpu().split(lengths) if self.card.insets else None
        found = []
        for row, (read, likely) in enumerate(zip(batch, likely_spans(scores, steps, FLOOR), strict=True)):
            asked = set(self.scheme.asked(read.document.task)[0])
            here: dict[Span, float] = {}
            for span in apart(likely):
                type_ = self.scheme.types[span.kind]
                if type_ not in asked:
                    continue
                before, after = (0, 0)
                if insets is not None:
                    before, after = int(insets[row][span.first, 0]), int(insets[row][span.last, 1])
                placed = trimmed(Span(span.first, span.last, type_, before, after), read.tokens)
                if placed is not None:
                    here.setdefault(placed, span.confidence)
            found.append([FoundSpan(span, sure) for span, sure in sorted(here.items())])
        return found


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
    kept_span = Span(first, last, span.type, before, after)
    start, end = kept_span.segment(tokens)
    inside = start < tokens.places[first][1] and end > tokens.places[last][0] and start < end
    return kept_span if inside else Span(first, last, span.type)


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

"""The engine for models in this process: batched decoding with a cache, ragged steps and forced tokens.

A grammar forces about half of the tokens of an answer. They are appended without asking the model,
so rows of a batch advance by different numbers of tokens, padded on the left and masked; a long run
of forced tokens is read in several steps where one would cost the other rows too much padding.
Rows that are done leave the batch once half of it is idle.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from medspan.core import Document, InputError
from medspan.extract.engines.row import FreeRow, Generated, GrammarRow, vocabulary_of
from medspan.extract.options import DecodingOptions
from medspan.format import Renderer
from medspan.models.masks import sliding_windows


class LocalEngine:
    """Greedy or sampled decoding of a transformers model, with or without the grammar."""

    def __init__(self, model: Any, renderer: Renderer, options: DecodingOptions):
        self.model = model
        self.renderer = renderer
        self.options = options
        self._vocabulary: Any = None

    def generate(self, documents: Sequence[Document]) -> Iterator[tuple[int, Generated]]:
        """Answers as (index of the document, answer), batch by batch, longest prompts first."""
        prompts = [self.renderer.prompt_ids(document) for document in documents]
        self._check_prompts(documents, prompts)
        for batch in self._batches(prompts):
            rows = [self._row(documents[index], prompts[index]) for index in batch]
            self._decode(rows)
            for index, row in zip(batch, rows, strict=True):
                text = row.text(self.renderer.tokenizer)
                yield index, Generated(text, tuple(row.tokens), row.truncated, row.forced)

    def batches(self, documents: Sequence[Document]) -> list[list[int]]:
        """Indices of the documents that are decoded together, in the order of decoding."""
        return self._batches([self.renderer.prompt_ids(document) for document in documents])

    def _batches(self, prompts: Sequence[Sequence[int]]) -> list[list[int]]:
        # Longest first: if memory is short, that shows at once; neighbours have like lengths.
        order = sorted(range(len(prompts)), key=lambda index: (-len(prompts[index]), index))
        size = self.options.batch_size
        return [order[first : first + size] for first in range(0, len(order), size)]

    def check_lengths(self, documents: Sequence[Document]) -> None:
        """InputError where a prompt and its answer are longer than the model can read."""
        self._check_prompts(documents, [self.renderer.prompt_ids(document) for document in documents])

    def _check_prompts(self, documents: Sequence[Document], prompts: Sequence[Sequence[int]]) -> None:
        limit = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)
        for document, prompt in zip(documents, prompts, strict=True):
            if limit and len(prompt) + self.options.max_new_tokens > limit:
                raise InputError(
                    f"document {document.id} takes {len(prompt)} tokens; with "
                    f"{self.options.max_new_tokens} for the answer that is more than the model's {limit}",
                    cause="the text is longer than the model can read at once",
                    remedy="split the document into sections, or lower decoding.max_new_tokens",
                )

    def _row(self, document: Document, prompt: list[int]) -> FreeRow:
        stop, limit = self.renderer.template.stop, self.options.max_new_tokens
        if not self.options.grammar:
            return FreeRow(prompt, stop, limit)
        if self._vocabulary is None:
            size = self.model.get_output_embeddings().weight.shape[0]
            self._vocabulary = vocabulary_of(self.renderer.tokenizer, size)
        return GrammarRow(prompt, stop, limit, self.renderer.codec.walk(document), self._vocabulary)

    def _decode(self, rows: list[FreeRow]) -> None:
        import torch

        with torch.inference_mode():
            cache = _Cache(self.model)
            # A grammar may force the answer's first tokens: they are read with the prompt.
            active = [row for row in rows if not row.finished]
            fed = [row.prompt + row.pending for row in active]
            for row in active:
                row.pending = []
            choose = _Chooser(self.options, self.model.device)
            while active:
                logits = cache.read(fed)
                ready = [n for n, row in enumerate(active) if not row.finished and not row.pending]
                if ready:
                    asking = [active[n] for n in ready]
                    chosen = choose(logits if len(ready) == len(active) else logits[ready], asking)
                    for row, token in zip(asking, chosen, strict=True):
                        row.take(token)
                idle = [row.finished for row in active]
                if sum(idle) * 2 >= len(active):
                    keep = [index for index, done in enumerate(idle) if not done]
                    active = [active[index] for index in keep]
                    cache.keep(keep)
                fed = self._next_tokens(active)

    def _next_tokens(self, active: Sequence[FreeRow]) -> list[list[int]]:
        """The tokens that each row reads in the next step; what does not fit stays pending.

        A finished row that still has its place reads nothing: its step is all padding.
        """
        waiting = [0 if row.finished else len(row.pending) for row in active]
        width = best_width(waiting, _STEP_COST[self.model.device.type == "cpu"])
        fed = [row.pending[:width] if count else [] for row, count in zip(active, waiting, strict=True)]
        for row, count in zip(active, waiting, strict=True):
            if count:
                row.pending = row.pending[width:]
        return fed


_STEP_COST = {True: 64, False: 4096}
"""What a step costs beyond its places, in places (a row's one token): on a processor, and on a GPU."""


def best_width(waiting: Sequence[int], step_cost: int) -> int:
    """How many tokens a row may read in the next step, so that most tokens are read for the cost.

    `waiting` holds how many tokens each row has to read. All rows are padded to the width, so one row
    with a long forced run would make the others pay; beyond the width its run takes several steps.
    """
    widths = range(1, max(waiting, default=0) + 1)
    rows = len(waiting)
    return max(
        widths,
        key=lambda width: (sum(min(count, width) for count in waiting) / (step_cost + rows * width), width),
        default=1,
    )


class _Cache:
    """Keys and values of a batch whose rows are padded on the left of every step."""

    def __init__(self, model: Any):
        from transformers import DynamicCache

        self._model = model
        self._windows = sliding_windows(model.config.get_text_config())
        # A cache of sliding layers would count padding as text and drop real tokens for it; with a
        # whole cache, the masks keep the window.
        self._cache = DynamicCache(config=model.config) if self._windows is None else DynamicCache()
        self._mask: Any = None
        self._positions: Any = None
        self._lengths: list[int] = []

    def read(self, fed: Sequence[Sequence[int]]) -> Any:
        """Feed each row its tokens; logits (rows, vocabulary) after the last of them, in float32."""
        import torch

        device = self._model.device
        width = max(len(tokens) for tokens in fed)
        lengths = self._lengths or [0] * len(fed)
        ids = torch.zeros((len(fed), width), dtype=torch.long)
        mask = torch.zeros((len(fed), width), dtype=torch.long)
        positions = torch.zeros((len(fed), width), dtype=torch.long)
        for row, tokens in enumerate(fed):
            if tokens:
                ids[row, -len(tokens) :] = torch.tensor(tokens)
                mask[row, -len(tokens) :] = 1
                positions[row, -len(tokens) :] = torch.arange(lengths[row], lengths[row] + len(tokens))
        self._lengths = [length + len(tokens) for length, tokens in zip(lengths, fed, strict=True)]
        mask, positions = mask.to(device), positions.to(device)
        self._mask = mask if self._mask is None else torch.cat([self._mask, mask], dim=1)
        if self._windows is not None:
            before = self._positions
            self._positions = positions if before is None else torch.cat([before, positions], dim=1)
        output = self._model(
            input_ids=ids.to(device),
            attention_mask=self._mask if self._windows is None else self._window_masks(positions),
            position_ids=positions,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        )
        return output.logits[:, -1].float()

    def _window_masks(self, positions: Any) -> Any:
        """Additive masks (rows, 1, width, keys) from true positions: one, or one for each kind of layer."""
        import torch

        assert self._windows is not None
        width, keys = positions.shape[1], self._mask.shape[1]
        distance = positions[:, :, None] - self._positions[:, None, :]
        seen = (self._mask[:, None, :] == 1) & (distance >= 0)
        # Padding sees itself, so that no row of a softmax is empty.
        self_seen = torch.eye(keys, dtype=torch.bool, device=positions.device)[keys - width :][None]
        masks = {}
        for kind, window in self._windows.items():
            legal = seen if window is None else seen & (distance < window)
            mask = torch.zeros(legal.shape, dtype=self._model.dtype, device=positions.device)
            mask.masked_fill_(~(legal | self_seen), torch.finfo(self._model.dtype).min)
            masks[kind] = mask[:, None]
        return masks.get("", masks)

    def keep(self, rows: Sequence[int]) -> None:
        """Drop all rows but these."""
        import torch

        if not rows:
            return
        chosen = torch.tensor(rows, device=self._model.device)
        self._cache.batch_select_indices(chosen)
        self._mask = self._mask[chosen]
        self._positions = None if self._positions is None else self._positions[chosen]
        self._lengths = [self._lengths[row] for row in rows]


class _Chooser:
    """Picks each row's next token among the legal ones."""

    def __init__(self, options: DecodingOptions, device: Any):
        import torch
        from transformers import (
            LogitsProcessorList,
            NoRepeatNGramLogitsProcessor,
            RepetitionPenaltyLogitsProcessor,
            TemperatureLogitsWarper,
            TopPLogitsWarper,
        )

        self._sample = options.do_sample
        self._generator = torch.Generator(device).manual_seed(options.seed)
        self._processors = LogitsProcessorList()
        if options.repetition_penalty != 1.0:
            self._processors.append(RepetitionPenaltyLogitsProcessor(options.repetition_penalty))
        if options.no_repeat_ngram_size:
            self._processors.append(NoRepeatNGramLogitsProcessor(options.no_repeat_ngram_size))
        self._warpers = LogitsProcessorList()
        if options.do_sample:
            self._warpers.append(TemperatureLogitsWarper(options.temperature))
            if options.top_p < 1.0:
                self._warpers.append(TopPLogitsWarper(options.top_p))

    def __call__(self, logits: Any, rows: Sequence[FreeRow]) -> list[int]:
        import torch

        illegal = self._illegal(logits, rows)
        scores = self._processed(logits, rows)
        if illegal is not None and self._processors:
            # Where a penalty forbids every legal token, the grammar wins over the penalty.
            stuck = torch.isinf(scores.masked_fill(illegal, float("-inf"))).all(dim=1, keepdim=True)
            scores = torch.where(stuck, logits, scores)
        if illegal is not None:
            scores = scores.masked_fill_(illegal, float("-inf"))
        if not self._sample:
            return [int(token) for token in scores.argmax(dim=-1)]
        nothing: Any = torch.zeros((len(rows), 1), dtype=torch.long)
        warped = self._warpers(nothing, scores)
        chances = torch.softmax(warped, dim=-1)
        return [int(token) for token in torch.multinomial(chances, 1, generator=self._generator)[:, 0]]

    def _processed(self, logits: Any, rows: Sequence[FreeRow]) -> Any:
        import torch

        if not self._processors:
            return logits
        histories: list[Any] = [torch.tensor([row.prompt + row.tokens], device=logits.device) for row in rows]
        # Row by row, since histories differ in length and padding would count as repetition.
        return torch.cat(
            [self._processors(history, logits[n : n + 1].clone()) for n, history in enumerate(histories)]
        )

    @staticmethod
    def _illegal(logits: Any, rows: Sequence[FreeRow]) -> Any:
        import numpy as np
        import torch

        masks = [None if row.finished else row.mask() for row in rows]
        if all(mask is None for mask in masks):
            return None
        width = logits.shape[1]
        illegal = np.zeros((len(rows), width), dtype=bool)
        for n, mask in enumerate(masks):
            if mask is not None:
                bits = np.unpackbits(~np.frombuffer(mask, dtype=np.uint8), bitorder="little")
                illegal[n] = bits[:width].view(bool)
        return torch.from_numpy(illegal).to(logits.device)

"""Teacher forcing: what a model thinks of each token of given answers, in one pass and without decoding."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, variance
from typing import TYPE_CHECKING, Any

from medspan.extract import FORCED, Choice, DecodingOptions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TIE = 0.25
"""Logits this close are a tie: in bfloat16 those of 16 to 32 are an eighth apart, and batches round."""
TOKENS_AT_ONCE = 4_096
LEAST_FILLED = 0.85
"""Share of a batch's longest row that its shortest one has at least: padding costs as much as tokens do."""
SURE = 3.0
"""Standard errors from which on a difference of losses is sure."""


@dataclass(frozen=True, slots=True)
class Forced:
    """Token ids of a prompt and an answer; losses count from `start` on.

    `legal`: where the answer was written under a grammar, what was legal at each of its tokens, as `Retraced`
    has it. What was forced is no choice, and does not count; any token that goes on with the text is right.
    """

    ids: tuple[int, ...]
    start: int
    legal: tuple[Choice | None, ...] = ()

    @property
    def answer(self) -> tuple[int, ...]:
        return self.ids[self.start :]

    @property
    def choices(self) -> list[int]:
        """The places of the answer at which the model had a choice."""
        every = range(len(self.ids) - self.start)
        return [place for place in every if not self.legal or self.legal[place] != FORCED]

    def right(self, place: int) -> tuple[int, ...]:
        """The tokens that go on with the answer at a place of it."""
        choice = self.legal[place] if self.legal else None
        return (self.answer[place],) if choice is None else choice.alike


@dataclass(frozen=True, slots=True)
class Losses:
    """Negative log probabilities (nats) of the tokens of one answer, of its prompt where asked for.

    `chosen`: whether each token of the answer is the most probable one. `entropy`: of each distribution.
    """

    answer: tuple[float, ...]
    chosen: tuple[bool, ...]
    entropy: tuple[float, ...]
    prompt: tuple[float, ...] = ()

    @property
    def mean(self) -> float:
        """Mean loss of an answer's token."""
        return sum(self.answer) / len(self.answer) if self.answer else math.nan

    @property
    def stop(self) -> float:
        """Probability of the last token, which in a whole target is the stop token."""
        return math.exp(-self.answer[-1]) if self.answer else math.nan


def mean_loss(losses: Sequence[Losses]) -> float:
    """Mean loss of a token over all answers; NaN without a token."""
    count = sum(len(one.answer) for one in losses)
    return sum(sum(one.answer) for one in losses) / count if count else math.nan


def mean_loss_before_stop(losses: Sequence[Losses]) -> float:
    """Mean loss of a token but for each answer's last one, the stop token; NaN without a token."""
    count = sum(len(one.answer) - 1 for one in losses if one.answer)
    return sum(sum(one.answer[:-1]) for one in losses) / count if count else math.nan


def mean_prompt_loss(losses: Sequence[Losses]) -> float:
    """Mean loss of a prompt's token over all prompts; NaN without a token."""
    count = sum(len(one.prompt) for one in losses)
    return sum(sum(one.prompt) for one in losses) / count if count else math.nan


def surely_costlier(losses: Sequence[Losses], others: Sequence[Losses]) -> bool:
    """Whether answers surely cost more a token than the same ones do elsewhere, by three standard errors."""
    rises = [one.mean - other.mean for one, other in zip(losses, others, strict=True)]
    return len(rises) > 1 and fmean(rises) > SURE * math.sqrt(variance(rises) / len(rises))


def forced_losses(model: Any, rows: Sequence[Forced], *, prompts: bool = False) -> list[Losses]:
    """The losses of each row, in order; `prompts`: those of the prompts' tokens too."""

    def read(row: Forced, logits: Any) -> Losses:
        import torch

        first = 1 if prompts else row.start
        wanted = torch.tensor(row.ids[first:], device=logits.device)
        scores = torch.log_softmax(logits, dim=-1)
        losses = -scores.gather(1, wanted[:, None])[:, 0]
        split = row.start - first
        answer = scores[split:]
        return Losses(
            tuple(losses[split:].tolist()),
            tuple((answer.argmax(dim=-1) == wanted[split:]).tolist()),
            tuple((-(answer.exp() * answer).sum(dim=-1)).tolist()),
            tuple(losses[:split].tolist()),
        )

    found: dict[int, Losses] = {}
    for index, logits in logits_of(model, rows, (lambda row: 1) if prompts else (lambda row: row.start)):
        found[index] = read(rows[index], logits)
    return [found[index] for index in range(len(rows))]


def explained(model: Any, rows: Sequence[Forced], ways: Sequence[DecodingOptions]) -> list[list[list[bool]]]:
    """For each way of decoding and each row, which tokens of the answer that way would have chosen.

    Greedy choice with the way's `repetition_penalty` and `no_repeat_ngram_size`, as transformers applies
    them (RepetitionPenaltyLogitsProcessor, NoRepeatNGramLogitsProcessor), of what is legal. Tokens that were
    forced are left out.
    """
    found: list[list[list[bool]]] = [[[] for _ in rows] for _ in ways]
    for index, logits in logits_of(model, rows, lambda row: row.start):
        row = rows[index]
        scores = logits.cpu().numpy()
        for place in row.choices:
            seen, right = row.ids[: row.start + place], row.right(place)
            legal = legal_at(row, place, scores.shape[1])
            for number, chosen in enumerate(_would_choose(scores[place], seen, right, ways, legal)):
                found[number][index].append(chosen)
    return found


def legal_at(row: Forced, place: int, width: int) -> NDArray[np.bool_] | None:
    """Which of `width` tokens are legal at a place of the answer; None where all are."""
    import numpy as np

    choice = row.legal[place] if row.legal else None
    if choice is None:
        return None
    bits = np.unpackbits(np.frombuffer(choice.mask, dtype=np.uint8), bitorder="little")[:width].view(bool)
    return np.pad(bits, (0, width - len(bits)))


def _would_choose(
    scores: NDArray[np.float32],
    seen: Sequence[int],
    right: Sequence[int],
    ways: Sequence[DecodingOptions],
    legal: NDArray[np.bool_] | None,
) -> list[bool]:
    """Whether greedy decoding takes one of `right` after `seen`, for each way; near ties count as taken."""
    import numpy as np

    if legal is not None:
        scores = np.where(legal, scores, -np.inf)

    told = np.asarray(sorted(set(seen)))
    held = scores[told]
    unseen = scores.copy()
    unseen[told] = -np.inf
    other = float(unseen.max())
    wanted = np.asarray(right)
    known = np.isin(told, wanted)
    fresh = float(unseen[wanted].max())
    sizes = {way.no_repeat_ngram_size for way in ways} - {0}
    banned = {size: np.isin(told, _banned(seen, size)) for size in sizes}
    chosen = []
    for way in ways:
        penalty = way.repetition_penalty
        after = np.where(held < 0, held * penalty, held / penalty)
        if way.no_repeat_ngram_size:
            after = np.where(banned[way.no_repeat_ngram_size], -np.inf, after)
        own, best = max(float(after[known].max(initial=-np.inf)), fresh), max(float(after.max()), other)
        if best == -np.inf:
            # What is banned is legal alone: then the grammar wins.
            own, best = float(scores[wanted].max()), float(scores.max())
        chosen.append(own >= best - TIE)
    return chosen


def _banned(seen: Sequence[int], size: int) -> list[int]:
    """The tokens that would repeat an n-gram of `size` tokens."""
    if len(seen) + 1 < size:
        return []
    last = tuple(seen[len(seen) - size + 1 :])
    return [
        seen[start + size - 1]
        for start in range(len(seen) - size + 1)
        if tuple(seen[start : start + size - 1]) == last
    ]


def logits_of(model: Any, rows: Sequence[Forced], first: Callable[[Forced], int]) -> Any:
    """(index of the row, logits (tokens from `first` on, vocabulary) in float32), the longest rows first."""
    import torch

    order = sorted(range(len(rows)), key=lambda index: (-len(rows[index].ids), index))
    at = 0
    with torch.inference_mode():
        while at < len(order):
            width = len(rows[order[at]].ids)
            most = max(1, TOKENS_AT_ONCE // max(1, width))
            batch = [one for one in order[at : at + most] if len(rows[one].ids) >= LEAST_FILLED * width]
            at += len(batch)
            ids = torch.zeros((len(batch), width), dtype=torch.long)
            for place, index in enumerate(batch):
                ids[place, : len(rows[index].ids)] = torch.tensor(rows[index].ids)
            # Padding stands on the right, where causal attention never sees it.
            hidden = _hidden(model, ids.to(model.device))
            head = model.get_output_embeddings()
            for place, index in enumerate(batch):
                row = rows[index]
                start = first(row)
                # The logits after a token predict the next one.
                yield index, _through(model, head, hidden[place, start - 1 : len(row.ids) - 1])


def _hidden(model: Any, ids: Any) -> Any:
    return _bare(model).get_decoder()(input_ids=ids, use_cache=False).last_hidden_state


def _through(model: Any, head: Any, hidden: Any) -> Any:
    logits = head(hidden).float()
    cap = getattr(_bare(model).config.get_text_config(), "final_logit_softcapping", None)
    return logits if not cap else cap * (logits / cap).tanh()


def _bare(model: Any) -> Any:
    return model.get_base_model() if hasattr(model, "get_base_model") else model

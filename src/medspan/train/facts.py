"""What a method can tell of its own training: where the loss falls, and what the model expects."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Supervision:
    """What the loss of one training example falls on, read from the tensors that go into the loss.

    `wanted` labels are to be learnt, `learnt` of them have a loss; `elsewhere` counts tokens outside of the
    answer with a loss. `ids` are all its token ids and `answer_start` is the place of the answer's first
    one; None for a method that writes no answer. `stops`: the answer ends with the stop token, and that
    token has a loss; None where no token ends an answer.
    """

    ids: tuple[int, ...]
    wanted: int
    learnt: int
    elsewhere: int = 0
    answer_start: int | None = None
    stops: bool | None = None


@dataclass(frozen=True, slots=True)
class Forced:
    """What a model expects when reference answers are fed to it token by token (teacher forcing).

    `loss` is the mean over documents of the mean loss of an answer's token, in nats; `exchanged_loss` the
    same with each answer after the prompt of another document with the same question, None where no two
    answers differ. `stop_probability` is the median over documents of the stop token's probability where
    the reference ends, `known` the share of answer tokens whose probability is 1/2 or more.
    """

    documents: int
    loss: float
    exchanged_loss: float | None
    stop_probability: float
    known: float

    @property
    def rise(self) -> float | None:
        """By which share of itself the loss rises when texts are exchanged; None where that is unknown."""
        if self.exchanged_loss is None or self.loss <= 0:
            return None
        return (self.exchanged_loss - self.loss) / self.loss

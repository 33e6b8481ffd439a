"""What the method `generate` tells of its training: where the loss falls, and what the model expects."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

from medspan.core import Document, Example
from medspan.format import Renderer
from medspan.train.data import reference_of
from medspan.train.facts import Forced, Supervision

if TYPE_CHECKING:
    from medspan.train.methods.generate import Answer

CERTAIN = 0.5


def supervision(
    renderer: Renderer, examples: Sequence[Example], answers: Sequence[Answer], marks: Iterable[Any]
) -> list[Supervision]:
    """Where the loss of encoded answers falls; prompts are rendered anew to see it.

    `marks` hold, for each answer, whether a token has a loss, (width,), as it stands in its batch.
    """
    documents: dict[tuple[str, str | None], list[Document]] = defaultdict(list)
    wanted = {(answer.id, answer.task) for answer in answers}
    for example in examples:
        if (example.id, example.task) in wanted:
            documents[example.id, example.task].append(example.document)
    found = []
    for answer, mark in zip(answers, marks, strict=True):
        size = len(answer.ids)
        start = _answer_start(renderer, answer, documents[answer.id, answer.task])
        within, everywhere = int(mark[start:size].sum()), int(mark.sum())
        found.append(
            Supervision(
                ids=answer.ids,
                wanted=size - start,
                learnt=within,
                elsewhere=everywhere - within,
                answer_start=start,
                stops=answer.ids[-1] == renderer.template.stop and bool(mark[size - 1]),
            )
        )
    return found


def _answer_start(renderer: Renderer, answer: Answer, documents: Sequence[Document]) -> int:
    """Where the prompt ends: known from the document, whatever the encoding says."""
    for document in documents:
        prompt = renderer.prompt_ids(document)
        if list(answer.ids[: len(prompt)]) == prompt:
            return len(prompt)
    return answer.target_start


def forced(renderer: Renderer, model: Any, examples: Sequence[Example]) -> Forced | None:
    """What the model expects of reference answers; None where none of them fits into the model."""
    targets = [renderer.target_ids(one.document, reference_of(one)) for one in examples]
    model.eval()
    own: list[list[float]] = []
    exchanged: list[float] = []
    before: list[float] = []
    for place, example in enumerate(examples):
        chances = _log_chances(renderer, model, example, targets[place])
        if chances is None:
            continue
        own.append(chances)
        other = _other(examples, targets, place)
        wrong = None if other is None else _log_chances(renderer, model, other, targets[place])
        if wrong is not None:
            before.append(-fmean(chances))
            exchanged.append(-fmean(wrong))
    model.train()
    if not own:
        return None
    loss = fmean(before) if before else fmean(-fmean(chances) for chances in own)
    tokens = [chance for chances in own for chance in chances]
    return Forced(
        documents=len(own),
        loss=loss,
        exchanged_loss=fmean(exchanged) if exchanged else None,
        stop_probability=math.exp(median(chances[-1] for chances in own)),
        known=sum(chance >= math.log(CERTAIN) for chance in tokens) / len(tokens),
    )


def _other(examples: Sequence[Example], targets: Sequence[Sequence[int]], place: int) -> Example | None:
    """The next example with the same question and another answer; None where there is none."""
    for step in range(1, len(examples)):
        at = (place + step) % len(examples)
        if examples[at].task == examples[place].task and targets[at] != targets[place]:
            return examples[at]
    return None


def _log_chances(
    renderer: Renderer, model: Any, example: Example, target: Sequence[int]
) -> list[float] | None:
    """The log probability of each token of `target` after the example's prompt; None if it is too long."""
    import torch

    ids = [*renderer.prompt_ids(example.document), *target]
    limit = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    if limit and len(ids) > limit:
        return None
    with torch.no_grad():
        # One document at a time, and no more logits than are asked for: a vocabulary is wide.
        logits = model(
            input_ids=torch.tensor([ids], device=model.device),
            use_cache=False,
            logits_to_keep=len(target) + 1,
        ).logits[0, :-1]
        chances = torch.log_softmax(logits.float(), dim=-1)
        wanted = torch.tensor(target, device=chances.device)
        return [float(chance) for chance in chances.gather(1, wanted[:, None])[:, 0]]

"""The causes of bad runs: their ids, which are stable, what each means, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Stage = Literal["evaluation", "training", "data", "environment", "residue"]
"""Where a cause acts: how answers were made and read, how the model was trained, on what, in which
environment; `residue` names what kind of errors is left where nothing else explains them."""


@dataclass(frozen=True, slots=True)
class CauseInfo:
    """What a cause is, in a sentence; `hides`: it makes scores look other than they are."""

    meaning: str
    stage: Stage
    remedy: str
    hides: bool = False


CAUSES: dict[str, CauseInfo] = {
    "decoding-blocks-copying": CauseInfo(
        "the decoding options forbid repeating what stands in the prompt, which is what extraction does",
        "evaluation",
        "decode without them: repetition_penalty=1.0 no_repeat_ngram_size=0, then score again",
    ),
    "decoding-samples": CauseInfo(
        "answers are drawn by lot instead of taking the most probable token",
        "evaluation",
        "decode greedily: do_sample=false, then score again",
    ),
    "output-truncated": CauseInfo(
        "answers are cut off at the length limit before they are complete",
        "evaluation",
        "raise max_new_tokens above the longest reference answer, then score again",
    ),
    "template-mismatch": CauseInfo(
        "the model is asked in another template than it was trained with",
        "evaluation",
        "put the training template around the prompts, then score again",
    ),
    "prompt-truncated": CauseInfo(
        "long prompts are cut off at a limit when the model is asked",
        "evaluation",
        "raise the limit of prompts above the longest one (max_length, truncation=False), or ask about "
        "shorter pieces, then score again",
    ),
    "wording-sensitive": CauseInfo(
        "the instruction is worded otherwise than in training, and the score hangs on the wording",
        "evaluation",
        "ask with the wording of the training rows, or train on several wordings",
    ),
    "parser-mismatch": CauseInfo(
        "the answers are right but are read with the parser of another format",
        "evaluation",
        "read the answers with the format that they are in (--format)",
        hides=True,
    ),
    "stop-token-untrained": CauseInfo(
        "the model never learnt to end its answer, so it runs on",
        "training",
        "end every training target with the stop token, give that token a loss, and train again",
    ),
    "loss-on-prompt": CauseInfo(
        "the loss falls on the prompt as well, so little of it is about the answer",
        "training",
        "mask the prompt in the labels (completion_only_loss, train_on_inputs: false), and train again",
    ),
    "targets-masked": CauseInfo(
        "all labels, or all but the first of an answer, are ignored by the loss, so little was learnt",
        "training",
        "give the answer's tokens their labels (look at one encoded row), and train again",
    ),
    "adapter-not-applied": CauseInfo(
        "the answers come from the base model without the adapter",
        "evaluation",
        "load the adapter before generating, and extract again",
    ),
    "wrong-base-model": CauseInfo(
        "the adapter sits on another base model than it was trained on",
        "evaluation",
        "load the base model of the training, in its revision",
    ),
    "tokenizer-mismatch": CauseInfo(
        "the tokenizer is not the one of training",
        "evaluation",
        "use the tokenizer that was saved with the adapter",
    ),
    "double-bos": CauseInfo(
        "prompts begin with two BOS tokens",
        "evaluation",
        "tokenise templated text with add_special_tokens=False",
    ),
    "precision-mismatch": CauseInfo(
        "the model answers in a lower precision than it was trained in",
        "evaluation",
        "load the base model in the precision of training",
    ),
    "diverged": CauseInfo(
        "the training diverged: its loss is not finite, or stands above where it began",
        "training",
        "lower learning_rate, warm up, clip gradients, and train again",
    ),
    "undertrained": CauseInfo(
        "the training ended while the model was still learning",
        "training",
        "train for more steps or with a higher learning rate",
    ),
    "overtrained": CauseInfo(
        "the training went on past its best: an earlier checkpoint is better, or its end saw few rows alone",
        "training",
        "use the earlier checkpoint, or train for fewer epochs",
    ),
    "input-ignored": CauseInfo(
        "the model learnt what answers look like, and not to take them from the text",
        "training",
        "check that each target belongs to its text (medspan audit), and train again",
    ),
    "memorised": CauseInfo(
        "strings seen in training are found, and unseen ones are not",
        "training",
        "train on more different strings; hold strings out of training to see it: medspan split DATA "
        "--out NEW --unseen 0.3",
        hides=True,
    ),
    "split-imbalance": CauseInfo(
        "the training part holds too little of a task or type that is scored",
        "data",
        "split again with even shares: medspan split",
    ),
    "leak-inflated-score": CauseInfo(
        "scored documents stand in the training part, so the score is too high",
        "data",
        "split by document, and train again: medspan split",
        hides=True,
    ),
    "labels-not-inferable": CauseInfo(
        "the reference's relations do not follow from the text, so no model can reach them",
        "data",
        "have the relations annotated from the texts; judge the score by its ceiling",
        hides=True,
    ),
    "closed-vocabulary": CauseInfo(
        "every scored string stands in training, so the score says nothing about unseen ones",
        "data",
        "score on strings that training does not hold",
        hides=True,
    ),
    "data-changed": CauseInfo(
        "the data is not what the run was made with",
        "data",
        "restore the files, or train and score again on what is there now",
        hides=True,
    ),
    "environment-changed": CauseInfo(
        "packages, hardware or code are others than those that made the run, and the result moves with them",
        "environment",
        "install the recorded versions, and extract again",
        hides=True,
    ),
    "type-confusion": CauseInfo(
        "the right strings are found under wrong types",
        "residue",
        "look at which types are exchanged, and whether the references agree about them",
    ),
    "boundary-errors": CauseInfo(
        "mentions are found with wrong boundaries",
        "residue",
        "look at whether the references are consistent about boundaries",
    ),
}
"""In the order of the catalogue."""

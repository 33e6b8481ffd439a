"""The remedy of a cause as commands that can be copied, with the run's folder filled in."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields

from medspan.diagnose.base import Suspicion
from medspan.diagnose.diagnosis import Diagnosis
from medspan.diagnose.report.words import remedy_of

PLACEHOLDER = re.compile(r"(?<![\w./$-])[A-Z][A-Z_]{2,}(?![\w.-])")
"""A word in capitals, which is the user's to fill in."""

OWN = "medspan"
"""The trainer whose runs `medspan evaluate` and `medspan train` take as they are."""

ANSWER_AGAIN = "medspan evaluate {run} --split {part} --again"
TRAIN_AGAIN = "medspan train {run}/config.yaml output_dir={run}-mended"
MEDSPAN: dict[str, tuple[str, ...]] = {
    "decoding-blocks-copying": (f"{ANSWER_AGAIN} repetition_penalty=1.0 no_repeat_ngram_size=0",),
    "decoding-samples": (f"{ANSWER_AGAIN} do_sample=false",),
    "output-truncated": (f"{ANSWER_AGAIN} max_new_tokens=LENGTH",),
    "template-mismatch": (ANSWER_AGAIN,),
    "prompt-truncated": (ANSWER_AGAIN,),
    "wording-sensitive": (ANSWER_AGAIN,),
    "parser-mismatch": (ANSWER_AGAIN,),
    "stop-token-untrained": (TRAIN_AGAIN,),
    "loss-on-prompt": (TRAIN_AGAIN,),
    "targets-masked": (TRAIN_AGAIN,),
    "adapter-not-applied": (ANSWER_AGAIN,),
    "wrong-base-model": (f"{ANSWER_AGAIN} --base-model BASE",),
    "tokenizer-mismatch": (ANSWER_AGAIN,),
    "double-bos": (ANSWER_AGAIN,),
    "precision-mismatch": (ANSWER_AGAIN,),
    "diverged": (f"{TRAIN_AGAIN} learning_rate=LOWER warmup_ratio=0.1 max_grad_norm=1.0",),
    "undertrained": (f"{TRAIN_AGAIN} num_train_epochs=MORE",),
    "overtrained": ("medspan extract {run}/checkpoints/STEP TEXTS --out answers.jsonl",),
    "input-ignored": ("medspan audit DATA", TRAIN_AGAIN),
    "memorised": ("medspan split DATA --out NEW --unseen 0.3",),
    "split-imbalance": ("medspan split DATA --out NEW", f"{TRAIN_AGAIN} data.train=NEW/train.jsonl"),
    "leak-inflated-score": ("medspan split DATA --out NEW",),
    "labels-not-inferable": ("medspan audit DATA",),
    "closed-vocabulary": ("medspan split DATA --out NEW --unseen 0.3",),
    "data-changed": (ANSWER_AGAIN,),
    "environment-changed": ("medspan reproduce {run} --split {part}",),
    "type-confusion": ("medspan audit DATA", "medspan evaluate {run} --split {part}"),
    "boundary-errors": ("medspan audit DATA", "medspan evaluate {run} --split {part}"),
}
"""What to type for a run of medspan, by cause."""

MASK_PROMPT = (
    "SFTConfig(completion_only_loss=True)  # TRL, with prompt and completion apart",
    "train_on_responses_only(trainer, ...)  # Unsloth",
    "train_on_inputs: false  # Axolotl",
    "train_on_prompt: false  # LLaMA-Factory",
)
OTHERS: dict[str, tuple[str, ...]] = {
    "decoding-blocks-copying": (
        "model.generate(**inputs, do_sample=False, repetition_penalty=1.0, no_repeat_ngram_size=0)",
    ),
    "decoding-samples": ("model.generate(**inputs, do_sample=False)",),
    "output-truncated": ("model.generate(**inputs, max_new_tokens=LENGTH)",),
    "template-mismatch": (
        "tokenizer.apply_chat_template(messages, add_generation_prompt=True)",
        "tokenizer.padding_side = 'left'  # where prompts go in batches",
    ),
    "prompt-truncated": ("tokenizer(prompts, truncation=False)",),
    "double-bos": ("tokenizer(templated, add_special_tokens=False)",),
    "parser-mismatch": ("medspan evaluate --reference REFERENCE --predicted ANSWERS --format FORMAT",),
    "adapter-not-applied": ("model = PeftModel.from_pretrained(base, {run!r})",),
    "wrong-base-model": ("model = PeftModel.from_pretrained(BASE, {run!r})",),
    "tokenizer-mismatch": ("tokenizer = AutoTokenizer.from_pretrained({run!r})",),
    "loss-on-prompt": MASK_PROMPT,
    "memorised": MEDSPAN["memorised"],
    "closed-vocabulary": MEDSPAN["closed-vocabulary"],
    "split-imbalance": ("medspan split DATA --out NEW",),
    "leak-inflated-score": MEDSPAN["leak-inflated-score"],
    "labels-not-inferable": MEDSPAN["labels-not-inferable"],
    "input-ignored": ("medspan audit DATA",),
    "type-confusion": ("medspan audit DATA",),
    "boundary-errors": ("medspan audit DATA",),
}
"""What to type for a run of another trainer, by cause; nothing where its own files have to be changed."""
LOOK_AGAIN = "medspan diagnose {run} --data DATA --predicted ANSWERS"

_QUOTED = r"""'[^']*'(?:"'"'[^']*')*[^\s;,()]*"""
"""A word that begins as shlex.quote quotes it, with what stands behind the quotes."""
_ARGUMENT = (
    r"--(?:again|free|fix|train|resume|retrain|allow-empty)\b"  # options without a value
    rf"|--[a-z][a-z-]* {_QUOTED}"
    r"|--[a-z][a-z-]* [^\s;,()'-][^\s;,()]*"
    rf"|(?:[a-z][a-z_.]*=)?{_QUOTED}"
    r"|[^\s;,()-][^\s;,()]*[/=][^\s;,()]*"
    r"|[^\s;,()-][^\s;,()]*\.(?:jsonl?|ya?ml|tsv|csv|txt)\b"
    r"|[A-Z][A-Z_]{2,}\b"
    r"|[\w.-]+(?= --)"
)
_COMMAND = re.compile(rf"medspan [a-z]+(?: (?:{_ARGUMENT}))+")
_SETTING = re.compile(r"\b([a-z_]+)=([\w+-]+(?:\.\d+)?)")
_FORMAT = re.compile(r"--format ([a-z-]+)")


def commands(one: Suspicion, found: Diagnosis) -> tuple[str, ...]:
    """The lines to copy that mend a cause; empty where no command does.

    Whole commands and decoding options that the remedy's sentence states come first; where it states none,
    they are those of the table. Words in capitals are left to the user. What was answered without the
    grammar is answered so again: that is how the score that mending brings was found.
    """
    return tuple(
        f"{line} --free" if found.free and _answers_again(line) else line for line in _lines(one, found)
    )


def _answers_again(line: str) -> bool:
    return line.startswith("medspan evaluate ") and "--again" in line and "--free" not in line


def _lines(one: Suspicion, found: Diagnosis) -> tuple[str, ...]:
    own = found.trainer == OWN
    words = {"run": shlex.quote(found.run), "part": shlex.quote(found.scored)}
    told = remedy_of(one)
    stated = tuple(_in_place(command, words["run"]) for command in _COMMAND.findall(told))
    if stated:
        return stated
    settings = _settings(told)
    if settings and own:
        return (f"{ANSWER_AGAIN.format(**words)} {' '.join(f'{key}={value}' for key, value in settings)}",)
    if settings:
        line = ", ".join(f"{key}={value.capitalize()}" for key, value in settings)
        return (f"model.generate(**inputs, {line})", LOOK_AGAIN.format(**words))
    if own:
        return tuple(line.format(**words) for line in MEDSPAN.get(one.cause, ()))
    lines = tuple(line.format(**{**words, "run": found.run}) for line in OTHERS.get(one.cause, ()))
    format = _FORMAT.search(told)
    if format is not None:
        lines = tuple(line.replace("FORMAT", format.group(1)) for line in lines)
    again = any("model" in line or "tokenizer" in line for line in lines)
    return (*lines, LOOK_AGAIN.format(**words)) if again else lines


def to_fill_in(lines: tuple[str, ...]) -> list[str]:
    """The words in capitals of these lines."""
    return list(dict.fromkeys(word for line in lines for word in PLACEHOLDER.findall(line)))


def _in_place(command: str, run: str) -> str:
    return re.sub(r"(?<= )RUN\b", lambda _: run, command.rstrip(".:"))


def _settings(told: str) -> list[tuple[str, str]]:
    from medspan.extract.options import DecodingOptions

    known = {field.name for field in fields(DecodingOptions)}
    return list({key: value for key, value in _SETTING.findall(told) if key in known}.items())

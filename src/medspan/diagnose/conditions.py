"""Under which conditions a model is asked: everything that decides an answer besides the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from medspan.core import Annotation, Document, Example
from medspan.diagnose.cuts import CUTS
from medspan.extract import DecodingOptions
from medspan.format import Codec, Projection, Renderer, Template, Walk, make_template
from medspan.read.written import written


@dataclass(frozen=True, slots=True)
class Rounding:
    """Weights rounded to `bits` bits, with a scale for each block of a row; `block` None: one for the row.

    `levels`: what they are rounded to, `even` ones or one of `rounding.LEVELS`. `under`: the base model's
    weights are rounded and the adapter is put on as it is, as in QLoRA; else what both are together.
    """

    bits: int
    block: int | None = 64
    levels: str = "even"
    under: bool = False

    def __str__(self) -> str:
        kind = "" if self.levels == "even" else f" ({self.levels})"
        scales = "a row" if self.block is None else f"{self.block} weights"
        under = ", under the adapter" if self.under else ""
        return f"{self.bits} bits{kind}, a scale for {scales}{under}"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is left of a prompt, as token ids, where its length is limited: its first or its last `tokens`."""

    tokens: int
    last: bool = False

    def __str__(self) -> str:
        return f"the {'last' if self.last else 'first'} {self.tokens} tokens"

    def of(self, prompt: Sequence[int]) -> list[int]:
        return list(prompt[-self.tokens :] if self.last else prompt[: self.tokens])


@dataclass(frozen=True, slots=True)
class CutPrompts(Renderer):
    """A renderer of whose prompts a part is left."""

    kept: Kept

    def prompt_ids(self, document: Document) -> list[int]:
        return self.kept.of(Renderer.prompt_ids(self, document))


@dataclass(frozen=True, slots=True)
class Conditions:
    """How answers are made. `adapter` None: the base model alone. `tokenizer` None: that of the base.
    `cut`: one of `cuts.CUTS`, what happened to the tokenizer; None: nothing. `rounding`: to how many bits
    weights are rounded; None: as loaded. `part`: what of the adapter is applied, one of `weights.PARTS`;
    None: all of it. `kept`: what is left of prompts; None: all of them.
    """

    template: Template
    codec: Codec
    options: DecodingOptions
    base: str
    adapter: Path | None
    tokenizer: str | None = None
    cut: str | None = None
    dtype: str = "auto"
    rounding: Rounding | None = None
    part: str | None = None
    kept: Kept | None = None

    @property
    def writes_cut(self) -> bool:
        """Whether what happened to the tokenizer changes the tokens of answers, too."""
        return self.cut is not None and CUTS[self.cut].writes

    def but(self, **changes: Any) -> Conditions:
        """These conditions with some of them changed."""
        return replace(self, **changes)

    def decoding(self, **changes: Any) -> Conditions:
        """These conditions with other decoding options."""
        return replace(self, options=replace(self.options, **changes))


class AsWritten(Codec):
    """A codec whose prompts and targets are those of the rows, letter by letter.

    Documents without a row are asked as the codec behind it asks.
    """

    name = "as-written"

    def __init__(self, behind: Codec, rows: Mapping[tuple[str, str | None], tuple[str, str]]):
        super().__init__(behind.schema, endpoints=behind.endpoints)
        self.behind = behind
        self._rows = rows

    def prompt(self, document: Document) -> str:
        row = self._rows.get((document.text, document.task))
        return self.behind.prompt(document) if row is None else row[0]

    def target(self, document: Document, annotation: Annotation) -> Sequence[str]:
        row = self._rows.get((document.text, document.task))
        if row is None or not _says(self.behind, document, row[1], annotation):
            return self.behind.target(document, annotation)
        return [row[1]]

    def project(self, document: Document, annotation: Annotation) -> Projection:
        return self.behind.project(document, annotation)

    def parse(self, document: Document, output: str) -> Annotation:
        return self.behind.parse(document, output)

    def walk(self, document: Document) -> Walk:
        return self.behind.walk(document)


def _says(codec: Codec, document: Document, target: str, annotation: Annotation) -> bool:
    read = codec.parse(document, target)
    return (read.mentions, read.relations) == (annotation.mentions, annotation.relations)


def as_written(codec: Codec, parts: Mapping[str, Sequence[Example]]) -> AsWritten | None:
    """The codec that asks as the rows of the data do; None where they hold no prompts."""
    rows = {}
    for examples in parts.values():
        for example in examples:
            found = written(example)
            if found is not None:
                rows[example.document.text, example.task] = (found.prompt, found.target)
    return AsWritten(codec, rows) if rows else None


class Reworded(Codec):
    """Another codec's prompts in other words: `change` maps a prompt and its document to another prompt."""

    name = "reworded"

    def __init__(self, behind: Codec, change: Any):
        super().__init__(behind.schema, endpoints=behind.endpoints)
        self.behind = behind
        self._change = change

    def __eq__(self, other: object) -> bool:
        # What was read and decoded under a rewording is kept by its conditions.
        return isinstance(other, Reworded) and (self.behind, self._change) == (other.behind, other._change)

    def __hash__(self) -> int:
        return hash((self.behind, self._change))

    def prompt(self, document: Document) -> str:
        return str(self._change(self.behind.prompt(document), document))

    def target(self, document: Document, annotation: Annotation) -> Sequence[str]:
        return self.behind.target(document, annotation)

    def project(self, document: Document, annotation: Annotation) -> Projection:
        return self.behind.project(document, annotation)

    def parse(self, document: Document, output: str) -> Annotation:
        return self.behind.parse(document, output)

    def walk(self, document: Document) -> Walk:
        return self.behind.walk(document)


FRAMES: dict[str, tuple[str, str]] = {
    "plain text and a line break": ("", "\n"),
    "plain text and a blank line": ("", "\n\n"),
    "plain text and a space": ("", " "),
    "alpaca": (
        "Below is an instruction that describes a task. Write a response that appropriately completes the "
        "request.\n\n### Instruction:\n",
        "\n\n### Response:\n",
    ),
    "alpaca without its preamble": ("### Instruction:\n", "\n\n### Response:\n"),
    "vicuna": ("USER: ", " ASSISTANT: "),
    "chat roles in words": ("User: ", "\nAssistant: "),
    "llama-2": ("[INST] ", " [/INST]"),
    "chatml": ("<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n"),
    "zephyr": ("<|user|>\n", "</s>\n<|assistant|>\n"),
    "gemma": ("<start_of_turn>user\n", "<end_of_turn>\n<start_of_turn>model\n"),
    "llama-3": (
        "<|start_header_id|>user<|end_header_id|>\n\n",
        "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
    ),
    "question and answer": ("Question: ", "\nAnswer: "),
}
"""Frames in use besides a tokenizer's own chat template. Sources: the templates of LLaMA-Factory
(data/template.py), FastChat (conversation.py), Stanford Alpaca."""


def candidate_templates(tokenizer: Any, stop: int | None = None) -> dict[str, Template]:
    """The frames that a prompt may have been put into, by name; equal ones once, under the first name.

    `stop` ends an answer where a frame does not say by what.
    """
    found: dict[str, Template] = {}
    plain = make_template(tokenizer, "plain")
    found["plain text"] = plain
    if getattr(tokenizer, "chat_template", None):
        chat = make_template(tokenizer, "chat")
        found["the chat template"] = chat
        for name, more in (
            ("the chat template with its default system message", {}),
            ("the chat template without its generation prompt", {"generation": False}),
        ):
            made = _chat(tokenizer, chat.stop, **more)
            if made is not None:
                found[name] = made
    ending = stop if stop is not None else next(reversed(found.values())).stop
    for name, (before, after) in FRAMES.items():
        prefix = (*plain.prefix, *_ids(tokenizer, before))
        found[name] = Template("plain", prefix, tuple(_ids(tokenizer, after)), ending)
    unlike: dict[tuple[Any, ...], str] = {}
    for name, template in found.items():
        unlike.setdefault((template.prefix, template.suffix), name)
    return {name: found[name] for name in unlike.values()}


def _chat(tokenizer: Any, stop: int, *, generation: bool = True) -> Template | None:
    """The chat template as `apply_chat_template` gives it for a single user message."""
    sentinel = "MEDSPANCONTENT"
    try:
        text = tokenizer.apply_chat_template(
            [{"role": "user", "content": sentinel}], tokenize=False, add_generation_prompt=generation
        )
    except Exception:  # jinja2's TemplateError, and whatever else a template raises
        return None
    before, found, after = text.partition(sentinel)
    if not found:
        return None
    return Template("chat", tuple(_ids(tokenizer, before)), tuple(_ids(tokenizer, after)), stop)


def with_second_bos(template: Template, tokenizer: Any) -> Template | None:
    """The template with one BOS more than it has; None where the tokenizer has no BOS."""
    bos = tokenizer.bos_token_id
    return None if bos is None else replace(template, prefix=(int(bos), *template.prefix))


def _ids(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False).input_ids) if text else []


def neutral(options: DecodingOptions) -> DecodingOptions:
    """The options with everything at its neutral value that changes what is chosen."""
    plain = DecodingOptions()
    return replace(
        options,
        do_sample=False,
        temperature=plain.temperature,
        top_p=plain.top_p,
        repetition_penalty=plain.repetition_penalty,
        no_repeat_ngram_size=plain.no_repeat_ngram_size,
    )

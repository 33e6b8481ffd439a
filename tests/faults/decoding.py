"""How the test part of a run is decoded: by medspan, or by a script of the user's own.

A script of the user's own loads base, adapter and tokenizer, builds prompts, generates, reads the
answers, and writes `predictions/test.jsonl` with the generated text; nothing says how it was made.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from medspan.core import Annotation, Document, Example

Change = Callable[[Any], Any]
ReadAnswer = Callable[[Document, str], Annotation]

OWN_SCRIPT_TOKENS = 160
"""Tokens that a free answer may have: three times the longest reference, so that run-on shows."""


@dataclass(frozen=True, slots=True)
class Decoding:
    """Options of medspan's decoding, and what a script of the user's own does differently.

    With any change at all a script of the user's own decodes. Changes of models and tokenizers are
    made in the order given, to `base` before the adapter is put in, to `model` afterwards.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    grammar: bool = False
    adapter: bool = True
    weights: tuple[Change, ...] = ()
    base: tuple[Change, ...] = ()
    model: tuple[Change, ...] = ()
    tokenizer: tuple[Change, ...] = ()
    template: tuple[Callable[[Any, Any], Any], ...] = ()
    prompt: Callable[[str, Document], str] | None = None
    read: Callable[[Any], ReadAnswer] | None = None
    recorded: bool = False
    """Whether medspan itself decodes all the same, so that it states how."""

    @property
    def own_script(self) -> bool:
        changes = (self.weights, self.base, self.model, self.tokenizer, self.template)
        return any(changes) or not self.adapter or self.prompt is not None or self.read is not None

    def with_options(self, **options: Any) -> Decoding:
        return replace(self, options={**self.options, **options})


def decode(run: Path, test: Sequence[Example], how: Decoding) -> None:
    """Write the run's predictions for its test part, as `how` says."""
    if not how.own_script:
        free = [] if how.grammar else ["--free"]
        settings = [] if _tags(run) else _settings(how)
        command("evaluate", str(run), *free, "--quiet", "--allow-empty", *settings)
        return
    from medspan.read import write

    found = by_own_script(run, test, how)
    write(run / "predictions" / "test.jsonl", found, "medspan")
    if how.recorded:
        _state(run, how)


def by_own_script(run: Path, test: Sequence[Example], how: Decoding) -> list[Example]:
    """The test part with the answers of a script that differs from the training as `how` says."""
    from medspan.extract import DecodingOptions
    from medspan.extract.generation import GenerateExtractor
    from medspan.format import Renderer, load_card
    from medspan.models import load_base

    card: Any = load_card(run / "adapter")
    base = load_base(card.base_model)
    template = card.template
    for change in how.template:
        template = change(template, base.tokenizer)
    tokenizer = _changed(base.tokenizer, how.tokenizer)
    model = _changed(base.model, how.base)
    if how.adapter:
        model = with_weights(model, run / "adapter", how.weights)
    model = _changed(model, how.model).eval()
    codec = card.codec()
    asked = codec if how.prompt is None else _Reworded(codec, how.prompt)
    options = DecodingOptions().changed({"grammar": how.grammar, **_limits(how)})
    extractor = GenerateExtractor(model, Renderer(tokenizer, asked, template), options, "own script")
    found = list(extractor.extract(test))
    if how.read is None:
        return found
    read = how.read(codec)
    return [
        example.with_prediction(read(example.document, example.raw or ""), example.raw, example.truncated)
        for example in found
    ]


def with_weights(model: Any, adapter: Path, changes: Sequence[Change]) -> Any:
    """The model with the adapter merged into it, after changes to the adapter's weights by name."""
    from peft import PeftModel

    attached = PeftModel.from_pretrained(model, str(adapter), autocast_adapter_dtype=False)
    if changes:
        import torch

        with torch.no_grad():
            named = {name: value for name, value in attached.named_parameters() if "lora_" in name}
            for name, value in _changed(dict(named), changes).items():
                named[name].copy_(value)
    return attached.merge_and_unload().to(model.dtype)


def command(*arguments: str) -> int:
    """The exit code of a call of medspan's command line in this process; RuntimeError where it is 2."""
    from medspan.cli.app import main

    told = io.StringIO()
    try:
        with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
            main(list(arguments))
    except SystemExit as end:
        if end.code not in (0, 1, None):
            raise RuntimeError(f"medspan {' '.join(arguments)}: {told.getvalue()[-1500:]}") from None
        return int(end.code or 0)
    return 0


def _tags(run: Path) -> bool:
    """Whether the run's model tags: it generates nothing, and has no options of decoding."""
    from medspan.format import TagCard, load_card

    return isinstance(load_card(run / "adapter"), TagCard)


def _limits(how: Decoding) -> dict[str, Any]:
    return {"max_new_tokens": OWN_SCRIPT_TOKENS, "batch_size": 64, **how.options}


def _settings(how: Decoding) -> list[str]:
    return [f"{name}={str(value).lower()}" for name, value in _limits(how).items()]


def _changed(value: Any, changes: Sequence[Change]) -> Any:
    for change in changes:
        value = change(value)
    return value


def _state(run: Path, how: Decoding) -> None:
    """What medspan states of predictions that it makes, beside those of a changed surrounding."""
    import json

    from medspan.cli.stored import adapter_hash
    from medspan.extract import DecodingOptions

    options = DecodingOptions().changed({"grammar": how.grammar, **_limits(how)})
    made = {"decoding": options.to_json(), "adapter_sha256": adapter_hash(run / "adapter")}
    (run / "predictions" / "test.made.json").write_text(json.dumps(made, indent=1) + "\n", "utf-8")


class _Reworded:
    """A codec whose prompts are worded otherwise, and all else is as it was."""

    def __init__(self, codec: Any, prompt: Callable[[str, Document], str]):
        self._codec = codec
        self._prompt = prompt

    def __getattr__(self, name: str) -> Any:
        return getattr(self._codec, name)

    def prompt(self, document: Document) -> str:
        return self._prompt(self._codec.prompt(document), document)

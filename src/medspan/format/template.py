"""The frame around a prompt: the base model's chat template, or plain text. One BOS, and a stop token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from medspan.core import Annotation, Document, ModelError
from medspan.format.codec import Codec

_SENTINEL = "MEDSPANCONTENT"
_ANSWER = "MEDSPANANSWER"


@dataclass(frozen=True, slots=True)
class Template:
    """Token ids before and after the prompt's text, and the stop token that ends an answer.

    `prefix` holds the one BOS where the model has one. `kind` is `chat` for models with a chat
    template and `plain` for the rest.
    """

    kind: Literal["chat", "plain"]
    prefix: tuple[int, ...]
    suffix: tuple[int, ...]
    stop: int

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "prefix": list(self.prefix),
            "suffix": list(self.suffix),
            "stop": self.stop,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Template:
        return cls(data["kind"], tuple(data["prefix"]), tuple(data["suffix"]), data["stop"])


def make_template(tokenizer: Any, kind: Literal["auto", "chat", "plain"] = "auto") -> Template:
    """The template of a tokenizer; `auto` takes the chat template where there is one.

    ModelError where a chat template is asked for and missing, or where nothing can end an answer.
    """
    has_chat = bool(getattr(tokenizer, "chat_template", None))
    if kind == "chat" and not has_chat:
        raise ModelError(
            "template: chat, but the tokenizer has no chat template",
            cause="this is a base model, not an instruct model",
            remedy="use template: auto or plain",
        )
    bos = _own_bos(tokenizer)
    if kind == "plain" or not has_chat:
        if tokenizer.eos_token_id is None:
            raise ModelError(
                "the tokenizer has no end-of-text token",
                cause="tokenizer_config.json is incomplete",
                remedy="set eos_token in the model's tokenizer_config.json",
            )
        return Template("plain", () if bos is None else (bos,), (), int(tokenizer.eos_token_id))
    before, after, closing = _chat_pieces(tokenizer)
    prefix = _ids(tokenizer, before)
    if bos is not None and prefix[:1] != [bos]:
        prefix = [bos, *prefix]
    # Some templates write the BOS and some tokenizers add it again: exactly one must remain.
    while tokenizer.bos_token_id is not None and prefix[:2] == [tokenizer.bos_token_id] * 2:
        prefix = prefix[1:]
    special = _special_ids(tokenizer)
    stop = next((token for token in _ids(tokenizer, closing) if token in special), tokenizer.eos_token_id)
    if stop is None:
        raise ModelError(
            "the chat template ends an answer with no special token, and the tokenizer has none for it",
            cause="the tokenizer's files are incomplete",
            remedy="set eos_token in the model's tokenizer_config.json",
        )
    return Template("chat", tuple(prefix), tuple(_ids(tokenizer, after)), int(stop))


def _own_bos(tokenizer: Any) -> int | None:
    """The BOS that the tokenizer puts before plain text by itself, if it does."""
    bos = tokenizer.bos_token_id
    return bos if bos is not None and tokenizer("a").input_ids[:1] == [bos] else None


def _chat_pieces(tokenizer: Any) -> tuple[str, str, str]:
    """What the chat template writes before the content, between content and answer, and after the answer."""
    user = {"role": "user", "content": _SENTINEL}
    answer = {"role": "assistant", "content": _ANSWER}
    # An empty system message keeps a template's default one (twenty tokens and more) out of
    # every example; templates that know no system role refuse it.
    for messages in ([{"role": "system", "content": ""}, user], [user]):
        try:
            asked = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
            whole = tokenizer.apply_chat_template([*messages, answer], tokenize=False)
        except Exception:  # jinja2's TemplateError, and whatever else a template raises
            continue
        before, found, after = asked.partition(_SENTINEL)
        closing = whole.partition(_ANSWER)[2]
        if found:
            return before, after, closing
    raise ModelError(
        "the chat template cannot be used",
        cause="it refuses a conversation of one user message, or does not show the message",
        remedy="use template: plain",
    )


def _special_ids(tokenizer: Any) -> set[int]:
    """All special tokens; end-of-turn tokens are often only in the vocabulary's list, under no name."""
    added = tokenizer.added_tokens_decoder.items()
    return {*tokenizer.all_special_ids, *(token for token, entry in added if entry.special)}


def _ids(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False).input_ids)


@dataclass(frozen=True, slots=True)
class Renderer:
    """Turns documents and annotations into token ids: the same for training and extraction."""

    tokenizer: Any
    codec: Codec
    template: Template

    def prompt_ids(self, document: Document) -> list[int]:
        """Token ids of the prompt. Special tokens in the document's text are read as plain text."""
        return [*self.template.prefix, *self._plain_ids(self.codec.prompt(document)), *self.template.suffix]

    def chunk_ids(self, chunks: Sequence[str]) -> list[int]:
        """Token ids of chunks, each by itself: the units in which the grammar generates."""
        # Llama 2's and Mistral's tokenizers put a space before every string. In the middle of an
        # answer the grammar allows none, so chunks are encoded as what follows a line break.
        guard = self._plain_ids("\n") if self._prepends_space() else []
        ids: list[int] = []
        for chunk in chunks:
            guarded = self._plain_ids("\n" + chunk) if guard else []
            follows = guard and guarded[: len(guard)] == guard
            ids += guarded[len(guard) :] if follows else self._plain_ids(chunk)
        return ids

    def _plain_ids(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False, split_special_tokens=True).input_ids)

    def _prepends_space(self) -> bool:
        after_break = self._plain_ids("\na")
        guard = self._plain_ids("\n")
        return after_break[: len(guard)] == guard and after_break[len(guard) :] != self._plain_ids("a")

    def target_ids(self, document: Document, annotation: Annotation) -> list[int]:
        """Token ids of the answer with the stop token that ends it."""
        return [*self.chunk_ids(self.codec.target(document, annotation)), self.template.stop]

"""One document on its way through decoding: which tokens are legal next, and what came out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from medspan.format import Walk

_LEXER_FUEL, _LEXER_STATES = 50_000_000, 2_000_000
"""Far above the defaults (1,000,000, 200,000 a step; 250,000 states): a pair of any two spans of a whole
abstract, without those already listed, takes more, and a document must not fail for its length."""


def vocabulary_of(tokenizer: Any, size: int | None = None) -> Any:
    """The tokens as the grammar needs them; `size`: the rows of the model's output layer, if more."""
    import llguidance.hf

    return llguidance.hf.from_tokenizer(tokenizer, n_vocab=size)


@dataclass(frozen=True, slots=True)
class Generated:
    """An answer: its text, its tokens without the stop token, and whether the token budget ended it."""

    text: str
    tokens: tuple[int, ...]
    truncated: bool
    forced: int = 0


@dataclass
class FreeRow:
    """Decoding without a grammar: every token is legal, the stop token ends the answer."""

    prompt: list[int]
    stop: int
    max_new_tokens: int
    tokens: list[int] = field(default_factory=list)
    pending: list[int] = field(default_factory=list)
    finished: bool = False
    truncated: bool = False
    forced: int = 0

    def mask(self) -> bytes | None:
        """A bit per token of the vocabulary, least significant first; None where all are legal."""
        return None

    def take(self, token: int) -> None:
        """Take note of a chosen token; `pending` then holds what the model has to read next."""
        if token == self.stop:
            self.finished = True
            return
        self.tokens.append(token)
        self.pending = [token]
        if len(self.tokens) >= self.max_new_tokens:
            self.finished = self.truncated = True

    def text(self, tokenizer: Any) -> str:
        return str(
            tokenizer.decode(self.tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        )


class GrammarRow(FreeRow):
    """Decoding under a walk: only legal tokens can be chosen, and what is forced is not asked for.

    The budget is soft by construction: past it no further item is begun, and what a well-formed
    answer still needs is written. So an answer is never cut within an item.
    """

    def __init__(self, prompt: list[int], stop: int, max_new_tokens: int, walk: Walk, vocabulary: Any):
        super().__init__(prompt, stop, max_new_tokens)
        self._walk = walk
        self._vocabulary = vocabulary
        self._chunks: list[str] = []
        self._chunk: list[int] = []
        self._matcher: Any = None
        self._open_chunk()
        self._force()

    def mask(self) -> bytes | None:
        bits = bytearray(self._matcher.compute_bitmask())
        if self._walk.may_end and not self._chunk:
            bits[self.stop // 8] |= 1 << (self.stop % 8)
        return bytes(bits)

    def take(self, token: int) -> None:
        self.pending = []
        if token == self.stop and self._walk.may_end and not self._chunk:
            self.finished = True
            return
        self._accept(token)
        self._force()

    def text(self, tokenizer: Any) -> str:
        return "".join(self._chunks)

    @property
    def written(self) -> str:
        """The text so far; a character of which some bytes are missing ends it as U+FFFD."""
        return "".join(self._chunks) + str(self._vocabulary.decode_str(self._chunk))

    def _open_chunk(self) -> None:
        import llguidance

        spent = len(self.tokens) >= self.max_new_tokens
        grammar = self._walk.grammar(closing=spent)
        if spent and not self.truncated:
            self.truncated = grammar != self._walk.grammar(closing=False)
        self._chunk = []
        if grammar is None:
            self.finished = True
            return
        self._matcher = llguidance.LLMatcher(
            self._vocabulary,
            llguidance.LLMatcher.grammar_from_lark(grammar),
            log_level=0,
            limits=llguidance.LLParserLimits(
                initial_lexer_fuel=_LEXER_FUEL, step_lexer_fuel=_LEXER_FUEL, max_lexer_states=_LEXER_STATES
            ),
        )
        if self._matcher.is_error():
            raise RuntimeError(f"the grammar was refused: {self._matcher.get_error()}\n{grammar}")

    def _accept(self, token: int) -> None:
        if not self._matcher.consume_token(token):
            raise RuntimeError(f"token {token} is not legal after {self._chunk}: {self._matcher.get_error()}")
        self.tokens.append(token)
        self.pending.append(token)
        self._chunk.append(token)
        if self._matcher.is_stopped():
            # The grammar, not the tokenizer, says what the bytes mean: decoding a chunk by itself
            # is exact, while some tokenizers drop a leading space of the first token.
            chunk = self._vocabulary.decode_str(self._chunk)
            self._chunks.append(chunk)
            self._walk.advance(chunk)
            self._open_chunk()

    def _force(self) -> None:
        """Append the tokens to which there is no alternative."""
        while not self.finished and not (self._walk.may_end and not self._chunk):
            tokens = self._matcher.compute_ff_tokens()
            if not tokens:
                return
            before = self._matcher
            for token in tokens:
                self._accept(token)
                self.forced += 1
                if self._matcher is not before:
                    break

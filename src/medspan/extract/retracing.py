"""A given answer as decoding under the grammar writes it: its tokens, and what was legal at each place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from medspan.core import Document
from medspan.extract.engines.row import GrammarRow, vocabulary_of
from medspan.format import Renderer

LONGEST = 24
"""Bytes of the longest token with which a text is thought to go on."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was legal at a place of an answer: a bit for every token, least significant first.

    `alike`: the legal tokens that go on with the same text, the usual one first. Its text does not tell which
    of them an answer was written with: the grammar leaves the model to cut words as it likes, and a penalty
    makes it do so.
    """

    mask: bytes
    alike: tuple[int, ...]


FORCED = Choice(b"", ())
"""The grammar left one token only, and the model was not asked."""


@dataclass(frozen=True, slots=True)
class Retraced:
    """The tokens of an answer, words cut as usual. `choices`: for each, what was legal, or `FORCED`; None
    where the answer has left the grammar. `kept`: whether it never does.
    """

    ids: tuple[int, ...]
    choices: tuple[Choice | None, ...]
    kept: bool


class Retracer:
    """Retraces answers of one codec and tokenizer. `max_new_tokens`: those that the answers could have, past
    which the grammar closes them; what it closes them with was no choice, and is left out.
    """

    def __init__(self, renderer: Renderer, max_new_tokens: int):
        self.renderer = renderer
        self.max_new_tokens = max_new_tokens
        self._vocabulary = vocabulary_of(renderer.tokenizer)
        size = self._vocabulary.vocab_size
        self._known = {bytes(self._vocabulary.decode_bytes([token])): token for token in range(size)}

    def of(self, document: Document, text: str, ids: Sequence[int], *, most: int, ended: bool) -> Retraced:
        """The answer `text`, which is usually cut into `ids`, up to `most` tokens.

        `ended`: it was not cut off, so that a stop token follows where the grammar asks for one.
        """
        walk = self.renderer.codec.walk(document)
        row = GrammarRow([], self.renderer.template.stop, self.max_new_tokens, walk, self._vocabulary)
        legal: list[Choice | None] = []
        usual = _Usual(self.renderer, text, ids)
        while True:
            if not ended and len(row.written) > len(text) and row.written.startswith(text):
                # Cut off within what was forced.
                return Retraced(tuple(row.tokens[: len(legal)]), tuple(legal), True)
            legal += [FORCED] * (len(row.tokens) - len(legal))
            if not text.startswith(row.written.rstrip("\ufffd")):
                return self._left(row, legal, usual, most)
            if row.finished or len(legal) >= most:
                break
            mask = row.mask()
            assert mask is not None
            if len(row.written) >= len(text):
                if ended and _allows(mask, row.stop):
                    choice = Choice(mask, (row.stop,))
                    return Retraced((*row.tokens, row.stop), (*legal, choice), True)
                return Retraced(tuple(row.tokens), tuple(legal), not ended)
            alike = self._alike(text[len(row.written.rstrip("\ufffd")) :], mask)
            token = usual.next(row, mask, alike)
            if token is None:
                return self._left(row, legal, usual, most)
            row.take(token)
            # Longer than what was looked for, or within a letter, the usual token may be missing.
            legal.append(Choice(mask, tuple(dict.fromkeys((token, *alike)))))
        whole = len(legal) >= most or row.truncated or len(row.written) == len(text)
        return Retraced(tuple(row.tokens[:most]), tuple(legal[:most]), whole)

    def _alike(self, rest: str, mask: bytes) -> tuple[int, ...]:
        """The legal tokens with which `rest` begins, longer ones first."""
        told = rest[:LONGEST].encode()
        sizes = range(min(LONGEST, len(told)), 0, -1)
        tokens = [self._known[told[:size]] for size in sizes if told[:size] in self._known]
        return tuple(token for token in tokens if _allows(mask, token))

    @staticmethod
    def _left(row: GrammarRow, legal: list[Choice | None], usual: _Usual, most: int) -> Retraced:
        """What follows the last place at which the answer keeps to the grammar is read as free text."""
        kept = 0
        while kept < min(len(row.tokens), len(usual.ids)) and row.tokens[kept] == usual.ids[kept]:
            kept += 1
        ids = usual.ids[:most]
        masks = [*legal[:kept], *[None] * len(ids)][: len(ids)]
        return Retraced(tuple(ids), tuple(masks), False)


def usual_ids(renderer: Renderer, document: Document, text: str) -> list[int]:
    """Token ids of a given answer, cut as training targets are: chunk by chunk, as far as the text is what
    the codec writes of what it reads there, and the rest as a whole.
    """
    codec = renderer.codec
    chunks, done = [], 0
    for chunk in codec.target(document, codec.parse(document, text)):
        if not text.startswith(chunk, done):
            break
        chunks.append(chunk)
        done += len(chunk)
    return renderer.chunk_ids([*chunks, *([text[done:]] if done < len(text) else [])])


class _Usual:
    """The tokens of a text as it is usually cut, and those after a place where it is cut otherwise."""

    def __init__(self, renderer: Renderer, text: str, ids: Sequence[int]):
        self._renderer = renderer
        self._text = text
        self.ids = list(ids)
        self._rest: tuple[list[int], list[int]] = [], self.ids

    def next(self, row: GrammarRow, mask: bytes, alike: Sequence[int]) -> int | None:
        """The legal token with which the text goes on: the usual one, else the longest; None without any."""
        before, after = self._rest
        done = len(row.tokens) - len(before)
        if row.tokens[: len(before)] != before or row.tokens[len(before) :] != after[:done]:
            before, done = list(row.tokens), 0
            self._rest = before, self._renderer.chunk_ids([self._text[len(row.written) :]])
            after = self._rest[1]
        if done < len(after) and _allows(mask, after[done]):
            return after[done]
        return alike[0] if alike else None


def _allows(mask: bytes, token: int) -> bool:
    return bool(mask[token // 8] >> (token % 8) & 1)

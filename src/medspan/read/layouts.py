"""Under which keys of a row a lead, a body and an answer stand: chat messages and instruction keys."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from medspan.core import InputError, Place
from medspan.read.fields import as_object, of_kind, optional, required

Frame = dict[str, Any]
"""The keys of a layout with null where content is to be filled in."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a row says, and its keys that say it. `lead` is None where there is none."""

    lead: str | None
    body: str
    answer: str
    keys: tuple[str, ...]


class Layout(ABC):
    """Takes a row apart, and puts one together again from a frame."""

    looks_like: ClassVar[str]
    suffix: ClassVar[str] = ".jsonl"
    frames: ClassVar[tuple[Frame, ...]]
    """The usual frames, without and with a place for a lead where both exist."""

    @abstractmethod
    def holds(self, data: dict[str, Any]) -> bool:
        """Whether a row has the keys of this layout."""

    @abstractmethod
    def take(self, data: dict[str, Any], place: Place) -> Parts:
        """The parts of a row. InputError where it has none or too many of them."""

    @abstractmethod
    def emptied(self, data: dict[str, Any], parts: Parts, lead_used: bool) -> Frame:
        """The frame of a row; a lead that is no part of the question stays in it."""

    @abstractmethod
    def fill(self, frame: Frame, lead: str | None, body: str, answer: str) -> Frame | None:
        """The row of a frame; None where the frame has no place for the lead, or one too many."""


class KeyLayout(Layout):
    """Strings under keys of their own; `lead_key` is empty where the layout has no lead."""

    lead_key: ClassVar[str] = ""
    body_key: ClassVar[str]
    answer_key: ClassVar[str]

    def _keys(self) -> tuple[str, ...]:
        return tuple(key for key in (self.lead_key, self.body_key, self.answer_key) if key)

    def holds(self, data: dict[str, Any]) -> bool:
        needed = (self.lead_key or self.body_key, self.answer_key)
        given = data.get(self.body_key)
        return all(isinstance(data.get(key), str) for key in needed) and isinstance(given, str | None)

    def take(self, data: dict[str, Any], place: Place) -> Parts:
        answer = required(data, self.answer_key, str, place)
        if not self.lead_key:
            return Parts(None, required(data, self.body_key, str, place), answer, self._keys())
        body = optional(data, self.body_key, str, place) or ""
        return Parts(required(data, self.lead_key, str, place), body, answer, self._keys())

    def emptied(self, data: dict[str, Any], parts: Parts, lead_used: bool) -> Frame:
        kept = {} if lead_used or not self.lead_key else {self.lead_key: parts.lead}
        return {**{key: None for key in data if key in parts.keys}, **kept}

    def fill(self, frame: Frame, lead: str | None, body: str, answer: str) -> Frame | None:
        if (bool(self.lead_key) and frame.get(self.lead_key) is None) != (lead is not None):
            return None
        filled = {**frame, self.answer_key: answer}
        if lead is not None:
            filled[self.lead_key] = lead
        if body or self.body_key in frame:
            filled[self.body_key] = body
        return filled


class PromptLayout(KeyLayout):
    """`prompt` and `completion`."""

    looks_like = "JSON lines with the keys 'prompt' and 'completion'"
    body_key = "prompt"
    answer_key = "completion"
    frames = ({"prompt": None, "completion": None},)


class InstructionLayout(KeyLayout):
    """`instruction`, `input` (which may be missing) and `output`."""

    looks_like = "a JSON list or JSON lines with the keys 'instruction', 'input' and 'output'"
    suffix = ".json"
    lead_key = "instruction"
    body_key = "input"
    answer_key = "output"
    frames = ({"instruction": None, "input": None, "output": None},)


_ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "model": "assistant",
}


class MessagesLayout(Layout):
    """A system message or none, one of the user and one of the assistant, under any of three keys.

    `messages` (role, content), `conversations` (from, value), or `prompt` and `completion` as lists.
    """

    looks_like = (
        "JSON lines with the key 'messages' (role and content), 'conversations' (from and value), or "
        "'prompt' and 'completion' as lists of messages"
    )
    frames = (
        {"messages": [{"role": role, "content": None} for role in ("user", "assistant")]},
        {"messages": [{"role": role, "content": None} for role in ("system", "user", "assistant")]},
    )

    def _keys(self, data: dict[str, Any]) -> tuple[str, ...]:
        for keys in (("messages",), ("conversations",), ("prompt", "completion")):
            if all(isinstance(data.get(key), list) for key in keys):
                return keys
        return ()

    def holds(self, data: dict[str, Any]) -> bool:
        return bool(self._keys(data))

    def take(self, data: dict[str, Any], place: Place) -> Parts:
        keys = self._keys(data)
        if not keys:
            required(data, "messages", list, place)
        turns = self._turns(data, keys, place)
        by_role: dict[str, list[str]] = {"system": [], "user": [], "assistant": []}
        for role, turn in turns:
            by_role[role].append(_content(turn, place))
        order = [role for role, _ in turns]
        for role, count in ((role, order.count(role)) for role in by_role):
            if count > 1 or (count == 0 and role != "system"):
                raise _miscounted(role, count, place)
        if order != sorted(order, key=list(by_role).index):
            raise InputError(
                "the messages stand in the order " + ", ".join(order),
                cause="the conversation does not go from a question to its answer",
                remedy="put the system message first, the user's next and the assistant's last",
                place=place,
            )
        lead = by_role["system"][0] if by_role["system"] else None
        return Parts(lead, by_role["user"][0], by_role["assistant"][0], keys)

    def _turns(
        self, data: dict[str, Any], keys: tuple[str, ...], place: Place
    ) -> list[tuple[str, dict[str, Any]]]:
        turns = []
        for value in (value for key in keys for value in data[key]):
            turn = as_object(value, place, "a message")
            role = turn.get("role") if turn.get("role") is not None else required(turn, "from", str, place)
            if not isinstance(role, str) or role not in _ROLES:
                raise InputError(
                    f"a message is from {str(role)[:60]!r}",
                    cause="the conversation uses tools, or a role that is not known",
                    remedy="keep messages of system, user (human) and assistant (gpt) only",
                    place=place,
                )
            turns.append((_ROLES[role], turn))
        return turns

    def emptied(self, data: dict[str, Any], parts: Parts, lead_used: bool) -> Frame:
        return {
            key: [
                turn if _role(turn) == "system" and not lead_used else _with(turn, None) for turn in data[key]
            ]
            for key in parts.keys
        }

    def fill(self, frame: Frame, lead: str | None, body: str, answer: str) -> Frame | None:
        contents = {"system": lead, "user": body, "assistant": answer}
        filled, lead_placed = dict(frame), False
        for key in self._keys(frame):
            turns = []
            for turn in frame[key]:
                role = _role(turn)
                empty = role != "system" or _is_empty(turn)
                lead_placed = lead_placed or (role == "system" and empty)
                turns.append(_with(turn, contents[role]) if empty else turn)
            filled[key] = turns
        return filled if lead_placed == (lead is not None) else None


def _role(turn: dict[str, Any]) -> str:
    return _ROLES[turn["role"] if turn.get("role") is not None else turn["from"]]


def _content_key(turn: dict[str, Any]) -> str:
    return "content" if turn.get("content") is not None or "value" not in turn else "value"


def _content(turn: dict[str, Any], place: Place) -> str:
    """The text of a message, that of its parts joined. InputError for parts that are no text."""
    content = turn.get(_content_key(turn))
    if isinstance(content, str):
        return content
    texts = []
    for value in of_kind(content, list, place, "the content of a message"):
        part = as_object(value, place, "a part of a message")
        if part.get("type") != "text" or not isinstance(part.get("text"), str):
            raise InputError(
                f"a message has a part of the type {str(part.get('type'))[:60]!r}, which is no text",
                cause="the conversation shows images, sounds or files",
                remedy="keep parts of the type 'text' only",
                place=place,
            )
        texts.append(part["text"])
    return "".join(texts)


def _with(turn: dict[str, Any], text: str | None) -> dict[str, Any]:
    """The message with another text; in one part where it has parts."""
    key = _content_key(turn)
    content = turn.get(key)
    if isinstance(content, list) and content:
        return {**turn, key: [{**content[0], "text": text}]}
    return {**turn, key: text}


def _is_empty(turn: dict[str, Any]) -> bool:
    content = turn.get(_content_key(turn))
    return content is None or (isinstance(content, list) and bool(content) and content[0].get("text") is None)


def _miscounted(role: str, count: int, place: Place) -> InputError:
    what = {"system": "system messages", "user": "questions of the user", "assistant": "answers"}[role]
    return InputError(
        f"the conversation has {count or 'no'} {what}",
        cause="a row holds one question and its answer"
        if count
        else "the conversation was cut off, or is none of a question and its answer",
        remedy="put each question with its answer in a row of its own" if count else "complete or remove it",
        place=place,
    )


LAYOUTS: dict[str, Layout] = {
    "messages": MessagesLayout(),
    "instruction": InstructionLayout(),
    "prompt": PromptLayout(),
}

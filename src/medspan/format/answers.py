"""Change an answer as it was written: some of its items, and everything else letter by letter."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from medspan.core import Annotation, Concept, Document, Endpoint, Mention, Relation, UnalignedMention
from medspan.format.codec import Codec
from medspan.format.compact import CUE, CompactCodec
from medspan.format.sections import NONE, SectionsCodec

Key = tuple[str, int]
"""Which list of an annotation an item stands in, and its number there."""
Said = tuple[str, ...]
"""(type, string) of a mention, (head, type, tail) of a relation, as written."""

MENTION, UNALIGNED, RELATION = "mention", "unaligned", "relation"

_BREAK = re.compile(r"(\r\n|\r|\n)")
_NUMBER = re.compile(r"(\s*)(\d+)(?=[.)])")


def _string_of(item: Endpoint) -> str:
    """The string that was written, wherever it was found in the text."""
    if isinstance(item, Mention) and item.source_text is not None:
        return item.source_text
    return item.id if isinstance(item, Concept) else item.text


def amended(
    codec: Codec,
    document: Document,
    answer: str,
    changes: Mapping[Key, Said | None],
    renames: Mapping[str, str],
) -> str | None:
    """The answer with some of its items reworded, or left out (None).

    Keys count the items of `codec.parse(document, answer)`. `renames` are types by their old names,
    which formats that name the types without items need. Lists that were numbered from 1 are so again,
    and one that has lost everything says so where the format has words for it. None where an item is
    not found in the answer: compare what the result says with what it should say all the same.
    """
    items = _Items(codec.parse(document, answer))
    if isinstance(codec, CompactCodec):
        return _amended_labels(answer, items, changes, renames)
    return _amended_lines(codec, document, answer, items, changes)


def renamed_question(prompt: str, renames: Mapping[str, str]) -> str:
    """A prompt of the format `compact` that asks for types under their new names, each once."""
    text, cue, asked = prompt.rpartition(CUE)
    labels = [label.strip() for label in asked.split(";")]
    if not cue or not any(label in renames for label in labels):
        return prompt
    end = asked[len(asked.rstrip()) :]
    return f"{text}{cue}{'; '.join(dict.fromkeys(renames.get(label, label) for label in labels))}{end}"


@dataclass
class _Items:
    """The items of an annotation, taken one after another in the order in which the answer lists them."""

    annotation: Annotation
    _taken: Counter[str] = field(default_factory=Counter)

    def mention(self, type_: str, string: str) -> Key | None:
        """The next mention where it is this one."""
        for kind, listed in ((MENTION, self.annotation.mentions), (UNALIGNED, self.annotation.unaligned)):
            at = self._taken[kind]
            if at < len(listed) and (listed[at].type, _string_of(listed[at])) == (type_, string):
                return self._take(kind)
        return None

    def relation(self) -> Key:
        """The next relation."""
        return self._take(RELATION)

    def _take(self, kind: str) -> Key:
        self._taken[kind] += 1
        return kind, self._taken[kind] - 1


@dataclass
class _Line:
    """A line with its break; `key` where it says an item, `heading` the one that it stands under."""

    text: str
    end: str
    heading: str = ""
    key: Key | None = None
    said: Said = ()


def _amended_lines(
    codec: Codec, document: Document, answer: str, items: _Items, changes: Mapping[Key, Said | None]
) -> str | None:
    lines = _lines(codec, document, answer, items)
    if lines is None:
        return None
    kept: list[_Line] = []
    for line in lines:
        new = changes.get(line.key, line.said) if line.key else line.said
        if new is not None and new != line.said:
            text = _reworded(line.text, line.said, new)
            if text is None:
                return None
            line = _Line(text, line.end, line.heading, line.key, new)
        if new is not None:
            kept.append(line)
    kept = _renumbered(lines, kept)
    if isinstance(codec, SectionsCodec):
        kept = _with_nothing(lines, kept)
    written = "".join(line.text + line.end for line in kept)
    ends = bool(lines) and not lines[-1].end
    return written.removesuffix(kept[-1].end) if ends and kept and kept[-1].end else written


def _lines(codec: Codec, document: Document, answer: str, items: _Items) -> list[_Line] | None:
    """The lines, each with what the codec reads in it; None where that is not what `items` lists."""
    pieces = _BREAK.split(answer)
    lines: list[_Line] = []
    heading = ""
    for text, end in zip(pieces[0::2], [*pieces[1::2], ""], strict=True):
        line = _Line(text, end, heading)
        # In a text that is the line itself every string is found at once.
        read = codec.parse(Document(document.id, text, task=document.task), f"{heading}\n{text}")
        found: list[Mention | UnalignedMention | Relation]
        found = [*read.mentions, *read.unaligned, *read.relations]
        if len(found) > 1:
            return None
        for item in found:
            if isinstance(item, Relation):
                line.said = (_string_of(item.head), item.type, _string_of(item.tail))
                line.key = items.relation()
            else:
                line.said = (item.type, _string_of(item))
                line.key = items.mention(*line.said)
            if line.key is None:
                return None
        if text.strip() and not found and not read.unparsed:
            heading = text
        lines.append(line)
    # Splitting leaves an empty piece behind the last break, which is no line.
    return lines[:-1] if len(lines) > 1 and not lines[-1].text else lines


def _reworded(line: str, old: Said, new: Said) -> str | None:
    if len(old) == 2:
        return line.replace(f"[{old[0]}]", f"[{new[0]}]", 1) if old[1] == new[1] else None
    arrow = f"--[{old[1]}]-->"
    separator = next((mark for mark in (arrow, "|") if mark in line), "")
    if separator:
        left, _, right = line.partition(separator)
        at, to = left.rfind(old[0]), right.find(old[2])
        middle = separator.replace(f"[{old[1]}]", f"[{new[1]}]")
    else:
        # The sentence forms, which have the head first and the tail last.
        at, to = line.find(old[0]), line.rfind(old[2])
        left, middle, right = line[: at + len(old[0])], "", line[at + len(old[0]) :]
        to -= len(left)
    if at < 0 or to < 0:
        return None
    left = left[:at] + new[0] + left[at + len(old[0]) :]
    return left + middle + right[:to] + new[2] + right[to + len(old[2]) :]


def _renumbered(lines: list[_Line], kept: list[_Line]) -> list[_Line]:
    """The kept lines, counted from 1 again under each heading whose lines were."""
    in_order = {
        heading for heading in {line.heading for line in lines} if _is_counted(_under(heading, lines))
    }
    count: Counter[str] = Counter()
    found = []
    for line in kept:
        if line.key and line.heading in in_order:
            count[line.heading] += 1
            text = _NUMBER.sub(rf"\g<1>{count[line.heading]}", line.text, count=1)
            line = _Line(text, line.end, line.heading, line.key, line.said)
        found.append(line)
    return found


def _under(heading: str, lines: list[_Line]) -> list[_Line]:
    return [line for line in lines if line.key and line.heading == heading]


def _is_counted(lines: list[_Line]) -> bool:
    numbers = [_NUMBER.match(line.text) for line in lines]
    return all(number and int(number[2]) == at for at, number in enumerate(numbers, 1))


def _with_nothing(lines: list[_Line], kept: list[_Line]) -> list[_Line]:
    """The kept lines, with a line that says so under each heading that has lost all of its items."""
    emptied = {line.heading for line in lines if line.key and line.heading and not _under(line.heading, kept)}
    found = []
    for line in kept:
        found.append(line)
        if line.text in emptied and not line.key:
            found.append(_Line(NONE.removesuffix("\n"), line.end or "\n", line.text))
    return found


def _amended_labels(
    answer: str, items: _Items, changes: Mapping[Key, Said | None], renames: Mapping[str, str]
) -> str | None:
    """The answer in the format `compact`: a line `label: item; item;` for each label, in their order."""
    lines: list[tuple[str, str, list[str]]] = []
    by_label: dict[str, list[str]] = {}
    for line in _BREAK.sub("\n", answer).split("\n"):
        label, colon, rest = line.partition(":")
        if not colon:
            lines.append(("", line, []))
            continue
        name = label.strip()
        wanted: list[str] = []
        written = [one.strip() for one in rest.strip().removesuffix(";").split(";")] if rest.strip() else []
        for one in written:
            head, bar, tail = (part.strip() for part in one.partition("|"))
            key = items.relation() if bar else items.mention(name, one)
            if key is None:
                return None
            new = changes.get(key, (head, name, tail) if bar else (name, one))
            if new is not None:
                wanted.append(f"{new[0]} | {new[2]}" if bar else new[1])
        new_name = renames.get(name, name)
        if new_name in by_label:
            by_label[new_name] += wanted
            continue
        by_label[new_name] = wanted
        changed = new_name != name or wanted != written
        lines.append((new_name, "" if changed else line, written))
    found = []
    for label, line, before in lines:
        untouched = not label or (line and by_label[label] == before)
        found.append(line if untouched else label + ":" + "".join(f" {one};" for one in by_label[label]))
    return "\n".join(found)

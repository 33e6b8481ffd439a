"""CoNLL columns: a token and its tag on each line, blank lines between sentences."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import ClassVar

from medspan.core import Annotation, Document, Example, InputError, Mention, Place, UnalignedMention
from medspan.read.base import REJECTED_CHARACTERS, BadRow, Format, Row, Sample, register
from medspan.read.identity import Occurrences
from medspan.read.instruction_rows import chosen, row_id
from medspan.read.iob import TAG, UNTYPED, Tags, runs
from medspan.read.lines import Line, read_lines
from medspan.read.losses import Losses
from medspan.read.tokens import (
    Tokens,
    count_concepts,
    holdable,
    joined,
    located,
    mention_at,
    stored_json,
    tokenise,
)

_DOCSTART = re.compile(r"-DOCSTART-(?:\s+(?:\((?P<id>.+)\)|(?P<number>\d+))?.*)?")
_COMMENT = re.compile(
    r"#+ ?(?P<key>newdoc id|doc(?:ument)?[_ ]?id|id|pmid|medline|group|text)"
    r"(?:\s*(?P<mark>[=:])\s*| +)(?P<value>.*)",
    re.IGNORECASE,
)
_UNWRITABLE = re.compile(r"[\x00-\x1f]")
_TOKENS, _COLUMNS, _COMMENTS = "conll.tokens", "conll.columns", "conll.comments"
_SAMPLE_LINES, _SAMPLE_BYTES = 20, 1 << 16


def _columns(line: str) -> list[str]:
    """Columns are divided by tabs where there is one, so that a token may hold a blank, or else by blanks."""
    return line.split("\t") if "\t" in line else re.split(" +", line.strip(" "))


def _comment(line: str) -> tuple[str, str] | None:
    """A comment's key (`id`, `group`, `text`, or empty) and value; None for a line of columns.

    A token may begin with `#` too: what ends in a tag is no comment, unless it says `# id =` or the like.
    """
    if not line.startswith("#"):
        return None
    found = _COMMENT.fullmatch(line)
    if found and (found["mark"] or not TAG.fullmatch(_columns(line)[-1])):
        key = found["key"].lower()
        return (key if key in ("group", "text") else "id"), found["value"]
    if re.match(r"#+ ", line) and not TAG.fullmatch(_columns(line)[-1]):
        return "", line
    return None


def _string(value: str) -> str | None:
    """A string written as JSON, or None."""
    try:
        found = json.loads(value) if value.startswith('"') else None
        return found if isinstance(found, str) and found.encode("utf-8") is not None else None
    except ValueError:
        return None


def _survey(path: Path, max_line_bytes: int) -> tuple[str, bool]:
    """What only the whole file shows: the scheme of its tags, and whether it marks documents."""
    tags, marks = Tags(), False
    for line in read_lines(path, max_line_bytes):
        if isinstance(line, Line):
            comment = _comment(line.text)
            marks |= bool(_DOCSTART.fullmatch(line.text)) or bool(comment and comment[0] == "id")
            tags.see(None if comment else TAG.fullmatch(_columns(line.text)[-1]))
    return tags.scheme(), marks


@dataclass(slots=True)
class Block:
    """The lines of one document, or of one sentence of a file that marks no documents."""

    place: Place
    id: str | None = None
    group: str | None = None
    text: str | None = None
    sentences: list[list[Line]] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    docstart: bool = False
    bad: BadRow | None = None
    size: int = 0
    scheme: str = "IOB2"
    occurrence: int = 1

    @property
    def is_bare(self) -> bool:
        return not (self.sentences or self.bad) and self.text is None


@register
class ConllFormat(Format):
    """The token stands in the first column, its tag in the last.

    A file marks documents by `-DOCSTART-` or comments such as `# id = 10`, `# doc_id = 10`,
    `###MEDLINE:10`; sentences are then joined by line breaks. In a file without marks each sentence is
    a document: which of them belong together is not known, and one text of a whole corpus is of no use.
    IOB2, IOB1, IO, BIOES and BILOU tags are told from the file. Mentions begin and end as the official
    conlleval has it, so that an I after O begins one: published corpora hold such tags. What the scheme
    does not allow is counted in the metadata under `conll.irregular`. Written are IOB2 tags and the text.
    """

    name: ClassVar[str] = "conll"
    suffix: ClassVar[str] = ".conll"
    looks_like: ClassVar[str] = "lines of a token and a tag such as B-Drug, divided by tabs or blanks"
    keeps: ClassVar[tuple[str, ...]] = ("conll.",)

    def rows(self, path: Path, max_line_bytes: int) -> Iterator[Row | BadRow]:
        scheme, marks = _survey(path, max_line_bytes)
        seen = Occurrences()
        for block in _blocks(path, max_line_bytes, marks):
            first = (line.text for sentence in block.sentences for line in sentence)
            text = "\n".join(islice(first, REJECTED_CHARACTERS))[:REJECTED_CHARACTERS]
            if block.bad is not None:
                yield BadRow(block.bad.error, text or block.bad.text)
                continue
            if block.id is not None:
                block.occurrence = seen.count(block.id)
            block.scheme = scheme
            yield Row(block.place, block, text)

    def example(self, row: Row) -> Example:
        return _read(row, self.name)

    def sniff(self, sample: Sample) -> bool:
        lines = list(sample.lines)
        if sample.bad and not (lines or sample.values or sample.names):
            # A first token such as "[" looks like JSON.
            found = islice(read_lines(sample.path, _SAMPLE_BYTES), _SAMPLE_LINES)
            lines = [line.text for line in found if not isinstance(line, BadRow)]
        comments = [_comment(line) for line in lines]
        if any(comment and comment[0] == "text" and _string(comment[1]) is not None for comment in comments):
            return True
        rest = [line for line, comment in zip(lines, comments, strict=True) if line.strip() and not comment]
        rows = [_columns(line) for line in rest if not _DOCSTART.fullmatch(line)]
        tagged = [row for row in rows if len(row) > 1 and row[0].strip() and TAG.fullmatch(row[-1])]
        return len(tagged) * 2 > len(rows)

    def render(self, examples: Iterable[Example], lost: Losses, suffix: str) -> Iterator[str]:
        for example in examples:
            annotation = chosen(example, lost)
            if annotation is not None:
                yield _written(example.document, annotation, lost)


def _blocks(path: Path, limit: int, marks: bool) -> Iterator[Block]:
    """The documents of a file, or its sentences where it marks no documents."""
    block: Block | None = None
    ready: Block | None = None
    in_sentence = False
    for line in read_lines(path, limit):
        number = line.number if isinstance(line, Line) else line.error.place.row if line.error.place else None
        text = line.text if isinstance(line, Line) else ""
        blank = isinstance(line, Line) and not text.strip()
        if blank:
            in_sentence = False
            continue
        if block is None or _starts_another(block, text, marks, in_sentence):
            if ready is not None:
                yield ready
            ready, block = block, Block(Place(str(path), number))
        in_sentence = _add(block, line, in_sentence, limit)
    if block is not None and ready is not None and block.is_bare and not marks:
        # Comments at the end of the file belong to no sentence that follows.
        ready.comments += block.comments
        block = None
    yield from (one for one in (ready, block) if one is not None and (marks or not one.is_bare))


def _starts_another(block: Block, line: str, marks: bool, in_sentence: bool) -> bool:
    """Whether a line begins another document (sentence, in a file without marks)."""
    if not marks:
        return not (in_sentence or block.is_bare)
    if _DOCSTART.fullmatch(line):
        return not block.is_bare or block.docstart
    comment = _comment(line)
    if comment is None or comment[0] != "id":
        return False
    same = block.text is None and block.id == _plain(comment[1])
    return not same and not (block.is_bare and block.id is None)


def _plain(value: str) -> str | None:
    """The id or group of a comment; some corpora put more behind a tab."""
    quoted = _string(value)
    return quoted if quoted is not None else value.partition("\t")[0].strip() or None


def _add(block: Block, line: Line | BadRow, in_sentence: bool, limit: int) -> bool:
    """Put a line into its block; whether the next line goes on with the same sentence."""
    if isinstance(line, BadRow):
        block.bad = block.bad or line
        return True
    block.size += len(line.text)
    if block.size > limit:
        block.bad = block.bad or BadRow(_too_long(limit, block.place), line.text[:REJECTED_CHARACTERS])
        block.sentences.clear()
        block.comments.clear()
        return True
    comment, docstart = _comment(line.text), _DOCSTART.fullmatch(line.text)
    if docstart:
        block.docstart = True
        block.id = block.id or docstart["id"] or docstart["number"]
        return False
    if comment is not None:
        key, value = comment
        if key == "id":
            block.id = _plain(value) or None
            if _string(value) is None and "\t" in value:
                block.comments.append("# " + value.partition("\t")[2])
        elif key == "group" and block.group is None:
            block.group = _plain(value)
        elif key == "text" and block.is_bare and _string(value) is not None:
            block.text = _string(value)
        else:
            block.comments.append(line.text)
        return in_sentence
    if in_sentence and block.sentences:
        block.sentences[-1].append(line)
    else:
        block.sentences.append([line])
    return True


def _too_long(limit: int, place: Place) -> InputError:
    return InputError(
        f"the document that begins in line {place.row} is longer than the limit of {limit:,} bytes",
        cause="blank lines between sentences, or marks between documents, are missing",
        remedy="divide it by blank lines and -DOCSTART- lines, or raise max_line_bytes",
        place=place,
    )


def _row_of(line: Line, file: str) -> list[str]:
    """The columns of a token. InputError where the token or its tag is not there."""
    row = _columns(line.text)
    if len(row) < 2:
        what = f"there is one column ({row[0][:40]!r}) where a token and its tag are expected"
    elif not row[0].strip():
        what = "the token is missing: the first column is blank"
    elif not row[-1].strip():
        what = f"the tag of {row[0][:40]!r} is missing: the last column is blank"
    elif not TAG.fullmatch(row[-1]):
        what = f"the tag of {row[0][:40]!r} is {row[-1][:40]!r}"
    else:
        return row
    raise InputError(
        f"line {line.number}: {what}",
        cause="the line was cut or edited by hand, or the last column is not the tag",
        remedy="write the token first and a tag such as O, B-Drug, I-Drug last, divided by a tab",
        place=Place(file, line.number),
    )


def _read(row: Row, source: str) -> Example:
    block: Block = row.value
    rows = [[_row_of(line, row.place.file) for line in sentence] for sentence in block.sentences]
    metadata: dict[str, str] = {}
    text, tokens = joined([[columns[0] for columns in sentence] for sentence in rows])
    if block.text is not None:
        spans = located(block.text, (columns[0] for sentence in rows for columns in sentence))
        if spans is not None:
            text, tokens = block.text, Tokens(spans, tokens.breaks)
        else:
            metadata["conll.text"] = block.text
    tags = [[TAG.fullmatch(columns[-1]) for columns in sentence] for sentence in rows]
    items: list[Mention | UnalignedMention] = []
    irregular = first = 0
    for sentence in tags:
        found, more = runs([(tag[1] or "O", tag[2] or UNTYPED) for tag in sentence if tag], block.scheme)
        irregular += more
        for start, end, type_ in found:
            place = tokens.spans[first + start][0], tokens.spans[first + end - 1][1]
            items.append(mention_at(text, *place, type_))
        first += len(sentence)
    mentions = tuple(item for item in items if isinstance(item, Mention))
    further = [columns[1:-1] for sentence in rows for columns in sentence]
    if any(further):
        metadata[_COLUMNS] = json.dumps(further, ensure_ascii=False)
    if any(further) or tokenise(text, mentions, sentences=True) != tokens:
        metadata[_TOKENS] = tokens.to_json()
    if block.comments:
        metadata[_COMMENTS] = json.dumps(block.comments, ensure_ascii=False)
    if block.scheme != "IOB2":
        metadata["conll.scheme"] = block.scheme
    if irregular:
        metadata["conll.irregular"] = str(irregular)
    identity, group = block.id or row_id(row), block.group
    if block.id is not None and (block.occurrence > 1 or block.text is None):
        group = block.id if group is None else group
    if block.occurrence > 1:
        identity = f"{identity}#{block.occurrence}"
    document = Document(identity, text, group, metadata=metadata)
    unaligned = tuple(item for item in items if isinstance(item, UnalignedMention))
    return Example(document, Annotation(mentions, unaligned), source=source, place=row.place)


def _written(document: Document, annotation: Annotation, lost: Losses) -> str:
    """The lines of one document; what they cannot hold is counted."""
    metadata, text = document.metadata, document.text
    mentions = _flat(document, holdable(document, annotation, lost), lost)
    count_concepts(document, mentions, lost)
    for relation in annotation.relations:
        lost.add("relation: unwritable", document, relation.type)
    tokens = stored = Tokens.from_json(metadata.get(_TOKENS), text)
    if tokens is None or not _fits(tokens, text, mentions):
        tokens = tokenise(text, mentions, sentences=True)
    further = stored_json(metadata.get(_COLUMNS), list) if tokens == stored else []
    tags = ["O"] * len(tokens.spans)
    for mention, (start, end) in zip(mentions, tokens.ranges(mentions) or (), strict=True):
        tags[start:end] = [f"B-{mention.type}"] + [f"I-{mention.type}"] * (end - start - 1)
    breaks = set(tokens.breaks)
    lines = [f"# id = {_name(document.id)}"]
    lines += [f"# group = {_name(document.group)}"] if document.group is not None else []
    lines.append(f"# text = {_quoted(text)}")
    lines += [line for line in stored_json(metadata.get(_COMMENTS), list) if _is_plain_comment(line)]
    for at, (start, end) in enumerate(tokens.spans):
        more = further[at] if len(further) == len(tags) and _is_row(further[at]) else []
        lines += [""] if at in breaks else []
        lines.append("\t".join([text[start:end], *more, tags[at]]))
    return "\n".join(lines) + "\n\n"


def _flat(document: Document, mentions: Sequence[Mention], lost: Losses) -> list[Mention]:
    """The mentions without those that overlap a longer one, in order of place."""
    kept: list[Mention] = []
    for mention in sorted(mentions, key=lambda one: (one.start - one.end, one.start)):
        at = bisect_left(kept, mention.end, key=lambda one: one.start)
        what = f"{mention.type} {mention.text}"
        if _UNWRITABLE.search(mention.type) or mention.type != mention.type.strip():
            lost.add("mention: unwritable type", document, what)
        elif at and kept[at - 1].end > mention.start:
            lost.add("mention: overlapping", document, what)
        else:
            kept.insert(at, mention)
    return kept


def _fits(tokens: Tokens, text: str, mentions: Sequence[Mention]) -> bool:
    """Whether these tokens can be written and found again, none beginning a sentence within a mention."""
    strings = [text[start:end] for start, end in tokens.spans]
    ranges = tokens.ranges(mentions)
    if ranges is None or located(text, strings) != tokens.spans:
        return False
    inside = {at for start, end in ranges for at in range(start + 1, end)}
    if not inside.isdisjoint(tokens.breaks):
        return False
    return not any(
        _UNWRITABLE.search(one) or one != one.strip() or not one or re.match("#+ |-DOCSTART-", one)
        for one in strings
    )


def _name(name: str) -> str:
    """An id or group as it is, or as JSON where it could not be read back."""
    if name == name.strip() and name.isprintable() and name and name[0] != '"' and "|" not in name:
        return name
    return _quoted(name)


def _quoted(string: str) -> str:
    # Without bars the line cannot be taken for a title of PubTator.
    return json.dumps(string, ensure_ascii=False).replace("|", "\\u007c")


def _is_plain_comment(line: object) -> bool:
    if not isinstance(line, str) or _UNWRITABLE.search(line.replace("\t", "")):
        return False
    comment = _comment(line)
    return comment is not None and comment[0] not in ("id", "group") and _string(comment[1]) is None


def _is_row(columns: object) -> bool:
    if not isinstance(columns, list):
        return False
    return all(isinstance(one, str) and not _UNWRITABLE.search(one) for one in columns)

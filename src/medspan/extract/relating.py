"""Relations between the spans of a batch of documents, pair by pair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from medspan.core import Document
from medspan.extract.confidence import FLOOR, probability_of
from medspan.format.pairs import MOST_EVIDENCE, PairTable, pair_table
from medspan.format.spans import FoundPair, FoundSpan, Span, Tokens
from medspan.format.tags import TagScheme

PAIRS_AT_ONCE = 2048
"""Pairs of mentions that are scored together, which bounds memory."""


@dataclass(frozen=True, slots=True)
class Read:
    """One document of a batch: its place in the input, its tokens."""

    index: int
    document: Document
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class _Job:
    """Some candidate pairs of the document in row `row`, with the probability of each node."""

    row: int
    spans: Sequence[Span]
    nodes: Sequence[Sequence[int]]
    sure: Sequence[float]
    table: PairTable
    relations: Sequence[str]


class Relater:
    """Scores every pair of nodes that the schema allows, with a tagger in memory."""

    def __init__(self, tagger: Any, scheme: TagScheme):
        self.tagger = tagger
        self.scheme = scheme
        relations = scheme.schema.relation_types
        self._symmetric = {relation.name for relation in relations if relation.symmetric}

    def nodes(self, read: Read, spans: Sequence[FoundSpan]) -> tuple[tuple[int, ...], ...]:
        """What relations of this document may join: groups of indices of `spans`."""
        return self.scheme.nodes(read.document.text, read.tokens, [found.span for found in spans])

    def pairs(
        self,
        reads: Sequence[Read],
        states: Sequence[Any],
        spans: Sequence[Sequence[FoundSpan]],
        nodes: Sequence[Sequence[Sequence[int]]],
    ) -> list[list[FoundPair]]:
        """Of each document the relations that are at least `FLOOR` probable, their ends included."""
        found: list[list[FoundPair]] = [[] for _ in reads]
        for group in _together(self._jobs(reads, spans, nodes)):
            for job, pairs in zip(group, self._scored(group, states), strict=True):
                found[job.row] += [pair for pair in self._one_way(pairs) if pair.confidence >= FLOOR]
        return found

    def _jobs(
        self,
        reads: Sequence[Read],
        spans: Sequence[Sequence[FoundSpan]],
        nodes: Sequence[Sequence[Sequence[int]]],
    ) -> Iterator[_Job]:
        for row, (read, here, grouped) in enumerate(zip(reads, spans, nodes, strict=True)):
            plain = [found.span for found in here]
            sure = [max(here[index].confidence for index in node) for node in grouped]
            relations = self.scheme.asked(read.document.task)[1]
            # Doubtful mentions are no evidence about a string that is surely mentioned elsewhere.
            evidence = [
                [index for index in node if 2 * here[index].confidence >= sure[at]]
                for at, node in enumerate(grouped)
            ]
            part: list[tuple[int, int]] = []
            rows = 0
            strings = self.scheme.strings(read.document.text, read.tokens, plain, grouped)
            for pair in self.scheme.candidates(plain, grouped, strings, relations):
                # The two directions of a pair stay together.
                if rows >= PAIRS_AT_ONCE and part[-1] != pair[::-1]:
                    yield _Job(row, plain, grouped, sure, pair_table(plain, evidence, part), relations)
                    part, rows = [], 0
                part.append(pair)
                rows += min(MOST_EVIDENCE, len(evidence[pair[0]]) * len(evidence[pair[1]]))
            if part:
                yield _Job(row, plain, grouped, sure, pair_table(plain, evidence, part), relations)

    def _scored(self, jobs: Sequence[_Job], states: Sequence[Any]) -> Iterator[list[FoundPair]]:
        import torch

        from medspan.models.tagger import lay_out

        rows = sorted({job.row for job in jobs})
        together = torch.cat([states[row] for row in rows])
        starts, at = {}, 0
        for row in rows:
            starts[row] = at
            at += len(states[row])
        laid = lay_out(
            [job.table for job in jobs],
            [job.spans for job in jobs],
            [starts[job.row] for job in jobs],
            together.device,
        )
        logits = iter(self.tagger.heads.pairs(together, laid).cpu().tolist())
        for job in jobs:
            here = []
            for head, tail in job.table.candidates:
                types = job.spans[job.nodes[head][0]].type, job.spans[job.nodes[tail][0]].type
                ends = job.sure[head] * job.sure[tail]
                for name, logit in zip(self.scheme.relations, next(logits), strict=True):
                    if name in job.relations and self.scheme.legal(name, *types):
                        here.append(FoundPair(head, tail, name, ends * probability_of(logit)))
            yield here

    def _one_way(self, pairs: Sequence[FoundPair]) -> Iterator[FoundPair]:
        """Symmetric relations once, with the mean of both directions."""
        by_key = {(pair.head, pair.tail, pair.type): pair.confidence for pair in pairs}
        for pair in pairs:
            back = by_key.get((pair.tail, pair.head, pair.type))
            if pair.type not in self._symmetric or back is None:
                yield pair
            elif pair.head < pair.tail:
                yield replace(pair, confidence=(pair.confidence + back) / 2)


def _together(jobs: Iterator[_Job]) -> Iterator[list[_Job]]:
    """Jobs in a row, as many as are scored at once."""
    group: list[_Job] = []
    evidence = 0
    for job in jobs:
        if group and evidence + len(job.table.heads) > PAIRS_AT_ONCE:
            yield group
            group, evidence = [], 0
        group.append(job)
        evidence += len(job.table.heads)
    if group:
        yield group

"""Relation labels that the text does not tell from other legal pairs.

Method. Pairs of entities that a relation type may join are compared only within strata: one document,
one relation type, one pair of entity types. So types, the number of legal pairs and how often a document
has relations at all tell nothing. What is left beside the text is how often the ends are mentioned:
random labels are modelled as drawn in proportion to a power of that number, for each relation type its
own (`random_labels`). The text (words between and around the mentions, order, distance, the strings
themselves: `pair_features`) is read by a ridge regression within strata, cross-fitted over five folds of
documents (`pair_scores`). All splits together are one data set; at most 30,000 pairs are looked at, of
documents taken by their hash.

Statistics (`inferable`), with 95% percentile intervals from 1,000 draws of documents, the limit on the
side of random labels put farther by the square root of 2 (two folds predict each other, so that one
coincidence counts twice):
- the ranking: how often the text, beyond the number of mentions, ranks a labelled pair above another of
  its stratum (an area under the ROC curve within strata, each label with the same weight; .5 is chance);
- the random share: of the pairs that the text speaks most against (5 to 30% of what chance expects, 30
  labels at least), the labels divided by those that random labels would put there. Where no true relation
  is among these pairs (anchor points), that is the share of random labels; where some are, it is more. It
  is an upper bound of that share, and is called one.
- the ceiling: the best F1 of predicting all legal pairs of documents with up to so many of them.

Decisions. Error: the ranking's upper limit is below .55, or below .6 with the lower one at .5 or less, and
the random share's upper limit is .85 or more, of all labels; or (99% interval of the ranking, 200 labels)
of a relation type, where the text surely ranks the other types better. Warning: the random share's lower
limit is at least .25 (.4 below 300 labels, and only for information below 150). Cannot tell (info): over
90% of the legal pairs are labelled, fewer than 50 labels or 20 documents stand beside unlabelled pairs, or
the ranking's interval holds .5.

Error rates (`benchmarks/inferable_rates.py`, 2026-11-22; the table stands in docs/audit.md). Untouched
labels: no error in 252 runs, a warning in 2. All random: an error in 129 of 132 runs from 280 labels on,
else a warning; near 100 labels in 55 of 90, else mostly "cannot tell". Half random: the bound too low in 1
of 130 runs that tell it, an error in 21 of 40 with 280 labels of abstracts and 1 of 24 from 900 on. One
type random beside a clean one, 480 labels or more: named alone in 28 of 28.

Sources: cross-fitting, Chernozhukov et al. 2018; weights by the odds of random labels, as in conditional
logistic regression, Breslow and Day 1980; bounds of a mixture's share from the region where the other
part is rarest, Scott 2015 and Blanchard, Lee and Scott 2010; anchor points, Liu and Tao 2016; out-of-fold
predictions against labels, Northcutt, Jiang and Chuang 2021; hashed features, Weinberger et al. 2009.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeGuard

from medspan.audit.base import Check, register
from medspan.audit.data import Data
from medspan.audit.legal_pairs import PairedDocument, paired_documents
from medspan.core import Case, Finding, Severity

if TYPE_CHECKING:
    from medspan.audit.inferable import Inferability, Judged
    from medspan.audit.intervals import Estimate

CHANCE = 0.5
USEFUL = 0.6
SLIGHT = 0.55
"""A text that surely wins fewer comparisons than the first, and perhaps no more than chance (.5), or surely
fewer than the second, says nothing worth learning."""
ALL_RANDOM = 0.85
"""But not where surely fewer labels than this share are random: these are noisy."""
MOST_LABELLED = 0.9
"""Above this share of labelled pairs hardly any other pair is left to be told from them."""
FEWEST = 10
"""Fewer labels are not spoken of."""
FEWEST_LABELS = 50
FEWEST_DOCUMENTS = 20
"""Fewer labels beside other pairs, or documents that have them, are not judged."""
LABELS_OF_ONE = 200
"""Labels from which on a relation type is judged by itself."""
NOISY = 0.25
"""Lower limit of the random share from which on labels are called noisy, of so many labels:"""
LABELS_FOR_SHARE = 300
NOISY_OF_FEW = 0.4
FEW_FOR_SHARE = 150
"""Of fewer labels the reader has learnt little, the bound is loose, and more is asked of it."""
FEWEST_FOR_SHARE = 100
"""From here on the share is told, but for information."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What came of an examination; `found` is None where there is nothing to tell pairs apart by."""

    documents: Sequence[PairedDocument]
    found: Inferability | None = None
    findings: Sequence[Finding] = ()


@register
class LabelsNotInferable(Check):
    """The whole data set is judged at once, relation types by themselves where they have enough labels."""

    id: ClassVar[str] = "labels-not-inferable"
    severity: ClassVar[Severity] = "error"
    meaning: ClassVar[str] = (
        "The text does not say which of the possible pairs are related: labels are random, or follow from "
        "something that is not in the text. A model cannot learn them; its loss looks normal, and no prompt, "
        "number of epochs or larger model lifts the score above what guessing by types reaches."
    )
    counted: ClassVar[str] = (
        "Relation labels that cannot be told from other legal pairs of the same document and types (error), "
        "at most so many drawn at random (warning), or labels that cannot be judged (info), of all distinct "
        "relation labels of the data set, its splits together."
    )
    remedy: ClassVar[str] = (
        "read ten of the cases: where the text does not state the relation, annotate these relation types "
        "again from the text, or leave them out; do not tune towards a score above the ceiling"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        yield from self.examined(data).findings

    def examined(self, data: Data) -> Examined:
        """The findings with the documents and statistics that they follow from."""
        from medspan.audit.inferable import inferability

        documents = paired_documents(data) if data.schema.relation_types else []
        if _labels(documents) < FEWEST:
            return Examined(documents)
        legal, labelled = _legal(documents)
        if labelled > MOST_LABELLED * legal:
            return Examined(documents, None, [self._no_contrast(documents, legal, labelled)])
        found = inferability(documents)
        return Examined(documents, found, list(self.judged(documents, found)))

    def judged(self, documents: Sequence[PairedDocument], found: Inferability | None) -> Iterator[Finding]:
        """What follows from the statistics of these documents, where there are pairs to be told apart."""
        if not judgeable(found):
            yield self._too_few(documents, found)
            return
        together = found.together
        if failing := failing_types(found):
            yield self._not_inferable(documents, found, failing)
        elif severity := _noise(together):
            yield self._noisy(documents, found, severity)
        elif together.ranking.low <= CHANCE:
            yield self._too_few(documents, found)

    def _not_inferable(
        self, documents: Sequence[PairedDocument], found: Inferability, failing: Sequence[str]
    ) -> Finding:
        from medspan.audit.unread_ceiling import unread_ceiling

        every = len(failing) == len(found.by_relation)
        count, of = sum(_labelled(documents, name) for name in failing), _labels(documents)
        rankings = (
            _ranking(found.together.ranking)
            if every
            else "; ".join(f"{name} {_ranking(found.by_relation[name].ranking, 99)}" for name in failing)
        )
        these = found.of(failing)
        random = (
            f"; at most an estimated {_percent(these.random_share)} of them are random"
            if these and these.labels >= FEWEST_FOR_SHARE
            else ""
        )
        ceiling = unread_ceiling(documents, failing)
        reached = (
            f". Without reading, predicting all legal pairs of documents with up to {ceiling.most_pairs} of "
            f"them, F1 {ceiling.best.value:.2f} ({ceiling.best.low:.2f} to {ceiling.best.high:.2f}) is "
            f"reached, the ceiling for any model; all legal pairs everywhere score {ceiling.all_pairs:.2f}"
            if ceiling
            else ""
        )
        message = (
            f"{count} of {of} relation labels ({', '.join(failing)}) cannot be inferred from the text: it "
            f"ranks a labelled pair above another legal pair of its document in {rankings}, where chance "
            f"does in 50%{random}{reached}{_looked_at(documents, found)}"
        )
        table = found.table
        rows = [row for row in found.doubtful if table.relations[table.relation[row]] in failing]
        return self.finding(message, count, of, cases=_cases(found, rows))

    def _noisy(self, documents: Sequence[PairedDocument], found: Inferability, severity: Severity) -> Finding:
        share, of = found.together.random_share, _labels(documents)
        count = round(min(1.0, share.value) * of)
        message = (
            f"at most an estimated {_percent(share)} of {of} relation labels are random: of the pairs that "
            f"the text speaks most against, {min(share.value, 1):.0%} as many are labelled as random labels "
            f"would be. The text ranks a labelled pair above another legal pair of its document in "
            f"{_ranking(found.together.ranking)}{_looked_at(documents, found)}"
        )
        return self.finding(
            message,
            count,
            of,
            cases=_cases(found, [row for row in found.together.low if found.table.labelled[row]]),
            severity=severity,
            remedy=(
                "read the cases, labels that the text speaks most against (medspan audit PATH --cases FILE "
                "lists them), and correct those that the text does not state"
            ),
        )

    def _no_contrast(self, documents: Sequence[PairedDocument], legal: int, labelled: int) -> Finding:
        from medspan.audit.unread_ceiling import unread_ceiling

        of = _labels(documents)
        names = sorted({name for document in documents for name in document.counts})
        ceiling = unread_ceiling(documents, names)
        score = f" (F1 {ceiling.all_pairs:.3f})" if ceiling else ""
        message = (
            f"cannot tell whether relation labels can be inferred: {labelled} of {legal} legal pairs "
            f"({labelled / legal:.1%}) are labelled, so that hardly any other pair is left to tell them "
            f"from; predicting all legal pairs is right{score} without reading"
        )
        return self.finding(
            message,
            of,
            of,
            severity="info",
            remedy=(
                "add documents in which entities stand together without a relation; until then a relation "
                "score says that entities are found, not that relations are read"
            ),
        )

    def _too_few(self, documents: Sequence[PairedDocument], found: Inferability | None) -> Finding:
        of, judged = _labels(documents), found.together.labels if found else 0
        size = len(found.table.documents) if found else 0
        message = (
            f"cannot tell whether relation labels can be inferred: {judged} of {of} labels, in {size} "
            "documents, stand beside a legal pair without a label"
        )
        if judgeable(found):
            message += (
                f", too few: the text ranks a labelled pair above another in "
                f"{_ranking(found.together.ranking)}, which holds both chance (50%) and more"
            )
        else:
            message += f"; {FEWEST_LABELS} labels in {FEWEST_DOCUMENTS} documents are needed"
        remedy = "annotate more documents, with pairs that are not related, or read ten of these by yourself"
        return self.finding(message, of, of, severity="info", remedy=remedy)


def judgeable(found: Inferability | None) -> TypeGuard[Inferability]:
    """Whether enough labels stand beside other pairs, in enough documents, to judge them."""
    return (
        found is not None
        and found.together.labels >= FEWEST_LABELS
        and found.table.clusters >= FEWEST_DOCUMENTS
    )


def failing_types(found: Inferability) -> list[str]:
    """The relation types whose labels the text does not tell, all of them where it tells none.

    One type beside others only where the text surely tells those better: if all labels are noisy, it is
    chance which type looks random.
    """
    apart = {name: one for name, one in found.by_relation.items() if one.labels >= LABELS_OF_ONE}
    names = list(found.by_relation)
    if _says_nothing(found.together):
        told = {name for name, one in apart.items() if one.ranking.low > CHANCE}
        return [name for name in names if name not in told] or names
    failing = [name for name, one in apart.items() if _says_nothing(one)]
    others = found.of([name for name in names if name not in failing])
    return [name for name in failing if others and apart[name].ranking.high < others.ranking.low]


def _noise(judged: Judged) -> Severity | None:
    """How serious the share of random labels is, None where it may be none."""
    labels, low = judged.labels, judged.random_share.low
    if (labels >= LABELS_FOR_SHARE and low >= NOISY) or (labels >= FEW_FOR_SHARE and low >= NOISY_OF_FEW):
        return "warning"
    return "info" if labels >= FEWEST_FOR_SHARE and low >= NOISY else None


def _says_nothing(one: Judged) -> bool:
    ranking = one.ranking
    is_chance = ranking.high < SLIGHT or (ranking.high < USEFUL and ranking.low <= CHANCE)
    return is_chance and one.random_share.high >= ALL_RANDOM


def _labels(documents: Iterable[PairedDocument]) -> int:
    return sum(count.labels for document in documents for count in document.counts.values())


def _labelled(documents: Iterable[PairedDocument], relation: str) -> int:
    return sum(document.counts[relation].labelled for document in documents)


def _legal(documents: Iterable[PairedDocument]) -> tuple[int, int]:
    """Legal pairs, both ways round as one, and those of them that are labelled."""
    strata = [stratum for document in documents for stratum in document.strata]
    return sum(stratum.legal for stratum in strata), sum(stratum.labels for stratum in strata)


def _ranking(estimate: Estimate, level: int = 95) -> str:
    return f"{estimate.value:.1%} of cases ({level}% interval {estimate.low:.1%} to {estimate.high:.1%})"


def _percent(share: Estimate) -> str:
    low, high = min(share.low, 1), min(share.high, 1)
    return f"{min(share.value, 1):.0%} (95% interval {low:.0%} to {high:.0%})"


def _looked_at(documents: Sequence[PairedDocument], found: Inferability) -> str:
    telling = sum(any(stratum.tells for stratum in document.strata) for document in documents)
    looked = len(found.table.documents)
    return (
        f" (judged on {looked} of {telling} documents with labelled and other pairs)"
        if looked < telling
        else ""
    )


def _cases(found: Inferability, rows: Iterable[int]) -> Iterator[Case]:
    table = found.table
    for row in rows:
        document = table.documents[table.document[row]]
        stratum = table.strata[table.stratum[row]]
        head, tail = (document.entities[end] for end in table.pairs[table.at[row]])
        arrow = f"--[{stratum.relation}]--{'' if stratum.both_ways else '>'}"
        what = (
            f"{head.name} {arrow} {tail.name} is labelled, {stratum.legal - stratum.labels} other "
            f"{' and '.join(stratum.types)} pairs here are not"
        )
        marks = tuple(sorted({*head.places, *tail.places}))
        yield Case(what, document.row.place, document.row.text, marks)

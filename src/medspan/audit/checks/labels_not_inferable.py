"""Relation labels that the text does not tell from other legal pairs.

Method. Pairs of entities that a relation type may join are compared only within strata: one document,
one relation type, one pair of entity types. So types, the number of legal pairs and how often a document
has relations at all tell nothing. What is left beside the text is how often the ends are mentioned:
random labels are modelled as drawn in proportion to a power of that number (`random_labels`). The text
(words between and around the mentions, order, distance, the strings themselves: `pair_features`) is read
by a ridge regression within strata, cross-fitted over five folds of documents (`pair_scores`). All
splits together are one data set; at most 30,000 pairs are looked at, of documents taken by their hash.

Statistics (`inferable`), with 95% percentile intervals from 1,000 draws of documents:
- the ranking: how often the text, beyond the number of mentions, ranks a labelled pair above another of
  its stratum (an area under the ROC curve within strata; .5 is chance, whatever the priors);
- the random share: of the pairs that the text speaks most against (5% of what chance expects, 30 labels
  at least), the labels divided by those that random labels would put there. Where no true relation is
  among these pairs (anchor points), that is the share of random labels; where some are, it is more. It
  is an upper bound of that share, and is called one.
- the ceiling: the best F1 of predicting all legal pairs of documents with up to so many of them.

Decisions. Error: the ranking's upper limit is below .55, or below .6 with the lower one at .5 or less, of
all labels or (99% interval, 200 labels) of a relation type. Warning: the random share's lower limit is at
least .25 (.4 below 300 labels). Cannot tell (info): over 90% of the legal pairs are labelled, fewer than
50 labels or 20 documents stand beside unlabelled pairs, or the ranking's interval holds .5.

Error rates. By the intervals' level, labels that this reader ranks with .6 or better are called an error
in at most 2.5% of data sets; random labels escape an error in 2.5% once the interval is narrow, else
"cannot tell".

Sources: cross-fitting, Chernozhukov et al. 2018; weights by the odds of random labels, as in conditional
logistic regression, Breslow and Day 1980; bounds of a mixture's share from the region where the other
part is rarest, Scott 2015 and Blanchard, Lee and Scott 2010; anchor points, Liu and Tao 2016; out-of-fold
predictions against labels, Northcutt, Jiang and Chuang 2021; hashed features, Weinberger et al. 2009.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data
from medspan.audit.legal_pairs import PairedDocument, paired_documents
from medspan.core import Case, Finding, Severity

if TYPE_CHECKING:
    from medspan.audit.inferable import Inferability
    from medspan.audit.intervals import Estimate

CHANCE = 0.5
USEFUL = 0.6
SLIGHT = 0.55
"""A text that surely wins fewer comparisons than the first, and perhaps no more than chance (.5), or surely
fewer than the second, says nothing worth learning."""
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
"""Lower limit of the random share from which on labels are called noisy."""
NOISY_IF_FEW = 0.4
FEW = 300
"""Below so many labels the reader has learnt little: the bound is loose, and more is asked of it."""
FEWEST_FOR_SHARE = 100


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
        from medspan.audit.inferable import inferability

        documents = paired_documents(data) if data.schema.relation_types else []
        if _labels(documents) < FEWEST:
            return
        legal, labelled = _legal(documents)
        if labelled > MOST_LABELLED * legal:
            yield self._no_contrast(documents, legal, labelled)
            return
        found = inferability(documents)
        judged = sum(found.labels.values()) if found else 0
        if found is None or judged < FEWEST_LABELS or found.table.clusters < FEWEST_DOCUMENTS:
            yield self._too_few(documents, found, judged)
        elif failing := _failing(found):
            yield self._not_inferable(documents, found, failing)
        elif judged >= FEWEST_FOR_SHARE and found.random_share.low >= (
            NOISY if judged >= FEW else NOISY_IF_FEW
        ):
            yield self._noisy(documents, found)
        elif found.ranking.low <= CHANCE:
            yield self._too_few(documents, found, judged)

    def _not_inferable(
        self, documents: Sequence[PairedDocument], found: Inferability, failing: Sequence[str]
    ) -> Finding:
        from medspan.audit.unread_ceiling import unread_ceiling

        every = len(failing) == len(found.by_relation)
        count, of = sum(_labelled(documents, name) for name in failing), _labels(documents)
        rankings = (
            _ranking(found.ranking)
            if every
            else "; ".join(f"{name} {_ranking(found.by_relation[name], 99)}" for name in failing)
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
            f"does in 50%{reached}{_looked_at(documents, found)}"
        )
        table = found.table
        rows = [row for row in found.doubtful if table.relations[table.relation[row]] in failing]
        return self.finding(message, count, of, cases=_cases(found, rows))

    def _noisy(self, documents: Sequence[PairedDocument], found: Inferability) -> Finding:
        share, of = found.random_share, _labels(documents)
        count = round(min(1.0, share.value) * of)
        message = (
            f"at most an estimated {_percent(share)} of {of} relation labels are random: of the pairs that "
            f"the text speaks most against, {min(share.value, 1):.0%} as many are labelled as random labels "
            f"would be. The text ranks a labelled pair above another legal pair of its document in "
            f"{_ranking(found.ranking)}{_looked_at(documents, found)}"
        )
        return self.finding(
            message,
            count,
            of,
            cases=_cases(found, found.doubtful[: found.low].tolist()),
            severity="warning",
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

    def _too_few(
        self, documents: Sequence[PairedDocument], found: Inferability | None, judged: int
    ) -> Finding:
        of = _labels(documents)
        size = len(found.table.documents) if found else 0
        message = (
            f"cannot tell whether relation labels can be inferred: {judged} of {of} labels, in {size} "
            "documents, stand beside a legal pair without a label"
        )
        if found and judged >= FEWEST_LABELS and found.table.clusters >= FEWEST_DOCUMENTS:
            message += (
                f", too few: the text ranks a labelled pair above another in {_ranking(found.ranking)}, "
                "which holds both chance (50%) and more"
            )
        else:
            message += f"; {FEWEST_LABELS} labels in {FEWEST_DOCUMENTS} documents are needed"
        remedy = "annotate more documents, with pairs that are not related, or read ten of these by yourself"
        return self.finding(message, of, of, severity="info", remedy=remedy)


def _failing(found: Inferability) -> list[str]:
    """The relation types whose labels the text does not tell, all of them where it tells none."""
    apart = {name for name, labels in found.labels.items() if labels >= LABELS_OF_ONE}
    names = list(found.by_relation)
    all_ = found.ranking
    if _says_nothing(all_):
        told = {name for name in apart if found.by_relation[name].low > CHANCE}
        return [name for name in names if name not in told] or names
    return [name for name in names if name in apart and _says_nothing(found.by_relation[name])]


def _says_nothing(ranking: Estimate) -> bool:
    return ranking.high < SLIGHT or (ranking.high < USEFUL and ranking.low <= CHANCE)


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

"""Whether the text tells labelled pairs from others, and how many labels may have been drawn at random."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np

from medspan.audit.intervals import LEVEL, Estimate, Floats, Integers, ratio_estimate
from medspan.audit.legal_pairs import PairedDocument
from medspan.audit.pair_scores import PairTable, expected_rate, pair_table, random_labels
from medspan.audit.random_labels import drawn, evidence

LEVEL_OF_ONE = 99.0
"""Of the intervals of single relation types, of which there may be many."""
LOW_SHARES = (0.05, 0.1, 0.2, 0.3)
LOW_EXPECTED = 30
"""The pairs that the text speaks most against: they would have such a share of random labels, but so many
at least."""
CLEAR = 6.0
"""Log likelihood by which labels must follow the number of mentions before that is taken for how they
were drawn."""
BOTH_DIRECTIONS = math.sqrt(2)
"""How much farther than draws of documents put it the limit stands that may not exclude random labels, the
ranking's lower and the share's upper one. Two folds predict each other: if labels are random, those of the
one say of the other what those say of them, so that one coincidence counts twice, and the variance is up to
twice that of independent comparisons."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What the text says about `labels` labels that stand beside other pairs.

    `ranking` is the share of comparisons of a labelled with another pair of its stratum that the text
    wins, .5 being chance; `random_share` bounds the share of labels drawn at random from above, told from
    `low`, the rows that the text speaks most against.
    """

    labels: int
    ranking: Estimate
    random_share: Estimate
    low: Integers


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """For each row of a table what the text says.

    `won` and `compared` are the weights of the comparisons that a labelled row wins and of all it is in
    (`_comparisons`), `random` its rate of a label drawn at random as it fits best, `even` and
    `by_mentions` those of labels drawn evenly and in proportion to mentions. `order` has the rows that the
    text speaks most against first.
    """

    won: Floats
    compared: Floats
    random: Floats
    even: Floats
    by_mentions: Floats
    order: Integers


@dataclass(frozen=True, slots=True, eq=False)
class Inferability:
    """What the text says about the labels of a table, together and by relation type.

    `doubtful` are the labelled rows of the table, those first that the text speaks most against.
    """

    table: PairTable
    scores: Scores
    together: Judged
    by_relation: dict[str, Judged]
    doubtful: Integers

    def of(self, relations: Collection[str]) -> Judged | None:
        """What it says about these relation types together; None where the table has none of them."""
        numbers = [at for at, name in enumerate(self.table.relations) if name in relations]
        rows = self.scores.order[np.isin(self.table.relation[self.scores.order], numbers)]
        return _judged(self.table, self.scores, rows, LEVEL) if len(rows) else None


def inferability(documents: Iterable[PairedDocument]) -> Inferability | None:
    """The statistics of these documents; None where no labelled pair stands beside another."""
    table = pair_table(documents)
    if not len(table):
        return None
    rate = expected_rate(table)
    random = random_labels(table)
    scores = Scores(
        *_comparisons(table, rate - random.rate, random.log_odds),
        random.rate,
        drawn(table.labelled, table.stratum, np.ones(len(table))).rate,
        drawn(table.labelled, table.stratum, table.mentions).rate,
        np.argsort(rate / random.rate, kind="stable"),
    )
    order = scores.order
    by_relation = {
        name: _judged(table, scores, order[table.relation[order] == number], LEVEL_OF_ONE)
        for number, name in enumerate(table.relations)
    }
    doubtful = order[table.labelled[order] > 0]
    return Inferability(table, scores, _judged(table, scores, order, LEVEL), by_relation, doubtful)


def _judged(table: PairTable, scores: Scores, rows: Integers, level: float) -> Judged:
    """Of `rows`, those first that the text speaks most against; the ranking's interval has this level."""
    found = ratio_estimate(scores.won[rows], scores.compared[rows], table.cluster[rows], level)
    low = max(0.0, found.value - BOTH_DIRECTIONS * (found.value - found.low))
    ranking = Estimate(found.value, low, found.high)
    return Judged(int(table.labelled[rows].sum()), ranking, *_random_share(table, scores, rows))


def _comparisons(table: PairTable, score: Floats, log_odds: Floats) -> tuple[Floats, Floats]:
    """For each labelled row the weight of the comparisons that its score wins, and of all of them.

    A labelled pair i is compared with every other pair j of its stratum. With odds o of a random label,
    it is o_i / o_j times as likely that i is labelled and j is not as the reverse; weights of
    2 o_j / (o_i + o_j) make up for that, so that under random labels every score wins half. They are
    divided by the number of other pairs: a large document has no more say than it has labels.
    """
    won, compared = np.zeros(len(table)), np.zeros(len(table))
    order = np.lexsort((-table.labelled, table.stratum))
    ends = np.cumsum(np.bincount(table.stratum))
    for rows in np.split(order, ends[:-1]):
        labels = int(table.labelled[rows].sum())
        ours, others = rows[:labels, None], rows[None, labels:]
        weight = 2 / (1 + np.exp(np.clip(log_odds[ours] - log_odds[others], -50, 50))) / others.size
        gap = score[ours] - score[others]
        won[ours[:, 0]] = (weight * ((gap > 0) + 0.5 * (gap == 0))).sum(axis=1)
        compared[ours[:, 0]] = weight.sum(axis=1)
    return won, compared


def _random_share(table: PairTable, scores: Scores, order: Integers) -> tuple[Estimate, Integers]:
    """The least upper limit of labels over random ones among the first rows in `order`, and those rows."""
    expected = np.cumsum(scores.random[order])
    found = []
    for share in LOW_SHARES:
        least = min(0.5, max(share, LOW_EXPECTED / expected[-1]))
        low = order[: int(np.searchsorted(expected, least * expected[-1])) + 1]
        labelled, even, by_mentions = table.labelled[low], scores.even[low], scores.by_mentions[low]
        rate = by_mentions if evidence(labelled, by_mentions, even) > CLEAR else even
        one = ratio_estimate(labelled, rate, table.cluster[low], LEVEL)
        high = one.value + BOTH_DIRECTIONS * (one.high - one.value)
        found.append((Estimate(one.value, one.low, high), low))
    return min(found, key=lambda one: one[0].high)

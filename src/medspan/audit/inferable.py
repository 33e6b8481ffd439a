"""Whether the text tells labelled pairs from others, and how many labels may have been drawn at random."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from medspan.audit.intervals import LEVEL, Estimate, Floats, Integers, ratio_estimate
from medspan.audit.legal_pairs import PairedDocument
from medspan.audit.pair_scores import PairTable, expected_rate, pair_table
from medspan.audit.random_labels import drawn, evidence, fitted

LEVEL_OF_ONE = 99.0
"""Of the intervals of single relation types, of which there may be many."""
LOW_SHARES = (0.05, 0.1, 0.2, 0.3)
LOW_EXPECTED = 30
"""The pairs that the text speaks most against: they would have such a share of random labels, but so many
at least."""
CLEAR = 6.0
"""Log likelihood by which labels must follow the number of mentions before that is taken for how they
were drawn."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the text says about `labels` labels that stand beside other pairs.

    `ranking` is the share of comparisons of a labelled with another pair of its stratum that the text
    wins, .5 being chance; `random_share` bounds the share of labels drawn at random from above.
    """

    labels: int
    ranking: Estimate
    random_share: Estimate


@dataclass(frozen=True, slots=True, eq=False)
class Inferability:
    """What the text says about the labels of a table, together and by relation type.

    `doubtful` are the labelled rows of the table, those first that the text speaks most against, and
    `low` how many of them are among the pairs that `random_share` was told from.
    """

    table: PairTable
    together: Judged
    by_relation: dict[str, Judged]
    doubtful: Integers
    low: int


def inferability(documents: Iterable[PairedDocument]) -> Inferability | None:
    """The statistics of these documents; None where no labelled pair stands beside another."""
    table = pair_table(documents)
    if not len(table):
        return None
    rate = expected_rate(table)
    random = fitted(table.labelled, table.stratum, table.mentions, table.fold)
    won, all_ = _comparisons(table, rate - random.rate, random.log_odds)
    order = np.argsort(rate / random.rate, kind="stable")
    draws = _Draws(
        random.rate,
        drawn(table.labelled, table.stratum, np.ones(len(table))).rate,
        drawn(table.labelled, table.stratum, table.mentions).rate,
    )

    def judged(rows: Integers, level: float) -> tuple[Judged, Integers]:
        share, low = _random_share(table, rows, draws)
        ranking = ratio_estimate(won[rows], all_[rows], table.cluster[rows], level)
        return Judged(int(table.labelled[rows].sum()), ranking, share), low

    together, low = judged(order, LEVEL)
    by_relation = {
        name: judged(order[table.relation[order] == number], LEVEL_OF_ONE)[0]
        for number, name in enumerate(table.relations)
    }
    doubtful = order[table.labelled[order] > 0]
    return Inferability(table, together, by_relation, doubtful, int(table.labelled[low].sum()))


def _comparisons(table: PairTable, score: Floats, log_odds: Floats) -> tuple[Floats, Floats]:
    """For each labelled row the weight of the comparisons that its score wins, and of all of them.

    A labelled pair i is compared with every other pair j of its stratum. With odds o of a random label,
    it is o_i / o_j times as likely that i is labelled and j is not as the reverse; weights of
    2 o_j / (o_i + o_j) make up for that, so that under random labels every score wins half. They are
    divided by the number of other pairs: a large document has no more say than it has labels.
    """
    won, all_ = np.zeros(len(table)), np.zeros(len(table))
    order = np.lexsort((-table.labelled, table.stratum))
    ends = np.cumsum(np.bincount(table.stratum))
    for rows in np.split(order, ends[:-1]):
        labels = int(table.labelled[rows].sum())
        ours, others = rows[:labels, None], rows[None, labels:]
        weight = 2 / (1 + np.exp(np.clip(log_odds[ours] - log_odds[others], -50, 50))) / others.size
        gap = score[ours] - score[others]
        won[ours[:, 0]] = (weight * ((gap > 0) + 0.5 * (gap == 0))).sum(axis=1)
        all_[ours[:, 0]] = weight.sum(axis=1)
    return won, all_


@dataclass(frozen=True, slots=True, eq=False)
class _Draws:
    """Rates of random labels: as they fit best, drawn evenly, and drawn in proportion to mentions."""

    fitted: Floats
    even: Floats
    by_mentions: Floats


def _random_share(table: PairTable, order: Integers, draws: _Draws) -> tuple[Estimate, Integers]:
    """The least upper limit of labels over random ones among the first rows in `order`, and those rows."""
    expected = np.cumsum(draws.fitted[order])
    found = []
    for share in LOW_SHARES:
        least = min(0.5, max(share, LOW_EXPECTED / expected[-1]))
        low = order[: int(np.searchsorted(expected, least * expected[-1])) + 1]
        labelled, even, by_mentions = table.labelled[low], draws.even[low], draws.by_mentions[low]
        rate = by_mentions if evidence(labelled, by_mentions, even) > CLEAR else even
        found.append((ratio_estimate(labelled, rate, table.cluster[low], LEVEL), low))
    return min(found, key=lambda one: one[0].high)

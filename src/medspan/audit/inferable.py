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


@dataclass(frozen=True, slots=True, eq=False)
class Inferability:
    """What the text says about the labels of a table.

    `ranking` is the share of comparisons of a labelled with another pair of its stratum that the text
    wins, .5 being chance; `by_relation` the same for each relation type. `random_share` bounds the share
    of labels that were drawn at random from above. `doubtful` are labelled rows of the table, those
    first that the text speaks most against, and `low` how many of them the bound was made from.
    """

    table: PairTable
    labels: dict[str, int]
    ranking: Estimate
    by_relation: dict[str, Estimate]
    random_share: Estimate
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
    by_relation, labels = {}, {}
    for number, name in enumerate(table.relations):
        here = table.relation == number
        by_relation[name] = ratio_estimate(won[here], all_[here], table.cluster[here], LEVEL_OF_ONE)
        labels[name] = int(table.labelled[here].sum())
    order = np.argsort(rate / random.rate, kind="stable")
    share, low = _random_share(table, order, np.cumsum(random.rate[order]))
    return Inferability(
        table,
        labels,
        ratio_estimate(won, all_, table.cluster, LEVEL),
        by_relation,
        share,
        order[table.labelled[order] > 0],
        int(table.labelled[low].sum()),
    )


def _comparisons(table: PairTable, score: Floats, log_odds: Floats) -> tuple[Floats, Floats]:
    """For each labelled row the weight of the comparisons that its score wins, and of all of them.

    A labelled pair i is compared with every other pair j of its stratum. With odds o of a random label,
    it is o_i / o_j times as likely that i is labelled and j is not as the reverse; weights of
    2 o_j / (o_i + o_j) make up for that, so that under random labels every score wins half.
    """
    won, all_ = np.zeros(len(table)), np.zeros(len(table))
    order = np.lexsort((-table.labelled, table.stratum))
    ends = np.cumsum(np.bincount(table.stratum))
    for rows in np.split(order, ends[:-1]):
        labels = int(table.labelled[rows].sum())
        ours, others = rows[:labels, None], rows[None, labels:]
        weight = 2 / (1 + np.exp(np.clip(log_odds[ours] - log_odds[others], -50, 50)))
        gap = score[ours] - score[others]
        won[ours[:, 0]] = (weight * ((gap > 0) + 0.5 * (gap == 0))).sum(axis=1)
        all_[ours[:, 0]] = weight.sum(axis=1)
    return won, all_


def _random_share(table: PairTable, order: Integers, expected: Floats) -> tuple[Estimate, Integers]:
    """The least upper limit of labels over random ones among the first rows in `order`, and those rows."""
    even = drawn(table.labelled, table.stratum, np.ones(len(table))).rate
    by_mentions = drawn(table.labelled, table.stratum, table.mentions).rate
    found = []
    for share in LOW_SHARES:
        share = min(0.5, max(share, LOW_EXPECTED / expected[-1]))
        low = order[: int(np.searchsorted(expected, share * expected[-1])) + 1]
        labelled = table.labelled[low]
        follows = evidence(labelled, by_mentions[low], even[low]) > CLEAR
        rate = by_mentions[low] if follows else even[low]
        found.append((ratio_estimate(labelled, rate, table.cluster[low], LEVEL), low))
    return min(found, key=lambda one: one[0].high)

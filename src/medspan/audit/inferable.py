"""Whether the text tells labelled pairs from others, and how many labels may have been drawn at random."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from medspan.audit.intervals import LEVEL, Estimate, Floats, Integers, ratio_estimate
from medspan.audit.legal_pairs import PairedDocument
from medspan.audit.pair_scores import PairTable, expected_rate, pair_table
from medspan.audit.random_labels import RandomLabels, drawn, evidence, fitted

LEVEL_OF_ONE = 99.0
"""Of the intervals of single relation types, of which there may be many."""
LOW_SHARE = 0.05
LOW_EXPECTED = 30
"""The pairs that the text speaks most against: a share of the labels that chance expects, or so many."""
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
    low = _speak_against(order, random)
    return Inferability(
        table,
        labels,
        ratio_estimate(won, all_, table.cluster, LEVEL),
        by_relation,
        _random_share(table, low),
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


def _speak_against(order: Integers, random: RandomLabels) -> Integers:
    expected = np.cumsum(random.rate[order])
    share = min(0.5, max(LOW_SHARE, LOW_EXPECTED / expected[-1]))
    return order[: int(np.searchsorted(expected, share * expected[-1])) + 1]


def _random_share(table: PairTable, low: Integers) -> Estimate:
    """The labels of these rows over those that random ones would put there."""
    labelled = table.labelled[low]
    even = drawn(table.labelled, table.stratum, np.ones(len(table))).rate[low]
    by_mentions = drawn(table.labelled, table.stratum, table.mentions).rate[low]
    chosen = by_mentions if evidence(labelled, by_mentions, even) > CLEAR else even
    return ratio_estimate(labelled, chosen, table.cluster[low], LEVEL)

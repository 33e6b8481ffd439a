"""Pairs of entities as a table, and how far a light model that reads the text expects their labels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medspan.audit.intervals import Floats, Integers
from medspan.audit.legal_pairs import Pair, PairedDocument, Stratum
from medspan.audit.pair_features import WIDTH, PairSheet
from medspan.audit.random_labels import RandomLabels, fitted

FOLDS = 5
MOST_PAIRS = 30_000
"""Documents are taken until they hold so many pairs, in the order of their clusters' hashes."""
OWN_MODEL = 100
"""Labels from which on a relation type has a model of its own; rarer types share one."""
PENALTY = 0.01
"""Of the ridge regression, for each pair that it learns from."""
LEAST_PENALTY = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class PairTable:
    """Pairs of strata with labelled and other pairs: one row for each pair and relation type.

    `document` and `stratum` number `documents` and `strata`; `cluster` numbers what must not be
    separated; `mentions` is how often the head is mentioned times how often the tail is; `at` is the
    number of the pair in `pairs` and `features`, which it shares with other relation types.
    """

    documents: tuple[PairedDocument, ...]
    strata: tuple[Stratum, ...]
    pairs: tuple[Pair, ...]
    features: NDArray[np.float32]
    relations: tuple[str, ...]
    document: Integers
    stratum: Integers
    cluster: Integers
    relation: Integers
    at: Integers
    mentions: Floats
    labelled: Floats

    def __len__(self) -> int:
        return len(self.labelled)

    @property
    def clusters(self) -> int:
        return int(self.cluster.max()) + 1 if len(self) else 0

    @property
    def fold(self) -> Integers:
        return self.cluster % FOLDS

    def groups(self) -> list[Integers]:
        """The rows of each relation type with at least `OWN_MODEL` labels, and those of all rarer ones."""
        labels = np.bincount(self.relation, weights=self.labelled, minlength=len(self.relations))
        frequent = np.flatnonzero(labels >= OWN_MODEL)
        groups = [np.flatnonzero(self.relation == one) for one in frequent]
        groups.append(np.flatnonzero(np.isin(self.relation, np.flatnonzero(labels < OWN_MODEL))))
        return [rows for rows in groups if len(rows)]


def pair_table(documents: Iterable[PairedDocument]) -> PairTable:
    """The table of those documents that have something to tell, or of as many as `MOST_PAIRS` allow."""
    telling = (one for one in documents if any(stratum.tells for stratum in one.strata))
    taken: list[PairedDocument] = []
    size = 0
    for one in sorted(telling, key=lambda one: (one.cluster, one.key)):
        size += sum(len(stratum.pairs) for stratum in one.strata if stratum.tells)
        if taken and size > MOST_PAIRS:
            break
        taken.append(one)
    clusters = {cluster: at for at, cluster in enumerate(sorted({one.cluster for one in taken}))}
    strata: list[Stratum] = []
    pairs: list[Pair] = []
    features = [np.empty((0, WIDTH), dtype=np.float32)]
    rows: list[tuple[int, int, int, int, int, bool]] = []
    for number, one in enumerate(taken):
        sheet = PairSheet(one.row.text, one.entities)
        known: dict[Pair, int] = {}
        for stratum in one.strata:
            if not stratum.tells:
                continue
            for pair, labelled in zip(stratum.pairs, stratum.labelled, strict=True):
                if pair not in known:
                    known[pair] = len(pairs)
                    pairs.append(pair)
                    sheet.add(pair)
                counts = [max(1, len(one.entities[end].places)) for end in pair]
                rows.append(
                    (number, len(strata), clusters[one.cluster], known[pair], counts[0] * counts[1], labelled)
                )
            strata.append(stratum)
        features.append(_dense(sheet))
    table = np.array(rows, dtype=np.int64).reshape(-1, 6)
    relations = tuple(sorted({stratum.relation for stratum in strata}))
    relation = np.array([relations.index(stratum.relation) for stratum in strata], dtype=np.int64)
    return PairTable(
        tuple(taken),
        tuple(strata),
        tuple(pairs),
        np.concatenate(features),
        relations,
        document=table[:, 0],
        stratum=table[:, 1],
        cluster=table[:, 2],
        relation=relation[table[:, 1]],
        at=table[:, 3],
        mentions=table[:, 4].astype(np.float64),
        labelled=table[:, 5].astype(np.float64),
    )


def _dense(sheet: PairSheet) -> NDArray[np.float32]:
    rows, columns, weights = sheet.columns()
    flat = np.bincount(rows * WIDTH + columns, weights=weights, minlength=sheet.rows * WIDTH)
    return flat.reshape(sheet.rows, WIDTH).astype(np.float32)


def expected_rate(table: PairTable) -> Floats:
    """The rate of labels that a model which learnt from other documents expects of each pair.

    Ridge regressions of the labels on the features (`pair_features`), both as differences from the
    means of their stratum: only what tells pairs of one document and type apart can be learnt. One for
    each relation type, cross-fitted over folds of clusters. The result may leave [0, 1].
    """
    rate = (np.bincount(table.stratum, weights=table.labelled) / np.bincount(table.stratum))[table.stratum]
    for rows in table.groups():
        rate[rows] += _cross_fitted(table, rows, table.labelled[rows] - rate[rows])
    return rate


def random_labels(table: PairTable) -> RandomLabels:
    """Labels as they would be drawn at random, for each group of relation types as they fit it best.

    Each has a power of its own: where the text of one type prefers what is mentioned often, that says
    nothing about another type, whose labels may be random.
    """
    rate, log_odds = np.zeros(len(table)), np.zeros(len(table))
    for rows in table.groups():
        stratum = np.unique(table.stratum[rows], return_inverse=True)[1]
        one = fitted(table.labelled[rows], stratum, table.mentions[rows], table.fold[rows])
        rate[rows], log_odds[rows] = one.rate, one.log_odds
    return RandomLabels(rate, log_odds)


def _cross_fitted(table: PairTable, rows: Integers, target: Floats) -> Floats:
    """What the features of each row, about their stratum's mean, predict of the target in other folds."""
    features = _about_their_mean(table.features[table.at[rows]], table.stratum[rows])
    folds = [table.fold[rows] == number for number in range(FOLDS)]
    squares = [(features[mine].T @ features[mine]).astype(np.float64) for mine in folds]
    products = [features[mine].T @ target[mine] for mine in folds]
    predicted = np.zeros(len(rows))
    for number, mine in enumerate(folds):
        size = len(rows) - int(mine.sum())
        penalty = max(LEAST_PENALTY, PENALTY * size)
        if size < WIDTH:  # the same weights from the smaller system of equations
            others = features[~mine].astype(np.float64)
            system = others @ others.T + penalty * np.eye(size)
            weights = others.T @ np.linalg.solve(system, target[~mine])
        else:
            system = np.sum(squares, axis=0) - squares[number] + penalty * np.eye(WIDTH)
            weights = np.linalg.solve(system, np.sum(products, axis=0) - products[number])
        predicted[mine] = features[mine] @ weights
    return predicted


def _about_their_mean(features: NDArray[np.float32], group: Integers) -> NDArray[np.float32]:
    number = np.unique(group, return_inverse=True)[1]
    order = np.argsort(number, kind="stable")
    size = np.bincount(number)
    starts = np.concatenate([[0], np.cumsum(size)[:-1]])
    mean = np.add.reduceat(features[order], starts, axis=0) / size[:, None].astype(np.float32)
    features -= mean[number]
    return features

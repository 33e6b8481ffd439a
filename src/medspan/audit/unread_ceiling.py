"""The best score on relations that can be reached without reading the text."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from medspan.audit.intervals import Estimate, Floats, cluster_draws, percentiles
from medspan.audit.legal_pairs import PairedDocument


@dataclass(frozen=True, slots=True)
class UnreadCeiling:
    """F1 of a prediction made from the types of the true entities alone.

    `best` predicts every legal pair of documents that have up to `most_pairs` of them, and nothing in
    others; `all_pairs` predicts every legal pair everywhere.
    """

    best: Estimate
    most_pairs: int
    all_pairs: float


def unread_ceiling(documents: Sequence[PairedDocument], relations: Collection[str]) -> UnreadCeiling | None:
    """The ceiling for these relation types; None where no legal pair is labelled.

    Micro F1 over distinct (document, head, type, tail); labels that are no legal pair count as missed.
    The number of pairs up to which predicting pays is chosen on the same documents, in each draw of the
    interval (95%, percentiles over draws of clusters) anew.
    """
    rows = np.array(
        [
            [sum(getattr(one, what) for one in counts) for what in ("legal", "labelled", "labels")]
            for document in documents
            for counts in [[count for name, count in document.counts.items() if name in relations]]
        ],
        dtype=np.float64,
    ).reshape(-1, 3)
    legal, labelled, labels = rows.T
    if not labelled.sum():
        return None
    sizes, size = np.unique(legal, return_inverse=True)
    clusters = np.unique([document.cluster.hex() for document in documents], return_inverse=True)[1]

    def scores(times: Floats) -> Floats:
        found = np.cumsum(np.bincount(size, weights=times * labelled, minlength=len(sizes)))
        predicted = np.cumsum(np.bincount(size, weights=times * legal, minlength=len(sizes)))
        f1: Floats = 2 * found / np.maximum(predicted + (times * labels).sum(), 1)
        return f1

    here = scores(np.ones(len(labels)))
    best = int(np.argmax(here))
    drawn = [scores(times[clusters]).max() for times in cluster_draws(int(clusters.max()) + 1)]
    interval = percentiles(np.array(drawn))
    return UnreadCeiling(Estimate(float(here[best]), *interval), int(sizes[best]), float(here[-1]))

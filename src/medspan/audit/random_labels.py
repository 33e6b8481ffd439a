"""What labels would look like if they were drawn at random, whatever the text says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medspan.audit.intervals import Floats, Integers

EXPONENTS = tuple(at / 8 for at in range(13))
"""Tried for how much mentions draw labels to them: 0 not at all, 1 in proportion to their number."""
_STEPS = 40
_SMALLEST = 1e-12


@dataclass(frozen=True, slots=True)
class RandomLabels:
    """For each pair the probability and the log odds of a label that was drawn at random."""

    rate: Floats
    log_odds: Floats


def drawn(labelled: Floats, stratum: Integers, weight: Floats) -> RandomLabels:
    """Labels drawn in proportion to `weight`, as many in each stratum as it has.

    In a stratum with R labels a pair of weight w is labelled with probability 1 - exp(-t w), where t
    makes these add up to R: draws with replacement, of which doubles count once. `stratum` numbers from
    0; each stratum must have labelled and other pairs.
    """
    labels = np.bincount(stratum, weights=labelled)
    size = np.bincount(stratum)
    weight = weight * (size / np.bincount(stratum, weights=weight))[stratum]
    scale = -np.log1p(-labels / size)
    low, high = np.zeros(len(size)), np.full(len(size), np.inf)
    for _ in range(_STEPS):  # Newton's steps, halved where they leave the bracket
        left = np.exp(-scale[stratum] * weight)
        excess = np.bincount(stratum, weights=1 - left) - labels
        high, low = np.where(excess > 0, scale, high), np.where(excess > 0, low, scale)
        slope = np.bincount(stratum, weights=weight * left)
        step = scale - excess / np.maximum(slope, _SMALLEST)
        middle = np.where(np.isfinite(high), (low + high) / 2, 2 * scale)
        scale = np.where((step > low) & (step < high), step, middle)
    expected = np.clip(scale[stratum] * weight, _SMALLEST, 500.0)
    return RandomLabels(-np.expm1(-expected), np.log(np.expm1(expected)))


def fitted(labelled: Floats, stratum: Integers, mentions: Floats, fold: Integers) -> RandomLabels:
    """Random labels as they fit best: drawn to pairs in proportion to a power of their `mentions`.

    `mentions` is the number of mentions of the head times that of the tail. The power for each fold is
    the most likely one of `EXPONENTS` in the other folds.
    """
    tried = [drawn(labelled, stratum, mentions**exponent) for exponent in EXPONENTS]
    folds = int(fold.max()) + 1
    likelihood = np.stack(
        [np.bincount(fold, weights=_log_likelihood(labelled, one.rate), minlength=folds) for one in tried]
    )
    best = np.argmax(likelihood.sum(axis=1, keepdims=True) - likelihood, axis=0)[fold]
    at = np.arange(len(labelled))
    return RandomLabels(
        np.stack([one.rate for one in tried])[best, at], np.stack([one.log_odds for one in tried])[best, at]
    )


def evidence(labelled: Floats, one: Floats, other: Floats) -> float:
    """How much likelier (natural log) these labels are under `one` than under `other`.

    Both are expected rates, scaled to the number of labels first.
    """
    fits = [_log_likelihood(labelled, rate * (labelled.sum() / rate.sum())).sum() for rate in (one, other)]
    return float(fits[0] - fits[1])


def _log_likelihood(labelled: Floats, rate: Floats) -> Floats:
    rate = np.clip(rate, _SMALLEST, 1 - 1e-9)
    return labelled * np.log(rate) + (1 - labelled) * np.log1p(-rate)

"""Detection of signal propagation: AUROC over pairs of neurons, with a bootstrap over the stimulated ones.

Pairs that share a stimulated neuron come from the same animals and stand or fall together, so the bootstrap draws
stimulated neurons, not pairs (the cluster bootstrap; Field & Welsh 2007, J R Stat Soc B 69:369). A difference of two
predictors is taken within each draw, which is what makes a small one visible.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError

FLOOR, CEILING = 0.5, 1.0


@dataclass(frozen=True)
class Interval:
    """A value with its interval, and the share of draws that are not above 0 (of a difference) or 0.5 (of an AUROC)."""

    value: float
    low: float
    high: float
    p: float


def weighted_auroc(scores, positive, weight) -> float:
    """AUROC in which a row counts `weight` times, ties counting half.

    Parameters
    ----------
    scores : array_like, shape (R,)
    positive : array_like of bool, shape (R,)
    weight : array_like, shape (R,)
        0 leaves a row out.

    Returns
    -------
    float
        Not-a-number where no positive or no negative row has weight.
    """
    return float(_Ranked(scores, positive).auroc(np.asarray(weight, float)))


class _Ranked:
    """Scores sorted once, for many weightings."""

    def __init__(self, scores, positive):
        scores, self.positive = np.asarray(scores, float), np.asarray(positive, bool)
        if scores.shape != self.positive.shape or scores.ndim != 1:
            raise InputError(f"scores of shape {scores.shape} for labels of shape {self.positive.shape}: one score a pair")
        if not np.isfinite(scores).all():
            raise InputError(f"{int((~np.isfinite(scores)).sum())} of {len(scores)} scores are not finite")
        self.level = np.unique(scores, return_inverse=True)[1]
        self.levels = int(self.level.max(initial=-1)) + 1

    def auroc(self, weight: np.ndarray) -> float:
        yes = np.bincount(self.level, np.where(self.positive, weight, 0.0), self.levels)
        no = np.bincount(self.level, np.where(self.positive, 0.0, weight), self.levels)
        pairs = yes.sum() * no.sum()
        if pairs == 0:
            return np.nan
        return float((yes * (np.cumsum(no) - 0.5 * no)).sum() / pairs)


def draws(scores, positive, group, n: int = 1000, seed: int = 0) -> np.ndarray:
    """AUROCs of `n` bootstrap draws of groups; the same seed draws the same groups, whatever the scores.

    Parameters
    ----------
    scores : array_like, shape (R,)
    positive : array_like of bool, shape (R,)
    group : array_like, shape (R,)
        Stimulated neuron of each pair.

    Returns
    -------
    ndarray, shape (n,)
        Not-a-number for a draw without positive pairs.
    """
    ranked = _Ranked(scores, positive)
    names, member = np.unique(np.asarray(group), return_inverse=True)
    rng = np.random.default_rng([seed, len(names)])
    out = np.empty(n)
    for k in range(n):
        times = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))
        out[k] = ranked.auroc(times[member].astype(float))
    return out


def auroc_interval(scores, positive, group, n: int = 1000, seed: int = 0, level: float = 0.95) -> Interval:
    """AUROC with its bootstrap interval over groups; arguments as of :func:`draws`.

    Raises
    ------
    InputError
        No positive or no negative pair, or a score that is not finite.
    """
    value = weighted_auroc(scores, positive, np.ones(len(np.asarray(scores))))
    if np.isnan(value):
        raise InputError("an AUROC needs pairs that were detected and pairs that were not")
    return _interval(value, draws(scores, positive, group, n, seed), FLOOR, level)


def added(scores, base, positive, group, n: int = 1000, seed: int = 0, level: float = 0.95) -> Interval:
    """AUROC of `scores` minus that of `base` over the same pairs: a paired bootstrap over groups."""
    every = np.ones(len(np.asarray(scores)))
    value = weighted_auroc(scores, positive, every) - weighted_auroc(base, positive, every)
    if np.isnan(value):
        raise InputError("an AUROC needs pairs that were detected and pairs that were not")
    difference = draws(scores, positive, group, n, seed) - draws(base, positive, group, n, seed)
    return _interval(value, difference, 0.0, level)


def _interval(value: float, drawn: np.ndarray, null: float, level: float) -> Interval:
    there = drawn[np.isfinite(drawn)]
    low, high = np.quantile(there, [0.5 - level / 2, 0.5 + level / 2])
    return Interval(float(value), float(low), float(high), float((1 + (there <= null).sum()) / (1 + len(there))))


def roc_curve(scores, positive) -> tuple[np.ndarray, np.ndarray]:
    """False-alarm rate and hit rate as the threshold falls through every score; both begin with 0.

    Returns
    -------
    false_alarms, hits : ndarray, shape (distinct scores + 1,)
    """
    ranked = _Ranked(scores, positive)
    yes = np.bincount(ranked.level, ranked.positive, ranked.levels)[::-1]
    no = np.bincount(ranked.level, ~ranked.positive, ranked.levels)[::-1]
    return (np.concatenate([[0.0], np.cumsum(no) / max(no.sum(), 1)]),
            np.concatenate([[0.0], np.cumsum(yes) / max(yes.sum(), 1)]))

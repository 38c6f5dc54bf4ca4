"""Area under the ROC curve: the chance that a positive row scores above a negative one, ties counting half."""

from __future__ import annotations

from math import comb

import numpy as np
from scipy.stats import norm, rankdata

from ..errors import InputError

FLOOR, CEILING = 0.5, 1.0


def auroc(scores, positive) -> float:
    """AUROC of one score per row.

    Parameters
    ----------
    scores : array_like, shape (R,)
    positive : array_like of bool, shape (R,)

    Raises
    ------
    InputError
        No positive or no negative row, or a score that is not a number.
    """
    scores, positive = np.asarray(scores, float), np.asarray(positive, bool)
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if n_positive == 0 or n_negative == 0:
        raise InputError(f"AUROC needs positive and negative rows; there are {n_positive} and {n_negative}")
    if not np.isfinite(scores).all():
        raise InputError(f"AUROC: {int((~np.isfinite(scores)).sum())} of {len(scores)} scores are not finite")
    ranks = rankdata(scores)
    return float((ranks[positive].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def newcombe_interval(value: float, n_positive: int, n_negative: int, level: float = 0.95) -> tuple[float, float]:
    """Interval of an AUROC by method 5 of Newcombe 2006 (Stat Med 25:559), which holds its level with few rows.

    All parameter values whose own standard error, by the formula of Hanley and McNeil 1982 (Radiology 143:29) with half the
    sum of the two counts in place of each, puts the observed value within the normal quantile. A bootstrap over four
    positive rows covers far less than it claims; and rows that share cells are counted as independent here too.
    """
    grid = np.linspace(1e-4, 1 - 1e-4, 20001)
    n = (n_positive + n_negative) / 2 - 1
    spread = 1 + n * (1 - grid) / (2 - grid) + n * grid / (1 + grid)
    variance = grid * (1 - grid) * spread / (n_positive * n_negative)
    inside = grid[np.abs(value - grid) <= norm.ppf(0.5 + level / 2) * np.sqrt(variance)]
    low, high = float(inside[0]), float(inside[-1])
    return (0.0 if value == 0 else low), (1.0 if value == 1 else high)


def permutation_p(scores, positive, most: int = 20000, seed: int = 0) -> float:
    """Chance of an AUROC at least as high if the labels were dealt to the rows at random.

    Exact where there are at most `most` ways to deal them, else by that many random deals.
    """
    from itertools import combinations

    scores, positive = np.asarray(scores, float), np.asarray(positive, bool)
    ranks, k, r = rankdata(scores), int(positive.sum()), len(scores)
    observed = ranks[positive].sum() - 1e-9
    if comb(r, k) <= most:
        deals = np.array([ranks[list(rows)].sum() for rows in combinations(range(r), k)])
        return float((deals >= observed).mean())
    rng = np.random.default_rng(seed)
    deals = np.array([rng.permutation(ranks)[:k].sum() for _ in range(most)])
    return float((1 + (deals >= observed).sum()) / (1 + most))

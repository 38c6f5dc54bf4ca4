"""Agreement of the rankings of two ensembles: Spearman's correlation, its ceiling and a jackknife interval."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

FLOOR, CEILING = 0.0, 1.0


def spearman(a, b) -> float:
    """Spearman's rho of two score vectors, ties averaged; 0 where one of them is constant."""
    x, y = rankdata(a), rankdata(b)
    x, y = x - x.mean(), y - y.mean()
    scale = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / scale) if scale > 0 else 0.0


def jackknife_spearman(a, b, quantile: float = 1.96) -> tuple[float, float, float]:
    """Correlation of two ensemble means with its interval from leaving out one sample at a time.

    Resampling with replacement would add noise to both means and pull the correlation down; leaving one out does not.

    Parameters
    ----------
    a, b : array_like, shape (S_a, R) and (S_b, R)
        Scores of R rows in each sample of two ensembles.

    Returns
    -------
    value, low, high : float
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    value = spearman(a.mean(0), b.mean(0))
    variance = 0.0
    for x, y in ((a, b), (b, a)):
        n = len(x)
        left = np.array([spearman((x.sum(0) - row) / (n - 1), y.mean(0)) for row in x])
        variance += (n - 1) / n * ((left - left.mean()) ** 2).sum()
    half = quantile * np.sqrt(variance)
    return value, max(-1.0, value - half), min(1.0, value + half)


def reliability(a, splits: int = 50, seed: int = 0) -> float:
    """Correlation that a second ensemble of the same size would have with this one: split halves, Spearman-Brown."""
    a = np.asarray(a, float)
    rng = np.random.default_rng(seed)
    halves = []
    for _ in range(splits):
        order = rng.permutation(len(a))
        first, second = a[order[: len(a) // 2]], a[order[len(a) // 2 :]]
        halves.append(spearman(first.mean(0), second.mean(0)))
    r = float(np.mean(halves))
    return max(0.0, 2 * r / (1 + r)) if r > -1 else 0.0


def ceiling(a, b, seed: int = 0) -> float:
    """Highest correlation that two ensembles as noisy as these could show if they agreed."""
    return float(np.sqrt(reliability(a, seed=seed) * reliability(b, seed=seed)))

"""Proportion of an ensemble, with Wilson's interval."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

FLOOR, CEILING = 0.0, 1.0


def wilson(successes, n, level: float = 0.95):
    """Wilson's score interval (Wilson 1927, J Am Stat Assoc 22:209).

    Parameters
    ----------
    successes, n : array_like
        Counts; `n` of 0 gives the interval 0 to 1.
    level : float

    Returns
    -------
    low, high : ndarray
    """
    k, n = np.asarray(successes, float), np.asarray(n, float)
    z2 = norm.ppf(0.5 + level / 2) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        p = k / n
        centre = (p + z2 / (2 * n)) / (1 + z2 / n)
        half = np.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n**2))) / (1 + z2 / n)
    low, high = np.where(n > 0, centre - half, 0.0), np.where(n > 0, centre + half, 1.0)
    return np.clip(low, 0, 1), np.clip(high, 0, 1)

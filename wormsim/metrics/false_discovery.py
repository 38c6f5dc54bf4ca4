"""Detection as experimenters do it: a test for each pair, and the false-discovery rate of Benjamini & Hochberg (1995).

The score is the share of detected pairs that are truly there.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from ..errors import InputError

FLOOR, CEILING = 0.0, 1.0


def q_values(p) -> np.ndarray:
    """False-discovery rate at which each test would just be called (Benjamini & Hochberg 1995, J R Stat Soc B 57:289).

    Parameters
    ----------
    p : array_like, shape (R,)
        Between 0 and 1.
    """
    p = np.asarray(p, float)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all():
        raise InputError("p values are a list of numbers between 0 and 1")
    order = np.argsort(p)
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.empty(len(p))
    q[order] = np.minimum.accumulate(scaled[::-1])[::-1].clip(max=1.0)
    return q


def detection_p(response, noise_sd: float, n_trials) -> np.ndarray:
    """Two-sided p of the mean of `n_trials` responses whose noise is normal with a known standard deviation.

    Parameters
    ----------
    response : array_like, shape (R,)
        Mean response, in the unit of `noise_sd`.
    noise_sd : float
        Of one trial.
    n_trials : array_like of int, shape (R,)
    """
    if not noise_sd > 0:
        raise InputError(f"noise_sd = {noise_sd}: the noise of a trial is a number above 0")
    return 2 * norm.sf(np.abs(np.asarray(response, float)) / noise_sd * np.sqrt(np.asarray(n_trials, float)))


def precision(called, true) -> float:
    """Share of the called pairs that are true; not-a-number where none is called."""
    called, true = np.asarray(called, bool), np.asarray(true, bool)
    return float(true[called].mean()) if called.any() else float("nan")


def matthews(called, true) -> float:
    """Matthews' correlation (1975, Biochim Biophys Acta 405:442) of what is called with what is true; 0 where one is constant."""
    a, b = np.asarray(called, float), np.asarray(true, float)
    scale = a.std() * b.std()
    return float(((a - a.mean()) * (b - b.mean())).mean() / scale) if scale > 0 else 0.0

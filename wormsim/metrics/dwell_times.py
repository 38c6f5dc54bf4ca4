"""Dwell times: how long a state lasts once it has begun, and how alike two sets of such times are (1 minus Kolmogorov's distance)."""

from __future__ import annotations

import numpy as np
from scipy.stats import ks_2samp

from ..errors import InputError

FLOOR, CEILING = 0.0, 1.0


def dwell_times(state, rate_Hz: float) -> np.ndarray:
    """Durations in s of the stretches in which `state` holds; stretches that touch either end, or a gap, are left out.

    Parameters
    ----------
    state : array_like, shape (frames,)
        True, false, or not-a-number in a gap.
    rate_Hz : float
    """
    x = np.asarray(state, float)
    if x.ndim != 1 or not rate_Hz > 0:
        raise InputError(f"dwell times are of one channel ({x.shape}) at a rate above 0 ({rate_Hz} Hz)")
    value = np.where(np.isfinite(x), x > 0, -1).astype(int)
    cuts = np.flatnonzero(np.diff(value)) + 1
    starts, stops = np.concatenate([[0], cuts]), np.concatenate([cuts, [len(value)]])
    inner = [(a, b) for a, b in zip(starts, stops, strict=True)
             if a > 0 and b < len(value) and value[a] == 1 and value[a - 1] == 0 and value[b] == 0]
    return np.array([(b - a) / rate_Hz for a, b in inner])


def rate_per_min(state, rate_Hz: float) -> float:
    """How often the state begins in a minute of recorded time."""
    x = np.asarray(state, float)
    there = np.isfinite(x)
    begins = (x[1:] > 0) & (x[:-1] <= 0) & there[1:] & there[:-1]
    return float(begins.sum() / (there.sum() / rate_Hz / 60.0)) if there.any() else float("nan")


def dwell_agreement(a, b) -> float:
    """One minus the Kolmogorov-Smirnov distance of two sets of dwell times."""
    if len(a) == 0 or len(b) == 0:
        raise InputError(f"{len(a)} and {len(b)} dwell times: there is nothing to compare")
    return float(1 - ks_2samp(a, b).statistic)

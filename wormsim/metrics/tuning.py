"""Tuning of single neurons to behaviour: its sign in one animal, and whether animals, or model and animals, agree on it."""

from __future__ import annotations

import numpy as np

from ..errors import InputError

FLOOR, CEILING = 0.5, 1.0


def tuning(traces, behaviour) -> np.ndarray:
    """Correlation of every trace with a behaviour channel, over the frames that both have.

    Parameters
    ----------
    traces : array_like, shape (frames, cells)
    behaviour : array_like, shape (frames,)

    Returns
    -------
    ndarray, shape (cells,)
        Not-a-number for a trace that is missing or constant.
    """
    x, b = np.asarray(traces, float), np.asarray(behaviour, float)
    if b.shape != x.shape[:1]:
        raise InputError(f"behaviour of {b.shape} frames for traces of {x.shape[:1]}: both must have the same frames")
    both = np.isfinite(x) & np.isfinite(b)[:, None]
    n = np.maximum(both.sum(axis=0), 1)
    x, b = np.where(both, x, 0.0), np.where(both, b[:, None], 0.0)
    x, b = (np.where(both, y - y.sum(axis=0) / n, 0.0) for y in (x, b))
    scale = np.sqrt((x**2).sum(axis=0) * (b**2).sum(axis=0))
    return np.where(scale > 1e-12, (x * b).sum(axis=0) / np.where(scale > 1e-12, scale, 1.0), np.nan)


def sign_agreement(a, b, least: float = 0.0) -> tuple[float, int]:
    """Share of cells that have the same sign in two tunings, among those that reach `least` in size in `a`.

    Returns
    -------
    share : float
        Not-a-number where there is no such cell; chance is one half.
    n : int
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    there = np.isfinite(a) & np.isfinite(b) & (np.abs(a) >= least) & (a != 0) & (b != 0)
    n = int(there.sum())
    return (float((np.sign(a[there]) == np.sign(b[there])).mean()) if n else float("nan")), n

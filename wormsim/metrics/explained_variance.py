"""Explained variance of a recording that the prediction has not seen: 1 minus the squared error over the variance."""

from __future__ import annotations

import numpy as np

from ..errors import InputError

FLOOR, CEILING = 0.0, 1.0


def explained_variance(predicted, recorded) -> float:
    """Share of the variance of `recorded` (around its own mean) that `predicted` explains; negative where it is worse than the mean.

    Parameters
    ----------
    predicted, recorded : array_like, shape (frames,) or (frames, channels)
        Channels are taken together; frames in which either is not-a-number are left out.
    """
    p, r = np.asarray(predicted, float), np.asarray(recorded, float)
    if p.shape != r.shape:
        raise InputError(f"predicted {p.shape} and recorded {r.shape} must have one shape")
    p, r = (x.reshape(len(x), -1) for x in (p, r))
    both = np.isfinite(p) & np.isfinite(r)
    p, r = np.where(both, p, np.nan), np.where(both, r, np.nan)
    used = both.sum(axis=0) > 1
    if not used.any():
        raise InputError("no channel has two frames in which both the prediction and the recording are there")
    variance = np.nansum((r[:, used] - np.nanmean(r[:, used], axis=0)) ** 2)
    if not variance > 0:
        raise InputError("the recording is constant: there is no variance to explain")
    return float(1 - np.nansum((p[:, used] - r[:, used]) ** 2) / variance)


def correlation(predicted, recorded) -> float:
    """Pearson's correlation over the frames that both have; 0 where one is constant."""
    p, r = np.asarray(predicted, float), np.asarray(recorded, float)
    both = np.isfinite(p) & np.isfinite(r)
    if both.sum() < 3:
        raise InputError(f"{int(both.sum())} frames have both a prediction and a recording; a correlation needs at least 3")
    p, r = p[both] - p[both].mean(), r[both] - r[both].mean()
    scale = np.sqrt((p @ p) * (r @ r))
    return float(p @ r / scale) if scale > 0 else 0.0


def block_interval(predicted, recorded, block: int, n: int = 500, seed: int = 0, level: float = 0.95, score=correlation) -> tuple[float, float]:
    """Interval of a score of one recording by a circular bootstrap of blocks (Politis & Romano 1992).

    Parameters
    ----------
    predicted, recorded : array_like, shape (frames,)
    block : int
        Frames that stay together; longer than the memory of the traces.
    score : callable
        ``(predicted, recorded) -> float``
    """
    p, r = np.asarray(predicted, float), np.asarray(recorded, float)
    if not 1 <= block <= len(p):
        raise InputError(f"block = {block} frames of a recording of {len(p)}")
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(n):
        starts = rng.integers(0, len(p), -(-len(p) // block))
        rows = (starts[:, None] + np.arange(block)).ravel()[: len(p)] % len(p)
        drawn.append(score(p[rows], r[rows]))
    low, high = np.quantile(drawn, [0.5 - level / 2, 0.5 + level / 2])
    return float(low), float(high)

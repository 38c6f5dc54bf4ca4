"""Trajectories of population activity: do two recordings of the same cells move in the same space, and along the same path?

The space is that of the leading principal components of each. Spaces are compared by principal angles; paths, where both
have the same frames, by the correlation after the best rotation (orthogonal Procrustes; Schoenemann 1966).
"""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from .decoding import standardised

FLOOR, CEILING = 0.0, 1.0


def components(traces, k: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Leading principal components of z-scored traces.

    Parameters
    ----------
    traces : array_like, shape (frames, cells)
        Not-a-number counts as the mean of its trace.

    Returns
    -------
    axes : ndarray, shape (k, cells)
    path : ndarray, shape (frames, k)
    share : ndarray, shape (k,)
        Of the variance.
    """
    z = standardised(traces)
    if not 1 <= k <= min(z.shape):
        raise InputError(f"{k} components of {z.shape[0]} frames of {z.shape[1]} cells")
    u, s, axes = np.linalg.svd(z - z.mean(axis=0), full_matrices=False)
    power = s**2
    return axes[:k], u[:, :k] * s[:k], power[:k] / max(power.sum(), 1e-300)


def space_overlap(a, b, k: int = 3) -> float:
    """Mean squared cosine of the principal angles between the spaces of the leading `k` components of two recordings.

    Parameters
    ----------
    a, b : array_like, shape (frames, cells)
        The same cells; the frames may differ. Random spaces score about ``k / cells``.
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.shape[1] != b.shape[1]:
        raise InputError(f"{a.shape[1]} and {b.shape[1]} cells: compare the cells that both recordings have, in one order")
    return float((np.linalg.svd(components(a, k)[0] @ components(b, k)[0].T, compute_uv=False) ** 2).mean())


def path_agreement(a, b, k: int = 3) -> float:
    """Correlation of two paths of the same frames after the best rotation and scaling; 1 for the same path in another frame of axes."""
    x, y = components(a, k)[1], components(b, k)[1]
    if len(x) != len(y):
        raise InputError(f"paths of {len(x)} and {len(y)} frames: paths are compared frame by frame; resample one of them")
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    return float(np.linalg.svd(x.T @ y, compute_uv=False).sum() / max(np.linalg.norm(x) * np.linalg.norm(y), 1e-300))

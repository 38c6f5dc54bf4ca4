"""Similarity of two correlation matrices: the correlation, over pairs of cells, of their off-diagonal entries."""

from __future__ import annotations

import numpy as np

from ..errors import InputError

FLOOR, CEILING = 0.0, 1.0
LEAST_PAIRS = 10


def correlation_matrix(traces) -> np.ndarray:
    """Correlations of the columns, each pair over the frames that both have.

    Parameters
    ----------
    traces : array_like, shape (frames, cells)
        Not-a-number where nothing was recorded.

    Returns
    -------
    ndarray, shape (cells, cells)
        Not-a-number for a pair without two common frames or with a constant trace, and on the diagonal.
    """
    x = np.asarray(traces, float)
    there = np.isfinite(x).astype(float)
    x = np.where(there > 0, x - np.nanmean(np.where(there > 0, x, np.nan), axis=0, keepdims=True) if len(x) else x, 0.0)
    n = there.T @ there
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (x.T @ there) / n  # of the row's cell, over the frames of both
        product = (x.T @ x) / n - mean * mean.T
        spread = np.sqrt(np.maximum((x**2).T @ there / n - mean**2, 0))
        r = product / (spread * spread.T)
    r[(n < 2) | ~(spread * spread.T > 1e-12)] = np.nan
    np.fill_diagonal(r, np.nan)
    return r.clip(-1, 1)


def similarity(a, b) -> float:
    """Pearson's correlation of the entries above the diagonal that both have.

    Parameters
    ----------
    a, b : array_like, shape (cells, cells)
        Symmetric, in one order of cells.

    Raises
    ------
    InputError
        Other shapes, or fewer than :data:`LEAST_PAIRS` common pairs.
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.shape != b.shape or a.ndim != 2 or a.shape[0] != a.shape[1]:
        raise InputError(f"correlation matrices of shapes {a.shape} and {b.shape}: two of one size are compared, cell by cell")
    x, y = (m[np.triu_indices(len(m), 1)] for m in (a, b))
    both = np.isfinite(x) & np.isfinite(y)
    if both.sum() < LEAST_PAIRS:
        raise InputError(f"{int(both.sum())} pairs of cells have a correlation in both matrices; at least {LEAST_PAIRS} are needed")
    x, y = x[both] - x[both].mean(), y[both] - y[both].mean()
    scale = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / scale) if scale > 0 else 0.0


def cell_bootstrap(a, b, n: int = 500, seed: int = 0, level: float = 0.95) -> tuple[float, float, float]:
    """Similarity with a bootstrap over cells: value, low, high. Pairs of a cell with its own copy are left out."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    value = similarity(a, b)
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(n):
        pick = np.sort(rng.integers(0, len(a), len(a)))
        same = pick[:, None] == pick[None]
        drawn.append(similarity(np.where(same, np.nan, a[np.ix_(pick, pick)]), b[np.ix_(pick, pick)]))
    low, high = np.quantile(drawn, [0.5 - level / 2, 0.5 + level / 2])
    return value, float(low), float(high)

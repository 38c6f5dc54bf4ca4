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
    x = np.where(there > 0, x, 0.0)
    x = (x - x.sum(axis=0) / np.maximum(there.sum(axis=0), 1)) * there
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
    return _weighted(x, y, np.ones(len(x)))


def mean_similarity(recorded, predicted, weight=None) -> float:
    """Mean over animals of the similarity of what was recorded to what was predicted for it.

    Parameters
    ----------
    recorded, predicted : sequence of (cells, cells) arrays
        One an animal, all over one list of cells.
    weight : array_like, shape (cells,), optional
        How often a cell counts; a pair counts as often as the product says.
    """
    n = len(recorded[0])
    w = np.ones(n) if weight is None else np.asarray(weight, float)
    upper = np.triu_indices(n, 1)
    of_pair = w[upper[0]] * w[upper[1]]
    return float(np.mean([_weighted(np.asarray(a)[upper], np.asarray(b)[upper], of_pair) for a, b in zip(recorded, predicted, strict=True)]))


def cell_draws(recorded, predicted, n: int = 500, seed: int = 0) -> np.ndarray:
    """:func:`mean_similarity` of `n` bootstrap draws of cells, shape (n,); one seed draws the same cells for every prediction.

    Cells, not pairs, are drawn: all pairs of a cell stand or fall together.
    """
    cells = len(recorded[0])
    rng = np.random.default_rng([seed, cells])
    return np.array([mean_similarity(recorded, predicted, np.bincount(rng.integers(0, cells, cells), minlength=cells)) for _ in range(n)])


def _weighted(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> float:
    both = np.isfinite(x) & np.isfinite(y) & (weight > 0)
    if both.sum() < LEAST_PAIRS:
        raise InputError(f"{int(both.sum())} pairs of cells have a correlation in both matrices; at least {LEAST_PAIRS} are needed")
    w = weight[both] / weight[both].sum()
    x, y = x[both] - w @ x[both], y[both] - w @ y[both]
    scale = np.sqrt((w @ x**2) * (w @ y**2))
    return float(w @ (x * y) / scale) if scale > 1e-300 else 0.0

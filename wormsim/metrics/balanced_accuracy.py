"""Balanced accuracy: the mean over the expected classes of the share that was predicted, with its interval and its floor.

A class that is expected ten times as often weighs no more than a rare one. A guess that is always the same scores exactly one over the
number of classes, and so does any guess that does not look at the row: that is the floor (:func:`chance`). A prediction that is none of
the classes ("no prediction") is a miss.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import InputError

#: Floor with four classes; :func:`chance` gives that of the classes that are there.
FLOOR, CEILING = 0.25, 1.0


def balanced_accuracy(expected, predicted, weights=None) -> float:
    """Mean over the expected classes of the (weighted) share that is predicted right.

    Parameters
    ----------
    expected, predicted : array_like of str, shape (R,)
    weights : array_like, shape (R,), optional
        What each row counts within its class.

    Raises
    ------
    InputError
        No rows, arrays of different lengths, or weights that are not all positive numbers.
    """
    hit, member, w = _parts(expected, predicted, weights)
    return float(np.mean((member @ (w * hit)) / (member @ w)))


def chance(expected) -> float:
    """Balanced accuracy of any guess that does not look at the row: one over the number of expected classes."""
    return 1.0 / len(np.unique(np.asarray(expected, object).astype(str)))


def bootstrap_interval(expected, predicted, clusters, weights=None, *,
                       draws: int = 2000, seed: int = 0, level: float = 0.95) -> tuple[float, float]:
    """Percentile interval over draws of whole clusters of rows.

    Parameters
    ----------
    expected, predicted : array_like of str, shape (R,)
    clusters : array_like, shape (R,)
        Rows of one cluster are drawn together.
    weights : array_like, shape (R,), optional
    draws, seed : int
    level : float

    Returns
    -------
    low, high : float

    Notes
    -----
    Nothing says how a class that lies in one cluster alone would vary: its share counts as 0 in the lower bound and as 1 in the upper.
    Draws that lack another class are left out. With few clusters the interval is, if anything, too narrow.
    """
    hit, member, w = _parts(expected, predicted, weights)
    return _interval(hit, member, w, clusters, draws, seed, level, least=0.0)


def difference_interval(expected, predicted, others, clusters, weights=None, *,
                        draws: int = 2000, seed: int = 0, level: float = 0.95) -> tuple[float, float, float]:
    """Balanced accuracy of one prediction minus the mean of that of others, over the same draws of clusters: value, low, high.

    Parameters
    ----------
    others : array_like of str, shape (S, R)
        Predictions of one control or of S of its kind; every draw takes one of them.
    """
    hit, member, w = _parts(expected, predicted, weights)
    controls = np.stack([_parts(expected, other, weights)[0] for other in others])
    value = float(np.mean((member @ (w * (hit - controls.mean(axis=0)))) / (member @ w)))
    return (value, *_interval(hit - controls, member, w, clusters, draws, seed, level, least=-1.0))


def confusion(expected, predicted, classes: Sequence[str], others: Sequence[str] = (), weights=None) -> np.ndarray:
    """How often each class was expected (rows) and each class or other word predicted (columns), shape (C, C + O).

    Raises
    ------
    InputError
        An expectation that is no class, or a prediction that is neither a class nor one of the others.
    """
    _, _, w = _parts(expected, predicted, weights)
    columns = [*classes, *others]
    table = np.zeros((len(classes), len(columns)))
    for e, p, weight in zip(np.asarray(expected, object), np.asarray(predicted, object), w, strict=True):
        if e not in classes or p not in columns:
            raise InputError(f"confusion: expected {e!r}, predicted {p!r}; the words are {', '.join(columns)}")
        table[list(classes).index(e), columns.index(p)] += weight
    return table


def _parts(expected, predicted, weights) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hits (R,), membership of rows in classes (C, R), weights (R,)."""
    e, p = np.asarray(expected, object).astype(str), np.asarray(predicted, object).astype(str)
    w = np.ones(len(e)) if weights is None else np.asarray(weights, float)
    if not len(e) or not e.shape == p.shape == w.shape:
        raise InputError(f"balanced accuracy: {len(e)} expected, {len(p)} predicted, {len(w)} weights; it needs as many of each, and some")
    if not (np.isfinite(w).all() and (w > 0).all()):
        raise InputError("balanced accuracy: every weight must be a number above 0")
    return (e == p).astype(float), (e == np.unique(e)[:, None]).astype(float), w


def _interval(hits: np.ndarray, member: np.ndarray, w: np.ndarray, clusters, draws: int, seed: int, level: float,
              least: float) -> tuple[float, float]:
    """Quantiles of the balanced accuracy over draws of clusters; of hits (S, R), from `least` to 1, every draw takes one row."""
    names, of = np.unique(np.asarray(clusters), return_inverse=True)
    hits = np.atleast_2d(hits)
    if len(of) != hits.shape[1]:
        raise InputError(f"balanced accuracy: {len(of)} cluster numbers for {hits.shape[1]} rows")
    varies = np.array([len(np.unique(of[row > 0])) > 1 for row in member])
    low = high = 0.0
    if varies.any():
        rng = np.random.default_rng(seed)
        times = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=draws)[:, of] * w
        hit = hits[rng.integers(len(hits), size=draws)]
        total = times @ member[varies].T
        there = (total > 0).all(axis=1)
        values = (((times * hit) @ member[varies].T)[there] / total[there]).sum(axis=1)
        low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    fixed = int((~varies).sum())
    return float((low + least * fixed) / len(member)), float((high + fixed) / len(member))

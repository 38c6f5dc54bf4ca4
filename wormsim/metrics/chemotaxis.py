"""Chemotaxis: how far an animal's path leads up a gradient, and how it gets there.

All of it is geometry of a path, of the nose or of the centroid (the centroid wanders less: its path holds no swings of the head).
Steps are from frame to frame: pass frames about one undulation apart, or the sway of the body counts as path.

* :func:`heading_index`: displacement up the gradient over length of the path, in [-1, 1]. 0: a path that does not know of the
  gradient; 1: straight up. It is this module's score.
* :func:`approach_index`: share of the distance to the peak that was closed, as a mean over time, at most 1: an animal that never
  moves has 0, and one that could jump to the peak 1.

Definitions are chosen here; other papers' chemotaxis indices count animals in a region of the plate and are not these.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import t as student

from ..errors import InputError

FLOOR, CEILING = 0.0, 1.0


def heading_index(x_mm, y_mm, peak_mm=None, up=None) -> np.ndarray:
    """Displacement up the gradient over length of the path, of every animal.

    Parameters
    ----------
    x_mm, y_mm : array_like, shape (..., T)
        Paths; a step from or to a frame that is not-a-number is left out.
    peak_mm : (float, float), optional
        Where the field peaks: up is towards there.
    up : (float, float), optional
        Up, where it is the same everywhere (a linear field). One of the two has to be given.

    Returns
    -------
    ndarray, shape (...)
        Not-a-number for an animal that did not move.
    """
    x, y = _paths(x_mm, y_mm)
    dx, dy = np.diff(x), np.diff(y)
    to_x, to_y = _upward(0.5 * (x[..., 1:] + x[..., :-1]), 0.5 * (y[..., 1:] + y[..., :-1]), peak_mm, up)
    length = np.nansum(np.hypot(dx, dy), axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(length > 0, np.nansum(dx * to_x + dy * to_y, axis=-1) / length, np.nan)


def approach_index(x_mm, y_mm, peak_mm) -> np.ndarray:
    """Mean over time of 1 - (distance to the peak) / (distance at the first frame), (...,); frames evenly spaced.

    Negative for an animal that mostly was farther away than at its start; not-a-number for one that started on the peak or has no start.
    """
    x, y = _paths(x_mm, y_mm)
    px, py = _pair("peak_mm", peak_mm)
    distance = np.hypot(x - px, y - py)
    there = np.isfinite(distance)
    start = distance[..., 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(there, distance, 0.0).sum(axis=-1) / there.sum(axis=-1)
        return np.where(start > 0, 1.0 - mean / start, np.nan)


def mean_interval(index, level: float = 0.95) -> tuple[float, float, float]:
    """Mean over animals of an index, with Student's interval.

    Parameters
    ----------
    index : array_like, shape (A,)
        Animals without a number are left out: failed ones are reported where they fail.

    Returns
    -------
    value, low, high : float
        An interval without an end for fewer than two animals; not-a-number for none.
    """
    z = np.asarray(index, float).ravel()
    z = z[np.isfinite(z)]
    if z.size < 2:
        return (float(z[0]) if z.size else float("nan")), -np.inf, np.inf
    half = student.ppf(0.5 + level / 2, z.size - 1) * z.std(ddof=1) / np.sqrt(z.size)
    return float(z.mean()), float(z.mean() - half), float(z.mean() + half)


def _paths(x_mm, y_mm) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.asarray(x_mm, float), np.asarray(y_mm, float)
    if x.shape != y.shape or x.ndim == 0 or x.shape[-1] < 3:
        raise InputError(f"x_mm and y_mm have the shapes {x.shape} and {y.shape}: both must be (..., frames), with at least three frames")
    return x, y


def _pair(name: str, value) -> tuple[float, float]:
    pair = np.asarray(value, float)
    if pair.shape != (2,) or not np.isfinite(pair).all():
        raise InputError(f"{name} = {value} must be two finite numbers")
    return float(pair[0]), float(pair[1])


def _upward(x, y, peak_mm, up) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors up the gradient; not-a-number on the peak itself, from where every way leads down."""
    if (peak_mm is None) == (up is None):
        raise InputError(f"peak_mm = {peak_mm} and up = {up}: exactly one of them says where up is")
    if peak_mm is None:
        ux, uy = _pair("up", up)
        if not np.hypot(ux, uy) > 0:
            raise InputError(f"up = {up} has no direction")
        to_x, to_y = np.broadcast_to(ux, x.shape), np.broadcast_to(uy, y.shape)
    else:
        px, py = _pair("peak_mm", peak_mm)
        to_x, to_y = px - x, py - y
    size = np.hypot(to_x, to_y)
    with np.errstate(invalid="ignore", divide="ignore"):
        return to_x / size, to_y / size

"""Leave one animal out: learn from all animals but one to tell behaviour from activity, or activity from behaviour.

Animals share only some of their named neurons. A trace that an animal lacks stands at 0, its mean (traces are z-scored in each
animal); with ridge regression such a neuron just says nothing there. The penalty is chosen among training animals, by
leaving one of those out in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..errors import InputError
from .explained_variance import correlation

FLOOR, CEILING = 0.0, 1.0
PENALTIES = (1e1, 1e2, 1e3, 1e4, 1e5)
LEAST_ANIMALS = 3


def standardised(x) -> np.ndarray:
    """z-score along frames; not-a-number and constant columns become 0."""
    x = np.asarray(x, float)
    there = np.isfinite(x)
    n = np.maximum(there.sum(axis=0), 1)
    mean = np.where(there, x, 0.0).sum(axis=0) / n
    spread = np.sqrt(np.where(there, (x - mean) ** 2, 0.0).sum(axis=0) / n)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (x - mean) / spread
    return np.where(there & (spread > 1e-12), z, 0.0)


def lagged(x: np.ndarray, lags: Sequence[int]) -> np.ndarray:
    """Columns shifted by whole frames, side by side: ``out[t] = x[t + lag]``, 0 beyond the ends; shape (frames, columns x lags)."""
    out = np.zeros((len(x), x.shape[1] * len(lags)))
    for k, lag in enumerate(lags):
        start, stop = max(0, -lag), min(len(x), len(x) - lag)
        out[start:stop, k * x.shape[1] : (k + 1) * x.shape[1]] = x[start + lag : stop + lag]
    return out


def leave_one_out(inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray], penalties: Sequence[float] = PENALTIES,
                  lags: Sequence[int] = (0,), merit: Callable[[np.ndarray, np.ndarray], float] = correlation
                  ) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Prediction of every animal by ridge regression on the others.

    Parameters
    ----------
    inputs : sequence of (frames, columns) arrays
        One an animal, columns in one order; all not-a-number where an animal lacks a neuron.
    outputs : sequence of (frames, channels) arrays
        z-scored in each animal, like the inputs; a frame or channel that is not-a-number is not learned from.
    penalties : sequence of float
        Candidates; chosen for each channel by the mean merit over training animals, each left out in turn.
    lags : sequence of int
        Frames by which inputs are also shifted.
    merit : callable
        ``(predicted, recorded) -> float`` of one channel; correlation, or explained variance where the scale matters.

    Returns
    -------
    predictions : list of (frames, channels) ndarray
        In z-scores.
    chosen : list of (channels,) ndarray
        Penalty of each animal and channel.

    Raises
    ------
    InputError
        Fewer than three animals, other numbers of columns, or animals that share no column.
    """
    if len(inputs) != len(outputs) or len(inputs) < LEAST_ANIMALS:
        raise InputError(f"{len(inputs)} animals: leaving one out, and one of the others to choose the penalty, takes at least {LEAST_ANIMALS}")
    widths = {x.shape[1] for x in inputs}
    if len(widths) != 1:
        raise InputError(f"animals with {sorted(widths)} columns: give every animal all columns, not-a-number where it lacks one")
    there = np.array([np.isfinite(x).any(axis=0) for x in inputs])
    for k in range(len(inputs)):
        if not (there[k] & np.delete(there, k, axis=0).any(axis=0)).any():
            raise InputError(f"animal {k + 1} of {len(inputs)} shares no recorded column with any other")
    x = [lagged(standardised(a), lags) for a in inputs]
    y = [np.where(np.isfinite(b), standardised(b), np.nan) for b in (np.asarray(b, float).reshape(len(b), -1) for b in outputs)]
    gram = [_gram(a, b) for a, b in zip(x, y, strict=True)]
    found, chosen = [], []
    for k in range(len(x)):
        train = [i for i in range(len(x)) if i != k]
        merits = np.array([_mean([_merits(merit, x[i] @ _ridge(gram, [j for j in train if j != i], penalty), y[i]) for i in train])
                           for penalty in penalties])
        best = merits.argmax(axis=0)
        every = np.stack([x[k] @ _ridge(gram, train, penalty) for penalty in penalties])
        found.append(every[best, :, np.arange(len(best))].T)
        chosen.append(np.asarray(penalties, float)[best])
    return found, chosen


def _gram(x: np.ndarray, y: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Inner products of one animal; one set for all channels that miss no frame, one for each of the others."""
    whole = np.isfinite(y)
    if whole.all():
        return [(x.T @ x, x.T @ y)]
    return [((x[w].T @ x[w]), x[w].T @ y[w, c : c + 1]) for c, w in enumerate(whole.T)]


def _ridge(gram: list, animals: list[int], penalty: float) -> np.ndarray:
    if all(len(gram[i]) == 1 for i in animals):
        inner, cross = (sum(gram[i][0][part] for i in animals) for part in (0, 1))
        return np.linalg.solve(inner + penalty * np.eye(len(inner)), cross)
    channels = max(len(gram[i]) if len(gram[i]) > 1 else gram[i][0][1].shape[1] for i in animals)
    weights = []
    for c in range(channels):
        parts = [(g[0][0], g[0][1][:, c : c + 1]) if len(g) == 1 else g[c] for g in (gram[i] for i in animals)]
        inner, cross = (sum(p[part] for p in parts) for part in (0, 1))
        weights.append(np.linalg.solve(inner + penalty * np.eye(len(inner)), cross))
    return np.hstack(weights)


def _merits(merit: Callable, predicted: np.ndarray, recorded: np.ndarray) -> np.ndarray:
    """Merit of each channel; not-a-number where fewer than three frames were recorded, or they are all alike."""
    fine = [np.isfinite(r).sum() >= 3 and np.nanstd(r) > 0 for r in recorded.T]
    return np.array([merit(p, r) if ok else np.nan for p, r, ok in zip(predicted.T, recorded.T, fine, strict=True)])


def _mean(merits: list[np.ndarray]) -> np.ndarray:
    """Mean over animals of what there is; 0 where there is nothing."""
    there = np.isfinite(merits)
    return np.where(there, merits, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)

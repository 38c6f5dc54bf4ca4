"""How the field brings fluorescence to a common scale: z-score, dF/F, F/F20, ratio to a reference channel.

All work along the first axis (frames) and leave missing frames missing; a trace without variation or without a baseline
comes back not-a-number, never zero or infinite.
"""

from __future__ import annotations

import numpy as np

from .errors import InputError, UnknownNameError

_BASELINES = ("mean", "percentile")


def zscore(traces) -> np.ndarray:
    """Minus the mean, over the standard deviation of the frames that are there (``ddof=0``), each trace by itself.

    Parameters
    ----------
    traces : (frames, ...) array

    Returns
    -------
    float64 array of the same shape; a constant trace is not-a-number.
    """
    traces = np.asarray(traces, np.float64)
    seen = np.isfinite(traces)
    n = np.maximum(seen.sum(axis=0), 1)
    centred = np.where(seen, traces, 0.0) - np.where(seen, traces, 0.0).sum(axis=0) / n
    spread = np.sqrt(np.where(seen, centred**2, 0.0).sum(axis=0) / n)
    # a sum of equal numbers leaves rounding behind, which is no variation
    level = np.max(np.where(seen, np.abs(traces), 0.0), axis=0, initial=0.0)
    spread = np.where(spread > 1e-12 * level, spread, np.nan)
    return np.where(seen, centred / spread, np.nan)


def baseline(traces, kind: str = "percentile", percentile: float = 20.0) -> np.ndarray:
    """F0 of each trace.

    Parameters
    ----------
    traces : (frames, ...) array
    kind : {"mean", "percentile"}
        The mean over the recording (Kato et al. 2015 Cell 163:656) or a low percentile of it (the 20th in Atanas, Kim et
        al. 2023 Cell 186:4134, whose files call it F20).
    percentile : float
        For ``"percentile"``, between 0 and 100.

    Returns
    -------
    (...) float64 array
        Not-a-number where F0 is not above 0, or no frame is there.
    """
    if kind not in _BASELINES:
        raise UnknownNameError("baseline", kind, _BASELINES)
    if not 0 <= percentile <= 100:
        raise InputError(f"percentile {percentile} is not between 0 and 100")
    traces = np.asarray(traces, np.float64)
    seen = np.isfinite(traces).any(axis=0)
    filled = np.where(seen, traces, 0.0)
    f0 = np.nanmean(filled, axis=0) if kind == "mean" else np.nanpercentile(filled, percentile, axis=0)
    return np.where(seen & (f0 > 0), f0, np.nan)


def dff(traces, kind: str = "percentile", percentile: float = 20.0) -> np.ndarray:
    """(F - F0) / F0 with F0 as in :func:`baseline`; (frames, ...)."""
    f0 = baseline(traces, kind, percentile)
    return (np.asarray(traces, np.float64) - f0) / f0


def ratio(signal, reference) -> np.ndarray:
    """Fluorescence over that of a reference channel, frame by frame; not-a-number where the reference is not above 0."""
    reference = np.asarray(reference, np.float64)
    return np.asarray(signal, np.float64) / np.where(reference > 0, reference, np.nan)

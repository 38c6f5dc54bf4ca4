"""Power spectra: how alike are the time scales of two recordings? One minus the distance between normalised spectra."""

from __future__ import annotations

import numpy as np
from scipy.signal import welch

from ..errors import InputError

FLOOR, CEILING = 0.0, 1.0


def spectrum(trace, rate_Hz: float, window_s: float = 120.0) -> tuple[np.ndarray, np.ndarray]:
    """Share of the power at each frequency above 0 (Welch 1967; half-overlapping Hann windows, linear trend removed).

    Parameters
    ----------
    trace : array_like, shape (frames,)
        Not-a-number counts as the mean.
    rate_Hz : float
    window_s : float
        The lowest frequency resolved is one over it.

    Returns
    -------
    frequency_Hz, share : ndarray
    """
    x = np.asarray(trace, float)
    x = np.where(np.isfinite(x), x, np.nanmean(x) if np.isfinite(x).any() else 0.0)
    n = min(len(x), round(window_s * rate_Hz))
    if n < 8:
        raise InputError(f"a window of {window_s} s at {rate_Hz} Hz holds {n} frames; a spectrum needs at least 8")
    f, power = welch(x, rate_Hz, nperseg=n, detrend="linear")
    power = power[1:]
    if not power.sum() > 1e-24 * np.mean(x**2):  # what rounding leaves of a constant
        raise InputError("a constant trace has no spectrum")
    return f[1:], power / power.sum()


def spectral_overlap(a, b, rate_Hz: float, window_s: float = 120.0) -> float:
    """Power that two traces of one rate have at the same frequencies: 1 minus half the summed difference of the shares."""
    return float(1 - 0.5 * np.abs(spectrum(a, rate_Hz, window_s)[1] - spectrum(b, rate_Hz, window_s)[1]).sum())

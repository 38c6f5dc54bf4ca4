"""Posture: how much of each of a few shapes an animal takes, and how the shapes follow one another.

The tangent angles along the body, less their mean, are a sum of a few *eigenworms* (Stephens et al. 2008 PLoS Comput Biol
4:e1000028): two that make the travelling wave, one that bends the whole body (a turn), one for head and tail. The two amplitudes of
the wave turn round each other; the speed of their phase, atan(-a2/a1) as in that paper, is positive while the animal crawls forward.

The shapes are those that Yemini et al. 2013 (Nat Methods 10:877) computed from worms of N2 (``data/eigenworms.csv``), put into the
order of Stephens et al., the wave first. A recording with shapes of its own (another basis, another number of angles) has other
units; so shares of the variance are compared, never sizes. The score is one minus half the summed difference of the shares.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import welch

from ..data import tables
from ..errors import InputError
from .gait import checked, segments_mm

FLOOR, CEILING = 0.0, 1.0

#: Columns of the shipped table in the order a1, a2 (wave), a3 (turn), a4 (head and tail), a5, a6, a7; e3 comes before e2 so that the
#: phase grows with a wave that runs from head to tail.
ORDER = ("e3", "e2", "e1", "e4", "e5", "e6", "e7")
#: What the first of them are, for tables and figures.
NAMES = ("wave a1", "wave a2", "turn a3", "head and tail a4", "a5")
#: Amplitudes that the variance is shared among, as in the recorded levels.
COUNTED = 5
#: Standard deviation of the Gaussian that smooths the phase, s. Chosen here: with it the recorded worm has its stated levels.
SMOOTH_S = 0.25
#: Window of the spectrum, s, and its lowest frequency, Hz. Chosen here: ten cycles of a slow crawl; a quarter of one.
WINDOW_S, LEAST_HZ = 32.0, 0.08


@dataclass(frozen=True)
class Posture:
    """Statistics of posture of one animal.

    Attributes
    ----------
    shares : ndarray, shape (5,)
        Shares of the variance of the first five amplitudes; they sum to 1.
    peak_Hz : float
        Peak of the spectrum of the wave's two amplitudes.
    phase_speed_Hz : float
        Median speed of the phase of the wave, cycles a second; positive is forward.
    backward : float
        Share of the frames in which the phase runs backward.
    """

    shares: np.ndarray
    peak_Hz: float
    phase_speed_Hz: float
    backward: float


@lru_cache(maxsize=1)
def _eigenworms() -> np.ndarray:
    basis = tables.read_csv("eigenworms")[list(ORDER)].to_numpy(float)
    basis.setflags(write=False)
    return basis


def eigenworms() -> np.ndarray:
    """The shapes, (48, 7), tangent angles from head to tail; columns a1 ... a7, orthonormal. Not writable."""
    return _eigenworms()


def tangent_angles(x_mm, y_mm, points: int = 48) -> np.ndarray:
    """Directions of the body from head to tail, without jumps along it and less their mean, at the middles of equal parts.

    Parameters
    ----------
    x_mm, y_mm : array_like, shape (..., node)
    points : int
        Number of parts; between the middles of the segments the angles are interpolated.

    Returns
    -------
    ndarray, shape (..., points)
        rad; not-a-number where a node of the frame is.
    """
    dx, dy, length = segments_mm(np.asarray(x_mm, float), np.asarray(y_mm, float))
    there = np.isfinite(dx) & np.isfinite(dy) & (length > 0)
    theta = np.unwrap(np.where(there, np.arctan2(dy, dx), 0.0), axis=-1)
    segments = theta.shape[-1]
    if segments != points:
        at = np.clip((np.arange(points) + 0.5) / points * segments - 0.5, 0, segments - 1)
        low = np.minimum(at.astype(int), segments - 2)
        theta = theta[..., low] * (1 - (at - low)) + theta[..., low + 1] * (at - low)
    theta = theta - theta.mean(axis=-1, keepdims=True)
    return np.where(there.all(axis=-1, keepdims=True), theta, np.nan)


def amplitudes(x_mm, y_mm) -> np.ndarray:
    """Amplitudes a1 ... a7 of the shapes at every frame, (..., 7)."""
    basis = eigenworms()
    return tangent_angles(x_mm, y_mm, len(basis)) @ basis


def variance_shares(amplitude, count: int = COUNTED) -> np.ndarray:
    """Shares of the variance over time of the first `count` amplitudes of one animal.

    Parameters
    ----------
    amplitude : array_like, shape (time, k)
        Frames that are not numbers are left out.

    Returns
    -------
    ndarray, shape (count,)
        Not-a-number where nothing varies.
    """
    a = _amplitudes(amplitude, count)[:, :count]
    a = a[np.isfinite(a).all(axis=1)]
    if len(a) < 2:
        return np.full(count, np.nan)
    variance = a.var(axis=0)
    total = variance.sum()
    return variance / total if total > 1e-12 else np.full(count, np.nan)


def phase_speed_Hz(amplitude, rate_Hz: float, smooth_s: float = SMOOTH_S) -> np.ndarray:
    """Speed of the phase of the wave at every frame of one animal, cycles a second; positive is forward.

    Parameters
    ----------
    amplitude : array_like, shape (time, k)
    rate_Hz : float
    smooth_s : float
        Standard deviation of the Gaussian on the phase; 0 leaves it as it is.

    Returns
    -------
    ndarray, shape (time,)
        Not-a-number in gaps and in stretches of fewer than four frames between them.
    """
    from .turns import runs

    a = _amplitudes(amplitude, 2)
    speed = np.full(len(a), np.nan)
    for start, stop in runs(np.isfinite(a[:, :2]).all(axis=1)):
        if stop - start < 4:
            continue
        phase = np.unwrap(np.arctan2(-a[start:stop, 1], a[start:stop, 0]))
        if smooth_s > 0:
            # the slope at the ends of a stretch goes on, where a mirror would make it zero
            phase = gaussian_filter1d(_extended(phase, round(4 * smooth_s * rate_Hz)), smooth_s * rate_Hz)
            phase = phase[(len(phase) - (stop - start)) // 2 :][: stop - start]
        speed[start:stop] = np.gradient(phase) * rate_Hz / (2 * np.pi)
    return speed


def _extended(phase: np.ndarray, frames: int) -> np.ndarray:
    """`phase` with `frames` more at both ends, turned about the end points."""
    n = min(frames, len(phase) - 1)
    return np.concatenate([2 * phase[0] - phase[n:0:-1], phase, 2 * phase[-1] - phase[-2 : -n - 2 : -1]])


def peak_frequency_Hz(amplitude, rate_Hz: float, window_s: float = WINDOW_S) -> float:
    """Peak of the spectrum of both amplitudes of the wave (Welch 1967), between its lines by a parabola; gaps count as zero.

    Not-a-number where there is no peak between :data:`LEAST_HZ` and half the rate.
    """
    a = _amplitudes(amplitude, 2)[:, :2]
    there = np.isfinite(a).all(axis=1)
    n = min(len(a), round(window_s * rate_Hz))
    if n < 8 or not there.any():
        return float("nan")
    a = np.where(there[:, None], a - a[there].mean(axis=0), 0.0)
    f, power = welch(a, rate_Hz, nperseg=n, nfft=4 * n, detrend="linear", axis=0)
    power = power.sum(axis=1)
    band = np.flatnonzero(f[:-1] >= LEAST_HZ)
    peak = int(band[np.argmax(power[band])]) if len(band) else 0
    if peak == 0 or not power[peak - 1] <= power[peak] >= power[peak + 1] or power[peak] <= 1e-20:
        return float("nan")
    low, top, high = np.log(np.maximum(power[peak - 1 : peak + 2], 1e-300))
    bent = low - 2 * top + high
    return float(f[peak] + (0.0 if bent == 0 else 0.5 * (low - high) / bent) * (f[1] - f[0]))


def posture(amplitude, rate_Hz: float) -> Posture:
    """Statistics of the amplitudes of one animal, recorded or from :func:`amplitudes`.

    Parameters
    ----------
    amplitude : array_like, shape (time, at least 5)
    rate_Hz : float
    """
    if not 0 < rate_Hz < np.inf:
        raise InputError(f"rate_Hz = {rate_Hz} must be a positive number")
    speed = phase_speed_Hz(amplitude, rate_Hz)
    speed = speed[np.isfinite(speed)]
    nan = float("nan")
    return Posture(
        variance_shares(amplitude),
        peak_frequency_Hz(amplitude, rate_Hz),
        float(np.median(speed)) if len(speed) else nan,
        float((speed < 0).mean()) if len(speed) else nan,
    )


def postures(x_mm, y_mm, dt_s: float) -> list[Posture]:
    """Statistics of posture of each animal, from places of shape (time, node) or (variant, time, node)."""
    x, y = checked(x_mm, y_mm, dt_s)
    a = amplitudes(x, y)
    return [posture(one, 1 / dt_s) for one in (a if a.ndim == 3 else a[None])]


def share_agreement(a, b) -> float:
    """One minus half the summed difference of two sets of shares: 1 where they are alike, 0 where they have nothing in common."""
    return float(1 - 0.5 * np.abs(np.asarray(a, float) - np.asarray(b, float)).sum())


def read_amplitudes(path: str | Path) -> np.ndarray:
    """Recorded amplitudes, (time, k) with k of 5 or more and the wave first, from a ``.npy`` file; gaps are not-a-number.

    Raises
    ------
    InputError
        No such file, or something else in it.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"no such file: {path}")
    try:
        found = np.load(path, allow_pickle=False)
    except ValueError as error:
        raise InputError(f"{path}: not an array that numpy can read ({error})") from error
    if found.dtype.kind != "f":
        raise InputError(f"{path}: {found.dtype}, amplitudes are real numbers")
    return _amplitudes(found, COUNTED)


def _amplitudes(amplitude, least: int) -> np.ndarray:
    a = np.asarray(amplitude, float)
    if a.ndim != 2 or a.shape[1] < least:
        raise InputError(f"amplitudes of shape {a.shape}; they are (time, k) of one animal, with k of {least} or more")
    return a

"""Bodies that move in their own track, so that wave, speed and turns are known beforehand."""

from __future__ import annotations

import numpy as np

DT_S = 1 / 30


def along(distance_mm, theta_of_mm, length_mm=1.0, segments=48):
    """A body whose nose is at these distances along a path, and every node behind it on the same path.

    Parameters
    ----------
    distance_mm : ndarray, shape (time,)
    theta_of_mm : callable
        Direction of the path, rad, at each distance.
    """
    ends = distance_mm.min() - 2 * length_mm, distance_mm.max() + length_mm
    fine = np.linspace(*ends, 200_001)
    theta, step = theta_of_mm(fine), fine[1] - fine[0]
    path = [np.concatenate([[0], np.cumsum((f(theta[1:]) + f(theta[:-1])) / 2)]) * step for f in (np.cos, np.sin)]
    s = distance_mm[:, None] - np.linspace(0, length_mm, segments + 1)
    return np.interp(s, fine, path[0]), np.interp(s, fine, path[1])


def crawl(wavelength=0.65, length_mm=1.0, bend=6.0, turn=0.0):
    """Direction of a sinuous path: `bend` is curvature times body length at the crest, `turn` a constant curvature in 1/mm."""
    k = 2 * np.pi / (wavelength * length_mm)
    return lambda s: bend / (k * length_mm) * np.sin(k * s) + turn * s


def detour(wavelength=0.65, bend=6.0):
    """Straight way over way along the path."""
    k = 2 * np.pi / wavelength
    return float(np.cos(bend / k * np.sin(np.linspace(0, 2 * np.pi, 10_001)[:-1])).mean())


def track(frequency_Hz=0.4, wavelength=0.65, seconds=20.0, length_mm=1.0, bend=6.0, slip=0.0, segments=48, turn=0.0, dt_s=DT_S):
    """A steady crawl; with slip the shape does the same and the body falls back along the axis by that share of the advance."""
    t = np.arange(round(seconds / dt_s)) * dt_s
    speed = frequency_Hz * wavelength * length_mm
    x, y = along(speed * t, crawl(wavelength, length_mm, bend, turn), length_mm, segments)
    return x - slip * detour(wavelength, bend) * speed * t[:, None], y

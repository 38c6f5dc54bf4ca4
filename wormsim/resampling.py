"""Frames on a regular grid, with what was not recorded left out rather than filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .errors import InputError
from .recorded_checks import GAP

if TYPE_CHECKING:
    import xarray as xr


def resampled(dataset: xr.Dataset, rate_Hz: float, max_gap_s: float | None = None) -> xr.Dataset:
    """Every variable with a time axis on the grid ``first frame + k / rate_Hz``, up to the last frame.

    A rate at or above the recorded one interpolates linearly between neighbouring frames; a lower one takes the mean of
    the frames nearest to each point of the grid, as a longer exposure would, so that fast changes do not fold into slow
    ones. Where neighbours lie further apart than `max_gap_s`, or are themselves missing, the result is not-a-number. An
    on-off channel becomes the share of the time that it was on.

    Raises
    ------
    InputError
        A rate that is not positive or leaves fewer than two frames.
    """
    time_s = dataset["time"].to_numpy()
    middle = float(np.median(np.diff(time_s)))
    if not (np.isfinite(rate_Hz) and rate_Hz > 0 and (time_s[-1] - time_s[0]) * rate_Hz >= 1 - 1e-9):
        raise InputError(f"rate_Hz = {rate_Hz} must be above 0 and leave at least two frames of {time_s[-1] - time_s[0]:g} s")
    limit = GAP * middle if max_gap_s is None else float(max_gap_s)
    n = int(np.floor((time_s[-1] - time_s[0]) * rate_Hz + 1e-9)) + 1
    grid = time_s[0] + np.arange(n) / rate_Hz
    mean = 1.0 / rate_Hz > middle * (1 + 1e-6)
    out = {}
    for name, x in dataset.data_vars.items():
        flat = x.to_numpy().reshape(len(time_s), -1)
        new = _means(time_s, flat, grid, rate_Hz, limit) if mean else _between(time_s, flat, grid, limit)
        out[name] = (x.dims, new.reshape(n, *x.shape[1:]), x.attrs)
    coords = {name: c for name, c in dataset.coords.items() if name != "time"}
    coords["time"] = ("time", grid, dataset["time"].attrs)
    return type(dataset)(out, coords, dataset.attrs)


def _between(time_s: np.ndarray, x: np.ndarray, grid: np.ndarray, limit: float) -> np.ndarray:
    right = np.clip(np.searchsorted(time_s, grid, side="left"), 1, len(time_s) - 1)
    left = right - 1
    share = np.clip((grid - time_s[left]) / (time_s[right] - time_s[left]), 0.0, 1.0)[:, None]
    out = (1 - share) * x[left] + share * x[right]
    # on a frame itself the neighbour does not matter
    out = np.where(share == 0, x[left], np.where(share == 1, x[right], out))
    far = ((time_s[right] - time_s[left]) > limit)[:, None] & (share > 0) & (share < 1)
    return np.where(far, np.nan, out)


def _means(time_s: np.ndarray, x: np.ndarray, grid: np.ndarray, rate_Hz: float, limit: float) -> np.ndarray:
    """Means over the frames nearest to each grid point; where there is none, interpolation, unless in a gap."""
    bins = np.clip(np.floor((time_s - time_s[0]) * rate_Hz + 0.5).astype(int), 0, len(grid) - 1)
    seen = np.isfinite(x)
    total, count = np.zeros((len(grid), x.shape[1])), np.zeros((len(grid), x.shape[1]))
    np.add.at(total, bins, np.where(seen, x, 0.0))
    np.add.at(count, bins, seen)
    with np.errstate(invalid="ignore"):
        out = total / count
    bare = ~np.isin(np.arange(len(grid)), bins)
    out[bare] = _between(time_s, x, grid[bare], limit) if bare.any() else 0.0
    return out

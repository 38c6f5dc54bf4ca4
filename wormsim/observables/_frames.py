"""Which samples of a simulation fall into which frame of a microscope."""

from __future__ import annotations

import numpy as np

from ..errors import InputError

_SLACK = 1e-9


def frames(time_ms: np.ndarray, rate_Hz: float | None, exposure: float) -> tuple[float, np.ndarray, np.ndarray]:
    """Distance of the samples, frame of each, and time of the frames.

    Parameters
    ----------
    time_ms : (samples,) array
        Evenly spaced.
    rate_Hz : float or None
        None: every sample is a frame.
    exposure : float
        Share of a frame, from its beginning, in which the shutter is open.

    Returns
    -------
    dt_ms : float
    frame_of : (samples,) int64 array
        -1 where the shutter is closed, and in a last frame that is not whole.
    time_s : (frames,) array
        Beginnings of the frames, from the first sample.

    Raises
    ------
    InputError
        Uneven samples, a rate above that of the samples, an exposure that holds no sample, fewer than two frames.
    """
    if len(time_ms) < 2:
        raise InputError(f"{len(time_ms)} samples: at least two are needed for a movie")
    between = np.diff(time_ms)
    dt = float(np.median(between))
    if not np.allclose(between, dt, rtol=1e-6):
        raise InputError("the samples of the simulation are not evenly spaced in time")
    if rate_Hz is None:
        return dt, np.arange(len(time_ms)), (time_ms - time_ms[0]) / 1000.0
    period = 1000.0 / rate_Hz
    if period < dt * (1 - _SLACK):
        raise InputError(f"frame_rate_Hz = {rate_Hz:g} asks for frames {period:.4g} ms apart, but the simulation was recorded every "
                         f"{dt:g} ms: record it with a smaller every_ms")
    n = int(np.floor(len(time_ms) * dt / period + _SLACK))
    if n < 2:
        raise InputError(f"the simulation lasts {len(time_ms) * dt:g} ms, which makes {n} frames at {rate_Hz:g} Hz: two are needed")
    phase = (time_ms - time_ms[0]) / period
    frame = np.floor(phase + _SLACK).astype(np.int64)
    frame[(phase - frame >= exposure - _SLACK) | (frame >= n)] = -1
    bare = np.setdiff1d(np.arange(n), frame)
    if len(bare):
        raise InputError(f"no sample of the simulation falls into the exposure of frame {bare[0]} ({exposure:g} of {period:.4g} ms, "
                         f"samples every {dt:g} ms): record it with a smaller every_ms, or expose for longer")
    return dt, frame, np.arange(n) / rate_Hz

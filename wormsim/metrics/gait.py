"""Gait of a body seen from outside: curvature, signed velocity, frequency and wavelength of the wave, and how much it slips.

All from the places of the nodes, of shape (time, node) or (variant, time, node); node 0 is the nose. Positive velocity is towards
the head, positive curvature a dorsal bend, and a wave that runs from head to tail (which pushes the body forward) has a positive
frequency. An unsigned speed hides a reversal that was lost, so there is none here. What cannot be measured is not-a-number: an
animal that failed, or that does not undulate.

A body in a medium without a force along its path cannot outrun its own wave: speed <= frequency times wavelength. The ratio of
the two, :attr:`Gait.efficiency`, is 1 where the body moves in its own track (agar) and near 0 where it slips (water); the score.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError

# The score is the efficiency: speed over the speed of the wave.
FLOOR, CEILING = 0.0, 1.0

#: Window of the velocity, s. Chosen here, no measurement: short beside a reversal (median 2.4-4.5 s in the animals of Dag et al.
#: 2023 Cell), long beside the frames of a camera.
VELOCITY_WINDOW_S = 0.5
#: Part of the body whose wave is measured, in body lengths from the nose. Chosen here, no measurement: without the head's own
#: movements, and without the tip of the tail.
MID_BODY = (0.15, 0.85)
#: Frequencies searched, Hz: from a quarter of a slow crawl to twice a fast swim (0.3-2.0 Hz, Berri et al. 2009 HFSP J 3:186).
BAND_HZ = (0.08, 4.0)
#: A wave counts from this amplitude on, curvature times body length. Chosen here, no measurement: crawling worms have 5 to 10.
LEAST_BEND = 0.5
#: Cycles that a recording must hold. Chosen here: with fewer, the peak of the spectrum is its trend.
LEAST_CYCLES = 2.0
#: Wave numbers searched, waves on a body, either direction: wavelengths of 0.2 body lengths and more.
WAVES = np.linspace(-5.0, 5.0, 1001)
#: Fewer waves on a body than this are none: the body bends everywhere at once. Chosen here.
LEAST_WAVES = 0.1


@dataclass(frozen=True)
class Gait:
    """The wave and the way of one or several animals; arrays of shape (variant,), or scalars of shape () for one animal.

    Attributes
    ----------
    frequency_Hz : ndarray
        Of the undulation; positive where the wave runs from head to tail. Not-a-number where there is no peak.
    wavelength : ndarray
        Body lengths along the body, positive. Not-a-number where the body bends everywhere at once; such a frequency has no
        direction and is given as positive, with `travelling` near 0.
    amplitude_per_mm : ndarray
        Curvature at the crest of the wave, mean over the middle of the body (root mean square times the root of 2).
    travelling : ndarray
        From 0, a standing wave, to 1, a wave that runs one way: difference over sum of the power of the two directions.
    speed_mm_s : ndarray
        Mean signed velocity, towards the head.
    length_mm : ndarray
        Mean length of the body.
    """

    frequency_Hz: np.ndarray
    wavelength: np.ndarray
    amplitude_per_mm: np.ndarray
    travelling: np.ndarray
    speed_mm_s: np.ndarray
    length_mm: np.ndarray

    @property
    def wave_speed_mm_s(self) -> np.ndarray:
        """Frequency times wavelength: what the body would run without slip; negative for a wave towards the head."""
        return speed_limit_mm_s(self.frequency_Hz, self.wavelength, self.length_mm)

    @property
    def efficiency(self) -> np.ndarray:
        """Speed over the speed of the wave: 1 without slip, negative where the body goes with its wave."""
        return np.divide(self.speed_mm_s, self.wave_speed_mm_s)

    @property
    def slip(self) -> np.ndarray:
        """One minus the efficiency."""
        return 1.0 - self.efficiency

    @property
    def bend(self) -> np.ndarray:
        """Amplitude without a unit: curvature times body length."""
        return self.amplitude_per_mm * self.length_mm


def checked(x_mm, y_mm, dt_s: float, least: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Places of the nodes as float64 of one shape, (..., time, node).

    Raises
    ------
    InputError
        Different shapes, too few nodes or frames, or a time step that is not a positive number.
    """
    x, y = np.asarray(x_mm, float), np.asarray(y_mm, float)
    if x.shape != y.shape or x.ndim not in (2, 3):
        raise InputError(f"x_mm has shape {x.shape} and y_mm {y.shape}; both must be (time, node) or (variant, time, node)")
    if x.shape[-1] < 3 or x.shape[-2] < least:
        raise InputError(f"{x.shape[-2]} frames of {x.shape[-1]} nodes; a gait needs at least {least} frames of 3 nodes")
    if not 0 < dt_s < np.inf:
        raise InputError(f"dt_s = {dt_s} must be a positive number")
    return x, y


def segments_mm(x_mm, y_mm) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vectors from each node to the next, and their lengths; each (..., time, segment)."""
    dx, dy = np.diff(x_mm, axis=-1), np.diff(y_mm, axis=-1)
    return dx, dy, np.hypot(dx, dy)


def curvature_per_mm(x_mm, y_mm) -> np.ndarray:
    """Curvature at every joint: the angle between two segments over their mean length; positive is a dorsal bend.

    Parameters
    ----------
    x_mm, y_mm : array_like, shape (..., node)

    Returns
    -------
    ndarray, shape (..., node - 2)
        Joint i = 1 ... node - 2.
    """
    dx, dy, length = segments_mm(np.asarray(x_mm, float), np.asarray(y_mm, float))
    cross = dx[..., :-1] * dy[..., 1:] - dy[..., :-1] * dx[..., 1:]
    dot = dx[..., :-1] * dx[..., 1:] + dy[..., :-1] * dy[..., 1:]
    mean = (length[..., :-1] + length[..., 1:]) / 2
    return np.arctan2(cross, dot) / np.where(mean > 0, mean, np.nan)


def centroid_mm(x_mm, y_mm) -> tuple[np.ndarray, np.ndarray]:
    """Centre of the midline, (..., time): middles of the segments weighted by their lengths."""
    x, y = np.asarray(x_mm, float), np.asarray(y_mm, float)
    _, _, length = segments_mm(x, y)
    total = length.sum(axis=-1)
    total = np.where(total > 0, total, np.nan)
    middle_x, middle_y = (x[..., :-1] + x[..., 1:]) / 2, (y[..., :-1] + y[..., 1:]) / 2
    return (middle_x * length).sum(axis=-1) / total, (middle_y * length).sum(axis=-1) / total


def signed_velocity_mm_s(x_mm, y_mm, dt_s: float, window_s: float = VELOCITY_WINDOW_S) -> np.ndarray:
    """Velocity towards the head at every frame: path of the centre over a window, on the direction from tail to head.

    Parameters
    ----------
    x_mm, y_mm : array_like, shape (..., time, node)
    dt_s : float
        Between frames.
    window_s : float
        From half of it before the frame to half of it after, shorter at both ends of the recording; at least a frame each way.

    Returns
    -------
    ndarray, shape (..., time)
        Not-a-number where a frame of the window is, or where head and tail lie on one another.
    """
    x, y = checked(x_mm, y_mm, dt_s)
    cx, cy = centroid_mm(x, y)
    frames, half = x.shape[-2], max(1, round(window_s / dt_s / 2))
    first, last = np.maximum(np.arange(frames) - half, 0), np.minimum(np.arange(frames) + half, frames - 1)
    ux, uy = x[..., 0] - x[..., -1], y[..., 0] - y[..., -1]
    norm = np.hypot(ux, uy)
    path = (cx[..., last] - cx[..., first]) * ux + (cy[..., last] - cy[..., first]) * uy
    return path / np.where(norm > 0, norm, np.nan) / ((last - first) * dt_s)


def gait(x_mm, y_mm, dt_s: float, mid_body: tuple[float, float] = MID_BODY) -> Gait:
    """Frequency, wavelength, amplitude and speed over a whole recording.

    Cut the recording first where the animal changes what it does: one with as many reversals as runs has a mean speed of zero.

    Parameters
    ----------
    x_mm, y_mm : array_like, shape (time, node) or (variant, time, node)
    dt_s : float
        Between frames.
    mid_body : tuple of float
        Part of the body whose wave is measured, body lengths from the nose.

    Returns
    -------
    Gait
    """
    x, y = checked(x_mm, y_mm, dt_s, least=8)
    length = segments_mm(x, y)[2].sum(axis=-1).mean(axis=-1)
    cx, cy = centroid_mm(x, y)
    # Mean of the velocity frame by frame: a window would count the ends of the recording twice.
    ux, uy = x[..., 0] - x[..., -1], y[..., 0] - y[..., -1]
    norm = np.hypot(ux, uy)
    norm = np.where(norm > 0, norm, np.nan)
    ux, uy = ux / norm, uy / norm
    steps = np.diff(cx, axis=-1) * (ux[..., 1:] + ux[..., :-1]) / 2 + np.diff(cy, axis=-1) * (uy[..., 1:] + uy[..., :-1]) / 2
    wave = undulation(curvature_per_mm(x, y), dt_s, length, mid_body)
    return Gait(*wave, steps.mean(axis=-1) / dt_s, length)


def undulation(
    curvature, dt_s: float, length_mm, mid_body: tuple[float, float] = MID_BODY
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Signed frequency, wavelength, amplitude and share that travels, of a kymograph of curvature.

    The frequency is the peak of the power spectrum (Hann window, linear trend removed) summed over the middle of the body,
    between the lines by a parabola through the logarithms. At that frequency every joint has an amplitude and a phase; the wave
    number is the peak of the spectrum of these along the body. For a wave that runs one way its place does not depend on how the
    amplitude changes along the body.

    Parameters
    ----------
    curvature : array_like, shape (time, joint) or (variant, time, joint)
        1/mm; joints evenly spaced, without the two ends of the body.
    dt_s : float
    length_mm : float or array_like, shape (variant,)
        Of the body.
    mid_body : tuple of float

    Returns
    -------
    frequency_Hz, wavelength, amplitude_per_mm, travelling : ndarray, shape (variant,) or ()
    """
    kappa = np.asarray(curvature, float)
    lengths = np.broadcast_to(np.asarray(length_mm, float), kappa.shape[:-2])
    place = (np.arange(kappa.shape[-1]) + 1) / (kappa.shape[-1] + 1)
    inside = (place >= mid_body[0]) & (place <= mid_body[1])
    if inside.sum() < 3:
        raise InputError(f"mid_body = {mid_body} holds {inside.sum()} joints of {len(place)}; a wave needs at least 3")
    if kappa.ndim == 2:
        return tuple(np.array(v) for v in _wave(kappa[:, inside], place[inside], dt_s, float(lengths)))
    rows = [_wave(k[:, inside], place[inside], dt_s, float(n)) for k, n in zip(kappa, lengths, strict=True)]
    return tuple(np.array(rows, float).reshape(-1, 4).T)


def _wave(kappa: np.ndarray, place: np.ndarray, dt_s: float, length_mm: float) -> tuple[float, float, float, float]:
    """One animal: signed frequency, wavelength, amplitude, share that travels."""
    nan = float("nan")
    if not np.isfinite(kappa).all():
        return nan, nan, nan, nan
    frames = len(kappa)
    amplitude = float(np.sqrt(2 * kappa.var(axis=0).mean()))
    if amplitude * length_mm < LEAST_BEND:
        return nan, nan, amplitude, nan
    trace = _without_trend(kappa) * np.hanning(frames)[:, None]
    padded = 4 * frames  # the parabola is exact to a thousandth of a line only between close lines
    power = (np.abs(np.fft.rfft(trace, padded, axis=0)) ** 2).sum(axis=1)
    f = np.fft.rfftfreq(padded, dt_s)
    low, high = max(BAND_HZ[0], LEAST_CYCLES / (frames * dt_s)), BAND_HZ[1]
    band = np.flatnonzero((f >= low) & (f <= high))
    band = band[(band > 0) & (band < len(f) - 1)]
    if len(band) == 0:
        return nan, nan, amplitude, nan
    peak = band[np.argmax(power[band])]
    if not power[peak - 1] <= power[peak] >= power[peak + 1]:  # the slope of something slower or faster, no peak
        return nan, nan, amplitude, nan
    frequency = (peak + _vertex(power[peak - 1 : peak + 2])) * (f[1] - f[0])
    # Sums, not matrix products: those of a BLAS wait for their threads, longer than these take.
    lines = (np.exp(-2j * np.pi * frequency * dt_s * np.arange(frames))[:, None] * trace).sum(axis=0)
    along = np.abs((np.exp(2j * np.pi * WAVES[:, None] * place) * lines).sum(axis=1)) ** 2
    top = int(np.argmax(along))
    if not 0 < top < len(along) - 1 or along[top] == 0:
        return float(frequency), nan, amplitude, nan
    waves = WAVES[top] + _vertex(along[top - 1 : top + 2]) * (WAVES[1] - WAVES[0])
    other = along[len(along) - 1 - top]
    travelling = float((along[top] - other) / (along[top] + other))
    if abs(waves) < LEAST_WAVES:
        return float(frequency), nan, amplitude, travelling
    return float(np.copysign(frequency, waves)), float(1 / abs(waves)), amplitude, travelling


def _without_trend(kappa: np.ndarray) -> np.ndarray:
    """Every joint's curvature less its linear trend over time."""
    t = np.arange(len(kappa)) - (len(kappa) - 1) / 2
    slope = (t[:, None] * kappa).sum(axis=0) / (t**2).sum()
    return kappa - kappa.mean(axis=0) - slope * t[:, None]


def _vertex(power: np.ndarray) -> float:
    """Where a parabola through three logarithms has its top, in lines from the middle one."""
    a, b, c = np.log(np.maximum(power, 1e-300))
    bent = a - 2 * b + c
    return 0.0 if bent == 0 else float(0.5 * (a - c) / bent)


# ---------------------------------------------------------------- what cannot be


def speed_limit_mm_s(frequency_Hz, wavelength, length_mm=1.0):
    """Frequency times wavelength times body length: a body on its own cannot be faster than its wave."""
    return np.multiply(np.multiply(frequency_Hz, wavelength), length_mm)


def contradiction(frequency_Hz, wavelength, speed_mm_s, length_mm: float = 1.0) -> str:
    """What of three targets, or three measures, cannot be at once; an empty text where all of it can.

    Parameters
    ----------
    frequency_Hz, wavelength, speed_mm_s : float or (low, high)
        A value, or a range; the wavelength in body lengths.
    length_mm : float

    Returns
    -------
    str
        Says whether nothing in the ranges agrees, or how much of them does not.

    Raises
    ------
    InputError
        A range whose ends are swapped, or something that is not a number.
    """
    ranges = {}
    for name, value in {"frequency_Hz": frequency_Hz, "wavelength": wavelength, "speed_mm_s": speed_mm_s}.items():
        low, high = np.sort(np.abs(np.broadcast_to(np.asarray(value, float), 2)))
        if not np.isfinite([low, high]).all() or (np.size(value) == 2 and value[0] > value[1]):
            raise InputError(f"{name} = {value}: give a number, or a range (low, high) with low <= high")
        ranges[name] = (float(low), float(high))
    slow, fast = ranges["speed_mm_s"]
    least, most = (speed_limit_mm_s(ranges["frequency_Hz"][k], ranges["wavelength"][k], length_mm) for k in (0, 1))
    if slow > most:
        return (f"a speed of {slow:.3g} mm/s or more cannot be: frequency times wavelength is at most {most:.3g} mm/s "
                f"on a body of {length_mm:.3g} mm")
    if fast > least:
        said = f"not every choice within the ranges can be: at the lowest frequency and wavelength the wave runs {least:.3g} mm/s"
        return f"{said}, at the highest {most:.3g} mm/s, and speeds up to {fast:.3g} mm/s are asked for"
    return ""

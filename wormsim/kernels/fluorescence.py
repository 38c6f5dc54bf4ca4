"""From potential or spikes to the photons of each frame, for all cells of one variant.

Step by step, cells side by side, with the exact solution of each linear stage over a step in which its input stands still:

    calcium    dc/dt = (c_target - c) / tau_calcium     (spikes: c_target = rest, and each spike adds to c)
    nucleus    dn/dt = (c - n) / tau_nucleus
    indicator  db/dt = (h(n) - b) / tau,  tau = tau_on where it rises, tau_off where it falls
    brightness F = 1 + (range - 1) b

with ``h = n**H / (K**H + n**H)``, or ``h = h(rest) + h'(rest) (n - rest)`` where saturation is switched off. A frame is the
mean of F over the samples in which its shutter was open.

Draws are Philox's at (frame, cell's key, source, 2) or (0, cell's key, source, 3): the last word, which is 0 and 1 for the events and
the noise of a simulation, keeps the two apart.
"""

import numpy as np
from numba import njit

from wormsim.kernels.normal import normal_of
from wormsim.kernels.philox import philox4x32

CACHE = False
LINEAR, SIGMOID, SPIKES = 0, 1, 2
_U = np.uint64


@njit(forceinline=True, error_model="numpy")
def _target(value, mode, reference, rest, gain, half, slope, saturates):
    """Calcium that a potential would keep up; concentrations below zero exist only where all is linear."""
    if value != value:
        return np.nan
    if mode == SIGMOID:
        return rest + gain / (1.0 + np.exp(-(value - half) / slope))
    if mode == SPIKES:
        return rest
    linear = rest + gain * (value - reference)
    return max(linear, 0.0) if saturates else linear


@njit(forceinline=True, error_model="numpy")
def _bound(calcium, kd, hill):
    """Share of the indicator that is bright at rest with this much calcium."""
    power = (calcium / kd) ** hill
    return power / (1.0 + power)


@njit(cache=CACHE, nogil=True, error_model="numpy")
def brightness(x, frame_of, out, mode, reference, rest, gain, half, slope, calcium, nucleus, rise, fall, kd, hill, top, saturates):
    """Mean brightness of each frame, relative to that without calcium.

    Parameters
    ----------
    x : (samples, cells) array
        Potential in mV, or spikes from one sample to the next.
    frame_of : (samples,) int64 array
        The frame that a sample belongs to; -1 where the shutter is closed.
    out : (frames, cells) float64 array
        Filled.
    mode : int
        LINEAR, SIGMOID or SPIKES.
    reference : (cells,) float64 array
        Potential at which a linear drive leaves calcium at rest, mV.
    rest, gain : float
        Calcium at rest, uM; what the drive adds: uM per mV, at most (sigmoid), or per spike.
    half, slope : float
        Midpoint and slope of the sigmoid, mV.
    calcium, nucleus, rise, fall : float
        Share of the way to its target that each stage goes in a step, 1 - exp(-dt/tau); 1 where it is switched off.
    kd, hill, top : float
        Half-saturating calcium, uM; Hill coefficient; brightness when saturated over brightness without calcium.
    saturates : bool
    """
    n_samples, n_cells = x.shape
    c, n, b = np.empty(n_cells), np.empty(n_cells), np.empty(n_cells)
    counts = np.zeros(out.shape[0])
    out[:] = 0.0
    at_rest = _bound(rest, kd, hill)
    tangent = hill * at_rest * (1.0 - at_rest) / rest
    for j in range(n_cells):  # as if the first sample had lasted for ever; without spikes before it
        c[j] = n[j] = _target(x[0, j], mode, reference[j], rest, gain, half, slope, saturates)
        b[j] = _bound(n[j], kd, hill) if saturates else at_rest + tangent * (n[j] - rest)
    for i in range(n_samples):
        frame = frame_of[i]
        if frame >= 0:
            counts[frame] += 1.0
        for j in range(n_cells):
            target = _target(x[i, j], mode, reference[j], rest, gain, half, slope, saturates)
            c[j] += calcium * (target - c[j])
            if mode == SPIKES:
                c[j] += gain * x[i, j]
            n[j] += nucleus * (c[j] - n[j])
            bound = _bound(n[j], kd, hill) if saturates else at_rest + tangent * (n[j] - rest)
            b[j] += (rise if bound > b[j] else fall) * (bound - b[j])
            if frame >= 0:
                out[frame, j] += 1.0 + (top - 1.0) * b[j]
    for frame in range(out.shape[0]):
        for j in range(n_cells):
            out[frame, j] /= counts[frame]


@njit(cache=CACHE, nogil=True, error_model="numpy")
def drift(out, keys, key_low, key_high, source, keep, size):
    """Logarithm of a slow gain of each cell: an Ornstein-Uhlenbeck process with standard deviation `size`, frames x cells.

    `keep` is exp(-1/(rate tau)), the share that a frame keeps of the one before.
    """
    fresh = np.sqrt(1.0 - keep * keep)
    for frame in range(out.shape[0]):
        for j in range(out.shape[1]):
            z = size * cell_normal(keys[j], key_low, key_high, frame, source)
            out[frame, j] = z if frame == 0 else keep * out[frame - 1, j] + fresh * z


@njit(cache=CACHE, nogil=True, error_model="numpy")
def count_photons(mean, out, keys, key_low, key_high, source, read_noise):
    """Photons counted where `mean` > 0 are expected: its square root as standard deviation, `read_noise` beside it; not below 0.

    The normal in place of Poisson's distribution: from 20 photons on their quantiles differ by less than a photon.
    """
    for frame in range(out.shape[0]):
        for j in range(out.shape[1]):
            m = mean[frame, j]
            z = cell_normal(keys[j], key_low, key_high, frame, source)
            value = m + np.sqrt(m + read_noise * read_noise) * z
            out[frame, j] = 0.0 if value < 0.0 else value  # a not-a-number stays one


@njit(forceinline=True, error_model="numpy")
def cell_normal(cell, key_low, key_high, frame, source):
    """A standard normal that belongs to (variant's stream, source, cell's key, frame) and to nothing else."""
    a, b, _, _ = philox4x32(_U(frame), _U(cell), _U(source), _U(2), key_low, key_high)
    return normal_of(np.int32(a), np.int32(b))


@njit(cache=CACHE, nogil=True, error_model="numpy")
def chances(out, keys, key_low, key_high, source):
    """A uniform number in [0, 1) for each key, of the same sort as :func:`cell_normal`."""
    for j in range(out.size):
        word, _, _, _ = philox4x32(_U(0), _U(keys[j]), _U(source), _U(3), key_low, key_high)
        out[j] = word * 2.0**-32

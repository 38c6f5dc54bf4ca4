"""Scalar fields in the plane (a salt, an odour, a temperature, oxygen, a lawn), and what a nose that moves through them feels.

A field is one column of a table of parameters (PARAMETERS, L), or one column for all lanes. With r the distance from (X, Y):

====== ========================================================== =================================
kind   value                                                      AMPLITUDE, WIDTH, EDGE
====== ========================================================== =================================
NONE   0
LINEAR base + AMPLITUDE (x - X) + WIDTH (y - Y)                   slopes along x and y, per mm
GAUSS  base + AMPLITUDE exp(-r**2 / (2 WIDTH**2))                 height, sigma in mm
CONE   base + AMPLITUDE max(1 - r/WIDTH, 0)                       height, radius in mm
STEP   base + AMPLITUDE min(max(1/2 + (WIDTH - r)/EDGE, 0), 1)    height, radius and width of the edge in mm
====== ========================================================== =================================

A step whose edge has no width is 1 up to its radius, the radius itself included.

A nose adapts: it compares the value with a slow mean of what was before,

    d slow/dt = (value - slow) / tau,    change = value - slow,
    on = change / (change + half) where change > 0, else 0;    off the same of -change,

so that both lie in [0, 1), never together above 0, and `half` is the change that gives one half. A lane whose place is not a number feels
nothing. The slow mean moves by its exact solution for a value that is held during the step.
"""

import numpy as np
from numba import njit

from .exponential import exp64

NONE, LINEAR, GAUSS, CONE, STEP = range(5)
BASE, AMPLITUDE, X, Y, WIDTH, EDGE = range(6)
PARAMETERS = 6


@njit(forceinline=True, error_model="numpy")
def _value(kind, p, k, x, y):
    dx = x - p[X, k]
    dy = y - p[Y, k]
    if kind == LINEAR:
        return p[BASE, k] + p[AMPLITUDE, k] * dx + p[WIDTH, k] * dy
    if kind == GAUSS:
        return p[BASE, k] + p[AMPLITUDE, k] * exp64(-0.5 * (dx * dx + dy * dy) / (p[WIDTH, k] * p[WIDTH, k]))
    if kind == CONE:
        return p[BASE, k] + p[AMPLITUDE, k] * max(1.0 - np.sqrt(dx * dx + dy * dy) / p[WIDTH, k], 0.0)
    if kind == STEP:
        inside = p[WIDTH, k] - np.sqrt(dx * dx + dy * dy)
        if p[EDGE, k] > 0.0:
            share = min(max(0.5 + inside / p[EDGE, k], 0.0), 1.0)
        else:
            share = 1.0 if inside >= 0.0 else 0.0
        return p[BASE, k] + p[AMPLITUDE, k] * share
    return 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def field_value(kind, parameters, px, py, out):
    """Fill `out` (L,) with the field at the points.

    Parameters
    ----------
    kind : (L,) or (1,) int64 array
        NONE to STEP of each lane, or of all of them.
    parameters : (PARAMETERS, L) or (PARAMETERS, 1) array
        Rows BASE to EDGE; see above.
    px, py : (L,) arrays, mm
    """
    shared = parameters.shape[1] == 1
    for b in range(out.size):
        k = 0 if shared else b
        out[b] = _value(kind[k], parameters, k, px[b], py[b])


@njit(cache=True, nogil=True, error_model="numpy")
def field_gradient(kind, parameters, px, py, gx, gy):
    """Fill `gx` and `gy` (L,) with the gradient, per mm; 0 at the tip of a cone, and at the edge of a step that has no width."""
    shared = parameters.shape[1] == 1
    p = parameters
    for b in range(gx.size):
        k = 0 if shared else b
        dx = px[b] - p[X, k]
        dy = py[b] - p[Y, k]
        r = np.sqrt(dx * dx + dy * dy)
        gx[b] = gy[b] = 0.0
        slope = 0.0  # along r, divided by r
        if kind[k] == LINEAR:
            gx[b], gy[b] = p[AMPLITUDE, k], p[WIDTH, k]
        elif kind[k] == GAUSS:
            variance = p[WIDTH, k] * p[WIDTH, k]
            slope = -p[AMPLITUDE, k] * exp64(-0.5 * r * r / variance) / variance
        elif kind[k] == CONE and 0.0 < r < p[WIDTH, k]:
            slope = -p[AMPLITUDE, k] / (p[WIDTH, k] * r)
        elif kind[k] == STEP and r > 0.0 and abs(p[WIDTH, k] - r) < 0.5 * p[EDGE, k]:
            slope = -p[AMPLITUDE, k] / (p[EDGE, k] * r)
        gx[b] += slope * dx
        gy[b] += slope * dy


@njit(cache=True, nogil=True, error_model="numpy")
def sense(value, slow, on, off, dt_s, tau_s, half):
    """Compare the value of a field at the nose with its slow mean, then move the mean.

    Parameters
    ----------
    value : (L,) array
    slow : (L,) array, in the field's unit
        Slow mean; moved in place. An animal that is used to where it starts has the value there.
    on, off : (L,) arrays
        Out: response to a rise and to a fall, 0 to 1.
    dt_s, tau_s : float, s
        Step; time constant of the mean.
    half : float, in the field's unit
        Change that gives a response of one half.
    """
    share = 1.0 - exp64(-dt_s / tau_s)
    for b in range(value.size):
        change = value[b] - slow[b]
        rise = change if change > 0.0 else 0.0
        fall = -change if change < 0.0 else 0.0
        on[b] = rise / (rise + half)
        off[b] = fall / (fall + half)
        slow[b] += share * change


@njit(cache=True, nogil=True, error_model="numpy")
def feel_fields(kind, parameters, px, py, slow, dt_s, tau_s, half, on_row, off_row, signal):
    """Add to `signal` (K, L) what the nose feels of F fields.

    Parameters
    ----------
    kind : (F, L) or (F, 1) int64 array; parameters : (F, PARAMETERS, L) or (F, PARAMETERS, 1) array
        As in :func:`field_value`, one table a field.
    px, py : (L,) arrays, mm
        The nose.
    slow : (F, L) array
        Slow means; moved in place.
    tau_s, half : (F,) arrays
        As in :func:`sense`; a field whose `tau_s` is 0 is felt as it is: its value, held between 0 and 1, goes to `on_row`.
    on_row, off_row : (F,) int64 arrays
        Rows of `signal`; -1 for none.
    """
    shared = parameters.shape[2] == 1
    for f in range(kind.shape[0]):
        share = 1.0 - exp64(-dt_s / tau_s[f]) if tau_s[f] > 0.0 else 0.0
        for b in range(px.size):
            k = 0 if shared else b
            if kind[f, k] == NONE:
                continue
            value = _value(kind[f, k], parameters[f], k, px[b], py[b])
            if tau_s[f] > 0.0:
                change = value - slow[f, b]
                slow[f, b] += share * change
            else:
                change = min(max(value, 0.0), 1.0)
            if change > 0.0 and on_row[f] >= 0:
                signal[on_row[f], b] += change / (change + half[f]) if tau_s[f] > 0.0 else change
            elif change < 0.0 and off_row[f] >= 0:
                signal[off_row[f], b] -= change / (half[f] - change)

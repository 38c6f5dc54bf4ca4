"""The closed loop: senses -> nervous system -> muscles -> body -> world -> senses, one clock for all of it.

State is (row, lane): the lanes of a block are animals that share a wiring (its edges and their bases) and differ in gains,
parameters, missing cells and worlds. The nervous system and the muscles are float32, the body float64. Every step does, in this order, for all lanes: record; what the world tells the senses;
the network; the muscles; the body. Nothing here knows what a behaviour is.
"""

import numpy as np
from numba import njit

from .graded_network import network_step
from .rod import BAND, rod_step
from .sigmoid import sigmoid32

F = np.float32


@njit(cache=True, nogil=True, error_model="numpy")
def feel_stretch(kappa, cell, centre, sign, group, offset, gain, half_width, extra_i, cumulative):
    """Add to `extra_i` (pA) what the stretch receptors pass: gain times the mean curvature of each cell's field.

    kappa : (J, L), 1/mm; cell, centre, sign, group : (Q,) of the receptor cells, centre in body lengths from the nose;
    offset : (G, L), how far towards the tail a group's fields lie from there; gain : (G, L), pA mm; half_width : float.
    The mean over a field whose ends fall between joints is taken from the linear interpolation of `cumulative` (J + 1, L). A
    field is cut where the body ends.
    """
    joints, lanes = kappa.shape
    for b in range(lanes):
        cumulative[0, b] = 0.0
    for j in range(joints):
        for b in range(lanes):
            cumulative[j + 1, b] = cumulative[j, b] + kappa[j, b]
    for q in range(cell.size):
        for b in range(lanes):
            middle = centre[q] + offset[group[q], b]
            low = min(max((middle - half_width), 0.0), 0.98) * joints
            high = min(max((middle + half_width), 0.02), 1.0) * joints
            i, k = int(low), int(high)
            k = min(k, joints - 1)
            below = cumulative[i, b] + (low - i) * kappa[i, b]
            above = cumulative[k, b] + (high - k) * kappa[k, b]
            extra_i[cell[q], b] += F(gain[group[q], b] * sign[q] * (above - below) / max(high - low, 1e-9))


@njit(cache=True, nogil=True, error_model="numpy")
def contract(v, rest, muscle_cell, offset, slope, keep, alive, activation):
    """Move the activation of every muscle towards a sigmoid of its potential: a first-order low pass, exact over a step."""
    for m in range(muscle_cell.size):
        i = muscle_cell[m]
        for b in range(v.shape[1]):
            target = alive[i, b] * sigmoid32((v[i, b] - rest[i, b] - offset[b]) / slope[b])
            activation[m, b] = target + (activation[m, b] - target) * keep


@njit(cache=True, nogil=True, error_model="numpy")
def wanted_curvature(activation, start, muscle, weight, kappa_max, kappa0):
    """Fill `kappa0` (J, L): the weighted sum of the muscles at each joint; rows of a sparse matrix, dorsal positive."""
    for j in range(kappa0.shape[0]):
        for b in range(kappa0.shape[1]):
            total = 0.0
            for e in range(start[j], start[j + 1]):
                total += weight[e] * activation[muscle[e], b]
            kappa0[j, b] = kappa_max[b] * total


@njit(cache=True, nogil=True, error_model="numpy")
def run(first, last, dt_ms, every,
        # nervous system
        v, s, rest, v_half, gain_in, gain_out, gain_gap, g_gap, alive, exc_start, exc_pre, exc_w, inh_start, inh_pre, inh_w,
        gap_start, gap_pre, gap_w, lane, v_leak, e_exc, e_inh, current,
        # senses
        stretch_cell, stretch_centre, stretch_sign, stretch_group, stretch_offset, stretch_gain, half_width,
        schedule_signal, schedule_start, schedule_stop, schedule_level, signal, sensor_cell, sensor_signal, sensor_g,
        # muscles
        muscle_cell, muscle_offset, muscle_slope, muscle_tau_ms, activation, pull_start, pull_muscle, pull_weight, kappa_max,
        # body
        x, y, kappa, profile, bend, eta, stretch, seg_mm, drag,
        # recordings
        out_x, out_y, record_cell, out_v, out_muscle):
    """Steps [first, last) of one block, in place; every `every`-th step is recorded."""
    n, lanes = v.shape
    nodes = x.shape[0]
    extra_g, extra_i = np.zeros((n, lanes), F), np.zeros((n, lanes), F)
    out_s, out_gap = np.empty((n, lanes), F), np.empty((n, lanes), F)
    sums = np.empty((3, lanes), F)
    cumulative = np.empty((kappa.shape[0] + 1, lanes))
    kappa0 = np.empty(kappa.shape)
    fx, fy = np.zeros(x.shape), np.zeros(x.shape)
    kxx, kxy, kyy = np.zeros(x.shape), np.zeros(x.shape), np.zeros(x.shape)
    matrix, u = np.zeros((BAND * (2 * nodes + BAND), lanes)), np.zeros((2 * nodes + BAND, lanes))
    directions = np.zeros((6, lanes))
    keep = F(np.exp(-dt_ms / muscle_tau_ms))
    dt_s = dt_ms * 1e-3
    for t in range(first, last):
        if t % every == 0:
            frame = t // every
            for b in range(lanes):
                for i in range(nodes):
                    out_x[b, frame, i], out_y[b, frame, i] = x[i, b], y[i, b]
                for r in range(record_cell.size):
                    out_v[b, frame, r] = v[record_cell[r], b]
                for m in range(out_muscle.shape[2]):
                    out_muscle[b, frame, m] = activation[m, b]
        signal[:, :] = 0.0
        for q in range(schedule_signal.size):
            if schedule_start[q] <= t < schedule_stop[q]:
                for b in range(lanes):
                    signal[schedule_signal[q], b] += schedule_level[q, b]
        extra_g[:, :] = 0.0
        extra_i[:, :] = current
        for q in range(sensor_cell.size):
            for b in range(lanes):
                extra_g[sensor_cell[q], b] += sensor_g[q, b] * signal[sensor_signal[q], b]
        feel_stretch(kappa, stretch_cell, stretch_centre, stretch_sign, stretch_group, stretch_offset, stretch_gain, half_width, extra_i,
                     cumulative)
        network_step(v, s, v_half, gain_in, gain_out, gain_gap, g_gap, extra_g, extra_i, alive, exc_start, exc_pre, exc_w, inh_start,
                     inh_pre, inh_w, gap_start, gap_pre, gap_w, lane, v_leak, e_exc, e_inh, out_s,
                     out_gap, sums)
        contract(v, rest, muscle_cell, muscle_offset, muscle_slope, keep, alive, activation)
        wanted_curvature(activation, pull_start, pull_muscle, pull_weight, kappa_max, kappa0)
        rod_step(x, y, kappa0, profile, bend, eta, stretch, seg_mm, drag, fx, fy, kxx, kxy, kyy, dt_s, matrix, u, directions, kappa)

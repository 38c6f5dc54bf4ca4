"""The closed loop: senses -> nervous system -> muscles -> body -> world -> senses, one clock for all of it.

State is (row, lane): the lanes of a block are animals that share a wiring (its edges and their bases) and differ in gains,
parameters, missing cells and worlds. Every step does, in this order, for all lanes: record; contacts and what the world tells the
senses; the network; the muscles; the body. Nothing here knows what a behaviour is. The nervous system and the muscles are float32,
the body float64.

The arrays come in named groups; each group says what its fields are. N cells, L lanes, M muscles, J joints, K signals.
"""

from collections import namedtuple

import numpy as np
from numba import njit

from .contact import feel_mate, touch_mate
from .field import feel_fields
from .graded_network import network_step
from .normal import fill_normals
from .rod import BAND, rod_step
from .self_contact import EVERY, find_coiled, touch_itself
from .sigmoid import sigmoid32
from .spicule import protract
from .track import slide
from .wall import press_walls

F = np.float32

#: v, s: states (N, L); rest, v_half, gain_in, gain_out, gain_gap, g_gap, alive (N, L), lane (5, L) and edges as in
#: :func:`~wormsim.kernels.graded_network.network_step`; current (N, L) pA and conductance (N, L) nS towards 0 mV from outside, in every step;
#: noise_pA (L,): size of a current redrawn every `hold` steps in every cell, from the streams key_low, key_high (L,).
Nerves = namedtuple("Nerves", "v s rest v_half gain_in gain_out gain_gap g_gap alive lane exc_start exc_pre exc_w inh_start inh_pre inh_w "
                    "gap_start gap_pre gap_w v_leak e_exc e_inh current conductance noise_pA key_low key_high hold")
#: Stretch receptors, as in :func:`feel_stretch`.
Stretch = namedtuple("Stretch", "cell centre sign group offset gain half_width")
#: Scheduled signals: number, first and last step (Q,), level (Q, L); signal (K, L); what of it is left in the cells after a step without it,
#: keep (K, L), and what they pass on, held (K, L); sensors: cell, signal (S,) and g (S, L) nS where 1 is held.
Senses = namedtuple("Senses", "schedule_signal schedule_start schedule_stop schedule_level signal keep held cell of_signal g")
#: Muscles: cell (M,), half and slope (L,) mV, tau_ms, activation (M, L); rows of the joints and kappa_max (L,) as in `wanted_curvature`.
Muscles = namedtuple("Muscles", "cell half slope tau_ms activation start muscle weight pull kappa_max")
#: Body: nodes x, y (nodes, L), kappa (J, L) and the rest as in :func:`~wormsim.kernels.rod.rod_step`; radius (nodes,); stiffness (L,) uN/mm where
#: it touches itself, coiled (L,), as in `kernels.self_contact`.
Body = namedtuple("Body", "x y kappa profile bend eta stretch seg_mm drag radius stiffness coiled")
#: Dish: wall (`on` 0: none) and fields, as in `kernels.wall` and `kernels.field`; slow (F, L).
Ground = namedtuple("Ground", "on shape half_x half_y stiffness kind parameters slow tau_s half on_row off_row")
#: Mate (`on` 0: none) and what is a male's own (`spicules` 0: none), as in `kernels.track`, `kernels.contact` and `kernels.spicule`;
#: `first` is the signal of the first organ.
Partner = namedtuple("Partner", "on spicules track_x track_y spacing_mm length_mm speed x y radius vulva vulva_side organ_place organ_side "
                     "organ_feels touch_mm vulva_mm first stiffness closing_mm_s film film_mm segment wait gap face place flank protractor "
                     "retractor extension")
#: Frames: x, y (L, T, nodes), v (L, T, cells), muscle (L, T, M or 0), signal (L, T, K or 0), extension (L, T or 0); cell (cells,) to record.
Frames = namedtuple("Frames", "every x y cell v muscle signal extension")


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
def wanted_curvature(activation, start, muscle, weight, pull, kappa_max, kappa0):
    """Fill `kappa0` (J, L): the weighted sum of the muscles at each joint; rows of a sparse matrix, dorsal positive; `pull` (M, L)."""
    for j in range(kappa0.shape[0]):
        for b in range(kappa0.shape[1]):
            total = 0.0
            for e in range(start[j], start[j + 1]):
                total += weight[e] * pull[muscle[e], b] * activation[muscle[e], b]
            kappa0[j, b] = kappa_max[b] * total


@njit(cache=True, nogil=True, error_model="numpy")
def redraw(noise, amplitude, key_low, key_high, number, row, words):
    """Fill `noise` (N, L) with normal draws times `amplitude` (L,): a pure function of stream, number and cell."""
    for b in range(noise.shape[1]):
        if amplitude[b] > 0:
            fill_normals(row, 0, key_low[b], key_high[b], number, 0, words)
            for i in range(noise.shape[0]):
                noise[i, b] = amplitude[b] * row[i]


@njit(cache=True, nogil=True, error_model="numpy")
def record(frame, nerves, senses, muscles, body, partner, out):
    """Write one frame of every lane."""
    for b in range(body.x.shape[1]):
        for i in range(body.x.shape[0]):
            out.x[b, frame, i], out.y[b, frame, i] = body.x[i, b], body.y[i, b]
        for r in range(out.cell.size):
            out.v[b, frame, r] = nerves.v[out.cell[r], b]
        for m in range(out.muscle.shape[2]):
            out.muscle[b, frame, m] = muscles.activation[m, b]
        for k in range(out.signal.shape[2]):
            out.signal[b, frame, k] = senses.signal[k, b]
        if out.extension.shape[1] > 0:
            out.extension[b, frame] = partner.extension[b]


@njit(cache=True, nogil=True, error_model="numpy")
def run(first, last, dt_ms, nerves, stretch, senses, muscles, body, ground, partner, out):
    """Steps [first, last) of one block, in place; every ``out.every``-th step is recorded."""
    n, lanes = nerves.v.shape
    x, y, signal = body.x, body.y, senses.signal
    nodes = x.shape[0]
    extra_g, extra_i, noise = np.zeros((n, lanes), F), np.zeros((n, lanes), F), np.zeros((n, lanes), F)
    out_s, out_v, sums = np.empty((n, lanes), F), np.empty((n, lanes), F), np.empty((3, lanes), F)
    cumulative, kappa0 = np.empty((nodes - 1, lanes)), np.empty((nodes - 2, lanes))
    fx, fy = np.zeros(x.shape), np.zeros(x.shape)
    kxx, kxy, kyy = np.zeros(x.shape), np.zeros(x.shape), np.zeros(x.shape)
    matrix, u = np.zeros((BAND * (2 * nodes + BAND), lanes)), np.zeros((2 * nodes + BAND, lanes))
    directions, nose_x, nose_y = np.zeros((6, lanes)), np.empty(lanes), np.empty(lanes)
    padded = (n + 63) // 64 * 64  # as kernels.normal asks
    row, words = np.empty(padded, F), np.empty((4, padded // 4), np.int32)
    keep = F(np.exp(-dt_ms / muscles.tau_ms))
    dt_s = dt_ms * 1e-3
    noisy = nerves.noise_pA.max() > 0
    for t in range(first, last):
        if noisy and t % nerves.hold == 0:
            redraw(noise, nerves.noise_pA, nerves.key_low, nerves.key_high, t // nerves.hold, row, words)
        signal[:, :] = 0.0
        for q in range(senses.schedule_signal.size):
            if senses.schedule_start[q] <= t < senses.schedule_stop[q]:
                for b in range(lanes):
                    signal[senses.schedule_signal[q], b] += senses.schedule_level[q, b]
        if t % EVERY == 0:
            find_coiled(body.kappa, body.seg_mm, body.coiled)
        touch_itself(body.coiled, body.stiffness, body.radius, x, y, fx, fy, kxx, kxy, kyy)
        if ground.on:
            press_walls(ground.shape, ground.half_x, ground.half_y, ground.stiffness, body.radius, x, y, fx, fy, kxx, kxy, kyy)
            for b in range(lanes):
                nose_x[b], nose_y[b] = x[0, b], y[0, b]
            feel_fields(ground.kind, ground.parameters, nose_x, nose_y, ground.slow, dt_s, ground.tau_s, ground.half, ground.on_row,
                        ground.off_row, signal)
        if partner.on:
            slide(t * dt_s, partner.track_x, partner.track_y, partner.spacing_mm, partner.length_mm, partner.speed, partner.x, partner.y)
            touch_mate(t, partner.closing_mm_s * dt_s, partner.stiffness, partner.film, partner.film_mm, x, y, body.radius, partner.x, partner.y,
                       partner.radius, fx, fy, kxx, kxy, kyy, partner.segment, partner.wait, partner.gap, partner.face, partner.place, partner.flank)
            feel_mate(x, y, body.radius, partner.gap, partner.face, partner.x, partner.y, partner.radius, partner.vulva, partner.vulva_side,
                      partner.organ_place, partner.organ_side, partner.organ_feels, partner.touch_mm, partner.vulva_mm, partner.first, signal)
        if partner.spicules:
            protract(muscles.activation, partner.protractor, partner.retractor, partner.extension)
            for b in range(lanes):
                signal[partner.first + partner.organ_place.size, b] = partner.extension[b]
        if t % out.every == 0:
            record(t // out.every, nerves, senses, muscles, body, partner, out)
        for i in range(n):
            for b in range(lanes):
                extra_g[i, b] = nerves.conductance[i, b]
                extra_i[i, b] = nerves.current[i, b] + noise[i, b]
        for k in range(signal.shape[0]):
            for b in range(lanes):
                senses.held[k, b] = max(signal[k, b], senses.held[k, b] * senses.keep[k, b])
        for q in range(senses.cell.size):
            for b in range(lanes):
                extra_g[senses.cell[q], b] += senses.g[q, b] * senses.held[senses.of_signal[q], b]
        feel_stretch(body.kappa, stretch.cell, stretch.centre, stretch.sign, stretch.group, stretch.offset, stretch.gain, stretch.half_width,
                     extra_i, cumulative)
        network_step(nerves.v, nerves.s, nerves.v_half, nerves.gain_in, nerves.gain_out, nerves.gain_gap, nerves.g_gap, extra_g, extra_i,
                     nerves.alive, nerves.exc_start, nerves.exc_pre, nerves.exc_w, nerves.inh_start, nerves.inh_pre, nerves.inh_w,
                     nerves.gap_start, nerves.gap_pre, nerves.gap_w, nerves.lane, nerves.v_leak, nerves.e_exc, nerves.e_inh, out_s, out_v, sums)
        contract(nerves.v, nerves.rest, muscles.cell, muscles.half, muscles.slope, keep, nerves.alive, muscles.activation)
        wanted_curvature(muscles.activation, muscles.start, muscles.muscle, muscles.weight, muscles.pull, muscles.kappa_max, kappa0)
        rod_step(x, y, kappa0, body.profile, body.bend, body.eta, body.stretch, body.seg_mm, body.drag, fx, fy, kxx, kxy, kyy, dt_s, matrix,
                 u, directions, body.kappa)

"""One step of a network of graded cells, all lanes of a block at once.

The equations are those of ``neurons/graded.py``, ``synapses/graded_chemical.py`` and ``synapses/gap_junction.py``, stepped as the
generated kernels step them (exponential Euler, every state from the old values of all others); a test holds the two
together. What is different is what a closed loop needs: a step at a time, an input that changes in every step, and
strengths as (base of the edge) x (gain of the sender) x (gain of the receiver), so that all lanes of a block read one list of edges.
"""

import numpy as np
from numba import njit

from .exponential import exprel32, exprel_small32
from .gather import gather
from .rows import lanes_of, row_function
from .sigmoid import sigmoid32

VECTOR = 16  # lanes of one vector of float32
F = np.float32


@row_function
def _update(v, s, v_half, gain_in, gain_gap, g_gap, extra_g, extra_i, alive, exc, inh, gap, step, g_leak, rise, decay, beta,
            v_leak, e_exc, e_inh):
    for b in range(v.size):
        ge = gain_in[b] * exc[b]
        gi = gain_in[b] * inh[b]
        g = g_leak[b] + ge + gi + g_gap[b] + extra_g[b]
        drive = g_leak[b] * v_leak + ge * e_exc + gi * e_inh + gain_gap[b] * gap[b] + extra_i[b]
        old = v[b]
        up = rise[b] * sigmoid32(beta[b] * (old - v_half[b]))
        rate = up + decay[b]
        v[b] = old + alive[b] * (drive - g * old) * step[b] * exprel32(-g * step[b])
        s[b] = s[b] + (up - rate * s[b]) * exprel_small32(-rate)


@row_function
def _sources(v, s, alive, gain_out, gain_gap, out_s, out_v):
    for b in range(v.size):
        out_s[b] = alive[b] * gain_out[b] * s[b]
        out_v[b] = alive[b] * gain_gap[b] * v[b]


@njit(cache=True, nogil=True, error_model="numpy")
def network_step(v, s, v_half, gain_in, gain_out, gain_gap, g_gap, extra_g, extra_i, alive, exc_start, exc_pre, exc_w, inh_start, inh_pre,
                 inh_w, gap_start, gap_pre, gap_w, lane, v_leak, e_exc, e_inh, out_s, out_v, sums):
    """Move all cells by one step; all numbers are float32.

    Parameters
    ----------
    v, s : (N, L) arrays
        L is 1 or a multiple of ``VECTOR``. Potentials in mV and synaptic activations; moved in place.
    v_half, gain_in, gain_out, gain_gap, alive : (N, L) arrays
        Midpoints in mV; gains without unit; 1 or 0.
    g_gap : (N, L) array, nS
        Sum of a cell's gap conductances to living cells, gains included.
    extra_g, extra_i : (N, L) arrays, nS and pA
        What the senses open towards 0 mV, and all currents from outside.
    exc_start, exc_pre, exc_w, ... : arrays
        Edges in rows of the receiver: (N + 1,) starts, senders, conductances in nS.
    lane : (5, L) array
        Rows: step over capacity in ms/pF, leak in nS, rise and decay of synaptic activation in a step (at most 0.5 together), slope of
        its sigmoid in 1/mV. Rows of one array, since numba counts references to every array that a function is given, which took
        longer than the arithmetic.
    v_leak, e_exc, e_inh : float32
        mV.
    out_s, out_v : (N, L) arrays
        Room for what senders send.
    sums : (3, L) array
        Room for the sums of one cell.
    """
    n = v.shape[0]
    alone = v.shape[1] == 1
    for i in range(n):
        _sources(lanes_of(v, i), lanes_of(s, i), lanes_of(alive, i), lanes_of(gain_out, i), lanes_of(gain_gap, i), lanes_of(out_s, i),
                 lanes_of(out_v, i))
    for i in range(n):
        if alone:
            one = F(0.0)
            for e in range(exc_start[i], exc_start[i + 1]):
                one += exc_w[e] * out_s[exc_pre[e], 0]
            sums[0, 0] = one
            one = F(0.0)
            for e in range(inh_start[i], inh_start[i + 1]):
                one += inh_w[e] * out_s[inh_pre[e], 0]
            sums[1, 0] = one
            one = F(0.0)
            for e in range(gap_start[i], gap_start[i + 1]):
                one += gap_w[e] * out_v[gap_pre[e], 0]
            sums[2, 0] = one
        else:
            gather(lanes_of(sums, 0), out_s, exc_pre, exc_w, exc_start[i], exc_start[i + 1], False)
            gather(lanes_of(sums, 1), out_s, inh_pre, inh_w, inh_start[i], inh_start[i + 1], False)
            gather(lanes_of(sums, 2), out_v, gap_pre, gap_w, gap_start[i], gap_start[i + 1], False)
        _update(lanes_of(v, i), lanes_of(s, i), lanes_of(v_half, i), lanes_of(gain_in, i), lanes_of(gain_gap, i), lanes_of(g_gap, i),
                lanes_of(extra_g, i), lanes_of(extra_i, i), lanes_of(alive, i), lanes_of(sums, 0), lanes_of(sums, 1), lanes_of(sums, 2),
                lanes_of(lane, 0), lanes_of(lane, 1), lanes_of(lane, 2), lanes_of(lane, 3), lanes_of(lane, 4), v_leak, e_exc, e_inh)


@njit(cache=True, nogil=True, error_model="numpy")
def gap_sums(gain_gap, alive, gap_start, gap_pre, gap_w, g_gap):
    """Fill `g_gap`: each cell's gap conductances to living cells, nS."""
    for i in range(g_gap.shape[0]):
        for b in range(g_gap.shape[1]):
            g_gap[i, b] = 0.0
        for e in range(gap_start[i], gap_start[i + 1]):
            j = gap_pre[e]
            for b in range(g_gap.shape[1]):
                g_gap[i, b] += gap_w[e] * gain_gap[i, b] * gain_gap[j, b] * alive[j, b]


@njit(cache=True, nogil=True, error_model="numpy")
def rest_potentials(s_rest, gain_in, gain_out, gain_gap, g_gap, exc_start, exc_pre, exc_w, inh_start, inh_pre, inh_w, gap_start,
                    gap_pre, gap_w, g_leak, v_leak, e_exc, e_inh, most_sweeps, v):
    """Fill `v` with the potentials at which nothing moves, every synaptic activation at `s_rest` (L,): Gauss-Seidel sweeps.

    The system is diagonally dominant (every cell leaks), so that the sweeps converge. Returns the last sweep's greatest change in
    mV, at most 1e-9 where `most_sweeps` were enough.
    """
    n, lanes = v.shape
    v[:, :] = v_leak
    fixed_g = np.empty((n, lanes))
    fixed_i = np.empty((n, lanes))
    for i in range(n):
        for b in range(lanes):
            ge = gi = 0.0
            for e in range(exc_start[i], exc_start[i + 1]):
                ge += exc_w[e] * gain_out[exc_pre[e], b]
            for e in range(inh_start[i], inh_start[i + 1]):
                gi += inh_w[e] * gain_out[inh_pre[e], b]
            ge *= gain_in[i, b] * s_rest[b]
            gi *= gain_in[i, b] * s_rest[b]
            fixed_g[i, b] = g_leak[b] + ge + gi + g_gap[i, b]
            fixed_i[i, b] = g_leak[b] * v_leak + ge * e_exc + gi * e_inh
    change = 0.0
    total = np.empty(lanes)
    for _sweep in range(most_sweeps):
        change = 0.0
        for i in range(n):
            for b in range(lanes):
                total[b] = 0.0
            for e in range(gap_start[i], gap_start[i + 1]):
                j = gap_pre[e]
                for b in range(lanes):
                    total[b] += gap_w[e] * gain_gap[j, b] * v[j, b]
            for b in range(lanes):
                new = (fixed_i[i, b] + gain_gap[i, b] * total[b]) / fixed_g[i, b]
                change = max(change, abs(new - v[i, b]))
                v[i, b] = new
        if change <= 1e-9:
            break
    return change

"""Event-driven steps of leaky integrate-and-fire cells with exponential synapses: only what happens is computed.

With ``u = v - v_inf`` and the synaptic drive ``g`` (both mV), ``du/dt = (g - u)/tau_m`` and ``dg/dt = -g/tau_s`` have the
exact solution ``g = B c``, ``u = A a - k B c`` with ``a = exp(-t/tau_m)``, ``c = exp(-t/tau_s)``, ``k = tau_s/(tau_m - tau_s)``
and constants A and B. A cell keeps A and B, so nothing has to be done while nothing happens to it: an event of size w at
t adds ``w/c`` to B and ``k w/a`` to A, and a reading costs two products, whenever it is taken. Time is counted from a base
that moves on every R steps, when all A and B are scaled once, so that no exponential grows beyond exp(40).

Only "hot" cells are looked at in every step: those whose bound ``u + kappa max(g - u, 0)`` (u at least 0, kappa the peak of u
after g = 1) reaches the threshold, so that they could cross it with nothing more coming in.

``state`` is (N, 4), one cache line an event: A, B, a mark, and the threshold of u. The mark is the bound from which on the
cell is hot; infinity while it is hot; minus infinity while it is held by its refractory period, and until the first event
after it. So one comparison tells for almost every event that there is nothing else to do. ``hold`` is (N, 4), a line for a
spike: the step from which the cell moves again, the steps of its refractory period, the bits of its reset (read through
``fixed``, the same memory), and nothing.
"""

import numpy as np
from numba import njit

from wormsim.kernels.exponential import fma
from wormsim.kernels.philox import event_draw
from wormsim.kernels.prefetch import prefetch
from wormsim.kernels.subnormals import flush_subnormals, restore

CACHE = False  # the copy in the kernel cache says True
NEVER = 1 << 30
"""An ablated cell is held until then, beyond every step."""
AHEAD = np.uintp(24)
"""How many edges ahead the cells are fetched, found by trying."""
ROWS_AHEAD = 2
"""How many spikes ahead the rows are fetched: the delay tells long before which will be wanted."""

ARGUMENTS = (
    "start", "stop", "enter", "progress", "state", "hold", "fixed", "hot", "level", "next_level", "next_threshold",
    "next_reset", "release", "decay", "kappa", "delay", "row_start", "post", "weight", "spike_step", "spike_cell",
    "event_step", "event_cell", "event_size", "event_in_v", "poisson_cell", "poisson_source", "poisson_limit",
    "poisson_size", "poisson_in_v", "draw", "key_low", "key_high", "every", "record_cell", "row_of", "record_v",
    "out_v", "record_g", "out_g", "g_unit", "record_spikes", "out_spikes",
)


@njit(forceinline=True, error_model="numpy")
def _reach(u, g, kappa, zero):
    """No less than any u that the cell comes to by itself.

    From g = u on u only falls, and the solution is linear, so what rises is at most what g - u alone raises.
    """
    u = u if u > zero else zero
    g = g - u
    return fma(kappa, g if g > zero else zero, u)


@njit(forceinline=True, error_model="numpy")
def _soon(threshold, kappa):
    """The bound from which on a cell is hot: the threshold, less what rounding may hide."""
    return threshold - abs(threshold) * kappa[4] if threshold != np.inf else threshold


@njit(forceinline=True, error_model="numpy")
def _stays_hot(cell, state, fixed, kappa):
    """Whether the cell is on the hot list while it is held, since its level alone drives it to the threshold."""
    return _reach(fixed[cell, 2], kappa[1], kappa[0], kappa[1]) >= _soon(state[cell, 3], kappa)


@njit(error_model="numpy")
def _wake(cell, base, state, hold, fixed, kappa):
    """End the hold of a cell, in the coordinates of `base`: it moves first in the step ``hold[cell, 0]``, from its reset."""
    rest = hold[cell, 0] - 1 - base  # at most the length of the table; negative where the hold ended long ago
    state[cell, 0] = fixed[cell, 2] * np.exp(rest * kappa[3]) if fixed[cell, 2] != 0.0 else 0.0
    state[cell, 1] = 0.0
    state[cell, 2] = np.inf if _stays_hot(cell, state, fixed, kappa) else _soon(state[cell, 3], kappa)


@njit(error_model="numpy")
def _odd(cell, step, base, into_a, into_b, n_hot, state, hold, hot, fixed, decay, kappa):
    """An event to a cell that is held, was held, or becomes hot by it; returns the number of hot cells."""
    if state[cell, 2] == -np.inf:
        if step < hold[cell, 0]:
            return n_hot
        _wake(cell, base, state, hold, fixed, kappa)
    row = step - base + 1
    state[cell, 0] += into_a
    state[cell, 1] += into_b
    g = state[cell, 1] * decay[row, 1]
    u = fma(state[cell, 0], decay[row, 0], -kappa[2] * g)
    if _reach(u, g, kappa[0], kappa[1]) >= state[cell, 2]:
        state[cell, 2] = np.inf
        hot[n_hot] = cell
        n_hot += 1
    return n_hot


@njit(error_model="numpy")
def _enter(first, start, base, n_hot, state, hold, hot, level, fixed, next_level, next_threshold, next_reset, decay,
           kappa):
    """Take over the levels of a new segment; a cell whose level stays is not touched. Returns the number of hot cells."""
    row = start - base  # the end of the step before
    for i in range(level.shape[0]):
        if hold[i, 0] == NEVER or not (first or next_level[i] != level[i]):
            continue
        if state[i, 2] == -np.inf and hold[i, 0] < start:
            _wake(i, base, state, hold, fixed, kappa)
        held = state[i, 2] == -np.inf
        listed = _stays_hot(i, state, fixed, kappa) if held else state[i, 2] == np.inf and state[i, 3] != np.inf
        listed = listed and not first
        if not held:
            state[i, 0] += (level[i] - next_level[i]) / decay[row, 0]
        level[i], state[i, 3], fixed[i, 2] = next_level[i], next_threshold[i], next_reset[i]
        soon = _soon(state[i, 3], kappa)
        g = state[i, 1] * decay[row, 1]
        u = fma(state[i, 0], decay[row, 0], -kappa[2] * g)
        due = _stays_hot(i, state, fixed, kappa) if held else _reach(u, g, kappa[0], kappa[1]) >= soon
        if due and not listed:
            hot[n_hot] = i
            n_hot += 1
        if not held:
            state[i, 2] = np.inf if due or listed else soon
    return n_hot


@njit(error_model="numpy")
def _rebase(state, decay):
    """Count time from the end of the table on."""
    last = decay.shape[0] - 1
    a, c = decay[last, 0], decay[last, 1]
    for i in range(state.shape[0]):
        state[i, 0] *= a
        state[i, 1] *= c


@njit(error_model="numpy")
def _frame(frame, step, base, state, hold, level, fixed, decay, kappa, record_cell, record_v, out_v, record_g, out_g,
           g_unit):
    """Record the values at the start of a step, and change nothing."""
    row = step - base
    for r in range(record_cell.shape[0]):
        i = record_cell[r]
        g = state[i, 1] * decay[row, 1]
        u = fma(state[i, 0], decay[row, 0], -kappa[2] * g)
        if state[i, 2] == -np.inf:
            rest = step - hold[i, 0]
            g = kappa[1]
            u = fixed[i, 2] if rest <= 0 else state.dtype.type(fixed[i, 2] * np.exp(-rest * kappa[3]))
        if record_v:
            out_v[frame, r] = level[i] + u
        if record_g:
            out_g[frame, r] = g / g_unit[i]


@njit(error_model="numpy")
def _hot_step(step, base, n_hot, n_spikes, state, hold, hot, fixed, decay, kappa, spike_step,
              spike_cell):
    """Threshold and reset of the hot cells; returns the numbers of hot cells and of spikes."""
    row = step - base + 1
    a, c, k, zero = decay[row, 0], decay[row, 1], -kappa[2], kappa[1]
    kept = 0
    for q in range(n_hot):
        prefetch(state, hot[min(q + 8, n_hot - 1)])
        i = hot[q]
        if state[i, 2] == -np.inf:
            if step < hold[i, 0]:
                if _stays_hot(i, state, fixed, kappa):
                    hot[kept] = i
                    kept += 1
                continue
            _wake(i, base, state, hold, fixed, kappa)
            state[i, 2] = np.inf
        g = state[i, 1] * c
        u = fma(state[i, 0], a, k * g)
        if u > state[i, 3]:
            spike_step[n_spikes] = step
            spike_cell[n_spikes] = i
            n_spikes += 1
            hold[i, 0] = step + hold[i, 1]
            state[i, 0], state[i, 1], state[i, 2] = zero, zero, -np.inf
            if _stays_hot(i, state, fixed, kappa):
                hot[kept] = i
                kept += 1
        elif _reach(u, g, kappa[0], zero) < _soon(state[i, 3], kappa):
            state[i, 2] = _soon(state[i, 3], kappa)
        else:
            hot[kept] = i
            kept += 1
    return kept, n_spikes


@njit(error_model="numpy")
def _send(step, base, first, last, n_spikes, n_hot, state, hold, hot, fixed, decay, kappa, release, row_start, post, weight,
          spike_cell):
    """Deliver the spikes `first` ... `last`; returns the number of hot cells."""
    row = step - base + 1
    a, c, into_a, into_b = decay[row, 0], decay[row, 1], decay[row, 2] * kappa[2], decay[row, 3]
    peak, zero, k = kappa[0], kappa[1], -kappa[2]
    last_edge = np.uintp(max(post.shape[0], 1) - 1)
    for q in range(first, last):
        if q + ROWS_AHEAD < n_spikes:
            i = spike_cell[q + ROWS_AHEAD]
            for e in range(np.uintp(row_start[i]), np.uintp(min(row_start[i + 1], row_start[i] + 512)), np.uintp(16)):
                prefetch(post, e)
                prefetch(weight, e)
        i = spike_cell[q]
        if not release[i]:
            continue
        for e in range(np.uintp(row_start[i]), np.uintp(row_start[i + 1])):
            prefetch(state, post[min(e + AHEAD, last_edge)])
            j = np.uintp(post[e])
            w = state.dtype.type(weight[e])
            new_a = fma(w, into_a, state[j, 0])
            new_b = fma(w, into_b, state[j, 1])
            g = new_b * c
            if _reach(fma(new_a, a, k * g), g, peak, zero) >= state[j, 2]:
                n_hot = _odd(j, step, base, w * into_a, w * into_b, n_hot, state, hold, hot, fixed, decay, kappa)
            else:
                state[j, 0] = new_a
                state[j, 1] = new_b
    return n_hot


@njit(forceinline=True, error_model="numpy")
def _arrive(cell, step, base, in_v, size, n_hot, state, hold, hot, fixed, decay, kappa):
    """An event from outside; returns the number of hot cells."""
    into_a, into_b = decay[step - base + 1, 2] * size, decay[step - base + 1, 3] * size
    return _odd(cell, step, base, into_a if in_v else into_a * kappa[2], kappa[1] if in_v else into_b, n_hot, state,
                hold, hot, fixed, decay, kappa)


@njit(error_model="numpy")
def _poisson(step, base, n_hot, state, hold, hot, fixed, decay, kappa, cell, source, limit, size, in_v, draw,
             key_low, key_high):
    """Draw the Poisson events of a step and deliver them; returns the number of hot cells."""
    for k in range(cell.shape[0]):
        draw[k] = event_draw(key_low, key_high, step, cell[k], source[k])
    for k in range(cell.shape[0]):
        if draw[k] < limit[k]:
            n_hot = _arrive(cell[k], step, base, in_v, size[k], n_hot, state, hold, hot, fixed, decay, kappa)
    return n_hot


@njit(nogil=True, error_model="numpy", cache=CACHE)
def run(start, stop, enter, progress, state, hold, fixed, hot, level, next_level, next_threshold, next_reset, release,
        decay, kappa, delay, row_start, post, weight, spike_step, spike_cell, event_step, event_cell, event_size,
        event_in_v, poisson_cell, poisson_source, poisson_limit, poisson_size, poisson_in_v, draw, key_low, key_high,
        every, record_cell, row_of, record_v, out_v, record_g, out_g, g_unit, record_spikes, out_spikes):
    """Steps [start, stop) of one trial, or as many as the spike buffer holds; returns the step that comes next.

    `progress` holds the numbers of hot cells, of spikes in the buffer, of those delivered, of events from outside that
    have arrived, and the base; `enter` is 2 at the first segment, 1 at another's first call, 0 to go on. Row d + 1 of
    `decay` is a, c, 1/a and 1/c of d steps; `kappa` holds kappa, 0, k, the steps in 1/tau_m, and the slack of the bound. Spikes stay in the buffer
    until the caller takes them out, so that it is the delay line as well.
    """
    old = flush_subnormals()
    n_hot, n_spikes, sent, arrived, base = progress[0], progress[1], progress[2], progress[3], progress[4]
    length = decay.shape[0] - 2
    if enter:
        n_hot = _enter(enter == 2, start, base, n_hot, state, hold, hot, level, fixed, next_level, next_threshold,
                       next_reset, decay, kappa)
    step = start
    while step < stop and n_spikes + n_hot <= spike_cell.shape[0]:
        if step - base > length:
            _rebase(state, decay)
            base += length
        if step % every == 0 and (record_v or record_g):
            _frame(step // every, step, base, state, hold, level, fixed, decay, kappa, record_cell, record_v, out_v,
                   record_g, out_g, g_unit)
        before = n_spikes
        n_hot, n_spikes = _hot_step(step, base, n_hot, n_spikes, state, hold, hot, fixed, decay,
                                    kappa, spike_step, spike_cell)
        if record_spikes:
            for q in range(before, n_spikes):
                row = row_of[spike_cell[q]]
                if row >= 0:
                    out_spikes[step // every, row] += 1
        due = sent
        while due < n_spikes and spike_step[due] <= step - delay:
            due += 1
        if due > sent:
            n_hot = _send(step, base, sent, due, n_spikes, n_hot, state, hold, hot, fixed, decay, kappa, release, row_start,
                          post, weight, spike_cell)
            sent = due
        while arrived < event_step.shape[0] and event_step[arrived] <= step:
            n_hot = _arrive(event_cell[arrived], step, base, event_in_v, event_size[arrived], n_hot, state, hold, hot,
                            fixed, decay, kappa)
            arrived += 1
        if poisson_cell.shape[0]:
            n_hot = _poisson(step, base, n_hot, state, hold, hot, fixed, decay, kappa, poisson_cell,
                             poisson_source, poisson_limit, poisson_size, poisson_in_v, draw, key_low, key_high)
        step += 1
    progress[0], progress[1], progress[2], progress[3], progress[4] = n_hot, n_spikes, sent, arrived, base
    restore(old)
    return step


@njit(nogil=True, error_model="numpy")
def rows_of_edges(pre, row_start, order):
    """Counting sort: `order` gets the edges by sender, in their given order; `row_start` is zero before and the rows after."""
    n = row_start.shape[0] - 1
    for e in range(pre.shape[0]):
        row_start[pre[e] + 1] += 1
    for i in range(n):
        row_start[i + 1] += row_start[i]
    at = row_start[:n].copy()
    for e in range(pre.shape[0]):
        order[at[pre[e]]] = e
        at[pre[e]] += 1

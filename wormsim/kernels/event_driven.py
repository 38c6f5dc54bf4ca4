"""Event-driven steps of leaky integrate-and-fire cells with exponential synapses: only what happens is computed.

With ``u = v - v_inf`` and the synaptic drive ``g`` (both mV), ``du/dt = (g - u)/tau_m`` and ``dg/dt = -g/tau_s`` have the
exact solution ``g = B c``, ``u = A a - k B c`` with ``a = exp(-t/tau_m)``, ``c = exp(-t/tau_s)``, ``k = tau_s/(tau_m - tau_s)``
and constants A and B. A cell keeps A and B, so nothing has to be done while nothing happens to it: an event of size w at
t adds ``w/c`` to B and ``k w/a`` to A, and a reading costs two products, whenever it is taken. Time is counted from a base
that moves on every R steps, when all A and B are scaled once, so that no exponential grows beyond exp(40).

What has to be looked at is found by two bounds on what a cell comes to with nothing more coming in:

- ``u + kappa max(g - u, 0)`` (u at least 0, kappa the peak of u after g = 1) bounds u for ever. Cells whose bound reaches the
  threshold are on the ``hot`` list, which is gone through every SCAN steps.
- ``u + rise max(g - u, 0)`` (g at least 0) bounds u for SCAN steps. Hot cells whose bound reaches the threshold are on the
  ``near`` list as well, and compared with their threshold in every step.

A delivered event has to find out whether its cell becomes hot. It takes no branch and reads nothing but A and B, 8 bytes in
single precision, so that the states of a fly's brain lie in a cache of 1 MB: the first bound is a linear function of A and
B, and is compared with one ``mark`` for all cells. Cells whose threshold is below the mark stay on both lists.
While a cell is held (by its refractory period, or for ever, being ablated) A and B are not-a-number, which swallows events and
passes no comparison; held cells wait in a ring of lists, one for each coming step.
"""

import numpy as np
from numba import njit

from wormsim.kernels.exponential import fma
from wormsim.kernels.philox import event_draw
from wormsim.kernels.prefetch import prefetch
from wormsim.kernels.subnormals import flush_subnormals, restore

CACHE = False  # the copy in the kernel cache says True
AHEAD = np.uintp(24)
"""How many edges ahead the cells are fetched, found by trying."""
ROWS_AHEAD = 2
"""How many spikes ahead the rows are fetched: the delay tells long before which will be wanted."""
ONE, TWO = np.uintp(1), np.uintp(2)  # without a sign there is no wrapping around
CHUNK = np.uintp(1024)
"""How many edges are delivered before the cells that have become hot are looked at."""
SCAN = 16
"""How many steps lie between two looks at the hot cells, found by trying."""
RING = 64
"""Lists of held cells. A longer refractory period goes round more than once."""
LISTED, NEAR, HELD = 1, 2, 4
"""Flags of a cell: on the hot list, on the near list, neither moving nor taking events."""

ARGUMENTS = (
    "start", "stop", "enter", "progress", "state", "flags", "hot", "near", "found", "busy", "until", "after", "ring",
    "level", "next_level", "threshold", "reset", "mark", "release", "decay", "kappa", "delay", "row_start", "post", "weight",
    "spike_step", "spike_cell", "event_step", "event_cell", "event_size", "event_in_v", "poisson_cell", "poisson_source",
    "poisson_limit", "poisson_size", "poisson_in_v", "draw", "key_low", "key_high", "every", "record_cell", "row_of",
    "record_v", "out_v", "record_g", "out_g", "g_unit", "record_spikes", "out_spikes", "runaway",
)
N_HOT, N_NEAR, N_SPIKES, SENT, ARRIVED, BASE, FAILED = range(7)
"""Entries of ``progress``: lengths of the lists, spikes in the buffer and how many of them are delivered, events from outside
that have arrived, the step from which time is counted, and the first cell that ran away, or -1."""

# No counting of references: it is atomic, and a function that is called for a spike or event counts all its arrays.
part = njit(error_model="numpy", _nrt=False)
inlined = njit(forceinline=True, error_model="numpy", _nrt=False)


@inlined
def _reach(u, g, kappa):
    """No less than any u that the cell comes to by itself.

    From g = u on u only falls, and the solution is linear, so what rises is at most what g - u alone raises.
    """
    u = u if u > kappa[1] else kappa[1]
    g = g - u
    return fma(kappa[0], g if g > kappa[1] else kappa[1], u)


@inlined
def _reach_now(u, g, kappa):
    """No less than any u that the cell comes to by itself within SCAN steps: g and u could do no more than rise to g."""
    g = (g if g > kappa[1] else kappa[1]) - u
    return fma(kappa[5], g if g > kappa[1] else kappa[1], u)


@inlined
def _soon(threshold, kappa):
    """The bound from which on a cell is looked at: the threshold, less what rounding may hide."""
    return threshold - abs(threshold) * kappa[4] if threshold != np.inf else threshold


@part
def _consider(cell, row, progress, state, flags, hot, near, threshold, mark, decay, kappa):
    """Put the cell on the lists where it belongs, by its state in this row of the table."""
    flag = flags[cell]
    if flag & (NEAR | HELD):
        return
    g = state[2 * cell + 1] * decay[row, 1]
    u = fma(state[2 * cell], decay[row, 0], -kappa[2] * g)
    soon = _soon(threshold[cell], kappa)
    if not flag & LISTED:
        if not (_reach(u, g, kappa) >= soon or soon < mark):
            return
        flags[cell] = LISTED
        hot[progress[N_HOT]] = cell
        progress[N_HOT] += 1
    if _reach_now(u, g, kappa) >= soon or soon < mark:
        flags[cell] = LISTED | NEAR
        near[progress[N_NEAR]] = cell
        progress[N_NEAR] += 1


@part
def _scan(row, progress, state, flags, hot, near, threshold, mark, decay, kappa):
    """Go through the hot cells: which still are, and which of them may spike before the next scan."""
    kept = n_near = 0
    for q in range(progress[N_HOT]):
        i = hot[q]
        if flags[i] & HELD:
            flags[i] = HELD
            continue
        g = state[2 * i + 1] * decay[row, 1]
        u = fma(state[2 * i], decay[row, 0], -kappa[2] * g)
        soon = _soon(threshold[i], kappa)
        if _reach(u, g, kappa) >= soon or soon < mark:
            hot[kept] = i
            kept += 1
            flags[i] = LISTED
            if _reach_now(u, g, kappa) >= soon or soon < mark:
                flags[i] = LISTED | NEAR
                near[n_near] = i
                n_near += 1
        else:
            flags[i] = 0
    progress[N_HOT], progress[N_NEAR] = kept, n_near


@part
def _enter(first, row, progress, state, flags, hot, near, level, next_level, threshold, mark, decay, kappa):
    """Take over the levels of a new segment; a cell whose level and list stay is not touched."""
    for i in range(level.shape[0]):
        moved = next_level[i] != level[i]
        if moved and not flags[i] & HELD:
            state[2 * i] += (level[i] - next_level[i]) / decay[row, 0]
        stirred = first and (state[2 * i] != 0 or state[2 * i + 1] != 0)
        if moved or stirred or _soon(threshold[i], kappa) < mark:
            _consider(i, row, progress, state, flags, hot, near, threshold, mark, decay, kappa)


@part
def _rebase(state, decay):
    """Count time from the end of the table on."""
    last = decay.shape[0] - 1
    a, c = decay[last, 0], decay[last, 1]
    for i in range(state.shape[0] // 2):
        state[2 * i] *= a
        state[2 * i + 1] *= c


@part
def _hold(cell, until, step, after, ring):
    """Put a held cell on the list of the step in which it moves again, or of one before that if it is far."""
    slot = min(until[cell], step + RING - 1) % RING
    after[cell] = ring[slot]
    ring[slot] = cell


@part
def _wake(step, row, progress, state, flags, hot, near, until, after, ring, threshold, reset, mark, decay, kappa):
    """Let the cells move whose refractory period is over: in this step, from their reset."""
    cell = ring[step % RING]
    ring[step % RING] = -1
    while cell >= 0:
        following = after[cell]
        if until[cell] > step:
            _hold(cell, until, step, after, ring)
        else:
            flags[cell] &= LISTED
            state[2 * cell], state[2 * cell + 1] = reset[cell] * decay[row, 2], kappa[1]
            _consider(cell, row, progress, state, flags, hot, near, threshold, mark, decay, kappa)
        cell = following


@part
def _frame(frame, row, state, flags, level, reset, decay, kappa, record_cell, record_v, out_v, record_g, out_g, g_unit):
    """Record the values at the start of a step, and change nothing."""
    for r in range(record_cell.shape[0]):
        i = record_cell[r]
        g = state[2 * i + 1] * decay[row, 1]
        u = fma(state[2 * i], decay[row, 0], -kappa[2] * g)
        if flags[i] & HELD:
            g, u = kappa[1], reset[i]
        if record_v:
            out_v[frame, r] = level[i] + u
        if record_g:
            out_g[frame, r] = g / g_unit[i]


@part
def _threshold(step, row, progress, state, flags, near, busy, until, after, ring, threshold, decay, kappa, spike_step,
               spike_cell):
    """Threshold and reset of the near cells; their spikes are put in the order of the cells."""
    a, c, k = decay[row, 0], decay[row, 1], -kappa[2]
    kept, before = 0, progress[N_SPIKES]
    for q in range(progress[N_NEAR]):
        i = near[q]
        if fma(state[2 * i], a, k * (state[2 * i + 1] * c)) > threshold[i]:
            spike_step[progress[N_SPIKES]] = step
            spike_cell[progress[N_SPIKES]] = i
            progress[N_SPIKES] += 1
            state[2 * i] = state[2 * i + 1] = np.nan
            flags[i] = LISTED | HELD
            until[i] = step + busy[i]
            _hold(i, until, step, after, ring)
        else:
            near[kept] = i
            kept += 1
    progress[N_NEAR] = kept
    _sort(spike_cell, before, progress[N_SPIKES])


@part
def _sort(x, first, last):
    """Sort ``x[first:last]``, by insertion at falling distances: few numbers most of the time."""
    gap = 1
    while 3 * gap + 1 < last - first:
        gap = 3 * gap + 1
    while gap:
        for q in range(first + gap, last):
            value, p = x[q], q
            while p - gap >= first and x[p - gap] > value:
                x[p] = x[p - gap]
                p -= gap
            x[p] = value
        gap //= 3


@part
def _send(row, first, last, progress, state, flags, hot, near, found, threshold, mark, decay, kappa, release, row_start, post,
          weight, spike_cell):
    """Deliver the spikes `first` ... `last`."""
    a, c, unit = decay[row, 0], decay[row, 1], kappa[6]
    into_a, into_b = decay[row, 2] * kappa[2] * unit, decay[row, 3] * unit
    # max(u, 0) + kappa max(g - max(u, 0), 0) of a cell that can become hot is kappa g, or linear in u and g
    from_a, from_g = (kappa[7] - kappa[0]) * a, kappa[0] * c
    from_b = from_g - (kappa[7] - kappa[0]) * kappa[2] * c
    last_edge, n_spikes = np.uintp(max(post.shape[0], 1) - 1), progress[N_SPIKES]
    for q in range(first, last):
        if q + ROWS_AHEAD < n_spikes:
            i = spike_cell[q + ROWS_AHEAD]
            for e in range(np.uintp(row_start[i]), np.uintp(min(row_start[i + 1], row_start[i] + 512)), np.uintp(16)):
                prefetch(post, e)
                prefetch(weight, e)
        i = spike_cell[q]
        if not release[i]:
            continue
        # cells are fetched ahead: from this row, and at its end from the next
        e, stop = np.uintp(row_start[i]), np.uintp(row_start[i + 1])
        turn = stop - AHEAD if stop - e > AHEAD else e
        while e < stop:
            part, ahead = min(e + CHUNK, turn), e + AHEAD
            if e >= turn:
                part, ahead = stop, np.uintp(row_start[spike_cell[min(q + 1, n_spikes - 1)]])
            n_found = 0
            while e < part:
                prefetch(state, TWO * np.uintp(post[min(ahead, last_edge)]))
                ahead += ONE
                j = np.uintp(post[e])
                w = state.dtype.type(weight[e])
                e += ONE
                new_a = fma(w, into_a, state[TWO * j])
                new_b = fma(w, into_b, state[TWO * j + ONE])
                state[TWO * j] = new_a
                state[TWO * j + ONE] = new_b
                alone = new_b * from_g
                bound = fma(new_a, from_a, new_b * from_b)
                found[n_found] = j
                n_found += (bound if bound > alone else alone) >= mark
            for f in range(n_found):
                _consider(found[f], row, progress, state, flags, hot, near, threshold, mark, decay, kappa)


@inlined
def _arrive(cell, row, in_v, size, progress, state, flags, hot, near, threshold, mark, decay, kappa):
    """An event from outside."""
    into_a, into_b = decay[row, 2] * size, decay[row, 3] * size
    state[2 * cell] += into_a if in_v else into_a * kappa[2]
    state[2 * cell + 1] += kappa[1] if in_v else into_b
    _consider(cell, row, progress, state, flags, hot, near, threshold, mark, decay, kappa)


@part
def _poisson(step, row, progress, state, flags, hot, near, threshold, mark, decay, kappa, cell, source, limit, size, in_v,
             draw, key_low, key_high):
    """Draw the Poisson events of a step and deliver them."""
    for k in range(cell.shape[0]):
        draw[k] = event_draw(key_low, key_high, step, cell[k], source[k])
    for k in range(cell.shape[0]):
        if draw[k] < limit[k]:
            _arrive(cell[k], row, in_v, size[k], progress, state, flags, hot, near, threshold, mark, decay, kappa)


@part
def _ran_away(row, state, flags, level, decay, kappa, runaway):
    """The first cell with a state that is not a number or a voltage beyond all reason, or -1."""
    of_a, of_b = decay[row, 0], decay[row, 1] * abs(kappa[2])
    for i in range(level.shape[0]):
        total = abs(level[i])
        if not flags[i] & HELD:
            total += abs(state[2 * i]) * of_a + abs(state[2 * i + 1]) * of_b
        if not total <= runaway:
            return i
    return -1


@njit(nogil=True, error_model="numpy", cache=CACHE)
def run(start, stop, enter, progress, state, flags, hot, near, found, busy, until, after, ring, level, next_level, threshold,
        reset, mark, release, decay, kappa, delay, row_start, post, weight, spike_step, spike_cell, event_step, event_cell,
        event_size, event_in_v, poisson_cell, poisson_source, poisson_limit, poisson_size, poisson_in_v, draw, key_low,
        key_high, every, record_cell, row_of, record_v, out_v, record_g, out_g, g_unit, record_spikes, out_spikes, runaway):
    """Steps [start, stop) of one trial, or as many as the spike buffer holds; returns the step that comes next.

    `enter` is 2 at the first segment, 1 at another's first call, 0 to go on. Row d + 1 of `decay` is a, c, 1/a and 1/c of d
    steps; `kappa` holds kappa, 0, k, the steps in 1/tau_m, the slack of the bounds, rise, the mV of a unit of weight, and 1.
    Spikes stay in the buffer until the caller takes them out, so that it is the delay line as well.
    """
    old = flush_subnormals()
    base, length = progress[BASE], decay.shape[0] - 2
    if enter:
        _enter(enter == 2, start - base, progress, state, flags, hot, near, level, next_level, threshold, mark, decay, kappa)
    step = start
    while step < stop and progress[N_SPIKES] + level.shape[0] <= spike_cell.shape[0]:  # each cell may spike in one step
        if step - base > length:
            _rebase(state, decay)
            base += length
        row = step - base  # the start of the step; the next row is its end
        _wake(step, row, progress, state, flags, hot, near, until, after, ring, threshold, reset, mark, decay, kappa)
        if step % every == 0 and (record_v or record_g):
            _frame(step // every, row, state, flags, next_level, reset, decay, kappa, record_cell, record_v, out_v, record_g,
                   out_g, g_unit)
        if step % SCAN == 0:
            _scan(row, progress, state, flags, hot, near, threshold, mark, decay, kappa)
        row += 1
        before = progress[N_SPIKES]
        _threshold(step, row, progress, state, flags, near, busy, until, after, ring, threshold, decay, kappa, spike_step,
                   spike_cell)
        if record_spikes:
            for q in range(before, progress[N_SPIKES]):
                at = row_of[spike_cell[q]]
                if at >= 0:
                    out_spikes[step // every, at] += 1
        due = sent = progress[SENT]
        while due < progress[N_SPIKES] and spike_step[due] <= step - delay:
            due += 1
        if due > sent:
            _send(row, sent, due, progress, state, flags, hot, near, found, threshold, mark, decay, kappa, release, row_start,
                  post, weight, spike_cell)
            progress[SENT] = due
        while progress[ARRIVED] < event_step.shape[0] and event_step[progress[ARRIVED]] <= step:
            k = progress[ARRIVED]
            _arrive(event_cell[k], row, event_in_v, event_size[k], progress, state, flags, hot, near, threshold, mark, decay,
                    kappa)
            progress[ARRIVED] += 1
        if poisson_cell.shape[0]:
            _poisson(step, row, progress, state, flags, hot, near, threshold, mark, decay, kappa, poisson_cell,
                     poisson_source, poisson_limit, poisson_size, poisson_in_v, draw, key_low, key_high)
        step += 1
    progress[BASE] = base
    progress[FAILED] = _ran_away(step - base, state, flags, next_level, decay, kappa, runaway) if step == stop else -1
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

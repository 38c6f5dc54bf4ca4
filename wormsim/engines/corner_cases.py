"""Small deterministic spiking networks in which engines like to part: delays, refractory times, ties, loops on itself.

Twelve integrate-and-fire cells with exponential synapses, as arrays, so that every cell can have a delay of its own.
"""

from __future__ import annotations

import numpy as np

from .. import catalog
from ..network import Effects, Network, Pathway
from ..perturbation import blank_effects
from ..units import to_internal

N_CELLS, N_STEPS, DT_MS = 12, 800, 0.1


def corner_cases() -> dict[str, tuple[Network, Effects]]:
    """Each network by what is special about it, with the current that drives it (one variant)."""
    rng = np.random.default_rng(5)
    pre, post = np.divmod(rng.choice(N_CELLS**2, 60, replace=False), N_CELLS)
    pre, post = pre[pre != post], post[pre != post]
    all_pre, all_post = (x.ravel() for x in np.mgrid[:N_CELLS, :N_CELLS])
    uneven = np.where(np.arange(N_CELLS) < 6, 9.0 + np.arange(N_CELLS), 0.0)
    even = np.full(N_CELLS, 12.0)
    steps = rng.permutation(np.arange(N_CELLS) * 3) * DT_MS
    loops = np.arange(N_CELLS)
    return {
        "delay 0": _case(pre, post, uneven, t_delay=0.0),
        "delay of one step": _case(pre, post, uneven, t_delay=DT_MS),
        "delays of 0 to 33 steps": _case(pre, post, uneven, t_delay=steps),
        "refractory time 0": _case(pre, post, uneven, t_refractory=0.0),
        "refractory times of 0 to 33 steps": _case(pre, post, uneven, t_refractory=steps),
        "delay = refractory time": _case(pre, post, uneven, t_delay=2.2),
        "simultaneous spikes": _case(all_pre, all_post, even, w=0.3),
        "simultaneous, delay 0": _case(all_pre, all_post, even, w=0.3, t_delay=0.0),
        "self-connections": _case(np.r_[pre, loops], np.r_[post, loops], uneven, t_delay=3.0),
        "self-connections, delay 0, refractory time 0": _case(np.r_[pre, loops], np.r_[post, loops], uneven, t_delay=0.0,
                                                              t_refractory=0.0),
    }


def _case(pre, post, current_pA, w: float | None = None, **times) -> tuple[Network, Effects]:
    """`times` are one number for all cells or one for each."""
    neuron, synapse = catalog.load("neurons", "lif").MODEL, catalog.load("synapses", "exponential").MODEL
    parameters = {p.symbol: np.full((1, 1), to_internal(p.value, p.unit)) for p in (*neuron.parameters, *synapse.parameters)}
    parameters |= {name: np.asarray(x, float).reshape(-1, 1) for name, x in times.items()}
    order = np.lexsort((pre, post))
    rng = np.random.default_rng(6)
    drawn = rng.uniform(8.0, 25.0, len(pre)) * np.where(rng.random(len(pre)) < 0.75, 1.0, -1.0)
    values = drawn if w is None else np.full(len(pre), w)
    pathway = Pathway(synapse, pre[order].astype(np.int32), post[order].astype(np.int32), {"w": values[order, None]})
    effects = blank_effects(0, N_STEPS, N_CELLS, 1)
    effects.current_pA[:, 0] = current_pA
    return Network(tuple(f"C{k}" for k in range(N_CELLS)), np.zeros(N_CELLS, bool), neuron, (pathway,), parameters, 1), effects

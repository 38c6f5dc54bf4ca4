"""The fly model as published against ours: an independent transcription of Shiu et al. 2024 (Nature 634:210).

The published code works in mV (`v`, `g`), integrates exactly (`method="linear"`) and clears `g` at a spike. Ours is in
pA and integrates with exponential Euler. Two questions are kept apart: is it the same model (yes, to rounding, when
Brian2 integrates our text exactly), and what does the integrator change (its error, which falls with the step).
The published Poisson input goes straight into `v` and sets the refractory time of driven cells to 0; here both
versions get the same events into the synaptic variable, and driven cells keep their refractory time.
"""

from __future__ import annotations

from dataclasses import replace

import brian2 as b2
import numpy as np
import pytest
from brian2 import ms, mV

from wormsim import catalog
from wormsim.engines import brian2_network
from wormsim.kernels.random import event_draws, threshold
from wormsim.network import Lanes, Network, Pathway, Poisson
from wormsim.perturbation import blank_effects

N, N_DRIVEN, STREAM, W_MV, EVENT_MV, RATE_PER_MS = 150, 30, 7, 0.275, 30.0, 0.1


@pytest.fixture(scope="module")
def wiring():
    rng = np.random.default_rng(3)
    post, pre = np.divmod(np.sort(rng.choice(N * N, 3000, replace=False)), N)
    contacts = np.where(rng.random(len(pre)) < 0.75, 1, -1) * (1 + rng.geometric(0.12, len(pre)))
    return pre.astype(np.int32), post.astype(np.int32), contacts


def published(wiring, dt_ms, n_steps, current_mV=0.0, poisson=True):
    """Transcribed from the published code, but for where the input goes in; `current_mV` shifts v_0 of driven cells."""
    pre, post, contacts = wiring
    constants = {"v_rst": -52 * mV, "v_th": -45 * mV, "t_mbr": 20 * ms, "tau": 5 * ms}
    clock = b2.Clock(dt_ms * ms)
    cells = b2.NeuronGroup(
        N, """dv/dt = (v_0 - v + g) / t_mbr : volt (unless refractory)
              dg/dt = -g / tau : volt (unless refractory)
              v_0 : volt
              rfc : second""",
        method="linear", threshold="v > v_th", reset="v = v_rst; g = 0 * mV", refractory="rfc", namespace=constants,
        clock=clock)
    cells.v, cells.g, cells.rfc, cells.v_0 = -52 * mV, 0 * mV, 2.2 * ms, -52 * mV
    cells.v_0[:N_DRIVEN] = (-52 + current_mV) * mV
    synapses = b2.Synapses(cells, cells, "w : volt", on_pre="g += w", delay=1.8 * ms, clock=clock, namespace={})
    synapses.connect(i=pre, j=post)
    synapses.w = contacts * W_MV * mV
    parts = [cells, synapses]
    if poisson:
        hits = event_draws(STREAM, np.arange(n_steps)[:, None], np.arange(N_DRIVEN), 0) < threshold(RATE_PER_MS * dt_ms)
        step, cell = np.nonzero(hits)
        source = b2.SpikeGeneratorGroup(N_DRIVEN, cell, step * dt_ms * ms, clock=clock)
        into = b2.Synapses(source, cells, on_pre=f"g += {EVENT_MV}*mV", clock=clock, namespace={"mV": mV})
        into.connect(i=np.arange(N_DRIVEN), j=np.arange(N_DRIVEN))
        parts += [source, into]
    return _run(b2.Network(*parts), cells, dt_ms, n_steps)


def ours(wiring, dt_ms, n_steps, current_mV=0.0, poisson=True, method="exponential_euler"):
    pre, post, contacts = wiring
    neuron, synapse = catalog.load("neurons", "lif").MODEL, catalog.load("synapses", "exponential").MODEL
    parameters = {p.symbol: np.array([[p.value]]) for p in (*neuron.parameters, *synapse.parameters)}
    network = Network(tuple(f"c{k}" for k in range(N)), np.zeros(N, bool), neuron,
                      (Pathway(synapse, pre, post, {"w": (contacts * W_MV)[:, None]}),), parameters, 1)
    effects = blank_effects(0, n_steps, N, 1)
    effects.current_pA[:N_DRIVEN] = current_mV
    if poisson:
        shape = (N_DRIVEN, 1)
        effects = replace(effects, poisson=Poisson(
            np.arange(N_DRIVEN, dtype=np.int32), np.zeros(N_DRIVEN, np.int32), np.full(shape, RATE_PER_MS * dt_ms),
            np.full(shape, EVENT_MV)))
    net = brian2_network.build(network, [effects], Lanes(np.zeros(1, np.int32), np.array([STREAM], np.uint64)), 0, dt_ms,
                              method=method)
    return _run(net, net["neurons"], dt_ms, n_steps)


def _run(net, cells, dt_ms, n_steps):
    trace, spikes = b2.StateMonitor(cells, "v", record=True, clock=cells.clock), b2.SpikeMonitor(cells)
    net.add(trace, spikes)
    net.run(n_steps * dt_ms * ms, namespace={})
    return np.asarray(trace.v).T * 1e3, np.rint(np.asarray(spikes.t) * 1e3 / dt_ms).astype(int), np.asarray(spikes.i)


def test_the_same_model_when_integrated_exactly(wiring):
    v, step, cell = published(wiring, 0.1, 2000)
    our_v, our_step, our_cell = ours(wiring, 0.1, 2000, method="exact")
    assert len(step) > 150
    np.testing.assert_array_equal(our_step, step)
    np.testing.assert_array_equal(our_cell, cell)
    np.testing.assert_allclose(our_v, v, rtol=0, atol=1e-10)


def test_the_integrator_changes_little_and_less_with_a_smaller_step(wiring):
    """Exponential Euler holds `g` over a step, an error of first order; the delay of 18 steps is the same in ms."""
    drift, counts = [], []
    for dt_ms, n_steps in ((0.1, 2000), (0.05, 4000), (0.025, 8000)):
        v, _, cell = published(wiring, dt_ms, n_steps, current_mV=12.0, poisson=False)
        our_v, _, our_cell = ours(wiring, dt_ms, n_steps, current_mV=12.0, poisson=False)
        drift.append(np.abs(our_v - v).mean())
        counts.append((len(cell), len(our_cell)))
    print("mean |v ours - v published| (mV) at 0.1, 0.05, 0.025 ms:", drift, "spikes:", counts)
    assert all(n > 150 for n, _ in counts)
    for n, our_n in counts:
        assert abs(our_n - n) <= 0.02 * n
    assert drift[0] < 0.1
    assert drift[2] < 0.6 * drift[0]

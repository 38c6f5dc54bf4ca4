"""Random small networks: the batch kernel against Brian2, spike for spike, whatever the layout, block and threads.

Few models, so that few kernels are compiled, and any network: hypothesis picks who is connected to whom, how strongly,
with which delay and refractory time, the step, who is ablated, blocked, silenced and driven, and when.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wormsim import catalog
from wormsim.engines import brian2_engine, conformance, numba_engine, planner
from wormsim.network import Effects, Lanes, Network, Pathway, Poisson, Record
from wormsim.units import to_internal

# How the batch kernel is asked to run: lanes from which edges are shared, lanes in a block, threads.
WAYS = ((1, None, 1), (1, 1, 2), (10**9, None, 2), (10**9, 2, 1))
N_STEPS = 120
CURRENT_PA = {"lif": 25.0, "adex": 60.0, "graded": 1.0}
WEIGHT = {"w": 40.0, "g_exc": 0.2, "g_inh": 0.2, "g_gap": 0.3}
unit = st.floats(0.0, 1.0, width=16)


@st.composite
def networks(draw, name: str) -> tuple[Network, float]:
    neuron = catalog.load("neurons", name).MODEL
    n = draw(st.integers(1, 6))
    synapses = [catalog.load("synapses", s).MODEL for s in neuron.synapses]
    parameters = {p.symbol: np.full((1, 1), to_internal(p.value, p.unit)) for m in (neuron, *synapses) for p in m.parameters}
    dt_ms = draw(st.sampled_from([0.05, 0.1, 0.25] if neuron.threshold else [0.1, 0.5]))
    for symbol in ("t_delay", "t_refractory"):
        if symbol in parameters:  # one for all cells or one for each, on a step, between steps or 0
            shape = draw(st.sampled_from([1, n]))
            values = draw(st.lists(st.one_of(st.integers(0, 30).map(lambda k: k * dt_ms), st.floats(0.0, 4.0, width=16)),
                                   min_size=shape, max_size=shape))
            parameters[symbol] = np.array(values)[:, None]
    pathways = []
    for s in synapses:
        electrical = s.kind == "electrical"
        possible = [(i, j) for i in range(n) for j in range(n) if not electrical or i < j]
        pairs = draw(st.lists(st.sampled_from(possible), max_size=3 * n, unique=True)) if possible else []
        size = np.array([draw(unit) for _ in pairs])
        sign = np.array([draw(st.sampled_from([1.0, -1.0])) for _ in pairs])
        pre, post = np.array(pairs, np.int32).reshape(-1, 2).T
        values = {e.symbol: e.of(size * WEIGHT[e.symbol], sign) for e in s.edge}
        if electrical:
            pre, post = np.concatenate([pre, post]), np.concatenate([post, pre])
            values = {k: np.concatenate([x, x]) for k, x in values.items()}
        order = np.lexsort((pre, post))
        pathways.append(Pathway(s, pre[order], post[order], {k: x[order, None] for k, x in values.items()}))
    made = Network(tuple(f"C{k}" for k in range(n)), np.zeros(n, bool), neuron, tuple(pathways), parameters, 1)
    for s in synapses:
        if s.derive is not None:
            parameters.update(s.derive(made))
    return made, dt_ms


@st.composite
def perturbed(draw, network: Network, n_variants: int) -> list[Effects]:
    """Two or three segments; in each every variant is blocked, silenced and driven in its own way."""
    n, name = len(network.cells), network.neuron.name
    cuts = sorted({0, N_STEPS, *draw(st.lists(st.integers(1, N_STEPS - 1), min_size=1, max_size=2))})
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    alive = rng.random((n, n_variants)) > draw(st.sampled_from([0.0, 0.2]))
    takes_events = any(p.synapse.poisson_target for p in network.pathways)
    rows = draw(st.integers(0, n)) if takes_events else 0
    out = []
    for start, stop in pairwise(cuts):
        shape = (n, n_variants)
        conductance = np.where(rng.random(shape) < draw(st.sampled_from([0.0, 0.3])), 3.0, 0.0)
        p = Poisson(np.arange(rows, dtype=np.int32), rng.integers(0, 3, rows).astype(np.int32),
                    rng.uniform(0.0, 0.1, (rows, n_variants)), rng.uniform(0.0, 40.0, (rows, n_variants)))
        out.append(Effects(start, stop, alive, rng.random(shape) > draw(st.sampled_from([0.0, 0.3])),
                           CURRENT_PA[name] * draw(unit) * rng.random(shape), conductance, -70.0 * conductance, p))
    return out


def check(name: str, data) -> None:
    network, dt_ms = data.draw(networks(name))
    n_variants = 2
    effects = data.draw(perturbed(network, n_variants))
    stream = data.draw(st.integers(0, 2**64 - 1))
    lanes = Lanes(np.zeros(n_variants, np.int32), np.full(n_variants, stream, np.uint64))
    record = Record(np.arange(len(network.cells), dtype=np.int32), 1, True, bool(network.neuron.threshold))
    runs, before = [], planner._LEAST_SHARED
    try:
        for planner._LEAST_SHARED, block, threads in WAYS:
            runs.append(numba_engine.run(network, effects, lanes, N_STEPS, dt_ms, record, "float64", threads, block))
    finally:
        planner._LEAST_SHARED = before
    for other in runs[1:]:
        for key, x in runs[0].items():
            np.testing.assert_array_equal(other[key], x)
    slow = brian2_engine.run(network, effects, lanes, N_STEPS, dt_ms, record)
    found = conformance.differences(runs[0], slow)
    assert found["spikes_equal"] in (True, None), found
    assert found["max_difference_mV"] <= conformance.TOLERANCE_MV, found


@pytest.mark.parametrize("name", ["lif", pytest.param("adex", marks=pytest.mark.slow), "graded"])
def test_random_networks_are_brian2s(name):
    @settings(max_examples=4)
    @given(st.data())
    def try_some(data):
        check(name, data)

    try_some()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lif", "adex", "graded"])
def test_many_random_networks_are_brian2s(name):
    @settings(max_examples=150, derandomize=False, print_blob=True)
    @given(st.data())
    def try_many(data):
        check(name, data)

    try_many()

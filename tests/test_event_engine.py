"""The event engine: spike for spike what Brian2 computes by exact integration, and the same bits however it is run."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_network import everything, lanes_of, mixed, network, quiet, take

from wormsim import catalog
from wormsim.dynamics import NeuronModel
from wormsim.engines import event_engine
from wormsim.errors import InputError, UnknownNameError
from wormsim.network import Lanes, Network, Pathway, Poisson, Record
from wormsim.simulation import simulate

TOLERANCE_MV = 1e-9


def effects_of(n, v, n_steps, seed=1):
    """Ablations, blocked release, currents and Poisson events in three segments, but no silencing."""
    return [replace(e, conductance_nS=np.zeros((n, v)), conductance_reversal_pA=np.zeros((n, v)))
            for e in mixed(n, v, n_steps, True, seed)]


def with_parameters(net, **values):
    return replace(net, parameters={**net.parameters, **{k: np.full((1, 1), float(x)) for k, x in values.items()}})


def brian2_exact(net, effects, lanes, lane, n_steps, dt_ms):
    """v (T, N), synaptic state and spike counts of one variant, by Brian2's exact integration in double precision."""
    import brian2 as b2

    from wormsim.engines import brian2_engine

    made = brian2_engine.build(net, effects, lanes, lane, dt_ms, method="exact")
    cells = made["neurons"]
    trace, spikes = b2.StateMonitor(cells, ["v", "I_syn"], record=True, clock=cells.clock), b2.SpikeMonitor(cells)
    made.add(trace, spikes)
    made.run(n_steps * dt_ms * b2.ms, namespace={})
    counts = np.zeros((n_steps, len(net.cells)), int)
    np.add.at(counts, (np.rint(np.asarray(spikes.t) * 1e3 / dt_ms).astype(int), np.asarray(spikes.i)), 1)
    return np.asarray(trace.v).T * 1e3, np.asarray(trace.I_syn).T * 1e12, counts


def check_against_brian2(net, effects, lanes, n_steps, dt_ms=0.1, least=20):
    out = event_engine.run(net, effects, lanes, n_steps, dt_ms, everything(net), "float64")
    total = 0
    for lane in range(len(lanes.sample)):
        v, current, counts = brian2_exact(net, effects, lanes, lane, n_steps, dt_ms)
        alive = effects[0].alive[:, lane]
        np.testing.assert_array_equal(out["spikes"][lane], counts)
        np.testing.assert_allclose(out["v"][lane][:, alive], v[:, alive], rtol=0, atol=TOLERANCE_MV)
        np.testing.assert_allclose(out["I_syn"][lane][:, alive], current[:, alive], rtol=0, atol=TOLERANCE_MV)
        assert np.isnan(out["v"][lane][:, ~alive]).all()
        total += counts.sum()
    assert total >= least
    assert (out["failed"] == -1).all()
    return out


@pytest.fixture(scope="module")
def case():
    net = network("lif", 40, 3, 2, synapses=("exponential",))
    return net, effects_of(40, 9, 900), lanes_of(9, 3)


def run(case, dtype="float32", **how):
    net, effects, lanes = case
    return event_engine.run(net, effects, lanes, 900, 0.1, everything(net), dtype, **how)


def same(a, b):
    assert a.keys() == b.keys()
    for key in a:
        assert a[key].tobytes() == b[key].tobytes(), key


# ---------------------------------------------------------------- against Brian2


@pytest.mark.parametrize(("refractory_ms", "delay_ms"), [(2.2, 1.8), (0.0, 0.0), (0.04, 0.05), (7.96, 0.14), (2.25, 25.0)])
def test_spike_for_spike_with_delays_and_refractory_times(refractory_ms, delay_ms):
    net = with_parameters(network("lif", 40, 1, 2, synapses=("exponential",)), t_refractory=refractory_ms, t_delay=delay_ms)
    check_against_brian2(net, effects_of(40, 2, 1500), lanes_of(2, 1), 1500)


@pytest.mark.parametrize("changed", [{"v_reset": -58.0}, {"v_reset": -46.0, "t_refractory": 5.0}, {"tau_m": 3.0},
                                     {"tau_m": 60.0, "tau_syn": 15.0}, {"g_leak": 2.5}, {"v_threshold": -51.9}])
def test_spike_for_spike_with_other_parameters(changed):
    """A reset away from rest, a synapse slower than the membrane, a threshold at rest."""
    net = with_parameters(network("lif", 40, 1, 4, synapses=("exponential",)), **changed)
    check_against_brian2(net, effects_of(40, 1, 1200), lanes_of(1, 1), 1200, least=10)


def test_a_current_that_is_enough_alone_and_one_that_ends_while_refractory():
    net = with_parameters(network("lif", 12, 1, 5, synapses=("exponential",)), t_refractory=8.0, v_reset=-54.0)
    parts = []
    for k in range(40):
        e = quiet(37 * k, 37 * (k + 1), 12, 1)
        e.current_pA[:] = np.linspace(-5, 25, 12)[:, None] * (k % 2) + np.where(np.arange(12) % 3 == 0, 12.0, 0.0)[:, None]
        parts.append(e)
    check_against_brian2(net, parts, lanes_of(1, 1), 37 * 40)


def self_connected(n=10):
    """Every cell drives itself and all others; all get the same current, so all spike at once."""
    net = network("lif", n, 1, 6, synapses=("exponential",))
    post, pre = np.divmod(np.arange(n * n, dtype=np.int32), n)
    path = Pathway(net.pathways[0].synapse, pre, post, {"w": np.where(pre == post, -9.0, 1.5)[:, None]})
    return replace(net, pathways=(path,))


def test_simultaneous_spikes_and_self_connections():
    net = self_connected()
    e = quiet(0, 2000, 10, 1)
    e.current_pA[:] = 9.0
    out = check_against_brian2(net, [e], lanes_of(1, 1), 2000)
    at_once = out["spikes"][0].sum(axis=1)
    assert set(at_once) == {0, 10}
    assert at_once.sum() > 20


@given(seed=st.integers(0, 2**16), n=st.integers(1, 12), delay=st.integers(0, 30), busy=st.integers(0, 150),
       reset=st.sampled_from([-52.0, -60.0, -47.0]), spread=st.sampled_from([0.0, 1.0, 6.0]))
def test_any_small_network_agrees_with_the_plain_loop(seed, n, delay, busy, reset, spread):
    """A few lines of NumPy, one exact step after the other, are the reference here: they need no compiler."""
    net = with_parameters(network("lif", max(n, 2), 1, seed, synapses=("exponential",)), t_delay=delay * 0.1,
                          t_refractory=busy * 0.1, v_reset=reset)
    n = len(net.cells)
    if spread:  # thresholds of their own, some of them below rest
        own = np.random.default_rng(seed).normal(-45.0, spread, (n, 1))
        net = replace(net, parameters={**net.parameters, "v_threshold": np.maximum(own, reset + 1.0)})
    e = effects_of(n, 1, 300, seed)
    lanes = Lanes(np.zeros(1, np.int32), np.array([seed], np.uint64))
    e = [replace(x, poisson=replace(x.poisson, cell=x.poisson.cell % n)) for x in e]
    out = event_engine.run(net, e, lanes, 300, 0.1, everything(net), "float64")
    v, spikes = plain(net, e, seed, 300, 0.1)
    np.testing.assert_array_equal(out["spikes"][0], spikes)
    alive = e[0].alive[:, 0]
    np.testing.assert_allclose(out["v"][0][:, alive], v[:, alive], rtol=0, atol=TOLERANCE_MV)


def plain(net, effects, stream, n_steps, dt):
    from wormsim.kernels.random import event_draws, threshold

    p = {k: x[:, 0] if len(x) > 1 else float(x[0, 0]) for k, x in net.parameters.items()}
    n, path = len(net.cells), net.pathways[0]
    weights = np.zeros((n, n))
    np.add.at(weights, (path.pre, path.post), path.values["w"][:, 0])
    a, c = np.exp(-dt / p["tau_m"]), np.exp(-dt / p["tau_syn"])
    b = p["tau_syn"] / (p["tau_m"] - p["tau_syn"]) * (a - c)
    delay, busy = round(p["t_delay"] / dt), max(round(p["t_refractory"] / dt), 1)
    v, g, free = np.full(n, p["v_rest"]), np.zeros(n), np.zeros(n, int)
    traces, spikes = np.zeros((n_steps, n)), np.zeros((n_steps, n), int)
    for t in range(n_steps):
        (e,) = (x for x in effects if x.start <= t < x.stop)
        alive, release = e.alive[:, 0], e.release[:, 0]
        traces[t] = v
        moving = t >= free
        level = p["v_rest"] + e.current_pA[:, 0] / p["g_leak"]
        v, g = np.where(moving, level + (v - level) * a + g / p["g_leak"] * b, v), np.where(moving, g * c, g)
        spikes[t] = moving & alive & (v > p["v_threshold"])
        free = np.where(spikes[t], t + busy, free)
        arriving = (spikes[t - delay] * release * alive) @ weights if t >= delay else np.zeros(n)
        hit = event_draws(stream, t, e.poisson.cell, e.poisson.source) < threshold(e.poisson.probability[:, 0])
        np.add.at(arriving, e.poisson.cell, hit * e.poisson.size_pA[:, 0])
        g = np.where((t >= free) & alive, g + arriving, g)
        v, g = np.where(spikes[t], p["v_reset"], v), np.where(spikes[t], 0.0, g)
    return traces, spikes


def real_network(pre, post, w, n):
    neuron, synapse = catalog.load("neurons", "lif").MODEL, catalog.load("synapses", "exponential").MODEL
    parameters = {p.symbol: np.array([[p.value]]) for p in (*neuron.parameters, *synapse.parameters)}
    order = np.lexsort((pre, post))
    path = Pathway(synapse, pre[order].astype(np.int32), post[order].astype(np.int32), {"w": w[order][:, None]})
    return Network(tuple(f"c{k}" for k in range(n)), np.zeros(n, bool), neuron, (path,), parameters, 1)


def driven(n, n_steps, n_driven=40, seed=3):
    cells = np.random.default_rng(seed).choice(n, n_driven, replace=False).astype(np.int32)
    shape = (n_driven, 1)
    poisson = Poisson(cells, np.zeros(n_driven, np.int32), np.full(shape, 0.02), np.full(shape, 30.0))
    return [replace(quiet(0, n_steps, n, 1), poisson=poisson)]


def test_the_males_chemical_network_is_brian2s():
    from wormsim.circuit import load_circuit
    from wormsim.model import Model
    from wormsim.perturbations import Ablate, Stimulate
    from wormsim.variants import Variants, effects

    model = Model.build(load_circuit("whole_male"), "lif", ("exponential",), parameters={"w_contact_pA": 1.0})
    model = model.perturbed(Stimulate("R[1-9]*", rate_Hz=150.0, size_pA=30.0))
    variants = Variants.cross(model.nominal(), {"intact": (), "PVY": (Ablate("PVY"),)})
    net = model.lower(variants.samples)
    assert len(net.cells) > 400
    check_against_brian2(net, effects(model, variants, 0.1, 1000), variants.lanes(), 1000, least=500)


def test_the_larvas_real_brain_is_brian2s(recorded_data):
    path = recorded_data / "connectome" / "larva_G_edgelist.txt"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    edges = np.loadtxt(path)
    names, at = np.unique(edges[:, :2].astype(np.int64), return_inverse=True)
    pre, post = at.reshape(-1, 2).T
    sign = np.where(np.random.default_rng(1).random(len(names)) < 0.62, 1.0, -1.0)
    net = real_network(pre, post, 0.275 * edges[:, 2] * sign[pre], len(names))
    assert len(pre) > 100_000
    check_against_brian2(net, driven(len(names), 1000, 200), lanes_of(1, 1), 1000, least=1000)


# ---------------------------------------------------------------- the same bits


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_change_no_bit(case, threads):
    same(run(case), run(case, threads=threads))


def test_a_variant_alone_and_a_cut_segment_are_the_same_to_the_bit(case):
    net, effects, lanes = case
    whole = run(case)
    some, alone = take(effects, lanes, [4])
    same({k: x[[4]] for k, x in whole.items()}, run((net, some, alone)))
    e = effects[-1]
    same(whole, run((net, [*effects[:-1], replace(e, stop=e.start + 7), replace(e, start=e.start + 7)], lanes)))


def test_recording_less_changes_nothing_of_what_is_recorded(case):
    net, effects, lanes = case
    whole, cells = run(case), np.array([7, 2, 19], np.int32)
    part = event_engine.run(net, effects, lanes, 900, 0.1, Record(cells, 7, True, True))
    assert part["v"].tobytes() == np.ascontiguousarray(whole["v"][:, ::7][:, :, cells]).tobytes()
    assert (part["spikes"] == np.add.reduceat(whole["spikes"][:, :, cells], np.arange(0, 900, 7), axis=1)).all()


def test_single_precision_is_close_to_double(case):
    """Rates within 2 % of each other, and nearly every spike in the same step."""
    single, double = run(case), run(case, "float64")
    assert double["spikes"].sum() > 100
    assert abs(int(single["spikes"].sum()) - int(double["spikes"].sum())) <= 0.02 * double["spikes"].sum()
    assert (single["spikes"] != double["spikes"]).sum() <= 0.02 * double["spikes"].sum()


def test_a_full_spike_buffer_is_emptied_and_no_spike_is_lost(case, monkeypatch):
    from wormsim.engines import trial

    whole = run(case)
    monkeypatch.setattr(trial, "_SPIKES_AT_FIRST", 1)
    same(whole, run(case))


def test_long_rests_and_moving_bases_keep_the_digits():
    """A minute and a half of model time, almost all of it rest; an event at the end does what one at the start did."""
    net = network("lif", 4, 1, 0, synapses=("exponential",))
    n_steps = 900_000
    effects = []
    for start, stop in ((0, 100), (100, n_steps - 400), (n_steps - 400, n_steps)):
        p = Poisson(np.array([0], np.int32), np.zeros(1, np.int32), np.full((1, 1), float(start != 100) * 0.05), np.full((1, 1), 9.0))
        effects.append(replace(quiet(start, stop, 4, 1), poisson=p))
    check = event_engine.run(net, effects, lanes_of(1, 1), n_steps, 0.1, Record(np.arange(4, dtype=np.int32), 1, True, True),
                             "float64")
    late = [replace(effects[2], start=0, stop=400)]
    from wormsim.kernels.random import event_draws, threshold

    steps = np.arange(n_steps - 400, n_steps)
    hits = event_draws(lanes_of(1, 1).stream[0], steps, 0, 0) < threshold(0.05)
    assert hits.sum() > 5
    reference = reference_trace(net, hits, 400, late)
    np.testing.assert_allclose(check["v"][0, -400:, 0], reference, rtol=0, atol=1e-9)


def reference_trace(net, hits, n_steps, effects):
    """v of cell 0 when it gets these events, by the plain loop's steps."""
    p = {k: float(x[0, 0]) for k, x in net.parameters.items()}
    a, c = np.exp(-0.1 / p["tau_m"]), np.exp(-0.1 / p["tau_syn"])
    b = p["tau_syn"] / (p["tau_m"] - p["tau_syn"]) * (a - c)
    u = g = free = 0.0
    out = np.zeros(n_steps)
    for t in range(n_steps):
        out[t] = p["v_rest"] + u
        if t >= free:
            u, g = u * a + g * b, g * c
        if t >= free and u > p["v_threshold"] - p["v_rest"]:
            u, g, free = p["v_reset"] - p["v_rest"], 0.0, t + 22
        elif t >= free:
            g += effects[0].poisson.size_pA[0, 0] * hits[t]
    return out


# ---------------------------------------------------------------- what it refuses


def refuses(net, effects=None, match="engine='numba'", lanes=None, record=None):
    effects = [quiet(0, 10, len(net.cells), 1)] if effects is None else effects
    with pytest.raises(InputError, match=match):
        event_engine.run(net, effects, lanes or lanes_of(1, 1), 10, 0.1, record or Record(np.zeros(1, np.int32), 1))


def test_what_it_cannot_run_is_refused_with_the_other_engine_named():
    lif = network("lif", 6, 1, 0, synapses=("exponential",))
    refuses(network("lif", 6), match="gap_junction .* use engine='numba'")
    refuses(network("graded", 6))
    refuses(network("adex", 6, synapses=("exponential",)))
    e = quiet(0, 10, 6, 1)
    e.conductance_nS[2] = 1.0
    refuses(lif, [e], "Silence.*engine='numba'")
    n = np.arange(6.0)[:, None]
    refuses(replace(lif, parameters={**lif.parameters, "tau_m": 20 + n}), match="membrane time constant differs")
    refuses(replace(lif, parameters={**lif.parameters, "t_delay": 1 + n}), match="delay t_delay differs")
    refuses(with_parameters(lif, tau_syn=20.0), match="engine='numba'")
    refuses(with_parameters(lif, t_delay=-1.0), match="negative")
    with pytest.raises(UnknownNameError, match="unknown state 'I_sin'; closest: I_syn"):
        event_engine.run(lif, [quiet(0, 10, 6, 1)], lanes_of(1, 1), 10, 0.1, Record(np.zeros(1, np.int32), 1, states=("I_sin",)))


@pytest.mark.parametrize(("change", "why"), [
    ({"equations": "dv/dt = (v_rest - v + I/g_leak)*abs(v/v_rest)/tau_m : volt (unless refractory)"}, "not linear"),
    ({"threshold": "v > v_threshold + I/g_leak"}, "not 'v > constant'"),
    ({"reset": "v += v_reset"}, "does not set v to a constant"),
    ({"equations": "dv/dt = (v_rest - v + I/g_leak)/tau_m : volt"}, "stand still"),
])
def test_the_structure_counts_and_not_the_name(change, why):
    lif = catalog.load("neurons", "lif").MODEL
    refuses(network(replace(lif, **change), 6, synapses=("exponential",)), match=why)


def test_the_next_process_needs_neither_brian2_nor_sympy():
    script = """
import sys, time
from small_network import everything, lanes_of, network, quiet
from wormsim.engines import event_engine
net = network("lif", 6, 1, 0, synapses=("exponential",))
event_engine.run(net, [quiet(0, 10, 6, 1)], lanes_of(1, 1), 10, 0.1, everything(net))
print("brian2" in sys.modules, "sympy" in sys.modules)
"""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    exec(script)  # so that what is looked for is there
    found = subprocess.run([sys.executable, "-c", script], env=env, check=True, capture_output=True, text=True).stdout
    assert found.split() == ["False", "False"]


def test_another_name_and_another_way_to_write_the_same_cell():
    lif = catalog.load("neurons", "lif").MODEL
    other = NeuronModel(**{**vars(lif), "name": "written_anew", "threshold": "v_threshold < v",
                           "equations": "pull = v_rest - v : volt\ndv/dt = pull/tau_m + I/(tau_m*g_leak) : volt (unless refractory)"})
    a, b = (network(m, 20, 1, 2, synapses=("exponential",)) for m in (lif, other))
    out = [event_engine.run(net, effects_of(20, 1, 600), lanes_of(1, 1), 600, 0.1, everything(net), "float64") for net in (a, b)]
    assert out[0]["spikes"].sum() > 5
    np.testing.assert_array_equal(out[0]["spikes"], out[1]["spikes"])
    np.testing.assert_allclose(out[0]["v"], out[1]["v"], rtol=0, atol=TOLERANCE_MV)


def test_a_runaway_is_pinned_on_its_cell():
    net = network("lif", 6, 1, 0, synapses=("exponential",))
    e = quiet(0, 40, 6, 3)
    e.current_pA[3, 1], e.current_pA[4, 2] = np.nan, -1e12
    out = event_engine.run(net, [e], Lanes(np.zeros(3, np.int32), np.zeros(3, np.uint64)), 40, 0.1, everything(net))
    assert out["failed"].tolist() == [-1, 3, 4]


# ---------------------------------------------------------------- from the top, and without compilation


def test_simulate_takes_the_engine_by_name_and_agrees_with_the_fast_one():
    from wormsim.circuit import load_circuit
    from wormsim.model import Model
    from wormsim.perturbations import Stimulate

    model = Model.build(load_circuit("whole_male"), "lif", ("exponential",), parameters={"w_contact_pA": 1.0})
    model = model.perturbed(Stimulate("R[1-9]*", rate_Hz=150.0, size_pA=30.0))
    event, fast = (simulate(model, duration_ms=200.0, record="R[1-9]*", spikes=True, engine=name, dtype="float64").dataset
                   for name in ("event", "numba"))
    ours, theirs = int(event["spikes"].sum()), int(fast["spikes"].sum())
    assert theirs > 100
    assert abs(ours - theirs) <= 0.05 * theirs


def test_the_kernel_runs_without_compilation(tmp_path):
    script = """
import numpy as np, sys
from small_network import everything, lanes_of, network
from test_event_engine import effects_of
from wormsim.engines import event_engine
net = network("lif", 8, 1, 2, synapses=("exponential",))
np.savez(sys.argv[1], **event_engine.run(net, effects_of(8, 1, 500), lanes_of(1, 1), 500, 0.1, everything(net), "float64", 1))
"""
    env = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(Path(__file__).parent)}
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "slow.npz")], env=env, check=True)
    slow = dict(np.load(tmp_path / "slow.npz"))
    net = network("lif", 8, 1, 2, synapses=("exponential",))
    fast = event_engine.run(net, effects_of(8, 1, 500), lanes_of(1, 1), 500, 0.1, everything(net), "float64", 1)
    assert fast["spikes"].sum() > 3
    np.testing.assert_array_equal(slow["spikes"], fast["spikes"])
    np.testing.assert_allclose(slow["v"], fast["v"], rtol=1e-12)



"""What an engine notices while it runs: who ran away first and when, and whether the step suits the model."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from small_network import everything, network, quiet
from tiny import tiny_circuit

from wormsim.dynamics import NeuronModel
from wormsim.engines import brian2_engine, numba_engine, step_length
from wormsim.errors import DataWarning, SimulationError
from wormsim.model import Model
from wormsim.network import Lanes, Network, Record
from wormsim.parameter import Parameter
from wormsim.perturbations import Stimulate
from wormsim.simulation import simulate

STEPS = 25_000


def lanes(v):
    return Lanes(np.zeros(v, np.int32), np.zeros(v, np.uint64))


@pytest.fixture(scope="module")
def wild():
    """Cells 4 and 2 run away in variants 1 and 3, in steps 12,345 and 24,001, long before a look at the states is due."""
    net = network("graded", 6)
    parts = [quiet(a, b, 6, 5) for a, b in ((0, 12_345), (12_345, 24_001), (24_001, STEPS))]
    parts[1].current_pA[4, 1] = parts[2].current_pA[4, 1] = 1e9
    parts[2].current_pA[2, 3] = -1e9
    return net, parts, numba_engine.run(net, parts, lanes(5), STEPS, 0.5, everything(net, 10))


def test_a_runaway_is_dated_to_its_step_and_pinned_on_the_cell_where_it_began(wild):
    net, _, out = wild
    assert out["failed"].tolist() == [-1, 4, -1, 2, -1]
    assert out["failed_steps"].tolist() == [[-1, -1], [12_345, 12_346], [-1, -1], [24_001, 24_002], [-1, -1]]
    calm = numba_engine.run(net, [quiet(0, STEPS, 6, 1)], lanes(1), STEPS, 0.5, everything(net, 10))
    for k in (0, 2, 4):
        assert out["v"][k].tobytes() == calm["v"][0].tobytes()
    assert np.isfinite(out["v"][1, :1235]).all()
    assert np.isnan(out["v"][1, 1235:]).all(), "what follows means nothing"


@pytest.mark.parametrize("some", [[1], [3], [1, 3]])
def test_a_runaway_is_the_same_in_whatever_company(wild, some):
    net, parts, out = wild
    cut = [replace(e, **{k: getattr(e, k)[:, some] for k in ("alive", "release", "current_pA", "conductance_nS",
                                                            "conductance_reversal_pA")},
                   poisson=replace(e.poisson, probability=e.poisson.probability[:, some], size_pA=e.poisson.size_pA[:, some]))
           for e in parts]
    alone = numba_engine.run(net, cut, lanes(len(some)), STEPS, 0.5, everything(net, 10))
    for key, x in alone.items():
        assert x.tobytes() == np.ascontiguousarray(out[key][some]).tobytes(), key


def test_a_block_in_which_all_have_failed_stops(wild, monkeypatch):
    from wormsim.engines.block import BlockRun

    net, parts, _ = wild
    seen, span = [], BlockRun._span
    monkeypatch.setattr(BlockRun, "_span", lambda self, a, b, again=False: (seen.append(b), span(self, a, b, again))[1])
    parts = [replace(e, start=2 * e.start, stop=2 * e.stop) for e in parts]
    one = [replace(e, **{k: getattr(e, k)[:, [1]] for k in ("alive", "release", "current_pA", "conductance_nS",
                                                           "conductance_reversal_pA")}, poisson=quiet(0, 1, 6, 1).poisson)
           for e in parts]
    out = numba_engine.run(net, one, lanes(1), 2 * STEPS, 0.5, everything(net, 10))
    assert out["failed_steps"].tolist() == [[24_690, 24_691]]
    assert max(seen) < 2 * STEPS


def test_spikes_are_not_counted_twice_where_steps_are_run_again():
    net = network("lif", 12)
    e = quiet(0, 3000, 12, 2)
    e.current_pA[:6] = 20.0
    calm = numba_engine.run(net, [e], lanes(2), 3000, 0.1, everything(net))
    late = replace(e, start=2000, current_pA=e.current_pA.copy())
    late.current_pA[7, 1] = -1e12
    out = numba_engine.run(net, [replace(e, stop=2000), late], lanes(2), 3000, 0.1, everything(net))
    assert out["failed"].tolist() == [-1, 7]
    assert calm["spikes"][0].sum() > 50
    assert (out["spikes"][0] == calm["spikes"][0]).all()
    assert (out["spikes"][1, :2000] == calm["spikes"][1, :2000]).all()
    assert out["spikes"][1, 2000:].sum() == 0


def test_a_reset_hides_nothing_that_is_infinite():
    net = network("lif", 6)
    for change in ("current", "weight"):
        e, path = quiet(0, 100, 6, 1), net.pathways[0]
        if change == "current":
            e.current_pA[3] = 1e39
            broken, cell = net, 3
        else:
            w = path.values["w"].copy()
            w[5] = 1e39
            broken, cell = replace(net, pathways=(replace(path, values={"w": w}), *net.pathways[1:])), path.post[5]
        out = numba_engine.run(broken, [e], lanes(1), 100, 0.1, everything(net))
        assert out["failed"].tolist() == [cell]
        assert out["failed_steps"].tolist() == [[0, 1]]
        if change == "weight":
            assert (numba_engine.run(broken, [e], lanes(1), 100, 0.1, everything(net), "float64")["failed"] == -1).all()


def test_the_error_names_the_time_and_the_manifest_keeps_it():
    model = Model.build(tiny_circuit(), "graded").perturbed(Stimulate("MDL20", start_ms=30.0, current_pA=1e12))
    with pytest.raises(SimulationError, match=r"in cell MDL20 between 30 and 30\.5 ms"):
        simulate(model, duration_ms=100)
    marked = simulate(model, duration_ms=100, on_failure="mark").manifest["failed_variants"]
    assert marked == {"0": {"cell": "MDL20", "between_ms": [30.0, 30.5]}}
    with pytest.raises(SimulationError, match="in cell MDL20 between 0 and 100 ms"):
        simulate(model, duration_ms=100, engine="brian2")


def test_brian2_stops_within_a_thousand_steps():
    net = network("graded", 3)
    parts = [quiet(0, 1500, 3, 1), quiet(1500, 4000, 3, 1)]
    parts[1].current_pA[1] = 1e12
    out = brian2_engine.run(net, parts, lanes(1), 4000, 0.5, everything(net, 10))
    assert out["failed_steps"].tolist() == [[1000, 2000]]
    assert np.isfinite(out["v"][0, :150]).all()
    assert np.isnan(out["v"][0, 202:]).all()


def rates_seen(model, **how):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DataWarning)
        simulate(model, **how)
    return [str(w.message) for w in caught if "time constant" in str(w.message)]


def test_a_step_longer_than_a_time_constant_is_reported_with_the_step_to_take():
    model = Model.build(tiny_circuit(), "graded", parameters={"g_gap_contact_nS": 2.0})
    (said,) = rates_seen(model, duration_ms=50, dt_ms=0.5)
    assert said.startswith("2 cell(s) have a time constant of v below the step of 0.5 ms")
    assert "AIYL" in said
    assert "AIZL" in said
    assert "dt_ms = 0.2" in said, "two contacts of 2 nS on 1 pF: 0.25 ms, a little less with the synapses"
    assert not rates_seen(model, duration_ms=50, dt_ms=0.2)
    assert not rates_seen(model, duration_ms=50, dt_ms=0.5, check_step=False)
    assert not rates_seen(model.ablate("AIYL"), duration_ms=50, dt_ms=0.5), "its partner is gone"
    assert not rates_seen(Model.build(tiny_circuit(), "lif"), duration_ms=50)


def test_rates_are_those_of_the_equations():
    net = network("graded", 8)
    seen = {}
    warn, step_length.Rates.warn = step_length.Rates.warn, lambda self, *_: seen.update(self.largest)
    try:
        out = numba_engine.run(net, [quiet(0, 300, 8, 1)], lanes(1), 300, 0.1, everything(net), "float64", check_step=True)
    finally:
        step_length.Rates.warn = warn
    s, (chemical, gap) = out["s"][0, -1], net.pathways
    total = np.bincount(gap.post, gap.values["g_gap"][:, 0], 8) + 0.01
    total += np.bincount(chemical.post, (chemical.values["g_exc"] + chemical.values["g_inh"])[:, 0] * s[chemical.pre], 8)
    np.testing.assert_allclose(seen["v"], total, rtol=1e-4)


def slow_cell(tau_s):
    """A cell with a state that follows v within `tau_s` seconds."""
    parameters = (Parameter("v_rest", -50.0, "mV", "test", "low"), Parameter("tau_m", 20.0, "ms", "test", "low"),
                  Parameter("g", 1.0, "nS", "test", "low"), Parameter("tau_c", tau_s * 1e3, "ms", "test", "low"))
    equations = "dv/dt = (v_rest - v + I/g)/tau_m : volt\ndc/dt = (v - v_rest - c)/tau_c : volt"
    model = NeuronModel("slow", equations, parameters, {"v": "v_rest", "c": "0*volt"})
    return Network(("A",), np.zeros(1, bool), model, (), {p.symbol: np.array([[p.value]]) for p in parameters}, 1)


@pytest.mark.parametrize(("tau_s", "least", "warns"), [(10, 0.0, False), (100, 2e-3, True), (1000, 5e-3, True)])
def test_single_precision_loses_slow_states_within_the_bound_and_says_so(tau_s, least, warns):
    net, n = slow_cell(tau_s), 3_000_000
    drive = quiet(0, n, 1, 1)
    drive.current_pA[:] = 17.3
    record = Record(np.zeros(1, np.int32), n // 100, False, False, ("c",))
    exact = numba_engine.run(net, [drive], lanes(1), n, 0.1, record, "float64", check_step=True)["c"]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DataWarning)
        single = numba_engine.run(net, [drive], lanes(1), n, 0.1, record, "float32", check_step=True)["c"]
    error = np.abs(single - exact).max() / np.abs(exact).max()
    assert least <= error <= 2.0**-24 * tau_s * 1e3 / 0.1
    assert [("single precision" in str(w.message)) for w in caught] == [True] * warns

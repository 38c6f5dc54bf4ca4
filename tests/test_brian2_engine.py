"""The reference engine by itself: what it hands out, what it records, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import brian2 as b2
import numpy as np
import pandas as pd
import pytest

from wormsim import catalog
from wormsim.circuit import Circuit
from wormsim.connectome import Connectome
from wormsim.engines import brian2_engine, brian2_network
from wormsim.errors import InputError, SimulationError, UnknownNameError
from wormsim.model import Model
from wormsim.network import Record
from wormsim.parameter import Parameter
from wormsim.perturbations import Ablate, BlockRelease, Silence, Stimulate
from wormsim.signs import assign_signs
from wormsim.simulation import simulate
from wormsim.variants import Variants, effects

LIF = catalog.load("neurons", "lif").MODEL


@pytest.fixture(scope="module")
def circuit():
    """A drives B and C; B and C share a gap junction; C inhibits D; D drives the muscle."""
    names = ["AVAL", "AVAR", "AVBL", "AVBR", "MDL08"]
    cells = pd.DataFrame({"kind": ["neuron"] * 4 + ["muscle"], "cell_class": names}, index=names)
    edges = pd.DataFrame(
        [("AVAL", "AVAR", "chemical", 30.0, 1), ("AVAL", "AVBL", "chemical", 30.0, 1),
         ("AVBL", "AVBR", "chemical", 20.0, -1), ("AVBR", "MDL08", "chemical", 30.0, 1),
         ("AVAR", "AVBL", "electrical", 2.0, None)],
        columns=["pre", "post", "kind", "contacts", "sign"])
    return Circuit("five", assign_signs(Connectome("five", cells, edges)))


@pytest.fixture(scope="module")
def model(circuit):
    return Model.build(circuit, "lif").perturbed(Stimulate("AVAL", start_ms=3.0, current_pA=20.0))


def raw(model, cases=None, duration_ms=60.0, every=1, states=(), cells=None, target=None, dtype=np.float64):
    variants = Variants.cross(model.nominal(), cases)
    n_steps = round(duration_ms / model.neuron.dt_ms)
    cells = np.arange(5, dtype=np.int32) if cells is None else cells
    record = Record(cells, every, True, bool(model.neuron.threshold), states)
    return brian2_engine.run(model.lower(variants.samples), effects(model, variants, model.neuron.dt_ms, n_steps),
                             variants.lanes(), n_steps, model.neuron.dt_ms, record, dtype, 1, target)


def test_frames_are_values_at_the_start_of_a_step_and_counts_until_the_next(model):
    fine = raw(model, states=("I_syn",))
    coarse = raw(model, every=7, cells=np.array([3, 0], np.int32), dtype="float32")
    assert fine["v"].shape == (1, 600, 5)
    assert coarse["v"].dtype == np.float32
    assert coarse["v"].shape == (1, 86, 2)
    np.testing.assert_allclose(coarse["v"], fine["v"][:, ::7, [3, 0]], rtol=1e-6)
    assert fine["spikes"].sum() >= 5
    sums = np.add.reduceat(fine["spikes"][..., [3, 0]], np.arange(0, 600, 7), axis=1)
    np.testing.assert_array_equal(coarse["spikes"], sums)
    np.testing.assert_array_equal(fine["v"][0, 0], -52.0)
    assert 1.0 < fine["I_syn"].max() < 100.0, "states come out in pA"


def test_a_lone_cell_follows_the_closed_form(model):
    """Input of AVAL is the current alone: v = rest + 20 mV (1 - exp(-t/tau)) until it first fires."""
    v, spikes = raw(model)["v"][0, :, 0], raw(model)["spikes"][0, :, 0]
    first = int(np.flatnonzero(spikes)[0])
    t_ms = (np.arange(31, first + 1) - 30) * 0.1
    np.testing.assert_allclose(v[31:first + 1], -52.0 + 20.0 * (1 - np.exp(-t_ms / 20.0)), rtol=0, atol=1e-10)
    assert first == 30 + int(np.ceil(-20.0 * np.log(1 - 7.0 / 20.0) / 0.1)) - 1


def test_delay_and_refractory_time_are_whole_steps(model):
    out = raw(model, states=("I_syn",))
    spikes, i_syn = out["spikes"][0, :, 0], out["I_syn"][0]
    first, second = np.flatnonzero(spikes)[:2]
    arrived = np.flatnonzero(i_syn[:, 1])[0]
    assert arrived == first + 18 + 1, "1.8 ms at 0.1 ms; what arrives in a step is seen at the start of the next"
    held = np.flatnonzero(out["v"][0, first + 1:, 0] != -52.0)[0]
    assert held == 22, "2.2 ms from the spike on, and the first step out of it is seen at the start of the next"
    assert second > first + 22


def test_each_perturbation_does_what_it_says(model):
    cases = {
        "intact": (),
        "ablated": (Ablate("AVAL"),),
        "blocked": (BlockRelease("AVAL", start_ms=30.0),),
        "silenced": (Silence("AVAL", start_ms=20.0, stop_ms=40.0),),
        "poisson": (Stimulate("AVBR", start_ms=10.0, rate_Hz=300.0, size_pA=25.0),),
    }
    out = raw(model, cases, states=("I_syn",))
    intact, ablated, blocked, silenced, poisson = range(5)
    assert np.isnan(out["v"][ablated, :, 0]).all()
    assert out["spikes"][ablated].sum() == 0
    np.testing.assert_array_equal(out["v"][ablated, :, 1:], -52.0)
    np.testing.assert_array_equal(out["v"][blocked, :301], out["v"][intact, :301])
    np.testing.assert_array_equal(out["v"][blocked, :, 0], out["v"][intact, :, 0])
    assert out["I_syn"][intact, 301:, 1].max() > 1.0
    assert (np.diff(out["I_syn"][blocked, 301:, 1]) <= 0).all(), "nothing arrives after the block"
    assert out["spikes"][silenced, 200:400, 0].sum() == 0
    assert out["v"][silenced, 395, 0] == pytest.approx((-52.0 + 20.0 - 700.0) / 11.0, abs=1e-3)
    assert out["spikes"][silenced, 400:, 0].sum() > 0
    assert out["spikes"][poisson, :, 3].sum() > out["spikes"][intact, :, 3].sum()
    np.testing.assert_array_equal(out["v"][poisson, :101], out["v"][intact, :101])


def test_two_variants_with_sources_of_the_same_number_keep_their_own_events(model):
    rates = {"slow": 100.0, "fast": 400.0}
    cases = {label: (Stimulate("AVBR", rate_Hz=rate, size_pA=20.0),) for label, rate in rates.items()}
    both = raw(model, cases, states=("I_syn",))
    for k, label in enumerate(cases):
        alone = raw(model, {label: cases[label]}, states=("I_syn",))
        np.testing.assert_array_equal(both["I_syn"][k], alone["I_syn"][0])
    assert both["I_syn"][1, :, 3].mean() > 1.5 * both["I_syn"][0, :, 3].mean() > 0


def test_the_network_handed_out_is_the_one_that_runs_and_can_be_edited(model):
    net = brian2_network.to_brian2(model)
    cells = net["neurons"]
    trace = b2.StateMonitor(cells, "v", record=True, clock=cells.clock)
    net.add(trace)
    net.run(60 * b2.ms, namespace={})
    np.testing.assert_allclose(np.asarray(trace.v).T * 1e3, raw(model)["v"][0], rtol=0, atol=1e-12)
    assert {"neurons", "exponential", "gap_junction", "segments"} <= {o.name for o in net.objects}

    edited = brian2_network.to_brian2(model)
    edited["neurons"].v_threshold = 0 * b2.mV
    spikes = b2.SpikeMonitor(edited["neurons"])
    edited.add(spikes)
    edited.run(60 * b2.ms, namespace={})
    assert spikes.num_spikes == 0


def test_brian2s_own_settings_are_left_alone(model):
    before = (b2.prefs.codegen.target, b2.prefs.core.default_float_dtype, float(b2.defaultclock.dt))
    raw(model)
    assert (b2.prefs.codegen.target, b2.prefs.core.default_float_dtype, float(b2.defaultclock.dt)) == before


def test_parameters_may_differ_by_sample(model):
    samples = model.sample(3, seed=5)
    variants = Variants.cross(samples)
    done = effects(model, variants, 0.1, 300)
    record = Record(np.arange(5, dtype=np.int32), 1)
    together = brian2_engine.run(model.lower(samples), done, variants.lanes(), 300, 0.1, record)
    for k in range(3):
        one = samples.take([k])
        lone = Variants.cross(one)
        apart = brian2_engine.run(model.lower(one), effects(model, lone, 0.1, 300), lone.lanes(), 300, 0.1, record)
        np.testing.assert_array_equal(together["v"][k], apart["v"][0])
    assert np.ptp(together["v"][:, -1, 1]) > 0


def test_what_cannot_be_done_is_said(circuit, model):
    graded = Model.build(circuit, "graded").perturbed(Stimulate("AVAL", rate_Hz=10.0, size_pA=1.0))
    with pytest.raises(InputError, match="Poisson"):
        raw(graded)
    with pytest.raises(UnknownNameError, match="I_syn"):
        raw(model, states=("Isyn",))
    with pytest.raises(UnknownNameError, match="cython"):
        raw(model, target="cyton")
    with pytest.raises(InputError, match="variant 3"):
        brian2_network.to_brian2(model, variant=3)
    odd = replace(catalog.load("synapses", "exponential").MODEL, on_pre="I_syn_post = w")
    with pytest.raises(InputError, match="on_pre"):
        raw(Model.build(circuit, "lif", (odd,)))


@pytest.mark.parametrize("engine", ["numba", "brian2"])
@pytest.mark.parametrize(("change", "error", "said"), [
    ({"equations": "dv/dt = (v_rst - v + I/g_leak)/tau_m : volt"}, UnknownNameError, "'v_rst'; closest: v_rest"),
    ({"reset": "v = vv"}, UnknownNameError, "'vv'; closest: v"),
    ({"equations": "dv/dt = (v_rest - v + I)/tau_m : volt"}, InputError, "units do not agree in 'dv/dt"),
    ({"threshold": "v > 3*ms"}, InputError, "units do not agree in 'threshold"),
    ({"initial": {}}, InputError, "neuron model lif: no initial value for v"),
    ({"equations": LIF.equations + "\ndz/dt = -z/tau_m : 1"}, InputError, "neuron model lif: no initial value for z"),
    ({"parameters": (*LIF.parameters, Parameter("N", 3.0, "", "none", "guess"))}, InputError, "the name N means something"),
])
def test_both_engines_refuse_a_model_with_the_same_words(circuit, engine, change, error, said):
    wrong = replace(catalog.load("neurons", "lif").MODEL, **change)
    with pytest.raises(error, match=said):
        simulate(Model.build(circuit, wrong), duration_ms=5.0, engine=engine)


@pytest.mark.parametrize(("change", "name"), [
    ({"equations": "dv/dt = (v_rest*(1 + sin(t/tau_m)) - v + I/g_leak)/tau_m : volt (unless refractory)"}, "t"),
    ({"equations": "dv/dt = (v_rest - v + I/g_leak)/tau_m + i*mV/tau_m/N : volt (unless refractory)"}, "N, i"),
    ({"threshold": "v > v_threshold and t - lastspike > 3*ms"}, "lastspike, t"),
    ({"reset": "v = v_reset + i*mV"}, "i"),
])
def test_what_only_brian2_has_is_refused_by_the_others_with_the_name(circuit, change, name):
    """And Brian2 runs it."""
    own = Model.build(circuit, replace(LIF, **change)).perturbed(Stimulate("AVAL", current_pA=20.0))
    chemical = Model.build(circuit, replace(LIF, **change), ("exponential",))
    for made, engine in ((own, "numba"), (chemical, "event")):
        with pytest.raises(InputError, match=f"neuron model lif: '.*' uses {name}, which only Brian2 has.*engine='brian2'"):
            simulate(made, duration_ms=5.0, engine=engine)
    assert np.isfinite(simulate(own, duration_ms=5.0, engine="brian2").v_mV).all()


def test_the_network_of_a_wrong_model_is_not_handed_out(circuit):
    wrong = replace(catalog.load("neurons", "lif").MODEL, threshold="v > v_thershold")
    with pytest.raises(UnknownNameError, match="v_threshold"):
        brian2_network.to_brian2(Model.build(circuit, wrong))


def test_a_standalone_device_is_refused(model):
    b2.set_device("cpp_standalone", build_on_run=False)
    try:
        with pytest.raises(InputError, match="runtime"):
            raw(model)
    finally:
        b2.get_device().reinit()
        b2.set_device("runtime")


@pytest.mark.slow
def test_compiled_steps_are_the_same(model):
    plain, compiled = raw(model), raw(model, target="cython")
    np.testing.assert_array_equal(compiled["spikes"], plain["spikes"])
    np.testing.assert_allclose(compiled["v"], plain["v"], rtol=0, atol=1e-10)


def test_it_serves_simulate_and_marks_what_runs_away(circuit, model):
    recording = simulate(model, duration_ms=20.0, engine="brian2", spikes=True)
    assert recording.dataset.sizes == {"variant": 1, "time": 20, "cell": 5}
    wild = Model.build(circuit, "lif", parameters={"v_threshold_mV": np.inf}).perturbed(Stimulate("AVAR", current_pA=1e9))
    with pytest.raises(SimulationError, match="AVAR"):
        simulate(wild, duration_ms=20.0, engine="brian2")
    marked = simulate(wild, duration_ms=20.0, engine="brian2", on_failure="mark")
    assert np.isnan(marked.v_mV).all()

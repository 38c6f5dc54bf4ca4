"""The fast engine against Brian2: every neuron model, every synapse model, everything that can be done to a cell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from wormsim import catalog
from wormsim.dynamics import EdgeValue, NeuronModel, SynapseModel, noises
from wormsim.engines import brian2_engine, conformance, numba_engine
from wormsim.model import Model
from wormsim.network import Network, Pathway, Record
from wormsim.parameter import Parameter
from wormsim.perturbations import Ablate, Stimulate
from wormsim.readers import load_connectome
from wormsim.variants import Variants, effects

# Of the worm's wiring; what belongs to another animal's is compared on that (test_prinz2004.py).
NEURONS = [name for name in catalog.names("neurons") if name != "prinz2004"]
ENGINES = {"numba": numba_engine, "brian2": brian2_engine}


@pytest.fixture(scope="module")
def circuit():
    return conformance.ray_circuit(load_connectome("cook2019_male"))


@pytest.fixture(scope="module", params=NEURONS)
def neuron(request):
    return request.param


def run(engine, model, variants, duration_ms, dt_ms=None, every=1, network=None, done=None, states=()):
    dt_ms = model.neuron.dt_ms if dt_ms is None else dt_ms
    n_steps = round(duration_ms / dt_ms)
    network = model.lower(variants.samples) if network is None else network
    done = effects(model, variants, dt_ms, n_steps) if done is None else done
    record = Record(np.arange(len(network.cells), dtype=np.int32), every, True, bool(model.neuron.threshold), states)
    return engine.run(network, done, variants.lanes(), n_steps, dt_ms, record, "float64", 1)


def test_the_wiring_is_real_and_of_a_fair_size(circuit):
    edges = circuit.connectome.edges["kind"].value_counts()
    assert len(circuit.connectome.cells) >= 100
    assert edges["chemical"] > 500
    assert edges["electrical"] > 200


def test_the_engines_agree_on_every_case(circuit, neuron):
    models, _ = conformance.combinations(circuit, neuron)
    assert len(models) >= 3
    for model in models:
        whole = len(model.synapses) > 1
        variants = Variants.cross(model.sample(1 + whole, seed=1), conformance.cases(model) if whole else None)
        found = conformance.compare(model, variants)
        print(found.to_string())
        assert (found["max_difference_mV"] <= conformance.TOLERANCE_MV).all()
        assert (found["swing_mV"] > 1.0).all()
        # A case that changes nothing would test nothing.
        assert (found.loc[found["case"] != "intact", "effect_mV"] > 1e-3).all()
        if model.neuron.threshold:
            assert (found["spikes"] > 20).all()
            assert found["spikes_equal"].all()


def test_every_neuron_model_is_here_or_says_why(circuit):
    here, refused = conformance.fitting(circuit)
    assert here == NEURONS
    assert len(refused) == 1
    assert "prinz2004: " in refused[0]
    assert "taken by no synapse model" in refused[0]


def test_pairs_that_do_not_combine_say_why(circuit):
    _, refused = conformance.combinations(circuit, "graded")
    assert [r for r in refused if r.startswith("graded + exponential") and "spikes" in r]


@pytest.mark.parametrize(("refractory_ms", "delay_ms"), [(0.0, 0.0), (0.04, 0.05), (2.25, 1.85), (7.96, 0.14)])
def test_times_between_steps_are_rounded_alike(circuit, refractory_ms, delay_ms):
    """Brian2 rounds delays to the nearest step and cuts refractory times down to whole ones; 0 is a trap of its own."""
    times = {"t_refractory_ms": refractory_ms, "t_delay_ms": delay_ms}
    model = conformance.driven(Model.build(circuit, "lif", parameters=times))
    found = conformance.compare(model, Variants.cross(model.sample(1, seed=3)), duration_ms=50.0)
    assert found["spikes"][0] > 20
    assert found["spikes_equal"][0]
    assert found["max_difference_mV"][0] <= conformance.TOLERANCE_MV


QUADRATIC = NeuronModel(
    name="quadratic",
    equations="""
    drive = g_q*(v - v_rest)*(v - v_c)/v_scale : amp
    dv/dt = (drive - u + I)/C_m : volt (unless refractory)
    du/dt = (b_u*(v - v_rest) - u)/tau_u : amp
    """,
    threshold="v > v_peak",
    reset="v = v_reset; u += d_u",
    refractory="t_hold",
    parameters=tuple(Parameter(symbol, value, unit, "made up for this test", "guess") for symbol, value, unit in (
        ("g_q", 1.0, "nS"), ("v_scale", 10.0, "mV"), ("v_rest", -60.0, "mV"), ("v_c", -45.0, "mV"), ("v_peak", 20.0, "mV"),
        ("v_reset", -55.0, "mV"), ("C_m", 10.0, "pF"), ("b_u", 0.5, "nS"), ("tau_u", 30.0, "ms"), ("d_u", 5.0, "pA"),
        ("t_hold", 1.5, "ms"))),
    initial={"v": "v_rest", "u": "0*amp"},
    muscle={"v_peak_mV": float("inf"), "g_q_nS": -0.5},
)
CONDUCTANCE = SynapseModel(
    name="conductance",
    kind="chemical",
    cell_equations="dg_syn/dt = -g_syn/tau_g : siemens\ndtrace/dt = -trace/tau_g : 1",
    on_pre="g_syn_post += w\ntrace_post += count",
    delay="t_wait",
    current="g_syn*(E_syn - v)*exp(-trace/trace_max)",
    edge=(EdgeValue("w", "strength", scale="w_unit_nS"), EdgeValue("count", "signed_strength", scale="one")),
    parameters=tuple(Parameter(symbol, value, unit, "made up for this test", "guess") for symbol, value, unit in (
        ("tau_g", 4.0, "ms"), ("t_wait", 1.0, "ms"), ("E_syn", 0.0, "mV"), ("w_unit", 0.02, "nS"), ("one", 0.01, ""),
        ("trace_max", 3.0, ""))),
    initial={"g_syn": "0*siemens", "trace": "0"},
    poisson_target="g_syn",
)


def test_a_model_that_a_user_writes_runs_alike(circuit):
    """Quadratic cell, conductance synapse with two states that events write: nothing of it is in the package."""
    model = conformance.driven(Model.build(circuit, QUADRATIC, (CONDUCTANCE, "gap_junction")))
    drummed = (Stimulate("rays", rate_Hz=100.0, size_pA=0.5),)
    found = conformance.compare(model, Variants.cross(model.sample(1, seed=1), {"intact": (), "Poisson": drummed}))
    print(found.to_string())
    assert (found["spikes"] > 20).all()
    assert found["spikes_equal"].all()
    assert (found["max_difference_mV"] <= conformance.TOLERANCE_MV).all()
    assert found["effect_mV"][1] > 1.0


def without(network: Network, cell: int) -> Network:
    """The arrays of a network from which a cell and all its edges have been cut, built without any mask."""
    n = len(network.cells)
    stay = np.arange(n) != cell
    number = np.cumsum(stay) - 1

    def part(x):
        return x[stay] if x.shape[0] == n else x

    pathways = []
    for p in network.pathways:
        keep = stay[p.pre] & stay[p.post]
        pathways.append(Pathway(p.synapse, number[p.pre[keep]].astype(np.int32), number[p.post[keep]].astype(np.int32),
                                {k: x[keep] for k, x in p.values.items()}))
    cells = tuple(c for k, c in enumerate(network.cells) if k != cell)
    return Network(cells, network.is_muscle[stay], network.neuron, tuple(pathways),
                   {k: part(x) for k, x in network.parameters.items()}, network.n_samples)


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_is_left_of_an_ablated_cell(circuit, neuron, engine):
    """Chemical and electrical, G and G*E: the others run as in a network that never had the cell."""
    model = conformance.driven(Model.build(circuit, neuron))
    if noises(model.neuron, model.synapses):
        pytest.skip("noise goes by a cell's number, and in the smaller network the cells have other ones")
    busiest = conformance.cases(model)["ablated"][0].cells[0]
    gone = list(circuit.connectome.cells.index).index(busiest)
    samples = model.sample(1, seed=4)
    cut = Variants.cross(samples, {"ablated": (Ablate(busiest),)})
    whole = run(ENGINES[engine], model, Variants.cross(samples), 60.0)
    ablated = run(ENGINES[engine], model, cut, 60.0)
    dt_ms = model.neuron.dt_ms
    fewer = [
        replace(e, **{k: np.delete(getattr(e, k), gone, axis=0) for k in (
            "alive", "release", "current_pA", "conductance_nS", "conductance_reversal_pA")})
        for e in effects(model, Variants.cross(samples), dt_ms, round(60.0 / dt_ms))
    ]
    smaller = without(model.lower(samples), gone)
    rebuilt = run(ENGINES[engine], model, Variants.cross(samples), 60.0, network=smaller, done=fewer)
    assert np.isnan(ablated["v"][..., gone]).all()
    others = np.delete(ablated["v"], gone, axis=2)
    np.testing.assert_allclose(others, rebuilt["v"], rtol=0, atol=conformance.TOLERANCE_MV)
    assert np.abs(others - np.delete(whole["v"], gone, axis=2)).max() > 1e-3
    if model.neuron.threshold:
        assert ablated["spikes"][..., gone].sum() == 0
        np.testing.assert_array_equal(np.delete(ablated["spikes"], gone, axis=2), rebuilt["spikes"])


def test_the_error_falls_as_the_step_is_halved(circuit, neuron):
    """Exponential Euler is of first order: below threshold, half the step is half the error."""
    model = Model.build(circuit, neuron)
    if noises(model.neuron, model.synapses):
        pytest.skip("another step draws other noise; without it this is the model of another test")
    lone_cell_mV = 4.0 if model.neuron.threshold else 400.0
    current = lone_cell_mV * model.parameters["g_leak_nS"].value
    model = model.perturbed(Stimulate("rays", start_ms=0.0, current_pA=current))
    variants = Variants.cross(model.nominal(seed=2))
    dt_ms, duration_ms = model.neuron.dt_ms, 32.0

    def voltages(halvings):
        raw = run(numba_engine, model, variants, duration_ms, dt_ms / 2**halvings, every=2**halvings)
        assert model.neuron.threshold == "" or raw["spikes"].sum() == 0
        return raw["v"][0]

    truth = voltages(8)
    apart = [np.abs(voltages(k) - truth) for k in range(4)]
    errors = np.array([x.max() for x in apart])
    swing = np.abs(truth - truth[0]).max()
    print(f"{neuron}: swing {swing:.2f} mV, greatest errors at dt, dt/2, ... {errors} mV, ratios {errors[:-1] / errors[1:]}")
    assert swing > 1.0
    # Cells of the graded model settle within 0.1 ms through their gap junctions: at its 0.5 ms the first steps of such
    # a jump are still outside the range in which the order shows.
    np.testing.assert_allclose(errors[1:-1] / errors[2:], 2.0, rtol=0.15)
    assert apart[0][-1].max() < 0.01 * swing


@pytest.mark.parametrize("neuron_name", [n for n in NEURONS if catalog.load("neurons", n).MODEL.threshold])
def test_spike_counts_stand_when_the_step_is_halved(circuit, neuron_name):
    model = conformance.driven(conformance.driven(Model.build(circuit, neuron_name)))
    variants = Variants.cross(model.nominal(seed=2))
    dt_ms = model.neuron.dt_ms
    counts = [run(numba_engine, model, variants, 400.0, dt_ms / k)["spikes"].sum(dtype=int) for k in (1, 2, 4)]
    print(neuron_name, "spikes at dt, dt/2, dt/4:", counts)
    assert counts[0] > 200
    assert abs(counts[0] - counts[2]) <= 0.05 * counts[2]
    assert abs(counts[1] - counts[2]) <= 0.05 * counts[2]

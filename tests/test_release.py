"""Release by the cells' own activity: the concentration is the sum of what was released, and goes when its cells do."""

import numpy as np
import pandas as pd
import pytest
from modulated import modulated_circuit

from wormsim.circuit import load_circuit
from wormsim.engines.conformance import TOLERANCE_MV
from wormsim.errors import DataWarning, InputError, UnknownNameError
from wormsim.model import Model
from wormsim.modulation import in_state
from wormsim.perturbations import Ablate, BlockRelease, Genotype, Modulate, Rescue, Stimulate
from wormsim.release import with_release
from wormsim.simulation import simulate
from wormsim.variants import Variants

DRIVE = {"lif": 40.0, "graded": 0.2}
HOW = {"duration_ms": 150, "every_ms": 0.5, "dtype": "float64", "states": ["c_serotonin"], "check_step": False}


def driven(neuron):
    return Stimulate("ASEL", current_pA=DRIVE[neuron], stop_ms=100)(Model.build(modulated_circuit(), neuron))


def run(model, cases, **how):
    return simulate(model, Variants.cross(model.nominal(), cases), **{**HOW, **how}).dataset


@pytest.fixture(scope="module", params=["lif", "graded"])
def released(request):
    return with_release(driven(request.param), "serotonin")


def test_every_spike_adds_and_clearance_takes_away():
    model = with_release(driven("lif"), "serotonin").with_parameters({"tau_serotonin_ms": 40.0, "per_spike_serotonin": 0.02})
    found = run(model, {"intact": ()}, every_ms=0.1, spikes=True)
    t = found["time"].to_numpy()
    spikes = t[found["spikes"].sel(cell="ASEL")[0].to_numpy() > 0] + 0.1  # counted from one frame to the next
    assert len(spikes) > 3
    expected = sum(0.02 * np.exp(-(t - s) / 40.0) * (t >= s - 1e-9) for s in spikes)
    for cell in ("AIYL", "AIZL", "dglL1"):
        assert np.allclose(found["c_serotonin"].sel(cell=cell)[0], expected, atol=1e-9)
    assert not found["c_serotonin"].sel(cell=["ASEL", "MDL20"]).any(), "cells without a receptor"


def test_graded_cells_release_what_is_above_rest():
    model = with_release(driven("graded"), "serotonin")
    found = run(model, {"intact": ()}, states=["c_serotonin", "s"])
    c, s = (found[x].sel(cell=cell)[0].to_numpy() for x, cell in (("c_serotonin", "AIYL"), ("s", "ASEL")))
    above = np.clip(s - s[0], 0, 1)
    tau, per_ms = model.parameters["tau_serotonin_ms"].value, model.parameters["per_time_serotonin_per_s"].value / 1000
    expected = np.zeros_like(c)
    for k in range(1, len(c)):
        expected[k] = expected[k - 1] * np.exp(-0.5 / tau) + per_ms * above[k - 1] * tau * (1 - np.exp(-0.5 / tau))
    assert c[-1] > 1e-4
    assert np.allclose(c, expected, rtol=1e-6)
    rest = run(with_release(Model.build(modulated_circuit(), "graded"), "serotonin"), {"x": ()})
    assert abs(rest["c_serotonin"]).max() < 1e-12, "an animal at rest releases nothing"


def test_it_acts_and_goes_with_its_cells(released):
    cases = {"intact": (), "ablated": (Ablate("ASEL"),), "blocked": (BlockRelease("ASEL"),), "tph-1": (Genotype("tph-1"),),
             "mod-1": (Genotype("mod-1"),), "rescued": (m := Genotype("mod-1"), Rescue("AIYL", of=m))}
    found = run(released, cases)
    c = dict(zip(cases, found["c_serotonin"].sel(cell="AIYL").to_numpy(), strict=True))
    assert c["intact"].max() > 1e-4
    assert not any(c[case].any() for case in ("ablated", "blocked", "tph-1"))
    v = {cell: dict(zip(cases, found["v_mV"].sel(cell=cell).to_numpy(), strict=True)) for cell in ("AIYL", "AIZL")}
    assert np.abs(v["AIZL"]["mod-1"] - v["AIZL"]["tph-1"]).max() < 1e-9, "it has no other receptor"
    assert np.abs(v["AIYL"]["mod-1"] - v["AIYL"]["intact"]).max() > 1e-4
    assert np.abs(v["AIYL"]["rescued"] - v["AIYL"]["mod-1"]).max() > 1e-4


def test_both_engines_run_it(released):
    cases = {"intact": (), "ablated": (Ablate("ASEL"),), "blocked": (BlockRelease("ASEL", start_ms=30),), "mod-1": (Genotype("mod-1"),)}
    fast, slow = (run(released, cases, engine=engine, duration_ms=80) for engine in ("numba", "brian2"))
    assert np.nanmax(np.abs(fast["v_mV"] - slow["v_mV"])) <= TOLERANCE_MV
    assert np.nanmax(np.abs(fast["c_serotonin"] - slow["c_serotonin"])) <= 1e-9
    assert float(fast["c_serotonin"].max()) > 0


def test_a_variant_does_not_know_its_company(released):
    cases = {"intact": (), "ablated": (Ablate("ASEL"),), "mod-1": (Genotype("mod-1"),)}
    together = run(released, cases)["v_mV"].to_numpy()
    for k, (label, case) in enumerate(cases.items()):
        assert run(released, {label: case})["v_mV"].to_numpy().tobytes() == together[k].tobytes()


def test_what_was_drawn_before_is_drawn_again(released):
    plain = driven(released.neuron.name)
    assert plain.sample(4, seed=2).values.equals(released.sample(4, seed=2).values[list(plain.free)])
    before, after = plain.lower(plain.sample(2)), released.lower(released.sample(2))
    for old, new in zip(before.pathways, after.pathways[:2], strict=True):
        for symbol, x in old.values.items():
            assert np.array_equal(x, new.values[symbol])


def test_distance_weighs_on_request():
    at = pd.DataFrame({"x_um": [0.0, 30.0, 0.0], "y_um": [0.0, 40.0, 0.0], "z_um": 0.0}, index=["ASEL", "AIYL", "dglL1"])
    with pytest.warns(DataWarning, match=r"1 cell\(s\) of this modulator have no position"):
        model = with_release(driven("lif"), "serotonin", length_um=50.0, positions=at)
    edges = model.circuit.connectome.edges.set_index("post")
    weight = edges.loc[edges["kind"] == "monoamine", "contacts"]
    assert weight["AIYL"] == pytest.approx(np.exp(-1))
    assert weight["dglL1"] == weight["AIZL"] == 1.0
    path = model.lower(model.nominal()).pathways[-1]
    assert np.allclose(path.values["q_serotonin"][:, 0], 0.01 * weight[np.array(model.circuit.connectome.cells.index)[path.post]])
    for length in (0.0, -1.0, float("nan")):
        with pytest.raises(InputError, match="above 0"):
            with_release(driven("lif"), "serotonin", length_um=length, positions=at)
    with pytest.raises(InputError, match="no column z_um"):
        with_release(driven("lif"), "serotonin", length_um=1.0, positions=at.drop(columns="z_um"))


def test_bad_input_says_which():
    model = driven("lif")
    with pytest.raises(InputError, match="no cell of modulated releases dopamine"):
        with_release(model, "dopamine")
    with pytest.raises(InputError, match="neither spikes nor has graded synapses|no cell of pyloric"):
        with_release(Model.build(load_circuit("pyloric"), "prinz2004"), "serotonin")
    with pytest.raises(UnknownNameError, match="ser-1"):
        with_release(model, "serotonin", without=["ser-11"])
    with pytest.raises(InputError, match="released in this model already"):
        with_release(with_release(model, "serotonin"), "serotonin")
    with pytest.raises(InputError, match="either set or released"), pytest.warns(DataWarning):
        with_release(Modulate("serotonin", 1)(model), "serotonin")
    with pytest.raises(InputError, match="which the model has already"), pytest.warns(DataWarning):
        Modulate("serotonin", 1)(with_release(model, "serotonin"))


@pytest.mark.slow
def test_without_cp1_to_cp6_their_serotonin_is_gone_in_the_male():
    male = load_circuit("male_turning")
    model = in_state(Stimulate("CP0[1-6]", current_pA=300.0)(Model.build(male, "lif")), "serotonin:released")
    edges = model.circuit.connectome.edges
    released = edges[edges["kind"] == "monoamine"]
    assert {f"CP{i}" for i in range(1, 7)} <= set(released["pre"])
    cells = {"duration_ms": 100, "record": ["dgl"], "states": ["c_serotonin"]}
    cases = {"intact": (), "without CP1-CP6": (Ablate("CP0[1-6]"),)}
    c = simulate(model, Variants.cross(model.nominal(), cases), **cells).dataset["c_serotonin"]
    assert c[0, -1].min() > 0.01
    assert c[1, -1].max() < 0.1 * c[0, -1].max()

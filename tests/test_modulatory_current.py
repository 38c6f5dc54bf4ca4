"""I_MI and the receptor current: what flows, where, in both engines, and that nothing flows without a dose."""

from __future__ import annotations

import numpy as np
import pytest

import wormsim as ws
from wormsim.dynamics import NeuronModel
from wormsim.errors import UnknownNameError
from wormsim.neurons.prinz2004 import published
from wormsim.parameter import Parameter
from wormsim.synapses.modulatory_current import FORMS, form
from wormsim.synapses.receptor_current import REVERSAL_MV

SYNAPSES = ("prinz2004_glutamate", "prinz2004_acetylcholine", "modulatory_current", "receptor_current")
NONE = {"g_glut_nS": 0.0, "g_chol_nS": 0.0}
NETWORK = published(ABPD=2, LP=3, PY=4)
# A cell that holds its potential at v_hold: what flows in moves it by I tau_hold/C, from which I is read.
HELD = NeuronModel(
    name="held", equations="dv/dt = (v_hold - v)/tau_hold + I/C_hold : volt", initial={"v": "v_hold"}, dt_ms=0.05,
    parameters=(Parameter("v_hold", -60.0, "mV", "a test, 2026", "guess"), Parameter("tau_hold", 2.0, "ms", "a test, 2026", "guess"),
                Parameter("C_hold", 1000.0, "pF", "a test, 2026", "guess")))


@pytest.fixture(scope="module")
def crab():
    return ws.load_circuit("pyloric")


@pytest.mark.parametrize("name", FORMS)
def test_steady_current_is_that_of_the_formula(crab, name):
    half, width, _, reversal = FORMS[name]
    held = np.array([-80.0, -45.0, -10.0])
    values = NONE | form(name) | {"g_MI_nS": 20.0} | {f"v_hold_mV[{c}]": v for c, v in zip(("ABPD", "LP", "PY"), held, strict=True)}
    model = ws.Model.build(crab, HELD, SYNAPSES, values)
    last = ws.simulate(model, duration_ms=200, states=("m_MI",), dtype="float64", check_step=False).dataset.isel(variant=0, time=-1)
    v = last["v_mV"].to_numpy()
    m = 1 / (1 + np.exp((half - v) / width))
    np.testing.assert_allclose(last["m_MI"], m, rtol=1e-6)
    flowed_pA = 1000.0 * (v - held) / 2.0
    np.testing.assert_allclose(flowed_pA, 20.0 * m * (reversal - v), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("reversal_mV", REVERSAL_MV.values())
def test_receptor_current_is_ohmic(crab, reversal_mV):
    model = ws.Model.build(crab, HELD, SYNAPSES, NONE | {"g_receptor_nS[LP]": 16.0, "E_receptor_mV[LP]": reversal_mV})
    v = ws.simulate(model, duration_ms=80, dtype="float64").v_mV.isel(variant=0, time=-1)
    np.testing.assert_allclose(1000.0 * (v.sel(cell="LP") + 60.0) / 2.0, 16.0 * (reversal_mV - v.sel(cell="LP")), rtol=1e-5)
    assert v.sel(cell="PY").item() == -60.0


def test_no_dose_is_the_circuit_without_the_current_bit_for_bit(crab):
    how = {"duration_ms": 300, "spikes": True, "dtype": "float64", "check_step": False}
    without = ws.simulate(ws.Model.build(crab, "prinz2004", parameters=NETWORK), **how)
    there = ws.simulate(ws.Model.build(crab, "prinz2004", SYNAPSES, NETWORK), **how)
    np.testing.assert_array_equal(without.v_mV, there.v_mV)
    assert "modulatory_current" not in ws.Model.build(crab, "prinz2004").neuron.synapses


def test_a_dose_reaches_its_targets_only(crab):
    how = {"duration_ms": 200, "dtype": "float64", "check_step": False}
    alone = ws.Model.build(crab, "prinz2004", SYNAPSES, NETWORK | NONE)
    before = ws.simulate(alone, **how).v_mV
    after = ws.simulate(alone.with_parameters({"g_MI_nS[LP]": 50.0}), **how).v_mV
    moved = np.abs(after - before).max(["variant", "time"])
    assert moved.sel(cell="LP") > 0.5
    assert moved.sel(cell=["ABPD", "PY"]).max() == 0.0


def test_both_engines_agree(crab):
    model = ws.Model.build(crab, "prinz2004", SYNAPSES, NETWORK | {
        "g_MI_nS[LP]": 30.0, "g_receptor_nS[PY]": 16.0, "E_receptor_mV[PY]": -70.0})
    how = {"duration_ms": 60, "every_ms": 0.5, "spikes": True, "dtype": "float64"}
    fast = ws.simulate(model, **how, check_step=False)
    reference = ws.simulate(model, **how, engine="brian2")
    np.testing.assert_allclose(fast.v_mV, reference.v_mV, atol=1e-9)
    np.testing.assert_array_equal(fast.spikes, reference.spikes)
    plain = ws.simulate(ws.Model.build(crab, "prinz2004", parameters=NETWORK), **how, check_step=False)
    assert (np.abs(fast.v_mV - plain.v_mV).max("time").sel(cell=["LP", "PY"]) > 0.1).all()


def test_unknown_form_is_refused_with_the_closest():
    with pytest.raises(UnknownNameError, match="swensen2001"):
        form("swensen2000")

"""The conductance-based cells of the crab against Brian2, on the wiring that they belong to."""

import numpy as np

import wormsim as ws
from wormsim.neurons.prinz2004 import published

# Rounding differs by 1e-13 mV a step and each spike's upstroke makes it some ten times as large; at 250 ms, 6e-10 were found.
TOLERANCE_MV = 1e-8


def test_the_engines_agree_step_for_step():
    given = published(ABPD=5, LP=2, PY=5) | {"g_glut_nS[ABPD->LP]": 30.0, "g_chol_nS[ABPD->PY]": 3.0}
    given["v_spike_mV[PY]"] = -70.0  # it starts above: one spike in the first step
    model = ws.Model.build(ws.load_circuit("pyloric"), "prinz2004", parameters=given)
    cases = {"intact": [], "perturbed": [
        ws.Ablate("PY"), ws.Stimulate("LP", start_ms=2, stop_ms=35, current_pA=6000), ws.Silence("ABPD", start_ms=20)]}
    variants = ws.Variants.cross(model.nominal(), cases)
    how = {"duration_ms": 40, "every_ms": 0.5, "spikes": True, "dtype": "float64", "states": ("Ca", "h_CaS", "s_glut")}
    fast = ws.simulate(model, variants, **how).dataset
    slow = ws.simulate(model, variants, **how, engine="brian2").dataset
    assert int(slow["spikes"].sum()) >= 4
    assert slow["spikes"][0].sel(cell="PY").to_numpy()[0] == 1
    np.testing.assert_array_equal(fast["spikes"], slow["spikes"])
    np.testing.assert_allclose(fast["v_mV"], slow["v_mV"], rtol=0, atol=TOLERANCE_MV)
    for state in how["states"]:
        np.testing.assert_allclose(fast[state], slow[state], rtol=1e-9, atol=1e-12)
    assert np.nanmax(np.abs(fast["v_mV"][0] - fast["v_mV"][1])) > 1.0

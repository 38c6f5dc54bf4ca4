"""A stimulus with time constants rises and falls as an opsin does, exactly, whatever the step and in both engines."""

import numpy as np
import pytest
from tiny import tiny_circuit

from wormsim.engines.conformance import TOLERANCE_MV, compare
from wormsim.errors import InputError
from wormsim.model import Model
from wormsim.perturbations import Ablate, Stimulate
from wormsim.simulation import simulate
from wormsim.variants import Variants, effects

PULSE = {"start_ms": 10.0, "stop_ms": 40.0, "tau_on_ms": 7.0, "tau_off_ms": 20.0}


@pytest.fixture(scope="module")
def plain():
    return Model.build(tiny_circuit(), "graded")


def trace(model, name, dt_ms=0.5, **how):
    found = simulate(model, duration_ms=100, dt_ms=dt_ms, every_ms=0.5, dtype="float64", states=["g_opsin", "I_opsin"], **how)
    return found.dataset[name].sel(cell="AIYL").values[0], found.dataset["time"].values


def course(t, size, start, stop, on, off):
    rise = size * -np.expm1(-(np.clip(t, start, stop) - start) / on)
    return rise * np.exp(-np.clip(t - stop, 0, None) / off)


@pytest.mark.parametrize("dt_ms", [0.5, 0.05])
@pytest.mark.parametrize(("dose", "state"), [({"g_nS": 0.02}, "g_opsin"), ({"current_pA": -0.3}, "I_opsin")])
def test_rise_and_fall_are_exact(plain, dt_ms, dose, state):
    (size,) = dose.values()
    x, t = trace(Stimulate("AIYL", **dose, **PULSE)(plain), state, dt_ms)
    assert np.allclose(x, course(t, size, 10, 40, 7, 20), rtol=1e-11, atol=1e-15)
    assert (x[t <= 10] == 0).all()


def test_what_flows_is_conductance_times_driving_force(plain):
    stimulus = Stimulate("MDL20", g_nS=0.05, e_mV=-10.0, tau_on_ms=5.0)
    v = simulate(stimulus(plain), duration_ms=2000, every_ms=100).v_mV.sel(cell="MDL20").values[0]
    g_leak, v_leak = (plain.parameters[k].value for k in ("g_leak_nS", "v_leak_mV"))
    assert v[-1] == pytest.approx((g_leak * v_leak + 0.05 * -10.0) / (g_leak + 0.05), abs=1e-3)


def test_a_second_pulse_goes_on_from_what_is_left_of_the_first(plain):
    first = Stimulate("AIYL", g_nS=0.02, **PULSE)
    second = Stimulate("AIYL", g_nS=0.01, **{**PULSE, "start_ms": 50.0, "stop_ms": 60.0})
    x, t = trace(plain.perturbed(first, second), "g_opsin")
    assert np.array_equal(trace(plain.perturbed(second, first), "g_opsin")[0], x), "whichever was added first"
    left = 0.02 * -np.expm1(-30 / 7) * np.exp(-10 / 20)
    during = (t >= 50) & (t <= 60)
    assert np.allclose(x[during], 0.01 + (left - 0.01) * np.exp(-(t[during] - 50) / 7))
    assert np.allclose(x[t >= 60], x[t == 60] * np.exp(-(t[t >= 60] - 60) / 20))


def test_light_that_overlaps_adds_up(plain):
    first = Stimulate("AIYL", g_nS=0.02, tau_on_ms=7.0, stop_ms=60)
    second = Stimulate("AIYL", g_nS=0.01, tau_on_ms=7.0, start_ms=20, stop_ms=90)
    x, t = trace(plain.perturbed(first, second), "g_opsin")
    assert np.allclose(x, course(t, 0.02, 0, 60, 7, 7) + course(t, 0.01, 20, 90, 7, 7), rtol=1e-9)


def test_the_engines_agree_and_no_dose_is_the_identity(plain):
    on = Stimulate("AIYL", g_nS=0.02, current_pA=0.1, **PULSE)
    model = Stimulate("ASEL", current_pA=0.1)(plain.prepared_for(on))
    cases = {"intact": (), "on": (on,), "none": (Stimulate("AIYL", g_nS=0.0, **PULSE),), "lesion": (on, Ablate("AIZL"))}
    rows = compare(model, Variants.cross(model.sample(2, seed=1), cases), 80.0, every=1, engines=(("numba", "float64"),))
    assert (rows["max_difference_mV"] <= TOLERANCE_MV).all(), rows.to_string()
    assert rows["effect_mV"].tolist()[2] == 0.0
    assert rows["effect_mV"].tolist()[1] > 1.0
    v = simulate(model, Variants.cross(model.nominal(), cases), duration_ms=80, every_ms=0.5).v_mV.values
    assert v[2].tobytes() == v[0].tobytes()


def test_a_dose_may_follow_a_sampled_parameter(plain):
    stimulus = Stimulate("AIYL", g_nS="g_gap_contact_nS", tau_on_ms=1.0)
    model = plain.prepared_for(stimulus)
    samples = model.sample(3, seed=2)
    found = simulate(model, Variants.cross(samples, {"x": (stimulus,)}), duration_ms=50, dtype="float64", states=["g_opsin"])
    assert np.allclose(found.dataset["g_opsin"].sel(cell="AIYL").values[:, -1], samples.values["g_gap_contact_nS"])


def test_what_cannot_be_is_refused(plain):
    for bad in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(InputError, match="positive"):
            Stimulate("AIYL", g_nS=1.0, tau_on_ms=bad)
    with pytest.raises(InputError, match="Poisson events have neither"):
        Stimulate("AIYL", rate_Hz=10, size_pA=3, tau_on_ms=1.0)
    one, other = Stimulate("AIYL", g_nS=1.0, tau_on_ms=1.0, stop_ms=5), Stimulate("AIYL", g_nS=1.0, tau_on_ms=2.0, start_ms=50)
    with pytest.raises(InputError, match="AIYL would have two opsins"):
        effects(plain.prepared_for(one), Variants.cross(plain.nominal(), {"x": (one, other)}), 0.5, 200)
    with pytest.raises(InputError, match="needs opsin in the cells.*prepared_for"):
        simulate(plain, Variants.cross(plain.nominal(), {"x": (one,)}), duration_ms=5)

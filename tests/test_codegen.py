"""Generated kernels: the numbers of exponential Euler, whatever the model's names, and clear words for what cannot run."""

import platform
import re
from dataclasses import replace

import numpy as np
import pytest
from small_network import everything, network, quiet

from wormsim import catalog
from wormsim.dynamics import EdgeValue, NeuronModel, SynapseModel
from wormsim.engines import cache, numba_engine
from wormsim.engines.codegen import generate
from wormsim.errors import InputError, UnknownNameError
from wormsim.network import Lanes, Network, Record
from wormsim.parameter import Parameter

ONE = Lanes(np.zeros(1, np.int32), np.zeros(1, np.uint64))


def parameter(symbol, value, unit):
    return Parameter(symbol, value, unit, "for this test", "guess")


def single(model, steps, dt, current=0.0, conductance=0.0, states=(), spikes=False):
    """One cell on its own, in double precision."""
    values = {p.symbol: np.full((1, 1), p.value) for p in model.parameters}
    net = Network(("A",), np.zeros(1, bool), model, (), values, 1)
    e = quiet(0, steps, 1, 1)
    e.current_pA[:] = current
    e.conductance_nS[:] = conductance
    record = Record(np.zeros(1, np.int32), 1, True, spikes, states)
    out = numba_engine.run(net, [e], ONE, steps, dt, record, "float64", 1)
    return {k: x.reshape(-1) for k, x in out.items()}


CELL = NeuronModel("cell", "dv/dt = (g*(r - v) + I)/C : volt",
                   (parameter("g", 0.5, "nS"), parameter("r", -60.0, "mV"), parameter("C", 5.0, "pF")), {"v": "r"})


@pytest.mark.parametrize("dt", [0.1, 1.0, 25.0])
def test_a_linear_equation_is_solved_exactly_whatever_the_step(dt):
    v = single(CELL, 20, dt, current=7.0, conductance=0.2)["v"]
    rate, rest = 0.7 / 5.0, (0.5 * -60.0 + 7.0) / 0.7
    exact = rest + (-60.0 - rest) * np.exp(-rate * dt * np.arange(20))
    np.testing.assert_allclose(v, exact, rtol=1e-13)


def test_a_rate_of_zero_is_the_limit():
    model = replace(CELL, parameters=(parameter("g", 0.0, "nS"), *CELL.parameters[1:]))
    np.testing.assert_allclose(single(model, 10, 0.5, current=2.0)["v"], -60.0 + 2.0 / 5.0 * 0.5 * np.arange(10), rtol=1e-14)


def test_a_rate_that_varies_and_passes_through_zero():
    text = "dv/dt = (g*(r - v) + I)/C : volt\nrate = -x**2/second : hertz\ndx/dt = rate*x : 1"
    model = replace(CELL, equations=text, initial={"v": "r", "x": "0"})
    assert (single(model, 5, 0.5, states=("x",))["x"] == 0).all()
    text = "dv/dt = (g*(r - v) + I)/C : volt\nu = clip((v - r)/mV, 0, 1) : 1\ndx/dt = -u*x/ms + 1/ms : 1"
    x = single(replace(CELL, equations=text, initial={"v": "r", "x": "0"}), 3, 0.5, current=5.0, states=("x",))["x"]
    u = min(max((1 - np.exp(-0.05)) * 10.0, 0.0), 1.0)
    np.testing.assert_allclose(x, [0.0, 0.5, 0.5 + (1 - 0.5 * u) * (1 - np.exp(-u * 0.5)) / u], rtol=1e-13)


def test_what_is_not_linear_in_the_state_is_held_for_the_step():
    model = replace(CELL, equations="dv/dt = (g*(r - v) + g*r*exp((v - r)/(2*mV)) + I)/C : volt")
    v = single(model, 2, 0.1)["v"]
    relax = 1 - np.exp(-0.01)
    assert v[1] == pytest.approx(-60.0 + relax * -60.0, rel=1e-13)


def test_names_of_the_model_cannot_clash_with_those_of_the_kernel():
    pairs = {"g": "k0", "r": "t0", "C": "np", "x": "b", "y": "new0"}
    text = "dv/dt = (g*(r - v) + y*g*mV + I)/C : volt\ndx/dt = (v/mV - x)*g/C : 1\ny = x**2/100 : 1"
    plain = replace(CELL, equations=text, initial={"v": "r", "x": "r/mV"}, threshold="v > r + 1*mV", reset="v = r; x += y")
    awkward = replace(
        plain, **{key: re.sub(r"\b[a-zA-Z]\b", lambda m: pairs.get(m[0], m[0]), getattr(plain, key).replace("dx/", "db/"))
                  for key in ("equations", "threshold", "reset")},
        parameters=tuple(replace(p, symbol=pairs[p.symbol]) for p in CELL.parameters), initial={"v": "t0", "b": "t0/mV"})
    a = single(plain, 200, 0.1, current=40.0, states=("x",), spikes=True)
    b = single(awkward, 200, 0.1, current=40.0, states=("b",), spikes=True)
    assert a["spikes"].sum() > 2
    assert (a["spikes"] == b["spikes"]).all()
    np.testing.assert_allclose(a["v"], b["v"], rtol=1e-12)
    np.testing.assert_allclose(a["x"], b["b"], rtol=1e-12)


def test_units_in_the_text_become_internal_ones_and_a_state_may_be_called_s():
    text = "dv/dt = (g*(r - v) + I)/C : volt\nds/dt = -s/second + 2*kHz : 1"
    s = single(replace(CELL, equations=text, initial={"v": "-0.07*volt", "s": "3"}), 4, 0.5, states=("s",))
    assert s["v"][0] == -70.0
    np.testing.assert_allclose(s["s"], 2000 + (3 - 2000) * np.exp(-0.5e-3 * np.arange(4)), rtol=1e-12)


@pytest.mark.parametrize("neuron", catalog.names("neurons"))
@pytest.mark.parametrize("layout", ["shared", "lanes"])
def test_the_text_is_the_same_each_time(neuron, layout):
    model = catalog.load("neurons", neuron).MODEL
    synapses = tuple(catalog.load("synapses", s).MODEL for s in model.synapses)
    text = generate(model, synapses, layout, "float32")
    assert text == generate(model, synapses, layout, "float32")
    compile(text, "kernel", "exec")


GAP = SynapseModel("gap", "electrical", "S1 - S0*v", (parameter("unit_g", 1.0, "nS"),), (EdgeValue("w", "strength", "unit_g_nS"),),
                   summed={"S0": ("w", "siemens"), "S1": ("w*v_pre", "amp")})


def test_a_sum_may_read_any_expression_of_the_sender():
    odd = replace(GAP, current="S2", summed={"S2": ("3*w*tanh(v_pre/(10*mV))*mV - w*v_pre", "amp")})
    net = network(CELL, 5, synapses=(odd,))
    net.pathways[0].values["w"][:] = 0.3
    out = numba_engine.run(net, [quiet(0, 3, 5, 1)], ONE, 3, 0.1, everything(net), "float64", 1)["v"][0]
    path, v = net.pathways[0], np.full(5, -60.0)
    for step in range(3):
        np.testing.assert_allclose(out[step], v, rtol=1e-12)
        current = np.bincount(path.post, 0.3 * (3 * np.tanh(v[path.pre] / 10) - v[path.pre]), 5)
        rest = -60.0 + current / 0.5
        v = rest + (v - rest) * np.exp(-0.01)


@pytest.mark.parametrize(("change", "synapse", "message"), [
    ({"equations": "dv/dt = (g*(r - v) + I)/C + v*xi/ms**0.5 : volt"}, {}, "the noise xi must be added"),
    ({"equations": "dv/dt = (g*(r - v) + I)/C + mV*xi*abs(xi) : volt"}, {}, "the noise xi must be added"),
    ({"threshold": "v > r + xi*mV*ms**0.5"}, {}, "threshold: v > r + xi"),
    ({"equations": "dv/dt = (g*(r - v) + I)/C*arctan(v/mV) : volt"}, {}, "function atan"),
    ({"equations": "dv/dt = (g*(r - v) + I)/C : volt\nz : 1"}, {}, "list it as a Parameter"),
    ({"equations": "dv/dt = (g*(r - v) + I)/C : volt\ndz/dt = -z/ms : 1"}, {}, "no initial value for z"),
    ({"equations": "du/dt = (g*(r - u))/C : volt"}, {}, "no state v"),
    ({"threshold": "v > r", "reset": "q = 0*mV"}, {}, "must assign to a state"),
    ({"threshold": "v > r"}, {"on_pre": "v = w"}, "must read 'state_post"),
    ({"threshold": "v > r"}, {"on_pre": "v_post += w*g"}, "uses g"),
    ({}, {"summed": {"S0": ("w*g", "siemens"), "S1": ("w*v_pre", "amp")}}, "sum of products"),
    ({"equations": "dv/dt = (g*(r - v) + I)/C : volt\nde/dt = -e/ms : 1"}, {}, "'e' is the name of a constant"),
    ({"parameters": (*CELL.parameters, parameter("pi", 3.0, ""))}, {}, "the name pi means something else"),
    ({"equations": "dv/dt = (g*(r - v) + I/C : volt"}, {}, "Brian2 does not read"),
    ({"threshold": "v >"}, {}, "Brian2 does not read"),
    ({}, {"summed": {"S0": ("w", "siemens"), "S1": ("w*v_pre + w*mV", "amp")}}, "make them two variables"),
    ({"equations": "dv/dt = (g*(r - v) + I + w*v)/C : volt"}, {}, "belongs to the edges"),
])
def test_what_cannot_run_is_refused_with_the_reason(change, synapse, message):
    with pytest.raises(InputError, match=re.escape(message)):
        generate(replace(CELL, **change), (replace(GAP, **synapse),), "shared", "float32")


LIF = catalog.load("neurons", "lif").MODEL
KICK = catalog.load("synapses", "exponential").MODEL


@pytest.mark.parametrize(("change", "synapse", "said"), [
    ({"equations": "dv/dt = (v_rest - v + I)/tau_m : volt"}, {}, ("neuron model lif", "dv/dt = ", "unit V", "unit A")),
    ({"equations": "dv/dt = (v_rest - v + I/g_leak) : volt"}, {}, ("dv/dt = ", "is in V, it must be in V/s")),
    ({"threshold": "v > 3*ms"}, {}, ("threshold: v > 3*ms", "(V)", "(s)")),
    ({"threshold": "v"}, {}, ("threshold: v", "in V, it must be in pure numbers")),
    ({"reset": "v = t_refractory"}, {}, ("reset: v = t_refractory", "in s, it must be in V")),
    ({"reset": "v = v_reset; v *= v_reset"}, {}, ("reset: v *= v_reset", "in V, it must be in pure numbers")),
    ({"initial": {"v": "tau_m"}}, {}, ("initial: v = tau_m", "in s, it must be in V")),
    ({"refractory": "v_rest"}, {}, ("refractory = v_rest", "in V, it must be in s")),
    ({}, {"on_pre": "I_syn_post += w*mV"}, ("synapse model exponential", "on_pre: I_syn_post += w*mV", "must be in A")),
    ({}, {"current": "I_syn*v"}, ("synapse model exponential", "current: I_syn*v", "in W, it must be in A")),
    ({}, {"cell_equations": "dI_syn/dt = -I_syn : amp"}, ("synapse model exponential", "dI_syn/dt", "in A, it must be in A/s")),
    ({}, {"summed": {"G": ("w", "siemens")}, "current": "I_syn - G*v"}, ("summed: G = w", "in A, it must be in S")),
])
def test_units_that_do_not_agree_are_refused_with_the_line_and_both_units(change, synapse, said):
    with pytest.raises(InputError) as caught:
        generate(replace(LIF, **change), (replace(KICK, **synapse),), "shared", "float32")
    assert all(part in str(caught.value) for part in said), caught.value


@pytest.mark.parametrize(("change", "synapse", "name", "near"), [
    ({"equations": "dv/dt = (v_rst - v + I/g_leak)/tau_m : volt"}, {}, "v_rst", "v_rest"),
    ({"threshold": "v > v_thershold"}, {}, "v_thershold", "v_threshold"),
    ({"reset": "v = vreset"}, {}, "vreset", "v_reset"),
    ({"reset": "vv = v_reset"}, {}, "vv", "v"),
    ({"initial": {"v": "v_rets"}}, {}, "v_rets", "v_rest"),
    ({"refractory": "t_refract"}, {}, "t_refract", "t_refractory"),
    ({"threshold": "epx(v/mV) > 1"}, {}, "epx", "exp"),
    ({}, {"delay": "tdelay"}, "tdelay", "t_delay"),
    ({}, {"on_pre": "I_sin_post += w"}, "I_sin", "I_syn"),
    ({}, {"on_pre": "I_syn_post += ww"}, "ww", "w"),
    ({}, {"current": "I_sny"}, "I_sny", "I_syn"),
    ({}, {"poisson_target": "Isyn"}, "Isyn", "I_syn"),
    ({}, {"edge": (EdgeValue("w", "strength", "w_contact"),)}, "w_contact", "w_contact_pA"),
])
def test_a_name_that_nothing_defines_is_refused_with_the_closest(change, synapse, name, near):
    with pytest.raises(UnknownNameError) as caught:
        generate(replace(LIF, **change), (replace(KICK, **synapse),), "shared", "float32")
    assert caught.value.name == name
    assert near in caught.value.closest


def test_a_kernel_in_the_cache_does_not_hide_wrong_units():
    good = replace(CELL, name="cached", equations="dv/dt = (g*(r - v) + I)/C + v/q : volt",
                   parameters=(*CELL.parameters, parameter("q", 5.0, "ms")))
    single(good, 2, 0.1)
    with pytest.raises(InputError, match="units do not agree"):
        single(replace(good, parameters=(*CELL.parameters, parameter("q", 5.0, "mV"))), 2, 0.1)


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="looks at x86 assembly")
@pytest.mark.parametrize("neuron", ["lif", "graded", "adex"])
def test_the_lanes_of_a_kernel_are_vectorised(neuron, tmp_path, monkeypatch):
    monkeypatch.setenv("WORMSIM_CACHE_DIR", str(tmp_path))  # numba shows no assembly of what it loads
    monkeypatch.setattr(cache, "_LOADED", {})
    net = network(neuron, 4)
    numba_engine.run(net, [quiet(0, 1, 4, 20)], Lanes(np.zeros(20, np.int32), np.zeros(20, np.uint64)), 1, 0.1, everything(net))
    run = cache.kernel(net.neuron, tuple(p.synapse for p in net.pathways), "shared", "float32").run
    assembly = run.inspect_asm(run.signatures[0])
    if "vfmadd" not in assembly:
        pytest.skip("this CPU has no fused multiply-add")
    fused = len(re.findall(r"vfmadd\w+ps\s.*%[yz]mm", assembly))
    products = len(re.findall(r"vmulps\s.*%[yz]mm", assembly))
    # 5 fused multiply-adds gather an edge source (4 edges, then 1), 9 make an exponential
    assert fused >= {"lif": 5, "graded": 15 + 3 * 9, "adex": 5 + 9}[neuron]
    assert products >= 2
    if neuron == "graded":
        assert len(re.findall(r"vdivps\s.*%[yz]mm", assembly)) >= 3
    assert not re.search(r"call\S*\s+\S*(expf|exp@|expm1)", assembly)


def test_a_kernel_is_made_in_any_thread_and_brian2_leaves_ctrl_c_alone(tmp_path):
    """A cluster's worker computes outside the main thread, where Brian2's own import fails."""
    code = """
import signal, threading
from wormsim.model import Model
from tiny import tiny_circuit
from wormsim.simulation import simulate
done = []
def work():
    model = Model.build(tiny_circuit(), "lif")
    done.append(simulate(model, duration_ms=5))
thread = threading.Thread(target=work); thread.start(); thread.join()
import sys
assert "brian2" in sys.modules, "the kernel was not made here"
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
assert len(done) == 1
"""
    import os
    import subprocess
    import sys
    from pathlib import Path

    tests = Path(__file__).parent
    environment = {**os.environ, "WORMSIM_CACHE_DIR": str(tmp_path / "cold"), "PYTHONPATH": str(tests)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

"""The layout of one variant: the same bits as the layouts of many, whatever the model, the chunk and the constants' form."""

import re
from dataclasses import replace

import numpy as np
import pytest
from small_network import everything, lanes_of, mixed, network, quiet, take

from wormsim import catalog
from wormsim.engines import block, codegen_cells, numba_engine, planner
from wormsim.errors import InputError
from wormsim.network import Poisson

ADEX = catalog.load("neurons", "adex").MODEL
TWO = replace(ADEX, name="two_noises", equations=ADEX.equations.replace("I)/C_m", "I)/C_m + mV*xi_v/ms**0.5").replace(
    "- w_adapt)/tau_w", "- w_adapt)/tau_w + 0.1*pA*(xi_w - xi_v)/ms**0.5"))
MODELS = {"lif": ("lif", "float32"), "graded": ("graded", "float32"), "noisy lif": ("noisy_lif", "float64"), "two noises": (TWO, "float32")}
N, V, SAMPLES = 150, 4, 2


def steps_of(net):
    return 250 if net.neuron.threshold else 150


@pytest.fixture(scope="module", params=MODELS)
def case(request):
    """Cells with thresholds, delays and refractory periods of their own, three segments with all perturbations."""
    model, dtype = MODELS[request.param]
    net = network(model, N, SAMPLES, seed=3)
    rng = np.random.default_rng(5)
    for name, spread in (("t_delay", 1.5), ("t_refractory", 1.0), ("tau_m", 3.0), ("v_rest", 2.0), ("C_m", 1.0)):
        if name in net.parameters:
            net.parameters[name] = net.parameters[name] + rng.uniform(0, spread, (N, SAMPLES if name == "v_rest" else 1))
    done = mixed(N, V, steps_of(net), bool(net.neuron.threshold))
    if net.neuron.threshold:
        done = [replace(e, current_pA=3 * e.current_pA + 6) for e in done]
    return (net, done, lanes_of(V, SAMPLES)), dtype


def run(case, monkeypatch, layout, dtype="float32", threads=2):
    net, done, lanes = case
    monkeypatch.setattr(planner, "_MOST_ALONE", 10**9 if layout == "cells" else 0)
    monkeypatch.setattr(planner, "_LEAST_SHARED", 1 if layout == "shared" else 10**9)
    noise = "xi" in net.neuron.equations
    assert {b.layout for b in planner.plan(lanes, done, N, np.float32, threads, None, noise)} == {layout}
    return numba_engine.run(net, done, lanes, steps_of(net), 0.1, everything(net), dtype, threads)


def same(a, b):
    assert a.keys() == b.keys()
    for key in a:
        assert a[key].tobytes() == b[key].tobytes(), key


def test_all_layouts_have_the_same_bits(case, monkeypatch):
    case, dtype = case
    found = {layout: run(case, monkeypatch, layout, dtype) for layout in ("lanes", "shared", "cells")}
    same(found["lanes"], found["shared"])
    same(found["lanes"], found["cells"])
    if "spikes" in found["cells"]:
        assert found["cells"]["spikes"].sum() > 150
    assert np.nanmax(np.ptp(found["cells"]["v"], axis=1)) > 1


def test_chunks_and_constants_as_numbers_change_no_bit(monkeypatch, tmp_path):
    """Small chunks, so that the network has many; and constants that all cells share passed as numbers."""
    net = network("noisy_lif", N, 1, seed=3)
    net.parameters["v_rest"] = net.parameters["v_rest"] + np.linspace(0, 3, N)[:, None]
    case = net, mixed(N, V, steps_of(net), True), lanes_of(V, 1)
    whole = run(case, monkeypatch, "cells")
    monkeypatch.setenv("WORMSIM_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(numba_engine.cache, "_LOADED", {})
    monkeypatch.setattr(codegen_cells, "CHUNK", 64)
    monkeypatch.setattr(block, "MANY_CELLS", 1)
    same(whole, run(case, monkeypatch, "cells"))
    # numba shows the assembly of what was compiled just now
    kernel = numba_engine.cache.kernel(net.neuron, tuple(p.synapse for p in net.pathways), "cells", "float32").run
    assembly = kernel.inspect_asm(kernel.signatures[0])
    if "vfmadd" in assembly:  # a loop that is not vectorised takes four times as long, silently
        assert len(re.findall(r"vmulps\s.*%[yz]mm", assembly)) >= 2
        assert len(re.findall(r"vsqrtps\s.*%[yz]mm", assembly)) >= 1
        assert len(re.findall(r"vpmuludq\s.*%[yz]mm", assembly)) >= 20


def test_rows_already_in_the_order_of_senders_are_taken_as_they_are(monkeypatch):
    net = network("lif", N, 1, seed=3)
    case = net, mixed(N, V, steps_of(net), True), lanes_of(V, 1)
    path = net.pathways[0]
    order = np.lexsort((path.post, path.pre))
    turned = replace(path, pre=path.pre[order], post=path.post[order],
                     values={k: x[order].astype(np.float32) for k, x in path.values.items()})
    found = run((replace(net, pathways=(turned, *net.pathways[1:])), *case[1:]), monkeypatch, "cells")
    same(run(case, monkeypatch, "cells"), found)


def test_a_few_variants_run_alone_and_more_share_vectors():
    lanes = lanes_of(4, 4)
    few, lanes_few = take(mixed(9, 4, 30, True), lanes, [0, 1])
    assert [(b.layout, b.width, b.variants.tolist()) for b in planner.plan(lanes_few, few, 9, np.float32, 2)] == [
        ("cells", 1, [0]), ("cells", 1, [1])]
    many = lanes_of(40, 40)
    assert {b.layout for b in planner.plan(many, mixed(9, 40, 30, True), 9, np.float32, 2)} == {"lanes"}


def test_noise_counts_as_randomness_when_variants_are_put_together():
    lanes = lanes_of(20, 1, streams=20)
    quiet = [replace(e, poisson=Poisson(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros((0, 20)), np.zeros((0, 20))))
             for e in mixed(9, 20, 30, True)]
    layouts = [{b.layout for b in planner.plan(lanes, quiet, 9, np.float32, 2, None, noise)} for noise in (False, True)]
    assert layouts == [{"shared"}, {"lanes"}]


def test_noise_has_the_variance_of_the_process_it_stands_for():
    """Cells alone, without a threshold in reach: an Ornstein-Uhlenbeck process of 1 mV and 20 ms; a sum of two noises."""
    net = network("noisy_lif", 400, 1, synapses=())
    net.parameters["v_threshold"] = np.full((1, 1), 100.0)
    steps = 6000
    out = numba_engine.run(net, [quiet(0, steps, 400, 1)], lanes_of(1, 1), steps, 0.5, everything(net, 10), "float32", 1)
    v = out["v"][0][60:].astype(float) + 52.0
    assert abs(v.mean()) < 0.03
    assert abs(v.var() - 1) < 0.03  # 400 cells x 75 memories: 0.8 % is one standard error
    memory = np.mean(v[:-4] * v[4:]) / v.var()
    assert abs(memory - np.exp(-1.0)) < 0.03
    assert np.abs(np.corrcoef(v.T) - np.eye(400)).max() < 0.75


def test_a_network_handed_out_draws_noise_of_its_own_and_the_compared_one_ours():
    import brian2 as b2

    from wormsim.engines import brian2_engine

    b2.seed(1)
    net = network("noisy_lif", 200, 1, synapses=())
    done, lanes = [quiet(0, 100, 200, 1)], lanes_of(1, 1)
    spreads = {}
    for counted in (True, False):
        made = brian2_engine.build(net, done, lanes, 0, 0.1, counted=counted)
        assert ("noise" in made) is counted
        made.run(100 * 0.1 * b2.ms, namespace={})
        spreads[counted] = np.asarray(made["neurons"].v_) * 1e3
    ours = numba_engine.run(net, [quiet(0, 101, 200, 1)], lanes, 101, 0.1, everything(net), "float64", 1)["v"][0]
    np.testing.assert_allclose(spreads[True], ours[100], rtol=1e-12)
    expected = np.sqrt(1 - np.exp(-1.0))  # 10 ms of 20, both ways
    assert abs(spreads[False].std() / expected - 1) < 0.2
    assert np.abs(spreads[False] - spreads[True]).max() > 1


def test_the_event_engine_refuses_noise():
    from wormsim.engines import event_engine

    net = network("noisy_lif", 20, 1, synapses=("exponential",))
    with pytest.raises(InputError, match="noise xi moves every cell"):
        event_engine.run(net, [quiet(0, 10, 20, 1)], lanes_of(1, 1), 10, 0.1, everything(net))

"""The fast engine: a variant's bits belong to the variant, and nothing is left of an ablated cell."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from small_network import everything, lanes_of, mixed, network, quiet, take

from wormsim.engines import numba_engine, planner
from wormsim.errors import InputError, UnknownNameError
from wormsim.kernels.random import event_draws, threshold
from wormsim.network import Lanes, Pathway, Poisson, Record

NEURONS = ("lif", "graded", "adex")
N, V, SAMPLES = 24, 21, 3


def same(a, b):
    assert a.keys() == b.keys()
    for key in a:
        assert a[key].tobytes() == b[key].tobytes(), key


def spiking(net):
    return bool(net.neuron.threshold)


def steps_of(net):
    return 300 if spiking(net) else 200


@pytest.fixture(scope="module", params=NEURONS)
def case(request):
    net = network(request.param, N, SAMPLES)
    done = mixed(N, V, steps_of(net), spiking(net))
    lanes = lanes_of(V, SAMPLES)
    whole = numba_engine.run(net, done, lanes, steps_of(net), net.neuron.dt_ms, everything(net))
    return net, done, lanes, whole


def again(case, some=None, dtype="float32", **how):
    net, done, lanes, _ = case
    if some is not None:
        done, lanes = take(done, lanes, some)
    return numba_engine.run(net, done, lanes, steps_of(net), net.neuron.dt_ms, everything(net), dtype, **how)


def test_the_case_is_worth_testing(case):
    net, _, _, whole = case
    assert np.isnan(whole["v"]).any()
    assert (whole["failed"] == -1).all()
    swing = np.ptp(whole["v"], axis=1)
    assert (swing[~np.isnan(swing)] > 0.5).mean() > 0.5
    assert len({whole["v"][k].tobytes() for k in range(V)}) == V
    if spiking(net):
        assert whole["spikes"].sum() > 100


@pytest.mark.parametrize("how", [{"threads": 1}, {"threads": 2}, {"threads": 3, "block": 2}, {"block": 1}, {"block": 7}])
def test_threads_and_blocks_change_no_bit(case, how):
    same(case[3], again(case, **how))


@pytest.mark.parametrize("least", [1, 10**9])
def test_shared_and_per_lane_layouts_agree_to_the_bit(case, least, monkeypatch):
    monkeypatch.setattr(planner, "_LEAST_SHARED", least)
    _, done, lanes, whole = case
    layouts = {b.layout for b in planner.plan(lanes, done, N, np.float32, 2)}
    assert layouts == {"shared" if least == 1 else "lanes"}
    same(whole, again(case))


def test_a_variant_alone_is_the_same_as_in_company(case):
    whole = case[3]
    for k in (0, 5, V - 1):
        same({key: x[[k]] for key, x in whole.items()}, again(case, [k]))
    some = [3, 17, 3, 8]
    same({key: x[some] for key, x in whole.items()}, again(case, some))


def test_cutting_a_segment_changes_no_bit(case):
    net, done, lanes, whole = case
    e = done[-1]
    cut = [*done[:-1], replace(e, stop=e.start + 7), replace(e, start=e.start + 7)]
    same(whole, numba_engine.run(net, cut, lanes, steps_of(net), net.neuron.dt_ms, everything(net)))


def test_single_precision_is_close_to_double(case):
    double = again(case, dtype="float64")
    assert double["v"].dtype == np.float64
    bound = 0.05 if spiking(case[0]) else 5e-4
    assert np.nanmax(np.abs(double["v"] - case[3]["v"])) < bound


def test_decimated_recording_is_a_slice(case):
    net, done, lanes, whole = case
    cells = np.array([7, 2, 19], np.int32)
    record = replace(everything(net, 7), cells=cells)
    part = numba_engine.run(net, done, lanes, steps_of(net), net.neuron.dt_ms, record)
    assert part["v"].tobytes() == np.ascontiguousarray(whole["v"][:, ::7][:, :, cells]).tobytes()
    if spiking(net):
        counts = np.add.reduceat(whole["spikes"][:, :, cells], np.arange(0, steps_of(net), 7), axis=1)
        assert (part["spikes"] == counts).all()


@pytest.mark.parametrize("least", [1, 10**9])
def test_nothing_is_left_of_ablated_cells(case, least, monkeypatch):
    """An animal built without the cells' edges is, in all other cells, the same to the bit."""
    monkeypatch.setattr(planner, "_LEAST_SHARED", least)
    net = case[0]
    gone = np.array([0, 4, 11])
    assert all(np.isin(p.pre, gone).any() and np.isin(p.post, gone).any() for p in net.pathways)
    done = [replace(e, alive=np.ones((N, 2), bool)) for e in take(mixed(N, V, steps_of(net), spiking(net)), case[2], [0, 0])[0]]
    cut = [replace(e, alive=np.where(np.isin(np.arange(N), gone)[:, None] & [[True, False]], False, True)) for e in done]
    lanes = Lanes(np.array([1, 1], np.int32), np.array([9, 9], np.uint64))
    run = (lanes, steps_of(net), net.neuron.dt_ms, everything(net))
    ablated = numba_engine.run(net, cut, *run)
    without = numba_engine.run(drop(net, gone), done, *run)
    others = np.setdiff1d(np.arange(N), gone)
    for key in ("v", *everything(net).states, *(("spikes",) if spiking(net) else ())):
        assert ablated[key][0][:, others].tobytes() == without[key][0][:, others].tobytes(), key
        if key != "spikes":
            assert np.isnan(ablated[key][0][:, gone]).all()
            assert not np.isnan(ablated[key][1]).any()
    assert (ablated["v"][0][:, others] != ablated["v"][1][:, others]).any()
    if spiking(net):
        assert ablated["spikes"][0][:, gone].sum() == 0
        assert ablated["spikes"][1][:, gone].sum() > 0


def drop(net, gone):
    kept = []
    for p in net.pathways:
        keep = ~np.isin(p.pre, gone) & ~np.isin(p.post, gone)
        kept.append(Pathway(p.synapse, p.pre[keep], p.post[keep], {k: x[keep] for k, x in p.values.items()}))
    return replace(net, pathways=tuple(kept))


def test_poisson_events_are_those_of_the_published_generator():
    net = network("lif", 5)
    v, steps, p = 9, 400, 0.04
    e = replace(quiet(0, steps, 5, v), poisson=Poisson(np.array([2], np.int32), np.array([7], np.int32), np.full((1, v), p),
                                                       np.full((1, v), 3.0)))
    lanes = Lanes(np.zeros(v, np.int32), np.arange(v).astype(np.uint64) * np.uint64(2**33 + 5))
    out = numba_engine.run(net, [e], lanes, steps, 0.1, Record(np.array([2], np.int32), 1, False, False, ("I_syn",)), "float64")
    current = out["I_syn"][:, :, 0]
    decay = np.exp(-0.1 / 5.0)
    arrived = np.diff(current, axis=1) - current[:, :-1] * (decay - 1) > 1.0
    expected = event_draws(lanes.stream[:, None], np.arange(steps - 1)[None, :], 2, 7) < threshold(p)
    assert expected.sum() > 50
    assert (arrived == expected).all()


def test_a_runaway_is_pinned_on_its_cell_and_leaves_the_others_alone():
    net = network("graded", 6)
    done = quiet(0, 40, 6, 5)
    done.current_pA[3, 1] = np.nan
    done.current_pA[4, 2] = 1e12
    lanes = Lanes(np.zeros(5, np.int32), np.zeros(5, np.uint64))
    out = numba_engine.run(net, [done], lanes, 40, 0.5, everything(net))
    assert out["failed"][[0, 3, 4]].tolist() == [-1, -1, -1]
    assert out["failed"].dtype == np.int32
    assert out["failed"][1] >= 0
    assert out["failed"][2] >= 0
    alone = quiet(0, 40, 6, 1)
    healthy = numba_engine.run(net, [alone], Lanes(lanes.sample[:1], lanes.stream[:1]), 40, 0.5, everything(net))
    assert out["v"][3].tobytes() == healthy["v"][0].tobytes()
    done.alive[[3, 4], [1, 2]] = False
    assert (numba_engine.run(net, [done], lanes, 40, 0.5, everything(net))["failed"] == -1).all()


def test_bad_input_says_what_is_wrong():
    net = network("graded", 6)
    lanes = Lanes(np.zeros(1, np.int32), np.zeros(1, np.uint64))
    record = everything(net)
    with pytest.raises(InputError, match="segments cover 10 steps of 20"):
        numba_engine.run(net, [quiet(0, 10, 6, 1)], lanes, 20, 0.5, record)
    with pytest.raises(InputError, match="segments must follow"):
        numba_engine.run(net, [quiet(0, 10, 6, 1), quiet(11, 20, 6, 1)], lanes, 20, 0.5, record)
    with pytest.raises(UnknownNameError, match="unknown state 'S'; closest: s"):
        numba_engine.run(net, [quiet(0, 10, 6, 1)], lanes, 10, 0.5, replace(record, states=("S",)))
    with pytest.raises(InputError, match="float16"):
        numba_engine.run(net, [quiet(0, 10, 6, 1)], lanes, 10, 0.5, record, "float16")
    e = replace(quiet(0, 10, 6, 1), poisson=Poisson(np.array([2], np.int32), np.array([0], np.int32), np.full((1, 1), 0.5),
                                                    np.ones((1, 1))))
    with pytest.raises(InputError, match="current pulse"):
        numba_engine.run(net, [e], lanes, 10, 0.5, record)


def test_the_plan_covers_every_variant_once_and_shares_what_can_be_shared():
    lanes = Lanes(np.repeat([0, 1, 2], [100, 40, 6]).astype(np.int32), np.zeros(146, np.uint64))
    blocks = planner.plan(lanes, [quiet(0, 1, 585, 146)], 585, np.float32, 2)
    assert sorted(np.concatenate([b.variants for b in blocks])) == list(range(146))
    assert all(b.width % 16 == 0 and 0 <= b.width - len(b.variants) < 16 for b in blocks)
    assert {b.layout for b in blocks} == {"shared", "lanes"}
    assert all(len(np.unique(lanes.sample[b.variants])) == 1 for b in blocks if b.layout == "shared")
    assert max(b.width for b in blocks) * 585 <= 60_000
    assert len(planner.plan(Lanes(lanes.sample[:100], lanes.stream[:100]), [quiet(0, 1, 9, 100)], 9, np.float32, 2)) == 2


def test_the_kernel_runs_without_compilation():
    """As plain Python, where a multiply-add is rounded twice: the same spikes, and voltages to rounding."""
    script = """
import numpy as np, sys
from small_network import everything, lanes_of, mixed, network
from wormsim.engines import numba_engine
net = network("lif", 8)
out = numba_engine.run(net, mixed(8, 1, 240, True), lanes_of(1, 1), 240, 0.1, everything(net), "float64", 1)
np.savez(sys.argv[1], **out)
"""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(Path(__file__).parent)}
        subprocess.run([sys.executable, "-c", script, f"{folder}/slow.npz"], env=env, check=True)
        slow = dict(np.load(f"{folder}/slow.npz"))
    net = network("lif", 8)
    fast = numba_engine.run(net, mixed(8, 1, 240, True), lanes_of(1, 1), 240, 0.1, everything(net), "float64", 1)
    assert fast["spikes"].sum() > 3
    assert (slow["spikes"] == fast["spikes"]).all()
    np.testing.assert_allclose(slow["v"], fast["v"], rtol=1e-12)


def test_the_catalog_lists_engines_by_the_name_that_simulate_takes(tmp_path, monkeypatch):
    import wormsim.engines
    from wormsim import catalog

    assert {"brian2", "numba"} <= set(catalog.names("engines"))
    assert not {"block", "cache", "codegen", "checks", "numba_engine"} & set(catalog.names("engines"))
    assert catalog.load("engines", "numba") is numba_engine
    with pytest.raises(UnknownNameError, match="unknown engine 'nunba'; closest: numba") as caught:
        catalog.load("engines", "nunba")
    assert caught.value.closest == ["numba"]
    (tmp_path / "fresh_engine.py").write_text("")
    monkeypatch.setattr(wormsim.engines, "__path__", [*wormsim.engines.__path__, str(tmp_path)])
    assert "fresh" in catalog.names("engines")

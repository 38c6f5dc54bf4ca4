"""Big graphs as arrays: the published fly model in Brian2, spike for spike; bytes counted; the same bits on any thread."""

import numpy as np
import pytest

from wormsim.engines.sparse import EventDrive, PoissonDrive, SparseNetwork, simulate_sparse
from wormsim.engines.trial import Rows, Trial
from wormsim.errors import InputError, SimulationError
from wormsim.kernels.random import event_draws, threshold

N, N_EDGES, N_DRIVEN, N_STEPS = 200, 6000, 30, 3000


@pytest.fixture(scope="module")
def edges():
    """Some pairs stand twice, some cells drive themselves."""
    rng = np.random.default_rng(5)
    pre, post = rng.integers(0, N, (2, N_EDGES))
    assert len(np.unique(pre * N + post)) < N_EDGES
    assert (pre == post).any()
    weight = (np.where(rng.random(N) < 0.7, 1, -1)[pre] * (1 + rng.geometric(0.15, N_EDGES)) * 0.275).astype(np.float32)
    return pre, post, weight


@pytest.fixture(scope="module")
def network(edges):
    refractory = np.where(np.arange(N) < N_DRIVEN, 0.0, 2.2)
    return SparseNetwork.from_edges(*edges, N, t_refractory_ms=refractory)


DRIVE = PoissonDrive(np.arange(N_DRIVEN), 150.0, 68.75, into="v")


def spikes_of(found, trial=0):
    return list(zip(found.step[found.trial == trial].tolist(), found.cell[found.trial == trial].tolist(), strict=True))


def test_the_published_fly_model_spike_for_spike(edges, network):
    """Transcribed from the published code: Poisson events straight into v, driven cells without refractory time."""
    import brian2 as b2
    from brian2 import ms, mV

    pre, post, weight = edges
    clock = b2.Clock(0.1 * ms)
    cells = b2.NeuronGroup(N, """dv/dt = (v_0 - v + g) / t_mbr : volt (unless refractory)
                                 dg/dt = -g / tau : volt (unless refractory)
                                 rfc : second""", method="linear", threshold="v > v_th", reset="v = v_rst; g = 0 * mV",
                           refractory="rfc", clock=clock,
                           namespace={"v_0": -52 * mV, "v_rst": -52 * mV, "v_th": -45 * mV, "t_mbr": 20 * ms, "tau": 5 * ms})
    cells.v, cells.rfc = -52 * mV, network.t_refractory_ms * ms
    synapses = b2.Synapses(cells, cells, "w : volt", on_pre="g += w", delay=1.8 * ms, clock=clock)
    synapses.connect(i=pre, j=post)
    synapses.w = weight.astype(float) * mV
    hits = event_draws(11, np.arange(N_STEPS)[:, None], np.arange(N_DRIVEN), 0) < threshold(0.015)
    step, cell = np.nonzero(hits)
    source = b2.SpikeGeneratorGroup(N_DRIVEN, cell, step * 0.1 * ms, clock=clock)
    into = b2.Synapses(source, cells, on_pre="v += 68.75*mV", clock=clock)
    into.connect(i=np.arange(N_DRIVEN), j=np.arange(N_DRIVEN))
    monitor = b2.SpikeMonitor(cells)
    b2.Network(cells, synapses, source, into, monitor).run(N_STEPS * 0.1 * ms, namespace={"mV": mV})
    theirs = sorted(zip(np.rint(np.asarray(monitor.t) * 1e4).astype(int).tolist(), np.asarray(monitor.i).tolist(), strict=True))
    ours = simulate_sparse(network, 300.0, poisson=DRIVE, streams=(11,), dtype="float64")
    assert len(theirs) > 1500
    assert len(np.unique(ours.cell)) > 2 * N_DRIVEN
    assert spikes_of(ours) == theirs
    given = simulate_sparse(network, 300.0, events=EventDrive(step[::-1], cell[::-1], 68.75, "v"), dtype="float64")
    assert spikes_of(given) == theirs
    single = simulate_sparse(network, 300.0, poisson=DRIVE, streams=(11,))
    # single precision: counts within 2 %, nearly all spikes in the same step
    assert abs(len(single.step) - len(theirs)) <= 0.02 * len(theirs)
    assert len(set(spikes_of(single)) & set(theirs)) >= 0.95 * len(theirs)


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_trials_are_the_same_alone_in_company_and_on_any_thread(network, threads):
    streams = (3, 2**63 + 5, 3, 8)
    found = simulate_sparse(network, 100.0, poisson=DRIVE, streams=streams, threads=threads)
    assert found.n_trials == 4
    for trial, stream in enumerate(streams):
        assert spikes_of(found, trial) == spikes_of(simulate_sparse(network, 100.0, poisson=DRIVE, streams=(stream,)))
    assert spikes_of(found, 0) == spikes_of(found, 2) != spikes_of(found, 1)
    assert (np.diff(found.trial) >= 0).all()


def test_an_ablated_cell_leaves_nothing_and_a_silent_one_still_spikes(edges, network):
    pre, post, weight = edges
    gone = np.array([3, 50, 120])
    alive = np.ones((N, 2), bool)
    alive[gone, 1] = False
    found = simulate_sparse(network, 200.0, poisson=DRIVE, streams=(4, 4), alive=alive)
    keep = ~np.isin(pre, gone) & ~np.isin(post, gone)
    cut = SparseNetwork.from_edges(pre[keep], post[keep], weight[keep], N, t_refractory_ms=network.t_refractory_ms)
    others = DRIVE.cells[~np.isin(DRIVE.cells, gone)]
    without = simulate_sparse(cut, 200.0, poisson=PoissonDrive(others, 150.0, 68.75, "v"), streams=(4,))
    assert spikes_of(found, 1) == spikes_of(without)
    assert spikes_of(found, 0) != spikes_of(found, 1)
    keep = ~np.isin(pre, gone)
    cut = SparseNetwork.from_edges(pre[keep], post[keep], weight[keep], N, t_refractory_ms=network.t_refractory_ms)
    mute = simulate_sparse(network, 200.0, poisson=DRIVE, release=~np.isin(np.arange(N), gone))
    assert spikes_of(mute) == spikes_of(simulate_sparse(cut, 200.0, poisson=DRIVE))
    assert np.isin(gone, mute.cell).any()


def test_rates_times_and_a_constant_drive():
    """One cell: the interval of a leaky integrate-and-fire cell in closed form, plus the refractory time."""
    lone = SparseNetwork.from_edges([], [], [], 2, t_refractory_ms=5.0)
    found = simulate_sparse(lone, 1000.0, current_mV=np.array([14.0, 0.0]))
    interval = 5.0 + 20.0 * np.log(14.0 / (14.0 - 7.0))
    assert np.diff(found.t_ms) == pytest.approx(interval, abs=0.11)
    assert found.rates_Hz() == pytest.approx(np.array([[1000 / interval, 0.0]]), rel=0.05)
    assert (found.cell == 0).all()


def test_contacts_of_two_bytes_are_the_weights_they_stand_for(edges):
    """Also where each cell has a threshold of its own, a few of them low: those are looked at in every step."""
    pre, post, weight = edges
    contacts = np.rint(weight / 0.275).astype(np.int16)
    own = np.random.default_rng(3).normal(-45.0, 1.5, N)
    own[:4] = -51.0
    counted = SparseNetwork.from_edges(pre, post, contacts, N, unit_mV=0.275, v_threshold_mV=own)
    assert counted.weight_mV.dtype == np.int16
    plain = SparseNetwork.from_edges(pre, post, contacts * 0.275, N, v_threshold_mV=own)
    a, b = (simulate_sparse(net, 300.0, poisson=DRIVE, dtype="float64") for net in (counted, plain))
    assert len(a.step) > 500
    assert spikes_of(a) == spikes_of(b)


def test_spikes_come_in_the_order_of_step_and_cell(network):
    found = simulate_sparse(network, 300.0, current_mV=8.0)
    key = found.step.astype(np.int64) * N + found.cell
    assert (np.diff(key) > 0).all()
    assert np.bincount(found.step).max() == N, "all cells start at rest and spike at once"


def test_no_spike_is_lost_where_all_cells_of_a_brain_wake_at_once(monkeypatch):
    """Cells that spike in the very step in which their refractory time ends, while others fill the buffer."""
    from wormsim.engines import trial

    def run(n):
        a = np.arange(n) < n // 2
        net = SparseNetwork.from_edges([], [], [], n, t_refractory_ms=np.where(a, 2.2, 3.0), v_reset_mV=-45.01)
        return np.bincount(simulate_sparse(net, 200.0, current_mV=np.where(a, 30.0, 25.0)).cell, minlength=n)

    few = run(2)
    monkeypatch.setattr(trial, "_SPIKES_AT_FIRST", 1)
    np.testing.assert_array_equal(run(3000), np.repeat(few, 1500))
    assert few.min() > 50


def test_a_cell_listed_twice_has_two_sources(network):
    twice = PoissonDrive(np.array([7, 2, 7]), np.array([100.0, 50.0, 100.0]), 68.75, "v")
    found = simulate_sparse(SparseNetwork.from_edges([], [], [], N, t_refractory_ms=0.0), 1000.0, poisson=twice)
    hits = event_draws(0, np.arange(9999)[:, None], 7, [0, 1]) < threshold(0.01)
    expected, at = [], -1
    for step in np.flatnonzero(hits.any(axis=1)):
        if step != at:  # what arrives in the step of a spike is dropped
            at = step + 1
            expected.append(at)
    assert found.step[found.cell == 7].tolist() == expected
    assert (hits.sum(axis=0) > 50).all()


def test_memory_stays_near_the_edges():
    """8 bytes an edge, taken without a copy, and less than 80 bytes a cell and trial beside them."""
    n, e = 2000, 300_000
    rng = np.random.default_rng(1)
    pre = np.sort(rng.integers(0, n, e))
    post, weight = rng.integers(0, n, e).astype(np.int32), np.ones(e, np.float32)
    network = SparseNetwork.from_edges(pre, post, weight, n)
    assert network.post is post
    assert network.weight_mV is weight
    assert network.post.nbytes + network.weight_mV.nbytes == 8 * e
    run = Trial(network.cells(0.1), Rows(network.indptr, network.post, network.weight_mV), np.ones(n, bool), 0, 0.1, np.float32)
    from wormsim.engines.trial import Input

    run.run(0, 100, Input(np.zeros(n), np.ones(n, bool)))
    own = {k: x for k, x in run.arguments.items() if isinstance(x, np.ndarray) and k not in ("row_start", "post", "weight")}
    by_cell = sum(x.nbytes for x in own.values() if n in x.shape)
    assert by_cell < 80 * n
    rest = sum(x.nbytes for x in own.values()) - by_cell
    assert rest < 1_000_000, "buffers of a fixed size"


@pytest.mark.parametrize(("change", "message"), [
    ({"post": np.array([0, 9])}, "target lies outside of 0 ... 2"),
    ({"indptr": np.array([0, 1, 1, 3])}, "indptr must rise from 0 to the number of edges"),
    ({"weight_mV": np.array([1.0])}, "2 targets and 1 weights"),
    ({"weight_mV": np.array([1.0, np.nan])}, "not a finite number"),
    ({"tau_m_ms": 0.0}, "tau_m_ms = 0.0 must be"),
    ({"unit_mV": 0.0}, "unit_mV = 0.0 must be"),
    ({"t_delay_ms": -1.0}, "t_delay_ms"),
    ({"v_threshold_mV": np.zeros(2)}, "v_threshold_mV must be one number or one for each of the 3 cells"),
    ({"t_refractory_ms": -2.0}, "t_refractory_ms"),
    ({"post": np.array([0.5, 1.0])}, "whole numbers"),
])
def test_arrays_that_do_not_fit_are_refused(change, message):
    arrays = {"indptr": np.array([0, 1, 1, 2]), "post": np.array([1, 2]), "weight_mV": np.ones(2)}
    with pytest.raises(InputError, match=message):
        SparseNetwork(**{**arrays, **change})


@pytest.mark.parametrize(("how", "message"), [
    ({"duration_ms": 0.05}, "whole number of steps"),
    ({"dtype": "float16"}, "float16"),
    ({"streams": ()}, "streams"),
    ({"streams": (-1,)}, "streams"),
    ({"alive": np.ones(3)}, "alive must be an array of bool"),
    ({"current_mV": np.ones(3)}, "current_mV"),
    ({"poisson": PoissonDrive(np.array([N]), 1.0, 1.0)}, "numbers between 0 and 199"),
    ({"poisson": PoissonDrive(np.array([1]), 2e4, 1.0)}, "rates must lie between"),
    ({"poisson": PoissonDrive(np.array([1]), 2.0, 1.0, "w")}, "into = 'w'"),
    ({"events": EventDrive(np.array([500]), np.array([1]), 1.0)}, "one step between 0 and 99"),
])
def test_runs_that_do_not_fit_are_refused(network, how, message):
    with pytest.raises(InputError, match=message):
        simulate_sparse(network, **{"duration_ms": 10.0, **how})


def test_edges_that_do_not_fit_and_time_constants_that_are_too_close_are_refused():
    with pytest.raises(InputError, match="sender lies outside"):
        SparseNetwork.from_edges([0, 5], [0, 1], [1.0, 1.0], 3)
    with pytest.raises(InputError, match="there must be as many"):
        SparseNetwork.from_edges([0], [0, 1], [1.0, 1.0], 3)
    with pytest.raises(InputError, match="loses digits"):
        simulate_sparse(SparseNetwork.from_edges([], [], [], 3, tau_syn_ms=20.0), 1.0)
    with pytest.raises(InputError, match="too long for a time constant"):
        simulate_sparse(SparseNetwork.from_edges([], [], [], 3, tau_syn_ms=0.001), 1.0)


def test_a_runaway_names_its_cell():
    net = SparseNetwork.from_edges([], [], [], 3)
    with pytest.raises(SimulationError, match="trial 0: cell 1 ran away"):
        simulate_sparse(net, 5.0, events=EventDrive(np.array([20]), np.array([1]), -1e9, "v"))

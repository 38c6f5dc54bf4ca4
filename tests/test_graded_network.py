"""The network of the closed loop against the package's own numba engine: the same equations, the same step."""

from __future__ import annotations

import numpy as np
import pytest

import wormsim as ws
from wormsim.animal import edges_of, individual, lower
from wormsim.body.parameters import PARAMETERS
from wormsim.kernels.graded_network import gap_sums, network_step
from wormsim.model import Model
from wormsim.perturbations import Ablate, BlockRelease
from wormsim.samples import Samples

DT_MS, STEPS, PULSE_PA = 1.0, 300, 1.5
G_CHEM, G_GAP, C_M, G_LEAK = 0.01, 0.003, 2.0, 0.05


@pytest.fixture(scope="module")
def circuit():
    return ws.load_circuit("whole_hermaphrodite")


def of_the_engine(circuit, perturbations):
    """Potentials (T, N) of the model by the numba engine in double precision."""
    model = Model.build(circuit, "graded", parameters={"g_chem_contact_nS": G_CHEM, "g_gap_contact_nS": G_GAP, "v_half_offset_mV": 0.0,
                                                       "C_m_pF": C_M, "g_leak_nS": G_LEAK, "a_d_per_s": 10.0, "a_r_per_s": 2.0})
    samples = Samples.draw(model.free, 1, 0, first=7)
    acts = (ws.Stimulate("AVM", "PLM", current_pA=PULSE_PA), *perturbations)
    run = ws.simulate(model, ws.Variants.cross(samples, {"pulse": acts}), duration_ms=STEPS * DT_MS, dt_ms=DT_MS, every_ms=DT_MS,
                      record=["*"], dtype="float64", check_step=False)
    return run.v_mV.isel(variant=0).sel(cell=list(circuit.connectome.cells.index)).to_numpy(), samples, model


def of_the_loop(circuit, samples, model, alive, release):
    """The same by the kernel of the closed loop, one lane."""
    network = model.lower(samples)
    exc, inh, gap = edges_of(network)
    n = len(network.cells)
    one = np.ones((n, 1), np.float32)
    v = np.broadcast_to(network.parameters["v_half"], (n, 1)).astype(np.float32).copy()  # no offset: the midpoint is the rest
    v_half = v.copy()
    s = np.full((n, 1), 2.0 / (2.0 + 20.0), np.float32)
    alive, release = (x.astype(np.float32)[:, None] for x in (alive, release))
    g_gap = np.empty((n, 1))
    gap_sums(one, alive, gap.start, gap.pre, gap.weight, g_gap)
    lane = np.array([[DT_MS / C_M], [G_LEAK], [2.0e-3 * DT_MS], [10.0e-3 * DT_MS], [0.125]], np.float32)
    current = np.zeros((n, 1), np.float32)
    current[circuit.connectome.cells.index.get_indexer(list(circuit.select("AVM", "PLM")))] = PULSE_PA
    out = np.empty((STEPS, n))
    room = np.empty((n, 1), np.float32), np.empty((n, 1), np.float32), np.empty((3, 1), np.float32)
    zero = np.zeros((n, 1), np.float32)
    for t in range(STEPS):
        out[t] = v[:, 0]
        network_step(v, s, v_half, one, release, one, g_gap.astype(np.float32), zero, current, alive, exc.start, exc.pre, exc.weight, inh.start,
                     inh.pre, inh.weight, gap.start, gap.pre, gap.weight, lane, np.float32(-35), np.float32(0), np.float32(-45), *room)
    return out


@pytest.mark.parametrize("case", ["intact", "ablated", "blocked"])
def test_the_loop_steps_the_network_as_the_engine_does(circuit, case):
    acts = {"intact": (), "ablated": (Ablate("AVA", "AVD"),), "blocked": (BlockRelease("PVC"),)}[case]
    theirs, samples, model = of_the_engine(circuit, acts)
    gone = np.isin(circuit.connectome.cells.index, circuit.select("AVA", "AVD")) & (case == "ablated")
    mute = np.isin(circuit.connectome.cells.index, circuit.select("PVC")) & (case == "blocked")
    ours = of_the_loop(circuit, samples, model, ~gone, ~(gone | mute))
    moved = np.abs(theirs - theirs[:1])[:, ~gone].max(axis=0)
    assert (moved > 0.1).sum() > 20  # the pulse goes somewhere
    assert np.abs(ours - theirs)[:, ~gone].max() < 2e-3  # float32 beside float64, mV


def test_a_flipped_sign_would_be_seen(circuit):
    """The planted defect: excitatory and inhibitory edges exchanged."""
    theirs, samples, model = of_the_engine(circuit, ())
    real = of_the_loop.__globals__["edges_of"]
    try:
        of_the_loop.__globals__["edges_of"] = lambda network: (real(network)[1], real(network)[0], real(network)[2])
        ours = of_the_loop(circuit, samples, model, np.ones(len(model.circuit.connectome.cells)), np.ones(len(model.circuit.connectome.cells)))
    finally:
        of_the_loop.__globals__["edges_of"] = real
    assert np.abs(ours - theirs).max() > 0.5


def test_rest_is_where_nothing_moves(circuit):
    import pandas as pd

    wiring = individual(circuit, 3)
    low = lower(wiring, pd.DataFrame({p.key: [p.value] * 2 for p in PARAMETERS}))
    n = len(wiring.cells)
    f = np.float32
    g_gap, one = np.empty((n, 2)), np.ones((n, 2))
    gap_sums(low.gain_gap, one, wiring.gap.start, wiring.gap.pre, wiring.gap.weight, g_gap)
    v, s = low.rest.astype(f)[:, :1].copy(), low.s_rest.astype(f)[:, :1].copy()
    p = low.lanes
    lane = np.stack([1.0 / p["C_m_pF"], p["g_leak_nS"], p["a_r"] * 1e-3, p["a_d_per_s"] * 1e-3, p["beta"]])[:, :1].astype(f)
    zero, room = np.zeros((n, 1), f), (np.empty((n, 1), f), np.empty((n, 1), f), np.empty((3, 1), f))
    pick = [np.ascontiguousarray(x[:, :1], f) for x in (low.v_half, low.gain_in, low.gain_out, low.gain_gap, g_gap)]
    exc, inh, gap = wiring.excitatory, wiring.inhibitory, wiring.gap
    for _ in range(500):
        network_step(v, s, *pick, zero, zero, one[:, :1].astype(f), exc.start, exc.pre, exc.weight, inh.start, inh.pre, inh.weight,
                     gap.start, gap.pre, gap.weight, lane, f(-35), f(0), f(-45), *room)
    assert np.abs(v[:, 0] - low.rest[:, 0]).max() < 5e-3
    assert np.abs(s[:, 0] - low.s_rest[:, 0]).max() < 1e-4

"""Time is counted in whole steps: after ten minutes nothing has drifted, and no counter has run over."""

import numpy as np
import pytest
from small_network import network, quiet
from tiny import tiny_circuit

from wormsim.circuit import load_circuit
from wormsim.engines import event_engine, numba_engine
from wormsim.errors import InputError
from wormsim.model import Model
from wormsim.network import Lanes, Network, Record
from wormsim.perturbations import Stimulate
from wormsim.simulation import simulate

TEN_MINUTES_MS = 600_000.0


@pytest.mark.parametrize("engine", ["numba", "event"])
def test_a_stimulus_in_the_last_tenth_of_a_second_of_ten_minutes_starts_at_its_step(engine):
    late = 599_900.0
    rows = [("ASEL", "AIYL", "chemical", 9.0, 1, 1.0)]  # the event engine takes no gap junction
    pulse = Stimulate("ASEL", start_ms=late, stop_ms=late + 3.3, current_pA=100.0)
    model = Model.build(tiny_circuit(rows), "lif").perturbed(pulse)
    run = simulate(model, duration_ms=TEN_MINUTES_MS, every_ms=0.1, record=["ASEL"], engine=engine, dtype="float64")
    v = run.v_mV.to_numpy()[0, :, 0]
    step = round(late / 0.1)
    assert len(v) == 6_000_000
    assert (v[:step + 1] == -52.0).all(), "the pulse acts in its first step, and shows at the end of it"
    np.testing.assert_allclose(v[step + 1], -52.0 + 100.0 * (1 - np.exp(-0.1 / 20.0)), rtol=0, atol=1e-9)
    early = Model.build(tiny_circuit(rows), "lif").perturbed(Stimulate("ASEL", start_ms=1.0, stop_ms=4.3, current_pA=100.0))
    same = simulate(early, duration_ms=101.0, every_ms=0.1, record=["ASEL"], engine=engine, dtype="float64")
    np.testing.assert_allclose(v[step:], same.v_mV.to_numpy()[0, 10:, 0], rtol=0, atol=1e-9)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_regular_cell_stays_regular_for_24_million_steps(dtype):
    """Ten minutes at 0.025 ms; every spike is the same number of steps after the one before."""
    full = network("lif", 2)
    none = tuple(type(p)(p.synapse, p.pre[:0], p.post[:0], {k: x[:0] for k, x in p.values.items()}) for p in full.pathways)
    net = Network(full.cells[:1], full.is_muscle[:1], full.neuron, none, full.parameters, 1)
    n, every = 24_000_000, 40
    drive = quiet(0, n, 1, 1)
    drive.current_pA[:] = 20.0
    out = numba_engine.run(net, [drive], Lanes(np.zeros(1, np.int32), np.zeros(1, np.uint64)), n, 0.025,
                           Record(np.zeros(1, np.int32), every, False, True), dtype)
    at = np.flatnonzero(out["spikes"][0, :, 0])
    assert out["spikes"].max() == 1
    assert len(at) > 50_000
    # frames are 40 steps long, so that a period of p steps shows as floor or ceil of p/40 frames, to the end
    assert np.ptp(np.diff(at)) <= 1
    mean = (at[-1] - at[0]) * every / (len(at) - 1)
    assert abs(mean - round(mean)) < every / len(at) * 1.1, "a period of whole steps, without a slip in ten minutes"


def test_counts_of_a_frame_that_could_run_over_are_refused():
    model = Model.build(tiny_circuit(), "lif")
    with pytest.raises(InputError, match="every_ms"):
        simulate(model, duration_ms=TEN_MINUTES_MS, every_ms=TEN_MINUTES_MS, spikes=True)
    quiet_run = simulate(model, duration_ms=10, every_ms=10, spikes=True)
    assert quiet_run.spikes.sum() == 0


def test_more_steps_than_the_counters_hold_are_refused():
    net = network("lif", 2)
    for engine in (numba_engine, event_engine):
        with pytest.raises(InputError, match="steps"):
            engine.run(net, [quiet(0, 2**31, 2, 1)], Lanes(np.zeros(1, np.int32), np.zeros(1, np.uint64)), 2**31, 0.1,
                       Record(np.zeros(1, np.int32), 2**31 - 1))


@pytest.mark.slow
def test_ten_minutes_of_the_turning_male():
    """The same drive at 1 s and at 599 s of a settled animal moves the same cells by the same."""
    model = Model.build(load_circuit("male_turning"), "graded", parameters={"g_gap_contact_nS": 0.01, "g_chem_contact_nS": 0.01})
    pulses = [Stimulate("R[1-9]*", start_ms=t, stop_ms=t + 200.0, current_pA=0.5) for t in (300_000.0, 599_000.0)]
    run = simulate(model.perturbed(*pulses), duration_ms=TEN_MINUTES_MS, dt_ms=0.5, every_ms=50.0, dtype="float64",
                   check_step=False)
    v = run.v_mV.to_numpy()[0]
    first, last = v[6000:6020], v[11980:12000]
    assert np.ptp(first, axis=0).max() > 0.5
    np.testing.assert_allclose(last, first, rtol=0, atol=1e-6)

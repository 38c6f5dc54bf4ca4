"""Bursts and rhythms that were put together by hand are found as they were put together."""

import numpy as np
import pytest

from wormsim.errors import InputError
from wormsim.metrics.bursts import bursts, crossings, pyloric_like, rhythm, spike_times

PERIOD, CYCLES = 1000.0, 8


def train(on, off, n=5, period=PERIOD, cycles=CYCLES, start=0.0):
    """A train that bursts from phase `on` to phase `off` of every cycle."""
    return np.concatenate([start + period * (k + np.linspace(on, off, n)) for k in range(cycles)])


def test_spikes_are_put_in_the_middle_of_their_frame():
    assert spike_times([0, 2, 0, 1], 0.5).tolist() == [0.75, 0.75, 1.75]


def test_crossings_are_upward():
    assert crossings([-30, -10, -5, -30, -21, -19], 0.1).tolist() == pytest.approx([0.1, 0.5])


def test_bursts_end_with_a_silence_and_single_spikes_are_none():
    assert bursts([0, 10, 20, 500, 510, 1200]).tolist() == [[0, 20, 3], [500, 510, 2]]
    assert bursts([0, 10, 20, 500, 510, 1200], least=1)[-1].tolist() == [1200, 1200, 1]
    assert bursts([0, 10, 20], gap_ms=5).shape == bursts([]).shape == (0, 3)
    with pytest.raises(InputError, match="ascending"):
        bursts([3, 1])


def test_a_triphasic_rhythm_has_its_period_phases_and_spikes():
    trains = [train(0.0, 0.3, 20), train(0.4, 0.65, 7), train(0.6, 1.05, 9)]
    found = rhythm(trains, 1500.0, 7500.0)
    assert found.cycles == 5
    assert found.period_ms == pytest.approx(PERIOD)
    assert found.period_cv == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(found.on, [0.0, 0.4, 0.6], atol=1e-9)
    np.testing.assert_allclose(found.off, [0.3, 0.65, 1.05], atol=1e-9)
    np.testing.assert_allclose(found.duty, [0.3, 0.25, 0.45], atol=1e-9)
    np.testing.assert_allclose(found.spikes, [20, 7, 9])
    assert found.once == found.ordered == 1.0
    assert pyloric_like(found)


@pytest.mark.parametrize(("name", "second", "third"), [
    ("third starts first", (0.5, 0.65), (0.4, 0.9)),
    ("third ends first", (0.4, 0.9), (0.5, 0.7)),
    ("second starts within the first", (0.2, 0.5), (0.6, 0.9)),
])
def test_bursts_out_of_order_are_not_pyloric(name, second, third):
    found = rhythm([train(0.0, 0.3), train(*second), train(*third)], 0.0, 8000.0)
    assert found.ordered == 0.0
    assert found.once == 1.0
    assert not pyloric_like(found)


def test_two_bursts_in_a_cycle_are_one_too_many():
    twice = np.sort(np.concatenate([train(0.4, 0.5, 3), train(0.7, 0.75, 3)]))
    found = rhythm([train(0.0, 0.2), twice, train(0.6, 0.9)], 0.0, 8000.0)
    assert found.once == found.ordered == 0.0
    assert found.on[1] == pytest.approx(0.4)


def test_a_silent_cell_and_a_silent_pacemaker():
    still = rhythm([train(0.0, 0.3), [], train(0.6, 0.9)], 0.0, 8000.0)
    assert still.period_ms == pytest.approx(PERIOD)
    assert np.isnan(still.on[1])
    assert not pyloric_like(still)
    none = rhythm([[], train(0.4, 0.5), train(0.6, 0.9)], 0.0, 8000.0)
    assert none.cycles == 0
    assert np.isnan(none.period_ms)
    assert not pyloric_like(none)


def test_a_burst_that_outlasts_the_recording_is_left_out():
    long = [train(0.0, 0.3), train(0.4, 0.6), train(0.9, 1.2)]
    assert rhythm(long, 0.0, 7300.0).cycles == 6
    assert rhythm(long, 0.0, 7400.0).cycles == 7
    assert rhythm(long, 0.0, 7300.0).off[2] == pytest.approx(1.2)


def test_irregular_cycles_have_a_variation():
    starts = np.cumsum([0, 900, 1100, 900, 1100, 900, 1100])
    found = rhythm([np.concatenate([s + np.array([0, 10.0]) for s in starts])], 0.0, 7000.0)
    assert found.period_cv == pytest.approx(0.1, rel=1e-6)

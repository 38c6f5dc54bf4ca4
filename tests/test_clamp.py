"""A clamped cell is where the clamp holds it, does not spike, and drives the others as such; in both engines."""

import numpy as np
import pytest
from tiny import tiny_circuit

from wormsim.circuit import load_circuit
from wormsim.engines.conformance import TOLERANCE_MV, compare
from wormsim.errors import InputError
from wormsim.model import Model
from wormsim.perturbations import BlockGapJunctions, Clamp, Stimulate
from wormsim.simulation import simulate
from wormsim.variants import Variants, effects

DRIVE = Stimulate("ASEL", current_pA=60.0)


@pytest.fixture(scope="module")
def lif():
    return DRIVE(Model.build(tiny_circuit(), "lif"))


def run(model, *done, spikes=True, **how):
    how = {"every_ms": 0.1 if spikes else 0.5, "dtype": "float64", "spikes": spikes, **how}
    return simulate(model.perturbed(*done), duration_ms=60, **how)


def test_the_record_is_the_voltage_of_the_clamp_from_onset_to_offset(lif):
    v = run(lif, Clamp("ASEL", v_mV=-33.0, start_ms=10, stop_ms=30)).v_mV.sel(cell="ASEL").values[0]
    free = run(lif).v_mV.sel(cell="ASEL").values[0]
    assert (v[100:301] == -33.0).all()
    assert (v[:100] == free[:100]).all()
    assert v[301] != -33.0


def test_a_clamped_cell_does_not_spike_and_goes_on_afterwards(lif):
    counts = run(lif, Clamp("ASEL", v_mV=20.0, start_ms=10, stop_ms=30)).spikes.sel(cell="ASEL").values[0]
    free = run(lif).spikes.sel(cell="ASEL").values[0]
    assert free[:100].sum() > 0
    assert np.array_equal(counts[:100], free[:100])
    assert counts[100:300].sum() == 0
    assert counts[300:302].sum() == 1, "above threshold when it is let go"
    assert counts[302:].sum() > 0


def test_neighbours_feel_the_clamp_through_gap_junctions_and_graded_synapses():
    graded = Model.build(tiny_circuit(), "graded")
    low, high = (run(graded, Clamp("AIYL", v_mV=v), spikes=False) for v in (-80.0, 0.0))
    assert (high.v_mV.sel(cell="AIZL").values[0, 50:] > low.v_mV.sel(cell="AIZL").values[0, 50:]).all()
    cut = [run(graded, Clamp("AIYL", v_mV=v), BlockGapJunctions(), spikes=False).v_mV for v in (-80.0, 0.0)]
    assert cut[0].sel(cell="AIZL").values.tobytes() == cut[1].sel(cell="AIZL").values.tobytes()
    assert cut[0].sel(cell="MVL20").values[0, -1] < cut[1].sel(cell="MVL20").values[0, -1]


def test_the_voltage_may_follow_a_sampled_parameter(lif):
    samples = lif.sample(3, seed=1)
    found = simulate(lif, Variants.cross(samples, {"x": (Clamp("AIYL", v_mV="v_threshold_mV"),)}), duration_ms=5, dtype="float64")
    assert np.array_equal(found.v_mV.sel(cell="AIYL").values[:, 2], samples.values["v_threshold_mV"])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_company_changes_no_bit(lif, dtype):
    cases = {"intact": (), "a": (Clamp("ASEL", "AIZL", v_mV=-40.0, start_ms=5, stop_ms=20),), "b": (Clamp("AIYL", v_mV=0.0),)}
    samples = lif.sample(2, seed=4)
    how = {"duration_ms": 40, "every_ms": 0.1, "dtype": dtype}
    whole = simulate(lif, Variants.cross(samples, cases), **how).v_mV.values
    many = simulate(lif, Variants.cross(samples, {f"{k}{n}": v for n in range(10) for k, v in cases.items()}), **how).v_mV.values
    for k, label in enumerate(cases):
        alone = simulate(lif, Variants.cross(samples.take([1]), {label: cases[label]}), **how).v_mV.values
        assert alone[0].tobytes() == whole[3 + k].tobytes()
        assert many[30 + k].tobytes() == whole[3 + k].tobytes()


def test_steps_that_are_run_again_are_held_from_their_first():
    """A runaway elsewhere in the block makes the engine go back to before the onset."""
    graded = Model.build(tiny_circuit(), "graded")
    clamp = Clamp("ASEL", v_mV=-33.0, start_ms=20)
    cases = {"good": (clamp,), "bad": (clamp, Stimulate("MDL20", start_ms=30, current_pA=1e7))}
    how = {"duration_ms": 60, "every_ms": 0.5, "on_failure": "mark", "check_step": False}
    both = simulate(graded, Variants.cross(graded.nominal(), cases), **how)
    alone = simulate(graded, Variants.cross(graded.nominal(), {"good": (clamp,)}), **how)
    assert both.v_mV.values[0].tobytes() == alone.v_mV.values[0].tobytes()
    assert both.manifest["failed_variants"]["1"]["between_ms"][0] >= 30


def test_brian2_clamps_refractory_cells_too_and_counts_the_same_spikes(lif):
    cases = {"intact": (), **{f"at {t} ms": (Clamp("ASEL", v_mV=v, start_ms=t, stop_ms=t + 15),)
                              for t, v in ((3.3, -70.0), (7.9, 0.0), (12.1, -20.0), (15.0, -52.0))}}
    rows = compare(lif, Variants.cross(lif.nominal(), cases), 60.0, every=1, engines=(("numba", "float64"),))
    assert (rows["max_difference_mV"] <= TOLERANCE_MV).all(), rows.to_string()
    assert rows["spikes_equal"].all(), rows.to_string()


def test_brian2_clamps_cells_whose_spikes_are_crossings():
    from wormsim.neurons.prinz2004 import published

    model = Model.build(load_circuit("pyloric"), "prinz2004", parameters=published(ABPD=2, LP=4, PY=1))
    held = (Clamp("LP", v_mV=10.0, start_ms=15, stop_ms=30), Clamp("ABPD", v_mV=-70.0, start_ms=20))
    rows = compare(model, Variants.cross(model.nominal(), {"intact": (), "held": held}), 60.0, every=4, engines=(("numba", "float64"),))
    print(rows.to_string())
    assert (rows["max_difference_mV"] <= 1e-6).all()
    assert rows["spikes_equal"].all()
    assert rows["spikes"][1] > 1, "rebound from the clamp, or nothing is compared"
    assert rows["effect_mV"][1] > 1


def test_two_voltages_at_one_time_are_refused_and_one_after_the_other_is_not(lif):
    one, other = Clamp("ASEL", "AIYL", v_mV=-40.0, stop_ms=20), Clamp("AIYL", v_mV=-50.0, start_ms=19)
    with pytest.raises(InputError, match=r"AIYL would be held at -40.0 mV and at -50.0 mV from 19 ms on"):
        effects(lif, Variants.cross(lif.nominal(), {"x": (one, other)}), 0.1, 500)
    with pytest.raises(InputError, match="AIYL would be held"):
        effects(lif.perturbed(one), Variants.cross(lif.nominal(), {"x": (other,)}), 0.1, 500)
    later, same = Clamp("AIYL", v_mV=-50.0, start_ms=20), Clamp("AIYL", v_mV=-40.0)
    v = simulate(lif, Variants.cross(lif.nominal(), {"x": (one, later)}), duration_ms=30).v_mV.sel(cell="AIYL").values[0]
    assert (v[:20] == -40).all()
    assert (v[20:] == -50).all()
    effects(lif, Variants.cross(lif.nominal(), {"x": (one, same), "y": (later,)}), 0.1, 500)


def test_bad_voltages_and_the_event_engine_are_refused(lif):
    for v in (float("nan"), float("inf")):
        with pytest.raises(InputError, match="finite"):
            Clamp("ASEL", v_mV=v)
    chemical = lif.circuit.with_connectome(lif.circuit.connectome.without(kinds=["electrical"]))
    with pytest.raises(InputError, match="voltage clamp.*engine='numba'"):
        run(Model.build(chemical, "lif", ("exponential",)), Clamp("ASEL", v_mV=0.0), engine="event")

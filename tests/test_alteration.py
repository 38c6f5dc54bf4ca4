"""Altered numbers: which columns there are, who shares them, what is refused, and that every engine does the same."""

from dataclasses import replace

import numpy as np
import pytest
from tiny import tiny_circuit

from wormsim.alteration import Changes
from wormsim.engines.conformance import TOLERANCE_MV, compare, driven, ray_circuit
from wormsim.errors import DataWarning, InputError, UnknownNameError
from wormsim.model import Model
from wormsim.parameter import Parameter, Prior
from wormsim.perturbation import Perturbation
from wormsim.perturbations import Ablate, BlockGapJunctions, BlockRelease, Scale, Silence, Stimulate
from wormsim.readers import load_connectome
from wormsim.simulation import simulate
from wormsim.variants import Variants, effects

DT = 0.1


class Shift(Perturbation):
    """Moves a parameter of cells: something that no shipped perturbation does."""

    alters = True

    def __init__(self, *cells, symbol, by, **window):
        super().__init__(*cells, **window)
        self.symbol, self.by = symbol, by

    def alter(self, changes, cells):
        changes.parameter(self.symbol)[cells] += changes.value(self.by, "mV")


class Brings(Shift):
    """A shift by a parameter of its own."""

    parameters = (Parameter("dv_test", 2.0, "mV", "made up for a test", "guess", Prior("uniform", 0.0, 5.0)),)

    def __init__(self, *cells, **window):
        super().__init__(*cells, symbol="v_threshold", by="dv_test_mV", **window)


@pytest.fixture(scope="module")
def model():
    return Stimulate("ASEL", current_pA=40.0)(Model.build(tiny_circuit(), "lif"))


def run(model, variants, **how):
    return simulate(model, variants, duration_ms=60, every_ms=0.1, **{"dtype": "float64", "engine": "numba", **how})


def test_without_altering_perturbations_there_is_no_altered_network(model):
    for e in effects(model, Variants.cross(model.sample(2), {"a": (), "b": (Ablate("AIYL"),)}), DT, 100):
        assert e.network is None
        assert e.sample is None


def test_a_column_is_a_sample_with_its_alterations(model):
    halved = Scale("ASEL", factor=0.5)
    cases = {"intact": (), "halved": (halved,), "same": (halved,), "identity": (Scale("ASEL", factor=1.0),),
             "lesion": (Ablate("AIYL"),)}
    variants = Variants.cross(model.sample(2, seed=3), cases)
    network = model.lower(variants.samples)
    (e,) = effects(model, variants, DT, 100, network)
    assert e.network.n_samples == 4
    by_label = e.sample.reshape(2, 5)
    assert (by_label[:, 1] == by_label[:, 2]).all()
    assert (by_label[:, [0]] == by_label[:, [3, 4]]).all()
    assert len(np.unique(by_label[:, :2])) == 4
    before, after = network.pathways[0], e.network.pathways[0]
    out = np.array(network.cells)[before.pre] == "ASEL"
    assert out.sum() == 2
    for k in range(2):
        assert np.array_equal(after.values["w"][:, by_label[k, 0]], before.values["w"][:, k])
        assert np.array_equal(after.values["w"][out][:, by_label[k, 1]], 0.5 * before.values["w"][out, k])
        assert np.array_equal(after.values["w"][~out][:, by_label[k, 1]], before.values["w"][~out, k])
    assert network.pathways[0].values["w"] is before.values["w"]


def test_only_identities_leave_the_network_as_it_was(model):
    cases = {"one": (Scale("*", factor=1.0),), "none lost": (BlockGapJunctions(fraction=0.0),)}
    for e in effects(model, Variants.cross(model.sample(2), cases), DT, 100):
        assert e.network is None


def test_alterations_act_in_the_order_in_which_they_were_added(model):
    class Set(Shift):
        def alter(self, changes, cells):
            changes.parameter(self.symbol)[cells] = self.by

    one, other = Set("AIYL", symbol="v_threshold", by=-40.0), Shift("AIYL", symbol="v_threshold", by=5.0)
    (e,) = effects(model, Variants.cross(model.nominal(), {"a": (one, other), "b": (other, one)}), DT, 10)
    assert e.network.parameters["v_threshold"][1, e.sample].tolist() == [-35.0, -40.0]
    (e,) = effects(model.perturbed(one), Variants.cross(model.nominal(), {"a": (other,)}), DT, 10)
    assert e.network.parameters["v_threshold"][1, e.sample].tolist() == [-35.0]


def test_windows_cut_and_equal_stretches_share_a_network(model):
    done = (Scale("ASEL", factor=0.0, start_ms=2, stop_ms=5), Silence("AIZL", start_ms=3, stop_ms=4))
    segments = effects(model, Variants.cross(model.nominal(), {"x": done}), DT, 100)
    assert [(e.start, e.stop, e.network is not None) for e in segments] == [
        (0, 20, False), (20, 30, True), (30, 40, True), (40, 50, True), (50, 100, False)]
    assert segments[1].network is segments[2].network is segments[3].network


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_variant_has_the_same_bits_in_any_company(model, dtype):
    samples = model.sample(3, seed=5)
    cases = {"intact": (), "weak": (Scale("ASEL", factor=0.3, start_ms=10, stop_ms=30),), "lesion": (Ablate("AIZL"),),
             "cut": (BlockGapJunctions(start_ms=20),), "lower": (Shift("AIYL", symbol="v_threshold", by=-8.0, start_ms=5),)}
    whole = run(model, Variants.cross(samples, cases), dtype=dtype).v_mV.values.reshape(3, 5, 600, 5)
    for k, label in enumerate(cases):
        alone = run(model, Variants.cross(samples.take([1]), {label: cases[label]}), dtype=dtype).v_mV.values
        assert alone[0].tobytes() == whole[1, k].tobytes(), label
        many = run(model, Variants.cross(samples, {f"{label}{n}": cases[label] for n in range(9)}), dtype=dtype).v_mV.values
        assert (many.reshape(3, 9, 600, 5).view(f"u{np.dtype(dtype).itemsize}")
                == whole[:, [k]].view(f"u{np.dtype(dtype).itemsize}")).all(), label
    plain = run(model, Variants.cross(samples)).v_mV.values if dtype == "float64" else None
    assert plain is None or plain.tobytes() == np.ascontiguousarray(whole[:, 0]).tobytes()
    assert all(not np.array_equal(whole[:, 0], whole[:, k], equal_nan=True) for k in range(1, 5))


def test_steps_that_are_run_again_pass_through_the_same_alterations():
    """A runaway elsewhere in the block makes the engine go back to before they began."""
    graded = Model.build(tiny_circuit(), "graded")
    good = (BlockGapJunctions(start_ms=5, stop_ms=40), Shift("AIYL", symbol="v_half", by=9.0, start_ms=20))
    cases = {"good": good, "bad": (*good, Stimulate("MDL20", start_ms=50, current_pA=1e7))}
    how = {"duration_ms": 80, "every_ms": 0.5, "on_failure": "mark", "check_step": False}
    both = simulate(graded, Variants.cross(graded.nominal(), cases), **how)
    alone = simulate(graded, Variants.cross(graded.nominal(), {"good": good}), **how)
    assert both.v_mV.values[0].tobytes() == alone.v_mV.values[0].tobytes()
    assert both.manifest["failed_variants"]["1"]["between_ms"][0] >= 50


@pytest.mark.parametrize("neuron", ["lif", "graded"])
def test_brian2_does_the_same(neuron):
    circuit = ray_circuit(load_connectome("cook2019_male"))
    model = driven(Model.build(circuit, neuron))
    threshold = {"lif": "v_threshold", "graded": "v_half"}[neuron]
    window = {"start_ms": 15.0, "stop_ms": 45.0}
    cases = {
        "intact": (),
        "weaker": (Scale("*", factor=0.4, **window),),
        "weaker for good": (Scale("*", factor=0.4),),
        "no junctions": (BlockGapJunctions(**window), Ablate("R1AL")),
        "threshold": (Shift("*", symbol=threshold, by=-3.0, **window), Scale("rays", factor=2.0, start_ms=30)),
    }
    rows = compare(model, Variants.cross(model.sample(1, seed=1), cases), 60.0, engines=(("numba", "float64"),))
    assert (rows["max_difference_mV"] <= TOLERANCE_MV).all(), rows
    assert not rows["spikes_equal"].isin([False]).any(), rows
    assert (rows["effect_mV"][1:] > 0.1).all(), rows


def test_the_event_engine_takes_alterations_of_the_whole_run_and_refuses_others(model):
    chemical = model.circuit.with_connectome(model.circuit.connectome.without(kinds=["electrical"]))
    model = Stimulate("ASEL", current_pA=40.0)(Model.build(chemical, "lif", ("exponential",)))
    samples = model.sample(2, seed=5)
    cases = {"intact": (), "weak": (Scale("ASEL", factor=0.3),), "lower": (Shift("AIYL", symbol="v_threshold", by=-2.0),)}
    rows = compare(model, Variants.cross(samples, cases), 60.0, DT, engines=(("event", "float64"),))
    assert len(rows) == 3
    assert (rows["max_difference_mV"] <= TOLERANCE_MV).all(), rows
    assert rows["spikes_equal"].all()
    assert rows["effect_mV"][1] > 0.1
    with pytest.raises(InputError, match="middle of the run.*engine='numba'"):
        run(model, Variants.cross(samples, {"x": (Scale("ASEL", factor=0.3, start_ms=5),)}), engine="event")


def test_a_factor_may_follow_a_sampled_parameter():
    extra = Parameter("gain_test", 1.0, "", "made up for a test", "guess", Prior("uniform", 0.1, 0.9))
    model = Model.build(tiny_circuit(), "lif", extra=(extra,))
    samples = model.sample(3, seed=2)
    network = model.lower(samples)
    (e,) = effects(model, Variants.cross(samples, {"x": (Scale("ASEL", factor="gain_test"),)}), DT, 10, network)
    here = network.pathways[0].pre == 0
    want = network.pathways[0].values["w"][here] * samples.values["gain_test"].to_numpy()
    assert np.array_equal(e.network.pathways[0].values["w"][here][:, e.sample], want)


def test_a_perturbation_brings_its_own_parameter_and_moves_no_other_draw():
    model = Model.build(tiny_circuit(), "lif")
    brought = model.perturbed(Brings("AIYL"))
    assert "dv_test_mV" in brought.free
    before, after = model.sample(4, seed=9).values, brought.sample(4, seed=9).values
    assert np.array_equal(before, after[before.columns])
    (e,) = effects(brought, Variants.cross(brought.sample(4, seed=9)), DT, 10)
    assert np.allclose(e.network.parameters["v_threshold"][1, e.sample], after["v_threshold_mV"] + after["dv_test_mV"])
    fixed = brought.with_parameters({"dv_test_mV": 1.0}).perturbed(Brings("AIZL"))
    assert fixed.parameters["dv_test_mV"].value == 1.0
    assert fixed.parameters["dv_test_mV"].prior is None
    only_some = model.prepared_for(Brings("AIYL"))
    assert only_some.perturbations == ()
    assert effects(only_some, Variants.cross(only_some.nominal(), {"x": (Brings("AIYL"),)}), DT, 10)[0].network is not None
    with pytest.raises(UnknownNameError, match="prepared_for"):
        effects(model, Variants.cross(model.nominal(), {"x": (Brings("AIYL"),)}), DT, 10)


def test_a_parameter_that_the_model_has_already_is_refused():
    model = Model.build(tiny_circuit(), "lif")
    thief = Brings("AIYL")
    thief.parameters = (Parameter("tau_m", 5.0, "ms", "made up for a test", "guess"),)
    with pytest.raises(InputError, match="brings a parameter tau_m"):
        model.perturbed(thief)
    thief.parameters = (replace(Brings.parameters[0], unit="nS", prior=None),)
    with pytest.raises(InputError, match="dv_test"):
        model.perturbed(Brings("AIYL"), thief)


@pytest.mark.parametrize("symbol", ["t_refractory", "t_delay"])
def test_delays_and_refractory_times_are_fixed_for_a_run(model, symbol):
    with pytest.raises(InputError, match="with_parameters"):
        effects(model, Variants.cross(model.nominal(), {"x": (Shift("AIYL", symbol=symbol, by=1.0),)}), DT, 10)


def test_what_does_not_exist_or_is_no_number_is_said(model):
    with pytest.raises(UnknownNameError, match="v_treshold"):
        effects(model, Variants.cross(model.nominal(), {"x": (Shift("AIYL", symbol="v_treshold", by=1.0),)}), DT, 10)
    with pytest.raises(InputError, match="not a number"):
        effects(model, Variants.cross(model.nominal(), {"x": (Shift("AIYL", symbol="v_rest", by=np.nan),)}), DT, 10)
    extra = Parameter("beyond", 1.5, "", "made up for a test", "guess")
    wrong = Model.build(tiny_circuit(), "lif", extra=(extra,))
    for p in (BlockGapJunctions(fraction="beyond"), BlockRelease("ASEL", fraction="beyond")):
        with pytest.raises(InputError, match=r"multiplied by -0.5, below 0"):
            effects(wrong, Variants.cross(wrong.nominal(), {"x": (p,)}), DT, 10)
    with pytest.raises(InputError, match="1000000000 altered columns of 6 edge values.*run fewer"):
        Changes(model.lower(model.nominal()), np.broadcast_to(np.int64(0), 10**9))
    changes = Changes(model.lower(model.nominal()), np.zeros(1, int))
    with pytest.raises(UnknownNameError, match="carried by the edges"):
        changes.pathways[0].values("g")


@pytest.mark.parametrize("make", [
    lambda: Scale("ASEL", factor=-0.1), lambda: Scale("ASEL", factor=float("nan")), lambda: Scale("ASEL", factor=float("inf")),
    lambda: Scale("ASEL", factor=1, kind="gap"), lambda: Scale("ASEL", factor=1, kind="electrical", transmitter="GABA"),
    lambda: BlockGapJunctions(fraction=1.5), lambda: BlockGapJunctions(fraction=-1), lambda: BlockGapJunctions(fraction=float("nan")),
])
def test_doses_that_make_no_sense_are_refused(make):
    with pytest.raises(InputError):
        make()


def test_a_perturbation_that_finds_nothing_is_counted(model):
    with pytest.warns(DataWarning, match=r"1 perturbation.*touch nothing.*Scale\('MVL20'\)"):
        effects(model, Variants.cross(model.nominal(), {"x": (Scale("MVL20", factor=0.0),)}), DT, 10)


def test_scaling_is_by_cells_at_both_ends_and_by_transmitter(model):
    def scaled(p):
        (e,) = effects(model, Variants.cross(model.nominal(), {"x": (p,)}), DT, 10)
        found = set()
        for before, after in zip(model.lower(model.nominal()).pathways, e.network.pathways, strict=True):
            (symbol,) = before.values
            moved = (before.values[symbol] != after.values[symbol]).any(axis=1)
            found |= {(e.network.cells[a], e.network.cells[b]) for a, b in zip(before.pre[moved], before.post[moved], strict=True)}
        return found

    assert scaled(Scale("*", factor=0.5, onto="MVL20")) == {("AIYL", "MVL20"), ("AIZL", "MVL20")}
    assert scaled(Scale("*", factor=0.5, transmitter="glutamate")) == {("ASEL", "AIYL"), ("ASEL", "AIZL")}
    assert scaled(Scale("*", factor=0.5, kind="electrical")) == {("AIYL", "AIZL"), ("AIZL", "AIYL")}
    assert scaled(BlockGapJunctions("AIZL", onto="AIYL", fraction=0.5)) == {("AIYL", "AIZL"), ("AIZL", "AIYL")}


def test_on_another_wiring_the_connections_are_looked_up_anew(model):
    rows = [("AIZL", "MVL20", "chemical", 3.0, 1, 1.0), ("ASEL", "MVL20", "chemical", 5.0, 1, 1.0)]
    halved = Scale("ASEL", factor=0.5)
    other = halved(model).with_circuit(tiny_circuit(rows))
    resolved = halved.resolve(model.circuit)
    for changed, cases in ((other, None), (model.with_circuit(tiny_circuit(rows)), {"x": (resolved,)})):
        network = changed.lower(changed.nominal())
        (e,) = effects(changed, Variants.cross(changed.nominal(), cases), DT, 10, network)
        ratio = e.network.pathways[0].values["w"][:, e.sample[0]] / network.pathways[0].values["w"][:, 0]
        assert ratio.tolist() == [0.5, 1.0]
        assert [network.cells[k] for k in network.pathways[0].pre] == ["ASEL", "AIZL"]

"""Modulation by a level: the sizes are those of the rules, in both engines, and a genotype takes receptors away."""

import numpy as np
import pytest
from modulated import modulated_circuit, silent

from wormsim.circuit import load_circuit
from wormsim.errors import DataWarning, InputError, UnknownNameError
from wormsim.model import Model
from wormsim.modulator_rules import occupancy
from wormsim.perturbations import Genotype, Modulate, Rescue, Stimulate
from wormsim.simulation import simulate
from wormsim.variants import Variants, effects

pytestmark = pytest.mark.filterwarnings("ignore::wormsim.errors.DataWarning")
HIGH = 0.9  # what "high" occupies of a receptor at its nominal affinity
CELLS = modulated_circuit().connectome.cells.index


def model_of(neuron="lif", *given):
    return Model.build(modulated_circuit(), neuron).prepared_for(*given)


def one_effect(model, *perturbations, samples=None):
    variants = Variants.cross(samples or model.nominal(), {"x": perturbations})
    return model.lower(variants.samples), effects(model, variants, 0.1, 100)[0]


def test_a_channel_opens_towards_its_reversal():
    bath = Modulate("serotonin", "high")
    model = Model.build(silent(modulated_circuit()), "lif").prepared_for(bath)
    v = simulate(model, Variants.cross(model.nominal(), {"x": (bath,)}), duration_ms=400, record=["AIYL", "ASEL"], dtype="float64").v_mV
    x = HIGH * model.parameters["open_serotonin_mod_1"].value
    expected = (-52.0 + x * model.parameters["E_serotonin_mod_1_mV"].value) / (1 + x)
    assert float(v.sel(cell="AIYL")[0, -1]) == pytest.approx(expected, abs=1e-4)
    assert float(v.sel(cell="ASEL")[0, -1]) == -52.0


@pytest.mark.parametrize(("modulator", "receptor", "cell", "sign"), [("pdf", "pdfr_1", "AIYL", 1), ("tyramine", "ser_2", "AIZL", -1)])
@pytest.mark.parametrize(("neuron", "threshold"), [("lif", "v_threshold"), ("graded", "v_half"), ("adex", "v_T")])
def test_metabotropic_receptors_move_threshold_and_release(modulator, receptor, cell, sign, neuron, threshold):
    bath = Modulate(modulator, "high", without=["tyra-2"] if modulator == "tyramine" else [])  # which ASEL has
    before, effect = one_effect(model_of(neuron, bath), bath)
    after = effect.network
    i = list(CELLS).index(cell)
    neurons = [i, list(CELLS).index("ASEL")]
    n = np.broadcast_to(before.parameters[threshold], (5, before.parameters[threshold].shape[1]))
    moved = after.parameters[threshold][neurons, 0] - n[neurons, 0]
    assert moved[0] == pytest.approx(-sign * HIGH * 2.0)
    assert moved[1] == 0
    for old, new in zip(before.pathways, after.pathways, strict=True):
        for symbol, x in old.values.items():
            factor = np.where((old.pre == i) & (old.synapse.kind == "chemical"), 1.5 ** (sign * HIGH), 1.0)
            chemical = np.isin(CELLS[old.pre], ["ASEL", cell]) | (old.synapse.kind == "electrical")
            assert np.allclose(new.values[symbol][chemical, 0], (x[:, 0] * factor)[chemical])


def test_a_muscle_gets_a_current_and_stronger_input():
    bath = Modulate("serotonin", "high")
    before, effect = one_effect(model_of("lif", bath), bath)
    i = list(CELLS).index("dglL1")
    assert effect.current_pA[:, 0].nonzero()[0].tolist() == [i]
    assert effect.current_pA[i, 0] == pytest.approx(HIGH * 2.0 * 1.0)
    old, new = before.pathways[0], effect.network.pathways[0]
    factor = np.where(old.post == i, 1.5**HIGH, 1.0)
    assert np.allclose(new.values["w"][:, 0], old.values["w"][:, 0] * factor)


def test_what_receptors_act_on_can_be_asked_for():
    bath = Modulate("pdf", "high", acts_on=["gap", "time_constant", "current"])
    before, effect = one_effect(model_of("lif", bath), bath)
    i, up = list(CELLS).index("AIYL"), 1.5**HIGH
    assert effect.network.parameters["tau_m"][i, 0] == pytest.approx(20.0 * up)
    assert effect.network.parameters["tau_m"][0, 0] == 20.0
    assert np.allclose(effect.network.pathways[1].values["g_gap"], before.pathways[1].values["g_gap"] * up)
    assert np.array_equal(effect.network.pathways[0].values["w"], before.pathways[0].values["w"])
    assert effect.current_pA[i, 0] == pytest.approx(HIGH * 2.0)
    with pytest.raises(UnknownNameError, match="threshold"):
        Modulate("pdf", 1, acts_on=["treshold"])


def test_sizes_and_affinities_are_sampled_receptor_by_receptor():
    bath = Modulate("serotonin", 1.0)
    model = model_of("lif", bath)
    samples = model.sample(3, seed=5)
    _, effect = one_effect(model, bath, samples=samples)
    half, shift = (samples.values[k].to_numpy() for k in ("half_serotonin_ser_1", "shift_serotonin_ser_1_mV"))
    assert np.allclose(effect.current_pA[list(CELLS).index("dglL1")], occupancy(1.0, half) * shift)
    plain = model_of("lif")
    free = list(plain.free)
    assert plain.sample(3, seed=5).values.equals(samples.values[free]), "a modulator moves no draw of the others"


@pytest.mark.parametrize("neuron", ["lif", "graded"])
def test_no_concentration_is_no_modulator_to_the_bit(neuron):
    drive = Stimulate("ASEL", current_pA=40.0 if neuron == "lif" else 0.1)
    plain = drive(Model.build(modulated_circuit(), neuron))
    model = plain.prepared_for(Modulate("serotonin", 0))
    how = {"duration_ms": 60, "dtype": "float32"}
    cases = {"none": (Modulate("serotonin", "none"),), "some": (Modulate("serotonin", 0.5),), "0": (Modulate("serotonin", 0.0),)}
    found = simulate(model, Variants.cross(model.nominal(), cases), **how).v_mV.to_numpy()
    before = simulate(plain, Variants.cross(plain.nominal()), **how).v_mV.to_numpy()
    assert found[0].tobytes() == before[0].tobytes() == found[2].tobytes()
    alone = simulate(model, Variants.cross(model.nominal(), {"some": cases["some"]}), **how).v_mV.to_numpy()
    assert found[1].tobytes() == alone[0].tobytes() != before[0].tobytes()


def test_a_missing_receptor_is_that_of_the_mutant():
    without, mutant = Modulate("serotonin", 1.0, without=["mod-1"]), Modulate("serotonin", 1.0)
    model = model_of("lif", mutant)
    cases = {"without": (without,), "mutant": (Genotype("mod-1"), mutant), "wild": (mutant,), "tph-1": (Genotype("tph-1"), mutant),
             "rescued": (m := Genotype("mod-1"), Rescue("AIYL", of=m), mutant)}
    (e,) = effects(model, Variants.cross(model.nominal(), cases), 0.1, 100)
    g = dict(zip(cases, e.conductance_nS.T, strict=True))
    assert np.array_equal(g["without"], g["mutant"])
    assert not g["mutant"].any()
    assert np.array_equal(g["wild"], g["tph-1"]), "serotonin that is given needs no synthesis"
    assert g["rescued"].nonzero()[0].tolist() == [list(CELLS).index("AIYL")]
    assert g["rescued"].max() == g["wild"].max() > 0


def test_bad_input_says_which():
    with pytest.raises(InputError, match="at least 0"):
        Modulate("serotonin", -1)
    with pytest.raises(InputError, match="at least 0"):
        Modulate("serotonin", float("nan"))
    with pytest.raises(UnknownNameError, match="mod-1"):
        Modulate("serotonin", 1, without=["mod-2"])
    with pytest.raises(InputError, match=r"no cell of pyloric has a receptor for serotonin \(mod-1"):
        Modulate("serotonin", 1)(Model.build(load_circuit("pyloric"), "prinz2004"))
    with pytest.warns(DataWarning, match=r"4 receptor\(s\) of serotonin that no cell of modulated has \(ser-4, ser-5, ser-7, lgc-50\)"):
        Modulate("serotonin", 1).resolve(modulated_circuit())


def test_the_manifest_says_modulator_and_level():
    said = Modulate("flp-11", "low", start_ms=5).describe()
    assert (said["modulator"], said["level"], said["concentration"], said["start_ms"]) == ("flp_11", "low", 1 / 9, 5.0)

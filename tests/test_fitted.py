"""Fitted ensembles: what is saved is what is loaded, they stand where draws stand, and another model refuses them."""

import numpy as np
import pandas as pd
import pytest
from tiny import tiny_circuit
from typer.testing import CliRunner

import wormsim
from wormsim.cli import app
from wormsim.errors import InputError
from wormsim.fitted import FittedEnsemble, identity
from wormsim.model import Model
from wormsim.parameter import Prior
from wormsim.samples import Samples
from wormsim.screen import find_samples, remove_cells, setting
from wormsim.studies.ablation_screen import ablate
from wormsim.variants import Variants

OF = {"assay": "mating_turn", "circuit": "male_turning", "wiring": {"kind": "real", "seed": 0}, "neuron": "lif", "parameters": {},
      "seed": 4}


def of_samples(model: Model, samples: Samples) -> FittedEnsemble:
    """An ensemble whose members are these samples."""
    n = len(samples)
    scores = pd.DataFrame({"fold": np.arange(n) % 2, "train": 0.5, "held_out": np.linspace(0, 1, n)}, index=samples.values.index)
    return FittedEnsemble(samples.values, samples.draws, samples.seed, scores, identity(model), {"objective": "none", "fit": {}})


@pytest.fixture
def tiny() -> Model:
    return Model.build(tiny_circuit(), "graded")


def test_saved_and_loaded_is_the_same(tiny, tmp_path):
    samples = tiny.sample(5, seed=3)
    samples = Samples(samples.values, samples.seed, draws=np.array([4, 4, 2, 2, 0]))
    ensemble = of_samples(tiny, samples)
    again = FittedEnsemble.load(ensemble.save(tmp_path / "fitted.nc"))
    pd.testing.assert_frame_equal(again.values, ensemble.values)
    pd.testing.assert_frame_equal(again.scores, ensemble.scores)
    assert np.array_equal(again.draws, ensemble.draws)
    assert (again.seed, again.model, again.about) == (ensemble.seed, ensemble.model, ensemble.about)
    assert "5 members of graded on tiny" in repr(again)
    assert again.save(tmp_path / "again.nc").read_bytes() == (tmp_path / "fitted.nc").read_bytes()


def test_its_samples_give_the_traces_of_the_draws_they_came_from(tiny):
    samples = tiny.sample(4, seed=3)
    driven = wormsim.Stimulate("ASEL", g_nS=0.2)(tiny)
    members = of_samples(tiny, samples).samples_for(driven)
    runs = [wormsim.simulate(driven, Variants.cross(s), duration_ms=100).v_mV.to_numpy() for s in (samples, members)]
    assert np.array_equal(*runs)
    assert np.ptp(runs[0][:, -1], axis=0).max() > 0.01


def test_one_draw_is_one_animal(tiny):
    """Members of one draw have the same signs and strength factors, members of two do not."""
    values = pd.concat([tiny.sample(1, seed=3).values] * 3, ignore_index=True)
    network = tiny.lower(Samples(values, 3, draws=np.array([5, 5, 6])))
    g = network.pathways[0].values["g_exc"] + network.pathways[0].values["g_inh"]
    assert np.array_equal(g[:, 0], g[:, 1])
    assert not np.array_equal(g[:, 0], g[:, 2])
    alone = tiny.lower(Samples(values.iloc[[0]].set_axis([6]), 3))
    assert np.array_equal(network.pathways[0].values["g_inh"][:, [2]], alone.pathways[0].values["g_inh"])


def test_what_the_fit_did_not_know_is_drawn_and_what_it_fixed_stays(tiny):
    fixed = tiny.with_parameters({"contact_exponent": 0.7})
    ensemble = of_samples(fixed, fixed.sample(6, seed=1))
    freed = tiny.with_parameters({"g_leak_nS": Prior("loguniform", 0.005, 0.02), "g_chem_contact_nS": 0.02})
    known = {k: v for k, v in ensemble.model["parameters"].items() if k != "g_leak_nS"}
    older = FittedEnsemble(ensemble.values, ensemble.draws, 1, ensemble.scores, {**ensemble.model, "parameters": known}, {})
    values = older.samples_for(freed).values
    assert (values["contact_exponent"] == 0.7).all()
    assert values["g_leak_nS"].nunique() == 6
    assert values["g_chem_contact_nS"].equals(ensemble.values["g_chem_contact_nS"])


def other_edges():
    return tiny_circuit([("ASEL", "AIYL", "chemical", 9.0, 1, 1.0), ("AIYL", "AIZL", "electrical", 3.0, None, float("nan"))])


@pytest.mark.parametrize(("other", "message"), [
    (lambda m: Model.build(tiny_circuit(), "lif"), r"fitted on neuron graded, not on lif"),
    (lambda m: m.with_circuit(other_edges()), r"another wiring of tiny"),
    (lambda m: Model.build(wormsim.load_circuit("gentle_touch"), "graded"), r"fitted on circuit tiny, not on gentle_touch"),
    (lambda m: m.with_parameters({"g_leak_nS": 0.02}), r"fitted with g_leak_nS = 0.01, and this model has 0.02"),
    (lambda m: Model.build(tiny_circuit(), "graded", synapses=("gap_junction",)), r"fitted on synapses graded_chemical \+ gap_junction"),
])
def test_another_model_is_refused(tiny, other, message):
    with pytest.raises(InputError, match=message):
        of_samples(tiny, tiny.sample(2)).samples_for(other(tiny))


def test_a_control_has_another_wiring_on_purpose(tiny):
    ensemble = of_samples(tiny, tiny.sample(2))
    assert len(ensemble.samples_for(tiny.with_circuit(other_edges()), same_wiring=False)) == 2


def test_what_is_no_ensemble_says_so(tiny, tmp_path):
    (tmp_path / "text.nc").write_text("not netCDF")
    recording = wormsim.simulate(tiny, duration_ms=1)
    recording.save(tmp_path / "recording.nc")
    for name, message in (("absent.nc", "no such file"), ("text.nc", "is not netCDF"), ("recording.nc", "holds no fitted ensemble")):
        with pytest.raises(InputError, match=message):
            FittedEnsemble.load(tmp_path / name)


# ---------------------------------------------------------------- in a screen


@pytest.fixture(scope="module")
def turning(tmp_path_factory):
    """File of an ensemble that is the first 24 draws of the turning assay's own priors."""
    _, model = setting(OF)
    path = tmp_path_factory.mktemp("fitted") / "fitted.nc"
    of_samples(model, model.sample(24, OF["seed"])).save(path)
    return path


def test_a_screen_of_members_is_that_of_the_draws_they_came_from(turning):
    found = [find_samples({**OF, "first": 8, "n": 16, **more}) for more in ({}, {"fitted": str(turning)})]
    pd.testing.assert_frame_equal(*found)
    case = {"samples": [9, 12], "cases": {"ablated": ["ablate", ["PVY"]]}}
    pd.testing.assert_frame_equal(*(remove_cells({**OF, **case, **more}) for more in ({}, {"fitted": str(turning)})))


def test_ablate_takes_the_members_and_no_more(turning, tmp_path, monkeypatch):
    monkeypatch.setenv("WORMSIM_CACHE_DIR", str(tmp_path))
    answer = ablate(["PVY"], "mating_turn", circuit="male_turning", model="graded", seed=4, fitted=turning)
    assert answer["model"] == "lif"
    assert answer["acceptance"]["candidates"] == 24
    assert answer["samples"] <= 24


def test_the_command_line_refuses_another_circuit_and_a_double_setting(turning):
    def call(*arguments):
        return CliRunner().invoke(app, list(arguments))

    done = call("ablate", "PVY", "--assay", "mating_turn", "--model", str(turning))
    assert done.exit_code == 2
    assert "fitted on circuit male_turning, not on whole_male" in " ".join(done.output.split())
    done = call("run", "mating_turn", "--model", str(turning), "--out", str(turning.parent / "out"))
    assert done.exit_code == 2
    assert "not on whole_male" in " ".join(done.output.split())
    assert not (turning.parent / "out").exists()
    done = call("run", "mating_turn", "--model", str(turning), "--set", "model.fitted=x.nc")
    assert done.exit_code == 2
    assert "--model sets model.fitted, and so does --set" in " ".join(done.output.split())

"""Fitting: finds a known optimum, sees no held-out unit, goes on after a kill with the same bytes, and is beaten by no control of its own."""

import hashlib
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fit_fixture import add_objectives, remove_objectives
from objectives_for_tests.bowl import BEST
from study_fixture import code_version

from wormsim import fitting
from wormsim.errors import DataWarning, InputError
from wormsim.experiment import fit_experiment, load_experiment
from wormsim.experiment import run as run_experiment
from wormsim.fitted import FittedEnsemble
from wormsim.fitting import Search, fit, fold_of, pooled, to_samples, unfitted, weights
from wormsim.parameter import Prior
from wormsim.runner import Runner

LAUNCHER = str(Path(__file__).with_name("fit_fixture.py"))
QUICK = {"fit.generations": 12, "fit.population": 8, "fit.chains": 4, "fit.bootstrap": 100, "controls.degree": 1, "controls.priors": 16}


@pytest.fixture(autouse=True, scope="module")
def _objectives():
    add_objectives()
    yield
    remove_objectives()


def search(**changes) -> Search:
    given = {"objective": "bowl", "settings": {}, "wiring": {"kind": "real", "seed": 0}, "seed": 3, "chains": 4, "folds": 4,
             "population": 10, "generations": 40, "spread": 0.25}
    return Search(**(given | changes))


def quiet(tmp_path) -> Runner:
    return Runner(tmp_path, jobs=1, progress=False)


def test_every_chain_finds_the_bottom_of_the_bowl(tmp_path):
    found = fit(search(), quiet(tmp_path), "fit", bootstrap=100)
    assert found.cube.shape == (4, 4)
    assert np.abs(found.cube - BEST).max() < 0.02
    assert (found.scores["held_out"] > -0.001).all()
    by_generation = found.progress.groupby("generation")["best"].median()
    assert by_generation.iloc[-1] > by_generation.iloc[0]
    chance = unfitted(search(), 40, quiet(tmp_path), "priors", bootstrap=100)
    assert chance.scores["held_out"].max() < found.scores["held_out"].min()


def test_the_users_random_numbers_are_left_alone(tmp_path):
    np.random.seed(1)  # noqa: NPY002 -- the point of the test
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    fit(search(generations=3), quiet(tmp_path), "fit", bootstrap=100)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_candidates_that_ran_away_are_ranked_last_and_counted(tmp_path):
    found = fit(search(settings={"runs_away": True}), quiet(tmp_path), "fit", bootstrap=100)
    assert found.progress["ran_away"].sum() > 0
    assert np.abs(found.cube - BEST).max() < 0.05


def test_a_chain_is_scored_without_its_fold():
    """Spoil the data of fold 1: only the chains that see it change."""
    base = search().spec(fitting.load("bowl", {}, {"kind": "real", "seed": 0})[0])
    cube = np.random.default_rng(0).random((4, 4)).tolist()
    spec = base | {"cube": cube, "draws": [0, 1, 2, 3], "fold": [0, 1, 1, 2]}
    objective, _ = fitting.load("bowl", {}, {"kind": "real", "seed": 0})
    bad = np.array(objective.units())[fold_of(objective.units(), 4, 3) == 1]
    before = fitting.evaluate(spec)["score"].to_numpy()
    honest = type(objective).observed
    try:
        type(objective).observed = lambda self, units: honest(self, units) + np.isin(units, bad)[:, None] * 5.0
        after = fitting.evaluate(spec)["score"].to_numpy()
    finally:
        type(objective).observed = honest
    assert np.array_equal(before == after, [False, True, True, False])


def test_what_all_chains_leave_out_is_not_even_simulated(tmp_path):
    marks = tmp_path / "marks"
    objective, _ = fitting.load("bowl", {"marks": str(marks)}, {"kind": "real", "seed": 0})
    spec = search(settings={"marks": str(marks)}).spec(objective)
    fitting.evaluate(spec | {"cube": [[0.5] * 4] * 2, "draws": [0, 1], "fold": [2, 2]})
    left_out = np.array(objective.units())[fold_of(objective.units(), 4, 3) == 2]
    seen = (marks / "0").read_text().partition(" ")[2].split(",")
    assert set(seen) == set(objective.units()) - set(left_out)


def test_held_out_scores_are_computed_once_and_at_the_end(tmp_path):
    marks = tmp_path / "marks"
    fit(search(settings={"marks": str(marks)}, generations=5), quiet(tmp_path / "out"), "fit", bootstrap=100)
    trials = [(marks / str(k)).read_text().split()[0] for k in range(6)]
    assert trials == ["0"] * 5 + ["1"]


def test_folds_are_even_and_depend_on_the_seed_alone():
    at = fold_of([f"u{k}" for k in range(10)], 4, 1)
    assert sorted(np.bincount(at)) == [2, 2, 3, 3]
    assert np.array_equal(at, fold_of([f"u{k}" for k in range(10)], 4, 1))
    assert not np.array_equal(at, fold_of([f"u{k}" for k in range(10)], 4, 2))
    with pytest.raises(InputError, match=r"fit.folds = 11: 10 units can be split into 2 to 10"):
        fold_of(list("abcdefghij"), 11, 1)


def test_pooled_weighs_folds_by_their_units():
    found = fitting.Fitted(tuple(fitting.Chain(k, k % 2, k) for k in range(4)), np.zeros((4, 1)), pd.DataFrame(),
                           pd.DataFrame({"held_out": [1.0, 4.0, 3.0, np.nan], "b0": [1.0, np.nan, 2.0, np.nan],
                                         "b1": [np.nan, 4.0, np.nan, np.nan], "b2": [1.0, 4.0, 2.0, np.nan]}))
    made = pooled(found, {"held_out": np.array([3, 1]), "b0": np.array([4, 0]), "b1": np.array([3, 1]), "b2": np.array([3, 0])})
    assert made["b0"] == made["b2"] == 1.5  # nothing of fold 1 was drawn
    assert made["b1"] == -np.inf  # what was drawn of fold 0 cannot be scored
    assert made["held_out"] == -np.inf  # half of fold 1's members ran away
    objective, _ = fitting.load("bowl", {}, {"kind": "real", "seed": 0})
    weight = weights(objective, 4, 3, 50)
    assert len(weight) == 51
    assert all(w.sum() == 8 for w in weight.values())


def test_points_of_the_cube_are_quantiles_of_the_priors():
    free = {"a_mV": Prior("uniform", -10, 10), "b_nS": Prior("loguniform", 0.01, 1)}
    samples = to_samples(free, np.array([[0.0, 0.5], [1.0, 0.0]]), [7, 7], seed=2, first=3)
    assert samples.values["a_mV"].tolist() == [-10, 10]
    assert samples.values["b_nS"].tolist() == pytest.approx([0.1, 0.01])
    assert list(samples.values.index) == [3, 4]
    u = samples.uniforms("sign", ["AVA->VA"])
    assert u[0] == u[1]  # one draw, one set of signs
    for prior in free.values():
        assert prior.inverse(prior.quantile(np.array([0.0, 0.3, 1.0]))) == pytest.approx([0, 0.3, 1])


# ---------------------------------------------------------------- the study


def outputs(folder: Path) -> dict[str, str]:
    """Hash of every output except what says when it was made."""
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*"))
            if p.is_file() and p.name not in ("manifest.json", "report.html") and not p.name.startswith(".")}


def test_the_study_reports_held_out_score_with_its_controls(tmp_path):
    results = run_experiment(fit_experiment("bowl", QUICK, seed=3), tmp_path / "out", progress=False)
    scores = results.result.scores
    held_out = scores[scores["metric"] == "held_out_score"].set_index("control")
    assert list(held_out.index) == ["real wiring", "priors, nothing fitted", "no neuron-neuron wiring", "degree shuffles"]
    real = held_out.loc["real wiring"]
    assert real["low"] <= real["value"] <= real["high"] <= 0
    assert real["floor"] == held_out.loc["priors, nothing fitted", "value"] < real["value"]
    assert "above priors, nothing fitted" in real["verdict"]
    gains = scores[scores["metric"] == "held_out_gain"].set_index("control")
    for control, row in gains.iterrows():
        assert row["value"] == pytest.approx(real["value"] - held_out.loc[control, "value"])
    for name in ("held_out", "parameters", "search"):
        assert (tmp_path / "out" / "figures" / f"{name}.png").stat().st_size > 5000
    assert set(results.result.controls) == {"priors, nothing fitted", "no neuron-neuron wiring", "degree shuffles"}
    ensemble = FittedEnsemble.load(tmp_path / "out" / "ensembles" / "fitted.nc")
    assert len(ensemble) == 4
    from wormsim.results import load_results
    again = load_results(tmp_path / "out").result
    assert set(again.ensembles) == {"fitted"}
    assert set(again.figures) == {"held_out", "parameters", "search"}


def test_killed_and_resumed_is_the_same_bytes(tmp_path):
    changes = [f"{k}={v}" for k, v in QUICK.items()] + ["objective.settings.kill_at=9"]
    version = code_version()
    arguments = [a for c in [*changes, "objective.settings.marks=marks"] for a in ("--set", c)]

    def launch(folder: Path) -> subprocess.CompletedProcess:
        folder.mkdir(exist_ok=True)
        return subprocess.run([sys.executable, LAUNCHER, "fit", "bowl", "--seed", "3", "--out", "out", *arguments],
                              cwd=folder, capture_output=True, text=True)

    killed = tmp_path / "killed"
    assert launch(killed).returncode == -signal.SIGKILL
    chunks = set((killed / "out" / "chunks").glob("*.parquet"))
    assert len(chunks) == 8
    again = launch(killed)
    assert again.returncode == 0, again.stderr
    assert "8 of them from before" in again.stderr
    whole = tmp_path / "whole"
    (whole / "marks").mkdir(parents=True)
    for k in range(9):  # counts past the fatal one
        (whole / "marks" / str(k)).touch()
    assert launch(whole).returncode == 0
    if code_version() != version:
        pytest.skip("the code was edited while the test ran")
    assert outputs(killed / "out") == outputs(whole / "out")
    assert any(name.startswith("ensembles") for name in outputs(whole / "out"))


@pytest.mark.parametrize(("changes", "message"), [
    ({"objective.settings.sampels": 3}, "objective.settings.sampels"),
    ({"objective.settings.n": 1}, "1 unit cannot be split"),
    ({"fit.folds": 9, "fit.chains": 9}, "fit.folds = 9: 8 units can be split into 2 to 8 folds"),
    ({"fit.chains": 3}, "fit.chains = 3: every one of the 4 folds needs a chain"),
    ({"objective.settings.parameters": {"g_chem_contact_nS": 0.1, "v_half_offset_mV": 0.0, "g_gap_contact_nS": 0.1,
                                        "contact_exponent": 1.0}}, "no parameter of graded on tiny is free"),
    ({"objective.settings.parameters": {"g_chem_nS": 0.1}}, "closest: g_chem_contact_nS"),
    ({"fit.population": 2}, "fit.population = 2"),
    ({"objective.name": "bowls"}, "objective.name cannot be set"),
])
def test_bad_settings_name_themselves_and_claim_no_folder(tmp_path, changes, message):
    with pytest.raises(InputError) as caught:
        run_experiment(fit_experiment("bowl", changes), tmp_path / "out", progress=False)
    assert message in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_an_objective_that_is_not_there_and_a_toml_of_another_kind(tmp_path):
    with pytest.raises(InputError, match=r"unknown objective 'bowll'; closest: bowl"):
        fit_experiment("bowll")
    path = tmp_path / "mine.toml"
    path.write_text('[experiment]\nname="x"\nkind="fit"\nquestion="?"\nsource="2026"\nfitted_on="a"\nscored_on="b"\n'
                    '[objective]\nname="bowl"\n')
    assert fit_experiment(path).header.kind == "fit"
    assert load_experiment(path).spec.objective.name == "bowl"
    with pytest.raises(InputError, match="no such file"):
        fit_experiment("absent.toml")


def test_members_that_run_away_are_counted_and_left_out():
    from wormsim.studies.fit import Spec, ensemble_of

    spec = Spec.model_validate({"objective": {"name": "bowl"}})
    found = fitting.Fitted(tuple(fitting.Chain(k, k % 4, k) for k in range(8)), np.full((8, 4), 0.5), pd.DataFrame(),
                           pd.DataFrame({"train": np.zeros(8), "held_out": [0.0] * 6 + [np.nan] * 2}))
    with pytest.warns(DataWarning, match="^2 of 8 fitted members ran away"):
        assert len(ensemble_of(spec, found)) == 6

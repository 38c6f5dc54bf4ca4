"""The three studies that hold models against imaging, on a made-up atlas and made-up animals whose answer is known."""

from __future__ import annotations

import sys
import warnings

import imaging_fixture as made
import numpy as np
import pytest

import wormsim as ws
from wormsim import catalog
from wormsim.errors import DataWarning, InputError
from wormsim.runner import Runner


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Circuit, atlas and animals, with the made-up package in front of any real one."""
    folder = tmp_path_factory.mktemp("imaging")
    made.write_atlas(folder)
    made.write_animals(folder / "animals.h5")
    made.write_circuit(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.delitem(sys.modules, "wormneuroatlas", raising=False)
        yield folder


def run(folder, kind, table):
    study = catalog.load("studies", kind)
    spec = study.Spec.model_validate(table)
    study.check(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return study.run(spec, Runner(folder / f"out_{kind}", jobs=1, progress=False))


@pytest.fixture(scope="module")
def propagation(folder):
    return run(folder, "signal_propagation", {
        "seed": 1, "model": {"circuit": str(folder / "some.toml")}, "ensemble": {"samples": 6, "chosen": 2},
        "score": {"bootstrap": 60, "strata": 2}, "controls": {"degree": 1, "weights": 0, "signs": 0}})


def value(result, metric, group, control=""):
    s = result.scores
    found = s[(s["metric"] == metric) & (s["group"] == group) & (s["control"].str.contains(control) if control else True)]
    assert len(found) == 1, (metric, group, control)
    return found.iloc[0]


def test_a_wiring_that_matters_adds_and_a_shuffled_one_does_not(propagation):
    real = value(propagation, "propagation_auroc_added", "simulator on top of nuisance")
    assert real["value"] > 0.05
    assert real["low"] > 0
    assert value(propagation, "propagation_auroc", "simulator alone, chosen on training folds")["value"] > 0.75
    models = propagation.tables["models"].set_index("model")
    assert models.loc["no wiring", "added"] == 0
    assert models.loc["no wiring", "called"] == 0
    assert models.loc["no wiring", "auroc"] == 0.5
    assert models.loc["degree shuffle 0", "added"] < 0.5 * real["value"]
    assert models.loc["chemical alone", "auroc"] < models.loc["gap junctions alone", "auroc"]
    assert value(propagation, "propagation_auroc", "unc-31, chemical and electrical")["value"] > 0.75
    assert 0.5 < value(propagation, "split_half_auroc", "odd trials against even ones")["value"] < 1
    assert len(propagation.tables["pairs"]) == 24 * 23
    assert "is reached" in propagation.summary[0]


def test_figures_of_propagation_are_drawn(propagation):
    for figure in propagation.figures.values():
        assert figure.draw().axes


def test_held_out_pairs_do_not_leak():
    """Whatever a class of stimulated neurons shows has no part in what is predicted for it."""
    from dataclasses import replace

    from wormsim.studies._propagation_fit import predict

    pairs = _random_pairs()
    here = pairs.group == pairs.group[0]
    other = replace(pairs, detected=np.where(here, ~pairs.detected, pairs.detected))
    responses = np.random.default_rng(0).normal(size=(4, len(pairs)))
    first, second = predict(pairs, responses, 2, 0), predict(other, responses, 2, 0)
    for name in ("alone", "base", "full"):
        assert np.array_equal(getattr(first, name)[here], getattr(second, name)[here])
        assert not np.array_equal(getattr(first, name)[~here], getattr(second, name)[~here])


def test_another_strain_is_predicted_without_a_look_at_it():
    """Detections of the strain that is predicted have no part in it; those of the same class in the other strain neither."""
    from dataclasses import replace

    from wormsim.studies._propagation_fit import predict

    wild, mutant = _random_pairs(3), replace(_random_pairs(4), strain="unc31")
    responses = np.random.default_rng(0).normal(size=(4, len(wild)))
    first = predict(wild, responses, 2, 0, to=(mutant, responses))
    blind = predict(wild, responses, 2, 0, to=(replace(mutant, detected=~mutant.detected), responses))
    here = wild.group == wild.group[0]
    other = predict(replace(wild, detected=np.where(here, ~wild.detected, wild.detected)), responses, 2, 0, to=(mutant, responses))
    assert np.array_equal(first.full, blind.full)
    assert np.array_equal(first.full[here], other.full[here])
    assert not np.array_equal(first.full[~here], other.full[~here])


def _random_pairs(seed=3):
    from wormsim.studies._propagation_pairs import Pairs

    rng = np.random.default_rng(seed)
    pre, post = np.nonzero(~np.eye(24, dtype=bool))
    return Pairs("wt", tuple(made.CELLS), pre, post, rng.random(len(pre)) < 0.2, rng.random(len(pre)) + 0.1, rng.integers(2, 9, len(pre)), pre // 2)


def test_evidence_is_that_of_the_score_test():
    from wormsim.studies._propagation_fit import added_evidence
    from wormsim.studies._propagation_pairs import logistic

    rng = np.random.default_rng(2)
    features, x = rng.normal(size=(2000, 2)), rng.normal(size=(3, 2000))
    detected = rng.random(2000) < 1 / (1 + np.exp(2 - features[:, 0] - 0.5 * x[0]))
    p = logistic(features, detected).predict_proba(features)[:, 1]
    evidence = added_evidence(np.vstack([x, features[:, 0]]), features, detected, p)
    assert evidence[0] > 5
    assert np.abs(evidence[1:3]).max() < 3.5
    assert evidence[3] == 0  # nothing new


def test_animals_tell_of_each_other(folder):
    result = run(folder, "leave_one_animal_out", {
        "data": str(folder / "animals.h5"), "circuit": str(folder / "some.toml"), "bootstrap": 50,
        "decoding": {"behaviours": ["head_angle", "velocity"], "goals": {"head_angle": 0.5}, "state": "reversal_vec"}})
    real = value(result, "decoding_r", "head_angle, all named neurons, with lags")
    assert real["value"] > 0.8
    assert real["verdict"].startswith("above the goal of 0.50")
    assert abs(value(result, "decoding_r", "head_angle, control: behaviour shifted by half")["value"]) < 0.5
    signs = result.scores[(result.scores["metric"] == "tuning_sign_agreement") & result.scores["group"].str.startswith("head_angle")]
    assert signs.iloc[0]["value"] > 0.9
    assert value(result, "explained_variance", "activity from behaviour, mean over neurons")["value"] > 0.2
    tuned = result.tables["tuning"].set_index(["behaviour", "cell"])["mean"]
    assert tuned["head_angle", "AVBL"] > 0.3
    assert tuned["head_angle", "AVDL"] < -0.3
    for figure in result.figures.values():
        assert figure.draw().axes


def test_correlations_are_held_out_by_animal(folder):
    result = run(folder, "activity_correlations", {
        "data": str(folder / "animals.h5"), "model": {"circuit": str(folder / "some.toml")}, "ensemble": {"samples": 4, "chosen": 2},
        "bootstrap": 50, "degree": 1})
    rows = result.scores[result.scores["metric"] == "correlation_similarity"].set_index("control")
    assert rows.loc["mean of the other animals", "value"] > 0.8  # the made-up animals agree
    assert rows.loc["all anatomy, fitted", "value"] < 0.5  # and follow no wiring
    assert len(result.tables["predictors"]) == 4 * len(rows)
    for figure in result.figures.values():
        assert figure.draw().axes


def test_no_prediction_of_an_animal_knows_that_animal(folder):
    """One animal's matrix is spoilt: what is predicted of it stays as it was, to the bit."""
    from wormsim.studies import activity_correlations as study

    rng = np.random.default_rng(3)
    cells = 8
    recorded = [np.corrcoef(rng.normal(size=(cells, 40))) for _ in range(4)]
    features = {name: np.corrcoef(rng.normal(size=(cells, 30))) for name in ("minus the distance of the somata", "same class")}
    responses = {"model": rng.normal(size=(5, 6, cells))}
    spoilt = [recorded[0], recorded[1], -recorded[2], recorded[3]]
    a, b = (study._predictions(r, features, responses, np.arange(6) // 2, 2) for r in (recorded, spoilt))
    assert a.keys() == b.keys()
    for name, (_, ps) in a.items():
        np.testing.assert_array_equal(ps[2], b[name][1][2], err_msg=name)
    changed = [name for name, (_, ps) in a.items() if not np.array_equal(ps[0], b[name][1][0], equal_nan=True)]
    assert {"mean of the other animals", "all anatomy, fitted", "anatomy + simulator, fitted: model, drives fitted"} <= set(changed)


def test_pairs_of_animals_are_not_counted_as_independent():
    from wormsim.studies.leave_one_animal_out import _interval, _pair_interval

    who = np.array([(i, j) for i in range(5) for j in range(i)])
    of_animal = np.array([0.0, 0.1, 0.3, 0.6, 1.0])
    values = of_animal[who].mean(axis=1)
    (low, high), (narrow_low, narrow_high) = _pair_interval(who, values, 0), _interval(values)
    assert high - low > 1.3 * (narrow_high - narrow_low)
    assert low < values.mean() < high


def test_covariance_of_independent_drives():
    from wormsim.studies.activity_correlations import simulated_correlations

    rng = np.random.default_rng(0)
    r = rng.normal(size=(2, 6, 4))
    r[1, :, 3] = 0
    drive = rng.normal(size=(200_000, 6))
    found = simulated_correlations(r)
    sampled = np.corrcoef((drive @ r[0]).T)
    upper = np.triu_indices(4, 1)
    assert found[0][upper] == pytest.approx(sampled[upper], abs=0.01)
    assert (found[1][3, :3] == 0).all()


def test_drives_are_found_again():
    from wormsim.studies.activity_correlations import fitted_drives

    rng = np.random.default_rng(1)
    r, group = np.abs(rng.normal(size=(12, 20))), np.repeat(np.arange(4), 3)
    strength = np.array([0.2, 1.5, 0.0, 0.7])
    covariance = np.einsum("s,si,sj->ij", strength[group], r, r)
    spread = np.sqrt(np.diag(covariance))
    target = covariance / np.outer(spread, spread)  # what a recording of such drives would show
    np.fill_diagonal(target, np.nan)
    target[3] = target[:, 3] = np.nan  # a neuron that nobody recorded is predicted all the same
    found = fitted_drives(r, group, target, penalty=1e-6)
    there = np.isfinite(target)
    assert np.allclose(found[there], target[there], atol=5e-3)
    assert np.nanmax(np.abs(found)) <= 1 + 1e-9
    assert np.isfinite(found[3, :3]).all()


@pytest.mark.parametrize(("kind", "table", "match"), [
    ("leave_one_animal_out", {"decoding": {"behaviours": ["head_angle"]}}, r"--set data=PATH"),
    ("leave_one_animal_out", {"data": "nowhere.h5", "decoding": {"behaviours": ["head_angle"]}}, "nowhere.h5: no such file"),
    ("activity_correlations", {"ensemble": {"samples": 8, "chosen": 4}}, r"--set data=PATH"),
    ("signal_propagation", {"ensemble": {"samples": 4, "chosen": 5}}, "choose fewer"),
    ("signal_propagation", {"model": {"layers": {"pheromone": "x"}}, "ensemble": {"samples": 4, "chosen": 1}}, "layers.pheromone"),
    ("signal_propagation", {"model": {"assay": "mating_turn"}, "ensemble": {"samples": 4, "chosen": 1}}, "stimulates no neuron after the other"),
])
def test_what_is_missing_or_wrong_is_said_before_anything_runs(folder, kind, table, match):
    study = catalog.load("studies", kind)
    with pytest.raises(InputError, match=match):
        study.check(study.Spec.model_validate(table))


def test_too_few_or_strange_animals_are_refused(folder, tmp_path):
    study = catalog.load("studies", "leave_one_animal_out")
    few = made.write_animals(tmp_path / "few.h5", n=2)
    with pytest.raises(InputError, match="holds 2 animals"):
        study.check(study.Spec(data=str(few), decoding={"behaviours": ["head_angle"]}))
    with pytest.raises(ws.errors.UnknownNameError, match="behaviour channel 'hunger'"):
        study.check(study.Spec(data=str(folder / "animals.h5"), decoding={"behaviours": ["hunger"]}))

"""Objectives: their data are what they say, their scores are the textbook's, and a linear network's correlations are the exact ones."""

import importlib.util

import numpy as np
import pandas as pd
import pytest

from wormsim import catalog
from wormsim.errors import DataWarning, InputError
from wormsim.metrics.correlation_similarity import correlation_matrix, similarity
from wormsim.metrics.propagation_auroc import weighted_auroc
from wormsim.objective import Objective, check
from wormsim.samples import Samples

CELLS = ("ALML", "ALMR", "AVM", "AVAL", "AVAR", "AVBL", "AVBR", "PVCL", "PVCR")


def make(name: str, **settings) -> Objective:
    return catalog.load("objectives", name).Fit(**settings)


# ---------------------------------------------------------------- recovery


@pytest.fixture(scope="module")
def recovery():
    return make("pump_probe_recovery", stimulated=["AVA", "PLM"], duration_ms=200.0)


def test_the_truth_scores_best_and_as_well_as_the_noise_allows(recovery):
    units = recovery.units()
    assert units == ("AVAL", "AVAR", "PLML", "PLMR")
    model, data = recovery.build(), recovery.observed(units)
    true = model.sample(1, recovery.truth_seed)
    assert true.values.iloc[0].to_dict() == recovery.truth
    assert (recovery.truth_seed, 0) == recovery.known_draw
    score = recovery.score(recovery.simulate(model, true, units), data)[0]
    assert score == pytest.approx(recovery.best(units))
    seen = data[np.isfinite(data)]
    assert score == pytest.approx(1 - 0.5**2 / seen.var(), abs=0.05)
    other = recovery.simulate(model, model.sample(8, seed=5), units)
    assert (recovery.score(other, data) < score).all()


def test_the_stimulated_cell_itself_is_not_measured(recovery):
    data = recovery.observed(("PLMR", "AVAL"))
    assert np.isnan(data).sum(axis=1).tolist() == [1, 1]
    assert np.array_equal(data, recovery.observed(recovery.units())[[3, 0]], equal_nan=True)
    assert make("pump_probe_recovery", tells_draw=False).known_draw is None


def test_explained_variance():
    objective = make("pump_probe_recovery")
    y = np.array([[1.0, 2.0, np.nan], [3.0, 6.0, 0.0]])
    x = np.stack([np.nan_to_num(y, nan=9.0), np.full(y.shape, np.nanmean(y)), y * np.nan])
    assert objective.score(x, y)[:2] == pytest.approx([1.0, 0.0])
    assert np.isnan(objective.score(x, y)[2])


# ---------------------------------------------------------------- correlations


def write(path, seed: int, cells=CELLS, frames=80) -> str:
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((frames, 1))
    x = pd.DataFrame(rng.standard_normal((frames, len(cells))) + shared, index=pd.Index(np.arange(frames) * 0.5, name="time_s"),
                     columns=list(cells))
    x.to_csv(path)
    return str(path)


@pytest.fixture
def animals(tmp_path):
    return [write(tmp_path / "a.csv", 1), write(tmp_path / "b.csv", 2), write(tmp_path / "c.csv", 3, CELLS[:6])]


def test_recorded_correlations_are_those_of_each_animal(animals):
    objective = make("correlations", recordings=animals)
    assert objective.units() == ("a.csv: a", "b.csv: b", "c.csv: c")
    data = objective.observed(objective.units())
    assert data.shape == (3, 36)
    b = pd.read_csv(animals[1], index_col=0)
    order = [c for c in objective.build().circuit.connectome.cells.index if c in CELLS]
    assert data[1] == pytest.approx(np.corrcoef(b[order].to_numpy().T)[np.triu_indices(9, 1)])
    assert np.isfinite(data[2]).sum() == 15  # six cells
    assert np.array_equal(data[[2, 0]], objective.observed(("c.csv: c", "a.csv: a")), equal_nan=True)
    a, b = (correlation_matrix(pd.read_csv(path, index_col=0)[order]) for path in animals[:2])
    assert objective.score(data[None, 1:2], data[:1])[0] == pytest.approx(similarity(a, b))


def test_similarity_is_pearsons_over_pairs_that_are_there():
    objective = make("correlations", recordings=["unread"])
    rng = np.random.default_rng(0)
    y = rng.standard_normal((2, 40))
    y[1, :10] = np.nan
    same = np.nan_to_num(2 * y + 1, nan=7.0)
    x = np.stack([same, -same, rng.standard_normal((2, 40)), np.zeros((2, 40)), np.full((2, 40), np.nan)])
    score = objective.score(x, y)
    assert score[:2] == pytest.approx([1, -1])
    assert score[2] == pytest.approx(np.mean([np.corrcoef(x[2, 0], y[0])[0, 1], np.corrcoef(x[2, 1, 10:], y[1, 10:])[0, 1]]))
    assert score[3] == 0
    assert np.isnan(score[4])


def test_the_ceiling_is_the_mean_of_the_others(animals):
    objective = make("correlations", recordings=animals[:2])
    data = objective.observed(objective.units())
    assert objective.best(objective.units()) == pytest.approx(np.corrcoef(data)[0, 1])


def test_gap_junctions_alone_give_the_correlations_of_the_linear_network(animals):
    """Slow independent inputs into (leak + Laplacian) v = i: the covariance is the product of the inverse with itself."""
    objective = make("correlations", recordings=animals, duration_ms=20_000.0, g_stimulus_nS=1e-4,
                     parameters={"g_chem_contact_nS": 1e-9, "strength_spread": 0.0, "contact_exponent": 1.0})
    model = objective.build()
    samples = Samples(pd.DataFrame({"g_gap_contact_nS": [0.002], "v_half_offset_mV": [0.0]}), 0)
    r = objective.simulate(model, samples, objective.units())[0]
    assert np.array_equal(r[0], r[2])
    edges = model.circuit.connectome.edges
    edges = edges[(edges["kind"] == "electrical") & (edges["pre"] != edges["post"])]
    index = model.circuit.connectome.cells.index
    a = np.diag(np.full(len(index), 0.01))
    for i, j, n in zip(index.get_indexer(edges["pre"]), index.get_indexer(edges["post"]), edges["contacts"], strict=True):
        g = 0.002 * n
        a[[i, j], [i, j]] += g
        a[[i, j], [j, i]] -= g
    neurons = np.flatnonzero((model.circuit.connectome.cells["kind"] == "neuron").to_numpy())
    cells = [k for k, c in enumerate(index) if c in CELLS]
    response = np.linalg.inv(a)[np.ix_(neurons, cells)]
    assert r[0] == pytest.approx(_cosine(response), abs=0.02)
    assert np.ptp(r[0]) > 0.3


def _cosine(response: np.ndarray) -> np.ndarray:
    c = response.T @ response
    sd = np.sqrt(np.diag(c))
    return (c / sd / sd[:, None])[np.triu_indices(len(c), 1)]


def test_recordings_that_cannot_serve_say_why(animals, tmp_path):
    with pytest.raises(InputError, match=r"is there twice"):
        make("correlations", recordings=[animals[0], animals[0]]).units()
    few = write(tmp_path / "few.csv", 4, CELLS[:4])
    with pytest.raises(InputError, match=r"few.csv: few has 6 pairs of cells that gentle_touch has; 10 are needed"):
        make("correlations", recordings=[animals[0], few]).units()
    with pytest.raises(InputError, match=r"no such file"):
        make("correlations", recordings=[str(tmp_path / "absent.csv")]).units()
    with pytest.raises(InputError, match=r"1 animal cannot be split"):
        check(make("correlations", recordings=animals[:1]))
    with pytest.warns(DataWarning, match=r"^1 recorded cells left out: cook2019_hermaphrodite"):
        make("correlations", recordings=[write(tmp_path / "more.csv", 5, (*CELLS, "I2L")), animals[0]]).units()


# ---------------------------------------------------------------- propagation


def test_detection_is_scored_by_the_area_under_the_roc():
    objective = make("propagation")
    rng = np.random.default_rng(0)
    y = (rng.random((4, 30)) < 0.3).astype(float)
    y[rng.random(y.shape) < 0.2] = np.nan
    x = np.round(rng.random((3, 4, 30)), 1)  # ties
    there = np.isfinite(y)
    x[2] = np.nan
    score = objective.score(x, y)
    for k in range(2):
        assert score[k] == pytest.approx(weighted_auroc(x[k][there], y[there] == 1, np.ones(there.sum())))
    assert np.isnan(score[2])
    assert np.isnan(objective.score(x[:, :1], np.zeros((1, 30)))).all()  # nothing was detected


@pytest.mark.skipif(importlib.util.find_spec("wormneuroatlas") is None, reason="wormneuroatlas is not installed (extra `atlas`)")
def test_the_atlas_as_data():
    objective = make("propagation")
    data = objective.observed(objective.units())
    assert int(np.isfinite(data).sum()) == 23_902  # measured pairs of the wild type, from the file itself (shared levels)
    some = make("propagation", stimulated=["AVA", "AVE"])
    assert set(some.units()) <= {"AVAL", "AVAR", "AVEL", "AVER"}
    model = check(some)
    x = some.simulate(model, model.sample(1, seed=0), some.units()[:1])
    assert x.shape == (1, 1, data.shape[1])
    assert (x >= 0).all()
    never = next(c for c in model.circuit.connectome.cells.index if c not in objective.units())
    with pytest.raises(InputError, match=r"was stimulated in the atlas"):
        make("propagation", stimulated=[never]).units()

"""The interface of simulation-based inference: shapes, a uniform prior on the cube, summaries that depend on the point alone."""

import numpy as np
import pytest
from fit_fixture import add_objectives, remove_objectives

from wormsim import catalog
from wormsim.errors import InputError, UnknownNameError
from wormsim.inference import CubePrior, Inference


@pytest.fixture(scope="module")
def bowl():
    add_objectives()
    yield catalog.load("objectives", "bowl").Fit()
    remove_objectives()


@pytest.fixture(scope="module")
def recovery():
    settings = {"stimulated": ["AVA", "PLM", "ALM"], "duration_ms": 100.0}
    return Inference(catalog.load("objectives", "pump_probe_recovery").Fit(**settings), hold_out=["PLML", "PLMR"], seed=5)


def test_prior_has_the_shapes_that_sbi_asks_for():
    prior = CubePrior(3, seed=1)
    assert prior.sample().shape == (3,)
    assert prior.sample((7, 2)).shape == (7, 2, 3)
    assert prior.log_prob(prior.sample((5,))).tolist() == [0.0] * 5
    assert prior.log_prob([[0.5, 0.5, 1.1]]).tolist() == [-np.inf]
    assert prior.log_prob(np.zeros(3)).shape == ()
    with pytest.raises(InputError, match="3 coordinates"):
        prior.log_prob(np.zeros((2, 4)))
    x = CubePrior(2, seed=0).sample((4000,))
    assert np.abs(x.mean(axis=0) - 0.5).max() < 0.02
    assert abs(np.corrcoef(x.T)[0, 1]) < 0.05


def test_simulator_and_data_are_of_the_same_numbers(recovery):
    assert recovery.units == ("ALML", "ALMR", "AVAL", "AVAR")
    theta = recovery.prior.sample((3,))
    x = recovery.simulator(theta)
    assert x.shape == (3, len(recovery.observed))
    assert len(recovery.observed) == 4 * 75  # all neurons but the stimulated one
    assert np.isfinite(x).all()


def test_a_summary_depends_on_its_point_alone(recovery):
    theta = recovery.prior.sample((3,))
    assert np.array_equal(recovery.simulator(theta)[1:], recovery.simulator(theta[1:]))
    assert not np.array_equal(recovery.simulator(theta[0]), recovery.simulator(theta[1]))


def test_the_measurement_is_as_noisy_as_the_data(recovery):
    truth = np.array([[recovery.model.free[k].inverse(v) for k, v in recovery.objective.truth.items()]])
    residual = recovery.simulator(truth)[0] - recovery.observed
    assert np.std(residual) == pytest.approx(np.sqrt(2) * 0.5, rel=0.15)
    assert recovery.held_out_score(truth)[0] > max(recovery.held_out_score(1 - truth)[0], 0)


def test_points_of_their_own_draw(bowl):
    inference = Inference(bowl, hold_out=["unit 3"], seed=2)
    samples = inference.to_samples(np.array([[0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.5], [0.1, 0.2, 0.3, 0.4]]))
    assert samples.draws[0] == samples.draws[2] != samples.draws[1]
    assert inference.held_out == ("unit 3",)
    assert inference.held_out_score(np.array([[0.3, 0.55, 0.8, 0.45]]))[0] > -0.001


def test_wrong_use(bowl):
    with pytest.raises(UnknownNameError, match="closest: unit 3"):
        Inference(bowl, hold_out=["unit 33"])
    with pytest.raises(InputError, match="every unit is held out"):
        Inference(bowl, hold_out=bowl.units())
    inference = Inference(bowl)
    with pytest.raises(InputError, match="each coordinate from 0 to 1"):
        inference.simulator(np.full((1, 4), 1.5))
    with pytest.raises(InputError, match="nothing was held out"):
        inference.held_out_score(np.full((1, 4), 0.5))

"""Chemotaxis against paths whose score is known."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from wormsim.errors import InputError
from wormsim.metrics.chemotaxis import CEILING, FLOOR, approach_index, heading_index, mean_interval


def line(angle, n=50, speed=0.1):
    t = speed * np.arange(n)
    return t * np.cos(angle), t * np.sin(angle)


@pytest.mark.parametrize("angle", np.deg2rad([0, 40, 90, 155, 180, -70]))
def test_a_straight_path_scores_the_cosine_of_its_angle(angle):
    x, y = line(angle)
    assert heading_index(x, y, up=(3.0, 0.0)) == pytest.approx(np.cos(angle))
    # so far away that up is the same all along the path
    assert heading_index(x, y, peak_mm=(1e6, 0.0)) == pytest.approx(np.cos(angle), abs=1e-5)


def test_straight_to_the_peak_is_the_ceiling_and_round_it_the_floor():
    x, y = line(0.7)
    assert heading_index(x, y, peak_mm=(20 * np.cos(0.7), 20 * np.sin(0.7))) == pytest.approx(CEILING)
    turn = np.linspace(0, 2 * np.pi, 200)
    assert heading_index(5 * np.cos(turn) + 1, 5 * np.sin(turn), peak_mm=(1, 0)) == pytest.approx(FLOOR, abs=1e-12)


def test_a_walk_that_knows_nothing_scores_the_floor():
    steps = np.random.default_rng(0).normal(size=(2, 400, 300))
    index = heading_index(*steps.cumsum(axis=-1), up=(0, 1))
    assert index.shape == (400,)
    value, low, high = mean_interval(index)
    assert low < FLOOR < high
    assert abs(value) < 0.01


def test_the_index_of_a_biased_walk_is_its_mean_component():
    rng = np.random.default_rng(1)
    angle = rng.vonmises(0.0, 2.0, (200, 500))
    index = heading_index(np.cos(angle).cumsum(-1), np.sin(angle).cumsum(-1), up=(1, 0))
    np.testing.assert_allclose(index, np.cos(angle[:, 1:]).mean(-1))
    assert 0.65 < index.mean() < 0.75  # I1(2)/I0(2) = 0.698


def test_lost_frames_and_still_animals():
    x, y = line(0.5)
    x[10:15] = np.nan
    assert heading_index(x, y, up=(1, 0)) == pytest.approx(np.cos(0.5))
    assert np.isnan(heading_index(np.ones(9), np.ones(9), up=(1, 0)))
    assert np.isnan(heading_index(np.full(9, np.nan), np.ones(9), up=(1, 0)))
    assert np.isnan(approach_index(np.full(9, np.nan), np.ones(9), (0, 0)))


def test_approach_of_a_steady_crawl_is_by_hand():
    x = np.linspace(0, 10, 11)  # from 10 mm away onto the peak
    assert approach_index(x, 0 * x, (10, 0)) == pytest.approx(0.5)
    assert approach_index(-x, 0 * x, (10, 0)) == pytest.approx(-0.5)
    assert approach_index(np.ones(7), np.ones(7), (10, 0)) == 0
    assert np.isnan(approach_index(x, 0 * x, (0, 0)))
    jump = np.r_[0.0, np.full(99, 10.0)]
    assert approach_index(jump, 0 * jump, (10, 0)) == pytest.approx(0.99)


def test_the_interval_is_students():
    z = np.random.default_rng(2).normal(0.3, 0.2, 12)
    found = ttest_1samp(z, 0).confidence_interval(0.95)
    np.testing.assert_allclose(mean_interval([*z, np.nan]), [z.mean(), found.low, found.high])
    assert mean_interval([0.5]) == (0.5, -np.inf, np.inf)
    assert np.isnan(mean_interval([])[0])


@pytest.mark.parametrize(("call", "message"), [
    (lambda: heading_index([0, 1, 2], [0, 1, 2]), "exactly one"),
    (lambda: heading_index([0, 1, 2], [0, 1, 2], peak_mm=(0, 0), up=(1, 0)), "exactly one"),
    (lambda: heading_index([0, 1, 2], [0, 1, 2], up=(0, 0)), "no direction"),
    (lambda: heading_index([0, 1, 2], [0, 1, 2], peak_mm=(0, np.nan)), "two finite numbers"),
    (lambda: heading_index([0, 1], [0, 1], up=(1, 0)), "three frames"),
    (lambda: approach_index([0, 1, 2], [0, 1], (1, 0)), "shapes"),
])
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message):
        call()

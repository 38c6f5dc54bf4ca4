"""AUROC over pairs with a bootstrap over stimulated neurons, and detection with false-discovery rates."""

import numpy as np
import pytest

from wormsim.errors import InputError
from wormsim.metrics.auroc import auroc
from wormsim.metrics.false_discovery import detection_p, matthews, precision, q_values
from wormsim.metrics.propagation_auroc import added, auroc_interval, draws, roc_curve, weighted_auroc

RNG = np.random.default_rng(0)
GROUP = np.repeat(np.arange(30), 20)
POSITIVE = RNG.random(600) < 0.2
SCORE = np.round(RNG.normal(size=600) + 0.8 * POSITIVE, 1)  # with ties


def test_weights_count_as_copies():
    weight = RNG.integers(0, 4, 600)
    copied = np.repeat(np.arange(600), weight)
    assert weighted_auroc(SCORE, POSITIVE, weight) == pytest.approx(auroc(SCORE[copied], POSITIVE[copied]))
    assert weighted_auroc(SCORE, POSITIVE, np.ones(600)) == pytest.approx(auroc(SCORE, POSITIVE))
    assert np.isnan(weighted_auroc(SCORE, POSITIVE, ~POSITIVE))


def test_the_bootstrap_draws_whole_groups():
    # all that is positive lies in one group: a third of the draws (0.97 ** 30 = 0.37) miss it and have no AUROC
    missed = np.isnan(draws(SCORE, GROUP == 0, GROUP, n=400, seed=3)).mean()
    assert 0.28 < missed < 0.46


def test_groups_that_differ_widen_the_interval():
    shift = np.repeat(RNG.normal(size=30), 20)  # a whole stimulated neuron scores high, whatever answers
    lucky = np.repeat(RNG.random(30) < 0.3, 20)
    apart = auroc_interval(shift + 0.01 * SCORE, lucky, GROUP, n=300)
    pairwise = auroc_interval(shift + 0.01 * SCORE, lucky, np.arange(600), n=300)
    assert apart.value == pairwise.value
    assert apart.high - apart.low > 2 * (pairwise.high - pairwise.low)


def test_the_interval_covers_as_often_as_it_says():
    covered = 0
    for k in range(60):
        rng = np.random.default_rng(k)
        positive = rng.random(600) < 0.3
        found = auroc_interval(rng.normal(size=600) + 1.0 * positive, positive, GROUP, n=150, seed=k)
        covered += found.low <= 0.7602 <= found.high  # Phi(1 / sqrt 2)
    assert 50 <= covered <= 60


def test_a_paired_difference_is_tighter_than_two_intervals():
    better = SCORE + 0.3 * POSITIVE
    more = added(better, SCORE, POSITIVE, GROUP, n=300)
    assert more.value == pytest.approx(auroc(better, POSITIVE) - auroc(SCORE, POSITIVE))
    assert more.low > 0
    assert more.p < 0.01
    alone = auroc_interval(better, POSITIVE, GROUP, n=300)
    assert more.high - more.low < 0.7 * (alone.high - alone.low)
    nothing = added(SCORE, SCORE, POSITIVE, GROUP, n=100)
    assert (nothing.value, nothing.low, nothing.high, nothing.p) == (0, 0, 0, 1)


def test_what_cannot_be_scored_is_refused():
    with pytest.raises(InputError, match="detected and pairs that were not"):
        auroc_interval(SCORE, np.ones(600, bool), GROUP)
    with pytest.raises(InputError, match="1 of 600 scores"):
        auroc_interval(np.where(np.arange(600) == 3, np.nan, SCORE), POSITIVE, GROUP)
    with pytest.raises(InputError, match="one score a pair"):
        auroc_interval(SCORE[:5], POSITIVE, GROUP)


def test_the_roc_curve_holds_the_area():
    false_alarms, hits = roc_curve(SCORE, POSITIVE)
    assert (false_alarms[0], hits[0], false_alarms[-1], hits[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(hits, false_alarms) == pytest.approx(auroc(SCORE, POSITIVE))


def test_q_values_are_those_of_benjamini_and_hochberg():
    from scipy.stats import false_discovery_control

    p = RNG.random(50) ** 2
    assert q_values(p) == pytest.approx(false_discovery_control(p))
    with pytest.raises(InputError, match="between 0 and 1"):
        q_values([0.1, 1.2])


def test_detection_by_trials():
    p = detection_p([2.0, 2.0, -2.0], 2.0, [1, 4, 4])
    assert p == pytest.approx([0.3173, 0.0455, 0.0455], abs=1e-4)  # one and two standard errors
    with pytest.raises(InputError, match="noise_sd = 0"):
        detection_p([1.0], 0, [1])
    called, true = np.array([True, True, False, False]), np.array([True, False, False, False])
    assert precision(called, true) == 0.5
    assert np.isnan(precision(~np.ones(4, bool), true))
    assert matthews(called, true) == pytest.approx(np.corrcoef(called, true)[0, 1])
    assert matthews(np.ones(4, bool), true) == 0

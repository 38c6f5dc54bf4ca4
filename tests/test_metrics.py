"""Metrics against values worked out by hand or by another library's definition."""

import numpy as np
import pytest

from wormsim.errors import InputError
from wormsim.metrics.auroc import auroc, newcombe_interval, permutation_p
from wormsim.metrics.proportion import wilson
from wormsim.metrics.rank_agreement import ceiling, jackknife_spearman, spearman


def test_auroc_is_the_chance_that_a_positive_scores_higher():
    rng = np.random.default_rng(0)
    scores, positive = rng.integers(0, 6, 40).astype(float), rng.random(40) < 0.4
    pairs = [(a > b) + 0.5 * (a == b) for a in scores[positive] for b in scores[~positive]]
    assert auroc(scores, positive) == pytest.approx(np.mean(pairs))
    assert auroc([3, 2, 1], [True, False, False]) == 1.0
    assert auroc([1, 1, 1], [True, False, True]) == 0.5


def test_auroc_refuses_what_it_cannot_score():
    with pytest.raises(InputError, match="3 and 0"):
        auroc([1, 2, 3], [True] * 3)
    with pytest.raises(InputError, match="1 of 3 scores"):
        auroc([1, np.nan, 3], [True, False, False])


@pytest.mark.parametrize("truth", [0.76, 0.92])
def test_the_interval_covers_as_often_as_it_says_with_four_positive_rows(truth):
    """Newcombe 2006 reports 94 to 97 % for small groups; a bootstrap covers 63 to 87 % there."""
    from scipy.stats import norm

    rng = np.random.default_rng(1)
    shift = norm.ppf(truth) * np.sqrt(2)
    positive = np.arange(20) < 4
    covered = 0
    for _ in range(400):
        low, high = newcombe_interval(auroc(rng.normal(size=20) + shift * positive, positive), 4, 16)
        covered += low <= truth <= high
    assert 0.92 <= covered / 400 <= 0.995


def test_the_interval_agrees_with_published_values():
    low, high = newcombe_interval(1.0, 4, 16)
    assert high == 1.0
    assert 0.6 < low < 0.8, "four positives that all win leave much room"
    assert newcombe_interval(0.5, 50, 50)[0] == pytest.approx(0.386, abs=0.01)


def test_permutation_counts_the_deals():
    assert permutation_p([4, 3, 2, 1], [True, False, False, False]) == pytest.approx(0.25)
    assert permutation_p([1, 1, 1, 1], [True, False, False, False]) == 1.0
    rng = np.random.default_rng(2)
    scores, positive = rng.normal(size=40), np.arange(40) < 12
    assert 0 < permutation_p(scores, positive, most=500) <= 1


def test_wilson_agrees_with_published_values():
    # Newcombe 1998, Stat Med 17:857, table I: 81 of 263 and 0 of 20, method 3
    assert np.allclose(wilson(81, 263), (0.2553, 0.3662), atol=5e-5)
    assert np.allclose(wilson(0, 20), (0.0, 0.1611), atol=5e-5)
    assert wilson(0, 0) == (0.0, 1.0)


def test_spearman_agrees_with_scipy():
    from scipy.stats import spearmanr

    rng = np.random.default_rng(3)
    a, b = rng.integers(0, 5, 30), rng.integers(0, 5, 30)
    assert spearman(a, b) == pytest.approx(spearmanr(a, b).statistic)
    assert spearman(a, np.ones(30)) == 0.0


def test_agreement_of_ensembles_and_its_ceiling():
    rng = np.random.default_rng(4)
    truth = rng.normal(size=80)
    a, b = (truth + 3 * rng.normal(size=(40, 80)) for _ in range(2))
    value, low, high = jackknife_spearman(a, b)
    assert low < value < high
    top = ceiling(a, b)
    assert 0.6 < top < 1
    assert value == pytest.approx(top, abs=0.15), "two ensembles of one truth reach their ceiling"
    noise = rng.normal(size=(40, 80))
    assert ceiling(noise, a) < 0.5
    assert jackknife_spearman(noise, a)[1] < 0.2

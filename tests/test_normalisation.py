"""z-score, dF/F and ratio against their definitions, with frames that are missing."""

import numpy as np
import pytest

from wormsim.errors import InputError, UnknownNameError
from wormsim.normalisation import baseline, dff, ratio, zscore

X = np.array([[1.0, 5.0, np.nan], [2.0, 5.0, 3.0], [6.0, 5.0, 5.0], [np.nan, 5.0, 10.0]])


def test_zscore():
    z = zscore(X)
    np.testing.assert_allclose(z[:3, 0], (X[:3, 0] - 3) / X[:3, 0].std())
    np.testing.assert_array_equal(np.isnan(z), np.isnan(X) | np.array([False, True, False]))
    # 0.1 summed up leaves rounding behind, which is no variation
    assert np.isnan(zscore(np.full((1000, 1), 0.1))).all()
    assert np.isfinite(zscore(1e6 + np.arange(10.0)[:, None] * 1e-3)).all()


def test_baseline_and_dff():
    np.testing.assert_allclose(baseline(X, "mean"), [3, 5, 6])
    np.testing.assert_allclose(baseline(X, percentile=50), [2, 5, 5])
    np.testing.assert_allclose(dff(X, percentile=50)[:, 2], [np.nan, -0.4, 0, 1])
    # no dF/F over a baseline that is not above 0, nor of a trace that is not there
    assert np.isnan(dff(np.array([[-1.0, np.nan], [0.5, np.nan]]))).all()
    with pytest.raises(UnknownNameError, match="unknown baseline 'median'"):
        baseline(X, "median")
    with pytest.raises(InputError, match="percentile 120"):
        baseline(X, percentile=120)


def test_ratio():
    np.testing.assert_array_equal(ratio([2.0, 2.0, 2.0, np.nan], [4.0, 0.0, -1.0, 2.0]), [0.5, np.nan, np.nan, np.nan])

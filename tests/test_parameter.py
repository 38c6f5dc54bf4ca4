"""Priors and parameters."""

import numpy as np
import pytest

from wormsim.errors import InputError
from wormsim.parameter import Parameter, Prior


def test_quantiles_run_from_bound_to_bound():
    assert np.allclose(Prior("uniform", -4, 6).quantile([0, 0.5, 1]), [-4, 1, 6])
    assert np.allclose(Prior("loguniform", 0.01, 100).quantile([0, 0.5, 1]), [0.01, 1, 100])


@pytest.mark.parametrize(
    ("kind", "low", "high"), [("loguniform", 0, 1), ("uniform", 2, 1), ("uniform", 0, np.inf), ("gauss", 0, 1)]
)
def test_a_prior_that_makes_no_sense_is_refused(kind, low, high):
    with pytest.raises(InputError):
        Prior(kind, low, high)


def test_the_key_carries_the_unit():
    assert Parameter("tau_m", 20.0, "ms", "a paper", "low").key == "tau_m_ms"
    assert Parameter("spread", 0.3, "", "a guess", "guess").key == "spread"


def test_unit_and_certainty_are_checked():
    with pytest.raises(InputError, match="furlong"):
        Parameter("x", 1.0, "furlong", "", "low")
    with pytest.raises(InputError, match="sure"):
        Parameter("x", 1.0, "mV", "", "sure")


def test_a_value_is_a_number_and_may_be_infinite():
    with pytest.raises(InputError, match="parameter a: value is not a number"):
        Parameter("a", np.nan, "mV", "a paper", "low")
    with pytest.raises(InputError, match="parameter a: value = 'ten'"):
        Parameter("a", "ten", "mV", "a paper", "low")
    assert Parameter("v_threshold", np.inf, "mV", "never reached", "guess").value == np.inf

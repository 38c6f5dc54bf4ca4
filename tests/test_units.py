"""Values come in as numbers or quantities; wrong ones are named."""

import numpy as np
import pytest

from wormsim.errors import InputError
from wormsim.units import UNITS, to_internal, to_number


@pytest.mark.parametrize(
    ("number", "unit"), [(0.02, "mV"), (20.0, "ms"), (3.0, "nS"), (7.0, "pF"), (50.0, "Hz"), (2.0, "pS")]
)
def test_a_brian2_quantity_comes_in_as_its_number(number, unit):
    import brian2.units.allunits as allunits

    quantity = number * getattr(allunits, UNITS[unit].brian2)
    assert to_number(quantity, unit, "x") == pytest.approx(number, rel=1e-12)


def test_a_quantity_of_the_wrong_dimension_is_refused():
    from brian2 import mV

    with pytest.raises(InputError, match=r"tau_m_ms.*wrong dimensions.*ms"):
        to_number(3 * mV, "ms", "tau_m_ms")


@pytest.mark.parametrize("bad", ["fast", None, float("nan"), [1.0, 2.0]])
def test_what_is_not_a_number_is_refused(bad):
    with pytest.raises(InputError, match="g_leak_nS"):
        to_number(bad, "nS", "g_leak_nS")


def test_internal_units_need_no_constants():
    """nS x mV = pA and pF x mV / ms = pA, in SI."""
    si = {name: unit.si / unit.internal for name, unit in UNITS.items()}
    assert np.isclose(si["nS"] * si["mV"], si["pA"])
    assert np.isclose(si["pF"] * si["mV"] / si["ms"], si["pA"])
    assert np.isclose(si["Hz"], 1 / si["ms"])
    assert np.isclose(si["mS_cm2"] * si["cm2"], si["nS"])
    assert np.isclose(si["uF_cm2"] * si["cm2"], si["pF"])
    assert np.isclose(si["uM_nA"] * si["pA"], si["uM"])
    assert np.isclose(si["per_ms"], 1 / si["ms"])
    assert to_internal(0.628e-3, "cm2") * to_internal(1.0, "mS_cm2") == pytest.approx(628.0)
    assert to_internal(20.0, "Hz") * to_internal(1.0, "s") == pytest.approx(20.0)

"""The coherent internal units (mV, ms, nS, pA, pF, um, uM) and the border where values come in.

nS x mV = pA and pF x mV / ms = pA, so no equation carries a conversion constant. A value comes in as a bare number
in the unit that its name says, or as a Brian2 quantity, which is recognised by its dimensions without importing Brian2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .errors import InputError


@dataclass(frozen=True)
class Unit:
    """A unit: its size in SI, its SI exponents (m, kg, s, A, K, mol, cd) and its size in internal units."""

    si: float
    dims: tuple[float, ...]
    internal: float
    brian2: str


_VOLT, _SECOND = (2, 1, -3, -1, 0, 0, 0), (0, 0, 1, 0, 0, 0, 0)
_SIEMENS, _AMPERE = (-2, -1, 3, 2, 0, 0, 0), (0, 0, 0, 1, 0, 0, 0)
_FARAD, _HERTZ, _PER_VOLT = (-2, -1, 4, 2, 0, 0, 0), (0, 0, -1, 0, 0, 0, 0), (-2, -1, 3, 1, 0, 0, 0)

UNITS: dict[str, Unit] = {
    "mV": Unit(1e-3, _VOLT, 1.0, "mvolt"),
    "ms": Unit(1e-3, _SECOND, 1.0, "msecond"),
    "s": Unit(1.0, _SECOND, 1e3, "second"),
    "nS": Unit(1e-9, _SIEMENS, 1.0, "nsiemens"),
    "pS": Unit(1e-12, _SIEMENS, 1e-3, "psiemens"),
    "pA": Unit(1e-12, _AMPERE, 1.0, "pamp"),
    "pF": Unit(1e-12, _FARAD, 1.0, "pfarad"),
    "Hz": Unit(1.0, _HERTZ, 1e-3, "hertz"),
    "per_s": Unit(1.0, _HERTZ, 1e-3, "hertz"),
    "per_mV": Unit(1e3, _PER_VOLT, 1.0, "mvolt**-1"),
    "per_ms": Unit(1e3, _HERTZ, 1.0, "msecond**-1"),
    # of membranes: in um2, so that mS/cm2 x area is nS
    "cm2": Unit(1e-4, (2, 0, 0, 0, 0, 0, 0), 1e8, "cmetre2"),
    "mS_cm2": Unit(10.0, (-4, -1, 3, 2, 0, 0, 0), 1e-2, "msiemens/cmetre2"),
    "uF_cm2": Unit(1e-2, (-4, -1, 4, 2, 0, 0, 0), 1e-2, "ufarad/cmetre2"),
    "uM": Unit(1e-3, (-3, 0, 0, 0, 0, 1, 0), 1.0, "umolar"),
    "uM_nA": Unit(1e6, (-3, 0, 0, -1, 0, 1, 0), 1e-3, "umolar/namp"),
    # of bodies, which move in mm, s and uN
    "mm": Unit(1e-3, (1, 0, 0, 0, 0, 0, 0), 1e3, "mmetre"),
    "per_mm": Unit(1e3, (-1, 0, 0, 0, 0, 0, 0), 1e-3, "mmetre**-1"),
    "pA_mm": Unit(1e-15, (1, 0, 0, 1, 0, 0, 0), 1e3, "pamp*mmetre"),
    "uN_mm2": Unit(1e-12, (3, 1, -2, 0, 0, 0, 0), 1e12, "unewton*mmetre2"),
    "uN_mm2_s": Unit(1e-12, (3, 1, -1, 0, 0, 0, 0), 1e15, "unewton*mmetre2*second"),
    "": Unit(1.0, (0,) * 7, 1.0, "1"),
}


def to_number(value, unit: str, name: str) -> float:
    """The value as a plain number in `unit`.

    Parameters
    ----------
    value : float or brian2.Quantity
        A bare number is taken to be in `unit` already; a quantity is converted, its dimensions checked.
    unit : str
        A key of ``UNITS``.
    name : str
        What is set, for the message.

    Raises
    ------
    InputError
        Wrong dimensions, not a number, or not finite (infinity is allowed: a threshold never reached).
    """
    dims = getattr(getattr(value, "dim", None), "_dims", None)
    try:
        number = float(np.asarray(value))
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} = {value!r} is not a number (expected {unit or 'a pure number'})") from error
    if dims is not None:
        expected = UNITS[unit]
        if tuple(dims) != tuple(expected.dims):
            raise InputError(f"{name} = {value} has the wrong dimensions: it is given in {unit or 'pure numbers'}")
        number /= expected.si
    if np.isnan(number):
        raise InputError(f"{name} is not a number (nan); give a value in {unit or 'pure numbers'}")
    return number


def to_internal(number, unit: str):
    """From `unit` to internal units (scalar or array)."""
    return number * UNITS[unit].internal

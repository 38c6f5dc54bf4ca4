"""A parameter: value, unit, source, how sure it is, and a prior where nobody has measured it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from .errors import InputError
from .units import UNITS, to_number

CERTAINTIES = ("high", "medium", "low", "guess")


@dataclass(frozen=True)
class Prior:
    """What is thought of an unmeasured value before anything is fitted.

    Parameters
    ----------
    kind : {"uniform", "loguniform"}
    low, high : float
        The bounds, in the parameter's unit.
    """

    kind: Literal["uniform", "loguniform"]
    low: float
    high: float

    def __post_init__(self):
        if self.kind not in ("uniform", "loguniform"):
            raise InputError(f"prior kind {self.kind!r} is not known; use 'uniform' or 'loguniform'")
        if not (np.isfinite([self.low, self.high]).all() and self.low <= self.high):
            raise InputError(f"prior bounds {self.low}, {self.high} must be finite and in ascending order")
        if self.kind == "loguniform" and self.low <= 0:
            raise InputError(f"a loguniform prior needs bounds above 0, got {self.low}")

    def quantile(self, u):
        """Inverse distribution function at `u` in [0, 1] (scalar or array)."""
        if self.kind == "loguniform":
            return self.low * (self.high / self.low) ** np.asarray(u)
        return self.low + (self.high - self.low) * np.asarray(u)

    def inverse(self, x):
        """Distribution function at `x` (scalar or array): the `u` whose :meth:`quantile` it is; 0.5 where the bounds are one."""
        low, high, x = (np.log(y) if self.kind == "loguniform" else np.asarray(y, float) for y in (self.low, self.high, x))
        return np.clip((x - low) / (high - low), 0.0, 1.0) if high > low else np.full(np.shape(x), 0.5)


@dataclass(frozen=True)
class Parameter:
    """One number of a model.

    Parameters
    ----------
    symbol : str
        Its name in the equations.
    value : float
        In `unit`; not nan, infinity is allowed (a threshold never reached).
    unit : str
        A key of :data:`wormsim.units.UNITS`.
    source : str
        Where the value is from.
    certainty : {"high", "medium", "low", "guess"}
    prior : Prior, optional
        Present where the value is unknown in the worm: it is then sampled, never assumed.
    """

    symbol: str
    value: float
    unit: str
    source: str
    certainty: str
    prior: Prior | None = None

    def __post_init__(self):
        if self.unit not in UNITS:
            raise InputError(
                f"parameter {self.symbol}: unit {self.unit!r} is not one of {', '.join(filter(None, UNITS))}"
            )
        if self.certainty not in CERTAINTIES:
            raise InputError(f"parameter {self.symbol}: certainty {self.certainty!r} is not one of {CERTAINTIES}")
        to_number(self.value, self.unit, f"parameter {self.symbol}: value")

    @property
    def key(self) -> str:
        """Public name: the symbol with its unit (``tau_m_ms``)."""
        return f"{self.symbol}_{self.unit}" if self.unit else self.symbol

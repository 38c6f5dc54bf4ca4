"""Silencing: the cell stays but is held near a low potential by an added conductance (histamine-gated chloride)."""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from ..perturbation import Perturbation, Sheet
from ..units import to_internal


class Silence(Perturbation):
    """Hyperpolarise cells in a window.

    Parameters
    ----------
    *cells : str
    start_ms, stop_ms : float
    g_nS : float
        Added conductance. The default is ten times the largest leak that the models here use, a choice, not a
        measurement.
    e_mV : float
        Its reversal potential; the chloride potential is not known in most worm cells.
    """

    def __init__(
        self, *cells: str, start_ms: float = 0.0, stop_ms: float = np.inf, g_nS: float = 10.0, e_mV: float = -70.0
    ):
        super().__init__(*cells, start_ms=start_ms, stop_ms=stop_ms)
        if not (np.isfinite(g_nS) and g_nS >= 0):
            raise InputError(f"Silence: g_nS = {g_nS} must be a number of at least 0")
        self.g_nS, self.e_mV = float(g_nS), float(e_mV)

    def write(self, sheet: Sheet, cells: np.ndarray) -> None:
        where = np.ix_(cells, sheet.lanes)
        sheet.effects.conductance_nS[where] += to_internal(self.g_nS, "nS")
        sheet.effects.conductance_reversal_pA[where] += to_internal(self.g_nS, "nS") * self.e_mV

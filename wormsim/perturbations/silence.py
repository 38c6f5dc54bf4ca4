"""Silencing: the cell stays but is held low by an added conductance (histamine-gated chloride) or pushed down by a current."""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from ..perturbation import Perturbation, Sheet
from ._connections import checked_dose


class Silence(Perturbation):
    """Hyperpolarise cells in a window.

    Parameters
    ----------
    *cells : str
    start_ms, stop_ms : float
    g_nS : float or str, optional
        Added conductance. The default, where no current is given, is ten times the largest leak that the models here use, a
        choice, not a measurement. A string is the key of a parameter of the model.
    e_mV : float
        Its reversal potential; the chloride potential is not known in most worm cells.
    current_pA : float or str, optional
        Size of a hyperpolarising current instead, or as well. It goes on pushing, however low the potential is.
    """

    def __init__(
        self,
        *cells: str,
        start_ms: float = 0.0,
        stop_ms: float = np.inf,
        g_nS: float | str | None = None,
        e_mV: float = -70.0,
        current_pA: float | str | None = None,
    ):
        super().__init__(*cells, start_ms=start_ms, stop_ms=stop_ms)
        if g_nS is None:
            g_nS = 10.0 if current_pA is None else 0.0
        if not np.isfinite(e_mV):
            raise InputError(f"Silence: e_mV = {e_mV} is not a finite number")
        self.g_nS, self.e_mV = checked_dose("Silence", "g_nS", g_nS), float(e_mV)
        self.current_pA = None if current_pA is None else checked_dose("Silence", "current_pA", current_pA)

    @property
    def only_stepped(self) -> bool:
        """A conductance changes the time constant of the membrane."""
        return self.g_nS != 0

    def write(self, sheet: Sheet, cells: np.ndarray) -> None:
        where = np.ix_(cells, sheet.lanes)
        conductance = sheet.value(self.g_nS, "nS")
        sheet.effects.conductance_nS[where] += conductance
        sheet.effects.conductance_reversal_pA[where] += conductance * self.e_mV
        if self.current_pA is not None:
            sheet.effects.current_pA[where] -= sheet.value(self.current_pA, "pA")


def example(cells: tuple[str, ...], dose: float, **window: float) -> Silence:
    """One of it for the tests."""
    return Silence(*cells, g_nS=10.0 * dose, **window)

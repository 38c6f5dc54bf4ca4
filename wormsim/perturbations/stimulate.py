"""Stimulation: a current, a conductance that opens, or Poisson events as a sense organ would deliver them."""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from ..perturbation import Perturbation, Sheet


class Stimulate(Perturbation):
    """Drive cells in a window: with a current, with Poisson events (a rate and a size), with a conductance, or several.

    At least one of them is given; a 0 that is given is a dose like any other, and does nothing.

    Parameters
    ----------
    *cells : str
    start_ms, stop_ms : float
    current_pA : float or str
        Constant current; a string is the key of a parameter of the model, whose value then differs by sample.
    rate_Hz : float or str
        Rate of Poisson events (one Bernoulli draw a step).
    size_pA : float or str
        What one event adds to the synaptic current; goes with `rate_Hz`.
    g_nS : float or str
        Conductance that opens, as a mechanically gated channel does; it cannot drive the cell beyond `e_mV`.
    e_mV : float
        Reversal potential of that conductance.

    Raises
    ------
    InputError
        Nothing to drive with, a rate without a size of events or a size without a rate, a value that is negative or not
        finite.
    """

    def __init__(
        self,
        *cells: str,
        start_ms: float = 0.0,
        stop_ms: float = np.inf,
        current_pA: float | str | None = None,
        rate_Hz: float | str | None = None,
        size_pA: float | str | None = None,
        g_nS: float | str | None = None,
        e_mV: float = 0.0,
    ):
        super().__init__(*cells, start_ms=start_ms, stop_ms=stop_ms)
        if current_pA is None and rate_Hz is None and g_nS is None:
            raise InputError(f"{self!r}: nothing to drive with; give current_pA, g_nS, or rate_Hz with size_pA"
                             + ("" if size_pA is None else " (a size alone is no stimulus)"))
        if _is_there(rate_Hz) and not _is_there(size_pA):
            raise InputError(f"{self!r}: events at rate_Hz = {rate_Hz} that add nothing (size_pA = {size_pA or 0}); "
                             "give size_pA, what one event adds to the synaptic current")
        if _is_there(size_pA) and rate_Hz is None:
            raise InputError(f"{self!r}: size_pA = {size_pA} is the size of Poisson events; give rate_Hz as well")
        current_pA, rate_Hz, size_pA, g_nS = (0.0 if x is None else x for x in (current_pA, rate_Hz, size_pA, g_nS))
        given = {"rate_Hz": rate_Hz, "current_pA": current_pA, "size_pA": size_pA, "g_nS": g_nS, "e_mV": e_mV}
        for name, value in given.items():
            if not isinstance(value, str) and not np.isfinite(value):
                raise InputError(f"Stimulate: {name} = {value} is not a finite number")
            if name in ("rate_Hz", "g_nS") and not isinstance(value, str) and value < 0:
                raise InputError(f"Stimulate: {name} = {value} is negative")
        self.current_pA, self.rate_Hz, self.size_pA = current_pA, rate_Hz, size_pA
        self.g_nS, self.e_mV = g_nS, float(e_mV)

    def write(self, sheet: Sheet, cells: np.ndarray) -> None:
        where = np.ix_(cells, sheet.lanes)
        sheet.effects.current_pA[where] += sheet.value(self.current_pA, "pA")
        conductance = sheet.value(self.g_nS, "nS")
        sheet.effects.conductance_nS[where] += conductance
        sheet.effects.conductance_reversal_pA[where] += conductance * self.e_mV
        probability = np.asarray(sheet.value(self.rate_Hz, "Hz")) * sheet.dt_ms
        if not np.any(probability > 0):
            return
        if np.any(probability > 1):
            raise InputError(
                f"{self!r}: more than one Poisson event in a step of {sheet.dt_ms} ms; lower rate_Hz or dt_ms"
            )
        shape = (len(cells), sheet.effects.alive.shape[1])
        p, size = np.zeros(shape), np.zeros(shape)
        p[:, sheet.lanes] = probability
        size[:, sheet.lanes] = sheet.value(self.size_pA, "pA")
        sheet.poisson_rows.append((cells, np.full(len(cells), sheet.source, np.int32), p, size))


def _is_there(value: float | str | None) -> bool:
    """Whether it is given and not 0; the key of a parameter is."""
    return value is not None and (isinstance(value, str) or value != 0)

"""Stimulation: a current, a conductance that opens, or Poisson events as a sense organ would deliver them.

With time constants, current and conductance follow the light as an opsin's do: ``dg/dt = (g_light - g)/tau_opsin`` in every
cell, where the stimulus sets `g_light` and `tau_opsin` when it begins and when it ends. That is exact whatever the step, and
a pulse that begins before the last one has died away goes on from where it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..dynamics import SynapseModel
from ..errors import InputError
from ..parameter import Parameter
from ..perturbation import Perturbation, Sheet

if TYPE_CHECKING:
    from ..alteration import Changes

_SET = "set by Stimulate, cell by cell"

OPSIN = SynapseModel(
    name="opsin",
    kind="none",
    cell_equations="""
    dg_opsin/dt = (g_light - g_opsin)/tau_opsin : siemens
    dI_opsin/dt = (I_light - I_opsin)/tau_opsin : amp
    """,
    current="I_opsin + g_opsin*(E_opsin - v)",
    edge=(),
    parameters=(
        Parameter("g_light", 0.0, "nS", _SET, "guess"),
        Parameter("I_light", 0.0, "pA", _SET, "guess"),
        Parameter("tau_opsin", 1.0, "ms", _SET, "guess"),
        Parameter("E_opsin", 0.0, "mV", _SET, "guess"),
    ),
    initial={"g_opsin": "0*siemens", "I_opsin": "0*amp"},
)


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
    tau_on_ms, tau_off_ms : float, optional
        Time constants with which current and conductance rise from `start_ms` on and fall from `stop_ms` on; by default they
        switch at once. One is enough for both. Of events there are none.

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
        tau_on_ms: float | None = None,
        tau_off_ms: float | None = None,
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
        self.tau_on_ms = tau_on_ms if tau_on_ms is not None else tau_off_ms
        self.tau_off_ms = tau_off_ms if tau_off_ms is not None else tau_on_ms
        for name in ("tau_on_ms", "tau_off_ms"):
            tau = getattr(self, name)
            if tau is not None and not 0 < tau < np.inf:
                raise InputError(f"Stimulate: {name} = {tau} must be a positive number")
        if self.tau_on_ms is not None and _is_there(rate_Hz):
            raise InputError(f"{self!r}: time constants are of a current or a conductance, and Poisson events have neither")
        if self._follows:
            self.mechanisms = (OPSIN,)

    @property
    def _follows(self) -> bool:
        """Whether there is something that rises and falls."""
        return self.tau_on_ms is not None and (_is_there(self.current_pA) or _is_there(self.g_nS))

    def parts(self) -> tuple[Perturbation, ...]:
        """With time constants: the light, and the time after it."""
        if not self._follows:
            return (self,)
        return (_Light(self, True), *([_Light(self, False)] if np.isfinite(self.stop_ms) else []))

    def clash(self, earlier: Perturbation) -> str:
        """A cell has one opsin."""
        if not (isinstance(earlier, Stimulate) and self._follows and earlier._follows):
            return ""
        ours, theirs = ((p.tau_on_ms, p.tau_off_ms, p.e_mV) for p in (self, earlier))
        both = [cell for cell in self.resolved if cell in set(earlier.resolved)]
        return f"{', '.join(both)} would have two opsins, with other time constants or e_mV" if both and ours != theirs else ""

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


class _Light(Perturbation):
    """The light of a stimulus with time constants, or what is left when it is off."""

    alters = True

    def __init__(self, stimulus: Stimulate, on: bool):
        window = (stimulus.start_ms, stimulus.stop_ms) if on else (stimulus.stop_ms, np.inf)
        self.stimulus, self.on, self.resolved = stimulus, on, stimulus.resolved
        self.cells, (self.start_ms, self.stop_ms) = stimulus.cells, window

    def alter(self, changes: Changes, cells: np.ndarray) -> None:
        """Set what the opsin tends to, and how fast; after the light the time constant, unless another light is on."""
        given = self.stimulus
        g_light, I_light, tau, e = (changes.parameter(p.symbol) for p in OPSIN.parameters)
        dark = np.isin(np.arange(len(tau)), cells)[:, None] & (g_light == 0) & (I_light == 0)
        if self.on:
            g_light[cells] += changes.value(given.g_nS, "nS")
            I_light[cells] += changes.value(given.current_pA, "pA")
            tau[cells] = given.tau_on_ms
        else:
            tau[dark] = given.tau_off_ms
        e[cells] = given.e_mV


def _is_there(value: float | str | None) -> bool:
    """Whether it is given and not 0; the key of a parameter is."""
    return value is not None and (isinstance(value, str) or value != 0)


def example(cells: tuple[str, ...], dose: float, **window: float) -> Stimulate:
    """One of it for the tests: a current that moves any of the models here."""
    return Stimulate(*cells, current_pA=3.0 * dose, **window)

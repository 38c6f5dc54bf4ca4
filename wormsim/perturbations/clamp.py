"""Voltage clamp: the potential of a cell is held, whatever flows into it."""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from ..perturbation import Perturbation, Sheet


class Clamp(Perturbation):
    """Hold cells at a voltage in a window.

    The recorded potential is the clamp's from the first frame in the window to the first one after it, from where the cell goes
    on freely. Everything else goes on: a graded synapse releases as the clamped potential says, a gap junction passes current
    from it, and the cell's own synaptic currents come and go. It does not spike: what is held does not cross a threshold.

    Parameters
    ----------
    *cells : str
    v_mV : float or str
        A string is the key of a parameter of the model.
    start_ms, stop_ms : float

    Raises
    ------
    InputError
        A voltage that is not finite; and, when it is run, two clamps that hold one cell at two voltages at one time.
    """

    def __init__(self, *cells: str, v_mV: float | str, start_ms: float = 0.0, stop_ms: float = np.inf):
        super().__init__(*cells, start_ms=start_ms, stop_ms=stop_ms)
        if not isinstance(v_mV, str) and not np.isfinite(v_mV):
            raise InputError(f"Clamp: v_mV = {v_mV} is not a finite number")
        self.v_mV = v_mV if isinstance(v_mV, str) else float(v_mV)

    @property
    def only_stepped(self) -> bool:
        """It holds its cells in every step."""
        return True

    def clash(self, earlier: Perturbation) -> str:
        """Two clamps of a cell at one time must agree."""
        if not isinstance(earlier, Clamp) or earlier.v_mV == self.v_mV or not self.overlaps(earlier):
            return ""
        both = [cell for cell in self.resolved if cell in set(earlier.resolved)]
        held = f"held at {earlier.v_mV} mV and at {self.v_mV} mV from {max(self.start_ms, earlier.start_ms):g} ms on"
        return f"{', '.join(both)} would be {held}" if both else ""

    def write(self, sheet: Sheet, cells: np.ndarray) -> None:
        sheet.clamp(cells, sheet.value(self.v_mV, "mV"))


def example(cells: tuple[str, ...], dose: float, **window: float) -> Clamp | None:
    """One of it for the tests; there is no dose of a clamp that does nothing."""
    return Clamp(*cells, v_mV=-20.0, **window) if dose else None

"""Scaling: a class of connections is made stronger or weaker, or taken away (a drug at a receptor, a knock-down)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from ..errors import InputError
from ._connections import OfConnections, checked_dose

if TYPE_CHECKING:
    from ..alteration import Changes


class Scale(OfConnections):
    """Multiply the strength of connections in a window.

    Parameters
    ----------
    *cells : str
        Presynaptic cells (``"*"`` for all); of gap junctions those at one end.
    factor : float or str
        1 changes nothing, 0 takes the connections away; a string is the key of a parameter of the model.
    onto : str or sequence of str
        Postsynaptic cells; of gap junctions those at the other end.
    kind : {"chemical", "electrical"}
    transmitter : str, optional
        Only connections that release it: by the connection's own transmitter where the wiring says it, else the presynaptic
        cell's.
    start_ms, stop_ms : float
    """

    def __init__(
        self,
        *cells: str,
        factor: float | str,
        onto: str | tuple[str, ...] = "*",
        kind: Literal["chemical", "electrical"] = "chemical",
        transmitter: str | None = None,
        start_ms: float = 0.0,
        stop_ms: float = np.inf,
    ):
        super().__init__(*cells, onto=onto, start_ms=start_ms, stop_ms=stop_ms)
        if kind not in ("chemical", "electrical"):
            raise InputError(f"Scale: kind {kind!r} is not one of 'chemical', 'electrical'")
        if transmitter is not None and kind == "electrical":
            raise InputError("Scale: gap junctions have no transmitter")
        self.factor = checked_dose("Scale", "factor", factor)
        self.kind, self.transmitter = kind, transmitter

    def factor_of(self, changes: Changes):
        """The factor in each column."""
        return changes.value(self.factor, "")


def example(cells: tuple[str, ...], dose: float, **window: float) -> Scale:
    """One of it for the tests: with a dose of 1 the cells' output is gone, with 0 nothing is done."""
    return Scale(*cells, factor=1.0 - dose, **window)

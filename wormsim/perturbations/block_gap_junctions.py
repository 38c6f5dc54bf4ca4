"""Block of gap junctions, of all or between given cells, in whole or in part (carbenoxolone; innexin knock-down)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._connections import OfConnections, checked_dose

if TYPE_CHECKING:
    from ..alteration import Changes


class BlockGapJunctions(OfConnections):
    """Take gap junctions away in a window, both ways.

    Parameters
    ----------
    *cells : str
        Cells at one end; by default all.
    onto : str or sequence of str
        Cells at the other end: ``BlockGapJunctions("AVA", onto="PVC")`` is of the junctions between these two classes.
    fraction : float or str
        Share of the conductance that is lost; a string is the key of a parameter of the model.
    start_ms, stop_ms : float
    """

    kind = "electrical"

    def __init__(
        self,
        *cells: str,
        onto: str | tuple[str, ...] = "*",
        fraction: float | str = 1.0,
        start_ms: float = 0.0,
        stop_ms: float = np.inf,
    ):
        super().__init__(*(cells or ("*",)), onto=onto, start_ms=start_ms, stop_ms=stop_ms)
        self.fraction = checked_dose("BlockGapJunctions", "fraction", fraction, most=1.0)

    def factor_of(self, changes: Changes):
        """What is left of the conductance in each column."""
        return 1.0 - changes.value(self.fraction, "")


def example(cells: tuple[str, ...], dose: float, **window: float) -> BlockGapJunctions:
    """One of it for the tests: with a dose of 1 the cells' junctions are gone, with 0 nothing is done."""
    return BlockGapJunctions(*cells, fraction=dose, **window)

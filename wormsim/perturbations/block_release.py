"""Block of release: the cell lives, its gap junctions conduct, its chemical synapses are silent (tetanus toxin)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..perturbation import Perturbation, Sheet
from ._connections import checked_dose

if TYPE_CHECKING:
    from ..alteration import Changes


class BlockRelease(Perturbation):
    """Stop the chemical output of cells in a window, in whole or in part.

    Parameters
    ----------
    *cells : str
    start_ms, stop_ms : float
    fraction : float or str
        Share of the release that is lost: less than 1 makes every chemical synapse from the cells so much weaker. A string is
        the key of a parameter of the model.
    """

    def __init__(self, *cells: str, start_ms: float = 0.0, stop_ms: float = np.inf, fraction: float | str = 1.0):
        super().__init__(*cells, start_ms=start_ms, stop_ms=stop_ms)
        self.fraction = checked_dose("BlockRelease", "fraction", fraction, most=1.0)

    @property
    def alters(self) -> bool:
        """A whole block is a mask; a part of one changes strengths."""
        return self.fraction != 1.0

    def write(self, sheet: Sheet, cells: np.ndarray) -> None:
        if not self.alters:
            sheet.effects.release[np.ix_(cells, sheet.lanes)] = False

    def alter(self, changes: Changes, cells: np.ndarray) -> None:
        left = 1.0 - changes.value(self.fraction, "")
        for edges in changes.pathways:
            if edges.synapse.kind != "electrical":
                edges.scale(np.isin(edges.pre, cells), left)


def example(cells: tuple[str, ...], dose: float, **window: float) -> BlockRelease:
    """One of it for the tests."""
    return BlockRelease(*cells, fraction=dose, **window)

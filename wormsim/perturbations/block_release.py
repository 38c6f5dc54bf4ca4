"""Block of release: the cell lives, its gap junctions conduct, its chemical synapses are silent (tetanus toxin)."""

from __future__ import annotations

import numpy as np

from ..perturbation import Perturbation, Sheet


class BlockRelease(Perturbation):
    """Stop the chemical output of cells in a window."""

    def write(self, sheet: Sheet, cells: np.ndarray) -> None:
        sheet.effects.release[np.ix_(cells, sheet.lanes)] = False

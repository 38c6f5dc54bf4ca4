"""Ablation: the cell is gone, with every synapse and gap junction to and from it."""

from __future__ import annotations

import numpy as np

from ..perturbation import Perturbation, Sheet


class Ablate(Perturbation):
    """Remove cells for the whole run, as a laser would long before it. Recorded traces of an ablated cell are NaN."""

    def __init__(self, *cells: str):
        super().__init__(*cells)

    def write(self, sheet: Sheet, cells: np.ndarray) -> None:
        sheet.effects.alive[np.ix_(cells, sheet.lanes)] = False

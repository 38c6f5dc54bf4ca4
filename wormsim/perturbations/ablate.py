"""Ablation: the cell is gone, with every synapse and gap junction to and from it."""

from __future__ import annotations

import numpy as np

from ..perturbation import Perturbation, Sheet


class Ablate(Perturbation):
    """Remove cells for the whole run, as a laser would long before it. Recorded traces of an ablated cell are NaN."""

    removes = True

    def __init__(self, *cells: str):
        super().__init__(*cells)

    def write(self, sheet: Sheet, cells: np.ndarray) -> None:
        sheet.effects.alive[np.ix_(cells, sheet.lanes)] = False


def example(cells: tuple[str, ...], dose: float, **window: float) -> Ablate | None:
    """One of it for the tests; it has neither a dose nor a window."""
    return Ablate(*cells) if dose and not window else None

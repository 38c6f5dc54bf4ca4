"""Stretch receptors: which cells feel the bend of the body.

Who feels stretch, and over which part of the body, is known in part only. Here: the motor neurons of classes B (Wen Q et al 2012
Neuron 76:750 found that a posterior region bends after an anterior one: from memory, medium; Boyle JH et al 2012 gave B cells
receptors that look towards the tail) and A (by analogy, guess), and of the head SMD, SMB and RMD (Izquierdo EJ, Beer RD 2018 put
stretch receptors on SMD; the others are a guess). Both the direction of the field and the sign of the current are contested, so
both are unknowns of the animal and set by its calibration.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from .muscles import innervation

#: Group of receptors -> classes.
GROUPS = {"B": ("DB", "VB"), "A": ("DA", "VA"), "head": ("SMD", "SMB", "RMD")}
#: Half the width of a field in body lengths. Boyle et al. 2012 sum half of the body; a quarter is chosen here (guess).
HALF_WIDTH = 0.125
_SIDE = re.compile(r"(?:SMD|SMB|RMD)([DV])[LR]$|([DV])[AB]\d+$")


@dataclass(frozen=True)
class Receptors:
    """Cells with stretch receptors: their numbers, centres (body lengths), signs (+1 of dorsal cells) and groups, (Q,) each."""

    cell: np.ndarray
    centre: np.ndarray
    sign: np.ndarray
    group: np.ndarray


def receptors(circuit, muscles: list[str]) -> Receptors:
    """The stretch receptors of a circuit; a cell that no muscle is contacted by has no place on the body and none."""
    cells = circuit.connectome.cells
    places = innervation(circuit, muscles)
    rows = []
    for k, classes in enumerate(GROUPS.values()):
        for name in cells.index[cells["cell_class"].isin(classes)]:
            side = _SIDE.match(name)
            if side and name in places:
                rows.append((cells.index.get_loc(name), places[name], 1.0 if "D" in side.groups() else -1.0, k))
    if not rows:
        raise InputError(f"{circuit.name} has no cell with a stretch receptor ({', '.join(c for g in GROUPS.values() for c in g)})")
    cell, centre, sign, group = (np.array(x) for x in zip(*rows, strict=True))
    return Receptors(cell.astype(np.int64), centre.astype(float), sign, group.astype(np.int64))

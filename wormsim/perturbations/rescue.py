"""Rescue: an earlier perturbation is undone in named cells, as a transgene under a cell's own promoter undoes a mutation."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from ..errors import InputError
from ..perturbation import Perturbation

if TYPE_CHECKING:
    from ..circuit import Circuit


class Rescue(Perturbation):
    """Undo a perturbation in some of its cells, for as long as it acts.

    The perturbation then does what it would do had it never been about these cells: an ablated cell is there from the start, with
    every connection to cells that are there; a silenced or clamped cell runs freely; a genotype leaves alone what the rescued cells
    release, what reaches them through a receptor, and the gap junctions between two of them (both sides need the gene). Nothing
    else that is done to the cells is touched.

    Parameters
    ----------
    *cells : str
        In which cells; of an ablation, silencing and so on some of those that it is about.
    of : Perturbation
        The very perturbation that is undone; it must be done to the animal before the rescue.

    Raises
    ------
    InputError
        Nothing to be undone: not a perturbation, one that is not done before, or none of whose effect is in these cells.
    """

    of_cells = False

    def __init__(self, *cells: str, of: Perturbation):
        super().__init__(*cells)
        if not isinstance(of, Perturbation) or isinstance(of, Rescue):
            raise InputError(f"Rescue: of = {of!r} is not a perturbation that can be undone")
        self.rescues = of

    def resolve(self, circuit: Circuit) -> Rescue:
        """The same with its cells, and those of what it undoes, looked up."""
        other = copy.copy(super().resolve(circuit))
        other.rescues = self.rescues.on(circuit)
        outside = [cell for cell in other.resolved if cell not in set(other.rescues.resolved)]
        if outside:
            raise InputError(f"{self!r}: {self.rescues!r} does nothing to {', '.join(outside)}; leave them out")
        return other

    def describe(self) -> dict:
        """For the manifest: its cells and what is undone in them."""
        return {"name": "Rescue", "cells": list(self.resolved or self.cells), "of": self.rescues.describe()}

    def __repr__(self) -> str:
        return f"Rescue({', '.join(map(repr, self.cells))}, of={self.rescues!r})"


def example(cells: tuple[str, ...], dose: float, **window: float) -> Rescue | None:
    """None that stands alone: what it does depends on what it undoes."""
    return None

"""Stands in a model for a modulator that its cells release: it asks a genotype beside it which receptors are gone."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np

from ..modulator_rules import symbols
from ..perturbation import Perturbation
from .genotype import Genotype
from .modulate import left_of

if TYPE_CHECKING:
    from ..alteration import Changes
    from ..circuit import Circuit


class Released(Perturbation):
    """A modulator that is released; what it does is in the equations of the model (:mod:`wormsim.release`).

    Parameters
    ----------
    modulator : str
    received : dict of str to tuple of str
        Receptor to the cells that have it.
    """

    of_cells = False

    def __init__(self, modulator: str, received: dict[str, tuple[str, ...]]):
        super().__init__(*sorted({cell for cells in received.values() for cell in cells}))
        self.modulator, self._received = modulator, received
        self._genotypes: tuple[Genotype, ...] = ()

    @property
    def modulators(self) -> tuple[str, ...]:
        """What is released, for a genotype beside it."""
        return (self.modulator,)

    @property
    def alters(self) -> bool:
        """Only a genotype makes it change anything."""
        return bool(self._genotypes)

    def resolve(self, circuit: Circuit) -> Released:
        other = super().resolve(circuit)
        other.cells = ("*",)  # the list of cells stands in resolved
        return other

    def beside(self, others: tuple[Perturbation, ...]) -> Perturbation:
        genotypes = tuple(p for p in others if isinstance(p, Genotype))
        if not genotypes:
            return self
        other = copy.copy(self)
        other._genotypes = genotypes
        return other

    def alter(self, changes: Changes, cells: np.ndarray) -> None:
        number = dict(zip(self.resolved, cells, strict=True))
        for receptor, having in self._received.items():
            present = changes.parameter(symbols(self.modulator, receptor)["has"])
            for here, left in left_of(receptor, having, self._genotypes, changes.value):
                present[[number[c] for c in here]] *= left

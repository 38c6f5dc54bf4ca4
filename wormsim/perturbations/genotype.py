"""Genotype: a named loss-of-function mutant, as what of the wiring and of the modulators it takes away.

What each gene does is one table, ``wormsim/data/genotypes.csv``, with source and certainty (``wormsim list genotypes``). Where
a share was not measured, it is a parameter with a prior and is sampled.

- A connection is lost with a transmitter when all that it is known to release is lost. One that releases something else as
  well stays as it is, and so does one whose transmitter nobody knows: :meth:`Genotype.describe` counts both.
- Of gap junctions nobody knows which innexin each is made of, so an innexin weakens all of them by the same unknown share.
- Of modulators, what is released goes with the connections of their layers, and receptors are told to who sets a modulator
  (:meth:`Genotype.lost_receptor`).
"""

from __future__ import annotations

import copy
import functools
from typing import TYPE_CHECKING

import numpy as np

from ..connectome import UNDIRECTED_KINDS
from ..data import tables
from ..errors import EmptySelectionError, InputError, UnknownNameError
from ..lowering import released
from ..names import split_transmitters
from ..parameter import Parameter, Prior
from ..perturbation import Perturbation

if TYPE_CHECKING:
    import pandas as pd

    from ..alteration import Changes
    from ..circuit import Circuit

MONOAMINES = frozenset({"dopamine", "serotonin", "tyramine", "octopamine"})
"""What ``monoamines`` means in the table; every other modulator is a peptide."""


@functools.cache
def genotypes() -> pd.DataFrame:
    """The table of mutants: gene, change, target, onto, lost, low, high, certainty, source, note; not to be changed."""
    return tables.read_csv("genotypes").fillna({"onto": "", "note": ""})


class Genotype(Perturbation):
    """Loss of function of one or more genes, for life and in all cells.

    Parameters
    ----------
    *genes : str
        ``"unc-7"``, or several for a multiple mutant: what they leave of a connection is multiplied.

    Attributes
    ----------
    parameters : tuple of Parameter
        The share that is lost where it was not measured: ``lost_unc_7_gap_junctions`` and so on.

    Raises
    ------
    UnknownNameError
        A gene that is not in the table, with the closest ones.
    """

    alters = True
    of_cells = False

    def __init__(self, *genes: str):
        super().__init__("*")
        if not genes:
            raise InputError("Genotype needs at least one gene, such as 'unc-7'; `wormsim list genotypes` shows them")
        table = genotypes()
        for gene in genes:
            if gene not in set(table["gene"]):
                raise UnknownNameError("genotype", gene, sorted(set(table["gene"])), "`wormsim list genotypes` shows them")
        if twice := sorted({gene for gene in genes if genes.count(gene) > 1}):
            raise InputError(f"Genotype: {', '.join(twice)} is named twice")
        self.genes = tuple(genes)
        self._changes = [row for gene in genes for row in table[table["gene"] == gene].itertuples()]
        self.parameters = tuple(
            Parameter(_symbol(row), row.lost, "", f"{row.source}; {row.note}", row.certainty, Prior("uniform", row.low, row.high))
            for row in self._changes if not np.isnan(row.low))
        self._spared: frozenset[str] = frozenset()
        self._told = False

    def resolve(self, circuit: Circuit) -> Genotype:
        """The same with what every connection releases looked up."""
        other = copy.copy(super().resolve(circuit))
        edges = circuit.connectome.edges
        other._released = np.array([frozenset(split_transmitters(text)) for text in released(circuit)], object)
        other._receptor = edges["receptor"].to_numpy(object) if "receptor" in edges else np.full(len(edges), None)
        other._kind = edges["kind"].to_numpy(object)
        other._ends = edges["pre"].to_numpy(object), edges["post"].to_numpy(object)
        other._onto = {row.onto: edges["post"].isin(_select(circuit, row.onto)).to_numpy() for row in self._changes if row.onto}
        return other

    def sparing(self, cells: frozenset[str]) -> Genotype:
        """The same in an animal in which these cells have the gene."""
        other = copy.copy(self)
        other._spared = self._spared | cells
        return other

    def beside(self, others: tuple[Perturbation, ...]) -> Perturbation:
        """The same; where a modulator is set in the animal, that perturbation asks for what is lost, and nothing is idle."""
        if not any(p.modulators for p in others):
            return self
        other = copy.copy(self)
        other._told = True
        return other

    def lost_receptor(self, receptor: str) -> tuple[float | str, ...]:
        """Shares of a receptor ("MOD-1") that are lost, one for each gene: numbers or keys of parameters."""
        return tuple(_lost(row) for row in self._changes if row.change == "receptor" and row.target.casefold() == receptor.casefold())

    def spares(self, cell: str) -> bool:
        """Whether the gene works in a cell after all (:class:`~wormsim.perturbations.Rescue`)."""
        return cell in self._spared

    def alter(self, changes: Changes, cells: np.ndarray) -> None:
        left = {}
        for row in self._changes:
            if row.change == "transmitter":
                name = row.target.casefold()
                left[name] = left.get(name, 1.0) * (1.0 - changes.value(_lost(row), ""))
        touched = self._told
        for edges in changes.pathways:
            if edges.synapse.kind == "none":
                continue
            for rows, factor in self._factors(changes, left):
                here = rows[edges.row]
                touched |= bool(here.any())
                edges.scale(here, factor)
        if not touched and not self._spared:
            changes.touched_nothing.append(self)

    def _factors(self, changes: Changes, left: dict[str, np.ndarray | float]):
        """(rows, what is left of them), each once for what the mutant does."""
        from_spared, to_spared = (np.isin(end, list(self._spared)) for end in self._ends)
        for combination in {names for names in self._released if names and names <= set(left)}:
            rows = np.array([names == combination for names in self._released]) & ~np.isin(self._kind, UNDIRECTED_KINDS)
            yield rows & ~from_spared, functools.reduce(np.maximum, (left[name] for name in sorted(combination)))
        for row in self._changes:
            factor = 1.0 - changes.value(_lost(row), "")
            if row.change == "release":
                yield (self._kind == "chemical") & ~from_spared, factor
            elif row.change == "dense_core":
                yield (self._kind == row.target.removesuffix("s")) & ~from_spared, factor
            elif row.change == "gap_junctions":
                yield (self._kind == "electrical") & ~(from_spared & to_spared), factor
            elif row.change == "receptor":
                yield np.array([str(r).casefold() == row.target.casefold() for r in self._receptor]) & ~to_spared, factor
            elif row.change == "received":
                wanted = frozenset({row.target.casefold()})
                rows = np.array([names == wanted for names in self._released]) & self._onto[row.onto]
                yield rows & (self._kind == "chemical") & ~to_spared, factor

    def describe(self) -> dict:
        """For the manifest: genes, and how many chemical connections go with a transmitter or stay for want of knowledge."""
        told = {"name": "Genotype", "genes": list(self.genes)}
        lost = {row.target.casefold() for row in self._changes if row.change == "transmitter"}
        if self.resolved is not None and lost:
            chemical = self._released[self._kind == "chemical"]
            told["connections_lost_with_transmitter"] = sum(bool(names) and names <= lost for names in chemical)
            told["kept_with_another_transmitter"] = sum(bool(names & lost) and not names <= lost for names in chemical)
            told["kept_without_known_transmitter"] = sum(not names for names in chemical)
        return told

    def __repr__(self) -> str:
        return f"Genotype({', '.join(map(repr, self.genes))})"


def _symbol(row) -> str:
    what = row.change if row.change in ("release", "gap_junctions") else row.target
    return f"lost_{row.gene}_{what}".replace("-", "_").casefold()


def _lost(row) -> float | str:
    """The share as a number, or the key of its parameter."""
    return float(row.lost) if np.isnan(row.low) else _symbol(row)


def _select(circuit: Circuit, selector: str) -> tuple[str, ...]:
    try:
        return circuit.select(selector)
    except EmptySelectionError:
        return ()


def example(cells: tuple[str, ...], dose: float, **window: float) -> Genotype | None:
    """One of it for the tests; it has neither a dose nor a window."""
    return Genotype("unc-7") if dose and not window else None

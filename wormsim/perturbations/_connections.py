"""Perturbations of connections: which rows of the connectome's table they are about, and how they scale them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ..lowering import released
from ..names import split_transmitters
from ..perturbation import Perturbation

if TYPE_CHECKING:
    from ..alteration import Changes
    from ..circuit import Circuit


class OfConnections(Perturbation):
    """Base class: connections from some cells to others, multiplied by a factor.

    Parameters
    ----------
    *cells : str
        Presynaptic cells; of gap junctions the cells at one end.
    onto : str or sequence of str
        Postsynaptic cells; of gap junctions those at the other end.
    start_ms, stop_ms : float
    """

    alters = True
    of_cells = False
    kind = "chemical"
    transmitter: str | None = None

    def __init__(self, *cells: str, onto: str | tuple[str, ...] = "*", start_ms: float = 0.0, stop_ms: float = np.inf):
        super().__init__(*cells, start_ms=start_ms, stop_ms=stop_ms)
        self.onto = (onto,) if isinstance(onto, str) else tuple(onto)

    def resolve(self, circuit: Circuit) -> OfConnections:
        """The same with its connections looked up."""
        other = copy.copy(super().resolve(circuit))
        edges = circuit.connectome.edges
        first, second = other.resolved, circuit.select(*self.onto)
        rows = edges["pre"].isin(first) & edges["post"].isin(second)
        if self.kind == "electrical":
            rows |= edges["pre"].isin(second) & edges["post"].isin(first)
        other._rows = rows.to_numpy() & (edges["kind"] == self.kind).to_numpy()
        other._ends = edges["pre"].to_numpy(object), edges["post"].to_numpy(object)
        if self.transmitter is not None:
            wanted = set(split_transmitters(self.transmitter))
            other._rows &= np.array([bool(wanted & set(split_transmitters(text))) for text in released(circuit)], bool)
        return other

    def sparing(self, cells: frozenset[str]) -> OfConnections | None:
        """The same without the chemical connections from these cells, or the gap junctions between two of them."""
        other, (from_them, to_them) = copy.copy(self), (np.isin(end, list(cells)) for end in self._ends)
        other._rows = self._rows & ~(from_them & to_them if self.kind == "electrical" else from_them)
        return other if other._rows.any() else None

    def factor_of(self, changes: Changes):
        """What the connections are multiplied by, a number or one for each column."""
        raise NotImplementedError

    def alter(self, changes: Changes, cells: np.ndarray) -> None:
        factor = self.factor_of(changes)
        found = False
        for edges in changes.pathways:
            here = self._rows[edges.row]
            found |= bool(here.any())
            edges.scale(here, factor)
        if not found:
            changes.touched_nothing.append(self)


def checked_dose(name: str, what: str, x: float | str, most: float = np.inf) -> float | str:
    """A dose as a number of at least 0 and at most `most`, or the key of a parameter.

    Raises
    ------
    InputError
        Not finite, or out of bounds.
    """
    if isinstance(x, str):
        return x
    if not (np.isfinite(x) and 0 <= x <= most):
        bound = "at least 0" if np.isinf(most) else f"0 to {most:g}"
        raise InputError(f"{name}: {what} = {x} must be a number of {bound}")
    return float(x)

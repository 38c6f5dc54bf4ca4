"""Cases: labelled sets of perturbations for :meth:`Variants.cross`, one for every cell, pair, group or random set of a circuit."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from math import comb

import numpy as np

from .circuit import Circuit
from .errors import InputError
from .perturbation import Perturbation
from .perturbations import Ablate

INTACT = "intact"
Cases = dict[str, tuple[Perturbation, ...]]


class Screen:
    """What a screen takes away, in turn; the intact animal comes first in each.

    Parameters
    ----------
    circuit : Circuit
    *cells : str
        Of which cells; by default the circuit's neurons.
    by : {"cell", "class"}
        Whether one thing to be taken away is a cell or all chosen cells of its class.
    do : callable
        Perturbation of some cells: ``Ablate``, ``Silence``, or a function of your own,
        ``lambda *cells: BlockRelease(*cells, start_ms=100)``.

    Raises
    ------
    InputError
        No cell is left to be taken away, or `by` is neither.
    """

    def __init__(self, circuit: Circuit, *cells: str, by: str = "cell", do: Callable[..., Perturbation] = Ablate):
        table = circuit.connectome.cells
        chosen = circuit.select(*cells) if cells else tuple(table.index[table["kind"] == "neuron"])
        if by not in ("cell", "class"):
            raise InputError(f"Screen: by = {by!r} is neither 'cell' nor 'class'")
        self.circuit, self.do = circuit, do
        self.units: dict[str, tuple[str, ...]] = {}
        for cell in chosen:
            cell_class = table.at[cell, "cell_class"] if by == "class" else None
            unit = cell_class if isinstance(cell_class, str) else cell
            self.units[unit] = (*self.units.get(unit, ()), cell)
        if not self.units:
            raise InputError(f"Screen: {circuit.name} has no neuron to take away; name the cells")

    def single(self) -> Cases:
        """Each cell (or class) alone."""
        return self._cases({name: (name,) for name in self.units})

    def pairs(self) -> Cases:
        """Every two of them: n (n - 1)/2 cases, labelled ``"AVAL + AVAR"``."""
        return self._cases({" + ".join(pair): pair for pair in combinations(self.units, 2)})

    def groups(self, *names: str) -> Cases:
        """Each of the circuit's groups, whole; by default all that it has.

        Raises
        ------
        InputError
            The circuit has no groups.
        """
        wanted = names or tuple(self.circuit.groups)
        if not wanted:
            raise InputError(f"Screen: {self.circuit.name} has no groups")
        return {INTACT: (), **{name: (self.do(*self.circuit.select(name)),) for name in wanted}}

    def random(self, n: int, size: int, seed: int) -> Cases:
        """`n` different random sets of `size` cells (or classes); the sets of a seed do not depend on `n`.

        Raises
        ------
        InputError
            There are not so many sets.
        """
        names = list(self.units)
        if not 1 <= size <= len(names):
            raise InputError(f"Screen: sets of {size} out of {len(names)}")
        if not 1 <= n <= comb(len(names), size):
            raise InputError(f"Screen: {n} different sets of {size} out of {len(names)}: there are {comb(len(names), size)}")
        rng = np.random.default_rng([seed, size])
        found: dict[tuple[str, ...], None] = {}
        while len(found) < n:
            found.setdefault(tuple(names[k] for k in np.sort(rng.choice(len(names), size, replace=False))))
        return self._cases({" + ".join(some): some for some in found})

    def _cases(self, sets: dict[str, tuple[str, ...]]) -> Cases:
        return {INTACT: (), **{label: (self.do(*(cell for name in some for cell in self.units[name])),) for label, some in sets.items()}}

    def __len__(self) -> int:
        return len(self.units)

    def __repr__(self) -> str:
        return f"Screen({self.circuit.name!r}, {len(self)} to take away)"

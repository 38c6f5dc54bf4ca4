"""Alteration: what a perturbation does to the numbers of a model in a window (edge strengths, thresholds, time constants).

A column of the altered arrays is one (sample, perturbations that alter it) pair, and variants with the same pair share it.
Columns in which nothing has changed in the end are those of the unaltered network, so that a dose of zero is the identity
to the bit. Delays and refractory times count whole steps and hold for a run; parameters that follow from the wiring (the
midpoint of a graded synapse) stay those of the unaltered, intact one unless they are altered themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from .errors import InputError, UnknownNameError
from .network import Network, Pathway

if TYPE_CHECKING:
    from .dynamics import SynapseModel
    from .perturbation import Perturbation


MAX_BYTES = 8 * 2**30
"""What the edge values of an altered network may take."""


@dataclass(frozen=True, eq=False)
class Edges:
    """The edges that one synapse model runs, to be altered.

    Attributes
    ----------
    synapse : SynapseModel
    pre, post : ndarray of int32, shape (E,)
        Cell numbers; an electrical edge stands twice, once in each direction.
    row : ndarray of int32, shape (E,), or None
        Row of each edge in the connectome's table; None for a network that was made by hand.
    """

    synapse: SynapseModel
    pre: np.ndarray
    post: np.ndarray
    row: np.ndarray | None
    _lend: Callable[[str], np.ndarray]

    def values(self, symbol: str) -> np.ndarray:
        """What the edges carry by this symbol, shape (E, C) in internal units, to be edited in place."""
        return self._lend(symbol)

    def scale(self, here: np.ndarray, factor) -> None:
        """Multiply all that the chosen edges carry.

        Parameters
        ----------
        here : ndarray of bool, shape (E,)
        factor : float or ndarray, shape (C,)

        Raises
        ------
        InputError
            A factor below 0: a strength has no sign.
        """
        if np.any(np.asarray(factor) < 0):
            raise InputError(f"the connections of {self.synapse.name} would be multiplied by {np.min(factor):g}, below 0: look at the "
                             "dose, or at the prior of the parameter that gives it")
        if here.any():
            for edge in self.synapse.edge:
                self.values(edge.symbol)[here] *= factor


class Changes:
    """Arrays of one segment while perturbations alter them, each in the C columns of the variants on which it acts.

    Parameters
    ----------
    network : Network
        Unaltered.
    base : ndarray of int, shape (K,)
        Column of the unaltered network that each altered column starts from.

    Raises
    ------
    InputError
        Altered edge values of more than 8 GiB.

    Attributes
    ----------
    cells : tuple of str
    pathways : tuple of Edges
    value : callable
        ``value(x, unit)``: a number, or the key of a parameter as an array over the C columns, in internal units.
    touched_nothing : list of Perturbation
        Those that found nothing here to act on, to be said to the user.
    """

    def __init__(self, network: Network, base: np.ndarray):
        carried = sum(len(p.pre) * len(p.values) for p in network.pathways)
        if (size := 8 * carried * len(base)) > MAX_BYTES:
            raise InputError(f"{len(base)} altered columns of {carried} edge values would take {size / 2**30:.1f} GiB: run fewer variants "
                             "at a time")
        self.network, self.base, self.cells = network, base, network.cells
        self.value: Callable = lambda x, unit: x
        self.touched_nothing: list[Perturbation] = []
        self.pathways = tuple(
            Edges(p.synapse, p.pre, p.post, p.row, lambda symbol, k=k: self._lend_edges(k, symbol))
            for k, p in enumerate(network.pathways))
        self._columns = np.arange(len(base))
        self._altered: dict[tuple, np.ndarray] = {}
        self._lent: dict[tuple, np.ndarray] = {}

    def parameter(self, symbol: str) -> np.ndarray:
        """A parameter of the neuron or of the synapses by its symbol, shape (N, C) in internal units, to be edited in place.

        Raises
        ------
        UnknownNameError
            No such parameter in the model.
        InputError
            A delay or a refractory time.
        """
        network = self.network
        if symbol not in network.parameters:
            raise UnknownNameError("parameter", symbol, network.parameters, f"of {network.neuron.name}, to be altered")
        if symbol in (network.neuron.refractory, *(p.synapse.delay for p in network.pathways)):
            raise InputError(f"{symbol} counts whole steps and cannot change in a run: set it for the whole model with "
                             "model.with_parameters")
        return self._lend(("parameter", symbol), network.parameters[symbol], len(self.cells))

    def act(self, p: Perturbation, cells: np.ndarray, columns: np.ndarray, value: Callable) -> None:
        """Let `p` alter these columns."""
        self._columns, self.value = columns, value
        p.alter(self, cells)
        for key, x in self._lent.items():
            if np.isnan(x).any():
                raise InputError(f"{p!r} makes {key[-1]} of {self.network.neuron.name} not a number")
            self._altered[key][:, columns] = x
        self._lent.clear()

    def network_of(self, pair: np.ndarray, sample: np.ndarray) -> tuple[Network, np.ndarray] | None:
        """The altered network and the column of each variant in it; None where nothing has changed.

        Parameters
        ----------
        pair : ndarray of int, shape (V,)
            Altered column of each variant, -1 for none.
        sample : ndarray of int, shape (V,)
            Column of each variant in the unaltered network.
        """
        moved = np.zeros(len(self.base), bool)
        for key, x in list(self._altered.items()):
            here = (x != self._original(key)).any(axis=0)
            moved |= here
            if not here.any():
                del self._altered[key]
        pair = np.where((pair >= 0) & moved[pair], pair, -1)
        if (pair < 0).all():
            return None
        columns, column_of = np.unique(np.stack([np.where(pair < 0, sample, -1), pair]), axis=1, return_inverse=True)
        of_pair = columns[1]
        base = np.where(of_pair < 0, columns[0], self.base[of_pair])

        def final(key: tuple, x: np.ndarray) -> np.ndarray:
            if key not in self._altered:
                return x if x.shape[1] == 1 else x[:, base]
            rows = len(self._altered[key])
            out = np.array(np.broadcast_to(x if x.shape[1] == 1 else x[:, base], (rows, len(base))))
            out[:, of_pair >= 0] = self._altered[key][:, of_pair[of_pair >= 0]]
            return out

        network = self.network
        pathways = tuple(replace(p, values={s: final((k, s), x) for s, x in p.values.items()})
                         for k, p in enumerate(network.pathways))
        parameters = {s: final(("parameter", s), x) for s, x in network.parameters.items()}
        altered = replace(network, pathways=pathways, parameters=parameters, n_samples=len(base))
        return altered, column_of.ravel().astype(np.int32)

    def _lend_edges(self, k: int, symbol: str) -> np.ndarray:
        path: Pathway = self.network.pathways[k]
        if symbol not in path.values:
            raise UnknownNameError("edge value", symbol, path.values, f"carried by the edges of {path.synapse.name}")
        return self._lend((k, symbol), path.values[symbol], len(path.pre))

    def _lend(self, key: tuple, x: np.ndarray, rows: int) -> np.ndarray:
        if key not in self._altered:
            x = x if x.shape[1] == 1 else x[:, self.base]
            self._altered[key] = np.array(np.broadcast_to(x, (rows, len(self.base))), dtype=float)
        if key not in self._lent:
            self._lent[key] = self._altered[key][:, self._columns]
        return self._lent[key]

    def _original(self, key: tuple) -> np.ndarray:
        where, symbol = key
        x = self.network.parameters[symbol] if where == "parameter" else self.network.pathways[where].values[symbol]
        return x if x.shape[1] == 1 else x[:, self.base]

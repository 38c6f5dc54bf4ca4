"""Network: a model with its unknowns filled in, as arrays. All that an engine gets to see.

Everything is in internal units (mV, ms, nS, pA, pF). The last axis counts parameter samples and has length 1 where all
samples agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .dynamics import NeuronModel, SynapseModel


@dataclass(frozen=True, eq=False)
class Pathway:
    """The edges that one synapse model runs.

    Attributes
    ----------
    synapse : SynapseModel
    pre, post : ndarray of int32, shape (E,)
        Cell numbers, sorted by (post, pre). An electrical edge stands twice, once in each direction.
    values : dict of str to ndarray, shape (E, S) or (E, 1)
        What each edge carries, by symbol.
    row : ndarray of int32, shape (E,), optional
        Row of each edge in the table of the connectome.
    """

    synapse: SynapseModel
    pre: np.ndarray
    post: np.ndarray
    values: dict[str, np.ndarray]
    row: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Network:
    """Cells, pathways and parameters of `n_samples` fillings-in of one model.

    Attributes
    ----------
    cells : tuple of str
        N names.
    is_muscle : ndarray of bool, shape (N,)
    neuron : NeuronModel
    pathways : tuple of Pathway
    parameters : dict of str to ndarray, shape (N or 1, S or 1)
        Every parameter of the neuron and synapse models, by symbol, those derived from the wiring included.
    n_samples : int
    """

    cells: tuple[str, ...]
    is_muscle: np.ndarray
    neuron: NeuronModel
    pathways: tuple[Pathway, ...]
    parameters: dict[str, np.ndarray]
    n_samples: int


@dataclass(frozen=True, eq=False)
class Poisson:
    """Poisson events of one segment: K (cell, source) pairs for V variants.

    Attributes
    ----------
    cell, source : ndarray of int32, shape (K,)
        `source` keeps the random draws of two stimuli of one cell apart.
    probability : ndarray of float64, shape (K, V)
        Chance of an event in one step.
    size_pA : ndarray of float64, shape (K, V)
        What an event adds to the synapse model's ``poisson_target``.
    """

    cell: np.ndarray
    source: np.ndarray
    probability: np.ndarray
    size_pA: np.ndarray


@dataclass(frozen=True, eq=False)
class Effects:
    """What the perturbations of V variants do during the steps [start, stop).

    Attributes
    ----------
    start, stop : int
    alive, release : ndarray of bool, shape (N, V)
        Not alive: ablated. Alive without release: chemical output blocked.
    current_pA, conductance_nS, conductance_reversal_pA : ndarray of float64, shape (N, V)
        Added to a cell's input as ``current - conductance * v + conductance_reversal``.
    poisson : Poisson
    network : Network, optional
        Holds instead of the run's own during these steps (:mod:`wormsim.alteration`): the same cells and edges, other numbers.
    sample : ndarray of int32, shape (V,), optional
        Column of each variant in that network; there when `network` is.
    clamp_mV : ndarray of float64, shape (N, V), optional
        At what voltage a cell is held, not-a-number where it is not. A cell that is held does not spike.
    """

    start: int
    stop: int
    alive: np.ndarray
    release: np.ndarray
    current_pA: np.ndarray
    conductance_nS: np.ndarray
    conductance_reversal_pA: np.ndarray
    poisson: Poisson
    network: Network | None = None
    sample: np.ndarray | None = None
    clamp_mV: np.ndarray | None = None

    def filled(self, network: Network, lanes: Lanes) -> tuple[Network, np.ndarray]:
        """The network that holds during these steps, and the column of each variant in it."""
        return (network, lanes.sample) if self.network is None else (self.network, self.sample)


@dataclass(frozen=True, eq=False)
class Lanes:
    """Which sample and which random stream each of V variants uses.

    Attributes
    ----------
    sample : ndarray of int32, shape (V,)
        Column of the network's sample axis.
    stream : ndarray of uint64, shape (V,)
    """

    sample: np.ndarray
    stream: np.ndarray


@dataclass(frozen=True, eq=False)
class Record:
    """What to keep: memory is V x ceil(n_steps / every) x R values for each variable kept.

    Attributes
    ----------
    cells : ndarray of int32, shape (R,)
    every : int
        Steps between frames.
    v, spikes : bool
    states : tuple of str
        Further states of the equations, by name.
    """

    cells: np.ndarray
    every: int
    v: bool = True
    spikes: bool = False
    states: tuple[str, ...] = ()

"""Animal: a circuit with muscles, stretch receptors and a body, with its unknowns filled in, as arrays for the closed loop."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .body import muscles, stretch
from .body.form import HERMAPHRODITE, MALE, Form
from .body.parameters import BY_KEY, COUPLED, FIXED, GROUPS, SENSITIVE
from .errors import InputError, UnknownNameError
from .model import Model
from .samples import Samples

if TYPE_CHECKING:
    import pandas as pd

    from .circuit import Circuit
    from .network import Network

REST_SWEEPS, REST_TOLERANCE_MV = 20_000, 1e-6


@dataclass(frozen=True, eq=False)
class Edges:
    """Edges in rows of the receiver: starts (N + 1,), senders (E,), and what each weighs (E,), in effective contacts."""

    start: np.ndarray
    pre: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True, eq=False)
class Wiring:
    """One individual's nervous system: everything that its animals share, whatever their gains.

    Attributes
    ----------
    model : Model
        Graded, with conductances of 1 nS per contact.
    samples : Samples
        The one draw of this individual.
    number, seed : int
        Draw of signs and strength factors, and the seed of the draws.
    excitatory, inhibitory, gap : Edges
    muscle_names : tuple of str
        Muscles that bend the body first, then the others.
    muscle_cell : (M,) int64
    pull : tuple of arrays
        See :func:`wormsim.body.muscles.pull`.
    receptors : wormsim.body.stretch.Receptors
    form : Form
    """

    model: Model
    samples: Samples
    number: int
    seed: int
    excitatory: Edges
    inhibitory: Edges
    gap: Edges
    muscle_names: tuple[str, ...]
    muscle_cell: np.ndarray
    pull: tuple[np.ndarray, np.ndarray, np.ndarray]
    receptors: stretch.Receptors
    form: Form

    @property
    def circuit(self) -> Circuit:
        """What is wired."""
        return self.model.circuit

    @property
    def cells(self) -> pd.Index:
        """Names of all cells."""
        return self.circuit.connectome.cells.index

    def rows(self, *selectors: str) -> np.ndarray:
        """Numbers of the cells that the selectors name."""
        return self.cells.get_indexer(list(self.circuit.select(*selectors)))


def form_of(circuit: Circuit) -> Form:
    """The male's where the connectome has male cells, else the hermaphrodite's."""
    return MALE if (circuit.connectome.cells["sex"] == "male").any() else HERMAPHRODITE


def individual(circuit: Circuit, number: int, seed: int = 0, form: Form | None = None) -> Wiring:
    """Draw an individual: a sign for every unknown one, a strength factor for every pair of classes.

    Parameters
    ----------
    circuit : Circuit
        With muscles.
    number, seed : int
        Individual `number` of a seed never depends on how many are drawn.
    form : Form, optional
        That of the circuit's sex by default.

    Raises
    ------
    InputError
        A circuit without muscles or without motor neurons that feel the body.
    """
    model = Model.build(circuit, "graded", parameters={"g_chem_contact_nS": 1.0, "g_gap_contact_nS": 1.0, "v_half_offset_mV": 0.0})
    samples = Samples.draw(model.free, 1, seed, first=number)
    cells = circuit.connectome.cells
    bending = muscles.bending_muscles(list(cells.index), circuit.name)
    others = [name for name in cells.index[cells["kind"] == "muscle"] if name not in set(bending)]
    names = (*bending, *others)
    form = form or form_of(circuit)
    return Wiring(
        model, samples, number, seed, *edges_of(model.lower(samples)),
        names, cells.index.get_indexer(list(names)).astype(np.int64), muscles.pull(bending, form.joints), stretch.receptors(circuit, bending), form)


def edges_of(network: Network) -> tuple[Edges, Edges, Edges]:
    """Excitatory, inhibitory and gap edges of a lowered network of one sample."""
    n = len(network.cells)
    by_name = {path.synapse.name: path for path in network.pathways}
    chemical, gap = by_name["graded_chemical"], by_name["gap_junction"]
    return (_edges(chemical.pre, chemical.post, chemical.values["g_exc"][:, 0], n),
            _edges(chemical.pre, chemical.post, chemical.values["g_inh"][:, 0], n), _edges(gap.pre, gap.post, gap.values["g_gap"][:, 0], n))


def _edges(pre: np.ndarray, post: np.ndarray, weight: np.ndarray, n: int) -> Edges:
    keep = weight > 0
    pre, post, weight = pre[keep], post[keep], weight[keep]
    order = np.lexsort((pre, post))
    start = np.searchsorted(post[order], np.arange(n + 1)).astype(np.int64)
    return Edges(start, pre[order].astype(np.int32), np.ascontiguousarray(weight[order], np.float32))


@functools.lru_cache(maxsize=8)
def _group_of(circuit: Circuit) -> tuple[np.ndarray, tuple[str, ...]]:
    """Number of each cell's group of gains, (N,), -1 for none."""
    classes = circuit.connectome.cells["cell_class"].to_numpy(object)
    out = np.full(len(classes), -1)
    for k, names in enumerate(GROUPS.values()):
        out[np.isin(classes.astype(str), names)] = k
    return out, tuple(GROUPS)


@dataclass(frozen=True, eq=False)
class Lowered:
    """Arrays of L animals of one wiring, as the kernel takes them; see :func:`wormsim.kernels.animal_loop.run`."""

    v_half: np.ndarray
    rest: np.ndarray
    s_rest: np.ndarray
    gain_in: np.ndarray
    gain_out: np.ndarray
    gain_gap: np.ndarray
    lanes: dict[str, np.ndarray]


def lower(wiring: Wiring, parameters: pd.DataFrame) -> Lowered:
    """Fill in the numbers of L animals.

    Parameters
    ----------
    wiring : Wiring
    parameters : DataFrame, shape (L, parameters)
        Columns as in :mod:`wormsim.body.parameters`, each in the unit of its name.

    Raises
    ------
    InputError
        A parameter that is missing or unknown, a value that is not finite, or potentials at rest that do not settle.
    """
    from .kernels.graded_network import gap_sums, rest_potentials

    for key in parameters.columns:
        if key not in BY_KEY:
            raise UnknownNameError("parameter of an animal", key, BY_KEY)
    if missing := [key for key in BY_KEY if key not in parameters.columns]:
        raise InputError(f"parameters of an animal are missing: {', '.join(missing)}")
    if not np.isfinite(parameters.to_numpy(float)).all():
        key = parameters.columns[~np.isfinite(parameters.to_numpy(float)).all(axis=0)][0]
        raise InputError(f"parameter {key} of an animal is not a finite number: {parameters[key].tolist()[:5]}")
    p = {key: np.ascontiguousarray(parameters[key].to_numpy(float)) for key in parameters.columns}
    group, names = _group_of(wiring.circuit)
    n, lanes = len(group), len(parameters)
    gain_out, offset = np.ones((n, lanes)), np.tile(p["half_other_mV"], (n, 1))
    for k, name in enumerate(names):
        gain_out[group == k] = p[f"gain_{name}"]
        offset[group == k] = p[f"half_{name}_mV"]
    gain_in = np.tile(p["g_chem_contact_nS"], (n, 1))
    gain_gap = np.tile(np.sqrt(p["g_gap_contact_nS"]), (n, 1))
    gain_in[wiring.muscle_cell] *= p["in_muscle"]
    for name in SENSITIVE:
        gain_in[group == names.index(name)] *= p[f"in_{name}"]
    for name in COUPLED:
        gain_gap[group == names.index(name)] *= p[f"gap_{name}"]
    everyone = np.ones((n, lanes))
    beta = np.full(lanes, FIXED["beta_per_mV"])
    ratio = FIXED["rise_over_decay"]
    # at rest v - v_half = -offset in every cell: the activation there is that of a cell without an offset
    at_rest = ratio / (ratio + 1.0 + np.exp(beta * offset))
    s_rest = np.ascontiguousarray(at_rest)
    g_gap, rest = np.empty((n, lanes)), np.empty((n, lanes))
    gap = wiring.gap
    gap_sums(gain_gap, everyone, gap.start, gap.pre, gap.weight, g_gap)
    exc, inh = wiring.excitatory, wiring.inhibitory
    left = rest_potentials(np.ones(lanes), gain_in, gain_out * s_rest, gain_gap, g_gap, exc.start, exc.pre, exc.weight, inh.start, inh.pre,
                           inh.weight, gap.start, gap.pre, gap.weight, p["g_leak_nS"], FIXED["v_leak_mV"], FIXED["E_exc_mV"], FIXED["E_inh_mV"],
                           REST_SWEEPS, rest)
    if not left <= REST_TOLERANCE_MV:
        raise InputError(f"the potentials at rest of individual {wiring.number} do not settle (last change {left:.2g} mV): its gap junctions "
                         "are too strong for its leak")
    return Lowered(rest + offset, rest, s_rest, gain_in, gain_out, gain_gap, {**p, "beta": beta, "a_r": ratio * p["a_d_per_s"]})

"""From model and samples to arrays: who is connected to whom, how strongly, with which sign."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from .connectome import UNDIRECTED_KINDS
from .errors import InputError
from .names import split_transmitters
from .network import Network, Pathway
from .scope import scopes
from .units import to_internal

if TYPE_CHECKING:
    import pandas as pd

    from .circuit import Circuit
    from .dynamics import SynapseModel
    from .model import Model
    from .samples import Samples


def lower(model: Model, samples: Samples) -> Network:
    """Arrays for every sample; see :class:`wormsim.network.Network`."""
    connectome = model.circuit.connectome
    cells = tuple(connectome.cells.index)
    is_muscle = (connectome.cells["kind"] == "muscle").to_numpy()
    check_taken(model.circuit, model.synapses)
    given = {key: _column(model, samples, key) for key in model.parameters}
    parameters = {p.symbol: to_internal(given[key], p.unit) for key, p in model.parameters.items() if "[" not in key}
    by_key = {p.key: p for p in model.neuron.parameters}
    for key, value in model.neuron.muscle.items():
        symbol, unit = by_key[key].symbol, by_key[key].unit
        parameters[symbol] = np.where(is_muscle[:, None], to_internal(value, unit), parameters[symbol])
    for p in (p for part in (model.neuron, *model.synapses) for p in part.parameters):
        for scope in scopes(given, p.key):
            if not scope.post:
                here = scope.rows(model.circuit)[:, None]
                parameters[p.symbol] = np.where(here, to_internal(given[str(scope)], p.unit), parameters[p.symbol])
    pathways = tuple(_pathway(model, samples, synapse, given) for synapse in model.synapses)
    network = Network(cells, is_muscle, model.neuron, pathways, parameters, len(samples))
    for synapse in model.synapses:
        if synapse.derive is not None:
            network.parameters.update(synapse.derive(network))
    return network


def _column(model: Model, samples: Samples, key: str) -> np.ndarray:
    """A parameter, in its own unit, as (1, S) where it is sampled and (1, 1) where it is fixed."""
    if key in samples.values.columns:
        return samples.values[key].to_numpy(float)[None, :]
    return np.array([[model.parameters[key].value]])


def _pathway(model: Model, samples: Samples, synapse: SynapseModel, given: dict[str, np.ndarray]) -> Pathway:
    cells = model.circuit.connectome.cells
    row = np.flatnonzero(_taken(model.circuit, synapse)).astype(np.int32)
    edges = model.circuit.connectome.edges.iloc[row]
    pre = cells.index.get_indexer(edges["pre"]).astype(np.int32)
    post = cells.index.get_indexer(edges["post"]).astype(np.int32)
    if any(value.by_contacts for value in synapse.edge):
        effective = _effective_contacts(edges, samples, given, _strength_groups(cells, edges, synapse.kind))
    sign = _signs(edges, samples, given) if any(value.signed for value in synapse.edge) else None

    def of_edge(key: str) -> np.ndarray:
        """The parameter along each edge: (E or 1, S or 1), in internal units."""
        x = given[key]
        for scope in scopes(given, key):
            here = scope.edges(model.circuit, pre, post, synapse.kind in UNDIRECTED_KINDS)
            if not here.any():
                raise InputError(f"parameter {scope} is of no connection: {synapse.name} has none from {scope.cells} to "
                                 f"{scope.post} in {model.circuit.name}")
            x = np.where(here[:, None], given[str(scope)], x)
        return to_internal(x, model.parameters[key].unit)

    values = {}
    for value in synapse.edge:
        x = of_edge(value.scale)
        if value.rule == "given":
            values[value.symbol] = np.broadcast_to(x, (len(edges), x.shape[1]))
            continue
        values[value.symbol] = value.of(x * effective, sign)
    if synapse.kind in UNDIRECTED_KINDS:
        loops = pre == post
        pre, post = np.concatenate([pre, post[~loops]]), np.concatenate([post, pre[~loops]])
        values = {symbol: np.concatenate([x, x[~loops]]) for symbol, x in values.items()}
        row = np.concatenate([row, row[~loops]])
    order = np.lexsort((pre, post))
    return Pathway(synapse, pre[order], post[order], {symbol: x[order] for symbol, x in values.items()}, row[order])


def check_taken(circuit: Circuit, synapses: tuple[SynapseModel, ...], all_kinds: bool = False) -> None:
    """Refuse a wiring of which the synapse models leave connections out.

    A kind of edge that none of them is for is left out on purpose by whoever chose them; with `all_kinds`, nobody chose.

    Raises
    ------
    InputError
        How many edges no synapse model takes, the first of them, and what the models take.
    """
    if not all_kinds and not any(s.transmitter for s in synapses):
        return
    edges = circuit.connectome.edges
    kinds = ("chemical", "electrical") if all_kinds else {s.kind for s in synapses}
    left = edges["kind"].isin(kinds).to_numpy().copy()
    for synapse in synapses:
        left &= ~_taken(circuit, synapse)
    if left.any():
        row = edges[left].iloc[0]
        takes = "; ".join(f"{s.name}: {s.kind}{', ' * bool(s.transmitter)}{s.transmitter}" for s in synapses) or "none"
        raise InputError(
            f"{int(left.sum())} of {len(edges)} connections of {circuit.name} are taken by no synapse model, first "
            f"{row['pre']} -> {row['post']} ({row['kind']}). They take: {takes}. Choose synapse models that take them, or leave "
            "the connections out with circuit.without(...)")


def _taken(circuit: Circuit, synapse: SynapseModel) -> np.ndarray:
    """Which edges of the connectome a synapse model takes, (E,) bool."""
    connectome = circuit.connectome
    taken = (connectome.edges["kind"] == synapse.kind).to_numpy()
    if not synapse.transmitter:
        return taken
    wanted = set(split_transmitters(synapse.transmitter))
    return taken & np.array([bool(wanted & set(split_transmitters(text))) for text in released(circuit)], bool)


def released(circuit: Circuit) -> np.ndarray:
    """What each row of the connectome's edges releases, (rows,) of text: its own transmitter, else its presynaptic cell's."""
    connectome = circuit.connectome
    of_cell = connectome.cells["transmitter"].to_numpy(object)[connectome.pre_index]
    if "transmitter" not in connectome.edges:
        return of_cell
    own = connectome.edges["transmitter"]
    return np.where(own.notna(), own.to_numpy(object), of_cell)


def _strength_groups(cells: pd.DataFrame, edges: pd.DataFrame, kind: str) -> list[str]:
    """Name of the strength factor of each edge: one for each pair of classes, the same both ways where it is undirected."""
    # A cell without a class is a class of its own: else all such cells would share one strength factor.
    classes = cells["cell_class"].astype(object).where(cells["cell_class"].notna(), cells.index.to_series())
    pairs = zip(classes.reindex(edges["pre"]), classes.reindex(edges["post"]), strict=True)
    if kind in UNDIRECTED_KINDS:
        return ["=".join(sorted(pair)) for pair in pairs]
    return [f"{a}->{b}" for a, b in pairs]


def _effective_contacts(edges, samples, given, groups) -> np.ndarray:
    """Contacts to the power of ``contact_exponent``, mean over the edges kept, times the group's strength factor."""
    contacts = edges["contacts"].to_numpy(float)[:, None]
    if len(contacts) == 0:
        return np.zeros((0, 1))
    raised = contacts ** given["contact_exponent"]
    # each column by itself: how NumPy adds up depends on the shape, and a sample must not know how many others there are
    mean = np.ascontiguousarray(raised.T).mean(axis=1)[None, :]
    effective = raised * (contacts.mean() / mean)
    spread = given["strength_spread"]
    if samples.spread and np.any(spread > 0):
        names, inverse = np.unique(groups, return_inverse=True)
        z = ndtri(samples.uniforms("strength", names)).T[inverse]
        effective = effective * 10.0 ** (spread * z)
    return effective


def _signs(edges: pd.DataFrame, samples: Samples, given: dict[str, np.ndarray]) -> np.ndarray:
    """+1 or -1, shape (E, S): known signs fail with one minus their certainty, unknown ones are drawn."""
    if len(edges) and "sign" not in edges:
        raise InputError("the edges have no signs: pass the connectome through wormsim.signs.assign_signs first")
    if len(edges) == 0:
        return np.ones((0, 1))
    names, inverse = np.unique(edges["sign_group"].astype(str), return_inverse=True)
    u = samples.uniforms("sign", names).T[inverse]
    known = edges["sign"].notna().to_numpy()[:, None]
    sign = edges["sign"].fillna(0).to_numpy(float)[:, None]
    certainty = edges["sign_certainty"].to_numpy(float)[:, None]
    return np.where(known, np.where(u < certainty, sign, -sign), np.where(u < given["p_excitatory_unknown"], 1.0, -1.0))

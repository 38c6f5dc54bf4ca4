"""From model and samples to arrays: who is connected to whom, how strongly, with which sign."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from .errors import InputError
from .network import Network, Pathway
from .units import to_internal

if TYPE_CHECKING:
    import pandas as pd

    from .dynamics import SynapseModel
    from .model import Model
    from .samples import Samples


def lower(model: Model, samples: Samples) -> Network:
    """Arrays for every sample; see :class:`wormsim.network.Network`."""
    connectome = model.circuit.connectome
    cells = tuple(connectome.cells.index)
    is_muscle = (connectome.cells["kind"] == "muscle").to_numpy()
    given = {key: _column(model, samples, key) for key in model.parameters}
    parameters = {p.symbol: to_internal(given[key], p.unit) for key, p in model.parameters.items()}
    by_key = {p.key: p for p in model.neuron.parameters}
    for key, value in model.neuron.muscle.items():
        symbol, unit = by_key[key].symbol, by_key[key].unit
        parameters[symbol] = np.where(is_muscle[:, None], to_internal(value, unit), parameters[symbol])
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
    edges = model.circuit.connectome.edges
    edges = edges[edges["kind"] == synapse.kind]
    cells = model.circuit.connectome.cells
    pre = cells.index.get_indexer(edges["pre"]).astype(np.int32)
    post = cells.index.get_indexer(edges["post"]).astype(np.int32)
    effective = _effective_contacts(edges, samples, given, _strength_groups(cells, edges, synapse.kind))
    signed = any(value.rule != "strength" for value in synapse.edge)
    sign = _signs(edges, samples, given) if signed else None
    values = {}
    for value in synapse.edge:
        strength = to_internal(given[value.scale], model.parameters[value.scale].unit) * effective
        values[value.symbol] = {"strength": lambda x: x, "signed_strength": lambda x: x * sign,
                                "excitatory_strength": lambda x: x * (sign > 0),
                                "inhibitory_strength": lambda x: x * (sign < 0)}[value.rule](strength)
    if synapse.kind == "electrical":
        loops = pre == post
        pre, post = np.concatenate([pre, post[~loops]]), np.concatenate([post, pre[~loops]])
        values = {symbol: np.concatenate([x, x[~loops]]) for symbol, x in values.items()}
    order = np.lexsort((pre, post))
    return Pathway(synapse, pre[order], post[order], {symbol: x[order] for symbol, x in values.items()})


def _strength_groups(cells: pd.DataFrame, edges: pd.DataFrame, kind: str) -> list[str]:
    """Name of the strength factor of each edge: one for each pair of classes, the same both ways where it is electrical."""
    # A cell without a class is a class of its own: else all such cells would share one strength factor.
    classes = cells["cell_class"].astype(object).where(cells["cell_class"].notna(), cells.index.to_series())
    pairs = zip(classes.reindex(edges["pre"]), classes.reindex(edges["post"]), strict=True)
    if kind == "electrical":
        return ["=".join(sorted(pair)) for pair in pairs]
    return [f"{a}->{b}" for a, b in pairs]


def _effective_contacts(edges, samples, given, groups) -> np.ndarray:
    """Contacts to the power of ``contact_exponent``, mean over the edges kept, times the group's strength factor."""
    contacts = edges["contacts"].to_numpy(float)[:, None]
    if len(contacts) == 0:
        return np.zeros((0, 1))
    raised = contacts ** given["contact_exponent"]
    effective = raised * (contacts.mean() / raised.mean(axis=0, keepdims=True))
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

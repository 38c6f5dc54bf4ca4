"""Random small networks as the engines get them, built by hand: no circuit, no model, no samples."""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from wormsim import catalog
from wormsim.dynamics import NeuronModel, SynapseModel
from wormsim.network import Effects, Lanes, Network, Pathway, Poisson, Record
from wormsim.units import to_internal


def network(neuron="lif", n=24, samples=1, seed=0, synapses=None) -> Network:
    """`n` cells, about five chemical and two electrical edges each; every sample with strengths and signs of its own."""
    rng = np.random.default_rng(seed)
    model = neuron if isinstance(neuron, NeuronModel) else catalog.load("neurons", neuron).MODEL
    chosen = model.synapses if synapses is None else synapses
    found = tuple(s if isinstance(s, SynapseModel) else catalog.load("synapses", s).MODEL for s in chosen)
    parameters = {p.symbol: np.full((1, 1), to_internal(p.value, p.unit)) for m in (model, *found) for p in m.parameters}
    made = Network(tuple(f"C{k}" for k in range(n)), np.zeros(n, bool), model,
                   tuple(pathway(s, n, samples, rng) for s in found), parameters, samples)
    for s in found:
        if s.derive is not None:
            parameters.update(s.derive(made))
    return made


def pathway(synapse, n, samples, rng) -> Pathway:
    count = min(5 * n, n * n // 2) if synapse.kind == "chemical" else n
    pairs = rng.choice(n * n, count, replace=False)
    pre, post = pairs // n, pairs % n
    keep = pre != post
    pre, post = pre[keep], post[keep]
    contacts = rng.integers(1, 12, (len(pre), 1)) * rng.lognormal(0, 0.3, (len(pre), samples))
    sign = np.where(rng.random((len(pre), samples)) < 0.75, 1.0, -1.0)
    values = {}
    for e in synapse.edge:
        strength = contacts * {"w": 2.0, "g_exc": 0.05, "g_inh": 0.05, "g_gap": 0.02}.get(e.symbol, 0.1)
        values[e.symbol] = e.of(strength, sign)
    if synapse.kind == "electrical":
        pre, post = np.concatenate([pre, post]), np.concatenate([post, pre])
        values = {k: np.concatenate([x, x]) for k, x in values.items()}
    order = np.lexsort((pre, post))
    return Pathway(synapse, pre[order].astype(np.int32), post[order].astype(np.int32), {k: x[order] for k, x in values.items()})


def quiet(start, stop, n, v) -> Effects:
    """Effects that do nothing."""
    return Effects(start, stop, np.ones((n, v), bool), np.ones((n, v), bool), np.zeros((n, v)), np.zeros((n, v)),
                   np.zeros((n, v)), Poisson(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros((0, v)), np.zeros((0, v))))


def mixed(n, v, n_steps, spiking, seed=1) -> list[Effects]:
    """Three segments: each variant ablated, silenced, blocked and driven in its own way."""
    rng = np.random.default_rng(seed)
    cuts = [0, n_steps // 3, 2 * n_steps // 3, n_steps]
    alive = rng.random((n, v)) > 0.06
    current = np.where(rng.random((n, 1)) < 0.3, 12.0 if spiking else 0.8, 0.0) * np.ones((1, v))
    out = []
    for k, (start, stop) in enumerate(pairwise(cuts)):
        e = quiet(start, stop, n, v)
        g = np.where(rng.random((n, v)) < 0.1, 2.0, 0.0) * (k == 1)
        p = e.poisson
        if spiking:
            p = Poisson(np.arange(6, dtype=np.int32), np.arange(6, dtype=np.int32) % 2, np.full((6, v), 0.03),
                        np.full((6, v), 15.0) * rng.uniform(0.5, 1.5, (6, v)))
        out.append(replace(e, alive=alive, release=(rng.random((n, v)) > 0.1) | (k != 2), current_pA=current * (k > 0),
                           conductance_nS=g, conductance_reversal_pA=-70.0 * g, poisson=p))
    return out


def lanes_of(v, samples, streams=3) -> Lanes:
    """Variants over samples and streams, in turn."""
    return Lanes((np.arange(v) % samples).astype(np.int32), (np.arange(v) // samples % streams).astype(np.uint64) + 2**40)


def everything(net: Network, every=1) -> Record:
    """Record all there is."""
    states = tuple(net.neuron.initial | {k: 1 for p in net.pathways for k in p.synapse.initial})
    return Record(np.arange(len(net.cells), dtype=np.int32), every, True, bool(net.neuron.threshold),
                  tuple(s for s in states if s != "v"))


def take(effects: list[Effects], lanes: Lanes, some) -> tuple[list[Effects], Lanes]:
    """The same for some of the variants."""
    some = np.asarray(some)
    cut = [replace(e, alive=e.alive[:, some], release=e.release[:, some], current_pA=e.current_pA[:, some],
                   conductance_nS=e.conductance_nS[:, some], conductance_reversal_pA=e.conductance_reversal_pA[:, some],
                   poisson=replace(e.poisson, probability=e.poisson.probability[:, some], size_pA=e.poisson.size_pA[:, some]))
           for e in effects]
    return cut, Lanes(lanes.sample[some], lanes.stream[some])

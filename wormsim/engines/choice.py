"""Which engine runs a model, where the user does not say: ``python -m wormsim.engines.choice`` measures the rule.

The two fast engines differ in what they integrate (exponential Euler against the exact solution), so that the choice may
rest on the model alone: with the number of variants, or with what is done to one of them, a variant's numbers would
depend on the company it runs in. So the rule asks for the number of cells, the events from outside that the model itself
has (activity costs the event engine, and hardly costs the other), its perturbations, the synapses and the equations.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ..network import Effects, Lanes, Network, Pathway, Poisson, Record

if TYPE_CHECKING:
    from ..model import Model

EVENT_FROM_CELLS = 2_000
"""From here on the event engine is faster for one variant and for many, as long as it is quiet; below, numba is for many."""
QUIET_PER_S = 15.0
"""Poisson events a second and cell, on average, up to which that holds."""


def choose(model: Model, network: Network | None = None) -> tuple[str, str]:
    """Engine for a model, and the reason.

    Parameters
    ----------
    model : Model
    network : Network, optional
        The model, lowered; made from its nominal values where it is wanted and not there.

    Returns
    -------
    tuple of str
        "numba" or "event", and why, for the manifest.
    """
    n = len(model.circuit.connectome.cells)
    if n < EVENT_FROM_CELLS:
        return "numba", f"{n} cells; the event engine pays from {EVENT_FROM_CELLS} on"
    stepped = [p for p in model.perturbations if p.only_stepped]
    if stepped:
        return "numba", f"{stepped[0]!r} is not for the event engine"
    events = sum(len(p.resolved) * _rate_Hz(p, model) for p in model.perturbations) / n
    if events > QUIET_PER_S:
        return "numba", f"{events:.3g} Poisson events a second and cell; the event engine pays up to {QUIET_PER_S:g}"
    from . import linear

    network = network or model.lower(model.nominal())
    try:
        # by the kinds of synapses first: to read the equations may mean to import Brian2
        pathway = linear.pathway_of(network)
        structure = linear.structure_of(network.neuron, network.pathways, pathway.synapse)
        linear.cells_of(network, structure, 0, model.neuron.dt_ms)
    except InputError as error:
        return "numba", f"{error}".split("; use engine=")[0]
    return "event", f"{n} linear spiking cells with {events:.3g} Poisson events a second and cell"


def _rate_Hz(perturbation, model: Model) -> float:
    rate = getattr(perturbation, "rate_Hz", 0.0)
    return float(model.parameters[rate].value if isinstance(rate, str) else rate)


def random_network(n_cells: int, degree: int, seed: int = 0) -> Network:
    """Leaky integrate-and-fire cells with exponential synapses of the sizes of the fly model, wired at random."""
    from .. import catalog
    from ..units import to_internal

    rng = np.random.default_rng(seed)
    neuron, synapse = catalog.load("neurons", "lif").MODEL, catalog.load("synapses", "exponential").MODEL
    pre, post = rng.integers(0, n_cells, (2, n_cells * degree)).astype(np.int32)
    order = np.lexsort((pre, post))
    w = 0.275 * rng.geometric(0.2, len(pre)) * np.where(rng.random(len(pre)) < 0.6, 1.0, -1.0)
    parameters = {p.symbol: np.full((1, 1), to_internal(p.value, p.unit)) for m in (neuron, synapse) for p in m.parameters}
    return Network(tuple(map(str, range(n_cells))), np.zeros(n_cells, bool), neuron,
                   (Pathway(synapse, pre[order], post[order], {"w": w[order][:, None]}),), parameters, 1)


def measure(n_cells: int, share_driven: float, variants: int, degree: int = 50, duration_ms: float = 200.0) -> dict:
    """Seconds of one core a variant and simulated second in each engine, and the spikes a second of a cell."""
    from . import event_engine, numba_engine

    network, steps, rng = random_network(n_cells, degree), round(duration_ms / 0.1), np.random.default_rng(1)
    driven = rng.choice(n_cells, max(int(share_driven * n_cells), 1), replace=False).astype(np.int32)
    full = np.ones((n_cells, variants), bool)
    alive = full.copy()
    alive[rng.integers(0, n_cells, variants), np.arange(variants)] = False
    nothing = np.zeros((n_cells, variants))
    poisson = Poisson(driven, np.zeros(len(driven), np.int32), np.full((len(driven), variants), 0.015),
                      np.full((len(driven), variants), 68.75))
    effects = [Effects(0, steps, alive, full, nothing, nothing, nothing, poisson)]
    lanes = Lanes(np.zeros(variants, np.int32), np.zeros(variants, np.uint64))
    record = Record(np.arange(n_cells, dtype=np.int32), steps, spikes=True)
    row = {"cells": n_cells, "driven": share_driven, "variants": variants}
    for engine, name in ((numba_engine, "numba"), (event_engine, "event")):
        taken = []
        for _ in range(3):
            began = time.process_time()
            out = engine.run(network, effects, lanes, steps, 0.1, record, threads=1)
            taken.append(time.process_time() - began)
        row[name] = min(taken) / variants / duration_ms * 1e3
    return row | {"spikes_per_s": out["spikes"].sum() / variants / n_cells / duration_ms * 1e3}


def main(arguments: list[str] | None = None) -> int:
    """Print what each engine takes, by size, activity and number of variants."""
    parser = argparse.ArgumentParser(prog="python -m wormsim.engines.choice", description=__doc__.split("\n")[0])
    parser.add_argument("--cells", type=int, nargs="*", default=[300, 1000, 2000, 3000, 10000])
    parser.add_argument("--variants", type=int, nargs="*", default=[1, 16])
    options = parser.parse_args(arguments)
    measure(20, 0.1, 1, 5, 10.0)  # compiles
    print("seconds of one core for each variant and simulated second; LIF with exponential synapses, 50 edges a cell\n")
    print(f"{'cells':>7} {'variants':>9} {'driven':>7} {'spikes/s':>9} {'numba':>8} {'event':>8} {'numba/event':>12}")
    for n in options.cells:
        for variants in options.variants:
            for share in (0.003, 0.03, 0.3):
                r = measure(n, share, variants)
                print(f"{n:>7} {variants:>9} {share:>7} {r['spikes_per_s']:>9.2f} {r['numba']:>8.4f} {r['event']:>8.4f} "
                      f"{r['numba'] / r['event']:>12.2f}", flush=True)
    print(f"\nengine='auto' takes the event engine from {EVENT_FROM_CELLS} cells on, with up to {QUIET_PER_S:g} events a second and "
          f"cell; driven cells get 150 each")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

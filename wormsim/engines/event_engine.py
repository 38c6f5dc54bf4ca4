"""The event engine: exact integration of spiking cells that are touched only when something happens to them.

For large, sparsely active networks of leaky integrate-and-fire cells with exponential synapses. The solution between
events is exact (Brian2's method "exact"), where the numba engine takes exponential Euler steps, so spike times of the two
can differ by what that integrator does wrong. For graphs without cell tables see :mod:`wormsim.engines.sparse`.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ..errors import InputError, UnknownNameError
from ..network import Effects, Lanes, Network, Record
from . import linear
from .numba_engine import check_counts, check_segments, cores, outputs
from .trial import Frames, Input, Trial


def run(
    network: Network,
    effects: list[Effects],
    lanes: Lanes,
    n_steps: int,
    dt_ms: float,
    record: Record,
    dtype="float32",
    threads: int | None = None,
) -> dict[str, np.ndarray]:
    """Run every variant, each on one thread.

    Parameters
    ----------
    network, effects, lanes, n_steps, dt_ms, record
        As for :func:`wormsim.engines.numba_engine.run`.
    dtype : {"float32", "float64"}
        Of states and weights.
    threads : int, optional
        By default all cores that the process may use. Changes no bit of the result.

    Returns
    -------
    dict of str to ndarray
        As for :func:`wormsim.engines.numba_engine.run`.

    Raises
    ------
    InputError
        A network or perturbation that this engine does not run, with the reason.
    """
    dtype = np.dtype(dtype)
    if dtype not in (np.float32, np.float64):
        raise InputError(f"dtype {dtype} is not one of float32, float64")
    check_segments(effects, n_steps)
    if any(e.network is not effects[0].network for e in effects):
        raise linear.refused("a perturbation alters the network in the middle of the run")
    network, sample = effects[0].filled(network, lanes)
    lanes = Lanes(sample, lanes.stream)
    check_counts(network, record, dt_ms)
    pathway = linear.pathway_of(network)
    structure = linear.structure_of(network.neuron, network.pathways, pathway.synapse)
    for name in record.states:
        if name not in ("v", structure.state):
            raise UnknownNameError("state", name, ["v", structure.state], f"the states of {network.neuron.name} can be recorded")
    for e in effects:
        if (e.alive & ((e.conductance_nS != 0) | (e.conductance_reversal_pA != 0))).any():
            raise linear.refused("silencing (Silence) adds a conductance, which changes the membrane time constant")
        if e.clamp_mV is not None:
            raise linear.refused("a voltage clamp (Clamp) holds cells in every step")
        if not pathway.synapse.poisson_target and (e.poisson.probability > 0).any():
            raise InputError(f"a Poisson stimulus needs a synapse model that takes events; {pathway.synapse.name} does not: "
                             "use a current pulse")
    out = outputs(lanes, n_steps, record, dtype)
    failed, failed_steps = np.full(len(lanes.sample), -1, np.int32), np.full((len(lanes.sample), 2), -1, np.int64)
    wiring = _Wiring(network, pathway, structure, dt_ms, dtype, lanes)

    def work(variant: int) -> None:
        failed[variant], failed_steps[variant] = _run_variant(wiring.take(int(lanes.sample[variant])), structure, effects, lanes,
                                                              variant, dt_ms, record, dtype, out)
        wiring.give_back(int(lanes.sample[variant]))

    # variants of one sample follow each other, so that few sets of weights are there at once
    order = np.argsort(lanes.sample, kind="stable").tolist()
    with ThreadPoolExecutor(threads or cores()) as pool:
        for _ in pool.map(work, order):
            pass
    return {**out, "failed": failed, "failed_steps": failed_steps}


class _Wiring:
    """Constants and rows of each sample, made when first asked for and dropped after its last variant."""

    def __init__(self, network, pathway, structure, dt_ms: float, dtype, lanes: Lanes):
        self.made_of = network, pathway, structure, dt_ms, dtype
        sample, left = np.unique(lanes.sample, return_counts=True)
        self.left = dict(zip(sample.tolist(), left.tolist(), strict=True))
        self.made, self.lock = {}, threading.Lock()

    def take(self, sample: int) -> tuple:
        with self.lock:
            if sample not in self.made:
                network, pathway, structure, dt_ms, dtype = self.made_of
                with np.errstate(all="ignore"):
                    cells, gain, per_pA = linear.cells_of(network, structure, sample, dt_ms)
                    rows = linear.rows_of(network, pathway, structure, sample, gain, dtype)
                self.made[sample] = cells, rows, gain, per_pA
            return self.made[sample]

    def give_back(self, sample: int) -> None:
        with self.lock:
            self.left[sample] -= 1
            if not self.left[sample]:
                del self.made[sample]


def _run_variant(wiring: tuple, structure, effects: list[Effects], lanes: Lanes, variant: int, dt_ms: float, record: Record,
                 dtype, out: dict[str, np.ndarray]) -> tuple[int, tuple[int, int]]:
    """All segments of one variant; returns the first cell that ran away and between which steps, or -1."""
    cells, rows, gain, per_pA = wiring
    traces = {name: x[variant] for name, x in out.items()}
    frames = Frames(record.every, record.cells, traces.get("v"), traces.get(structure.state), traces.get("spikes"), gain)
    alive = effects[0].alive[:, variant]
    trial = Trial(cells, rows, alive, int(lanes.stream[variant]), dt_ms, dtype, frames)
    failed, between = -1, (-1, -1)
    with np.errstate(all="ignore"):
        for e in effects:
            p = e.poisson
            trial.run(e.start, e.stop, Input(
                e.current_pA[:, variant] * per_pA, e.release[:, variant], poisson_cell=p.cell, poisson_source=p.source,
                poisson_probability=p.probability[:, variant], poisson_size_mV=p.size_pA[:, variant] * gain[p.cell]))
            if failed < 0:
                failed = trial.runaway()
                between = (e.start, e.stop) if failed >= 0 else between
    for name, x in traces.items():
        if name != "spikes":
            x[:, ~alive[record.cells]] = np.nan
    return failed, between

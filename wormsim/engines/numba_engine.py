"""The fast engine: generated numba kernels, variants as SIMD lanes, blocks of lanes on threads."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ..dynamics import noises
from ..errors import InputError, UnknownNameError
from ..network import Effects, Lanes, Network, Record
from . import cache
from .block import BlockRun
from .planner import plan
from .step_length import Rates

# Step numbers are 32 bits wide in the kernels, and the end of a refractory period lies beyond the last step.
MOST_STEPS = 2**30


def run(
    network: Network,
    effects: list[Effects],
    lanes: Lanes,
    n_steps: int,
    dt_ms: float,
    record: Record,
    dtype="float32",
    threads: int | None = None,
    block: int | None = None,
    check_step: bool = False,
) -> dict[str, np.ndarray]:
    """Run every variant.

    Parameters
    ----------
    network : Network
    effects : list of Effects
        Consecutive segments that cover the steps [0, n_steps).
    lanes : Lanes
    n_steps : int
    dt_ms : float
    record : Record
    dtype : {"float32", "float64"}
        Of states and edge values. What is constant over a segment is computed in double precision first.
    threads : int, optional
        By default all cores that the process may use. Changes no bit of the result.
    block : int, optional
        Lanes in a block, instead of the planner's choice. Changes no bit of the result.
    check_step : bool
        Warn (:class:`~wormsim.errors.DataWarning`) where the step or the precision does not suit a state; see
        :mod:`wormsim.engines.step_length`.

    Returns
    -------
    dict of str to ndarray
        "v" and further states: (V, T, R) in `dtype`, values at the start of step ``k * every``, NaN for ablated cells;
        "spikes": (V, T, R) uint16, counts from frame k until frame k + 1; "failed": (V,) int32, the first cell whose
        state became not-a-number or whose voltage left +-1e6 mV, or -1; "failed_steps": (V, 2) int64, it did so after the
        first of these steps and by the second. What follows is NaN and counts no spikes.

    Raises
    ------
    InputError
        A state that does not exist, a Poisson stimulus without a synapse model that takes it, segments with gaps.
    """
    dtype = np.dtype(dtype)
    if dtype not in (np.float32, np.float64):
        raise InputError(f"dtype {dtype} is not one of float32, float64")
    check_segments(effects, n_steps)
    check_counts(network, record, dt_ms)
    neuron, synapses = network.neuron, tuple(p.synapse for p in network.pathways)
    threads = threads or cores()
    blocks = plan(lanes, effects, len(network.cells), dtype, threads, block, bool(noises(neuron, synapses)))
    modules = {b.layout: cache.kernel(neuron, synapses, b.layout, dtype.name) for b in blocks}
    states = next(iter(modules.values())).STATES if modules else ()
    for name in record.states:
        if modules and name not in states:
            raise UnknownNameError("state", name, states, f"the states of {neuron.name} can be recorded")
    out = outputs(lanes, n_steps, record, dtype)
    failed, failed_steps = np.full(len(lanes.sample), -1, np.int32), np.full((len(lanes.sample), 2), -1, np.int64)

    def work(b) -> Rates | None:
        one = BlockRun(modules[b.layout], network, effects, lanes, b, dt_ms, record, dtype, out, check_step)
        with np.errstate(all="ignore"):  # a setting of the thread
            failed[b.variants], step = one.run()
        failed_steps[b.variants] = np.where(step[:, None] >= 0, step[:, None] + [0, 1], -1)
        return one.rates

    found = Rates()
    with ThreadPoolExecutor(threads) as pool:
        for rates in pool.map(work, blocks):
            found.merge(rates or Rates())
    found.warn(network.cells, dt_ms, dtype)
    return {**out, "failed": failed, "failed_steps": failed_steps}


def outputs(lanes: Lanes, n_steps: int, record: Record, dtype: np.dtype) -> dict[str, np.ndarray]:
    """Empty recordings of all variants, by name."""
    shape = (len(lanes.sample), -(-n_steps // record.every), len(record.cells))
    names = (*(("v",) if record.v else ()), *(s for s in record.states if s != "v" or not record.v))
    out = {name: np.empty(shape, dtype) for name in names}
    if record.spikes:
        out["spikes"] = np.zeros(shape, np.uint16)
    return out


def check_segments(effects: list[Effects], n_steps: int) -> None:
    """Refuse segments that overlap, leave a gap or end elsewhere than the run."""
    at = 0
    for e in effects:
        if e.start != at or e.stop <= e.start:
            raise InputError(f"segments must follow each other: one starts at step {e.start} and stops at {e.stop}, "
                             f"expected a start at {at}")
        at = e.stop
    if at != n_steps:
        raise InputError(f"the segments cover {at} steps of {n_steps}")
    if n_steps > MOST_STEPS:
        raise InputError(f"{n_steps} steps are more than the engines count ({MOST_STEPS}); take a larger dt_ms or cut the run")


def check_counts(network: Network, record: Record, dt_ms: float) -> None:
    """Refuse frames so long that the spikes of one could be more than its counter holds."""
    if not record.spikes:
        return
    neuron, apart = network.neuron, 1.0
    if neuron.counts_crossings:
        apart = 2.0  # below the threshold in between
    elif neuron.refractory:
        apart = max(np.floor(network.parameters[neuron.refractory].min() / dt_ms + 1e-3), 1.0)
    most, holds = record.every / apart, np.iinfo(np.uint16).max
    if most > holds:
        raise InputError(f"a frame of {record.every} steps could hold {most:.0f} spikes of one cell, and a count ends at {holds}: "
                         f"take every_ms of at most {record.every * dt_ms * holds / most:.6g}")


def cores() -> int:
    """Cores that this process may use, or fewer where NUMBA_NUM_THREADS says so (a worker among several does)."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    asked = os.environ.get("NUMBA_NUM_THREADS", "")
    return min(cores, int(asked)) if asked.isdigit() and int(asked) > 0 else cores

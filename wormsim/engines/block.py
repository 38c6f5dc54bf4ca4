"""One block of variants: its arrays, and the loop that feeds segments to the kernel and looks at the states now and then."""

from __future__ import annotations

from types import ModuleType

import numpy as np

from ..errors import InputError
from ..kernels import random
from ..kernels.normal import padded
from ..network import Effects, Lanes, Network, Record
from . import cache
from .planner import VECTOR_BYTES, Block
from .step_length import LOOKED_AT, Rates

# Far outside of anything a membrane does, and far inside of what float32 holds.
RUNAWAY_MV = 1e6
# Steps between two looks at the states: of small networks more, so that looking stays below 1 % of the time.
_LEAST_STRETCH, _MOST_STRETCH, _CELL_STEPS = 1_000, 20_000, 6_000_000
# States and constants of fewer cells than this stay in a core's second-level cache.
MANY_CELLS = 8192
# Rows of edges or cells that are read in their order; where they begin does not matter.
_LONG_BYTES = 1 << 20
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)


class BlockRun:
    """Runs one block.

    Parameters
    ----------
    module : ModuleType
        Kernel module of the block's layout.
    network, effects, lanes, dt_ms, record, dtype
        As for :func:`wormsim.engines.numba_engine.run`.
    block : Block
    out : dict of str to ndarray
        Whole recordings (V, T, R); this block writes its own variants.
    check_step : bool
        Whether to collect, in ``rates``, how fast the states follow.
    """

    def __init__(self, module: ModuleType, network: Network, effects: list[Effects], lanes: Lanes, block: Block,
                 dt_ms: float, record: Record, dtype: np.dtype, out: dict[str, np.ndarray], check_step: bool = False):
        self.module, self.network, self.effects, self.block = module, network, effects, block
        self.dt_ms, self.record, self.dtype, self.out = dt_ms, record, dtype, out
        # "cells": one variant, arrays of cells instead of (cell, lane)
        self.flat = block.layout == "cells"
        self.shared = block.layout != "lanes"
        # lanes that fill the last vector repeat the last variant and are never read
        filled = np.minimum(np.arange(block.width), len(block.variants) - 1)
        self.variants = block.variants[filled]
        self.lanes, self.intact, self.filled = lanes, network, (None, None)
        self.streams = lanes.stream[self.variants]
        self.shape = (len(network.cells), block.width)
        self.state_shape = self.shape[:1] if self.flat else self.shape
        self.arguments: dict[str, object] = {}
        self.sums: dict[str, np.ndarray] = {}
        self.sums_of: tuple = ()  # the masks and the network that these sums are of
        self.rates = Rates() if check_step else None
        self.effect: Effects | None = None
        self.ready = False

    def run(self) -> tuple[np.ndarray, np.ndarray]:
        """All steps; returns for each variant the first cell that ran away and the step in which it did, or -1.

        The states are looked at every so many steps, at times that depend on the number of cells alone. Where one ran
        away since the last look, the same steps are run again, ever fewer at a time, until it is seen to happen.
        """
        n, last = len(self.block.variants), self.effects[-1].stop
        self._fill(self.effects[0])
        self._record()
        self._state()
        self.uniform = self._uniform()
        self.failed, self.failed_step = np.full(n, -1, np.int32), np.full(n, -1, np.int64)
        stretch = int(np.clip(_CELL_STEPS // max(self.shape[0], 1), _LEAST_STRETCH, _MOST_STRETCH))
        due = 0
        for look, start in enumerate(range(0, last, stretch)):
            stop = min(start + stretch, last)
            before = self._snapshot()
            self._span(start, stop)
            suspects = self._runaway() & (self.failed < 0)
            if suspects.any():
                self._find(start, stop, before, suspects.any(axis=0))
            if self.rates is not None and (look == due or stop == last):
                due = 4 * look + 3  # after 1, 4, 16, 64 ... stretches
                self._look()
            if (self.failed >= 0).all():
                break
        self._blank()
        return self.failed, self.failed_step

    def _span(self, start: int, stop: int, again: bool = False) -> None:
        """The steps [start, stop), whatever segments they fall into; `again` records nothing."""
        for effect in self.effects:
            first, last = max(start, effect.start), min(stop, effect.stop)
            if first >= last:
                continue
            if effect is not self.effect:
                self._segment(effect)
            if self.arguments["held_cell"].size:  # also where steps are run again from a copy that was made before the onset
                self.arguments["all_v"].reshape(self.shape)[self.arguments["held_cell"], self.arguments["held_lane"]] = (
                    self.arguments["held_v"])
            self.arguments.update(t0=first, t1=last)
            if not self.ready:
                self.module, self.ready = cache.compiled(self.module, self._listed()), True
            given = {k: False for k in self.arguments if k.startswith("record_") and k != "record_cell"} if again else {}
            self.module.run(*({**self.arguments, **given}[name] for name in self.module.ARGUMENTS))

    def _find(self, start: int, stop: int, before: dict, suspects: np.ndarray) -> None:
        """Pin down which cell of each suspect variant ran away first and in which step; ends where it was called."""
        self._restore(before)
        stretch = max((stop - start) // 32, 1)
        for first in range(start, stop, stretch):
            last = min(first + stretch, stop)
            before = self._snapshot() if stretch > 1 else {}
            self._span(first, last, again=True)
            bad = self._runaway() & suspects & (self.failed < 0)
            lanes = bad.any(axis=0)
            if lanes.any() and stretch > 1:
                self._find(first, last, before, lanes)
            elif lanes.any():
                self.failed[lanes] = bad.argmax(axis=0)[lanes]
                self.failed_step[lanes] = first

    def _snapshot(self) -> dict[str, object]:
        """Copies of all that a step changes; of the spikes on their way only those that are there."""
        kept: dict[str, object] = {k: x.copy() for k, x in self.arguments.items() if k.startswith(("all_", "count")) or k == "free"}
        for k, count in [(k, x) for k, x in kept.items() if k.startswith("count")]:
            ring = self.arguments[k.replace("count", "ring")]
            kept[k.replace("count", "ring")] = [row[:n].copy() for row, n in zip(ring, count, strict=True)]
        return kept

    def _restore(self, kept: dict[str, object]) -> None:
        for k, x in kept.items():
            if isinstance(x, list):
                for row, values in zip(self.arguments[k], x, strict=True):
                    row[:len(values)] = values
            else:
                self.arguments[k][...] = x

    def _blank(self) -> None:
        """Ablated cells are not-a-number, and so is what follows a failure, whoever else was in the block."""
        gone = ~self._lanes_of(self.effects[0].alive)[self.record.cells]
        for row, variant in enumerate(self.block.variants):
            frame = self.failed_step[row] // self.record.every if self.failed[row] >= 0 else None
            for name, x in self.out.items():
                if name != "spikes":
                    x[variant][:, gone[:, row]] = np.nan
                if frame is not None and name != "spikes":
                    x[variant][frame + 1:] = np.nan
                elif frame is not None:
                    x[variant][frame:] = 0

    def _listed(self) -> tuple:
        return tuple(self.arguments[name] for name in self.module.ARGUMENTS)

    def _lanes_of(self, x: np.ndarray) -> np.ndarray:
        """Columns of a (., V) array for the lanes of the block."""
        return np.ascontiguousarray(x[:, self.variants])

    def _value(self, x: np.ndarray) -> np.ndarray:
        """A (. or 1, S or 1) array as (., 1) where the block has one sample, else (., lanes or 1)."""
        if x.shape[1] == 1:
            return x
        return x[:, self.samples[:1]] if self.shared else x[:, self.samples]

    def _cast(self, x: np.ndarray, rows: int, wide: bool, dtype=None) -> np.ndarray:
        """A copy as the kernel takes it: (rows, lanes), or (rows,) where all lanes agree."""
        return _aligned(np.array(self._spread(x, rows, wide), dtype or self.dtype, order="C"))

    def _spread(self, x: np.ndarray, rows: int, wide: bool) -> np.ndarray:
        return np.broadcast_to(x, (rows, self.block.width)) if wide and not self.flat else np.broadcast_to(x, (rows, 1))[:, 0]

    def _fill(self, effect: Effects) -> None:
        """Take the numbers that hold in a segment: edge values and parameters, those of the run itself or altered ones."""
        network, sample = effect.filled(self.intact, self.lanes)
        if self.filled[0] is network and self.filled[1] is sample:
            return
        self.filled, self.network = (network, sample), network
        self.samples = sample[self.variants]
        self._edges()
        self.parameters = {name: self._value(network.parameters[name]) for name in self.module.PARAMETERS}
        self.parameters["dt"] = np.full((1, 1), self.dt_ms)

    def _edges(self) -> None:
        """Edge values and who is connected to whom, in rows of the receiving and of the sending cell."""
        module, network, n = self.module, self.network, self.shape[0]
        values = [{k: self._value(x) for k, x in p.values.items()} for p in network.pathways]
        coefficients = module.coefficients(values)
        self.coefficients = {name: x for name, x in coefficients.items() if name.startswith("sum_")}
        for k, (pathway, _, names) in enumerate(module.SOURCES):
            path = network.pathways[pathway]
            for name in names:
                post, pre, weight = _nonzero(path.post, path.pre, self._edge(coefficients[f"w{k}_{name}"], len(path.pre)))
                self.arguments[f"in{k}_{name}_start"] = _starts(post, n)
                self.arguments[f"in{k}_{name}_pre"] = np.ascontiguousarray(pre, np.int32)
                self.arguments[f"w{k}_{name}"] = _aligned(weight)
        for k, (pathway, _, writes) in enumerate(module.EVENTS):
            path = network.pathways[pathway]
            order = _by_sender(path.pre, path.post)
            self.arguments[f"out{k}_start"] = _starts(path.pre, n)
            self.arguments[f"out{k}_post"] = np.ascontiguousarray(path.post[order], np.int32)
            for m in range(writes):
                jump = self._edge(coefficients[f"jump{k}_{m}"], len(path.pre))
                self.arguments[f"jump{k}_{m}"] = np.ascontiguousarray(jump[order])

    def _edge(self, x: np.ndarray, n_edges: int) -> np.ndarray:
        """Edge values as the kernel takes them; those of a brain are not copied where they fit as they are."""
        return np.ascontiguousarray(self._spread(x, n_edges, not self.shared), self.dtype)

    def _record(self) -> None:
        record, n = self.record, self.shape[0]
        self.arguments.update(every=record.every, record_cell=np.array(record.cells, np.int64),
                              lane_out=np.array(self.block.variants, np.int64), record_spikes="spikes" in self.out)
        for name in self.module.STATES:
            self.arguments[f"record_{name}"] = name in self.out
            self.arguments[f"out_{name}"] = self.out.get(name, np.empty((0, 0, 0), self.dtype))
        self.arguments["out_spikes"] = self.out.get("spikes", np.empty((0, 0, 0), np.uint16))
        row_of = np.full(n, -1, np.int64)
        row_of[record.cells] = np.arange(len(record.cells))
        self.arguments["row_of"] = row_of

    def _state(self) -> None:
        """States at step 0, buffers, and what never changes during a run."""
        module, shape = self.module, self.shape
        for name, x in module.initial(self.parameters).items():
            self.arguments[f"all_{name}"] = self._cast(x, shape[0], True)
        for k in range(len(module.SOURCES)):
            self.arguments[f"old{k}"] = _aligned(np.zeros(self.state_shape, self.dtype))
            self.arguments[f"new{k}"] = _aligned(np.zeros(self.state_shape, self.dtype))
        for name in module.SUMS:
            self.arguments[f"sum_{name}"] = _aligned(np.zeros(module.CHUNK if self.flat else shape[1], self.dtype))
        for name in module.STATES:
            self.arguments[f"next_{name}_i"] = _aligned(np.zeros(shape[1], self.dtype))
        if module.REFRACTORY:
            # the step of the spike itself counts as one
            busy = np.maximum(self._steps(self.parameters[module.REFRACTORY]), 1)
            self.arguments["busy"] = self._cast(busy, shape[0], not self.shared, np.int32)
            self.arguments["free"] = _aligned(np.zeros(self.state_shape, np.int32))
        if module.CROSSING:
            self.arguments["above"] = _aligned(np.zeros(self.state_shape, np.int32))
        if module.SPIKING:
            self.arguments["spikes"] = np.zeros(shape[0] * shape[1], np.int32)
        for k, (_, name, _) in enumerate(module.EVENTS):
            # halves go up, as in the compiled spike queue of Brian2
            delay = np.floor(self.parameters[name] / self.dt_ms + 0.5) if name else np.zeros((1, 1))
            if delay.min() < 0:
                raise InputError(f"the delay {name} is negative")
            slots = int(delay.max()) + 1
            self.arguments[f"delay{k}"] = self._cast(delay, shape[0], not self.shared, np.int32)
            self.arguments[f"ring{k}"] = np.empty((slots, shape[0] * shape[1]), np.int32)
            self.arguments[f"count{k}"] = np.zeros(slots, np.int64)
        self.arguments.update(key_low=self.streams & _LOW, key_high=self.streams >> _HALF, draw=np.zeros(shape[1], np.uint64))
        if module.NOISES:
            streams, lane = np.unique(self.streams, return_inverse=True)
            n = module.CHUNK if self.flat else padded(shape[0])
            self.arguments.update(noise_low=streams & _LOW, noise_high=streams >> _HALF, noise_of=lane.astype(np.int64).ravel(),
                                  words=np.empty((4, n // 4), np.int32))
            for name in module.NOISES:
                self.arguments[f"noise_{name}"] = np.empty((len(streams), n), np.float32)
                self.arguments[f"row_{name}"] = np.empty(shape[1], np.float32)

    def _steps(self, ms: np.ndarray) -> np.ndarray:
        """Whole steps, counted as Brian2's timestep() counts them."""
        return np.floor((ms + 1e-3 * self.dt_ms) / self.dt_ms)

    def _segment(self, effect: Effects) -> None:
        """What the perturbations change."""
        module, shape = self.module, self.shape
        self.effect = effect
        self._fill(effect)
        alive = self._lanes_of(effect.alive)
        release = alive & self._lanes_of(effect.release)
        self.alive, fires = alive, alive
        held, self.arguments["held_v"] = (np.zeros(0, np.int64), np.zeros(0, np.int64)), np.zeros(0, self.dtype)
        if effect.clamp_mV is not None:
            clamp = self._lanes_of(effect.clamp_mV)
            fires = alive & np.isnan(clamp)
            held = np.nonzero(alive & ~fires)
            self.arguments["held_v"] = clamp[held].astype(self.dtype)
        self.arguments["held_cell"], self.arguments["held_lane"] = held
        self.arguments.update(fires=fires.reshape(self.state_shape), release=release.reshape(self.state_shape),
                              some_alive=alive.any(axis=1))
        for name, off in (("dead", ~alive), ("mute", ~release)):
            cell, lane = np.nonzero(off)
            self.arguments[f"{name}_cell"], self.arguments[f"{name}_lane"] = cell, lane
        first = module.initial(self.parameters)
        for name in module.STATES:
            x = np.broadcast_to(first[name], shape)
            self.arguments[f"dead_{name}"] = x[self.arguments["dead_cell"], self.arguments["dead_lane"]].astype(self.dtype)
        self._refuse_infinite(effect)
        constants = self._constants(effect)
        for name, by_effect in module.CONSTANTS:
            if name in self.uniform:
                self.arguments[f"c_{name}"] = self.dtype.type(np.ravel(constants[name])[0])
            else:
                self.arguments[f"c_{name}"] = self._cast(constants[name], shape[0], by_effect or not self.shared)
        self._poisson(effect)

    def _constants(self, effect: Effects) -> dict[str, np.ndarray]:
        module = self.module
        alive = self._lanes_of(effect.alive)
        release = alive & self._lanes_of(effect.release)
        values = dict(self.parameters)
        values["I_ext"] = self._lanes_of(effect.current_pA)
        values["G_ext"] = self._lanes_of(effect.conductance_nS)
        values["GE_ext"] = self._lanes_of(effect.conductance_reversal_pA)
        same = (effect.alive, effect.release, *self.filled)
        if not (self.sums_of and all(a is b for a, b in zip(self.sums_of, same, strict=True))):
            self.sums_of = same
            for name, pathway, chemical in module.CONSTANT_SUMS:
                path = self.network.pathways[pathway]
                self.sums[name] = _masked_sum(path.pre, path.post, self.coefficients[f"sum_{name}"], release if chemical else alive)
        self.values = values = values | self.sums
        return module.constants(values)

    def _uniform(self) -> set[str]:
        """Constants that all cells share in every segment, where there are so many cells that reading them over and over costs."""
        if not self.flat or self.shape[0] < MANY_CELLS:
            return set()
        names = {name for name, _ in self.module.CONSTANTS}
        for effect in self.effects:
            self._fill(effect)
            constants = self._constants(effect)
            names = {name for name in names if np.ptp(constants[name]) == 0}
        return names

    def _poisson(self, effect: Effects) -> None:
        p = effect.poisson
        if not self.module.POISSON_TARGET:
            if len(p.cell) and (p.probability > 0).any():
                names = ", ".join(path.synapse.name for path in self.network.pathways)
                raise InputError(f"a Poisson stimulus needs a synapse model that takes events; {self.network.neuron.name} "
                                 f"runs with {names}: use a current pulse")
            return
        limit = random.threshold(self._lanes_of(p.probability))
        keep = limit.any(axis=1)
        self.arguments.update(
            po_cell=p.cell[keep].astype(np.int64), po_source=p.source[keep].astype(np.int64), po_limit=limit[keep],
            po_most=limit[keep].max(axis=1, initial=0), po_size=self._lanes_of(p.size_pA)[keep].astype(self.dtype))
        if self.shared:
            self.arguments["draw"] = np.empty(keep.sum(), np.uint64)

    def _refuse_infinite(self, effect: Effects) -> None:
        """Cells into which something flows that is not finite in this precision have failed: their reset would hide it."""
        bad = np.zeros(self.shape, bool)
        for x in (effect.current_pA, effect.conductance_nS, effect.conductance_reversal_pA):
            bad |= ~np.isfinite(self._lanes_of(x).astype(self.dtype))
        p = effect.poisson
        np.logical_or.at(bad, p.cell, ~np.isfinite(self._lanes_of(p.size_pA).astype(self.dtype)))
        alive = self.alive
        for k, (_, _, writes) in enumerate(self.module.EVENTS):
            start, post = self.arguments[f"out{k}_start"], self.arguments[f"out{k}_post"]
            for m in range(writes):
                known = np.isfinite(self.arguments[f"jump{k}_{m}"])
                for edge in np.flatnonzero(~known.all(axis=1) if known.ndim == 2 else ~known):
                    bad[post[edge]] |= ~known[edge] & alive[np.searchsorted(start, edge, "right") - 1]
        bad = (bad & alive)[:, :len(self.failed)]
        new = bad.any(axis=0) & (self.failed < 0)
        self.failed[new], self.failed_step[new] = bad.argmax(axis=0)[new], effect.start

    def _runaway(self) -> np.ndarray:
        """(N, variants): living cells with a state that is not a number or a voltage beyond all reason."""
        bad = ~(np.abs(self.arguments["all_v"]) <= RUNAWAY_MV)
        for name in self.module.STATES:
            bad |= ~np.isfinite(self.arguments[f"all_{name}"])
        return (bad.reshape(self.shape) & self.alive)[:, :len(self.block.variants)]

    def _look(self) -> None:
        """How fast the states of some of the variants follow at this moment."""
        n = len(self.block.variants)
        some = np.unique(np.linspace(0, n - 1, min(n, LOOKED_AT)).astype(int))
        alive, release = self.alive[:, some], self.arguments["release"].reshape(self.shape)[:, some]

        def columns(x: np.ndarray) -> np.ndarray:
            return x if x.shape[1] == 1 else x[:, some]

        def gather(pathway: int, weight: np.ndarray, x: np.ndarray, chemical: bool) -> np.ndarray:
            path = self.network.pathways[pathway]
            sent = np.broadcast_to(x, alive.shape) * (release if chemical else alive)
            return np.stack([np.bincount(path.post, (weight * sent[path.pre])[:, k], minlength=len(alive))
                             for k in range(len(some))], axis=1)

        values = {k: columns(x) for k, x in self.values.items()}
        values |= {k: self.arguments[f"all_{k}"].reshape(self.shape)[:, some].astype(float) for k in self.module.STATES}
        edges = [{k: columns(self._value(x)) for k, x in p.values.items()} for p in self.network.pathways]
        self.rates.see(self.module.rates(values, edges, gather), alive, self.module.DRIVEN)


def _aligned(x: np.ndarray) -> np.ndarray:
    """The array, or a copy that begins where a vector of the kernels does: one across two cache lines takes twice as long."""
    if x.ctypes.data % VECTOR_BYTES == 0 or (x.ndim < 2 and x.nbytes > _LONG_BYTES):
        return x
    room = np.empty(x.nbytes + VECTOR_BYTES, np.uint8)
    first = -room.ctypes.data % VECTOR_BYTES
    out = room[first:first + x.nbytes].view(x.dtype).reshape(x.shape)
    out[...] = x
    return out


def _nonzero(post: np.ndarray, pre: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The edges that weigh something in any lane; a number too small to be normal weighs nothing."""
    small = np.abs(weight) < np.finfo(weight.dtype).tiny
    keep = ~(small if weight.ndim == 1 else small.all(axis=1))
    return (post, pre, weight) if keep.all() else (post[keep], pre[keep], weight[keep])


def _by_sender(pre: np.ndarray, post: np.ndarray) -> np.ndarray | slice:
    """Order of the edges by (pre, post); of those that stand in it already, all, so that nothing is copied."""
    if not ((pre[1:] < pre[:-1]) | ((pre[1:] == pre[:-1]) & (post[1:] < post[:-1]))).any():
        return slice(None)
    return np.lexsort((post, pre))


def _starts(cell: np.ndarray, n: int) -> np.ndarray:
    """Start of each cell's row once the edges stand in the order of `cell`, and the end of the last one."""
    if (cell[1:] >= cell[:-1]).all():  # without bincount's copy of a brain's edges as int64
        return np.searchsorted(cell, np.arange(n + 1, dtype=cell.dtype)).astype(np.int64)
    return np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=n))]).astype(np.int64)


def _masked_sum(pre: np.ndarray, post: np.ndarray, coefficient: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Sum of edge values over senders that are on, (N, lanes), added in the order of the edges.

    The k-th edges of all cells are added together, so the order within a cell never depends on the number of lanes.
    """
    total = np.zeros(mask.shape)
    starts = _starts(post, len(mask))
    rank = np.arange(len(post)) - starts[post]
    order = np.argsort(rank, kind="stable")
    for edges in np.split(order, np.flatnonzero(np.diff(rank[order])) + 1) if len(post) else ():
        total[post[edges]] += coefficient[edges] * mask[pre[edges]]
    return total

"""Big spiking graphs without tables: arrays in, spikes out, on the event kernel.

A fly brain has 15 million edges; a table of them with names would take more memory than all else. Here the graph is
three arrays (8 bytes an edge, 6 with contacts as 16-bit numbers), the cells are numbers, and a trial costs some 60 bytes a
cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from ..errors import InputError, SimulationError
from .numba_engine import cores
from .trial import Input, LinearCells, Rows, Trial


@dataclass(frozen=True, eq=False)
class SparseNetwork:
    """Leaky integrate-and-fire cells with exponential synapses, as in the fly model of Shiu et al. 2024.

    ``dv/dt = (v_rest - v + g)/tau_m`` and ``dg/dt = -g/tau_syn``, both held while refractory; ``v > v_threshold`` is a spike,
    which sets v to v_reset and g to 0 and adds its weight to the target's g after the delay, unless that is refractory.

    Parameters
    ----------
    indptr : ndarray of int64, shape (N + 1,)
        The edges of cell i are ``indptr[i]`` ... ``indptr[i + 1] - 1``.
    post : ndarray of int32, shape (E,)
    weight_mV : ndarray of int16, float32 or float64, shape (E,)
        In `unit_mV`. Edges from one cell to the same other one add up.
    unit_mV : float
        With 1, weights are in mV; with the mV of one contact, they are counts of contacts.
    tau_m_ms, tau_syn_ms, t_delay_ms : float
    v_rest_mV, v_reset_mV, v_threshold_mV, t_refractory_ms : float or ndarray, shape (N,)
        The defaults are those of Shiu et al. 2024 (Nature 634:210).

    Raises
    ------
    InputError
        Arrays that do not fit together, with the first offending value.
    """

    indptr: np.ndarray
    post: np.ndarray
    weight_mV: np.ndarray
    tau_m_ms: float = 20.0
    tau_syn_ms: float = 5.0
    t_delay_ms: float = 1.8
    v_rest_mV: float | np.ndarray = -52.0
    v_reset_mV: float | np.ndarray = -52.0
    v_threshold_mV: float | np.ndarray = -45.0
    t_refractory_ms: float | np.ndarray = 2.2
    unit_mV: float = 1.0

    def __post_init__(self):
        for name, dtype in (("indptr", np.int64), ("post", np.int32)):
            x = np.ascontiguousarray(getattr(self, name))
            if x.ndim != 1 or x.dtype.kind not in "iu":
                raise InputError(f"{name} must be one row of whole numbers, not {x.dtype} of shape {x.shape}")
            object.__setattr__(self, name, x.astype(dtype, copy=False))
        weight = np.ascontiguousarray(self.weight_mV)
        if weight.dtype not in (np.int16, np.float32, np.float64):
            weight = weight.astype(np.float32)
        object.__setattr__(self, "weight_mV", weight)
        if self.n_cells < 1 or self.indptr[0] != 0 or (np.diff(self.indptr) < 0).any() or self.indptr[-1] != len(self.post):
            raise InputError("indptr must rise from 0 to the number of edges, one entry more than there are cells")
        if len(self.post) != len(weight):
            raise InputError(f"{len(self.post)} targets and {len(weight)} weights: there must be as many")
        if len(self.post) and not 0 <= self.post.min() <= self.post.max() < self.n_cells:
            raise InputError(f"a target lies outside of 0 ... {self.n_cells - 1}")
        if len(weight) and not (np.isfinite(weight.min()) and np.isfinite(weight.max())):
            raise InputError("a weight is not a finite number")
        if not 0 < abs(self.unit_mV) < np.inf:
            raise InputError(f"unit_mV = {self.unit_mV} must be a finite number other than 0")
        for name in ("tau_m_ms", "tau_syn_ms"):
            if not 0 < getattr(self, name) < np.inf:
                raise InputError(f"{name} = {getattr(self, name)} must be a positive number")
        if not 0 <= self.t_delay_ms < np.inf:
            raise InputError(f"t_delay_ms = {self.t_delay_ms} must be a number of at least 0")
        for name in ("v_rest_mV", "v_reset_mV", "v_threshold_mV", "t_refractory_ms"):
            x = np.asarray(getattr(self, name), float)
            if x.shape not in ((), (self.n_cells,)) or np.isnan(x).any():
                raise InputError(f"{name} must be one number or one for each of the {self.n_cells} cells")
        if not (np.isfinite(self.t_refractory_ms).all() and np.min(self.t_refractory_ms) >= 0):
            raise InputError("t_refractory_ms must be at least 0 and finite")

    @classmethod
    def from_edges(cls, pre, post, weight_mV, n_cells: int, **parameters) -> SparseNetwork:
        """From edges in any order; see the class for `parameters`.

        Parameters
        ----------
        pre, post : array of int, shape (E,)
        weight_mV : array, shape (E,)
        n_cells : int
        """
        pre, post, weight = (x if x.size else x.astype(kind) for x, kind in zip(
            (np.ascontiguousarray(pre), np.asarray(post), np.asarray(weight_mV)), ("i4", "i4", "f4"), strict=True))
        if pre.shape != post.shape or pre.shape != weight.shape:
            raise InputError(f"{pre.shape} senders, {post.shape} targets and {weight.shape} weights: there must be as many")
        if len(pre) and not 0 <= pre.min() <= pre.max() < n_cells:
            raise InputError(f"a sender lies outside of 0 ... {n_cells - 1}")
        if (pre[1:] < pre[:-1]).any():
            from ..kernels.event_driven import rows_of_edges

            indptr, order = np.zeros(n_cells + 1, np.int64), np.empty(len(pre), np.int64)
            rows_of_edges(pre, indptr, order)
            post, weight = post[order], weight[order]
        else:
            indptr = np.searchsorted(pre, np.arange(n_cells + 1)).astype(np.int64)
        return cls(indptr, post, weight, **parameters)

    @property
    def n_cells(self) -> int:
        """How many cells there are."""
        return len(self.indptr) - 1

    def cells(self, dt_ms: float) -> LinearCells:
        """The constants of the cells in steps of `dt_ms`."""
        def each(x) -> np.ndarray:
            return np.broadcast_to(np.asarray(x, float), self.n_cells)

        busy = np.asarray(self.t_refractory_ms, float) / dt_ms
        busy += 1e-3
        busy = np.broadcast_to(np.maximum(busy, 1).astype(np.int32), self.n_cells)  # cut to whole steps
        return LinearCells(self.tau_m_ms, self.tau_syn_ms, each(self.v_rest_mV), each(self.v_threshold_mV),
                           each(self.v_reset_mV), busy, int(np.floor(self.t_delay_ms / dt_ms + 0.5)),
                           each(self.v_rest_mV), np.zeros(self.n_cells))


@dataclass(frozen=True, eq=False)
class PoissonDrive:
    """Independent Poisson events into cells, one Bernoulli draw a step from the counter-based generator.

    Parameters
    ----------
    cells : array of int, shape (K,)
    rate_Hz, size_mV : float or array, shape (K,)
    into : {"g", "v"}
        What an event adds to; "v" as the published fly model does.
    """

    cells: np.ndarray
    rate_Hz: float | np.ndarray
    size_mV: float | np.ndarray
    into: str = "g"


@dataclass(frozen=True, eq=False)
class EventDrive:
    """Events at given times.

    Parameters
    ----------
    step, cell : array of int, shape (M,)
    size_mV : float or array, shape (M,)
    into : {"g", "v"}
    """

    step: np.ndarray
    cell: np.ndarray
    size_mV: float | np.ndarray
    into: str = "g"


@dataclass(frozen=True, eq=False)
class SparseSpikes:
    """Spikes of T trials, ordered by trial, step and cell.

    Attributes
    ----------
    trial, step, cell : ndarray of int32, shape (S,)
    n_trials, n_cells, n_steps : int
    dt_ms : float
    """

    trial: np.ndarray
    step: np.ndarray
    cell: np.ndarray
    n_trials: int
    n_cells: int
    n_steps: int
    dt_ms: float

    @property
    def t_ms(self) -> np.ndarray:
        """Times of the spikes: the start of their steps, as in Brian2."""
        return self.step * self.dt_ms

    def rates_Hz(self) -> np.ndarray:
        """Mean rate of every cell in every trial, shape (T, N)."""
        at = self.trial.astype(np.int64) * self.n_cells + self.cell
        counts = np.bincount(at, minlength=self.n_trials * self.n_cells).reshape(self.n_trials, self.n_cells)
        return counts / (self.n_steps * self.dt_ms * 1e-3)


def simulate_sparse(network: SparseNetwork, duration_ms: float, *, dt_ms: float = 0.1, poisson: PoissonDrive | None = None,
                    events: EventDrive | None = None, current_mV: float | np.ndarray = 0.0,
                    alive: np.ndarray | None = None, release: np.ndarray | None = None, streams: Sequence[int] = (0,),
                    dtype="float32", threads: int | None = None) -> SparseSpikes:
    """Run trials of one network, in parallel.

    Parameters
    ----------
    network : SparseNetwork
    duration_ms : float
        A whole number of steps.
    dt_ms : float
    poisson : PoissonDrive, optional
    events : EventDrive, optional
        The same in every trial.
    current_mV : float or array, shape (N,)
        Constant drive, as the depolarisation that it leads to.
    alive, release : array of bool, shape (N,) or (N, T), optional
        Not alive: ablated, with every edge to and from it. Alive without release: its edges are silent.
    streams : sequence of int
        One random stream for each trial (0 ... 2**64 - 1). Trials with equal streams meet the same Poisson events.
    dtype : {"float32", "float64"}
    threads : int, optional
        By default all cores. Changes no bit of the result.

    Returns
    -------
    SparseSpikes

    Raises
    ------
    InputError
        Times, shapes or numbers that do not fit.
    SimulationError
        A cell's state became not-a-number or left the range.
    """
    dtype = np.dtype(dtype)
    if dtype not in (np.float32, np.float64):
        raise InputError(f"dtype {dtype} is not one of float32, float64")
    n_steps = round(duration_ms / dt_ms) if np.isfinite(duration_ms) and 0 < dt_ms < np.inf else 0
    if n_steps < 1 or abs(n_steps * dt_ms - duration_ms) > 1e-6 * duration_ms:
        raise InputError(f"duration_ms = {duration_ms} must be a whole number of steps of dt_ms = {dt_ms} ms, at least one")
    n, n_trials = network.n_cells, len(streams)
    if not n_trials or any(not 0 <= s < 2**64 for s in streams):
        raise InputError("streams must be whole numbers from 0 to 2**64 - 1, one for each trial")
    masks = {name: _mask(name, x, n, n_trials) for name, x in (("alive", alive), ("release", release))}
    given = _input(network, n_steps, dt_ms, poisson, events, current_mV)
    cells, rows = network.cells(dt_ms), Rows(network.indptr, network.post, network.weight_mV, network.unit_mV)

    def work(trial: int) -> tuple[np.ndarray, np.ndarray]:
        here = [masks[name][:, trial if masks[name].shape[1] > 1 else 0] for name in ("alive", "release")]
        run = Trial(cells, rows, here[0], int(streams[trial]), dt_ms, dtype, keep_spikes=True)
        run.run(0, n_steps, Input(release=here[1], **given))
        bad = run.runaway()
        if bad >= 0:
            raise SimulationError(f"trial {trial}: cell {bad} ran away; check its weights and parameters, or take a smaller "
                                  "dt_ms")
        return run.spikes()

    with ThreadPoolExecutor(threads or cores()) as pool:
        found = list(pool.map(work, range(n_trials)))
    trial = np.repeat(np.arange(n_trials, dtype=np.int32), [len(step) for step, _ in found])
    return SparseSpikes(trial, np.concatenate([s for s, _ in found]), np.concatenate([c for _, c in found]), n_trials, n,
                        n_steps, dt_ms)


def _mask(name: str, x, n: int, n_trials: int) -> np.ndarray:
    if x is None:
        return np.ones((n, 1), bool)
    x = np.asarray(x)
    if x.dtype != bool or x.shape not in ((n,), (n, n_trials)):
        raise InputError(f"{name} must be an array of bool of shape ({n},) or ({n}, {n_trials}), not {x.dtype} {x.shape}")
    return x.reshape(n, -1)


def _input(network: SparseNetwork, n_steps: int, dt_ms: float, poisson, events, current_mV) -> dict:
    """Arguments of :class:`Input` but for the release mask."""
    n = network.n_cells
    shift = np.asarray(current_mV, float)
    if shift.shape not in ((), (n,)) or not np.isfinite(shift).all():
        raise InputError(f"current_mV must be one finite number or one for each of the {n} cells")
    given = {"level_shift_mV": np.broadcast_to(shift, n)}
    if poisson is not None:
        cell = _cells("PoissonDrive", poisson.cells, n)
        probability = _each("rate_Hz", poisson.rate_Hz, cell) * dt_ms * 1e-3
        if not ((probability >= 0) & (probability <= 1)).all():
            raise InputError(f"PoissonDrive: rates must lie between 0 and one event a step ({1e3 / dt_ms:g} Hz)")
        # a cell that is listed twice has two independent sources
        order = np.argsort(cell, kind="stable")
        first = np.searchsorted(cell[order], cell[order])
        source = np.empty(len(cell), np.int64)
        source[order] = np.arange(len(cell)) - first
        given |= {"poisson_cell": cell, "poisson_source": source, "poisson_probability": probability,
                  "poisson_size_mV": _each("size_mV", poisson.size_mV, cell), "poisson_in_v": _into(poisson.into)}
    if events is not None:
        cell, step = _cells("EventDrive", events.cell, n), np.asarray(events.step)
        if step.shape != cell.shape or step.dtype.kind not in "iu" or (len(step) and not 0 <= step.min() <= step.max() < n_steps):
            raise InputError(f"EventDrive: there must be one step between 0 and {n_steps - 1} for each event")
        order = np.argsort(step, kind="stable") if (step[1:] < step[:-1]).any() else slice(None)
        given |= {"event_cell": cell[order], "event_step": step[order].astype(np.int64),
                  "event_size_mV": _each("size_mV", events.size_mV, cell)[order], "events_in_v": _into(events.into)}
    return given


def _cells(name: str, cell, n: int) -> np.ndarray:
    cell = np.asarray(cell)
    if cell.ndim != 1 or cell.dtype.kind not in "iu" or (len(cell) and not 0 <= cell.min() <= cell.max() < n):
        raise InputError(f"{name}: cells must be one row of numbers between 0 and {n - 1}")
    return cell.astype(np.int64)


def _each(name: str, x, cell: np.ndarray) -> np.ndarray:
    x = np.asarray(x, float)
    if x.shape not in ((), cell.shape) or not np.isfinite(x).all():
        raise InputError(f"{name} must be one finite number or one for each of {len(cell)}")
    return np.broadcast_to(x, cell.shape)


def _into(name: str) -> bool:
    if name not in ("g", "v"):
        raise InputError(f"into = {name!r} must be 'g' or 'v'")
    return name == "v"

"""One event-driven trial: its arrays, and the loop that feeds segments to the kernel."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import ModuleType

import numpy as np

from ..errors import InputError
from ..kernels import random
from . import cache
from .block import RUNAWAY_MV

# Time is counted anew whenever the faster exponential has grown to exp(40): far below what single precision holds, and
# every some thousand steps, so that scaling all cells costs nothing.
_MOST_EXPONENT = 40.0
_MOST_STEPS = 4096
# A potential is a difference of two exponentials; with time constants closer than this it would lose digits.
_LEAST_DIFFERENCE = 0.01
# By how much rounding can bring a cell closer to its threshold than its bound says, generously.
_SLACK = 1e-4
# Up to this share of the cells is looked at in every step, so that a few low thresholds do not lower the mark for all.
_PINNED = 1 / 1024
_SPIKES_AT_FIRST = 1 << 16
_LAST_STEP = 1 << 30  # 32 bits hold it and a refractory period


@dataclass(frozen=True, eq=False)
class LinearCells:
    """Cells with ``dv/dt = (level - v + g)/tau_m``, ``dg/dt = -g/tau_syn``, a fixed threshold, and a reset
    of v that also clears g.

    Attributes
    ----------
    tau_m_ms, tau_syn_ms : float
        The same for all cells: it makes one table of decays do for all.
    level_mV, threshold_mV, reset_mV : ndarray of float64, shape (N,)
        `level_mV` is where v settles when nothing comes in.
    refractory_steps : ndarray of int32, shape (N,)
        At least 1, the step of the spike itself.
    delay_steps : int
    start_mV, start_g_mV : ndarray of float64, shape (N,)
    """

    tau_m_ms: float
    tau_syn_ms: float
    level_mV: np.ndarray
    threshold_mV: np.ndarray
    reset_mV: np.ndarray
    refractory_steps: np.ndarray
    delay_steps: int
    start_mV: np.ndarray
    start_g_mV: np.ndarray


@dataclass(frozen=True, eq=False)
class Rows:
    """Out-edges in compressed rows: those of cell i are ``row_start[i]`` ... ``row_start[i + 1] - 1``.

    Attributes
    ----------
    row_start : ndarray of int64, shape (N + 1,)
    post : ndarray of int32, shape (E,)
    weight : ndarray of int16, float32 or float64, shape (E,)
        In `unit_mV` of g.
    unit_mV : float
    """

    row_start: np.ndarray
    post: np.ndarray
    weight: np.ndarray
    unit_mV: float = 1.0


@dataclass(frozen=True, eq=False)
class Input:
    """What comes from outside during one segment.

    Attributes
    ----------
    level_shift_mV : ndarray of float64, shape (N,)
        By how much a current moves the level.
    release : ndarray of bool, shape (N,)
    event_step, event_cell, event_size_mV : ndarray, shape (M,)
        Events at given times, ordered by step.
    poisson_cell, poisson_source, poisson_probability, poisson_size_mV : ndarray, shape (K,)
    events_in_v, poisson_in_v : bool
        Whether they add to v instead of g.
    """

    level_shift_mV: np.ndarray
    release: np.ndarray
    event_step: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    event_cell: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    event_size_mV: np.ndarray = field(default_factory=lambda: np.zeros(0))
    poisson_cell: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    poisson_source: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    poisson_probability: np.ndarray = field(default_factory=lambda: np.zeros(0))
    poisson_size_mV: np.ndarray = field(default_factory=lambda: np.zeros(0))
    events_in_v: bool = False
    poisson_in_v: bool = False


@dataclass(frozen=True, eq=False)
class Frames:
    """Where a trial writes what is recorded: arrays (T, R) or None; `g_unit_mV` is what one unit of g is recorded as."""

    every: int = 1
    cells: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    v: np.ndarray | None = None
    g: np.ndarray | None = None
    spikes: np.ndarray | None = None
    g_unit_mV: np.ndarray | None = None


def decay_table(tau_m_ms: float, tau_syn_ms: float, dt_ms: float) -> np.ndarray:
    """Rows of a, c, 1/a and 1/c (see :mod:`wormsim.kernels.event_driven`) for -1, 0, 1, ... steps."""
    fastest = dt_ms / min(tau_m_ms, tau_syn_ms)
    if not 0 < fastest <= _MOST_EXPONENT:
        raise InputError(f"dt_ms = {dt_ms} is too long for a time constant of {min(tau_m_ms, tau_syn_ms):g} ms")
    t = np.arange(-1, min(int(_MOST_EXPONENT / fastest), _MOST_STEPS) + 1) * dt_ms
    return np.exp(np.stack([-t / tau_m_ms, -t / tau_syn_ms, t / tau_m_ms, t / tau_syn_ms], axis=1))


def peak_of_rise(tau_m_ms: float, tau_syn_ms: float) -> float:
    """The highest u that g = 1 mV brings a resting cell to."""
    t = np.log(tau_m_ms / tau_syn_ms) / (1 / tau_syn_ms - 1 / tau_m_ms)
    return float(tau_syn_ms / (tau_m_ms - tau_syn_ms) * (np.exp(-t / tau_m_ms) - np.exp(-t / tau_syn_ms)))


def _mark(threshold: np.ndarray) -> np.floating:
    """The bound from which on an event makes the kernel look at its cell: as low as all thresholds but the lowest.

    Cells that spike without any input do not count: they are gone through anyway.
    """
    low = threshold.min()
    if not 0 < low == threshold.max():
        at = min(int((threshold <= 0).sum() + len(threshold) * _PINNED), len(threshold) - 1)
        low = np.partition(threshold, at)[at]
    return low - low * threshold.dtype.type(_SLACK) if 0 < low < np.inf else threshold.dtype.type(np.inf)


class Trial:
    """Runs one trial segment by segment.

    Parameters
    ----------
    cells : LinearCells
    rows : Rows
    alive : ndarray of bool, shape (N,)
    stream : int
        Random stream of the Poisson events.
    dt_ms : float
    dtype : numpy dtype
        Of the states.
    frames : Frames
    keep_spikes : bool
        Whether to collect every spike; see :meth:`spikes`.
    """

    def __init__(self, cells: LinearCells, rows: Rows, alive: np.ndarray, stream: int, dt_ms: float, dtype,
                 frames: Frames | None = None, keep_spikes: bool = False):
        self.module: ModuleType = cache.shipped("event_driven")
        self.cells, self.alive, self.dtype, self.dt_ms = cells, np.asarray(alive, bool), np.dtype(dtype), dt_ms
        self.frames = frames or Frames()
        self.keep_spikes, self.kept = keep_spikes, []
        self.progress = np.zeros(7, np.int64)
        self.taken = 0  # spikes in the buffer that have been kept already
        self.started = False
        n = len(self.alive)
        m, syn = cells.tau_m_ms, cells.tau_syn_ms
        if abs(m - syn) < _LEAST_DIFFERENCE * max(m, syn):
            raise InputError(f"the time constants {m:g} and {syn:g} ms differ by less than {_LEAST_DIFFERENCE:.0%}, where this engine "
                             "loses digits: move one of them, or use engine='numba'")
        rise = -np.expm1(-self.module.SCAN * dt_ms / m)
        self.arguments: dict[str, object] = {
            "progress": self.progress, "state": np.empty(2 * n, self.dtype),
            "flags": np.where(self.alive, np.uint8(0), np.uint8(self.module.HELD)),
            "found": np.empty(int(self.module.CHUNK), np.int32), "ring": np.full(self.module.RING, -1, np.int32),
            **{name: np.empty(n, np.int32) for name in ("hot", "near", "until", "after")},
            "busy": np.ascontiguousarray(cells.refractory_steps, np.int32),
            "decay": decay_table(m, syn, dt_ms).astype(self.dtype),
            "kappa": np.array([peak_of_rise(m, syn) * (1 + 1e-6), 0.0, syn / (m - syn), dt_ms / m, _SLACK, rise, rows.unit_mV,
                               1.0], self.dtype),
            "delay": int(cells.delay_steps),
            "row_start": rows.row_start, "post": rows.post, "weight": rows.weight,
            "key_low": np.uint64(int(stream) & 0xFFFFFFFF), "key_high": np.uint64(int(stream) >> 32),
            "runaway": RUNAWAY_MV}
        self._spike_buffer(max(_SPIKES_AT_FIRST, 2 * n))
        self._frames()

    def run(self, start: int, stop: int, given: Input) -> None:
        """The steps [start, stop); segments follow each other from step 0 on."""
        if stop > _LAST_STEP:
            raise InputError(f"{stop} steps are more than this engine counts ({_LAST_STEP}); take a larger dt_ms")
        self._input(given)
        enter = 1 if self.started else 2
        if not self.started:
            self._start()
        self.arguments["stop"] = stop
        while start < stop:
            self.arguments.update(start=start, enter=enter)
            if not self.started:
                self.module = cache.compiled(self.module, self._listed())
                self.started = True
            start = int(self.module.run(*self._listed()))
            enter = 0
            self._empty()
        self.arguments["level"] = self.arguments["next_level"]

    def spikes(self) -> tuple[np.ndarray, np.ndarray]:
        """Step and cell of every spike so far, ordered by step and within a step by cell (int32)."""
        if not self.kept:
            return np.zeros(0, np.int32), np.zeros(0, np.int32)
        step, cell = (np.concatenate(part) for part in zip(*self.kept, strict=True))
        return step, cell

    def runaway(self) -> int:
        """First living cell with a state that is not a number or a voltage beyond all reason, or -1."""
        return int(self.progress[self.module.FAILED])

    def _listed(self) -> tuple:
        return tuple(self.arguments[name] for name in self.module.ARGUMENTS)

    def _start(self) -> None:
        cells, state, first = self.cells, self.arguments["state"].reshape(-1, 2), self.arguments["decay"][0].astype(float)
        level = self.arguments["level"] = self.arguments["next_level"]
        g, k = cells.start_g_mV, cells.tau_syn_ms / (cells.tau_m_ms - cells.tau_syn_ms)
        state[:, 0] = (cells.start_mV - level + k * g) / first[0]
        state[:, 1] = g / first[1]
        state[~self.alive] = np.nan

    def _input(self, given: Input) -> None:
        cells = self.cells
        level = cells.level_mV + given.level_shift_mV
        limit = random.threshold(given.poisson_probability)
        keep = (limit > 0) & self.alive[given.poisson_cell]
        self.progress[self.module.ARRIVED] = 0
        threshold = (cells.threshold_mV - level).astype(self.dtype)
        self.arguments.update(
            next_level=level, threshold=threshold, reset=(cells.reset_mV - level).astype(self.dtype), mark=_mark(threshold),
            release=np.asarray(given.release, bool),
            event_step=np.asarray(given.event_step, np.int64), event_cell=np.asarray(given.event_cell, np.int64),
            event_size=np.ascontiguousarray(given.event_size_mV, self.dtype), event_in_v=bool(given.events_in_v),
            poisson_cell=np.asarray(given.poisson_cell, np.int64)[keep],
            poisson_source=np.asarray(given.poisson_source, np.int64)[keep], poisson_limit=limit[keep],
            poisson_size=np.asarray(given.poisson_size_mV, self.dtype)[keep], poisson_in_v=bool(given.poisson_in_v),
            draw=np.zeros(int(keep.sum()), np.uint64))

    def _frames(self) -> None:
        f, n = self.frames, len(self.alive)
        nothing, no_counts = np.empty((0, 0), self.dtype), np.empty((0, 0), np.uint16)
        row_of = np.full(n if f.spikes is not None else 0, -1, np.int32)
        if f.spikes is not None:
            row_of[f.cells] = np.arange(len(f.cells))
        self.arguments.update(
            every=int(f.every), record_cell=np.asarray(f.cells, np.int64), row_of=row_of, record_v=f.v is not None,
            out_v=nothing if f.v is None else f.v, record_g=f.g is not None, out_g=nothing if f.g is None else f.g,
            g_unit=np.zeros(0) if f.g_unit_mV is None else f.g_unit_mV, record_spikes=f.spikes is not None,
            out_spikes=no_counts if f.spikes is None else f.spikes)

    def _spike_buffer(self, size: int) -> None:
        self.arguments.update(spike_step=np.empty(size, np.int32), spike_cell=np.empty(size, np.int32))

    def _empty(self) -> None:
        """Keep the new spikes, and leave only those in the buffer that are still on their way."""
        module = self.module
        n_spikes, sent = int(self.progress[module.N_SPIKES]), int(self.progress[module.SENT])
        step, cell = self.arguments["spike_step"], self.arguments["spike_cell"]
        if self.keep_spikes and n_spikes > self.taken:
            self.kept.append((step[self.taken:n_spikes].copy(), cell[self.taken:n_spikes].copy()))
        waiting = step[sent:n_spikes].copy(), cell[sent:n_spikes].copy()
        n, at_most = len(waiting[0]), len(waiting[0]) + len(self.alive)
        if at_most > len(step) // 2:
            self._spike_buffer(2 * at_most)
        self.arguments["spike_step"][:n], self.arguments["spike_cell"][:n] = waiting
        self.progress[module.N_SPIKES], self.progress[module.SENT] = n, 0
        self.taken = n

"""Rhythms of bursts: period, duty cycles, phases, and whether the bursts come in order (Prinz, Bucher & Marder 2004).

The first of several spike trains is the pacemaker: a cycle runs from one start of its bursts to the next, and phases are
shares of it. :func:`pyloric_like` asks what Prinz et al. (Nat Neurosci 7:1345) ask of the pyloric rhythm, as the simulator
mackelab/pyloric states it (`PrinzStats`): each cell bursts once a cycle; the second cell starts before the third and ends
before it; the first ends before the second starts. That this should hold in 0.7 of the cycles, and the first condition in
0.9, are that program's numbers. The paper goes on to the rhythms within two standard deviations of fifteen features measured
in lobsters; their values could not be read and are not here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..errors import InputError

# The score is the share of the cycles that are in order.
FLOOR, CEILING = 0.0, 1.0


@dataclass(frozen=True)
class Rhythm:
    """What the cycles have in common; K is the number of spike trains, and not-a-number stands for what there is not.

    Attributes
    ----------
    cycles : int
    period_ms, period_cv : float
        Mean, and standard deviation over mean.
    on, off : ndarray, shape (K,)
        Mean phases of the first and of the last spike of a burst; those of the first train begin with 0.
    duty : ndarray, shape (K,)
        Share of the cycle from first to last spike.
    spikes : ndarray, shape (K,)
        Mean number in a burst.
    once : float
        Share of the cycles in which every train starts one burst.
    ordered : float
        Share of the cycles that are in order, see :func:`pyloric_like`; 0 without cycles.
    """

    cycles: int
    period_ms: float
    period_cv: float
    on: np.ndarray
    off: np.ndarray
    duty: np.ndarray
    spikes: np.ndarray
    once: float
    ordered: float


def spike_times(counts, every_ms: float) -> np.ndarray:
    """Times of spikes that were counted frame by frame: the middle of their frame.

    Parameters
    ----------
    counts : array_like of int, shape (T,)
    every_ms : float
        Length of a frame.
    """
    counts = np.asarray(counts, int)
    return np.repeat((np.arange(len(counts)) + 0.5) * every_ms, counts)


def crossings(v_mV, dt_ms: float, level_mV: float = -20.0) -> np.ndarray:
    """Times of the upward crossings of a level in a trace, each the first sample above it."""
    above = np.asarray(v_mV) > level_mV
    return (1 + np.flatnonzero(above[1:] & ~above[:-1])) * dt_ms


def bursts(times, gap_ms: float = 150.0, least: int = 2) -> np.ndarray:
    """Spikes put together to bursts.

    Parameters
    ----------
    times : array_like, shape (S,)
        Spike times in ascending order.
    gap_ms : float
        A longer silence ends a burst.
    least : int
        Fewer spikes are no burst.

    Returns
    -------
    ndarray, shape (B, 3)
        First spike, last spike, number of spikes.
    """
    times = np.asarray(times, float)
    if len(times) == 0:
        return np.zeros((0, 3))
    if (np.diff(times) < 0).any():
        raise InputError("spike times must be in ascending order")
    cut = np.flatnonzero(np.diff(times) > gap_ms) + 1
    first, last = np.concatenate([[0], cut]), np.concatenate([cut, [len(times)]]) - 1
    found = np.stack([times[first], times[last], last - first + 1.0], axis=1)
    return found[found[:, 2] >= least]


def rhythm(trains: Sequence, start_ms: float, stop_ms: float, gap_ms: float = 150.0, least: int = 2) -> Rhythm:
    """The rhythm of several spike trains, of which the first sets the pace.

    Parameters
    ----------
    trains : sequence of array_like
        Spike times, each in ascending order and from before `start_ms` on, so that no burst is taken for a whole one.
    start_ms, stop_ms : float
        Cycles that begin and end between them, and whose bursts have ended by then, count.
    gap_ms, least
        As for :func:`bursts`.
    """
    found = [bursts(np.asarray(times)[np.asarray(times) < stop_ms], gap_ms, least) for times in trains]
    k, nan = len(found), float("nan")
    starts = found[0][found[0][:, 0] >= start_ms, 0]
    once, rows, periods, begun = [], [], [], []
    for a, b in pairwise(starts):
        here = [x[(x[:, 0] >= a) & (x[:, 0] < b)] for x in found]
        if any(len(x) and x[-1, 1] > stop_ms - gap_ms for x in here):
            break
        once.append(all(len(x) == 1 for x in here))
        rows.append(np.array([x[0] if len(x) else (nan, nan, nan) for x in here]))
        periods.append(b - a)
        begun.append(a)
    if not rows:
        none = np.full(k, nan)
        return Rhythm(0, nan, nan, none, none, none, none, 0.0, 0.0)
    cells, starts, periods = np.array(rows), np.array(begun), np.array(periods)
    phase = (cells[:, :, :2] - starts[:, None, None]) / periods[:, None, None]
    on, off = phase[..., 0], phase[..., 1]
    order = np.array(once) & (off[:, :1] <= on[:, 1:2]).all(axis=1)
    order &= (np.diff(on[:, 1:], axis=1) >= 0).all(axis=1) & (np.diff(off[:, 1:], axis=1) >= 0).all(axis=1)

    def mean(x: np.ndarray) -> np.ndarray:
        there = np.isfinite(x)
        return np.where(there.any(axis=0), np.where(there, x, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1), nan)

    return Rhythm(len(periods), float(periods.mean()), float(periods.std() / periods.mean()), mean(on), mean(off),
                  mean(off - on), mean(cells[..., 2]), float(np.mean(once)), float(order.mean()))


def pyloric_like(found: Rhythm, once: float = 0.9, ordered: float = 0.7) -> bool:
    """Whether the cells burst once a cycle and in order, in at least these shares of the cycles.

    In order: the first train's burst ends before the second's starts, and from the second on each train starts before the
    next and ends before it.
    """
    return found.cycles > 0 and found.once >= once and found.ordered >= ordered

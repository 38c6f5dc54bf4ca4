"""Calibration: find the strengths with which an intact individual behaves as intact worms do, step by step. Nothing is ablated here.

A step starts from many candidates near what the step before found, with the numbers that are new to it drawn from their priors, and goes
on by evolution: the best are kept, crossed and changed, in few numbers or many, a whole population in one kernel call. Steps that look anew
in every generation go another way (``calibration_race.py``). CMA-ES, which found crawling, is not used: it changes all numbers at once, and an
animal that switches between crawling and backing was lost with every generation. The first wide sieve matters more than the search: whether an
animal switches at all has no slope to climb.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .calibration import MOST, Step, accepts, from_unit, missed, offspring, record_of, to_unit, total_cost
from .calibration_race import DOUBT, race
from .errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from .animal import Wiring

#: A step ends after so many generations in which the best did not get 2 % better, what it misses counted in (chosen here).
PATIENCE = 10


def calibrate(wiring: Wiring, asked: Sequence[Step], seed: int, *, pilots: pd.DataFrame | None = None, draws: int = 128, near: int = 640,
              kept: int = 96, spread: float = 0.05, sigma: float = 0.004, generations: int = 40, unmet: float = 0.0,
              doubt: float = DOUBT, goes_on: bool = False, own: bool = False) -> dict:
    """Search one individual's parameters, step by step.

    Parameters
    ----------
    wiring : Wiring
    asked : sequence of Step
        Each starts from the best animals of the one before; a step that is not reached is the last.
    seed : int
    pilots : DataFrame, optional
        Parameters near which first candidates of the first step are drawn; animals of other individuals, found before. They themselves
        are no candidates (but see `own`): every animal is found for its own wiring.
    draws, near : int
        First candidates from the priors (first step only), and near the pilots or the animals of the step before: a normal in the unit
        cube of a tenth, a half or all of `spread`. The animals of the step before are candidates of the next one themselves.
    kept : int
        First candidates that are observed after a sieve; without one all are, and a later step draws no more than these.
    sigma : float
        Smallest change, in the unit cube; others are 3, 10 and 30 times as large.
    generations : int
        Of the evolution in every step, at most: see PATIENCE and :class:`Step`, and for a step that looks anew ``calibration_race.py``.
    unmet : float
        What a candidate costs more for each band of acceptance that it misses, while the best are chosen: without it a search can stand still
        at one that is near all bands and in all but one. The `cost` of an animal is without it.
    doubt : float
        In a step that looks anew: what a candidate costs more, divided by the number of its looks, while the best are chosen. Where looks differ
        by more than this, those kept and bred from are the lucky ones of the newest.
    goes_on : bool
        In a step that looks anew: go on with the generations that are left where the looks at the end accept nobody.
    own : bool
        The pilots are animals of this individual itself, found before, and candidates as they are.

    Returns
    -------
    dict
        ``accepted`` (every step was reached, and this animal meets the last one's bands), ``reached`` (how many steps), ``cost``,
        ``evaluations``, ``generations`` (of the evolution in the last step tried: 0 where an animal was accepted among its first candidates,
        or the cheapest of them was hopeless; looks at the end that were gone on after count), ``held`` (of a step that looks anew: how often there
        were looks at the end, 0 where it was given up), ``seconds``, every measure of the last step tried, and every parameter of the
        best animal found.
    """
    if not asked:
        raise InputError("asked: name at least one step of a calibration (wormsim.calibration_steps)")
    if not draws and (pilots is None or near < 1):
        raise InputError("a search needs pilots and candidates near them (near), or first candidates from the priors (draws)")
    if near < 1 and len(asked) > 1:
        raise InputError(f"near = {near}: every step after the first starts near the animals of the one before; give 1 or more")
    rng = np.random.default_rng([seed, wiring.number])
    began, evaluations = time.perf_counter(), 0
    found = pilots
    for reached, step in enumerate(asked):
        first = [_priors(rng, step, draws)] if draws and not reached else []
        if found is not None and near:
            base = to_unit(found, step.keys)
            # a later step without a sieve looks at all of its first candidates, and at so few
            first.append(_near(rng, step, base, min(near, kept) if reached and step.sieve is None else near, spread))
            if reached or own:
                first[-1][: len(base)] = base[: len(first[-1])]  # what the step before found; pilots are animals of others
        u = np.concatenate(first)
        if step.sieve is not None:
            evaluations += len(u)
            u = u[np.argsort(-step.sieve(wiring, from_unit(u, step.keys), seed), kind="stable")[:kept]]
        best, pool, seen = (race(rng, wiring, step, seed, u, sigma, generations, unmet, doubt, goes_on) if step.often
                            else _search(rng, wiring, step, seed, u, sigma, generations, unmet))
        evaluations += seen
        found = pool
        if not best["accepted"]:
            return {**best, "reached": reached, "evaluations": evaluations, "seconds": time.perf_counter() - began}
    return {**best, "reached": len(asked), "evaluations": evaluations, "seconds": time.perf_counter() - began}


def _priors(rng: np.random.Generator, step: Step, count: int) -> np.ndarray:
    return rng.random((count, len(step.keys)))


def _near(rng: np.random.Generator, step: Step, base: np.ndarray, count: int, spread: float) -> np.ndarray:
    """Candidates near others; of what the step is about none, 30 % or 70 % is drawn anew."""
    u = base[rng.integers(len(base), size=count)]
    share = rng.choice([0.0, 0.3, 0.7], size=(count, 1))
    u = u + spread * rng.choice([0.1, 0.5, 1.0], size=(count, 1)) * rng.standard_normal(u.shape)
    new = np.isin(step.keys, step.redrawn) & (rng.random(u.shape) < share)
    u[new] = rng.random(int(new.sum()))
    return np.clip(u, 0.0, 1.0)


def _search(rng: np.random.Generator, wiring: Wiring, step: Step, seed: int, first: np.ndarray, sigma: float,
            generations: int, unmet: float) -> tuple[dict, pd.DataFrame, int]:
    """One step: the best animal, parameters of the eight best, and how many were looked at."""
    best: dict = {"accepted": False, "cost": np.inf}
    worth = cheapest = np.inf
    costs, points = np.empty(0), np.empty((0, first.shape[1]))
    evaluations = 0

    def look(u: np.ndarray) -> None:
        nonlocal best, worth, cheapest, costs, points, evaluations
        parameters = from_unit(u, step.keys)
        seen = step.observe(wiring, parameters, seed)
        cost, good = total_cost(step.targets, seen), accepts(step.targets, seen)
        evaluations += len(u)
        cheapest = min(cheapest, float(cost.min()))
        rank = cost + unmet * missed(step.targets, seen)
        k = int(np.lexsort((rank, ~good))[0])
        if (good[k], -rank[k]) > (best["accepted"], -worth):
            worth = float(rank[k])
            best = record_of(seen, cost, bool(good[k]), parameters, k)
        rank = np.concatenate([costs, np.where(good, rank - MOST * len(step.targets), rank)])
        order = np.argsort(rank, kind="stable")[:8]
        costs, points = rank[order], np.concatenate([points, u])[order]

    look(first)
    since, least, gone = 0, np.inf, 0
    while cheapest <= step.hopeless and gone < generations:
        since, least = (0, costs[0]) if costs[0] < 0.98 * least else (since + 1, least)
        if best["accepted"] or since >= PATIENCE:
            break
        look(offspring(rng, points, sigma))
        gone += 1
    return {**best, "generations": gone}, from_unit(points, step.keys), evaluations

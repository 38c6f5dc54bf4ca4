"""Calibration: find the strengths with which an intact individual behaves as intact worms do. Nothing is ablated here.

An individual fixes wiring, signs and strength factors; what is searched are the numbers of :mod:`wormsim.body.parameters`, in steps
(:class:`Step`) that ask for more and more: to crawl, to back while AVA, AVD and AVE are held depolarised, to back when touched. A step
starts from many candidates near what the step before found, with the numbers that are new to it drawn from their priors, and goes
on by evolution: the best are kept, crossed and changed, in few numbers or many, a whole population in one kernel call. CMA-ES, which
found crawling, is not used: it changes all numbers at once, and an animal that switches between crawling and backing was lost with
every generation. The first wide sieve matters more than the search: whether an animal switches at all has no slope to climb.

A target is a band; what lies outside costs the square of its distance in units of the target's `scale`, at most MOST. An animal is
accepted when every target is within its `accepted` band, which is wider than the band aimed at. How many individuals were tried
and how many were accepted is part of the result.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .behaviour_assay import ANSWER_S, mean_between, slowest, velocity
from .body.parameters import BY_KEY, FREE, MALE_KEYS
from .body.senses import Touch
from .closed_loop import World, simulate_animals
from .errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from .animal import Wiring

MOST = 20.0
POPULATION = 32
#: A step ends after so many generations without a cost that is 2 % less (chosen here).
PATIENCE = 10
#: ... and is not searched at all where the best first candidate costs more (chosen here): an individual in which nobody switches has no slope.
#: The same for shuffles.
HOPELESS = 30.0
_INF = np.inf


@dataclass(frozen=True)
class Target:
    """One property of an intact animal.

    Attributes
    ----------
    name : str
    low, high : float
        Band aimed at.
    accept_low, accept_high : float
        Band in which an animal is accepted.
    scale : float
        Distance from the band aimed at that costs 1.
    source : str
    """

    name: str
    low: float
    high: float
    accept_low: float
    accept_high: float
    scale: float
    source: str

    def cost(self, x: np.ndarray) -> np.ndarray:
        """Cost of each value; MOST where it is not a number."""
        away = np.maximum(np.maximum(self.low - x, x - self.high), 0.0) / self.scale
        return np.where(np.isnan(x), MOST, np.minimum(away**2, MOST))

    def met(self, x: np.ndarray) -> np.ndarray:
        """Whether each value lies in the band of acceptance."""
        return (x >= self.accept_low) & (x <= self.accept_high)


_GAIT = "wormsim/data/gait_targets.csv"
#: Bands of acceptance are chosen here: wide enough that an ensemble is found, narrow enough to be a crawl.
MOVING = (
    Target("crawl_speed_mm_s", 0.12, 0.30, 0.08, 0.35, 0.05, _GAIT),
    Target("crawl_least_mm_s", 0.06, _INF, 0.03, _INF, 0.05, "it goes on: least mean over any two seconds (chosen here)"),
    Target("crawl_frequency_Hz", 0.30, 0.50, 0.22, 0.80, 0.15, _GAIT),
    Target("crawl_wavelength", 0.55, 0.80, 0.45, 0.95, 0.15, _GAIT),
    Target("crawl_amplitude_per_mm", 3.5, 9.0, 2.0, 12.0, 2.0, "5 to 10 curvatures times body length in crawling worms (from memory, low)"),
    Target("swim_frequency_ratio", 1.6, 7.0, 1.25, 8.0, 1.5, _GAIT + ": faster in water, the published ratio is 4 to 6; qualitative here"),
    Target("swim_wavelength_ratio", 1.25, 3.0, 1.1, 4.0, 0.3, _GAIT + ": longer in water, the published ratio is 2.3; qualitative here"),
    Target("swim_amplitude_per_mm", 1.5, 12.0, 1.0, 15.0, 1.0, "it does swim (chosen here)"),
)
DRIVEN = (
    Target("driven_mm_s", -0.40, -0.06, -1.0, -0.04, 0.04, "backs, and goes on backing, while AVA, AVD and AVE are held depolarised (chosen here)"),
    Target("driven_least_mm_s", -_INF, -0.04, -_INF, -0.02, 0.04, "... in any two seconds of them (chosen here)"),
)
TOUCHED = (
    Target("touch_front_mm_s", -0.40, -0.05, -1.0, -0.03, 0.025, "backs when touched in front: Chalfie M et al 1985 J Neurosci 5:956"),
    Target("touch_front_least_mm_s", -_INF, -0.03, -_INF, -0.02, 0.025, "... at any of the moments, whatever the phase of the gait (chosen here)"),
    Target("touch_front_change_mm_s", -_INF, -0.10, -_INF, -0.06, 0.03, "... and not when left alone: less the slowest of its untouched twin"),
    Target("touch_back_mm_s", 0.04, _INF, 0.015, _INF, 0.03, "speeds up when touched behind: Chalfie M et al 1985 J Neurosci 5:956"),
    Target("recovered_mm_s", 0.06, 0.60, 0.03, 0.80, 0.05, "goes on forward afterwards, whatever the moment (chosen here)"),
)
#: Conductance that holds AVA, AVD and AVE depolarised, nS (chosen here: enough for their full effect on what they contact).
DRIVE_NS = 1.0
#: ... and, in the first sieve, one that they may reach through their synapses (chosen here).
FAINT_NS = 0.15
#: Moments of a touch in front and behind, how long it lasts, and lengths of the runs, s. The moments meet the gait in several phases and are
#: none of those of the assays.
_FRONT_S, _BACK_S, _TOUCH_S, _AGAR_S, _WATER_S, _DRIVEN_S = (5.7, 6.4, 7.1, 7.8), (6.0, 7.5), 1.0, 15.0, 6.0, 11.0


def least_mean(velocity_mm_s: np.ndarray, time_s: np.ndarray, start_s: float, stop_s: float, sign: int = 1) -> np.ndarray:
    """Least (sign 1) or greatest (-1) mean velocity over two seconds, of windows half a second apart, (A,)."""
    means = [mean_between(velocity_mm_s, time_s, at, at + 2) for at in np.arange(start_s, stop_s - 1.99, 0.5)]
    return sign * np.min(sign * np.array(means), axis=0)


def crawling(wiring: Wiring, parameters: pd.DataFrame, seed: int, duration_s: float) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """How an animal left alone on agar moves; its velocity (A, T) in mm/s and its times."""
    from .metrics.gait import gait

    alone = simulate_animals(wiring, parameters, World.of("agar"), duration_s=duration_s, seeds=[seed] * len(parameters))
    crawl = gait(alone["x_mm"].to_numpy()[:, 80:], alone["y_mm"].to_numpy()[:, 80:], 0.05)
    free, t = velocity(alone)
    return {"crawl_speed_mm_s": crawl.speed_mm_s, "crawl_frequency_Hz": crawl.frequency_Hz, "crawl_wavelength": crawl.wavelength,
            "crawl_amplitude_per_mm": crawl.amplitude_per_mm, "crawl_least_mm_s": least_mean(free, t, 3, duration_s)}, free, t


def driven(wiring: Wiring, parameters: pd.DataFrame, seed: int) -> dict[str, np.ndarray]:
    """What DRIVEN asks for."""
    from .perturbations.stimulate import Stimulate

    n = len(parameters)
    v, t = velocity(simulate_animals(wiring, parameters, World.of("agar"), [(Stimulate("AVA", "AVD", "AVE", g_nS=DRIVE_NS),)] * n,
                                     duration_s=_DRIVEN_S, seeds=[seed] * n))
    return {"driven_mm_s": mean_between(v, t, 4, _DRIVEN_S), "driven_least_mm_s": least_mean(v, t, 4, _DRIVEN_S, -1)}


def observe_moving(wiring: Wiring, parameters: pd.DataFrame, seed: int = 0) -> dict[str, np.ndarray]:
    """Everything that MOVING asks for, (A,) each: on agar and in water, left alone."""
    return _moving(wiring, parameters, seed)[0]


def _moving(wiring: Wiring, parameters: pd.DataFrame, seed: int) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """What MOVING asks for; velocity on agar (A, T) and its times."""
    from .metrics.gait import gait

    seen, free, t = crawling(wiring, parameters, seed, _AGAR_S)
    water = simulate_animals(wiring, parameters, World.of("water"), duration_s=_WATER_S, seeds=[seed] * len(parameters))
    swim = gait(water["x_mm"].to_numpy()[:, 40:], water["y_mm"].to_numpy()[:, 40:], 0.05)
    with np.errstate(invalid="ignore", divide="ignore"):
        seen |= {"swim_frequency_Hz": swim.frequency_Hz, "swim_wavelength": swim.wavelength, "swim_speed_mm_s": swim.speed_mm_s,
                 "swim_frequency_ratio": swim.frequency_Hz / seen["crawl_frequency_Hz"],
                 "swim_wavelength_ratio": swim.wavelength / seen["crawl_wavelength"], "swim_amplitude_per_mm": swim.amplitude_per_mm}
    return seen, free, t


def observe_driven(wiring: Wiring, parameters: pd.DataFrame, seed: int = 0) -> dict[str, np.ndarray]:
    """What MOVING and DRIVEN ask for, (A,) each."""
    return {**observe_moving(wiring, parameters, seed), **driven(wiring, parameters, seed)}


def observe_touched(wiring: Wiring, parameters: pd.DataFrame, seed: int = 0) -> dict[str, np.ndarray]:
    """What MOVING and TOUCHED ask for, (A,) each: touched in front at four moments, behind at two, beside the same animal left alone.

    Without that twin a search finds animals that stall by themselves at the moment of the touch; with one moment only, animals that
    can be stopped in one phase of their gait.
    """
    import pandas as pd

    n = len(parameters)
    seen, free, t = _moving(wiring, parameters, seed)
    touches = [("touch_front", at) for at in _FRONT_S] + [("touch_back", at) for at in _BACK_S]
    worlds = [World.of("agar", Touch(signal, at, at + _TOUCH_S)) for signal, at in touches for _ in range(n)]
    v = velocity(simulate_animals(wiring, pd.concat([parameters] * len(touches), ignore_index=True), worlds, duration_s=_AGAR_S,
                                  seeds=[seed] * len(worlds)))[0].reshape(len(touches), n, -1)
    fronts = np.stack([slowest(x, t, at) for x, at in zip(v[: len(_FRONT_S)], _FRONT_S, strict=True)])
    alone = np.stack([slowest(free, t, at) for at in _FRONT_S])
    backs = np.stack([mean_between(x - free, t, at + ANSWER_S[0], at + ANSWER_S[1]) for x, at in zip(v[len(_FRONT_S):], _BACK_S, strict=True)])
    return {**seen, "touch_front_mm_s": fronts.mean(axis=0), "touch_front_least_mm_s": fronts.max(axis=0),
            "touch_front_change_mm_s": (fronts - alone).max(axis=0), "touch_back_mm_s": backs.mean(axis=0),
            "recovered_mm_s": np.min([mean_between(x, t, _AGAR_S - 2, _AGAR_S) for x in v], axis=0)}


def switches(*cells: str, g_nS: float = DRIVE_NS) -> Callable:
    """A sieve: how far an animal goes forward alone, and backward while `cells` are held depolarised; 2 where it does both."""
    def sieve(wiring: Wiring, parameters: pd.DataFrame, seed: int) -> np.ndarray:
        import pandas as pd

        from .perturbations.stimulate import Stimulate

        n = len(parameters)
        v, t = velocity(simulate_animals(wiring, pd.concat([parameters] * 2, ignore_index=True), World.of("agar"),
                                         [()] * n + [(Stimulate(*cells, g_nS=g_nS),)] * n, duration_s=9.0, every_ms=100.0, seeds=[seed] * (2 * n)))
        ahead, back = mean_between(v, t, 4, 9)[:n], -mean_between(v, t, 4, 9)[n:]
        return np.nan_to_num(np.minimum(ahead, 0.08) / 0.08, nan=-9.0) + np.nan_to_num(np.minimum(back, 0.05) / 0.05, nan=-9.0)

    return sieve


def answers_touch(wiring: Wiring, parameters: pd.DataFrame, seed: int) -> np.ndarray:
    """A sieve: how far an animal goes forward alone, backs after a touch at both of two moments, and goes on; 3 where it does all."""
    import pandas as pd

    n, moments = len(parameters), _FRONT_S[::2]
    worlds = [World(), *(World.of("agar", Touch("touch_front", at, at + _TOUCH_S)) for at in moments)]
    v, t = velocity(simulate_animals(wiring, pd.concat([parameters] * 3, ignore_index=True), [w for w in worlds for _ in range(n)],
                                     duration_s=14.0, every_ms=100.0, seeds=[seed] * (3 * n)))
    alone, *touched = v.reshape(3, n, -1)
    back = -np.max([slowest(x, t, at) for x, at in zip(touched, moments, strict=True)], axis=0)
    on = np.min([mean_between(x, t, 12, 14) for x in touched], axis=0)
    return sum(np.nan_to_num(np.minimum(x, most) / most, nan=-9.0) for x, most in ((mean_between(alone, t, 4, 14), 0.08), (back, 0.05), (on, 0.05)))


@dataclass(frozen=True)
class Step:
    """What is asked of an intact animal, how it is looked at, and which of its parameters are searched.

    Attributes
    ----------
    targets : tuple of Target
    observe : callable
        ``observe(wiring, parameters, seed) -> {target: (A,) array}``.
    keys : tuple of str
        Parameters that are searched.
    redrawn : tuple of str
        Those that this step is about: many of its first candidates have some of them drawn anew from their priors.
    sieve : callable, optional
        ``sieve(wiring, parameters, seed) -> (A,) array``, a shorter look: the best first candidates by it are observed.
    """

    targets: tuple[Target, ...]
    observe: Callable
    keys: tuple[str, ...]
    redrawn: tuple[str, ...] = ()
    sieve: Callable | None = None


BACKING = ("in_back", "gap_back", "half_back_mV", "gain_back", "in_A", "gap_A", "half_A_mV", "gain_A", "half_other_mV")
_TOUCHING = ("hold_s", "g_touch_nS", "gain_touch_front", "gain_touch_back", "gap_touch_front", "gap_touch_back", "half_touch_front_mV",
             "half_touch_back_mV", "in_forward", "gain_forward", "half_forward_mV", "gap_forward")


def steps() -> dict[str, Step]:
    """By name: "moving", "driven", "touched" (in water it may do what it will), "whole" (all of it), and those of males."""
    from .male_calibration import male_steps

    shared = tuple(k for k in FREE if k not in MALE_KEYS)
    crawl = tuple(t for t in MOVING if t.name.startswith("crawl"))
    return {"moving": Step(MOVING, observe_moving, shared),
            "driven": Step((*MOVING, *DRIVEN), observe_driven, shared, BACKING, switches("AVA", "AVD", "AVE", g_nS=FAINT_NS)),
            "touched": Step((*crawl, *TOUCHED), observe_touched, shared, (*_TOUCHING, *BACKING), answers_touch),
            "whole": Step((*MOVING, *TOUCHED), observe_touched, shared), **male_steps()}


def from_unit(u: np.ndarray, keys: tuple[str, ...]) -> pd.DataFrame:
    """Parameters of points of the unit cube, (A, len(keys)); the others at their value."""
    import pandas as pd

    u = np.clip(u, 0.0, 1.0)
    table = {key: np.full(len(u), p.value) for key, p in BY_KEY.items()}
    table |= {key: FREE[key].quantile(u[:, k]) for k, key in enumerate(keys)}
    return pd.DataFrame(table)


def to_unit(parameters: pd.DataFrame, keys: tuple[str, ...]) -> np.ndarray:
    """The points of parameters."""
    return np.stack([FREE[key].inverse(parameters[key].to_numpy(float)) for key in keys], axis=1)


def total_cost(targets: tuple[Target, ...], seen: dict[str, np.ndarray]) -> np.ndarray:
    """Sum over the targets, (A,)."""
    return np.sum([t.cost(seen[t.name]) for t in targets], axis=0)


def accepts(targets: tuple[Target, ...], seen: dict[str, np.ndarray]) -> np.ndarray:
    """Which animals meet every band of acceptance, (A,) bool."""
    return np.all([t.met(seen[t.name]) for t in targets], axis=0)


def calibrate(wiring: Wiring, asked: Sequence[Step], seed: int, *, pilots: pd.DataFrame | None = None, draws: int = 128, near: int = 640,
              kept: int = 96, spread: float = 0.05, sigma: float = 0.004, generations: int = 40,
              progress: Callable[[str], None] = lambda text: None) -> dict:
    """Search one individual's parameters, step by step.

    Parameters
    ----------
    wiring : Wiring
    asked : sequence of Step
        Each starts from the best animals of the one before; a step that is not reached is the last.
    seed : int
    pilots : DataFrame, optional
        Parameters near which first candidates of the first step are drawn; animals of other individuals, found before.
    draws, near : int
        First candidates from the priors (first step only), and near the pilots or the animals of the step before: a normal in the unit
        cube of a tenth, a half or all of `spread`.
    kept : int
        First candidates that are observed after a sieve; without one all are.
    sigma : float
        Smallest change, in the unit cube; others are 3, 10 and 30 times as large.
    generations : int
        Of the evolution in every step, at most: see PATIENCE and HOPELESS.

    Returns
    -------
    dict
        ``accepted`` (every step was reached, and this animal meets the last one's bands), ``reached`` (how many steps), ``cost``,
        ``evaluations``, ``seconds``, every measure of the last step tried,
        and every parameter of the best animal found.
    """
    if not asked:
        raise InputError(f"asked: name at least one step of a calibration; there are {', '.join(steps())}")
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
            first.append(_near(rng, step, to_unit(found, step.keys), near, spread))
        u = np.concatenate(first)
        if step.sieve is not None:
            evaluations += len(u)
            u = u[np.argsort(-step.sieve(wiring, from_unit(u, step.keys), seed), kind="stable")[:kept]]
        best, pool, seen = _search(rng, wiring, step, seed, u, sigma, generations, progress)
        evaluations += seen
        found = pool
        if not best["accepted"]:
            return {**best, "reached": reached, "evaluations": evaluations, "seconds": time.perf_counter() - began}
    return {**best, "reached": len(asked), "evaluations": evaluations, "seconds": time.perf_counter() - began}


def _priors(rng: np.random.Generator, step: Step, count: int) -> np.ndarray:
    return rng.random((count, len(step.keys)))


def _near(rng: np.random.Generator, step: Step, base: np.ndarray, count: int, spread: float) -> np.ndarray:
    """Candidates near others: the others themselves first; of what the step is about none, 30 % or 70 % is drawn anew."""
    u = base[rng.integers(len(base), size=count)]
    share = rng.choice([0.0, 0.3, 0.7], size=(count, 1))
    u = u + spread * rng.choice([0.1, 0.5, 1.0], size=(count, 1)) * rng.standard_normal(u.shape)
    new = np.isin(step.keys, step.redrawn) & (rng.random(u.shape) < share)
    u[new] = rng.random(int(new.sum()))
    u[: len(base)] = base[:count]
    return np.clip(u, 0.0, 1.0)


def _search(rng: np.random.Generator, wiring: Wiring, step: Step, seed: int, first: np.ndarray, sigma: float, generations: int,
            progress: Callable[[str], None]) -> tuple[dict, pd.DataFrame, int]:
    """One step: the best animal, parameters of the eight best, and how many were looked at."""
    best: dict = {"accepted": False, "cost": np.inf}
    costs, points = np.empty(0), np.empty((0, first.shape[1]))
    evaluations = 0

    def look(u: np.ndarray) -> np.ndarray:
        nonlocal best, costs, points, evaluations
        parameters = from_unit(u, step.keys)
        seen = step.observe(wiring, parameters, seed)
        cost, good = total_cost(step.targets, seen), accepts(step.targets, seen)
        evaluations += len(u)
        k = int(np.lexsort((cost, ~good))[0])
        if (good[k], -cost[k]) > (best["accepted"], -best["cost"]):
            best = {"accepted": bool(good[k]), "cost": float(cost[k]), **{name: float(x[k]) for name, x in seen.items()},
                    **{key: float(parameters[key].iloc[k]) for key in BY_KEY}}
        rank = np.concatenate([costs, np.where(good, cost - MOST * len(step.targets), cost)])
        order = np.argsort(rank, kind="stable")[:8]
        costs, points = rank[order], np.concatenate([points, u])[order]
        return cost

    look(first)
    since, least = 0, np.inf
    if costs[0] > HOPELESS:
        generations = 0
    for generation in range(generations):
        since, least = (0, costs[0]) if costs[0] < 0.98 * least else (since + 1, least)
        if best["accepted"] or since >= PATIENCE:
            break
        here = look(_offspring(rng, points, sigma))
        if generation % 10 == 0:
            progress(f"individual {wiring.number}, generation {generation}: best {costs[0]:.2f}, of these {here.min():.2f}")
    return best, from_unit(points, step.keys), evaluations


def _offspring(rng: np.random.Generator, pool: np.ndarray, sigma: float) -> np.ndarray:
    """POPULATION candidates: one of the pool, the better the oftener, sometimes crossed with another, with few or many numbers changed."""
    n, keys = POPULATION, pool.shape[1]
    u = pool[np.minimum(rng.exponential(2.0, n).astype(int), len(pool) - 1)]
    crossed = (rng.random((n, 1)) < 0.3) & (rng.random((n, keys)) < 0.5)
    u = np.where(crossed, pool[rng.integers(len(pool), size=n)], u)
    changed = rng.random((n, keys)) < rng.choice([0.1, 0.3, 1.0], size=(n, 1))
    step = sigma * rng.choice([1.0, 3.0, 10.0, 30.0], size=(n, 1)) * rng.standard_normal((n, keys))
    return np.clip(np.where(changed, u + step, u), 0.0, 1.0)

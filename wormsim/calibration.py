"""Calibration: find the strengths with which an intact individual behaves as intact worms do. Nothing is ablated here.

An individual fixes wiring, signs and strength factors; what is searched are the numbers of :mod:`wormsim.body.parameters`, by CMA-ES
(Hansen N 2016 arXiv:1604.00772, package cma) with a whole population in one kernel call. A target is a band; what lies outside costs
the square of its distance in units of the target's `scale`, at most MOST. An animal is accepted when every target is
within its `accepted` band, which is wider than the band aimed at. How many individuals were tried and how many were accepted is
part of the result.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .behaviour_assay import mean_between, velocity
from .body.parameters import BY_KEY, FREE, MALE_KEYS
from .body.senses import Touch
from .closed_loop import World, simulate_animals
from .errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from .animal import Wiring

MOST = 20.0
POPULATION = 32
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
    Target("crawl_least_mm_s", 0.08, _INF, 0.04, _INF, 0.05, "it goes on: least mean over three stretches of four seconds (chosen here)"),
    Target("crawl_frequency_Hz", 0.30, 0.50, 0.22, 0.65, 0.15, _GAIT),
    Target("crawl_wavelength", 0.55, 0.80, 0.45, 0.95, 0.15, _GAIT),
    Target("crawl_amplitude_per_mm", 3.5, 9.0, 2.0, 12.0, 2.0, "5 to 10 curvatures times body length in crawling worms (from memory, low)"),
    Target("swim_frequency_ratio", 1.6, 7.0, 1.25, 8.0, 0.5, _GAIT + ": faster in water, the published ratio is 4 to 6; qualitative here"),
    Target("swim_wavelength_ratio", 1.25, 3.0, 1.1, 4.0, 0.3, _GAIT + ": longer in water, the published ratio is 2.3; qualitative here"),
    Target("swim_amplitude_per_mm", 1.5, 12.0, 1.0, 15.0, 1.0, "it does swim (chosen here)"),
)
TOUCHED = (
    Target("touch_back_mm_s", 0.03, _INF, 0.015, _INF, 0.03, "speeds up when touched behind: Chalfie M et al 1985 J Neurosci 5:956"),
    Target("recovered_mm_s", 0.08, 0.40, 0.04, 0.45, 0.05, "goes on forward afterwards"),
    Target("touch_front_mm_s", -_INF, -0.04, -_INF, -0.025, 0.1,
           "backs when touched in front, mean of two moments: Chalfie M et al 1985 J Neurosci 5:956"),
    Target("touch_front_least_mm_s", -_INF, -0.03, -_INF, -0.01, 0.1, "and at either of them, whatever the phase of the gait"),
)
#: Touches of the second run on agar, s; the same animal untouched, with the same noise, stands beside it.
_FRONT_S, _BACK_S, _AGAIN_S, _TOUCH_S, _AGAR_S, _WATER_S = 6.6, 11.0, 14.2, 1.0, 16.2, 6.0


def observe_moving(wiring: Wiring, parameters: pd.DataFrame, seed: int = 0) -> dict[str, np.ndarray]:
    """Everything that MOVING asks for, (A,) each: on agar and in water, left alone."""
    return _moving(wiring, parameters, seed)[0]


def _moving(wiring: Wiring, parameters: pd.DataFrame, seed: int) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """What MOVING asks for; velocity on agar (A, T) and its times."""
    from .metrics.gait import gait

    seeds = [seed] * len(parameters)
    alone = simulate_animals(wiring, parameters, World.of("agar"), duration_s=_AGAR_S, seeds=seeds)
    water = simulate_animals(wiring, parameters, World.of("water"), duration_s=_WATER_S, seeds=seeds)
    crawl, swim = (gait(d["x_mm"].to_numpy()[:, a:], d["y_mm"].to_numpy()[:, a:], 0.05) for d, a in ((alone, 80), (water, 40)))
    free, t = velocity(alone)
    with np.errstate(invalid="ignore", divide="ignore"):
        seen = {
            "crawl_speed_mm_s": crawl.speed_mm_s, "crawl_frequency_Hz": crawl.frequency_Hz, "crawl_wavelength": crawl.wavelength,
            "crawl_least_mm_s": np.min([mean_between(free, t, at, at + 4) for at in (4, 8, 12)], axis=0),
            "crawl_amplitude_per_mm": crawl.amplitude_per_mm, "swim_frequency_Hz": swim.frequency_Hz, "swim_wavelength": swim.wavelength,
            "swim_speed_mm_s": swim.speed_mm_s, "swim_frequency_ratio": swim.frequency_Hz / crawl.frequency_Hz,
            "swim_wavelength_ratio": swim.wavelength / crawl.wavelength, "swim_amplitude_per_mm": swim.amplitude_per_mm}
    return seen, free, t


def observe_touched(wiring: Wiring, parameters: pd.DataFrame, seed: int = 0) -> dict[str, np.ndarray]:
    """What MOVING and TOUCHED ask for, (A,) each: touched in front, behind and in front again, beside the same animal left alone.

    Without that twin a search finds animals that stall by themselves at the moment of the touch.
    """
    touches = (Touch("touch_front", _FRONT_S, _FRONT_S + _TOUCH_S), Touch("touch_back", _BACK_S, _BACK_S + _TOUCH_S),
               Touch("touch_front", _AGAIN_S, _AGAIN_S + _TOUCH_S))
    seen, free, t = _moving(wiring, parameters, seed)
    v = velocity(simulate_animals(wiring, parameters, World.of("agar", *touches), duration_s=_AGAR_S, seeds=[seed] * len(parameters)))[0]
    fronts = np.stack([mean_between(v, t, at + 0.5, at + 2) for at in (_FRONT_S, _AGAIN_S)])
    return {**seen, "touch_back_mm_s": mean_between(v - free, t, _BACK_S + 0.5, _BACK_S + 2),
            "recovered_mm_s": mean_between(v, t, _BACK_S - 1, _BACK_S), "touch_front_mm_s": fronts.mean(axis=0),
            "touch_front_least_mm_s": fronts.max(axis=0)}


@dataclass(frozen=True)
class Calibration:
    """What is asked of an intact animal, how it is looked at, and which of its parameters are searched."""

    targets: tuple[Target, ...]
    observe: Callable
    keys: tuple[str, ...]


def calibrations() -> dict[str, Calibration]:
    """By what is asked: "moving", "touched" or "mating"."""
    from .male_calibration import MALE, observe_male

    shared = tuple(k for k in FREE if k not in MALE_KEYS)
    return {"moving": Calibration(MOVING, observe_moving, shared), "touched": Calibration((*MOVING, *TOUCHED), observe_touched, shared),
            "mating": Calibration(MALE, observe_male, tuple(FREE))}


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


def calibrate(wiring: Wiring, kind: Calibration, seed: int, *, pilots: pd.DataFrame | None = None, draws: int = 128, near: int = 96,
              spread: float = 0.15, sigma: float = 0.12, generations: int = 60, starts: int = 2,
              progress: Callable[[str], None] = lambda text: None) -> dict:
    """Search one individual's parameters.

    Parameters
    ----------
    wiring : Wiring
    kind : Calibration
    seed : int
    pilots : DataFrame, optional
        Parameters near which some of the first candidates are drawn; animals of other individuals, found before.
    draws, near : int
        First candidates from the priors, and near the pilots: a normal in the unit cube of a fifth, a half or all of `spread`.
    sigma : float
        First step of the search, in the unit cube.
    generations, starts : int
        Of CMA-ES from the best first candidate, then from the next best.

    Returns
    -------
    dict
        ``accepted``, ``cost``, ``evaluations``, ``seconds``, every measure, and every parameter of the best animal found.
    """
    import cma

    if draws + near < starts:
        raise InputError(f"{draws + near} first candidates are fewer than the {starts} starts")
    rng = np.random.default_rng([seed, wiring.number])
    began, evaluations = time.perf_counter(), 0
    first = [rng.random((draws, len(kind.keys)))]
    if pilots is not None and near:
        base = to_unit(pilots, kind.keys)
        chosen = base[rng.integers(len(base), size=near)]
        away = spread * rng.choice([0.2, 0.5, 1.0], size=(near, 1)) * rng.standard_normal((near, len(kind.keys)))
        first.append(np.clip(chosen + away, 0.0, 1.0))
    best: dict = {"cost": np.inf, "accepted": False}

    def look(u: np.ndarray) -> np.ndarray:
        nonlocal best, evaluations
        parameters = from_unit(u, kind.keys)
        seen = kind.observe(wiring, parameters, seed)
        cost, good = total_cost(kind.targets, seen), accepts(kind.targets, seen)
        evaluations += len(u)
        k = int(np.lexsort((cost, ~good))[0])
        if (good[k], -cost[k]) > (best["accepted"], -best["cost"]):
            best = {"accepted": bool(good[k]), "cost": float(cost[k]), **{name: float(x[k]) for name, x in seen.items()},
                    **{key: float(parameters[key].iloc[k]) for key in BY_KEY}}
        return cost

    u = np.concatenate(first)
    cost = look(u)
    for start in range(starts):
        if best["accepted"]:
            break
        chosen = u[np.argsort(cost, kind="stable")[start]]
        search = cma.CMAEvolutionStrategy(chosen, sigma, {"popsize": POPULATION, "bounds": [0, 1], "seed": 1 + seed + 1000 * start, "verbose": -9,
                                                          "CMA_diagonal": 40})
        for generation in range(generations):
            points = np.array(search.ask())
            here = look(points)
            search.tell(list(points), list(here))
            if generation % 20 == 0:
                progress(f"individual {wiring.number}, start {start}, generation {generation}: {here.min():.2f}")
            if best["accepted"]:
                break
    return {**best, "evaluations": evaluations, "seconds": time.perf_counter() - began}

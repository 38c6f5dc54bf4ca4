"""What is asked of an intact animal, and the points at which it can be found: the ground on which calibrations search. Nothing is ablated here.

An individual fixes wiring, signs and strength factors; what is searched are the numbers of :mod:`wormsim.body.parameters`, in steps
(:class:`Step`; what there is to ask stands in ``hermaphrodite_calibration.py``, ``male_calibration.py`` and ``male_stopping.py``) that
may ask for more and more. ``calibration_search.py`` goes from step to step.

A target is a band; what lies outside costs the square of its distance in units of the target's `scale`, at most MOST. An animal is
accepted when every target that is required is within its `accepted` band, which is wider than the band aimed at. How many individuals were tried
and how many were accepted is part of the result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .body.parameters import BY_KEY, FREE

if TYPE_CHECKING:
    import pandas as pd


MOST = 20.0
POPULATION = 32
#: A step is not searched at all where the cheapest first candidate costs more (chosen here): an individual in which nobody switches has no slope.
#: Two targets of which nothing could be measured, or which are far off (2 x MOST), are enough. The same for shuffles.
HOPELESS = 30.0


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
    required : bool
        Else no animal is refused for it. A step that looks anew goes on until it is met as well; another ends without. What only guides a search,
        and ends none, is required and has an open band of acceptance.
    """

    name: str
    low: float
    high: float
    accept_low: float
    accept_high: float
    scale: float
    source: str
    required: bool = True

    def cost(self, x: np.ndarray) -> np.ndarray:
        """Cost of each value; MOST where it is not a number."""
        away = np.maximum(np.maximum(self.low - x, x - self.high), 0.0) / self.scale
        return np.where(np.isnan(x), MOST, np.minimum(away**2, MOST))

    def met(self, x: np.ndarray) -> np.ndarray:
        """Whether each value lies in the band of acceptance."""
        return (x >= self.accept_low) & (x <= self.accept_high)


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
    hopeless : float
        It is not searched where its cheapest first candidate costs more.
    often : bool
        `observe` looks elsewhere with every seed, and animals are held to means over many looks (:mod:`wormsim.calibration_race`).
    """

    targets: tuple[Target, ...]
    observe: Callable
    keys: tuple[str, ...]
    redrawn: tuple[str, ...] = ()
    sieve: Callable | None = None
    hopeless: float = HOPELESS
    often: bool = False


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
    """Which animals meet every band of acceptance that is required, (A,) bool."""
    return np.all([t.met(seen[t.name]) for t in targets if t.required], axis=0)


def missed(targets: tuple[Target, ...], seen: dict[str, np.ndarray]) -> np.ndarray:
    """How many bands of acceptance each animal misses, required or not, (A,)."""
    return np.sum([~t.met(seen[t.name]) for t in targets], axis=0)


def record_of(seen: dict[str, np.ndarray], cost: np.ndarray, accepted: bool, parameters: pd.DataFrame, k: int) -> dict:
    """Candidate number k, as a search gives it: whether it is accepted, its cost, what was measured, and its parameters."""
    return {"accepted": accepted, "cost": float(cost[k]), **{name: float(x[k]) for name, x in seen.items()},
            **{key: float(parameters[key].iloc[k]) for key in BY_KEY}}


def offspring(rng: np.random.Generator, pool: np.ndarray, sigma: float) -> np.ndarray:
    """POPULATION candidates: one of the pool, the better the oftener, sometimes crossed with another, with few or many numbers changed."""
    n, keys = POPULATION, pool.shape[1]
    u = pool[np.minimum(rng.exponential(2.0, n).astype(int), len(pool) - 1)]
    crossed = (rng.random((n, 1)) < 0.3) & (rng.random((n, keys)) < 0.5)
    u = np.where(crossed, pool[rng.integers(len(pool), size=n)], u)
    changed = rng.random((n, keys)) < rng.choice([0.1, 0.3, 1.0], size=(n, 1))
    step = sigma * rng.choice([1.0, 3.0, 10.0, 30.0], size=(n, 1)) * rng.standard_normal((n, keys))
    return np.clip(np.where(changed, u + step, u), 0.0, 1.0)

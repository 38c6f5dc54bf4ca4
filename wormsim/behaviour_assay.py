"""Behaviour assay: what world an animal with a body meets, and what is measured of how it moves.

The rule of :mod:`wormsim.assay` holds here too: an assay knows nothing of which cells matter. Its kinds are files of ``assays/``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from .closed_loop import World, simulate_animals

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from .animal import Wiring
    from .perturbation import Perturbation


@dataclass(frozen=True)
class BehaviourAssay:
    """World, duration and measures of one behaviour of a whole animal.

    Parameters
    ----------
    name, behaviour : str
    source : str
        Where protocol and measures are from, and how sure that is.
    circuit : str
        Circuit that it is run on unless another is asked for.
    duration_s : float
    world : callable
        ``world(wiring, seed) -> World``.
    measure : callable
        ``measure(behaviour) -> {measure: (V,) array}`` of a Dataset of :func:`wormsim.closed_loop.simulate_animals`; measures as in
        :mod:`wormsim.effects`, not-a-number for an animal that failed.
    limits : str
        What the assay cannot know; stands in every report.
    repeats : int
        Worlds that each animal meets; values are means over them.
    every_ms : float
    absent : mapping of str to float
        What a measure is for an animal that gave no occasion for it in any of its worlds: not done. Others are not-a-number then.
    twins : bool
        Every animal is run again with the same noise, untouched and without a mate, in the second half of the variants.
    always : tuple of Perturbation
        Done to every animal for the whole run, before what is asked of :meth:`run`: an experimenter's light on some cells. A cell that is
        ablated beside it is gone.
    animals : str
        Calibrated ensemble that is asked unless another is named; "" for that of the circuit's sex.
    counts : callable, optional
        ``counts(behaviour) -> {(event, outcome): number}``: what happened in all of a recording, in numbers that add up over animals.
    one_noise : bool
        An animal has the same noise in all of its worlds, so that only they make it differ between them.
    """

    name: str
    behaviour: str
    source: str
    circuit: str
    duration_s: float
    world: Callable[[Wiring, int], World]
    measure: Callable[[xr.Dataset], dict[str, np.ndarray]]
    limits: str
    repeats: int = 1
    every_ms: float = 50.0
    absent: Mapping[str, float] = field(default_factory=dict)
    twins: bool = False
    always: tuple[Perturbation, ...] = ()
    animals: str = ""
    counts: Callable[[xr.Dataset], dict[tuple[str, str], float]] | None = None
    one_noise: bool = False

    def run(self, wiring: Wiring, parameters: pd.DataFrame, perturbations: Sequence = (), *, seed: int = 0, **how) -> xr.Dataset:
        """Record animals of one wiring, each in every one of the assay's worlds: repeat r of animal a is variant ``r A + a``.

        Parameters
        ----------
        wiring : Wiring
        parameters : DataFrame, (A, parameters)
        perturbations : sequence
            Of all of them; or, as a list of A tuples, of each.
        seed : int
        **how
            Of :func:`wormsim.closed_loop.simulate_animals`.
        """
        import pandas as pd

        animals = len(parameters)
        each = list(perturbations) if isinstance(perturbations, list) else [tuple(perturbations)] * animals
        each = [(*self.always, *own) for own in each]
        numbers = [1000 * seed + r for r in range(self.repeats)]
        worlds = [self.world(wiring, number) for number in numbers]
        if self.one_noise:
            numbers = numbers[:1] * self.repeats
        if self.twins:
            numbers, worlds = numbers * 2, worlds + [replace(w, touches=(), mate=None) for w in worlds]
        return simulate_animals(
            wiring, pd.concat([parameters] * len(worlds), ignore_index=True), [w for w in worlds for _ in range(animals)],
            each * len(worlds), seeds=[number for number in numbers for _ in range(animals)], duration_s=self.duration_s,
            every_ms=self.every_ms, **how)


def run_assay(assay: BehaviourAssay, wiring: Wiring, parameters: pd.DataFrame, perturbations: Sequence = (), *, seed: int = 0,
              **how) -> dict[str, np.ndarray]:
    """Every measure of the assay, (A,) each: the mean over its worlds, of those in which the animal gave occasion for it.

    An animal that fails in any of its worlds is not-a-number.
    """
    return values_of(assay, assay.run(wiring, parameters, perturbations, seed=seed, **how), len(parameters))


def values_of(assay: BehaviourAssay, behaviour: xr.Dataset, animals: int) -> dict[str, np.ndarray]:
    """What :func:`run_assay` gives, (A,) each, of a recording that :meth:`BehaviourAssay.run` made of `animals` (A) of them."""
    failed = (behaviour["failed"].to_numpy() != "").reshape(-1, animals).any(axis=0)
    out = {}
    for name, values in assay.measure(behaviour).items():
        rows = np.asarray(values, float).reshape(assay.repeats, -1)
        there = ~np.isnan(rows)
        count = there.sum(axis=0)
        mean = np.where(there, rows, 0.0).sum(axis=0) / np.maximum(count, 1)
        out[name] = np.where(failed, np.nan, np.where(count == 0, assay.absent.get(name, np.nan), mean))
    return out


def window(behaviour: xr.Dataset, start_s: float, stop_s: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Nodes (V, T, nodes) of the frames in [start_s, stop_s), and the time between frames in s."""
    t = behaviour["time_s"].to_numpy()
    here = (t >= start_s - 1e-9) & (t < stop_s - 1e-9)
    return behaviour["x_mm"].to_numpy()[:, here].astype(float), behaviour["y_mm"].to_numpy()[:, here].astype(float), float(t[1] - t[0])


def velocity(behaviour: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Signed velocity (V, T) in mm/s and the time (T,) in s."""
    from .metrics.gait import signed_velocity_mm_s

    x, y, dt_s = window(behaviour, 0.0, np.inf)
    return signed_velocity_mm_s(x, y, dt_s), behaviour["time_s"].to_numpy()


def mean_between(values: np.ndarray, time_s: np.ndarray, start_s: float, stop_s: float) -> np.ndarray:
    """Mean over [start_s, stop_s) of (V, T) values, (V,)."""
    return values[:, (time_s >= start_s - 1e-9) & (time_s < stop_s - 1e-9)].mean(axis=1)


def least_mean(values: np.ndarray, time_s: np.ndarray, start_s: float, stop_s: float, over_s: float, every_s: float) -> np.ndarray:
    """Least mean of (V, T) values over any `over_s` between two times, of windows `every_s` apart, (V,)."""
    starts = np.arange(start_s, stop_s - over_s + 1e-9, every_s)
    return np.min([mean_between(values, time_s, at, at + over_s) for at in starts], axis=0)


#: When the answer to a touch is looked for, s after its onset, and over how long it has to hold. Reversals of real worms last 2.4 to 4.5 s (medians
#: of spontaneous ones in the recordings of Dag U et al 2023 Cell 186:2574); a body of the model needs one to three to turn its wave round,
#: and how soon it answers is not asked (both chosen here).
ANSWER_S, HOLDS_S = (0.5, 5.0), 1.5
#: An animal answers where it is slower than its untouched twin by this, mm/s (chosen here); else what it did it does by itself.
BY_TOUCH_MM_S = 0.03


def slowest(velocity_mm_s: np.ndarray, time_s: np.ndarray, touch_s: float) -> np.ndarray:
    """Least mean over HOLDS_S of (V, T) velocities within ANSWER_S of a touch, (V,), mm/s: below 0 for a reversal."""
    return least_mean(velocity_mm_s, time_s, touch_s + ANSWER_S[0], touch_s + ANSWER_S[1], HOLDS_S, 0.25)


def reversal_by_touch(behaviour: xr.Dataset, look: Callable = slowest) -> np.ndarray:
    """Velocity of each touched animal after its own first touch, (V / 2,), mm/s; not below 0 where its untouched twin does the same.

    `look` is ``look(velocity_mm_s, time_s, touch_s)``, as :func:`slowest` is.
    """
    v, t = velocity(behaviour)
    at, half = behaviour["touch_s"].to_numpy(), len(v) // 2
    touched, alone = (np.array([look(v[[k + first]], t, at[k])[0] for k in range(half)]) for first in (0, half))
    return answer_of(touched, alone)


def answer_of(touched: np.ndarray, alone: np.ndarray) -> np.ndarray:
    """What a touch made of velocities, beside those of untouched twins: not below 0 where a twin does the same."""
    return np.where(touched - alone < -BY_TOUCH_MM_S, touched, np.maximum(touched, 0.0))


def beside_twin(behaviour: xr.Dataset, start_s: float, stop_s: float) -> np.ndarray:
    """Mean signed velocity from `start_s` to `stop_s` after each touched animal's first touch less that of its untouched twin, (V / 2,), mm/s."""
    v, t = velocity(behaviour)
    half = len(v) // 2
    at = behaviour["touch_s"].to_numpy()
    return np.array([mean_between(v[[k]] - v[[half + k]], t, at[k] + start_s, at[k] + stop_s)[0] for k in range(half)])

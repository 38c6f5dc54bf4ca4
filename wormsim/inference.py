"""Simulation-based inference: an objective as prior, simulator and summary, as the package `sbi` takes them.

All three speak of points of the unit cube of the model's priors, on which the prior is uniform. Nothing here needs `sbi` or
`torch`: arrays go in and out, and what NumPy can read (tensors of the CPU too) is taken.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .errors import InputError, UnknownNameError
from .fitting import to_samples
from .objective import Objective, check

if TYPE_CHECKING:
    from .samples import Samples

_DRAWS = 2**28  # so many numbers of draws there are (wormsim.variants.stream_of)


class CubePrior:
    """Uniform on the unit cube: what the priors of all parameters are in their quantiles.

    Parameters
    ----------
    dimensions : int
    seed : int
        Samples follow one another from it.
    """

    def __init__(self, dimensions: int, seed: int = 0):
        self.dimensions = dimensions
        self._rng = np.random.default_rng(seed)

    def sample(self, sample_shape: Sequence[int] = ()) -> np.ndarray:
        """Points, shape (*sample_shape, D)."""
        return self._rng.random((*sample_shape, self.dimensions))

    def log_prob(self, theta) -> np.ndarray:
        """Logarithm of the density at points (..., D), shape (...): 0 in the cube, minus infinity outside."""
        theta = np.asarray(theta, float)
        if theta.shape[-1:] != (self.dimensions,):
            raise InputError(f"points have {self.dimensions} coordinates, got an array of shape {theta.shape}")
        return np.where(((theta >= 0) & (theta <= 1)).all(axis=-1), 0.0, -np.inf)


class Inference:
    """Prior, simulator and observed summary of one objective, with some units left for a score.

    Parameters
    ----------
    objective : Objective
        Such as ``catalog.load("objectives", "pump_probe_recovery").Fit()``.
    hold_out : sequence of str
        Units that neither the simulator nor the observed summary has.
    seed : int
        Of the prior's samples, and of the signs and strength factors.

    Attributes
    ----------
    prior : CubePrior
    parameters : tuple of str
        What the coordinates are.
    observed : ndarray, shape (K,)
        Summary of the data.
    units, held_out : tuple of str
    """

    def __init__(self, objective: Objective, hold_out: Sequence[str] = (), seed: int = 0):
        self.objective, self.model, self.seed = objective, check(objective), seed
        every = objective.units()
        for unit in hold_out:
            if unit not in every:
                raise UnknownNameError(objective.split_by, unit, every)
        self.units = tuple(u for u in every if u not in set(hold_out))
        self.held_out = tuple(u for u in every if u in set(hold_out))
        if not self.units:
            raise InputError(f"every {objective.split_by} is held out: nothing is left to infer from")
        self.parameters = tuple(self.model.free)
        self.prior = CubePrior(len(self.parameters), seed)
        data = objective.observed(self.units)
        self._seen = np.isfinite(data)
        self.observed = data[self._seen]

    def simulator(self, theta) -> np.ndarray:
        """Summary of each point, in one call of the kernel.

        Every point has signs and strength factors of its own, drawn by a hash of its coordinates (those of the data where they are
        known), and noise of the measurement where the objective states one: what nobody knows is averaged over. Equal points give
        equal summaries.

        Parameters
        ----------
        theta : array_like, shape (N, D) or (D,)

        Returns
        -------
        ndarray of float32, shape (N, K)
            Not-a-number in a row that ran away.
        """
        theta = np.atleast_2d(np.asarray(theta, float))
        simulated = self.objective.simulate(self.model, self.to_samples(theta), self.units, 0)[:, self._seen]
        sd = self.objective.measurement_sd
        if sd:
            noise = [np.random.default_rng(_key(row)).standard_normal(simulated.shape[1]) for row in theta]
            simulated = simulated + sd * np.array(noise)
        return simulated.astype(np.float32)

    def to_samples(self, theta) -> Samples:
        """The points as samples of the model, for ``Variants.cross``."""
        theta = np.atleast_2d(np.asarray(theta, float))
        if np.isinf(self.prior.log_prob(theta)).any():
            raise InputError("points of the unit cube are wanted, each coordinate from 0 to 1")
        known = self.objective.known_draw
        draws = [_key(row) % _DRAWS for row in theta] if known is None else [known[1]] * len(theta)
        return to_samples(self.model.free, theta, draws, self.seed if known is None else known[0])

    def held_out_score(self, theta) -> np.ndarray:
        """Score of each point on the units that were held out, with noise that no simulator has used, shape (N,)."""
        if not self.held_out:
            raise InputError("nothing was held out: pass hold_out when the Inference is made")
        simulated = self.objective.simulate(self.model, self.to_samples(theta), self.held_out, 1)
        return self.objective.score(simulated, self.objective.observed(self.held_out))


def _key(point: np.ndarray) -> int:
    return int.from_bytes(hashlib.blake2b(np.ascontiguousarray(point, "<f8").tobytes(), digest_size=8).digest(), "little")

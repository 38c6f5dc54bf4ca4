"""The pairs of the functional atlas that were measured, with what the experiment itself tells about each; folds and nuisance.

Nuisance is what predicts a detection without knowing any wiring: near neurons, often tested pairs, and neurons that
answer to many light up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..data.optional import soma_positions
from ..data.tables import cells as all_cells
from ..errors import InputError, warn_data
from ..readers.randi2023 import FunctionalAtlas

FOLDS, REPEATS = 10, 3
PRIOR_PAIRS = 5.0  # a neuron that was watched in few pairs is taken to answer like the average one


@dataclass(frozen=True, eq=False)
class Pairs:
    """Measured pairs of one strain; every array has one entry a pair.

    Attributes
    ----------
    strain : str
    cells : tuple of str
        What `pre` and `post` count.
    pre, post : ndarray of int
        Stimulated and responding neuron.
    detected : ndarray of bool
    distance : ndarray of float
        Between the somata, in the unit of the positions.
    n_trials : ndarray of int
    group : ndarray of int
        Class of the stimulated neuron: left and right are never in two folds.
    """

    strain: str
    cells: tuple[str, ...]
    pre: np.ndarray
    post: np.ndarray
    detected: np.ndarray
    distance: np.ndarray
    n_trials: np.ndarray
    group: np.ndarray

    def __len__(self) -> int:
        return len(self.pre)

    def responder_rate(self, train: np.ndarray) -> np.ndarray:
        """Share of the training pairs of the same responder that were detected, the pair itself left out.

        Parameters
        ----------
        train : ndarray of bool
        """
        n = len(self.cells)
        hits = np.bincount(self.post[train], self.detected[train], n)[self.post] - np.where(train, self.detected, 0)
        tested = np.bincount(self.post[train], minlength=n)[self.post] - np.where(train, 1, 0)
        mean = self.detected[train].mean()
        return (hits + PRIOR_PAIRS * mean) / (tested + PRIOR_PAIRS)

    def folds(self, seed: int, repeat: int) -> np.ndarray:
        """Number of the fold of each pair, whole classes of stimulated neurons together."""
        groups = np.unique(self.group)
        order = np.random.default_rng([seed, repeat]).permutation(len(groups)) % FOLDS
        return order[np.searchsorted(groups, self.group)]

    def gather(self, matrix: np.ndarray, stimulated: Sequence[str], recorded: Sequence[str]) -> np.ndarray:
        """Entries of a matrix (..., stimulated, recorded), one a pair; not-a-number where a neuron is not in it."""
        rows, columns = (_position(names, self.cells) for names in (stimulated, recorded))
        i, j = rows[self.pre], columns[self.post]
        out = np.asarray(matrix, float)[..., np.maximum(i, 0), np.maximum(j, 0)]
        return np.where((i >= 0) & (j >= 0), out, np.nan)


def _position(names: Sequence[str], cells: Sequence[str]) -> np.ndarray:
    at = {name: k for k, name in enumerate(names)}
    return np.array([at.get(name, -1) for name in cells])


def pairs_of(atlas: FunctionalAtlas, q_max: float) -> Pairs:
    """Measured pairs of different neurons with a position; how many have none is a counted warning."""
    positions = soma_positions("atlas").reindex(atlas.cells)
    xyz = positions.to_numpy(float)
    post, pre = np.nonzero(atlas.measured)
    distance = np.sqrt(((xyz[pre] - xyz[post]) ** 2).sum(axis=1))
    there = np.isfinite(distance)
    lacking = [name for name, known in zip(atlas.cells, np.isfinite(xyz).all(axis=1), strict=True) if not known]
    warn_data(int((~there).sum()), "measured pairs left out: no position of a soma", lacking)
    pre, post, distance = pre[there], post[there], distance[there]
    detected = atlas.detected(q_max)[post, pre]
    if not detected.any() or detected.all():
        raise InputError(f"{int(detected.sum())} of {len(pre)} measured pairs of {atlas.strain} have q < {q_max}: nothing to tell apart")
    classes = all_cells()["cell_class"].reindex(atlas.cells)
    named = [c if isinstance(c, str) and c else name for c, name in zip(classes, atlas.cells, strict=True)]
    group = np.unique(named, return_inverse=True)[1][pre]
    return Pairs(atlas.strain, atlas.cells, pre, post, detected, distance, atlas.n_trials[post, pre], group)


def plain_nuisance(pairs: Pairs, train: np.ndarray) -> np.ndarray:
    """Distance, trials and responder's rate, as they are; (pairs, 3)."""
    return np.stack([pairs.distance, pairs.n_trials, pairs.responder_rate(train)], axis=1)


def full_nuisance(pairs: Pairs, train: np.ndarray) -> np.ndarray:
    """The same with the logarithms that fit better: the harder control; (pairs, 4)."""
    near = 0.01 * np.median(pairs.distance)
    return np.stack([pairs.distance, np.log(pairs.distance + near), np.log1p(pairs.n_trials), np.log(pairs.responder_rate(train))],
                    axis=1)


def logistic(features: np.ndarray, detected: np.ndarray):
    """Logistic regression on standardised features, fitted."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression()).fit(features, detected)

"""What needs no simulator: anatomy, linear propagation through it, and the experiment's own statistics, each as one score a pair."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from ..connectome import Connectome
from ..readers import load_connectome
from ..readers.randi2023 import FunctionalAtlas
from ._propagation_pairs import Pairs

WHITE_WITVLIET = ("white1986_whole", "witvliet2021_7", "witvliet2021_8")
SPECTRAL_RADIUS = 0.5  # of a linear network at half of where it becomes unstable: a choice
LEAST_TRIALS = 4  # of a pair whose trials are split in halves


def anatomy(pairs: Pairs, connectome: Connectome) -> dict[str, np.ndarray]:
    """Scores of each pair from wiring alone; larger means more likely detected.

    Resolvents are ``(1 - W r / rho(W))^-1`` with ``r`` = :data:`SPECTRAL_RADIUS`: all paths, longer ones for less.
    """
    chemical, gap = (_matrix(connectome, kind, pairs.cells) for kind in ("chemical", "electrical"))
    others = sum(_matrix(load_connectome(name), kind, pairs.cells) * (1.0 if name.startswith("white") else 0.5)
                 for name in WHITE_WITVLIET for kind in ("chemical", "electrical"))
    leak = np.median(gap.sum(axis=1)[gap.sum(axis=1) > 0]) / 10
    laplacian = np.linalg.inv(np.diag(gap.sum(axis=1) + leak) - gap)
    out = {
        "contacts, White + Witvliet": others,
        "contacts, Cook": chemical + gap,
        "chemical + gap resolvent": resolvent(chemical + gap),
        "gap-only resolvent": resolvent(gap),
        "gap-only passive network": laplacian,
        "degree (product)": np.outer((chemical + gap).sum(axis=1), (chemical + gap).sum(axis=0)),
    }
    return {name: matrix[pairs.pre, pairs.post] for name, matrix in out.items()}


def resolvent(weights: np.ndarray) -> np.ndarray:
    """All paths through a matrix (pre, post) scaled to :data:`SPECTRAL_RADIUS`; shape as given."""
    radius = np.abs(np.linalg.eigvals(weights)).max()
    scaled = weights * (SPECTRAL_RADIUS / radius) if radius > 0 else weights
    return np.linalg.inv(np.eye(len(weights)) - scaled)


def _matrix(connectome: Connectome, kind: str, cells: tuple[str, ...]) -> np.ndarray:
    dense = connectome.to_sparse(kind).toarray()
    at = connectome.cells.index.get_indexer(list(cells))
    out = dense[np.ix_(np.maximum(at, 0), np.maximum(at, 0))]
    return np.where(np.outer(at >= 0, at >= 0), out, 0.0)


def single_nuisances(pairs: Pairs) -> dict[str, np.ndarray]:
    """Scores from the experiment alone; rates leave the pair itself out and are so far from held out."""
    n = len(pairs.cells)
    rate = {}
    for name, end in (("responder's rate", pairs.post), ("stimulated neuron's rate", pairs.pre)):
        hits, tested = np.bincount(end, pairs.detected, n)[end] - pairs.detected, np.bincount(end, minlength=n)[end] - 1
        rate[name] = hits / np.maximum(tested, 1)
    return {"minus the distance of the somata": -pairs.distance, "number of trials": pairs.n_trials.astype(float), **rate}


def split_halves(pairs: Pairs, atlas: FunctionalAtlas) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How far one half of the trials of a pair tells what the other half shows.

    Returns
    -------
    rows : ndarray of int
        Pairs with at least :data:`LEAST_TRIALS` finite trials.
    first : ndarray
        Size of the mean of the odd trials, in standard errors. The spread of a trial is that of the responder over all its pairs: two or
        three trials tell none of their own.
    second : ndarray of bool
        Whether the same of the even trials is among the largest, as many as were detected among these pairs.
    """
    import h5py

    with h5py.File(atlas.path, "r") as file:
        every = file[atlas.strain]["dFF_all"][:]
    kept = {}
    for k, (i, j) in enumerate(zip(pairs.post, pairs.pre, strict=True)):
        trials = np.asarray(every[i, j], float)
        kept[k] = trials[np.isfinite(trials)]
    squares, freedom = np.zeros(len(pairs.cells)), np.zeros(len(pairs.cells))
    for k, trials in kept.items():
        if len(trials) > 1:
            squares[pairs.post[k]] += ((trials - trials.mean()) ** 2).sum()
            freedom[pairs.post[k]] += len(trials) - 1
    spread = np.sqrt(squares / np.maximum(freedom, 1))
    rows = np.array([k for k, trials in kept.items() if len(trials) >= LEAST_TRIALS])
    size = np.array([[_size(kept[k][half::2], spread[pairs.post[k]]) for half in (0, 1)] for k in rows])
    n = int(pairs.detected[rows].sum())
    return rows, size[:, 0], rankdata(-size[:, 1], method="ordinal") <= n


def _size(trials: np.ndarray, spread: float) -> float:
    return abs(trials.mean()) / spread * np.sqrt(len(trials)) if spread > 0 else 0.0

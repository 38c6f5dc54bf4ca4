"""Fitting: CMA-ES (Hansen & Ostermeier 2001, Evol Comput 9:159; package `cma`) on the unit cube of a model's priors.

Every chain is a search of its own. All chains go from generation to generation together, so that one call of the kernel simulates
the candidates of all of them. A coordinate of the cube is a quantile of a parameter's prior (Prior.quantile): bounds are the
prior's, and a parameter that is thought of in decades is searched in decades. A chain has one fold of the data that it never
sees, and one draw of the signs and strength factors that nobody knows and that are not fitted.

A generation is a chunk (:meth:`wormsim.runner.Runner.sequence`). The optimiser itself is not saved: it is a function of its seed
and of the scores it was told, so that a run that goes on after a kill tells it the same scores again and gets the same bits.
"""

from __future__ import annotations

import functools
import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from . import catalog
from .chunks import input_files
from .errors import InputError
from .objective import Objective
from .parameter import Prior
from .samples import Samples

if TYPE_CHECKING:
    from .model import Model
    from .runner import Runner

WORST = 1e9  # what the optimiser, which ranks, is told of a candidate that ran away


@dataclass(frozen=True)
class Chain:
    """One search: the fold that it does not see, and the draw of signs and strength factors that it has."""

    number: int
    fold: int
    draw: int


@dataclass(frozen=True, eq=False)
class Search:
    """What is fitted and how; everything that the result depends on.

    Attributes
    ----------
    objective : str
        Name of the file in ``wormsim/objectives``.
    settings : dict
        Its fields, JSON-able.
    wiring : dict
        See :func:`wormsim.screen.circuit_of`.
    seed : int
    chains : int
        At least one for each fold.
    folds, population, generations : int
    spread : float
        First standard deviation of the search, in the unit cube.
    """

    objective: str
    settings: dict
    wiring: dict
    seed: int
    chains: int
    folds: int
    population: int
    generations: int
    spread: float

    def load(self) -> tuple[Objective, Model]:
        """The objective and its model on the wiring."""
        return load(self.objective, self.settings, self.wiring)

    def draw_seed(self, objective: Objective) -> int:
        """Seed of the signs and strength factors."""
        return self.seed if objective.known_draw is None else objective.known_draw[0]

    def members(self, objective: Objective) -> tuple[Chain, ...]:
        """The chains, folds in turn."""
        known = objective.known_draw
        return tuple(Chain(c, c % self.folds, c if known is None else known[1]) for c in range(self.chains))

    def spec(self, objective: Objective) -> dict:
        """What every chunk of it has in common."""
        return {"objective": self.objective, "settings": self.settings, "wiring": self.wiring,
                "draw_seed": self.draw_seed(objective), "seed": self.seed, "folds": self.folds}


def load(name: str, settings: Mapping, wiring: Mapping) -> tuple[Objective, Model]:
    """An objective by name, and its model on a wiring; kept, since every generation asks."""
    files = json.dumps(input_files([settings, wiring]), sort_keys=True)
    return _load(name, json.dumps(settings, sort_keys=True), json.dumps(wiring, sort_keys=True), files)


@functools.lru_cache(maxsize=8)
def _load(name: str, settings: str, wiring: str, files: str) -> tuple[Objective, Model]:
    """`files` has the hashes of what the settings name: an edited file is loaded anew."""
    objective = catalog.load("objectives", name).Fit.model_validate_json(settings)
    return objective, objective.build(json.loads(wiring))


def fold_of(units: Sequence[str], folds: int, seed: int) -> np.ndarray:
    """Fold of each unit, shape (U,): a permutation by `seed`, dealt out in turn, so that sizes differ by one at most."""
    if not 2 <= folds <= len(units):
        raise InputError(f"fit.folds = {folds}: {len(units)} units can be split into 2 to {len(units)} folds")
    out = np.empty(len(units), int)
    out[np.random.default_rng(seed).permutation(len(units))] = np.arange(len(units)) % folds
    return out


def to_samples(free: Mapping[str, Prior], cube: np.ndarray, draws: Sequence[int], seed: int, first: int = 0) -> Samples:
    """Samples at points of the unit cube.

    Parameters
    ----------
    free : mapping of str to Prior
        ``model.free``.
    cube : ndarray, shape (S, free parameters)
    draws : sequence of int, length S
        Signs and strength factors, by number (:class:`wormsim.samples.Samples`).
    seed : int
        Of those draws.
    first : int
        Number of the first sample.
    """
    cube = np.asarray(cube, float)
    values = {key: prior.quantile(cube[:, k]) for k, (key, prior) in enumerate(free.items())}
    index = pd.RangeIndex(first, first + len(cube), name="sample")
    return Samples(pd.DataFrame(values, index=index), seed, draws=np.asarray(draws, np.int64))


def evaluate(spec: dict) -> pd.DataFrame:
    """Scores of candidates on the units that their chains may see.

    Parameters
    ----------
    spec : dict
        ``objective, settings, wiring, draw_seed, seed, folds``, and ``cube`` (S, D), ``draws`` (S,), ``fold`` (S,).

    Returns
    -------
    DataFrame
        ``score``, one row a candidate; not-a-number where it ran away.
    """
    objective, model = load(spec["objective"], spec["settings"], spec["wiring"])
    units = objective.units()
    at = fold_of(units, spec["folds"], spec["seed"])
    fold = np.asarray(spec["fold"])
    seen = np.array([np.any(fold != f) for f in at])  # a unit in everybody's left-out fold is not even simulated
    names, at = tuple(np.array(units, object)[seen]), at[seen]
    samples = to_samples(model.free, spec["cube"], spec["draws"], spec["draw_seed"])
    simulated, observed = objective.simulate(model, samples, names, 0), objective.observed(names)
    score = np.empty(len(samples))
    for f in np.unique(fold):
        rows, cols = np.flatnonzero(fold == f), at != f
        score[rows] = objective.score(simulated[np.ix_(rows, cols)], observed[cols])
    return pd.DataFrame({"score": score})


def assess(spec: dict) -> pd.DataFrame:
    """Scores of fitted members, or of samples that saw nothing, with noise that no fit has met.

    Parameters
    ----------
    spec : dict
        That of :func:`evaluate`, and ``bootstrap``: how many resamples of the units.

    Returns
    -------
    DataFrame
        One row a member: ``train``, ``held_out``, and ``b0`` ...: `held_out` with the units resampled, the same units for any
        spec of equal seed, folds and objective; not-a-number where no unit of the member's fold was drawn.
    """
    objective, model = load(spec["objective"], spec["settings"], spec["wiring"])
    units = objective.units()
    at, fold = fold_of(units, spec["folds"], spec["seed"]), np.asarray(spec["fold"])
    samples = to_samples(model.free, spec["cube"], spec["draws"], spec["draw_seed"])
    simulated, observed = objective.simulate(model, samples, units, 1), objective.observed(units)

    def scored(chosen: np.ndarray, held_out: bool = True) -> np.ndarray:
        out = np.full(len(samples), np.nan)
        for f in np.unique(fold):
            rows, cols = np.flatnonzero(fold == f), chosen[(at[chosen] == f) == held_out]
            if len(cols):
                out[rows] = objective.score(simulated[rows][:, cols], observed[cols])
        return out

    everything = np.arange(len(units))
    columns = {"train": scored(everything, held_out=False), "held_out": scored(everything)}
    columns |= {f"b{b}": scored(chosen) for b, chosen in enumerate(resamples(len(units), spec["bootstrap"], spec["seed"]))}
    return pd.DataFrame(columns)


def resamples(n: int, times: int, seed: int) -> np.ndarray:
    """Units drawn with replacement, shape (times, n)."""
    return np.random.default_rng((seed, 1)).integers(0, n, (times, n))


class Chains:
    """The optimisers of all chains, side by side.

    Parameters
    ----------
    search : Search
    dimensions : int
    """

    def __init__(self, search: Search, dimensions: int):
        import cma

        self.population = search.population
        self.evolutions = []
        for c in range(search.chains):
            rng = np.random.default_rng((search.seed, c))
            start = 0.5 + search.spread * (rng.random(dimensions) - 0.5)
            options = {"bounds": [0.0, 1.0], "popsize": search.population, "randn": _normal(rng), "seed": np.nan,
                       "verbose": -9, "verb_log": 0, "verb_disp": 0, "maxiter": np.inf}
            with warnings.catch_warnings():  # cma asks for at least two dimensions, and does with one
                warnings.simplefilter("ignore")
                self.evolutions.append(cma.CMAEvolutionStrategy(start, search.spread, options))

    def ask(self) -> np.ndarray:
        """The next candidates, shape (C, P, D)."""
        self.asked = [es.ask() for es in self.evolutions]
        return np.clip(np.array(self.asked, float), 0.0, 1.0)

    def tell(self, score: np.ndarray) -> None:
        """What became of them, shape (C, P); more is better."""
        cost = np.where(np.isfinite(score), -score, WORST)
        with warnings.catch_warnings():  # equal scores of a whole generation are no fault
            warnings.simplefilter("ignore")
            for es, asked, costs in zip(self.evolutions, self.asked, cost, strict=True):
                es.tell(asked, costs)

    def favourites(self) -> np.ndarray:
        """Mean of each chain's search distribution, shape (C, D): of all its points the least lucky."""
        return np.clip(np.array([es.result.xfavorite for es in self.evolutions]), 0.0, 1.0)


def _normal(rng: np.random.Generator):
    """`cma` draws from NumPy's global generator unless it is given one; that one belongs to the user."""
    return lambda *shape: rng.standard_normal(shape)


@dataclass(frozen=True, eq=False)
class Fitted:
    """What a search found.

    Attributes
    ----------
    members : tuple of Chain
    cube : ndarray, shape (C, D)
        One point a chain.
    progress : DataFrame
        ``chain, generation, best, median, ran_away``: scores on what is fitted.
    scores : DataFrame
        That of :func:`assess`.
    """

    members: tuple[Chain, ...]
    cube: np.ndarray
    progress: pd.DataFrame
    scores: pd.DataFrame


def fit(search: Search, runner: Runner, stage: str, bootstrap: int = 1000) -> Fitted:
    """Search, and then, once, score each chain's result on the fold that it has not seen.

    Parameters
    ----------
    search : Search
    runner : Runner
        Keeps every generation.
    stage : str
        For the progress bar.
    bootstrap : int
        Resamples of the units, for intervals.
    """
    objective, model = search.load()
    members = search.members(objective)
    common = search.spec(objective)
    optimisers = Chains(search, len(model.free))
    fold, draws = [m.fold for m in members], [m.draw for m in members]

    def following(tables: list[pd.DataFrame]) -> dict:
        if tables:
            optimisers.tell(tables[-1]["score"].to_numpy().reshape(search.chains, -1))
        cube = optimisers.ask()
        return common | {"cube": cube.reshape(-1, cube.shape[2]).tolist(), "draws": _repeat(draws, search.population),
                         "fold": _repeat(fold, search.population)}

    tables = runner.sequence(evaluate, following, search.generations, stage)
    score = np.array([t["score"].to_numpy().reshape(search.chains, -1) for t in tables])  # (G, C, P)
    optimisers.tell(score[-1])
    cube = optimisers.favourites()
    (scores,) = runner.map(assess, [common | {"cube": cube.tolist(), "draws": draws, "fold": fold, "bootstrap": bootstrap}],
                           f"{stage}: held-out score")
    return Fitted(members, cube, _progress(score), scores)


def unfitted(search: Search, n: int, runner: Runner, stage: str, bootstrap: int = 1000) -> Fitted:
    """`n` samples of the priors, scored as the fitted ones are, on the folds in turn."""
    objective, model = search.load()
    known = objective.known_draw
    members = tuple(Chain(k, k % search.folds, k if known is None else known[1]) for k in range(n))
    cube = np.random.default_rng((search.seed, 2)).random((n, len(model.free)))
    spec = search.spec(objective) | {"cube": cube.tolist(), "draws": [m.draw for m in members],
                                     "fold": [m.fold for m in members], "bootstrap": bootstrap}
    (scores,) = runner.map(assess, [spec], stage)
    return Fitted(members, cube, _progress(np.empty((0, n, 1))), scores)


def pooled(fitted: Fitted, weight: Mapping[str, np.ndarray]) -> pd.Series:
    """Held-out score of an ensemble: median over a fold's members, then mean over folds, each with the weight of its units.

    Parameters
    ----------
    fitted : Fitted
    weight : mapping of str to ndarray, shape (folds,)
        For ``held_out`` and ``b0`` ...: how many units of each fold were scored (:func:`weights`).

    Returns
    -------
    Series
        By ``held_out``, ``b0``, ...; a member that ran away counts as worse than any other.
    """
    fold = np.array([m.fold for m in fitted.members])
    ran_away = fitted.scores["held_out"].isna().to_numpy()
    out = {}
    for column, counts in weight.items():
        x = np.where(ran_away, -np.inf, fitted.scores[column].to_numpy())
        # a resample may leave a fold without what its score needs: it is then no part of the mean
        there = [f for f in range(len(counts)) if counts[f] and np.any((fold == f) & ~np.isnan(x))]
        middle = [np.nanmedian(x[fold == f]) for f in there]
        out[column] = np.average(middle, weights=counts[there]) if there else np.nan
    return pd.Series(out, dtype=float)


def weights(objective: Objective, folds: int, seed: int, bootstrap: int) -> dict[str, np.ndarray]:
    """How many units of each fold are scored: all of them, and in each resample."""
    units = objective.units()
    at = fold_of(units, folds, seed)
    out = {"held_out": np.bincount(at, minlength=folds)}
    drawn = resamples(len(units), bootstrap, seed)
    return out | {f"b{b}": np.bincount(at[chosen], minlength=folds) for b, chosen in enumerate(drawn)}


def _progress(score: np.ndarray) -> pd.DataFrame:
    generations, chains, _ = score.shape
    with warnings.catch_warnings():  # a generation of which every candidate ran away
        warnings.simplefilter("ignore", RuntimeWarning)
        best, median = np.nanmax(score, axis=2, initial=-np.inf), np.nanmedian(score, axis=2)
    return pd.DataFrame({
        "chain": np.tile(np.arange(chains), generations),
        "generation": np.repeat(np.arange(generations), chains),
        "best": np.where(np.isfinite(best), best, np.nan).ravel(),
        "median": median.ravel(),
        "ran_away": np.isnan(score).sum(axis=2).ravel(),
    })


def _repeat(values: Sequence[int], times: int) -> list[int]:
    return [v for v in values for _ in range(times)]

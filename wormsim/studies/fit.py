"""Fit: parameters by CMA-ES on one part of the data, a score on the part that was left out, and the same for controls.

Order of work: search (each chain without its fold), one score of each chain's result on its fold, the same
search on shuffled wiring and on none, and samples of the priors on the same folds. Nothing is chosen by a held-out score.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from .. import __version__, catalog
from ..chunks import content_version
from ..errors import InputError, warn_data
from ..fitted import FittedEnsemble, identity
from ..fitting import Fitted, Search, fit, fold_of, load, pooled, to_samples, unfitted, weights
from ..objective import REAL, Objective
from ..objective import check as check_objective
from ..validation import validate
from . import StudyFigure, StudyResult, score_table

if TYPE_CHECKING:
    from ..runner import Runner

SHUFFLES = ("degree", "weights", "signs")
_SAID = {"degree": "degree shuffles", "weights": "weight shuffles", "signs": "sign shuffles"}
_PRIOR, _NONE = "priors, nothing fitted", "no neuron-neuron wiring"
CONTROLS = {
    "degree shuffles": "The same fit, with the same budget and folds, on wiring shuffled with every cell's number of inputs and outputs kept.",
    "weight shuffles": "The same fit with the numbers of contacts permuted among edges.",
    "sign shuffles": "The same fit with the signs permuted among pairs of classes.",
    _NONE: "The same fit with every connection between two neurons removed.",
    _PRIOR: "Samples of the priors, scored on the same folds: what the model says before it has seen any data.",
}


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ObjectiveTable(_Table):
    """What is fitted to."""

    name: str = Field(description="a file in wormsim/objectives")
    settings: dict[str, Any] = Field(default_factory=dict, description="its fields")


class FitTable(_Table):
    """How the search is done."""

    chains: int = Field(default=8, ge=2, le=1000, description="searches, each with a draw of signs and strength factors of its own")
    folds: int = Field(default=4, ge=2, description="parts of the data; each chain leaves one out, in turn")
    population: int = Field(default=12, ge=4, le=4096, description="candidates of a chain in one generation")
    generations: int = Field(default=40, ge=1, le=100_000)
    spread: float = Field(default=0.25, gt=0, le=1, description="first standard deviation, as a share of each prior")
    bootstrap: int = Field(default=1000, ge=100)


class ControlsTable(_Table):
    """What the same is done to."""

    degree: int = Field(default=2, ge=0, le=1000)
    weights: int = Field(default=0, ge=0, le=1000)
    signs: int = Field(default=0, ge=0, le=1000)
    none: bool = True
    priors: int = Field(default=64, ge=16, le=100_000, description="samples of the priors")


class Spec(_Table):
    """Settings of a fit."""

    seed: int = Field(default=0, ge=0, lt=2**32)
    objective: ObjectiveTable
    fit: FitTable = FitTable()
    controls: ControlsTable = ControlsTable()

    def search(self, wiring: dict | None = None) -> Search:
        """The search on one wiring."""
        f = self.fit
        return Search(self.objective.name, self.objective.settings, wiring or REAL, self.seed, f.chains, f.folds, f.population,
                      f.generations, f.spread)


def check(spec: Spec) -> None:
    """Raise what is wrong with the settings before a results folder is made."""
    kind = catalog.load("objectives", spec.objective.name).Fit
    validate(kind, dict(spec.objective.settings), f"objective {spec.objective.name}", "", prefix="objective.settings")
    objective, _ = load(spec.objective.name, spec.objective.settings, REAL)
    check_objective(objective)
    fold_of(objective.units(), spec.fit.folds, spec.seed)
    if spec.fit.chains < spec.fit.folds:
        raise InputError(f"fit.chains = {spec.fit.chains}: every one of the {spec.fit.folds} folds needs a chain that leaves it out")


def run(spec: Spec, runner: Runner) -> StudyResult:
    """Do the fit; see the module."""
    check(spec)
    objective, model = load(spec.objective.name, spec.objective.settings, REAL)
    boot = spec.fit.bootstrap
    found = {"real wiring": fit(spec.search(), runner, "fit: real wiring", boot)}
    for kind in SHUFFLES:
        for k in range(getattr(spec.controls, kind)):
            wiring = {"kind": kind, "seed": 1000 * spec.seed + k}
            found[f"{kind} shuffle {k}"] = fit(spec.search(wiring), runner, f"fit: {kind} shuffle {k}", boot)
    if spec.controls.none:
        found[_NONE] = fit(spec.search({"kind": "none", "seed": 0}), runner, f"fit: {_NONE}", boot)
    found[_PRIOR] = unfitted(spec.search(), spec.controls.priors, runner, "samples of the priors", boot)

    weight = weights(objective, spec.fit.folds, spec.seed, boot)
    held_out = {name: pooled(f, weight) for name, f in found.items()}
    ensemble = ensemble_of(spec, found["real wiring"])
    scores = score_table(_rows(spec, objective, found, held_out))
    tables = {
        "parameters": _parameter_table(objective, model, ensemble),
        "members": ensemble.values.join(ensemble.scores).assign(draw=ensemble.draws).reset_index(names="member"),
        "search": pd.concat([f.progress.assign(wiring=name) for name, f in found.items() if len(f.progress)], ignore_index=True),
        "units": pd.DataFrame({"unit": objective.units(), "fold": fold_of(objective.units(), spec.fit.folds, spec.seed)}),
        "controls": pd.DataFrame([{"wiring": name, "train": float(f.scores["train"].median()),
                                   "held_out": float(held_out[name]["held_out"]), "members": len(f.scores),
                                   "ran_away": int(f.scores["held_out"].isna().sum())} for name, f in found.items()]),
    }
    result = StudyResult(
        summary=_summary(spec, objective, scores, tables), scores=scores, tables=tables,
        ensembles={"fitted": ensemble.to_dataset()},
        captions={
            "parameters": "Fitted parameters: the prior, the ensemble's quantiles, and how much narrower than its prior the ensemble is "
                          "(1: as wide; standard deviation in the unit cube of the priors over that of a uniform number).",
            "members": "One row a chain: where its search arrived, its score on what it saw and on the fold it did not.",
            "search": "Scores on the fitted part, by generation.",
            "units": f"Which {objective.split_by} is in which fold.",
            "controls": "Median score on the fitted part, and held-out score, of each ensemble.",
        },
        controls={name: text for name, text in CONTROLS.items() if name in set(scores["control"])},
        citations=[objective.source],
    )
    result.figures = figures(result)
    return result


def ensemble_of(spec: Spec, found: Fitted) -> FittedEnsemble:
    """What the search on the real wiring arrived at, without members that ran away."""
    objective, model = load(spec.objective.name, spec.objective.settings, REAL)
    search = spec.search()
    draws = np.array([m.draw for m in found.members])
    samples = to_samples(model.free, found.cube, draws, search.draw_seed(objective))
    scores = found.scores[["train", "held_out"]].assign(fold=[m.fold for m in found.members])[["fold", "train", "held_out"]]
    good = scores["held_out"].notna().to_numpy()
    warn_data(int((~good).sum()), f"of {len(good)} fitted members ran away and are left out")
    if not good.any():
        raise InputError("every member of the fitted ensemble ran away; narrow the priors or lower dt_ms")
    about = {"objective": spec.objective.name, "settings": objective.model_dump(mode="json"), "wiring": REAL, "fit": spec.fit.model_dump(mode="json"),
             "seed": spec.seed, "wormsim": __version__, "content_version": content_version()}
    values, scores = (t[good].reset_index(drop=True).rename_axis("sample") for t in (samples.values, scores))
    return FittedEnsemble(values, draws[good], samples.seed, scores, identity(model), about)


def _rows(spec: Spec, objective, found: dict[str, Fitted], held_out: dict[str, pd.Series]) -> list[dict]:
    """The scorecard: the fitted ensemble beside each control, and what it gains over each, units resampled alike."""
    real = held_out["real wiring"]
    units = objective.units()
    at = fold_of(units, spec.fit.folds, spec.seed)
    ceiling = float(np.average([objective.best(tuple(np.array(units, object)[at == f])) for f in range(spec.fit.folds)],
                               weights=np.bincount(at)))
    groups = {_PRIOR: [_PRIOR], _NONE: [_NONE] if _NONE in found else []}
    groups |= {_SAID[kind]: [n for n in found if n.startswith(f"{kind} shuffle")] for kind in SHUFFLES}
    groups = {name: members for name, members in groups.items() if members}
    mean = {name: pd.concat([held_out[m] for m in members], axis=1).mean(axis=1) for name, members in groups.items()}
    floor = float(mean[_PRIOR]["held_out"])
    common = {"group": f"by {objective.split_by}", "n": len(units), "ceiling": ceiling}
    beaten = [name for name in mean if np.quantile((real - mean[name]).iloc[1:].dropna(), 0.025) > 0]
    said = f"above {', '.join(beaten)}" if beaten else "above no control"
    missed = [name for name in mean if name not in beaten]
    rows = [common | {"metric": "held_out_score", "value": real["held_out"], "floor": floor, "control": "real wiring",
                      "verdict": said + (f"; not above {', '.join(missed)}" if beaten and missed else "")} | _interval(real)]
    rows.append(common | {"metric": "fitted_score", "value": float(found["real wiring"].scores["train"].median()),
                          "control": "real wiring", "verdict": "seen in the fit: not a prediction"})
    for name, series in mean.items():
        rows.append(common | {"metric": "held_out_score", "value": series["held_out"], "floor": floor, "control": name} | _interval(series))
    for name, series in mean.items():
        gain = real - series
        rows.append({"metric": "held_out_gain", "group": common["group"], "n": len(units), "value": gain["held_out"], "floor": 0.0,
                     "control": name, "verdict": "above 0" if name in beaten else "not above 0"} | _interval(gain))
    if objective.truth is not None:
        rows.append(_recovery(spec, objective, found["real wiring"], found[_PRIOR]))
    return rows


def _interval(series: pd.Series) -> dict:
    low, high = np.quantile(series.iloc[1:].dropna(), [0.025, 0.975])
    return {"low": float(low), "high": float(high)}


def _recovery(spec: Spec, objective, fitted: Fitted, prior: Fitted) -> dict:
    """Distance of the fitted points from the true one: mean over parameters, median over members, as a share of the prior."""
    _, model = load(spec.objective.name, spec.objective.settings, REAL)
    true = np.array([model.free[key].inverse(value) for key, value in objective.truth.items()])
    distance, chance = (np.abs(f.cube - true).mean(axis=1) for f in (fitted, prior))
    low, high = np.quantile(distance, [0.025, 0.975])
    ok = high < np.quantile(chance, 0.025)
    return {"metric": "parameter_distance", "group": "share of the prior's width, 0 is best", "value": float(np.median(distance)),
            "low": float(low), "high": float(high), "floor": float(np.median(chance)), "ceiling": 0.0, "n": len(distance),
            "verdict": "nearer than samples of the priors" if ok else "some no nearer than samples of the priors"}


def _parameter_table(objective, model, ensemble: FittedEnsemble) -> pd.DataFrame:
    spread = ensemble.spread()
    rows = []
    for key, prior in model.free.items():
        cube = prior.inverse(ensemble.values[key].to_numpy())
        width = float(cube.std(ddof=1) * np.sqrt(12)) if len(cube) > 1 else np.nan
        row = {"parameter": key, "prior": prior.kind, "prior_low": prior.low, "prior_high": prior.high, **spread.loc[key].to_dict(),
               "width_to_prior": width, "at_bound": float(np.mean((cube < 0.01) | (cube > 0.99)))}
        rows.append(row | ({"truth": objective.truth[key]} if objective.truth else {}))
    return pd.DataFrame(rows)


def _summary(spec: Spec, objective, scores: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> list[str]:
    head = scores.iloc[0]
    limit = "noise allows" if type(objective).best is not Objective.best else "a perfect model scores"
    text = [f"**Held-out score {head['value']:.3g}** ({head['low']:.3g} to {head['high']:.3g}, {objective.split_by}s resampled; {limit} "
            f"{head['ceiling']:.3g}); samples of the priors score {head['floor']:.3g}. {head['verdict'][0].upper()}{head['verdict'][1:]}."]
    text.append(f"Fitted on: {objective.fitted_on}")
    text.append(f"Scored on: {objective.scored_on} Each of {spec.fit.chains} chains leaves out one of {spec.fit.folds} folds of the "
                f"{len(objective.units())} units.")
    recovered = scores[scores["metric"] == "parameter_distance"]
    if len(recovered):
        r = recovered.iloc[0]
        text.append(f"**Recovery.** The fitted points lie {r['value']:.3g} of a prior's width from the true ones ({r['low']:.3g} to "
                    f"{r['high']:.3g} over members); samples of the priors {r['floor']:.3g}.")
    bound = tables["parameters"].query("at_bound > 0.5")["parameter"].tolist()
    if bound:
        text.append(f"More than half of the members end at a bound of the prior of {', '.join(bound)}: the prior, not the data, says where.")
    return text


def figures(result: StudyResult) -> dict[str, StudyFigure]:
    """The figures of a fit, drawn from its tables and scores alone."""
    from ..plotting.fit import fit_figures

    return fit_figures(result.tables, result.scores)

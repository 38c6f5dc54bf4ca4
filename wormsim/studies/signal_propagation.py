"""Signal propagation: stimulate every neuron of a model, and hold what answers against the atlas of Randi et al. (2023).

A raw score says little, since near and often tested pairs light up. Three numbers are given: the simulator alone, the
nuisance model, and what the simulator adds to it on stimulated neurons that were held out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from ..circuit import load_circuit
from ..data.optional import soma_positions
from ..errors import InputError
from ..metrics.false_discovery import matthews, precision
from ..metrics.propagation_auroc import added, auroc_interval
from ..readers.randi2023 import read_atlas
from . import StudyFigure, StudyResult, score_table
from ._propagation_anatomy import anatomy, single_nuisances, split_halves
from ._propagation_fit import Prediction, finite_samples, normal_scores, predict
from ._propagation_models import (
    MOST_SHUFFLES,
    REAL,
    Variation,
    check_layers,
    chunk_spec,
    probe,
    respond,
    variations,
)
from ._propagation_pairs import Pairs, full_nuisance, pairs_of, plain_nuisance
from ._propagation_text import CAPTIONS, CONTROLS, summary_text

if TYPE_CHECKING:
    from ..runner import Runner

CHUNK = 8  # samples


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelTable(_Table):
    """What is simulated."""

    assay: str = "signal_propagation"
    circuit: str = Field(default="", description="the assay's own where empty")
    parameters: dict[str, float | tuple[Literal["uniform", "loguniform"], float, float]] = Field(default_factory=dict)
    layers: dict[str, str] = Field(default_factory=dict, description="peptide or monoamine -> connectome; each added alone")
    pooled: tuple[str, ...] = Field(default=(), description="other reconstructions, whose contacts are pooled in one variation")


class EnsembleTable(_Table):
    """How many samples of what is unknown, and how many are kept on training folds."""

    samples: int = Field(ge=4, le=10_000)
    chosen: int = Field(ge=1, le=1000)


class ScoreTable(_Table):
    """What is scored, and how."""

    q_max: float = Field(default=0.05, gt=0, lt=1)
    bootstrap: int = Field(default=1000, ge=50)
    strata: int = Field(default=3, ge=1, le=10, description="of the distance between somata, with equally many pairs")
    goal_added: float = 0.02
    goal_alone: float = 0.70


class ControlsTable(_Table):
    """Wirings that the same is done to."""

    degree: int = Field(default=4, ge=0, le=MOST_SHUFFLES)
    weights: int = Field(default=1, ge=0, le=MOST_SHUFFLES)
    signs: int = Field(default=1, ge=0, le=MOST_SHUFFLES)


class Spec(_Table):
    """Settings of a study of signal propagation."""

    seed: int = Field(default=0, ge=0, lt=2**32)
    model: ModelTable = ModelTable()
    ensemble: EnsembleTable
    score: ScoreTable = ScoreTable()
    controls: ControlsTable = ControlsTable()

    @property
    def circuit(self) -> str:
        """Name of the circuit."""
        return self.model.circuit or probe(self.model.assay).circuit

    def variations(self) -> dict[str, Variation]:
        """All models, by name."""
        c = self.controls
        return variations(self.model.layers, self.model.pooled, c.degree, c.weights, c.signs, self.seed)


def check(spec: Spec) -> None:
    """Raise what is wrong before a results folder is made: names, layers, priors, and an atlas that is not installed."""
    probe(spec.model.assay)
    check_layers(spec.model.layers)
    if spec.ensemble.chosen > spec.ensemble.samples:
        raise InputError(f"ensemble.chosen = {spec.ensemble.chosen} of ensemble.samples = {spec.ensemble.samples}: choose fewer")
    read_atlas("wt")
    from ._propagation_models import model_of

    for variation in spec.variations().values():
        if variation.sort != "control":
            model_of(chunk_spec(spec.model.assay, spec.circuit, variation, _plain(spec), spec.seed, [0], [], []))


def run(spec: Spec, runner: Runner) -> StudyResult:
    """Do the study; see the module."""
    atlases = {strain: read_atlas(strain) for strain in ("wt", "unc31")}
    wild, mutant = (pairs_of(atlas, spec.score.q_max) for atlas in atlases.values())
    stimulated = sorted({p.cells[k] for p in (wild, mutant) for k in p.pre})
    recorded = sorted({p.cells[k] for p in (wild, mutant) for k in p.post})
    numbers = list(range(spec.ensemble.samples))
    found, in_mutant, predictions, rows = {}, {}, {}, []
    models = spec.variations()
    for name, variation in models.items():
        specs = [chunk_spec(spec.model.assay, spec.circuit, variation, _plain(spec), spec.seed, numbers[k : k + CHUNK], stimulated, recorded)
                 for k in range(0, len(numbers), CHUNK)]
        table = pd.concat(runner.map(respond, specs, f"every neuron stimulated: {name}"), axis=1)
        matrix = table.to_numpy(float).T.reshape(len(numbers), len(stimulated), len(recorded))
        found[name], in_mutant[name] = (p.gather(matrix, stimulated, recorded) for p in (wild, mutant))
        good = finite_samples(found[name], name)
        predictions[name] = predict(wild, found[name][good], spec.ensemble.chosen, spec.seed)
        rows.append({"model": name, "sort": variation.sort, "what": variation.what, "samples left": int(good.sum()),
                     **_numbers(wild, predictions[name], found[name][good], spec)})
    ablation = pd.DataFrame(rows)
    mutants = {name: _mutant(wild, mutant, found, in_mutant, name, spec) for name in (REAL, *(f"with {k}s" for k in spec.model.layers))}
    floors = _floors(wild, spec)
    ceiling = _ceiling(wild, atlases["wt"], spec)
    scores = score_table([
        *_score_rows(wild, predictions[REAL], ablation, floors, ceiling, spec),
        *_strata_rows(wild, predictions[REAL], spec),
        *_mutant_rows(mutant, mutants, spec),
        *_control_rows(ablation),
        *_called_rows(wild, predictions, ablation, spec.seed),
    ])
    tables = {"models": ablation, "floors": floors, "pairs": _pair_table(wild, predictions, found[REAL], atlases["wt"]),
              "responders": _responders(wild, predictions[REAL])}
    result = StudyResult(
        summary=summary_text(scores, ablation, floors, spec),
        scores=scores, tables=tables, captions=CAPTIONS, controls=CONTROLS,
        citations=["Randi F, Sharma AK, Dvali S, Leifer AM (2023) Neural signal propagation atlas of Caenorhabditis elegans. Nature 623:406-414",
                   str(load_circuit(spec.circuit).connectome.provenance.get("citation", ""))],
        engines={probe(spec.model.assay).neuron: "numba: graded cells with gap junctions"},
    )
    result.figures = figures(result)
    return result


def figures(result: StudyResult) -> dict[str, StudyFigure]:
    """The figures, drawn from the tables and scores alone."""
    from ..plotting import propagation as draw

    return draw.propagation_figures(result.tables, result.scores)


def _plain(spec: Spec) -> dict:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in spec.model.parameters.items()}


def _numbers(pairs: Pairs, p: Prediction, responses: np.ndarray, spec: Spec) -> dict:
    """One row of the table of models."""
    alone = auroc_interval(p.alone, pairs.detected, pairs.pre, spec.score.bootstrap, spec.seed)
    unfitted = normal_scores(responses).mean(axis=0)
    mean = auroc_interval(unfitted, pairs.detected, pairs.pre, spec.score.bootstrap, spec.seed)
    more = added(p.full, p.base, pairs.detected, pairs.pre, spec.score.bootstrap, spec.seed)
    return {"auroc": alone.value, "auroc_low": alone.low, "auroc_high": alone.high, "auroc, nothing fitted": mean.value,
            "unfitted_low": mean.low, "unfitted_high": mean.high, "added": more.value, "added_low": more.low, "added_high": more.high,
            "called": int(p.called.sum()), "called, precision": precision(p.called, pairs.detected),
            "matthews": matthews(p.called, pairs.detected)}


def _floors(pairs: Pairs, spec: Spec) -> pd.DataFrame:
    """Everything that needs no simulator, single scores first, then logistic models held out by stimulated class."""
    n, seed = spec.score.bootstrap, spec.seed
    wiring = anatomy(pairs, load_circuit(spec.circuit).connectome)
    rows = []
    for sort, group in (("anatomy", wiring), ("nuisance", single_nuisances(pairs))):
        for name, score in group.items():
            rows.append({"predictor": name, "sort": sort, **vars(auroc_interval(score, pairs.detected, pairs.pre, n, seed))})
    base = {}
    for name, features in (("distance + trials + responder's rate", plain_nuisance), ("the same with logarithms", full_nuisance)):
        base[name] = predict(pairs, np.zeros((1, len(pairs))), 1, seed, features).base
        rows.append({"predictor": name, "sort": "nuisance, held out",
                     **vars(auroc_interval(base[name], pairs.detected, pairs.pre, n, seed))})

    def with_wiring(p: Pairs, train: np.ndarray) -> np.ndarray:
        return np.column_stack([full_nuisance(p, train), *(normal_scores(x[None])[0] for x in wiring.values())])

    full = predict(pairs, np.zeros((1, len(pairs))), 1, seed, with_wiring).base
    more = added(full, base["the same with logarithms"], pairs.detected, pairs.pre, n, seed)
    rows.append({"predictor": "with logarithms + all anatomy", "sort": "nuisance, held out",
                 **vars(auroc_interval(full, pairs.detected, pairs.pre, n, seed))})
    rows.append({"predictor": "added by all anatomy", "sort": "difference", **vars(more)})
    return pd.DataFrame(rows)


def _ceiling(pairs: Pairs, atlas, spec: Spec) -> dict:
    rows, first, second = split_halves(pairs, atlas)
    return {**vars(auroc_interval(first, second, pairs.pre[rows], spec.score.bootstrap, spec.seed)), "n": len(rows)}


def _score_rows(pairs: Pairs, p: Prediction, models: pd.DataFrame, floors: pd.DataFrame, ceiling: dict, spec: Spec) -> list[dict]:
    n, seed, real = spec.score.bootstrap, spec.seed, models.set_index("model").loc[REAL]
    floor = floors.set_index("predictor")["value"]
    gap, nuisance = floors.set_index("predictor").loc["gap-only resolvent"], auroc_interval(p.base, pairs.detected, pairs.pre, n, seed)
    beats = added(p.alone, anatomy(pairs, load_circuit(spec.circuit).connectome)["gap-only resolvent"], pairs.detected, pairs.pre, n, seed)
    goal = spec.score.goal_alone
    said = (f"{'reaches' if real['auroc'] >= goal else 'misses'} the goal of {goal:.2f}; {'above' if beats.low > 0 else 'not above'} the gap-only "
            f"resolvent ({gap['value']:.3f}) by {beats.value:+.3f} ({beats.low:+.3f} to {beats.high:+.3f})")
    both = auroc_interval(p.full, pairs.detected, pairs.pre, n, seed)
    goal = spec.score.goal_added
    more = f"{'reaches' if real['added'] >= goal and real['added_low'] > 0 else 'misses'} the goal of {goal:+.2f} with the interval above 0"
    return [
        {"metric": "propagation_auroc", "group": "simulator alone, chosen on training folds", "value": real["auroc"], "low": real["auroc_low"],
         "high": real["auroc_high"], "floor": 0.5, "control": f"{gap['value']:.4f}", "n": len(pairs), "verdict": said},
        {"metric": "propagation_auroc", "group": "simulator alone, nothing fitted", "value": real["auroc, nothing fitted"],
         "low": real["unfitted_low"], "high": real["unfitted_high"], "floor": 0.5, "n": len(pairs), "verdict": "mean over the whole ensemble"},
        {"metric": "propagation_auroc_nuisance", "group": "distance, trials, responder's rate", "value": nuisance.value, "low": nuisance.low,
         "high": nuisance.high, "floor": 0.5, "n": len(pairs),
         "verdict": f"what knows no wiring; without the logarithms {floor['distance + trials + responder' + chr(39) + 's rate']:.3f}"},
        {"metric": "propagation_auroc_both", "group": "nuisance and simulator", "value": both.value, "low": both.low, "high": both.high,
         "floor": 0.5, "control": f"{nuisance.value:.4f}", "n": len(pairs), "verdict": "held out by class of the stimulated neuron"},
        {"metric": "propagation_auroc_added", "group": "simulator on top of nuisance", "value": real["added"], "low": real["added_low"],
         "high": real["added_high"], "floor": 0.0, "control": f"{floor['added by all anatomy']:.4f}", "n": len(pairs), "verdict": more},
        {"metric": "split_half_auroc", "group": "odd trials against even ones", "value": ceiling["value"], "low": ceiling["low"],
         "high": ceiling["high"], "floor": 0.5, "n": ceiling["n"],
         "verdict": "how well half of the trials tells the other half; pairs with at least 4 trials"},
    ]


def _strata_rows(pairs: Pairs, p: Prediction, spec: Spec) -> list[dict]:
    """What the simulator adds among pairs that are about equally far apart."""
    edges = np.quantile(pairs.distance, np.linspace(0, 1, spec.score.strata + 1))
    out = []
    for k in range(spec.score.strata):
        inside = (pairs.distance >= edges[k]) & ((pairs.distance < edges[k + 1]) | (k == spec.score.strata - 1))
        yes = pairs.detected[inside]
        if yes.any() and not yes.all():
            more = added(p.full[inside], p.base[inside], yes, pairs.pre[inside], spec.score.bootstrap, spec.seed)
            alone = auroc_interval(p.alone[inside], yes, pairs.pre[inside], spec.score.bootstrap, spec.seed)
            out.append({"metric": "propagation_auroc_added", "group": f"distance third {k + 1} of {spec.score.strata}" if spec.score.strata == 3
                        else f"distance stratum {k + 1} of {spec.score.strata}", "value": more.value, "low": more.low, "high": more.high,
                        "floor": 0.0, "n": int(inside.sum()), "verdict": f"{int(yes.sum())} detected; simulator alone {alone.value:.3f} "
                        f"({alone.low:.3f} to {alone.high:.3f})"})
    return out


def _mutant(wild: Pairs, mutant: Pairs, found: dict, in_mutant: dict, name: str, spec: Spec) -> Prediction:
    """unc-31 predicted by what was fitted on the wild type; its responses are those of the same samples without peptides."""
    there = in_mutant[REAL] if name == "with peptides" else in_mutant[name]
    good = finite_samples(found[name], name) & finite_samples(there, f"{name}, unc-31")
    return predict(wild, found[name][good], spec.ensemble.chosen, spec.seed, to=(mutant, there[good]))


def _mutant_rows(mutant: Pairs, predictions: dict[str, Prediction], spec: Spec) -> list[dict]:
    out = []
    for name, p in predictions.items():
        alone = auroc_interval(p.alone, mutant.detected, mutant.pre, spec.score.bootstrap, spec.seed)
        base = auroc_interval(p.base, mutant.detected, mutant.pre, spec.score.bootstrap, spec.seed)
        more = added(p.full, p.base, mutant.detected, mutant.pre, spec.score.bootstrap, spec.seed)
        group = f"unc-31, {name}"
        for metric, x, floor in (("auroc", alone, 0.5), ("auroc_nuisance", base, 0.5), ("auroc_added", more, 0.0)):
            out.append({"metric": f"propagation_{metric}", "group": group, "value": x.value, "low": x.low, "high": x.high, "floor": floor,
                        "n": len(mutant), "verdict": "fitted on the wild type, nothing refitted"})
    return out


def _control_rows(models: pd.DataFrame) -> list[dict]:
    """The same two numbers for every control wiring."""
    out = []
    for row in models[models["sort"] == "control"].to_dict("records"):
        for metric, value in (("propagation_auroc", "auroc"), ("propagation_auroc_added", "added")):
            out.append({"metric": metric, "group": "control wiring", "value": row[value], "low": row[f"{value}_low"],
                        "high": row[f"{value}_high"], "floor": 0.5 if value == "auroc" else 0.0, "control": row["model"]})
    return out


def _called_rows(pairs: Pairs, predictions: dict[str, Prediction], models: pd.DataFrame, seed: int) -> list[dict]:
    """The simulated experiment: which pairs it would have called, with the atlas's own numbers of trials."""
    p, shuffled = predictions[REAL], models[models["model"].str.startswith("degree")]["called, precision"]
    same = predict(pairs, np.ones((1, len(pairs))), 1, seed).called
    return [{"metric": "called_precision", "group": "simulated experiment, q < 0.05", "value": precision(p.called, pairs.detected),
             "floor": float(pairs.detected.mean()), "ceiling": 1.0, "control": f"{precision(same, pairs.detected):.4f}", "n": int(p.called.sum()),
             "verdict": "control: every pair answers alike, only the trials differ" + (
                 f"; degree shuffles {shuffled.min():.3f} to {shuffled.max():.3f}" if len(shuffled) else "")}]


def _pair_table(pairs: Pairs, predictions: dict[str, Prediction], responses: np.ndarray, atlas) -> pd.DataFrame:
    names, p = np.array(pairs.cells, dtype=object), predictions[REAL]
    table = pd.DataFrame({"stimulated": names[pairs.pre], "responder": names[pairs.post], "detected": pairs.detected,
                          "amplitude": atlas.amplitude[pairs.post, pairs.pre], "n_trials": pairs.n_trials, "distance_au": pairs.distance,
                          "simulated_mV": np.nanmedian(responses, axis=0), "score": p.alone, "nuisance": p.base, "both": p.full,
                          "called": p.called})
    shuffle = next((q.alone for name, q in predictions.items() if name.startswith("degree")), None)
    return table if shuffle is None else table.assign(shuffled=shuffle)


def _responders(pairs: Pairs, p: Prediction) -> pd.DataFrame:
    """For each stimulated neuron how well the simulator ranks its responders, where some were detected and some not."""
    from ..metrics.propagation_auroc import weighted_auroc

    rows = []
    for k in np.unique(pairs.pre):
        here = pairs.pre == k
        yes = pairs.detected[here]
        if yes.any() and not yes.all():
            every = np.ones(here.sum())
            rows.append({"stimulated": pairs.cells[k], "pairs": int(here.sum()), "detected": int(yes.sum()),
                         "auroc": weighted_auroc(p.alone[here], yes, every), "nuisance": weighted_auroc(p.base[here], yes, every)})
    table = pd.DataFrame(rows).sort_values(["detected", "stimulated"], ascending=[False, True], ignore_index=True)
    places = soma_positions("atlas").reindex(table["stimulated"])
    return table.assign(y=places["y_au"].to_numpy(), z=places["z_au"].to_numpy())

"""Correlation matrices: hold which neurons are active together in recorded animals against anatomy and against the simulator.

What the simulator says of a pair: with every neuron driven by slow noise of its own, independent of all others, and with responses
that add up, the covariance of two neurons is the sum over all drives of the product of their responses. Those are the responses of
the in-silico pump-probe, so that no more is simulated than every neuron stimulated once. How strong the noise of each class of neurons
is can be learned from the other animals ("drives fitted"); a shuffled wiring is given the same freedom.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from ..circuit import load_circuit
from ..data.optional import soma_positions
from ..errors import InputError, warn_data
from ..metrics.correlation_similarity import cell_draws, correlation_matrix, mean_similarity, similarity
from . import StudyFigure, StudyResult, score_table
from ._animals import Animals, check_data, load_animals
from ._propagation_anatomy import resolvent
from ._propagation_models import (
    MOST_SHUFFLES,
    REAL,
    Variation,
    chunk_spec,
    model_of,
    probe,
    respond,
    variations,
)

if TYPE_CHECKING:
    from ..connectome import Connectome
    from ..runner import Runner

CHUNK = 8  # samples
DRIVE_PENALTY = 0.3  # holds the drives of classes to equal ones; chosen on all animals among 0.03 to 30, where 0.03 to 1 score alike
SCALINGS = 10  # rounds in which drives and the spreads that follow from them are made to agree
COUPLED = "contacts couple both ways"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelTable(_Table):
    """What is simulated."""

    assay: str = "signal_propagation"
    circuit: str = Field(default="", description="the assay's own where empty")
    parameters: dict[str, float | tuple[Literal["uniform", "loguniform"], float, float]] = Field(default_factory=dict)


class EnsembleTable(_Table):
    """How many samples of what is unknown, and how many are kept by the training animals."""

    samples: int = Field(ge=4, le=10_000)
    chosen: int = Field(ge=1, le=1000)


class Spec(_Table):
    """Settings of a study of correlation matrices."""

    seed: int = Field(default=0, ge=0, lt=2**32)
    data: str = Field(default="", description="file with the recorded animals")
    min_confidence: float = Field(default=0.0, ge=0, le=1)
    model: ModelTable = ModelTable()
    ensemble: EnsembleTable
    bootstrap: int = Field(default=500, ge=50)
    degree: int = Field(default=3, ge=1, le=MOST_SHUFFLES, description="degree-preserving shuffles")
    goal: float = 0.35

    @property
    def circuit(self) -> str:
        """Name of the circuit."""
        return self.model.circuit or probe(self.model.assay).circuit

    def variations(self) -> dict[str, Variation]:
        """The models that are compared: the default one, one with coupled contacts, and the shuffles of both.

        Without any wiring a neuron answers to its own drive alone, and every correlation is 0: there is nothing to score.
        """
        every = variations({}, (), self.degree, 0, 0, self.seed)
        shuffled = {name: v for name, v in every.items() if name.startswith("degree")}
        coupled = {f"{name}, {COUPLED}": replace(v, chemical="coupled") for name, v in shuffled.items()}
        return {REAL: every[REAL], COUPLED: every[COUPLED], **shuffled, **coupled}


def check(spec: Spec) -> None:
    """Raise what is wrong before a results folder is made: no data, no positions, unknown names, priors that are none."""
    check_data(spec.data)
    soma_positions("atlas")
    if spec.ensemble.chosen > spec.ensemble.samples:
        raise InputError(f"ensemble.chosen = {spec.ensemble.chosen} of ensemble.samples = {spec.ensemble.samples}: choose fewer")
    model_of(chunk_spec(spec.model.assay, spec.circuit, spec.variations()[REAL], _plain(spec), spec.seed, [0], [], []))


def run(spec: Spec, runner: Runner) -> StudyResult:
    """Do the study; see the module."""
    connectome = load_circuit(spec.circuit).connectome
    animals = load_animals(spec.data, connectome, spec.min_confidence)
    recorded = [correlation_matrix(x) for x in animals.traces]
    features = anatomy_of_pairs(connectome, animals.cells)
    responses = {name: _responses(spec, runner, name, v, animals, connectome) for name, v in spec.variations().items()}
    classes = connectome.cells["cell_class"].astype(object).where(connectome.cells["cell_class"].notna(), connectome.cells.index.to_series())
    predicted = _predictions(recorded, features, responses, np.unique(classes.astype(str), return_inverse=True)[1], spec.ensemble.chosen)
    rows = [{"predictor": name, "sort": sort, "animal": animal, "similarity": similarity(r, p)}
            for name, (sort, ps) in predicted.items() for animal, r, p in zip(animals.names, recorded, ps, strict=True)]
    table = pd.DataFrame(rows)
    scores = score_table(_score_rows(recorded, predicted, spec))
    result = StudyResult(
        summary=_summary(scores, animals, spec), scores=scores,
        tables={"predictors": table, "matrix": _matrix_table(animals, recorded, predicted)}, captions=_CAPTIONS, controls=_CONTROLS,
        citations=[*sorted({r.about.citation for r in animals.recordings if r.about.citation}), str(connectome.provenance.get("citation", ""))],
        engines={probe(spec.model.assay).neuron: "numba: graded cells with gap junctions"},
    )
    result.figures = figures(result)
    return result


def figures(result: StudyResult) -> dict[str, StudyFigure]:
    """The figures, drawn from the tables alone."""
    from ..plotting import animals as draw

    return draw.correlation_figures(result.tables)


def anatomy_of_pairs(connectome: Connectome, cells: tuple[str, ...]) -> dict[str, np.ndarray]:
    """What anatomy says of each pair of cells, undirected; (cells, cells) arrays. Without a soma position a pair lies at the median."""
    at = connectome.cells.index.get_indexer(list(cells))
    here = np.ix_(at, at)
    chemical = connectome.to_sparse("chemical").toarray()
    gap = connectome.to_sparse("electrical").toarray()
    xyz = soma_positions("atlas").reindex(list(cells)).to_numpy(float)
    distance = np.sqrt(((xyz[:, None] - xyz[None]) ** 2).sum(axis=2))
    unplaced = [cell for cell, at_ in zip(cells, xyz, strict=True) if not np.isfinite(at_).all()]
    warn_data(len(unplaced), "cell(s) without a position of the soma: their pairs count as at the median distance", unplaced)
    distance = np.where(np.isfinite(distance), distance, np.nanmedian(distance))
    classes = connectome.cells["cell_class"].reindex(list(cells)).to_numpy(object)
    both = chemical + chemical.T
    return {
        "log contacts": np.log1p(both + gap)[here],
        "gap-only resolvent": np.log(np.maximum(resolvent(gap)[here], 1e-12)),
        "chemical + gap resolvent": np.log(np.maximum(resolvent(both + gap)[here], 1e-12)),
        "minus the distance of the somata": -distance,
        "same class": (classes[:, None] == classes[None]).astype(float),
    }


def simulated_correlations(responses: np.ndarray) -> np.ndarray:
    """Correlations under independent slow drives of all stimulated neurons.

    Parameters
    ----------
    responses : ndarray, shape (samples, stimulated, recorded)

    Returns
    -------
    ndarray, shape (samples, recorded, recorded)
        0 for a neuron that answers to nothing, not-a-number on the diagonal.
    """
    covariance = np.einsum("sik,sil->skl", responses, responses)
    spread = np.sqrt(np.einsum("skk->sk", covariance))
    scale = spread[:, :, None] * spread[:, None, :]
    out = np.where(scale > 0, covariance / np.where(scale > 0, scale, 1.0), 0.0)
    k = np.arange(out.shape[1])
    out[:, k, k] = np.nan
    return out


def _responses(spec: Spec, runner: Runner, name: str, variation: Variation, animals: Animals, connectome: Connectome) -> np.ndarray:
    stimulated, numbers = list(connectome.cells.index), list(range(spec.ensemble.samples))
    cells = list(animals.cells)
    specs = [chunk_spec(spec.model.assay, spec.circuit, variation, _plain(spec), spec.seed, numbers[k : k + CHUNK], stimulated, cells)
             for k in range(0, len(numbers), CHUNK)]
    table = pd.concat(runner.map(respond, specs, f"every neuron stimulated: {name}"), axis=1)
    responses = table.to_numpy(float).T.reshape(len(numbers), len(stimulated), len(animals.cells))
    good = np.isfinite(responses).all(axis=(1, 2))
    warn_data(int((~good).sum()), f"samples left out that ran away: {name}")
    if not good.any():
        raise InputError(f"every sample of the model {name!r} ran away: narrow the priors of its conductances")
    return responses[good]


def fitted_drives(responses: np.ndarray, group: np.ndarray, target: np.ndarray, penalty: float = DRIVE_PENALTY) -> np.ndarray:
    """Correlations with the strength of the slow drive of each class of neurons fitted, by least squares without negative drives.

    Parameters
    ----------
    responses : ndarray, shape (stimulated, recorded)
        Of one sample.
    group : ndarray of int, shape (stimulated,)
        Class of each stimulated neuron.
    target : ndarray, shape (recorded, recorded)
        Correlations to fit; not-a-number where there is none.
    penalty : float
        Of the squared difference between the strength of a class and the mean one.

    Returns
    -------
    ndarray, shape (recorded, recorded)
        Symmetric, within -1 and 1; not-a-number on the diagonal. A constant that the fit has beside the drives is left out.
    """
    from scipy.optimize import nnls

    upper = np.triu_indices(responses.shape[1], 1)
    spread = np.sqrt((responses**2).sum(axis=0))
    unit = responses / np.where(spread > 0, spread, 1.0)
    design = np.zeros((group.max() + 1, len(upper[0])))
    for k, row in zip(group, unit, strict=True):
        design[k] += row[upper[0]] * row[upper[1]]
    there = np.isfinite(target[upper])
    n = len(design)
    mean = max(0.0, float(target[upper][there].mean()))
    scale = np.ones(responses.shape[1])
    for _ in range(SCALINGS):  # a covariance is a correlation once it is divided by spreads, which the drives change
        of_pair = scale[upper[0]] * scale[upper[1]]
        columns = np.column_stack([(design[:, there] / of_pair[there]).T, np.ones(there.sum())])
        left = np.vstack([columns, np.sqrt(penalty) * np.eye(n, n + 1)])
        weight = nnls(left, np.concatenate([target[upper][there], np.full(n, np.sqrt(penalty) * mean)]), maxiter=50 * n)[0][:-1]
        scale = np.sqrt(weight[group] @ unit**2)
        scale = np.where(scale > 0, scale, 1.0)
    out = np.full(target.shape, np.nan)
    out[upper] = weight @ design / (scale[upper[0]] * scale[upper[1]])
    out.T[upper] = out[upper]
    return out


def _predictions(recorded: list[np.ndarray], features: dict, responses: dict, group: np.ndarray, choose: int
                 ) -> dict[str, tuple[str, list[np.ndarray]]]:
    """Predicted matrix of every animal, by predictor; what is fitted is fitted on the other animals."""
    n = len(recorded)
    out: dict[str, tuple[str, list[np.ndarray]]] = {name: ("anatomy", [m] * n) for name, m in features.items()}
    others = [np.delete(np.array(recorded), k, axis=0) for k in range(n)]
    chosen: dict[str, list[np.ndarray]] = {}
    for name, r in responses.items():
        matrices = simulated_correlations(r)
        best = [_best(matrices, o, choose) for o in others]
        chosen[name] = [matrices[b].mean(axis=0) for b in best]
        chosen[f"{name}, drives fitted"] = [np.mean([fitted_drives(r[k], group, _mean(o)) for k in b], axis=0)
                                            for b, o in zip(best, others, strict=True)]
    for name, ps in chosen.items():
        sort = "control" if name.startswith("degree") else "fitted" if name.endswith("fitted") else "simulator"
        out[f"simulator: {name}"] = (sort, ps)
    near = ("minus the distance of the somata", "same class")
    sets = {"distance + same class, fitted": (near, None), "all anatomy, fitted": (tuple(features), None)}
    for name in chosen:
        sets[f"anatomy + simulator, fitted: {name}"] = (tuple(features), name)
    for label, (names, simulator) in sets.items():
        ps = [_fitted([features[f] for f in names] + ([chosen[simulator][k]] if simulator else []), others[k]) for k in range(n)]
        sort = "fitted" if simulator is None else "control" if simulator.startswith("degree") else "fitted with simulator"
        out[label] = (sort, ps)
    out["mean of the other animals"] = ("ceiling", [_mean(o) for o in others])
    return out


def _mean(matrices: np.ndarray) -> np.ndarray:
    there = np.isfinite(matrices)
    n = there.sum(axis=0)
    return np.where(n > 0, np.where(there, matrices, 0.0).sum(axis=0) / np.maximum(n, 1), np.nan)


def _best(matrices: np.ndarray, others: np.ndarray, choose: int) -> np.ndarray:
    """Numbers of the samples that resemble the other animals most."""
    merit = [np.mean([similarity(o, m) for o in others]) for m in matrices]
    return np.argsort(-np.array(merit), kind="stable")[:choose]


def _fitted(features: list[np.ndarray], others: np.ndarray) -> np.ndarray:
    """Linear regression of the other animals' correlations (Fisher's z) on the features of a pair; every recorded pair counts."""
    upper = np.triu_indices(len(features[0]), 1)
    design = np.column_stack([np.ones(len(upper[0])), *(_z(f[upper]) for f in features)])
    z = np.arctanh(np.clip(others[:, upper[0], upper[1]], -0.999, 0.999))
    n = np.isfinite(z).sum(axis=0)
    weight, target = np.sqrt(n), np.where(n > 0, np.nansum(z, axis=0) / np.maximum(n, 1), 0.0)
    beta = np.linalg.lstsq(design * weight[:, None], target * weight, rcond=None)[0]
    out = np.full_like(features[0], np.nan, dtype=float)
    out[upper] = np.tanh(design @ beta)
    out.T[upper] = out[upper]
    return out


def _z(x: np.ndarray) -> np.ndarray:
    spread = x.std()
    return (x - x.mean()) / spread if spread > 0 else np.zeros_like(x)


def _score_rows(recorded: list[np.ndarray], predicted: dict, spec: Spec) -> list[dict]:
    drawn = {name: cell_draws(recorded, ps, spec.bootstrap, spec.seed) for name, (_, ps) in predicted.items()}
    value = {name: mean_similarity(recorded, ps) for name, (_, ps) in predicted.items()}
    ceiling, anatomy = value["mean of the other animals"], "all anatomy, fitted"
    rows = []
    for name, (sort, _) in predicted.items():
        low, high = np.quantile(drawn[name], [0.025, 0.975])
        said = {"anatomy": "nothing fitted", "simulator": "samples chosen on the other animals", "fitted": "fitted on the other animals",
                "control": "wiring shuffled", "ceiling": "the ceiling"}.get(sort, "")
        if sort == "fitted with simulator":
            reached = value[name] >= spec.goal and low > value[anatomy]
            said = f"{'reaches' if reached else 'misses'} the goal of {spec.goal:.2f} with the interval above all anatomy ({value[anatomy]:.3f})"
        rows.append({"metric": "correlation_similarity", "group": "held-out animal" if sort != "anatomy" else "animal", "value": value[name],
                     "low": low, "high": high, "floor": 0.0, "ceiling": ceiling, "control": name, "n": len(recorded), "verdict": said})
    for name, (sort, _) in predicted.items():
        if name.startswith("anatomy + simulator"):
            low, high = np.quantile(drawn[name] - drawn[anatomy], [0.025, 0.975])
            rows.append({"metric": "correlation_similarity_added", "group": "on top of all anatomy", "value": value[name] - value[anatomy],
                         "low": low, "high": high, "floor": 0.0, "control": name.split(": ")[1], "n": len(recorded),
                         "verdict": "wiring shuffled" if sort == "control" else "paired bootstrap over cells"})
    return rows


def _matrix_table(animals: Animals, recorded: list[np.ndarray], predicted: dict) -> pd.DataFrame:
    """One animal, the one with most named cells, beside the others and the prediction."""
    k = int(np.argmax([np.isfinite(x).any(axis=0).sum() for x in animals.traces]))
    names = np.array(animals.cells, dtype=object)
    i, j = np.triu_indices(len(names), 1)
    here = np.isfinite(recorded[k][i, j])
    i, j = i[here], j[here]
    return pd.DataFrame({"animal": animals.names[k], "first": names[i], "second": names[j], "recorded": recorded[k][i, j],
                         "others": predicted["mean of the other animals"][1][k][i, j],
                         "predicted": predicted[f"anatomy + simulator, fitted: {REAL}, drives fitted"][1][k][i, j]})


def _plain(spec: Spec) -> dict:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in spec.model.parameters.items()}


def _summary(scores: pd.DataFrame, animals: Animals, spec: Spec) -> list[str]:
    rows = scores[scores["metric"] == "correlation_similarity"].set_index("control")
    more = scores[scores["metric"] == "correlation_similarity_added"].set_index("control")

    def say(name: str) -> str:
        r = rows.loc[name]
        return f"{r['value']:.3f} ({r['low']:.3f} to {r['high']:.3f})"

    def plus(name: str) -> str:
        return f"{more.loc[name, 'value']:+.3f} ({more.loc[name, 'low']:+.3f} to {more.loc[name, 'high']:+.3f})"

    fitted, drives = f"anatomy + simulator, fitted: {REAL}, drives fitted", f"{REAL}, drives fitted"
    shuffled = more[more.index.str.startswith("degree") & more.index.str.endswith("drives fitted")]["value"]
    apart = shuffled.index.str.contains(COUPLED)
    plain, coupled = shuffled[~apart], shuffled[apart]
    return [
        f"Held out by animal, anatomy with the simulator resembles an animal's correlation matrix by {say(fitted)}; the goal of "
        f"{spec.goal:.2f} is {'reached' if rows.loc[fitted, 'value'] >= spec.goal else 'missed'}. The mean of the other animals, the ceiling, "
        f"reaches "
        f"{say('mean of the other animals')}, all anatomy {say('all anatomy, fitted')}, distance and class "
        f"{say('distance + same class, fitted')}.",
        f"On top of all anatomy the simulator adds {plus(drives)}, with contacts that couple both ways "
        f"{plus(f'{COUPLED}, drives fitted')}; with the wiring shuffled and drives fitted too {plain.min():+.3f} to {plain.max():+.3f}, and where "
        f"shuffled contacts couple both ways {coupled.min():+.3f} to {coupled.max():+.3f}. With "
        f"equal drives it adds {plus(REAL)}. Alone it scores {say(f'simulator: {drives}')}, with equal drives {say(f'simulator: {REAL}')}.",
        f"{len(animals.cells)} neurons are named in some of {len(animals.names)} animals. The model has no behaviour: what follows movement moves "
        "together in a freely moving animal, and no independent drive of single neurons makes that.",
    ]


_CAPTIONS = {
    "predictors": "Similarity to the correlation matrix of each animal. What is fitted, and which samples of the simulator are averaged, "
                  "comes from the "
    "other animals.",
    "matrix": "Correlations of the animal with most named neurons, the mean of the others, and the prediction fitted on the others.",
}
_CONTROLS = {"degree shuffle": "connections exchanged between cells so that every cell keeps its number of partners; the simulator then runs "
                               "on them, "
             "and anatomy beside it stays real"}

"""Scores of an ablation screen: the published rows against the model, and the model against its controls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..ensemble import LEAST_SAMPLES, Ensemble, summarise, verdict
from ..errors import InputError
from ..metrics.auroc import auroc, newcombe_interval, permutation_p
from ..screen import FRESH

if TYPE_CHECKING:
    from ..circuit import Circuit

MARGINS = (0.25, 0.5, 0.75)
SHUFFLES = ("degree", "weights", "signs")
COUNTED = ("needed", "not needed")


@dataclass(frozen=True)
class Scoring:
    """What the scorecard is computed from.

    Attributes
    ----------
    keeps : mapping of neuron model to DataFrame
        Response left with the real wiring (samples x cases); the first model is the default.
    controls : mapping of name to DataFrame
        The same for the default model with other wirings.
    planned : mapping of kind to int
        How many shuffles of each kind were asked for.
    evidence : DataFrame
    cases : mapping
        Case -> (manipulation, cells) of every published row ("row <id>").
    circuit : Circuit
    margin : float
    n_boot, seed : int
    """

    keeps: Mapping[str, pd.DataFrame]
    controls: Mapping[str, pd.DataFrame]
    planned: Mapping[str, int]
    evidence: pd.DataFrame
    cases: Mapping[str, tuple[str, list[str]]]
    circuit: Circuit
    margin: float
    n_boot: int
    seed: int

    @property
    def default(self) -> str:
        """The neuron model whose ranking is the answer."""
        return next(iter(self.keeps))

    def shuffles(self, kind: str) -> list[pd.DataFrame]:
        """The shuffled wirings of a kind that accepted enough samples."""
        return [keep for name, keep in self.controls.items() if f"{kind} shuffle" in name]


def scored_rows(evidence: pd.DataFrame, also: tuple[str, ...] = ()) -> pd.Series:
    """The rows that count: id -> True where the cells are needed; `also` names roles that count as needed for once."""
    rows = evidence[evidence["role"].isin([*COUNTED, *also])]
    needed = rows["role"] != "not needed"
    if not needed.any() or needed.all():
        raise InputError(
            f"of {len(rows)} rows that can be scored, {int(needed.sum())} are needed: an AUROC wants some of both"
        )
    return needed


def total_contacts(circuit: Circuit, cells: list[str]) -> float:
    """Contacts of the cells, chemical in and out and gap junctions."""
    degree = circuit.connectome.degree()
    columns = [c for c in degree.columns if "_contacts" in c and c.startswith(("chemical", "electrical"))]
    return float(degree.loc[cells, columns].to_numpy().sum())


def lost(keep: pd.DataFrame, rows: pd.Index, margin: float) -> np.ndarray:
    """1 where the behaviour is lost, shape (S, rows); a sample that ran away counts as lost."""
    return (~(keep[[f"row {i}" for i in rows]] >= margin)).to_numpy(float)


def reduction(keep: pd.DataFrame, rows: pd.Index) -> np.ndarray:
    """Share of the response that is gone, held to [-1, 2] so that one wild sample cannot outweigh the rest."""
    return (1 - keep[[f"row {i}" for i in rows]].fillna(0.0)).clip(-1, 2).to_numpy()


def auroc_rows(s: Scoring) -> list[dict]:
    """AUROC rows of the scorecard: the real wiring, every control in the same terms, and the differences."""
    needed = scored_rows(s.evidence)
    positive, rows = needed.to_numpy(), needed.index
    sets = [s.cases[f"row {i}"][1] for i in rows]
    predictors = {
        "contacts of the removed cells": np.array([[total_contacts(s.circuit, cells) for cells in sets]]),
        "number of removed cells": np.array([[float(len(cells)) for cells in sets]]),
    }
    real = lost(s.keeps[s.default], rows, s.margin)
    out = []
    for neuron, keep in s.keeps.items():
        out.append(_row("auroc", neuron, "real wiring", lost(keep, rows, s.margin), positive, s.seed))
        out.append(_row("auroc_of_response", neuron, "real wiring", reduction(keep, rows), positive, s.seed))
    out += _shuffle_rows(s, real, rows, positive)
    for name, keep in s.controls.items():
        if "no neuron-neuron" in name:
            unwired = lost(keep, rows, s.margin)
            row = _row("auroc", s.default, "no neuron-neuron wiring", unwired, positive, s.seed)
            size = min(len(real), len(unwired))
            row["verdict"] += f"; the real wiring {_of_size(real, positive, size, s.seed):.2f} at {size} samples"
            out.append(row)
            out.append(_difference(s, "no neuron-neuron wiring", real, [unwired], positive))
    for control, scores in predictors.items():
        out.append(_row("auroc", "no model", control, scores, positive, s.seed))
        out.append(_difference(s, control, real, [scores], positive))
    return out + _variations(s, real, predictors, rows, positive)


def _shuffle_rows(s: Scoring, real: np.ndarray, rows: pd.Index, positive: np.ndarray) -> list[dict]:
    out = []
    for kind in SHUFFLES:
        scores = [lost(keep, rows, s.margin) for keep in s.shuffles(kind)]
        if not scores:
            continue
        size = min(len(real), *(len(x) for x in scores))
        values = np.array([_of_size(x, positive, size, s.seed) for x in scores])
        own = _of_size(real, positive, size, s.seed)
        said = f"the real wiring ranks {1 + int((values > own).sum())} of {1 + len(values)} ({own:.2f} at {size} samples)"
        if len(values) < s.planned[kind]:
            said += f"; {s.planned[kind] - len(values)} of {s.planned[kind]} shuffles accepted too few samples to be scored"
        out.append(
            {
                "metric": "auroc", "group": s.default, "control": f"{kind} shuffles", "value": values.mean(),
                "low": values.min(), "high": values.max(), "floor": 0.5, "ceiling": 1.0, "n": len(values), "verdict": said,
            }
        )  # fmt: skip
        out.append(_difference(s, f"{kind} shuffles", real, scores, positive))
    return out


def _variations(s: Scoring, real: np.ndarray, predictors: dict, rows: pd.Index, positive: np.ndarray) -> list[dict]:
    """The same score with one choice changed, so that nothing hangs on it unseen."""
    out = []
    contacts = predictors["contacts of the removed cells"]
    only = np.array([s.cases[f"row {i}"][0] == "ablate" for i in rows])
    if positive[only].any() and not positive[only].all():
        for group, control, x in ((s.default, "real wiring", real), ("no model", "contacts of the removed cells", contacts)):
            out.append(_row("auroc_ablated_cells_only", group, control, x[:, only], positive[only], s.seed))
    wider = scored_rows(s.evidence, also=("by construction",))
    if len(wider) > len(rows):
        scores = lost(s.keeps[s.default], wider.index, s.margin)
        out.append(_row("auroc_with_driven_rows", s.default, "real wiring", scores, wider.to_numpy(), s.seed))
    for k in np.flatnonzero(positive) if positive.sum() > 1 else ():
        left = np.arange(len(rows)) != k
        out.append(_row("auroc_without_one_needed_row", s.default, f"real wiring, without {rows[k]}", real[:, left], positive[left], s.seed))
    for other in MARGINS:
        if other != s.margin:
            scores = lost(s.keeps[s.default], rows, other)
            out.append(_row(f"auroc_margin_{other:g}", s.default, "real wiring", scores, positive, s.seed))
    return out


def _row(metric: str, group: str, control: str, scores: np.ndarray, positive: np.ndarray, seed: int) -> dict:
    mean = scores.mean(axis=0)
    value = auroc(mean, positive)
    low, high = newcombe_interval(value, int(positive.sum()), int((~positive).sum()))
    p = permutation_p(mean, positive, seed=seed)
    return {
        "metric": metric, "group": group, "control": control, "value": value, "low": low, "high": high, "floor": 0.5,
        "ceiling": 1.0, "n": len(positive), "verdict": f"{'above chance' if p < 0.05 else 'could be chance'}, p {p:.3f}",
    }  # fmt: skip


def _of_size(scores: np.ndarray, positive: np.ndarray, size: int, seed: int, draws: int = 200) -> float:
    """Mean AUROC of random subsets of `size` samples: a smaller ensemble is noisier and so scores less."""
    if len(scores) <= size:
        return auroc(scores.mean(axis=0), positive)
    rng = np.random.default_rng(seed)
    subsets = (scores[rng.choice(len(scores), size, replace=False)] for _ in range(draws))
    return float(np.mean([auroc(x.mean(axis=0), positive) for x in subsets]))


def _difference(s: Scoring, control: str, real: np.ndarray, others: list[np.ndarray], positive: np.ndarray) -> dict:
    """AUROC of the real wiring minus that of a control, over the same draws of rows and ensembles of the same size."""
    rng = np.random.default_rng(s.seed)
    yes, no = np.flatnonzero(positive), np.flatnonzero(~positive)
    simulated = [len(x) for x in others if len(x) > 1]
    size = min([len(real), *simulated])
    draws = np.empty(s.n_boot)
    for b in range(s.n_boot):
        rows = np.concatenate([rng.choice(yes, len(yes)), rng.choice(no, len(no))])
        other = others[rng.integers(len(others))]
        a, c = (x[rng.integers(len(x), size=min(size, len(x)))].mean(axis=0)[rows] for x in (real, other))
        draws[b] = auroc(a, positive[rows]) - auroc(c, positive[rows])
    low, high = np.quantile(draws, [0.025, 0.975])
    value = _of_size(real, positive, size, s.seed) - np.mean([_of_size(x, positive, size, s.seed) for x in others])
    said = "beats it" if low > 0 else "is beaten by it" if high < 0 else "does not beat it"
    return {
        "metric": "auroc_difference", "group": s.default, "control": f"real wiring minus {control}", "value": value, "low": low,
        "high": high, "floor": 0.0, "n": len(positive), "verdict": said,
    }  # fmt: skip


def verdict_rows(published: pd.DataFrame, default: str) -> list[dict]:
    """Sensitivity and specificity of the verdicts, beside the model that always says 'normal'."""
    rows = published[published["role"].isin(COUNTED)]
    hit = rows["result"] == "hit"
    needed = rows["role"] == "needed"
    out = []
    for metric, here, trivial in (("sensitivity", needed, 0.0), ("specificity", ~needed, 1.0)):
        out.append({"metric": metric, "group": default, "control": "real wiring", "value": float(hit[here].mean()), "floor": trivial,
                    "ceiling": 1.0, "n": int(here.sum()), "verdict": f"{int(hit[here].sum())} of {int(here.sum())}; always saying "
                    f"'normal' gets {trivial:g}"})  # fmt: skip
    value = float((hit[needed].mean() + hit[~needed].mean()) / 2)
    out.append({"metric": "balanced_accuracy", "group": default, "control": "real wiring", "value": value, "floor": 0.5,
                "ceiling": 1.0, "n": len(rows), "verdict": "always saying 'normal' gets 0.5"})  # fmt: skip
    return out


def acceptance_rows(ensembles: Mapping[str, Ensemble]) -> list[dict]:
    """Share of parameter samples whose intact animal does the behaviour, by wiring."""
    out = []
    for name, ensemble in ensembles.items():
        a = ensemble.acceptance()
        said = "" if a["used"] >= LEAST_SAMPLES else "too few: nothing is predicted with this wiring"
        out.append({"metric": "acceptance_rate", "group": name, "value": a["rate"], "low": a["low"], "high": a["high"],
                    "floor": 0.0, "ceiling": 1.0, "n": a["candidates"], "verdict": said})  # fmt: skip
    return out


def published_table(s: Scoring, ranking: pd.DataFrame, driven: set[str]) -> pd.DataFrame:
    """Every published row beside what the model says, misses included; those that cannot be scored last, with the reason."""
    keep = s.keeps[s.default]
    table = summarise(keep, s.margin)
    shuffled = [summarise(k, s.margin)["p_lost"] for k in s.shuffles("degree")]
    others = ranking[~ranking["driven by the assay"]]["p_lost"]
    out = []
    for i, row in s.evidence.iterrows():
        entry = dict(row.drop(["source", "note"])) | {"id": i}
        case = f"row {i}"
        if case in table.index:
            cells = s.cases[case][1]
            said, _ = verdict(keep[case].to_numpy(), keep[FRESH].to_numpy(), s.margin)
            entry |= {
                "p_lost": table.loc[case, "p_lost"],
                "low": table.loc[case, "low"],
                "high": table.loc[case, "high"],
                "response left": table.loc[case, "keep_mean"],
                "model says": said,
                "result": _result(row["role"], said),
                "removed": len(cells),
                "driven cells removed": f"{len(driven & set(cells))} of {len(driven)}",
                "p_lost, degree shuffles": float(np.mean([x[case] for x in shuffled])) if shuffled else np.nan,
                "cells and classes above": int((others > table.loc[case, "p_lost"]).sum()),
            }
            for neuron, k in list(s.keeps.items())[1:]:
                entry[f"p_lost, {neuron}"] = summarise(k[[case]], s.margin).loc[case, "p_lost"]
        out.append(entry | {"source": row["source"], "note": row["note"]})
    frame = pd.DataFrame(out)
    order = {"needed": 0, "not needed": 1, "by construction": 2, "not expressible": 3, "uncertain": 4}
    frame["order"] = frame["role"].map(order)
    frame = frame.sort_values(["order", "p_lost"], ascending=[True, False], kind="stable").drop(columns="order")
    return frame[["id", *(c for c in frame.columns if c != "id")]].reset_index(drop=True)


def _result(role: str, said: str) -> str:
    if said == "no prediction":
        return "no prediction"
    right = (said in ("lost", "impaired")) == (role != "not needed")
    if role == "by construction":
        return "not scored" + ("" if right else ", and missed")
    return "hit" if right else "miss"

"""The runs of a study of states, pure functions of plain JSON, and what they say of a direction."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from ..metrics.proportion import wilson
from ..perturbations import Ablate, Stimulate
from ..screen import setting, trials
from ..variants import Variants

DIRECTIONS = ("down", "same", "up")


def respond(spec: dict) -> pd.DataFrame:
    """Responses of accepted samples in the two conditions of a comparison, and in the first of them under other noise.

    Parameters
    ----------
    spec : dict
        ``assay, circuit, wiring, neuron, parameters, seed, samples`` (numbers) and ``conditions``: "reference" and "case",
        each with ``state, without, shuffle, ablate, drive``.

    Returns
    -------
    DataFrame
        ``sample, reference, case, fresh``; responses in mV, not-a-number where a variant ran away.
    """
    out = {"sample": np.asarray(spec["samples"])}
    for label, condition in spec["conditions"].items():
        state = {k: condition[k] for k in ("state", "without", "shuffle")}
        assay, model = setting({**spec, "state": state})
        model = model.perturbed(*assay.stimulus(model.neuron))
        if condition["drive"]:
            how = {"rate_Hz": "rate_drive_Hz", "size_pA": "size_drive_pA"} if model.neuron.threshold else {"g_nS": "g_drive_nS"}
            model = model.perturbed(Stimulate(*condition["drive"], **how))
        if condition["ablate"]:
            model = model.perturbed(Ablate(*condition["ablate"]))
        first = min(spec["samples"])
        samples = model.sample(max(spec["samples"]) - first + 1, spec["seed"], first).take(spec["samples"])
        numbers = (0, 1) if label == "reference" else (0,)
        variants = Variants.cross(samples, seeds=(spec["seed"],), trials=numbers)
        response = trials(spec)(assay, model, variants).reshape(len(samples), -1)
        out[label] = response[:, 0]
        if label == "reference":
            out["fresh"] = response[:, 1]
    return pd.DataFrame(out)


def directions(found: Iterable[tuple[dict, pd.DataFrame]], margin: float, least: int) -> pd.DataFrame:
    """In which direction the case differs from its reference, over the samples of each ensemble.

    Parameters
    ----------
    found : iterable of (dict, DataFrame)
        What an ensemble is (``neuron, arm, seed, comparison``), and its responses: ``sample, reference, case, fresh``. One in which no
        animal did the behaviour is empty and predicts nothing.
    margin : float
        Share of the reference below which a difference is none.
    least : int
        With fewer samples there is no prediction.

    Returns
    -------
    DataFrame
        One row a ``neuron, arm, seed, comparison``: ``n``; for each direction its share and 95 % interval (``down, down_low,
        down_high, ...``), the share by noise alone (``down_fresh``); ``ran_away``; ``change`` (median, as a share of the reference);
        ``predicted``.
    """
    rows = []
    for key, group in found:
        row = {**key, "n": len(group)}
        ways = {which: _way(group["reference"].to_numpy(float), group[which].to_numpy(float), margin) for which in ("case", "fresh")}
        predicted = "no prediction"
        for direction in DIRECTIONS:
            k = (ways["case"] == direction).sum()
            low, high = (float(x) for x in wilson(k, len(group)))
            row |= {direction: k / len(group) if len(group) else np.nan, f"{direction}_low": low, f"{direction}_high": high,
                    f"{direction}_fresh": float((ways["fresh"] == direction).mean()) if len(group) else np.nan}
            if low > 0.5 and len(group) >= least:
                predicted = direction
        change = (group["case"] - group["reference"]) / group["reference"].abs()
        rows.append(row | {"change": float(change.median()), "ran_away": int(group["case"].isna().sum()), "predicted": predicted})
    return pd.DataFrame(rows)


def _way(reference: np.ndarray, other: np.ndarray, margin: float) -> np.ndarray:
    """Direction of each sample; empty where it ran away."""
    change = other - reference
    way = np.where(change < -margin * np.abs(reference), "down", np.where(change > margin * np.abs(reference), "up", "same"))
    return np.where(np.isnan(change), "", way)

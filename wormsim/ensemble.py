"""Ensemble: parameter samples that a wiring accepts, and what becomes of them when cells are removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .fitted import FittedEnsemble
from .metrics.proportion import wilson
from .screen import FRESH, INTACT, find_samples, remove_cells

if TYPE_CHECKING:
    from .runner import Runner

LEAST_SAMPLES = 16
CHUNK_CANDIDATES = 32
CHUNK_SAMPLES = 2


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Accepted samples of one wiring and one neuron model.

    Attributes
    ----------
    setting : dict
        assay, circuit, wiring, neuron, parameters, seed.
    candidates : DataFrame
        All that were tried (see :func:`wormsim.screen.find_samples`).
    accepted : list of int
        Sample numbers, the first that were accepted.
    """

    setting: dict
    candidates: pd.DataFrame
    accepted: list[int]

    @property
    def acceptance_rate(self) -> float:
        """Share of the candidates that were accepted."""
        return float(self.candidates["accepted"].mean())

    def acceptance(self) -> dict:
        """Counts, and why candidates were turned down."""
        c = self.candidates
        low, high = wilson(c["accepted"].sum(), len(c))
        return {
            "candidates": len(c),
            "accepted": int(c["accepted"].sum()),
            "used": len(self.accepted),
            "rate": self.acceptance_rate,
            "low": float(low),
            "high": float(high),
            "no response": int((~c["responds"] & ~c["ran_away"]).sum()),
            "not every time": int((c["responds"] & ~c["reliable"] & ~c["ran_away"]).sum()),
            "unasked": int((c["reliable"] & ~c["accepted"] & ~c["ran_away"]).sum()),
            "ran away": int(c["ran_away"].sum()),
        }


def accept(setting: Mapping, wanted: int, most: int, runner: Runner, stage: str) -> Ensemble:
    """Try candidates in order until `wanted` are accepted or `most` have been tried.

    The first `wanted` accepted sample numbers are kept, whatever the size of the batches.
    """
    if "fitted" in setting:  # all there are
        most = min(most, len(FittedEnsemble.load(setting["fitted"])))
    tables: list[pd.DataFrame] = []
    tried = 0
    batch = max(2 * CHUNK_CANDIDATES, wanted)
    while tried < most:
        stop = min(tried + batch, most)
        specs = [
            {**setting, "first": first, "n": min(CHUNK_CANDIDATES, stop - first)}
            for first in range(tried, stop, CHUNK_CANDIDATES)
        ]
        tables += runner.map(find_samples, specs, stage)
        tried = stop
        found = int(sum(t["accepted"].sum() for t in tables))
        if found >= wanted:
            break
        # As many more as the rate so far calls for, so that a low rate does not cost one round after another.
        batch = min(8 * batch, max(batch, int(1.2 * (wanted - found) * tried / max(found, 1))))
    candidates = pd.concat(tables, ignore_index=True)
    return Ensemble(
        dict(setting), candidates, candidates.loc[candidates["accepted"], "sample"].tolist()[:wanted]
    )


def screen(
    ensemble: Ensemble, cases: Mapping[str, tuple[str, list[str]]], runner: Runner, stage: str
) -> pd.DataFrame:
    """`keep` of every accepted sample (rows) and case (columns), the intact animals included."""
    specs = [
        {
            **ensemble.setting,
            "samples": ensemble.accepted[k : k + CHUNK_SAMPLES],
            "cases": {label: [kind, list(cells)] for label, (kind, cells) in cases.items()},
        }
        for k in range(0, len(ensemble.accepted), CHUNK_SAMPLES)
    ]
    long = pd.concat(runner.map(remove_cells, specs, stage), ignore_index=True)
    wide = long.pivot(index="sample", columns="case", values="keep")
    return wide.loc[ensemble.accepted, [INTACT, FRESH, *cases]]


def summarise(keep: pd.DataFrame, margin: float) -> pd.DataFrame:
    """For every case: chance that the behaviour is lost, with Wilson's interval, and the response that is left.

    Parameters
    ----------
    keep : DataFrame, shape (S, cases)
        A sample that ran away counts as lost.
    margin : float
        A response below this share of the intact one is a lost behaviour.

    Returns
    -------
    DataFrame
        Indexed by case: ``p_lost, low, high, keep_mean, keep_low, keep_high`` (keep: mean, and 2.5 and 97.5 %
        quantiles over samples), ``n, ran_away``.
    """
    lost = ~(keep >= margin)
    low, high = wilson(lost.sum(), len(keep))
    quantiles = keep.quantile([0.025, 0.975])
    return pd.DataFrame(
        {
            "p_lost": lost.mean(),
            "low": low,
            "high": high,
            "keep_mean": keep.mean(),
            "keep_low": quantiles.loc[0.025],
            "keep_high": quantiles.loc[0.975],
            "n": len(keep),
            "ran_away": keep.isna().sum(),
        },
        index=keep.columns,
    )


def verdict(keep: np.ndarray, fresh: np.ndarray, margin: float, least: int = LEAST_SAMPLES) -> tuple[str, dict]:
    """What a model says of a behaviour after a manipulation: lost, impaired, normal, enhanced or no prediction.

    Parameters
    ----------
    keep, fresh : ndarray, shape (S,)
        Response left after the manipulation, and of the intact animal under other noise, as shares of the intact
        response.
    margin : float
    least : int
        With fewer samples there is no prediction.

    Notes
    -----
    Success is ``keep >= margin``. Lost: the interval of the success rate lies below one half. Impaired: it lies below
    that of the intact animal. Enhanced: the response grows by a quarter or more in at least three of four samples. No
    prediction: too few samples, or an interval wider than 0.4 that decides nothing.
    """
    n = len(keep)
    low, high = (float(x) for x in wilson((keep >= margin).sum(), n))
    intact_low, intact_high = (float(x) for x in wilson((fresh >= margin).sum(), n))
    share, intact = (float((x >= margin).mean()) if n else None for x in (keep, fresh))
    numbers = {
        "intact": {"value": intact, "low": intact_low, "high": intact_high},
        "ablated": {"value": share, "low": low, "high": high},
    }
    if n < least:
        return "no prediction", numbers
    if high < 0.5:
        return "lost", numbers
    if high < intact_low:
        return "impaired", numbers
    if high - low > 0.4:
        return "no prediction", numbers
    if np.mean(keep >= 1.25) >= 0.75:
        return "enhanced", numbers
    return "normal", numbers

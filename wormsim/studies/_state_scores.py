"""Published against predicted directions of change: for each state and observable, the share of networks that change the published way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
import pandas as pd

from ..metrics.proportion import wilson
from ._state_actions import NONE_STATED, OBSERVABLES, SAME, STOPPED

_COLUMN = {"period": "period_ms", "PD": "rate_Hz_ABPD", "LP": "rate_Hz_LP", "PY": "rate_Hz_PY", "LP_onset": "on_LP", "PY_onset": "on_PY",
           "LP_PY_overlap": "overlap"}
_OF_THE_CYCLE = ("LP_onset", "PY_onset", "LP_PY_overlap")
LOST, UNDEFINED = "lost", "undefined"
COLUMNS = ("id", "state", "certainty", "observable", "published", "share", "networks", "down", "same", "up", "lost", "median_change")
CHANCE = 1 / 3  # of three directions: one, the other, the same


def directions(before: pd.DataFrame, after: pd.DataFrame, observable: str, least_change: float, least_phase: float) -> np.ndarray:
    """Direction of change of one observable in each network, as text.

    Parameters
    ----------
    before, after : DataFrame
        Measures (see ``_pyloric_networks.measures``), a row a network, in the same order.
    observable : str
        A key of ``OBSERVABLES``.
    least_change, least_phase : float
        A smaller change is "same": share of the value before (period, firing), share of the cycle (phases).

    Returns
    -------
    ndarray of str
        One of the observable's two directions, "same", "lost" (there before, not after: a rhythm, a burst) or "undefined" (not there
        before).
    """
    a, b = (frame[_COLUMN[observable]].to_numpy(float) for frame in (before, after))
    down, up = OBSERVABLES[observable]
    least = least_phase if observable in _OF_THE_CYCLE else least_change * np.abs(a)
    with np.errstate(invalid="ignore"):
        found = np.select([b - a > least, a - b > least], [up, down], SAME)
    found = np.where(np.isnan(b), LOST, found)
    return np.where(np.isnan(a), UNDEFINED, found)


def as_published(found: np.ndarray, published: str) -> np.ndarray:
    """Which directions are the published one; "longer or stopped" takes both."""
    return np.isin(found, ("longer", LOST) if published == STOPPED else (published,))


def statements(states: pd.DataFrame, scored_only: bool = True) -> list[tuple[str, str, str]]:
    """(state id, observable, published direction) of all that is stated and that the model can do; `scored_only`: not the uncertain."""
    return [(i, observable, row[observable]) for i, row in states.iterrows() if row["actions"]
            if not scored_only or row["certainty"] != "uncertain"
            for observable in OBSERVABLES if row[observable] != NONE_STATED]


def shares(states: pd.DataFrame, runs: dict[str, pd.DataFrame], before: pd.DataFrame, least_change: float, least_phase: float,
           scored_only: bool = True) -> pd.DataFrame:
    """For each statement the share of networks that change as published, and the shares of every direction.

    Parameters
    ----------
    states : DataFrame
    runs : dict of str to DataFrame
        State id -> measures; states that are not in it are left out.
    before : DataFrame
        Measures without any action.

    Returns
    -------
    DataFrame
        :data:`COLUMNS`; networks: those in which the observable is there before; median_change: of the value, for phases of the cycle.
    """
    rows = []
    for i, observable, published in statements(states, scored_only):
        if i not in runs:
            continue
        found = directions(before, runs[i], observable, least_change, least_phase)
        there = found != UNDEFINED
        n = int(there.sum())
        down, up = OBSERVABLES[observable]
        column = _COLUMN[observable]
        change = runs[i][column].to_numpy(float) - before[column].to_numpy(float)
        if observable not in _OF_THE_CYCLE:
            base = before[column].to_numpy(float)
            change = np.divide(change, base, out=np.full(len(base), np.nan), where=base > 0)
        change = change[np.isfinite(change)]
        rows.append({"id": i, "state": states.loc[i, "state"], "certainty": states.loc[i, "certainty"],
                     "observable": observable, "published": published,
                     "share": float(as_published(found[there], published).mean()) if n else np.nan, "networks": n,
                     **{name: float((found[there] == of).mean()) if n else np.nan
                        for name, of in (("down", down), ("same", SAME), ("up", up), ("lost", LOST))},
                     "median_change": float(np.median(change)) if len(change) else np.nan})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def overall(table: pd.DataFrame) -> dict[str, float]:
    """Mean share over statements, and statements that hold in most of the networks, with Wilson's interval."""
    share = table["share"].dropna()
    most = int((share > 0.5).sum())
    low, high = wilson(most, len(share))
    return {"mean_share": float(share.mean()) if len(share) else np.nan, "most": most, "n": len(share),
            "value": most / len(share) if len(share) else np.nan, "low": float(low), "high": float(high)}


def constant_guess(stated: Iterable[tuple[str, str, str]]) -> tuple[int, int]:
    """How many statements the guess hits that each observable always changes in the direction most often published, of how many."""
    stated = list(stated)
    by_observable: dict[str, Counter] = {}
    for _, observable, published in stated:
        by_observable.setdefault(observable, Counter())["longer" if published == STOPPED else published] += 1
    return sum(c.most_common(1)[0][1] for c in by_observable.values()), len(stated)


def no_change_guess(stated: Iterable[tuple[str, str, str]]) -> tuple[int, int]:
    """How many statements the guess hits that nothing changes, of how many."""
    stated = list(stated)
    return sum(published == SAME for _, _, published in stated), len(stated)


def state_rows(states: pd.DataFrame, table: pd.DataFrame, moved: pd.DataFrame, networks: int) -> list[dict]:
    """A row of the scorecard for every state: scored ones with their share, the others with the reason why not.

    Parameters
    ----------
    states, table
        Table of states; shares of all statements, uncertain ones too.
    moved : DataFrame
        Shares with the actions on other cells: the control of each state.
    """
    rows = []
    for i, state in states.iterrows():
        here = table[table["id"] == i]
        row = {"metric": "published_direction", "group": state["state"], "value": np.nan, "n": networks}
        if not state["actions"]:
            rows.append(row | {"n": None, "verdict": "not in the model: no current or connection is named"})
            continue
        if here.empty:
            rows.append(row | {"verdict": f"{state['certainty']}: no direction stated"})
            continue
        said = "; ".join(f"{s.observable} {s.published} in {s.share:.2f}" for s in here.itertuples())
        if state["certainty"] == "uncertain":
            rows.append(row | {"verdict": f"uncertain, not scored ({said})"})
            continue
        value, n = float(here["share"].mean()), int(here["networks"].min())
        low, high = wilson(value * n, n)
        control = moved.loc[moved["id"] == i, "share"].mean()
        rows.append(row | {"value": value, "low": float(low), "high": float(high), "floor": CHANCE, "ceiling": 1.0, "n": n,
                           "control": "" if np.isnan(control) else f"{control:.3f}",
                           "verdict": f"{int((here['share'] > 0.5).sum())} of {len(here)} as published in most networks: {said}"})
    return rows


def agreement(table: pd.DataFrame) -> dict[str, int]:
    """How far networks that make the same rhythm agree: statements that hold in nearly all (> 0.9), in some, in nearly none (< 0.1)."""
    share = table["share"].dropna()
    return {"nearly all": int((share > 0.9).sum()), "some": int(((share >= 0.1) & (share <= 0.9)).sum()),
            "nearly none": int((share < 0.1).sum())}

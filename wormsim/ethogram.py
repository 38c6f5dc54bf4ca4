"""What a crawling or swimming animal does at every time, from its places alone: one file of rules, each with its source.

===========  ==========================================================================================================
state        rule
===========  ==========================================================================================================
failed       the frame is not a number: the animal failed, nothing else is said of it
omega        the nose comes within 0.35 body lengths of the tail (chosen here) while a bend of more than 30 degrees passes from
             head to tail (Yemini et al. 2013 Nat Methods 10:877, supplement; :mod:`wormsim.metrics.turns` says in what it differs);
             omega and delta turns are not told apart
turn         the nose comes that near without such a bend: a coil, or a turn begun and not gone through (chosen here)
forward      faster than 5 % of the body length a second towards the head, with interruptions of a quarter of a second at most,
             for more than half a second, and over at least 5 % of the body length (Yemini et al. 2013)
reversal     the same towards the tail (Yemini et al. 2013, "backward motion")
pause        slower than 2.5 % of the body length a second either way, with the same interruptions, for more than half a second
             (Yemini et al. 2013)
other        none of these: motion that the rules leave ambiguous (Yemini et al. 2013 leave it without a state as well)
===========  ==========================================================================================================

An upper row wins over a lower one. The rules of Yemini et al. were read in the documentation of the Open Worm Analysis Toolbox
(certainty high); theirs use the velocity of the middle of the body over at least half a second, ours that of its centre over half
a second. A male's behaviour with a mate has rules of its own, elsewhere.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from .errors import InputError
from .metrics.gait import checked, segments_mm, signed_velocity_mm_s
from .metrics.turns import close_gaps, deep_turns, runs

if TYPE_CHECKING:
    import pandas as pd

#: States by code: `states` gives places in this tuple.
STATES = ("failed", "other", "forward", "reversal", "pause", "turn", "omega")

# Yemini et al. 2013 Nat Methods 10:877, supplement (certainty high): body lengths a second, body lengths, seconds.
MOVING_PER_S, PAUSED_PER_S = 0.05, 0.025
LEAST_PATH = 0.05
LEAST_S, GAP_S = 0.5, 0.25

COLUMNS = ("variant", "state", "start_s", "stop_s", "path_mm", "whole")


def states(x_mm, y_mm, dt_s: float) -> np.ndarray:
    """State at every frame.

    Parameters
    ----------
    x_mm, y_mm : array_like, shape (time, node) or (variant, time, node)
    dt_s : float
        Between frames; at most 0.25 s, the shortest time that a rule speaks of.

    Returns
    -------
    ndarray of int8, shape (time,) or (variant, time)
        Places in :data:`STATES`.

    Raises
    ------
    InputError
        Shapes that do not fit, or frames too far apart for the rules.
    """
    x, y = checked(x_mm, y_mm, dt_s)
    _check_step(dt_s)
    if x.ndim == 2:
        return _animal(x, y, dt_s)[0]
    return np.stack([_animal(*animal, dt_s)[0] for animal in zip(x, y, strict=True)])


def _check_step(dt_s: float) -> None:
    if dt_s > GAP_S:
        raise InputError(f"dt_s = {dt_s}: the rules of the ethogram need frames at most {GAP_S} s apart; record more often")


def _animal(x: np.ndarray, y: np.ndarray, dt_s: float) -> tuple[np.ndarray, np.ndarray]:
    """States and velocity of one animal up to its first frame that is not a number; from there on it has failed."""
    bad = np.flatnonzero(~(np.isfinite(x).all(axis=1) & np.isfinite(y).all(axis=1)))
    alive = int(bad[0]) if len(bad) else len(x)
    state, velocity = np.full(len(x), STATES.index("failed"), np.int8), np.full(len(x), np.nan)
    if alive < 3:
        return state, velocity
    x, y = x[:alive], y[:alive]
    velocity[:alive] = signed_velocity_mm_s(x, y, dt_s)
    state[:alive] = _states(x, y, velocity[:alive], dt_s)
    return state, velocity


def _states(x: np.ndarray, y: np.ndarray, velocity_mm_s: np.ndarray, dt_s: float) -> np.ndarray:
    found = np.full(len(x), STATES.index("other"), np.int8)
    per_s = velocity_mm_s / float(segments_mm(x, y)[2].sum(axis=1).mean())
    gap = round(GAP_S / dt_s)
    for state, flag, path in (
        ("forward", per_s > MOVING_PER_S, LEAST_PATH),
        ("reversal", per_s < -MOVING_PER_S, LEAST_PATH),
        ("pause", np.abs(per_s) < PAUSED_PER_S, 0.0),
    ):
        for a, b in runs(close_gaps(flag, gap)):
            if (b - a) * dt_s > LEAST_S and abs(np.nansum(per_s[a:b])) * dt_s >= path:
                found[a:b] = STATES.index(state)
    for a, b, passes in deep_turns(x, y):
        found[a : b + 1] = STATES.index("omega" if passes else "turn")
    return found


def events(x_mm, y_mm, dt_s: float) -> pd.DataFrame:
    """The stretches of one state, one row each.

    Parameters
    ----------
    x_mm, y_mm : array_like, shape (time, node) or (variant, time, node)
    dt_s : float

    Returns
    -------
    DataFrame
        Columns ``variant`` (place along the axis), ``state``, ``start_s``, ``stop_s``, ``path_mm`` (signed, towards the head) and
        ``whole``: whether the stretch begins and ends within the recording, so that its duration can be counted.
    """
    import pandas as pd

    x, y = checked(x_mm, y_mm, dt_s)
    _check_step(dt_s)
    rows = []
    for variant, animal in enumerate(zip(x, y, strict=True) if x.ndim == 3 else [(x, y)]):
        codes, v = _animal(*animal, dt_s)
        for a, b in pairwise([0, *(np.flatnonzero(np.diff(codes)) + 1), len(codes)]):
            name = STATES[codes[a]]
            after = STATES[codes[b]] if b < len(codes) else "end"
            path = float(np.nansum(v[a:b]) * dt_s) if name != "failed" else float("nan")
            rows.append((variant, name, a * dt_s, b * dt_s, path, a > 0 and after not in ("end", "failed")))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"variant": int, "whole": bool})


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Rates, durations and shares of an animal, one row a variant.

    Parameters
    ----------
    table : DataFrame
        Of :func:`events`.

    Returns
    -------
    DataFrame
        Index ``variant``; ``recorded_s`` (without what comes after a failure), ``failed``, ``share_STATE`` of the recorded time,
        ``reversals_per_min``, ``reversal_s`` and ``reversal_mm`` (medians of whole reversals; the path is positive),
        ``omegas_per_min``, ``omega_s``, and ``forward_mm_s``, the mean velocity while forward. Not-a-number where there is none.
    """
    import pandas as pd

    rows = {}
    for variant, own in table.groupby("variant"):
        took = own["stop_s"] - own["start_s"]
        alive = own["state"] != "failed"
        recorded = float(took[alive].sum())
        row: dict[str, float | bool] = {"recorded_s": recorded, "failed": bool((~alive).any())}
        for state in STATES[1:]:
            row[f"share_{state}"] = float(took[own["state"] == state].sum() / recorded) if recorded else float("nan")
        for state, name in (("reversal", "reversal"), ("omega", "omega")):
            its = own["state"] == state
            whole = its & own["whole"]
            row[f"{name}s_per_min"] = float(its.sum() / recorded * 60) if recorded else float("nan")
            row[f"{name}_s"] = float(took[whole].median())
            if state == "reversal":
                row["reversal_mm"] = float(-own["path_mm"][whole].median())
        forward = own["state"] == "forward"
        row["forward_mm_s"] = float(own["path_mm"][forward].sum() / took[forward].sum()) if forward.any() else float("nan")
        rows[variant] = row
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("variant")

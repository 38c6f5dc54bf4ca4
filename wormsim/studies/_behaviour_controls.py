"""Scorecard of the closed-loop ablations: the real wiring, guesses without a model, and other wirings, over the same published rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..behaviour_evidence import ASSUMED, BY_CONSTRUCTION, SCORED, case_of, clusters, weights
from ..effects import CATEGORIES, NO_PREDICTION, NORMAL
from ..errors import InputError
from ..metrics.balanced_accuracy import balanced_accuracy, bootstrap_interval, chance, difference_interval
from ..metrics.proportion import wilson
from ._behaviour_scores import CHANGED, CONTACTS, LEAST_COMPARED, REAL, Scoring, as_change, pair_table

ALL = "all behaviours"
EXACT, BINARY = "balanced_accuracy", "balanced_accuracy_changed"


def score_rows(s: Scoring, verdicts: pd.DataFrame) -> list[dict]:
    """Rows of the scorecard (see :data:`wormsim.studies.SCORE_COLUMNS`).

    Parameters
    ----------
    s : Scoring
    verdicts : DataFrame
        From :func:`wormsim.studies._behaviour_scores.verdict_table`.

    Raises
    ------
    InputError
        No line that is scored.
    """
    lines = s.lines(SCORED)
    if lines.empty:
        raise InputError("none of the published rows has the role 'scored'")
    said = _said(verdicts, lines, "model says")
    out = []
    for group, here in _groups(lines):
        out += [_row(s, metric, group, REAL, lines[here], said[here]) for metric in (EXACT, BINARY)]
    out += _variations(s, verdicts, lines, said)
    out += _apart(verdicts)
    out += _guesses(s, lines)
    out += _contacts(s, lines, _said(verdicts, lines, "median says"))
    for control, names in s.controls().items():
        out += _wirings(s, lines, control, names)
    return out


def contact_guess(contacts, changed, groups, weight=None) -> np.ndarray:
    """Changed or normal, from the number of contacts alone: more than a threshold is changed.

    The threshold of each line is the one that does best on the lines of all other groups (of equally good ones the middle one), so that
    no line has a part in its own.

    Parameters
    ----------
    contacts : array_like, shape (R,)
        NaN: no prediction, and no part in any threshold.
    changed : array_like of bool, shape (R,)
    groups : array_like, shape (R,)
        See :func:`wormsim.behaviour_evidence.clusters`.
    weight : array_like, shape (R,), optional
        What each line counts while a threshold is looked for.
    """
    x, y, g = np.asarray(contacts, float), np.asarray(changed, bool), np.asarray(groups)
    w = np.ones(len(x)) if weight is None else np.asarray(weight, float)
    out = np.full(len(x), NO_PREDICTION, object)
    for group in np.unique(g):
        here, others = g == group, (g != group) & np.isfinite(x)
        if not others.any():
            continue
        steps = np.unique(x[others])
        thresholds = np.r_[-np.inf, (steps[1:] + steps[:-1]) / 2, np.inf]
        truth = np.where(y[others], CHANGED, NORMAL)
        scores = [balanced_accuracy(truth, np.where(x[others] > t, CHANGED, NORMAL), w[others]) for t in thresholds]
        best = np.flatnonzero(np.isclose(scores, max(scores)))
        threshold = thresholds[best[len(best) // 2]]
        out[here] = np.where(np.isnan(x[here]), NO_PREDICTION, np.where(x[here] > threshold, CHANGED, NORMAL))
    return out


def _said(verdicts: pd.DataFrame, lines: pd.DataFrame, column: str) -> np.ndarray:
    return verdicts.set_index("id").loc[lines.index, column].to_numpy(object)


def _groups(lines: pd.DataFrame) -> list[tuple[str, np.ndarray]]:
    names = lines["behaviour"].to_numpy(object)
    return [(ALL, np.ones(len(lines), bool)), *((name, names == name) for name in dict.fromkeys(names))]


def _classes(metric: str, lines: pd.DataFrame, said) -> tuple[np.ndarray, np.ndarray]:
    expected, said = lines["expected"].to_numpy(object), np.asarray(said, object)
    return (expected, said) if metric.startswith(EXACT) and not metric.startswith(BINARY) else as_change(expected, said)


def _row(s: Scoring, metric: str, group: str, control: str, lines: pd.DataFrame, said) -> dict:
    truth, guess = _classes(metric, lines, said)
    weight, of = weights(lines.index), clusters(lines)
    low, high = bootstrap_interval(truth, guess, of, weight, draws=s.draws, seed=s.seed)
    floor = chance(truth)
    hits, undecided = int((truth == guess).sum()), int((guess == NO_PREDICTION).sum())
    text = f"{hits} of {len(lines)} lines right" + (f", {undecided} without a prediction" if undecided else "")
    if floor == 1:
        text += f"; only {truth[0]!r} is expected here: always saying it gets 1"
    else:
        text += "; above chance" if low > floor else "; below chance" if high < floor else "; could be chance"
    return {"metric": metric, "group": group, "control": control, "value": balanced_accuracy(truth, guess, weight), "low": low,
            "high": high, "floor": floor, "ceiling": 1.0, "n": len(lines), "verdict": text}


def _variations(s: Scoring, verdicts: pd.DataFrame, lines: pd.DataFrame, said: np.ndarray) -> list[dict]:
    """The headline with one choice changed, so that nothing hangs on it unseen."""
    medians = _said(verdicts, lines, "median says")
    out = [_row(s, f"{metric}_of_medians", ALL, REAL, lines, medians) for metric in (EXACT, BINARY)]
    decided = said != NO_PREDICTION
    found = (lines["provenance"] == "found").to_numpy()
    for name, here in (("decided_only", decided), ("found_in_source_only", found)):
        if here.any() and not here.all():
            out.append(_row(s, f"{BINARY}_{name}", ALL, REAL, lines[here], said[here]))
    wider = s.lines(SCORED, ASSUMED)
    if len(wider) > len(lines):
        out.append(_row(s, f"{BINARY}_with_assumed", ALL, REAL, wider, _said(verdicts, wider, "model says")))
    return out


def _apart(verdicts: pd.DataFrame) -> list[dict]:
    """What is never in the headline: lines true by construction, and pairs that test whether a loss is specific."""
    out = []
    built = verdicts[verdicts["role"] == BY_CONSTRUCTION]
    if len(built):
        truth, guess = as_change(built["expected"], built["model says"])
        out.append({"metric": "by_construction_as_expected", "group": ALL, "control": REAL, "value": float((truth == guess).mean()),
                    "ceiling": 1.0, "n": len(built), "verdict": "a check of the assays, no evidence for the wiring"})
    pairs = pair_table(verdicts)
    if len(pairs):
        right = int((pairs["result"] == "hit").sum())
        low, high = wilson(right, len(pairs))
        out.append({"metric": "specific_pairs", "group": ALL, "control": REAL, "value": right / len(pairs), "low": float(low),
                    "high": float(high), "floor": 0.0, "ceiling": 1.0, "n": len(pairs),
                    "verdict": f"{right} of {len(pairs)} pairs right; always saying the same gets none; pairs share cells, so that the "
                               "interval is too narrow"})
    return out


def _guesses(s: Scoring, lines: pd.DataFrame) -> list[dict]:
    """What one word for all lines scores, and how many lines it gets."""
    weight = pd.Series(weights(lines.index), index=lines["expected"]).groupby(level=0).sum()
    commonest = max(CATEGORIES, key=lambda name: weight.get(name, 0.0))
    return [_row(s, metric, ALL, control, lines, np.full(len(lines), word, object)) for metric in (EXACT, BINARY)
            for control, word in ((f"always {NORMAL!r}", NORMAL), (f"the commonest guess, always {commonest!r}", commonest))]


def _contacts(s: Scoring, lines: pd.DataFrame, medians: np.ndarray) -> list[dict]:
    contacts = np.array([s.contacts.get(case_of(row), np.nan) for _, row in lines.iterrows()])
    counted = np.isfinite(contacts)
    if not counted.any():
        return []
    lines, medians = lines[counted], medians[counted]
    expected = lines["expected"].to_numpy(object)
    guess = contact_guess(contacts[counted], expected != NORMAL, clusters(lines), weights(lines.index))
    # it knows no direction: whenever it says changed it is given the published one
    said = np.where(guess == CHANGED, np.where(expected == NORMAL, CATEGORIES[0], expected), guess)
    out = [_row(s, BINARY, group, CONTACTS, lines[here], said[here]) for group, here in _groups(lines)]
    return [*out, _difference(s, BINARY, CONTACTS, lines, medians, [said])]


def _wirings(s: Scoring, lines: pd.DataFrame, control: str, names: Sequence[str]) -> list[dict]:
    """A control wiring, or the shuffles of a kind, by medians, beside the real wiring cut to as many individuals."""
    planned = max(s.planned.get(control, 1), len(names))
    if planned == 0:
        return [_unscored(control, "no such wiring took part: nothing here says what it would have scored")]
    if names == [control] and len(s.individuals(control)) < LEAST_COMPARED:
        return [_unscored(control, f"{len(s.individuals(control))} individuals: with fewer than {LEAST_COMPARED} it is not scored")]
    scored = [name for name in names if len(s.individuals(name)) >= LEAST_COMPARED]
    lost = f"{planned - len(scored)} of {planned} could not be calibrated to {LEAST_COMPARED} individuals and are not scored"
    if not scored:
        return [_unscored(control, lost)]
    ran = np.logical_and.reduce([s.ran(name, lines) for name in scored])
    if not ran.any():
        return [_unscored(control, "ran none of the scored lines")]
    lines, left_out = lines[ran], int((~ran).sum())
    size = min(len(s.individuals(name)) for name in (REAL, *scored))
    real = np.array([e.leaning for e in s.effects(REAL, lines, size)], object)
    others = [np.array([e.leaning for e in s.effects(name, lines, size)], object) for name in scored]
    out = []
    for metric in (EXACT, BINARY):
        for group, here in _groups(lines):
            rows = [_row(s, metric, group, control, lines[here], said[here]) for said in others]
            note = f"; {left_out} lines that it did not run are left out" if left_out else ""
            if len(rows) == 1 and planned == 1:
                out.append(rows[0] | {"verdict": f"{rows[0]['verdict']}; by medians of {size} individuals{note}"})
                continue
            values = np.array([row["value"] for row in rows])
            own = _row(s, metric, group, REAL, lines[here], real[here])["value"]
            text = f"the real wiring ranks {1 + int((values > own).sum())} of {1 + len(values)} ({own:.2f} by medians of {size} individuals)"
            out.append({**rows[0], "value": float(values.mean()), "low": float(values.min()), "high": float(values.max()),
                        "n": len(values), "verdict": text + (f"; {lost}" if len(scored) < planned else "") + note})
        out.append(_difference(s, metric, control, lines, real, others))
    return out


def _unscored(control: str, why: str) -> dict:
    return {"metric": BINARY, "group": ALL, "control": control, "value": np.nan, "n": 0, "verdict": why}


def _difference(s: Scoring, metric: str, control: str, lines: pd.DataFrame, real: np.ndarray, others: Sequence[np.ndarray]) -> dict:
    truth, guess = _classes(metric, lines, real)
    value, low, high = difference_interval(truth, guess, [_classes(metric, lines, said)[1] for said in others], clusters(lines),
                                           weights(lines.index), draws=s.draws, seed=s.seed)
    said = "beats it" if low > 0 else "is beaten by it" if high < 0 else "does not beat it"
    return {"metric": f"{metric}_difference", "group": ALL, "control": f"{REAL} minus {control}", "value": value, "low": low, "high": high,
            "floor": 0.0, "n": len(lines), "verdict": said}


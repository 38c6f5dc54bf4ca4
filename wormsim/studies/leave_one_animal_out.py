"""Leave one animal out: learn from all animals but one what activity tells about behaviour, and the reverse, and predict the last.

No wiring and no simulator: these are the levels that recordings set for each other, with what any model of the whole animal will be
held against: decoding, tuning signs, population space, spectra, and dwell times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from ..circuit import load_circuit
from ..errors import InputError
from ..metrics.component_trajectories import components, path_agreement, space_overlap
from ..metrics.decoding import PENALTIES, lagged, leave_one_out, standardised
from ..metrics.dwell_times import dwell_agreement, dwell_times, rate_per_min
from ..metrics.explained_variance import block_interval, correlation, explained_variance
from ..metrics.spectra import spectral_overlap
from ..metrics.tuning import sign_agreement, tuning
from . import StudyFigure, StudyResult, score_table
from ._animals import Animals, check_data, load_animals

if TYPE_CHECKING:
    from ..runner import Runner

COMPONENTS = 3
LIKE_RATES = 0.05  # of the mean: how far the frame rates of animals may lie apart, whose frames are compared one by one


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DecodingTable(_Table):
    """What is predicted, and from what."""

    behaviours: tuple[str, ...] = Field(min_length=1)
    goals: dict[str, float] = Field(default_factory=dict, description="behaviour -> correlation to beat")
    lags_s: tuple[float, ...] = Field(default=(0.0,), min_length=1, description="activity is also given this much later or earlier")
    state: str = Field(default="", description="behaviour channel that is 0 or 1, for dwell times")
    least_tuning: tuple[float, ...] = Field(default=(0.1, 0.2), min_length=1, description="a neuron counts as tuned from this mean correlation on")


class Spec(_Table):
    """Settings of a leave-one-animal-out study."""

    seed: int = Field(default=0, ge=0, lt=2**32)
    data: str = Field(default="", description="file with the recorded animals")
    circuit: str = "hermaphrodite_neurons"
    min_confidence: float = Field(default=0.0, ge=0, le=1)
    decoding: DecodingTable
    bootstrap: int = Field(default=500, ge=50)
    block_s: float = Field(default=30.0, gt=0, description="stretches of a recording that the bootstrap keeps together")


def check(spec: Spec) -> None:
    """Raise what is wrong before a results folder is made: no data, an unknown circuit, a behaviour that was not recorded."""
    check_data(spec.data)
    animals = load_animals(spec.data, load_circuit(spec.circuit).connectome, spec.min_confidence)
    for name in (*spec.decoding.behaviours, *([spec.decoding.state] if spec.decoding.state else [])):
        shape = animals.behaviour(name)[0].shape
        if len(shape) != 1:
            raise InputError(f"behaviour {name!r} has {shape[1]} numbers a frame; take a channel with one, such as an angle or a speed")
    rates = np.array([r.rate_Hz for r in animals.recordings])
    if np.ptp(rates) > LIKE_RATES * rates.mean():
        raise InputError(f"{spec.data}: the animals were recorded at {rates.min():.4g} to {rates.max():.4g} frames a second; bring them to one "
                         "rate first (RecordedActivity.resample)")


def run(spec: Spec, runner: Runner) -> StudyResult:
    """Do the study; see the module."""
    animals = load_animals(spec.data, load_circuit(spec.circuit).connectome, spec.min_confidence)
    decoded, predictions = _decoding(animals, spec)
    encoded = _encoding(animals, spec)
    tuned, signs = _tuning(animals, spec)
    spaces = _spaces(animals)
    rows = [*_decoding_rows(decoded, spec), *_encoding_rows(encoded), *signs, *_space_rows(spaces, spec.seed), *_spectrum_rows(animals, spec),
            *_dwell_rows(animals, spec)]
    scores = score_table(rows)
    result = StudyResult(
        summary=_summary(scores, animals, spec), scores=scores,
        tables={"decoding": decoded, "activity_from_behaviour": encoded, "tuning": tuned, "spaces": spaces, "predicted": predictions},
        captions=_CAPTIONS, controls=_CONTROLS,
        citations=sorted({r.about.citation for r in animals.recordings if r.about.citation}),
    )
    result.figures = figures(result)
    return result


def figures(result: StudyResult) -> dict[str, StudyFigure]:
    """The figures, drawn from the tables alone."""
    from ..plotting import animals as draw

    return draw.decoding_figures(result.tables)


def _decoding(animals: Animals, spec: Spec) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Behaviour of every animal from its activity, by four ways to learn from the others."""
    rate = float(np.median([r.rate_Hz for r in animals.recordings]))
    lags = tuple(sorted({round(s * rate) for s in spec.decoding.lags_s} | {0}))
    shared = [np.where(animals.shared, x, np.nan) for x in animals.traces]
    rows, kept = [], []
    for behaviour in spec.decoding.behaviours:
        y = [b[:, None] for b in animals.behaviour(behaviour)]
        turned = [np.roll(b, len(b) // 2, axis=0) for b in y]
        ways = {"all named neurons, with lags": (animals.traces, y, lags), "all named neurons": (animals.traces, y, (0,)),
                "shared neurons": (shared, y, (0,)), "control: behaviour shifted by half": (animals.traces, turned, lags)}
        for way, (x, target, which) in ways.items():
            if way == "shared neurons" and not animals.shared.any():
                continue
            found, chosen = leave_one_out(x, target, lags=which)
            for k, name in enumerate(animals.names):
                p, r = found[k][:, 0], target[k][:, 0]
                block = max(1, round(spec.block_s * rate))
                low, high = block_interval(p, r, min(block, len(p)), spec.bootstrap, spec.seed)
                rows.append({"behaviour": behaviour, "animal": name, "from": way, "r": correlation(p, r), "low": low, "high": high,
                             "explained": explained_variance(p, np.where(np.isfinite(r), standardised(r[:, None])[:, 0], np.nan)),
                             "penalty": chosen[k][0], "neurons": int(np.isfinite(x[k]).any(axis=0).sum())})
                if way == "all named neurons, with lags":
                    kept.append(pd.DataFrame({"behaviour": behaviour, "animal": name, "time_s": animals.recordings[k].time_s,
                                              "recorded": standardised(r[:, None])[:, 0], "predicted": p}))
        own = _within(animals, y, lags)
        rows += [{"behaviour": behaviour, "animal": name, "from": "reference: first half of the same animal", "r": r, "neurons": 0}
                 for name, r in zip(animals.names, own, strict=True)]
    return pd.DataFrame(rows), pd.concat(kept, ignore_index=True)


def _within(animals: Animals, y: list[np.ndarray], lags: tuple[int, ...]) -> list[float]:
    """Second half of an animal from a ridge on its own first half, the best penalty: an optimistic reference."""
    out = []
    for x, b in zip(animals.traces, y, strict=True):
        z, half = lagged(standardised(x), lags), len(x) // 2
        there = np.isfinite(b[:half, 0])
        target = standardised(b)[:, 0]
        inner, cross = z[:half][there].T @ z[:half][there], z[:half][there].T @ target[:half][there]
        weights = [np.linalg.solve(inner + penalty * np.eye(len(inner)), cross) for penalty in PENALTIES]
        out.append(max(correlation(z[half:] @ w, b[half:, 0]) for w in weights))
    return out


def _encoding(animals: Animals, spec: Spec) -> pd.DataFrame:
    """Activity of every neuron of every animal from its behaviour, and from the behaviour shifted by half the recording."""
    rate = float(np.median([r.rate_Hz for r in animals.recordings]))
    lags = tuple(sorted({round(s * rate) for s in spec.decoding.lags_s} | {0}))
    inputs = [np.stack(b, axis=1) for b in zip(*(animals.behaviour(n) for n in spec.decoding.behaviours), strict=True)]
    rows = []
    for control in (False, True):
        given = [np.roll(b, len(b) // 2, axis=0) for b in inputs] if control else inputs
        found, _ = leave_one_out(given, animals.traces, lags=lags, merit=explained_variance)
        for k, name in enumerate(animals.names):
            for c, cell in enumerate(animals.cells):
                r = animals.traces[k][:, c]
                elsewhere = sum(np.isfinite(x[:, c]).any() for i, x in enumerate(animals.traces) if i != k)
                if np.isfinite(r).any() and elsewhere and found[k][:, c].std() > 0:
                    z = np.where(np.isfinite(r), standardised(r[:, None])[:, 0], np.nan)
                    rows.append({"animal": name, "cell": cell, "control": control, "r": correlation(found[k][:, c], r),
                                 "explained": explained_variance(found[k][:, c], z), "learned from": elsewhere})
    return pd.DataFrame(rows)


def _interval(values: np.ndarray, spec_seed: int = 0, n: int = 2000) -> tuple[float, float]:
    """Bootstrap interval of a mean over animals."""
    rng = np.random.default_rng(spec_seed)
    drawn = values[rng.integers(0, len(values), (n, len(values)))].mean(axis=1)
    return tuple(np.quantile(drawn, [0.025, 0.975]))


def _pair_interval(who: np.ndarray, values: np.ndarray, seed: int, n: int = 2000) -> tuple[float, float]:
    """Bootstrap over animals of a mean over values that belong to two animals each (rows of `who`): pairs share animals."""
    animals = int(who.max()) + 1
    rng = np.random.default_rng(seed)
    times = np.array([np.bincount(rng.integers(0, animals, animals), minlength=animals) for _ in range(n)])
    weight = times[:, who[:, 0]] * times[:, who[:, 1]]
    some = weight.sum(axis=1) > 0  # one animal alone makes no pair
    return tuple(np.quantile(weight[some] @ values / weight[some].sum(axis=1), [0.025, 0.975]))


def _decoding_rows(decoded: pd.DataFrame, spec: Spec) -> list[dict]:
    out = []
    for behaviour, part in decoded.groupby("behaviour", sort=False):
        ways = {way: rows["r"].to_numpy() for way, rows in part.groupby("from", sort=False)}
        control = ways["control: behaviour shifted by half"].mean()
        own = ways["reference: first half of the same animal"].mean()
        goal = spec.decoding.goals.get(behaviour)
        for way, r in ways.items():
            if way.startswith("reference"):
                continue
            low, high = _interval(r, spec.seed)
            said = f"an animal's own first half tells {own:.2f} of its second"
            if goal is not None and not way.startswith("control"):
                said = f"{'above' if r.mean() > goal else 'not above'} the goal of {goal:.2f}; {said}"
            out.append({"metric": "decoding_r", "group": f"{behaviour}, {way}", "value": r.mean(), "low": low, "high": high, "floor": 0.0,
                        "control": way.removeprefix("control: ") if way.startswith("control") else f"{control:.3f}",
                        "n": len(r), "verdict": said})
    return out


def _encoding_rows(encoded: pd.DataFrame) -> list[dict]:
    by_animal = encoded.groupby(["control", "animal"])["explained"].mean()
    real, control = by_animal[False].to_numpy(), by_animal[True].to_numpy()
    low, high = _interval(real)
    best = encoded[~encoded["control"]].groupby("cell")["explained"].mean().nlargest(5)
    r = encoded.groupby(["control", "animal"])["r"].mean()
    r_low, r_high = _interval(r[False].to_numpy())
    return [{"metric": "encoding_r", "group": "activity from behaviour, mean over neurons", "value": r[False].mean(), "low": r_low, "high": r_high,
             "floor": 0.0, "ceiling": 1.0, "control": f"{r[True].mean():.3f}", "n": int((~encoded["control"]).sum())},
            {"metric": "explained_variance", "group": "activity from behaviour, mean over neurons", "value": real.mean(), "low": low, "high": high,
             "floor": 0.0, "ceiling": 1.0, "control": f"{control.mean():.4f}", "n": int((~encoded["control"]).sum()),
             "verdict": "most in " + ", ".join(f"{cell} {x:.2f}" for cell, x in best.items())}]


def _tuning(animals: Animals, spec: Spec) -> tuple[pd.DataFrame, list[dict]]:
    """Tuning of every neuron to every behaviour, and how often an animal has the sign of the mean of the others."""
    names = dict.fromkeys((*spec.decoding.behaviours, *([spec.decoding.state] if spec.decoding.state else [])))
    tables, rows = [], []
    for behaviour in names:
        b = animals.behaviour(behaviour)
        t = np.array([tuning(x, y) for x, y in zip(animals.traces, b, strict=True)])
        turned = np.array([tuning(x, np.roll(y, len(y) // 2)) for x, y in zip(animals.traces, b, strict=True)])
        n = np.isfinite(t).sum(axis=0)
        mean = np.where(n > 0, np.nansum(t, axis=0) / np.maximum(n, 1), np.nan)
        spread = np.array([np.nanstd(t[:, k]) if n[k] > 1 else np.nan for k in range(len(n))])
        tables.append(pd.DataFrame({"behaviour": behaviour, "cell": animals.cells, "mean": mean, "sd": spread, "animals": n}))
        for kind, values in (("recorded", t), ("control", turned)):
            for least in spec.decoding.least_tuning:
                shares, counted = _agreements(values, least)
                if len(shares):
                    low, high = _interval(shares, spec.seed)
                    rows.append({"metric": "tuning_sign_agreement", "group": f"{behaviour}, |r| of the others from {least:g} on",
                                 "value": shares.mean(), "low": low, "high": high, "floor": 0.5, "ceiling": 1.0, "n": counted,
                                 "control": "" if kind == "recorded" else "behaviour shifted by half",
                                 "verdict": "neurons that at least two other animals have"})
    return pd.concat(tables, ignore_index=True), rows


def _agreements(values: np.ndarray, least: float) -> tuple[np.ndarray, int]:
    """For each animal with tuned neurons the share that has the sign of the others' mean; and how many neurons that were."""
    found = []
    for k in range(len(values)):
        others = np.delete(values, k, axis=0)
        n = np.isfinite(others).sum(axis=0)
        found.append(sign_agreement(np.where(n > 1, np.nansum(others, axis=0) / np.maximum(n, 1), np.nan), values[k], least))
    return np.array([share for share, n in found if n]), sum(n for _, n in found)


def _spaces(animals: Animals) -> pd.DataFrame:
    """Principal components of every two animals over the cells that both have, beside the same with cells exchanged."""
    rows, rng = [], np.random.default_rng(0)
    for i in range(len(animals.names)):
        for j in range(i):
            both = np.isfinite(animals.traces[i]).any(axis=0) & np.isfinite(animals.traces[j]).any(axis=0)
            a, b = animals.traces[i][:, both], animals.traces[j][:, both]
            if both.sum() > COMPONENTS:
                half = len(a) // 2
                n = min(len(a), len(b))
                rows.append({"first": animals.names[i], "second": animals.names[j], "cells": int(both.sum()),
                             "overlap": space_overlap(a, b, COMPONENTS), "control": space_overlap(a, b[:, rng.permutation(b.shape[1])], COMPONENTS),
                             "same animal": space_overlap(a[:half], a[half:], COMPONENTS), "path": path_agreement(a[:n], b[:n], COMPONENTS),
                             "variance share": float(components(a, COMPONENTS)[2].sum())})
    return pd.DataFrame(rows)


def _space_rows(spaces: pd.DataFrame, seed: int) -> list[dict]:
    names = {name: k for k, name in enumerate(dict.fromkeys([*spaces["second"], *spaces["first"]]))}
    who = np.column_stack([spaces["first"].map(names), spaces["second"].map(names)])
    (low, high), (path_low, path_high) = (_pair_interval(who, spaces[c].to_numpy(), seed) for c in ("overlap", "path"))
    return [{"metric": "component_space_overlap", "group": f"{COMPONENTS} components, animal against animal", "value": spaces["overlap"].mean(),
             "low": low, "high": high, "floor": float((COMPONENTS / spaces["cells"]).mean()), "ceiling": spaces["same animal"].mean(),
             "control": f"{spaces['control'].mean():.3f}", "n": len(spaces), "verdict": "ceiling: the two halves of one animal"},
            {"metric": "component_path_agreement", "group": f"{COMPONENTS} components, animal against animal", "value": spaces["path"].mean(),
             "low": path_low, "high": path_high, "floor": 0.0, "ceiling": 1.0, "n": len(spaces),
             "verdict": "what two animals that know nothing of each other reach: the floor of a model that is driven like one of them"}]


def _spectrum_rows(animals: Animals, spec: Spec) -> list[dict]:
    """Spectra of the same cell in two animals, beside those of other cells."""
    same, other, who = [], [], []
    for i in range(len(animals.names)):
        for j in range(i):
            both = np.flatnonzero(np.isfinite(animals.traces[i]).any(axis=0) & np.isfinite(animals.traces[j]).any(axis=0))
            rate = animals.recordings[i].rate_Hz
            if len(both) < 2:
                continue
            for k, c in enumerate(both):
                who.append((i, j))
                same.append(spectral_overlap(animals.traces[i][:, c], animals.traces[j][:, c], rate))
                other.append(spectral_overlap(animals.traces[i][:, c], animals.traces[j][:, both[(k + 1) % len(both)]], rate))
    if not same:
        return []
    low, high = _pair_interval(np.array(who), np.array(same), spec.seed)
    return [{"metric": "spectral_overlap", "group": "same cell, two animals", "value": np.mean(same), "low": low, "high": high, "floor": 0.0,
             "ceiling": 1.0, "control": f"{np.mean(other):.3f}", "n": len(same), "verdict": "control: another cell of the second animal"}]


def _dwell_rows(animals: Animals, spec: Spec) -> list[dict]:
    if not spec.decoding.state:
        return []
    states = animals.behaviour(spec.decoding.state)
    rates = [r.rate_Hz for r in animals.recordings]
    times = [dwell_times(s, f) for s, f in zip(states, rates, strict=True)]
    agree = np.array([dwell_agreement(times[i], np.concatenate([t for j, t in enumerate(times) if j != i])) for i in range(len(times))
                      if len(times[i])])
    begins = np.array([rate_per_min(s, f) for s, f in zip(states, rates, strict=True)])
    medians = [float(np.median(t)) for t in times if len(t)]
    low, high = _interval(agree, spec.seed)
    return [{"metric": "dwell_agreement", "group": spec.decoding.state, "value": agree.mean(), "low": low, "high": high, "floor": 0.0, "ceiling": 1.0,
             "n": sum(map(len, times)), "verdict": f"each animal against the others; {begins.min():.1f} to {begins.max():.1f} a minute, median "
             f"{min(medians):.1f} to {max(medians):.1f} s"}]


def _summary(scores: pd.DataFrame, animals: Animals, spec: Spec) -> list[str]:
    rows = scores[scores["metric"] == "decoding_r"].set_index("group")
    said = []
    for behaviour in spec.decoding.behaviours:
        r = rows.loc[f"{behaviour}, all named neurons, with lags"]
        said.append(f"{behaviour.replace('_', ' ')} r {r['value']:.2f} ({r['low']:.2f} to {r['high']:.2f}; control "
                    f"{float(r['control']):.2f}; {r['verdict']})")
    shared = int(animals.shared.sum())
    return [f"Of {len(animals.names)} animals, all but one tell the last one's behaviour from its activity: {'; '.join(said)}.",
            f"{len(animals.cells)} neurons are named in some animal, {shared} in all of them. Neurons that an animal lacks stand at their mean; "
            "leaving them out, as decoding on shared neurons does, costs what the rows 'shared neurons' show.",
            "Intervals are bootstraps over animals, of which there are few; the table has that of each animal over blocks of its recording."]


_CAPTIONS = {
    "decoding": "Correlation of predicted with recorded behaviour for each animal left out, by what was learned from; low, high: bootstrap "
                "over blocks "
    "of its recording. explained: share of the variance, negative where worse than the mean.",
    "activity_from_behaviour": "Explained variance of each neuron of the animal left out, predicted from its behaviour.",
    "tuning": "Correlation of each neuron with behaviour: mean and standard deviation over animals.",
    "spaces": "Overlap of the spaces of the leading principal components of two animals; control: cells of one exchanged; same animal: its "
              "two halves.",
    "predicted": "Recorded and predicted behaviour, z-scored.",
}
_CONTROLS = {"behaviour shifted by half": "the behaviour of every animal rotated in time by half of the recording: same statistics, no "
                                          "relation to activity"}

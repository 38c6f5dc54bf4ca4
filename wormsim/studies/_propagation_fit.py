"""From the responses of an ensemble to a held-out prediction, and what it adds to the nuisance model.

What is chosen is chosen on training folds: which samples of the ensemble (those that explain most of the training pairs
beyond nuisance), and the weights of the logistic regression. Folds are made of classes of stimulated neurons.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, rankdata

from ..errors import InputError, warn_data
from ..metrics.false_discovery import detection_p, q_values
from ._propagation_pairs import FOLDS, PRIOR_PAIRS, REPEATS, Pairs, full_nuisance, logistic

Q_MAX = 0.05
NOTHING_MV = 1e-12  # the last bit of a potential in double precision is some 1e-14 mV


@dataclass(frozen=True, eq=False)
class Prediction:
    """Held-out scores, one a pair, averaged over the ways to make folds.

    Attributes
    ----------
    alone : ndarray
        Of the simulator: mean over the chosen samples of its normal score.
    base, full : ndarray
        Log odds of the nuisance model, and of nuisance and simulator.
    called : ndarray of bool
        Detected by the simulated experiment (first way to make folds).
    chosen : ndarray of int
        How often each sample was chosen.
    """

    alone: np.ndarray
    base: np.ndarray
    full: np.ndarray
    called: np.ndarray
    chosen: np.ndarray


def normal_scores(responses: np.ndarray) -> np.ndarray:
    """Size of a response as the normal quantile of its rank among all pairs of the same sample; labels have no part in it.

    Parameters
    ----------
    responses : ndarray, shape (samples, pairs)
        Not-a-number (a neuron that the circuit lacks) ranks lowest.
    """
    size = np.nan_to_num(np.abs(responses), nan=-1.0)
    ranks = rankdata(size, axis=1)
    return norm.ppf((ranks - 0.5) / size.shape[1])


def finite_samples(responses: np.ndarray, what: str) -> np.ndarray:
    """Which samples did not run away; InputError where none is left."""
    good = np.isfinite(responses).any(axis=1)
    warn_data(int((~good).sum()), f"samples left out that ran away: {what}")
    if not good.any():
        raise InputError(f"every sample of the model {what!r} ran away: narrow the priors of its conductances")
    return good


def added_evidence(x: np.ndarray, features: np.ndarray, detected: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Signed score statistic of each candidate predictor on top of a fitted logistic regression (Rao 1948).

    Parameters
    ----------
    x : ndarray, shape (candidates, rows)
    features : ndarray, shape (rows, k)
        Of the regression, without constant.
    detected : ndarray of bool, shape (rows,)
    p : ndarray, shape (rows,)
        What the regression fitted.

    Returns
    -------
    ndarray, shape (candidates,)
        About standard normal for a predictor that adds nothing; 0 for one that the features already hold.
    """
    scaled = (features - features.mean(axis=0)) / np.maximum(features.std(axis=0), 1e-12)
    design = np.column_stack([np.ones(len(detected)), scaled])
    w = p * (1 - p)
    cross = (x * w) @ design
    inner = np.linalg.pinv(design.T @ (design * w[:, None]))
    variance = (x**2 * w).sum(axis=1) - np.einsum("ij,jk,ik->i", cross, inner, cross)
    score = x @ (detected - p)
    enough = variance > 1e-9 * np.maximum((x**2 * w).sum(axis=1), 1e-300)
    return np.where(enough, score / np.sqrt(np.where(enough, variance, 1.0)), 0.0)


def predict(pairs: Pairs, responses: np.ndarray, choose: int, seed: int, nuisance=full_nuisance,
            to: tuple[Pairs, np.ndarray] | None = None) -> Prediction:
    """Held-out prediction of every pair.

    Parameters
    ----------
    pairs : Pairs
        What is learned from.
    responses : ndarray, shape (samples, pairs)
        Simulated, mV.
    choose : int
        How many samples are kept in each fold; all where the ensemble has no more.
    seed : int
        Of the folds.
    nuisance : callable
        ``(pairs, train) -> (pairs, k)`` features.
    to : (Pairs, ndarray), optional
        Pairs of another strain and the responses of the same samples there: predicted in place of `pairs`, nothing refitted,
        and still never from the class of the stimulated neuron; nuisance of the responder is that of `pairs`.
    """
    target, there = (pairs, responses) if to is None else to
    x, x_to = normal_scores(responses), normal_scores(there)
    n = len(target)
    alone, base, full = np.zeros(n), np.zeros(n), np.zeros(n)
    called, chosen = np.zeros(n, bool), np.zeros(len(x), int)
    for repeat in range(REPEATS):
        fold = pairs.folds(seed, repeat)
        fold_of = {g: fold[pairs.group == g][0] for g in np.unique(pairs.group)}
        # a class that was stimulated only in the other strain is in no fold here: any of them may predict it
        fold_to = fold if to is None else np.array([fold_of.get(g, 0) for g in target.group])
        for k in range(FOLDS):
            train, test = fold != k, fold_to == k
            if not test.any():
                continue
            features = nuisance(pairs, train)
            features_to = features if to is None else nuisance(_seen_by(target, pairs, train), np.zeros(n, bool))
            first = logistic(features[train], pairs.detected[train])
            p = first.predict_proba(features[train])[:, 1]
            evidence = added_evidence(x[:, train], features[train], pairs.detected[train], p)
            best = np.argsort(-evidence, kind="stable")[:choose]
            chosen[best] += 1
            mean, mean_to = x[best].mean(axis=0), x_to[best].mean(axis=0)
            both = logistic(np.column_stack([features, mean])[train], pairs.detected[train])
            alone[test] += mean_to[test]
            base[test] += first.decision_function(features_to[test])
            full[test] += both.decision_function(np.column_stack([features_to, mean_to])[test])
            if repeat == 0:
                called[test] = _call(pairs, responses[best], train, target, there[best], test)
    return Prediction(alone / REPEATS, base / REPEATS, full / REPEATS, called, chosen)


@dataclass(frozen=True, eq=False)
class _Seen(Pairs):
    """Pairs of another strain, the responders' rates of which are those of the training pairs."""

    known: Pairs | None = None
    trained: np.ndarray | None = None

    def responder_rate(self, train: np.ndarray) -> np.ndarray:
        n = len(self.cells)
        hits = np.bincount(self.known.post[self.trained], self.known.detected[self.trained], n)
        tested = np.bincount(self.known.post[self.trained], minlength=n)
        mean = self.known.detected[self.trained].mean()
        return ((hits + PRIOR_PAIRS * mean) / (tested + PRIOR_PAIRS))[self.post]


def _seen_by(target: Pairs, known: Pairs, train: np.ndarray) -> Pairs:
    return _Seen(**{k: getattr(target, k) for k in Pairs.__dataclass_fields__}, known=known, trained=train)


def _call(pairs: Pairs, responses: np.ndarray, train: np.ndarray, target: Pairs, there: np.ndarray, test: np.ndarray) -> np.ndarray:
    """What the simulated experiment detects among the test pairs: the atlas's own numbers of trials, noise from training.

    The noise of a trial is set so that as many training pairs are called as the experimenters called.
    """
    size, size_to = (np.exp(_mean_log(r)) for r in (responses, there))
    if size[train].max() <= 2 * NOTHING_MV:
        return np.zeros(int(test.sum()), bool)
    wanted = int(pairs.detected[train].sum())
    low, high = np.log(NOTHING_MV) - 5, np.log(size[train].max()) + 5
    for _ in range(60):
        middle = (low + high) / 2
        n = (q_values(detection_p(size[train], np.exp(middle), pairs.n_trials[train])) < Q_MAX).sum()
        low, high = (middle, high) if n > wanted else (low, middle)
    noise = np.exp((low + high) / 2)
    # the rate of false discoveries is that of the whole experiment: training and test pairs are corrected together
    p = np.concatenate([detection_p(size[train], noise, pairs.n_trials[train]),
                        detection_p(size_to[test], noise, target.n_trials[test])])
    return q_values(p)[-int(test.sum()):] < Q_MAX


def _mean_log(responses: np.ndarray) -> np.ndarray:
    """Mean over samples of the logarithm of the size; no response at all counts as one far below all others."""
    size = np.nan_to_num(np.abs(responses), nan=0.0)
    return np.log(np.maximum(size, NOTHING_MV)).mean(axis=0)

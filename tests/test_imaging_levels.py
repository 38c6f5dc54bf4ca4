"""Levels that others measured on the real atlas and the real recordings, with the project's own code."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pytest

import wormsim as ws
from wormsim.errors import DataWarning

INSTALLED = importlib.util.find_spec("wormneuroatlas") is not None
DAG = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "calcium" / "dag2023_named_5animals.h5"


@pytest.mark.skipif(not INSTALLED, reason="wormneuroatlas is not installed (extra `atlas`)")
def test_published_floors_are_reproduced():
    """Levels measured before, by others, on the real atlas."""
    from wormsim.metrics.auroc import auroc
    from wormsim.readers.randi2023 import read_atlas
    from wormsim.studies._propagation_anatomy import anatomy, single_nuisances
    from wormsim.studies._propagation_fit import predict
    from wormsim.studies._propagation_pairs import pairs_of, plain_nuisance

    pairs = pairs_of(read_atlas("wt"), 0.05)
    assert (len(pairs), pairs.detected.sum()) == (23902, 1151)
    scores = {**anatomy(pairs, ws.load_connectome("cook2019_hermaphrodite")), **single_nuisances(pairs)}
    found = {name: auroc(x, pairs.detected) for name, x in scores.items()}
    assert found["contacts, White + Witvliet"] == pytest.approx(0.568, abs=0.002)
    assert found["chemical + gap resolvent"] == pytest.approx(0.622, abs=0.02)
    assert found["gap-only resolvent"] == pytest.approx(0.647, abs=0.01)
    assert 0.732 <= found["minus the distance of the somata"] <= 0.748
    assert found["number of trials"] == pytest.approx(0.653, abs=0.005)
    assert found["responder's rate"] == pytest.approx(0.647, abs=0.008)
    assert found["stimulated neuron's rate"] == pytest.approx(0.668, abs=0.008)
    nuisance = predict(pairs, np.zeros((1, len(pairs))), 1, 0, plain_nuisance).base
    assert auroc(nuisance, pairs.detected) == pytest.approx(0.771, abs=0.008)


@pytest.mark.skipif(not DAG.is_file(), reason="the recordings of Dag 2023 may not be passed on and are not here")
def test_published_levels_of_recordings_are_reproduced():
    from wormsim.metrics.correlation_similarity import correlation_matrix, similarity
    from wormsim.metrics.decoding import leave_one_out
    from wormsim.metrics.explained_variance import correlation
    from wormsim.metrics.tuning import tuning
    from wormsim.studies._animals import load_animals

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        animals = load_animals(str(DAG), ws.load_connectome("cook2019_hermaphrodite"), 0.0)
    c = [correlation_matrix(x) for x in animals.traces]
    pairwise = [similarity(c[i], c[j]) for i in range(5) for j in range(i)]
    assert np.mean(pairwise) == pytest.approx(0.337, abs=0.015)
    shared = [np.where(animals.shared, x, np.nan) for x in animals.traces]
    for behaviour, level in (("head_angle", 0.49), ("velocity", 0.28)):
        b = animals.behaviour(behaviour)
        found, _ = leave_one_out(shared, [x[:, None] for x in b])
        assert np.mean([correlation(p[:, 0], x) for p, x in zip(found, b, strict=True)]) == pytest.approx(level, abs=0.06)
    head = np.nanmean([tuning(x, b) for x, b in zip(animals.traces, animals.behaviour("head_angle"), strict=True)], axis=0)
    sign = dict(zip(animals.cells, head, strict=True))
    assert min(sign["SMDVL"], sign["SMDVR"], sign["RMDVL"], sign["RMDVR"]) > 0.2
    assert max(sign["RMDDL"], sign["RMDDR"]) < -0.2

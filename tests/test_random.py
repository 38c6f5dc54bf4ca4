"""Philox4x32-10 against its authors' known answers, and its use for parameters and events."""

import numpy as np
import pytest

from wormsim.kernels import random

# Random123's kat_vectors, philox4x32 with 10 rounds: counter, key, answer
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0),
     (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
]


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN)
def test_known_answers(counter, key, answer):
    assert tuple(int(w) for w in random.philox4x32(counter, key)) == answer


def test_uniforms_are_uniform_and_independent():
    u = random.uniforms(7, np.arange(2000), np.arange(50, dtype=np.uint64))
    assert u.shape == (2000, 50)
    assert u.min() > 0
    assert u.max() < 1
    counts = np.histogram(u, 100, (0, 1))[0]
    chi2 = ((counts - 1000) ** 2 / 1000).sum()
    assert 50 < chi2 < 160  # 99 degrees of freedom: outside with probability below 1e-4
    correlation = np.corrcoef(u.T)[np.triu_indices(50, 1)]
    assert np.abs(correlation).max() < 5 / np.sqrt(2000)
    neighbours = np.corrcoef(u[:-1].ravel(), u[1:].ravel())[0, 1]
    assert abs(neighbours) < 5 / np.sqrt(u.size)


def test_uniforms_depend_on_sample_and_key_alone():
    all_ = random.uniforms(3, np.arange(10), np.array([5, 6, 2**63 + 11], np.uint64))
    part = random.uniforms(3, np.array([7, 2]), np.array([2**63 + 11], np.uint64))
    assert part[0, 0] == all_[7, 2]
    assert part[1, 0] == all_[2, 2]
    assert (random.uniforms(4, np.arange(10), np.array([5], np.uint64))[:, 0] != all_[:, 0]).all()


def test_uniforms_never_reach_the_ends(monkeypatch):
    for word in (0, 0xFFFFFFFF):
        monkeypatch.setattr(random, "philox4x32", lambda c, k, w=word: (np.full((1, 1), w, np.uint32),) * 4)
        u = random.uniforms(0, [0], [0])
        assert 0 < u[0, 0] < 1


def test_thresholds_at_the_ends():
    assert random.threshold([0.0, 0.5, 1.0]).tolist() == [0, 2**31, 2**32]
    draws = random.event_draws(np.uint64(5), np.arange(100000), 3, 0)
    assert abs((draws < random.threshold(0.1)).mean() - 0.1) < 5 * np.sqrt(0.09 / 100000)

"""The normals behind xi: their law, that they are nobody else's, and that they belong to (stream, step, cell, source) alone."""

import numpy as np
import pytest
from scipy import stats

from wormsim.kernels import random
from wormsim.kernels.normal import fill_normals, noise_source, normals

XI = noise_source("xi")


def reference(stream, step, cell, source):
    """Box and Muller in double precision, from the NumPy generator."""
    m = 16 * (cell // 64) + cell % 16
    words = np.array(random.philox4x32((step, m, source, 1), (stream & 0xFFFFFFFF, stream >> 32)), np.uint32)
    pair = cell % 64 // 32 * 2
    a, b = (np.take_along_axis(words, (pair + k)[None], 0)[0].astype(np.int64) for k in (0, 1))
    radius = np.sqrt(-2 * np.log((a // 2 + 0.5) / 2**31))
    angle = np.pi * ((b % 2**31 - 2**30 + 0.5) / 2**31)
    cosine = np.where(b < 2**31, np.cos(angle), -np.cos(angle))
    return radius * np.where(cell // 16 % 2 == 0, cosine, np.sin(angle))


def test_they_are_what_the_documentation_says():
    cell = np.arange(1000)
    for stream, step, source in ((0, 0, 0), (2**40 + 3, 123456, XI), (2**64 - 1, 2**31, 2**32 - 1)):
        np.testing.assert_allclose(normals(stream, step, 1000, source)[0], reference(stream, step, cell, source), rtol=2e-6, atol=1e-6)


def test_moments_and_law():
    z = normals(7, np.arange(400), 5000, XI).astype(float)
    n = z.size
    assert abs(z.mean()) < 4 / np.sqrt(n)
    assert abs(z.var() - 1) < 4 * np.sqrt(2 / n)
    assert abs(stats.skew(z.ravel())) < 4 * np.sqrt(6 / n)
    assert abs(stats.kurtosis(z.ravel())) < 4 * np.sqrt(24 / n)
    assert stats.kstest(z[::4].ravel(), "norm").pvalue > 1e-3
    for bound in (3.0, 4.0, 4.5):
        expected = n * 2 * stats.norm.sf(bound)
        assert abs((np.abs(z) > bound).sum() - expected) < 4.5 * np.sqrt(expected)
    assert np.abs(z).max() < 6.67


@pytest.mark.parametrize(("a", "b"), [
    ((1, slice(0, -1), slice(None), XI), (1, slice(1, None), slice(None), XI)),  # one step later
    ((1, slice(None), slice(0, -1), XI), (1, slice(None), slice(1, None), XI)),  # the next cell
    ((1, slice(None), slice(0, -16), XI), (1, slice(None), slice(16, None), XI)),  # the other one of a pair
    ((1, slice(None), slice(0, -32), XI), (1, slice(None), slice(32, None), XI)),  # the other pair of a call
    ((1, slice(None), slice(None), XI), (2, slice(None), slice(None), XI)),  # another stream
    ((1, slice(None), slice(None), XI), (2**33 + 1, slice(None), slice(None), XI)),
    ((1, slice(None), slice(None), XI), (1, slice(None), slice(None), noise_source("xi_b"))),  # another noise
])
def test_numbers_with_another_address_are_independent(a, b):
    x, y = (normals(stream, np.arange(200), 1024, source)[steps, cells].ravel().astype(float) for stream, steps, cells, source in (a, b))
    bound = 4.5 / np.sqrt(len(x))
    assert abs(np.corrcoef(x, y)[0, 1]) < bound
    assert abs(np.corrcoef(x**2, y**2)[0, 1]) < bound
    assert abs(np.corrcoef(np.abs(x), y)[0, 1]) < bound


def test_a_cell_has_the_same_number_whatever_is_asked_for_beside_it():
    whole = normals(5, np.arange(3, 9), 3000, XI)
    assert (normals(5, [7], 700, XI)[0] == whole[4, :700]).all()
    part, words = np.empty(128, np.float32), np.empty((4, 32), np.int32)
    fill_normals(part, 1024, np.uint64(5), np.uint64(0), 6, XI, words)
    assert (part == whole[3, 1024:1152]).all()


def test_noise_and_poisson_events_share_no_draw():
    """The counters differ in their last word, so equal (step, cell, source) is no matter."""
    events = random.event_draws(np.uint64(5), np.arange(500)[:, None], np.arange(0, 64), 0).astype(float)
    assert abs(np.corrcoef(events.ravel(), normals(5, np.arange(500), 64, 0).ravel())[0, 1]) < 4.5 / np.sqrt(events.size)
    same = random.philox4x32((3, 4, 0, 1), (5, 0))[0]
    assert random.event_draws(np.uint64(5), 3, 4, 0) != same

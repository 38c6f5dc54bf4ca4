"""Scores of recordings on signals whose answer is known."""

import numpy as np
import pytest

from wormsim.errors import InputError
from wormsim.metrics import component_trajectories as trajectories
from wormsim.metrics.correlation_similarity import cell_draws, correlation_matrix, mean_similarity, similarity
from wormsim.metrics.decoding import lagged, leave_one_out, standardised
from wormsim.metrics.dwell_times import dwell_agreement, dwell_times, rate_per_min
from wormsim.metrics.explained_variance import block_interval, correlation, explained_variance
from wormsim.metrics.spectra import spectral_overlap, spectrum
from wormsim.metrics.tuning import sign_agreement, tuning

RNG = np.random.default_rng(5)


def test_correlations_use_the_frames_that_both_have():
    x = RNG.normal(size=(80, 4)) @ RNG.normal(size=(4, 5))
    x[:30, 1] = np.nan
    x[50:, 2] = np.nan
    x[:, 4] = 3.0
    r = correlation_matrix(x)
    assert r[0, 3] == pytest.approx(np.corrcoef(x[:, 0], x[:, 3])[0, 1])
    assert r[1, 2] == pytest.approx(np.corrcoef(x[30:50, 1], x[30:50, 2])[0, 1])
    assert np.isnan(r[4]).all()
    assert np.isnan(np.diag(r)).all()
    assert np.allclose(r, r.T, equal_nan=True)


def test_similarity_is_of_common_pairs_above_the_diagonal():
    a, b = (correlation_matrix(RNG.normal(size=(50, 8))) for _ in range(2))
    upper = np.triu_indices(8, 1)
    assert similarity(a, b) == pytest.approx(np.corrcoef(a[upper], b[upper])[0, 1])
    assert similarity(a, 2 * a + 1) == pytest.approx(1)
    b[2] = b[:, 2] = np.nan
    keep = [0, 1, 3, 4, 5, 6, 7]
    assert similarity(a, b) == pytest.approx(similarity(a[np.ix_(keep, keep)], b[np.ix_(keep, keep)]))
    with pytest.raises(InputError, match="one size"):
        similarity(a, b[:4, :4])
    with pytest.raises(InputError, match="6 pairs"):
        similarity(a[:4, :4], a[:4, :4])


def test_drawn_cells_count_as_copies():
    a, b = (correlation_matrix(RNG.normal(size=(50, 12))) for _ in range(2))
    weight = np.array([2, 1, 0, 1, 3, 1, 1, 1, 1, 1, 0, 1])
    copies = np.repeat(np.arange(12), weight)
    same = copies[:, None] == copies[None]  # a cell and its copy are no pair
    x, y = (np.where(same, np.nan, m[np.ix_(copies, copies)]) for m in (a, b))
    assert mean_similarity([a], [b], weight) == pytest.approx(similarity(x, y))
    drawn = cell_draws([a, a], [b, a], n=50)
    assert drawn.std() > 0
    assert np.array_equal(drawn, cell_draws([a, a], [b, a], n=50))


def animals(n=5, frames=300, neurons=12, noise=1.0, seed=1):
    """Behaviour that neurons 0 to 3 carry in every animal; each animal lacks three neurons."""
    rng = np.random.default_rng(seed)
    weights = np.zeros(neurons)
    weights[:4] = [1, -1, 0.7, 0.5]
    traces, behaviours = [], []
    for k in range(n):
        b = np.cumsum(rng.normal(size=frames)) * 0.3
        b = b - np.convolve(b, np.ones(51) / 51, "same")
        x = b[:, None] * weights + noise * rng.normal(size=(frames, neurons))
        x[:, [(2 * k) % neurons, (k + 5) % neurons, 11 - k]] = np.nan
        traces.append(x)
        behaviours.append(b[:, None])
    return traces, behaviours


def test_the_animal_left_out_is_told_from_the_others():
    traces, behaviours = animals()
    found, chosen = leave_one_out(traces, behaviours)
    r = [correlation(p[:, 0], b[:, 0]) for p, b in zip(found, behaviours, strict=True)]
    assert min(r) > 0.5
    turned = [np.roll(b, 150, axis=0) for b in behaviours]
    control, _ = leave_one_out(traces, turned)
    assert np.mean([correlation(p[:, 0], b[:, 0]) for p, b in zip(control, turned, strict=True)]) < 0.2
    assert [c.shape for c in chosen] == [(1,)] * 5


def test_nothing_of_the_animal_left_out_is_learned_from():
    traces, behaviours = animals()
    before = leave_one_out(traces, behaviours)[0][2]
    behaviours[2] = RNG.normal(size=behaviours[2].shape)
    assert np.array_equal(leave_one_out(traces, behaviours)[0][2], before)


def test_activity_is_told_from_behaviour_where_neurons_are_missing():
    traces, behaviours = animals()
    found, _ = leave_one_out(behaviours, traces)
    for p, x in zip(found, traces, strict=True):
        assert p.shape == x.shape
        if np.isfinite(x[:, 1]).all():
            assert correlation(p[:, 1], x[:, 1]) > 0.4


def test_animals_that_cannot_be_compared_are_refused():
    traces, behaviours = animals()
    with pytest.raises(InputError, match="at least 3"):
        leave_one_out(traces[:2], behaviours[:2])
    with pytest.raises(InputError, match="all columns"):
        leave_one_out([traces[0][:, :3], *traces[1:]], behaviours)
    lonely = [np.full((50, 6), np.nan) for _ in range(4)]
    for k in range(4):
        lonely[k][:, 0 if k < 3 else 5] = RNG.normal(size=50)
    with pytest.raises(InputError, match="animal 4 of 4 shares no recorded column"):
        leave_one_out(lonely, [RNG.normal(size=(50, 1)) for _ in range(4)])


def test_lags_look_forward_and_back():
    x = np.arange(5.0)[:, None]
    assert lagged(x, (-1, 0, 2)).tolist() == [[0, 0, 2], [0, 1, 3], [1, 2, 4], [2, 3, 0], [3, 4, 0]]
    z = standardised(np.column_stack([np.arange(4.0), np.full(4, 2.0), [1.0, np.nan, 3.0, np.nan]]))
    assert z[:, 0] == pytest.approx((np.arange(4) - 1.5) / np.sqrt(1.25))
    assert (z[:, 1] == 0).all()
    assert z[:, 2].tolist() == [-1, 0, 1, 0]


def test_explained_variance():
    r = RNG.normal(size=200)
    assert explained_variance(r, r) == 1
    assert explained_variance(np.full(200, r.mean()), r) == pytest.approx(0)
    assert explained_variance(-r, r) < -1
    holes = np.where(np.arange(200) < 40, np.nan, r)
    assert explained_variance(holes + 0.0, r) == pytest.approx(1)
    with pytest.raises(InputError, match="constant"):
        explained_variance(r, np.ones(200))
    low, high = block_interval(r + RNG.normal(size=200), r, 10, n=200)
    assert low < correlation(r + 0, r)
    assert 0.4 < low < high < 0.95


def test_tuning_and_its_sign():
    b = np.sin(np.arange(100) / 5)
    x = np.column_stack([b, -b + 0.1, np.full(100, 2.0), np.full(100, np.nan)])
    t = tuning(x, b)
    assert t[:2] == pytest.approx([1, -1])
    assert np.isnan(t[2:]).all()
    assert sign_agreement([0.5, -0.4, 0.05, np.nan], [0.1, 0.3, 0.2, 0.2], least=0.1) == (0.5, 2)
    assert sign_agreement([np.nan], [1.0])[1] == 0


def test_spaces_and_paths_of_components():
    path = np.column_stack([np.sin(np.arange(200) / 9), np.cos(np.arange(200) / 9), np.sin(np.arange(200) / 31)])
    a = path @ RNG.normal(size=(3, 20)) + 0.01 * RNG.normal(size=(200, 20))
    assert trajectories.space_overlap(a, a) == pytest.approx(1)
    assert trajectories.space_overlap(a, RNG.normal(size=(200, 20))) < 0.45
    other = path @ RNG.normal(size=(3, 20))  # other cells carry the same path
    assert trajectories.path_agreement(a, other) > 0.9
    assert trajectories.path_agreement(a, RNG.normal(size=(200, 20))) < 0.3
    assert trajectories.components(a)[2].sum() > 0.99
    with pytest.raises(InputError, match="20 and 5 cells"):
        trajectories.space_overlap(a, a[:, :5])


def test_spectra_say_at_which_frequencies():
    t = np.arange(1200) / 2.0
    f, share = spectrum(np.sin(2 * np.pi * 0.1 * t), 2.0)
    assert f[np.argmax(share)] == pytest.approx(0.1, abs=0.01)
    assert share.sum() == pytest.approx(1)
    slow, fast = np.sin(2 * np.pi * 0.05 * t), np.sin(2 * np.pi * 0.4 * t)
    assert spectral_overlap(slow, 3 * slow, 2.0) == pytest.approx(1)
    assert spectral_overlap(slow, fast, 2.0) < 0.05
    with pytest.raises(InputError, match="constant"):
        spectrum(np.ones(100), 2.0)


def test_dwell_times_leave_out_what_was_cut():
    state = [1, 1, 0, 1, 1, 1, 0, 0, 1, 0, 1, np.nan, 1, 0, 1]
    assert dwell_times(state, 2.0).tolist() == [1.5, 0.5]
    assert rate_per_min(state, 2.0) == pytest.approx(4 / (14 / 2 / 60))
    assert dwell_agreement([1, 2, 3], [1, 2, 3]) == 1
    assert dwell_agreement([1, 2], [8, 9]) == 0
    with pytest.raises(InputError, match="nothing to compare"):
        dwell_agreement([], [1.0])

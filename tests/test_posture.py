"""Posture: made-up waves, and the levels of a recorded worm."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from tracks import DT_S, track

from wormsim.data import tables
from wormsim.errors import InputError
from wormsim.metrics import posture as p
from wormsim.metrics.gait import contradiction

TARGETS = tables.read_csv("gait_targets")


def target(quantity, medium="agar"):
    row = TARGETS[(TARGETS["quantity"] == quantity) & (TARGETS["medium"] == medium)]
    assert len(row) == 1, quantity
    return tuple(row[["low", "high"]].iloc[0])


@pytest.fixture(scope="session")
def recorded(recorded_data):
    path = recorded_data / "posture" / "oist_foraging_eigenworm_ts_16Hz.npy"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    return p.read_amplitudes(path)


# ---------------------------------------------------------------- tables


def test_eigenworms_are_orthonormal_shapes_without_a_mean():
    basis = p.eigenworms()
    assert basis.shape == (48, 7)
    np.testing.assert_allclose(basis.T @ basis, np.eye(7), atol=1e-7)
    np.testing.assert_allclose(basis.sum(axis=0), 0, atol=1e-7)
    with pytest.raises(ValueError, match="read-only"):
        basis[0, 0] = 1


def test_eigenworms_are_those_of_the_source(recorded_data):
    import h5py

    path = recorded_data / "posture" / "eigenworms_N2_master.mat"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    assert hashlib.sha256(path.read_bytes()).hexdigest() in tables.csv_path("eigenworms").read_text("utf-8")
    with h5py.File(path) as file:
        theirs = file["eigenWorms"][()]
    ours = tables.read_csv("eigenworms")[[f"e{k}" for k in range(1, 8)]].to_numpy()
    np.testing.assert_allclose(ours, theirs, atol=1e-9)


def test_targets_are_complete_and_in_order():
    assert list(TARGETS.columns) == ["quantity", "medium", "low", "high", "unit", "source", "certainty"]
    assert not TARGETS.isna().any(axis=None)
    assert not TARGETS.duplicated(["quantity", "medium"]).any()
    assert (TARGETS["low"] <= TARGETS["high"]).all()
    assert set(TARGETS["medium"]) == {"agar", "water"}
    assert set(TARGETS["certainty"]) == {"medium", "from memory, high", "from memory, medium"}
    shares = sum(target(f"share_a{k}")[0] for k in range(1, 6))
    assert shares == pytest.approx(1, abs=0.002)


def test_targets_that_contradict_are_said_to():
    crawl = target("frequency_swim_to_crawl"), target("wavelength_swim_to_crawl")
    assert "cannot be" in contradiction(*crawl, target("speed_target"))
    assert contradiction(target("undulation_peak"), target("wavelength"), target("speed_target")) == ""
    assert "not every choice" in contradiction(target("frequency"), target("wavelength"), target("speed"))
    assert contradiction(*(target(q, "water") for q in ("frequency", "wavelength", "speed"))) == ""


# ---------------------------------------------------------------- made-up animals


def test_amplitudes_of_a_shape_are_that_shape():
    """A body bent into one of the shapes, turned and moved, has this one amplitude."""
    for k in range(7):
        theta = 0.8 * p.eigenworms()[:, k] + 2.5
        x, y = (0.3 + np.concatenate([[0], np.cumsum(f(theta))]) / 48 for f in (np.cos, np.sin))
        np.testing.assert_allclose(p.amplitudes(x, y), 0.8 * np.eye(7)[k], atol=1e-6)


def test_angles_do_not_jump_along_a_coil():
    theta = np.linspace(-5, 5, 48)
    x, y = (np.concatenate([[0], np.cumsum(f(theta))]) for f in (np.cos, np.sin))
    np.testing.assert_allclose(p.tangent_angles(x, y), theta, atol=1e-9)


def test_finer_bodies_have_the_same_amplitudes():
    coarse, fine = (p.amplitudes(*track(segments=n, seconds=3)) for n in (48, 192))
    np.testing.assert_allclose(fine, coarse, atol=0.02 * np.abs(coarse).max())


@pytest.mark.parametrize(("frequency", "wavelength"), [(0.44, 0.65), (0.3, 0.8), (1.76, 1.54)])
def test_wave_turns_the_phase_forward_at_its_frequency(frequency, wavelength):
    x, y = track(frequency, wavelength, seconds=30)
    (found,) = p.postures(x, y, DT_S)
    assert found.peak_Hz == pytest.approx(frequency, rel=0.02)
    # the two shapes are not exactly a quarter of a wave apart, so that the phase is not even over a cycle: in mean it is exact
    speed = p.phase_speed_Hz(p.amplitudes(x, y), 1 / DT_S)
    assert np.mean(speed[60:-60]) == pytest.approx(frequency, rel=0.06)
    assert found.backward == 0
    assert found.shares.sum() == pytest.approx(1)
    (back,) = p.postures(x[::-1], y[::-1], DT_S)
    assert back.backward == 1
    assert back.phase_speed_Hz == pytest.approx(-found.phase_speed_Hz)
    np.testing.assert_allclose(back.shares, found.shares)


def test_mirrored_animal_goes_the_same_way():
    x, y = track()
    (one,), (other,) = p.postures(x, y, DT_S), p.postures(x, -y, DT_S)
    assert one.phase_speed_Hz == pytest.approx(other.phase_speed_Hz, rel=1e-9)
    np.testing.assert_allclose(one.shares, other.shares)


def test_crawl_is_wave_and_circling_adds_no_variance():
    plain, circling = (p.postures(*track(turn=turn), DT_S)[0] for turn in (0.0, 1.5))
    assert plain.shares[:2].sum() > 0.8
    np.testing.assert_allclose(circling.shares, plain.shares, atol=1e-3)


def test_gaps_failures_and_animals_that_do_nothing():
    x, y = track()
    x, y = np.stack([x, x, x[:1].repeat(len(x), 0)]), np.stack([y, y, y[:1].repeat(len(y), 0)])
    x[1] = np.nan
    fine, failed, frozen = p.postures(x, y, DT_S)
    assert np.isfinite(fine.shares).all()
    assert np.isnan(failed.shares).all()
    assert np.isnan([failed.peak_Hz, failed.phase_speed_Hz, failed.backward, frozen.peak_Hz]).all()
    assert np.isnan(frozen.shares).all()
    assert frozen.backward == 0
    a = p.amplitudes(x[0], y[0])
    a[200:240] = np.nan
    speed = p.phase_speed_Hz(a, 30.0)
    assert np.isnan(speed[200:240]).all()
    assert np.isfinite(np.delete(speed, np.arange(200, 240))).all()
    whole = p.phase_speed_Hz(p.amplitudes(x[0], y[0]), 30.0)
    np.testing.assert_allclose(speed[:150], whole[:150], atol=1e-6)


def test_agreement_of_shares():
    assert p.share_agreement([0.5, 0.5, 0], [0.5, 0.5, 0]) == 1
    assert p.share_agreement([1, 0, 0], [0, 0.5, 0.5]) == 0
    assert p.share_agreement([0.6, 0.4], [0.4, 0.6]) == pytest.approx(0.8)


def test_bad_input_is_named(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        p.read_amplitudes(tmp_path / "none.npy")
    np.save(tmp_path / "a.npy", np.zeros((10, 4)))
    with pytest.raises(InputError, match="k of 5 or more"):
        p.read_amplitudes(tmp_path / "a.npy")
    np.save(tmp_path / "a.npy", np.zeros((10, 5), int))
    with pytest.raises(InputError, match="real numbers"):
        p.read_amplitudes(tmp_path / "a.npy")
    with pytest.raises(InputError, match="rate_Hz = 0"):
        p.posture(np.zeros((10, 5)), 0)


# ---------------------------------------------------------------- the recorded worm


def test_levels_of_the_recorded_worm(recorded):
    assert recorded.shape == (33_600, 5)
    found = p.posture(recorded, 16.0)
    stated = [target(f"share_a{k}")[0] for k in range(1, 6)]
    np.testing.assert_allclose(found.shares, stated, atol=6e-4)
    assert found.peak_Hz == pytest.approx(target("undulation_peak")[0], abs=0.01)
    assert found.phase_speed_Hz == pytest.approx(target("phase_speed")[0], abs=0.005)
    assert found.backward == pytest.approx(target("backward_share")[0], abs=0.005)


def test_levels_do_not_hang_on_the_smoothing(recorded):
    raw = p.phase_speed_Hz(recorded, 16.0, smooth_s=0.0)
    raw = raw[np.isfinite(raw)]
    assert np.median(np.abs(raw)) == pytest.approx(target("phase_speed")[0], abs=0.01)
    assert (raw < 0).mean() == pytest.approx(target("backward_share")[0], abs=0.01)

"""Gait: bodies that move in their own track with a known wave, so that every measure is known beforehand."""

from __future__ import annotations

import numpy as np
import pytest
from tracks import DT_S, detour, track

from wormsim.errors import InputError
from wormsim.metrics import gait as g


def test_curvature_of_a_circle_and_its_side():
    """A body on a circle of 0.5 mm; the dorsal side is to the left of the way from head to tail."""
    angle = np.linspace(0, np.pi, 49)
    x, y = 0.5 * np.cos(angle), 0.5 * np.sin(angle)  # counter-clockwise from the nose: the centre is dorsal
    chord = 2 * 0.5 * np.sin(np.pi / 96)
    expected = (np.pi / 48) / chord  # angle over segment, exactly
    np.testing.assert_allclose(g.curvature_per_mm(x, y), expected, rtol=1e-12)
    np.testing.assert_allclose(g.curvature_per_mm(x, -y), -expected, rtol=1e-12)
    assert expected == pytest.approx(2.0, rel=1e-3)


def test_straight_body_pulled_along_has_that_velocity():
    t = np.arange(60) * DT_S
    x = 0.2 * t[:, None] - np.linspace(0, 1, 49)
    v = g.signed_velocity_mm_s(x, np.zeros_like(x), DT_S)
    np.testing.assert_allclose(v, 0.2, rtol=1e-9)
    np.testing.assert_allclose(g.signed_velocity_mm_s(-x, np.zeros_like(x), DT_S), 0.2, rtol=1e-9)  # a mirror changes nothing
    np.testing.assert_allclose(g.signed_velocity_mm_s(x[::-1], np.zeros_like(x), DT_S), -0.2, rtol=1e-9)


def test_sideways_movement_is_no_velocity():
    t = np.arange(60) * DT_S
    x, y = np.broadcast_to(-np.linspace(0, 1, 49), (60, 49)), np.broadcast_to(0.3 * t[:, None], (60, 49))
    np.testing.assert_allclose(g.signed_velocity_mm_s(x, y, DT_S), 0.0, atol=1e-12)


@pytest.mark.parametrize(("frequency", "wavelength"), [(0.4, 0.65), (0.3, 0.5), (0.5, 0.8), (1.8, 1.5), (0.9, 1.0)])
@pytest.mark.parametrize("segments", [48, 96])
def test_wave_in_its_own_track(frequency, wavelength, segments):
    x, y = track(frequency, wavelength, segments=segments, bend=4.0)
    axis = detour(wavelength, 4.0)
    found = g.gait(x, y, DT_S)
    assert found.frequency_Hz == pytest.approx(frequency, rel=0.01)
    assert found.wavelength == pytest.approx(wavelength, rel=0.03)
    assert found.bend == pytest.approx(4.0, rel=0.05)
    assert found.travelling > 0.9
    assert found.length_mm == pytest.approx(1.0, rel=5e-3)
    # along the axis the body is slower than along the path, by the share that the path's detours take
    assert found.speed_mm_s == pytest.approx(axis * frequency * wavelength, rel=0.05)
    assert 0 < found.efficiency < 1.0
    assert g.contradiction(float(found.frequency_Hz), float(found.wavelength), float(found.speed_mm_s)) == ""


def test_time_reversed_runs_backwards():
    x, y = track()
    there, back = g.gait(x, y, DT_S), g.gait(x[::-1], y[::-1], DT_S)
    assert there.frequency_Hz > 0
    for name in ("frequency_Hz", "speed_mm_s"):
        assert getattr(back, name) == pytest.approx(-getattr(there, name), rel=1e-9)
    for name in ("wavelength", "amplitude_per_mm", "travelling", "efficiency"):
        assert getattr(back, name) == pytest.approx(getattr(there, name), rel=1e-9)
    v = g.signed_velocity_mm_s(x, y, DT_S)
    np.testing.assert_allclose(g.signed_velocity_mm_s(x[::-1], y[::-1], DT_S), -v[::-1], atol=1e-12)


def test_head_and_tail_swapped_turns_the_signs():
    x, y = track()
    there, swapped = g.gait(x, y, DT_S), g.gait(x[:, ::-1], y[:, ::-1], DT_S)
    assert swapped.frequency_Hz == pytest.approx(-there.frequency_Hz, rel=0.01)
    assert swapped.speed_mm_s == pytest.approx(-there.speed_mm_s, rel=1e-9)


def test_slip_is_found():
    x, y = track(slip=0.6)
    axis = detour()
    found = g.gait(x, y, DT_S)
    assert found.efficiency == pytest.approx(0.4 * axis, rel=0.05)
    assert found.slip == pytest.approx(1 - 0.4 * axis, rel=0.05)


def test_length_scales_speed_and_amplitude():
    big, small = g.gait(*track(length_mm=1.0), DT_S), g.gait(*track(length_mm=0.5), DT_S)
    assert small.speed_mm_s == pytest.approx(big.speed_mm_s / 2, rel=1e-3)
    assert small.wavelength == pytest.approx(big.wavelength, rel=1e-3)
    assert small.amplitude_per_mm == pytest.approx(2 * big.amplitude_per_mm, rel=1e-3)


def test_a_standing_bend_does_not_disturb_the_wave():
    """An animal that circles: constant curvature on top of its wave."""
    found = g.gait(*track(turn=1.5), DT_S)
    assert found.frequency_Hz == pytest.approx(0.4, rel=0.01)
    assert found.wavelength == pytest.approx(0.65, rel=0.03)


def test_frequency_between_the_lines_and_with_noise():
    """Ten seconds resolve a tenth of a Hz; the peak is found much closer, also in noise."""
    t, s = np.arange(300) * DT_S, np.arange(1, 48) / 48
    wave = 8 * np.cos(2 * np.pi * (0.437 * t[:, None] - s / 0.62)) + np.random.default_rng(1).normal(0, 2, (300, 47))
    f, wavelength, amplitude, travelling = g.undulation(wave, DT_S, 1.0)
    assert f == pytest.approx(0.437, abs=0.01)
    assert wavelength == pytest.approx(0.62, abs=0.02)
    assert amplitude == pytest.approx(np.sqrt(8**2 + 2 * 2**2), rel=0.05)
    assert travelling > 0.9


def test_standing_wave_does_not_travel():
    t, s = np.arange(600) * DT_S, np.arange(1, 48) / 48
    standing = 8 * np.cos(2 * np.pi * 0.4 * t)[:, None] * np.cos(2 * np.pi * s / 0.65 + 0.3)
    f, _, _, travelling = g.undulation(standing, DT_S, 1.0)
    assert abs(f) == pytest.approx(0.4, rel=0.01)
    assert travelling < 0.05


def test_a_body_that_bends_everywhere_at_once_has_no_wavelength():
    t = np.arange(600) * DT_S
    f, wavelength, _, travelling = g.undulation(np.tile(8 * np.cos(2 * np.pi * 0.4 * t)[:, None], 47), DT_S, 1.0)
    assert f == pytest.approx(0.4, rel=0.01)
    assert np.isnan(wavelength)
    assert travelling < 0.05


def test_a_trend_of_every_joint_does_not_move_the_peak():
    t, s = np.arange(600) * DT_S, np.arange(1, 48) / 48
    wave = 8 * np.cos(2 * np.pi * (0.4 * t[:, None] - s / 0.65))
    plain, tilted = (g.undulation(wave + k * t[:, None] * (1 - s), DT_S, 1.0) for k in (0.0, 3.0))
    assert tilted[0] == pytest.approx(plain[0], rel=5e-3)
    assert tilted[1] == pytest.approx(plain[1], rel=0.02)


def test_an_amplitude_that_falls_along_the_body_does_not_move_the_wavelength():
    t, s = np.arange(600) * DT_S, np.arange(1, 48) / 48
    for wavelength in (0.65, 1.5):
        wave = (10 - 6 * s) * np.cos(2 * np.pi * (0.4 * t[:, None] - s / wavelength))
        assert g.undulation(wave, DT_S, 1.0)[1] == pytest.approx(wavelength, rel=0.01)


def test_failed_straight_and_drifting_animals_have_no_frequency():
    x, y = track(seconds=10)
    x, y = np.stack([x, x, np.broadcast_to(-np.linspace(0, 1, 49), x.shape)]), np.stack([y, y, np.zeros_like(y)])
    x[1, 100:], y[1, 100:] = np.nan, np.nan
    found = g.gait(x, y, DT_S)
    assert np.isfinite(found.frequency_Hz).tolist() == [True, False, False]
    assert np.isnan(found.speed_mm_s).tolist() == [False, True, False]
    assert found.speed_mm_s[2] == 0
    velocity = g.signed_velocity_mm_s(x, y, DT_S)
    assert np.isfinite(velocity[1, :90]).all()
    assert np.isnan(velocity[1, 100:]).all()
    t = np.arange(300) * DT_S
    drift = np.tile(5 * np.exp(-t / 4)[:, None], 47)  # bends slowly, once
    assert np.isnan(g.undulation(drift, DT_S, 1.0)[0])


def test_variants_are_measured_as_if_alone():
    a, b = track(0.4), track(0.7, 1.0)
    both = g.gait(np.stack([a[0], b[0]]), np.stack([a[1], b[1]]), DT_S)
    for k, (x, y) in enumerate((a, b)):
        alone = g.gait(x, y, DT_S)
        for name in ("frequency_Hz", "wavelength", "amplitude_per_mm", "travelling", "speed_mm_s", "length_mm", "slip"):
            assert getattr(both, name)[k] == pytest.approx(getattr(alone, name), rel=1e-12)


def test_targets_that_contradict_one_another_are_said_to():
    # the crawl of Fang-Yen 2010, 0.30 Hz and 0.65 body lengths, is too slow for 0.22 mm/s on a body of 1 mm
    assert "cannot be: frequency times wavelength is at most 0.195 mm/s" in g.contradiction(0.30, 0.65, 0.22)
    assert g.contradiction(0.44, 0.65, 0.22) == ""
    assert g.contradiction((1.7, 2.0), 1.5, (0.3, 0.4)) == ""
    assert "not every choice" in g.contradiction((0.3, 0.5), 0.65, (0.1, 0.3))
    assert g.contradiction(0.30, 0.65, 0.22, length_mm=1.2) == ""
    assert g.contradiction(-0.30, 0.65, -0.22) != ""  # backwards as well
    with pytest.raises(InputError, match="low <= high"):
        g.contradiction((0.5, 0.3), 0.65, 0.2)


def test_bad_input_is_named():
    x, y = track(seconds=2)
    with pytest.raises(InputError, match="both must be"):
        g.gait(x, y[:-1], DT_S)
    with pytest.raises(InputError, match="dt_s = 0"):
        g.signed_velocity_mm_s(x, y, 0)
    with pytest.raises(InputError, match="at least 8 frames"):
        g.gait(x[:4], y[:4], DT_S)
    with pytest.raises(InputError, match="mid_body"):
        g.gait(x, y, DT_S, mid_body=(0.5, 0.51))

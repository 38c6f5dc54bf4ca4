"""Deep turns: bends of thirds against a circle, and the two recorded turns."""

from __future__ import annotations

import numpy as np
import pytest
from tracks import DT_S, track

from wormsim import ethogram
from wormsim.errors import InputError
from wormsim.metrics import turns


@pytest.fixture(params=["omega", "delta"])
def recorded_turn(request, recorded_data):
    """A recorded turn: its kind, its angles, its nodes."""
    path = recorded_data / "posture" / f"kymogram_{request.param}_turn.npy"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    angles = turns.read_kymogram(path)
    return request.param, angles, *turns.places_of(angles)


def test_bends_of_a_circle():
    """On a full circle a twelfth of the body turns by 30 degrees, wherever it is."""
    x, y = turns.places_of(np.full((1, 119), 2 * np.pi / 120))
    np.testing.assert_allclose(turns.third_bends_deg(x, y), 30.0, rtol=1e-6)
    np.testing.assert_allclose(turns.third_bends_deg(x, -y), -30.0, rtol=1e-6)
    assert turns.nose_to_tail(x, y)[0] == pytest.approx(0, abs=1e-12)
    half = turns.places_of(np.full((1, 119), np.pi / 120))
    assert turns.nose_to_tail(*half)[0] == pytest.approx(2 / np.pi, rel=1e-3)


def test_places_give_the_angles_back():
    from wormsim.metrics.gait import curvature_per_mm

    angles = np.random.default_rng(0).normal(0, 0.3, (5, 47))
    x, y = turns.places_of(angles)
    assert x.shape == (5, 49)
    np.testing.assert_allclose(curvature_per_mm(x, y) / 48, angles, atol=1e-12)


def test_a_crawl_has_no_turn():
    x, y = track()
    found = turns.measure_turn(x, y, DT_S)
    assert found.near_s == 0
    assert np.isnan(found.duration_s)
    assert found.nearest > 0.8
    assert np.isnan(turns.turn_agreement(found, found)["duration_s"])


def test_recorded_turns_are_turns_and_their_crawl_is_none(recorded_turn):
    kind, angles, x, y = recorded_turn
    dt_s = 1 / turns.KYMOGRAM_RATE_HZ
    found = turns.measure_turn(x, y, dt_s)
    deg = np.degrees(np.concatenate([np.zeros((len(angles), 1)), np.cumsum(angles, axis=1)], axis=1))
    assert found.range_deg == pytest.approx(np.ptp(deg, axis=1).max(), rel=1e-9)
    assert found.total_bend_deg == pytest.approx(np.abs(deg[:, -1]).max(), rel=1e-9)
    expected = {"omega": (375, 2.16, 0.030), "delta": (412, 2.97, 0.149)}[kind]
    assert (found.range_deg, found.duration_s, found.nearest) == pytest.approx(expected, rel=0.01)
    state = ethogram.states(x, y, dt_s)
    omega = state == ethogram.STATES.index("omega")
    assert len(turns.runs(omega)) == 1  # once, and nowhere else in the recording
    assert ethogram.STATES.index("turn") not in state
    assert turns.nose_to_tail(x, y)[~omega].min() > turns.NEAR
    agreement = turns.turn_agreement(found, found)
    assert agreement == {"range_deg": 1.0, "duration_s": 1.0}


def test_recorded_turns_compared_with_one_another(recorded_data):
    omega, delta = (recorded_data / "posture" / f"kymogram_{kind}_turn.npy" for kind in ("omega", "delta"))
    if not (omega.is_file() and delta.is_file()):
        pytest.skip(f"{omega} or {delta} is not there")
    a, b = (turns.measure_turn(*turns.places_of(turns.read_kymogram(p)), 1 / 32) for p in (omega, delta))
    agreement = turns.turn_agreement(a, b)
    assert agreement["range_deg"] == pytest.approx(375.5 / 412.4, rel=1e-3)
    assert agreement == turns.turn_agreement(b, a)


def test_bad_kymograms_are_named(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        turns.read_kymogram(tmp_path / "none.npy")
    path = tmp_path / "a.npy"
    path.write_text("not an array")
    with pytest.raises(InputError, match="not an array"):
        turns.read_kymogram(path)
    np.save(path, np.zeros(24))
    with pytest.raises(InputError, match=r"shape \(24,\)"):
        turns.read_kymogram(path)
    angles = np.zeros((10, 24))
    angles[3, 7] = np.nan
    np.save(path, angles)
    with pytest.raises(InputError, match="row 3, column 7: nan"):
        turns.read_kymogram(path)
    x, y = turns.places_of(angles)
    with pytest.raises(InputError, match="cut it before it failed"):
        turns.measure_turn(x, y, 0.1)

"""Ethogram: bodies made to crawl, rest, reverse and turn at known times."""

from __future__ import annotations

import numpy as np
import pytest
from tracks import DT_S, along, crawl, detour, track

from wormsim import ethogram
from wormsim.errors import InputError
from wormsim.metrics import turns

CODE = {name: k for k, name in enumerate(ethogram.STATES)}
SPEED_MM_S = 0.26


def run_rest_reverse(dt_s=DT_S):
    """Ten seconds forward, five of rest, six backward, nine forward, along one track."""
    t = np.arange(round(30 / dt_s)) * dt_s
    speed = SPEED_MM_S * np.select([t < 10, t < 15, t < 21], [1, 0, -1], 1)
    return along(np.cumsum(speed) * dt_s, crawl())


def hairpin(degrees, at_mm=2.6, width_mm=0.75):
    """A crawl whose track turns by so much within three quarters of a body length."""
    t = np.arange(600) * DT_S
    plain = crawl()
    return along(SPEED_MM_S * t, lambda s: plain(s) + np.radians(degrees) * np.clip((s - at_mm) / width_mm, 0, 1))


def test_states_at_their_times():
    x, y = run_rest_reverse()
    state = ethogram.states(x, y, DT_S)
    for start, stop, name in ((0, 9.5, "forward"), (10.5, 14.5, "pause"), (15.5, 20.5, "reversal"), (21.5, 30, "forward")):
        assert set(state[round(start / DT_S) : round(stop / DT_S)]) == {CODE[name]}, name
    table = ethogram.events(x, y, DT_S)
    assert [s for s in table["state"] if s != "other"] == ["forward", "pause", "reversal", "forward"]
    reversal = table[table["state"] == "reversal"].iloc[0]
    assert reversal["start_s"] == pytest.approx(15, abs=0.3)
    assert reversal["stop_s"] == pytest.approx(21, abs=0.3)
    assert reversal["path_mm"] == pytest.approx(-6 * SPEED_MM_S * detour(), rel=0.1)
    assert table["whole"].tolist()[0] is False
    assert reversal["whole"]
    found = ethogram.summary(table).iloc[0]
    assert found["reversals_per_min"] == pytest.approx(2.0)
    assert found["reversal_s"] == pytest.approx(6, abs=0.4)
    assert found["reversal_mm"] > 0
    assert found["omegas_per_min"] == 0
    assert np.isnan(found["omega_s"])
    assert found["recorded_s"] == pytest.approx(30)
    assert found["forward_mm_s"] == pytest.approx(SPEED_MM_S * detour(), rel=0.05)
    assert sum(found[f"share_{s}"] for s in ethogram.STATES[1:]) == pytest.approx(1)


def test_time_reversed_swaps_forward_and_reversal():
    x, y = run_rest_reverse()
    there, back = ethogram.states(x, y, DT_S), ethogram.states(x[::-1], y[::-1], DT_S)[::-1]
    assert ((there == CODE["forward"]) == (back == CODE["reversal"])).all()
    assert ((there == CODE["reversal"]) == (back == CODE["forward"])).all()
    assert ((there == CODE["pause"]) == (back == CODE["pause"])).all()


def test_frames_further_apart_find_the_same():
    x, y = run_rest_reverse(dt_s=0.2)
    table = ethogram.events(x, y, 0.2)
    assert [s for s in table["state"] if s != "other"] == ["forward", "pause", "reversal", "forward"]
    with pytest.raises(InputError, match=r"at most 0\.25 s apart"):
        ethogram.states(x, y, 0.3)


def test_motion_between_the_thresholds_and_short_motion_have_no_state():
    t = np.arange(300) * DT_S
    straight = lambda s: np.zeros_like(s)  # noqa: E731
    slow = along(0.035 * t, straight)  # 3.5 % of the body length a second
    assert set(ethogram.states(*slow, DT_S)) == {CODE["other"]}
    assert set(ethogram.states(*along(0.02 * t, straight), DT_S)) == {CODE["pause"]}
    assert set(ethogram.states(*along(0.06 * t, straight), DT_S)) == {CODE["forward"]}
    assert set(ethogram.states(*along(0.06 * t, straight, length_mm=1.3), DT_S)) == {CODE["other"]}  # thresholds go with the length
    twitch = np.clip(t - 5, 0, 0.2) * 0.2  # fast enough, for a fifth of a second; the window of the velocity makes it 0.7 s
    assert CODE["forward"] not in ethogram.states(*along(twitch, straight), DT_S)


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("at_mm", np.arange(2.2, 2.85, 0.13).round(2).tolist())
def test_omega_turn_is_found_and_timed(side, at_mm):
    """The body passes a hairpin of 300 degrees at 0.26 mm/s, at all phases of its crawl: the bend enters there and has left
    after 1 + 0.75 mm.
    """
    x, y = hairpin(side * 300, at_mm)
    table = ethogram.events(x, y, DT_S)
    omega = table[table["state"] == "omega"]
    assert len(omega) == 1
    row = omega.iloc[0]
    assert row["whole"]
    assert at_mm / SPEED_MM_S < row["start_s"] + 1 < row["stop_s"] < (at_mm + 1.75) / SPEED_MM_S  # the crawl may bend it a little before
    assert row["stop_s"] - row["start_s"] > 0.4 * 1.75 / SPEED_MM_S
    assert ethogram.summary(table)["omegas_per_min"].iloc[0] == pytest.approx(3.0)
    bends = turns.third_bends_deg(x, y)
    strongest = np.abs(bends).max()
    assert side * bends.flat[np.abs(bends).argmax()] == pytest.approx(-strongest)  # a path that turns left has its dorsal side outside


@pytest.mark.parametrize("degrees", [0, 90, 150])
def test_shallow_turns_are_no_omega(degrees):
    x, y = hairpin(degrees)
    assert not {CODE["omega"], CODE["turn"]} & set(ethogram.states(x, y, DT_S))


def test_deep_regular_crawl_is_no_omega():
    """Bends of more than 30 degrees pass down this body twice a cycle: the rule of thirds alone would see turns only."""
    x, y = track(bend=12.0)
    assert np.abs(turns.third_bends_deg(x, y)).max(axis=0).min() > turns.THIRD_DEG
    assert set(ethogram.states(x, y, DT_S)) == {CODE["forward"]}


def test_a_coil_that_does_not_pass_is_a_turn():
    """The whole body curls up and uncurls, everywhere at once."""
    t, s = np.arange(300) * DT_S, np.linspace(0, 1, 49)
    curl = 5.5 * np.exp(-(((t - 5) / 1.5) ** 2))
    theta = curl[:, None] * (s[1:] + s[:-1]) / 2
    x, y = (np.concatenate([np.zeros((300, 1)), np.cumsum(f(theta), axis=1) / 48], axis=1) for f in (np.cos, np.sin))
    state = ethogram.states(x, y, DT_S)
    assert CODE["turn"] in state
    assert CODE["omega"] not in state


def test_a_failed_animal_is_failed_and_counts_no_longer():
    x, y = run_rest_reverse()
    x, y = np.stack([x, x]), np.stack([y, y])
    x[1, 480:], y[1, 480:] = np.nan, np.nan  # within the reversal, at 16 s
    table = ethogram.events(x, y, DT_S)
    own = table[table["variant"] == 1]
    assert own["state"].iloc[-1] == "failed"
    assert not own[own["state"] == "reversal"]["whole"].any()
    found = ethogram.summary(table)
    assert found["failed"].tolist() == [False, True]
    assert found["recorded_s"].tolist() == pytest.approx([30, 16])
    assert np.isnan(found.loc[1, "reversal_s"])
    nothing = ethogram.summary(ethogram.events(np.full((20, 49), np.nan), np.full((20, 49), np.nan), DT_S)).iloc[0]
    assert nothing["failed"]
    assert nothing["recorded_s"] == 0
    assert np.isnan(nothing["reversals_per_min"])


def test_gaps_are_closed_up_to_their_length_and_never_at_the_ends():
    flag = np.array([0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0], bool)
    assert turns.close_gaps(flag, 2).astype(int).tolist() == [0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 0]
    assert turns.runs(flag) == [(1, 2), (3, 4), (6, 7), (10, 11)]

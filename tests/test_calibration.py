"""What a calibration looks at, on planted velocities and paths: every number has a closed form."""

from __future__ import annotations

import re
import sys

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import wormsim as ws
import wormsim.calibration_looks as looks
from wormsim import hermaphrodite_calibration, male_calibration, male_stopping
from wormsim.animal import individual
from wormsim.assays import tap
from wormsim.behaviour_assay import (
    ANSWER_S,
    BY_TOUCH_MM_S,
    HOLDS_S,
    least_mean,
    reversal_by_touch,
    slowest,
    velocity,
)
from wormsim.body.form import HERMAPHRODITE, MALE
from wormsim.body.male_tail import CLOACA
from wormsim.body.parameters import FREE
from wormsim.calibrated import load_animals, parameters_of
from wormsim.calibration_looks import crawling, switches
from wormsim.calibration_steps import steps
from wormsim.closed_loop import start_pose
from wormsim.hermaphrodite_calibration import answers_touch
from wormsim.male_calibration import BENT, MEET_AT, TIP, TURN_AT, answered, met, turned
from wormsim.mating_ethogram import GRACE_S
from wormsim.metrics.gait import LEAST_CYCLES

T = np.arange(0, 16, 0.05)


def trace(*pieces):
    """Velocity of one animal: 0.1 mm/s, but what each (start_s, stop_s, velocity) says."""
    v = np.full(len(T), 0.1)
    for start, stop, value in pieces:
        v[(start - 1e-9 <= T) & (stop - 1e-9 > T)] = value
    return v[None]


def test_least_mean_takes_the_worst_two_seconds():
    v = trace((5, 7, -0.05), (9, 10, -0.2))
    assert least_mean(v, T, 3, 15, 2, 0.5)[0] == pytest.approx(-0.05)  # one second of -0.2 beside 0.1 is the same
    assert least_mean(v, T, 3, 15, 1, 0.5)[0] == pytest.approx(-0.2)
    assert least_mean(v, T, 10, 15, 2, 0.5)[0] == pytest.approx(0.1)
    assert least_mean(trace((13, 15, -0.05)), T, 3, 15, 2, 0.5)[0] == pytest.approx(-0.05)  # the last window counts


def test_slowest_holds_for_its_time_and_falls_into_its_window():
    at = 8.0
    assert slowest(trace((9, 9 + HOLDS_S, -0.06)), T, at)[0] == pytest.approx(-0.06)
    assert slowest(trace((9, 9 + HOLDS_S / 2, -0.06)), T, at)[0] == pytest.approx(0.02)  # half of it at 0.1
    assert slowest(trace((at + ANSWER_S[1], 15, -0.06), (at - 2, at + ANSWER_S[0], -0.06)), T, at)[0] == pytest.approx(0.1)


def moving(v):
    """A recording of straight bodies that go to the left, head first, with velocities (V, T)."""
    s = np.linspace(0, 1, 49)
    x = -np.concatenate([np.zeros((len(v), 1)), np.cumsum(v[:, :-1], axis=1) * 0.05], axis=1)[:, :, None] + s
    touch = np.full(len(v), np.nan)
    touch[: len(v) // 2] = 8.0
    return xr.Dataset({"x_mm": (("variant", "time", "node"), x), "y_mm": (("variant", "time", "node"), np.zeros_like(x)),
                       "touch_s": ("variant", touch)}, {"time_s": ("time", T)})


def test_what_an_animal_does_by_itself_is_no_answer():
    stall, none = trace((8.5, 13, -0.05)), trace()
    assert reversal_by_touch(moving(np.concatenate([stall, none])))[0] == pytest.approx(-0.05, abs=0.005)
    assert reversal_by_touch(moving(np.concatenate([stall, stall])))[0] == 0.0
    slower = trace((8.5, 13, -0.05 - BY_TOUCH_MM_S / 2))
    assert reversal_by_touch(moving(np.concatenate([slower, stall])))[0] == 0.0


def test_a_tap_is_answered_by_what_an_animal_does_not_do_by_itself():
    back, none = trace((8, 13, -0.05)), trace()
    assert tap.measure(moving(np.concatenate([back, none])))["reversal_mm"][0] == pytest.approx(-0.25, abs=0.03)
    assert tap.measure(moving(np.concatenate([back, back])))["reversal_mm"][0] == 0.0
    assert tap.ASSAY.twins


def undulating(velocity_mm_s, frequency_Hz, duration_s):
    """Bodies with one wave and a half that runs to the tail while they go along -x with velocities (V,)."""
    t, s = np.arange(0, duration_s, 0.05), np.linspace(0, 1, 49)
    x = s - np.array(velocity_mm_s)[:, None, None] * t[:, None]
    y = 0.04 * np.sin(2 * np.pi * (1.5 * s - np.array(frequency_Hz)[:, None, None] * t[:, None]))
    return xr.Dataset({"x_mm": (("variant", "time", "node"), x), "y_mm": (("variant", "time", "node"), y)}, {"time_s": ("time", t)})


def test_a_crawler_crawls_under_every_noise(monkeypatch):
    """Three planted animals: one that always crawls, one that backs under the second noise, one that fails under it."""
    planted = {(0, 7): (0.1, 0.4), (0, 1007): (0.2, 0.6), (1, 7): (0.2, 0.4), (1, 1007): (-0.1, 0.4), (2, 7): (0.2, 0.4), (2, 1007): (np.nan, 0.4)}

    def simulate(wiring, parameters, world, *, duration_s, seeds):
        return undulating(*zip(*(planted[k, seed] for k, seed in zip(parameters["a"], seeds, strict=True)), strict=True), duration_s)

    monkeypatch.setattr(looks, "simulate_animals", simulate)
    seen, alone = crawling(None, pd.DataFrame({"a": [0, 1, 2]}), [7, 1007], 14.0)
    assert seen["crawl_speed_mm_s"] == pytest.approx([0.15, 0.05, np.nan], abs=0.02, nan_ok=True)
    assert seen["crawl_least_mm_s"] == pytest.approx([0.1, -0.1, np.nan], abs=0.02, nan_ok=True)
    assert seen["crawl_frequency_Hz"] == pytest.approx([0.5, 0.4, np.nan], rel=0.05, nan_ok=True)
    assert all(np.isnan(x[2]) and np.isfinite(x[0]) for x in seen.values())
    assert velocity(alone)[0][:, 100] == pytest.approx([0.1, 0.2, 0.2, 0.2, -0.1, np.nan], abs=0.02, nan_ok=True)


@pytest.mark.parametrize(("observe", "noises"), [
    (hermaphrodite_calibration.observe_moving, [7, 1007]), (hermaphrodite_calibration.observe_touched_front, [7, 1007]),
    (male_calibration.observe_scanning, [7, 1007, 2007, 3007]), (male_calibration.observe_mating, [7, 1007, 2007, 3007]),
    (male_calibration.observe_bending, [7, 1007]),
    # of these each look has its own
    (hermaphrodite_calibration.observe_touched_often, [7]), (male_calibration.observe_answering_often, [7]),
    (male_calibration.observe_turning_often, [7]), (male_stopping.observe_stopping_often, [7])])
def test_animals_have_to_crawl_under_more_than_the_noise_of_their_calibration(observe, noises, monkeypatch):
    class SeenError(Exception):
        pass

    def crawling(wiring, parameters, seeds, duration_s):
        raise SeenError(seeds)

    monkeypatch.setattr(sys.modules[observe.__module__], "crawling", crawling)
    monkeypatch.setattr(male_calibration, "meetings", lambda wiring: ("one", "two", "three"))
    with pytest.raises(SeenError, match=re.escape(str(noises))):
        observe(individual(ws.load_circuit("whole_male"), 0), pd.DataFrame({"a": [0]}), 7)


@pytest.mark.parametrize(("sieve", "most"), [(switches("AVA", "AVD", "AVE", g_nS=1.0), 2.0), (answers_touch, 3.0)])
def test_a_sieve_scores_forward_and_backward_apart(sieve, most, monkeypatch):
    """Planted animals: one that always crawls, one that always backs, one that switches when driven or touched, one that is not a number."""
    module = sys.modules[sieve.__module__]
    planted = {0: (0.1, 0.1), 1: (-0.1, -0.1), 2: (0.1, -0.1), 3: (np.nan, np.nan)}

    def simulate(wiring, parameters, worlds, perturbations=None, **how):
        runs = len(parameters) // 4
        changed = np.repeat(np.arange(runs) > 0, 4)
        t = np.arange(0, how["duration_s"], 0.1)
        v = np.array([np.full(len(t), planted[k % 4][0]) for k in range(4 * runs)])
        for k in np.flatnonzero(changed):
            v[k, (t > 4) & (t < 12)] = planted[k % 4][1]
        return v, t

    monkeypatch.setattr(module, "simulate_animals", simulate)
    monkeypatch.setattr(module, "velocity", lambda run: run)
    score = sieve(None, pd.DataFrame({"a": np.zeros(4)}), 0)
    assert score[2] == pytest.approx(most)
    assert score[2] > max(score[0], score[1]) + 0.9
    assert score[3] < -9


def test_a_sieve_may_ask_for_what_they_do_while_driven_as_well(monkeypatch):
    """Three that switch: one bent ventrally over most of the body while driven, one dorsally, one straight; a fourth is not a number."""
    n, s = 49, np.linspace(0.0, 0.88, 49)
    middle = (s[1:] + s[:-1]) / 2
    angle = np.array([-8.0, 4.0, 0.0, np.nan])[:, None] * middle  # ventral is to the right of the way from head to tail
    x, y = (np.concatenate([np.zeros((4, 1)), np.cumsum(f(angle) * np.diff(s), axis=1)], axis=1) for f in (np.cos, np.sin))

    def simulate(wiring, parameters, worlds, perturbations=None, **how):
        frames = 90
        straight = np.tile(s, (4, frames, 1))
        return xr.Dataset({"x_mm": (("variant", "time", "node"), np.concatenate([straight, np.repeat(x[:, None], frames, 1)])),
                           "y_mm": (("variant", "time", "node"), np.concatenate([np.zeros_like(straight), np.repeat(y[:, None], frames, 1)]))},
                          {"time_s": ("time", 0.1 * np.arange(frames)), "node": np.arange(n)})

    monkeypatch.setattr(looks, "simulate_animals", simulate)
    monkeypatch.setattr(looks, "velocity", lambda run: (np.repeat([0.1, -0.1], 4)[:, None] * np.ones(90), run["time_s"].to_numpy()))
    found = switches("R1A", g_nS=0.3, also=male_calibration._bends)(None, pd.DataFrame({"a": range(4)}), 0)
    assert found == pytest.approx([3.0, 1.0, 2.0, 2.0], abs=0.01)


def beside_her(place, flank, gap_mm=0.001, frames=121, dt_s=0.1, head=lambda t: 1):
    """A straight male whose cloaca goes along a straight mate, at `place(t)` of her length on the side `flank(t)`, his head the way her head is
    (`head` 1) or the other way (-1).
    """
    t = np.arange(frames) * dt_s
    n = HERMAPHRODITE.segments
    hx, hy = np.linspace(0, HERMAPHRODITE.length_mm, n + 1), np.zeros(n + 1)
    s = np.linspace(0, MALE.length_mm, 49)
    at = np.array([place(z) for z in t]) * HERMAPHRODITE.length_mm
    radius = np.interp(at / HERMAPHRODITE.length_mm, np.linspace(0, 1, n + 1), HERMAPHRODITE.radius_mm)
    away = np.array([flank(z) for z in t]) * (radius + np.interp(CLOACA, np.linspace(0, 1, 49), MALE.radius_mm) + gap_mm)
    x = np.array([head(z) for z in t])[:, None] * (s - CLOACA * MALE.length_mm) + at[:, None]
    y = np.repeat(away[:, None], 49, axis=1)
    return xr.Dataset(
        {"x_mm": (("variant", "time", "node"), x[None]), "y_mm": (("variant", "time", "node"), y[None]),
         "mate_x_mm": (("variant", "time", "mate_node"), np.tile(hx, (1, frames, 1))),
         "mate_y_mm": (("variant", "time", "mate_node"), np.tile(hy, (1, frames, 1))), "radius_mm": ("node", MALE.radius_mm),
         "mate_radius_mm": ("mate_node", HERMAPHRODITE.radius_mm), "failed": ("variant", [""])},
        {"time_s": ("time", t), "variant": [0]})


def test_speed_along_her_is_that_of_a_planted_male():
    far = turned(beside_her(lambda t: 0.6 + 0.03 * t, lambda t: 1), 0)
    assert far["scan_far_mm_s"] == pytest.approx(0.03 * HERMAPHRODITE.length_mm, rel=0.1)
    assert far["turn_contact"] == pytest.approx(1.0)
    near = met(beside_her(lambda t: 0.3 + 0.03 * t, lambda t: 1), 0)
    assert near["scan_mm_s"] == pytest.approx(0.03 * HERMAPHRODITE.length_mm, rel=0.1)


def test_a_male_who_crawls_on_round_her_nose_has_neither_scanned_nor_turned():
    def place(t):
        return max(0.6 - 0.1 * t, -0.005) if t < 6.5 else min(-0.005 + 0.1 * (t - 6.5), 0.5)

    away = turned(beside_her(place, lambda t: 1 if t < 6.5 else -1), 0)
    assert away["scan_far_mm_s"] <= 0.0
    assert away["turn_progress"] <= 0.0


def test_a_male_who_backs_round_her_tail_and_on_has_turned():
    """0.4 of her length to her end, TIP for the tip, and 0.3 on along the other flank, where his head points the other way."""
    def place(t):
        return min(0.6 + 0.1 * t, 1.005) if t < 6.0 else max(1.005 - 0.1 * (t - 6.0), 0.7)

    side = dict.fromkeys(("flank", "head"), lambda t: 1 if t < 6.0 else -1)
    assert turned(beside_her(place, **side), 0)["turn_progress"] == pytest.approx(0.4 + TIP + 0.3, abs=0.05)


def test_a_good_turn_is_one_in_which_he_stays_on_her():
    """Round her tail in contact; after two seconds away from her; and one who leaves her before her end for good."""
    def place(t):
        return min(0.6 + 0.1 * t, 1.005) if t < 6.0 else max(1.005 - 0.1 * (t - 6.0), 0.7)

    side = dict.fromkeys(("flank", "head"), lambda t: 1 if t < 6.0 else -1)
    kept = beside_her(place, **side)
    seen = [turned(run, 0)["turn_lost_s"] for run in (kept, lifted(kept, 5.0, 7.0), lifted(kept, 2.0, 20.0))]
    assert seen[0] == 0.0
    assert seen[1] == pytest.approx(2.0 - 2 * GRACE_S, abs=0.25)
    assert seen[2] > 5.0
    # what he loses after the turn is no part of it
    assert turned(lifted(kept, 9.0, 11.0), 0)["turn_lost_s"] == 0.0


def lifted(run, start_s, stop_s):
    """The same male, out of touch for some time."""
    away = ((run["time_s"] >= start_s) & (run["time_s"] < stop_s)).to_numpy()
    out = run.copy(deep=True)
    out["y_mm"].values[:, away] += 0.3 * np.sign(run["y_mm"].values[:, away].mean(axis=2, keepdims=True) - run["mate_y_mm"].values.mean())
    return out


def test_a_turn_round_her_head_is_measured_as_one_round_her_tail():
    """The same male beside a mate who lies the other way round."""
    def place(t):
        return min(0.6 + 0.1 * t, 1.005) if t < 6.0 else max(1.005 - 0.1 * (t - 6.0), 0.7)

    side = dict.fromkeys(("flank", "head"), lambda t: 1 if t < 6.0 else -1)
    tail = beside_her(place, **side)
    head = tail.assign({name: (tail[name].dims, tail[name].values[..., ::-1]) for name in ("mate_x_mm", "mate_y_mm")})
    assert turned(head, 0) == pytest.approx(turned(tail, 0), abs=1e-6)


def bent(run, per_mm, first=0.0, last=1.0):
    """The same places of his tail's tip, and between two places of his body a ventral bend: from head to tail he turns clockwise."""
    x, y = (run[name].values[0] for name in ("x_mm", "y_mm"))
    step, nodes = np.hypot(np.diff(x[0]), np.diff(y[0])).mean(), x.shape[1]
    joints = np.arange(1, nodes - 1) / (nodes - 1)
    turned_by = np.where((joints >= first) & (joints <= last), per_mm * step, 0.0)
    before_tail = np.concatenate([np.cumsum(turned_by[::-1])[::-1], [0.0]])
    angle = np.arctan2(y[:, -1] - y[:, -2], x[:, -1] - x[:, -2])[:, None] + before_tail
    out = run.copy(deep=True)
    for name, of in (("x_mm", np.cos), ("y_mm", np.sin)):
        tail = run[name].values[0][:, -1:]
        out[name].values[0] = np.concatenate([tail - np.cumsum((of(angle) * step)[:, ::-1], axis=1)[:, ::-1], tail], axis=1)
    return out


def test_the_bend_is_that_of_a_planted_posture():
    """Ventral is positive, of the part that is asked for, while he backs in touch with her."""
    run = beside_her(lambda t: 0.6 + 0.03 * t, lambda t: 1)
    assert turned(run, 0)["turn_bend_per_mm"] == pytest.approx(0.0, abs=0.05)
    assert turned(bent(run, 2.0), 0)["turn_bend_per_mm"] == pytest.approx(2.0, abs=0.1)
    assert turned(bent(run, -2.0), 0)["turn_bend_per_mm"] == pytest.approx(-2.0, abs=0.1)
    low, high = BENT
    assert turned(bent(run, 2.0, 0.0, low - 0.02), 0)["turn_bend_per_mm"] == pytest.approx(0.0, abs=0.1)  # his head is not asked for
    for first, last in ((low, 0.6), (0.6, high)):
        assert turned(bent(run, 2.0, first, last), 0)["turn_bend_per_mm"] == pytest.approx(2.0 * (last - first) / (high - low), abs=0.15)
    assert turned(beside_her(lambda t: 0.6 - 0.03 * t, lambda t: 1), 0)["turn_bend_per_mm"] == 0.0
    # bent while he is away from her, straight in touch
    away = lifted(bent(run, 2.0), 6.0, 20.0)
    early = (run["time_s"] < 6.0).to_numpy()
    for name in ("x_mm", "y_mm"):
        away[name].values[0][early] = run[name].values[0][early]
    assert turned(away, 0)["turn_bend_per_mm"] == pytest.approx(0.0, abs=0.2)


def test_of_both_ends_the_worse_one_counts(monkeypatch):
    """Round her tail in touch, and not as far as her head, with a loss on the way."""
    def place(t):
        return min(0.6 + 0.1 * t, 1.005) if t < 6.0 else max(1.005 - 0.1 * (t - 6.0), 0.7)

    side = dict.fromkeys(("flank", "head"), lambda t: 1 if t < 6.0 else -1)
    good = beside_her(place, **side)
    bad = lifted(beside_her(lambda t: 0.6 + 0.03 * t, lambda t: 1), 2.0, 6.0)
    alone = together([beside_her(lambda t: 0.6 - 0.02 * t, lambda t: 1, gap_mm=0.2, frames=241, dt_s=0.05)] * 4)
    monkeypatch.setattr(male_calibration, "meetings", lambda wiring: ("vulva", "tail", "head"))
    monkeypatch.setattr(male_calibration, "crawling", lambda *_: ({}, alone))
    for runs in ([good, good, bad], [good, bad, good]):
        monkeypatch.setattr(male_calibration, "simulate_animals", lambda *_, runs=runs, **__: together(runs))
        seen = male_calibration.observe_mating(None, pd.DataFrame({"a": [0]}), 7)
        for name, worse in (("turn_progress", min), ("turn_contact", min), ("turn_lost_s", max), ("scan_far_mm_s", min)):
            both = turned(good, 0)[name], turned(bad, 0)[name]
            assert abs(both[0] - both[1]) > 0.01
            assert seen[name][0] == pytest.approx(worse(both))


def test_the_meetings_are_towards_the_vulva_round_her_tail_and_round_her_head():
    male = individual(ws.load_circuit("whole_male"), 0)
    x, y = start_pose(male)
    place = round(CLOACA * (len(x) - 1))
    for world, (toward, faces) in zip(male_calibration.meetings(male), (("tail", True), ("tail", False), ("head", False)), strict=True):
        her = world.mate.nodes()
        at = np.hypot(*(her - [x[place], y[place]]).T).argmin() / (len(her) - 1)
        backing = np.array([x[-1] - x[0], y[-1] - y[0]])
        along = her[-1] - her[0] if toward == "tail" else her[0] - her[-1]
        assert backing @ along > 0
        to_end = 1 - at if toward == "tail" else at
        assert to_end == pytest.approx(1 - MEET_AT if faces else 1 - TURN_AT, abs=0.03)
        # the vulva stands on the side of her on which he is, or on the other
        middle = her[len(her) // 2]
        assert ((world.mate.vulva_point() - middle) @ (np.array([x.mean(), y.mean()]) - middle) > 0) == faces


def together(runs):
    both = xr.concat(runs, "variant", data_vars="all").assign_coords(variant=np.arange(len(runs)))
    for name in ("radius_mm", "mate_radius_mm"):
        both[name] = runs[0][name]
    return both


def on_her(place):
    return beside_her(place, lambda t: 1)


def test_contacts_answered_are_counted_over_all_meetings_of_a_male():
    """Two males, two meetings each: the first backs after 2 s in one of them, the second in none."""
    def back(t):
        return 0.6 - 0.02 * min(t, 2.0) + 0.06 * max(t - 2.0, 0.0)

    def on(t):
        return 0.6 - 0.02 * t

    runs = [on_her(place) for place in (back, on, on, on)]
    both = together(runs)
    ahead, anyway = (beside_her(place, lambda t: 1, gap_mm=0.2) for place in (on, back))
    assert answered(both, together([ahead] * 4), 2).tolist() == [0.5, 0.0]
    assert answered(both, together([anyway, *[ahead] * 3]), 2).tolist() == [0.0, 0.0]  # beside one that backs anyway he has answered nothing
    backing = beside_her(lambda t: 0.6 + 0.03 * t, lambda t: 1, gap_mm=0.1)  # never in touch
    np.testing.assert_array_equal(answered(together([backing, on_her(on), backing, on_her(on)]), together([ahead] * 4), 2), [np.nan, 0.0])


def test_a_male_is_held_to_himself_under_the_noises_of_his_meetings(monkeypatch):
    """Two meetings; he backs after two seconds in the first, and so does he alone under its noise; under no other does he back alone."""
    def back(t):
        return 0.6 - 0.02 * min(t, 2.0) + 0.06 * max(t - 2.0, 0.0)

    def on(t):
        return 0.6 - 0.02 * t

    met_her = together([on_her(back), on_her(on)])
    alone = together([beside_her(place, lambda t: 1, gap_mm=0.2, frames=241, dt_s=0.05) for place in (back, on, on, on)])
    asked = []

    def simulate(wiring, parameters, worlds, **how):
        asked.append(how["seeds"])
        return met_her

    def crawls(wiring, parameters, seeds, duration_s):
        asked.append(seeds)
        return {}, alone

    monkeypatch.setattr(male_calibration, "meetings", lambda wiring: ("one", "two"))
    monkeypatch.setattr(male_calibration, "crawling", crawls)
    monkeypatch.setattr(male_calibration, "simulate_animals", simulate)
    one = pd.DataFrame({"a": [0]})
    assert male_calibration.observe_scanning(None, one, 7)["answered"].tolist() == [0.0]  # 1.0 were his answer held to another noise
    noises, meetings = asked
    assert noises[:2] == meetings == [7, 1007]
    alone = together([beside_her(on, lambda t: 1, gap_mm=0.2, frames=241, dt_s=0.05)] * 4)
    assert male_calibration.observe_scanning(None, one, 7)["answered"].tolist() == [0.5]
    met_her["failed"] = ("variant", ["", "crosses itself"])
    assert np.isnan(male_calibration.observe_scanning(None, one, 7)["answered"][0])  # half of what he was asked is missing
    # three meetings: the third noise is that of the third
    monkeypatch.setattr(male_calibration, "meetings", lambda wiring: ("one", "two", "three"))
    met_her = together([on_her(place) for place in (on, on, back)])
    for twins, share in (((on, on, back, on), 0.0), ((on, on, on, back), 1 / 3)):
        alone = together([beside_her(place, lambda t: 1, gap_mm=0.2, frames=241, dt_s=0.05) for place in twins])
        assert male_calibration.observe_mating(None, one, 7)["answered"].tolist() == pytest.approx([share])


def test_a_touch_has_to_be_answered_at_every_moment_and_by_more_than_the_same_noise_alone(monkeypatch):
    """Three planted animals: one that backs at all four moments, one at three of them, one that backs alone under the same noise."""
    module = hermaphrodite_calibration
    alone = np.concatenate([trace(), trace(), trace((5, 15, -0.2)), *[trace()] * 2, trace()])  # three animals under two noises

    def simulate(wiring, parameters, worlds, **how):
        v = []
        for k, world in enumerate(worlds):
            touch, animal = world.touches[0], k % 3
            answers = touch.signal == "touch_front" and not (animal == 1 and touch.start_s < 6.0)
            v.append(trace((touch.start_s + 0.5, 13.0, -0.2)) if answers else trace())
        return np.concatenate(v)

    monkeypatch.setattr(module, "crawling", lambda *_: ({}, alone))
    monkeypatch.setattr(module, "simulate_animals", simulate)
    monkeypatch.setattr(module, "velocity", lambda v: (v, T))
    seen = module.observe_touched_front(None, pd.DataFrame({"a": [0, 1, 2]}), 7)
    assert seen["touch_front_least_mm_s"] == pytest.approx([-0.2, 0.1, -0.2])
    assert seen["touch_front_change_mm_s"] == pytest.approx([-0.3, 0.0, 0.0])
    assert seen["touch_front_mm_s"] == pytest.approx([-0.2, -0.125, -0.2])
    assert seen["recovered_mm_s"] == pytest.approx([0.1, 0.1, 0.1])
    both = module.observe_touched(None, pd.DataFrame({"a": [0, 1, 2]}), 7)
    assert {name: both[name].tolist() for name in seen} == {name: x.tolist() for name, x in seen.items()}
    assert both["touch_back_mm_s"] == pytest.approx([0.0, 0.0, 0.3])


def test_a_male_who_stays_goes_nowhere_and_one_who_left_counts_for_nothing():
    assert turned(beside_her(lambda t: 0.6, lambda t: 1), 0)["scan_far_mm_s"] == pytest.approx(0.0, abs=1e-6)
    gone = turned(beside_her(lambda t: 0.6 + 0.03 * t, lambda t: 1, gap_mm=0.1), 0)
    assert (gone["turn_contact"], gone["turn_progress"]) == (0.0, 0.0)


def test_the_slowest_swim_that_is_accepted_can_be_measured():
    bands = {t.name: t.accept_low for t in hermaphrodite_calibration.MOVING}
    slowest_Hz = bands["swim_frequency_ratio"] * bands["crawl_frequency_Hz"]
    assert slowest_Hz > LEAST_CYCLES / (hermaphrodite_calibration._WATER_S - 2.0)


def test_steps_name_real_parameters_and_their_targets_are_observed():
    male, worm = individual(ws.load_circuit("whole_male"), 0), individual(ws.load_circuit("whole_hermaphrodite"), 400)
    for name, step in steps().items():
        assert set(step.redrawn) <= set(step.keys) <= set(FREE), name
        whose, ensemble = (male, "male") if "rays_A" in " ".join(step.keys) else (worm, "hermaphrodite")
        seen = step.observe(whose, parameters_of(load_animals(ensemble).iloc[:1]).astype(float), 0)
        assert {t.name for t in step.targets} <= set(seen), name
        assert all(np.shape(seen[t.name]) == (1,) for t in step.targets)

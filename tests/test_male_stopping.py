"""What is asked of a male that is to stop at the vulva: on planted males."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from test_calibration import beside_her, together, undulating

import wormsim as ws
from wormsim import male_stopping
from wormsim.animal import individual
from wormsim.body.form import MALE
from wormsim.body.male_tail import CLOACA, ORGANS
from wormsim.calibration import accepts, total_cost
from wormsim.calibration_looks import AT_ANY_TIME
from wormsim.calibration_steps import steps
from wormsim.closed_loop import start_pose
from wormsim.male_stopping import BEFORE, FACES, STAY_S, STOPPING_OFTEN, observe_stopping_often, stay
from wormsim.mating_contact import meeting
from wormsim.mating_ethogram import PAUSED_PER_S


def along(stops=False, faces=True, speed=0.05, start=0.4, wait_s=1.0):
    """He waits, backs from 0.4 of her towards her tail, and stops at the vulva or goes on to 0.8; he is on the flank +1."""
    run = beside_her(lambda t: min(start + speed * max(t - wait_s, 0.0), 0.5 if stops else 0.8), lambda t: 1)
    return run.assign(vulva_side=("variant", [1.0 if faces else -1.0]))


def test_who_stays_is_near_and_slow_and_who_passes_is_not():
    stopped, slow, fast, elsewhere = (stay(meeting(run, 0)) for run in (
        along(stops=True), along(speed=0.03), along(speed=0.2), along(speed=0.01, start=0.2)))
    assert stopped[0] > 0.9 > slow[0] > fast[0] > 0.0 > elsewhere[0]
    assert stopped[1] < slow[1] < fast[1] <= elsewhere[1]
    other_flank = stay(meeting(along(stops=True, faces=False), 0))
    assert other_flank[0] < 0


def test_who_goes_to_and_fro_at_the_vulva_is_not_still():
    """Half a millimetre a second, now towards her head and now towards her tail: no way on the whole, and far from a pause."""
    zigzag = stay(meeting(beside_her(lambda t: 0.5 + 0.02 * np.sin(2 * np.pi * t / 2.0), lambda t: 1).assign(vulva_side=("variant", [1.0])), 0))
    assert zigzag[1] > 0.5 > stay(meeting(along(stops=True), 0))[1]


def test_how_it_is_searched():
    step = steps()["stopping_often"]
    assert (step.hopeless, step.often) == (60.0, True)
    assert {"in_back", "half_other_mV", "g_organ_nS"} <= set(step.redrawn)


def test_what_was_not_recorded_is_not_near():
    """He comes to the vulva, and the recording ends in the midst of the time that he would be looked at."""
    whole = along(stops=True)
    came = int(np.argmax(meeting(whole, 0).vulva_mm <= male_stopping.NEAR_MM))
    short = whole.isel(time=slice(0, came + round(STAY_S / 0.1 / 2)))
    assert stay(meeting(short, 0))[0] == pytest.approx(stay(meeting(whole, 0))[0] / 2, abs=0.1)


def test_a_look_counts_stops_by_the_ethogram_and_asks_that_he_goes_on_elsewhere(monkeypatch):
    """The first male stops in two of three meetings, answers, and goes on where the vulva is on her other flank; the second in none, backs from the
    start, and stays there too; the third failed in one meeting.
    """
    male = individual(ws.load_circuit("whole_male"), 0)
    own = np.stack(start_pose(male))[:, round(CLOACA * 48)]
    asked = {}

    def beside(wiring, parameters, worlds, noises, duration_s):
        asked.update(mates=[world.mate for world in worlds], noises=noises, seconds=duration_s)
        runs = []
        for k, mate in enumerate(asked["mates"]):
            faces = _faces(mate, own)
            runs += [along(faces and k < 2, faces), along(not faces, faces, speed=0.1, wait_s=0.0), along(faces=faces)]
        there = together(runs)
        there["failed"] = ("variant", ["", "", "crosses itself", *[""] * 9])
        return there

    def alone(wiring, parameters, world, perturbations, *, duration_s, every_ms, seeds):
        asked.update(alone_s=duration_s, driven=[(set(wiring.circuit.select(*p[0].cells)), p[0].g_nS) for p in perturbations], seeds=seeds)
        run = undulating([-0.1, -0.1, -0.1, 0.0, 0.1, 0.1], [0.4] * 6, duration_s)
        run["x_mm"] = run["x_mm"] + 5.0 * np.minimum(run["time_s"], male_stopping._FROM_S - 1.0)  # what comes before does not count
        return run

    twins = together([beside_her(lambda t: 0.6 - 0.02 * t, lambda t: 1, gap_mm=0.2, frames=241, dt_s=0.05) for _ in range(3)])
    monkeypatch.setattr(male_stopping, "crawling", lambda *_: ({name: np.ones(3) for name in AT_ANY_TIME}, twins))
    monkeypatch.setattr(male_stopping, "in_worlds", beside)
    monkeypatch.setattr(male_stopping, "simulate_animals", alone)
    seen = observe_stopping_often(male, pd.DataFrame({"g_organ_nS": [1.0, 2.0, 3.0]}), 4)
    assert set(seen) == {t.name for t in steps()["stopping_often"].targets}
    assert seen["stops"][:2] == pytest.approx([2 / 3, 0.0])
    assert seen["answered"][:2] == pytest.approx([1.0, 1.0])
    assert 0.4 - BEFORE[1] <= seen["vulva_beyond"][0] <= 0.4 - BEFORE[0]
    assert seen["vulva_beyond"][1] == pytest.approx(seen["vulva_beyond"][0] - 0.3, abs=0.01)
    # 0.05 mm/s after a second of waiting, over the way until shortly before the vulva; a stop there does not count as slow
    assert 0.02 < seen["scan_mm_s"][0] < 0.05
    assert seen["scan_mm_s"][1] == pytest.approx(0.1, abs=0.01)
    assert seen["vulva_near"][0] > seen["vulva_near"][1]
    assert seen["vulva_pace"][0] < seen["vulva_pace"][1]
    assert seen["backs_driven_mm_s"] == pytest.approx([0.1] * 3, abs=0.02)
    assert seen["driven_pace"][0] < seen["driven_pace"][1] == pytest.approx(np.log2(0.1 / (PAUSED_PER_S * MALE.length_mm)), abs=0.2)
    assert all(np.isnan(seen[name][2]) for name in ("stops", "answered", "scan_mm_s", "vulva_near", "vulva_pace"))
    # first some rays alone, then with all that feels the vulva, each male by what his organs open
    vulvas = {cell for organ in ORGANS if organ.feels == "vulva" for cell in male.circuit.select(*organ.cells)}
    cells, opened = zip(*asked["driven"], strict=True)
    assert all(not cells[k] & vulvas for k in range(3))
    assert all(cells[k] == cells[0] | vulvas for k in range(3, 6))
    assert opened == pytest.approx([0.45, 0.9, 1.35] * 2)
    assert (asked["noises"], asked["seconds"], asked["alone_s"]) == ([4] * 4, 12.0, 9.0)
    assert asked["seeds"] == [4] * 6
    assert [_faces(mate, own) for mate in asked["mates"]] == list(FACES)
    crawls = {"crawl_speed_mm_s": 0.1, "crawl_frequency_Hz": 0.5, "crawl_wavelength": 1.0, "crawl_amplitude_per_mm": 4.0}
    accepted = accepts(steps()["stopping_often"].targets, {**seen, **{name: np.full(3, x) for name, x in crawls.items()}})
    assert accepted.tolist() == [True, False, False]
    first, first_ways = asked["mates"], {}
    for seed in range(5, 13):
        observe_stopping_often(male, pd.DataFrame({"g_organ_nS": [1.0, 2.0, 3.0]}), seed)
        assert not {(m.x_mm, m.y_mm) for m in first} & {(m.x_mm, m.y_mm) for m in asked["mates"]}
        first_ways[seed] = _way(asked["mates"][0], own) > 0
        for mate in asked["mates"]:
            # her vulva lies behind him, where he backs to
            assert BEFORE[0] - 0.02 <= abs(_way(mate, own)) <= BEFORE[1] + 0.02
            assert (_way(mate, own) > 0) == (_parallel(mate, male))
        assert sorted(_parallel(mate, male) for mate in asked["mates"]) == [False, False, True, True]
    assert len(set(first_ways.values())) == 2  # he begins now with her head, now with her tail


def test_a_stop_counts_once_and_on_the_flank_that_he_meets_and_an_answer_only_beside_a_twin_who_does_not_back(monkeypatch):
    """The first male stops in all four meetings, at one vulva twice and in the last after he came round her; his twin backs. The second never comes
    to a vulva, and guides that are far off refuse him no more than the first.
    """
    male = individual(ws.load_circuit("whole_male"), 0)

    def beside(wiring, parameters, worlds, noises, duration_s):
        twice = beside_her(lambda t: 0.5 if t < 4.0 or t > 8.0 else 0.62, lambda t: 1).assign(vulva_side=("variant", [1.0]))
        runs = [twice, along(start=0.1, speed=0.0), *(z for _ in range(3) for z in (along(True), along(start=0.1, speed=0.0)))]
        return together(runs)

    backs = beside_her(lambda t: 0.4 + 0.05 * t, lambda t: 1, gap_mm=0.2, frames=241, dt_s=0.05)
    monkeypatch.setattr(male_stopping, "crawling", lambda *_: ({name: np.ones(2) for name in AT_ANY_TIME}, together([backs] * 2)))
    monkeypatch.setattr(male_stopping, "in_worlds", beside)
    monkeypatch.setattr(male_stopping, "simulate_animals", lambda *_, duration_s, **how: undulating([0.0] * 4, [0.4] * 4, duration_s))
    seen = observe_stopping_often(male, pd.DataFrame({"g_organ_nS": [1.0, 1.0]}), 4)
    assert seen["stops"].tolist() == [1.0, 0.0]
    assert seen["answered"].tolist() == [0.0, 0.0]
    guides = [t for t in STOPPING_OFTEN if t.name in ("vulva_near", "vulva_pace", "backs_driven_mm_s", "driven_pace")]
    assert accepts(guides, seen).all()
    assert total_cost(guides, seen)[0] < total_cost(guides, seen)[1]


def test_who_is_near_and_out_of_touch_has_not_come_there():
    above = along(stops=True)
    above["y_mm"] = above["y_mm"] + 0.02
    assert meeting(above, 0).vulva_mm.min() < male_stopping.NEAR_MM
    assert stay(meeting(above, 0))[0] < 0


def _axis(mate):
    """From her head to her tail."""
    return -np.array([np.cos(mate.heading_rad), np.sin(mate.heading_rad)])


def _way(mate, own):
    """From him to her middle, towards her tail, in her lengths."""
    return float((np.array([mate.x_mm, mate.y_mm]) - own) @ _axis(mate)) / mate.form.length_mm


def _faces(mate, own):
    """Whether the vulva is on the flank on which he is."""
    axis = _axis(mate)
    return bool(mate.vulva_side * (np.array([-axis[1], axis[0]]) @ (own - np.array([mate.x_mm, mate.y_mm]))) > 0)


def _parallel(mate, male):
    """Whether his tail points the way hers does."""
    x, y = start_pose(male)
    return bool(_axis(mate) @ np.array([x[-1] - x[0], y[-1] - y[0]]) > 0)


def test_crawling_is_weighed_more_strictly_than_in_the_other_steps():
    own = {t.name: t for t in steps()["stopping_often"].targets}
    for other in steps()["turning_often"].targets:
        if other.name in AT_ANY_TIME:
            assert own[other.name].scale == other.scale / 2
            assert (own[other.name].accept_low, own[other.name].accept_high) == (other.accept_low, other.accept_high)

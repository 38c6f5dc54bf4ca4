"""What is asked of a male that is to stop at the vulva: on planted males."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from test_calibration import beside_her, together, undulating

import wormsim as ws
from wormsim import male_stopping
from wormsim.animal import individual
from wormsim.body.male_tail import ORGANS
from wormsim.calibration import total_cost
from wormsim.calibration_looks import AT_ANY_TIME
from wormsim.calibration_steps import steps
from wormsim.male_stopping import BEFORE, FACES, STAY_S, STOPPING_OFTEN, observe_stopping_often, stay
from wormsim.mating_contact import meeting


def along(stops=False, faces=True, speed=0.05, start=0.4):
    """He waits for 1 s, backs from 0.4 of her towards her tail, and stops at the vulva or goes on to 0.7; he is on the flank +1."""
    run = beside_her(lambda t: min(start + speed * max(t - 1.0, 0.0), 0.5 if stops else 0.7), lambda t: 1)
    return run.assign(vulva_side=("variant", [1.0 if faces else -1.0]))


def test_who_stays_is_near_and_slow_and_who_passes_is_not():
    stopped, slow, fast, elsewhere = (stay(meeting(run, 0)) for run in (
        along(stops=True), along(speed=0.03), along(speed=0.2), along(speed=0.01, start=0.2)))
    assert stopped[0] > 0.9 > slow[0] > fast[0] > 0.0 > elsewhere[0]
    assert stopped[1] < slow[1] < fast[1] <= elsewhere[1]
    other_flank = stay(meeting(along(stops=True, faces=False), 0))
    assert other_flank[0] < 0


def test_what_was_not_recorded_is_not_near():
    """He comes to the vulva, and the recording ends in the midst of the time that he would be looked at."""
    whole = along(stops=True)
    came = int(np.argmax(meeting(whole, 0).vulva_mm <= male_stopping.NEAR_MM))
    short = whole.isel(time=slice(0, came + round(STAY_S / 0.1 / 2)))
    assert stay(meeting(short, 0))[0] == pytest.approx(stay(meeting(whole, 0))[0] / 2, abs=0.1)


def test_a_look_counts_stops_by_the_ethogram_and_asks_that_he_goes_on_elsewhere(monkeypatch):
    """The first male stops in two of three passages, and goes on where the vulva is on her other flank; the second in none, and stays there too;
    the third failed in one meeting.
    """
    male = individual(ws.load_circuit("whole_male"), 0)
    asked = {}

    def beside(wiring, parameters, worlds, noises, duration_s):
        asked["mates"] = [world.mate for world in worlds]
        runs = []
        for k, faces in enumerate(FACES):
            runs += [along(faces and k < 2, faces), along(not faces, faces, speed=0.1), along(faces=faces)]
        there = together(runs)
        there["failed"] = ("variant", ["", "", "crosses itself", *[""] * 9])
        return there

    def alone(wiring, parameters, world, perturbations, *, duration_s, every_ms, seeds):
        asked["driven"] = [(set(wiring.circuit.select(*p[0].cells)), p[0].g_nS) for p in perturbations]
        return undulating([-0.1, -0.1, -0.1, 0.0, 0.1, 0.1], [0.4] * 6, duration_s)

    twins = together([beside_her(lambda t: 0.6 - 0.02 * t, lambda t: 1, gap_mm=0.2, frames=241, dt_s=0.05) for _ in range(3)])
    monkeypatch.setattr(male_stopping, "crawling", lambda *_: ({name: np.ones(3) for name in AT_ANY_TIME}, twins))
    monkeypatch.setattr(male_stopping, "in_worlds", beside)
    monkeypatch.setattr(male_stopping, "simulate_animals", alone)
    seen = observe_stopping_often(male, pd.DataFrame({"g_organ_nS": [1.0, 2.0, 3.0]}), 4)
    assert set(seen) == {t.name for t in steps()["stopping_often"].targets}
    assert seen["vulva_stop"][:2] == pytest.approx([2 / 3, 0.0])
    assert 0.3 - BEFORE[1] <= seen["goes_on"][0] <= 0.3 - BEFORE[0]
    assert seen["goes_on"][1] == pytest.approx(seen["goes_on"][0] - 0.2, abs=0.01)
    assert seen["vulva_near"][0] > seen["vulva_near"][1]
    assert seen["vulva_pace"][0] < seen["vulva_pace"][1]
    assert seen["driven_mm_s"] == pytest.approx([0.1] * 3, abs=0.02)
    assert seen["driven_pace"][0] < seen["driven_pace"][1]
    assert all(np.isnan(seen[name][2]) for name in ("vulva_stop", "answered", "scan_mm_s", "vulva_near", "vulva_pace"))
    cost = total_cost(STOPPING_OFTEN, {**seen, "vulva_stop": np.nan_to_num(seen["vulva_stop"])})
    assert cost[0] < cost[1] < cost[2]
    # first some rays alone, then with all that feels the vulva, each male by what his organs open
    vulvas = {cell for organ in ORGANS if organ.feels == "vulva" for cell in male.circuit.select(*organ.cells)}
    cells, opened = zip(*asked["driven"], strict=True)
    assert all(not cells[k] & vulvas for k in range(3))
    assert all(cells[k] == cells[0] | vulvas for k in range(3, 6))
    assert np.array(opened) / opened[0] == pytest.approx([1, 2, 3, 1, 2, 3])
    headings = [np.cos(mate.heading_rad) < 0 for mate in asked["mates"]]
    assert sorted(headings[:2]) == sorted(headings[2:]) == [False, True]  # her head and her tail in turn
    first = asked["mates"]
    observe_stopping_often(male, pd.DataFrame({"g_organ_nS": [1.0, 2.0, 3.0]}), 5)
    assert not {(m.x_mm, m.y_mm) for m in first} & {(m.x_mm, m.y_mm) for m in asked["mates"]}

"""Calibrations that look anew in every generation: on planted animals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from test_calibration import T, beside_her, together, trace
from test_calibration_search import KEYS, Worm

import wormsim as ws
from wormsim import hermaphrodite_calibration, male_calibration
from wormsim.animal import individual
from wormsim.assays import mating
from wormsim.behaviour_assay import ANSWER_S
from wormsim.body.form import HERMAPHRODITE
from wormsim.body.mate import IN_TOUCH_MM, draw
from wormsim.calibration import POPULATION, Step, Target, to_unit
from wormsim.calibration_looks import AT_ANY_TIME
from wormsim.calibration_race import EACH, FIRST_LOOK, KEPT, LOOKS, last_looks
from wormsim.calibration_search import calibrate
from wormsim.calibration_steps import steps
from wormsim.closed_loop import start_pose


def lucky(parameters, seed):
    """1 for about half of all animals, others with every seed."""
    bits = (to_unit(parameters, KEYS)[:, 0] * 2**52).astype(np.int64)
    return np.array([float(np.random.default_rng([int(k), seed]).random() < 0.5) for k in bits])


def often(observe, *targets):
    return Step(targets, observe, KEYS, often=True)


@pytest.mark.parametrize("seed", range(6))
def test_who_does_it_at_one_look_alone_is_not_accepted(seed):
    """All are as good as a coin: a search with one look takes the first that shows a head, a race none."""
    target = Target("good", 1.0, 1.0, 0.95, 1.0, 0.5, "a test")

    def observe(wiring, parameters, seed):
        return {"good": lucky(parameters, seed)}

    found = calibrate(Worm(), [often(observe, target)], seed, draws=64, generations=30)
    assert not found["accepted"]
    assert found["good"] < 0.95
    assert calibrate(Worm(), [Step((target,), observe, KEYS)], seed, draws=64, generations=30)["accepted"]


def test_those_that_are_left_are_chosen_and_accepted_by_looks_of_their_own():
    """One number has to be near 0.5; each look adds a noise of its own, which one look cannot tell from it."""
    asked = []

    def observe(wiring, parameters, seed):
        asked.append((seed, len(parameters)))
        return {"near": np.abs(to_unit(parameters, KEYS)[:, 0] - 0.5) + 0.2 * lucky(parameters, seed)}

    found = calibrate(Worm(), [often(observe, Target("near", 0.0, 0.05, -1.0, 0.14, 0.05, "a test"))], 3, draws=64, generations=100)
    assert found["accepted"]
    assert LOOKS - 1 <= found["generations"] < 100
    assert [seed for seed, _ in asked] == list(range(FIRST_LOOK + 3 * EACH, FIRST_LOOK + 3 * EACH + found["generations"] + 1 + LOOKS))
    looks = [seed for seed, _ in asked][-LOOKS:]
    assert looks == list(last_looks(3, found["generations"]))
    again = np.mean([observe(None, pd.DataFrame([found]), seed)["near"][0] for seed in looks])
    assert found["near"] == pytest.approx(again)
    assert found["evaluations"] == sum(count for _, count in asked[:-LOOKS])
    assert found["near"] < 0.14


def test_the_step_after_starts_from_all_that_were_left():
    """The best first; so does a step after a search with one look."""
    def observe(wiring, parameters, seed):
        u = to_unit(parameters, KEYS)[:, 0]
        seen.append(u)
        return {"low": u}

    seen = []
    first = often(observe, Target("low", 0.0, 0.2, 0.0, 1.0, 0.1, "a test"))
    calibrate(Worm(), [first, Step((Target("low", 0.0, 0.2, -1.0, -1.0, 0.1, "never"),), observe, KEYS)], 0, draws=64, near=64, generations=8)
    last = max(k for k, u in enumerate(seen) if len(u) == KEPT)
    assert sum(len(u) == KEPT for u in seen) == LOOKS
    assert len(seen[last + 1]) == 64
    assert set(seen[last]) <= set(seen[last + 1][:KEPT])


def test_bands_that_are_missed_count_while_the_best_are_chosen():
    """The cheapest in all misses two bands by a little, the other one by more."""
    def observe(wiring, parameters, seed):
        u = to_unit(parameters, KEYS)[:, 0]
        return {"a": np.where(u < 0.5, 1.1, 0.0), "b": np.where(u < 0.5, 1.1, 1.3)}

    targets = [Target(name, 0.0, 1.0, 0.0, 1.0, 0.1, "a test") for name in "ab"]
    found = [calibrate(Worm(), [often(observe, *targets)], 0, draws=64, generations=8, unmet=unmet)["a"] for unmet in (0.0, 20.0)]
    assert found == pytest.approx([1.1, 0.0])


def test_a_generation_is_what_was_kept_and_new_ones():
    sizes = []

    def observe(wiring, parameters, seed):
        sizes.append(len(parameters))
        return {"never": np.ones(len(parameters))}

    calibrate(Worm(), [often(observe, Target("never", 0.0, 0.0, 0.0, 0.0, 1.0, "a test"))], 0, draws=64, generations=5)
    assert sizes == [64] + [POPULATION] * 5 + [KEPT] * LOOKS


def test_who_failed_once_is_not_accepted():
    def observe(wiring, parameters, seed):
        return {"good": np.full(len(parameters), np.nan if seed % LOOKS == 0 else 1.0)}  # any LOOKS looks on end hold a failure

    found = calibrate(Worm(), [often(observe, Target("good", 1.0, 1.0, 1.0, 1.0, 1.0, "a test"))], 0, draws=64, generations=20)
    assert not found["accepted"]


def test_where_the_cheapest_first_candidate_is_hopeless_nothing_is_searched():
    looked = []

    def observe(wiring, parameters, seed):
        looked.append(len(parameters))
        return {"far": 0.5 + to_unit(parameters, KEYS)[:, 0]}

    far = Target("far", 0.0, 0.4, 0.0, 0.4, 0.1, "a test")  # 1 and more
    for hopeless, gone in ((0.5, 0), (5.0, 10)):
        looked.clear()
        found = calibrate(Worm(), [Step((far,), observe, KEYS, hopeless=hopeless, often=True)], 0, draws=64, generations=10)
        assert not found["accepted"]
        assert found["generations"] == gone
        assert (looked == [64]) == (gone == 0)
        assert 1.0 < found["cost"] < 5.0
        assert found["far"] == pytest.approx(0.4 + 0.1 * found["cost"] ** 0.5)


def test_what_is_not_required_is_searched_for_and_refuses_nobody():
    """The first number has to be low, the second is wished high: the search goes on after the first is there."""
    def observe(wiring, parameters, seed):
        u = to_unit(parameters, KEYS)
        return {"first": u[:, 0], "wished": u[:, 1]}

    must = Target("first", 0.0, 0.4, 0.0, 0.5, 0.2, "a test")
    for high, met in ((0.8, True), (1.1, False)):
        wish = Target("wished", high, 2.0, high, 2.0, 0.2, "a test", required=False)
        found = calibrate(Worm(), [often(observe, must, wish)], 0, draws=16, generations=40, unmet=4.0)
        assert found["accepted"]
        assert (found["wished"] >= high) == met
        assert (found["generations"] < 40) == met
    assert found["wished"] > 0.9
    refused = calibrate(Worm(), [often(observe, Target("first", 2.0, 3.0, 2.0, 3.0, 0.2, "a test"), wish)], 0, draws=16, generations=12)
    assert not refused["accepted"]


def test_a_search_goes_on_after_looks_that_accept_nobody():
    """Nobody is good in the first looks by which one is chosen, whatever they were before; later everybody is."""
    looked = []

    def observe(wiring, parameters, seed):
        number = seed - FIRST_LOOK
        looked.append(number)
        bad = LOOKS <= number < 2 * LOOKS
        return {"good": np.full(len(parameters), 0.0 if bad else 1.0)}

    band = Target("good", 1.0, 1.0, 0.4, 1.0, 0.2, "a test")
    found = calibrate(Worm(), [often(observe, band)], 0, draws=64, generations=40, goes_on=True)
    assert found["accepted"]
    assert found["good"] == 1.0  # the means of the last looks, not of all
    assert looked == list(range(len(looked)))  # every look is another
    assert looked[-LOOKS:] == [look - FIRST_LOOK for look in last_looks(0, found["generations"])]
    assert found["generations"] >= 2 * LOOKS - 1
    assert found["held"] == 2
    # without generations left, or where it is not asked to go on, it ends with them
    for how in ({"generations": 12, "goes_on": True}, {"generations": 40}):
        refused = calibrate(Worm(), [often(observe, band)], 0, draws=64, **how)
        assert (refused["accepted"], refused["generations"], refused["good"]) == (False, LOOKS - 1, 0.0)


def test_doubt_keeps_who_was_looked_at_often_before_the_lucky():
    """A coin, after a first look that goes badly, for all but a few, which always cost a little more than its better side: of these none is left
    without doubt.
    """
    def observe(wiring, parameters, seed):
        steady = to_unit(parameters, KEYS)[:, 1] < 0.03
        return {"x": np.where(steady, 1.5, 7.0 if seed % EACH == 0 else 1.0 + 6.0 * lucky(parameters, seed)),
                "steady": steady.astype(float)}

    target = Target("x", 0.0, 0.0, 0.0, 0.0, 1.0, "a test")
    left = [calibrate(Worm(), [often(observe, target, Target("steady", 0.0, 1.0, 0.0, 1.0, 1.0, "a test"))], 3, draws=64, generations=12,
                      doubt=doubt)["steady"] for doubt in (0.0, 60.0)]
    assert left == [0.0, 1.0]


def test_touches_at_moments_of_their_own_are_answered_beside_the_same_noise_alone(monkeypatch):
    """Planted: one that answers every touch, one those in front, one that does the same alone, one that fails when touched at the nose."""
    module, moments = hermaphrodite_calibration, {}

    def simulate(wiring, parameters, worlds, *, duration_s, seeds):
        out = []
        for k, world in enumerate(worlds):
            touch, animal = world.touches[0], k % 4
            moments.setdefault(seeds[k], []).append((touch.signal, touch.start_s))
            back = trace((touch.start_s + 0.5, 12.0, -0.2))
            if animal == 0 and k < 4:
                back = trace((touch.start_s + 0.5, 13.5, -0.2))  # goes on backward after one touch of five
            failed = animal == 3 and touch.signal == "touch_nose"
            out.append(back * np.nan if failed else back if animal != 1 or touch.signal == "touch_front" else trace())
        return np.concatenate(out)

    alone = np.concatenate([trace(), trace(), trace((5.0, 12.5, -0.2)), trace()])
    monkeypatch.setattr(module, "crawling", lambda *_: ({name: np.ones(4) for name in (*AT_ANY_TIME, "crawl_least_mm_s")}, alone))
    monkeypatch.setattr(module, "simulate_animals", simulate)
    monkeypatch.setattr(module, "velocity", lambda v: (v, T))
    four = pd.DataFrame({"a": range(4)})
    seen = module.observe_touched_often(None, four, 5)
    assert seen["touch_front_share"].tolist() == [1.0, 1.0, 0.0, 1.0]
    np.testing.assert_array_equal(seen["nose_touch_share"], [1.0, 0.0, 0.0, np.nan])
    assert seen["touch_front_mm_s"] == pytest.approx([-0.2, -0.2, 0.0, -0.2])
    assert seen["nose_touch_mm_s"][:2] == pytest.approx([-0.2, 0.1])
    assert seen["recovered_mm_s"][:3] == pytest.approx([0.04, 0.1, 0.1])
    assert "crawl_least_mm_s" not in seen
    module.observe_touched_often(None, four, 6)
    first, second = (moments[seed] for seed in (5, 6))
    assert [s for s, _ in first[::4]] == [signal for signal, count in module.OFTEN.items() for _ in range(count)]
    assert all(a != b for a, b in zip(first, second, strict=True))
    start, spread = module._OFTEN_FROM_S, module._OFTEN_S
    for moments_of in (first, second):
        fronts = [at for signal, at in moments_of[::4] if signal == "touch_front"]
        assert [int((at - start) / spread * len(fronts)) for at in fronts] == [0, 1, 2]  # one in each third
        assert max(at for _, at in moments_of) + ANSWER_S[1] <= module._ANSWERED_S < module._OFTEN_RUN_S


def test_contacts_with_drawn_mates_are_held_to_the_male_alone_under_the_same_noise(monkeypatch):
    """Two males beside four mates: the first answers her in three meetings and backs alone in none, the second backs alone as well."""
    def back(t):
        return 0.6 - 0.02 * min(t, 2.0) + 0.06 * max(t - 2.0, 0.0)

    def on(t):
        return 0.6 - 0.02 * t

    asked = {}

    def simulate(wiring, parameters, worlds, **how):
        asked.update(worlds=worlds, seeds=how["seeds"])
        return met_her

    met_her = together([beside_her(place, lambda t: 1) for place in (back, back, back, back, back, back, on, back)])
    alone = together([beside_her(place, lambda t: 1, gap_mm=0.2, frames=241, dt_s=0.05) for place in (on, back)])
    monkeypatch.setattr(male_calibration, "crawling", lambda *_: ({name: np.ones(2) for name in AT_ANY_TIME}, alone))
    monkeypatch.setattr(male_calibration, "simulate_animals", simulate)
    male, two = individual(ws.load_circuit("whole_male"), 0), pd.DataFrame({"a": [0, 1]})
    seen = male_calibration.observe_answering_often(male, two, 9)
    assert seen["answered"].tolist() == [0.75, 0.0]  # the second has nothing that he could answer, and has answered nothing
    assert (seen["meet_contact"] > 0.9).all()
    tenth_s = 2.0 + (0.1 + 0.04) / 0.06  # backs from 2 s on, from 0.04 of her behind where he met her
    assert seen["scan_mm_s"] == pytest.approx(np.array([3 / 4, 1.0]) * 0.1 / tenth_s * HERMAPHRODITE.length_mm, rel=0.1)
    assert set(asked["seeds"]) == {9}
    first = [world.mate for world in asked["worlds"]]
    assert all(a == b for a, b in zip(first[::2], first[1::2], strict=True))  # both males meet the same four
    male_calibration.observe_answering_often(male, two, 10)
    places = [{(world.x_mm, world.y_mm) for world in mates} for mates in (first, [world.mate for world in asked["worlds"]])]
    assert len(places[0]) == 4
    assert not places[0] & places[1]
    x, y = start_pose(male)
    assert not places[0] & {(m.x_mm, m.y_mm) for m in draw(4, x, y, male.form, 0, first=4 * 9, gap_mm=IN_TOUCH_MM)}  # the assay's of those numbers
    assert mating.world(male, 36).mate == draw(1, x, y, male.form, 0, first=36, gap_mm=IN_TOUCH_MM)[0]
    met_her["failed"] = ("variant", ["", "", "", "", "", "", "crosses itself", ""])
    seen = male_calibration.observe_answering_often(male, two, 9)
    assert all(np.isnan(seen[name][0]) for name in ("answered", "meet_contact", "scan_mm_s"))
    assert np.isfinite(seen["answered"][1])


def test_turns_in_drawn_meetings_are_those_of_the_ethogram(monkeypatch):
    """Three males and four mates: the first comes round in three of four turns, in one of them out of touch; the second backs past her; the third
    failed in one meeting.
    """
    far = 0.3

    def towards(t):
        return min(1 - far + 0.1 * t, 1.005)

    def turns(t):
        return towards(t) if t < 5.0 else max(1.005 - 0.1 * (t - 5.0), 0.7)

    def flank(t):
        return 1 if t < 5.0 else -1

    def head(t):
        return 1 if t < 5.0 else -1

    good = beside_her(turns, flank, head=head, frames=151)
    sloppy = beside_her(turns, flank, head=head, frames=151)
    sloppy["y_mm"][0, 46:58] += 0.3  # out of touch for more than half a second, at the turn
    missed = beside_her(towards, lambda t: 1, frames=151)
    missed["y_mm"][0, 30:] += 0.3
    asked = {}

    def simulate(wiring, parameters, worlds, **how):
        asked.update(worlds=worlds, seeds=how["seeds"])
        return met_her

    met_her = together([z for k, first in enumerate((good, sloppy, good, missed)) for z in (first, missed, good)])
    met_her["failed"] = ("variant", ["", "", "crosses itself", *[""] * 9])
    alone = together([beside_her(lambda t: 0.6 - 0.02 * t, lambda t: 1, gap_mm=0.2, frames=301, dt_s=0.05) for _ in range(3)])
    monkeypatch.setattr(male_calibration, "crawling", lambda *_: ({name: np.ones(3) for name in AT_ANY_TIME}, alone))
    monkeypatch.setattr(male_calibration, "simulate_animals", simulate)
    male = individual(ws.load_circuit("whole_male"), 0)
    seen = male_calibration.observe_turning_often(male, pd.DataFrame({"a": range(3)}), 4)
    assert seen["turns_round"][:2].tolist() == [0.75, 0.0]
    assert seen["turn_success"][:2].tolist() == [0.5, 0.0]
    assert {t.name for t in steps()["turning_often"].targets} | {"turn_success"} == set(seen)
    assert all(np.isnan(seen[name][2]) for name in ("turn_success", "turns_round", "answered", "scan_far_mm_s", "turn_beyond", "turn_lost_s"))
    mates = [world.mate for world in asked["worlds"]][::3]
    assert all(world.mate == mates[k // 3] for k, world in enumerate(asked["worlds"]))  # all males meet the same
    assert [np.cos(m.heading_rad) < 0 for m in mates] in ([False, True] * 2, [True, False] * 2)  # her tail and her head in turn
    male_calibration.observe_turning_often(male, pd.DataFrame({"a": range(3)}), 5)
    assert not {(m.x_mm, m.y_mm) for m in mates} & {(w.mate.x_mm, w.mate.y_mm) for w in asked["worlds"]}

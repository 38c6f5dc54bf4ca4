"""Calibrations that look anew in every generation, and those that go on from an ensemble: on planted animals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_calibration import T, beside_her, together, trace
from test_calibration_search import HOW, KEYS, Worm, _step

import wormsim as ws
from wormsim import hermaphrodite_calibration, male_calibration
from wormsim.animal import individual
from wormsim.assays import mating
from wormsim.behaviour_assay import ANSWER_S
from wormsim.body.form import HERMAPHRODITE
from wormsim.body.mate import IN_TOUCH_MM, draw
from wormsim.calibrated import OTHERS, load_animals, parameters_of
from wormsim.calibration import POPULATION, Step, Target, from_unit, to_unit
from wormsim.calibration_looks import AT_ANY_TIME
from wormsim.calibration_race import EACH, FIRST_LOOK, KEPT, LOOKS, last_looks
from wormsim.calibration_search import calibrate
from wormsim.calibration_steps import steps
from wormsim.closed_loop import start_pose
from wormsim.errors import InputError
from wormsim.studies import behaviour_ablation, calibrate_animals
from wormsim.studies._ablate_animals import ablate_animals
from wormsim.studies.behaviour_ablation import assay_of


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


@pytest.fixture
def three(tmp_path):
    """Animals of three individuals, and a shuffle's."""
    u = np.random.default_rng(0).random((4, len(KEYS)))
    table = from_unit(u, KEYS).assign(wiring="real wiring", kind=["real", "real", "real", "degree"], shuffle_seed=0, number=[7, 9, 12, 9],
                                      accepted=[True, True, True, True], cost=0.0, animal=0, seed=0)
    table.to_parquet(tmp_path / "mine.parquet")
    return str(tmp_path / "mine.parquet")


FURTHER = {**HOW, "draws": 0}


def tried(three, monkeypatch, **how):
    """What is asked of each individual, as chunks."""
    asked = []

    class Runner:
        """Keeps what it is asked for."""

        def map(self, function, specs, stage):
            asked.extend(specs)
            return [pd.DataFrame([{"kind": "real", "number": spec["number"], "animal": 0, "accepted": True, "generations": 0, "reached": 1,
                                   "near": 0.0}]) for spec in specs]

    with monkeypatch.context() as patch:
        patch.setattr(calibrate_animals, "check", lambda spec: None)
        found = calibrate_animals.run(calibrate_animals.Spec(search={**FURTHER, "further": three, **how}), Runner())
    return asked, found


def test_an_ensemble_is_searched_further_from_its_own_animals(three, monkeypatch):
    """Each is a candidate itself: where it is good already, it is what is found. The chunk holds its numbers, whatever becomes of the file."""
    centre = to_unit(load_animals(three), KEYS)[1, :2]
    monkeypatch.setattr(calibrate_animals, "steps", lambda: {"near": _step("near", centre)})
    asked, _ = tried(three, monkeypatch, individuals=30, generations=1)
    was = parameters_of(load_animals(three).query("number == 9 and kind == 'real'")).to_numpy(float)
    Path(three).unlink()
    found = {spec["number"]: calibrate_animals.one(spec).iloc[0] for spec in asked}
    assert list(found) == [7, 9, 12]
    assert parameters_of(pd.DataFrame([found[9]])).astype(float).to_numpy() == pytest.approx(was)
    assert [row["accepted"] for row in found.values()] == [False, True, False]
    assert {row["further"] for row in found.values()} == {three}


def test_those_who_are_searched_further_are_the_first_of_the_real_wiring(three, monkeypatch):
    monkeypatch.setattr(calibrate_animals, "steps", lambda: {"near": _step("near", 0.5)})
    for count, numbers in ((2, [7, 9]), (30, [7, 9, 12])):
        assert [spec["number"] for spec in tried(three, monkeypatch, individuals=count)[0]] == numbers


def test_a_share_of_those_searched_further_says_of_whom(three, monkeypatch):
    monkeypatch.setattr(calibrate_animals, "steps", lambda: {"near": _step("near", 0.5)})
    table = pd.read_parquet(three)
    pd.concat([table, table.iloc[:2].assign(number=[20, 21], accepted=False)]).to_parquet(three)
    found = tried(three, monkeypatch, individuals=30)[1]
    assert "which holds 3 of the 5 individuals that were tried then" in found.summary[1]
    assert "other individuals" not in found.summary[1]
    assert not found.controls


def test_an_ablation_says_of_whom_its_animals_were_accepted(three, tmp_path):
    table = pd.read_parquet(three).query("kind == 'real'")
    table.assign(further=three, accepted=[True, False, True]).to_parquet(tmp_path / "on.parquet")
    text, = behaviour_ablation._calibration_texts(str(tmp_path / "on.parquet"))
    assert text == (f"Of 3 individuals of '{tmp_path / 'on.parquet'}', searched further from their animals of '{three}', 2 were accepted.")
    table.assign(further="touched").to_parquet(tmp_path / "on.parquet")
    assert behaviour_ablation._calibration_texts(str(tmp_path / "on.parquet"))[1].startswith("Of 52 individuals of 'touched' (real wiring) 30 ")


def refusing(three, **columns):
    """The three, as a search with one target left them: 9 and 12 refused, 7 as well but given up at its first candidates."""
    table = pd.read_parquet(three).query("kind == 'real'")
    table.assign(**{"accepted": False, "near": [0.5, 3.0, 0.005], "cost": [0.1, 0.2, 0.7], "generations": [0, 5, 9], **columns}).to_parquet(three)


def test_those_who_were_refused_are_searched_further_the_cheapest_first(three, monkeypatch):
    """9 is cheaper than 12, but misses the band, which counts as in a search; who was given up is not among them, nor who was accepted."""
    monkeypatch.setattr(calibrate_animals, "steps", lambda: {"near": _step("near", 0.5)})
    refusing(three)
    for unmet, numbers in ((0.0, [9, 12]), (1.0, [12, 9])):
        asked, found = tried(three, monkeypatch, individuals=30, refused=True, unmet=unmet)
        assert [spec["number"] for spec in asked] == numbers
        assert all(spec["refused"] for spec in asked)
    assert "of the 3 individuals that were tried then 2 were" in found.summary[1]
    refusing(three, accepted=[False, False, True])
    assert [spec["number"] for spec in tried(three, monkeypatch, individuals=30, refused=True)[0]] == [9]
    assert [spec["number"] for spec in tried(three, monkeypatch, individuals=30)[0]] == [12]


def test_who_was_refused_has_looks_of_its_own(three, monkeypatch):
    """By the looks that were had its best is the best: they would say little."""
    monkeypatch.setattr(calibrate_animals, "steps", lambda: {"near": _step("near", 0.5)})
    seeds = []
    monkeypatch.setattr(calibrate_animals, "calibrate", lambda wiring, asked, seed, **how: seeds.append(seed) or {"accepted": True})
    refusing(three)
    for refused in (False, True):
        refusing(three, accepted=[False, not refused, False])
        spec = tried(three, monkeypatch, individuals=1, refused=refused)[0][0]
        row = calibrate_animals.one(spec).iloc[0]
        assert (row["number"], row["animal"], row["refused"]) == (9, 0, refused)
    assert seeds == [9, 9 + OTHERS]


def test_an_ensemble_that_refused_nobody_is_refused_itself(three, monkeypatch):
    search = {**FURTHER, "asked": ["moving"], "individuals": 2, "further": three, "refused": True}
    with pytest.raises(InputError, match="columns generations, .* are missing, so that it was not asked for 'moving'"):
        calibrate_animals.check(calibrate_animals.Spec(search=search))
    refusing(three, accepted=True, **{t.name: 0.0 for t in steps()["moving"].targets})
    with pytest.raises(InputError, match="no animal of the real wiring was searched and refused"):
        calibrate_animals.check(calibrate_animals.Spec(search=search))
    with pytest.raises(InputError, match="name the ensemble that refused them"):
        calibrate_animals.check(calibrate_animals.Spec(search={**search, "further": "", "draws": 1}))


@pytest.mark.parametrize(("how", "message"), [
    ({"pilots": "pilot"}, "leave pilots out"), ({"draws": 5}, "draws = 0"), ({"shuffles": 1}, "shuffles = 0"), ({"animals": 2}, "animals = 1"),
    ({"further": "nobody"}, "'nobody' is no ensemble"), ({"asked": ["touched_often"], "generations": LOOKS - 1}, f"with {LOOKS} generations or"),
    ({"asked": ["touched_often"], "generations": EACH}, "and fewer than"), ({"asked": ["touched_often"] * 2}, "here are 2"),
    ({"goes_on": True}, "search.goes_on = True: it is for a step that looks anew"), ({"doubt": 9.0}, "search.doubt = 9.0: it is for"),
    ({"asked": ["touched_often"], "generations": 15, "goes_on": True}, "ask for 16 or more")])
def test_what_does_not_go_with_an_ensemble_or_with_looking_anew_is_refused(three, how, message):
    search = {**FURTHER, "asked": ["moving"], "individuals": 2, "further": three, **how}
    with pytest.raises(InputError, match=message):
        calibrate_animals.check(calibrate_animals.Spec(search=search))


def test_an_ensemble_of_another_seed_or_of_shuffles_alone_is_refused(three):
    search = {**FURTHER, "asked": ["moving"], "individuals": 2, "further": three}
    calibrate_animals.check(calibrate_animals.Spec(search=search))
    with pytest.raises(InputError, match="individuals of the seed 0, and this calibration has seed = 4"):
        calibrate_animals.check(calibrate_animals.Spec(search=search, seed=4))
    pd.read_parquet(three).query("kind == 'degree'").to_parquet(three)
    with pytest.raises(InputError, match="no animal of the real wiring"):
        calibrate_animals.check(calibrate_animals.Spec(search=search))


def test_of_alternatives_each_individual_has_the_first_that_accepted_it(three, tmp_path):
    """Of five individuals the first table accepted 7, refused 9 and never tried 12; the second refused 20; a shuffle is another individual."""
    second, path = pd.read_parquet(three), tmp_path / "first.parquet"
    pd.concat([second, second.iloc[:1].assign(number=20, accepted=False)]).assign(cost=2.0).to_parquet(three)
    second.iloc[:2].assign(cost=1.0, accepted=[True, False]).to_parquet(path)
    found = load_animals(f"{path} | {three}")
    assert {(row["kind"], row["number"]): row["cost"] for _, row in found.iterrows()} == {
        ("real", 7): 1.0, ("real", 9): 2.0, ("real", 12): 2.0, ("degree", 9): 2.0}
    tried = load_animals(f"{path}|{three}", accepted=False).query("kind == 'real'")
    assert sorted(tried["number"]) == [7, 9, 12, 20]
    assert load_animals(f"{three}|{path}")["cost"].tolist() == [2.0] * 4
    assert found["number"].tolist() == [7, 9, 9, 12]  # those of the first table do not come first: a part of them is no selection
    spec = behaviour_ablation.Spec(model={"circuit": "whole_hermaphrodite", "animals": f"{path}|{three}", "assays": ["crawl"]},
                                   score={"evidence": "hermaphrodite_behaviour"})
    said = behaviour_ablation._animals_text(spec, found.query("kind == 'real'"), found.query("kind == 'degree'"))
    assert f"An individual takes part with its animal of '{path}' or else '{three}', the first that accepted it." in said
    assert f"Of 2 individuals of '{path}' (real wiring) 1 were accepted" in said
    assert f"Of 4 individuals of '{three}' (real wiring) 3 were accepted" in said


@pytest.mark.parametrize(("further", "circuit", "step", "whose"), [
    ("male", "whole_hermaphrodite", "moving", "males"), ("touched", "whole_male", "scanning", "hermaphrodites")])
def test_an_ensemble_of_the_other_sex_is_refused(further, circuit, step, whose):
    search = {**FURTHER, "asked": [step], "individuals": 2, "further": further, "circuit": circuit}
    with pytest.raises(InputError, match=f"'{further}' holds {whose}"):
        calibrate_animals.check(calibrate_animals.Spec(search=search))
    other = {"whole_male": "whole_hermaphrodite", "whole_hermaphrodite": "whole_male"}[circuit]
    asked = "moving" if other == "whole_hermaphrodite" else "scanning"
    calibrate_animals.check(calibrate_animals.Spec(search={**search, "circuit": other, "asked": [asked]}))


def test_an_answer_says_of_which_alternatives_its_animals_are(three, tmp_path):
    path = tmp_path / "first.parquet"
    pd.read_parquet(three).query("kind == 'real'").assign(accepted=[True, False, False]).to_parquet(path)
    note = ablate_animals(["PVC"], assay_of("crawl"), animals=f"{path}|{three}", samples=1)["notes"][1]
    assert f"{path} (1 of 3 accepted), {three} (3 of 3 accepted)" in note
    assert f"an individual takes part with its animal of {path} or else {three}" in note

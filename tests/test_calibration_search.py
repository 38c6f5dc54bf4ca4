"""The search of a calibration, on planted steps, and the study around it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import wormsim as ws
from wormsim.animal import individual
from wormsim.body.parameters import BY_KEY, FREE, MALE_KEYS
from wormsim.calibrated import ENSEMBLES, OTHERS, load_animals, parameters_of, wiring_of
from wormsim.calibration import MOST, Step, Target, accepts, from_unit, offspring, to_unit, total_cost
from wormsim.calibration_search import _near, calibrate
from wormsim.calibration_steps import steps
from wormsim.errors import DataWarning, InputError, UnknownNameError
from wormsim.experiment import load_experiment, run
from wormsim.studies import calibrate_animals
from wormsim.studies.calibrate_animals import pilots_of

KEYS = tuple(k for k in FREE if k not in MALE_KEYS)


def test_targets():
    t = Target("x", 1.0, 2.0, 0.5, 3.0, 0.5, "test")
    assert t.cost(np.array([1.5, 2.5, 0.0, 100.0, np.nan])).tolist() == [0.0, 1.0, 4.0, 20.0, 20.0]
    assert t.met(np.array([0.4, 0.5, 3.1, np.nan])).tolist() == [False, True, False, False]
    seen = {"x": np.array([1.0, 0.0])}
    assert total_cost((t, t), seen).tolist() == [0.0, 8.0]
    assert accepts((t,), seen).tolist() == [True, False]


def test_parameters_and_points_of_the_cube():
    u = np.random.default_rng(0).random((5, len(KEYS)))
    table = from_unit(u, KEYS)
    assert list(table.columns) == list(BY_KEY)
    assert np.allclose(to_unit(table, KEYS), u)
    assert (table["g_organ_nS"] == BY_KEY["g_organ_nS"].value).all()


def test_a_search_is_repeatable_and_gets_better():
    wiring = individual(ws.load_circuit("whole_hermaphrodite"), 107)
    how = {"pilots": pilots_of("pilot"), "draws": 2, "near": 14}
    first, second, longer = (calibrate(wiring, [steps()["moving"]], 3, generations=g, **how) for g in (1, 1, 2))
    assert {k: v for k, v in first.items() if k != "seconds"} == {k: v for k, v in second.items() if k != "seconds"}
    assert longer["accepted"] or longer["cost"] <= first["cost"]
    assert all(np.isfinite(first[key]) for key in BY_KEY)


class Worm:
    """As much of an individual as a search asks for."""

    number = 5


def _step(name, centre, **how):
    """An animal is good where its first two numbers are `centre` within 0.01 of their ranges."""
    def observe(wiring, parameters, seed):
        return {name: np.abs(to_unit(parameters, KEYS)[:, :2] - centre).max(axis=1)}

    return Step((Target(name, 0.0, 0.0, 0.0, 0.01, 0.05, "a test"),), observe, KEYS, **how)


def test_steps_follow_one_another_and_the_first_that_is_not_reached_is_the_last():
    near, then, never = _step("near", 0.3), _step("then", 0.5), _step("never", 5.0)
    found = calibrate(Worm(), [near, then], 0, draws=200, near=100, spread=0.2, generations=200)
    assert (found["accepted"], found["reached"]) == (True, 2)
    assert found["then"] <= 0.01
    found = calibrate(Worm(), [near, never, then], 0, draws=200, near=100, spread=0.2, generations=200)
    assert (found["accepted"], found["reached"]) == (False, 1)
    assert "then" not in found


def test_a_search_that_stands_still_ends():
    found = calibrate(Worm(), [_step("never", 5.0)], 0, draws=200, generations=10_000)
    assert found["evaluations"] < 20_000


def test_what_the_sieve_lets_through_is_what_is_observed():
    looked_at = []

    def sieve(wiring, parameters, seed):
        return -np.abs(to_unit(parameters, KEYS)[:, 0] - 0.25)

    step = _step("near", 5.0, sieve=sieve)

    def observe(wiring, parameters, seed):
        looked_at.append(to_unit(parameters, KEYS)[:, 0])
        return step.observe(wiring, parameters, seed)

    calibrate(Worm(), [Step(step.targets, observe, KEYS, sieve=sieve)], 0, draws=400, kept=20, generations=1)
    assert len(looked_at[0]) == 20
    assert np.abs(looked_at[0] - 0.25).max() < 0.05


def test_a_step_draws_anew_what_it_is_about():
    base = np.full((3, len(KEYS)), 0.5)
    u = _near(np.random.default_rng(0), _step("near", 0.5, redrawn=KEYS[3:5]), base, 600, 1e-6)
    moved = np.abs(u - 0.5) > 0.01
    assert 0.2 < moved[:, 3:5].mean() < 0.45  # a mean of none, 30 and 70 %
    assert not np.delete(moved, [3, 4], axis=1).any()


def test_no_animal_has_the_numbers_of_a_pilot():
    """A pilot that would be accepted as it is, and is the best there could be, is still another individual's."""
    pilots = from_unit(np.full((2, len(KEYS)), 0.5), KEYS)
    found = calibrate(Worm(), [_step("near", 0.5)], 0, pilots=pilots, draws=0, near=200, spread=0.05)
    assert found["accepted"]
    assert not any(found[key] == pilots[key].iloc[0] for key in KEYS)


def test_what_a_step_found_is_a_candidate_of_the_next():
    """Near it, and without an evolution, nothing as good is found again."""
    once, twice = (calibrate(Worm(), [_step("near", 0.5)] * n, 0, pilots=from_unit(np.full((1, len(KEYS)), 0.5), KEYS), draws=0, near=8,
                             spread=0.01, generations=0) for n in (1, 2))
    assert once["accepted"]
    assert 0.0 < twice["cost"] <= once["cost"]
    far = calibrate(Worm(), [_step("near", 0.5), _step("near", 0.5)], 0, draws=20_000, near=8, spread=1.0, generations=0)
    assert (far["accepted"], far["reached"]) == (True, 2)


@pytest.mark.parametrize("unmet", [0.0, 100.0])
@pytest.mark.parametrize(("others", "searched"), [(2.0, False), (1.4, True)])
def test_a_step_in_which_everyone_is_hopeless_is_not_searched(others, searched, unmet):
    """Two targets that cost as much as any can are too much, one and 0.4 of another are not."""
    def observe(wiring, parameters, seed):
        return {"a": np.full(len(parameters), np.nan), "b": np.full(len(parameters), np.sqrt((others - 1) * MOST))}

    targets = tuple(Target(name, 0.0, 0.0, 0.0, 0.0, 1.0, "a test") for name in "ab")
    found = calibrate(Worm(), [Step(targets, observe, KEYS)], 0, draws=30, unmet=unmet)
    assert found["cost"] == pytest.approx(others * MOST)
    assert (found["evaluations"] > 30) == (found["generations"] > 0) == searched
    patient = calibrate(Worm(), [Step(targets, observe, KEYS, hopeless=100.0)], 0, draws=30, unmet=unmet)
    assert patient["generations"] > 0


def test_a_later_step_without_a_sieve_looks_at_no_more_than_are_kept():
    looked_at = []

    def observe(wiring, parameters, seed):
        looked_at.append(len(parameters))
        return {"near": to_unit(parameters, KEYS)[:, 0]}

    target = Target("near", 0.0, 1.0, 0.0, 1.0, 1.0, "a test")
    step = Step((target,), observe, KEYS)
    found = calibrate(Worm(), [step, step], 0, draws=50, near=40, kept=12)
    assert (found["reached"], looked_at) == (2, [50, 12])
    looked_at.clear()
    calibrate(Worm(), [step, step], 0, draws=50, near=40, kept=100)
    assert looked_at == [50, 40]


@pytest.mark.parametrize(("unmet", "cost"), [(0.0, 2.0), (4.0, 4.0)])
def test_what_a_missed_band_costs_chooses_and_is_no_part_of_the_cost(unmet, cost):
    """Half of the candidates miss both bands by little, the others one by more."""
    def observe(wiring, parameters, seed):
        near = to_unit(parameters, KEYS)[:, 0] < 0.5
        return {"a": np.where(near, 1.0, 0.0), "b": np.where(near, 1.0, 2.0)}

    targets = tuple(Target(name, 0.0, 0.0, 0.0, 0.5, 1.0, "a test") for name in "ab")
    found = calibrate(Worm(), [Step(targets, observe, KEYS)], 0, draws=30, generations=1, unmet=unmet)
    assert (found["accepted"], found["cost"]) == (False, cost)


def test_children_have_numbers_of_both_parents():
    pool = np.repeat([[0.2], [0.8]], 20, axis=1)
    children = np.concatenate([offspring(np.random.default_rng(k), pool, 1e-9) for k in range(20)]).round(3)
    crossed = ((children == 0.2).any(axis=1) & (children == 0.8).any(axis=1)).mean()
    assert 0.05 < crossed < 0.3  # 0.3 are crossed, fewer than half of them with the other one


def test_a_search_without_pilots_and_draws_is_refused():
    with pytest.raises(InputError, match="pilots"):
        calibrate(Worm(), [_step("near", 0.5)], 0, draws=0)


def test_a_calibration_is_an_experiment(tmp_path):
    small = [f"search.{k}" for k in ("individuals=1", "shuffles=1", "draws=2", "near=2", "generations=1")]
    with pytest.raises(UnknownNameError, match="moving"):
        run("calibrate_hermaphrodite", tmp_path / "no", overrides=[*small, "search.asked=[\"movin\"]"], jobs=1, progress=False)
    found = run("calibrate_hermaphrodite", tmp_path / "out", overrides=small, jobs=1, progress=False).result
    animals = found.tables["animals"]
    assert list(animals["wiring"]) == ["real wiring", "degree shuffle 0"]
    assert set(BY_KEY) <= set(animals.columns)
    assert set(found.scores["metric"]) == {"acceptance"}
    assert (found.scores["low"] <= found.scores["value"]).all()
    animals.to_parquet(tmp_path / "mine.parquet")
    assert len(load_animals(tmp_path / "mine.parquet", accepted=False)) == 2


HOW = {"circuit": "whole_hermaphrodite", "asked": ["near"], "near": 40, "near_home": 40, "draws": 200, "spread": 0.2, "generations": 200}


def animals_of(number, seed=0, **how):
    """The table of one individual."""
    settings = calibrate_animals.HowTable(**{**HOW, **how}).model_dump(mode="json")
    return calibrate_animals.one({"settings": settings, "seed": seed, "number": number, "shuffle": None})


def test_animals_of_one_individual_differ_and_do_not_hang_on_how_many_there_are(monkeypatch):
    monkeypatch.setattr(calibrate_animals, "steps", lambda: {"near": _step("near", 0.5)})
    one, three = animals_of(7, animals=1), animals_of(7, animals=3)
    assert three["animal"].tolist() == [0, 1, 2]
    assert three["accepted"].all()
    pd.testing.assert_frame_equal(one, three.iloc[:1])
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert (three.loc[a, list(KEYS)] != three.loc[b, list(KEYS)]).all()


def test_further_animals_have_first_candidates_of_their_own_number(monkeypatch):
    near = []

    def calibrate(wiring, asked, seed, **how):
        near.append(how["near"])
        return {"accepted": True, "seconds": 0.0, **from_unit(np.full((1, len(KEYS)), 0.5), KEYS).iloc[0]}

    monkeypatch.setattr(calibrate_animals, "steps", lambda: {"near": _step("near", 0.5)})
    monkeypatch.setattr(calibrate_animals, "calibrate", calibrate)
    animals_of(7, animals=3, near=40, near_home=30)
    assert near == [40, 30, 30]


def test_further_animals_have_a_noise_of_their_own(monkeypatch):
    noises = []

    def observe(wiring, parameters, seed):
        noises.append(seed)
        return _step("near", 0.5).observe(wiring, parameters, seed)

    monkeypatch.setattr(calibrate_animals, "steps", lambda: {"near": Step(_step("near", 0.5).targets, observe, KEYS)})
    animals_of(7, animals=3)
    assert set(noises) == {7, OTHERS + 7, 2 * OTHERS + 7}


def test_an_animal_of_another_seed_is_built_again_as_it_was_found(tmp_path, monkeypatch):
    found_on = []

    def observe(wiring, parameters, seed):
        found_on.append(wiring)
        return _step("near", 0.5).observe(wiring, parameters, seed)

    monkeypatch.setattr(calibrate_animals, "steps", lambda: {"near": Step(_step("near", 0.5).targets, observe, KEYS)})
    animals_of(7, seed=1).to_parquet(tmp_path / "mine.parquet")
    row, circuit = load_animals(tmp_path / "mine.parquet").iloc[0], ws.load_circuit("whole_hermaphrodite")
    again, other = wiring_of(row, circuit), wiring_of(row.drop("seed"), circuit)
    assert (again.number, again.seed, other.seed) == (7, 1, 0)
    assert np.array_equal(again.excitatory.weight, found_on[0].excitatory.weight)
    assert not np.array_equal(again.excitatory.weight, other.excitatory.weight)


EXPERIMENTS = sorted(Path(__file__).parents[1].glob("experiments/calibrate_*.toml"))


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_calibrations_that_come_with_wormsim_search_other_individuals_than_their_pilots(path):
    calibrate_animals.check(load_experiment(path).spec)


#: The pilots of each ensemble that has any; animals of one may be pilots of a later one.
PILOTS = {path.stem.removeprefix("calibrate_"): pilots for path in EXPERIMENTS if (pilots := load_experiment(path).spec.search.pilots)}


@pytest.mark.parametrize("name", ENSEMBLES)
def test_no_animal_that_comes_with_wormsim_has_the_numbers_of_a_pilot(name):
    """An animal is found for its own wiring: none has the numbers of a pilot that was found for another."""
    keys = list(BY_KEY)
    assert set(PILOTS) >= {"hermaphrodite", "touched", "male", "turning", "turning_often"}

    def rounded(table):
        """Pilots that went through the unit cube differ from what they were in the last bits."""
        table = table.reindex(columns=[*keys, "number"]).astype(float).reset_index(drop=True)
        return table.assign(**{key: [float(f"{x:.9g}") for x in table[key]] for key in keys})

    pilots = pd.concat([rounded(pilots_of(p)) for p in sorted(set(PILOTS.values()))])
    own = rounded(load_animals(name))
    same = own.merge(pilots, on=keys)
    assert (same["number_x"] == same["number_y"]).all()
    assert set(same["number_x"]) == {"turning": {843, 845}}.get(name, set())  # pilots of a later calibration
    if name in PILOTS:
        assert own.merge(rounded(pilots_of(PILOTS[name])), on=keys).empty
    assert len(pilots.merge(pilots.iloc[:1], on=keys)) == 1  # the comparison finds what is there
    assert not own.duplicated(keys).any()


#: The step that each ensemble was asked for last.
LAST = {"hermaphrodite": "moving", "touched": "touched_front", "male": "scanning", "turning_again": "turning_often",
        "turning_further": "turning_often", "stopping_again": "stopping_often"}


@pytest.mark.parametrize("name", ENSEMBLES)
def test_who_is_accepted_is_told_by_the_bands_of_today(name):
    """Every row that was measured, as it stands in the table: a band that is changed leaves no ensemble as it is."""
    table = load_animals(name, accepted=False)
    targets = steps()[LAST.get(name, name)].targets
    table = table.dropna(subset=[t.name for t in targets])
    assert accepts(targets, {t.name: table[t.name].to_numpy(float) for t in targets}).tolist() == table["accepted"].tolist()
    assert table["accepted"].sum() == len(load_animals(name))


def test_pilots_that_do_not_say_whose_they_are_are_said_to(tmp_path):
    parameters_of(pilots_of("pilot")).to_parquet(tmp_path / "mine.parquet")
    with pytest.warns(DataWarning, match="6 pilots of .* do not say of which individuals they are"):
        calibrate_animals.check(calibrate_animals.Spec(search={**HOW, "individuals": 1, "asked": ["moving"],
                                                               "pilots": str(tmp_path / "mine.parquet")}))


def test_pilots_of_the_individuals_that_are_searched_are_refused(tmp_path):
    table = parameters_of(pilots_of("pilot")).assign(number=[3, 4, 5, 6, 7, 8])
    table.to_parquet(tmp_path / "mine.parquet")
    table.assign(seed=1).to_parquet(tmp_path / "other.parquet")

    def check(first, pilots="mine", **how):
        search = {**HOW, "individuals": 1, "asked": ["moving"], "first": first, "pilots": str(tmp_path / f"{pilots}.parquet"), **how}
        calibrate_animals.check(calibrate_animals.Spec(search=search))

    for first, how, same in ((7, {"individuals": 5}, "7, 8"), (1, {"shuffles": 3}, "3")):
        with pytest.raises(InputError, match=f"individuals {same}, which are searched"):
            check(first, **how)
    check(9, individuals=5)
    check(7, "other", individuals=5)  # another seed: other animals by the same numbers


@pytest.mark.parametrize(("step", "circuit"), [("scanning", "whole_hermaphrodite"), ("driven", "whole_male"), ("touched", "whole_male")])
def test_steps_of_the_other_sex_are_refused(step, circuit):
    with pytest.raises(InputError, match=f"asked = {step}: .*{circuit}"):
        calibrate_animals.check(calibrate_animals.Spec(search={**HOW, "individuals": 1, "asked": [step], "circuit": circuit}))


def test_the_summary_says_who_was_given_up(monkeypatch):
    """Individuals 100 and 101 are calibrated, 102 is hopeless."""
    def planted(spec):
        good = spec["number"] < 102
        return pd.DataFrame([{"kind": "real", "number": spec["number"], "animal": 0, "accepted": good, "generations": 0, "near": 0.0}])

    class Runner:
        """Runs chunks here."""

        def map(self, function, specs, stage):
            return [function(spec) for spec in specs]

    monkeypatch.setattr(calibrate_animals, "one", planted)
    monkeypatch.setattr(calibrate_animals, "check", lambda spec: None)
    monkeypatch.setattr(calibrate_animals, "steps", lambda: {"near": _step("near", 0.5)})
    found = calibrate_animals.run(calibrate_animals.Spec(search={**HOW, "individuals": 3}), Runner())
    assert "2 of 3 individuals were calibrated" in found.summary[0]
    assert "1 were given up at their first candidates." in found.summary[0]


def test_the_summary_says_how_far_the_individuals_came(monkeypatch):
    """Of four two met the first step only, one the second as well, one none."""
    def planted(spec):
        reached = {100: 1, 101: 2, 102: 0, 103: 1}[spec["number"]]
        return pd.DataFrame([{"kind": "real", "number": spec["number"], "animal": 0, "accepted": reached == 2, "reached": reached, "generations": 3,
                              "near": 0.0}])

    class Runner:
        """Runs chunks here."""

        def map(self, function, specs, stage):
            return [function(spec) for spec in specs]

    monkeypatch.setattr(calibrate_animals, "one", planted)
    monkeypatch.setattr(calibrate_animals, "check", lambda spec: None)
    monkeypatch.setattr(calibrate_animals, "steps", lambda: {"first": _step("near", 0.5), "then": _step("near", 0.5)})
    found = calibrate_animals.run(calibrate_animals.Spec(search={**HOW, "asked": ["first", "then"], "individuals": 4}), Runner())
    assert "Step by step: 3 met 'first', 1 met 'then'." in found.summary[0]
    reached = found.scores[found.scores["metric"] == "reached"].set_index("group")["value"]
    assert reached.to_dict() == {"real wiring: first": 0.75}  # the last step is the acceptance
    assert found.scores.set_index("metric").loc["acceptance", "value"] == 0.25

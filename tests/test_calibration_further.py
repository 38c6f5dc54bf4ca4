"""Calibrations that go on from an ensemble, and what is said of ensembles and their alternatives: on planted animals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_calibration_search import HOW, KEYS, _step

from wormsim.calibrated import OTHERS, load_animals, parameters_of
from wormsim.calibration import from_unit, to_unit
from wormsim.calibration_race import EACH, LOOKS
from wormsim.calibration_steps import steps
from wormsim.errors import DataWarning, InputError
from wormsim.studies import _behaviour_intact, behaviour_ablation, calibrate_animals
from wormsim.studies._ablate_animals import ablate_animals
from wormsim.studies._behaviour_runs import assay_of


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
    text, = _behaviour_intact.calibration_texts(str(tmp_path / "on.parquet"))
    assert text == (f"Of 3 individuals of '{tmp_path / 'on.parquet'}', searched further from their animals of '{three}', 2 were accepted.")
    table.assign(further=three, accepted=[True, False, True], refused=True).to_parquet(tmp_path / "on.parquet")
    assert f"from the best that was found of them for '{three}', which refused them, 2 were" in _behaviour_intact.calibration_texts(
        str(tmp_path / "on.parquet"))[0]
    table.assign(further="touched").to_parquet(tmp_path / "on.parquet")
    assert _behaviour_intact.calibration_texts(str(tmp_path / "on.parquet"))[1].startswith("Of 52 individuals of 'touched' (real wiring) 30 ")


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
        for spec in asked:  # each with its own numbers
            own = parameters_of(load_animals(three, accepted=False).query(f"number == {spec['number']}")).iloc[0]
            assert [spec["own"][key] for key in own.index] == own.to_list()
    assert "as 2 of the 3 were that were tried then" in found.summary[1]
    assert "all had been refused for" in found.summary[0]
    refusing(three, accepted=[False, False, True])
    assert [spec["number"] for spec in tried(three, monkeypatch, individuals=30, refused=True)[0]] == [9]
    assert [spec["number"] for spec in tried(three, monkeypatch, individuals=30)[0]] == [12]


def test_who_was_accepted_by_looks_made_anew_is_not_searched_with_them_again():
    """Nor may who was searched after a refusal; a step with fixed looks takes either."""
    for source in ("turning_often", "touched_often"):
        male = source == "turning_often"
        search = {**FURTHER, "circuit": "whole_male" if male else "whole_hermaphrodite", "individuals": 2, "further": source, "asked": [source],
                  "generations": 16}
        with pytest.raises(InputError, match="accepted by looks made anew in every generation, which this search would have again"):
            calibrate_animals.check(calibrate_animals.Spec(search=search))
        calibrate_animals.check(calibrate_animals.Spec(search={**search, "refused": True}))
        calibrate_animals.check(calibrate_animals.Spec(search={**search, "asked": ["scanning" if male else "moving"]}))


def test_who_had_been_refused_here_as_well_is_counted(three, monkeypatch):
    """Of three accepted one was held to looks at the end twice."""
    monkeypatch.setattr(calibrate_animals, "steps", lambda: {"near": _step("near", 0.5)})
    monkeypatch.setattr(calibrate_animals, "check", lambda spec: None)

    class Runner:
        def map(self, function, specs, stage):
            return [pd.DataFrame([{"kind": "real", "number": spec["number"], "animal": 0, "accepted": True, "generations": 3, "reached": 1,
                                   "near": 0.0, "held": 1 + (spec["number"] == 9)}]) for spec in specs]

    def said(**how):
        return calibrate_animals.run(calibrate_animals.Spec(search={**FURTHER, "further": three, "individuals": 30, **how}), Runner()).summary[0]

    assert "; 1 of those accepted had been refused before, by other looks at the end." in said()
    refusing(three)
    assert (f"; all had been refused for '{three}'; 1 of those accepted had been refused before here as well, by other looks at the end."
            in said(refused=True))


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


def test_who_was_refused_at_an_earlier_step_is_left_out_and_counted(three, monkeypatch):
    monkeypatch.setattr(calibrate_animals, "steps", lambda: {"near": _step("near", 0.5)})
    refusing(three, near=[0.5, 3.0, np.nan])
    with pytest.warns(DataWarning, match="1 individuals of .* were refused at an earlier step or failed"):
        asked, _ = tried(three, monkeypatch, individuals=30, refused=True)
    assert [spec["number"] for spec in asked] == [9]


def test_an_ensemble_whose_refused_cannot_be_searched_further_is_refused_itself(three):
    search = {**FURTHER, "asked": ["moving"], "individuals": 2, "further": three, "refused": True}

    def check(**how):
        calibrate_animals.check(calibrate_animals.Spec(search=search | how))

    with pytest.raises(InputError, match="the column generations is missing"):
        check()
    refusing(three)
    with pytest.raises(InputError, match="missing: nobody was refused for what 'moving' asks"):
        check()
    measures = {t.name: 0.0 for t in steps()["moving"].targets}
    refusing(three, **measures)
    check()
    for joined in (f"{three}+turning", f"{three}|touched"):
        with pytest.raises(InputError, match="give one ensemble"):
            check(further=joined)
    refusing(three, accepted=True, **measures)
    with pytest.raises(InputError, match="no animal of the real wiring was searched and refused"):
        check()
    with pytest.raises(InputError, match="name the ensemble that refused them"):
        check(further="", draws=1)
    refusing(three, refused=True, accepted=[True, False, False], **measures)
    for again in (True, False):
        with pytest.raises(InputError, match="looks that they were chosen by"):
            check(refused=again)


@pytest.mark.parametrize(("how", "message"), [
    ({"pilots": "pilot"}, "leave pilots out"), ({"draws": 5}, "draws = 0"), ({"shuffles": 1}, "shuffles = 0"), ({"animals": 2}, "animals = 1"),
    ({"further": "nobody"}, "'nobody' is no ensemble"), ({"asked": ["touched_often"], "generations": LOOKS - 1}, f"with {LOOKS} generations or"),
    ({"asked": ["touched_often"], "generations": EACH}, "and fewer than"), ({"asked": ["touched_often"] * 2}, "here are 2"),
    ({"goes_on": False}, "search.goes_on = False: it is for"),
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
    said = _behaviour_intact.animals_text(spec.model.animals, found.query("kind == 'real'"), found.query("kind == 'degree'"))
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

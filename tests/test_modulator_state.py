"""The study of states: what a direction is, what each arm compares, and that it runs from TOML to report."""

import numpy as np
import pandas as pd
import pytest

from wormsim import catalog
from wormsim.errors import InputError, UnknownNameError
from wormsim.experiment import load_experiment, run
from wormsim.studies._modulator_runs import directions
from wormsim.studies._modulator_text import score_rows
from wormsim.studies.modulator_state import Comparison, Condition, _sides, check

pytestmark = pytest.mark.filterwarnings("ignore::wormsim.errors.DataWarning")
STATES = [n for n in catalog.names("experiments") if load_experiment(n).header.kind == "modulator_state"]
KEY = {"neuron": "lif", "arm": "", "seed": 0, "comparison": "a"}


def table(case, reference=4.0, fresh=4.0):
    return pd.DataFrame({"sample": range(len(case)), "reference": reference, "case": case, "fresh": fresh})


def said(case, least=16, **how):
    return directions([(KEY, table(np.array(case, float), **how))], 0.1, least).iloc[0]


def test_a_direction_is_predicted_if_its_interval_lies_above_one_half():
    down = said([2.0] * 20 + [4.0] * 4)
    assert (down["down"], down["same"], down["up"]) == (20 / 24, 4 / 24, 0)
    assert down["down_low"] > 0.5
    assert down["predicted"] == "down"
    assert said([2.0] * 14 + [4.0] * 10)["predicted"] == "no prediction"
    assert said([5.0] * 24)["predicted"] == "up"
    assert said([4.3] * 12 + [3.7] * 12)["predicted"] == "same"
    assert said([2.0] * 15, least=16)["predicted"] == "no prediction"
    assert down["change"] == pytest.approx(-0.5)


def test_the_margin_is_a_share_of_the_reference_and_noise_is_told():
    assert said([3.7] * 20)["predicted"] == "same"
    assert said([3.5] * 20)["predicted"] == "down"
    assert said([-4.3] * 20, reference=-4.0)["predicted"] == "same"
    assert said([-4.5] * 20, reference=-4.0)["predicted"] == "down"
    assert said([4.0] * 20, fresh=3.0)["down_fresh"] == 1.0


def test_runaways_are_no_direction_and_nobody_is_no_prediction():
    gone = said([np.nan] * 20)
    assert (gone["ran_away"], gone["down"] + gone["same"] + gone["up"]) == (20, 0)
    none = said([])
    assert none["n"] == 0
    assert np.isnan(none["down"])
    assert none["predicted"] == "no prediction"


def test_scores_say_hit_miss_or_no_prediction_and_count_shuffles():
    rows = []
    for arm, seed, case in (("", 0, 2.0), ("connectome alone", 0, 4.0), ("receptors shuffled", 1, 2.0), ("receptors shuffled", 2, 6.0)):
        rows.append(({**KEY, "arm": arm, "seed": seed}, table(np.full(20, case))))
    found = directions(rows, 0.1, 16).assign(measured="down")
    found["verdict"] = np.where(found["predicted"] == "down", "hit", "miss")
    scores = {row["control"]: row for row in score_rows(found)}
    assert scores[""]["verdict"] == "hit (predicted: down)"
    assert (scores[""]["value"], scores[""]["floor"], scores[""]["n"]) == (1.0, 0.0, 20)
    assert scores["connectome alone"]["verdict"] == "miss (predicted: same)"
    assert scores["receptors shuffled"]["verdict"] == "1 hit, 1 miss of 2"
    assert scores["receptors shuffled"]["value"] == 0.5


def test_what_the_arms_compare():
    layer, alone, shuffled = {"layer": True, "shuffle": None}, {"layer": False, "shuffle": None}, {"layer": True, "shuffle": 7}
    about = {"measured": "down", "finding": "f", "source": "s 2000", "certainty": "high", "name": "n"}
    state = Comparison(case=Condition(state=["dopamine:high"]), alone=["CEP"], **about)
    reference, case = _sides(state, layer)
    assert (reference["state"], case["state"], case["drive"]) == ([], ["dopamine:high"], [])
    reference, case = _sides(state, alone)
    assert (reference["drive"], case["state"], case["drive"]) == ([], [], ["CEP"])
    reference, case = _sides(state, shuffled)
    assert (reference["shuffle"], case["shuffle"]) == (None, 7)
    mutant = Comparison(reference=Condition(state=["dopamine:high"]), case=Condition(state=["dopamine:high"], without=["dop-3"]), **about)
    assert _sides(mutant, alone) is None, "the connectome has no receptors to be without"
    removed = Comparison(reference=Condition(state=["serotonin:released"]),
                         case=Condition(state=["serotonin:released"], ablate=["CP1"]), **about)
    assert _sides(removed, alone)[1]["ablate"] == ["CP1"]


@pytest.mark.parametrize("name", STATES)
def test_every_state_says_what_was_measured(name):
    spec = load_experiment(name).spec
    for comparison in spec.comparison:
        assert comparison.reference != comparison.case
        assert any(c.isdigit() for c in comparison.source)
        assert len(comparison.finding) > 20
    arms = [arm["arm"] for arm in spec.arms()]
    assert arms.count("") == arms.count("connectome alone") == 1
    assert {"receptors shuffled", "degree shuffles", "no neuron-neuron wiring"} <= set(arms)


def test_the_known_states_are_there():
    assert {"state_basal_slowing", "state_enhanced_slowing", "state_dwelling", "state_roaming", "state_escape_head", "state_turning",
            "state_sleep"} <= set(STATES)


@pytest.mark.parametrize(("change", "error", "message"), [
    ({"behaviour.read": []}, InputError, "both drive and read"),
    ({"behaviour.drive": ["AVX"]}, UnknownNameError, "AVX"),
    ({"model.parameters": {"tau": 3.0}}, InputError, "no neuron model here has it"),
    ({"model.neurons": ["lif2"]}, UnknownNameError, "lif"),
])
def test_what_is_wrong_is_said_before_the_run(change, error, message):
    with pytest.raises(error, match=message):
        check(load_experiment("state_escape_head", change).spec)


def test_a_study_runs_to_its_report(tmp_path):
    small = {"model.neurons": ["graded"], "ensemble.samples": 16, "ensemble.most_candidates": 64, "controls.receptors": 1,
             "controls.degree": 0, "controls.none": False, "controls.samples": 16, "controls.most_candidates": 64}
    found = run("state_escape_head", tmp_path / "out", overrides=small, jobs=1, progress=False)
    scores = found.result.scores
    assert set(scores["control"]) == {"", "connectome alone", "receptors shuffled"}
    assert scores["verdict"].str.match(r"hit|miss|no prediction|\d").all()
    assert ((scores["low"] <= scores["value"]) & (scores["value"] <= scores["high"])).all()
    said = found.result.tables["directions"]
    for _, row in said.iterrows():
        assert row["down"] + row["same"] + row["up"] + row["ran_away"] / row["n"] == pytest.approx(1)
    responses = found.result.tables["responses"]
    assert np.array_equal(responses["reference"], responses["fresh"]), "the graded model has no noise"
    assert (tmp_path / "out" / "figures" / "directions.png").stat().st_size > 5000
    assert "tyramine" in found.result.summary[1]

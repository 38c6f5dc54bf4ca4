"""The study of states, small: three states, one drawn network beside the twelve, and its results folder."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from wormsim.errors import InputError, UnknownNameError
from wormsim.experiment import load_experiment, run
from wormsim.runner import Runner
from wormsim.studies import pyloric_states
from wormsim.studies._pyloric_networks import GRID_NS, SYNAPSES, drawn, permuted, reference
from wormsim.studies._state_actions import COLUMNS, NONE_STATED, OBSERVABLES

TOML = """
[experiment]
name = "small_states"
kind = "pyloric_states"
question = "Does the study hold together?"
source = "a test"
fitted_on = "the unmodulated circuit"
scored_on = "states.csv"
seed = 11

[states]
table = "TABLE"

[networks]
count = 1
most_candidates = 256

[measure]
settle_ms = 2000.0
duration_ms = 7000.0
least_change = 0.05
least_phase = 0.02

[sensitivity]
networks = 2
conductance_nS = [50.0]
least_change = [0.1]

[example]
network = "PN05"
window_ms = 2000.0
"""
ROWS = [
    {"id": "T1", "state": "exciter", "actions": "I_MI: ABPD", "PD": "more", "certainty": "high"},
    {"id": "T2", "state": "its namesake", "actions": "I_MI: ABPD", "period": "longer", "certainty": "uncertain"},
    {"id": "T3", "state": "LP gone", "actions": "ablate: LP", "LP": "less", "certainty": "medium"},
    {"id": "T4", "state": "unknown", "actions": "", "certainty": "uncertain"},
]


@pytest.fixture(scope="module")
def toml(tmp_path_factory):
    folder = tmp_path_factory.mktemp("states")
    blank = dict.fromkeys(COLUMNS, "x") | dict.fromkeys(OBSERVABLES, NONE_STATED)
    pd.DataFrame([blank | row for row in ROWS]).to_csv(folder / "states.csv", index=False)
    path = folder / "small.toml"
    path.write_text(TOML.replace("TABLE", str(folder / "states.csv")))
    return path


@pytest.fixture(scope="module")
def results(toml, tmp_path_factory):
    return run(load_experiment(toml), out=tmp_path_factory.mktemp("out") / "small_states", jobs=1, progress=False)


def test_the_results_folder_is_complete(results):
    assert {"report.html", "scores.csv", "manifest.json"} <= {p.name for p in results.path.iterdir()}
    assert {p.name for p in (results.path / "figures").iterdir()} == {"rhythms.png", "directions.png", "phases.png"}
    stages = json.loads((results.path / "manifest.json").read_text())
    assert "numba" in json.dumps(stages["engines"])


def test_each_state_has_one_row_and_every_control_its_own(results):
    scores = results.result.scores
    states = scores[scores["metric"] == "published_direction"].set_index("group")
    assert list(states.index) == ["exciter", "its namesake", "LP gone", "unknown"]
    assert states.loc["LP gone", "value"] == 1.0, "an ablated cell does not fire"
    assert states.loc["exciter", "value"] > 0.5
    assert states.loc[["its namesake", "unknown"], "value"].isna().all()
    # PD instead of LP is gone in one turn and PY in the other: LP goes on
    assert float(states.loc["LP gone", "control"]) < 1.0
    most = scores[scores["metric"] == "statements_in_most_networks"]
    assert {"real wiring", "strengths permuted", "no synapses", "actions on other cells", "constant guess",
            "no-change guess"} == set(most["control"])
    assert scores[scores["metric"] == "acceptance_rate"]["value"].item() > 0


def test_the_same_action_is_run_once_and_said_to_be_the_same(results):
    states = results.result.tables["states"].set_index("state")
    assert states.loc["its namesake", "same run as"] == "exciter"
    assert states.loc["exciter", "same run as"] == ""
    np.testing.assert_array_equal(states.loc["exciter", "period_ms"], states.loc["its namesake", "period_ms"])
    assert states.loc["nothing added", "pyloric"] == 1.0, "networks are accepted for that"
    assert states.loc["LP gone", "rate_Hz_LP"] == 0.0
    rhythms = results.result.traces["rhythms"]
    assert list(rhythms["label"].to_numpy()) == ["nothing added", "exciter", "its namesake", "LP gone"]
    assert np.isnan(rhythms["v_mV"][3].sel(cell="LP")).all()


def test_networks_are_the_reference_and_drawn_ones_that_were_accepted(results):
    networks = results.result.tables["networks"]
    assert list(networks["id"][:12]) == list(reference().index)
    assert len(networks) == 13
    candidates = results.result.tables["candidates"].set_index("id")
    assert candidates.loc[networks["id"].iloc[12], "pyloric"]
    assert candidates["pyloric"].mean() < 0.6


def test_a_repeated_run_computes_nothing_again(toml, results):
    runner = Runner(results.path, jobs=1, progress=False)
    again = pyloric_states.run(load_experiment(toml).spec, runner)
    assert all(stage.resumed == stage.chunks for stage in runner.stages)
    pd.testing.assert_frame_equal(again.scores, results.result.scores)


def test_draws_do_not_depend_on_each_other_and_stay_on_the_grid():
    many, few = drawn(3, 0, 300), drawn(3, 100, 5)
    pd.testing.assert_frame_equal(many.iloc[100:105], few)
    assert set(np.unique(many[list(SYNAPSES)])) == set(GRID_NS)
    assert {cell: set(many[cell]) for cell in ("ABPD", "LP", "PY")} == {
        "ABPD": set(range(1, 6)), "LP": set(range(1, 6)), "PY": set(range(1, 7))}


def test_permuting_keeps_the_strengths_of_each_network():
    networks = drawn(3, 0, 20)
    other = permuted(networks, 3)
    np.testing.assert_array_equal(np.sort(networks[list(SYNAPSES)], axis=1), np.sort(other[list(SYNAPSES)], axis=1))
    assert not networks.equals(other)
    pd.testing.assert_frame_equal(networks[["ABPD", "LP", "PY"]], other[["ABPD", "LP", "PY"]])


@pytest.mark.parametrize(("change", "said"), [
    ({"measure.settle_ms": 8000.0}, "must lie before"),
    ({"example.window_ms": 6000.0}, "longer than what is measured"),
    ({"example.network": "PN13"}, "PN12"),
    ({"dose.form": "swenson2001"}, "swensen2001"),
])
def test_settings_that_cannot_be_are_refused_before_anything_runs(toml, change, said):
    with pytest.raises((InputError, UnknownNameError), match=said):
        pyloric_states.check(load_experiment(toml, change).spec)


def test_too_few_networks_are_an_error_that_counts_them(toml, tmp_path):
    spec = load_experiment(toml, {"networks.count": 200, "networks.most_candidates": 8}).spec
    with pytest.raises(InputError, match="of 8 drawn networks"):
        pyloric_states.run(spec, Runner(tmp_path, jobs=1, progress=False))

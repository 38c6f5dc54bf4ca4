"""Directions of change and their scores, on numbers made by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from wormsim.studies import _state_scores as scoring
from wormsim.studies._state_actions import NONE_STATED, OBSERVABLES

NAN = float("nan")


def frame(**columns) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    names = ("period_ms", "rate_Hz_ABPD", "rate_Hz_LP", "rate_Hz_PY", "on_LP", "on_PY", "overlap")
    return pd.DataFrame({name: columns.get(name, [1.0] * n) for name in names})


def table(*rows) -> pd.DataFrame:
    made = []
    for i, certainty, stated in rows:
        made.append({"id": i, "state": f"state {i}", "certainty": certainty, "actions": [["I_MI", ["LP"]]]}
                    | dict.fromkeys(OBSERVABLES, NONE_STATED) | stated)
    return pd.DataFrame(made).set_index("id")


def test_directions_by_share_of_the_value_and_by_share_of_the_cycle():
    before = frame(period_ms=[1000.0] * 5 + [NAN], on_LP=[0.5] * 6)
    after = frame(period_ms=[1060.0, 1040.0, 940.0, NAN, 1000.0, 900.0], on_LP=[0.53, 0.51, 0.47, NAN, 0.5, 0.5])
    assert list(scoring.directions(before, after, "period", 0.05, 0.02)) == ["longer", "same", "shorter", "lost", "same", "undefined"]
    assert list(scoring.directions(before, after, "LP_onset", 0.05, 0.02)) == ["later", "same", "earlier", "lost", "same", "same"]
    assert list(scoring.directions(before, after, "period", 0.03, 0.02))[1] == "longer"


def test_a_silent_cell_that_fires_does_more():
    assert list(scoring.directions(frame(rate_Hz_LP=[0.0, 0.0]), frame(rate_Hz_LP=[1.0, 0.0]), "LP", 0.05, 0.02)) == ["more", "same"]


def test_stopping_counts_only_where_it_is_published():
    found = np.array(["longer", "lost", "shorter", "same"])
    assert list(scoring.as_published(found, "longer or stopped")) == [True, True, False, False]
    assert list(scoring.as_published(found, "longer")) == [True, False, False, False]


def test_shares_count_networks_in_which_the_observable_is_there():
    states = table(("a", "high", {"period": "shorter", "LP": "more"}), ("b", "uncertain", {"period": "longer"}))
    before = frame(period_ms=[1000.0, 1000.0, 1000.0, NAN], rate_Hz_LP=[10.0] * 4)
    after = frame(period_ms=[900.0, 900.0, 1100.0, 900.0], rate_Hz_LP=[20.0, 10.0, 5.0, 11.0])
    found = scoring.shares(states, {"a": after, "b": after}, before, 0.05, 0.02).set_index("observable")
    assert list(found["id"]) == ["a", "a"]
    assert found.loc["period", "share"] == pytest.approx(2 / 3)
    assert found.loc["period", "networks"] == 3
    assert found.loc["LP", "share"] == 0.5
    assert found.loc["LP", ["down", "same", "up", "lost"]].to_list() == [0.25, 0.25, 0.5, 0.0]
    assert found.loc["period", "median_change"] == pytest.approx(-0.1)
    both = scoring.shares(states, {"a": after, "b": after}, before, 0.05, 0.02, scored_only=False)
    assert list(both["id"]) == ["a", "a", "b"]
    all_of = scoring.overall(found)
    assert (all_of["most"], all_of["n"]) == (1, 2)
    assert all_of["mean_share"] == pytest.approx(7 / 12)


def test_a_row_for_every_state_and_no_value_for_what_is_not_scored():
    states = table(("a", "high", {"period": "shorter"}), ("b", "uncertain", {"period": "longer"}), ("c", "medium", {}))
    states = pd.concat([states, states.loc[["a"]].rename(index={"a": "d"}).assign(state="state d", actions=[[]])])
    before, after = frame(period_ms=[1000.0] * 4), frame(period_ms=[900.0] * 3 + [1000.0])
    runs = dict.fromkeys("abc", after)
    everything = scoring.shares(states, runs, before, 0.05, 0.02, scored_only=False)
    moved = scoring.shares(states, {"a": before}, before, 0.05, 0.02)
    rows = {row["group"]: row for row in scoring.state_rows(states, everything, moved, 4)}
    assert rows["state a"]["value"] == 0.75
    assert rows["state a"]["control"] == "0.000"
    assert rows["state a"]["verdict"].startswith("1 of 1 as published")
    assert np.isnan([rows[f"state {i}"]["value"] for i in "bcd"]).all()
    assert "uncertain, not scored" in rows["state b"]["verdict"]
    assert "no direction stated" in rows["state c"]["verdict"]
    assert "not in the model" in rows["state d"]["verdict"]


def test_guesses_that_know_nothing_of_the_circuit():
    stated = [("a", "period", "longer"), ("b", "period", "longer or stopped"), ("c", "period", "shorter"), ("d", "LP", "same")]
    assert scoring.constant_guess(stated) == (3, 4)
    assert scoring.no_change_guess(stated) == (1, 4)


def test_agreement_among_networks():
    assert scoring.agreement(pd.DataFrame({"share": [0.95, 0.5, 0.1, 0.05, NAN]})) == {"nearly all": 1, "some": 2, "nearly none": 1}

"""Tables of states: what every row must have, what an action does to the parameters, and what is refused."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from wormsim.data import tables
from wormsim.errors import InputError, UnknownNameError
from wormsim.studies._pyloric_networks import parameters, reference
from wormsim.studies._state_actions import (
    COLUMNS,
    NONE_STATED,
    OBSERVABLES,
    applied,
    read_states,
    same_targets,
    turned,
)
from wormsim.studies._state_scores import statements

DOSE = {"conductance_nS": 16.0, "form": "sharp1993", "down": 0.5, "up": 2.0}


@pytest.mark.parametrize("name", ["stg_modulators", "stg_ablations"])
def test_every_row_has_a_source_and_says_what_was_read(name):
    table = read_states(name)
    assert table["source"].str.contains(r"\b(?:18|19|20)\d\d\b").all()
    assert table["basis"].str.contains("abstract|memory").all()
    assert (table["note"] != "").all()
    base = parameters(reference().iloc[0])
    for actions in table["actions"]:
        values, gone = applied({"actions": actions, **DOSE}, base)
        assert set(values) == set(base), "an action sets what the circuit has and nothing else"
        assert bool(actions) == (values != base or bool(gone))


def test_the_modulators_are_the_twenty_four_and_uncertain_ones_are_never_scored():
    table = read_states("stg_modulators")
    assert list(table.index) == [f"SM{k:03d}" for k in range(1, 25)]
    scored = {i for i, _, _ in statements(table)}
    shown = {i for i, _, _ in statements(table, scored_only=False)}
    assert scored < shown
    assert (table.loc[sorted(scored), "certainty"] != "uncertain").all()
    unknown = table[~table["actions"].map(bool)]
    assert (unknown["certainty"] == "uncertain").all()
    assert not shown & set(unknown.index)
    # the six that Swensen & Marder 2000 found to converge on I_MI
    assert all(table.loc[i, "actions"][0][0] == "I_MI" for i in ("SM001", "SM002", "SM003", "SM004", "SM005", "SM007"))


def write(folder, **change) -> str:
    row = dict.fromkeys(COLUMNS, "") | dict.fromkeys(OBSERVABLES, NONE_STATED)
    row |= {"id": "T1", "state": "a state", "actions": "I_MI: LP", "certainty": "high", "source": "a test 2026"} | change
    path = folder / "states.csv"
    pd.DataFrame([row]).to_csv(path, index=False)
    return str(path)


@pytest.mark.parametrize(("change", "said"), [
    ({"period": "faster"}, "row T1: period 'faster' is not one of shorter, longer"),
    ({"PD": "longer or stopped"}, "PD 'longer or stopped'"),
    ({"certainty": "sure"}, "certainty 'sure'"),
    ({"actions": "I_MI LP"}, "row T1: action 'I_MI LP'"),
    ({"actions": "I_Na: LP"}, "I_MI, K, Cl, ablate"),
    ({"actions": "I_MI: IC"}, "target 'IC'"),
    ({"actions": "g_A_mS_cm2 down: ABPD->LP"}, "target 'ABPD->LP'"),
    ({"actions": "g_glut_nS block: LP"}, "target 'LP'"),
])
def test_what_is_wrong_is_named_with_its_row(tmp_path, change, said):
    with pytest.raises(InputError, match=re.escape(said)):
        read_states(write(tmp_path, **change))


def test_missing_columns_files_and_names(tmp_path):
    with pytest.raises(UnknownNameError, match="stg_modulators"):
        read_states("stg_modulator")
    with pytest.raises(InputError, match="no such file"):
        read_states(str(tmp_path / "nothing.csv"))
    path = tmp_path / "half.csv"
    path.write_text("id,state\nT1,a\n")
    with pytest.raises(InputError, match="missing column.*actions"):
        read_states(str(path))
    doubled = tmp_path / "doubled.csv"
    row = pd.read_csv(write(tmp_path))
    pd.concat([row, row]).to_csv(doubled, index=False)
    with pytest.raises(InputError, match="'T1' stands more than once"):
        read_states(str(doubled))


def test_actions_change_what_they_name():
    base = parameters(reference().loc["PN01"])
    actions = [["I_MI", ["LP"]], ["Cl", ["PY"]], ["g_A_mS_cm2 down", ["ABPD"]], ["g_chol_nS up", ["ABPD->LP"]],
               ["g_glut_nS block", ["PY->LP"]], ["ablate", ["PY"]]]
    values, gone = applied({"actions": actions, **DOSE}, base)
    assert gone == ["PY"]
    changed = {key: value for key, value in values.items() if value != base[key]}
    assert changed == {
        "g_MI_nS[LP]": 16.0, "v_half_MI_mV": -55.0, "width_MI_mV": 5.0, "E_MI_mV": -20.0, "g_receptor_nS[PY]": 16.0,
        "E_receptor_mV[PY]": -70.0, "g_A_mS_cm2[ABPD]": base["g_A_mS_cm2[ABPD]"] / 2,
        "g_chol_nS[ABPD->LP]": 2 * base["g_chol_nS[ABPD->LP]"], "g_glut_nS[PY->LP]": 0.0}
    with pytest.raises(InputError, match=r"no g_chol_nS\[LP->PY\]"):
        applied({"actions": [["g_chol_nS down", ["LP->PY"]]], **DOSE}, base)
    with pytest.raises(InputError, match="LP has a receptor current already"):
        applied({"actions": [["K", ["LP"]], ["Cl", ["LP"]]], **DOSE}, base)


def test_turning_moves_cells_and_leaves_connections():
    actions = [["I_MI", ["ABPD", "LP"]], ["g_chol_nS down", ["ABPD->LP"]]]
    assert turned(actions, 1) == [["I_MI", ["LP", "PY"]], ["g_chol_nS down", ["ABPD->LP"]]]
    assert same_targets(turned(actions, 3), actions)
    assert not same_targets(turned(actions, 1), actions)
    everywhere = [["K", ["ABPD", "LP", "PY"]]]
    assert same_targets(turned(everywhere, 1), everywhere)


def test_the_reference_table_has_twelve_networks_of_published_cells():
    table = tables.read_csv("prinz2004_reference")
    assert len(table) == 12
    assert all(len(parameters(row)) == 3 * 8 + 7 + 3 * 3 + 4 for row in table.to_dict("records"))

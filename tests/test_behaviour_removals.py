"""Every removal beside every measure: on planted animals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from wormsim.calibrated import OTHERS
from wormsim.studies._behaviour_removals import removal_table, removals_text
from wormsim.studies._behaviour_scores import Scoring
from wormsim.studies._body_controls import AGAIN, NO_WIRING


def planted(left, animals=range(16), intact=0.8, measure="turns_round", wiring="real wiring"):
    """Animals of which each removal leaves so much."""
    rows = [(wiring, animal, "mating", case, measure, intact * share) for animal in animals for case, share in {"intact": 1.0, **left}.items()]
    return pd.DataFrame(rows, columns=["wiring", "animal", "assay", "case", "measure", "value"])


def removals(*values, built=()):
    """The table of all of these, in which some lines are by construction."""
    evidence = pd.DataFrame([{"assay": "mating", "measure": "turns_round", "manipulation": "ablate", "cells": cells, "role": "by construction"}
                             for cells in built], columns=["assay", "measure", "manipulation", "cells", "role"])
    return removal_table(Scoring(pd.concat(values, ignore_index=True), evidence, {}))


def test_each_removal_stands_beside_all_others_the_most_spoiled_first():
    table = removals(planted({"ablate A": 1.0, "ablate B": 0.0, "ablate C": 0.5}))
    assert table[["case", "kind", "model says", "left", "individuals"]].to_numpy().tolist() == [
        ["ablate B", "removal", "lost", 0.0, 16], ["ablate C", "removal", "impaired", 0.5, 16], ["ablate A", "removal", "normal", 1.0, 16]]
    text, = removals_text(table)
    assert "mating turns_round: of 3 removals 2 change it, 1 leave it normal, 0 have no prediction" in text
    assert "(by medians 1 leave less than half, 1 leave it normal; 0.50 is left in the median of them all)" in text
    assert "by construction" not in text


def test_what_is_so_by_construction_stands_apart():
    """B and C are, of this measure, and C does not; of another B is a removal like any."""
    other = planted({"ablate A": 1.0, "ablate B": 0.0}, measure="contact_response")
    table = removals(planted({"ablate A": 1.0, "ablate B": 0.0, "ablate C": 1.0}), other, built=["B", "C"])
    assert table.set_index(["measure", "case"])["kind"].to_dict() == {
        ("turns_round", "ablate B"): "by construction", ("turns_round", "ablate A"): "removal", ("turns_round", "ablate C"): "by construction",
        ("contact_response", "ablate B"): "removal", ("contact_response", "ablate A"): "removal"}
    text, = removals_text(table)
    assert "turns_round: of 1 removals 0 change it, 1 leave it normal, 0 have no prediction" in text
    assert "; of 2 removals that should change it by construction 1 do. mating contact_response: of 2 removals 1 change it" in text


def test_animals_of_one_individual_are_one_number_and_shuffles_are_left_out():
    row = removals(planted({"ablate A": 0.0}), planted({"ablate A": 1.0}, animals=[OTHERS * k for k in range(1, 4)]),
                   planted({"ablate A": 1.0}, animals=range(40), wiring="degree shuffles")).iloc[0]
    assert (row["model says"], row["individuals"], row["share normal"]) == ("lost", 16, pytest.approx(1 / 16))


def test_a_removal_after_which_animals_fail_is_counted_and_upsets_no_order():
    """After Z all fail, after B two of sixteen: no prediction, not no removal."""
    values = planted({"ablate Z": np.nan, "ablate B": 0.1, "ablate C": 1.0, "ablate D": 0.5})
    values.loc[(values["case"] == "ablate B") & (values["animal"] < 2), "value"] = np.nan
    table = removals(values)
    assert table[["case", "model says", "failed"]].to_numpy().tolist() == [
        ["ablate Z", "no prediction", 16], ["ablate B", "no prediction", 2], ["ablate D", "impaired", 0], ["ablate C", "normal", 0]]
    text, = removals_text(table)
    assert "of 4 removals 1 change it, 1 leave it normal, 2 have no prediction" in text


def test_controls_stand_beside_and_are_no_removals():
    table = removals(planted({"ablate A": 0.0, AGAIN: 0.5, NO_WIRING: 0.0}))
    assert table.set_index("case")["kind"].to_dict() == {"ablate A": "removal", NO_WIRING: "control", AGAIN: "control"}
    text, = removals_text(table)
    assert "of 1 removals 1 change it, 0 leave it normal" in text
    assert f"; {AGAIN}: 0.50 left (0.50 to 0.50)" in text
    assert removals_text(removals(planted({AGAIN: 0.5}))) == []


def test_what_too_few_show_is_in_the_table_and_not_in_the_text():
    few = planted({"ablate A": 1.0}, measure="contact_response")
    few["value"] = few["value"].where(few["animal"] < 12)
    table = removals(planted({"ablate A": 0.0}, animals=range(15)), planted({"ablate A": 0.0}, intact=0.1, measure="vulva_stop"), few)
    assert table.set_index("measure")["individuals"].to_dict() == {"turns_round": 15, "contact_response": 12}
    assert set(table["model says"]) == {"no prediction"}
    assert removals_text(table) == []

"""Every removal beside every measure: on planted animals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from wormsim.calibrated import OTHERS
from wormsim.studies._behaviour_removals import AGAIN, COLUMNS, removal_table, removals_text


def planted(left, animals=range(16), intact=0.8, measure="turns_round", wiring="real wiring"):
    """Animals of which each removal leaves so much."""
    rows = [("mating", case, measure, intact * share, animal, wiring) for animal in animals for case, share in {"intact": 1.0, **left}.items()]
    return pd.DataFrame(rows, columns=["assay", "case", "measure", "value", "animal", "wiring"])


def test_each_removal_stands_beside_all_others_the_most_spoiled_first():
    table = removal_table(planted({"ablate A": 1.0, "ablate B": 0.0, "ablate C": 0.5}))
    assert table.columns.tolist() == list(COLUMNS)
    assert table[["case", "says", "left", "individuals"]].to_numpy().tolist() == [
        ["ablate B", "lost", 0.0, 16], ["ablate C", "impaired", 0.5, 16], ["ablate A", "normal", 1.0, 16]]
    text, = removals_text(table)
    assert "mating turns_round: of 3 removals 2 change it, 1 leave it normal, 0 have no prediction" in text
    assert "by medians 1 leave it normal; 0.50 is left in the median of them all" in text


def test_animals_of_one_individual_are_one_number_and_shuffles_are_left_out():
    values = pd.concat([planted({"ablate A": 0.0}), planted({"ablate A": 1.0}, animals=[OTHERS * k for k in range(1, 4)]),
                        planted({"ablate A": 1.0}, animals=range(40), wiring="degree shuffles")])
    row = removal_table(values).iloc[0]
    assert (row["says"], row["individuals"], row["share normal"]) == ("lost", 16, pytest.approx(1 / 16))


def test_a_removal_after_which_animals_fail_is_counted_and_upsets_no_order():
    """After A all fail, after B two of sixteen: fifteen and fewer are no prediction, not no removal."""
    values = planted({"ablate A": np.nan, "ablate B": 0.1, "ablate C": 1.0, "ablate D": 0.5})
    values.loc[(values["case"] == "ablate B") & (values["animal"] < 2), "value"] = np.nan
    table = removal_table(values)
    assert table[["case", "says"]].to_numpy().tolist() == [["ablate B", "no prediction"], ["ablate D", "impaired"], ["ablate C", "normal"]]
    text, = removals_text(table)
    assert "of 3 removals 1 change it, 1 leave it normal, 1 have no prediction" in text


def test_who_is_looked_at_again_with_nothing_removed_stands_beside_and_is_no_removal():
    table = removal_table(planted({"ablate A": 0.0, AGAIN: 0.5}))
    text, = removals_text(table)
    assert "of 1 removals 1 change it, 0 leave it normal" in text
    assert "0.00 is left in the median of them all; with nothing removed, looked at again, 0.50, 0.50 to 0.50)" in text


def test_what_too_few_show_is_in_the_table_and_not_in_the_text():
    values = pd.concat([planted({"ablate A": 0.0}, animals=range(15)), planted({"ablate A": 0.0}, intact=0.1, measure="vulva_stop"),
                        planted({"ablate A": 1.0}, measure="contact_response").assign(value=lambda t: t["value"].where(t["animal"] < 12, np.nan))])
    table = removal_table(values).set_index("measure")
    assert table["individuals"].to_dict() == {"turns_round": 15, "contact_response": 12}
    assert set(table["says"]) == {"no prediction"}
    assert removals_text(table.reset_index()) == []

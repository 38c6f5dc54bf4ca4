"""The grid of removals by measures: what it draws of planted animals, in which colour."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from test_behaviour_removals import planted, removals

from wormsim.plotting.behaviour import COLOURS
from wormsim.plotting.removals import PALE, removal_figures
from wormsim.studies._body_controls import AGAIN


def grid(table):
    """Labels of the lines and columns, written numbers by place, colours."""
    axes = removal_figures(table)["removals"].draw().axes[0]
    written = {(round(t.get_position()[1]), round(t.get_position()[0])): t.get_text() for t in axes.texts}
    removed = set(table.loc[table["kind"] != "control", "case"])
    drawn = [t.get_text() in removed for t in axes.get_yticklabels()]
    assert list(axes.lines[0].get_ydata()) == [sum(drawn) - 0.5] * 2  # the line stands above the controls
    return ([t.get_text() for t in axes.get_yticklabels()], [t.get_text() for t in axes.get_xticklabels()], written,
            axes.images[0].get_array().data)


def rgb(name, share=1.0):
    from matplotlib.colors import to_rgb

    return pytest.approx([share * part + 1 - share for part in to_rgb(COLOURS[name])])


def test_most_spoiled_first_and_controls_below():
    """A spoils the first measure most, B all three in the median."""
    left = {"turns_round": {AGAIN: 0.0, "ablate A": 0.0, "ablate B": 0.5}, "contact_response": {"ablate A": 1.0, "ablate B": 0.6},
            "turns_tried": {"ablate A": 1.0, "ablate B": 1.0}}
    cases, columns, written, colour = grid(removals(*(planted(shares, measure=measure) for measure, shares in left.items())))
    assert cases == ["ablate B", "ablate A", AGAIN]
    assert columns == ["mating: turns_round", "mating: contact_response", "mating: turns_tried"]
    assert {at: text for at, text in written.items() if text} == {
        (0, 0): "0.50", (0, 1): "0.60", (0, 2): "1.00", (1, 0): "0.00", (1, 1): "1.00", (1, 2): "1.00", (2, 0): "0.00"}
    for place, name in enumerate(("impaired", "lost", "lost")):
        assert list(colour[place, 0]) == rgb(name)


def test_a_removal_after_which_animals_fail_is_drawn():
    """After A all do, and after B two of sixteen, so that too few are left for a verdict; where nothing could be measured nothing is written."""
    values = planted({"ablate A": np.nan, "ablate B": 0.1, "ablate C": 1.0, "ablate D": 0.5})
    values.loc[(values["case"] == "ablate B") & (values["animal"] < 2), "value"] = np.nan
    cases, _, written, colour = grid(removals(values))
    assert cases == ["ablate A", "ablate B", "ablate D", "ablate C"]
    assert written == {(0, 0): "-", (1, 0): "0.10", (2, 0): "0.50", (3, 0): "1.00"}
    assert list(colour[0, 0]) == [1.0, 1.0, 1.0]
    assert list(colour[1, 0]) == rgb("lost", PALE)


def test_what_only_the_median_says_is_pale_and_what_is_so_by_construction_stands_in_brackets():
    """Half of the animals lose all after A, and half nothing."""
    split = pd.concat([planted({"ablate A": left, "ablate B": 0.0}, animals) for left, animals in ((0.0, range(9)), (1.0, range(9, 16)))])
    cases, _, written, colour = grid(removals(split, built=["B"]))
    assert cases == ["ablate A", "ablate B"]
    assert written == {(0, 0): "0.00", (1, 0): "(0.00)"}
    assert list(colour[0, 0]) == rgb("lost", PALE)
    assert list(colour[1, 0]) == rgb("lost")


def test_what_was_not_run_stays_white_and_what_too_few_show_or_nothing_was_removed_of_is_not_drawn():
    few = planted({"ablate A": 0.0}, animals=range(3), measure="turn_success")
    untouched = planted({AGAIN: 1.0}, measure="speed_mm_s")
    _, columns, written, colour = grid(removals(planted({"ablate A": 1.0}), planted({"ablate B": 1.0}, measure="contact_response"), few, untouched))
    older = removals(planted({"ablate A": 1.0})).drop(columns="kind")
    assert columns == ["mating: turns_round", "mating: contact_response"]
    assert written == {(0, 0): "1.00", (1, 1): "1.00"}
    assert list(colour[0, 1]) == [1.0, 1.0, 1.0]
    for table in (removals(few), removals(untouched), pd.DataFrame(columns=["assay"]), older):
        assert removal_figures(table) == {}

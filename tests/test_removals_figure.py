"""The grid of removals by measures: what it draws of planted animals, in which colour."""

from __future__ import annotations

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
    return ([t.get_text() for t in axes.get_yticklabels()], [t.get_text() for t in axes.get_xticklabels()], written,
            axes.images[0].get_array().data)


def rgb(name, share=1.0):
    from matplotlib.colors import to_rgb

    return pytest.approx([share * part + 1 - share for part in to_rgb(COLOURS[name])])


def test_most_spoiled_first_and_controls_below():
    cases, columns, written, colour = grid(removals(planted({AGAIN: 0.0, "ablate A": 1.0, "ablate B": 0.0, "ablate C": 0.5})))
    assert cases == ["ablate B", "ablate C", "ablate A", AGAIN]
    assert columns == ["mating: turns_round"]
    assert written == {(0, 0): "0.00", (1, 0): "0.50", (2, 0): "1.00", (3, 0): "0.00"}
    for place, name in enumerate(("lost", "impaired", "normal", "lost")):
        assert list(colour[place, 0]) == rgb(name)


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
    assert columns == ["mating: turns_round", "mating: contact_response"]
    assert written == {(0, 0): "1.00", (1, 1): "1.00"}
    assert list(colour[0, 1]) == [1.0, 1.0, 1.0]
    assert removal_figures(removals(few)) == {} == removal_figures(removals(untouched)) == removal_figures(pd.DataFrame(columns=["assay"]))

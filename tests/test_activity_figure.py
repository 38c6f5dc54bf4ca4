"""The figure of recorded beside simulated activity: same rows, same colours, what lacks is seen to lack."""

import numpy as np
import pytest
from recorded_fixture import build

from wormsim.errors import EmptySelectionError, InputError
from wormsim.plotting.activity import plot_activity


def lines(ax):
    """Drawn traces, without the bar."""
    return [line for line in ax.lines if len(line.get_xdata()) > 2]


def test_same_cells_have_the_same_row_and_colour():
    left, right = build(), build(labels=["RIML", "", "AIBR", "AVAL", "3"])
    figure = plot_activity({"recorded": left, "simulated": right}, ["AVAL", "AVAR", "RIML"])
    first, second = figure.axes
    assert [t.get_text() for t in first.get_yticklabels()] == ["AVAL", "AVAR", "RIML"]
    assert len(lines(first)) == 3
    assert len(lines(second)) == 2
    assert [t.get_text() for t in second.texts if t.get_text() == "–"] == ["–"]
    for at, other in ((0, 0), (2, 1)):
        a, b = lines(first)[at], lines(second)[other]
        assert a.get_color() == b.get_color()
        assert np.mean(a.get_ydata()) == pytest.approx(np.mean(b.get_ydata()), abs=1e-9)
        assert np.std(a.get_ydata()) == pytest.approx(1.0)
    assert len({line.get_color() for line in lines(first)}) == 3


def test_without_cells_the_common_ones_are_drawn():
    figure = plot_activity({"a": build(), "b": build(labels=["AVAR", "RIML", "AIBR", "1", "2"])})
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["AVAR", "RIML"]


def test_what_cannot_be_drawn():
    with pytest.raises(InputError, match="no activity"):
        plot_activity({})
    with pytest.raises(EmptySelectionError, match="no named cell is in all of a, b"):
        plot_activity({"a": build(), "b": build(labels=["AIBR", "1", "2", "3", "4"])})
    with pytest.raises(EmptySelectionError, match="a .the fixture. has none of the cells AIBL"):
        plot_activity({"a": build()}, ["AIBL"])
    with pytest.raises(InputError, match="41 cells are more than fit"):
        plot_activity({"a": build()}, ["AVAL"] * 41)

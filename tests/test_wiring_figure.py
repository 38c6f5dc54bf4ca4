"""The wiring figure shows every edge once, a gap junction at both of its places."""

import numpy as np
import pandas as pd
import pytest

from wormsim.connectome import Connectome
from wormsim.plotting.wiring import wiring_figure
from wormsim.readers import load_connectome


def panels(figure) -> dict[str, np.ndarray]:
    """Title's first word: (column, row) of the dots."""
    return {ax.get_title().split(":")[0]: np.asarray(ax.collections[0].get_offsets()) for ax in figure.axes if ax.get_title()}


def test_every_edge_is_a_dot():
    connectome = load_connectome("white1986_adult")
    dots = panels(wiring_figure(connectome))
    edges = connectome.edges
    chemical, electrical = (edges[edges["kind"] == kind] for kind in ("chemical", "electrical"))
    assert len(dots["chemical"]) == len(chemical)
    assert len(dots["electrical"]) == 2 * len(electrical)
    there = {tuple(place) for place in dots["electrical"]}
    assert there == {(row, column) for column, row in there}


def test_dots_stand_where_the_cells_are_and_muscles_come_after_neurons():
    connectome = load_connectome("cook2019_male")
    figure = wiring_figure(connectome)
    to, source = panels(figure)["chemical"].T
    n_neurons = int((connectome.cells["kind"] == "neuron").sum())
    edges = connectome.edges[connectome.edges["kind"] == "chemical"]
    kind_of_target = connectome.cells["kind"].reindex(edges["post"]).to_numpy()
    assert (to < n_neurons).sum() == (kind_of_target == "neuron").sum()
    assert source.max() < n_neurons  # no muscle is presynaptic
    assert pd.Series(to).nunique() == edges["post"].nunique()
    assert "EM sections" in figure.get_suptitle().replace("\n", " ")


@pytest.mark.parametrize("name", ["randi2023", "brittin2021", "bentley2016_monoamine"])
def test_other_kinds_of_edges_are_drawn(name):
    connectome = load_connectome(name)
    dots = panels(wiring_figure(connectome))
    assert list(dots) == [connectome.edges["kind"].iloc[0]]


def test_one_shade_needs_no_bar_and_a_long_unit_is_wrapped():
    cells = pd.DataFrame({"kind": "neuron"}, index=["AVAL", "AVAR", "AVBL"])
    edges = pd.DataFrame({"pre": ["AVAL", "AVAL"], "post": ["AVAR", "AVBL"], "kind": "electrical", "contacts": 2.0})
    unit = "a unit of " + "many words " * 12
    figure = wiring_figure(Connectome("small", cells, edges, {"weight_unit": unit}))
    assert len(figure.axes) == 1
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == ("cell", "cell")
    figure.canvas.draw()
    box = figure._suptitle.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.x1
    figure = wiring_figure(Connectome("small", cells, edges.assign(contacts=[2.0, 3.0])))
    assert [ax.get_ylabel() for ax in figure.axes] == ["cell", "contacts (log10)"]

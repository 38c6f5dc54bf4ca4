"""Connectome: bad input, parts, shapes, differences."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from wormsim.connectome import Connectome
from wormsim.errors import DataWarning, EmptySelectionError, InputError, UnknownNameError
from wormsim.readers import load_connectome

CELLS = pd.DataFrame({"kind": ["neuron", "neuron", "neuron", "muscle", "other"],
                      "cell_class": ["AVA", "AVA", "DVA", "MDL", "hyp"]},
                     index=["AVAL", "AVAR", "DVA", "MDL08", "hyp"])
EDGES = pd.DataFrame([("AVAL", "AVAR", "chemical", 3.0), ("AVAR", "AVAL", "chemical", 2.0),
                      ("AVAL", "MDL08", "chemical", 5.0), ("AVAR", "AVAL", "electrical", 4.0),
                      ("DVA", "hyp", "electrical", 1.0)], columns=["pre", "post", "kind", "contacts"])


def make(edges=EDGES, cells=CELLS, **more) -> Connectome:
    return Connectome("small", cells, edges, {"weight_unit": "synapses", **more})


def row(*values) -> pd.DataFrame:
    return pd.concat([EDGES, pd.DataFrame([values], columns=EDGES.columns)], ignore_index=True)


# ---------------------------------------------------------------- bad input


def test_unknown_cell_names_the_row_and_the_closest():
    with pytest.raises(UnknownNameError, match=r"post cell in small: edge row 5 \(AVAL -> AVARR\).*closest: AVAR"):
        make(row("AVAL", "AVARR", "chemical", 1.0))


def test_rows_are_named_as_the_table_names_them():
    table = row("AVAL", "nobody", "chemical", 1.0)
    table.index = [f"line {i + 2}" for i in range(len(table))]
    with pytest.raises(UnknownNameError, match="edge row line 7"):
        make(table)


def test_duplicated_edge():
    with pytest.raises(InputError, match=r"edge row 5 \(AVAL -> AVAR\): duplicates edge row 0"):
        make(row("AVAL", "AVAR", "chemical", 1.0))


def test_duplicated_edge_without_a_receptor():
    table = row("AVAL", "AVAR", "chemical", 1.0).assign(receptor=None)
    with pytest.raises(InputError, match=r"edge row 5 \(AVAL -> AVAR\): duplicates edge row 0"):
        make(table)


def test_gap_junction_written_both_ways_is_a_duplicate():
    with pytest.raises(InputError, match="duplicates edge row 3"):
        make(row("AVAL", "AVAR", "electrical", 4.0))


def test_edges_with_different_receptors_are_no_duplicates():
    edges = pd.DataFrame([("AVAL", "DVA", "peptide", 1.0, "npr-1"), ("AVAL", "DVA", "peptide", 1.0, "npr-2")],
                         columns=["pre", "post", "kind", "contacts", "receptor"])
    assert len(make(edges).edges) == 2
    edges.loc[1, "receptor"] = "npr-1"
    with pytest.raises(InputError, match="duplicates"):
        make(edges)


@pytest.mark.parametrize("contacts", [-1.0, np.nan, np.inf])
def test_contacts_that_are_no_size(contacts):
    with pytest.raises(InputError, match=r"edge row 5 \(DVA -> AVAL\): contacts is"):
        make(row("DVA", "AVAL", "chemical", contacts))


def test_contacts_that_are_no_number():
    with pytest.raises(InputError, match="'contacts' holds something that is no number"):
        make(EDGES.astype({"contacts": object}).replace({"contacts": {3.0: "three"}}))


def test_unknown_kinds():
    with pytest.raises(UnknownNameError, match="closest: electrical"):
        make(row("DVA", "AVAL", "electricl", 1.0))
    with pytest.raises(UnknownNameError, match="kind of cell DVA"):
        make(cells=CELLS.assign(kind=["neuron", "neuron", "nurse", "muscle", "other"]))


@pytest.mark.parametrize("column", ["pre", "post", "kind", "contacts"])
def test_missing_column(column):
    with pytest.raises(InputError, match=f"no column '{column}'"):
        make(EDGES.drop(columns=column))


def test_cells_listed_twice_or_misspelled():
    with pytest.raises(InputError, match="'AVAL' is listed twice"):
        make(cells=pd.concat([CELLS, CELLS.iloc[:1]]))
    with pytest.raises(InputError, match="'MDL8' is not in its canonical spelling 'MDL08'"):
        make(EDGES.replace("MDL08", "MDL8"), CELLS.rename(index={"MDL08": "MDL8"}))


def test_self_loops_are_kept_and_counted():
    table = pd.concat([row("AVAL", "AVAL", "chemical", 1.0),
                       pd.DataFrame([("DVA", "DVA", "electrical", 1.0)], columns=EDGES.columns)], ignore_index=True)
    with pytest.warns(DataWarning, match=r"2 self-loops kept in small \(AVAL, DVA\)"):
        connectome = make(table)
    assert len(connectome.edges) == 7
    assert connectome.summary()["self_loops"].sum() == 2


# ---------------------------------------------------------------- shapes


def test_gap_junctions_are_written_in_the_order_of_the_cells():
    gap = make().edges.query("kind == 'electrical'")
    assert list(zip(gap["pre"], gap["post"], strict=True)) == [("AVAL", "AVAR"), ("DVA", "hyp")]


def test_frames_given_are_not_changed():
    before = EDGES.copy()
    make()
    pd.testing.assert_frame_equal(EDGES, before)


def test_degree():
    degree = make().degree()
    assert degree.loc["AVAL", "chemical_out"] == 2
    assert degree.loc["AVAL", "chemical_in"] == 1
    assert degree.loc["AVAL", "chemical_contacts_out"] == 8.0
    assert degree.loc["AVAL", "electrical"] == degree.loc["AVAR", "electrical"] == 1
    assert degree.loc["MDL08", "chemical_contacts_in"] == 5.0


def test_sparse_and_networkx_agree_with_the_table():
    connectome = make()
    chemical, gap = connectome.to_sparse("chemical"), connectome.to_sparse("electrical")
    assert chemical[0, 1] == 3.0
    assert chemical[1, 0] == 2.0
    assert gap[0, 1] == gap[1, 0] == 4.0
    graph = connectome.to_networkx()
    assert graph.number_of_nodes() == 5
    assert graph.number_of_edges() == 3 + 2 * 2
    assert graph.nodes["AVAL"]["cell_class"] == "AVA"
    assert connectome.to_networkx(["chemical"]).number_of_edges() == 3
    with pytest.raises(UnknownNameError):
        connectome.to_sparse("chemicl")


def test_select_keeps_the_edges_within():
    part = make().select("AVA")
    assert tuple(part.cells.index) == ("AVAL", "AVAR")
    assert len(part.edges) == 3
    assert len(make().select("AVA", kinds=["electrical"]).edges) == 1
    with pytest.raises(EmptySelectionError):
        make().select("ZZ*")


def test_select_by_attribute_keywords():
    assert tuple(make().select(kind="muscle").cells.index) == ("MDL08",)
    assert make().resolve("AVA", "MDL08", kind="neuron") == ("AVAL", "AVAR")
    part = make().select("AVA", kind="neuron", kinds=["electrical"])
    assert tuple(part.cells.index) == ("AVAL", "AVAR")
    assert len(part.edges) == 1
    with pytest.raises(UnknownNameError, match="cell attribute 'transmiter'; closest: transmitter"):
        make().select(transmiter="GABA")
    with pytest.raises(EmptySelectionError):
        make().select()


def test_without_removes_both_directions_of_a_gap_junction():
    left = make().without(pre="DVA", post="hyp")
    assert len(left.edges) == 4
    assert len(make().without(pre="hyp", post="DVA").edges) == 4
    left = make().without(pre="kind=neuron", post="kind=neuron")
    assert set(left.edges["post"]) == {"MDL08", "hyp"}
    assert len(left.cells) == 5


def test_words():
    connectome = make(citation="Nobody 1900.", doi="10.1/x", licence="CC0")
    assert "3 neurons, 1 muscle, 1 other" in repr(connectome)
    assert connectome.cite() == "Nobody 1900. https://doi.org/10.1/x. licence: CC0"
    assert "<table" in connectome._repr_html_()
    assert connectome.summary().loc[("edges", "chemical"), "contacts"] == 10.0


# ---------------------------------------------------------------- differences


def test_diff_of_a_connectome_with_itself_is_empty():
    assert make().diff(make()).empty


def test_diff():
    other_edges = pd.concat([EDGES.iloc[1:].replace({"contacts": {5.0: 6.0}}),
                             pd.DataFrame([("DVA", "AVAL", "chemical", 1.0), ("PVR", "DVA", "chemical", 1.0)],
                                          columns=EDGES.columns)])
    more = pd.DataFrame({"kind": ["neuron"], "cell_class": ["PVR"]}, index=["PVR"])
    other = make(other_edges, pd.concat([CELLS, more]).assign(
        cell_class=["AVA", "AVA", "DVX", "MDL", "hyp", "PVR"]), weight_unit="sections")
    found = make().diff(other)
    assert found.cells_here == ()
    assert found.cells_there == ("PVR",)
    assert found.cells_changed.to_dict("records") == [
        {"cell": "DVA", "column": "cell_class", "here": "DVA", "there": "DVX"}]
    assert found.edges_here[["pre", "post", "contacts"]].to_numpy().tolist() == [["AVAL", "AVAR", 3.0]]
    assert dict(zip(found.edges_there["pre"], found.edges_there["cells_shared"], strict=True)) == {
        "DVA": True, "PVR": False}
    assert found.edges_changed[["contacts_here", "contacts_there"]].to_numpy().tolist() == [[5.0, 6.0]]
    assert found.edges_equal == 3
    assert "sections" in found.notes[0]
    assert found.summary().loc["chemical"].tolist() == [1, 2, 1]
    assert "1 only here, 2 only there (1 of them for want of a cell)" in repr(found)


def test_diff_ignores_the_order_of_the_cells_in_a_gap_junction():
    turned = make(EDGES, CELLS.iloc[::-1])
    assert turned.edges.query("kind == 'electrical'")["pre"].tolist() != make().edges.query(
        "kind == 'electrical'")["pre"].tolist()
    assert make().diff(turned).empty


def test_the_sexes_differ_by_their_own_cells():
    found = load_connectome("cook2019_male").diff(load_connectome("cook2019_hermaphrodite"))
    assert {"CP1", "R1AL", "HOA"} <= set(found.cells_here)
    assert {"HSNL", "VC1"} <= set(found.cells_there)
    assert "AIML" in set(found.cells_changed["cell"])  # glutamate in one sex, acetylcholine in the other


def test_a_real_connectome_passes_its_own_checks():
    male = load_connectome("cook2019_male")
    with pytest.warns(DataWarning, match=r"94 self-loops kept"):
        again = Connectome(male.name, male.cells, male.edges, male.provenance)
    assert again.diff(male).empty

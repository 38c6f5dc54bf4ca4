"""A user's own table: five formats give the same connectome, and every error names file, row, value and remedy."""

from __future__ import annotations

import warnings

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wormsim.circuit import load_circuit
from wormsim.errors import DataWarning, InputError, UnknownNameError
from wormsim.readers import load_connectome
from wormsim.readers.table import read_table
from wormsim.signs import assign_signs

GOOD = pd.DataFrame({
    "pre": ["AVAL", "AVAL", "PVCL", "RIML"],
    "post": ["VA1", "AVAR", "AVBL", "AVAL"],
    "kind": ["chemical", "electrical", "chemical", "monoamine"],
    "contacts": [12, 3, 4.5, 1],
    "sign": ["+", "", "-1", "unknown"],
})


def table(**changes) -> pd.DataFrame:
    """The good table with some columns changed; None takes a column away."""
    frame = GOOD.copy()
    for column, values in changes.items():
        if values is None:
            frame = frame.drop(columns=column)
        else:
            frame[column] = pd.Series(values, dtype=object)
    return frame


def write(frame: pd.DataFrame, path):
    if path.suffix == ".xlsx":
        frame.to_excel(path, index=False)
    else:
        frame.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",")
    return path


def check_good(connectome):
    edges = connectome.edges
    assert list(zip(edges["pre"], edges["post"], edges["kind"], strict=True)) == [
        ("AVAL", "VA1", "chemical"), ("AVAL", "AVAR", "electrical"), ("PVCL", "AVBL", "chemical"),
        ("RIML", "AVAL", "monoamine")]
    assert edges["contacts"].tolist() == [12.0, 3.0, 4.5, 1.0]
    assert edges["sign"].dtype == "Int8"
    assert edges["sign"].tolist() == [1, pd.NA, -1, pd.NA]
    assert set(connectome.cells.index) == {"AVAL", "VA1", "AVAR", "PVCL", "AVBL", "RIML"}
    assert set(connectome.cells["kind"]) == {"neuron"}


# ------------------------------------------------------------------ formats


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".xlsx"])
def test_tables_in_files(tmp_path, ending):
    path = write(GOOD, tmp_path / f"mine{ending}")
    connectome = read_table(path)
    check_good(connectome)
    assert connectome.name == "mine"
    assert len(connectome.provenance["sha256"]) == 64
    check_good(load_connectome(path))
    check_good(load_connectome(str(path), species="c_elegans"))


def test_frame():
    check_good(read_table(GOOD))
    check_good(read_table(GOOD.rename(columns=str.upper)))


def test_semicolons_quotes_blank_lines_and_byte_order_mark(tmp_path):
    path = tmp_path / "excel.csv"
    path.write_text('\ufeffPre;Post;Kind;Contacts;Sign\n"AVAL";VA1; chemical ;12;+\n\nAVAL;AVAR;electrical;3;\n'
                    "PVCL;AVBL;chemical;4.5;-1\n;;;;\nRIML;AVAL;monoamine;1;unknown\n", encoding="utf-8")
    check_good(read_table(path))


def test_a_cell_may_be_called_na(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("pre,post,kind,contacts\nNA,none,chemical,1\n")
    assert list(read_table(path).cells.index) == ["NA", "none"]


def test_other_sheet(tmp_path):
    path = tmp_path / "book.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"note": ["nothing here"]}).to_excel(book, sheet_name="read me", index=False)
        GOOD.to_excel(book, sheet_name="wiring", index=False)
    check_good(read_table(path, sheet="wiring"))
    with pytest.raises(InputError, match=r"book\.xlsx, sheet read me: no column 'pre'"):
        read_table(path)
    with pytest.raises(UnknownNameError, match=r"unknown sheet of book\.xlsx 'wirings'; closest: wiring"):
        read_table(path, sheet="wirings")


def test_other_column_names():
    frame = GOOD.rename(columns={"pre": "Source", "post": "Target", "contacts": "Weight"})
    with pytest.raises(InputError, match=r"no column 'pre'; it has 'source', 'target', 'kind', 'weight', 'sign'.*columns"):
        read_table(frame)
    names = {"Source": "pre", "Target": "post", "Weight": "contacts"}
    check_good(read_table(frame, columns=names))
    with pytest.raises(UnknownNameError, match="unknown column of table 'sources'; closest: source"):
        read_table(frame, columns={"Sources": "pre"})
    with pytest.raises(InputError, match="two columns have the same name"):
        read_table(GOOD, columns={"sign": "kind"})


def graph_of(frame: pd.DataFrame) -> nx.MultiDiGraph:
    graph = nx.MultiDiGraph()
    for row in frame.to_dict("records"):
        graph.add_edge(row.pop("pre"), row.pop("post"), **row)
    return graph


def test_graph_and_graphml(tmp_path):
    graph = graph_of(GOOD)
    check_good(read_table(graph))
    nx.write_graphml(graph, tmp_path / "g.graphml")
    check_good(read_table(tmp_path / "g.graphml"))


def test_graphml_with_ids_and_names(tmp_path):
    graph = nx.DiGraph()
    graph.add_node("n0", name="AVAL", role="interneuron")
    graph.add_node("n1", name="MDL8", kind="muscle")
    graph.add_node("n2", name="CANL")
    graph.add_edge("n0", "n1", kind="chemical", contacts=2)
    for node in ("n0", "n2"):
        graph.nodes[node]["kind"] = "neuron"
    nx.write_graphml(graph, tmp_path / "g.graphml")
    with pytest.warns(DataWarning, match="1 cell names in g.graphml brought to their canonical form"):
        connectome = read_table(tmp_path / "g.graphml")
    assert connectome.cells["kind"].to_dict() == {"AVAL": "neuron", "MDL08": "muscle", "CANL": "neuron"}
    assert connectome.cells.loc["AVAL", "role"] == "interneuron"


def test_undirected_graph_holds_gap_junctions_only():
    graph = nx.Graph()
    graph.add_edge("AVAR", "AVAL", kind="electrical", contacts=3)
    assert len(read_table(graph).edges) == 1
    graph.add_edge("AVAL", "VA1", kind="chemical", contacts=3)
    with pytest.raises(InputError, match="graph, edge AVAL -> VA1: a chemical edge in a graph without directions"):
        read_table(graph)


@pytest.mark.parametrize("name", ["cook2019_male", "witvliet2021_8"])
def test_a_shipped_connectome_survives_the_way_through_a_graph(name):
    first = load_connectome(name)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataWarning)
        warnings.filterwarnings("ignore", message=r"\d+ self-loops in graph kept")
        again = read_table(first.to_networkx())
    pd.testing.assert_frame_equal(again.cells, first.cells)
    pd.testing.assert_frame_equal(again.edges, first.edges)
    assert again.name == name
    for key in ("citation", "doi", "weight_unit", "sex"):
        assert again.provenance[key] == first.provenance[key]


def test_a_graph_may_give_a_gap_junction_both_ways_but_not_differently():
    graph = read_table(GOOD).to_networkx()
    graph["AVAR"]["AVAL"][0]["contacts"] = 5.0
    with pytest.raises(InputError, match=r"AVAL - AVAR \(electrical\) has 5 contacts, but edge AVAL -> AVAR gives 3"):
        read_table(graph)


def test_species_fills_in_what_is_known():
    for connectome in (read_table(GOOD, species="c_elegans"), read_table(GOOD)):
        assert connectome.cells.loc["PVCL", ["cell_class", "transmitter", "role"]].tolist() == \
            ["PVC", "acetylcholine", "interneuron"]
    assert read_table(GOOD).resolve("AVA") == ("AVAL", "AVAR")
    assert read_table(GOOD).provenance["notes"][0].startswith("What was not given of 6 known worm cells")
    assert read_table(read_table(GOOD).to_networkx()).provenance["notes"] == []


def test_no_worm_gets_nothing_of_the_worm():
    frame = table(pre=["a", "a", "c", "AVAL"], post=["b", "c", "d", "a"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cells = read_table(frame).cells
    assert cells["transmitter"].isna().all()
    assert cells["cell_class"].isna().all()


def test_known_cells_get_their_kind():
    cells = read_table(table(post=["MDL08", "AVAR", "AVBL", "AVAL"])).cells
    assert cells.loc["MDL08", "kind"] == "muscle"
    assert cells.loc["AVAL", "kind"] == "neuron"


def test_the_male_cells_tell_whose_transmitters():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        male = read_table(table(post=["R1AL", "AVAR", "AVBL", "AVAL"]))
        both = read_table(GOOD)
    assert male.provenance["sex"] == "male"
    assert both.provenance["sex"] == "hermaphrodite"


def test_what_the_user_gave_stays():
    cells = pd.DataFrame({"kind": "neuron", "transmitter": ["glutamate", None, *[pd.NA] * 4]},
                         index=["AVAL", "VA1", "AVAR", "PVCL", "AVBL", "RIML"])
    read = read_table(GOOD, cells=cells).cells
    assert read.loc["AVAL", "transmitter"] == "glutamate"
    assert read["transmitter"].isna().sum() == 5
    assert read.loc["PVCL", "cell_class"] == "PVC"
    # a remark on the shipped transmitter would not be of the one given
    assert "transmitter_certainty" not in read or read["transmitter_certainty"].isna().all()
    graph = graph_of(GOOD)
    graph.nodes["AVAL"]["cell_class"] = "mine"
    graph.nodes["VA1"]["transmitter"] = None
    read = read_table(graph).cells
    assert read.loc["AVAL", "cell_class"] == "mine"
    assert read.loc["AVAR", "cell_class"] == "AVA"
    assert pd.isna(read.loc["VA1", "transmitter"])
    assert read.loc["PVCL", "transmitter"] == "acetylcholine"


def test_a_circuit_on_a_table_of_ones_own(tmp_path):
    (tmp_path / "my.csv").write_text("pre,post,kind,contacts\nAVAL,VA1,chemical,3\nAVAL,AVBL,electrical,2\n"
                                     "AVBL,VB1,chemical,4\nVD1,VA1,chemical,2\nVB1,MVL01,chemical,5\n"
                                     "VD1,MVL01,chemical,5\n")
    (tmp_path / "mine.toml").write_text('description = "d"\nsource = "s"\nconnectome = "my.csv"\n[groups]\n'
                                        'command = ["AVA", "AVB"]\nbrakes = [\'transmitter="GABA"\']\n')
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        circuit = load_circuit(tmp_path / "mine.toml")
    assert circuit.groups == {"command": ("AVAL", "AVBL"), "brakes": ("VD1",)}
    assert circuit.select(transmitter="GABA") == ("VD1",)
    assert circuit.select("command", cell_class=["AVB", "VB"]) == ("AVBL",)
    signs = circuit.connectome.edges.set_index(["pre", "post"])["sign"]
    assert signs["VD1", "MVL01"] == -1
    assert signs["VB1", "MVL01"] == 1
    assert pd.isna(signs["AVAL", "AVBL"])
    # as on the shipped wiring with the same cells
    shipped = assign_signs(load_connectome("cook2019_hermaphrodite")).edges
    shipped = shipped[shipped["kind"] == "chemical"].set_index(["pre", "post"])[["sign", "sign_source"]]
    mine = circuit.connectome.edges.query('kind == "chemical"').set_index(["pre", "post"])[["sign", "sign_source"]]
    both = mine.index.intersection(shipped.index)
    assert {("AVAL", "VA1"), ("VD1", "VA1")} <= set(both)
    assert mine.loc[both].astype(str).equals(shipped.loc[both].astype(str))


def test_own_cells_keep_those_without_edges():
    cells = pd.DataFrame({"kind": ["neuron"] * 7}, index=["AVAL", "VA01", "AVAR", "PVCL", "AVBL", "RIML", "CANL"])
    connectome = read_table(GOOD, cells=cells)
    assert list(connectome.cells.index) == ["AVAL", "VA1", "AVAR", "PVCL", "AVBL", "RIML", "CANL"]
    with pytest.raises(UnknownNameError, match="cell in table, row 2, column post: 'AVBL'"):
        read_table(GOOD, cells=cells.drop("AVBL"))


def test_further_columns_stay():
    frame = table(receptor=["acr-16", None, "", "lgc-55"])
    assert read_table(frame).edges["receptor"].tolist()[0] == "acr-16"


# ------------------------------------------------------------------ bad input, in a file: row 1 is the header


@pytest.mark.parametrize(("changes", "message"), [
    ({"post": None}, r"t\.csv: no column 'post'; it has 'pre', 'kind', 'contacts', 'sign'"),
    ({"contacts": None}, r"t\.csv: no column 'contacts'"),
    ({"kind": ["chemical", "gap", "chemical", "chemical"]},
     r"unknown kind in t\.csv, row 3: 'gap'.*a gap junction is electrical"),
    ({"kind": ["chemicall", "electrical", "chemical", "chemical"]},
     r"unknown kind in t\.csv, row 2: 'chemicall'; closest: chemical"),
    ({"contacts": [1, 2, -4, 1]}, r"t\.csv, row 4: contacts is '-4', below 0; a sign belongs in the column 'sign'"),
    ({"contacts": [1, "", 4, 1]}, r"t\.csv, row 3: contacts is '', not a finite number"),
    ({"contacts": [1, "NaN", 4, 1]}, r"t\.csv, row 3: contacts is 'NaN', not a finite number"),
    ({"contacts": [1, "inf", 4, 1]}, r"t\.csv, row 3: contacts is 'inf', not a finite number"),
    ({"contacts": [1, "two", 4, 1]}, r"t\.csv, row 3: contacts is 'two', which is no number"),
    ({"pre": ["AVAL", "", "PVCL", "RIML"]}, r"t\.csv, row 3: pre is empty"),
    ({"sign": ["+", "maybe", "-1", ""]}, r"t\.csv, row 3: sign is 'maybe'; give \+1 \(excitatory\), -1"),
    ({"sign": ["+", "0", "-1", ""]}, r"t\.csv, row 3: sign is '0'"),
    ({"pre": ["AVAL", "AVAL", "AVAL", "RIML"], "post": ["VA1", "AVAR", "VA1", "AVAL"]},
     r"t\.csv, row 4: AVAL -> VA1 \(chemical\) is already in row 2; leave one out, or say duplicates=\"sum\""),
])
def test_bad_values_name_file_row_and_value(tmp_path, changes, message):
    path = write(table(**changes), tmp_path / "t.csv")
    with pytest.raises(InputError, match=message):
        read_table(path)


def test_duplicate_by_another_spelling_is_found(tmp_path):
    path = write(table(pre=["AVAL", "AVAL", "AVAL", "RIML"], post=["VA1", "AVAR", "VA01", "AVAL"]), tmp_path / "t.csv")
    with pytest.warns(DataWarning), pytest.raises(InputError, match=r"row 4: AVAL -> VA1 .* already in row 2"):
        read_table(path)


def test_duplicates_are_added_up_on_demand():
    frame = pd.concat([GOOD, GOOD.iloc[[0, 0]]], ignore_index=True)
    with pytest.warns(DataWarning, match=r"2 duplicated edges in table added up \(AVAL -> VA1 \(chemical\)"):
        connectome = read_table(frame, duplicates="sum")
    assert connectome.edges.set_index(["pre", "post"]).loc[("AVAL", "VA1"), "contacts"] == 36
    with pytest.raises(UnknownNameError, match="unknown way with duplicates 'add'"):
        read_table(frame, duplicates="add")


def test_same_pair_of_another_kind_or_receptor_is_no_duplicate():
    frame = pd.concat([GOOD, GOOD.iloc[[0]].assign(kind="electrical")], ignore_index=True)
    assert len(read_table(frame).edges) == 5
    frame = pd.concat([GOOD, GOOD.iloc[[3]]], ignore_index=True).assign(receptor=["", "", "", "lgc-55", "tyra-2"])
    assert len(read_table(frame).edges) == 5


def test_gap_junction_given_both_ways_is_one():
    back = GOOD.iloc[[1]].rename(columns={"pre": "post", "post": "pre"})
    with pytest.warns(DataWarning, match="1 undirected edges in table given both ways, kept once"):
        connectome = read_table(pd.concat([GOOD, back], ignore_index=True))
    assert (connectome.edges["kind"] == "electrical").sum() == 1
    with pytest.raises(InputError, match=r"row 4: AVAL - AVAR \(electrical\) has 5 contacts, but row 1 gives 3"):
        read_table(pd.concat([GOOD, back.assign(contacts=5)], ignore_index=True))
    # the same row twice is a mistake, not the other direction
    with pytest.raises(InputError, match="already in row 1"):
        read_table(pd.concat([GOOD, GOOD.iloc[[1]]], ignore_index=True))


def test_self_loop_is_kept_and_counted():
    frame = table(post=["AVAL", "AVAR", "PVCL", "AVAL"])
    with pytest.warns(DataWarning, match=r"2 self-loops in table kept as autapses \(AVAL, PVCL\)"):
        connectome = read_table(frame)
    assert (connectome.edges["pre"] == connectome.edges["post"]).sum() == 2


def test_edge_without_contacts_is_kept_and_counted():
    with pytest.warns(DataWarning, match=r"1 edges without contacts in table kept \(AVAL -> VA1\)"):
        assert len(read_table(table(contacts=[0, 3, 4.5, 1])).edges) == 4


def test_good_table_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_table(GOOD)


def test_empty_tables(tmp_path):
    with pytest.raises(InputError, match="table has no rows"):
        read_table(GOOD.iloc[:0])
    for name, text, message in (("a.csv", "", r"a\.csv is empty; its first row must hold the names"),
                                ("b.csv", "pre,post,kind,contacts\n", r"b\.csv has no rows; give at least one edge")):
        (tmp_path / name).write_text(text)
        with pytest.raises(InputError, match=message):
            read_table(tmp_path / name)
    pd.DataFrame().to_excel(tmp_path / "c.xlsx", index=False)
    with pytest.raises(InputError, match=r"c\.xlsx, sheet \w+ is empty"):
        read_table(tmp_path / "c.xlsx")
    with pytest.raises(InputError, match="graph: no column 'kind'"):
        read_table(nx.DiGraph())


def test_unknown_cells_of_a_known_species(tmp_path):
    path = write(table(post=["VA1", "AVAR", "AVBX", "AVAL"]), tmp_path / "t.csv")
    with pytest.warns(DataWarning, match=r"^1 cell is not a known worm cell: AVBX \(closest AVB\w(, \w+)*\)"):
        assert "AVBX" in read_table(path).cells.index
    with pytest.warns(DataWarning, match="^2 cells are not known worm cells: AVBX .*, QQ"):
        read_table(table(post=["VA1", "AVAR", "AVBX", "QQ"]))
    graph = graph_of(GOOD)
    graph.add_node("AVBX")
    with pytest.raises(UnknownNameError, match="among the nodes of graph: 'AVBX'"):
        read_table(graph, species="c_elegans")
    with pytest.raises(UnknownNameError, match=r"c_elegans in t\.csv, row 4, column post: 'AVBX'; closest: AVB"):
        read_table(path, species="c_elegans")
    with pytest.raises(UnknownNameError, match=r"unknown species 'elegans'.*c_elegans"):
        read_table(path, species="elegans")


def test_files_that_cannot_be_read(tmp_path):
    write(GOOD, tmp_path / "wiring.csv")
    with pytest.raises(InputError, match=r"no such file: .*wirings\.csv; closest in .*: wiring\.csv"):
        read_table(tmp_path / "wirings.csv")
    with pytest.raises(InputError, match=r"the ending '\.parquet' is not known; write the table as one of \.csv"):
        read_table(tmp_path / "wiring.parquet")
    (tmp_path / "bad.xlsx").write_text("not a workbook")
    with pytest.raises(InputError, match=r"bad\.xlsx is not readable as xlsx"):
        read_table(tmp_path / "bad.xlsx")
    (tmp_path / "bad.graphml").write_text("<graphml")
    with pytest.raises(InputError, match=r"bad\.graphml is not readable as GraphML"):
        read_table(tmp_path / "bad.graphml")
    (tmp_path / "latin.csv").write_bytes("pre,post,kind,contacts\n\xe9,b,chemical,1\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"latin\.csv is not readable as text in UTF-8"):
        read_table(tmp_path / "latin.csv")
    (tmp_path / "ragged.csv").write_text("pre,post,kind,contacts\na,b,chemical,1\na,c,chemical\n")
    with pytest.raises(InputError, match=r"ragged\.csv, row 3: 3 fields where the header has 4"):
        read_table(tmp_path / "ragged.csv")
    (tmp_path / "twice.csv").write_text("pre,pre,kind,contacts\na,b,chemical,1\n")
    with pytest.raises(InputError, match=r"twice\.csv, row 1: column 'pre' is there twice"):
        read_table(tmp_path / "twice.csv")
    with pytest.raises(InputError, match="cannot read a connectome from int"):
        read_table(7)


def test_missing_values_of_a_frame():
    with pytest.raises(InputError, match="table, row 1: contacts is nan"):
        read_table(table(contacts=[1.0, np.nan, 1.0, 1.0]))
    with pytest.raises(InputError, match="table, row 2: post is empty"):
        read_table(table(post=["VA1", "AVAR", np.nan, "AVAL"]))
    with pytest.raises(InputError, match="table, row x: contacts is -1, below 0"):
        read_table(table(contacts=[1, 2, 3, -1]).set_axis(["u", "v", "w", "x"]))


NAMES = st.sampled_from(["AVAL", "AVAR", "VA1", "CP7", "MDL08", "x y", "NA", "7"])


@given(st.lists(st.tuples(NAMES, NAMES, st.integers(0, 400), st.sampled_from([1, -1, None])), min_size=1,
                unique_by=lambda row: row[:2]))
def test_what_is_written_is_what_is_read(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("t") / "t.csv"
    pre, post, contacts, sign = zip(*rows, strict=True)
    pd.DataFrame({"pre": pre, "post": post, "kind": "chemical", "contacts": contacts,
                  "sign": pd.array(sign, dtype="Int8")}).to_csv(path, index=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        edges = read_table(path).edges
    assert list(zip(edges["pre"], edges["post"], edges["contacts"], strict=True)) == [row[:3] for row in rows]
    assert [None if pd.isna(s) else s for s in edges["sign"]] == list(sign)

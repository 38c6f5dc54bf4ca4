"""Shipped tables: hashes, sources and licences beside each; the table of cells; predicted signs."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from wormsim.data import tables
from wormsim.data.parquet import write
from wormsim.errors import UnknownNameError, WormsimError
from wormsim.names import canonical_name

CELLS = tables.cells()
NEURONS = CELLS[CELLS["kind"] == "neuron"]


# ------------------------------------------------------------------ tables and their sources


def test_bytes_are_those_of_the_listed_hashes():
    assert tables.check() == []


def test_a_changed_table_is_found(tmp_path, monkeypatch):
    for path in tables.FOLDER.iterdir():
        if path.suffix in (".parquet", ".toml"):
            (tmp_path / path.name).write_bytes(path.read_bytes())
    rows = tables.read_arrow("cook2019_male")
    write(rows.slice(1), tmp_path / "cook2019_male.parquet")
    monkeypatch.setattr(tables, "FOLDER", tmp_path)
    assert tables.check() == ["cook2019_male"]
    (tmp_path / "cook2019_male.parquet").unlink()
    with pytest.raises(WormsimError, match="cook2019_male; reinstall"):
        tables.check()


def test_all_tables_are_small_and_listed():
    assert set(tables.sources()) == set(tables.table_names())
    assert sum(tables.path_of(name).stat().st_size for name in tables.table_names()) < 3e6


@pytest.mark.parametrize("name", tables.table_names())
def test_every_table_says_where_it_is_from(name):
    source = tables.source_of(name)
    assert source["citation"]
    assert source["original_licence"]
    assert source["weight_unit"]
    assert source["licence"].startswith(("MIT", "CC BY 4.0"))
    assert re.fullmatch(r"(cect 0\.3\.5|wormneuroatlas 0\.0\.7\.3)", source["source"])
    assert len(source["source_files"]) == len(source["source_sha256"]) > 0
    assert all(re.fullmatch(r"[0-9a-f]{64}", h) for h in [source["sha256"], *source["source_sha256"]])
    assert source["rows"] == tables.read_arrow(name).num_rows
    if name != "members":
        assert re.fullmatch(r"10\.\d{4,}/\S+", source["doi"])


def test_only_publisher_files_under_cc_by_come_from_the_gpl_package():
    from_gpl = {n for n, s in tables.sources().items() if s["source"].startswith("wormneuroatlas")}
    assert from_gpl == {"fenyves2020_genes", "fenyves2020_receptors", "fenyves2020_signs"}
    assert {tuple(tables.source_of(n)["source_files"]) for n in from_gpl} == {("data/journal.pcbi.1007974.s003.xlsx",)}


def test_unknown_table():
    with pytest.raises(UnknownNameError, match="closest: cook2019_male"):
        tables.read_frame("cook2019_males")
    with pytest.raises(UnknownNameError):
        tables.source_of("nothing_of_the_kind")


def test_writing_is_deterministic(tmp_path):
    rows = tables.read_arrow("cells")
    write(rows, tmp_path / "a.parquet")
    write(rows, tmp_path / "b.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


# ------------------------------------------------------------------ cells


def test_neurons_of_both_sexes_are_all_there():
    assert NEURONS["sex"].value_counts().to_dict() == {"both": 294, "hermaphrodite": 8, "male": 93}
    assert set(NEURONS.index[NEURONS["sex"] == "hermaphrodite"]) == {"HSNL", "HSNR", *(f"VC{i}" for i in range(1, 7))}


def test_body_wall_muscles_are_95():
    wall = CELLS[(CELLS["role"] == "body wall muscle") & (CELLS.index != "BWM")]
    assert wall["cell_class"].value_counts().to_dict() == {"MDL": 24, "MDR": 24, "MVL": 23, "MVR": 24}
    assert "MVL24" not in CELLS.index


def test_every_cell_is_filled_in():
    assert CELLS.index.is_unique
    assert (CELLS[["cell_class", "kind", "sex", "role"]] != "").all(axis=None)
    assert set(NEURONS["role"]) == {"sensory", "interneuron", "motor", "polymodal", "other"}
    assert set(NEURONS["transmitter_certainty"]) == {"clear", "variable", "none"}
    assert ((NEURONS["transmitter"] == "unknown") == (NEURONS["transmitter_certainty"] == "none")).all()
    assert (CELLS.loc[CELLS["kind"] != "neuron", "transmitter"] == "").all()


def test_aliases_agree_with_the_rules_of_names():
    known = tables.aliases()
    assert known["CP07"] == "CP7"
    assert known["VB09"] == "VB9"
    assert known["dBWML8"] == known["MDL8"] == "MDL08"
    for spelling, name in known.items():
        assert canonical_name(spelling) in (name, spelling)  # a rule never leads to another cell
        assert known.get(canonical_name(spelling)) == name
    listed = [a for text in CELLS["aliases"] for a in text.split()]
    assert len(listed) == len(set(listed))
    assert not set(listed) & set(CELLS.index)


# Wang et al. 2024, supplementary files 2 and 3: main transmitter, cotransmitters, main one in the male
@pytest.mark.parametrize(("cell", "main", "others", "male"), [
    ("SPVR", "acetylcholine", "", "acetylcholine"),
    ("AIML", "glutamate", "", "acetylcholine"),
    ("CP1", "acetylcholine", "serotonin", "acetylcholine"),
    ("CP6", "glutamate", "serotonin", "glutamate"),
    ("CP7", "acetylcholine", "", "acetylcholine"),
    ("CP9", "GABA", "", "GABA"),
    ("R2AL", "acetylcholine", "GABA", "acetylcholine"),
    ("R7AR", "dopamine", "tyramine", "dopamine"),
    ("R9AL", "glutamate", "dopamine", "glutamate"),
    ("PVV", "acetylcholine", "glutamate", "acetylcholine"),
    ("HOA", "glutamate", "tyramine", "glutamate"),
    ("VD13", "GABA", "", "GABA"),
    ("RIBR", "GABA", "", "GABA"),
    ("SPDL", "unknown", "", "unknown"),
    ("ASIL", "unknown", "", "unknown"),
])
def test_transmitters(cell, main, others, male):
    assert CELLS.loc[cell, ["transmitter", "cotransmitters", "transmitter_male"]].tolist() == [main, others, male]


def test_dim_and_variable_expression_is_only_possible():
    assert CELLS.loc["R9BL", "transmitter"] == "GABA"
    assert CELLS.loc["R9BL", "possible_transmitters"].startswith("acetylcholine")
    assert CELLS.loc["AVG", ["transmitter", "transmitter_certainty"]].tolist() == ["acetylcholine", "variable"]
    assert CELLS.loc["AVFL", ["transmitter", "uptake"]].tolist() == ["unknown", "GABA"]


def test_cells_against_the_recorded_classes(recorded_data):
    path = recorded_data.parent / "science" / "neuron_classes.csv"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    theirs = pd.read_csv(path, index_col="neuron").fillna("")
    assert set(theirs.index) == set(NEURONS.index)
    for name, row in theirs.iterrows():
        ours = NEURONS.loc[name]
        assert row["sex"] == ours["sex"]
        assert row["class"] in (ours["cell_class"], re.sub(r"R\d([AB])", r"Rn\1", ours["cell_class"]))
        written = {t.split(" (")[0] for t in row["neurotransmitter_all_wang2024"].split("; ")
                   if "(" not in t and t not in ("5-HTP", "none known")}
        used = {ours["transmitter"], *ours["cotransmitters"].split(" + ")} - {"", "unknown"}
        possible = set(ours["possible_transmitters"].split(" + "))
        assert written <= used | possible, name
        assert used <= {t.split(" (")[0] for t in row["neurotransmitter_all_wang2024"].split("; ")}, name
        if row["neurotransmitter_if_different_in_male"]:
            assert ours["transmitter_male"] == row["neurotransmitter_if_different_in_male"]
    # two disagree on purpose: WormAtlas calls CP7 a motor neuron, and nobody has followed CP0 to its end
    roles = theirs["type"].str.split(" ").str[0]
    assert sorted(NEURONS.index[NEURONS["role"] != roles.reindex(NEURONS.index)]) == ["CP0", "CP7"]


# ------------------------------------------------------------------ signs


def test_predicted_signs_are_those_stated():
    signs = tables.read_frame("fenyves2020_signs")
    assert len(signs) == 3638
    assert signs["prediction"].value_counts().to_dict() == {"unknown": 1415, "+": 1327, "both": 471, "-": 425}
    assert set(signs["pre"]) | set(signs["post"]) <= set(NEURONS.index)


def test_signs_follow_from_transmitter_and_receptors():
    genes = tables.read_frame("fenyves2020_genes")
    expressed = tables.read_frame("fenyves2020_receptors").set_index("cell")["genes"].str.split()
    meaning = {(t, s): set(g) for (t, s), g in genes.groupby(["transmitter", "sign"])["gene"]}
    for row in tables.read_frame("fenyves2020_signs").itertuples():
        found = {s for t in row.transmitters.split(" + ") for s in "+-"
                 if meaning.get((t, s), set()) & set(expressed[row.post])}
        assert {"+": {"+"}, "-": {"-"}, "both": {"+", "-"}, "unknown": set()}[row.prediction] == found, row

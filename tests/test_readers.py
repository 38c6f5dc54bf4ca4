"""Readers of published diagrams: the counts expected of them, what every one must keep to, and the known traps."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest

from wormsim import catalog
from wormsim.connectome import EDGE_KINDS, Connectome
from wormsim.data import tables
from wormsim.errors import InputError, UnknownNameError
from wormsim.names import canonical_name
from wormsim.readers import connectome_names, load_connectome
from wormsim.readers._counts import EXPECTED, count, mismatches, table

# Names that others rely on
PROMISED = (
    "white1986_whole", "white1986_adult", "white1986_l4", "varshney2011", "cook2019_hermaphrodite", "cook2019_male",
    "cook2020_pharynx", *(f"witvliet2021_{i}" for i in range(1, 9)), "brittin2021", "yim2024_dauer",
    "bentley2016_monoamine", "bentley2016_peptide", "ripollsanchez2023_short", "ripollsanchez2023_mid",
    "ripollsanchez2023_long", "randi2023",
)

# Counts in the packages the tables come from, found apart from this code (cect 0.3.5):
# neurons, muscles, others, chemical edges, their weight, gap pairs, their weight; None where none was stated
STATED = {
    "cook2019_hermaphrodite": (302, 135, 36, 4879, 28113, 1450, 11680),
    "cook2019_male": (381, 158, 46, 5306, 45959, 1758, 15910),
    "varshney2011": (280, 1, 0, 2309, 7804, 517, None),
    "white1986_whole": (300, 3, 6, 2386, 7943, 575, None),
    "cook2020_pharynx": (22, 20, 21, 259, 1713, 124, None),
    "witvliet2021_1": (161, None, None, 775, None, 83, None),
    "witvliet2021_2": (162, None, None, 986, None, 124, None),
    "witvliet2021_3": (162, None, None, 1012, None, 94, None),
    "witvliet2021_4": (168, None, None, 1136, None, 209, None),
    "witvliet2021_5": (174, None, None, 1515, None, 292, None),
    "witvliet2021_6": (175, None, None, 1525, None, 214, None),
    "witvliet2021_7": (181, None, None, 2202, None, 291, None),
    "witvliet2021_8": (180, None, None, 2186, None, 310, None),
}


def part(connectome: Connectome, kind: str) -> pd.DataFrame:
    return connectome.edges[connectome.edges["kind"] == kind]


# ------------------------------------------------------------------ counts


def test_every_promised_name_is_there():
    assert set(PROMISED) <= set(connectome_names())


@pytest.mark.parametrize("name", STATED)
def test_counts_are_those_stated(name):
    connectome = load_connectome(name)
    listed = connectome.cells[connectome.cells["listed"]]["kind"].value_counts()
    chemical, gap = part(connectome, "chemical"), part(connectome, "electrical")
    found = (*(int(listed.get(k, 0)) for k in ("neuron", "muscle", "other")), len(chemical),
             chemical["contacts"].sum(), len(gap), gap["contacts"].sum())
    assert [f for f, s in zip(found, STATED[name], strict=True) if s is not None] == \
        [s for s in STATED[name] if s is not None]


def test_monoamine_edges_are_those_stated():
    edges = load_connectome("bentley2016_monoamine").edges
    pairs = edges.drop_duplicates(["pre", "post", "transmitter"])["transmitter"].value_counts()
    assert pairs.to_dict() == {"dopamine": 1176, "serotonin": 492, "tyramine": 228, "octopamine": 56}
    assert (edges["contacts"] == 1).all()


@pytest.mark.parametrize(("reach", "edges"), [("short", 31417), ("mid", 40425), ("long", 53558)])
def test_peptide_edges_are_those_stated(reach, edges):
    assert len(load_connectome(f"ripollsanchez2023_{reach}").edges) == edges


def test_functional_pairs_are_those_stated():
    connectome = load_connectome("randi2023")
    assert (len(connectome.cells), len(connectome.edges)) == (181, 1150)


def test_table_of_counts_is_printed_and_agrees():
    done = subprocess.run([sys.executable, "-m", "wormsim.readers"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 counts differ" in done.stdout
    for name in PROMISED:
        assert f"\n{name} " in done.stdout
    male = next(line for line in done.stdout.splitlines() if line.startswith("cook2019_male"))
    assert male.count("381/158/46") == male.count("5306 (45959)") == male.count("1758 (15910)") == 2


def test_a_wrong_count_is_reported():
    shown, wrong = table()
    assert wrong == []
    assert len(shown) == len(connectome_names()) + 1
    fewer = count(load_connectome("cook2019_male").select("kind=neuron"))
    assert "cook2019_male: muscles is 0, expected 158" in mismatches("cook2019_male", fewer)
    assert set(STATED) <= set(EXPECTED)


# ------------------------------------------------------------------ what every reader keeps to


@pytest.mark.parametrize("key", catalog.names("readers"))
def test_every_reader_module_offers_names_and_read(key):
    module = catalog.load("readers", key)
    assert isinstance(module.NAMES, tuple)
    assert callable(module.read)
    assert (module.__doc__ or "").strip()
    assert (module.read.__doc__ or "").strip()
    with pytest.raises(UnknownNameError):
        module.read("no_such_connectome")


@pytest.mark.parametrize("name", connectome_names())
def test_every_connectome_is_sound(name):
    connectome = load_connectome(name)
    cells, edges = connectome.cells, connectome.edges
    assert cells.index.is_unique
    assert cells.index.name == "name"
    assert list(cells.index) == [canonical_name(c) for c in cells.index]
    assert {"cell_class", "kind", "sex", "transmitter", "role", "connected", "listed", "source_name"} <= set(cells)
    assert set(cells["kind"]) <= {"neuron", "muscle", "other"}
    assert cells["cell_class"].str.len().min() > 0
    assert set(edges["kind"]) <= set(EDGE_KINDS)
    assert np.isfinite(edges["contacts"]).all()
    assert (edges["contacts"] > 0).all()
    identity = [c for c in ("pre", "post", "kind", "transmitter", "receptor") if c in edges]
    assert not edges.duplicated(identity).any()
    ends = set(edges["pre"]) | set(edges["post"])
    assert set(cells.index[cells["connected"]]) == ends
    both = edges["kind"].isin(["electrical", "contact"]).to_numpy()
    assert (connectome.pre_index[both] <= connectome.post_index[both]).all()
    for key in ("citation", "licence", "source", "sha256", "weight_unit"):
        assert connectome.provenance[key], f"{name}: no {key}"
    # the checks that a user's table goes through find nothing either
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Connectome(name, cells, edges, connectome.provenance)


@pytest.mark.parametrize("name", connectome_names())
def test_loading_does_nothing_edge_by_edge(name, calls):
    """Some 9,000 function calls for 400 edges as for 54,000, and 17,000 for that of seven that is built from a table of models."""
    load_connectome(name)
    assert calls(lambda: load_connectome(name)) < (20_000 if name == "prinz2004_pyloric" else 12_000)


def test_a_loaded_connectome_is_the_callers_own():
    first = load_connectome("cook2019_male")
    first.cells.loc["AVAL", "role"] = "changed"
    first.edges.loc[0, "contacts"] = -1.0
    first.provenance["notes"].append("changed")
    again = load_connectome("cook2019_male")
    assert again.cells.loc["AVAL", "role"] == "interneuron"
    assert again.edges.loc[0, "contacts"] > 0
    assert "changed" not in again.provenance["notes"]


def test_unknown_connectome_gives_the_closest():
    with pytest.raises(UnknownNameError, match="closest: cook2019_male"):
        load_connectome("cook2019_mail")
    with pytest.raises(InputError, match="takes no options: leave out species"):
        load_connectome("cook2019_male", species="c_elegans")


def test_users_never_need_the_source_packages():
    probe = ("import sys\nfrom wormsim.readers import load_connectome, connectome_names\n"
             "for n in connectome_names(): load_connectome(n)\n"
             "print([m for m in ('cect', 'wormneuroatlas', 'openpyxl', 'networkx', 'h5py', 'matplotlib', 'brian2')"
             " if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ------------------------------------------------------------------ traps, one by one


@pytest.mark.parametrize("cell", ["ADAR", "BAGR", "CA1"])
def test_trap_cells_without_synapse_stay_in_the_male(cell):
    male = load_connectome("cook2019_male")
    assert not male.cells.loc[cell, "connected"]
    assert not male.cells.loc[cell, "listed"]
    assert cell not in set(male.edges["pre"]) | set(male.edges["post"])
    assert (male.cells["kind"] == "neuron").sum() == 384
    assert (male.cells["connected"] & (male.cells["kind"] == "neuron")).sum() == 381


@pytest.mark.parametrize("cell", ["CP0", "DX4", "EF4"])
def test_trap_three_male_neurons_exist_but_not_in_these_data(cell):
    assert tables.cells().loc[cell, "sex"] == "male"
    for name in connectome_names():
        assert cell not in load_connectome(name).cells.index
    with pytest.raises(UnknownNameError):
        load_connectome("cook2019_male").select(cell)


def test_trap_padding_of_names_is_uneven_in_the_source():
    male = load_connectome("cook2019_male")
    source = male.cells["source_name"]
    assert source["CP7"] == "CP07"
    assert source["CA9"] == "CA09"
    assert source["VA1"] == "VA1"
    assert source["MDL08"] == "MDL08"
    assert not {"CP07", "CA09"} & set(male.cells.index)
    assert list(male.select("CP07", "VA01", "VB09", "MDL8").cells.index) == ["CP7", "VA1", "VB9", "MDL08"]
    assert list(male.select("CP0[1-6]").cells.index) == [f"CP{i}" for i in range(1, 7)]


def test_trap_wang_reader_leaves_out_spvr():
    male = load_connectome("cook2019_male")
    assert male.cells.loc["SPVR", "transmitter"] == male.cells.loc["SPVL", "transmitter"] == "acetylcholine"


def test_trap_wang_reader_doubles_edges_of_cotransmitting_cells():
    male = load_connectome("cook2019_male")
    assert male.cells.loc["R2AL", "transmitter"] == "acetylcholine + GABA"
    chemical = part(male, "chemical")
    assert not chemical.duplicated(["pre", "post"]).any()
    assert (chemical["pre"] == "R2AL").sum() == chemical[chemical["pre"] == "R2AL"]["post"].nunique() > 0


def test_transmitter_is_that_of_the_animals_sex():
    assert load_connectome("cook2019_hermaphrodite").cells.loc["AIML", "transmitter"] == "glutamate"
    assert load_connectome("cook2019_male").cells.loc["AIML", "transmitter"] == "acetylcholine"
    assert load_connectome("cook2019_male").provenance["sex"] == "male"


def test_trap_the_two_white_animals_have_no_cache():
    adult, larva = load_connectome("white1986_adult"), load_connectome("white1986_l4")
    assert (len(part(adult, "chemical")), len(part(adult, "electrical"))) == (1629, 270)
    assert (len(part(larva, "chemical")), len(part(larva, "electrical"))) == (1480, 289)
    assert adult.provenance["source_files"] == ["data/aconnectome_white_1986_A.csv"]


def test_trap_units_of_weights_differ():
    units = {name: load_connectome(name).provenance["weight_unit"] for name in PROMISED}
    assert "sections" in units["cook2019_male"]
    assert "sections" in units["cook2020_pharynx"]
    assert "number of" in units["witvliet2021_1"]
    assert "number of" in units["varshney2011"]
    assert "no unit" in units["yim2024_dauer"]
    dauer = load_connectome("yim2024_dauer").edges["contacts"]
    assert (dauer != dauer.round()).mean() > 0.99
    for name in ("cook2019_male", "witvliet2021_1", "varshney2011", "white1986_whole"):
        weights = load_connectome(name).edges["contacts"]
        assert (weights == weights.round()).all()


def test_gap_junctions_are_one_row_and_cells_joined_to_themselves_are_kept():
    male = part(load_connectome("cook2019_male"), "electrical")
    # in both directions, self-junctions once: the count of matrix entries in the source
    assert 2 * len(male) - (male["pre"] == male["post"]).sum() == 3482
    assert (male["pre"] == male["post"]).sum() == 34


def test_only_some_sources_have_autapses():
    loops = {name: int((part(load_connectome(name), "chemical").pipe(lambda e: e["pre"] == e["post"])).sum())
             for name in STATED}
    assert loops["cook2019_hermaphrodite"] == 38
    assert loops["cook2019_male"] == 60
    assert loops["witvliet2021_7"] == 11
    assert loops["cook2020_pharynx"] == 2
    assert sum(loops[f"witvliet2021_{i}"] for i in (1, 2, 3, 4, 5, 6, 8)) == loops["varshney2011"] == 0


def test_gap_junctions_of_the_l4_were_counted_from_both_sides():
    even = {name: (part(load_connectome(name), "electrical")["contacts"] % 2 == 0).sum()
            for name in ("white1986_l4", "white1986_adult")}
    assert even == {"white1986_l4": 288, "white1986_adult": 33}
    assert any("288 of 289" in note for note in load_connectome("white1986_l4").provenance["notes"])


def test_pooled_muscle_of_white_and_varshney_is_a_muscle():
    for name, edges in (("white1986_whole", 114), ("varshney2011", 115)):
        connectome = load_connectome(name)
        assert connectome.cells.loc["BWM", "kind"] == "muscle"
        assert (connectome.edges["post"] == "BWM").sum() == edges
        assert (connectome.edges["pre"] == "BWM").sum() == 0


def test_no_muscle_is_presynaptic():
    for name in ("cook2019_hermaphrodite", "cook2019_male", "witvliet2021_8", "yim2024_dauer"):
        connectome = load_connectome(name)
        kinds = connectome.cells["kind"].reindex(part(connectome, "chemical")["pre"])
        assert set(kinds) == {"neuron"}


def test_monoamines_keep_their_receptors():
    edges = load_connectome("bentley2016_monoamine").edges
    assert set(edges.loc[edges["transmitter"] == "tyramine", "receptor"]) == {"lgc-55", "ser-2", "tyra-2", "tyra-3"}
    assert len(edges) == 2626
    peptide = load_connectome("bentley2016_peptide").edges
    assert ((peptide["transmitter"] == "flp-1") & (peptide["receptor"] == "npr-11")).any()
    assert len(peptide.drop_duplicates(["pre", "post"])) == 7078


# ------------------------------------------------------------------ against what nobody here wrote


def test_witvliet_against_the_authors_list_of_synapses(recorded_data):
    path = recorded_data / "connectome" / "witvliet_synapse_list.csv"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    listed = pd.read_csv(path, usecols=["dataset", "pre", "post"])
    spelled = tables.aliases()
    for end in ("pre", "post"):
        listed[end] = listed[end].map(lambda n: spelled.get(n, n))
    for animal in range(1, 9):
        theirs = listed[listed["dataset"] == f"Dataset{animal}"].groupby(["pre", "post"]).size()
        ours = part(load_connectome(f"witvliet2021_{animal}"), "chemical").set_index(["pre", "post"])["contacts"]
        pd.testing.assert_series_equal(ours.sort_index(), theirs.astype(float).sort_index(), check_names=False)


def test_functional_pairs_against_the_recorded_list(recorded_data):
    path = recorded_data / "calcium" / "randi2023_cect_functional.json"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    stored = json.loads(path.read_text())
    [matrix] = stored["connections"].values()
    pre, post = np.nonzero(np.array(matrix))
    nodes = np.array([canonical_name(n) for n in stored["nodes"]])
    edges = load_connectome("randi2023").edges
    assert set(zip(edges["pre"], edges["post"], strict=True)) == set(zip(nodes[pre], nodes[post], strict=True))
    row = {name: i for i, name in enumerate(nodes)}
    theirs = [matrix[row[a]][row[b]] for a, b in zip(edges["pre"], edges["post"], strict=True)]
    assert edges["amplitude"].tolist() == theirs
    assert (edges["amplitude"].abs() == edges["contacts"]).all()
    assert (edges["amplitude"] < 0).sum() == 150

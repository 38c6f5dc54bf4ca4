"""Signs: from which rule, how sure, and nothing assumed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from wormsim import sign_rules, signs
from wormsim.connectome import Connectome
from wormsim.data import tables
from wormsim.errors import DataWarning, InputError
from wormsim.readers import load_connectome
from wormsim.signs import assign_signs, report, warn_unsigned


@pytest.fixture(scope="module")
def male():
    return assign_signs(load_connectome("cook2019_male"))


@pytest.fixture(scope="module")
def hermaphrodite():
    return assign_signs(load_connectome("cook2019_hermaphrodite"))


def edge(connectome, pre, post) -> pd.Series:
    edges = connectome.edges
    found = edges[(edges["pre"] == pre) & (edges["post"] == post) & (edges["kind"] == "chemical")]
    assert len(found) == 1
    return found.iloc[0]


def small(transmitters: dict[str, str | None], edges: list[tuple[str, str]], **columns) -> Connectome:
    kinds = {name: "muscle" if name.startswith("M") else "neuron" for name in transmitters}
    cells = pd.DataFrame({"kind": kinds, "transmitter": transmitters}).assign(
        cell_class=[n.rstrip("LR") if n[0] != "M" else n[:3] for n in transmitters])
    for column, values in columns.items():
        cells[column] = values
    table = pd.DataFrame(edges, columns=["pre", "post"]).assign(kind="chemical", contacts=1.0)
    return Connectome("small", cells, table, {})


# ---------------------------------------------------------------- form


@pytest.mark.parametrize("name", ["cook2019_male", "cook2019_hermaphrodite", "witvliet2021_8", "white1986_whole"])
def test_every_chemical_edge_has_source_certainty_and_group_and_no_other_edge_has(name):
    edges = assign_signs(load_connectome(name)).edges
    chemical = (edges["kind"] == "chemical").to_numpy()
    assert edges["sign"].dtype == "Int8"
    assert set(edges.loc[chemical, "sign"].dropna()) == {1, -1}
    assert edges.loc[chemical, ["sign_source", "sign_certainty", "sign_group"]].notna().all(axis=None)
    assert edges.loc[~chemical, ["sign", "sign_source", "sign_certainty", "sign_group"]].isna().all(axis=None)
    known = edges["sign"].notna()
    assert (edges.loc[chemical & ~known, "sign_certainty"] == 0.5).all()
    assert edges.loc[known, "sign_certainty"].between(0.5, 1.0, inclusive="neither").all()


def test_one_sign_and_one_certainty_a_group(male):
    groups = male.edges[male.edges["kind"] == "chemical"].groupby("sign_group")
    assert groups[["sign", "sign_certainty", "sign_source"]].nunique(dropna=False).max().max() == 1


def test_a_class_with_two_transmitters_has_two_groups(male):
    assert edge(male, "CP1", "CP2")["sign_group"] != edge(male, "CP5", "CP6")["sign_group"]
    assert edge(male, "CP1", "CP2")["sign_group"] == "CP[acetylcholine]->CP"
    assert "[" not in edge(male, "AVAL", "DA3")["sign_group"]


def test_every_rule_has_a_source_and_an_honest_certainty():
    rules = [*(rule for _, _, rule in sign_rules.MUSCLE_RULES), *sign_rules.RECEPTOR_RULES.values(),
             *sign_rules.TRANSMITTER_RULES.values(), *sign_rules.STUDIED.values()]
    assert len({rule.key for rule in rules}) == len(rules)
    for rule in rules:
        assert rule.source
        if rule.sign is None:
            assert rule.certainty == 0.5
        else:
            assert rule.sign in (1, -1)
            assert 0.5 < rule.certainty < 1.0


# ---------------------------------------------------------------- what is known


@pytest.mark.parametrize(("pre", "post", "sign", "at_least"), [
    ("VA3", "MVL10", 1, 0.95),     # acetylcholine to body wall
    ("VD4", "MVL12", -1, 0.95),    # GABA to body wall
    ("M3L", "pm4VL", -1, 0.85),    # glutamate to pharyngeal muscle, AVR-15
    ("AWCL", "AIYL", -1, 0.9), ("AWCL", "AIBL", 1, 0.9), ("AIYL", "AIZL", -1, 0.9),
])
def test_known_synapses(hermaphrodite, pre, post, sign, at_least):
    found = edge(hermaphrodite, pre, post)
    assert found["sign"] == sign
    assert found["sign_certainty"] >= at_least


def test_gaba_excites_the_enteric_muscles(hermaphrodite):
    enteric = hermaphrodite.edges[hermaphrodite.edges["post"].isin(["mu_anal", "mu_intL", "mu_intR"])
                                  & hermaphrodite.edges["pre"].isin(["AVL", "DVB"])
                                  & (hermaphrodite.edges["kind"] == "chemical")]
    assert len(enteric) > 0
    assert (enteric["sign"] == 1).all()


def test_cells_without_a_fast_transmitter_have_no_sign(male):
    silent = male.cells.index[male.cells["transmitter"].isin(["dopamine", "serotonin"])
                              | male.cells["transmitter"].isna()]
    edges = male.edges[male.edges["pre"].isin(silent) & (male.edges["kind"] == "chemical")]
    assert len(edges) > 300
    assert edges["sign"].isna().all()
    assert set(edges["sign_source"]) == {sign_rules.NO_FAST_TRANSMITTER.key}


def test_glutamate_without_receptor_evidence_is_unknown(male):
    assert edge(male, "PHCL", "PVX")["sign"] is pd.NA
    assert set(male.edges.loc[male.edges["sign_source"] == "transmitter: glutamate, receptors not known", "sign"]
               .isna()) == {True}


def test_receptor_evidence_is_that_of_the_published_table():
    """Every one of the 3,638 published predictions, from the same transmitters, comes out the same."""
    published = tables.read_frame("fenyves2020_signs")
    compared = 0
    for row in published.itertuples():
        transmitters = [t for t in row.transmitters.split(" + ") if t]
        receptors = [signs._receptor_signs().get((row.post, t)) for t in transmitters]
        found = frozenset().union(*[r for r in receptors if r])
        expected = {"+": frozenset({1}), "-": frozenset({-1}), "both": frozenset({1, -1}),
                    "unknown": frozenset()}[row.prediction]
        assert found == expected, (row.pre, row.post)
        compared += 1
    assert compared == 3638


def test_the_other_sex_is_less_sure(male, hermaphrodite):
    pair = ("AVAL", "DA3")
    here, there = edge(hermaphrodite, *pair), edge(male, *pair)
    assert here["sign_source"].startswith("receptors: ACh")
    assert there["sign_source"] == here["sign_source"] + " (hermaphrodite)"
    assert there["sign"] == here["sign"]
    assert 0.5 < there["sign_certainty"] < here["sign_certainty"]


# ---------------------------------------------------------------- co-transmission


def test_cotransmitters_that_disagree_leave_the_sign_open():
    found = assign_signs(small({"XXL": "acetylcholine + GABA", "MVL17": None}, [("XXL", "MVL17")])).edges.iloc[0]
    assert found["sign"] is pd.NA
    assert found["sign_source"] == "co-transmitters disagree"


def test_a_cotransmitter_of_unknown_effect_halves_what_is_known():
    alone, both = (assign_signs(small({"XXL": t, "MVL17": None}, [("XXL", "MVL17")])).edges.iloc[0]
                   for t in ("acetylcholine", "acetylcholine + glutamate"))
    assert alone["sign"] == both["sign"] == 1
    assert both["sign_certainty"] - 0.5 == pytest.approx((alone["sign_certainty"] - 0.5) / 2)


def test_monoamines_released_beside_do_not_change_the_fast_sign():
    alone, both = (assign_signs(small({"XXL": t, "MVL17": None}, [("XXL", "MVL17")])).edges.iloc[0]
                   for t in ("acetylcholine", "acetylcholine + serotonin"))
    assert (alone["sign"], alone["sign_certainty"]) == (both["sign"], both["sign_certainty"])


def test_a_variable_transmitter_is_less_sure():
    sure, dim = (assign_signs(small({"XXL": "GABA", "MVL17": None}, [("XXL", "MVL17")],
                                    transmitter_certainty=[c, None])).edges.iloc[0] for c in ("clear", "variable"))
    assert sure["sign"] == dim["sign"] == -1
    assert dim["sign_certainty"] < sure["sign_certainty"]


# ---------------------------------------------------------------- a user's own signs


def test_given_signs_are_kept_and_gaps_are_filled():
    made = small({"XXL": "GABA", "MVL17": None, "MVL18": None}, [("XXL", "MVL17"), ("XXL", "MVL18")])
    made = Connectome("small", made.cells, made.edges.assign(sign=[1.0, np.nan]), {})
    edges = assign_signs(made).edges
    assert edges["sign"].tolist() == [1, -1]
    assert edges["sign_source"].tolist() == ["given", "GABA to body-wall muscle"]
    assert edges["sign_certainty"].tolist() == [1.0, 0.97]
    assert edges["sign_group"].nunique() == 2
    again = assign_signs(assign_signs(made)).edges
    assert again["sign"].tolist() == [1, -1], "signing twice keeps the given sign"


def test_a_given_sign_that_is_none():
    made = small({"XXL": "GABA", "MVL17": None}, [("XXL", "MVL17")])
    made = Connectome("small", made.cells, made.edges.assign(sign=[0.5]), {})
    with pytest.raises(InputError, match=r"edge row 0 \(XXL -> MVL17\) has sign 0.5; give 1, -1 or nothing"):
        assign_signs(made)


# ---------------------------------------------------------------- report


def test_report_counts_every_chemical_edge_once(male):
    table = report(male)
    chemical = male.edges[male.edges["kind"] == "chemical"]
    assert table.loc["all", "edges"] == len(chemical) == 5306
    counts = ["excitatory", "inhibitory", "unknown"]
    assert (table[counts].sum(axis=1) == table["edges"]).all()
    assert table.drop(index="all")[[*counts, "edges"]].sum().tolist() == table.loc["all", [*counts, "edges"]].tolist()
    assert table.loc["all", "contacts"] == 45959.0


def test_unsigned_edges_are_a_counted_warning(male):
    unknown = int(report(male).loc["all", "unknown"])
    with pytest.warns(DataWarning, match=f"{unknown} of 5306 chemical edges of cook2019_male have no known sign"):
        assert warn_unsigned(male) == unknown
    with pytest.raises(InputError, match="no signs yet"):
        warn_unsigned(load_connectome("cook2019_male"))

"""Shuffles: what each keeps is kept exactly, what it should lose is lost."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chisquare

from wormsim.connectome import Connectome
from wormsim.errors import InputError, UnknownNameError
from wormsim.readers import load_connectome
from wormsim.signs import assign_signs


@pytest.fixture(scope="module")
def male():
    return assign_signs(load_connectome("cook2019_male"))


@pytest.fixture(scope="module")
def shuffled(male):
    return male.shuffle("degree", 1)


def by_kind_of_partner(connectome) -> pd.DataFrame:
    """Degrees of every cell, apart for the kinds of the partners."""
    edges, kind = connectome.edges, connectome.cells["kind"]
    out = edges.groupby(["pre", "kind", edges["post"].map(kind).rename("partner")]).size()
    into = edges.groupby(["post", "kind", edges["pre"].map(kind).rename("partner")]).size()
    gap = edges["kind"] == "electrical"
    ends = pd.concat([edges.loc[gap, ["pre", "post"]].set_axis(["cell", "partner"], axis=1),
                      edges.loc[gap & (edges["pre"] != edges["post"]), ["post", "pre"]].set_axis(
                          ["cell", "partner"], axis=1)])
    both = ends.groupby(["cell", ends["partner"].map(kind)]).size()
    chemical = {"out": out, "in": into}
    table = {(way, *key): n for way, s in chemical.items() for key, n in s.items() if key[1] == "chemical"}
    table |= {("gap", *key): n for key, n in both.items()}
    return pd.Series(table).sort_index()


def test_degree_shuffle_keeps_every_degree(male, shuffled):
    pd.testing.assert_series_equal(by_kind_of_partner(male), by_kind_of_partner(shuffled))


def test_degree_shuffle_keeps_what_each_cell_sends(male, shuffled):
    def sent(connectome):
        edges = connectome.edges.query("kind == 'chemical'")
        return edges.groupby("pre")["contacts"].agg(lambda s: tuple(sorted(s)))

    pd.testing.assert_series_equal(sent(male), sent(shuffled))
    signs = [c.edges.query("kind == 'chemical'").groupby("pre")["sign"].agg(lambda s: tuple(sorted(s.fillna(0))))
             for c in (male, shuffled)]
    pd.testing.assert_series_equal(*signs)


def test_degree_shuffle_makes_no_duplicate_no_loop_and_no_presynaptic_muscle(male, shuffled):
    edges = shuffled.edges
    gap = (edges["kind"] == "electrical").to_numpy()
    assert not edges.duplicated(["pre", "post", "kind"]).any()
    ends = pd.DataFrame(np.sort(edges.loc[gap, ["pre", "post"]].to_numpy(dtype=str), axis=1))
    assert not ends.duplicated().any()
    assert (shuffled.pre_index[gap] <= shuffled.post_index[gap]).all()
    loops = [c.edges[c.edges["pre"] == c.edges["post"]][["pre", "kind"]].to_numpy().tolist() for c in (male, shuffled)]
    assert loops[0] == loops[1]
    assert len(loops[0]) == 94
    assert set(edges.loc[~gap, "pre"].map(shuffled.cells["kind"])) == {"neuron"}


def overlap(a, b, kind="chemical") -> float:
    sets = [set(zip(*[c.edges.loc[c.edges["kind"] == kind, end] for end in ("pre", "post")], strict=True))
            for c in (a, b)]
    return len(sets[0] & sets[1]) / len(sets[0])


def test_degree_shuffle_forgets_the_wiring(male, shuffled, monkeypatch):
    """The share of edges that were there before is down to chance: twice as many swaps do not lower it."""
    import wormsim.shuffle as module

    assert overlap(male, shuffled) < 0.15
    assert overlap(male, shuffled, "electrical") < 0.15
    monkeypatch.setattr(module, "SWAPS_PER_EDGE", 2 * module.SWAPS_PER_EDGE)
    assert overlap(male, male.shuffle("degree", 1)) == pytest.approx(overlap(male, shuffled), abs=0.015)


def counted(edges, kinds, n=600) -> list[int]:
    """How often each outcome of `n` degree shuffles comes."""
    cells = pd.DataFrame({"kind": kinds}, index=[f"X{i}" for i in range(len(kinds))])
    table = pd.DataFrame(edges, columns=["pre", "post", "kind"]).assign(contacts=1.0)
    start = Connectome("small", cells, table)
    outcomes = Counter(tuple(sorted(zip(e["pre"], e["post"], strict=True)))
                       for e in (start.shuffle("degree", seed).edges for seed in range(n)))
    return list(outcomes.values())


def test_degree_shuffle_reaches_every_wiring_equally_often():
    """Three neurons, each onto one of three muscles: 6 wirings; four cells joined in two pairs: 3."""
    directed = counted([(f"X{i}", f"X{i + 3}", "chemical") for i in range(3)], ["neuron"] * 3 + ["muscle"] * 3)
    assert len(directed) == 6
    assert chisquare(directed).pvalue > 0.001
    pairs = counted([("X0", "X1", "electrical"), ("X2", "X3", "electrical")], ["neuron"] * 4)
    assert len(pairs) == 3
    assert chisquare(pairs).pvalue > 0.001


def test_two_seeds_differ_and_one_seed_does_not(male, shuffled):
    assert male.shuffle("degree", 1).diff(shuffled).empty
    assert overlap(male.shuffle("degree", 2), shuffled) < 0.15
    for how in ("weights", "signs"):
        a, b, c = male.shuffle(how, 1), male.shuffle(how, 1), male.shuffle(how, 2)
        pd.testing.assert_frame_equal(a.edges, b.edges)
        assert not a.edges.equals(c.edges)


def test_weights_shuffle_keeps_the_wiring_and_the_distribution(male):
    mixed = male.shuffle("weights", 1)
    assert overlap(male, mixed) == 1.0
    kind = male.cells["kind"]
    for kind_of_edge in ("chemical", "electrical"):
        for target in ("neuron", "muscle"):
            part = [np.sort(c.edges.loc[(c.edges["kind"] == kind_of_edge) & (c.edges["post"].map(kind) == target)
                                        & (c.edges["pre"].map(kind) == "neuron"), "contacts"]) for c in (male, mixed)]
            np.testing.assert_array_equal(*part)
    chemical = (male.edges["kind"] == "chemical").to_numpy()
    r = np.corrcoef(male.edges.loc[chemical, "contacts"], mixed.edges.loc[chemical, "contacts"])[0, 1]
    assert abs(r) < 0.1
    pd.testing.assert_series_equal(male.edges["sign"], mixed.edges["sign"])


def test_signs_shuffle_moves_whole_groups(male):
    mixed = male.shuffle("signs", 1)
    assert overlap(male, mixed) == 1.0
    chemical = (mixed.edges["kind"] == "chemical").to_numpy()
    per_group = mixed.edges[chemical].groupby("sign_group")
    assert per_group["sign"].nunique(dropna=False).max() == 1
    muscle = mixed.edges["post"].map(mixed.cells["kind"]) == "muscle"
    for part in (muscle, ~muscle):
        counts = [c.edges[chemical & part.to_numpy()].groupby("sign_group")[["sign_source"]].first()
                  .value_counts().sort_index() for c in (male, mixed)]
        pd.testing.assert_series_equal(*counts)
    changed = (mixed.edges.loc[chemical, "sign"].fillna(0) != male.edges.loc[chemical, "sign"].fillna(0)).mean()
    assert changed > 0.2
    assert mixed.edges.loc[~chemical, "sign"].isna().all()


def test_shuffles_that_cannot_be(male):
    with pytest.raises(UnknownNameError, match="closest: degree"):
        male.shuffle("degrees", 1)
    for seed in (-1, 0.5, None):
        with pytest.raises(InputError, match="whole number of at least 0"):
            male.shuffle("weights", seed)
    with pytest.raises(InputError, match=r"no signs to shuffle.*assign_signs"):
        load_connectome("cook2019_male").shuffle("signs", 1)


def test_the_male_is_shuffled_in_few_steps(male, calls):
    """Some 70 function calls an edge, for ten tried swaps of each."""
    assert calls(lambda: male.shuffle("degree", 3)) < 100 * len(male.edges)


def test_extrasynaptic_edges_keep_ligand_and_receptor():
    peptides = load_connectome("bentley2016_monoamine")
    mixed = peptides.shuffle("degree", 1)
    keys = [c for c in ("kind", "transmitter", "receptor") if c in peptides.edges.columns]
    assert not mixed.edges.duplicated(["pre", "post", *keys]).any()
    counts = [c.edges.groupby(["post", *keys], dropna=False).size().sort_index() for c in (peptides, mixed)]
    pd.testing.assert_series_equal(*counts)

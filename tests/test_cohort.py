"""Cohort: alignment, the classes of connections, and the published share of variable ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from wormsim.cohort import CLASSES, Cohort, _trend_p_values
from wormsim.connectome import Connectome
from wormsim.errors import InputError, UnknownNameError
from wormsim.readers import load_connectome


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return Cohort.witvliet()


def animal(name: str, contacts: dict[tuple[str, str], float], unit: str = "synapses") -> Connectome:
    cells = pd.DataFrame({"kind": "neuron", "cell_class": ["AVA", "AVA", "AVB", "AVB", "DVA", "HSN"]},
                         index=["AVAL", "AVAR", "AVBL", "AVBR", "DVA", "HSNL"])
    edges = pd.DataFrame([(a, b, "chemical", float(n)) for (a, b), n in contacts.items()],
                         columns=["pre", "post", "kind", "contacts"])
    return Connectome(name, cells, edges, {"weight_unit": unit})


# ---------------------------------------------------------------- alignment


def test_alignment_loses_and_adds_nothing(cohort):
    assert len(cohort.animals) == 8
    for i, name in enumerate(cohort.animals):
        original = load_connectome(name)
        assert cohort.contacts[:, i].sum() == original.edges["contacts"].sum()
        assert (cohort.contacts[:, i] > 0).sum() == len(original.edges)
        found = original.diff(cohort.connectome(name))
        assert not len(found.edges_here)
        assert not len(found.edges_there)
        assert not len(found.edges_changed)
    assert not cohort.edges.duplicated().any()
    assert (cohort.contacts.max(axis=1) > 0).all()


def test_presence_and_weights(cohort):
    presence = cohort.presence("chemical")
    assert presence.shape == ((cohort.edges["kind"] == "chemical").sum(), 8)
    assert presence.sum().tolist() == [775, 986, 1012, 1136, 1515, 1525, 2202, 2186]
    assert cohort.weights("electrical").shape[0] == (cohort.edges["kind"] == "electrical").sum()
    with pytest.raises(UnknownNameError, match="closest: chemical"):
        cohort.presence("chemicals")


def test_bad_cohorts():
    one = animal("one", {("AVAL", "DVA"): 1})
    with pytest.raises(InputError, match="at least two animals"):
        Cohort.of([one])
    with pytest.raises(InputError, match="distinct name"):
        Cohort.of([one, one])
    with pytest.raises(InputError, match="different units: sections, synapses"):
        Cohort.of([one, animal("two", {("AVAL", "DVA"): 1}, "sections")])
    with pytest.raises(InputError, match="youngest first"):
        Cohort.of([one, animal("two", {("AVAL", "DVA"): 1})], ages_h=[5, 1])
    two = Cohort.of([one, animal("two", {("AVAL", "DVA"): 1})])
    with pytest.raises(InputError, match="ages of at least four animals"):
        two.classify()
    with pytest.raises(UnknownNameError, match="closest: two"):
        two.connectome("too")


# ---------------------------------------------------------------- classes


@pytest.fixture
def made() -> Cohort:
    """Eight animals in which each connection's class is known."""
    ages = [0, 5, 8, 16, 23, 27, 50, 50]
    rng = np.random.default_rng(1)
    animals = []
    for i, age in enumerate(ages):
        contacts = {("AVAL", "DVA"): 20, ("AVAR", "DVA"): 20,                           # in all
                    ("AVBL", "AVBR"): 6, ("AVBR", "AVBL"): 6 if i != 3 else 0,          # all but one, one side only
                    ("DVA", "AVAL"): 1 + age // 2, ("DVA", "AVAR"): 1 + age // 2,       # grows
                    ("AVAL", "AVBL"): 30 - age // 2 if i < 5 else 0, ("AVAR", "AVBR"): 25 - age // 2 if i < 5 else 0,
                    ("AVBL", "DVA"): 2 * int(i in (1, 4, 6)), ("AVBR", "DVA"): 2 * int(i in (2, 6)),  # now and then
                    ("AVBL", "AVAR"): int(i == 5),                                      # once, weak
                    ("HSNL", "DVA"): 5 * int(i > 4)}                                    # born late
        contacts = {k: n + (k == ("AVAL", "DVA")) * rng.integers(0, 3) for k, n in contacts.items() if n}
        animals.append(animal(f"animal{i}", contacts))
    return Cohort.of(animals, ages_h=ages)


def test_classes_of_connections_made_for_it(made):
    table = made.classify().set_index(["pre", "post"])
    found = table["connection_class"].to_dict()
    assert found == {("AVAL", "DVA"): "stable", ("AVAR", "DVA"): "stable",
                     ("AVBL", "AVBR"): "stable", ("AVBR", "AVBL"): "stable",
                     ("DVA", "AVAL"): "increasing", ("DVA", "AVAR"): "increasing",
                     ("AVAL", "AVBL"): "decreasing", ("AVAR", "AVBR"): "decreasing",
                     ("AVBL", "DVA"): "variable", ("AVBR", "DVA"): "variable", ("AVBL", "AVAR"): "variable"}
    assert table["weak"].to_dict()[("AVBL", "AVAR")]
    assert not table["weak"].to_dict()[("AVBR", "DVA")]
    assert ("HSNL", "DVA") not in found
    assert ("HSNL", "DVA") in made.classify(late_classes=frozenset()).set_index(["pre", "post"]).index


def test_counts_and_shares_add_up(made, cohort):
    for one in (made, cohort):
        for by in ("connections", "contacts"):
            shares = one.class_shares(by=by)
            assert list(shares.columns) == list(CLASSES)
            np.testing.assert_allclose(shares.sum(axis=1), 1.0)
        table = one.classify()
        assert one.class_counts().to_numpy().sum() == (table[list(one.animals)] > 0).to_numpy().sum()
        assert one.class_counts(by="contacts").to_numpy().sum() == table[list(one.animals)].to_numpy().sum()
    with pytest.raises(UnknownNameError, match="closest: contacts"):
        made.class_counts(by="contact")


def test_a_trend_is_scipys_spearman():
    rng = np.random.default_rng(2)
    ages = np.array([0, 5, 8, 16, 23, 27, 50, 50.0])
    values = rng.poisson(2, (30, 8)) + rng.integers(0, 2, (30, 1)) * ages / 20
    group = rng.integers(0, 12, 30)
    group[:12] = np.arange(12)
    found = _trend_p_values(values, group, ages)
    for g in range(12):
        rows = values[group == g]
        expected = spearmanr(np.tile(ages, len(rows)), rows.ravel()).pvalue
        assert found[g] == pytest.approx(expected, rel=1e-9)


def test_classes_do_not_depend_on_order(cohort):
    turned = Cohort.of([cohort.connectome(a).select(*sorted(cohort.cells.index)) for a in cohort.animals],
                       ages_h=cohort.ages_h)
    here = cohort.classify().set_index(["pre", "post"])["connection_class"].sort_index()
    there = turned.classify().set_index(["pre", "post"])["connection_class"].sort_index()
    pd.testing.assert_series_equal(here, there)


# ---------------------------------------------------------------- the published figure


def test_variable_share_is_comparable_to_the_published_one(cohort):
    """Published: about 43 % of connections and 16 % of synapses, which is what the adults have."""
    adults = ["witvliet2021_7", "witvliet2021_8"]
    assert cohort.variable_share(adults).mean() == pytest.approx(0.43, abs=0.02)
    assert cohort.variable_share(adults, by="contacts").mean() == pytest.approx(0.16, abs=0.01)
    assert cohort.variable_share().mean() == pytest.approx(0.33, abs=0.03)  # the young vary less
    assert cohort.variable_share(by="contacts").mean() == pytest.approx(0.16, abs=0.02)
    with pytest.raises(UnknownNameError):
        cohort.variable_share(["witvliet2021_9"])


def test_adults_agree_more_with_each_other_than_with_the_newborn(cohort):
    apart = cohort.disagreement()
    assert (np.diag(apart) == 0).all()
    assert np.allclose(apart, apart.T)
    assert apart.loc["witvliet2021_7", "witvliet2021_8"] < apart.loc["witvliet2021_1", "witvliet2021_8"]


def test_contacts_are_those_of_the_published_list(cohort, recorded_data):
    """Every connection's number of synapses, against the authors' own list."""
    file = recorded_data / "connectome" / "witvliet_synapse_list.csv"
    if not file.is_file():
        pytest.skip(f"{file.name} is not there")
    listed = pd.read_csv(file)
    from wormsim.names import canonical_name

    for end in ("pre", "post"):
        listed[end] = listed[end].map(canonical_name)
    chemical = cohort.weights("chemical").droplevel("kind")
    for i, name in enumerate(cohort.animals):
        theirs = listed[listed["dataset"] == f"Dataset{i + 1}"].groupby(["pre", "post"]).size()
        ours = chemical[name][chemical[name] > 0]
        shared = ours.index.intersection(theirs.index)
        assert len(shared) > 0.95 * len(ours)
        assert (ours[shared] == theirs[shared]).mean() > 0.95


def test_the_figure_draws(cohort, tmp_path):
    from wormsim.plotting.cohort import VARIABLE_RULE, cohort_figure

    figure = cohort_figure(cohort)
    figure.savefig(tmp_path / "cohort.png")
    assert (tmp_path / "cohort.png").stat().st_size > 20_000
    presence = figure.axes[0]
    assert sum(p.get_height() for p in presence.patches) == len(cohort.classify())
    words = [text.get_text() for text in figure.axes[1].texts]
    assert VARIABLE_RULE in words
    assert figure.axes[-1].get_ylabel() == "connections that differ (%)"


def test_the_line_under_the_figure_is_the_rule(cohort):
    table = cohort.classify()
    trend = table["connection_class"].isin(["increasing", "decreasing"])
    pairs = table.groupby(["pair_pre", "pair_post"])[list(cohort.animals)].sum()
    missing = (pairs == 0).sum(axis=1).reindex(pd.MultiIndex.from_frame(table[["pair_pre", "pair_post"]])).to_numpy()
    told = table["weak"] | (~trend & (missing >= 2))
    assert (told == (table["connection_class"] == "variable")).all()

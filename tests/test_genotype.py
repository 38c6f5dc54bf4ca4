"""Named mutants take away what their gene does, all of it is in the table with its source, and rescues give it back."""

import re

import numpy as np
import pandas as pd
import pytest
from tiny import CELLS, edges, tiny_circuit

from wormsim.circuit import Circuit
from wormsim.connectome import Connectome
from wormsim.errors import DataWarning, InputError, UnknownNameError
from wormsim.model import Model
from wormsim.names import split_transmitters
from wormsim.parameter import CERTAINTIES
from wormsim.perturbation import Perturbation
from wormsim.perturbations import Genotype, Rescue
from wormsim.perturbations.genotype import genotypes
from wormsim.variants import Variants, effects

CHANGES = {"transmitter", "release", "dense_core", "gap_junctions", "receptor", "received"}


def left(model, *done, samples=None):
    """What is left of each connection, (pre, post, kind) -> share, where it is not all of it."""
    samples = samples or model.nominal()
    network = model.lower(samples)
    (e,) = effects(model, Variants.cross(samples, {"x": done}), 0.5, 4, network)
    out = {}
    for before, after in zip(network.pathways, (e.network or network).pathways, strict=True):
        for symbol, x in before.values.items():
            y = after.values[symbol][:, e.sample if e.network else slice(None)]
            for k in np.flatnonzero((x != y).any(axis=1)):
                key = network.cells[before.pre[k]], network.cells[before.post[k]], before.synapse.kind
                out[key] = (y[k] / np.broadcast_to(x[k], y[k].shape)).round(12).tolist()
    return out


def model_of(circuit=None, *done, neuron="lif"):
    return Model.build(circuit or tiny_circuit(), neuron).prepared_for(*done)


def test_the_table_is_whole():
    table = genotypes()
    assert list(table.columns) == ["gene", "change", "target", "onto", "lost", "low", "high", "certainty", "source", "note"]
    assert len(set(table["gene"])) >= 25
    assert {"unc-7", "unc-9", "unc-31", "unc-13", "eat-4", "cat-2", "tph-1", "tdc-1", "tbh-1", "mod-1", "unc-25"} <= set(table["gene"])
    assert set(table["change"]) <= CHANGES
    assert set(table["certainty"]) <= set(CERTAINTIES)
    assert not table.duplicated(["gene", "change", "target"]).any()
    for row in table.itertuples():
        assert re.fullmatch(r"[a-z]{3,4}-\d+", row.gene)
        assert re.search(r"\b(19|20)\d\d\b.*:", row.source), row
        assert 0 < row.lost <= 1
        assert pd.isna(row.low) == pd.isna(row.high)
        assert pd.isna(row.low) or 0 <= row.low <= row.lost <= row.high <= 1
        if row.change == "transmitter":
            assert split_transmitters(row.target) == (row.target.casefold(),)


def test_every_mutant_can_be_made_and_brings_parameters_with_sources():
    for gene in set(genotypes()["gene"]):
        for p in Genotype(gene).parameters:
            assert p.prior is not None
            assert len(p.source) > 15


def test_a_transmitter_takes_its_connections_and_no_others():
    model = model_of()
    assert left(model, Genotype("eat-4")) == {("ASEL", "AIYL", "chemical"): [0.0], ("ASEL", "AIZL", "chemical"): [0.0]}
    assert left(model, Genotype("unc-25")) == {("AIZL", "MVL20", "chemical"): [0.0]}
    assert left(model, Genotype("unc-17")) == {("AIYL", "MVL20", "chemical"): [0.0]}
    assert left(model, Genotype("unc-49")) == {("AIZL", "MVL20", "chemical"): [0.0]}


def test_a_cell_that_releases_more_keeps_what_is_not_known_to_be_lost():
    cells = CELLS.copy()
    cells.loc["ASEL", "transmitter"] = "glutamate + acetylcholine"
    cells.loc["AIZL", "transmitter"] = None
    circuit = Circuit("two", Connectome("two", cells, tiny_circuit().connectome.edges), {})
    model = model_of(circuit)
    with pytest.warns(DataWarning, match=r"touch nothing.*eat-4"):
        assert left(model, Genotype("eat-4")) == {}
    told = Genotype("eat-4").resolve(circuit).describe()
    assert told == {"name": "Genotype", "genes": ["eat-4"], "connections_lost_with_transmitter": 0,
                    "kept_with_another_transmitter": 2, "kept_without_known_transmitter": 1}
    both = left(model, Genotype("eat-4", "unc-17"))
    assert both[("ASEL", "AIYL", "chemical")] == [0.0]
    assert ("AIZL", "MVL20", "chemical") not in both


def test_unmeasured_shares_are_sampled_and_innexins_multiply():
    one, two = Genotype("unc-7"), Genotype("unc-7", "unc-9")
    model = model_of(None, two)
    samples = model.sample(4, seed=3)
    lost7, lost9 = (samples.values[f"lost_unc_{n}_gap_junctions"].to_numpy() for n in (7, 9))
    assert ((lost7 >= 0.3) & (lost7 <= 1)).all()
    assert len(set(lost7)) == 4
    junction = ("AIYL", "AIZL", "electrical")
    assert np.allclose(left(model, one, samples=samples)[junction], 1 - lost7)
    found = left(model, two, samples=samples)
    assert set(found) == {junction, ("AIZL", "AIYL", "electrical")}
    assert np.allclose(found[junction], (1 - lost7) * (1 - lost9))
    assert left(model.with_parameters({"lost_unc_7_gap_junctions": 0.25}), one)[junction] == [0.75]
    with pytest.raises(UnknownNameError, match="prepared_for"):
        left(Model.build(tiny_circuit(), "lif"), one)


def test_synaptic_release_is_of_chemical_connections():
    g = Genotype("unc-13")
    found = left(model_of(None, g), g)
    assert {kind for _, _, kind in found} == {"chemical"}
    assert len(found) == 4
    assert all(share == [0.03] for share in found.values())


def test_what_touches_nothing_here_is_counted_by_name():
    g = Genotype("unc-31")
    with pytest.warns(DataWarning, match=r"1 perturbation\(s\) that touch nothing.*unc-31"):
        left(model_of(None, g), g, Genotype("eat-4"))


def test_a_modulator_beside_it_is_told_and_nothing_is_idle(recwarn):
    heard = []

    class Level(Perturbation):
        modulators = ("serotonin",)

        def beside(self, others):
            heard.extend(p.lost_receptor("MOD-1") for p in others if isinstance(p, Genotype))
            return self

    g = Genotype("mod-1")
    left(model_of(None, g), g, Level("AIYL"))
    assert heard == [(1.0,)]
    assert not [w for w in recwarn if issubclass(w.category, DataWarning)]


def test_modulators_can_ask_what_is_lost():
    g = Genotype("unc-31", "tph-1", "mod-1", "pdf-1")
    assert g.lost_receptor("mod-1") == g.lost_receptor("MOD-1") == (1.0,)
    assert g.lost_receptor("SER-1") == ()


def test_unknown_double_and_no_genes_are_refused():
    with pytest.raises(UnknownNameError, match="unc-7"):
        Genotype("unc7")
    with pytest.raises(InputError, match="named twice"):
        Genotype("unc-7", "unc-7")
    with pytest.raises(InputError, match="at least one gene"):
        Genotype()


def test_rescue_in_a_cell_gives_back_what_it_releases():
    g = Genotype("eat-4", "unc-17")
    model = model_of(None, g)
    assert set(left(model, g, Rescue("ASEL", of=g))) == {("AIYL", "MVL20", "chemical")}
    both = g, Rescue("ASEL", of=g), Rescue("AIYL", of=g)
    assert left(model, *both) == {}


def test_a_gap_junction_needs_the_gene_on_both_sides():
    g = Genotype("unc-7")
    model = model_of(None, g)
    assert left(model, g, Rescue("AIYL", of=g)) == left(model, g)
    assert left(model, g, Rescue("AIYL", "AIZL", of=g)) == {}


def test_the_wiring_may_say_what_a_connection_releases():
    table = edges([("ASEL", "AIYL", "chemical", 9.0, 1, 1.0), ("ASEL", "AIZL", "chemical", 4.0, 1, 1.0)])
    table["transmitter"] = [None, "acetylcholine"]
    circuit = Circuit("own", Connectome("own", CELLS, table), {})
    assert set(left(model_of(circuit), Genotype("eat-4"))) == {("ASEL", "AIYL", "chemical")}
    assert set(left(model_of(circuit), Genotype("unc-17"))) == {("ASEL", "AIZL", "chemical")}

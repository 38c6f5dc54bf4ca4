"""The descriptions of modulators, over every file of the folder, and the rules from coupling to effect."""

import re
import warnings

import numpy as np
import pytest
from modulated import modulated_circuit

from wormsim import catalog
from wormsim.circuit import load_circuit
from wormsim.data import tables
from wormsim.errors import InputError, UnknownNameError
from wormsim.modulator import Modulator, Receptor, load_modulator, modulator_table
from wormsim.modulator_rules import COUPLINGS, LEVELS, concentration, occupancy, receptor_parameters
from wormsim.names import select_cells

NAMES = catalog.names("modulators")
YEAR = re.compile(r"\b(19|20)\d\d\b")


@pytest.fixture(scope="module")
def hermaphrodite():
    return load_circuit("whole_hermaphrodite")


@pytest.fixture(scope="module")
def male():
    return load_circuit("whole_male")


@pytest.mark.parametrize("name", NAMES)
def test_every_modulator_is_described_with_sources(name, hermaphrodite):
    modulator = catalog.load("modulators", name).MODULATOR
    assert isinstance(modulator, Modulator)
    assert modulator.name == name
    assert modulator.kind in ("monoamine", "peptide")
    assert modulator.receptors
    assert YEAR.search(modulator.source)
    assert len(modulator.does) > 10
    for receptor in modulator.receptors:
        assert YEAR.search(receptor.source), receptor.name
    keys = [p.key for p in (*modulator.parameters, modulator.clearance)]
    assert len(keys) == len(set(keys))
    for p in (*modulator.parameters, modulator.clearance):
        assert p.certainty == "guess"
        assert p.prior is not None, "a size that nobody has measured is sampled"
        assert p.prior.low <= p.value <= p.prior.high
    everyone = tables.cells()
    for selector in (*modulator.releasing, *(s for r in modulator.receptors for s in r.cells)):
        assert select_cells(everyone, (selector,)), "a selector that no animal has is a slip"
    assert modulator.releasing_cells(hermaphrodite), "nobody releases it"
    received = modulator.receptor_cells(hermaphrodite)
    assert any(received.values()), "nobody receives it"


def test_no_two_modulators_share_a_parameter():
    keys = [p.key for name in NAMES for p in (*load_modulator(name).parameters, load_modulator(name).clearance)]
    assert len(keys) == len(set(keys))


def test_receptor_cells_are_those_of_the_multilayer_connectome(hermaphrodite):
    rows = tables.read_frame("bentley2016_monoamine")
    for name in ("dopamine", "serotonin", "tyramine", "octopamine"):
        modulator = load_modulator(name)
        listed = set(rows.loc[rows["transmitter"] == name, "receptor"])
        assert listed <= {r.name for r in modulator.receptors}, "a receptor of the layer is left out"
        for receptor, cells in modulator.receptor_cells(hermaphrodite).items():
            named = set(rows.loc[rows["receptor"] == receptor, "post"]) & set(hermaphrodite.connectome.cells.index)
            assert named <= set(cells)
            if not next(r for r in modulator.receptors if r.name == receptor).cells:
                assert set(cells) == named


def test_both_sexes_release_what_their_own_cells_make(hermaphrodite, male):
    serotonin = load_modulator("serotonin")
    assert set(serotonin.releasing_cells(hermaphrodite)) == {"ADFL", "ADFR", "HSNL", "HSNR", "NSML", "NSMR"}
    assert {f"CP{i}" for i in range(1, 7)} < set(serotonin.releasing_cells(male))
    assert "AIML" not in serotonin.releasing_cells(male), "uptake alone is no release"
    assert set(load_modulator("tyramine").releasing_cells(hermaphrodite)) == {"RIML", "RIMR"}
    assert load_modulator("flp-11").releasing_cells(hermaphrodite) == ("RIS",)


def test_ser_1_is_in_the_muscles_that_turn_the_male_and_lay_eggs(hermaphrodite, male):
    received = load_modulator("serotonin").receptor_cells(male)
    assert set(male.groups["diagonal"]) <= set(received["ser-1"])
    assert {"vm1AL", "vm2PR"} < set(load_modulator("serotonin").receptor_cells(hermaphrodite)["ser-1"])


def test_shuffled_receptors_keep_company_and_number(hermaphrodite):
    dopamine = load_modulator("dopamine")
    real, other, again = (dopamine.receptor_cells(hermaphrodite, seed) for seed in (None, 3, 3))
    assert other == again
    assert other != real
    assert dopamine.receptor_cells(hermaphrodite, 4) != other
    for receptor in real:
        assert len(real[receptor]) == len(other[receptor])
    for a in real:
        for b in real:
            assert len(set(real[a]) & set(real[b])) == len(set(other[a]) & set(other[b]))
    kinds = hermaphrodite.connectome.cells["kind"]
    tyramine = load_modulator("tyramine").receptor_cells(hermaphrodite, 3)["lgc-55"]
    assert (kinds[list(tyramine)] == "muscle").sum() == 16


def test_the_table_has_every_receptor_with_its_source(male):
    table = modulator_table(male)
    assert len(table) == sum(len(load_modulator(n).receptors) for n in NAMES)
    row = table[(table["modulator"] == "tyramine") & (table["receptor"] == "lgc-55")].iloc[0]
    assert (row["coupling"], row["sign"], row["certainty"]) == ("chloride channel", -1, "high")
    assert "Pirri" in row["source"]
    assert len(row["receiving"].split()) == row["received_by"]
    assert "RIML" in row["releasing"].split()


def test_occupancy_is_hills():
    assert occupancy(0.0, 1.0) == 0.0
    assert occupancy(2.0, 2.0) == 0.5
    assert occupancy(LEVELS["low"], 1.0) == pytest.approx(0.1)
    assert occupancy(LEVELS["high"], 1.0) == pytest.approx(0.9)
    assert np.allclose(occupancy(1.0, np.array([1.0, 3.0])), [0.5, 0.25])


@pytest.mark.parametrize("level", [-1, -1e-9, float("nan"), float("inf"), "-0.5", "nan"])
def test_a_concentration_is_a_number_of_at_least_0(level):
    with pytest.raises(InputError, match=r"at least 0"):
        concentration(level)


def test_a_level_by_name_or_number():
    assert concentration("high") == LEVELS["high"]
    assert concentration("0.5") == 0.5
    with pytest.raises(UnknownNameError, match="closest: high"):
        concentration("hihg")


def test_names_with_a_dash_and_in_capitals_are_found():
    assert load_modulator("FLP-11") is load_modulator("flp_11")
    with pytest.raises(UnknownNameError, match="serotonin"):
        load_modulator("serotonine")


def test_what_a_receptor_brings_depends_on_its_coupling():
    for coupled, how in COUPLINGS.items():
        symbols = {p.symbol.partition("_")[0] for p in receptor_parameters("x", "y", coupled)}
        assert symbols == ({"half", "open", "E"} if how.channel else {"half", "shift", "gain"})
    with pytest.raises(UnknownNameError):
        Receptor("y", "Gz", "nobody 2000", "high", cells=("AVA",))
    with pytest.raises(InputError, match="no cell has it"):
        Receptor("y", "Gq", "nobody 2000", "high")


def test_cells_of_another_sex_are_passed_over():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        received = load_modulator("serotonin").receptor_cells(modulated_circuit())
    assert received["ser-1"] == ("dglL1",)
    assert received["mod-1"] == ("AIYL", "AIZL")
    assert received["ser-7"] == ()

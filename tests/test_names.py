"""Canonical names and the selection of cells."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wormsim.errors import EmptySelectionError, InputError, UnknownNameError
from wormsim.names import (
    SERIAL_CLASSES,
    canonical_name,
    contralateral,
    match_glob,
    padded_name,
    select_cells,
    split_transmitters,
)


@pytest.fixture
def cells() -> pd.DataFrame:
    rows = [(f"CP{i}", "CP", "neuron", "acetylcholine + serotonin" if i in (1, 2) else "glutamate")
            for i in range(10)]
    rows += [(f"VA{i}", "VA", "neuron", "acetylcholine") for i in range(1, 13)]
    rows += [(f"R{i}{t}{s}", f"R{i}{t}", "neuron", "dopamine" if i == 7 else "GABA")
             for i in range(1, 10) for t in "AB" for s in "LR"]
    rows += [("RIAL", "RIA", "neuron", "glutamate"), ("AVAL", "AVA", "neuron", None),
             ("AVAR", "AVA", "neuron", "acetylcholine")]
    rows += [(f"MDL{i:02d}", "MDL", "muscle", None) for i in (8, 9, 17)]
    table = pd.DataFrame(rows, columns=["name", "cell_class", "kind", "transmitter"])
    return table.set_index("name")


@pytest.mark.parametrize(("given", "canonical"), [
    ("CP01", "CP1"), ("CP1", "CP1"), ("CP0", "CP0"), ("CP00", "CP0"), ("VB09", "VB9"), ("VA12", "VA12"),
    ("DA9", "DA9"), ("dBWML8", "MDL08"), ("vBWMR24", "MVR24"), ("BWM-DL08", "MDL08"), ("MDL8", "MDL08"),
    ("MDL08", "MDL08"), (" AVAL ", "AVAL"), ("R1AL", "R1AL"), ("dglL3", "dglL3"), ("pm5VR", "pm5VR"),
    ("AS11", "AS11"), ("ASEL", "ASEL"), ("DVB", "DVB"),
])
def test_canonical_name(given, canonical):
    assert canonical_name(given) == canonical


@given(st.sampled_from(SERIAL_CLASSES), st.integers(0, 13))
def test_padding_and_canonical_name_undo_each_other(prefix, number):
    name = f"{prefix}{number}"
    assert canonical_name(padded_name(name)) == name
    assert canonical_name(canonical_name(name)) == name


@pytest.mark.parametrize(("cell", "partner"), [
    ("AVAL", "AVAR"), ("AVAR", "AVAL"), ("MDL08", "MDR08"), ("MVR24", "MVL24"), ("dglL3", "dglR3"),
    ("R1AL", "R1AR"), ("IL2DL", "IL2DR"), ("DVA", "DVA"), ("VA1", "VA1"), ("pm4VL", "pm4VR"),
])
def test_contralateral(cell, partner):
    assert contralateral(cell) == partner


def test_padded_glob_takes_cp1_to_cp6_and_not_the_cell_cp0(cells):
    assert match_glob("CP0[1-6]", cells.index) == [f"CP{i}" for i in range(1, 7)]
    assert select_cells(cells, ["CP0[1-6]"]) == tuple(f"CP{i}" for i in range(1, 7))
    assert select_cells(cells, ["CP[1-6]"]) == tuple(f"CP{i}" for i in range(1, 7))
    assert select_cells(cells, ["CP0"]) == ("CP0",)


def test_globs_in_both_forms(cells):
    assert match_glob("VA0?", cells.index) == [f"VA{i}" for i in range(1, 10)]
    assert match_glob("VA1?", cells.index) == ["VA10", "VA11", "VA12"]
    assert match_glob("MDL0*", cells.index) == ["MDL08", "MDL09"]
    rays = match_glob("R[1-9]A*", cells.index)
    assert len(rays) == 18
    # ? also stands for a letter: this glob takes RIA, as a shell would
    assert set(match_glob("R?A*", cells.index)) == {*rays, "RIAL"}


def test_selection_by_class_family_group_and_spelling(cells):
    assert select_cells(cells, ["AVA"]) == ("AVAL", "AVAR")
    assert select_cells(cells, ["R7A"]) == ("R7AL", "R7AR")
    assert select_cells(cells, ["RnA"]) == tuple(c for c in cells.index if c[0] == "R" and c[2] == "A" and c[1] != "I")
    assert len(select_cells(cells, ["CPn"])) == 10
    assert select_cells(cells, ["VA01", "dBWML8"]) == ("VA1", "MDL08")
    assert select_cells(cells, ["lead"], {"lead": ("R9AL", "R7AL")}) == ("R7AL", "R9AL")


def test_order_is_that_of_the_table_and_nothing_comes_twice(cells):
    assert select_cells(cells, ["AVAR", "CP2", "AVA", "CP02"]) == ("CP2", "AVAL", "AVAR")


def test_selection_by_attribute(cells):
    assert set(select_cells(cells, ['transmitter="GABA"'])) == {c for c in cells.index
                                                               if c[0] == "R" and c[1] in "12345689"}
    assert select_cells(cells, ["transmitter=serotonin"]) == ("CP1", "CP2")
    assert select_cells(cells, ["transmitter = '5-HT'"]) == ("CP1", "CP2")
    assert select_cells(cells, ["kind=muscle"]) == ("MDL08", "MDL09", "MDL17")
    assert len(select_cells(cells, ["kind!=neuron"])) == 3


def test_unknown_names_say_the_closest(cells):
    with pytest.raises(UnknownNameError, match=r"'AVAX'.*AVA"):
        select_cells(cells, ["AVAX"])
    with pytest.raises(UnknownNameError, match="rays_lead"):
        select_cells(cells, ["rays_leed"], {"rays_lead": ("R7AL",)})
    with pytest.raises(UnknownNameError, match="transmitter"):
        select_cells(cells, ["transmiter=GABA"])
    with pytest.raises(UnknownNameError, match="closest: AVAL"):
        select_cells(cells, ["AVAL", "avalo"])


def test_capitals_do_not_matter_where_the_name_is_clear(cells):
    assert select_cells(cells, ["ava"]) == ("AVAL", "AVAR")
    assert select_cells(cells, ["aval", "va01", "mdl8"]) == ("VA1", "AVAL", "MDL08")
    assert select_cells(cells, ["LEAD"], {"lead": ("R9AL",)}) == ("R9AL",)
    # as it is written goes first
    assert select_cells(cells, ["ava"], {"ava": ("R9AL",)}) == ("R9AL",)
    assert select_cells(cells, ["AVA"], {"ava": ("R9AL",)}) == ("AVAL", "AVAR")
    with pytest.raises(InputError, match="'Ava' could be AVA or ava, which differ in capitals only"):
        select_cells(cells, ["Ava"], {"ava": ("R9AL",)})


def test_attributes_narrow_what_the_selectors_pick(cells):
    assert select_cells(cells, [], attributes={"transmitter": "5-HT"}) == ("CP1", "CP2")
    assert select_cells(cells, ["CP*", "AVAR"], attributes={"transmitter": "ACh"}) == ("CP1", "CP2", "AVAR")
    assert select_cells(cells, ["CP1", "AVA"], attributes={"cell_class": ["AVA", "VA"], "kind": "neuron"}) == \
        ("AVAL", "AVAR")
    with pytest.raises(UnknownNameError, match="cell attribute 'transmiter'; closest: transmitter"):
        select_cells(cells, [], attributes={"transmiter": "GABA"})
    with pytest.raises(EmptySelectionError, match="no cell of CP has transmitter = 'GABA'"):
        select_cells(cells, ["CP"], attributes={"transmitter": "GABA"})
    with pytest.raises(EmptySelectionError, match="kind is given no value"):
        select_cells(cells, [], attributes={"kind": []})


def test_empty_selections_are_errors(cells):
    with pytest.raises(EmptySelectionError, match=r"'ZZ\*' matches none of the"):
        select_cells(cells, ["ZZ*"])
    with pytest.raises(EmptySelectionError, match="values there are: GABA"):
        select_cells(cells, ["transmitter=histamine"])
    with pytest.raises(EmptySelectionError):
        select_cells(cells, [])
    with pytest.raises(InputError, match="is text, not int"):
        select_cells(cells, [3])


def test_transmitters_come_without_their_remarks():
    assert split_transmitters("acetylcholine; GABA (weak/variable)") == ("acetylcholine", "gaba")
    assert split_transmitters("ACh + Glu") == ("acetylcholine", "glutamate")
    assert split_transmitters(None) == ()
    assert split_transmitters(float("nan")) == ()

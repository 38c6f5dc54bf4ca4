"""Labels of recorded regions: what each may stand for, and no more."""

import pytest

from wormsim.data.tables import cells
from wormsim.labels import resolve


@pytest.mark.parametrize(("text", "level", "candidates", "doubtful"), [
    ("AVAL", "cell", ("AVAL",), False),
    (" AVAL ", "cell", ("AVAL",), False),
    ("AVAL?", "cell", ("AVAL",), True),
    ("AVAL??", "cell", ("AVAL",), True),
    ("IL1DL-alt", "cell", ("IL1DL",), True),
    ("VB02", "cell", ("VB2",), False),
    ("MI", "cell", ("MI",), False),
    ("AVA", "class", ("AVAL", "AVAR"), False),
    ("RMDD?", "class", ("RMDDL", "RMDDR"), True),  # a side of no class of its own
    ("RIFL/R", "class", ("RIFL", "RIFR"), False),
    ("RIF(L/R)", "class", ("RIFL", "RIFR"), False),
    ("AWCON", "class", ("AWCL", "AWCR"), False),
    ("AIBL/AVEL", "ambiguous", ("AIBL", "AVEL"), False),
    ("AVEL or AIBL?", "ambiguous", ("AIBL", "AVEL"), True),
    ("", "none", (), False),
    ("17", "none", (), False),
    ("NaN", "none", (), False),
    ("AVAQ", "unresolved", (), False),
    ("AVAL/", "unresolved", (), False),
    ("avalanche?", "unresolved", (), True),
])
def test_label(text, level, candidates, doubtful):
    label = resolve(text)
    assert (label.level, label.candidates, label.doubtful) == (level, candidates, doubtful)
    assert label.cell == (candidates[0] if level == "cell" else "")


def test_a_class_is_all_of_it_and_not_two_of_its_sides():
    assert len(resolve("IL2").candidates) == 6
    assert len(resolve("RMD").candidates) == 6


def test_every_cell_resolves_to_itself():
    """Also M1 and I3, whose names are those of their classes, and RIH, which looks like a right side."""
    for name in cells().index:
        assert resolve(name).candidates == (name,), name

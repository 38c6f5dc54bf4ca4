"""The published rows of the closed-loop assays, and one's own."""

import csv

import numpy as np
import pandas as pd
import pytest

from wormsim.behaviour_evidence import (
    ASSAYS,
    COLUMNS,
    RUN,
    SCORED,
    case_of,
    cases,
    clusters,
    contacts_of,
    read_behaviour,
    weights,
)
from wormsim.circuit import load_circuit
from wormsim.effects import MEASURES
from wormsim.errors import InputError, UnknownNameError

TABLES = {"male_behaviour": "whole_male", "hermaphrodite_behaviour": "whole_hermaphrodite"}
PUBLISHED = {"male_behaviour": "male_mating_ablations.csv", "hermaphrodite_behaviour": "hermaphrodite_ablations.csv"}
ROW = {"id": "X1", "behaviour": "turning", "assay": "mating", "measure": "turn_success", "cells": "AVA", "manipulation": "ablate",
       "expected": "lost", "role": "scored", "basis": "reported", "reported": "lost", "confidence": "high", "provenance": "found",
       "source": "a paper", "note": ""}


def write(path, *changes, comment=""):
    with open(path, "w", newline="") as file:
        file.write(comment)
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerows(ROW | change for change in changes)
    return path


@pytest.mark.parametrize("name", TABLES)
def test_every_line_that_is_run_resolves_on_its_circuit(name):
    table = read_behaviour(name)
    circuit = load_circuit(TABLES[name])
    found = cases(table, circuit)
    run = table[table["role"].isin(RUN)]
    assert set(found) == {case_of(row) for _, row in run.iterrows()}
    contacts = contacts_of(table, circuit)
    assert set(contacts) == set(found)
    assert all(value > 0 for value in contacts.values()), "every published case removes cells with contacts"


@pytest.mark.parametrize("name", TABLES)
def test_every_published_row_has_a_role_and_no_other_is_there(name, recorded_data):
    path = recorded_data.parent / "science" / PUBLISHED[name]
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    published = pd.read_csv(path, dtype=str, keep_default_na=False).set_index("id")
    table = read_behaviour(name)
    assert {i.partition("/")[0] for i in table.index} == set(published.index)
    for i, row in table.iterrows():
        theirs = published.loc[i.partition("/")[0]]
        assert row["reported"] == theirs["effect"]
        assert row["source"] == theirs["source"]
        assert row["confidence"] == theirs["confidence"]
        assert theirs["provenance"].startswith(row["provenance"])


@pytest.mark.parametrize("name", TABLES)
def test_nothing_uncertain_is_scored_and_a_scored_line_says_what_it_reports(name):
    table = read_behaviour(name)
    scored = table[table["role"] == SCORED]
    assert not scored["confidence"].eq("low").any()
    # the published word and the category agree; "strongly" counts up and "lost/impaired" down, as the basis says
    for i, row in scored.iterrows():
        if row["expected"] in ("lost", "enhanced"):
            assert row["expected"] in row["reported"] or "bigger" in row["reported"], i
    assert (table["basis"] != "").all()
    assert (table["source"] != "").all()


def test_cells_that_an_assay_drives_alone_are_never_scored():
    """A touch cannot be answered without the cells that feel it, whatever the wiring."""
    table = read_behaviour("hermaphrodite_behaviour")
    circuit = load_circuit("whole_hermaphrodite")
    driven = {"gentle_touch_front": ("ALM", "AVM"), "gentle_touch_back": ("PLM",), "chemotaxis_salt": ("ASE",),
              "nose_touch": ("ASH", "FLP", "OLQ"), "backward_drive": ("AVA",), "crawl": ("AVB",), "swim": ("AVB",)}
    scored = table[table["role"].isin(["scored", "assumed"])]
    for i, row in scored.iterrows():
        removed = set(circuit.select(*row["cells"].split()))
        if row["assay"] in driven:
            assert not set(circuit.select(*driven[row["assay"]])) <= removed, i


def test_measures_of_all_assays_are_known():
    assert {m for measures in ASSAYS.values() for m in measures} == set(MEASURES)


def test_a_table_of_your_own_with_comments(tmp_path):
    path = write(tmp_path / "mine.csv", {}, {"id": "X2", "role": "uncertain", "assay": "", "cells": ""}, comment="# mine\n# and more\n")
    assert list(read_behaviour(path).index) == ["X1", "X2"]


@pytest.mark.parametrize(("change", "message"), [
    ({"role": "needed"}, "line 4: role 'needed' is not one of scored"),
    ({"assay": "egg_laying"}, "line 4: assay 'egg_laying' is not one of crawl"),
    ({"measure": "speed_mm_s"}, "line 4: measure 'speed_mm_s' is not one of contact_response"),
    ({"expected": "worse"}, "line 4: expected 'worse' is not one of lost"),
    ({"manipulation": "zap"}, "line 4: manipulation 'zap'"),
    ({"manipulation": "genotype", "cells": "unc-999"}, "line 4: unknown genotype 'unc-999'"),
    ({"cells": " "}, "line 4: role 'scored' needs cells"),
    ({"basis": ""}, "line 4: no basis"),
    ({"behaviour": ""}, "line 4: no behaviour"),
    ({"confidence": "low"}, "line 4: confidence 'low' cannot be scored"),
    ({"id": "X0"}, "id 'X0' stands more than once"),
])
def test_a_bad_line_is_named(tmp_path, change, message):
    path = write(tmp_path / "mine.csv", {"id": "X0"}, change, comment="# mine\n")
    with pytest.raises(InputError, match=message):
        read_behaviour(path)


def test_files_that_are_no_such_table(tmp_path):
    with pytest.raises(UnknownNameError, match="male_behaviour"):
        read_behaviour("male_behavior")
    with pytest.raises(InputError, match="no such file"):
        read_behaviour(tmp_path / "none.csv")
    path = tmp_path / "mine.csv"
    path.write_text("id,cells\nX1,AVA\n")
    with pytest.raises(InputError, match=r"missing column.*behaviour"):
        read_behaviour(path)
    path.write_text("id,cells\nX1,AVA,3,4\n")
    with pytest.raises(InputError, match="no UTF-8 table with commas|missing column"):
        read_behaviour(path)
    path.write_bytes("id,cells\nX1,\u00b5".encode("utf-16"))
    with pytest.raises(InputError, match="no UTF-8 table with commas"):
        read_behaviour(path)
    path.write_text("")
    with pytest.raises(InputError, match="no UTF-8 table with commas"):
        read_behaviour(path)


def test_cells_that_the_circuit_lacks_are_named_with_their_line(tmp_path):
    table = read_behaviour(write(tmp_path / "mine.csv", {"cells": "PVY"}))
    with pytest.raises(InputError, match="line X1 of the published rows, cells 'PVY'"):
        cases(table, load_circuit("whole_hermaphrodite"))


def test_lines_of_one_row_count_once_and_stay_together(tmp_path):
    changes = [{"id": "A/1", "cells": "AVA"}, {"id": "A/2", "cells": "AVD"}, {"id": "B", "cells": "AVE"}, {"id": "C", "cells": "AVD"},
               {"id": "D", "cells": "AVD", "manipulation": "silence"}]
    table = read_behaviour(write(tmp_path / "mine.csv", *changes))
    np.testing.assert_allclose(weights(table.index), [0.5, 0.5, 1, 1, 1])
    group = clusters(table)
    assert group[0] == group[1] == group[3]  # A/2 and C remove the same cells, and A/1 is the same published row as A/2
    assert len(set(group)) == 3
